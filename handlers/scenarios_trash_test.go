package handlers_test

import (
	"net/http"
	"testing"

	"github.com/google/uuid"

	"payaid/internal/crm"
)

const (
	sharedGSTIN = "27AAPFU0939F1ZV"
	sharedPhone = "+91 98765 00001"
)

// withShared makes a contact of the owner's that others are duplicates of.
func withShared(path string) target {
	return func(t *testing.T, w *world) string {
		w.contact(t, w.owner, crm.ContactInput{FirstName: "Original", Phone: sharedPhone, GSTIN: sharedGSTIN})
		return path
	}
}

// replaced gives the address of a contact in the trash whose e-mail somebody else has
// by now, and suffix.
func replaced(suffix string) target {
	return func(t *testing.T, w *world) string {
		email := uuid.NewString() + "@example.in"
		c := w.contact(t, w.owner, crm.ContactInput{FirstName: "Old", LastName: "Copy", Email: email})
		_, err := w.crm.DeleteContact(t.Context(), w.principal(t, w.owner), c.ID, nil)
		ok(t, err)
		w.contact(t, w.owner, crm.ContactInput{FirstName: "New", LastName: "Copy", Email: email})
		return "/contacts/" + c.ID.String() + suffix
	}
}

var duplicateScenarios = []scenario{
	{route: "GET /contacts/duplicates", name: "ok", as: asOwner, path: withShared("/contacts/duplicates?phone=98765+00001"), status: okay, wants: []string{"Original", "has the same phone.", `name="accepted" value="phone 98765 00001"`}},
	{route: "GET /contacts/duplicates", name: "one that may not be seen", as: asMember, path: withShared("/contacts/duplicates?gstin=27aapfu0939f1zv"), status: okay, wants: []string{"A contact that you may not see has the same GSTIN."}, lacks: []string{"Original"}},
	{route: "GET /contacts/duplicates", name: "other business", as: asStranger, path: withShared("/contacts/duplicates?phone=98765+00001"), status: okay, lacks: []string{"same phone"}},
	{route: "GET /contacts/duplicates", name: "half typed", as: asOwner, path: at("/contacts/duplicates?phone=98"), status: okay, lacks: []string{"alert"}},
	{route: "GET /contacts/duplicates", name: "anonymous", status: seeOther},
	{route: "GET /contacts/duplicates", name: "no right", as: readKey, status: forbidden},
	{route: "GET /contacts/duplicates", name: "invalid", as: asOwner, path: at("/contacts/duplicates?of=x"), status: notFound},

	{route: "POST /contacts", name: "duplicate", as: asOwner, path: withShared("/contacts"), send: form("firstName", "Copy", "phone", sharedPhone), status: http.StatusConflict, wants: []string{"This may be here already.", "Original", `value="Copy"`, `name="accepted"`}},
	{route: "POST /contacts", name: "duplicate that was accepted", as: asOwner, path: withShared("/contacts"), send: form("firstName", "Copy", "phone", sharedPhone, "accepted", "phone "+sharedPhone), status: seeOther},
	{route: "POST /contacts/:id", name: "duplicate", as: asOwner, path: ofContact("/contacts/", ""), send: form("version", "1", "firstName", "Vikram", "gstin", sharedGSTIN), status: http.StatusConflict, wants: []string{"This may be here already.", "GSTIN"}},
	{route: "POST /contacts/:id/fields/:field", name: "duplicate", as: asOwner, path: ofContact("/contacts/", "/fields/phone"), headers: htmx(), send: form("version", "1", "phone", sharedPhone), status: http.StatusConflict, wants: []string{"This may be here already.", `name="accepted"`}},
	{route: "POST /contacts/:id/fields/:field", name: "duplicate that was accepted", as: asOwner, path: ofContact("/contacts/", "/fields/phone"), headers: htmx(), send: form("version", "1", "phone", sharedPhone, "accepted", "phone "+sharedPhone), status: okay},

	{route: "GET /api/v1/contacts/duplicates", name: "ok", as: withKey, path: withShared("/api/v1/contacts/duplicates?phone=9876500001&gstin=27AAPFU0939F1ZV"), status: okay, wants: []string{`"duplicates":[{"fields":["phone"`, `"name":"Original"`}},
	{route: "GET /api/v1/contacts/duplicates", name: "one that may not be seen", as: asMember, path: withShared("/api/v1/contacts/duplicates?phone=9876500001"), status: okay, wants: []string{`{"fields":["phone"],"id":null,"name":null}`}, lacks: []string{"Original"}},
	{route: "GET /api/v1/contacts/duplicates", name: "other business", as: otherKey, path: withShared("/api/v1/contacts/duplicates?phone=9876500001"), status: okay, wants: []string{`"duplicates":[]`}},
	{route: "GET /api/v1/contacts/duplicates", name: "anonymous", status: unauthorized, wants: notSignedIn},
	{route: "GET /api/v1/contacts/duplicates", name: "no right", as: readKey, status: forbidden, wants: noRight},
	{route: "GET /api/v1/contacts/duplicates", name: "invalid", as: withKey, path: at("/api/v1/contacts/duplicates?gstin=27AAPFU0939F1ZX&phone=1"), status: unprocessable, wants: append(badValue, `"field":"gstin"`, `"field":"phone"`)},
}

var trashScenarios = []scenario{
	{route: "GET /contacts/trash", name: "ok", as: asOwner, path: func(t *testing.T, w *world) string { replaced("")(t, w); return "/contacts/trash" }, status: okay, wants: []string{"<!doctype html>", "Old Copy", "Restore"}},
	{route: "GET /contacts/trash", name: "part", as: asOwner, headers: htmx(), status: okay, wants: []string{`id="trash"`}, lacks: []string{"<!doctype"}},
	{route: "GET /contacts/trash", name: "other business", as: asStranger, status: okay, lacks: []string{"Old Copy"}},
	{route: "GET /contacts/trash", name: "out of scope", as: asMember, status: okay, lacks: []string{"Old Copy"}},
	{route: "GET /contacts/trash", name: "anonymous", status: seeOther},
	{route: "GET /contacts/trash", name: "no right", as: readKey, status: forbidden},
	{route: "GET /contacts/trash", name: "invalid", as: asOwner, path: at("/contacts/trash?cursor=x"), status: unprocessable},

	{route: "GET /contacts/:id/restore", name: "ok", as: asOwner, path: replaced("/restore"), status: okay, wants: []string{"Restore Old Copy", "New Copy", "has the same e-mail.", "Restore without"}},
	{route: "GET /contacts/:id/restore", name: "anonymous", path: replaced("/restore"), status: seeOther},
	{route: "GET /contacts/:id/restore", name: "no right", as: readKey, path: replaced("/restore"), status: forbidden},
	{route: "GET /contacts/:id/restore", name: "out of scope", as: asMember, path: replaced("/restore"), status: notFound, lacks: []string{"Copy"}},
	{route: "GET /contacts/:id/restore", name: "other tenant", as: asStranger, path: replaced("/restore"), status: notFound, lacks: []string{"Copy"}},
	{route: "GET /contacts/:id/restore", name: "invalid", as: asOwner, path: ofContact("/contacts/", "/restore"), status: notFound},

	{route: "POST /contacts/:id/restore", name: "taken", as: asOwner, path: replaced("/restore"), send: form(), status: seeOther, check: location("/contacts/")},
	{route: "POST /contacts/:id/restore", name: "taken, from a toast", as: asOwner, headers: htmx(), path: replaced("/restore"), send: form(), status: okay},
	{route: "POST /contacts/:id/restore", name: "without the e-mail", as: asOwner, path: replaced("/restore"), send: form("email", "", "without", "email"), status: seeOther, check: location("/contacts/")},
	{route: "POST /contacts/:id/restore", name: "with another", as: asOwner, path: replaced("/restore"), send: form("email", "another-copy@example.in"), status: seeOther, check: location("/contacts/")},
	{route: "POST /contacts/:id/restore", name: "with one that is taken, too", as: asOwner, path: replaced("/restore"), send: form("email", "another-copy@example.in"), status: http.StatusConflict, wants: []string{"Another contact already has this e-mail", "New Copy"}},
	{route: "POST /contacts/:id/restore", name: "with nonsense", as: asOwner, path: replaced("/restore"), send: form("email", "nonsense"), status: unprocessable, wants: []string{"does not look like an e-mail", `value="nonsense"`}},

	{route: "GET /api/v1/contacts/trash", name: "ok", as: withKey, status: okay, wants: []string{`"name":"Old Copy"`, `"deletedAt":"20`}},
	{route: "GET /api/v1/contacts/trash", name: "other business", as: otherKey, status: okay, lacks: []string{"Old Copy"}},
	{route: "GET /api/v1/contacts/trash", name: "anonymous", status: unauthorized, wants: notSignedIn},
	{route: "GET /api/v1/contacts/trash", name: "no right", as: readKey, status: forbidden, wants: noRight},
	{route: "GET /api/v1/contacts/trash", name: "invalid", as: withKey, path: at("/api/v1/contacts/trash?limit=0"), status: unprocessable, wants: badValue},
}
