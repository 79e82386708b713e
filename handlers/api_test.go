package handlers_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
)

const contactsPath = "/api/v1/contacts"

// contactBody is a contact as the API answers it, as far as the tests look.
type contactBody struct {
	Data struct {
		ID, FirstName, LastName, Email, Phone, Company, Notes, Stage, Status, GSTIN string
		Tags                                                                        []string
		LeadScore                                                                   int
		NextFollowUp, OwnerID, DeletedAt                                            *string
		Version                                                                     int64
	}
}

// listBody is a page of contacts.
type listBody struct {
	Data []struct{ ID, Name string }
	Meta struct {
		Limit                  int
		NextCursor, PrevCursor *string
		Total                  *int
		TotalCapped            *bool
	}
}

// errorBody is every error of the API.
type errorBody struct {
	Error struct {
		Code, Message, Timestamp, RequestID string
		Details                             []struct{ Field, Message string }
	}
}

// send sends JSON with the method; "" is no body.
func (b *browser) send(t testing.TB, method, path, body string, headers ...string) answer {
	t.Helper()
	contentType := ""
	if body != "" {
		contentType = fiber.MIMEApplicationJSON
	}
	return b.do(t, method, path, contentType, body, headers...)
}

func decode[T any](t testing.TB, a answer) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		t.Fatalf("status %d, not JSON: %v\n%s", a.status, err, a.body)
	}
	return v
}

// refused fails unless the answer is an error of this status and code in the
// documented form, naming exactly these fields in any order.
func (a answer) refused(t testing.TB, status int, code string, fields ...string) {
	t.Helper()
	e := decode[errorBody](t, a).Error
	var got []string
	for _, d := range e.Details {
		got = append(got, d.Field)
		if d.Message == "" {
			t.Errorf("%s is refused without a reason", d.Field)
		}
	}
	slices.Sort(got)
	slices.Sort(fields)
	if a.status != status || e.Code != code || !slices.Equal(got, fields) {
		t.Errorf("%d %s naming %q, want %d %s naming %q\n%s", a.status, e.Code, got, status, code, fields, a.body)
	}
	if e.RequestID == "" || e.RequestID != a.header.Get("X-Request-Id") || e.Message == "" || e.Timestamp == "" || !strings.Contains(a.body, `"details":[`) {
		t.Errorf("the error is not in the documented form: %s", a.body)
	}
	if got := a.header.Get("Content-Type"); !strings.HasPrefix(got, fiber.MIMEApplicationJSON) {
		t.Errorf("content type %q", got)
	}
}

func TestAPIContactLife(t *testing.T) {
	w := newWorld(t)
	api := w.program(w.ownerKey)

	created := api.send(t, http.MethodPost, contactsPath, `{"firstName":" Asha ","lastName":"Rao","email":"Asha@Example.in","phone":"98765 43210","company":"Rao Traders",
		"tags":["Wholesale","wholesale"],"leadScore":40,"nextFollowUp":"2026-12-01","gstin":"27AAPFU0939F1ZV"}`)
	created.is(t, http.StatusCreated)
	c := decode[contactBody](t, created).Data
	path := contactsPath + "/" + c.ID
	if c.FirstName != "Asha" || c.Email != "asha@example.in" || c.Phone != "+919876543210" || c.Company != "Rao Traders" || c.Stage != "prospect" ||
		!slices.Equal(c.Tags, []string{"wholesale"}) || c.LeadScore != 40 || c.NextFollowUp == nil || *c.NextFollowUp != "2026-12-01" || c.Version != 1 {
		t.Errorf("created %+v", c)
	}
	if created.header.Get("Location") != path || created.header.Get("ETag") != `"1"` {
		t.Errorf("headers of a new record: %v", created.header)
	}

	read := api.get(t, path)
	read.is(t, http.StatusOK)
	if read.body != created.body || read.header.Get("ETag") != `"1"` {
		t.Errorf("read %s\nafter %s", read.body, created.body)
	}

	changed := api.send(t, http.MethodPatch, path, `{"notes":"calls after five","nextFollowUp":null,"tags":null,"stage":"customer"}`)
	changed.is(t, http.StatusOK)
	now := decode[contactBody](t, changed).Data
	if now.Notes != "calls after five" || now.NextFollowUp != nil || len(now.Tags) != 0 || now.Stage != "customer" || now.Version != 2 {
		t.Errorf("changed %+v", now)
	}
	if now.Email != c.Email || now.Company != c.Company || now.LeadScore != c.LeadScore || now.GSTIN != c.GSTIN {
		t.Errorf("a field that was not sent changed: %+v", now)
	}

	deleted := api.send(t, http.MethodDelete, path, "")
	deleted.is(t, http.StatusOK)
	if decode[contactBody](t, deleted).Data.DeletedAt == nil {
		t.Errorf("deleted %s", deleted.body)
	}
	if again := api.send(t, http.MethodDelete, path, ""); again.status != http.StatusOK || again.body != deleted.body {
		t.Errorf("deleted again: %d %s", again.status, again.body)
	}
	api.get(t, path).refused(t, http.StatusNotFound, "NOT_FOUND")
	api.send(t, http.MethodPatch, path, `{"notes":"x"}`).refused(t, http.StatusNotFound, "NOT_FOUND")

	restored := api.send(t, http.MethodPost, path+"/restore", "")
	restored.is(t, http.StatusOK)
	if got := decode[contactBody](t, restored).Data; got.DeletedAt != nil || restored.header.Get("ETag") != api.get(t, path).header.Get("ETag") {
		t.Errorf("restored %+v", got)
	}
}

func TestAPIOwner(t *testing.T) {
	w := newWorld(t)
	member := w.as(t, w.member)
	token := []string{"X-CSRF-Token", member.csrf}
	created := member.send(t, http.MethodPost, contactsPath, `{"firstName":"Ravi"}`, token...)
	created.is(t, http.StatusCreated)
	c := decode[contactBody](t, created).Data
	if c.OwnerID == nil || *c.OwnerID != w.member.id.String() {
		t.Errorf("a new contact belongs to %v", c.OwnerID)
	}
	api := w.program(w.ownerKey)
	freed := api.send(t, http.MethodPatch, contactsPath+"/"+c.ID, `{"ownerId":null}`)
	freed.is(t, http.StatusOK)
	if got := decode[contactBody](t, freed).Data.OwnerID; got != nil {
		t.Errorf("the owner stayed: %v", *got)
	}
	api.send(t, http.MethodPatch, contactsPath+"/"+c.ID, `{"ownerId":"`+w.stranger.id.String()+`"}`).refused(t, http.StatusUnprocessableEntity, "VALIDATION_ERROR", "ownerId")
}

func TestAPIVersions(t *testing.T) {
	w := newWorld(t)
	api := w.program(w.ownerKey)
	path := contactsPath + "/" + decode[contactBody](t, api.send(t, http.MethodPost, contactsPath, `{"firstName":"Asha"}`)).Data.ID
	api.send(t, http.MethodPatch, path, `{"notes":"one"}`, "If-Match", `"1"`).is(t, http.StatusOK)

	for _, stale := range []struct{ method, path, body string }{
		{http.MethodPatch, path, `{"notes":"two"}`}, {http.MethodDelete, path, ""}, {http.MethodPost, path + "/restore", ""},
	} {
		for _, tag := range []string{`"1"`, `W/"1"`, `"not ours"`} {
			a := api.send(t, stale.method, stale.path, stale.body, "If-Match", tag)
			a.refused(t, http.StatusPreconditionFailed, "PRECONDITION_FAILED")
			if a.header.Get("ETag") != `"2"` {
				t.Errorf("%s with %s: the current version is %q", stale.method, tag, a.header.Get("ETag"))
			}
		}
	}
	api.send(t, http.MethodPatch, path, `{}`, "If-Match", `"1","2"`).refused(t, http.StatusBadRequest, "INVALID_INPUT")
	for i, tag := range []string{`W/"2"`, "*", ""} {
		a := api.send(t, http.MethodPatch, path, `{"notes":"`+strings.Repeat("x", i+1)+`"}`, "If-Match", tag)
		a.is(t, http.StatusOK)
	}

	// Reading again what one has costs no body.
	for _, path := range []string{path, contactsPath, contactsPath + "?q=asha", "/api/v1/companies", "/api/v1/imports"} {
		first := api.get(t, path)
		tag := first.header.Get("ETag")
		if first.status != http.StatusOK || tag == "" {
			t.Fatalf("%s: %d, ETag %q", path, first.status, tag)
		}
		for _, sent := range []string{tag, "W/" + tag, `"other", ` + tag, "*"} {
			again := api.get(t, path, "If-None-Match", sent)
			if again.status != http.StatusNotModified || again.body != "" || again.header.Get("ETag") != tag {
				t.Errorf("%s with %s: %d, ETag %q, %q", path, sent, again.status, again.header.Get("ETag"), again.body)
			}
		}
		api.get(t, path, "If-None-Match", `"0"`).is(t, http.StatusOK)
	}
	before := api.get(t, contactsPath).header.Get("ETag")
	api.send(t, http.MethodPatch, path, `{"notes":"news"}`).is(t, http.StatusOK)
	api.get(t, contactsPath, "If-None-Match", before).is(t, http.StatusOK)
}

func TestAPIIdempotency(t *testing.T) {
	w := newWorld(t)
	api := w.program(w.ownerKey)
	key := []string{"Idempotency-Key", "order-4711"}
	first := api.send(t, http.MethodPost, contactsPath, `{"firstName":"Asha","email":"asha@example.in"}`, key...)
	first.is(t, http.StatusCreated)
	again := api.send(t, http.MethodPost, contactsPath, `{"email":"asha@example.in", "firstName":"Asha"}`, key...)
	for _, name := range []string{"ETag", "Location"} {
		if again.header.Get(name) != first.header.Get(name) {
			t.Errorf("%s %q, at first %q", name, again.header.Get(name), first.header.Get(name))
		}
	}
	if again.status != first.status || again.body != first.body {
		t.Errorf("replayed %d %s\nat first %d %s", again.status, again.body, first.status, first.body)
	}
	api.send(t, http.MethodPost, contactsPath, `{"firstName":"Ravi"}`, key...).refused(t, http.StatusUnprocessableEntity, "VALIDATION_ERROR", "Idempotency-Key")
	api.send(t, http.MethodPost, contactsPath, `{"firstName":"Ravi"}`, "Idempotency-Key", strings.Repeat("k", 256)).refused(t, http.StatusUnprocessableEntity, "VALIDATION_ERROR", "Idempotency-Key")

	path := contactsPath + "/" + decode[contactBody](t, first).Data.ID
	patch := []string{"Idempotency-Key", "patch-1", "If-Match", `"1"`}
	changed := api.send(t, http.MethodPatch, path, `{"notes":"once"}`, patch...)
	changed.is(t, http.StatusOK)
	if replayed := api.send(t, http.MethodPatch, path, `{"notes":"once"}`, patch...); replayed.status != http.StatusOK || replayed.body != changed.body {
		t.Errorf("a repeated change answers %d %s", replayed.status, replayed.body)
	}
	// The same key in other hands is another key.
	w.program(w.otherKey).send(t, http.MethodPost, contactsPath, `{"firstName":"Zoya"}`, key...).is(t, http.StatusCreated)
	if total := decode[listBody](t, api.get(t, contactsPath)).Meta.Total; total == nil || *total != 1 {
		t.Errorf("%v contacts after repeated writes", total)
	}
}

func TestAPIPages(t *testing.T) {
	w := newWorld(t)
	seedContacts(t, w, 250)
	api := w.program(w.ownerKey)
	for _, sort := range []string{"", "-createdAt", "email", "-updatedAt"} {
		seen := map[string]bool{}
		var last listBody
		next := contactsPath + "?limit=40&sort=" + sort
		pages := 0
		for cursor := ""; ; pages++ {
			page := api.get(t, next+"&cursor="+cursor)
			page.is(t, http.StatusOK)
			last = decode[listBody](t, page)
			for _, c := range last.Data {
				if seen[c.ID] {
					t.Fatalf("sort %q: %s came twice", sort, c.Name)
				}
				seen[c.ID] = true
			}
			if last.Meta.Limit != 40 || last.Meta.Total == nil || *last.Meta.Total != 250 || last.Meta.TotalCapped == nil || *last.Meta.TotalCapped {
				t.Fatalf("sort %q: meta %+v", sort, last.Meta)
			}
			if last.Meta.NextCursor == nil {
				break
			}
			cursor = url.QueryEscape(*last.Meta.NextCursor)
		}
		if len(seen) != 250 || pages != 6 || len(last.Data) != 10 {
			t.Errorf("sort %q: %d contacts in %d pages, %d on the last", sort, len(seen), pages+1, len(last.Data))
		}
		if last.Meta.PrevCursor == nil {
			t.Errorf("sort %q: the last page knows no page before it", sort)
			continue
		}
		before := decode[listBody](t, api.get(t, next+"&cursor="+url.QueryEscape(*last.Meta.PrevCursor)))
		if len(before.Data) != 40 || before.Data[39].ID == last.Data[0].ID {
			t.Errorf("sort %q: the page before holds %d contacts", sort, len(before.Data))
		}
	}
	if got := decode[listBody](t, api.get(t, contactsPath)); got.Meta.Limit != 25 || len(got.Data) != 25 || got.Meta.PrevCursor != nil {
		t.Errorf("the first page by default: %+v", got.Meta)
	}
	if got := decode[listBody](t, api.get(t, contactsPath+"?q=person007")); len(got.Data) != 1 || *got.Meta.Total != 1 {
		t.Errorf("searched: %+v", got)
	}
}
