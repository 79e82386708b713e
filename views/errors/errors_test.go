package errors_test

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"payaid/views/errors"
	"payaid/views/layout"
)

func frame(email string) layout.Props {
	return layout.Props{Viewer: layout.Viewer{Name: "Asha", Email: email, TenantName: "Udyog"}, Asset: func(name string) string { return name }}
}

func render(t *testing.T, c templ.Component) string {
	t.Helper()
	var b strings.Builder
	if err := c.Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestEveryStatus: each status of the contract has words of its own where the next step differs, the request id and a way back.
func TestEveryStatus(t *testing.T) {
	tests := map[int]string{
		400: "We could not read that", 401: "Please sign in", 403: "You may not open this", 404: "There is nothing here",
		405: "That does not work here", 409: "Somebody was quicker", 412: "Somebody was quicker", 413: "That is too large",
		415: "That did not work", 422: "That did not work", 429: "A little slower, please", 500: "Something went wrong",
		502: "Something went wrong", 503: "We will be right back", 504: "We will be right back",
	}
	for status, title := range tests {
		html := render(t, errors.Page(frame(""), errors.Props{Status: status, RequestID: "req-1"}))
		for _, want := range []string{"<h1>" + title + "</h1>", "<title>" + title, "req-1", strconv.Itoa(status), `href="/"`} {
			if !strings.Contains(html, want) {
				t.Errorf("%d: missing %s", status, want)
			}
		}
	}
}

func TestPageFrame(t *testing.T) {
	p := errors.Props{Status: 404, Message: "No contact <7>.", Back: "/contacts", BackLabel: "Back to contacts"}
	in := render(t, errors.Page(frame("asha@example.in"), p))
	out := render(t, errors.Page(frame(""), p))
	for _, html := range []string{in, out} {
		if !strings.Contains(html, "No contact &lt;7&gt;.") || !strings.Contains(html, `href="/contacts"`) || strings.Count(html, "<h1") != 1 {
			t.Errorf("the caller's sentence, its way back or the one heading is missing:\n%s", html)
		}
	}
	if !strings.Contains(in, "/logout") || strings.Contains(out, "/logout") {
		t.Error("the frame must be there for a signed-in user, and only then")
	}
	if strings.Contains(out, "Request</span>") {
		t.Error("an empty request id is shown")
	}
}

func TestToast(t *testing.T) {
	html := render(t, errors.Toast(errors.Props{Status: 500, RequestID: "req-1"}))
	for _, want := range []string{`<hx-partial hx-target="#toaster" hx-swap="beforeend">`, `role="alert"`, "Something went wrong", "Request req-1."} {
		if !strings.Contains(html, want) {
			t.Errorf("missing %s in %s", want, html)
		}
	}
	if html := render(t, errors.Toast(errors.Props{Status: 409, Title: "Already there", RequestID: "req-1"})); strings.Contains(html, "req-1") || !strings.Contains(html, "Already there") {
		t.Errorf("a user's own mistake needs no request id: %s", html)
	}
}
