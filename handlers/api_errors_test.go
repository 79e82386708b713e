package handlers_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestAPIRefusals(t *testing.T) {
	w := newWorld(t)
	api := w.program(w.ownerKey)
	taken := decode[contactBody](t, api.send(t, http.MethodPost, contactsPath, `{"firstName":"Asha","email":"asha@example.in"}`)).Data
	one := contactsPath + "/" + taken.ID
	tests := map[string]struct {
		method, path, contentType, body string
		status                          int
		code                            string
		fields                          []string
	}{
		"every value at once": {"POST", contactsPath, "application/json",
			`{"email":"nobody","phone":"12","gstin":"27X","stage":"friend","status":"asleep","warmth":"boiling","leadScore":101,"nextFollowUp":"soon","firstName":"` + strings.Repeat("a", 201) + `"}`,
			422, "VALIDATION_ERROR", []string{"email", "phone", "gstin", "stage", "status", "warmth", "leadScore", "nextFollowUp", "firstName"}},
		"every type at once": {"POST", contactsPath, "application/json", `{"email":5,"leadScore":"ten","tags":"one","firstName":{}}`,
			422, "VALIDATION_ERROR", []string{"email", "leadScore", "tags", "firstName"}},
		"a list of other things":  {"POST", contactsPath, "application/json", `{"firstName":"A","tags":["x",7]}`, 422, "VALIDATION_ERROR", []string{"tags[1]"}},
		"unknown fields":          {"POST", contactsPath, "application/json", `{"firstName":"A","fristName":"A","id":"7"}`, 422, "VALIDATION_ERROR", []string{"fristName", "id"}},
		"unknown fields, change":  {"PATCH", one, "application/json", `{"version":3}`, 422, "VALIDATION_ERROR", []string{"version"}},
		"an owner that is no id":  {"POST", contactsPath, "application/json", `{"firstName":"A","ownerId":"me"}`, 422, "VALIDATION_ERROR", []string{"ownerId"}},
		"a number out of range":   {"POST", contactsPath, "application/json", `{"firstName":"A","leadScore":1e40}`, 422, "VALIDATION_ERROR", []string{"leadScore"}},
		"nobody":                  {"POST", contactsPath, "application/json", `{}`, 422, "VALIDATION_ERROR", []string{"firstName"}},
		"a list for an object":    {"POST", contactsPath, "application/json", `[]`, 422, "VALIDATION_ERROR", []string{""}},
		"an e-mail that is taken": {"POST", contactsPath, "application/json", `{"email":"ASHA@example.in"}`, 409, "ALREADY_EXISTS", []string{"email"}},
		"broken JSON":             {"POST", contactsPath, "application/json", `{"firstName":`, 400, "INVALID_INPUT", []string{""}},
		"a NUL":                   {"POST", contactsPath, "application/json", `{"firstName":"a\u0000b"}`, 422, "VALIDATION_ERROR", []string{"firstName"}},
		"no body":                 {"POST", contactsPath, "application/json", "", 400, "MISSING_REQUIRED_FIELD", nil},
		"a form":                  {"POST", contactsPath, "application/x-www-form-urlencoded", "firstName=A", 415, "UNSUPPORTED_MEDIA_TYPE", nil},
		"XML":                     {"PATCH", one, "application/xml", "<a/>", 415, "UNSUPPORTED_MEDIA_TYPE", nil},
		"too much":                {"POST", contactsPath, "application/json", `{"notes":"` + strings.Repeat("a", 1<<20) + `"}`, 413, "PAYLOAD_TOO_LARGE", nil},
		"every parameter at once": {"GET", contactsPath + "?limit=101&stage=friend&status=asleep&sort=phone&q=" + strings.Repeat("a", 201), "", "", 422, "VALIDATION_ERROR", []string{"limit", "stage", "status", "sort", "q"}},
		"a limit that is none":    {"GET", contactsPath + "?limit=many", "", "", 422, "VALIDATION_ERROR", []string{"limit"}},
		"a limit of zero":         {"GET", contactsPath + "?limit=0", "", "", 422, "VALIDATION_ERROR", []string{"limit"}},
		"an unknown parameter":    {"GET", contactsPath + "?stge=customer", "", "", 422, "VALIDATION_ERROR", []string{"stge"}},
		"an invented cursor":      {"GET", contactsPath + "?cursor=first", "", "", 422, "VALIDATION_ERROR", []string{"cursor"}},
		"an id that is none":      {"GET", contactsPath + "/7", "", "", 404, "NOT_FOUND", nil},
		"nothing there":           {"GET", "/api/v1/nothing", "", "", 404, "NOT_FOUND", nil},
		"another method":          {"PUT", one, "application/json", `{}`, 405, "METHOD_NOT_ALLOWED", nil},
		"an invented import line": {"GET", "/api/v1/imports/" + taken.ID + "/errors?cursor=x", "", "", 422, "VALIDATION_ERROR", []string{"cursor"}},
		"a search for NUL":        {"GET", "/api/v1/companies?q=%00", "", "", 422, "VALIDATION_ERROR", []string{"q"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			api.do(t, test.method, test.path, test.contentType, test.body).refused(t, test.status, test.code, test.fields...)
		})
	}
	if allow := api.send(t, http.MethodPut, one, `{}`).header.Get("Allow"); !strings.Contains(allow, "PATCH") || !strings.Contains(allow, "GET") {
		t.Errorf("Allow %q", allow)
	}
	if lines := w.logs.lines(`"level":"ERROR"`); len(lines) > 0 {
		t.Errorf("refusals are no faults of ours: %s", lines)
	}
}

func TestAPIFaultsShowNothing(t *testing.T) {
	w := newWorld(t)
	api := w.program(w.ownerKey)
	path := contactsPath + "/" + decode[contactBody](t, api.send(t, http.MethodPost, contactsPath, `{"firstName":"Asha"}`)).Data.ID
	owner := w.ownerPool(t)
	if _, err := owner.Exec(t.Context(), "ALTER TABLE contacts RENAME COLUMN notes TO remarks"); err != nil {
		t.Fatal(err)
	}
	a := api.get(t, path)
	a.refused(t, http.StatusInternalServerError, "INTERNAL_SERVER_ERROR")
	a.lacks(t, "notes", "column", "SQLSTATE")
	if lines := w.logs.lines(a.header.Get("X-Request-Id")); len(lines) == 0 || !strings.Contains(strings.Join(lines, ""), "notes") {
		t.Errorf("the log does not say what happened: %s", lines)
	}
}

func TestAPIHead(t *testing.T) {
	w := newWorld(t)
	api := w.program(w.ownerKey)
	path := contactsPath + "/" + decode[contactBody](t, api.send(t, http.MethodPost, contactsPath, `{"firstName":"Asha"}`)).Data.ID
	for _, path := range []string{path, contactsPath, "/api/v1/imports", "/api/openapi.json"} {
		head, get := api.send(t, http.MethodHead, path, ""), api.get(t, path)
		if head.status != http.StatusOK || head.body != "" || head.header.Get("ETag") != get.header.Get("ETag") {
			t.Errorf("HEAD %s: %d %v", path, head.status, head.header)
		}
	}
	if head := api.send(t, http.MethodHead, contactsPath+"/"+w.owner.id.String(), ""); head.status != http.StatusNotFound || head.body != "" {
		t.Errorf("HEAD of nothing: %d %q", head.status, head.body)
	}
}

func TestAPICallers(t *testing.T) {
	w := newWorld(t)
	admin, reader, other := w.program(w.ownerKey), w.program(w.readKey), w.program(w.otherKey)
	path := contactsPath + "/" + decode[contactBody](t, admin.send(t, http.MethodPost, contactsPath, `{"firstName":"Asha"}`)).Data.ID

	reader.get(t, path).is(t, http.StatusOK)
	for _, a := range []answer{
		reader.send(t, http.MethodPost, contactsPath, `{"firstName":"B"}`), reader.send(t, http.MethodPatch, path, `{"notes":"x"}`),
		reader.send(t, http.MethodDelete, path, ""), reader.send(t, http.MethodPost, path+"/restore", ""),
		reader.get(t, contactsPath+"/export"), reader.get(t, "/api/v1/imports"), w.upload(t, reader, "Name\nAsha\n", nil),
	} {
		a.refused(t, http.StatusForbidden, "INSUFFICIENT_PERMISSIONS")
	}
	for _, a := range []answer{
		other.get(t, path), other.send(t, http.MethodPatch, path, `{"notes":"x"}`), other.send(t, http.MethodDelete, path, ""), other.send(t, http.MethodPost, path+"/restore", ""),
	} {
		a.refused(t, http.StatusNotFound, "NOT_FOUND")
	}
	for _, key := range []string{"pk_none_such", "secret", w.ownerKey + "x"} {
		w.program(key).get(t, contactsPath).refused(t, http.StatusUnauthorized, "UNAUTHORIZED")
	}
	w.visitor().get(t, contactsPath).refused(t, http.StatusUnauthorized, "UNAUTHORIZED")
	w.visitor().get(t, contactsPath, "Accept", "text/html").refused(t, http.StatusUnauthorized, "UNAUTHORIZED")

	// A session reads as it is, and writes with its page's token only.
	person := w.as(t, w.owner)
	person.get(t, path).is(t, http.StatusOK)
	person.send(t, http.MethodPatch, path, `{"notes":"x"}`).refused(t, http.StatusForbidden, "FORBIDDEN")
	person.send(t, http.MethodPatch, path, `{"notes":"x"}`, "X-CSRF-Token", "made up").refused(t, http.StatusForbidden, "FORBIDDEN")
	person.send(t, http.MethodPatch, path, `{"notes":"x"}`, "X-CSRF-Token", person.csrf, "Sec-Fetch-Site", "cross-site").refused(t, http.StatusForbidden, "FORBIDDEN")
	person.send(t, http.MethodPatch, path, `{"notes":"x"}`, "X-CSRF-Token", person.csrf).is(t, http.StatusOK)
}

// A program may send bodies of unknown length, and keeps its connection.
func TestAPIBodies(t *testing.T) {
	w := newWorld(t)
	address := w.serve(t) + contactsPath
	for _, chunked := range []bool{false, true} {
		for _, size := range []int{1, 9000} { // within and beyond what is read before the handler
			var body io.Reader = strings.NewReader(`{"firstName":"Asha","notes":"` + strings.Repeat("n", size) + `"}`)
			if chunked {
				body = struct{ io.Reader }{body}
			}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, body)
			ok(t, err)
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Authorization", "Bearer "+w.ownerKey)
			res, err := http.DefaultClient.Do(req)
			ok(t, err)
			raw, err := io.ReadAll(res.Body)
			ok(t, err)
			ok(t, res.Body.Close())
			if res.StatusCode != http.StatusCreated || res.Close {
				t.Errorf("chunked %v, %d bytes: %d, connection closed %v: %s", chunked, size, res.StatusCode, res.Close, raw)
			}
		}
	}
}
