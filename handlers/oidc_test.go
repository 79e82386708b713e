package handlers_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"payaid/handlers"
	"payaid/internal/mail"
	"payaid/internal/oidc"
	"payaid/internal/servertest"
	"payaid/internal/session"
	mailview "payaid/views/mail"
)

// withProvider is a world with a provider that vouches for the manager.
func withProvider(t testing.TB, changes ...setup) (*world, *servertest.Issuer) {
	t.Helper()
	i := servertest.NewIssuer(t, map[string]any{"sub": "s1", "email": "manoj@example.in", "email_verified": true})
	federate := func(_ testing.TB, w *world, d *handlers.Deps) {
		p := oidc.New(oidc.Options{Issuer: i.URL, ClientID: i.ClientID, ClientSecret: i.ClientSecret, RedirectURL: d.BaseURL + "/login/oidc/callback", Name: "Example ID"})
		d.Federation = w.auth.Federate(p, mailview.IdentityLinked(d.BaseURL))
	}
	return newWorld(t, append([]setup{federate}, changes...)...), i
}

// leave begins a sign-in by the provider and returns where the browser was led.
func (b *browser) leave(t testing.TB, next string) string {
	t.Helper()
	a := b.get(t, "/login/oidc?next="+url.QueryEscape(next))
	a.is(t, http.StatusSeeOther)
	return a.header.Get("Location")
}

// comeBack goes the whole way to the answer of the callback.
func (b *browser) comeBack(t testing.TB, i *servertest.Issuer, next string) answer {
	t.Helper()
	return b.get(t, "/login/oidc/callback?"+i.Agree(t, b.leave(t, next)).Encode())
}

func TestSignInByAProvider(t *testing.T) {
	w, i := withProvider(t)
	w.workMail(t)
	b := w.visitor()
	b.get(t, "/login?next=/imports").wants(t, `href="/login/oidc?next=%2Fimports"`, "Continue with Example ID")
	a := b.comeBack(t, i, "/imports")
	a.is(t, http.StatusSeeOther)
	if to := a.header.Get("Location"); to != "/imports" {
		t.Errorf("led to %q", to)
	}
	b.get(t, "/contacts").wants(t, "Manoj Rao")
	eventually(t, "the mail about it is kept", w.newestMailIs("Your PayAid account now opens with Example ID"))
	for _, secret := range []string{i.ClientSecret, "code=", "state="} {
		if found := w.logs.lines(secret); len(found) > 0 {
			t.Errorf("the log tells %q: %s", secret, found[0])
		}
	}
	b.get(t, "/login/oidc?next=/imports").is(t, http.StatusSeeOther) // signed in already
	w.as(t, w.owner).get(t, "/settings/audit?action=user.sign_in").wants(t, "Manoj Rao", "oidc")
}

func TestWithoutAProviderThereIsNoSuchPage(t *testing.T) {
	w := newWorld(t)
	b := visitor(t, w)
	b.get(t, "/login").lacks(t, "/login/oidc")
	b.get(t, "/login/oidc").is(t, http.StatusNotFound)
	b.get(t, "/login/oidc/callback?code=x&state=y").is(t, http.StatusNotFound)
}

// What comes back belongs to one attempt of one browser, once.
func TestAnswersOfTheProviderAreTakenOnce(t *testing.T) {
	w, i := withProvider(t)
	b, other := w.visitor(), visitor(t, w)
	reply := i.Agree(t, b.leave(t, ""))
	refused := func(who *browser, query string) {
		t.Helper()
		a := who.get(t, "/login/oidc/callback?"+query)
		a.is(t, http.StatusUnprocessableEntity)
		a.isSafe(t)
		a.wants(t, "Please start again.", `action="/login"`, "Continue with Example ID")
		if a.header.Get("Cache-Control") != "no-store" || who.cookies["sid"] != "" {
			t.Errorf("caching %q, session %q", a.header.Get("Cache-Control"), who.cookies["sid"])
		}
	}
	refused(other, reply.Encode()) // forged: begun elsewhere, and the attempt stays whole
	refused(w.visitor(), reply.Encode())
	refused(b, "code="+reply.Get("code"))
	refused(b, url.Values{"code": reply["code"], "state": {"nonsense"}}.Encode())
	refused(b, url.Values{"error": {"access_denied"}, "state": {""}}.Encode())
	b.get(t, "/login/oidc/callback?"+reply.Encode()).is(t, http.StatusSeeOther)
	if b.cookies["sid"] == "" {
		t.Fatal("no session")
	}
	delete(b.cookies, "sid")
	refused(b, reply.Encode()) // replayed
}

func TestAttemptsEndAfterTenMinutes(t *testing.T) {
	redis := miniredis.RunT(t)
	w, i := withProvider(t, func(t testing.TB, _ *world, d *handlers.Deps) {
		d.Sessions = session.NewStore(servertest.Client(t, "redis://"+redis.Addr()), session.Options{Timeout: 10 * time.Second})
	})
	for passed, want := range map[time.Duration]int{9 * time.Minute: http.StatusSeeOther, 10*time.Minute + time.Second: http.StatusUnprocessableEntity} {
		b := w.visitor()
		reply := i.Agree(t, b.leave(t, ""))
		redis.FastForward(passed)
		b.get(t, "/login/oidc/callback?"+reply.Encode()).is(t, want)
	}
}

func TestWhatTheProviderRefuses(t *testing.T) {
	w, i := withProvider(t)
	for name, c := range map[string]struct {
		query  url.Values
		claims map[string]any
		status int
		says   string
	}{
		"not agreed":       {url.Values{"error": {"access_denied"}, "error_description": {"<b>evil</b>"}}, nil, http.StatusUnprocessableEntity, "You did not agree at Example ID"},
		"in trouble":       {url.Values{"error": {"server_error"}}, nil, http.StatusServiceUnavailable, "Example ID does not answer right now"},
		"another error":    {url.Values{"error": {"<b>evil</b>"}}, nil, http.StatusUnauthorized, "could not be verified"},
		"no code":          {url.Values{}, nil, http.StatusUnauthorized, "could not be verified"},
		"a made-up code":   {url.Values{"code": {"nonsense"}}, nil, http.StatusUnauthorized, "could not be verified"},
		"another issuer":   {url.Values{"code": {"x"}, "iss": {"https://evil.example"}}, nil, http.StatusUnauthorized, "could not be verified"},
		"another nonce":    {nil, map[string]any{"nonce": "x"}, http.StatusUnauthorized, "could not be verified"},
		"another audience": {nil, map[string]any{"aud": "x"}, http.StatusUnauthorized, "could not be verified"},
		"expired":          {nil, map[string]any{"exp": time.Now().Add(-time.Hour).Unix()}, http.StatusUnauthorized, "could not be verified"},
		"not verified":     {nil, map[string]any{"email_verified": false}, http.StatusUnprocessableEntity, "Example ID has not verified that manoj@example.in is yours"},
		"unknown e-mail":   {nil, map[string]any{"email": "nobody@example.in"}, http.StatusUnauthorized, "There is no account here for nobody@example.in"},
	} {
		t.Run(name, func(t *testing.T) {
			i.Bend = func(claims map[string]any) {
				for claim, value := range c.claims {
					claims[claim] = value
				}
			}
			b := w.visitor()
			reply := i.Agree(t, b.leave(t, "/imports"))
			if c.query != nil {
				c.query.Set("state", reply.Get("state"))
				reply = c.query
			}
			a := b.get(t, "/login/oidc/callback?"+reply.Encode())
			a.is(t, c.status)
			a.isSafe(t)
			a.wants(t, c.says, `role="alert"`, `name="next" value="/imports"`)
			a.lacks(t, "<b>evil</b>")
			if b.cookies["sid"] != "" {
				t.Error("a session was begun")
			}
		})
	}
}

// The password keeps working while the provider does not.
func TestAProviderThatIsDown(t *testing.T) {
	w, i := withProvider(t)
	i.Down = true
	b := visitor(t, w)
	a := b.get(t, "/login/oidc?next=/imports")
	a.is(t, http.StatusServiceUnavailable)
	a.wants(t, "Example ID does not answer right now. Try again in a few minutes, or sign in with your password.", `name="next" value="/imports"`)
	b.post(t, "/login", url.Values{"email": {w.manager.email}, "password": {password}}).is(t, http.StatusSeeOther)
	i.Down = false
	w.visitor().leave(t, "")
}

func TestTheProviderLeadsNowhereElse(t *testing.T) {
	w, i := withProvider(t)
	for next, want := range map[string]string{"https://evil.example": "/", "//evil.example": "/", `/\evil.example`: "/", "/login": "/", "/contacts?q=a": "/contacts?q=a"} {
		a := w.visitor().comeBack(t, i, next)
		a.is(t, http.StatusSeeOther)
		if got := a.header.Get("Location"); got != want {
			t.Errorf("next %q leads to %q, want %q", next, got, want)
		}
	}
}

// A session of before is not taken over by whoever comes back.
func TestTheProviderBeginsANewSession(t *testing.T) {
	w, i := withProvider(t)
	b := w.visitor()
	planted := strings.Repeat("a", 44)
	b.cookies["sid"] = planted
	b.comeBack(t, i, "").is(t, http.StatusSeeOther)
	first := b.cookies["sid"]
	if first == planted || first == "" {
		t.Errorf("the planted session id became %q", first)
	}
	reply := i.Agree(t, w.visitor().leave(t, ""))
	stolen := b.get(t, "/login/oidc/callback?"+reply.Encode())
	stolen.is(t, http.StatusUnprocessableEntity) // somebody else's answer does not change whose browser this is
	b.get(t, "/contacts").wants(t, "Manoj Rao")
}

func TestSignInsByTheProviderAreLimited(t *testing.T) {
	w, _ := withProvider(t)
	b := w.visitor()
	for range 100 {
		b.leave(t, "")
	}
	a := b.get(t, "/login/oidc")
	a.is(t, http.StatusTooManyRequests)
	a.wants(t, "Please wait")
	if a.header.Get("Retry-After") == "" {
		t.Error("Retry-After is missing")
	}
	b.get(t, "/login").is(t, http.StatusOK)
}

func TestRedisDownDuringASignInByTheProvider(t *testing.T) {
	w, i := withProvider(t)
	b := w.visitor()
	reply := i.Agree(t, b.leave(t, ""))
	servertest.Client(t, w.redisURL).Do(t.Context(), "SHUTDOWN", "NOSAVE")
	for _, path := range []string{"/login/oidc", "/login/oidc/callback?" + reply.Encode()} {
		a := b.get(t, path)
		a.is(t, http.StatusServiceUnavailable)
		a.wants(t, "PayAid is busy right now")
	}
}

// newestMailIs reports whether the newest mail has this subject and was kept for reading.
func (w *world) newestMailIs(subject string) func(ctx context.Context) bool {
	return func(ctx context.Context) bool {
		page, err := w.mail.Mailbox(ctx, "")
		return err == nil && len(page.Mails) > 0 && page.Mails[0].Subject == subject && page.Mails[0].State == mail.StateKept
	}
}
