package handlers_test

import (
	"net/http"
	"testing"

	"github.com/google/uuid"

	"payaid/internal/crm"
)

// newTag gives the address of a new tag, and suffix.
func newTag(prefix, suffix string) target {
	return func(t *testing.T, w *world) string {
		tag, err := w.crm.CreateTag(t.Context(), w.principal(t, w.owner), crm.TagInput{Name: "tag " + uuid.NewString(), Colour: "teal"})
		ok(t, err)
		return prefix + tag.ID.String() + suffix
	}
}

// deletedTag gives the same of a tag that was deleted.
func deletedTag(prefix string) target {
	return func(t *testing.T, w *world) string {
		tag, err := w.crm.CreateTag(t.Context(), w.principal(t, w.owner), crm.TagInput{Name: "tag " + uuid.NewString()})
		ok(t, err)
		_, err = w.crm.DeleteTag(t.Context(), w.principal(t, w.owner), tag.ID, nil)
		ok(t, err)
		return prefix + tag.ID.String() + "/restore"
	}
}

// staysTag sends the merging into a new tag, by its name or its id.
func staysTag(byID bool) body {
	return func(t *testing.T, w *world, b *browser) (string, string) {
		tag, err := w.crm.CreateTag(t.Context(), w.principal(t, w.owner), crm.TagInput{Name: "stays " + uuid.NewString()})
		ok(t, err)
		if byID {
			return jsonBody(`{"into":"`+tag.ID.String()+`"}`)(t, w, b)
		}
		return form("version", "1", "into", tag.Name)(t, w, b)
	}
}

var (
	oneTag    = newTag("/settings/tags/", "")
	oneMerge  = newTag("/settings/tags/", "/merge")
	oneDelete = newTag("/settings/tags/", "/delete")
	oneBack   = deletedTag("/settings/tags/")
	apiTag    = newTag("/api/v1/tags/", "")
	apiMerge  = newTag("/api/v1/tags/", "/merge")
	apiBack   = deletedTag("/api/v1/tags/")
)

var tagScenarios = []scenario{
	{route: "POST /settings/tags", name: "ok", as: asOwner, send: form("name", " Key  Account", "colour", "green"), status: seeOther, check: location("/settings/tags?done=tag-created")},
	{route: "POST /settings/tags", name: "taken", as: asOwner, send: form("name", "KEY account"), status: http.StatusConflict, wants: []string{"There is a tag of this name already.", `value="KEY account"`}},
	{route: "POST /settings/tags", name: "invalid", as: asOwner, send: form("name", "a,b", "colour", "plaid"), status: unprocessable, wants: []string{`id="name-err"`, `id="colour-err"`}},
	{route: "POST /settings/tags", name: "anonymous", send: form("name", "x"), status: unauthorized},
	{route: "POST /settings/tags", name: "no right", as: asManager, send: form("name", "x"), status: forbidden},
	{route: "GET /settings/tags", name: "ok", as: asOwner, status: okay, wants: []string{`data-colour="green">key account`, "New tag"}},
	{route: "GET /settings/tags", name: "after a deletion", as: asOwner, path: at("/settings/tags?done=tag-deleted&id=01930f3e-7a52-7c3b-9d51-2f6f5a8f1c46"), status: okay, wants: []string{`/settings/tags/01930f3e-7a52-7c3b-9d51-2f6f5a8f1c46/restore`}},
	{route: "GET /settings/tags", name: "other business", as: asStranger, status: okay, lacks: []string{"key account"}},
	{route: "GET /settings/tags", name: "invalid", as: asOwner, path: at("/settings/tags?cursor=x"), status: unprocessable},
	{route: "GET /settings/tags", name: "anonymous", status: seeOther},
	{route: "GET /settings/tags", name: "no right", as: asManager, status: forbidden},

	{route: "GET /settings/tags/:id", name: "ok", as: asOwner, path: oneTag, status: okay, wants: []string{`name="into"`, `value="teal" selected`, "Delete this tag"}},
	{route: "GET /settings/tags/:id", name: "anonymous", path: oneTag, status: seeOther},
	{route: "GET /settings/tags/:id", name: "no right", as: asManager, path: oneTag, status: forbidden},
	{route: "GET /settings/tags/:id", name: "other tenant", as: asStranger, path: oneTag, status: notFound},

	{route: "POST /settings/tags/:id", name: "ok", as: asOwner, path: oneTag, send: form("version", "1", "name", "Renamed", "colour", "red"), status: seeOther, check: location("/settings/tags?done=saved")},
	{route: "POST /settings/tags/:id", name: "stale", as: asOwner, path: oneTag, send: form("version", "3", "name", "a", "colour", "red"), status: http.StatusConflict, wants: []string{"Somebody changed this tag"}},
	{route: "POST /settings/tags/:id", name: "invalid", as: asOwner, path: oneTag, send: form("version", "1", "name", "a;b", "colour", "red"), status: unprocessable, wants: []string{`value="a;b"`}},
	{route: "POST /settings/tags/:id", name: "anonymous", path: oneTag, send: form("version", "1", "name", "a"), status: unauthorized},
	{route: "POST /settings/tags/:id", name: "no right", as: asManager, path: oneTag, send: form("version", "1", "name", "a"), status: forbidden},
	{route: "POST /settings/tags/:id", name: "other tenant", as: asStranger, path: oneTag, send: form("version", "1", "name", "a"), status: notFound},

	{route: "POST /settings/tags/:id/merge", name: "ok", as: asOwner, path: oneMerge, send: staysTag(false), status: seeOther, check: location("/settings/tags?done=tag-merged")},
	{route: "POST /settings/tags/:id/merge", name: "invalid", as: asOwner, path: oneMerge, send: form("version", "1", "into", "there is none"), status: unprocessable, wants: []string{"There is no tag of this name.", `value="there is none"`}},
	{route: "POST /settings/tags/:id/merge", name: "anonymous", path: oneMerge, send: form("version", "1", "into", "a"), status: unauthorized},
	{route: "POST /settings/tags/:id/merge", name: "no right", as: asManager, path: oneMerge, send: form("version", "1", "into", "a"), status: forbidden},
	{route: "POST /settings/tags/:id/merge", name: "other tenant", as: asStranger, path: oneMerge, send: form("version", "1", "into", "a"), status: notFound},

	{route: "POST /settings/tags/:id/delete", name: "ok", as: asOwner, path: oneDelete, send: form("version", "1"), status: seeOther, check: location("/settings/tags?done=tag-deleted&id=")},
	{route: "POST /settings/tags/:id/delete", name: "invalid", as: asOwner, path: oneDelete, send: form(), status: badInput},
	{route: "POST /settings/tags/:id/delete", name: "anonymous", path: oneDelete, send: form("version", "1"), status: unauthorized},
	{route: "POST /settings/tags/:id/delete", name: "no right", as: asManager, path: oneDelete, send: form("version", "1"), status: forbidden},
	{route: "POST /settings/tags/:id/delete", name: "other tenant", as: asStranger, path: oneDelete, send: form("version", "1"), status: notFound},

	{route: "POST /settings/tags/:id/restore", name: "ok", as: asOwner, path: oneBack, send: form(), status: seeOther, check: location("/settings/tags?done=tag-restored")},
	{route: "POST /settings/tags/:id/restore", name: "invalid", as: asOwner, path: newTag("/settings/tags/", "/restore"), send: form(), status: notFound},
	{route: "POST /settings/tags/:id/restore", name: "anonymous", path: oneBack, send: form(), status: unauthorized},
	{route: "POST /settings/tags/:id/restore", name: "no right", as: asManager, path: oneBack, send: form(), status: forbidden},
	{route: "POST /settings/tags/:id/restore", name: "other tenant", as: asStranger, path: oneBack, send: form(), status: notFound},

	{route: "GET /tags/names", name: "ok", as: asMember, path: at("/tags/names?tags=vip,%20ACC"), status: okay, wants: []string{`<option value="vip, key account">`}},
	{route: "GET /tags/names", name: "other business", as: asStranger, path: at("/tags/names?tags=acc"), status: okay, lacks: []string{"key account"}},
	{route: "GET /tags/names", name: "anonymous", status: seeOther},
	{route: "GET /tags/names", name: "no right", as: withKey, status: forbidden},

	{route: "GET /api/v1/tags", name: "ok", as: withKey, status: okay, wants: []string{`"name":"key account","colour":"green","uses":{"contacts":0,"companies":0}`}},
	{route: "GET /api/v1/tags", name: "without the right to configure", as: readKey, status: okay, wants: []string{`"uses":null`}},
	{route: "GET /api/v1/tags", name: "other business", as: otherKey, status: okay, lacks: []string{"key account"}},
	{route: "GET /api/v1/tags", name: "invalid", as: withKey, path: at("/api/v1/tags?cursor=x"), status: unprocessable, wants: badValue},
	{route: "GET /api/v1/tags", name: "anonymous", status: unauthorized, wants: notSignedIn},
	{route: "GET /api/v1/tags", name: "no right", as: exportKey, status: forbidden, wants: noRight},

	{route: "POST /api/v1/tags", name: "ok", as: withKey, send: jsonBody(`{"name":"By Key"}`), status: created, wants: []string{`"name":"by key","colour":"grey"`}, check: header("ETag", `"1"`)},
	{route: "POST /api/v1/tags", name: "taken", as: withKey, send: jsonBody(`{"name":"by KEY"}`), status: http.StatusConflict, wants: errorCode("ALREADY_EXISTS")},
	{route: "POST /api/v1/tags", name: "invalid", as: withKey, send: jsonBody(`{"name":" ","colour":"plaid"}`), status: unprocessable, wants: append(badValue, `"field":"name"`, `"field":"colour"`)},
	{route: "POST /api/v1/tags", name: "anonymous", send: jsonBody(`{"name":"x"}`), status: unauthorized, wants: notSignedIn},
	{route: "POST /api/v1/tags", name: "no right", as: readKey, send: jsonBody(`{"name":"x"}`), status: forbidden, wants: noRight},

	{route: "GET /api/v1/tags/:id", name: "ok", as: withKey, path: apiTag, status: okay, wants: []string{`"colour":"teal"`}, check: header("ETag", `"1"`)},
	{route: "GET /api/v1/tags/:id", name: "anonymous", path: apiTag, status: unauthorized, wants: notSignedIn},
	{route: "GET /api/v1/tags/:id", name: "no right", as: exportKey, path: apiTag, status: forbidden, wants: noRight},
	{route: "GET /api/v1/tags/:id", name: "other tenant", as: otherKey, path: apiTag, status: notFound, wants: nothing},

	{route: "PATCH /api/v1/tags/:id", name: "ok", as: withKey, headers: []string{"If-Match", `"1"`}, path: apiTag, send: jsonBody(`{"colour":"pink"}`), status: okay, wants: []string{`"colour":"pink"`, `"version":2`}},
	{route: "PATCH /api/v1/tags/:id", name: "stale", as: withKey, headers: []string{"If-Match", `"9"`}, path: apiTag, send: jsonBody(`{"colour":"pink"}`), status: http.StatusPreconditionFailed},
	{route: "PATCH /api/v1/tags/:id", name: "invalid", as: withKey, path: apiTag, send: jsonBody(`{"colour":"plaid"}`), status: unprocessable, wants: badValue},
	{route: "PATCH /api/v1/tags/:id", name: "anonymous", path: apiTag, send: jsonBody(`{"colour":"pink"}`), status: unauthorized, wants: notSignedIn},
	{route: "PATCH /api/v1/tags/:id", name: "no right", as: readKey, path: apiTag, send: jsonBody(`{"colour":"pink"}`), status: forbidden, wants: noRight},
	{route: "PATCH /api/v1/tags/:id", name: "other tenant", as: otherKey, path: apiTag, send: jsonBody(`{"colour":"pink"}`), status: notFound, wants: nothing},

	{route: "POST /api/v1/tags/:id/merge", name: "ok", as: withKey, path: apiMerge, send: staysTag(true), status: okay, wants: []string{`"name":"stays `}},
	{route: "POST /api/v1/tags/:id/merge", name: "invalid", as: withKey, path: apiMerge, send: jsonBody(`{"into":"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c46"}`), status: unprocessable, wants: append(badValue, `"field":"into"`)},
	{route: "POST /api/v1/tags/:id/merge", name: "anonymous", path: apiMerge, send: staysTag(true), status: unauthorized, wants: notSignedIn},
	{route: "POST /api/v1/tags/:id/merge", name: "no right", as: readKey, path: apiMerge, send: staysTag(true), status: forbidden, wants: noRight},
	{route: "POST /api/v1/tags/:id/merge", name: "other tenant", as: otherKey, path: apiMerge, send: staysTag(true), status: notFound, wants: nothing},

	{route: "DELETE /api/v1/tags/:id", name: "ok", as: withKey, path: apiTag, status: okay, wants: []string{`"colour":"teal"`}},
	{route: "DELETE /api/v1/tags/:id", name: "anonymous", path: apiTag, status: unauthorized, wants: notSignedIn},
	{route: "DELETE /api/v1/tags/:id", name: "no right", as: readKey, path: apiTag, status: forbidden, wants: noRight},
	{route: "DELETE /api/v1/tags/:id", name: "other tenant", as: otherKey, path: apiTag, status: notFound, wants: nothing},

	{route: "POST /api/v1/tags/:id/restore", name: "ok", as: withKey, path: apiBack, status: okay, wants: []string{`"name":"tag `}},
	{route: "POST /api/v1/tags/:id/restore", name: "invalid", as: withKey, path: newTag("/api/v1/tags/", "/restore"), status: notFound, wants: nothing},
	{route: "POST /api/v1/tags/:id/restore", name: "anonymous", path: apiBack, status: unauthorized, wants: notSignedIn},
	{route: "POST /api/v1/tags/:id/restore", name: "no right", as: readKey, path: apiBack, status: forbidden, wants: noRight},
	{route: "POST /api/v1/tags/:id/restore", name: "other tenant", as: otherKey, path: apiBack, status: notFound, wants: nothing},
}
