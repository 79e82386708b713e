package e2e

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"golang.org/x/net/html"
)

const forgetful = "forgetful@demo.test"

// Who forgot the password gets a mail, follows its link and is in again.
func TestAForgottenPassword(t *testing.T) {
	suite.app.verb(t, "user", "create", "--email", forgetful, "--name", "Farah Khan", "--password", "the old password", "--tenant", "demo")
	admin := newTab(t)
	admin.signIn("owner@demo.test")

	tb := newTab(t, "401", "422")
	tb.open("/login")
	tb.clickText("Forgot your password?")
	tb.wait(`location.pathname === '/password/forgot' && document.readyState === 'complete'`)
	tb.fill(`#email`, forgetful)
	tb.press("\r")
	tb.wait(`location.search === '?sent=1' && document.body.textContent.includes('Look into your mailbox')`)

	openMail(admin, forgetful, "Set a new password")
	admin.wait(`document.querySelector('#letter-text a')`)
	var link, asHTML string
	admin.do(chromedp.Evaluate(`document.querySelector('#letter-text a').href`, &link),
		chromedp.Evaluate(`[...document.querySelectorAll('a')].find(a => a.textContent.includes('HTML form')).getAttribute('href')`, &asHTML))
	path := strings.TrimPrefix(link, suite.app.base)
	admin.do(chromedp.Navigate(suite.app.base+asHTML), chromedp.WaitVisible(`a[href*="/password/reset?token="]`, chromedp.ByQuery))

	tb.open(path)
	tb.axe("the form for a new password")
	tb.fill(`#password`, "short")
	tb.press("\r")
	tb.wait(`document.querySelector('#password-err')`)
	tb.fill(`#password`, "an entirely new one")
	tb.press("\r")
	tb.wait(`location.pathname === '/login' && document.body.textContent.includes('Your new password is set')`)
	tb.fill(`#email`, forgetful)
	tb.fill(`#password`, "an entirely new one")
	tb.press("\r")
	tb.wait(`location.pathname === '/contacts' && document.readyState === 'complete'`)

	tb.open(path) // the link is used up, also for its owner
	if got := tb.text("[role=alert], .alert"); !strings.Contains(got, "used before") {
		t.Errorf("alert: %q", got)
	}
	changePassword(tb)
}

// changePassword goes through the settings of whoever forgot theirs.
func changePassword(tb *tab) {
	tb.t.Helper()
	tb.open("/contacts")
	tb.press("g")
	tb.press("s")
	tb.wait(`location.pathname === '/settings/profile' && document.readyState === 'complete'`)
	tb.click(`a[href="/settings/password"]`)
	tb.wait(`location.pathname === '/settings/password' && document.readyState === 'complete'`)
	tb.fill(`#current`, "an entirely new one")
	tb.fill(`#new`, "and yet another one")
	tb.press("\r")
	tb.wait(`document.querySelector('#toaster')?.textContent.includes('Your password was changed')`)
	tb.open("/contacts")
	tb.wait(`location.pathname === '/contacts'`)
}

// openMail waits in the mailbox for the mail to somebody about something, and opens it.
func openMail(tb *tab, to, about string) {
	tb.t.Helper()
	row := `[...document.querySelectorAll('tbody tr')].find(r => r.textContent.includes('` + to + `') && r.textContent.includes('` + about + `') && r.textContent.includes('Kept here'))`
	for deadline := time.Now().Add(patience); ; time.Sleep(200 * time.Millisecond) {
		tb.open("/admin/mail")
		var there bool
		tb.do(chromedp.Evaluate("!!"+row, &there))
		if there {
			break
		}
		if time.Now().After(deadline) {
			tb.t.Fatalf("no mail to %s about %q in the mailbox", to, about)
		}
	}
	tb.do(chromedp.Evaluate(row+".querySelector('a').click()", nil))
}

var mailLink = regexp.MustCompile(`/admin/mail/[0-9a-f-]{36}`)

// aMail has a mail written, without scripts, and gives the address of its page.
func aMail(t *testing.T) string {
	b := &textBrowser{t: t, cookies: map[string]string{}}
	b.open("/password/forgot")
	b.submit("/password/forgot", url.Values{"email": {"member@demo.test"}})
	b.shows("Look into your mailbox")
	b.open("/login")
	b.submit("/login", url.Values{"email": {"owner@demo.test"}, "password": {"demo-payaid"}})
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		b.open("/admin/mail")
		a := find(b.page, func(n *html.Node) bool { return n.Data == "a" && mailLink.MatchString(attr(n, "href")) })
		if a != nil {
			return attr(a, "href")
		}
	}
	t.Fatal("no mail in the mailbox")
	return ""
}
