package handlers_test

import (
	"net/http"
	"testing"

	"payaid/internal/crm"
)

// changedEntry gives the address of the entry that a change of a new contact left,
// and suffix.
func changedEntry(suffix string) target {
	return func(t *testing.T, w *world) string {
		c := w.contact(t, w.owner, crm.ContactInput{FirstName: "Vikram", JobTitle: "Buyer"})
		other := "Owner"
		_, err := w.crm.UpdateContact(t.Context(), w.principal(t, w.owner), c.ID, crm.ContactPatch{JobTitle: &other}, nil)
		ok(t, err)
		page, err := w.crm.ContactRecords().History(t.Context(), w.principal(t, w.owner), c.ID, "")
		ok(t, err)
		return "/contacts/" + c.ID.String() + "/history/" + page.Entries[0].ID.String() + suffix
	}
}

// changedCompanyEntry gives the address of the entry that a change of a new company
// left, and suffix.
func changedCompanyEntry(suffix string) target {
	return func(t *testing.T, w *world) string {
		was := int64(10000000)
		revenue := &was
		c := w.company(t, w.owner, crm.CompanyInput{Name: "Aravalli Steel", Industry: "Metals", AnnualRevenue: revenue})
		industry, none := "Tea", new(*int64)
		_, err := w.crm.UpdateCompany(t.Context(), w.principal(t, w.owner), c.ID, crm.CompanyPatch{Industry: &industry, AnnualRevenue: none}, nil)
		ok(t, err)
		page, err := w.crm.CompanyRecords().History(t.Context(), w.principal(t, w.owner), c.ID, "")
		ok(t, err)
		return "/companies/" + c.ID.String() + "/history/" + page.Entries[0].ID.String() + suffix
	}
}

// changedNotes gives the address of a contact whose notes somebody changed.
func changedNotes(suffix string) target {
	return func(t *testing.T, w *world) string { return changedContact(t, w) + suffix }
}

var recordScenarios = []scenario{
	{route: "GET /contacts/:id/fields/:field", name: "ok", as: asOwner, path: ofContact("/contacts/", "/fields/jobTitle"), headers: htmx(), status: okay, wants: []string{`name="jobTitle"`, `name="version" value="1"`, "/fields/jobTitle?show=value"}, lacks: []string{"<!doctype"}},
	{route: "GET /contacts/:id/fields/:field", name: "owner", as: asOwner, path: ofContact("/contacts/", "/fields/ownerId"), headers: htmx(), status: okay, wants: []string{"Asha Shah", "Nobody"}},
	{route: "GET /contacts/:id/fields/:field", name: "value", as: asManager, path: ofContact("/contacts/", "/fields/jobTitle?show=value"), headers: htmx(), status: okay, wants: []string{`id="fact-jobTitle"`}, lacks: []string{"/edit"}},
	{route: "GET /contacts/:id/fields/:field", name: "without scripts", as: asOwner, path: ofContact("/contacts/", "/fields/notes"), status: seeOther, check: location("/contacts/")},
	{route: "GET /contacts/:id/fields/:field", name: "anonymous", path: ofContact("/contacts/", "/fields/notes"), status: seeOther},
	{route: "GET /contacts/:id/fields/:field", name: "no right", as: asManager, path: ofContact("/contacts/", "/fields/notes"), headers: htmx(), status: forbidden},
	{route: "GET /contacts/:id/fields/:field", name: "other tenant", as: asStranger, path: ofContact("/contacts/", "/fields/notes"), headers: htmx(), status: notFound},
	{route: "GET /contacts/:id/fields/:field", name: "invalid", as: asOwner, path: ofContact("/contacts/", "/fields/password"), headers: htmx(), status: notFound},
	{route: "GET /contacts/:id", name: "from a list", as: asOwner, path: ofContact("/contacts/", "?list=filter%3Dstage:prospect%26sort%3D-createdAt"), status: okay, wants: []string{`href="/contacts?filter=stage:prospect&amp;sort=-createdAt"`, "data-after"}},
	{route: "GET /contacts/:id", name: "from no list", as: asOwner, path: ofContact("/contacts/", ""), status: okay, lacks: []string{"Neighbours in the list"}},
	{route: "GET /contacts/:id", name: "from a list that cannot be read", as: asOwner, path: ofContact("/contacts/", "?list=sort%3Dshoe"), status: unprocessable},
	{route: "GET /contacts/:id/edit", name: "from a list", as: asOwner, path: ofContact("/contacts/", "/edit?list=sort%3D-name"), status: okay, wants: []string{`?list=sort%3D-name"`}},
	{route: "POST /contacts/:id", name: "from a list", as: asOwner, path: ofContact("/contacts/", "?list=sort%3D-name"), send: form("version", "1", "firstName", "Vikram", "lastName", "Rao"), status: seeOther, check: locationEnds("?done=saved&list=sort%3D-name")},
	{route: "POST /contacts/:id/delete", name: "from a list", as: asOwner, path: ofContact("/contacts/", "/delete?list=sort%3D-name"), send: form(), status: seeOther, check: location("/contacts?sort=-name&done=deleted&id=")},
	{route: "GET /contacts/:id/edit", name: "one field", as: asOwner, path: ofContact("/contacts/", "/edit?field=notes"), status: okay, wants: []string{`<details class="more" open`, `id="notes" name="notes" class="control" rows="3" autofocus`}},

	{route: "POST /contacts/:id/fields/:field", name: "ok", as: asOwner, path: ofContact("/contacts/", "/fields/jobTitle"), headers: htmx(), send: form("version", "1", "jobTitle", "Buyer"), status: okay, wants: []string{`id="fact-jobTitle"`, "Buyer", `hx-target="#record-head"`}, check: header("HX-Trigger", "recordChanged")},
	{route: "POST /contacts/:id/fields/:field", name: "plainly", as: asOwner, path: ofContact("/contacts/", "/fields/jobTitle"), send: form("version", "1", "jobTitle", "Buyer"), status: seeOther, check: location("/contacts/")},
	{route: "POST /contacts/:id/fields/:field", name: "quick day", as: asOwner, path: ofContact("/contacts/", "/fields/nextFollowUp"), headers: htmx(), send: form("version", "1", "nextFollowUp", "", "quick", "tomorrow"), status: okay, wants: []string{"<time datetime="}},
	{route: "POST /contacts/:id/fields/:field", name: "contacted today", as: asOwner, path: ofContact("/contacts/", "/fields/lastContactedAt"), headers: htmx(), send: form("version", "1", "lastContactedAt", "", "quick", "today"), status: okay, wants: []string{`id="fact-lastContactedAt"`, "<time "}},
	{route: "POST /contacts/:id/fields/:field", name: "contacted in time to come", as: asOwner, path: ofContact("/contacts/", "/fields/lastContactedAt"), headers: htmx(), send: form("version", "1", "lastContactedAt", "2999-01-01"), status: unprocessable, wants: []string{"This has not come yet"}},
	{route: "POST /contacts/:id/fields/:field", name: "given away", as: asOwner, path: ofContact("/contacts/", "/fields/ownerId"), headers: htmx(), send: form("version", "1", "ownerId", "none"), status: okay, wants: []string{`hx-target="#record"`}},
	{route: "POST /contacts/:id/fields/:field", name: "score", as: asOwner, path: ofContact("/contacts/", "/fields/leadScore"), headers: htmx(), send: form("version", "1", "leadScore", "many"), status: unprocessable, wants: []string{"Choose a number from 0 to 100.", `aria-invalid="true"`}},
	{route: "POST /contacts/:id/fields/:field", name: "others changed other fields", as: asOwner, path: changedNotes("/fields/jobTitle"), headers: htmx(), send: form("version", "1", "jobTitle", "Buyer"), status: okay, wants: []string{"both changes are here now", "theirs", "Buyer"}},
	{route: "POST /contacts/:id/fields/:field", name: "others changed this field", as: asOwner, path: changedNotes("/fields/notes"), headers: htmx(), send: form("version", "1", "notes", "mine"), status: http.StatusConflict,
		wants: []string{"Somebody else changed Notes", `name="theirs.notes" value="theirs"`, ">mine</textarea>", `name="version" value="2"`, "changed by Asha Shah"}},
	{route: "POST /contacts/:id/fields/:field", name: "theirs was chosen", as: asOwner, path: changedNotes("/fields/notes"), headers: htmx(), send: form("version", "2", "notes", "mine", "keep.notes", "theirs", "theirs.notes", "theirs"), status: okay, wants: []string{"theirs"}, lacks: []string{"mine"}},
	{route: "POST /contacts/:id/fields/:field", name: "anonymous", path: ofContact("/contacts/", "/fields/notes"), send: form("version", "1"), status: unauthorized},
	{route: "POST /contacts/:id/fields/:field", name: "no right", as: asManager, path: ofContact("/contacts/", "/fields/notes"), send: form("version", "1", "notes", "x"), status: forbidden},
	{route: "POST /contacts/:id/fields/:field", name: "other tenant", as: asStranger, path: ofContact("/contacts/", "/fields/notes"), send: form("version", "1", "notes", "x"), status: notFound},
	{route: "POST /contacts/:id/fields/:field", name: "invalid", as: asOwner, path: ofContact("/contacts/", "/fields/email"), headers: htmx(), send: form("version", "1", "email", "nobody"), status: unprocessable, wants: []string{"does not look like an e-mail", `aria-invalid="true"`, `value="nobody"`}},
	{route: "POST /contacts/:id/fields/:field", name: "no such field", as: asOwner, path: ofContact("/contacts/", "/fields/password"), send: form("version", "1"), status: notFound},
	{route: "POST /contacts/:id/fields/:field", name: "without a version", as: asOwner, path: ofContact("/contacts/", "/fields/notes"), send: form("notes", "x"), status: http.StatusBadRequest},

	{route: "GET /contacts/:id/history", name: "ok", as: asOwner, path: ofContact("/contacts/", "/history"), status: okay, wants: []string{"<!doctype html>", "Added", "by Asha Shah"}},
	{route: "GET /contacts/:id/history", name: "part", as: asManager, path: ofContact("/contacts/", "/history"), headers: htmx(), status: okay, wants: []string{`id="history"`}, lacks: []string{"<!doctype", "Put this value back"}},
	{route: "GET /contacts/:id/history", name: "anonymous", path: ofContact("/contacts/", "/history"), status: seeOther},
	{route: "GET /contacts/:id/history", name: "no right", as: asMember, path: ofContact("/contacts/", "/history"), status: notFound, lacks: []string{"Vikram"}},
	{route: "GET /contacts/:id/history", name: "other tenant", as: asStranger, path: ofContact("/contacts/", "/history"), status: notFound, lacks: []string{"Vikram"}},
	{route: "GET /contacts/:id/history", name: "invalid", as: asOwner, path: ofContact("/contacts/", "/history?cursor=x"), status: unprocessable},

	{route: "POST /contacts/:id/history/:entry/:field", name: "ok", as: asOwner, path: changedEntry("/jobTitle"), headers: htmx(), send: form(), status: okay, wants: []string{"The value was put back.", "Buyer"}, check: header("HX-Trigger", "recordChanged")},
	{route: "POST /contacts/:id/history/:entry/:field", name: "plainly", as: asOwner, path: changedEntry("/jobTitle"), send: form(), status: seeOther, check: location("/contacts/")},
	{route: "POST /contacts/:id/history/:entry/:field", name: "anonymous", path: changedEntry("/jobTitle"), send: form(), status: unauthorized},
	{route: "POST /contacts/:id/history/:entry/:field", name: "no right", as: asManager, path: changedEntry("/jobTitle"), send: form(), status: forbidden},
	{route: "POST /contacts/:id/history/:entry/:field", name: "other tenant", as: asStranger, path: changedEntry("/jobTitle"), send: form(), status: notFound},
	{route: "POST /contacts/:id/history/:entry/:field", name: "invalid", as: asOwner, path: changedEntry("/notes"), send: form(), status: notFound},
	{route: "POST /contacts/:id/history/:entry/:field", name: "of no entry", as: asOwner, path: ofContact("/contacts/", "/history/x/notes"), send: form(), status: notFound},

	{route: "GET /companies/:id/fields/:field", name: "ok", as: asOwner, path: ofCompany("/companies/", "/fields/industry"), headers: htmx(), status: okay, wants: []string{`name="industry"`, `value="Metals"`, `name="version" value="1"`}, lacks: []string{"<!doctype"}},
	{route: "GET /companies/:id/fields/:field", name: "addresses", as: asOwner, path: ofCompany("/companies/", "/fields/addresses"), headers: htmx(), status: okay, wants: []string{`name="addresses[1].pin"`}},
	{route: "GET /companies/:id/fields/:field", name: "value", as: asManager, path: ofCompany("/companies/", "/fields/industry?show=value"), headers: htmx(), status: okay, wants: []string{`id="fact-industry"`, "Metals"}, lacks: []string{"/edit"}},
	{route: "GET /companies/:id/fields/:field", name: "without scripts", as: asOwner, path: ofCompany("/companies/", "/fields/notes?list="), status: seeOther, check: locationEnds("/edit?field=notes&list=")},
	{route: "GET /companies/:id/fields/:field", name: "anonymous", path: ofCompany("/companies/", "/fields/notes"), status: seeOther},
	{route: "GET /companies/:id/fields/:field", name: "no right", as: asManager, path: ofCompany("/companies/", "/fields/notes"), headers: htmx(), status: forbidden},
	{route: "GET /companies/:id/fields/:field", name: "other tenant", as: asStranger, path: ofCompany("/companies/", "/fields/notes"), headers: htmx(), status: notFound},
	{route: "GET /companies/:id/fields/:field", name: "invalid", as: asOwner, path: ofCompany("/companies/", "/fields/password"), headers: htmx(), status: notFound},
	{route: "GET /companies/:id", name: "from a list", as: asOwner, path: ofCompany("/companies/", "?list=sort%3D-createdAt"), status: okay, wants: []string{`href="/companies?sort=-createdAt"`, "data-after", "/delete?list=sort%3D-createdAt"}},
	{route: "GET /companies/:id", name: "from a list that cannot be read", as: asOwner, path: ofCompany("/companies/", "?list=sort%3Dshoe"), status: unprocessable},

	{route: "POST /companies/:id/fields/:field", name: "ok", as: asOwner, path: ofCompany("/companies/", "/fields/industry"), headers: htmx(), send: form("version", "1", "industry", "Tea"), status: okay, wants: []string{`id="fact-industry"`, "Tea", `hx-target="#record-head"`}, check: header("HX-Trigger", "recordChanged")},
	{route: "POST /companies/:id/fields/:field", name: "plainly", as: asOwner, path: ofCompany("/companies/", "/fields/industry?list=sort%3D-name"), send: form("version", "1", "industry", "Tea"), status: seeOther, check: locationEnds("?done=saved&list=sort%3D-name")},
	{route: "POST /companies/:id/fields/:field", name: "an amount", as: asOwner, path: ofCompany("/companies/", "/fields/annualRevenuePaise"), headers: htmx(), send: form("version", "1", "annualRevenuePaise", "12,34,567.50"), status: okay, wants: []string{"12,34,567.50"}},
	{route: "POST /companies/:id/fields/:field", name: "an amount that is none", as: asOwner, path: ofCompany("/companies/", "/fields/annualRevenuePaise"), headers: htmx(), send: form("version", "1", "annualRevenuePaise", "lots"), status: unprocessable, wants: []string{"Enter an amount in rupees", `aria-invalid="true"`, `value="lots"`}},
	{route: "POST /companies/:id/fields/:field", name: "addresses", as: asOwner, path: ofCompany("/companies/", "/fields/addresses"), headers: htmx(), send: form("version", "1", "addresses[0].label", "Billing", "addresses[0].city", "Ooty", "addresses[0].pin", "643001"), status: okay, wants: []string{"Billing", "Ooty 643001"}},
	{route: "POST /companies/:id/fields/:field", name: "a wrong address", as: asOwner, path: ofCompany("/companies/", "/fields/addresses"), headers: htmx(), send: form("version", "1", "addresses[0].city", "Ooty", "addresses[0].pin", "011001"), status: unprocessable, wants: []string{"A PIN code has six digits", `value="Ooty"`, `aria-invalid="true"`}},
	{route: "POST /companies/:id/fields/:field", name: "part of nothing", as: asOwner, path: ofCompany("/companies/", "/fields/parentId"), headers: htmx(), send: form("version", "1", "parentId", "No such firm"), status: unprocessable, wants: []string{"There is no company of this name.", `value="No such firm"`}},
	{route: "POST /companies/:id/fields/:field", name: "taken name", as: asOwner, path: ofCompany("/companies/", "/fields/name"), headers: htmx(), send: takenNameAt, status: http.StatusConflict, wants: []string{"Another company already has this name."}},
	{route: "POST /companies/:id/fields/:field", name: "others changed other fields", as: asOwner, path: changedCompanyAt("/fields/industry"), headers: htmx(), send: form("version", "1", "industry", "Tea"), status: okay, wants: []string{"both changes are here now", "theirs", "Tea"}},
	{route: "POST /companies/:id/fields/:field", name: "others changed this field", as: asOwner, path: changedCompanyAt("/fields/notes"), headers: htmx(), send: form("version", "1", "notes", "mine"), status: http.StatusConflict,
		wants: []string{"Somebody else changed Notes", `name="theirs.notes" value="theirs"`, ">mine</textarea>", `name="version" value="2"`, "changed by Asha Shah"}},
	{route: "POST /companies/:id/fields/:field", name: "theirs was chosen", as: asOwner, path: changedCompanyAt("/fields/notes"), headers: htmx(), send: form("version", "2", "notes", "mine", "keep.notes", "theirs", "theirs.notes", "theirs"), status: okay, wants: []string{"theirs"}, lacks: []string{"mine"}},
	{route: "POST /companies/:id/fields/:field", name: "anonymous", path: ofCompany("/companies/", "/fields/notes"), send: form("version", "1"), status: unauthorized},
	{route: "POST /companies/:id/fields/:field", name: "no right", as: asManager, path: ofCompany("/companies/", "/fields/notes"), send: form("version", "1", "notes", "x"), status: forbidden},
	{route: "POST /companies/:id/fields/:field", name: "other tenant", as: asStranger, path: ofCompany("/companies/", "/fields/notes"), send: form("version", "1", "notes", "x"), status: notFound},
	{route: "POST /companies/:id/fields/:field", name: "invalid", as: asOwner, path: ofCompany("/companies/", "/fields/name"), headers: htmx(), send: form("version", "1", "name", " "), status: unprocessable, wants: []string{"Enter the company&#39;s name.", `aria-invalid="true"`}},
	{route: "POST /companies/:id/fields/:field", name: "no such field", as: asOwner, path: ofCompany("/companies/", "/fields/password"), send: form("version", "1"), status: notFound},

	{route: "GET /companies/:id/history", name: "ok", as: asOwner, path: ofCompany("/companies/", "/history"), status: okay, wants: []string{"<!doctype html>", "Added", "by Asha Shah"}},
	{route: "GET /companies/:id/history", name: "part", as: asManager, path: ofCompany("/companies/", "/history"), headers: htmx(), status: okay, wants: []string{`id="history"`}, lacks: []string{"<!doctype", "Put this value back"}},
	{route: "GET /companies/:id/history", name: "anonymous", path: ofCompany("/companies/", "/history"), status: seeOther},
	{route: "GET /companies/:id/history", name: "no right", as: asMember, path: ofCompany("/companies/", "/history"), status: notFound, lacks: []string{"Aravalli"}},
	{route: "GET /companies/:id/history", name: "other tenant", as: asStranger, path: ofCompany("/companies/", "/history"), status: notFound, lacks: []string{"Aravalli"}},
	{route: "GET /companies/:id/history", name: "invalid", as: asOwner, path: ofCompany("/companies/", "/history?cursor=x"), status: unprocessable},
	{route: "POST /companies/:id/history/:entry/:field", name: "ok", as: asOwner, path: changedCompanyEntry("/industry"), headers: htmx(), send: form(), status: okay, wants: []string{"The value was put back.", "Metals"}, check: header("HX-Trigger", "recordChanged")},
	{route: "POST /companies/:id/history/:entry/:field", name: "an amount", as: asOwner, path: changedCompanyEntry("/annualRevenuePaise"), headers: htmx(), send: form(), status: okay, wants: []string{"1,00,000.00"}},
	{route: "POST /companies/:id/history/:entry/:field", name: "anonymous", path: changedCompanyEntry("/industry"), send: form(), status: unauthorized},
	{route: "POST /companies/:id/history/:entry/:field", name: "no right", as: asManager, path: changedCompanyEntry("/industry"), send: form(), status: forbidden},
	{route: "POST /companies/:id/history/:entry/:field", name: "other tenant", as: asStranger, path: changedCompanyEntry("/industry"), send: form(), status: notFound},
	{route: "POST /companies/:id/history/:entry/:field", name: "invalid", as: asOwner, path: changedCompanyEntry("/notes"), send: form(), status: notFound},
}
