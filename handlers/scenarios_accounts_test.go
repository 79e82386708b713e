package handlers_test

import (
	"net/http"
	"testing"

	"github.com/google/uuid"

	"payaid/internal/auth"
	"payaid/internal/join"
)

// signUpToken makes the link of a sign-up and gives its token.
func (w *world) signUpToken(t testing.TB, email string) string {
	t.Helper()
	token, err := w.join.OpenSignUp(t.Context(), email, auth.Request{})
	ok(t, err)
	return token
}

func newEmail() string { return "n" + uuid.NewString()[:8] + "@example.in" }

func ofSignUp(t *testing.T, w *world) string {
	return "/signup/finish?token=" + w.signUpToken(t, newEmail())
}

func finish(business, name, pass string) body {
	return func(t *testing.T, w *world, b *browser) (string, string) {
		return form("token", w.signUpToken(t, newEmail()), "business", business, "name", name, "password", pass)(t, w, b)
	}
}

// knownSignUp sends the link of an e-mail that got an account by other means.
func knownSignUp(t *testing.T, w *world, b *browser) (string, string) {
	token := w.signUpToken(t, w.member.email)
	return form("token", token, "business", "Mine", "name", "Me", "password", password)(t, w, b)
}

// atBoth is signed in as a new person who works in both businesses.
func atBoth(t *testing.T, w *world) *browser {
	b, _ := w.atBoth(t)
	return b
}

func (w *world) atBoth(t *testing.T) (*browser, account) {
	a := w.person(t, w.home, "N"+uuid.NewString()+" Nair", auth.Member, nil)
	w.db.OwnerExec(t, "INSERT INTO memberships (tenant_id, user_id, role, created_at, updated_at) VALUES ($1, $2, 'manager', now(), now())", w.elsewhere, a.id)
	b := w.visitor()
	b.signIn(t, a.email, password).is(t, seeOther)
	b.get(t, "/contacts")
	return b, a
}

func toElsewhere(t *testing.T, w *world, b *browser) (string, string) {
	return form("tenant", w.elsewhere.String())(t, w, b)
}

var accountScenarios = []scenario{
	{route: "GET /signup", name: "ok", as: asOwner, status: seeOther, check: location("/tenants/new")},
	{route: "GET /signup", name: "anonymous", status: okay, wants: []string{"<!doctype html>", `action="/signup"`, `name="email"`, `href="/login"`}, check: header("Cache-Control", "no-store")},
	{route: "GET /signup", name: "after it was asked", path: at("/signup?sent=1"), status: okay, wants: []string{"Look into your mailbox."}, lacks: []string{"<form", "token="}},
	{route: "POST /signup", name: "ok", as: visitor, send: form("email", "new@example.in"), status: seeOther, check: location("/signup?sent=1")},
	{route: "POST /signup", name: "known", as: visitor, send: form("email", "asha@example.in"), status: seeOther, check: location("/signup?sent=1")},
	{route: "POST /signup", name: "anonymous", send: form("email", "new@example.in"), status: forbidden},
	{route: "POST /signup", name: "invalid", as: visitor, send: form("email", "nonsense"), status: unprocessable, wants: []string{"does not look like", `id="email-err"`, `value="nonsense"`}},
	{route: "POST /signup", name: "text that cannot be stored", as: visitor, send: form("email", "a\x00@example.in"), status: unprocessable},

	{route: "GET /signup/finish", name: "ok", path: ofSignUp, status: okay, wants: []string{`name="business"`, `name="token"`, `autocomplete="new-password"`}, check: header("Cache-Control", "no-store")},
	{route: "GET /signup/finish", name: "anonymous", status: unprocessable, wants: []string{"not complete", `href="/signup"`}, lacks: []string{"<form"}},
	{route: "POST /signup/finish", name: "ok", as: visitor, send: finish("Nilgiri Tea", "Devi Rao", password), status: seeOther, check: location("/welcome")},
	{route: "POST /signup/finish", name: "anonymous", send: finish("Nilgiri Tea", "Devi Rao", password), status: forbidden},
	{route: "POST /signup/finish", name: "invalid", as: visitor, send: finish("", "Devi <b>", "short"), status: unprocessable, wants: []string{`id="business-err"`, `id="password-err"`, `value="Devi &lt;b&gt;"`}, lacks: []string{"short"}},
	{route: "POST /signup/finish", name: "wrong token", as: visitor, send: form("token", "nonsense", "business", "A", "name", "B", "password", password), status: unprocessable, wants: []string{"not complete"}},
	{route: "POST /signup/finish", name: "known", as: visitor, send: knownSignUp, status: unprocessable, wants: []string{"There is an account"}},

	{route: "GET /tenants/new", name: "ok", as: asMember, status: okay, wants: []string{`action="/tenants"`, `name="id"`}},
	{route: "GET /tenants/new", name: "anonymous", status: seeOther},
	{route: "GET /tenants/new", name: "no right", as: withKey, status: forbidden},
	{route: "POST /tenants", name: "ok", as: atBoth, send: form("id", uuid.NewString(), "name", "Second"), status: seeOther, check: location("/welcome")},
	{route: "POST /tenants", name: "anonymous", send: form("id", uuid.NewString(), "name", "Second"), status: unauthorized},
	{route: "POST /tenants", name: "no right", as: withKey, send: form("id", uuid.NewString(), "name", "Second"), status: forbidden},
	{route: "POST /tenants", name: "invalid", as: atBoth, send: form("id", uuid.NewString(), "name", " "), status: unprocessable, wants: []string{"Give the business a name", `name="id"`}},
	{route: "POST /tenants", name: "without an id", as: atBoth, send: form("name", "Second"), status: badInput},
	{route: "POST /tenants/switch", name: "ok", as: atBoth, send: toElsewhere, status: seeOther, check: location("/")},
	{route: "POST /tenants/switch", name: "anonymous", send: toElsewhere, status: unauthorized},
	{route: "POST /tenants/switch", name: "no right", as: withKey, send: toElsewhere, status: forbidden},
	{route: "POST /tenants/switch", name: "somebody else's", as: asMember, send: toElsewhere, status: notFound},
	{route: "POST /tenants/switch", name: "invalid", as: asMember, send: form("tenant", "x"), status: notFound},
	{route: "POST /tenants/switch", name: "without a token", as: asMember, send: form("_csrf", ""), status: forbidden},

	{route: "GET /welcome", name: "ok", as: asOwner, status: okay, wants: []string{"Udyog Traders is ready.", "/imports/new", "/settings/invitations/new", `action="/welcome/samples"`}},
	{route: "GET /welcome", name: "member", as: asMember, status: okay, wants: []string{"/imports/new"}, lacks: []string{"/settings/invitations/new", "/welcome/samples"}},
	{route: "GET /welcome", name: "anonymous", status: seeOther},
	{route: "GET /welcome", name: "no right", as: withKey, status: forbidden},
	{route: "POST /welcome/samples", name: "ok", as: asStranger, send: form(), status: seeOther, check: location("/welcome?done=loaded")},
	{route: "POST /welcome/samples", name: "anonymous", send: form(), status: unauthorized},
	{route: "POST /welcome/samples", name: "no right", as: asManager, send: form(), status: forbidden, wants: []string{"Ask an administrator"}},
	{route: "POST /welcome/samples/remove", name: "ok", as: asStranger, send: form(), status: seeOther, check: location("/welcome?done=removed")},
	{route: "POST /welcome/samples/remove", name: "anonymous", send: form(), status: unauthorized},
	{route: "POST /welcome/samples/remove", name: "no right", as: asManager, send: form(), status: forbidden},
}

// invitation makes one of the home business, old enough to be sent again.
func (w *world) invitation(t testing.TB, email string) join.Invitation {
	t.Helper()
	i, err := w.join.Invite(t.Context(), w.principal(t, w.owner), join.InvitationInput{Email: email, Role: auth.Member})
	ok(t, err)
	w.db.OwnerExec(t, "UPDATE invitations SET asked_at = asked_at - interval '1 hour' WHERE id = $1", i.ID)
	return i
}

// invitationToken makes one and gives the token of its link.
func (w *world) invitationToken(t testing.TB, email string) string {
	t.Helper()
	_, token, err := w.join.OpenInvitation(t.Context(), w.principal(t, w.owner), w.invitation(t, email).ID)
	ok(t, err)
	return token
}

func newInvitation(prefix, suffix string) target {
	return func(t *testing.T, w *world) string { return prefix + w.invitation(t, newEmail()).ID.String() + suffix }
}

func ofInvitation(t *testing.T, w *world) string {
	return "/invitations/accept?token=" + w.invitationToken(t, newEmail())
}

func accept(name, pass string) body {
	return func(t *testing.T, w *world, b *browser) (string, string) {
		return form("token", w.invitationToken(t, newEmail()), "name", name, "password", pass)(t, w, b)
	}
}

var oneInvitation = newInvitation(invitationsPath+"/", "")

const invitationsPath = "/api/v1/invitations"

var invitationScenarios = []scenario{
	{route: "GET /invitations/accept", name: "ok", path: ofInvitation, status: okay, wants: []string{"Join Udyog Traders", "Asha Shah invites you", `name="password"`, `autocomplete="new-password"`}, check: header("Cache-Control", "no-store")},
	{route: "GET /invitations/accept", name: "signed in as another", as: asMember, path: ofInvitation, status: okay, wants: []string{"You are signed in as meera@example.in", `action="/logout"`}, lacks: []string{`action="/invitations/accept"`}},
	{route: "GET /invitations/accept", name: "anonymous", status: unprocessable, wants: []string{"not complete", `href="/login"`}, lacks: []string{"<form"}},
	{route: "POST /invitations/accept", name: "ok", as: visitor, send: accept("Nisha Iyer", password), status: seeOther, check: location("/")},
	{route: "POST /invitations/accept", name: "anonymous", send: accept("Nisha Iyer", password), status: forbidden},
	{route: "POST /invitations/accept", name: "signed in as another", as: asMember, send: accept("Nisha Iyer", password), status: unprocessable, wants: []string{"Sign out and open the link again"}},
	{route: "POST /invitations/accept", name: "invalid", as: visitor, send: accept(" ", "short"), status: unprocessable, wants: []string{`id="name-err"`, `id="password-err"`}},
	{route: "POST /invitations/accept", name: "wrong token", as: visitor, send: form("token", "nonsense", "name", "N", "password", password), status: unprocessable, wants: []string{"not complete"}},

	{route: "GET /settings/invitations/new", name: "ok", as: asOwner, status: okay, wants: []string{`action="/settings/invitations"`, `value="admin"`, "Sales"}, lacks: []string{`value="owner"`}},
	{route: "GET /settings/invitations/new", name: "anonymous", status: seeOther},
	{route: "GET /settings/invitations/new", name: "no right", as: asManager, status: forbidden},
	{route: "POST /settings/invitations", name: "ok", as: asOwner, send: form("email", "guest@example.in", "role", "member", "teamId", ""), status: seeOther, check: location("/settings/people?done=invited")},
	{route: "POST /settings/invitations", name: "invited already", as: asOwner, send: form("email", "Guest@example.in", "role", "member"), status: http.StatusConflict, wants: []string{"invited already"}},
	{route: "POST /settings/invitations", name: "anonymous", send: form("email", "guest@example.in", "role", "member"), status: unauthorized},
	{route: "POST /settings/invitations", name: "no right", as: asManager, send: form("email", "guest@example.in", "role", "member"), status: forbidden},
	{route: "POST /settings/invitations", name: "invalid", as: asAdmin, send: form("email", "nonsense", "role", "owner"), status: unprocessable, wants: []string{"Please correct 2 things.", `value="nonsense"`, "not wider than your own"}},
	{route: "POST /settings/invitations", name: "not a team", as: asAdmin, send: form("email", "t@example.in", "role", "member", "teamId", "x"), status: unprocessable, wants: []string{"Choose a team from the list."}},
	{route: "GET /settings/people", name: "with invitations", as: asOwner, status: okay, wants: []string{"guest@example.in", "Send again", "Revoke now"}, lacks: []string{"Show link"}},
	{route: "POST /settings/invitations/:id/resend", name: "ok", as: asOwner, path: newInvitation("/settings/invitations/", "/resend"), send: form(), status: seeOther, check: location("/settings/people?done=resent")},
	{route: "POST /settings/invitations/:id/resend", name: "anonymous", path: newInvitation("/settings/invitations/", "/resend"), send: form(), status: unauthorized},
	{route: "POST /settings/invitations/:id/resend", name: "no right", as: asManager, path: newInvitation("/settings/invitations/", "/resend"), send: form(), status: forbidden},
	{route: "POST /settings/invitations/:id/resend", name: "other tenant", as: asStranger, path: newInvitation("/settings/invitations/", "/resend"), send: form(), status: notFound},
	{route: "POST /settings/invitations/:id/revoke", name: "ok", as: asOwner, path: newInvitation("/settings/invitations/", "/revoke"), send: form(), status: seeOther, check: location("/settings/people?done=uninvited")},
	{route: "POST /settings/invitations/:id/revoke", name: "anonymous", path: newInvitation("/settings/invitations/", "/revoke"), send: form(), status: unauthorized},
	{route: "POST /settings/invitations/:id/revoke", name: "no right", as: asManager, path: newInvitation("/settings/invitations/", "/revoke"), send: form(), status: forbidden},
	{route: "POST /settings/invitations/:id/revoke", name: "other tenant", as: asStranger, path: newInvitation("/settings/invitations/", "/revoke"), send: form(), status: notFound},

	{route: "GET /api/v1/invitations", name: "ok", as: withKey, path: at(invitationsPath + "?limit=2"), status: okay, wants: []string{`"state":"`, `"invitedBy":"Asha Shah"`, `"nextCursor":"`}, lacks: []string{"token"}},
	{route: "GET /api/v1/invitations", name: "anonymous", status: unauthorized, wants: notSignedIn},
	{route: "GET /api/v1/invitations", name: "no right", as: readKey, status: forbidden, wants: noRight},
	{route: "GET /api/v1/invitations", name: "other business", as: otherKey, status: okay, wants: []string{`"data":[]`}},
	{route: "GET /api/v1/invitations", name: "invalid", as: withKey, path: at(invitationsPath + "?cursor=x"), status: unprocessable, wants: badValue},
	{route: "POST /api/v1/invitations", name: "ok", as: withKey, send: jsonBody(`{"email":"Api@example.in","role":"manager"}`), status: created, wants: []string{`"email":"api@example.in"`, `"state":"open"`}, lacks: []string{"token"}, check: header("ETag", `"1"`)},
	{route: "POST /api/v1/invitations", name: "taken", as: withKey, send: jsonBody(`{"email":"api@example.in","role":"member"}`), status: http.StatusConflict, wants: errorCode("ALREADY_EXISTS")},
	{route: "POST /api/v1/invitations", name: "anonymous", send: jsonBody(`{"email":"b@example.in","role":"member"}`), status: unauthorized, wants: notSignedIn},
	{route: "POST /api/v1/invitations", name: "no right", as: readKey, send: jsonBody(`{"email":"b@example.in","role":"member"}`), status: forbidden, wants: noRight},
	{route: "POST /api/v1/invitations", name: "invalid", as: withKey, send: jsonBody(`{"role":"owner"}`), status: unprocessable, wants: append(badValue, `"field":"email"`, `"field":"role"`)},
	{route: "DELETE /api/v1/invitations/:id", name: "ok", as: withKey, path: oneInvitation, status: okay, wants: []string{`"state":"revoked"`}, check: header("ETag", `"2"`)},
	{route: "DELETE /api/v1/invitations/:id", name: "anonymous", path: oneInvitation, status: unauthorized, wants: notSignedIn},
	{route: "DELETE /api/v1/invitations/:id", name: "no right", as: readKey, path: oneInvitation, status: forbidden, wants: noRight},
	{route: "DELETE /api/v1/invitations/:id", name: "other tenant", as: otherKey, path: oneInvitation, status: notFound, wants: nothing},
	{route: "DELETE /api/v1/invitations/:id", name: "stale", as: withKey, path: oneInvitation, headers: []string{"If-Match", `"9"`}, status: http.StatusPreconditionFailed},
}
