package handlers_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
)

// browser keeps cookies and the CSRF token of the last page, as a person's does.
// With a key it is a program instead.
type browser struct {
	w       *world
	key     string
	cookies map[string]string
	csrf    string
}

// answer is a response that has been read.
type answer struct {
	status int
	header http.Header
	body   string
}

func (w *world) visitor() *browser { return &browser{w: w, cookies: map[string]string{}} }

// program asks with an API key.
func (w *world) program(key string) *browser { return &browser{w: w, key: key} }

// as returns a browser in which a is signed in. Each call gives a copy, so that
// tests do not disturb each other's cookies.
func (w *world) as(t testing.TB, a account) *browser {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.browsers[a.email] == nil {
		b := w.visitor()
		if res := b.signIn(t, a.email, password); res.status != http.StatusSeeOther {
			t.Fatalf("sign in as %s: %d\n%s", a.email, res.status, res.body)
		}
		b.get(t, "/contacts")
		w.browsers[a.email] = b
	}
	b := *w.browsers[a.email]
	b.cookies = map[string]string{}
	for name, value := range w.browsers[a.email].cookies {
		b.cookies[name] = value
	}
	return &b
}

func (b *browser) signIn(t testing.TB, email, password string) answer {
	t.Helper()
	b.get(t, "/login")
	return b.post(t, "/login", url.Values{"email": {email}, "password": {password}})
}

func (b *browser) get(t testing.TB, path string, headers ...string) answer {
	t.Helper()
	return b.do(t, http.MethodGet, path, "", "", headers...)
}

// post sends a form with the CSRF token in it, unless form says otherwise.
func (b *browser) post(t testing.TB, path string, form url.Values, headers ...string) answer {
	t.Helper()
	return b.do(t, http.MethodPost, path, fiber.MIMEApplicationForm, b.withToken(form).Encode(), headers...)
}

func (b *browser) withToken(form url.Values) url.Values {
	full := url.Values{"_csrf": {b.csrf}}
	for name, values := range form {
		full[name] = values
	}
	return full
}

// htmx are the headers of a request for a part of a page.
func htmx(more ...string) []string {
	return append([]string{"HX-Request", "true", "HX-Request-Type", "partial", "Accept", "text/html"}, more...)
}

// do sends one request; headers are names and values in turn.
func (b *browser) do(t testing.TB, method, path, contentType, body string, headers ...string) answer {
	t.Helper()
	req := httptest.NewRequest(method, path, strings.NewReader(body))
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	b.dress(req, headers...)
	res, err := b.w.app.Test(req, -1)
	ok(t, err)
	return b.take(t, res)
}

// dress adds cookies, the key and headers.
func (b *browser) dress(req *http.Request, headers ...string) {
	if b.key != "" {
		req.Header.Set("Authorization", "Bearer "+b.key)
	}
	for name, value := range b.cookies {
		req.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
}

var csrfField = regexp.MustCompile(`(?:name="csrf-token" content|name="_csrf" value)="([^"]+)"`)

// take reads an answer, its cookies and its token.
func (b *browser) take(t testing.TB, res *http.Response) answer {
	t.Helper()
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	ok(t, err)
	for _, c := range res.Cookies() {
		if c.MaxAge < 0 || c.Value == "" {
			delete(b.cookies, c.Name)
		} else if b.cookies != nil {
			b.cookies[c.Name] = c.Value
		}
	}
	if m := csrfField.FindSubmatch(raw); m != nil {
		b.csrf = string(m[1])
	}
	return answer{status: res.StatusCode, header: res.Header, body: string(raw)}
}

// wants fails unless the body holds each of texts.
func (a answer) wants(t testing.TB, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(a.body, text) {
			t.Errorf("the answer lacks %q:\n%s", text, excerpt(a.body))
		}
	}
}

// lacks fails if the body holds one of texts.
func (a answer) lacks(t testing.TB, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(a.body, text) {
			t.Errorf("the answer holds %q:\n%s", text, excerpt(a.body))
		}
	}
}

// is fails unless the answer has this status.
func (a answer) is(t testing.TB, status int) {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d, want %d\n%s", a.status, status, excerpt(a.body))
	}
}

// main is the part of a page that is not its frame.
func (a answer) main() string {
	_, after, found := strings.Cut(a.body, `<main id="main"`)
	if !found {
		return a.body
	}
	main, _, _ := strings.Cut(after, "</main>")
	return main
}

func excerpt(body string) string {
	main := answer{body: body}.main()
	if len(main) > 3000 {
		return main[:3000] + " …"
	}
	return main
}

// isSafe fails unless the answer carries the security headers and a page holds
// nothing that the policy would block.
func (a answer) isSafe(t testing.TB) {
	t.Helper()
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin",
		"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
	} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	policy := a.header.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "script-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, part) {
			t.Errorf("the policy lacks %s: %s", part, policy)
		}
	}
	if a.header.Get("X-Request-ID") == "" {
		t.Error("no request id")
	}
	if strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
		a.lacks(t, ` style="`, ` onclick="`, ` onload="`, "<script>", "<style", "javascript:", "about:invalid")
	}
	if a.status < 300 && !strings.HasPrefix(a.header.Get("Cache-Control"), "public") {
		a.isPrivate(t)
	}
}

// isPrivate fails if a shared cache might keep the answer, or a browser might show
// a part as a page.
func (a answer) isPrivate(t testing.TB) {
	t.Helper()
	if got := a.header.Get("Cache-Control"); got != "private, no-cache" && got != "no-store" {
		t.Errorf("Cache-Control is %q", got)
	}
	vary := a.header.Get("Vary")
	for _, name := range []string{"HX-Request", "HX-Request-Type", "Cookie", "Authorization"} {
		if !strings.Contains(vary, name) {
			t.Errorf("Vary lacks %s: %s", name, vary)
		}
	}
}
