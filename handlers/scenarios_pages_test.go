package handlers_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"payaid/internal/change"
	"payaid/internal/crm"
)

const (
	seeOther      = http.StatusSeeOther
	unauthorized  = http.StatusUnauthorized
	forbidden     = http.StatusForbidden
	notFound      = http.StatusNotFound
	unprocessable = http.StatusUnprocessableEntity
	okay          = http.StatusOK
)

// location checks where a redirect leads.
func location(want string) func(*testing.T, *world, answer) {
	return func(t *testing.T, _ *world, a answer) {
		t.Helper()
		if got := a.header.Get("Location"); !strings.HasPrefix(got, want) {
			t.Errorf("leads to %q, want %q…", got, want)
		}
	}
}

// locationEnds is location for an address whose id is not known.
func locationEnds(want string) func(*testing.T, *world, answer) {
	return func(t *testing.T, _ *world, a answer) {
		t.Helper()
		if got := a.header.Get("Location"); !strings.HasSuffix(got, want) {
			t.Errorf("leads to %q, want …%q", got, want)
		}
	}
}

// header checks one header of the answer.
func header(name, want string) func(*testing.T, *world, answer) {
	return func(t *testing.T, _ *world, a answer) {
		t.Helper()
		if got := a.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

var publicScenarios = []scenario{
	{route: "GET /", name: "ok", as: asOwner, status: seeOther, check: location("/contacts")},
	{route: "GET /", name: "anonymous", status: seeOther, check: location("/login")},
	{route: "GET /login", name: "ok", as: asOwner, status: seeOther, check: location("/")},
	{route: "GET /login", name: "anonymous", status: okay, wants: []string{"<!doctype html>", `action="/login"`}, check: header("Cache-Control", "no-store")},
	{route: "POST /login", name: "ok", as: visitor, send: form("email", "Asha@example.in ", "password", password), status: seeOther, check: location("/")},
	{route: "POST /login", name: "anonymous", as: visitor, send: form("email", "nobody@example.in", "password", password), status: unauthorized, wants: []string{"do not belong together", `value="nobody@example.in"`}, lacks: []string{password}},
	{route: "POST /login", name: "invalid", as: visitor, send: form(), status: unprocessable, wants: []string{"Enter your e-mail.", "Enter your password."}},
	{route: "POST /login", name: "without a visit before", send: form("email", "asha@example.in", "password", password), status: forbidden},
	{route: "GET /login/again", name: "ok", as: asOwner, headers: htmx(), status: okay, wants: []string{"data-back=", "data-csrf="}},
	{route: "GET /login/again", name: "anonymous", headers: htmx(), path: at("/login/again?email=%3Cb%3E"), status: okay, wants: []string{`hx-post="/login/again"`, `value="&lt;b&gt;"`, "readonly"}, lacks: []string{"<!doctype", "data-back"}},
	{route: "GET /login/again", name: "as a page", status: seeOther, check: location("/login")},
	{route: "POST /login/again", name: "ok", as: visitor, headers: htmx(), send: form("email", "asha@example.in", "password", password), status: seeOther, check: location("/login/again")},
	{route: "POST /login/again", name: "anonymous", as: visitor, headers: htmx(), send: form("email", "asha@example.in", "password", "wrong"), status: unauthorized, wants: []string{"do not belong together", `value="asha@example.in"`}, lacks: []string{"wrong"}},
	{route: "POST /login/again", name: "invalid", as: visitor, headers: htmx(), send: form("email", "asha@example.in"), status: unprocessable, wants: []string{"Enter your password."}},
	{route: "POST /login/again", name: "without a visit before", headers: htmx(), send: form("email", "asha@example.in", "password", password), status: forbidden},
	{route: "POST /contacts", name: "token of an older session", as: asOwner, headers: htmx("X-CSRF-Token", "old"), send: form("firstName", "A"), status: unauthorized, lacks: []string{"hx-partial"}},
	{route: "POST /logout", name: "ok", as: fresh, send: form(), status: seeOther, check: location("/login?out=1")},
	{route: "POST /logout", name: "anonymous", status: unauthorized},
}

// staleForm is a form whose token belongs to a session that is over.
func staleForm(*testing.T, *world, *browser) (contentType, content string) {
	return "application/x-www-form-urlencoded", "_csrf=stale-token&firstName=Kept+text"
}

// visitor has seen the sign-in page.
func visitor(t *testing.T, w *world) *browser {
	b := w.visitor()
	b.get(t, "/login")
	return b
}

// fresh has a session of its own, which may end without others losing theirs.
func fresh(t *testing.T, w *world) *browser {
	b := visitor(t, w)
	b.signIn(t, w.owner.email, password)
	b.get(t, "/contacts")
	return b
}

var contactScenarios = []scenario{
	{route: "GET /contacts", name: "ok", as: asOwner, status: okay, wants: []string{"<!doctype html>", "<title>Contacts · PayAid</title>", `id="results"`, "Export"}},
	{route: "GET /contacts", name: "part", as: asOwner, headers: htmx("HX-Current-URL", "http://example.com/contacts"), path: at("/contacts?q=&stage=&status=&sort=-name"), status: okay, wants: []string{`id="results"`}, lacks: []string{"<!doctype", "<title>"}, check: header("HX-Push-Url", "/contacts?sort=-name")},
	{route: "GET /contacts", name: "part that is there already", as: asOwner, headers: htmx("HX-Current-URL", "http://example.com/contacts?sort=-name"), path: at("/contacts?sort=-name"), status: okay, check: header("HX-Push-Url", "false")},
	{route: "GET /contacts", name: "restored from the history", as: asOwner, headers: htmx("HX-History-Restore-Request", "true"), status: okay, wants: []string{"<!doctype html>"}},
	{route: "GET /contacts", name: "anonymous", path: at("/contacts?q=a&stage=customer"), status: seeOther, check: location("/login?next=%2Fcontacts%3Fq%3Da%26stage%3Dcustomer")},
	{route: "GET /contacts", name: "anonymous part", headers: htmx(), status: unauthorized, check: header("HX-Redirect", "")},
	{route: "GET /contacts", name: "no right", as: withKey, status: forbidden},
	{route: "GET /contacts", name: "without the right to export", as: asMember, status: okay, lacks: []string{"/contacts/export.csv"}},
	{route: "GET /contacts", name: "invalid", as: asOwner, path: at("/contacts?stage=nonsense&sort=shoe"), status: unprocessable, wants: []string{"Choose one of prospect, contact, customer.", "Sort by one of name"}},
	{route: "GET /contacts", name: "invalid place", as: asOwner, path: at("/contacts?cursor=nonsense"), status: unprocessable, wants: []string{"Start again from the first page."}},
	{route: "GET /contacts", name: "no match", as: asOwner, path: at("/contacts?q=zzzzz"), status: okay, wants: []string{"No contact matches", "Clear filters"}},
	{route: "GET /contacts", name: "filtered", as: asOwner, path: at("/contacts?filter=stage:customer+-tag:%22old+friend%22&status=active"), status: okay, wants: []string{"Stage: Customer", "Not Tag: old friend", "Status: Active", `value="status:active stage:customer -tag:&#34;old friend&#34;"`}},
	{route: "GET /contacts", name: "filter that cannot be read", as: asOwner, path: at("/contacts?filter=city:pune"), status: http.StatusBadRequest, wants: []string{"The filter cannot be read.", "There is no field &#34;city&#34;"}},
	{route: "GET /contacts", name: "one condition more", as: asOwner, path: at("/contacts?q=a&filter=stage:customer&field=leadScore&from=50&to=&not=on"), status: seeOther, check: location("/contacts?filter=stage:customer+-leadScore:50..&q=a")},
	{route: "GET /contacts", name: "words for a condition", as: asOwner, path: at("/contacts?field=tag&text=vip,+None"), status: seeOther, check: location("/contacts?filter=tag:%22vip%22,%22None%22")},
	{route: "GET /contacts", name: "condition that says nothing", as: asOwner, path: at("/contacts?field=stage"), status: seeOther, check: location("/contacts")},
	{route: "GET /contacts", name: "condition that means nothing", as: asOwner, path: at("/contacts?field=stage&value=friend"), status: http.StatusBadRequest},
	{route: "GET /contacts/filter", name: "ok", as: asOwner, path: at("/contacts/filter?field=stage&filter=tag:vip"), status: okay, wants: []string{"<!doctype html>", "Filter by stage", `value="customer"`, `name="filter" value="tag:vip"`}},
	{route: "GET /contacts/filter", name: "part", as: asOwner, headers: htmx(), path: at("/contacts/filter?field=owner"), status: okay, wants: []string{`value="me"`, `value="asha@example.in"`}, lacks: []string{"<!doctype"}},
	{route: "GET /contacts/filter", name: "other business", as: asStranger, path: at("/contacts/filter?field=owner"), status: okay, lacks: []string{"asha@example.in"}},
	{route: "GET /contacts/filter", name: "no such field", as: asOwner, path: at("/contacts/filter?field=password"), status: notFound},
	{route: "GET /contacts/filter", name: "invalid", as: asOwner, path: at("/contacts/filter?field=stage&filter=("), status: http.StatusBadRequest},
	{route: "GET /contacts/filter", name: "anonymous", status: seeOther},
	{route: "GET /contacts/filter", name: "no right", as: withKey, status: forbidden},
	{route: "GET /contacts", name: "other business", as: asStranger, status: okay, wants: []string{"No contacts yet", "/imports/new"}, lacks: []string{"Vikram"}},

	{route: "GET /contacts/new", name: "ok", as: asOwner, status: okay, wants: []string{"<!doctype html>", `action="/contacts"`, `name="ownerId"`, `name="_csrf"`}},
	{route: "GET /contacts/new", name: "part", as: asOwner, headers: htmx(), status: okay, wants: []string{`hx-post="/contacts"`, `hx-status:422`}, lacks: []string{"<!doctype"}},
	{route: "GET /contacts/new", name: "anonymous", status: seeOther},
	{route: "GET /contacts/new", name: "no right", as: readKey, status: forbidden},
	{route: "GET /contacts/new", name: "member keeps what is new", as: asMember, status: okay, lacks: []string{`name="ownerId"`}},

	{route: "POST /contacts", name: "ok", as: asOwner, send: form("firstName", "Diya", "lastName", "Bose", "tags", "vip, north"), status: seeOther, check: location("/contacts/")},
	{route: "POST /contacts", name: "part", as: asOwner, headers: htmx(), send: form("firstName", "Rahul <b>", "company", "Aravalli Steel"), status: okay, wants: []string{"Rahul &lt;b&gt; was added.", `hx-target="#toaster"`}, check: header("HX-Trigger", "closeModal, contactsChanged")},
	{route: "POST /contacts", name: "anonymous", send: form("firstName", "Typed <b>", "password", "hunter2"), status: unauthorized, wants: []string{"This was not saved", "What you typed", "Typed &lt;b&gt;", `href="/login"`}, lacks: []string{"hunter2", "_csrf"}},
	{route: "POST /contacts", name: "anonymous from another site", headers: []string{"Sec-Fetch-Site", "cross-site"}, send: form("firstName", "Typed"), status: unauthorized, lacks: []string{"Typed"}},
	{route: "POST /contacts", name: "token of an older session, plainly", as: asOwner, send: staleForm, status: forbidden, wants: []string{"too old to be sent", "What you typed", "Kept text"}, lacks: []string{"stale-token"}},
	{route: "POST /contacts", name: "no right", as: readKey, send: form("firstName", "A"), status: forbidden},
	{route: "POST /contacts", name: "invalid", as: asOwner, send: form("firstName", "Imran", "email", "nonsense", "phone", "12", "gstin", "bad"), status: unprocessable,
		wants: []string{"<!doctype html>", "Please correct 3 things.", "does not look like an e-mail", "does not look like a phone", `id="gstin-err"`, `value="Imran"`, `value="nonsense"`, "<details class=\"more\" open"}},
	{route: "POST /contacts", name: "invalid part", as: asOwner, headers: htmx(), send: form(), status: unprocessable, wants: []string{"Enter a name, an e-mail or a phone number.", "data-focus"}, lacks: []string{"<!doctype", "<details class=\"more\" open"}},
	{route: "POST /contacts", name: "invalid owner", as: asOwner, send: form("firstName", "A", "ownerId", "nonsense"), status: unprocessable, wants: []string{"Choose a person from the list."}},
	{route: "POST /contacts", name: "owner of another business", as: asOwner, send: ownedByStranger, status: unprocessable, wants: []string{"does not belong to the business"}},
	{route: "POST /contacts", name: "text that cannot be stored", as: asOwner, send: form("firstName", "A\x00", "company", "B\x00"), status: unprocessable, wants: []string{"characters that cannot be stored", `id="company-err"`}},
	{route: "POST /contacts", name: "taken e-mail", as: asOwner, headers: htmx(), send: takenEmail, status: http.StatusConflict, wants: []string{"Another contact already has this e-mail address.", `aria-invalid="true"`}},

	{route: "GET /contacts/export.csv", name: "ok", as: asOwner, status: okay, wants: []string{"\ufeffFirst name,Last name,Email"}, check: header("Content-Type", "text/csv; charset=utf-8")},
	{route: "GET /contacts/export.csv", name: "XLSX", as: asOwner, path: at("/contacts/export.csv?format=xlsx"), status: okay, wants: []string{"PK\x03\x04", "xl/worksheets/sheet1.xml"}, check: header("Content-Type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")},
	{route: "GET /contacts/export.csv", name: "anonymous", status: seeOther},
	{route: "GET /contacts/export.csv", name: "no right", as: asMember, status: forbidden, wants: []string{"contacts:export"}},
	{route: "GET /contacts/export.csv", name: "invalid", as: asOwner, path: at("/contacts/export.csv?stage=nonsense"), status: unprocessable, wants: []string{"<!doctype html>"}, check: header("Content-Disposition", "")},

	{route: "GET /contacts/companies", name: "ok", as: asOwner, path: companyNamed("Nilgiri Textiles", "/contacts/companies?q=nilgiri"), status: okay, wants: []string{`<option value="Nilgiri Textiles">`}},
	{route: "GET /contacts/companies", name: "by the name of the field", as: asOwner, path: companyNamed("Deccan Instruments", "/contacts/companies?company=decc"), status: okay, wants: []string{"Deccan Instruments"}},
	{route: "GET /contacts/companies", name: "other business", as: asStranger, path: companyNamed("Malabar Spices Co", "/contacts/companies?q="), status: okay, lacks: []string{"Malabar"}},
	{route: "GET /contacts/companies", name: "text that cannot be searched", as: asOwner, path: at("/contacts/companies?q=%00"), status: unprocessable},
	{route: "GET /contacts/companies", name: "anonymous", status: seeOther},
	{route: "GET /contacts/companies", name: "no right", as: withKey, status: forbidden},

	{route: "GET /contacts/:id", name: "ok", as: asOwner, path: ofContact("/contacts/", ""), status: okay, wants: []string{"<title>Vikram Iyer · Contacts · PayAid</title>", `href="mailto:`, "/edit", "/delete"}},
	{route: "GET /contacts/:id", name: "part", as: asOwner, headers: htmx(), path: ofContact("/contacts/", ""), status: okay, wants: []string{`id="record"`}, lacks: []string{"<!doctype"}},
	{route: "GET /contacts/:id", name: "anonymous", path: ofContact("/contacts/", ""), status: seeOther},
	{route: "GET /contacts/:id", name: "no right", as: asMember, path: ofContact("/contacts/", ""), status: notFound, lacks: []string{"Vikram"}},
	{route: "GET /contacts/:id", name: "other tenant", as: asStranger, path: ofContact("/contacts/", ""), status: notFound, lacks: []string{"Vikram"}},
	{route: "GET /contacts/:id", name: "not to be changed", as: asManager, path: ofContact("/contacts/", ""), status: okay, wants: []string{"Vikram"}, lacks: []string{"/edit", "/delete"}},
	{route: "GET /contacts/:id", name: "no id", as: asOwner, path: at("/contacts/nonsense"), status: notFound},

	{route: "GET /contacts/:id/edit", name: "ok", as: asOwner, path: ofContact("/contacts/", "/edit"), status: okay, wants: []string{`name="version" value="1"`, `value="Vikram"`, `value="none"`}},
	{route: "GET /contacts/:id/edit", name: "part", as: asOwner, headers: htmx(), path: ofContact("/contacts/", "/edit"), status: okay, lacks: []string{"<!doctype"}},
	{route: "GET /contacts/:id/edit", name: "anonymous", path: ofContact("/contacts/", "/edit"), status: seeOther},
	{route: "GET /contacts/:id/edit", name: "no right", as: asManager, path: ofContact("/contacts/", "/edit"), status: forbidden},
	{route: "GET /contacts/:id/edit", name: "other tenant", as: asStranger, path: ofContact("/contacts/", "/edit"), status: notFound},

	{route: "POST /contacts/:id", name: "ok", as: asOwner, path: ofContact("/contacts/", ""), send: form("version", "1", "firstName", "Vikram", "jobTitle", "Buyer"), status: seeOther, check: location("/contacts/")},
	{route: "POST /contacts/:id", name: "part", as: asOwner, headers: htmx(), path: ofContact("/contacts/", ""), send: form("version", "1", "firstName", "Vikram", "jobTitle", "Buyer"), status: okay, wants: []string{`hx-target="#record"`, "Buyer", "Vikram Iyer was saved."}, check: header("HX-Trigger", "closeModal, recordChanged")},
	{route: "POST /contacts/:id", name: "anonymous", path: ofContact("/contacts/", ""), send: form("version", "1"), status: unauthorized},
	{route: "POST /contacts/:id", name: "no right", as: asManager, path: ofContact("/contacts/", ""), send: form("version", "1", "firstName", "B"), status: forbidden, wants: []string{"Ask its owner, Asha Shah."}},
	{route: "POST /contacts/:id", name: "other tenant", as: asStranger, path: ofContact("/contacts/", ""), send: form("version", "1", "firstName", "B"), status: notFound},
	{route: "POST /contacts/:id", name: "invalid", as: asOwner, path: ofContact("/contacts/", ""), send: form("version", "1", "firstName", "B", "nextFollowUp", "soon"), status: unprocessable, wants: []string{"Enter a date", "<details class=\"more\" open"}},
	{route: "POST /contacts/:id", name: "without a version", as: asOwner, path: ofContact("/contacts/", ""), send: form("firstName", "B"), status: http.StatusBadRequest},
	{route: "POST /contacts/:id", name: "stale", as: asOwner, path: changedContact, send: form("version", "1", "firstName", "Vikram", "notes", "mine"), status: http.StatusConflict,
		wants: []string{"Somebody else changed Notes", `name="theirs.notes" value="theirs"`, ">mine</textarea>", `name="version" value="2"`, "changed by "}},

	{route: "POST /contacts/:id/delete", name: "ok", as: asOwner, path: ofContact("/contacts/", "/delete"), send: form(), status: seeOther, check: location("/contacts?done=deleted&id=")},
	{route: "POST /contacts/:id/delete", name: "anonymous", path: ofContact("/contacts/", "/delete"), send: form(), status: unauthorized},
	{route: "POST /contacts/:id/delete", name: "no right", as: asManager, path: ofContact("/contacts/", "/delete"), send: form(), status: forbidden},
	{route: "POST /contacts/:id/delete", name: "other tenant", as: asStranger, path: ofContact("/contacts/", "/delete"), send: form(), status: notFound},

	{route: "POST /contacts/:id/restore", name: "ok", as: asOwner, path: deletedContact, send: form(), status: seeOther, check: location("/contacts/")},
	{route: "POST /contacts/:id/restore", name: "part", as: asOwner, headers: htmx(), path: deletedContact, send: form(), status: okay, wants: []string{"was restored."}, check: header("HX-Trigger", "contactsChanged")},
	{route: "POST /contacts/:id/restore", name: "anonymous", path: deletedContact, send: form(), status: unauthorized},
	{route: "POST /contacts/:id/restore", name: "no right", as: asManager, path: deletedContact, send: form(), status: forbidden},
	{route: "POST /contacts/:id/restore", name: "other tenant", as: asStranger, path: deletedContact, send: form(), status: notFound},
}

func ownedByStranger(t *testing.T, w *world, b *browser) (string, string) {
	return form("firstName", "A", "ownerId", w.stranger.id.String())(t, w, b)
}

func takenEmail(t *testing.T, w *world, b *browser) (string, string) {
	taken := w.contact(t, w.owner, crm.ContactInput{FirstName: "First"})
	return form("firstName", "Second", "email", taken.Email)(t, w, b)
}

func companyNamed(name, path string) target {
	return func(t *testing.T, w *world) string {
		w.contact(t, w.owner, crm.ContactInput{FirstName: "A", Company: name})
		return path
	}
}

func changedContact(t *testing.T, w *world) string {
	c := w.contact(t, w.owner, crm.ContactInput{FirstName: "Vikram"})
	theirs := "theirs"
	_, err := w.crm.UpdateContact(t.Context(), w.principal(t, w.owner), c.ID, crm.ContactPatch{Notes: &theirs}, nil)
	ok(t, err)
	return "/contacts/" + c.ID.String()
}

func deletedContact(t *testing.T, w *world) string {
	c := w.contact(t, w.owner, crm.ContactInput{FirstName: "Kavya"})
	_, err := w.crm.DeleteContact(t.Context(), w.principal(t, w.owner), c.ID, nil)
	ok(t, err)
	return "/contacts/" + c.ID.String() + "/restore"
}

var importScenarios = []scenario{
	{route: "GET /imports", name: "ok", as: asMember, status: okay, wants: []string{"<!doctype html>", "No imports yet"}},
	{route: "GET /imports", name: "part", as: asOwner, headers: htmx(), status: okay, lacks: []string{"<!doctype"}},
	{route: "GET /imports", name: "anonymous", status: seeOther},
	{route: "GET /imports", name: "no right", as: readKey, status: forbidden},
	{route: "GET /imports/new", name: "ok", as: asOwner, status: okay, wants: []string{`enctype="multipart/form-data"`, `type="file"`, "/imports/sample.csv"}},
	{route: "GET /imports/new", name: "anonymous", status: seeOther},
	{route: "GET /imports/new", name: "no right", as: readKey, status: forbidden},
	{route: "GET /imports/sample.csv", name: "ok", as: asOwner, status: okay, wants: []string{"First name,Last name"}},
	{route: "GET /imports/new", name: "companies", as: asOwner, path: at("/imports/new?entity=companies"), status: okay, wants: []string{"Import companies", `action="/imports?entity=companies"`, "/imports/sample.csv?entity=companies", `aria-current="true"`}},
	{route: "GET /imports/new", name: "invalid", as: asOwner, path: at("/imports/new?entity=shoes"), status: badInput},
	{route: "GET /imports/sample.csv", name: "companies", as: asOwner, path: at("/imports/sample.csv?entity=companies"), status: okay, wants: []string{"Name,Type,Industry,GSTIN"}},
	{route: "GET /imports/sample.csv", name: "of nothing", as: asOwner, path: at("/imports/sample.csv?entity=shoes"), status: notFound},
	{route: "POST /imports", name: "companies", as: asOwner, path: at("/imports?entity=companies"), send: upload("Account Name,GSTIN/UIN\nAravalli Steel,27AAPFU0939F1ZV\n"), status: seeOther, check: location("/imports/drafts/")},
	{route: "POST /imports", name: "no such entity", as: asOwner, path: at("/imports?entity=shoes"), send: upload("Name\nA\n"), status: badInput},
	{route: "GET /imports/drafts/:id", name: "companies", as: asOwner, path: companyDraft, status: okay, wants: []string{"The rows are companies.", "Will be added", "GSTIN: This is not a valid GSTIN", "Part of", "When a company with the same GSTIN"}},
	{route: "GET /imports/sample.csv", name: "anonymous", status: seeOther},
	{route: "GET /imports/sample.csv", name: "no right", as: readKey, status: forbidden},

	{route: "POST /imports", name: "ok", as: asOwner, send: upload("Name,Email\nA,a@up.in\n"), status: seeOther, check: location("/imports/drafts/")},
	{route: "POST /imports", name: "anonymous", send: upload("Name\nA\n"), status: unauthorized},
	{route: "POST /imports", name: "no right", as: readKey, send: upload("Name\nA\n"), status: forbidden},
	{route: "POST /imports", name: "invalid", as: asOwner, send: upload("%PDF-1.7\n"), status: unprocessable, wants: []string{"This is a PDF file.", `id="file-err"`}},
	{route: "POST /imports", name: "no file", as: asOwner, send: form("duplicates", "skip"), status: unprocessable, wants: []string{"Choose a file."}},

	{route: "GET /imports/drafts/:id", name: "ok", as: asOwner, path: ownDraft, status: okay, wants: []string{"Will be added", "Not taken", "E-mail: This does not look like an e-mail address.", `name="column.1"`, "Start the import"}},
	{route: "GET /imports/drafts/:id", name: "started", as: asOwner, path: startedDraft, status: seeOther, check: location("/imports/")},
	{route: "GET /imports/drafts/:id", name: "anonymous", path: ownDraft, status: seeOther},
	{route: "GET /imports/drafts/:id", name: "no right", as: readKey, path: ownDraft, status: forbidden},
	{route: "GET /imports/drafts/:id", name: "a colleague", as: asMember, path: ownDraft, status: notFound},
	{route: "GET /imports/drafts/:id", name: "other tenant", as: asStranger, path: ownDraft, status: notFound},
	{route: "POST /imports/drafts/:id", name: "ok", as: asOwner, path: ownDraft, send: form("action", "start", "duplicates", "update", "column.0", "name", "column.1", "email"), status: seeOther, check: location("/imports/")},
	{route: "POST /imports/drafts/:id", name: "another preview", as: asOwner, path: ownDraft, send: form("duplicates", "skip", "column.0", "firstName", "column.1", ""), status: okay, wants: []string{"Will be added"}, lacks: []string{"does not look like"}},
	{route: "POST /imports/drafts/:id", name: "anonymous", path: ownDraft, send: form("action", "start"), status: unauthorized},
	{route: "POST /imports/drafts/:id", name: "no right", as: readKey, path: ownDraft, send: form("action", "start"), status: forbidden},
	{route: "POST /imports/drafts/:id", name: "other tenant", as: asStranger, path: ownDraft, send: form("action", "start"), status: notFound},
	{route: "POST /imports/drafts/:id", name: "invalid", as: asOwner, path: ownDraft, send: form("action", "start", "column.0", "", "column.1", ""), status: unprocessable, wants: []string{"Choose a column for the name, the e-mail or the phone."}},
	{route: "GET /imports/:id/errors.csv", name: "ok", as: asOwner, path: runImport("/errors.csv"), status: okay, wants: []string{"Name,Email,Why it was not taken\r\nBad,nonsense,E-mail: This does not look like an e-mail address.\r\n"}},
	{route: "GET /imports/:id/errors.csv", name: "anonymous", path: runImport("/errors.csv"), status: seeOther},
	{route: "GET /imports/:id/errors.csv", name: "no right", as: asMember, path: runImport("/errors.csv"), status: notFound},
	{route: "GET /imports/:id/errors.csv", name: "other tenant", as: asStranger, path: runImport("/errors.csv"), status: notFound},
	{route: "POST /imports/:id/undo", name: "ok", as: asOwner, path: runImport("/undo"), send: form(), status: seeOther, check: location("/imports/")},
	{route: "POST /imports/:id/undo", name: "anonymous", path: runImport("/undo"), send: form(), status: unauthorized},
	{route: "POST /imports/:id/undo", name: "no right", as: readKey, path: runImport("/undo"), send: form(), status: forbidden},
	{route: "POST /imports/:id/undo", name: "other tenant", as: asStranger, path: runImport("/undo"), send: form(), status: notFound},
	{route: "POST /imports/:id/undo", name: "invalid", as: asOwner, path: waitingImport("/undo"), send: form(), status: unprocessable, wants: []string{"still at work"}},

	{route: "GET /imports/:id", name: "ok", as: asOwner, path: runImport(""), status: okay, wants: []string{"Completed", "Rows that were not taken", "E-mail: This does not look like an e-mail address.", "nonsense"}, lacks: []string{"hx-sse", "every 5s"}},
	{route: "GET /imports/:id", name: "more rows", as: asOwner, headers: htmx(), path: runImport("?after=2"), status: okay, wants: []string{"<tbody>"}, lacks: []string{"<!doctype", "nonsense"}},
	{route: "GET /imports/:id", name: "waiting", as: asOwner, path: waitingImport(""), status: okay, wants: []string{"Waiting", "hx-sse:connect", `hx-sse:close="done"`, "every 5s", "Refresh"}},
	{route: "GET /imports/:id", name: "anonymous", path: waitingImport(""), status: seeOther},
	{route: "GET /imports/:id", name: "no right", as: asMember, path: waitingImport(""), status: notFound},
	{route: "GET /imports/:id", name: "other tenant", as: asStranger, path: waitingImport(""), status: notFound},
	{route: "GET /imports/:id/events", name: "ok", as: asOwner, path: runImport("/events"), status: okay, wants: []string{"retry: 2000\n\n", "id: 1\ndata: <section", "\n\nevent: done\ndata: done\n\n"}, check: header("X-Accel-Buffering", "no")},
	{route: "GET /imports/:id/events", name: "anonymous", path: runImport("/events"), status: seeOther},
	{route: "GET /imports/:id/events", name: "no right", as: asMember, path: runImport("/events"), status: notFound},
	{route: "GET /imports/:id/events", name: "other tenant", as: asStranger, path: runImport("/events"), status: notFound},
}

// upload sends a file in a form, with more fields, names and values in turn.
func upload(content string, fields ...string) body {
	return func(t *testing.T, _ *world, b *browser) (string, string) {
		var buf bytes.Buffer
		m := multipart.NewWriter(&buf)
		for i := 0; i+1 < len(fields); i += 2 {
			ok(t, m.WriteField(fields[i], fields[i+1]))
		}
		ok(t, m.WriteField("_csrf", b.csrf))
		part, err := m.CreateFormFile("file", "people.csv")
		ok(t, err)
		_, err = part.Write([]byte(content))
		ok(t, err)
		ok(t, m.Close())
		return m.FormDataContentType(), buf.String()
	}
}

const importedCSV = "Name,Email\nBad,nonsense\nGood,\n"

// waitingImport gives the address of an import of the owner's that nobody works.
func waitingImport(suffix string) target {
	return func(t *testing.T, w *world) string { return "/imports/" + w.startImport(t).String() + suffix }
}

// runImport gives the address of an import of the owner's that is over.
func runImport(suffix string) target {
	return func(t *testing.T, w *world) string {
		id := w.startImport(t)
		w.workImport(t, id)
		return "/imports/" + id.String() + suffix
	}
}

// ownDraft gives the address of an upload of the owner's.
func ownDraft(t *testing.T, w *world) string { return "/imports/drafts/" + w.draft(t).ID.String() }

// companyDraft gives the address of an upload of the owner's with companies, of which one is none.
func companyDraft(t *testing.T, w *world) string {
	text := "Account Name,GSTIN/UIN,Parent Account\nDraft Steel,,\nDraft Tubes,nonsense,Draft Steel\n"
	d, err := w.crm.UploadImport(t.Context(), w.principal(t, w.owner), crm.ImportInput{
		FileName: "accounts.csv", Body: strings.NewReader(text), Size: int64(len(text)), Entity: crm.EntityCompanies,
	})
	ok(t, err)
	return "/imports/drafts/" + d.ID.String()
}

// startedDraft gives the address that an upload had before its import was started.
func startedDraft(t *testing.T, w *world) string {
	p := w.principal(t, w.owner)
	d, err := w.crm.ImportDraft(t.Context(), p, w.draft(t).ID)
	ok(t, err)
	_, err = w.crm.StartDraft(t.Context(), p, d)
	ok(t, err)
	return "/imports/drafts/" + d.ID.String()
}

func (w *world) draft(t testing.TB) crm.ImportDraft {
	t.Helper()
	d, err := w.crm.UploadImport(t.Context(), w.principal(t, w.owner), crm.ImportInput{
		FileName: "people.csv", Body: strings.NewReader(importedCSV), Size: int64(len(importedCSV)), Entity: crm.EntityContacts,
	})
	ok(t, err)
	return d
}

func (w *world) startImport(t testing.TB) uuid.UUID {
	t.Helper()
	i, err := w.crm.StartImport(t.Context(), w.principal(t, w.owner), crm.ImportInput{
		FileName: "people.csv", Body: strings.NewReader(importedCSV), Size: int64(len(importedCSV)), Entity: crm.EntityContacts,
	})
	ok(t, err)
	return i.ID
}

// workImport does what a job would.
func (w *world) workImport(t testing.TB, id uuid.UUID) {
	t.Helper()
	args := crm.ImportArgs{TenantID: w.home, ImportID: id, ActorKind: change.ActorUser, ActorID: w.owner.id}
	ok(t, w.crm.RunImport(t.Context(), args, true))
}
