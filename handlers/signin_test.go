package handlers_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"payaid/internal/crm"
)

func TestCSRF(t *testing.T) {
	w := newWorld(t)
	b, other := w.as(t, w.owner), fresh(t, w)
	send := func(form url.Values, headers ...string) answer {
		full := url.Values{"firstName": {"Forged"}}
		for name, values := range form {
			full[name] = values
		}
		return b.do(t, http.MethodPost, "/contacts", "application/x-www-form-urlencoded", full.Encode(), headers...)
	}
	token := url.Values{"_csrf": {b.csrf}}
	for name, a := range map[string]answer{
		"missing":                 send(nil),
		"wrong":                   send(url.Values{"_csrf": {"nonsense"}}),
		"of another session":      send(url.Values{"_csrf": {other.csrf}}),
		"wrong in the header":     send(token, "X-CSRF-Token", "nonsense"),
		"from another site":       send(token, "Sec-Fetch-Site", "cross-site"),
		"from a sister site":      send(token, "Sec-Fetch-Site", "same-site"),
		"missing, asked by a key": w.program("pk_nonsense_nonsense").do(t, http.MethodPost, "/contacts", "", ""),
	} {
		if a.status != http.StatusForbidden && a.status != http.StatusUnauthorized {
			t.Errorf("%s: status %d", name, a.status)
		}
	}
	page, err := w.crm.Contacts(t.Context(), w.principal(t, w.owner), crm.ContactFilter{Query: "forged"})
	ok(t, err)
	if page.Total != 0 {
		t.Error("a forged request was carried out")
	}
	send(token).is(t, http.StatusSeeOther)
	send(nil, "X-CSRF-Token", b.csrf).is(t, http.StatusSeeOther)
	send(token, "Sec-Fetch-Site", "same-origin").is(t, http.StatusSeeOther)
	send(nil).wants(t, "Load it again and repeat")
}

func TestSignInGivesANewSession(t *testing.T) {
	w := newWorld(t)
	b := visitor(t, w)
	planted := strings.Repeat("a", 43)
	b.cookies["sid"] = planted
	b.signIn(t, w.owner.email, password).is(t, http.StatusSeeOther)
	first := b.cookies["sid"]
	if first == planted || first == "" {
		t.Fatalf("the planted session id %q became %q", planted, first)
	}
	b.get(t, "/contacts")
	b.post(t, "/login", url.Values{"email": {w.manager.email}, "password": {password}}).is(t, http.StatusSeeOther)
	if b.cookies["sid"] == first {
		t.Error("a second sign-in kept the session id")
	}
	b.get(t, "/contacts").wants(t, "Manoj Rao")
	b.cookies["sid"] = first
	b.get(t, "/contacts").is(t, http.StatusSeeOther)
}

func TestUnknownSession(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{strings.Repeat("a", 43), "nonsense", "../../etc/passwd"} {
		b := w.visitor()
		b.cookies["sid"] = id
		a := b.get(t, "/contacts")
		a.is(t, http.StatusSeeOther)
		location("/login?next=")(t, w, a)
	}
}

func TestSignOut(t *testing.T) {
	w := newWorld(t)
	b := fresh(t, w)
	old := b.cookies["sid"]
	a := b.post(t, "/logout", nil)
	a.is(t, http.StatusSeeOther)
	if a.header.Get("Clear-Site-Data") != `"cache"` || b.cookies["sid"] != "" {
		t.Error("something is left behind after the sign-out")
	}
	b.get(t, "/login?out=1").wants(t, "You have signed out.")
	b.cookies["sid"] = old
	b.get(t, "/contacts").is(t, http.StatusSeeOther)
}

func TestRightsFollowTheMembership(t *testing.T) {
	w := newWorld(t)
	b := w.as(t, w.manager)
	b.get(t, "/contacts/export.csv").is(t, http.StatusOK)
	w.db.OwnerExec(t, "UPDATE memberships SET role = 'member' WHERE user_id = $1", w.manager.id)
	b.get(t, "/contacts/export.csv").is(t, http.StatusForbidden)
	w.db.OwnerExec(t, `UPDATE memberships SET view_scopes = '{"contacts": "none"}' WHERE user_id = $1`, w.manager.id)
	b.get(t, "/contacts").wants(t, "You see no contacts")
	w.db.OwnerExec(t, "UPDATE users SET disabled_at = now() WHERE id = $1", w.manager.id)
	b.get(t, "/contacts").is(t, http.StatusSeeOther)
	b.get(t, "/login").is(t, http.StatusOK) // no circle of redirects

	member := w.as(t, w.member)
	w.db.OwnerExec(t, "UPDATE users SET sessions_valid_after = now() + interval '1 second' WHERE id = $1", w.member.id)
	member.get(t, "/contacts").is(t, http.StatusSeeOther)
}

func TestSignInIsLimited(t *testing.T) {
	w := newWorld(t)
	b := visitor(t, w)
	try := func(email, password string) answer {
		return b.post(t, "/login", url.Values{"email": {email}, "password": {password}})
	}
	for range 9 {
		try(w.member.email, "wrong password").is(t, http.StatusUnauthorized)
	}
	try(w.member.email, password).is(t, http.StatusSeeOther) // which forgets the failures
	b = visitor(t, w)
	for range 10 {
		try(strings.ToUpper(w.member.email), "wrong password").is(t, http.StatusUnauthorized)
	}
	a := try(" "+w.member.email, password)
	a.is(t, http.StatusTooManyRequests)
	a.wants(t, "Too many tries", "Please wait")
	if a.header.Get("Retry-After") == "" {
		t.Error("Retry-After is missing")
	}
	try(w.owner.email, password).is(t, http.StatusSeeOther)
}

// Neither the page nor the limit tells whether there is an account. That it cannot be
// timed is held by TestEverySignInTakesOneHash of package auth.
func TestNobodyLearnsFromSigningInWhoHasAnAccount(t *testing.T) {
	w := newWorld(t)
	w.db.OwnerExec(t, "UPDATE users SET disabled_at = now() WHERE id = $1", w.colleague.id)
	var first []string
	for _, email := range []string{w.member.email, "nobody@example.in", w.colleague.email} {
		b := visitor(t, w)
		var seen []string
		for range 11 {
			a := b.post(t, "/login", url.Values{"email": {email}, "password": {"wrong password"}})
			body := strings.NewReplacer(email, "EMAIL", b.csrf, "TOKEN").Replace(a.body)
			seen = append(seen, strconv.Itoa(a.status)+a.header.Get("Retry-After")+body)
		}
		if !strings.HasPrefix(seen[0], "401") || !strings.HasPrefix(seen[10], "429") {
			t.Fatalf("%s: the first try %.3s, the eleventh %.3s", email, seen[0], seen[10])
		}
		if first == nil {
			first = seen
		}
		for i := range seen {
			if !alike(seen[i], first[i]) {
				t.Errorf("%s, try %d, reads differently:\n%s\n%s", email, i+1, seen[i], first[i])
			}
		}
	}
}

// alike compares two answers but for how long to wait, which the clock decides.
func alike(a, b string) bool {
	wait := regexp.MustCompile(`^429\d+|wait [^<]+ and`)
	return wait.ReplaceAllString(a, "") == wait.ReplaceAllString(b, "")
}

func TestNextStaysHere(t *testing.T) {
	w := newWorld(t)
	for next, want := range map[string]string{
		"/contacts?q=a&sort=-name": "/contacts?q=a&sort=-name",
		"":                         "/",
		"//evil.example":           "/",
		"https://evil.example":     "/",
		`/\evil.example`:           "/",
		"/\t/evil.example":         "/",
		"/\r\nSet-Cookie: a=b":     "/",
		"/login?next=/login":       "/",
		"javascript:alert(1)":      "/",
		"contacts":                 "/",
	} {
		b := visitor(t, w)
		a := b.post(t, "/login", url.Values{"email": {w.owner.email}, "password": {password}, "next": {next}})
		a.is(t, http.StatusSeeOther)
		if got := a.header.Get("Location"); got != want {
			t.Errorf("next %q leads to %q, want %q", next, got, want)
		}
		if got := b.get(t, "/login?next="+url.QueryEscape(next)).header.Get("Location"); got != want {
			t.Errorf("signed in already, next %q leads to %q, want %q", next, got, want)
		}
	}
}

func TestCookies(t *testing.T) {
	w := newWorld(t)
	b := w.visitor()
	for _, a := range []answer{b.get(t, "/login"), b.signIn(t, w.owner.email, password)} {
		for _, cookie := range a.header.Values("Set-Cookie") {
			for _, want := range []string{"httponly", "samesite=lax", "path=/"} {
				if !strings.Contains(strings.ToLower(cookie), want) {
					t.Errorf("the cookie %s lacks %s", cookie, want)
				}
			}
		}
	}
}

func TestNotices(t *testing.T) {
	w := newWorld(t)
	b := w.as(t, w.owner)
	id := uuid.NewString()
	b.get(t, "/contacts?done=deleted&id="+id).wants(t, "The contact was deleted.", `action="/contacts/`+id+`/restore"`)
	for _, query := range []string{"done=deleted", "done=deleted&id=javascript:alert(1)", "done=nonsense", "done=<b>x</b>"} {
		b.get(t, "/contacts?"+url.PathEscape(query)).lacks(t, `class="toast"`)
	}
}

// TestWithoutScripts goes the way of a browser that runs none: make a contact,
// change it, delete it and take that back.
func TestWithoutScripts(t *testing.T) {
	w := newWorld(t)
	b := w.as(t, w.owner)
	follow := func(a answer) answer {
		t.Helper()
		a.is(t, http.StatusSeeOther)
		return b.get(t, a.header.Get("Location"))
	}
	page := follow(b.post(t, "/contacts", url.Values{"firstName": {"Nisha"}, "lastName": {"Chopra"}, "phone": {"98765 43210"}, "company": {"Ganga Paper Mills"}, "tags": {"vip, north"}}))
	page.wants(t, "The contact was added.", "Nisha Chopra", "Ganga Paper Mills", "+91 98765 43210", `href="tel:+919876543210"`, ">vip<", ">north<")
	_, rest, _ := strings.Cut(page.body, `action="/contacts/`)
	record := "/contacts/" + rest[:36]
	page = follow(b.post(t, record, url.Values{"version": {"1"}, "firstName": {"Nisha"}, "lastName": {""}, "tags": {""}, "notes": {"called"}}))
	page.wants(t, "The contact was saved.", "called")
	page.lacks(t, "<h2>Nisha Chopra</h2>", ">vip<") // the history still tells of them
	page = follow(b.post(t, record+"/delete", nil))
	page.wants(t, "The contact was deleted.", `action="`+record+`/restore"`)
	b.get(t, record).is(t, http.StatusNotFound)
	page = follow(b.post(t, record+"/restore", nil))
	page.wants(t, "The contact was restored.", "Nisha")
}

func TestPager(t *testing.T) {
	w := newWorld(t)
	for range 30 {
		w.contact(t, w.owner, crm.ContactInput{FirstName: "Arjun", Stage: "customer"})
	}
	b := w.as(t, w.owner)
	first := b.get(t, "/contacts?stage=customer&sort=-createdAt")
	first.wants(t, "30 contacts", `aria-sort="descending"`, `rel="next"`, "/contacts/export.csv?filter=stage:customer&amp;sort=-createdAt")
	first.lacks(t, `rel="prev"`)
	_, rest, _ := strings.Cut(first.body, `cursor=`)
	cursor, _, _ := strings.Cut(rest, "&")
	second := b.get(t, "/contacts?stage=customer&sort=-createdAt&cursor="+cursor)
	second.wants(t, `rel="prev"`)
	second.lacks(t, `rel="next"`)
	if n := strings.Count(second.body, "Arjun</b>"); n != 5 {
		t.Errorf("%d rows on the second page, want 5", n)
	}
}

// All sessions end at once when a backup is restored, and browsers still send them.
func TestSigningInOverAVoidSession(t *testing.T) {
	w := newWorld(t)
	b := w.as(t, w.member)
	w.db.OwnerExec(t, "UPDATE users SET sessions_valid_after = now() + interval '1 millisecond'")
	time.Sleep(5 * time.Millisecond)
	b.get(t, "/contacts").is(t, seeOther)
	b.get(t, "/login") // gives the browser the token of a visitor
	b.signIn(t, w.member.email, password).is(t, seeOther)
	b.get(t, "/contacts").is(t, okay)
}
