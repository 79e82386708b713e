package handlers_test

import (
	"net/http"
	"testing"

	"github.com/google/uuid"

	"payaid/internal/crm"
)

const companiesPath = "/api/v1/companies"

// company makes a company that belongs to a. Its name is its own.
func (w *world) company(t testing.TB, a account, in crm.CompanyInput) crm.Company {
	t.Helper()
	in.Name += " " + uuid.NewString()[:8]
	c, err := w.crm.CreateCompany(t.Context(), w.principal(t, a), in)
	ok(t, err)
	return c
}

// ofCompany gives the address of a new company of the owner's, and suffix.
func ofCompany(prefix, suffix string) target {
	return func(t *testing.T, w *world) string {
		return prefix + w.company(t, w.owner, crm.CompanyInput{Name: "Aravalli Steel", Industry: "Metals"}).ID.String() + suffix
	}
}

// trashedCompany gives the address of a company of the owner's in the trash.
func trashedCompany(prefix string) target {
	return func(t *testing.T, w *world) string {
		c := w.company(t, w.owner, crm.CompanyInput{Name: "Aravalli Steel"})
		_, err := w.crm.DeleteCompany(t.Context(), w.principal(t, w.owner), c.ID, nil)
		ok(t, err)
		return prefix + c.ID.String() + "/restore"
	}
}

// changedCompany gives the address of a company that somebody changed after it was opened.
func changedCompany(t *testing.T, w *world) string {
	c := w.company(t, w.owner, crm.CompanyInput{Name: "Aravalli Steel"})
	notes := "theirs"
	_, err := w.crm.UpdateCompany(t.Context(), w.principal(t, w.owner), c.ID, crm.CompanyPatch{Notes: &notes}, nil)
	ok(t, err)
	return "/companies/" + c.ID.String()
}

func changedCompanyAt(suffix string) target {
	return func(t *testing.T, w *world) string { return changedCompany(t, w) + suffix }
}

// familyOf gives the address of a company with a parent, a part of its own and somebody who works there.
func familyOf(t *testing.T, w *world) string {
	parent := w.company(t, w.owner, crm.CompanyInput{Name: "Ganga Group"})
	c := w.company(t, w.owner, crm.CompanyInput{Name: "Ganga Paper <b>", ParentID: &parent.ID})
	w.company(t, w.owner, crm.CompanyInput{Name: "Ganga Boards", ParentID: &c.ID})
	w.contact(t, w.owner, crm.ContactInput{FirstName: "Vikram", Company: c.Name, JobTitle: "Buyer"})
	return "/companies/" + c.ID.String()
}

func namedCompany(name, path string) target {
	return func(t *testing.T, w *world) string {
		w.contact(t, w.owner, crm.ContactInput{FirstName: "A", Company: name})
		return path
	}
}

func takenName(t *testing.T, w *world, b *browser) (string, string) {
	return form("name", w.company(t, w.owner, crm.CompanyInput{Name: "Taken"}).Name)(t, w, b)
}

func takenNameAt(t *testing.T, w *world, b *browser) (string, string) {
	return form("version", "1", "name", w.company(t, w.owner, crm.CompanyInput{Name: "Taken"}).Name)(t, w, b)
}

var (
	oneCompany      = ofCompany("/companies/", "")
	oneAPICompany   = ofCompany(companiesPath+"/", "")
	companyView     = newCompanyView("/companies/views/", "")
	companyDefault  = newCompanyView("/companies/views/", "/default")
	companyViewGone = newCompanyView("/companies/views/", "/delete")
)

func newCompanyView(prefix, suffix string) target {
	return func(t *testing.T, w *world) string {
		v, err := w.crm.CreateView(t.Context(), w.principal(t, w.owner), crm.ViewInput{Entity: crm.EntityCompanies, Name: "View " + uuid.NewString(), Shared: true, Filter: "type:partner", Sort: "-employees"})
		ok(t, err)
		return prefix + v.ID.String() + suffix
	}
}

var companyScenarios = []scenario{
	{route: "GET /companies", name: "ok", as: asOwner, status: okay, wants: []string{"<!doctype html>", "<title>Companies · PayAid</title>", `id="results"`, "Export", "New company", `aria-current="page"`}},
	{route: "GET /companies", name: "part", as: asOwner, headers: htmx("HX-Current-URL", "http://example.com/companies"), path: at("/companies?q=&sort=-employees"), status: okay, wants: []string{`id="results"`, `hx-target="#chips"`}, lacks: []string{"<!doctype"}, check: header("HX-Push-Url", "/companies?sort=-employees")},
	{route: "GET /companies", name: "anonymous", status: seeOther, check: location("/login?next=%2Fcompanies")},
	{route: "GET /companies", name: "no right", as: withKey, status: forbidden},
	{route: "GET /companies", name: "without the right to export", as: asMember, status: okay, lacks: []string{"/companies/export.csv"}},
	{route: "GET /companies", name: "other business", as: asStranger, status: okay, wants: []string{"No companies yet"}},
	{route: "GET /companies", name: "invalid", as: asOwner, path: at("/companies?sort=shoe"), status: unprocessable, wants: []string{"Sort by one of name"}},
	{route: "GET /companies", name: "no match", as: asOwner, path: at("/companies?q=zzzzz"), status: okay, wants: []string{"No company matches", "Clear filters"}},
	{route: "GET /companies", name: "filtered", as: asOwner, path: at("/companies?filter=type:partner+annualRevenue:100000..+-parent:none"), status: okay, wants: []string{"Type: Partner", "Annual revenue: from 100000", "Not Part of: not known"}},
	{route: "GET /companies", name: "filter that cannot be read", as: asOwner, path: at("/companies?filter=stage:customer"), status: badInput, wants: []string{"There is no field &#34;stage&#34;"}},
	{route: "GET /companies", name: "one condition more", as: asOwner, path: at("/companies?filter=type:partner&field=employees&from=50&to="), status: seeOther, check: location("/companies?filter=type:partner+employees:50..")},
	{route: "GET /companies/filter", name: "ok", as: asOwner, path: at("/companies/filter?field=type"), status: okay, wants: []string{"<!doctype html>", "Filter by type", `value="competitor"`, `action="/companies"`, "All companies but these"}},
	{route: "GET /companies/filter", name: "no such field", as: asOwner, path: at("/companies/filter?field=stage"), status: notFound},
	{route: "GET /companies/filter", name: "anonymous", status: seeOther},
	{route: "GET /companies/filter", name: "no right", as: withKey, status: forbidden},
	{route: "GET /companies/export.csv", name: "ok", as: asOwner, status: okay, wants: []string{"\ufeffName,Parent,Type"}, check: header("Content-Type", "text/csv; charset=utf-8")},
	{route: "GET /companies/export.csv", name: "anonymous", status: seeOther},
	{route: "GET /companies/export.csv", name: "no right", as: asMember, status: forbidden, wants: []string{"companies:export"}},
	{route: "GET /companies/names", name: "ok", as: asMember, path: namedCompany("Konkan Cargo", "/companies/names?parentId=konkan"), status: okay, wants: []string{`<option value="Konkan Cargo">`}},
	{route: "GET /companies/names", name: "other business", as: asStranger, path: namedCompany("Konkan Boats", "/companies/names?q=konkan"), status: okay, lacks: []string{"Konkan"}},
	{route: "GET /companies/names", name: "anonymous", status: seeOther},
	{route: "GET /companies/names", name: "no right", as: withKey, status: forbidden},

	{route: "GET /companies/views/new", name: "ok", as: asOwner, path: at("/companies/views/new?filter=type:partner"), status: okay, wants: []string{`action="/companies/views"`, `name="filter" value="type:partner"`}},
	{route: "GET /companies/views/new", name: "anonymous", status: seeOther},
	{route: "GET /companies/views/new", name: "no right", as: withKey, status: forbidden},
	{route: "POST /companies/views", name: "ok", as: asOwner, send: form("name", "Partners", "filter", "type:partner", "shared", "on"), status: seeOther, check: location("/companies?filter=type:partner&view=")},
	{route: "POST /companies/views", name: "invalid", as: asOwner, send: form("name", " "), status: unprocessable, wants: []string{"Give the view a name"}},
	{route: "POST /companies/views", name: "filter of contacts", as: asOwner, send: form("name", "x", "filter", "stage:customer"), status: badInput},
	{route: "POST /companies/views", name: "anonymous", send: form("name", "x"), status: unauthorized},
	{route: "POST /companies/views", name: "no right", as: withKey, send: form("name", "x"), status: forbidden},
	{route: "GET /contacts", name: "without the views of companies", as: asOwner, path: at("/contacts?view=all"), status: okay, lacks: []string{">Partners<"}},
	{route: "POST /companies/views/:id", name: "ok", as: asOwner, path: companyView, send: form("version", "1", "filter", "type:customer"), status: seeOther, check: location("/companies?filter=type:customer&view=")},
	{route: "POST /companies/views/:id", name: "invalid", as: asOwner, path: companyView, send: form("version", "1", "sort", "leadScore"), status: unprocessable},
	{route: "POST /companies/views/:id", name: "anonymous", path: companyView, send: form("version", "1"), status: unauthorized},
	{route: "POST /companies/views/:id", name: "no right", as: asMember, path: companyView, send: form("version", "1"), status: forbidden},
	{route: "POST /companies/views/:id", name: "other tenant", as: asStranger, path: companyView, send: form("version", "1"), status: notFound},
	{route: "POST /companies/views/:id/default", name: "ok", as: asAdmin, path: companyDefault, send: form(), status: seeOther, check: location("/companies?filter=type:partner&sort=-employees&view=")},
	{route: "GET /companies", name: "opens with the default view", as: asAdmin, status: seeOther, check: location("/companies?filter=type:partner")},
	{route: "POST /companies/views/:id/default", name: "anonymous", path: companyDefault, send: form(), status: unauthorized},
	{route: "POST /companies/views/:id/default", name: "no right", as: withKey, path: companyDefault, send: form(), status: forbidden},
	{route: "POST /companies/views/:id/default", name: "other tenant", as: asStranger, path: companyDefault, send: form(), status: notFound},
	{route: "POST /companies/views/:id/delete", name: "ok", as: asOwner, path: companyViewGone, send: form(), status: seeOther, check: location("/companies?view=all")},
	{route: "POST /companies/views/:id/delete", name: "anonymous", path: companyViewGone, send: form(), status: unauthorized},
	{route: "POST /companies/views/:id/delete", name: "no right", as: asMember, path: companyViewGone, send: form(), status: forbidden},
	{route: "POST /companies/views/:id/delete", name: "other tenant", as: asStranger, path: companyViewGone, send: form(), status: notFound},

	{route: "GET /companies/new", name: "ok", as: asOwner, status: okay, wants: []string{"<!doctype html>", `action="/companies"`, `name="ownerId"`, `name="addresses[1].pin"`}},
	{route: "GET /companies/new", name: "part", as: asOwner, headers: htmx(), status: okay, wants: []string{`hx-post="/companies"`}, lacks: []string{"<!doctype"}},
	{route: "GET /companies/new", name: "anonymous", status: seeOther},
	{route: "GET /companies/new", name: "no right", as: readKey, status: forbidden},
	{route: "POST /companies", name: "ok", as: asOwner, send: form("name", "Nilgiri Looms", "annualRevenuePaise", "12,34,567.50", "employees", "1,200", "addresses[0].label", "Billing", "addresses[0].city", "Ooty", "addresses[0].pin", "643001"), status: seeOther, check: location("/companies/")},
	{route: "POST /companies", name: "part", as: asOwner, headers: htmx(), send: form("name", "Rao <b>"), status: okay, wants: []string{"Rao &lt;b&gt; was added."}, check: header("HX-Trigger", "closeModal, companiesChanged")},
	{route: "POST /companies", name: "anonymous", send: form("name", "A"), status: unauthorized},
	{route: "POST /companies", name: "no right", as: readKey, send: form("name", "A"), status: forbidden},
	{route: "POST /companies", name: "invalid", as: asOwner, send: form("gstin", "27AAPFU0939F1ZX", "website", "nonsense", "addresses[0].pin", "011001", "addresses[0].label", "Godown"), status: unprocessable,
		wants: []string{"<!doctype html>", "Please correct 4 things.", "Enter the company&#39;s name.", "not a valid GSTIN", "address of a website", "A PIN code has six digits", `value="Godown"`, "<details class=\"more\" open"}},
	{route: "POST /companies", name: "numbers that are none", as: asOwner, send: form("name", "A", "annualRevenuePaise", "lots", "employees", "few"), status: unprocessable, wants: []string{"Enter an amount in rupees", "Enter a whole number."}},
	{route: "POST /companies", name: "part of nothing", as: asOwner, send: form("name", "A", "parentId", "No such firm"), status: unprocessable, wants: []string{"There is no company of this name."}},
	{route: "POST /companies", name: "taken name", as: asOwner, headers: htmx(), send: takenName, status: http.StatusConflict, wants: []string{"Another company already has this name."}},

	{route: "GET /companies/:id", name: "ok", as: asOwner, path: oneCompany, status: okay, wants: []string{"Aravalli Steel", "Metals", "/edit", "/delete", "No contact of yours"}},
	{route: "GET /companies/:id", name: "family", as: asOwner, path: familyOf, status: okay, wants: []string{"Ganga Paper &lt;b&gt;", "Part of", "Ganga Group", "Ganga Boards", "Vikram", "Buyer", "1 person"}},
	{route: "GET /companies/:id", name: "part", as: asOwner, headers: htmx(), path: oneCompany, status: okay, wants: []string{`id="record"`}, lacks: []string{"<!doctype"}},
	{route: "GET /companies/:id", name: "anonymous", path: oneCompany, status: seeOther},
	{route: "GET /companies/:id", name: "no right", as: asMember, path: oneCompany, status: notFound, lacks: []string{"Aravalli"}},
	{route: "GET /companies/:id", name: "other tenant", as: asStranger, path: oneCompany, status: notFound, lacks: []string{"Aravalli"}},
	{route: "GET /companies/:id", name: "not to be changed", as: asManager, path: oneCompany, status: okay, wants: []string{"Aravalli"}, lacks: []string{"/edit", "/delete"}},
	{route: "GET /companies/:id", name: "invalid place", as: asOwner, path: ofCompany("/companies/", "?people=nonsense"), status: unprocessable},
	{route: "GET /companies/:id/edit", name: "ok", as: asOwner, path: ofCompany("/companies/", "/edit"), status: okay, wants: []string{`name="version" value="1"`, `value="Metals"`}},
	{route: "GET /companies/:id/edit", name: "anonymous", path: ofCompany("/companies/", "/edit"), status: seeOther},
	{route: "GET /companies/:id/edit", name: "no right", as: asManager, path: ofCompany("/companies/", "/edit"), status: forbidden},
	{route: "GET /companies/:id/edit", name: "other tenant", as: asStranger, path: ofCompany("/companies/", "/edit"), status: notFound},
	{route: "POST /companies/:id", name: "ok", as: asOwner, path: oneCompany, send: form("version", "1", "name", "Ok "+uuid.NewString()), status: seeOther, check: location("/companies/")},
	{route: "POST /companies/:id", name: "part", as: asOwner, headers: htmx(), path: oneCompany, send: form("version", "1", "name", "Part "+uuid.NewString(), "industry", "Tea"), status: okay, wants: []string{`hx-target="#record"`, "Tea", "was saved."}, check: header("HX-Trigger", "closeModal, recordChanged")},
	{route: "POST /companies/:id", name: "anonymous", path: oneCompany, send: form("version", "1"), status: unauthorized},
	{route: "POST /companies/:id", name: "no right", as: asManager, path: oneCompany, send: form("version", "1", "name", "B"), status: forbidden, wants: []string{"Ask its owner, Asha Shah."}},
	{route: "POST /companies/:id", name: "other tenant", as: asStranger, path: oneCompany, send: form("version", "1", "name", "B"), status: notFound},
	{route: "POST /companies/:id", name: "invalid", as: asOwner, path: oneCompany, send: form("version", "1", "name", "", "type", "friend"), status: unprocessable, wants: []string{"Choose one of customer, partner, competitor."}},
	{route: "POST /companies/:id", name: "stale", as: asOwner, path: changedCompany, send: form("version", "1", "name", "Mine", "notes", "mine"), status: http.StatusConflict,
		wants: []string{"Somebody else changed Notes", `name="theirs.notes" value="theirs"`, ">mine</textarea>", `name="version" value="2"`, "changed by Asha Shah"}},
	{route: "POST /companies/:id/delete", name: "ok", as: asOwner, path: ofCompany("/companies/", "/delete"), send: form(), status: seeOther, check: location("/companies?done=deleted&id=")},
	{route: "POST /companies/:id/delete", name: "anonymous", path: ofCompany("/companies/", "/delete"), send: form(), status: unauthorized},
	{route: "POST /companies/:id/delete", name: "no right", as: asManager, path: ofCompany("/companies/", "/delete"), send: form(), status: forbidden},
	{route: "POST /companies/:id/delete", name: "other tenant", as: asStranger, path: ofCompany("/companies/", "/delete"), send: form(), status: notFound},
	{route: "POST /companies/:id/restore", name: "ok", as: asOwner, path: trashedCompany("/companies/"), send: form(), status: seeOther, check: location("/companies/")},
	{route: "POST /companies/:id/restore", name: "part", as: asOwner, headers: htmx(), path: trashedCompany("/companies/"), send: form(), status: okay, wants: []string{"was restored."}, check: header("HX-Trigger", "companiesChanged")},
	{route: "POST /companies/:id/restore", name: "anonymous", path: trashedCompany("/companies/"), send: form(), status: unauthorized},
	{route: "POST /companies/:id/restore", name: "no right", as: asManager, path: trashedCompany("/companies/"), send: form(), status: forbidden},
	{route: "POST /companies/:id/restore", name: "other tenant", as: asStranger, path: trashedCompany("/companies/"), send: form(), status: notFound},

	{route: "GET /search", name: "companies", as: asOwner, headers: htmx(), path: namedCompany("Zanskar Woollens", "/search?q=zanskar+woo"), status: okay, wants: []string{"Companies", "Zanskar Woollens"}},

	{route: "GET /api/v1/companies", name: "ok", as: withKey, path: at(companiesPath + "?q=a&limit=2&sort=-annualRevenue"), status: okay, wants: []string{`{"data":[`, `"meta":{"limit":2`, `"annualRevenuePaise":`, `"addresses":[`}},
	{route: "GET /api/v1/companies", name: "filter that cannot be read", as: withKey, path: at(companiesPath + "?filter=type:friend"), status: badInput, wants: []string{`"INVALID_INPUT"`}},
	{route: "GET /api/v1/companies", name: "anonymous", status: unauthorized, wants: notSignedIn},
	{route: "GET /api/v1/companies", name: "no right", as: readKey, status: forbidden, wants: noRight},
	{route: "GET /api/v1/companies", name: "invalid", as: withKey, path: at(companiesPath + "?sort=phone"), status: unprocessable, wants: badValue},
	{route: "POST /api/v1/companies", name: "ok", as: withKey, send: jsonBody(`{"name":"Rao Traders","type":"partner","annualRevenuePaise":1234567800,"employees":45,"website":"rao.example.in","addresses":[{"label":"Billing","city":"Pune","stateCode":"27","pin":"411001"}]}`), status: created,
		wants: []string{`"type":"partner","industry":"","annualRevenuePaise":1234567800,"employees":45,"website":"https://rao.example.in"`, `"stateCode":"27"`, `"parentId":null`}, check: header("ETag", `"1"`)},
	{route: "POST /api/v1/companies", name: "anonymous", send: jsonBody(`{"name":"A"}`), status: unauthorized, wants: notSignedIn},
	{route: "POST /api/v1/companies", name: "no right", as: readKey, send: jsonBody(`{"name":"A"}`), status: forbidden, wants: noRight},
	{route: "POST /api/v1/companies", name: "invalid", as: withKey, send: jsonBody(`{"gstin":"27AAPFU0939F1ZX","employees":-1,"annualRevenuePaise":-1,"addresses":[{"pin":"1"}],"parentId":"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c47"}`), status: unprocessable,
		wants: append(badValue, `"field":"name"`, `"field":"gstin"`, `"field":"employees"`, `"field":"annualRevenuePaise"`, `"field":"addresses[0].pin"`)},
	{route: "GET /api/v1/companies/export", name: "ok", as: withKey, status: okay, wants: []string{"Name,Parent,Type"}, check: header("Content-Type", "text/csv; charset=utf-8")},
	{route: "GET /api/v1/companies/export", name: "anonymous", status: unauthorized, wants: notSignedIn},
	{route: "GET /api/v1/companies/export", name: "no right", as: readKey, status: forbidden, wants: noRight},
	{route: "GET /api/v1/companies/:id", name: "ok", as: withKey, path: oneAPICompany, status: okay, wants: []string{`"industry":"Metals"`, `"employees":null`}},
	{route: "GET /api/v1/companies/:id", name: "known already", as: withKey, path: oneAPICompany, headers: []string{"If-None-Match", `"1"`}, status: http.StatusNotModified},
	{route: "GET /api/v1/companies/:id", name: "anonymous", path: oneAPICompany, status: unauthorized, wants: notSignedIn},
	{route: "GET /api/v1/companies/:id", name: "no right", as: readKey, path: oneAPICompany, status: forbidden, wants: noRight},
	{route: "GET /api/v1/companies/:id", name: "out of scope", as: asMember, path: oneAPICompany, status: notFound, wants: nothing},
	{route: "GET /api/v1/companies/:id", name: "other tenant", as: otherKey, path: oneAPICompany, status: notFound, wants: nothing},
	{route: "PATCH /api/v1/companies/:id", name: "ok", as: withKey, path: oneAPICompany, send: jsonBody(`{"employees":7,"industry":null}`), status: okay, wants: []string{`"employees":7`, `"industry":""`, `"version":2`}},
	{route: "PATCH /api/v1/companies/:id", name: "anonymous", path: oneAPICompany, send: jsonBody(`{"notes":"n"}`), status: unauthorized, wants: notSignedIn},
	{route: "PATCH /api/v1/companies/:id", name: "no right", as: readKey, path: oneAPICompany, send: jsonBody(`{"notes":"n"}`), status: forbidden, wants: noRight},
	{route: "PATCH /api/v1/companies/:id", name: "other tenant", as: otherKey, path: oneAPICompany, send: jsonBody(`{"notes":"n"}`), status: notFound, wants: nothing},
	{route: "PATCH /api/v1/companies/:id", name: "stale", as: withKey, headers: []string{"If-Match", `"9"`}, path: oneAPICompany, send: jsonBody(`{"notes":"n"}`), status: http.StatusPreconditionFailed, check: header("ETag", `"1"`)},
	{route: "PATCH /api/v1/companies/:id", name: "invalid", as: withKey, path: oneAPICompany, send: jsonBody(`{"parentId":"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c47"}`), status: unprocessable, wants: append(badValue, `"field":"parentId"`)},
	{route: "DELETE /api/v1/companies/:id", name: "ok", as: withKey, path: oneAPICompany, status: okay, wants: []string{`"deletedAt":"20`}},
	{route: "DELETE /api/v1/companies/:id", name: "anonymous", path: oneAPICompany, status: unauthorized, wants: notSignedIn},
	{route: "DELETE /api/v1/companies/:id", name: "no right", as: readKey, path: oneAPICompany, status: forbidden, wants: noRight},
	{route: "DELETE /api/v1/companies/:id", name: "other tenant", as: otherKey, path: oneAPICompany, status: notFound, wants: nothing},
	{route: "POST /api/v1/companies/:id/restore", name: "ok", as: withKey, path: trashedCompany(companiesPath + "/"), status: okay, wants: []string{`"deletedAt":null`}},
	{route: "POST /api/v1/companies/:id/restore", name: "anonymous", path: trashedCompany(companiesPath + "/"), status: unauthorized, wants: notSignedIn},
	{route: "POST /api/v1/companies/:id/restore", name: "no right", as: readKey, path: trashedCompany(companiesPath + "/"), status: forbidden, wants: noRight},
	{route: "POST /api/v1/companies/:id/restore", name: "other tenant", as: otherKey, path: trashedCompany(companiesPath + "/"), status: notFound, wants: nothing},
	{route: "POST /api/v1/companies/:id/restore", name: "invalid", as: withKey, path: trashedCompany(companiesPath + "/"), headers: []string{"If-Match", `"1","2"`}, status: badInput, wants: errorCode("INVALID_INPUT")},
	{route: "GET /api/v1/views", name: "of companies", as: withKey, path: at("/api/v1/views?entity=companies"), status: okay, wants: []string{`"entity":"companies","name":"Partners"`}},
	{route: "GET /api/v1/views", name: "of nothing", as: withKey, path: at("/api/v1/views?entity=shoes"), status: unprocessable, wants: badValue},
}
