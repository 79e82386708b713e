package handlers_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"payaid/handlers"
)

func TestHealth(t *testing.T) {
	fails := func(context.Context) error { return errors.New("secret address") }
	works := func(context.Context) error { return nil }
	for name, tt := range map[string]struct {
		checks  []handlers.Check
		closing bool
		status  int
		ready   string
	}{
		"all well":        {[]handlers.Check{{Name: "database", Required: true, Ask: works}}, false, 200, "ready"},
		"without a cache": {[]handlers.Check{{Name: "database", Required: true, Ask: works}, {Name: "cache", Ask: fails}}, false, 200, "degraded"},
		"no database":     {[]handlers.Check{{Name: "cache", Ask: fails}, {Name: "database", Required: true, Ask: fails}}, false, 503, "unready"},
		"going down":      {[]handlers.Check{{Name: "database", Required: true, Ask: works}}, true, 503, "unready"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(_ testing.TB, w *world, d *handlers.Deps) {
				d.Checks = tt.checks
				if tt.closing {
					close(w.closing)
				}
			})
			for _, path := range []string{"/readyz", "/api/health"} {
				a := w.visitor().get(t, path)
				a.is(t, tt.status)
				a.lacks(t, "secret")
				var h struct{ Status string }
				ok(t, json.Unmarshal([]byte(a.body), &h))
				if h.Status != tt.ready {
					t.Errorf("%s says %q, want %q", path, h.Status, tt.ready)
				}
			}
			w.visitor().get(t, "/healthz").is(t, http.StatusOK)
		})
	}
}

func TestStaticFiles(t *testing.T) {
	w := newWorld(t)
	page := w.visitor().get(t, "/login")
	_, rest, _ := strings.Cut(page.body, `rel="stylesheet" href="`)
	style, _, _ := strings.Cut(rest, `"`)
	a := w.visitor().get(t, style, "Accept-Encoding", "br, gzip")
	a.is(t, http.StatusOK)
	a.isSafe(t)
	if a.header.Get("Cache-Control") != "public, max-age=31536000, immutable" || a.header.Get("Content-Encoding") != "br" || a.header.Get("Vary") != "Accept-Encoding" {
		t.Errorf("headers of %s: %v", style, a.header)
	}
	w.visitor().get(t, style, "If-None-Match", a.header.Get("ETag")).is(t, http.StatusNotModified)
	for _, path := range []string{"/favicon.ico", "/robots.txt"} {
		w.visitor().get(t, path).is(t, http.StatusOK)
	}
	for _, path := range []string{"/static/nonsense.css", "/static/../go.mod", "/static/%2e%2e/go.mod", "/static/"} {
		w.visitor().get(t, path).is(t, http.StatusNotFound)
	}
}
