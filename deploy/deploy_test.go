// Package deploy_test holds what the production stack promises, as far as that
// shows without Docker: a real nginx on its own configuration, the roles on a
// real PostgreSQL, and the rules for docker-compose.prod.yml.
package deploy_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestRequestsAreBalanced(t *testing.T) {
	a, b := startReplica(t), startReplica(t)
	nginx := startNginx(t, []string{a.addr(), b.addr()})
	for range 20 {
		got := nginx.do(t, http.MethodGet, "/contacts", "")
		if got.status != http.StatusOK || got.seen(t).Connection != "" {
			t.Fatalf("got %d %s", got.status, got.body)
		}
	}
	if a.requests.Load() < 5 || b.requests.Load() < 5 {
		t.Errorf("20 requests went %d to one replica and %d to the other", a.requests.Load(), b.requests.Load())
	}
}

// A replica that refuses connections got nothing, so that any request may go to
// another; after one that broke off only reading may.
func TestDeadReplicaIsSkipped(t *testing.T) {
	alive := startReplica(t)
	broken, reached := startBreaker(t)
	for name, tt := range map[string]struct {
		dead    string
		methods []string
	}{
		"refuses":    {freeAddr(t), []string{http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete}},
		"breaks off": {broken, []string{http.MethodGet, http.MethodHead}},
	} {
		t.Run(name, func(t *testing.T) {
			nginx := startNginx(t, []string{tt.dead, alive.addr()})
			for i := range 12 {
				method := tt.methods[i%len(tt.methods)]
				if got := nginx.do(t, method, "/contacts", ""); got.status != http.StatusOK {
					t.Errorf("%s got %d", method, got.status)
				}
			}
		})
	}
	if reached.Load() == 0 {
		t.Error("no request reached the replica that breaks off")
	}
}

func TestWriteIsNeverSentTwice(t *testing.T) {
	one, first := startBreaker(t)
	two, second := startBreaker(t)
	reached := func() int64 { return first.Load() + second.Load() }
	for method, want := range map[string]int64{http.MethodPost: 1, http.MethodPatch: 1, http.MethodGet: 2} {
		nginx := startNginx(t, []string{one, two})
		before := reached()
		if got := nginx.do(t, method, "/contacts", "name=Asha"); got.status != http.StatusServiceUnavailable {
			t.Errorf("%s got %d", method, got.status)
		}
		if n := reached() - before; n != want {
			t.Errorf("%s was sent %d times, want %d", method, n, want)
		}
	}
}

func TestWhatTheReplicaSees(t *testing.T) {
	nginx := startNginx(t, []string{startReplica(t).addr()})
	got := nginx.do(t, http.MethodGet, "/contacts", "", "X-Forwarded-For", "203.0.113.9, 10.0.0.1", "X-Real-IP", "203.0.113.9", "X-Request-ID", "from-the-caller").seen(t)
	if got.ForwardedFor != "127.0.0.1" || got.RealIP != "" {
		t.Errorf("a caller chose its address: X-Forwarded-For %q, X-Real-IP %q", got.ForwardedFor, got.RealIP)
	}
	if want := strings.TrimPrefix(nginx.url, "http://"); got.Host != want || got.Proto != "http" {
		t.Errorf("Host %q, X-Forwarded-Proto %q, want %q and http", got.Host, got.Proto, want)
	}
	if got.RequestID != "from-the-caller" {
		t.Errorf("the caller's request id became %q", got.RequestID)
	}
	got = nginx.do(t, http.MethodGet, "/contacts", "", "X-Request-ID", "no <good>").seen(t)
	if !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(got.RequestID) {
		t.Errorf("a harmful request id became %q", got.RequestID)
	}
}

func TestInsideStaysInside(t *testing.T) {
	app := startReplica(t)
	nginx := startNginx(t, []string{app.addr()})
	for _, path := range []string{"/readyz", "/readyz/", "/READYZ", "//readyz", "/%72eadyz", "/x/../readyz", "/readyz?a=b", "/metrics", "/Metrics//", "/problem.html"} {
		if got := nginx.do(t, http.MethodGet, path, ""); got.status != http.StatusNotFound || !strings.Contains(got.body, "There is nothing here") {
			t.Errorf("%s got %d %.80s", path, got.status, got.body)
		}
	}
	if n := app.requests.Load(); n > 0 {
		t.Errorf("%d requests reached the application", n)
	}
	if got := nginx.do(t, http.MethodGet, "/healthz", ""); got.status != http.StatusOK {
		t.Errorf("/healthz got %d", got.status)
	}
}

func TestBodyLimits(t *testing.T) {
	nginx := startNginx(t, []string{startReplica(t).addr()})
	const mb = 1 << 20
	for _, tt := range []struct {
		path string
		size int
		want int
	}{
		{"/contacts", mb, http.StatusOK},
		{"/contacts", 3 * mb, http.StatusRequestEntityTooLarge},
		{"/api/v1/contacts", 3 * mb, http.StatusRequestEntityTooLarge},
		{"/imports", 52 * mb, http.StatusOK},
		{"/Imports/", 3 * mb, http.StatusOK},
		{"/api/v1/imports", 3 * mb, http.StatusOK},
		{"/api/v1/imports", 61 * mb, http.StatusRequestEntityTooLarge},
		{"/imports/7/undo", 3 * mb, http.StatusRequestEntityTooLarge},
	} {
		got := nginx.do(t, http.MethodPost, tt.path, strings.Repeat("x", tt.size))
		if got.status != tt.want {
			t.Errorf("%d bytes to %s got %d, want %d", tt.size, tt.path, got.status, tt.want)
			continue
		}
		if tt.want == http.StatusOK && got.seen(t).Bytes != tt.size {
			t.Errorf("%s: %d bytes of %d arrived", tt.path, got.seen(t).Bytes, tt.size)
		}
		if tt.want != http.StatusOK && strings.HasPrefix(tt.path, "/api/") {
			wantProblem(t, got, "PAYLOAD_TOO_LARGE")
		}
	}
}

// wantProblem checks the form that every error of the API has.
func wantProblem(t *testing.T, got answer, code string) {
	t.Helper()
	var body struct {
		Error struct {
			Code, Message, RequestID string
			Details                  []any
			Timestamp                time.Time
		}
	}
	if err := json.Unmarshal([]byte(got.body), &body); err != nil {
		t.Fatalf("%v in %s", err, got.body)
	}
	e := body.Error
	if e.Code != code || e.Message == "" || e.Details == nil || e.RequestID == "" || e.RequestID != got.header.Get("X-Request-ID") || time.Since(e.Timestamp) > time.Minute {
		t.Errorf("got %+v, want %s", e, code)
	}
	if got := got.header.Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type %q", got)
	}
}

func TestErrorPageWhenAllAreDown(t *testing.T) {
	nginx := startNginx(t, []string{freeAddr(t), freeAddr(t)})
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
		got := nginx.do(t, method, "/contacts", "")
		id := got.header.Get("X-Request-ID")
		if got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" || id == "" {
			t.Errorf("%s got %d %v", method, got.status, got.header)
		}
		for _, want := range []string{"<h1>We will be right back</h1>", "Error 503", "<code>" + id + "</code>"} {
			if !strings.Contains(got.body, want) {
				t.Errorf("%s: the page lacks %s", method, want)
			}
		}
		if strings.Contains(got.body, "nginx") || strings.Contains(got.header.Get("Server"), "/") {
			t.Errorf("%s: the answer names the server: %s", method, got.header.Get("Server"))
		}
	}
	got := nginx.do(t, http.MethodGet, "/api/v1/contacts", "")
	if got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" {
		t.Errorf("the API got %d %v", got.status, got.header)
	}
	wantProblem(t, got, "SERVICE_UNAVAILABLE")
}

// What the application itself answers reaches the caller untouched.
func TestOwnErrorsPass(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "of the application", http.StatusServiceUnavailable)
	}))
	t.Cleanup(app.Close)
	nginx := startNginx(t, []string{app.Listener.Addr().String()})
	if got := nginx.do(t, http.MethodGet, "/contacts", ""); got.status != http.StatusServiceUnavailable || got.body != "of the application\n" {
		t.Errorf("got %d %s", got.status, got.body)
	}
}

func TestSignInIsSlowedDown(t *testing.T) {
	nginx := startNginx(t, []string{startReplica(t).addr()})
	count := map[int]int{}
	for range 40 {
		count[nginx.do(t, http.MethodPost, "/LOGIN/", "").status]++
	}
	if count[http.StatusOK] < 20 || count[http.StatusTooManyRequests] < 10 {
		t.Errorf("40 posts at once were answered %v", count)
	}
	if got := nginx.do(t, http.MethodGet, "/login", ""); got.status != http.StatusOK {
		t.Errorf("the page itself got %d", got.status)
	}
}

func TestEventsAreNotHeldBack(t *testing.T) {
	done := make(chan struct{})
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		// nginx hands on chunks at once in any case, so there are none.
		fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
		for _, event := range []string{"first", "second"} {
			time.Sleep(50 * time.Millisecond)
			fmt.Fprintf(conn, "data: %s\n", event)
		}
		<-done
	}))
	t.Cleanup(app.Close)
	t.Cleanup(func() { close(done) })
	nginx := startNginx(t, []string{app.Listener.Addr().String()})
	nginx.client.Timeout = 5 * time.Second
	req, _ := http.NewRequest(http.MethodGet, nginx.url+"/imports/7/events", nil)
	res, err := nginx.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	events := bufio.NewReader(res.Body)
	for _, want := range []string{"data: first\n", "data: second\n"} {
		if line, err := events.ReadString('\n'); line != want {
			t.Errorf("got %q, %v before the stream ended, want %q", line, err, want)
		}
	}
}
