package handlers_test

import (
	"testing"

	"github.com/google/uuid"

	"payaid/internal/activity"
	"payaid/internal/crm"
)

const activitiesPath = "/api/v1/activities"

// logged adds an activity of the owner's to a new contact of theirs.
func (w *world) logged(t testing.TB, in activity.Input) activity.Activity {
	t.Helper()
	if in.ContactID == nil && in.CompanyID == nil {
		c := w.contact(t, w.owner, crm.ContactInput{FirstName: "Vikram", LastName: "Iyer"})
		in.ContactID = &c.ID
	}
	a, err := w.activity.Log(t.Context(), w.principal(t, w.owner), in)
	ok(t, err)
	return a
}

// ofActivity gives the address of a new activity of the owner's, and suffix.
func ofActivity(prefix, suffix string) target {
	return func(t *testing.T, w *world) string {
		return prefix + w.logged(t, activity.Input{Type: activity.Call, Subject: "Asked for prices", Body: "Wants 200 <b>pieces</b>."}).ID.String() + suffix
	}
}

func trashedActivity(prefix string) target {
	return func(t *testing.T, w *world) string {
		a := w.logged(t, activity.Input{Body: "x"})
		_, err := w.activity.Delete(t.Context(), w.principal(t, w.owner), a.ID, nil)
		ok(t, err)
		return prefix + a.ID.String() + "/restore"
	}
}

// changedActivity gives the address of an activity that was changed after it was opened.
func changedActivity(t *testing.T, w *world) string {
	a := w.logged(t, activity.Input{Body: "x"})
	theirs := "theirs"
	_, err := w.activity.Update(t.Context(), w.principal(t, w.owner), a.ID, activity.Patch{Body: &theirs}, nil)
	ok(t, err)
	return "/activities/" + a.ID.String()
}

func ofComment(prefix, suffix string) target {
	return func(t *testing.T, w *world) string {
		a := w.logged(t, activity.Input{Body: "x"})
		c, err := w.activity.AddComment(t.Context(), w.principal(t, w.owner), a.ID, "Well done")
		ok(t, err)
		return prefix + a.ID.String() + "/comments/" + c.ID.String() + suffix
	}
}

// about sends a form about a new contact of the owner's.
func about(fields ...string) body {
	return func(t *testing.T, w *world, b *browser) (string, string) {
		id := w.contact(t, w.owner, crm.ContactInput{FirstName: "Vikram"}).ID.String()
		return form(append([]string{"contactId", id}, fields...)...)(t, w, b)
	}
}

func aboutJSON(rest string) body {
	return func(t *testing.T, w *world, b *browser) (string, string) {
		id := w.contact(t, w.owner, crm.ContactInput{FirstName: "Vikram"}).ID.String()
		return jsonBody(`{"contactId":"`+id+`",`+rest+`}`)(t, w, b)
	}
}

func newActivityView(suffix string) target {
	return func(t *testing.T, w *world) string {
		v, err := w.crm.CreateView(t.Context(), w.principal(t, w.admin), crm.ViewInput{Entity: activity.Entity, Name: "View " + uuid.NewString(), Shared: true, Filter: "type:call"})
		ok(t, err)
		return "/activities/views/" + v.ID.String() + suffix
	}
}

var (
	oneActivity    = ofActivity("/activities/", "")
	oneAPIActivity = ofActivity(activitiesPath+"/", "")
	pageComment    = ofComment("/activities/", "/delete")
	apiComment     = ofComment(activitiesPath+"/", "")
)

var activityScenarios = []scenario{
	{route: "GET /activities", name: "ok", as: asOwner, path: at("/activities?view=all"), status: okay, wants: []string{"<!doctype html>", "<title>Activities · PayAid</title>", `id="results"`, "Export", `aria-current="page"`}},
	{route: "GET /activities", name: "part", as: asOwner, headers: htmx("HX-Current-URL", "http://example.com/activities"), path: at("/activities?q=&sort=occurredAt"), status: okay, wants: []string{`id="results"`}, lacks: []string{"<!doctype"}, check: header("HX-Push-Url", "/activities?sort=occurredAt")},
	{route: "GET /activities", name: "anonymous", status: seeOther},
	{route: "GET /activities", name: "no right", as: withKey, status: forbidden},
	{route: "GET /activities", name: "other business", as: asStranger, status: okay, wants: []string{"No activities yet"}},
	{route: "GET /activities", name: "without the right to export", as: asMember, status: okay, lacks: []string{"/activities/export.csv"}},
	{route: "GET /activities", name: "invalid", as: asOwner, path: at("/activities?sort=shoe"), status: unprocessable, wants: []string{"Sort by one of occurredAt"}},
	{route: "GET /activities", name: "filter that cannot be read", as: asOwner, path: at("/activities?filter=stage:customer"), status: badInput},
	{route: "GET /activities", name: "no match", as: asOwner, path: at("/activities?q=zzzzz"), status: okay, wants: []string{"No activity matches"}},
	{route: "GET /activities/filter", name: "ok", as: asOwner, path: at("/activities/filter?field=author"), status: okay, wants: []string{"Filter by author", "Meera Joshi"}},
	{route: "GET /activities/filter", name: "anonymous", status: seeOther},
	{route: "GET /activities/filter", name: "no right", as: withKey, status: forbidden},
	{route: "GET /activities/filter", name: "invalid", as: asOwner, path: at("/activities/filter?field=shoe"), status: notFound},
	{route: "GET /activities/export.csv", name: "ok", as: asOwner, status: okay, wants: []string{"\ufeffWhen,Type,Subject"}, check: header("Content-Type", "text/csv; charset=utf-8")},
	{route: "GET /activities/export.csv", name: "anonymous", status: seeOther},
	{route: "GET /activities/export.csv", name: "no right", as: asMember, status: forbidden, wants: []string{"activities:export"}},
	{route: "GET /activities/export.csv", name: "invalid", as: asOwner, path: at("/activities/export.csv?format=vcard"), status: unprocessable},
	{route: "GET /activities/views/new", name: "ok", as: asOwner, path: at("/activities/views/new?filter=type:call"), status: okay, wants: []string{`action="/activities/views"`}},
	{route: "GET /activities/views/new", name: "anonymous", status: seeOther},
	{route: "GET /activities/views/new", name: "no right", as: withKey, status: forbidden},
	{route: "GET /activities/views/new", name: "invalid", as: asOwner, path: at("/activities/views/new?filter=stage:x"), status: badInput},
	{route: "POST /activities/views", name: "ok", as: asAdmin, send: form("name", "Calls", "filter", "type:call", "shared", "on"), status: seeOther, check: location("/activities?filter=type:call&view=")},
	{route: "POST /activities/views", name: "invalid", as: asOwner, send: form("name", " "), status: unprocessable},
	{route: "POST /activities/views", name: "anonymous", send: form("name", "x"), status: unauthorized},
	{route: "POST /activities/views", name: "no right", as: withKey, send: form("name", "x"), status: forbidden},
	{route: "POST /activities/views/:id", name: "ok", as: asOwner, path: newActivityView(""), send: form("version", "1", "filter", "type:sms"), status: seeOther, check: location("/activities?filter=type:sms&view=")},
	{route: "POST /activities/views/:id", name: "invalid", as: asOwner, path: newActivityView(""), send: form("version", "1", "sort", "name"), status: unprocessable},
	{route: "POST /activities/views/:id", name: "anonymous", path: newActivityView(""), send: form("version", "1"), status: unauthorized},
	{route: "POST /activities/views/:id", name: "no right", as: asMember, path: newActivityView(""), send: form("version", "1"), status: forbidden},
	{route: "POST /activities/views/:id", name: "other tenant", as: asStranger, path: newActivityView(""), send: form("version", "1"), status: notFound},
	{route: "POST /activities/views/:id/default", name: "ok", as: asAdmin, path: newActivityView("/default"), send: form(), status: seeOther, check: location("/activities?filter=type:call&view=")},
	{route: "POST /activities/views/:id/default", name: "anonymous", path: newActivityView("/default"), send: form(), status: unauthorized},
	{route: "POST /activities/views/:id/default", name: "no right", as: withKey, path: newActivityView("/default"), send: form(), status: forbidden},
	{route: "POST /activities/views/:id/default", name: "other tenant", as: asStranger, path: newActivityView("/default"), send: form(), status: notFound},
	{route: "POST /activities/views/:id/delete", name: "ok", as: asOwner, path: newActivityView("/delete"), send: form(), status: seeOther, check: location("/activities?view=all")},
	{route: "POST /activities/views/:id/delete", name: "anonymous", path: newActivityView("/delete"), send: form(), status: unauthorized},
	{route: "POST /activities/views/:id/delete", name: "no right", as: asMember, path: newActivityView("/delete"), send: form(), status: forbidden},
	{route: "POST /activities/views/:id/delete", name: "other tenant", as: asStranger, path: newActivityView("/delete"), send: form(), status: notFound},
	{route: "POST /activities/settings", name: "ok", as: asManager, send: form("column", "type", "density", "compact", "size", "50"), status: seeOther, check: location("/activities")},
	{route: "POST /activities/settings", name: "invalid", as: asOwner, send: form("column", "shoe", "density", "compact", "size", "50"), status: unprocessable},
	{route: "POST /activities/settings", name: "anonymous", send: form("density", "compact"), status: unauthorized},
	{route: "POST /activities/settings", name: "no right", as: withKey, send: form("density", "compact"), status: forbidden},

	{route: "POST /activities", name: "ok", as: asOwner, send: about("type", "call", "body", "x"), status: seeOther, check: location("/contacts/")},
	{route: "POST /activities", name: "part", as: asOwner, headers: htmx(), send: about("type", "call", "body", "Rao <i>called</i>", "durationMinutes", "12", "outcome", "positive"), status: okay,
		wants: []string{`id="timeline"`, "Rao &lt;i&gt;called&lt;/i&gt;", "12 min", "Positive", "was logged", `hx-target="#fact-lastContactedAt"`}, lacks: []string{"<!doctype"}},
	{route: "POST /activities", name: "anonymous", send: form("contactId", uuid.NewString(), "body", "x"), status: unauthorized},
	{route: "POST /activities", name: "no right", as: withKey, send: form("contactId", uuid.NewString(), "body", "x"), status: forbidden},
	{route: "POST /activities", name: "invalid", as: asOwner, send: about("type", "fax", "durationMinutes", "0", "occurredAt", "2999-01-01T10:00"), status: unprocessable,
		wants: []string{"<!doctype html>", "Please correct 3 things.", "Write what happened.", "lies in the future", `href="#log-body"`}},
	{route: "POST /activities", name: "neither number nor time", as: asOwner, send: about("body", "x", "durationMinutes", "long", "occurredAt", "noon"), status: unprocessable, wants: []string{"Enter a whole number.", "Enter a day and a time."}},
	{route: "POST /activities", name: "about nothing", as: asOwner, send: form("body", "x"), status: badInput},
	{route: "POST /activities", name: "about somebody out of sight", as: asMember, send: about("body", "x"), status: notFound},
	{route: "POST /activities", name: "about another business's", as: asStranger, send: about("body", "x"), status: notFound},
	{route: "POST /activities", name: "mentions somebody who may not see", as: asOwner, send: about("body", "Ask @Kabir Nair"), status: unprocessable, wants: []string{"Kabir Nair may not see this record"}},

	{route: "GET /contacts/:id/timeline", name: "ok", as: asOwner, path: ofContact("/contacts/", "/timeline"), status: okay, wants: []string{"<!doctype html>", "Nothing has been noted yet.", "Log activity"}},
	{route: "GET /contacts/:id/timeline", name: "part", as: asOwner, headers: htmx(), path: ofContact("/contacts/", "/timeline?type=call"), status: okay, wants: []string{`id="timeline"`, "Nothing of this type"}, lacks: []string{"<!doctype"}},
	{route: "GET /contacts/:id/timeline", name: "anonymous", path: ofContact("/contacts/", "/timeline"), status: seeOther},
	{route: "GET /contacts/:id/timeline", name: "no right", as: asMember, path: ofContact("/contacts/", "/timeline"), status: notFound},
	{route: "GET /contacts/:id/timeline", name: "other tenant", as: asStranger, path: ofContact("/contacts/", "/timeline"), status: notFound},
	{route: "GET /contacts/:id/timeline", name: "invalid", as: asOwner, path: ofContact("/contacts/", "/timeline?type=fax"), status: badInput},
	{route: "GET /companies/:id/timeline", name: "ok", as: asOwner, path: ofCompany("/companies/", "/timeline"), status: okay, wants: []string{`name="companyId"`}},
	{route: "GET /companies/:id/timeline", name: "anonymous", path: ofCompany("/companies/", "/timeline"), status: seeOther},
	{route: "GET /companies/:id/timeline", name: "no right", as: asMember, path: ofCompany("/companies/", "/timeline"), status: notFound},
	{route: "GET /companies/:id/timeline", name: "other tenant", as: asStranger, path: ofCompany("/companies/", "/timeline"), status: notFound},
	{route: "GET /companies/:id/timeline", name: "invalid", as: asOwner, path: ofCompany("/companies/", "/timeline?cursor=nonsense"), status: unprocessable},
	{route: "GET /contacts/:id", name: "with its timeline", as: asOwner, path: ofContact("/contacts/", ""), status: okay, wants: []string{`id="timeline"`, `action="/activities"`}},
	{route: "GET /companies/:id", name: "with its timeline", as: asOwner, path: oneCompany, status: okay, wants: []string{`id="timeline"`}},

	{route: "GET /activities/:id", name: "ok", as: asOwner, path: oneActivity, status: okay, wants: []string{"<!doctype html>", "Asked for prices", "Wants 200 &lt;b&gt;pieces", "Vikram Iyer", "/edit", "/delete"}},
	{route: "GET /activities/:id", name: "anonymous", path: oneActivity, status: seeOther},
	{route: "GET /activities/:id", name: "no right", as: asMember, path: oneActivity, status: notFound, lacks: []string{"prices"}},
	{route: "GET /activities/:id", name: "not to be changed", as: asManager, path: oneActivity, status: okay, lacks: []string{"/edit", "/delete"}},
	{route: "GET /activities/:id", name: "other tenant", as: asStranger, path: oneActivity, status: notFound},
	{route: "GET /activities/:id", name: "invalid", as: asOwner, path: at("/activities/nonsense"), status: notFound},
	{route: "GET /activities/:id/edit", name: "ok", as: asOwner, path: ofActivity("/activities/", "/edit"), status: okay, wants: []string{`name="version" value="1"`, "Edit call"}},
	{route: "GET /activities/:id/edit", name: "anonymous", path: ofActivity("/activities/", "/edit"), status: seeOther},
	{route: "GET /activities/:id/edit", name: "no right", as: asManager, path: ofActivity("/activities/", "/edit"), status: forbidden},
	{route: "GET /activities/:id/edit", name: "other tenant", as: asStranger, path: ofActivity("/activities/", "/edit"), status: notFound},
	{route: "GET /activities/:id/edit", name: "invalid", as: asOwner, path: at("/activities/nonsense/edit"), status: notFound},
	{route: "POST /activities/:id", name: "ok", as: asOwner, path: oneActivity, send: form("version", "1", "type", "sms", "body", "y"), status: seeOther, check: location("/activities/")},
	{route: "POST /activities/:id", name: "part", as: asOwner, headers: htmx(), path: oneActivity, send: form("version", "1", "type", "sms", "body", "y"), status: okay, wants: []string{"was saved"}, check: header("HX-Trigger", "closeModal, activitiesChanged")},
	{route: "POST /activities/:id", name: "anonymous", path: oneActivity, send: form("version", "1"), status: unauthorized},
	{route: "POST /activities/:id", name: "no right", as: asManager, path: oneActivity, send: form("version", "1", "type", "sms", "body", "y"), status: forbidden, wants: []string{"Asha Shah wrote it"}},
	{route: "POST /activities/:id", name: "other tenant", as: asStranger, path: oneActivity, send: form("version", "1", "type", "sms", "body", "y"), status: notFound},
	{route: "POST /activities/:id", name: "invalid", as: asOwner, path: oneActivity, send: form("version", "1", "type", "sms", "body", ""), status: unprocessable, wants: []string{"Write what happened."}},
	{route: "POST /activities/:id", name: "somebody was quicker", as: asOwner, path: changedActivity, send: form("version", "1", "type", "sms", "body", "mine"), status: 409, wants: []string{"Somebody changed this activity", `name="version" value="2"`, "mine"}},
	{route: "POST /activities/:id/delete", name: "ok", as: asOwner, path: ofActivity("/activities/", "/delete"), send: form(), status: seeOther, check: location("/activities?done=deleted&id=")},
	{route: "POST /activities/:id/delete", name: "part", as: asOwner, headers: htmx(), path: ofActivity("/activities/", "/delete"), send: form(), status: okay, wants: []string{"was deleted", "/restore"}, check: header("HX-Trigger", "activitiesChanged")},
	{route: "POST /activities/:id/delete", name: "anonymous", path: ofActivity("/activities/", "/delete"), send: form(), status: unauthorized},
	{route: "POST /activities/:id/delete", name: "no right", as: asManager, path: ofActivity("/activities/", "/delete"), send: form(), status: forbidden},
	{route: "POST /activities/:id/delete", name: "other tenant", as: asStranger, path: ofActivity("/activities/", "/delete"), send: form(), status: notFound},
	{route: "POST /activities/:id/restore", name: "ok", as: asOwner, path: trashedActivity("/activities/"), send: form(), status: seeOther, check: location("/activities/")},
	{route: "POST /activities/:id/restore", name: "anonymous", path: trashedActivity("/activities/"), send: form(), status: unauthorized},
	{route: "POST /activities/:id/restore", name: "no right", as: asManager, path: trashedActivity("/activities/"), send: form(), status: forbidden},
	{route: "POST /activities/:id/restore", name: "other tenant", as: asStranger, path: trashedActivity("/activities/"), send: form(), status: notFound},
	{route: "POST /activities/:id/comments", name: "ok", as: asManager, path: ofActivity("/activities/", "/comments"), send: form("comment", "Well done"), status: seeOther, check: location("/activities/")},
	{route: "POST /activities/:id/comments", name: "part", as: asManager, headers: htmx(), path: ofActivity("/activities/", "/comments"), send: form("comment", "Well done"), status: okay, check: header("HX-Trigger", "activitiesChanged")},
	{route: "POST /activities/:id/comments", name: "anonymous", path: ofActivity("/activities/", "/comments"), send: form("comment", "x"), status: unauthorized},
	{route: "POST /activities/:id/comments", name: "no right", as: asMember, path: ofActivity("/activities/", "/comments"), send: form("comment", "x"), status: notFound},
	{route: "POST /activities/:id/comments", name: "other tenant", as: asStranger, path: ofActivity("/activities/", "/comments"), send: form("comment", "x"), status: notFound},
	{route: "POST /activities/:id/comments", name: "invalid", as: asOwner, path: ofActivity("/activities/", "/comments"), send: form("comment", " "), status: unprocessable},
	{route: "POST /activities/:id/comments/:comment/delete", name: "ok", as: asOwner, path: pageComment, send: form(), status: seeOther, check: location("/activities/")},
	{route: "POST /activities/:id/comments/:comment/delete", name: "anonymous", path: pageComment, send: form(), status: unauthorized},
	{route: "POST /activities/:id/comments/:comment/delete", name: "no right", as: asManager, path: pageComment, send: form(), status: forbidden},
	{route: "POST /activities/:id/comments/:comment/delete", name: "other tenant", as: asStranger, path: pageComment, send: form(), status: notFound},
	{route: "POST /activities/:id/comments/:comment/delete", name: "invalid", as: asOwner, path: ofActivity("/activities/", "/comments/nonsense/delete"), send: form(), status: notFound},

	{route: "GET /api/v1/activities", name: "ok", as: withKey, status: okay, wants: []string{`"data":[`, `"nextCursor"`}},
	{route: "GET /api/v1/activities", name: "of one contact", as: withKey, path: at("/api/v1/activities?contactId=" + uuid.NewString()), status: okay, wants: []string{`"data":[]`}},
	{route: "GET /api/v1/activities", name: "anonymous", status: unauthorized, wants: notSignedIn},
	{route: "GET /api/v1/activities", name: "no right", as: readKey, status: forbidden, wants: noRight},
	{route: "GET /api/v1/activities", name: "other tenant", as: otherKey, status: okay, wants: []string{`"data":[]`}},
	{route: "GET /api/v1/activities", name: "invalid", as: withKey, path: at("/api/v1/activities?limit=1000"), status: unprocessable, wants: badValue},
	{route: "GET /api/v1/activities/export", name: "ok", as: withKey, status: okay, wants: []string{"\ufeffWhen,Type"}},
	{route: "GET /api/v1/activities/export", name: "anonymous", status: unauthorized, wants: notSignedIn},
	{route: "GET /api/v1/activities/export", name: "no right", as: readKey, status: forbidden, wants: noRight},
	{route: "GET /api/v1/activities/export", name: "invalid", as: withKey, path: at("/api/v1/activities/export?format=pdf"), status: unprocessable, wants: badValue},
	{route: "POST /api/v1/activities", name: "ok", as: withKey, send: aboutJSON(`"type":"call","subject":"Asked for prices","durationMinutes":12`), status: created, wants: []string{`"type":"call"`, `"contact":"Vikram"`, `"durationMinutes":12`, `"author":"test"`}},
	{route: "POST /api/v1/activities", name: "anonymous", send: jsonBody(`{}`), status: unauthorized, wants: notSignedIn},
	{route: "POST /api/v1/activities", name: "no right", as: readKey, send: jsonBody(`{"body":"x"}`), status: forbidden, wants: noRight},
	{route: "POST /api/v1/activities", name: "other tenant", as: otherKey, send: aboutJSON(`"body":"x"`), status: unprocessable, wants: badValue},
	{route: "POST /api/v1/activities", name: "invalid", as: withKey, send: jsonBody(`{"type":"fax"}`), status: unprocessable, wants: []string{`"field":"type"`, `"field":"body"`, `"field":"contactId"`}},
	{route: "GET /api/v1/activities/:id", name: "ok", as: withKey, path: oneAPIActivity, status: okay, wants: []string{`"comments":[]`, `"subject":"Asked for prices"`}},
	{route: "GET /api/v1/activities/:id", name: "anonymous", path: oneAPIActivity, status: unauthorized, wants: notSignedIn},
	{route: "GET /api/v1/activities/:id", name: "no right", as: readKey, path: oneAPIActivity, status: forbidden, wants: noRight},
	{route: "GET /api/v1/activities/:id", name: "other tenant", as: otherKey, path: oneAPIActivity, status: notFound, wants: nothing},
	{route: "GET /api/v1/activities/:id", name: "invalid", as: withKey, path: at("/api/v1/activities/nonsense"), status: notFound, wants: nothing},
	{route: "PATCH /api/v1/activities/:id", name: "ok", as: withKey, path: oneAPIActivity, send: jsonBody(`{"outcome":"positive"}`), status: okay, wants: []string{`"outcome":"positive"`, `"subject":"Asked for prices"`}},
	{route: "PATCH /api/v1/activities/:id", name: "anonymous", path: oneAPIActivity, send: jsonBody(`{}`), status: unauthorized, wants: notSignedIn},
	{route: "PATCH /api/v1/activities/:id", name: "no right", as: readKey, path: oneAPIActivity, send: jsonBody(`{}`), status: forbidden, wants: noRight},
	{route: "PATCH /api/v1/activities/:id", name: "other tenant", as: otherKey, path: oneAPIActivity, send: jsonBody(`{"body":"x"}`), status: notFound, wants: nothing},
	{route: "PATCH /api/v1/activities/:id", name: "invalid", as: withKey, path: oneAPIActivity, send: jsonBody(`{"outcome":"splendid"}`), status: unprocessable, wants: badValue},
	{route: "DELETE /api/v1/activities/:id", name: "ok", as: withKey, path: oneAPIActivity, status: okay, wants: []string{`"deletedAt":"20`}},
	{route: "DELETE /api/v1/activities/:id", name: "anonymous", path: oneAPIActivity, status: unauthorized, wants: notSignedIn},
	{route: "DELETE /api/v1/activities/:id", name: "no right", as: readKey, path: oneAPIActivity, status: forbidden, wants: noRight},
	{route: "DELETE /api/v1/activities/:id", name: "other tenant", as: otherKey, path: oneAPIActivity, status: notFound, wants: nothing},
	{route: "DELETE /api/v1/activities/:id", name: "invalid", as: withKey, path: oneAPIActivity, headers: []string{"If-Match", `"1","2"`}, status: badInput, wants: errorCode("INVALID_INPUT")},
	{route: "POST /api/v1/activities/:id/restore", name: "ok", as: withKey, path: trashedActivity(activitiesPath + "/"), status: okay, wants: []string{`"deletedAt":null`}},
	{route: "POST /api/v1/activities/:id/restore", name: "anonymous", path: trashedActivity(activitiesPath + "/"), status: unauthorized, wants: notSignedIn},
	{route: "POST /api/v1/activities/:id/restore", name: "no right", as: readKey, path: trashedActivity(activitiesPath + "/"), status: forbidden, wants: noRight},
	{route: "POST /api/v1/activities/:id/restore", name: "other tenant", as: otherKey, path: trashedActivity(activitiesPath + "/"), status: notFound, wants: nothing},
	{route: "POST /api/v1/activities/:id/restore", name: "invalid", as: withKey, path: trashedActivity(activitiesPath + "/"), headers: []string{"If-Match", `"1","2"`}, status: badInput, wants: errorCode("INVALID_INPUT")},
	{route: "POST /api/v1/activities/:id/comments", name: "ok", as: withKey, path: ofActivity(activitiesPath+"/", "/comments"), send: jsonBody(`{"body":"Well done"}`), status: created, wants: []string{`"body":"Well done"`}},
	{route: "POST /api/v1/activities/:id/comments", name: "anonymous", path: ofActivity(activitiesPath+"/", "/comments"), send: jsonBody(`{}`), status: unauthorized, wants: notSignedIn},
	{route: "POST /api/v1/activities/:id/comments", name: "no right", as: readKey, path: ofActivity(activitiesPath+"/", "/comments"), send: jsonBody(`{"body":"x"}`), status: forbidden, wants: noRight},
	{route: "POST /api/v1/activities/:id/comments", name: "other tenant", as: otherKey, path: ofActivity(activitiesPath+"/", "/comments"), send: jsonBody(`{"body":"x"}`), status: notFound, wants: nothing},
	{route: "POST /api/v1/activities/:id/comments", name: "invalid", as: withKey, path: ofActivity(activitiesPath+"/", "/comments"), send: jsonBody(`{"body":" "}`), status: unprocessable, wants: badValue},
	{route: "DELETE /api/v1/activities/:id/comments/:comment", name: "ok", as: withKey, path: apiComment, status: okay, wants: []string{`"body":"Well done"`}},
	{route: "DELETE /api/v1/activities/:id/comments/:comment", name: "anonymous", path: apiComment, status: unauthorized, wants: notSignedIn},
	{route: "DELETE /api/v1/activities/:id/comments/:comment", name: "no right", as: readKey, path: apiComment, status: forbidden, wants: noRight},
	{route: "DELETE /api/v1/activities/:id/comments/:comment", name: "other tenant", as: otherKey, path: apiComment, status: notFound, wants: nothing},
	{route: "DELETE /api/v1/activities/:id/comments/:comment", name: "invalid", as: withKey, path: ofActivity(activitiesPath+"/", "/comments/nonsense"), status: notFound, wants: nothing},
	{route: "GET /api/v1/views", name: "of activities", as: withKey, path: at("/api/v1/views?entity=activities"), status: okay, wants: []string{`"entity":"activities"`}},
}
