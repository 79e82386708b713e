package session_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"payaid/internal/servertest"
	"payaid/internal/session"

	"github.com/alicebob/miniredis/v2"
	"github.com/gorilla/sessions"
	"github.com/redis/go-redis/v9"
)

const cookieName = "__Host-sid"

// browser sends the cookie it was given last, as a real one does.
type browser struct {
	store  *session.Store
	cookie string
}

// request is one request of a browser: its own registry and its own answer.
type request struct {
	*http.Request
	answer *httptest.ResponseRecorder
	from   *browser
}

func (b *browser) request(t testing.TB) *request {
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	if b.cookie != "" {
		r.AddCookie(&http.Cookie{Name: cookieName, Value: b.cookie})
	}
	return &request{Request: r, answer: httptest.NewRecorder(), from: b}
}

func (r *request) session(t testing.TB) *sessions.Session {
	t.Helper()
	s, err := r.from.store.Get(r.Request, cookieName)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// save saves the session and gives the browser the cookie that was set, if any.
func (r *request) save(s *sessions.Session) error {
	err := s.Save(r.Request, r.answer)
	for _, c := range r.answer.Result().Cookies() {
		r.from.cookie = c.Value
	}
	return err
}

// set makes one request that changes values of the session; an empty value removes its name.
func (b *browser) set(t testing.TB, values ...string) *sessions.Session {
	t.Helper()
	r := b.request(t)
	s := r.session(t)
	for i := 0; i < len(values); i += 2 {
		s.Values[values[i]] = values[i+1]
		if values[i+1] == "" {
			delete(s.Values, values[i])
		}
	}
	if err := r.save(s); err != nil {
		t.Fatal(err)
	}
	return s
}

func (b *browser) user(t testing.TB) string {
	t.Helper()
	user, _ := b.request(t).session(t).Values[session.UserID].(string)
	return user
}

func signIn(t testing.TB, store *session.Store, user string) *browser {
	t.Helper()
	b := &browser{store: store}
	b.set(t, session.CSRFToken, "before")
	b.set(t, session.UserID, user, session.TenantID, "t1", session.IP, "192.0.2.7", session.UserAgent, "Firefox")
	return b
}

// patient waits long enough for a busy machine; only the tests of a dead server use the real time-out.
func patient(client redis.UniversalClient) *session.Store {
	return session.NewStore(client, session.Options{Secure: true, Timeout: 10 * time.Second})
}

// onEveryServer runs a test on a real server, a real cluster and the in-process server of the embedded default.
func onEveryServer(t *testing.T, test func(t *testing.T, client redis.UniversalClient)) {
	urls := map[string]string{
		"server": servertest.Redis(t), "cluster": servertest.RedisCluster(t), "miniredis": "redis://" + miniredis.RunT(t).Addr(),
	}
	for name, url := range urls {
		t.Run(name, func(t *testing.T) { test(t, servertest.Client(t, url)) })
	}
}
