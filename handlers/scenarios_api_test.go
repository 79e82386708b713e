package handlers_test

import (
	"net/http"
	"testing"

	"payaid/internal/auth"
	"payaid/internal/crm"
)

const (
	created  = http.StatusCreated
	accepted = http.StatusAccepted
	badInput = http.StatusBadRequest
)

// exportKey may do one thing only, and that is not to read.
var exportKey caller = func(t *testing.T, w *world) *browser {
	return w.program(w.apiKey(t, w.home, auth.Admin, auth.ContactsExport))
}

// errorCode are texts of an error with this code, in the documented form.
func errorCode(code string) []string {
	return []string{`{"error":{"code":"` + code + `"`, `"details":[`, `"requestId":"`}
}

var (
	notSignedIn = errorCode("UNAUTHORIZED")
	noRight     = errorCode("INSUFFICIENT_PERMISSIONS")
	nothing     = errorCode("NOT_FOUND")
	badValue    = errorCode("VALIDATION_ERROR")
)

// apiUpload sends a file as a program does.
func apiUpload(file string, fields map[string]string) body {
	return func(t *testing.T, _ *world, _ *browser) (string, string) {
		form, contentType := importForm(t, file, fields)
		return contentType, form.String()
	}
}

// ofImport gives the address of a new import of the owner's.
func ofImport(suffix string) target {
	return func(t *testing.T, w *world) string { return importsPath + "/" + w.startImport(t).String() + suffix }
}

// overImport gives the address of an import of the owner's that is over.
func overImport(suffix string) target {
	return func(t *testing.T, w *world) string {
		id := w.startImport(t)
		w.workImport(t, id)
		return importsPath + "/" + id.String() + suffix
	}
}

// ofTrash gives the address of a contact of the owner's in the trash, and suffix.
func ofTrash(suffix string) target {
	return func(t *testing.T, w *world) string {
		c := w.contact(t, w.owner, crm.ContactInput{FirstName: "Vikram"})
		_, err := w.crm.DeleteContact(t.Context(), w.principal(t, w.owner), c.ID, nil)
		ok(t, err)
		return contactsPath + "/" + c.ID.String() + suffix
	}
}

var oneContact = ofContact(contactsPath+"/", "")

var apiScenarios = []scenario{
	{route: "GET /api/v1/contacts", name: "filtered", as: withKey, path: at(contactsPath + "?filter=leadScore:..100+-owner:none&sort=-leadScore&limit=1"), status: okay, wants: []string{`"total":`}},
	{route: "GET /api/v1/contacts", name: "filter that cannot be read", as: withKey, path: at(contactsPath + "?filter=stage:friend"), status: http.StatusBadRequest, wants: []string{`"INVALID_INPUT"`, `"field":"filter"`, "At character 7: stage is one of prospect, contact, customer."}},
	{route: "GET /api/v1/contacts", name: "ok", as: withKey, status: okay, wants: []string{`{"data":[`, `"meta":{"limit":25,"nextCursor":`, `"totalCapped":false`}},
	{route: "GET /api/v1/contacts", name: "session", as: asMember, status: okay},
	{route: "GET /api/v1/contacts", name: "anonymous", status: unauthorized, wants: notSignedIn},
	{route: "GET /api/v1/contacts", name: "no right", as: exportKey, status: forbidden, wants: noRight},
	{route: "GET /api/v1/contacts", name: "invalid", as: withKey, path: at(contactsPath + "?sort=phone"), status: unprocessable, wants: badValue},

	{route: "POST /api/v1/contacts", name: "ok", as: withKey, send: jsonBody(`{"firstName":"Asha"}`), status: created, wants: []string{`"firstName":"Asha"`}, check: header("ETag", `"1"`)},
	{route: "POST /api/v1/contacts", name: "anonymous", send: jsonBody(`{"firstName":"Asha"}`), status: unauthorized, wants: notSignedIn},
	{route: "POST /api/v1/contacts", name: "no right", as: readKey, send: jsonBody(`{"firstName":"Asha"}`), status: forbidden, wants: noRight},
	{route: "POST /api/v1/contacts", name: "session without a token", as: asOwner, send: jsonBody(`{"firstName":"Asha"}`), status: forbidden, wants: errorCode("FORBIDDEN")},
	{route: "POST /api/v1/contacts", name: "invalid", as: withKey, send: jsonBody(`{"email":"nobody","stage":"friend"}`), status: unprocessable, wants: append(badValue, `"field":"email"`, `"field":"stage"`)},

	{route: "GET /api/v1/contacts/export", name: "ok", as: withKey, status: okay, wants: []string{"First name,Last name"}, check: header("Content-Type", "text/csv; charset=utf-8")},
	{route: "GET /api/v1/contacts/export", name: "vCard", as: withKey, path: at(contactsPath + "/export?format=vcard"), status: okay, wants: []string{"BEGIN:VCARD\r\nVERSION:3.0"}, check: header("Content-Type", "text/vcard; charset=utf-8")},
	{route: "GET /api/v1/contacts/export", name: "unknown format", as: withKey, path: at(contactsPath + "/export?format=pdf"), status: unprocessable, wants: badValue},
	{route: "GET /api/v1/contacts/export", name: "anonymous", status: unauthorized, wants: notSignedIn},
	{route: "GET /api/v1/contacts/export", name: "no right", as: readKey, status: forbidden, wants: noRight},
	{route: "GET /api/v1/contacts/export", name: "invalid", as: withKey, path: at(contactsPath + "/export?stage=friend"), status: unprocessable, wants: badValue},

	{route: "GET /api/v1/contacts/:id", name: "ok", as: withKey, path: oneContact, status: okay, wants: []string{`"name":"Vikram Iyer"`}},
	{route: "GET /api/v1/contacts/:id", name: "anonymous", path: oneContact, status: unauthorized, wants: notSignedIn},
	{route: "GET /api/v1/contacts/:id", name: "no right", as: exportKey, path: oneContact, status: forbidden, wants: noRight},
	{route: "GET /api/v1/contacts/:id", name: "out of scope", as: asMember, path: oneContact, status: notFound, wants: nothing},
	{route: "GET /api/v1/contacts/:id", name: "other tenant", as: otherKey, path: oneContact, status: notFound, wants: nothing},
	{route: "GET /api/v1/contacts/:id", name: "invalid", as: withKey, path: at(contactsPath + "/7"), status: notFound, wants: nothing},

	{route: "PATCH /api/v1/contacts/:id", name: "ok", as: withKey, path: oneContact, send: jsonBody(`{"notes":"n"}`), status: okay, wants: []string{`"notes":"n"`, `"version":2`}},
	{route: "PATCH /api/v1/contacts/:id", name: "anonymous", path: oneContact, send: jsonBody(`{"notes":"n"}`), status: unauthorized, wants: notSignedIn},
	{route: "PATCH /api/v1/contacts/:id", name: "no right", as: readKey, path: oneContact, send: jsonBody(`{"notes":"n"}`), status: forbidden, wants: noRight},
	{route: "PATCH /api/v1/contacts/:id", name: "other tenant", as: otherKey, path: oneContact, send: jsonBody(`{"notes":"n"}`), status: notFound, wants: nothing},
	{route: "PATCH /api/v1/contacts/:id", name: "invalid", as: withKey, path: oneContact, send: jsonBody(`{"leadScore":101}`), status: unprocessable, wants: append(badValue, `"field":"leadScore"`)},

	{route: "DELETE /api/v1/contacts/:id", name: "ok", as: withKey, path: oneContact, status: okay, wants: []string{`"deletedAt":"20`}},
	{route: "DELETE /api/v1/contacts/:id", name: "anonymous", path: oneContact, status: unauthorized, wants: notSignedIn},
	{route: "DELETE /api/v1/contacts/:id", name: "no right", as: readKey, path: oneContact, status: forbidden, wants: noRight},
	{route: "DELETE /api/v1/contacts/:id", name: "other tenant", as: otherKey, path: oneContact, status: notFound, wants: nothing},
	{route: "DELETE /api/v1/contacts/:id", name: "stale", as: withKey, path: oneContact, headers: []string{"If-Match", `"9"`}, status: http.StatusPreconditionFailed, wants: errorCode("PRECONDITION_FAILED"), check: header("ETag", `"1"`)},

	{route: "POST /api/v1/contacts/:id/restore", name: "ok", as: withKey, path: ofTrash("/restore"), status: okay, wants: []string{`"deletedAt":null`}},
	{route: "POST /api/v1/contacts/:id/restore", name: "anonymous", path: ofTrash("/restore"), status: unauthorized, wants: notSignedIn},
	{route: "POST /api/v1/contacts/:id/restore", name: "no right", as: readKey, path: ofTrash("/restore"), status: forbidden, wants: noRight},
	{route: "POST /api/v1/contacts/:id/restore", name: "other tenant", as: otherKey, path: ofTrash("/restore"), status: notFound, wants: nothing},
	{route: "POST /api/v1/contacts/:id/restore", name: "invalid", as: withKey, path: ofTrash("/restore"), headers: []string{"If-Match", `"1","2"`}, status: badInput, wants: errorCode("INVALID_INPUT")},

	{route: "POST /api/v1/imports", name: "ok", as: withKey, send: apiUpload("Name,Email\nA,api@up.in\n", nil), status: accepted, wants: []string{`"status":"queued"`, `"columns":[{"column":"Name","field":"name"}`}},
	{route: "POST /api/v1/imports", name: "companies", as: withKey, send: apiUpload("Account Name,GSTIN\nGanga Paper,27AAPFU0939F1ZV\n", map[string]string{"entity": "companies"}), status: accepted, wants: []string{`"entity":"companies"`, `"columns":[{"column":"Account Name","field":"name"`}},
	{route: "POST /api/v1/imports", name: "anonymous", send: apiUpload("Name\nA\n", nil), status: unauthorized, wants: notSignedIn},
	{route: "POST /api/v1/imports", name: "no right", as: readKey, send: apiUpload("Name\nA\n", nil), status: forbidden, wants: noRight},
	{route: "POST /api/v1/imports", name: "invalid", as: withKey, send: apiUpload("Colour\nred\n", map[string]string{"duplicates": "merge"}), status: unprocessable, wants: append(badValue, `"field":"file"`, `"field":"duplicates"`)},

	{route: "GET /api/v1/imports", name: "ok", as: withKey, status: okay, wants: []string{`{"data":[`, `"meta":{"limit":25`}},
	{route: "GET /api/v1/imports", name: "anonymous", status: unauthorized, wants: notSignedIn},
	{route: "GET /api/v1/imports", name: "no right", as: readKey, status: forbidden, wants: noRight},

	{route: "GET /api/v1/imports/:id", name: "ok", as: withKey, path: ofImport(""), status: okay, wants: []string{`"fileName":"people.csv"`, `"counts":{"total":0`}},
	{route: "GET /api/v1/imports/:id", name: "anonymous", path: ofImport(""), status: unauthorized, wants: notSignedIn},
	{route: "GET /api/v1/imports/:id", name: "no right", as: readKey, path: ofImport(""), status: forbidden, wants: noRight},
	{route: "GET /api/v1/imports/:id", name: "other tenant", as: otherKey, path: ofImport(""), status: notFound, wants: nothing},

	{route: "POST /api/v1/imports/:id/undo", name: "ok", as: withKey, path: overImport("/undo"), status: accepted, wants: []string{`"undo":{"status":"queued"`}},
	{route: "POST /api/v1/imports/:id/undo", name: "anonymous", path: overImport("/undo"), status: unauthorized, wants: notSignedIn},
	{route: "POST /api/v1/imports/:id/undo", name: "no right", as: readKey, path: overImport("/undo"), status: forbidden, wants: noRight},
	{route: "POST /api/v1/imports/:id/undo", name: "other tenant", as: otherKey, path: overImport("/undo"), status: notFound, wants: nothing},
	{route: "POST /api/v1/imports/:id/undo", name: "invalid", as: withKey, path: ofImport("/undo"), status: unprocessable, wants: []string{"BUSINESS_RULE_VIOLATION", "still at work"}},
	{route: "GET /api/v1/imports/:id/errors", name: "ok", as: withKey, path: ofImport("/errors"), status: okay, wants: []string{`{"data":[],"meta":{"limit":25,"nextCursor":null,"prevCursor":null}}`}},
	{route: "GET /api/v1/imports/:id/errors", name: "anonymous", path: ofImport("/errors"), status: unauthorized, wants: notSignedIn},
	{route: "GET /api/v1/imports/:id/errors", name: "no right", as: readKey, path: ofImport("/errors"), status: forbidden, wants: noRight},
	{route: "GET /api/v1/imports/:id/errors", name: "other tenant", as: otherKey, path: ofImport("/errors"), status: notFound, wants: nothing},
}
