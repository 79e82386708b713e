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
)

// TestAStrangerSignsUp goes the whole way, jobs and mail included.
func TestAStrangerSignsUp(t *testing.T) {
	w := newWorld(t)
	w.workMail(t)
	b := visitor(t, w)
	b.get(t, "/login").wants(t, `href="/signup"`)
	b.post(t, "/signup", url.Values{"email": {" Devi@Example.in "}}).is(t, seeOther)
	link := w.mailTo(t, "devi@example.in", signUpLink)
	b.get(t, link).wants(t, "devi@example.in from now on")
	_, token, _ := strings.Cut(link, "token=")
	fields := url.Values{"token": {token}, "business": {"Nilgiri Tea"}, "name": {"Devi Rao"}, "password": {password}}
	before := b.cookies["sid"]
	a := b.post(t, "/signup/finish", fields)
	a.is(t, seeOther)
	if b.cookies["sid"] == "" || b.cookies["sid"] == before {
		t.Error("no session of a new id began")
	}
	b.get(t, a.header.Get("Location")).wants(t, "Nilgiri Tea is ready.", "Devi Rao")
	b.get(t, "/contacts").wants(t, "No contacts yet")

	again := visitor(t, w)
	again.post(t, "/signup/finish", fields).is(t, unprocessable)
	again.get(t, link).wants(t, "There is an account")
	again.post(t, "/signup", url.Values{"email": {"devi@example.in"}}).is(t, seeOther)
	w.mailTo(t, "devi@example.in", regexp.MustCompile(`tried to sign up for PayAid with (devi)`))
}

var (
	signUpLink     = regexp.MustCompile(`href="http://example\.com(/signup/finish\?token=[^"]+)"`)
	invitationLink = regexp.MustCompile(`href="http://example\.com(/invitations/accept\?token=[^"]+)"`)
)

// mailTo waits until a mail to somebody, as the mailbox shows it, holds what is
// looked for, and returns that.
func (w *world) mailTo(t *testing.T, to string, what *regexp.Regexp) (found string) {
	t.Helper()
	eventually(t, "there is a mail to "+to, func(ctx context.Context) bool {
		page, err := w.mail.Mailbox(ctx, "")
		ok(t, err)
		for _, m := range page.Mails {
			if m.To != to {
				continue
			}
			if match := what.FindStringSubmatch(w.as(t, w.operator).get(t, "/admin/mail/"+m.ID.String()).body); match != nil {
				found = match[1]
				return true
			}
		}
		return false
	})
	return found
}

// What comes back to whoever signs up, and what is done before it does, must not
// depend on whether there is an account.
func TestSigningUpTellsNobodyWhoHasAnAccount(t *testing.T) {
	w := newWorld(t)
	b := visitor(t, w)
	ask := func(email string) (answer, time.Duration) {
		begun := time.Now()
		a := b.post(t, "/signup", url.Values{"email": {email}})
		return a, time.Since(begun)
	}
	ask("warm@example.in")
	work := func(email string) (rows int) { // every row that a request leaves behind
		before := w.rows(t.Context(), t)
		ask(email)
		return w.rows(t.Context(), t) - before
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
		k.same(t, u)
	}
	// The rows prove that the work is the same; this notices a password hash on one side.
	if diff := (known - unknown).Abs(); diff > 4*200*time.Millisecond {
		t.Errorf("known took %s, unknown %s", known, unknown)
	}
	for _, email := range []string{w.owner.email, "nobody2@example.in"} {
		ask(email)
		a, _ := ask(strings.ToUpper(email) + " ")
		a.is(t, http.StatusTooManyRequests)
		a.wants(t, "Too many tries", "Please wait")
		if a.header.Get("Retry-After") == "" {
			t.Error("Retry-After is missing")
		}
	}
}

// same fails where two answers differ in anything that is not the request's own.
func (a answer) same(t *testing.T, other answer) {
	t.Helper()
	for name := range a.header {
		if name != "X-Request-Id" && name != "Date" && !strings.HasPrefix(name, "Ratelimit") && a.header.Get(name) != other.header.Get(name) {
			t.Errorf("%s differs: %q and %q", name, a.header.Get(name), other.header.Get(name))
		}
	}
	if a.status != other.status || a.body != other.body {
		t.Errorf("%d %q and %d %q", a.status, a.body, other.status, other.body)
	}
}

// Inviting somebody tells the inviter nothing about accounts either.
func TestInvitingTellsNobodyWhoHasAnAccount(t *testing.T) {
	w := newWorld(t)
	b := w.as(t, w.owner)
	invite := func(email string) (a answer, rows int) {
		before := w.rows(t.Context(), t)
		a = b.post(t, "/settings/invitations", url.Values{"email": {email}, "role": {"member"}})
		a.is(t, seeOther)
		return a, w.rows(t.Context(), t) - before
	}
	known, rows := invite(w.stranger.email)
	unknown, more := invite("nobody@example.in")
	known.same(t, unknown)
	if rows != more || rows != 1 {
		t.Errorf("%d and %d rows, want one job each", rows, more)
	}
}

var shownLink = regexp.MustCompile(`href="(/signup/finish\?token=[^"]+)"`)

// Where no mail reaches anybody, pages show the links, and nowhere else.
func TestLinksAreShownWhereNoMailArrives(t *testing.T) {
	w := newWorld(t, func(_ testing.TB, _ *world, d *handlers.Deps) { d.ShowLinks = true })
	b := visitor(t, w)
	for _, email := range []string{"devi@example.in", w.owner.email} { // the same page for both
		a := b.post(t, "/signup", url.Values{"email": {email}})
		a.is(t, okay)
		a.wants(t, "There is no mail server here.")
		header("Cache-Control", "no-store")(t, w, a)
		m := shownLink.FindStringSubmatch(a.body)
		if m == nil {
			t.Fatal("no link")
		}
		page := b.get(t, m[1])
		if email == w.owner.email {
			page.wants(t, "There is an account")
			page.lacks(t, "<form")
			continue
		}
		page.wants(t, `name="business"`)
	}
	owner := w.as(t, w.owner)
	path := "/settings/invitations/" + w.invitation(t, "guest@example.in").ID.String()
	owner.get(t, "/settings/people").wants(t, "Show link")
	a := owner.post(t, path+"/link", nil)
	a.is(t, okay)
	a.wants(t, `value="http://example.com/invitations/accept?token=`)
	header("Cache-Control", "no-store")(t, w, a)
	w.as(t, w.manager).post(t, path+"/link", nil).is(t, forbidden)
	w.as(t, w.stranger).post(t, path+"/link", nil).is(t, notFound)

	w = newWorld(t)
	path = "/settings/invitations/" + w.invitation(t, "guest@example.in").ID.String()
	w.as(t, w.owner).post(t, path+"/link", nil).is(t, notFound)
}

func TestAnInstallationThatIsClosedToStrangers(t *testing.T) {
	w := newWorld(t, func(_ testing.TB, _ *world, d *handlers.Deps) { d.SignUp = false })
	b := visitor(t, w)
	b.get(t, "/login").lacks(t, "/signup")
	for _, path := range []string{"/signup", "/signup?sent=1", "/signup/finish?token=" + w.signUpToken(t, "devi@example.in")} {
		a := b.get(t, path)
		a.is(t, forbidden)
		a.wants(t, "Sign-up is closed on this installation.")
	}
	b.post(t, "/signup", url.Values{"email": {"devi@example.in"}}).is(t, forbidden)
	b.post(t, "/signup/finish", url.Values{"token": {w.signUpToken(t, "devi@example.in")}, "business": {"A"}, "name": {"B"}, "password": {password}}).is(t, forbidden)
	member := w.as(t, w.member)
	member.get(t, "/contacts").lacks(t, "/tenants/new")
	member.get(t, "/tenants/new").is(t, forbidden)
	member.post(t, "/tenants", url.Values{"id": {uuid.NewString()}, "name": {"Second"}}).is(t, forbidden)
	// Invitations go on: somebody decided about each.
	token := w.invitationToken(t, "guest@example.in")
	b.get(t, "/invitations/accept?token="+token).is(t, okay)
}

func TestSwitchingBusinesses(t *testing.T) {
	w := newWorld(t)
	b, a := w.atBoth(t)
	b.get(t, "/contacts").wants(t, "Your businesses", "Udyog Traders", "Konkan Logistics", w.elsewhere.String())
	old, stolen := b.cookies["sid"], w.visitor()
	b.post(t, "/tenants/switch", url.Values{"tenant": {w.elsewhere.String()}}).is(t, seeOther)
	if b.cookies["sid"] == old {
		t.Error("the session kept its id")
	}
	stolen.cookies["sid"] = old
	stolen.get(t, "/contacts").is(t, seeOther)
	page := b.get(t, "/settings/password")
	page.wants(t, `<small>Manager</small>`)
	// The next sign-in begins there.
	next := w.visitor()
	next.signIn(t, a.email, password).is(t, seeOther)
	next.get(t, "/contacts").wants(t, `title="Switch business"><span class="workspace-mark" aria-hidden="true">K</span>`)
	w.db.OwnerExec(t, "UPDATE tenants SET status = 'suspended' WHERE id = $1", w.home)
	page = b.get(t, "/contacts")
	page.is(t, okay)
	page.lacks(t, "Udyog Traders")
	b.post(t, "/tenants/switch", url.Values{"tenant": {w.home.String()}}).is(t, notFound)
}

// The password of somebody without a business is asked for on the page of their
// invitation, and cannot be guessed there.
func TestComingBackByAnInvitation(t *testing.T) {
	w := newWorld(t)
	w.db.OwnerExec(t, "DELETE FROM memberships WHERE user_id = $1", w.colleague.id)
	token := w.invitationToken(t, w.colleague.email)
	b := visitor(t, w)
	page := b.get(t, "/invitations/accept?token="+token)
	page.wants(t, "Enter its password to accept.", `autocomplete="current-password"`)
	page.lacks(t, `name="name"`)
	for range 9 {
		a := b.post(t, "/invitations/accept", url.Values{"token": {token}, "password": {"wrong password"}})
		a.is(t, unauthorized)
		a.wants(t, `id="password-err"`, "not the password of your account")
	}
	b.post(t, "/invitations/accept", url.Values{"token": {token}, "password": {password}}).is(t, seeOther)
	b.get(t, "/contacts").wants(t, "Kabir Nair")

	w.db.OwnerExec(t, "DELETE FROM memberships WHERE user_id = $1", w.member.id)
	token = w.invitationToken(t, w.member.email)
	b = visitor(t, w)
	for range 10 {
		b.post(t, "/invitations/accept", url.Values{"token": {token}, "password": {"wrong password"}}).is(t, unauthorized)
	}
	a := b.post(t, "/invitations/accept", url.Values{"token": {token}, "password": {password}})
	a.is(t, http.StatusTooManyRequests)
	a.wants(t, "Too many tries")
}

// TestSomebodyIsInvited goes the whole way for somebody new, and for somebody who
// has an account and has to sign in on the way.
func TestSomebodyIsInvited(t *testing.T) {
	w := newWorld(t)
	w.workMail(t)
	owner := w.as(t, w.owner)
	for _, email := range []string{"nisha@example.in", w.stranger.email} {
		owner.post(t, "/settings/invitations", url.Values{"email": {email}, "role": {"manager"}}).is(t, seeOther)
	}
	link := w.mailTo(t, "nisha@example.in", invitationLink)
	b := visitor(t, w)
	b.get(t, link).wants(t, "Join Udyog Traders")
	_, token, _ := strings.Cut(link, "token=")
	a := b.post(t, "/invitations/accept", url.Values{"token": {token}, "name": {"Nisha Iyer"}, "password": {password}})
	a.is(t, seeOther)
	b.get(t, "/contacts").wants(t, "Nisha Iyer", "Udyog Traders", "Manager")
	visitor(t, w).get(t, link).wants(t, "accepted already", `href="/login"`)

	link = w.mailTo(t, w.stranger.email, invitationLink)
	b = visitor(t, w)
	page := b.get(t, link)
	page.wants(t, "Sign in to accept")
	page.lacks(t, `name="password"`)
	next := "/invitations/accept?token=" + strings.TrimPrefix(link, "/invitations/accept?token=")
	b.get(t, "/login?next="+url.QueryEscape(next)).wants(t, `name="next" value="/invitations/accept?token=`)
	a = b.post(t, "/login", url.Values{"email": {w.stranger.email}, "password": {password}, "next": {next}})
	location(next)(t, w, a)
	b.get(t, next).wants(t, ">Accept<")
	old := b.cookies["sid"]
	_, token, _ = strings.Cut(link, "token=")
	b.post(t, "/invitations/accept", url.Values{"token": {token}}).is(t, seeOther)
	if b.cookies["sid"] == old {
		t.Error("the session kept its id")
	}
	b.get(t, "/contacts").wants(t, "Zoya Khan", "Udyog Traders", "Konkan Logistics")
	owner.get(t, "/settings/people").wants(t, "Nisha Iyer", "Zoya Khan")
	if homes, err := w.auth.Homes(t.Context(), w.stranger.id); err != nil || len(homes) != 2 || homes[0].Role != auth.Manager {
		t.Errorf("%+v, %v", homes, err)
	}
}
