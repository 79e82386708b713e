package handlers_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"payaid/internal/auth"
	"payaid/internal/tenant"
)

// newColleague gives the address of a new member of the home business, and suffix.
func newColleague(prefix, suffix string) target {
	return func(t *testing.T, w *world) string {
		return prefix + w.person(t, w.home, "New"+uuid.NewString()[:8]+" Person", auth.Member, nil).id.String() + suffix
	}
}

// theOwner gives the address of the home business's owner.
func theOwner(prefix, suffix string) target {
	return func(_ *testing.T, w *world) string { return prefix + w.owner.id.String() + suffix }
}

// newTeam gives the address of a new team, and suffix.
func newTeam(suffix string) target {
	return func(t *testing.T, w *world) string { return "/settings/teams/" + w.team(t).ID.String() + suffix }
}

func (w *world) team(t testing.TB) tenant.Team {
	t.Helper()
	made, err := w.tenants.AddTeam(t.Context(), w.principal(t, w.owner), "Team "+uuid.NewString())
	ok(t, err)
	return made
}

// newKey gives the address of a new key, and suffix.
func newKey(prefix, suffix string) target {
	return func(t *testing.T, w *world) string {
		k, _, err := w.auth.AddAPIKey(t.Context(), w.principal(t, w.owner), auth.APIKeyInput{Name: "k", Role: auth.Member})
		ok(t, err)
		return prefix + k.ID.String() + suffix
	}
}

var onePerson = newColleague("/settings/people/", "")

var settingsScenarios = []scenario{

	{route: "GET /settings/rights", name: "ok", as: asOwner, status: okay, wants: []string{"contacts:export", "Administrator", `aria-current="page"`}},
	{route: "GET /settings/rights", name: "anonymous", status: seeOther},
	{route: "GET /settings/rights", name: "no right", as: asManager, status: forbidden},

	{route: "GET /settings/people", name: "ok", as: asOwner, status: okay, wants: []string{"Asha Shah", "manoj@example.in", "Sales", "Never signed in"}, lacks: []string{"Zoya"}},
	{route: "GET /settings/people", name: "anonymous", status: seeOther},
	{route: "GET /settings/people", name: "no right", as: asManager, status: forbidden, lacks: []string{"/settings/teams"}},
	{route: "GET /settings/people", name: "invalid", as: asOwner, path: at("/settings/people?cursor=x"), status: unprocessable},
	{route: "GET /settings/people/:id", name: "ok", as: asOwner, path: onePerson, status: okay, wants: []string{`name="role"`, `name="viewScopes"`, "No contacts belong"}},
	{route: "GET /settings/people/:id", name: "owner", as: asOwner, path: theOwner("/settings/people/", ""), status: okay, lacks: []string{`name="role"`}},
	{route: "GET /settings/people/:id", name: "wider role", as: asAdmin, path: theOwner("/settings/people/", ""), status: okay, wants: []string{"Only an owner"}, lacks: []string{"/remove"}},
	{route: "GET /settings/people/:id", name: "anonymous", path: onePerson, status: seeOther},
	{route: "GET /settings/people/:id", name: "no right", as: asManager, path: onePerson, status: forbidden},
	{route: "GET /settings/people/:id", name: "other tenant", as: asStranger, path: onePerson, status: notFound},

	{route: "POST /settings/people/:id", name: "ok", as: asOwner, path: onePerson, send: form("version", "1", "role", "manager", "teamId", "", "viewScopes", "own"), status: seeOther, check: location("/settings/people?done=saved")},
	{route: "POST /settings/people/:id", name: "anonymous", path: onePerson, send: form("version", "1", "role", "manager"), status: unauthorized},
	{route: "POST /settings/people/:id", name: "no right", as: asManager, path: onePerson, send: form("version", "1", "role", "manager"), status: forbidden},
	{route: "POST /settings/people/:id", name: "other tenant", as: asStranger, path: onePerson, send: form("version", "1", "role", "manager"), status: notFound},
	{route: "POST /settings/people/:id", name: "invalid", as: asOwner, path: onePerson, send: form("version", "1", "role", "owner", "teamId", uuid.NewString(), "viewScopes", "x"), status: unprocessable,
		wants: []string{"Please correct 3 things.", "not wider than your own", "This team does not exist.", "Choose own, team, all or none"}},
	{route: "POST /settings/people/:id", name: "not an id", as: asOwner, path: onePerson, send: form("version", "1", "teamId", "x"), status: unprocessable, wants: []string{"Choose a team from the list."}},
	{route: "POST /settings/people/:id", name: "without a version", as: asOwner, path: onePerson, send: form("role", "manager"), status: badInput},
	{route: "POST /settings/people/:id", name: "stale", as: asOwner, path: onePerson, send: form("version", "7", "role", "manager"), status: http.StatusConflict, wants: []string{"Somebody changed New", `name="version" value="1"`}},
	{route: "POST /settings/people/:id", name: "owner's role", as: asOwner, path: theOwner("/settings/people/", ""), send: form("version", "1", "role", "member"), status: unprocessable, wants: []string{"handed over"}},
	{route: "POST /settings/people/:id", name: "wider role", as: asAdmin, path: theOwner("/settings/people/", ""), send: form("version", "1", "viewScopes", "none"), status: forbidden},

	{route: "POST /settings/people/:id/remove", name: "ok", as: asOwner, path: newColleague("/settings/people/", "/remove"), send: form("version", "1"), status: seeOther, check: location("/settings/people?done=removed")},
	{route: "POST /settings/people/:id/remove", name: "anonymous", path: newColleague("/settings/people/", "/remove"), send: form("version", "1"), status: unauthorized},
	{route: "POST /settings/people/:id/remove", name: "no right", as: asManager, path: newColleague("/settings/people/", "/remove"), send: form("version", "1"), status: forbidden},
	{route: "POST /settings/people/:id/remove", name: "other tenant", as: asStranger, path: newColleague("/settings/people/", "/remove"), send: form("version", "1"), status: notFound},
	{route: "POST /settings/people/:id/remove", name: "invalid", as: asOwner, path: newColleague("/settings/people/", "/remove"), send: strangerAsHeir, status: unprocessable, wants: []string{"does not belong to the business"}},
	{route: "POST /settings/people/:id/remove", name: "last owner", as: asOwner, path: theOwner("/settings/people/", "/remove"), send: form("version", "1"), status: unprocessable, wants: []string{"last owner"}},

	{route: "GET /settings/teams", name: "ok", as: asOwner, status: okay, wants: []string{"Sales", "Manoj Rao, Meera Joshi"}},
	{route: "GET /settings/teams", name: "other business", as: asStranger, status: okay, wants: []string{"No teams yet"}},
	{route: "GET /settings/teams", name: "anonymous", status: seeOther},
	{route: "GET /settings/teams", name: "no right", as: asManager, status: forbidden},
	{route: "POST /settings/teams", name: "ok", as: asOwner, send: form("name", "Support"), status: seeOther, check: location("/settings/teams?done=created")},
	{route: "POST /settings/teams", name: "anonymous", send: form("name", "A"), status: unauthorized},
	{route: "POST /settings/teams", name: "no right", as: asManager, send: form("name", "A"), status: forbidden},
	{route: "POST /settings/teams", name: "invalid", as: asOwner, send: form("name", " "), status: unprocessable, wants: []string{"Give the team a name"}},
	{route: "POST /settings/teams", name: "taken", as: asOwner, send: form("name", "SALES"), status: http.StatusConflict, wants: []string{"Another team already has this name.", `value="SALES"`}},
	{route: "GET /settings/teams/:id", name: "ok", as: asOwner, path: newTeam(""), status: okay, wants: []string{"Nobody yet.", `name="version" value="1"`}},
	{route: "GET /settings/teams/:id", name: "anonymous", path: newTeam(""), status: seeOther},
	{route: "GET /settings/teams/:id", name: "no right", as: asManager, path: newTeam(""), status: forbidden},
	{route: "GET /settings/teams/:id", name: "other tenant", as: asStranger, path: newTeam(""), status: notFound},
	{route: "POST /settings/teams/:id", name: "ok", as: asOwner, path: newTeam(""), send: form("version", "1", "name", "Renamed"), status: seeOther},
	{route: "POST /settings/teams/:id", name: "anonymous", path: newTeam(""), send: form("version", "1", "name", "A"), status: unauthorized},
	{route: "POST /settings/teams/:id", name: "no right", as: asManager, path: newTeam(""), send: form("version", "1", "name", "A"), status: forbidden},
	{route: "POST /settings/teams/:id", name: "other tenant", as: asStranger, path: newTeam(""), send: form("version", "1", "name", "A"), status: notFound},
	{route: "POST /settings/teams/:id", name: "invalid", as: asOwner, path: newTeam(""), send: form("version", "1", "name", strings.Repeat("n", 101)), status: unprocessable, wants: []string{"at most 100"}},
	{route: "POST /settings/teams/:id", name: "stale", as: asOwner, path: newTeam(""), send: form("version", "3", "name", "A"), status: http.StatusConflict, wants: []string{"Somebody changed this team"}},
	{route: "POST /settings/teams/:id/delete", name: "ok", as: asOwner, path: newTeam("/delete"), send: form("version", "1"), status: seeOther, check: location("/settings/teams?done=deleted")},
	{route: "POST /settings/teams/:id/delete", name: "anonymous", path: newTeam("/delete"), send: form("version", "1"), status: unauthorized},
	{route: "POST /settings/teams/:id/delete", name: "no right", as: asManager, path: newTeam("/delete"), send: form("version", "1"), status: forbidden},
	{route: "POST /settings/teams/:id/delete", name: "other tenant", as: asStranger, path: newTeam("/delete"), send: form("version", "1"), status: notFound},
	{route: "POST /settings/teams/:id/delete", name: "invalid", as: asOwner, path: newTeam("/delete"), send: form(), status: badInput},

	{route: "GET /settings/keys", name: "ok", as: asOwner, path: newKeyList, status: okay, wants: []string{"pk_", "Active", "/revoke"}},
	{route: "GET /settings/keys", name: "anonymous", status: seeOther},
	{route: "GET /settings/keys", name: "no right", as: asManager, status: forbidden},
	{route: "GET /settings/keys/new", name: "ok", as: asOwner, status: okay, wants: []string{`value="contacts:read"`, `value="90" selected`}, lacks: []string{`value="owner"`}},
	{route: "GET /settings/keys/new", name: "anonymous", status: seeOther},
	{route: "GET /settings/keys/new", name: "no right", as: asManager, status: forbidden},
	{route: "POST /settings/keys", name: "ok", as: asOwner, send: form("name", "Shop", "role", "member", "scopes", "contacts:read", "expiresAt", "30"), status: created, wants: []string{`value="pk_`, "this once only"}, check: header("Cache-Control", "no-store")},
	{route: "POST /settings/keys", name: "anonymous", send: form("name", "Shop", "role", "member"), status: unauthorized},
	{route: "POST /settings/keys", name: "no right", as: asManager, send: form("name", "Shop", "role", "member"), status: forbidden},
	{route: "POST /settings/keys", name: "invalid", as: asOwner, send: form("role", "owner", "scopes", "contacts:export"), status: unprocessable, wants: []string{"Give the key a name", "Choose admin, manager or member."}, lacks: []string{`value="pk_`}},
	{route: "POST /settings/keys", name: "invalid expiry", as: asOwner, send: form("name", "Shop", "role", "member", "expiresAt", "soon"), status: unprocessable, wants: []string{"times from the list"}},
	{route: "POST /settings/keys/:id/revoke", name: "ok", as: asOwner, path: newKey("/settings/keys/", "/revoke"), send: form(), status: seeOther, check: location("/settings/keys?done=revoked")},
	{route: "POST /settings/keys/:id/revoke", name: "anonymous", path: newKey("/settings/keys/", "/revoke"), send: form(), status: unauthorized},
	{route: "POST /settings/keys/:id/revoke", name: "no right", as: asManager, path: newKey("/settings/keys/", "/revoke"), send: form(), status: forbidden},
	{route: "POST /settings/keys/:id/revoke", name: "other tenant", as: asStranger, path: newKey("/settings/keys/", "/revoke"), send: form(), status: notFound},

	{route: "GET /settings/keys/:id/rotate", name: "ok", as: asOwner, path: newKey("/settings/keys/", "/rotate"), status: okay, wants: []string{`value="24h" selected`, "New secret for k"}},
	{route: "GET /settings/keys/:id/rotate", name: "anonymous", path: newKey("/settings/keys/", "/rotate"), status: seeOther},
	{route: "GET /settings/keys/:id/rotate", name: "no right", as: asManager, path: newKey("/settings/keys/", "/rotate"), status: forbidden},
	{route: "GET /settings/keys/:id/rotate", name: "other tenant", as: asStranger, path: newKey("/settings/keys/", "/rotate"), status: notFound},
	{route: "POST /settings/keys/:id/rotate", name: "ok", as: asOwner, path: newKey("/settings/keys/", "/rotate"), send: form("overlap", "1h"), status: okay, wants: []string{`value="pk_`, "this once only", "The old secret works until"}, check: header("Cache-Control", "no-store")},
	{route: "POST /settings/keys/:id/rotate", name: "anonymous", path: newKey("/settings/keys/", "/rotate"), send: form("overlap", "1h"), status: unauthorized},
	{route: "POST /settings/keys/:id/rotate", name: "no right", as: asManager, path: newKey("/settings/keys/", "/rotate"), send: form("overlap", "1h"), status: forbidden},
	{route: "POST /settings/keys/:id/rotate", name: "other tenant", as: asStranger, path: newKey("/settings/keys/", "/rotate"), send: form("overlap", "1h"), status: notFound},
	{route: "POST /settings/keys/:id/rotate", name: "invalid", as: asOwner, path: newKey("/settings/keys/", "/rotate"), send: form("overlap", "2h"), status: unprocessable, wants: []string{"Choose now, 1h, 24h or 7d.", `id="overlap-err"`}},

	{route: "GET /settings/audit", name: "ok", as: asOwner, status: okay, wants: []string{"Before → after", "user.sign_in"}},
	{route: "GET /settings/audit", name: "filtered", as: asOwner, path: auditOf("api_key.create"), status: okay, wants: []string{"Asha Shah", "<code>api_key.create</code>", "<ins>member</ins>"}, lacks: []string{"<code>user.sign_in</code>"}},
	{route: "GET /settings/audit", name: "other business", as: asStranger, path: auditOf("api_key.create"), status: okay, lacks: []string{"Asha Shah"}},
	{route: "GET /settings/audit", name: "anonymous", status: seeOther},
	{route: "GET /settings/audit", name: "no right", as: asManager, status: forbidden},
	{route: "GET /settings/audit", name: "invalid", as: asOwner, path: at("/settings/audit?from=soon&actor=x"), status: unprocessable, wants: []string{"Enter a date"}},
	{route: "GET /settings/audit", name: "nothing", as: asOwner, path: at("/settings/audit?from=2001-01-01&to=2001-01-02"), status: okay, wants: []string{"Nothing matches"}},
}

func strangerAsHeir(t *testing.T, w *world, b *browser) (string, string) {
	return form("version", "1", "successorId", w.stranger.id.String())(t, w, b)
}

func newKeyList(t *testing.T, w *world) string {
	newKey("", "")(t, w)
	return "/settings/keys"
}

func auditOf(action string) target {
	return func(t *testing.T, w *world) string {
		newKey("", "")(t, w)
		return "/settings/audit?action=" + action
	}
}

const (
	usersPath = "/api/v1/users"
	keysPath  = "/api/v1/api-keys"
)

var (
	oneUser = newColleague(usersPath+"/", "")
	oneKey  = newKey(keysPath+"/", "")
)

var settingsAPIScenarios = []scenario{
	{route: "POST /api/v1/api-keys/:id/rotate", name: "ok", as: withKey, path: newKey(keysPath+"/", "/rotate"), send: jsonBody(`{"overlap":"7d"}`), status: okay, wants: []string{`"secret":"pk_`, `"role":"member"`, `"previousUntil":"2`}, check: header("ETag", `"2"`)},
	{route: "POST /api/v1/api-keys/:id/rotate", name: "at once", as: withKey, path: newKey(keysPath+"/", "/rotate"), send: jsonBody(`{"overlap":"now"}`), status: okay, wants: []string{`"previousUntil":null`}, check: header("Cache-Control", "no-store")},
	{route: "POST /api/v1/api-keys/:id/rotate", name: "stale", as: withKey, path: newKey(keysPath+"/", "/rotate"), headers: []string{"If-Match", `"4"`}, send: jsonBody(`{"overlap":"now"}`), status: http.StatusPreconditionFailed},
	{route: "POST /api/v1/api-keys/:id/rotate", name: "anonymous", path: newKey(keysPath+"/", "/rotate"), send: jsonBody(`{"overlap":"now"}`), status: unauthorized, wants: notSignedIn},
	{route: "POST /api/v1/api-keys/:id/rotate", name: "no right", as: readKey, path: newKey(keysPath+"/", "/rotate"), send: jsonBody(`{"overlap":"now"}`), status: forbidden, wants: noRight},
	{route: "POST /api/v1/api-keys/:id/rotate", name: "other tenant", as: otherKey, path: newKey(keysPath+"/", "/rotate"), send: jsonBody(`{"overlap":"now"}`), status: notFound, wants: nothing},
	{route: "POST /api/v1/api-keys/:id/rotate", name: "invalid", as: withKey, path: newKey(keysPath+"/", "/rotate"), send: jsonBody(`{}`), status: unprocessable, wants: badValue},
	{route: "GET /api/v1/users", name: "ok", as: withKey, path: at(usersPath + "?limit=2"), status: okay, wants: []string{`"email":`, `"viewScopes":{}`, `"nextCursor":"`}},
	{route: "GET /api/v1/users", name: "anonymous", status: unauthorized, wants: notSignedIn},
	{route: "GET /api/v1/users", name: "no right", as: readKey, status: forbidden, wants: noRight},
	{route: "GET /api/v1/users", name: "invalid", as: withKey, path: at(usersPath + "?limit=0"), status: unprocessable, wants: badValue},
	{route: "GET /api/v1/users/:id", name: "ok", as: withKey, path: oneUser, status: okay, wants: []string{`"role":"member"`}, check: header("ETag", `"1"`)},
	{route: "GET /api/v1/users/:id", name: "anonymous", path: oneUser, status: unauthorized, wants: notSignedIn},
	{route: "GET /api/v1/users/:id", name: "no right", as: readKey, path: oneUser, status: forbidden, wants: noRight},
	{route: "GET /api/v1/users/:id", name: "other tenant", as: otherKey, path: oneUser, status: notFound, wants: nothing},
	{route: "PATCH /api/v1/users/:id", name: "ok", as: withKey, path: oneUser, send: jsonBody(`{"role":"manager","viewScopes":{"contacts":"own"}}`), status: okay, wants: []string{`"role":"manager"`, `"viewScopes":{"contacts":"own"}`, `"version":2`}},
	{route: "PATCH /api/v1/users/:id", name: "anonymous", path: oneUser, send: jsonBody(`{"role":"manager"}`), status: unauthorized, wants: notSignedIn},
	{route: "PATCH /api/v1/users/:id", name: "no right", as: readKey, path: oneUser, send: jsonBody(`{"role":"manager"}`), status: forbidden, wants: noRight},
	{route: "PATCH /api/v1/users/:id", name: "other tenant", as: otherKey, path: oneUser, send: jsonBody(`{"role":"manager"}`), status: notFound, wants: nothing},
	{route: "PATCH /api/v1/users/:id", name: "invalid", as: withKey, path: oneUser, send: jsonBody(`{"role":"owner","viewScopes":{"ships":"own"}}`), status: unprocessable, wants: append(badValue, `"field":"role"`, `"field":"viewScopes"`)},
	{route: "PATCH /api/v1/users/:id", name: "wider role", as: withKey, path: theOwner(usersPath+"/", ""), send: jsonBody(`{"viewScopes":{"contacts":"none"}}`), status: forbidden, wants: noRight},
	{route: "DELETE /api/v1/users/:id", name: "ok", as: withKey, path: oneUser, status: okay, wants: []string{`"role":"member"`}},
	{route: "DELETE /api/v1/users/:id", name: "anonymous", path: oneUser, status: unauthorized, wants: notSignedIn},
	{route: "DELETE /api/v1/users/:id", name: "no right", as: readKey, path: oneUser, status: forbidden, wants: noRight},
	{route: "DELETE /api/v1/users/:id", name: "other tenant", as: otherKey, path: oneUser, status: notFound, wants: nothing},
	{route: "DELETE /api/v1/users/:id", name: "stale", as: withKey, path: oneUser, headers: []string{"If-Match", `"9"`}, status: http.StatusPreconditionFailed, wants: errorCode("PRECONDITION_FAILED")},
	{route: "DELETE /api/v1/users/:id", name: "invalid", as: withKey, path: newColleague(usersPath+"/", "?successorId=x"), status: unprocessable, wants: append(badValue, `"field":"successorId"`)},

	{route: "GET /api/v1/api-keys", name: "ok", as: withKey, path: at(keysPath + "?limit=100"), status: okay, wants: []string{`"prefix":"pk_`, `"scopes":["contacts:read"]`}, lacks: []string{`"secret"`}},
	{route: "GET /api/v1/api-keys", name: "anonymous", status: unauthorized, wants: notSignedIn},
	{route: "GET /api/v1/api-keys", name: "no right", as: readKey, status: forbidden, wants: noRight},
	{route: "POST /api/v1/api-keys", name: "ok", as: withKey, send: jsonBody(`{"name":"Shop","role":"member","scopes":["contacts:read"]}`), status: created, wants: []string{`"secret":"pk_`}, check: header("Cache-Control", "no-store")},
	{route: "POST /api/v1/api-keys", name: "anonymous", send: jsonBody(`{"name":"Shop","role":"member"}`), status: unauthorized, wants: notSignedIn},
	{route: "POST /api/v1/api-keys", name: "no right", as: readKey, send: jsonBody(`{"name":"Shop","role":"member"}`), status: forbidden, wants: noRight},
	{route: "POST /api/v1/api-keys", name: "invalid", as: withKey, send: jsonBody(`{"role":"owner","expiresAt":"2001-01-01T00:00:00Z"}`), status: unprocessable, wants: append(badValue, `"field":"name"`, `"field":"role"`, `"field":"expiresAt"`)},
	{route: "DELETE /api/v1/api-keys/:id", name: "ok", as: withKey, path: oneKey, status: okay, wants: []string{`"revokedAt":"20`}, check: header("ETag", `"2"`)},
	{route: "DELETE /api/v1/api-keys/:id", name: "anonymous", path: oneKey, status: unauthorized, wants: notSignedIn},
	{route: "DELETE /api/v1/api-keys/:id", name: "no right", as: readKey, path: oneKey, status: forbidden, wants: noRight},
	{route: "DELETE /api/v1/api-keys/:id", name: "other tenant", as: otherKey, path: oneKey, status: notFound, wants: nothing},
	{route: "DELETE /api/v1/api-keys/:id", name: "stale", as: withKey, path: oneKey, headers: []string{"If-Match", `"2"`}, status: http.StatusPreconditionFailed},

	{route: "GET /api/v1/audit", name: "ok", as: withKey, path: at("/api/v1/audit?entity=api_key&from=2020-01-01T00:00:00Z"), status: okay, wants: []string{`"action":"api_key.create"`, `"changes":[{`}, lacks: []string{"user.sign_in"}},
	{route: "GET /api/v1/audit", name: "anonymous", status: unauthorized, wants: notSignedIn},
	{route: "GET /api/v1/audit", name: "no right", as: readKey, status: forbidden, wants: noRight},
	{route: "GET /api/v1/audit", name: "invalid", as: withKey, path: at("/api/v1/audit?actorId=x"), status: unprocessable, wants: append(badValue, `"field":"actorId"`)},
}
