package handlers_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"payaid/internal/bulk"
	"payaid/internal/crm"
)

// ofBatch gives the address of a finished bulk action of the owner's on two
// contacts, of which one is none, and suffix.
func ofBatch(prefix, suffix string) target {
	return func(t *testing.T, w *world) string {
		c := w.contact(t, w.owner, crm.ContactInput{FirstName: "Vikram"})
		run, err := w.bulk.Start(t.Context(), w.principal(t, w.owner), bulk.Input{
			Entity: crm.EntityContacts, Action: crm.BulkStage, Value: bulk.Value{Stage: "customer"}, IDs: []uuid.UUID{c.ID, uuid.New()},
		})
		ok(t, err)
		return prefix + run.ID.String() + suffix
	}
}

// batchBody sends text with the id of a new contact of the owner's in place of ID.
func batchBody(text string) body {
	return func(t *testing.T, w *world, _ *browser) (string, string) {
		id := w.contact(t, w.owner, crm.ContactInput{FirstName: "Vikram"}).ID.String()
		return "application/json", strings.ReplaceAll(text, "ID\"", id+"\"")
	}
}

var (
	apiBatch    = ofBatch("/api/v1/batch/", "")
	apiProblems = ofBatch("/api/v1/batch/", "/problems")
	apiUndo     = ofBatch("/api/v1/batch/", "/undo")
	nobody      = []string{`"recordId":"`, `"outcome":"skipped","reason":"This contact does not exist`}
)

// chosen sends fields with the id of a new contact of the owner's as the selection.
func chosen(fields ...string) body {
	return func(t *testing.T, w *world, b *browser) (string, string) {
		id := w.contact(t, w.owner, crm.ContactInput{FirstName: "Chosen"}).ID.String()
		return form(append(fields, "id", id)...)(t, w, b)
	}
}

var (
	pageRun    = ofBatch("/bulk/", "")
	pageUndo   = ofBatch("/bulk/", "/undo")
	pageEvents = ofBatch("/bulk/", "/events")
)

// chosenCompany sends fields with the id of a new company of the owner's as the selection.
func chosenCompany(fields ...string) body {
	return func(t *testing.T, w *world, b *browser) (string, string) {
		id := w.company(t, w.owner, crm.CompanyInput{Name: "Chosen Steel"}).ID.String()
		return form(append(fields, "id", id)...)(t, w, b)
	}
}

// ofCompanyBatch is ofBatch for companies.
func ofCompanyBatch(prefix, suffix string) target {
	return func(t *testing.T, w *world) string {
		c := w.company(t, w.owner, crm.CompanyInput{Name: "Aravalli Steel"})
		run, err := w.bulk.Start(t.Context(), w.principal(t, w.owner), bulk.Input{
			Entity: crm.EntityCompanies, Action: crm.BulkType, Value: bulk.Value{Type: "partner"}, IDs: []uuid.UUID{c.ID, uuid.New()},
		})
		ok(t, err)
		return prefix + run.ID.String() + suffix
	}
}

var companyBulkScenarios = []scenario{
	{route: "POST /companies/bulk", name: "ok", as: asOwner, send: chosenCompany("do", "set-type:partner", "q", "cho", "sort", "-name"), status: seeOther, check: location("/companies?q=cho&sort=-name&done=bulk&id=")},
	{route: "POST /companies/bulk", name: "part", as: asOwner, headers: htmx(), send: chosenCompany("do", "add-tags", "tags", "vip, north"), status: okay, wants: []string{"1 of 1 companies changed.", `/undo"`}, check: header("HX-Trigger", `{"companiesChanged":{"target":"body"}}`)},
	{route: "POST /companies/bulk", name: "all that match", as: asOwner, headers: htmx(), send: form("do", "delete", "all", "1", "filter", "tag:\"no such tag\""), status: okay, wants: []string{`id="bulk-progress"`, "Delete companies"}},
	{route: "POST /companies/bulk", name: "not to be changed", as: asManager, headers: htmx(), send: chosenCompany("do", "delete"), status: okay, wants: []string{"0 of 1 companies changed, 1 skipped.", "Ask its owner, Asha Shah."}, lacks: []string{"/undo"}},
	{route: "POST /companies/bulk", name: "anonymous", send: chosenCompany("do", "delete"), status: unauthorized},
	{route: "POST /companies/bulk", name: "no right", as: readKey, send: chosenCompany("do", "delete"), status: forbidden},
	{route: "POST /companies/bulk", name: "invalid", as: asOwner, send: form("do", "delete"), status: unprocessable, wants: []string{"Choose at least one record."}},
	{route: "POST /companies/bulk", name: "what contacts alone have", as: asOwner, send: chosenCompany("do", "set-stage:customer"), status: unprocessable},
	{route: "GET /companies", name: "after a bulk action", as: asOwner, path: func(t *testing.T, w *world) string {
		return "/companies?done=bulk&id=" + strings.TrimPrefix(ofCompanyBatch("/bulk/", "")(t, w), "/bulk/")
	}, status: okay, wants: []string{"1 of 2 companies changed, 1 skipped.", "data-undo"}},
	{route: "GET /bulk/:id", name: "of companies", as: asOwner, path: ofCompanyBatch("/bulk/", ""), status: okay, wants: []string{"Set the type of companies: partner", "This company does not exist", `href="/companies"`}},
	{route: "POST /bulk/:id/undo", name: "of companies", as: asOwner, headers: htmx(), path: ofCompanyBatch("/bulk/", "/undo"), send: form(), status: okay, wants: []string{"1 of 1 companies put back."}},

	{route: "POST /companies/export.csv", name: "ok", as: asOwner, send: chosenCompany(), status: okay, wants: []string{"Name,Parent,Type", "Chosen Steel"}, lacks: []string{"Aravalli"}, check: header("Content-Type", "text/csv; charset=utf-8")},
	{route: "POST /companies/export.csv", name: "all that match", as: asOwner, send: form("all", "1", "q", "no company has this"), status: okay, lacks: []string{"Chosen"}},
	{route: "POST /companies/export.csv", name: "other business", as: asStranger, send: chosenCompany(), status: okay, lacks: []string{"Chosen"}},
	{route: "POST /companies/export.csv", name: "anonymous", send: chosenCompany(), status: unauthorized},
	{route: "POST /companies/export.csv", name: "no right", as: asMember, send: chosenCompany(), status: forbidden},
	{route: "POST /companies/export.csv", name: "invalid", as: asOwner, send: form(), status: unprocessable, wants: []string{"Choose at least one company."}},

	{route: "POST /api/v1/batch", name: "companies", as: withKey, send: func(t *testing.T, w *world, _ *browser) (string, string) {
		id := w.company(t, w.owner, crm.CompanyInput{Name: "Ganga Paper"}).ID.String()
		return "application/json", `{"entity":"companies","action":"set-type","type":"Partner","ids":["` + id + `"]}`
	}, status: accepted, wants: []string{`"entity":"companies"`, `"done":1`}},
	{route: "POST /api/v1/batch", name: "no type", as: withKey, send: jsonBody(`{"entity":"companies","action":"set-type","type":"friend","ids":["01930f3e-7a52-7c3b-9d51-2f6f5a8f1c47"]}`), status: unprocessable, wants: append(badValue, `"field":"type"`)},
	{route: "GET /api/v1/batch/:id", name: "of companies", as: withKey, path: ofCompanyBatch("/api/v1/batch/", ""), status: okay, wants: []string{`"action":"set-type"`, `"counts":{"total":2,"done":1,"failed":0,"skipped":1}`}},
}

var bulkPageScenarios = []scenario{
	{route: "POST /contacts/bulk", name: "ok", as: asOwner, send: chosen("do", "set-stage:customer", "q", "cho", "sort", "-name"), status: seeOther, check: location("/contacts?q=cho&sort=-name&done=bulk&id=")},
	{route: "POST /contacts/bulk", name: "part", as: asOwner, headers: htmx(), send: chosen("do", "add-tags", "tags", "vip, north"), status: okay, wants: []string{"1 of 1 contacts changed.", `/undo"`, `hx-target="#toaster"`}, check: header("HX-Trigger", `{"contactsChanged":{"target":"body"}}`)},
	{route: "POST /contacts/bulk", name: "to nobody", as: asOwner, headers: htmx(), send: chosen("do", "assign:none"), status: okay, wants: []string{"1 of 1 contacts changed."}},
	{route: "POST /contacts/bulk", name: "all that match", as: asOwner, headers: htmx(), send: form("do", "delete", "all", "1", "filter", "tag:\"no such tag\""), status: okay, wants: []string{`id="bulk-progress"`, "/events?in=list", "Delete contacts"}},
	{route: "POST /contacts/bulk", name: "all that match, plainly", as: asOwner, send: form("do", "delete", "all", "1", "filter", "tag:\"no such tag\""), status: seeOther, check: location("/bulk/")},
	{route: "POST /contacts/bulk", name: "not to be changed", as: asManager, headers: htmx(), send: chosen("do", "delete"), status: okay, wants: []string{"0 of 1 contacts changed, 1 skipped.", "Ask its owner, Asha Shah."}, lacks: []string{"/undo"}},
	{route: "POST /contacts/bulk", name: "anonymous", send: chosen("do", "delete"), status: unauthorized},
	{route: "POST /contacts/bulk", name: "no right", as: readKey, send: chosen("do", "delete"), status: forbidden},
	{route: "POST /contacts/bulk", name: "invalid", as: asOwner, send: form("do", "delete"), status: unprocessable, wants: []string{"Choose at least one record."}},
	{route: "POST /contacts/bulk", name: "invalid part", as: asOwner, headers: htmx(), send: chosen("do", "add-tags"), status: unprocessable, wants: []string{"Enter at least one tag.", `hx-target="#toaster"`}},
	{route: "POST /contacts/bulk", name: "invalid selection", as: asOwner, send: form("do", "delete", "id", "7"), status: badInput},
	{route: "POST /contacts/bulk", name: "no such action", as: asOwner, send: chosen("do", "fold"), status: unprocessable},
	{route: "GET /contacts", name: "after a bulk action", as: asOwner, path: func(t *testing.T, w *world) string {
		return "/contacts?done=bulk&id=" + strings.TrimPrefix(pageRun(t, w), "/bulk/")
	}, status: okay, wants: []string{"1 of 2 contacts changed, 1 skipped.", "data-undo"}},

	{route: "POST /contacts/export.csv", name: "ok", as: asOwner, send: chosen(), status: okay, wants: []string{"First name,Last name,Email", "Chosen"}, lacks: []string{"Vikram"}, check: header("Content-Type", "text/csv; charset=utf-8")},
	{route: "POST /contacts/export.csv", name: "all that match", as: asOwner, send: form("all", "1", "q", "no contact has this"), status: okay, lacks: []string{"Chosen"}},
	{route: "POST /contacts/export.csv", name: "other business", as: asStranger, send: chosen(), status: okay, lacks: []string{"Chosen"}},
	{route: "POST /contacts/export.csv", name: "anonymous", send: chosen(), status: unauthorized},
	{route: "POST /contacts/export.csv", name: "no right", as: asMember, send: chosen(), status: forbidden},
	{route: "POST /contacts/export.csv", name: "invalid", as: asOwner, send: form(), status: unprocessable, wants: []string{"Choose at least one contact."}},

	{route: "POST /contacts/settings", name: "ok", as: asManager, send: form("column", "tags", "density", "compact", "size", "50", "q", "a"), status: seeOther, check: location("/contacts?q=a")},
	{route: "GET /contacts", name: "as it was set", as: asManager, path: func(t *testing.T, w *world) string {
		w.contact(t, w.manager, crm.ContactInput{FirstName: "Set", Tags: []string{"a", "b", "c", "d"}})
		return "/contacts?q=set"
	}, status: okay, wants: []string{`data-density="compact"`, `<th scope="col">Tags</th>`, "<small>+1</small>", `value="tags" checked`, `value="50" checked`}, lacks: []string{`<th scope="col">Phone</th>`}},
	{route: "POST /contacts/settings", name: "part", as: asManager, headers: htmx(), send: form("column", "tags", "density", "compact", "size", "50"), status: http.StatusNoContent, check: header("HX-Trigger", `{"contactsChanged":{"target":"body"}}`)},
	{route: "POST /companies/settings", name: "ok", as: asManager, send: form("column", "gstin", "density", "compact", "size", "50", "q", "a"), status: seeOther, check: location("/companies?q=a")},
	{route: "POST /companies/settings", name: "anonymous", send: form("density", "compact", "size", "50"), status: unauthorized},
	{route: "POST /companies/settings", name: "no right", as: withKey, send: form("density", "compact", "size", "50"), status: forbidden},
	{route: "POST /companies/settings", name: "invalid", as: asManager, send: form("column", "stage", "density", "compact", "size", "50"), status: unprocessable, wants: []string{"There is no such column."}},
	{route: "POST /contacts/settings", name: "anonymous", send: form("density", "compact", "size", "50"), status: unauthorized},
	{route: "POST /contacts/settings", name: "no right", as: withKey, send: form("density", "compact", "size", "50"), status: forbidden},
	{route: "POST /contacts/settings", name: "invalid", as: asManager, send: form("column", "password", "density", "compact", "size", "7"), status: unprocessable, wants: []string{"There is no such column."}},

	{route: "GET /bulk/:id", name: "ok", as: asOwner, path: pageRun, status: okay, wants: []string{"<!doctype html>", "Set the stage of contacts: customer", "This contact does not exist", "/undo"}},
	{route: "GET /bulk/:id", name: "part in a list", as: asOwner, headers: htmx(), path: ofBatch("/bulk/", "?in=list"), status: okay, wants: []string{"1 of 2 contacts changed, 1 skipped.", `hx-target="#bulk-progress"`}, lacks: []string{"<!doctype"}, check: header("HX-Trigger", `{"contactsChanged":{"target":"body"}}`)},
	{route: "GET /bulk/:id", name: "anonymous", path: pageRun, status: seeOther},
	{route: "GET /bulk/:id", name: "no right", as: asMember, path: pageRun, status: notFound},
	{route: "GET /bulk/:id", name: "other tenant", as: asStranger, path: pageRun, status: notFound},

	{route: "GET /bulk/:id/events", name: "ok", as: asOwner, path: pageEvents, status: okay, wants: []string{"event: done", "data: "}, check: header("Content-Type", "text/event-stream")},
	{route: "GET /bulk/:id/events", name: "anonymous", path: pageEvents, status: seeOther},
	{route: "GET /bulk/:id/events", name: "no right", as: asMember, path: pageEvents, status: notFound},
	{route: "GET /bulk/:id/events", name: "other tenant", as: asStranger, path: pageEvents, status: notFound},

	{route: "POST /bulk/:id/undo", name: "ok", as: asOwner, path: pageUndo, send: form(), status: seeOther, check: location("/bulk/")},
	{route: "POST /bulk/:id/undo", name: "part", as: asOwner, headers: htmx(), path: pageUndo, send: form(), status: okay, wants: []string{"1 of 1 contacts put back."}, lacks: []string{"/undo"}},
	{route: "POST /bulk/:id/undo", name: "anonymous", path: pageUndo, send: form(), status: unauthorized},
	{route: "POST /bulk/:id/undo", name: "no right", as: asMember, path: pageUndo, send: form(), status: notFound},
	{route: "POST /bulk/:id/undo", name: "other tenant", as: asStranger, path: pageUndo, send: form(), status: notFound},
}

var batchScenarios = []scenario{
	{route: "POST /api/v1/batch", name: "ok", as: withKey, send: batchBody(`{"entity":"contacts","action":"add-tags","tags":["vip"],"ids":["ID"]}`), status: accepted, wants: []string{`"status":"completed"`, `"counts":{"total":1,"done":1,"failed":0,"skipped":0}`, `"undoUntil":"20`}},
	{route: "POST /api/v1/batch", name: "owner taken away", as: withKey, send: batchBody(`{"entity":"contacts","action":"assign","ownerId":null,"ids":["ID"]}`), status: accepted, wants: []string{`"done":1`}},
	{route: "POST /api/v1/batch", name: "all that match", as: withKey, send: jsonBody(`{"entity":"contacts","action":"set-status","status":"lost","filter":{"filter":"tag:\"no such tag\""}}`), status: accepted, wants: []string{`"status":"queued"`}},
	{route: "POST /api/v1/batch", name: "out of scope", as: otherKey, send: batchBody(`{"entity":"contacts","action":"delete","ids":["ID"]}`), status: accepted, wants: []string{`"done":0,"failed":0,"skipped":1`}},
	{route: "POST /api/v1/batch", name: "anonymous", send: batchBody(`{"entity":"contacts","action":"delete","ids":["ID"]}`), status: unauthorized, wants: notSignedIn},
	{route: "POST /api/v1/batch", name: "no right", as: readKey, send: batchBody(`{"entity":"contacts","action":"delete","ids":["ID"]}`), status: forbidden, wants: noRight},
	{route: "POST /api/v1/batch", name: "invalid", as: withKey, send: batchBody(`{"entity":"contacts","action":"set-stage","stage":"friend","ids":["ID"]}`), status: unprocessable, wants: append(badValue, `"field":"stage"`)},
	{route: "POST /api/v1/batch", name: "a filter that cannot be read", as: withKey, send: jsonBody(`{"entity":"contacts","action":"delete","filter":{"filter":"x"}}`), status: badInput, wants: errorCode("INVALID_INPUT")},
	{route: "POST /api/v1/batch", name: "nobody chosen", as: withKey, send: jsonBody(`{"entity":"contacts","action":"delete"}`), status: unprocessable, wants: append(badValue, `"field":"ids"`)},

	{route: "GET /api/v1/batch/:id", name: "ok", as: withKey, path: apiBatch, status: okay, wants: []string{`"action":"set-stage"`, `"counts":{"total":2,"done":1,"failed":0,"skipped":1}`}},
	{route: "GET /api/v1/batch/:id", name: "anonymous", path: apiBatch, status: unauthorized, wants: notSignedIn},
	{route: "GET /api/v1/batch/:id", name: "no right", as: readKey, path: apiBatch, status: forbidden, wants: noRight},
	{route: "GET /api/v1/batch/:id", name: "somebody else's", as: asMember, path: apiBatch, status: notFound, wants: nothing},
	{route: "GET /api/v1/batch/:id", name: "other tenant", as: otherKey, path: apiBatch, status: notFound, wants: nothing},

	{route: "GET /api/v1/batch/:id/problems", name: "ok", as: withKey, path: apiProblems, status: okay, wants: nobody},
	{route: "GET /api/v1/batch/:id/problems", name: "anonymous", path: apiProblems, status: unauthorized, wants: notSignedIn},
	{route: "GET /api/v1/batch/:id/problems", name: "no right", as: readKey, path: apiProblems, status: forbidden, wants: noRight},
	{route: "GET /api/v1/batch/:id/problems", name: "other tenant", as: otherKey, path: apiProblems, status: notFound, wants: nothing},

	{route: "POST /api/v1/batch/:id/undo", name: "ok", as: withKey, path: apiUndo, status: accepted, wants: []string{`"undoes":"`, `"counts":{"total":1,"done":1`}},
	{route: "POST /api/v1/batch/:id/undo", name: "anonymous", path: apiUndo, status: unauthorized, wants: notSignedIn},
	{route: "POST /api/v1/batch/:id/undo", name: "no right", as: readKey, path: apiUndo, status: forbidden, wants: noRight},
	{route: "POST /api/v1/batch/:id/undo", name: "other tenant", as: otherKey, path: apiUndo, status: notFound, wants: nothing},
}
