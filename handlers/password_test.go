package handlers_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"payaid/handlers"
	"payaid/internal/auth"
	"payaid/internal/mail"
	mailview "payaid/views/mail"
)

// sendReset does what the job would, and tells the token.
func (w *world) sendReset(t testing.TB, a account, tell func(token string)) {
	t.Helper()
	write := mailview.PasswordReset("http://example.com")
	args := auth.ResetArgs{ID: uuid.Must(uuid.NewV7()), Email: a.email}
	ok(t, w.auth.SendPasswordReset(t.Context(), args, func(to, name, token string) (mail.Message, error) {
		tell(token)
		return write(to, name, token)
	}))
}

// TestForgottenPasswords goes the whole way, jobs included.
func TestForgottenPasswords(t *testing.T) {
	var replica *world
	w := newWorld(t, func(_ testing.TB, w *world, d *handlers.Deps) {
		replica = &world{app: handlers.New(*d).App()}
	})
	w.workMail(t)
	elsewhere := w.as(t, w.manager) // signed in on another device, on another replica
	elsewhere.w = replica
	elsewhere.get(t, "/contacts").is(t, http.StatusOK)

	b := visitor(t, w)
	b.get(t, "/login").wants(t, `href="/password/forgot"`)
	b.post(t, "/password/forgot", url.Values{"email": {" Manoj@Example.in "}}).is(t, http.StatusSeeOther)
	link := w.linkFromMailbox(t)
	b.get(t, link).wants(t, "Set a new password")
	_, token, _ := strings.Cut(link, "token=")
	const fresh = "an entirely new one"
	a := b.post(t, "/password/reset", url.Values{"token": {token}, "password": {fresh}})
	a.is(t, http.StatusSeeOther)
	b.get(t, a.header.Get("Location")).wants(t, "Your new password is set.")

	elsewhere.get(t, "/contacts").is(t, http.StatusSeeOther)
	b.get(t, link).wants(t, "used before")
	b.get(t, "/login")
	b.post(t, "/login", url.Values{"email": {w.manager.email}, "password": {password}}).is(t, http.StatusUnauthorized)
	b.post(t, "/login", url.Values{"email": {w.manager.email}, "password": {fresh}}).is(t, http.StatusSeeOther)
	b.get(t, "/contacts").wants(t, "Manoj Rao")
}

var linkInMail = regexp.MustCompile(`href="http://example\.com(/password/reset\?token=[^"]+)"`)

// linkFromMailbox waits for the newest mail and returns its link as the mailbox
// shows it.
func (w *world) linkFromMailbox(t *testing.T) string {
	t.Helper()
	var id uuid.UUID
	eventually(t, "the mail is in the mailbox", func(ctx context.Context) bool {
		page, err := w.mail.Mailbox(ctx, "")
		ok(t, err)
		if len(page.Mails) == 0 || page.Mails[0].State != mail.StateKept {
			return false
		}
		id = page.Mails[0].ID
		return true
	})
	m := linkInMail.FindStringSubmatch(w.as(t, w.operator).get(t, "/admin/mail/"+id.String()).body)
	if m == nil {
		t.Fatal("the mailbox shows no link")
	}
	return m[1]
}

// What comes back, and what is done before it does, must not depend on whether
// there is an account.
func TestNobodyLearnsWhoHasAnAccount(t *testing.T) {
	w := newWorld(t)
	b := visitor(t, w)
	ask := func(email string) (answer, time.Duration) {
		begun := time.Now()
		a := b.post(t, "/password/forgot", url.Values{"email": {email}})
		return a, time.Since(begun)
	}
	ask("warm@example.in")
	work := func(email string) (rows int) { // every row that a request leaves behind
		ctx := t.Context()
		before := w.rows(ctx, t)
		ask(email)
		return w.rows(ctx, t) - before
	}
	if known, unknown := work(w.member.email), work("nobody1@example.in"); known != unknown || known != 1 {
		t.Errorf("%d rows for a known e-mail, %d for an unknown one, want 1 job each", known, unknown)
	}
	var known, unknown time.Duration
	for range 4 {
		k, took := ask(w.owner.email)
		known += took
		u, took := ask("nobody2@example.in")
		unknown += took
		for name := range k.header {
			if name != "X-Request-Id" && name != "Date" && !strings.HasPrefix(name, "Ratelimit") && k.header.Get(name) != u.header.Get(name) {
				t.Errorf("%s differs: %q and %q", name, k.header.Get(name), u.header.Get(name))
			}
		}
		if k.status != u.status || k.body != u.body {
			t.Errorf("known: %d %q, unknown: %d %q", k.status, k.body, u.status, u.body)
		}
	}
	// The rows prove that the work is the same; this notices a password hash on one side.
	if diff := (known - unknown).Abs(); diff > 4*200*time.Millisecond {
		t.Errorf("known took %s, unknown %s", known, unknown)
	}
}

// rows counts what a request for a link could leave behind.
func (w *world) rows(ctx context.Context, t *testing.T) (n int) {
	t.Helper()
	err := w.pool.Pool().QueryRow(ctx, `SELECT (SELECT count(*) FROM river.river_job) + (SELECT count(*) FROM password_resets) + (SELECT count(*) FROM signups) + (SELECT count(*) FROM mailbox_messages)`).Scan(&n)
	ok(t, err)
	return n
}

func TestForgottenPasswordsAreLimited(t *testing.T) {
	w := newWorld(t)
	b := visitor(t, w)
	for _, email := range []string{w.owner.email, "nobody@example.in"} {
		for range 5 {
			b.post(t, "/password/forgot", url.Values{"email": {email}}).is(t, http.StatusSeeOther)
		}
		a := b.post(t, "/password/forgot", url.Values{"email": {strings.ToUpper(email) + " "}})
		a.is(t, http.StatusTooManyRequests)
		a.wants(t, "Too many tries", "Please wait")
		if a.header.Get("Retry-After") == "" {
			t.Error("Retry-After is missing")
		}
	}
	b.post(t, "/password/forgot", url.Values{"email": {w.member.email}}).is(t, http.StatusSeeOther)
}

func TestTokensCannotBeGuessedForEver(t *testing.T) {
	w := newWorld(t)
	b := visitor(t, w)
	for range 100 {
		b.get(t, "/password/reset?token=guess").is(t, http.StatusUnprocessableEntity)
	}
	b.get(t, "/password/reset?token=guess").is(t, http.StatusTooManyRequests)
}

func TestChangingThePasswordKeepsThisSessionOnly(t *testing.T) {
	w := newWorld(t)
	here, there := w.visitor(), w.visitor()
	for _, b := range []*browser{here, there} {
		b.signIn(t, w.member.email, password).is(t, http.StatusSeeOther)
		b.get(t, "/settings/password").is(t, http.StatusOK)
	}
	old := here.cookies["sid"]
	const fresh = "an entirely new one"
	a := here.post(t, "/settings/password", url.Values{"current": {password}, "new": {fresh}})
	a.is(t, http.StatusSeeOther)
	here.get(t, a.header.Get("Location")).wants(t, "Your password was changed.", "Meera Joshi")
	there.get(t, "/contacts").is(t, http.StatusSeeOther)
	if here.cookies["sid"] == old {
		t.Error("the session kept its id")
	}
	stolen := w.visitor()
	stolen.cookies["sid"] = old
	stolen.get(t, "/contacts").is(t, http.StatusSeeOther)
	for range 3 { // the session lives on
		here.get(t, "/contacts").is(t, http.StatusOK)
	}
}

func TestTheCurrentPasswordCannotBeGuessed(t *testing.T) {
	w := newWorld(t)
	b := w.as(t, w.manager)
	b.get(t, "/settings/password")
	for range 10 {
		b.post(t, "/settings/password", url.Values{"current": {"wrong password"}, "new": {"an entirely new one"}}).is(t, http.StatusUnprocessableEntity)
	}
	a := b.post(t, "/settings/password", url.Values{"current": {password}, "new": {"an entirely new one"}})
	a.is(t, http.StatusTooManyRequests)
	a.wants(t, "Too many tries")
}

func TestTheHTMLOfAMailCanDoNothing(t *testing.T) {
	w := newWorld(t)
	path := ofMail("/html")(t, w)
	a := w.as(t, w.operator).get(t, path)
	a.is(t, http.StatusOK)
	a.wants(t, "<!doctype html>", "Set a new password")
	policy := a.header.Get("Content-Security-Policy")
	for _, part := range []string{"sandbox", "default-src 'none'", "style-src 'unsafe-inline'", "form-action 'none'", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, part) {
			t.Errorf("the policy lacks %s: %s", part, policy)
		}
	}
	if strings.Contains(policy, "allow-scripts") || strings.Contains(policy, "allow-same-origin") || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("policy %q, caching %q", policy, a.header.Get("Cache-Control"))
	}
	w.as(t, w.owner).get(t, path).is(t, http.StatusNotFound)
	w.visitor().get(t, path).is(t, http.StatusNotFound)
	w.as(t, w.operator).get(t, "/admin/mail/"+uuid.NewString()+"/html").is(t, http.StatusNotFound)
	w.db.OwnerExec(t, "UPDATE mailbox_messages SET html = '', text = '', state = 'sent'")
	w.as(t, w.operator).get(t, path).is(t, http.StatusNotFound)
	w.as(t, w.operator).get(t, strings.TrimSuffix(path, "/html")).wants(t, "The text was removed")
}
