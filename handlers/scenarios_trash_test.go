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

// withSharedCompany makes a company of the owner's that others are duplicates of.
func withSharedCompany(path string) target {
	return func(t *testing.T, w *world) string {
		w.company(t, w.owner, crm.CompanyInput{Name: "Original", Phone: sharedPhone, GSTIN: sharedGSTIN, Website: "https://www.original.example.in/"})
		return path
	}
}

// replacedCompany gives the address of a company in the trash whose name another one
// has by now, and suffix.
func replacedCompany(suffix string) target {
	return func(t *testing.T, w *world) string {
		c := w.company(t, w.owner, crm.CompanyInput{Name: "Old Mills", Email: "old@mills.example.in"})
		_, err := w.crm.DeleteCompany(t.Context(), w.principal(t, w.owner), c.ID, nil)
		ok(t, err)
		_, err = w.crm.CreateCompany(t.Context(), w.principal(t, w.owner), crm.CompanyInput{Name: c.Name})
		ok(t, err)
		return "/companies/" + c.ID.String() + suffix
	}
}

var companyTrashScenarios = []scenario{
	{route: "GET /companies/duplicates", name: "ok", as: asOwner, path: withSharedCompany("/companies/duplicates?phone=98765+00001&website=http://original.example.in%3Fa=b"), status: okay, wants: []string{"Original", "has the same phone and website.", `name="accepted" value="phone 98765 00001"`}},
	{route: "GET /companies/duplicates", name: "one that may not be seen", as: asMember, path: withSharedCompany("/companies/duplicates?gstin=27aapfu0939f1zv"), status: okay, wants: []string{"A company that you may not see has the same GSTIN."}, lacks: []string{"Original"}},
	{route: "GET /companies/duplicates", name: "other business", as: asStranger, path: withSharedCompany("/companies/duplicates?phone=98765+00001"), status: okay, lacks: []string{"same phone"}},
	{route: "GET /companies/duplicates", name: "anonymous", status: seeOther},
	{route: "GET /companies/duplicates", name: "no right", as: readKey, status: forbidden},
	{route: "GET /companies/duplicates", name: "invalid", as: asOwner, path: at("/companies/duplicates?of=x"), status: notFound},
	{route: "POST /companies", name: "duplicate", as: asOwner, path: withSharedCompany("/companies"), send: form("name", "Copy of it", "phone", sharedPhone), status: http.StatusConflict, wants: []string{"This may be here already.", "Original", `value="Copy of it"`, `name="accepted"`}},
	{route: "POST /companies", name: "duplicate that was accepted", as: asOwner, path: withSharedCompany("/companies"), send: form("name", "Second copy", "phone", sharedPhone, "accepted", "phone "+sharedPhone), status: seeOther},
	{route: "POST /companies/:id/fields/:field", name: "duplicate", as: asOwner, path: ofCompany("/companies/", "/fields/gstin"), headers: htmx(), send: form("version", "1", "gstin", sharedGSTIN), status: http.StatusConflict, wants: []string{"This may be here already.", `name="accepted"`}},

	{route: "GET /api/v1/companies/duplicates", name: "ok", as: withKey, path: withSharedCompany(companiesPath + "/duplicates?gstin=27AAPFU0939F1ZV&website=original.example.in"), status: okay, wants: []string{`"duplicates":[{"fields":["gstin"`, `"name":"Original `}},
	{route: "GET /api/v1/companies/duplicates", name: "one that may not be seen", as: asMember, path: withSharedCompany(companiesPath + "/duplicates?phone=9876500001"), status: okay, wants: []string{`{"fields":["phone"],"id":null,"name":null}`}, lacks: []string{"Original"}},
	{route: "GET /api/v1/companies/duplicates", name: "other business", as: otherKey, path: withSharedCompany(companiesPath + "/duplicates?phone=9876500001"), status: okay, wants: []string{`"duplicates":[]`}},
	{route: "GET /api/v1/companies/duplicates", name: "anonymous", status: unauthorized, wants: notSignedIn},
	{route: "GET /api/v1/companies/duplicates", name: "no right", as: readKey, status: forbidden, wants: noRight},
	{route: "GET /api/v1/companies/duplicates", name: "invalid", as: withKey, path: at(companiesPath + "/duplicates?gstin=27AAPFU0939F1ZX&website=x"), status: unprocessable, wants: append(badValue, `"field":"gstin"`, `"field":"website"`)},

	{route: "GET /companies/trash", name: "ok", as: asOwner, path: func(t *testing.T, w *world) string { replacedCompany("")(t, w); return "/companies/trash" }, status: okay, wants: []string{"<!doctype html>", "Old Mills", "old@mills.example.in", "Restore"}},
	{route: "GET /companies/trash", name: "part", as: asOwner, headers: htmx(), status: okay, wants: []string{`id="trash"`}, lacks: []string{"<!doctype"}},
	{route: "GET /companies/trash", name: "other business", as: asStranger, status: okay, lacks: []string{"Old Mills"}},
	{route: "GET /companies/trash", name: "out of scope", as: asMember, status: okay, lacks: []string{"Old Mills"}},
	{route: "GET /companies/trash", name: "anonymous", status: seeOther},
	{route: "GET /companies/trash", name: "no right", as: readKey, status: forbidden},
	{route: "GET /companies/trash", name: "invalid", as: asOwner, path: at("/companies/trash?cursor=x"), status: unprocessable},
	{route: "GET /companies/:id/restore", name: "ok", as: asOwner, path: replacedCompany("/restore"), status: okay, wants: []string{"Restore Old Mills", "has the same name."}, lacks: []string{"Restore without"}},
	{route: "GET /companies/:id/restore", name: "anonymous", path: replacedCompany("/restore"), status: seeOther},
	{route: "GET /companies/:id/restore", name: "no right", as: readKey, path: replacedCompany("/restore"), status: forbidden},
	{route: "GET /companies/:id/restore", name: "other tenant", as: asStranger, path: replacedCompany("/restore"), status: notFound, lacks: []string{"Mills"}},
	{route: "GET /companies/:id/restore", name: "out of scope", as: asMember, path: replacedCompany("/restore"), status: notFound, lacks: []string{"Mills"}},
	{route: "GET /companies/:id/restore", name: "invalid", as: asOwner, path: ofCompany("/companies/", "/restore"), status: notFound},
	{route: "POST /companies/:id/restore", name: "taken", as: asOwner, path: replacedCompany("/restore"), send: form(), status: seeOther, check: locationEnds("/restore")},
	{route: "POST /companies/:id/restore", name: "with another name", as: asOwner, path: replacedCompany("/restore"), send: form("name", "Older Mills"), status: seeOther, check: location("/companies/")},
	{route: "POST /companies/:id/restore", name: "with one that is taken, too", as: asOwner, path: replacedCompany("/restore"), send: form("name", "Older Mills"), status: http.StatusConflict, wants: []string{"Another company already has this name.", `value="Older Mills"`}},
	{route: "POST /companies/:id/restore", name: "without a name", as: asOwner, path: replacedCompany("/restore"), send: form("name", ""), status: unprocessable, wants: []string{"Enter the company&#39;s name."}},

	{route: "GET /api/v1/companies/trash", name: "ok", as: withKey, status: okay, wants: []string{`"name":"Old Mills `, `"deletedAt":"20`}},
	{route: "GET /api/v1/companies/trash", name: "other business", as: otherKey, status: okay, lacks: []string{"Old Mills"}},
	{route: "GET /api/v1/companies/trash", name: "anonymous", status: unauthorized, wants: notSignedIn},
	{route: "GET /api/v1/companies/trash", name: "no right", as: readKey, status: forbidden, wants: noRight},
	{route: "GET /api/v1/companies/trash", name: "invalid", as: withKey, path: at(companiesPath + "/trash?limit=0"), status: unprocessable, wants: badValue},
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
