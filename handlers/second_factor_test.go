package handlers_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"payaid/internal/auth"
	"payaid/internal/factor"
)

const second = "/login/second"

// protected is somebody with an authenticator app, and the browser that set it up.
type protected struct {
	account
	secret string
	codes  []string // for recovery
	b      *browser
}

var (
	secretText = regexp.MustCompile(`settings-code">([A-Z2-7 ]+)<`)
	tokenField = regexp.MustCompile(`name="token" value="([^"]+)"`)
	codesText  = regexp.MustCompile(`(?s)<textarea id="codes"[^>]*>([^<]+)<`)
)

// protect sets up an authenticator app for a new member, page by page. The code of
// a minute ago switches it on, so that the one of now is unused.
func (w *world) protect(t testing.TB) protected {
	t.Helper()
	p := protected{account: w.person(t, w.home, "P"+uuid.NewString()[:8]+" Protected", auth.Member, nil), b: w.visitor()}
	p.b.signIn(t, p.email, password).is(t, http.StatusSeeOther)
	page := p.b.get(t, security+"/totp")
	page.is(t, http.StatusOK)
	p.secret = secretText.FindStringSubmatch(page.body)[1]
	done := p.b.post(t, security+"/totp", url.Values{"token": {tokenField.FindStringSubmatch(page.body)[1]}, "code": {p.code(t, -1)}})
	done.is(t, http.StatusCreated)
	p.codes = strings.Fields(html.UnescapeString(codesText.FindStringSubmatch(done.body)[1]))
	return p
}

// code is what the app shows, steps of 30 seconds from now.
func (p protected) code(t testing.TB, steps int) string {
	t.Helper()
	code, err := factor.Code(p.secret, time.Now().Add(time.Duration(steps)*30*time.Second))
	ok(t, err)
	return code
}

// firstStep gives a browser with a right password and no second factor yet.
func (p protected) firstStep(t testing.TB, w *world) *browser {
	t.Helper()
	b := w.visitor()
	a := b.signIn(t, p.email, password)
	a.is(t, http.StatusSeeOther)
	if got := a.header.Get("Location"); got != second {
		t.Fatalf("a right password leads to %q", got)
	}
	b.get(t, second).is(t, http.StatusOK)
	return b
}

func pass(code string, with ...string) url.Values {
	return url.Values{"code": {code}, "with": with}
}

func TestSignInWithASecondFactor(t *testing.T) {
	w := newWorld(t)
	p := w.protect(t)
	b := w.visitor()
	b.get(t, "/login?next=/imports")
	b.post(t, "/login", url.Values{"email": {p.email}, "password": {password}, "next": {"/imports"}}).is(t, http.StatusSeeOther)
	half := b.cookies["sid"]
	page := b.get(t, second)
	page.wants(t, "Code of six digits", `autocomplete="one-time-code"`)
	page.lacks(t, p.email)
	b.post(t, second, pass("000000")).wants(t, "This code is not right.", `id="code-err"`)
	b.post(t, second, pass("")).is(t, http.StatusUnprocessableEntity)
	code := p.code(t, 0)
	a := b.post(t, second, pass(code))
	a.is(t, http.StatusSeeOther)
	if a.header.Get("Location") != "/imports" || b.cookies["sid"] == half {
		t.Errorf("leads to %q; the session is a new one: %v", a.header.Get("Location"), b.cookies["sid"] != half)
	}
	b.get(t, "/contacts").is(t, http.StatusOK)

	// The same code again, in another browser, and the old half of a sign-in.
	again := p.firstStep(t, w)
	again.post(t, second, pass(code)).is(t, http.StatusUnauthorized)
	b.cookies["sid"] = half
	b.get(t, second).is(t, http.StatusSeeOther)
}

func TestSignInWithARecoveryCode(t *testing.T) {
	w := newWorld(t)
	p := w.protect(t)
	b := p.firstStep(t, w)
	b.get(t, second+"?with=recovery").wants(t, "Recovery code", `name="with" value="recovery"`)
	b.post(t, second, pass("aaaaa-aaaaa", "recovery")).wants(t, "This recovery code is not right")
	b.post(t, second, pass(p.codes[0], "recovery")).is(t, http.StatusSeeOther)
	b.get(t, security).wants(t, "9 recovery codes are left.")
	p.firstStep(t, w).post(t, second, pass(p.codes[0], "recovery")).is(t, http.StatusUnauthorized)
	if !w.mailed(t, p.email, "A recovery code was used") || !w.mailed(t, p.email, "Your authenticator app is switched on") {
		t.Error("the person was not told")
	}
}

// mailed reports whether somebody got a mail with this subject that holds the words.
func (w *world) mailed(t testing.TB, to, subject string, words ...string) bool {
	t.Helper()
	page, err := w.mail.Mailbox(t.Context(), "")
	ok(t, err)
	for _, m := range page.Mails {
		if m.To == to && strings.HasPrefix(m.Subject, subject) {
			whole, err := w.mail.Letter(t.Context(), m.ID)
			ok(t, err)
			return !slices.ContainsFunc(words, func(s string) bool { return !strings.Contains(whole.Text, s) })
		}
	}
	return false
}

// The half of a sign-in opens what a visitor may open and nothing else.
func TestHalfASignInOpensNothing(t *testing.T) {
	w := newWorld(t)
	p := w.protect(t)
	half, visitor, redis := p.firstStep(t, w), visitor(t, w), w.redis(t)
	seen := 0
	for _, r := range w.app.GetRoutes(true) {
		path := strings.NewReplacer(":id", uuid.NewString(), ":tenant", uuid.NewString(), ":job", "1", ":handle", "x", "*", "app.css").Replace(r.Path)
		if strings.HasPrefix(path, second) || path == "/login" || strings.HasPrefix(path, "/password") || r.Method == http.MethodHead {
			continue
		}
		seen++
		forgetAddresses(t, redis) // visitors may not ask that often
		a, b := half.do(t, r.Method, path, "", ""), visitor.do(t, r.Method, path, "", "")
		if a.status != b.status || a.header.Get("Location") != b.header.Get("Location") {
			t.Errorf("%s %s: %d to half a sign-in, %d to a visitor", r.Method, path, a.status, b.status)
		}
	}
	if seen < 50 {
		t.Errorf("the walk saw %d routes only", seen)
	}
}

func TestHalfASignInEndsByItself(t *testing.T) {
	w := newWorld(t)
	p := w.protect(t)
	b := p.firstStep(t, w)
	redis := w.redis(t)
	keys, err := redis.Keys(t.Context(), "sess:*").Result()
	ok(t, err)
	for _, key := range keys {
		if redis.HExists(t.Context(), key, "waiting.user").Val() {
			ok(t, redis.HSet(t.Context(), key, "waiting.since", time.Now().Add(-5*time.Minute-time.Second).UnixMilli()).Err())
		}
	}
	a := b.post(t, second, pass(p.code(t, 0)))
	a.is(t, http.StatusSeeOther)
	location("/login?late=1")(t, w, a)
	b.get(t, "/login?late=1").wants(t, "within five minutes")
}

func TestSecondFactorsAreLimited(t *testing.T) {
	w := newWorld(t)
	p := w.protect(t)
	for range 5 { // each with a right password before it, which forgets nothing
		p.firstStep(t, w).post(t, second, pass("000000")).is(t, http.StatusUnauthorized)
	}
	a := p.firstStep(t, w).post(t, second, pass(p.code(t, 0)))
	a.is(t, http.StatusTooManyRequests)
	a.wants(t, "Too many tries")
	p.firstStep(t, w).post(t, second, pass(p.codes[0], "recovery")).is(t, http.StatusTooManyRequests)
}

// Nobody learns who has a second factor without the password.
func TestAWrongPasswordTellsNothing(t *testing.T) {
	w := newWorld(t)
	p := w.protect(t)
	with, without := visitor(t, w), visitor(t, w)
	a := with.post(t, "/login", url.Values{"email": {p.email}, "password": {"wrong password"}})
	b := without.post(t, "/login", url.Values{"email": {w.member.email}, "password": {"wrong password"}})
	if a.status != b.status || len(with.cookies) != len(without.cookies) {
		t.Errorf("%d with a second factor, %d without", a.status, b.status)
	}
}

// A second sign-in over the first signs the first person out.
func TestHalfASignInReplacesASession(t *testing.T) {
	w := newWorld(t)
	p := w.protect(t)
	b := fresh(t, w)
	b.get(t, "/contacts").is(t, http.StatusOK)
	b.post(t, "/login", url.Values{"email": {p.email}, "password": {password}}).is(t, http.StatusSeeOther)
	b.get(t, "/contacts").is(t, http.StatusSeeOther)
}

func TestSwitchingOffAsksThePassword(t *testing.T) {
	w := newWorld(t)
	p := w.protect(t)
	p.b.get(t, security).wants(t, "On since", "10 recovery codes are left.")
	p.b.post(t, security+"/totp/off", url.Values{"password": {"wrong"}}).wants(t, "not your current password", "<details class=\"confirm\" open>")
	codes := p.b.post(t, security+"/recovery", url.Values{"password": {password}})
	codes.is(t, http.StatusCreated)
	codes.lacks(t, p.codes[0])
	p.b.post(t, security+"/totp/off", url.Values{"password": {password}}).is(t, http.StatusSeeOther)
	p.b.get(t, security).lacks(t, "On since", "Recovery codes")
	w.visitor().signIn(t, p.email, password).lacks(t, second)
	if !w.mailed(t, p.email, "Your authenticator app is switched off") || !w.mailed(t, p.email, "You have new recovery codes") {
		t.Error("the person was not told")
	}
	for range 9 {
		p.b.post(t, security+"/recovery", url.Values{"password": {"wrong"}})
	}
	p.b.post(t, security+"/recovery", url.Values{"password": {"wrong"}})
	p.b.post(t, security+"/recovery", url.Values{"password": {"wrong"}}).is(t, http.StatusTooManyRequests)
}
