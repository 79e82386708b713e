package handlers_test

import (
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"payaid/handlers/api"
)

type document struct {
	Servers []struct{ URL string }
	Paths   map[string]map[string]operation
}

type operation struct {
	OperationID, Summary, Description string
	Tags                              []string
	Security                          []map[string][]string
	Parameters                        []struct{ Name, In string }
	Responses                         map[string]struct {
		Content map[string]struct {
			Schema struct {
				Ref string `json:"$ref"`
			}
		}
	}
}

// parameters are not at the names of Fiber but of OpenAPI.
var fiberParameter = strings.NewReplacer(":id", "{id}", ":tenant", "{tenant}", ":plan", "{plan}", ":comment", "{comment}", ":stage", "{stage}")

func TestAPIDocumentNamesEveryRoute(t *testing.T) {
	w := newWorld(t)
	var doc document
	ok(t, json.Unmarshal([]byte(w.visitor().get(t, api.DocumentJSON).body), &doc))
	routes := map[string]bool{}
	for _, r := range w.app.GetRoutes(true) {
		if r.Method == fiber.MethodHead || !strings.HasPrefix(r.Path, api.Prefix+"/") {
			continue
		}
		path := fiberParameter.Replace(r.Path)
		routes[r.Method+" "+path] = true
		if _, documented := doc.Paths[path][strings.ToLower(r.Method)]; !documented {
			t.Errorf("%s %s is not in the document", r.Method, path)
		}
	}
	ids := map[string]bool{}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			name := strings.ToUpper(method) + " " + path
			if !routes[name] {
				t.Errorf("%s is in the document only", name)
			}
			if op.OperationID == "" || ids[op.OperationID] || op.Summary == "" || op.Description == "" || len(op.Tags) != 1 {
				t.Errorf("%s says too little about itself: %+v", name, op)
			}
			ids[op.OperationID] = true
			checkOperation(t, name, method, op)
		}
	}
	if len(routes) < 12 {
		t.Errorf("only %d routes were looked at", len(routes))
	}
}

func checkOperation(t *testing.T, name, method string, op operation) {
	t.Helper()
	if slices.Contains(op.Tags, "Backups") { // for sessions of platform administrators alone; asking twice is refused
		if len(op.Security) != 1 || op.Security[0]["session"] == nil || (method != "get") != (op.Security[0]["csrfToken"] != nil) {
			t.Errorf("%s: security %v", name, op.Security)
		}
		return
	}
	wantSecurity := 2
	if len(op.Security) != wantSecurity || op.Security[0]["apiKey"] == nil || op.Security[1]["session"] == nil || (method != "get") != (op.Security[1]["csrfToken"] != nil) {
		t.Errorf("%s: security %v", name, op.Security)
	}
	has := func(header string) bool {
		return slices.ContainsFunc(op.Parameters, func(p struct{ Name, In string }) bool { return p.Name == header && p.In == "header" })
	}
	versioned := !strings.Contains(name, "/comments/") // a comment is never changed, so it has no version
	if method != "get" && !has("Idempotency-Key") || method == "patch" && !has("If-Match") || method == "delete" && versioned && !has("If-Match") {
		t.Errorf("%s: parameters %v", name, op.Parameters)
	}
	for status, r := range op.Responses {
		if status >= "400" && r.Content[fiber.MIMEApplicationJSON].Schema.Ref != "#/components/schemas/Error" {
			t.Errorf("%s: %s is not the error that is sent", name, status)
		}
	}
	for _, status := range []string{"401", "403", "422", "429", "500", "503"} {
		if _, ok := op.Responses[status]; !ok {
			t.Errorf("%s: %s is missing", name, status)
		}
	}
}

func TestAPIDocumentIsCommitted(t *testing.T) {
	now, err := api.Document()
	ok(t, err)
	again, err := api.Document()
	ok(t, err)
	if string(now) != string(again) {
		t.Error("the document differs from one time to the next")
	}
	kept, err := os.ReadFile("../docs/openapi.json")
	ok(t, err)
	if string(kept) != string(now) {
		t.Error("docs/openapi.json is out of date: run make openapi")
	}
	if strings.Contains(string(now), "$schema") {
		t.Error("a record has a $schema field")
	}
}

func TestAPIDocumentIsPublic(t *testing.T) {
	w := newWorld(t)
	visitor := w.visitor()
	asJSON := visitor.get(t, api.DocumentJSON)
	asJSON.is(t, http.StatusOK)
	asJSON.wants(t, `"openapi": "3.1.0"`, `"url": "http://example.com"`)
	visitor.get(t, api.DocumentJSON, "If-None-Match", asJSON.header.Get("ETag")).is(t, http.StatusNotModified)
	asYAML := visitor.get(t, api.DocumentYAML)
	asYAML.is(t, http.StatusOK)
	asYAML.wants(t, "openapi: 3.1.0", "operationId: create-contact")

	page := visitor.get(t, "/api/docs")
	page.is(t, http.StatusOK)
	page.wants(t, `data-url="/api/openapi.json"`)
	if policy := page.header.Get("Content-Security-Policy"); !strings.Contains(policy, "style-src 'self' 'unsafe-inline'") || !strings.Contains(policy, "script-src 'self';") {
		t.Errorf("the policy of the reference page: %s", policy)
	}
	if policy := visitor.get(t, "/login").header.Get("Content-Security-Policy"); strings.Contains(policy, "unsafe") {
		t.Errorf("the policy of other pages: %s", policy)
	}
}
