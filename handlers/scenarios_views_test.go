package handlers_test

import (
	"net/http"
	"testing"

	"github.com/google/uuid"

	"payaid/internal/crm"
)

// newView gives the address of a new view of the owner's that everybody may use,
// and suffix.
func newView(prefix, suffix string) target {
	return func(t *testing.T, w *world) string {
		v, err := w.crm.CreateView(t.Context(), w.principal(t, w.owner), crm.ViewInput{Name: "View " + uuid.NewString(), Shared: true, Filter: "stage:customer", Sort: "-leadScore"})
		ok(t, err)
		return prefix + v.ID.String() + suffix
	}
}

var (
	oneView     = newView("/contacts/views/", "")
	oneAPIView  = newView("/api/v1/views/", "")
	apiDefault  = newView("/api/v1/views/", "/default")
	pageDefault = newView("/contacts/views/", "/default")
)

var viewScenarios = []scenario{
	{route: "GET /contacts/views/new", name: "ok", as: asOwner, path: at("/contacts/views/new?filter=tag:vip&sort=-name"), status: okay, wants: []string{"<!doctype html>", `name="filter" value="tag:vip"`, `name="shared"`}},
	{route: "GET /contacts/views/new", name: "part", as: asMember, headers: htmx(), status: okay, wants: []string{`hx-post="/contacts/views"`}, lacks: []string{"<!doctype"}},
	{route: "GET /contacts/views/new", name: "invalid", as: asOwner, path: at("/contacts/views/new?filter=x"), status: badInput},
	{route: "GET /contacts/views/new", name: "anonymous", status: seeOther},
	{route: "GET /contacts/views/new", name: "no right", as: withKey, status: forbidden},

	{route: "POST /contacts/views", name: "ok", as: asOwner, send: form("name", " Hot   ones ", "filter", "warmth:hot", "sort", "-leadScore", "shared", "on"), status: seeOther, check: location("/contacts?filter=warmth:hot&sort=-leadScore&view=")},
	{route: "POST /contacts/views", name: "taken", as: asOwner, send: form("name", "hot ONES"), status: http.StatusConflict, wants: []string{"You already have a view of this name.", `value="hot ONES"`}},
	{route: "POST /contacts/views", name: "same name as somebody else's", as: asMember, send: form("name", "Hot ones"), status: seeOther},
	{route: "POST /contacts/views", name: "invalid", as: asOwner, send: form("name", " ", "filter", "tag:vip"), status: unprocessable, wants: []string{"Give the view a name", `name="filter" value="tag:vip"`}},
	{route: "POST /contacts/views", name: "invalid filter", as: asOwner, send: form("name", "x", "filter", "x"), status: badInput},
	{route: "POST /contacts/views", name: "anonymous", send: form("name", "x"), status: unauthorized},
	{route: "POST /contacts/views", name: "no right", as: withKey, send: form("name", "x"), status: forbidden},

	{route: "POST /contacts/views/:id", name: "ok", as: asOwner, path: oneView, send: form("version", "1", "q", "rao", "filter", "tag:vip"), status: seeOther, check: location("/contacts?filter=tag:vip&q=rao&view=")},
	{route: "POST /contacts/views/:id", name: "stale", as: asOwner, path: oneView, send: form("version", "7"), status: http.StatusConflict, wants: []string{"Somebody changed this view"}},
	{route: "POST /contacts/views/:id", name: "invalid", as: asOwner, path: oneView, send: form("version", "1", "sort", "shoe"), status: unprocessable},
	{route: "POST /contacts/views/:id", name: "anonymous", path: oneView, send: form("version", "1"), status: unauthorized},
	{route: "POST /contacts/views/:id", name: "no right", as: asMember, path: oneView, send: form("version", "1"), status: forbidden, wants: []string{"belongs to Asha Shah"}},
	{route: "POST /contacts/views/:id", name: "other tenant", as: asStranger, path: oneView, send: form("version", "1"), status: notFound},

	{route: "POST /contacts/views/:id/default", name: "ok", as: asAdmin, path: pageDefault, send: form(), status: seeOther, check: location("/contacts?filter=stage:customer&sort=-leadScore&view=")},
	{route: "GET /contacts", name: "opens with the default view", as: asAdmin, status: seeOther, check: location("/contacts?filter=stage:customer&sort=-leadScore&view=")},
	{route: "GET /contacts", name: "everything although there is a default", as: asAdmin, path: at("/contacts?q=a"), status: okay, wants: []string{"view=all"}},
	{route: "POST /contacts/views/:id/default", name: "anonymous", path: pageDefault, send: form(), status: unauthorized},
	{route: "POST /contacts/views/:id/default", name: "no right", as: withKey, path: pageDefault, send: form(), status: forbidden},
	{route: "POST /contacts/views/:id/default", name: "other tenant", as: asStranger, path: pageDefault, send: form(), status: notFound},

	{route: "POST /contacts/views/:id/delete", name: "ok", as: asOwner, path: newView("/contacts/views/", "/delete"), send: form(), status: seeOther, check: location("/contacts?view=all")},
	{route: "POST /contacts/views/:id/delete", name: "anonymous", path: newView("/contacts/views/", "/delete"), send: form(), status: unauthorized},
	{route: "POST /contacts/views/:id/delete", name: "no right", as: asMember, path: newView("/contacts/views/", "/delete"), send: form(), status: forbidden},
	{route: "POST /contacts/views/:id/delete", name: "other tenant", as: asStranger, path: newView("/contacts/views/", "/delete"), send: form(), status: notFound},

	{route: "GET /api/v1/views", name: "ok", as: withKey, status: okay, wants: []string{`"name":"Hot ones","shared":true,"query":"","filter":"warmth:hot","sort":"-leadScore"`}},
	{route: "GET /api/v1/views", name: "other business", as: otherKey, status: okay, lacks: []string{"Hot ones"}},
	{route: "GET /api/v1/views", name: "anonymous", status: unauthorized, wants: notSignedIn},
	{route: "GET /api/v1/views", name: "no right", as: exportKey, status: forbidden, wants: noRight},

	{route: "POST /api/v1/views", name: "ok", as: withKey, send: jsonBody(`{"name":"By key","shared":true,"filter":"owner:none"}`), status: created, wants: []string{`"ownerId":null`, `"filter":"owner:none"`}, check: header("ETag", `"1"`)},
	{route: "POST /api/v1/views", name: "anonymous", send: jsonBody(`{"name":"x"}`), status: unauthorized, wants: notSignedIn},
	{route: "POST /api/v1/views", name: "no right", as: exportKey, send: jsonBody(`{"name":"x","shared":true}`), status: forbidden, wants: noRight},
	{route: "POST /api/v1/views", name: "invalid", as: withKey, send: jsonBody(`{"name":"","sort":"-leadScore"}`), status: unprocessable, wants: append(badValue, `"field":"name"`, `"field":"shared"`)},

	{route: "GET /api/v1/views/:id", name: "ok", as: withKey, path: oneAPIView, status: okay, wants: []string{`"default":false`}},
	{route: "GET /api/v1/views/:id", name: "anonymous", path: oneAPIView, status: unauthorized, wants: notSignedIn},
	{route: "GET /api/v1/views/:id", name: "no right", as: exportKey, path: oneAPIView, status: forbidden, wants: noRight},
	{route: "GET /api/v1/views/:id", name: "other tenant", as: otherKey, path: oneAPIView, status: notFound, wants: nothing},

	{route: "PATCH /api/v1/views/:id", name: "ok", as: withKey, path: oneAPIView, send: jsonBody(`{"sort":null}`), status: okay, wants: []string{`"sort":""`, `"filter":"stage:customer"`, `"version":2`}},
	{route: "PATCH /api/v1/views/:id", name: "anonymous", path: oneAPIView, send: jsonBody(`{"sort":null}`), status: unauthorized, wants: notSignedIn},
	{route: "PATCH /api/v1/views/:id", name: "no right", as: readKey, path: oneAPIView, send: jsonBody(`{"sort":null}`), status: forbidden, wants: noRight},
	{route: "PATCH /api/v1/views/:id", name: "other tenant", as: otherKey, path: oneAPIView, send: jsonBody(`{"sort":null}`), status: notFound, wants: nothing},
	{route: "PATCH /api/v1/views/:id", name: "stale", as: withKey, headers: []string{"If-Match", `"9"`}, path: oneAPIView, send: jsonBody(`{"sort":null}`), status: http.StatusPreconditionFailed},
	{route: "PATCH /api/v1/views/:id", name: "invalid", as: withKey, path: oneAPIView, send: jsonBody(`{"sort":"shoe"}`), status: unprocessable, wants: append(badValue, `"field":"sort"`)},

	{route: "DELETE /api/v1/views/:id", name: "ok", as: withKey, path: oneAPIView, status: okay},
	{route: "DELETE /api/v1/views/:id", name: "anonymous", path: oneAPIView, status: unauthorized, wants: notSignedIn},
	{route: "DELETE /api/v1/views/:id", name: "no right", as: readKey, path: oneAPIView, status: forbidden, wants: noRight},
	{route: "DELETE /api/v1/views/:id", name: "other tenant", as: otherKey, path: oneAPIView, status: notFound, wants: nothing},

	{route: "POST /api/v1/views/:id/default", name: "ok", as: withKey, path: apiDefault, send: jsonBody(`{"default":true}`), status: unprocessable, wants: errorCode("BUSINESS_RULE_VIOLATION")},
	{route: "POST /api/v1/views/:id/default", name: "anonymous", path: apiDefault, send: jsonBody(`{"default":true}`), status: unauthorized, wants: notSignedIn},
	{route: "POST /api/v1/views/:id/default", name: "no right", as: exportKey, path: apiDefault, send: jsonBody(`{"default":true}`), status: forbidden, wants: noRight},
	{route: "POST /api/v1/views/:id/default", name: "other tenant", as: otherKey, path: apiDefault, send: jsonBody(`{"default":true}`), status: unprocessable},
	{route: "POST /api/v1/views/:id/default", name: "invalid", as: withKey, path: apiDefault, send: jsonBody(`{}`), status: unprocessable},
}
