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
		page, err := w.crm.ContactHistory(t.Context(), w.principal(t, w.owner), c.ID, "")
		ok(t, err)
		return "/contacts/" + c.ID.String() + "/history/" + page.Entries[0].ID.String() + suffix
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
}
