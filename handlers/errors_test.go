package handlers_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"payaid/handlers/respond"
	"payaid/internal/auth"
	"payaid/internal/crm"
	"payaid/internal/servertest"
)

// failure is one way to fail and how each kind of caller is told.
type failure struct {
	name, method, path string
	content            string
	status             int
	code               string
	sentence           string
	header             http.Header // expected
}

var failures = []failure{
	{"panic", "GET", "/test/panic", "", 500, "INTERNAL_SERVER_ERROR", "The fault is ours", nil},
	{"unknown error", "GET", "/test/error", "", 500, "INTERNAL_SERVER_ERROR", "The fault is ours", nil},
	{"half a page", "GET", "/test/half", "", 500, "INTERNAL_SERVER_ERROR", "The fault is ours", nil},
	{"timeout", "GET", "/test/timeout", "", 504, "TIMEOUT", "try again in a moment", nil},
	{"no such page", "GET", "/nonsense", "", 404, "NOT_FOUND", "typing mistake", nil},
	{"wrong method", "DELETE", "/contacts", "", 405, "METHOD_NOT_ALLOWED", "does not answer to this method", http.Header{"Allow": {"GET, HEAD, POST"}}},
	{"too large", "POST", "/contacts", strings.Repeat("a", 1<<20+1), 413, "PAYLOAD_TOO_LARGE", "larger than the 1 MiB", nil},
}

// addBrokenRoutes adds what no route of ours does.
func addBrokenRoutes(app *fiber.App) {
	app.Get("/test/panic", func(*fiber.Ctx) error { panic("secret of the panic") })
	app.Get("/test/error", func(*fiber.Ctx) error { return errors.New("secret of the error") })
	app.Get("/test/half", func(c *fiber.Ctx) error {
		_, _ = c.WriteString("half a page with a secret") // never fails
		return errors.New("secret of the error")
	})
	app.Get("/test/timeout", func(*fiber.Ctx) error { return fmt.Errorf("secret: %w", context.DeadlineExceeded) })
}

func TestErrors(t *testing.T) {
	w := newWorld(t)
	addBrokenRoutes(w.app)
	b := w.as(t, w.owner)
	for _, f := range failures {
		t.Run(f.name+"/page", func(t *testing.T) {
			a := b.do(t, f.method, f.path, "text/plain", f.content, "Accept", "text/html")
			f.check(t, w, a)
			a.wants(t, "<!doctype html>", f.sentence, "<code>"+a.header.Get("X-Request-ID")+"</code>", `action="/logout"`)
			a.isSafe(t)
		})
		t.Run(f.name+"/part", func(t *testing.T) {
			a := b.do(t, f.method, f.path, "text/plain", f.content, htmx()...)
			f.check(t, w, a)
			a.wants(t, `<hx-partial hx-target="#toaster"`, `role="alert"`)
			a.lacks(t, "<!doctype")
			if f.status >= 500 {
				a.wants(t, a.header.Get("X-Request-ID"))
			}
		})
		t.Run(f.name+"/JSON", func(t *testing.T) {
			a := b.do(t, f.method, f.path, "text/plain", f.content, "Accept", "application/json")
			f.check(t, w, a)
			a.isJSONError(t, f.code)
		})
	}
}

func (f failure) check(t *testing.T, w *world, a answer) {
	t.Helper()
	a.is(t, f.status)
	a.lacks(t, "secret", "goroutine", ".go:", "SQLSTATE")
	for name := range f.header {
		if got, want := a.header.Get(name), f.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got := a.header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control of an error is %q", got)
	}
	id := a.header.Get("X-Request-ID")
	lines := w.logs.lines(`"requestId":"` + id + `"`)
	if id == "" || len(lines) == 0 || !strings.Contains(lines[len(lines)-1], `"status":`+strconv.Itoa(f.status)) {
		t.Errorf("request id %q with status %d is not in the log: %s", id, f.status, lines)
	}
	if f.status == 500 && !strings.Contains(strings.Join(lines, ""), "secret") {
		t.Errorf("the cause is not in the log: %s", lines)
	}
}

// isJSONError fails unless the answer is an error in the public shape.
func (a answer) isJSONError(t testing.TB, code string) respond.ErrorBody {
	t.Helper()
	var e respond.ErrorBody
	if err := json.Unmarshal([]byte(a.body), &e); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
	if e.Error.Code != code || e.Error.Message == "" || e.Error.Timestamp.IsZero() || e.Error.RequestID != a.header.Get("X-Request-ID") || e.Error.Details == nil {
		t.Errorf("error is %s, want the code %s in the public shape", a.body, code)
	}
	if got := a.header.Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type is %q", got)
	}
	return e
}

func TestRequestIDOfTheCaller(t *testing.T) {
	w := newWorld(t)
	if got := w.visitor().get(t, "/login", "X-Request-ID", "caller-0123").header.Get("X-Request-ID"); got != "caller-0123" {
		t.Errorf("a harmless id became %q", got)
	}
	for _, bad := range []string{"short", "with space 123", `"quoted-123"`, strings.Repeat("a", 65)} {
		if got := w.visitor().get(t, "/login", "X-Request-ID", bad).header.Get("X-Request-ID"); got == bad || got == "" {
			t.Errorf("%q was taken as %q", bad, got)
		}
	}
}

func TestDatabasePoolExhausted(t *testing.T) {
	w := newWorld(t)
	b := w.as(t, w.owner)
	for range w.pool.Pool().Config().MaxConns {
		conn, err := w.pool.Pool().Acquire(t.Context())
		ok(t, err)
		t.Cleanup(conn.Release)
	}
	page := b.get(t, "/contacts")
	page.is(t, http.StatusServiceUnavailable)
	page.wants(t, "PayAid is busy right now.")
	api := w.program(w.ownerKey).get(t, "/api/v1/contacts")
	api.is(t, http.StatusServiceUnavailable)
	api.isJSONError(t, "SERVICE_UNAVAILABLE")
	for _, a := range []answer{page, api} {
		if a.header.Get("Retry-After") != "2" {
			t.Errorf("Retry-After is %q", a.header.Get("Retry-After"))
		}
	}
}

func TestRedisDown(t *testing.T) {
	w := newWorld(t)
	b, visiting := w.as(t, w.owner), visitor(t, w)
	_ = servertest.Client(t, w.redisURL).ShutdownNoSave(t.Context()) // it answers by going away

	signIn := visiting.post(t, "/login", url.Values{"email": {w.owner.email}, "password": {password}})
	signIn.is(t, http.StatusServiceUnavailable)
	if signIn.header.Get("Retry-After") == "" {
		t.Error("a sign-in without Redis does not say when to try again")
	}
	b.get(t, "/contacts").is(t, http.StatusServiceUnavailable)
	w.program(w.ownerKey).get(t, "/api/v1/contacts").is(t, http.StatusOK)
	visiting.get(t, "/login").is(t, http.StatusOK)
}

// endless is a body of n bytes without an announced length.
func endless(n int64) io.Reader { return io.LimitReader(zeros{}, n) }

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

// TestBodiesOnTheWire sends bodies of unknown length, and too large ones whose
// sender must still get to see the answer.
func TestBodiesOnTheWire(t *testing.T) {
	w := newWorld(t)
	base, b := w.serve(t), w.as(t, w.owner)
	post := func(t *testing.T, path, contentType string, body io.Reader) answer {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+path, io.MultiReader(body))
		ok(t, err)
		b.dress(req, "Content-Type", contentType, "X-CSRF-Token", b.csrf)
		client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		res, err := client.Do(req)
		ok(t, err)
		return b.take(t, res)
	}
	t.Run("form", func(t *testing.T) {
		post(t, "/contacts", fiber.MIMEApplicationForm, strings.NewReader("firstName=Chunked")).is(t, http.StatusSeeOther)
	})
	t.Run("too large", func(t *testing.T) {
		a := post(t, "/contacts", fiber.MIMEApplicationForm, endless(1<<20+1))
		a.is(t, http.StatusRequestEntityTooLarge)
		a.wants(t, "larger than the 1 MiB")
	})
	t.Run("upload", func(t *testing.T) {
		contentType, content := upload("Name,Email\nA,a@chunked.in\n")(t, w, b)
		post(t, "/imports", contentType, strings.NewReader(content)).is(t, http.StatusSeeOther)
	})
	t.Run("announced and too large", func(t *testing.T) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/imports", endless(crm.MaxImportSize+20<<20))
		ok(t, err)
		req.ContentLength = crm.MaxImportSize + 20<<20
		b.dress(req, "Content-Type", "multipart/form-data; boundary=x")
		res, err := http.DefaultClient.Do(req)
		ok(t, err)
		b.take(t, res).is(t, http.StatusRequestEntityTooLarge)
	})
	t.Run("upload too large", func(t *testing.T) {
		post(t, "/imports", "multipart/form-data; boundary=x", endless(crm.MaxImportSize+2<<20)).is(t, http.StatusRequestEntityTooLarge)
	})
}

// TestFileTooLarge sends a file over the limit in a form that is not.
func TestFileTooLarge(t *testing.T) {
	w := newWorld(t)
	base, b := w.serve(t), w.as(t, w.owner)
	r, pipe := io.Pipe()
	m := multipart.NewWriter(pipe)
	go func() {
		part, err := m.CreateFormFile("file", "large.csv")
		if err == nil {
			_, err = io.Copy(part, io.MultiReader(strings.NewReader("Name\n"), endless(crm.MaxImportSize)))
		}
		_ = pipe.CloseWithError(errors.Join(err, m.Close())) // never fails
	}()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/imports", r)
	ok(t, err)
	b.dress(req, "Content-Type", m.FormDataContentType(), "X-CSRF-Token", b.csrf)
	res, err := http.DefaultClient.Do(req)
	ok(t, err)
	a := b.take(t, res)
	a.is(t, http.StatusRequestEntityTooLarge)
	a.wants(t, "larger than 50 MB", `id="file-err"`)
}

// TestRefusedBodies proves that what is refused is neither waited for nor taken
// for the next request on the connection.
func TestRefusedBodies(t *testing.T) {
	w := newWorld(t)
	addr := strings.TrimPrefix(w.serve(t), "http://")
	hidden := "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
	for name, request := range map[string]string{
		"an upload by nobody":  "POST /imports HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 5000000000\r\n\r\n" + strings.Repeat("a", 20_000),
		"a large form":         "POST /contacts HTTP/1.1\r\nHost: x\r\nContent-Length: 400000\r\n\r\n" + strings.Repeat("a", 300_000),
		"a request in a body":  "POST /contacts HTTP/1.1\r\nHost: x\r\nContent-Length: " + strconv.Itoa(20_000+len(hidden)) + "\r\n\r\n" + strings.Repeat("a", 20_000) + hidden,
		"a request in a chunk": "POST /contacts HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + strconv.FormatInt(int64(len(hidden)), 16) + "\r\n" + hidden + "\r\n0\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", addr)
			ok(t, err)
			defer conn.Close()
			ok(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
			_, err = io.WriteString(conn, request)
			ok(t, err)
			reader := bufio.NewReader(conn)
			res, err := http.ReadResponse(reader, nil)
			ok(t, err)
			_, err = io.Copy(io.Discard, res.Body)
			ok(t, err)
			if res.StatusCode != http.StatusUnauthorized {
				t.Errorf("status %d, want 401", res.StatusCode)
			}
			if rest, _ := io.ReadAll(reader); len(rest) > 0 { // a reset is as good as an end
				t.Errorf("the rest of the body was answered: %.200s", rest)
			}
		})
	}
}

func TestAuthorizationOfAnotherKind(t *testing.T) {
	w := newWorld(t)
	a := w.visitor().get(t, "/api/v1/contacts", "Authorization", "Basic YTpi")
	a.is(t, http.StatusUnauthorized)
	a.isJSONError(t, "UNAUTHORIZED")
	expired := time.Now().Add(time.Second)
	secret, err := w.auth.CreateAPIKey(t.Context(), w.home, auth.APIKeyInput{Name: "short", Role: auth.Admin, Expiry: &expired})
	ok(t, err)
	eventually(t, "the key expires", func(context.Context) bool {
		return w.program(secret).get(t, "/api/v1/contacts").status == http.StatusUnauthorized
	})
	w.program(secret).get(t, "/api/v1/contacts").isJSONError(t, "TOKEN_EXPIRED")
}
