package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"payaid/internal/factor"
)

// journey is one business from its first hour on: its owner, a colleague, and the
// platform administrator's mailbox in which their mails lie.
type journey struct {
	t                    *testing.T
	mailbox, owner, mate *tab
}

const (
	stranger, mate           = "stranger@example.in", "mate@example.in"
	spices, coffee           = "Malabar Spices", "Malabar Coffee"
	strangersWord, matesWord = "pepper and cardamom", "cinnamon and clove"
)

// A stranger signs up, looks around, invites a colleague by mail and asks everybody
// for a second factor. The colleague sets one up, gets another role, works in both
// businesses, loses the phone, forgets the password, and ends every session.
func TestTheWayOfAStranger(t *testing.T) {
	j := journey{t: t, mailbox: newTab(t), owner: newTab(t, "401", "403", "422"), mate: newTab(t, "401", "403", "422")}
	j.mailbox.signIn("owner@demo.test")
	j.signUp()
	j.firstSteps()
	j.invite(spices)
	j.join()
	j.secondBusiness()
	_, codes := j.owner.authenticator()
	if len(codes) != 10 {
		t.Fatalf("%d recovery codes", len(codes))
	}
	j.rule()
	secret, codes := j.mate.authenticator()
	j.newRole()
	j.switches()
	j.lostPhone(codes[0])
	j.forgottenPassword(secret)
	j.everywhere(codes[1])
}

// letter opens the mail to somebody about something and gives the path that its link leads to.
func (j journey) letter(to, about string) string {
	j.t.Helper()
	openMail(j.mailbox, to, about)
	j.mailbox.wait(`document.querySelector('#letter-text a')`)
	return strings.TrimPrefix(j.mailbox.value(`document.querySelector('#letter-text a').href`), suite.app.base)
}

func (j journey) signUp() {
	tb := j.owner
	tb.open("/signup")
	tb.fill("#email", stranger)
	tb.press("\r")
	tb.clickText("Go on") // a stranger cannot read the mailbox page: without a mail server the link stands here
	tb.wait(`document.querySelector('#business')`)
	tb.fill("#business", spices)
	tb.fill("#name", "Meera Nair")
	tb.fill("#password", strangersWord)
	tb.press("\r")
	tb.wait(`location.pathname === '/welcome' && document.readyState === 'complete'`)
}

func (j journey) firstSteps() {
	tb := j.owner
	tb.clickText("Load the sample data")
	tb.wait(`document.querySelector('.toast') && document.querySelector('#main').textContent.includes('sample contacts')`)
	tb.clickText("See the contacts")
	tb.wait(`location.pathname === '/contacts' && document.querySelectorAll('tbody tr').length > 10`)
}

func (j journey) invite(business string) {
	tb := j.owner
	tb.open("/settings/invitations/new")
	tb.fill("#email", mate)
	tb.do(chromedp.SetValue("#role", "member", chromedp.ByQuery))
	tb.clickText("Send the invitation")
	tb.wait(`location.pathname === '/settings/people' && document.querySelector('#main').textContent.includes('` + mate + `')`)
	if got := tb.text(".workspace"); !strings.Contains(got, business) {
		j.t.Errorf("invited into %q, not %s", got, business)
	}
}

// join follows the mail and makes an account.
func (j journey) join() {
	tb := j.mate
	tb.open(j.letter(mate, "invites you to "+spices))
	tb.fill("#name", "Joseph Mathew")
	tb.fill("#password", matesWord)
	tb.press("\r")
	tb.wait(`location.pathname === '/contacts' && document.querySelector('.workspace').textContent.includes('` + spices + `')`)
}

// secondBusiness makes another one, and the colleague, who has an account, joins it
// with one press.
func (j journey) secondBusiness() {
	tb := j.owner
	tb.open("/tenants/new")
	tb.fill("#name", coffee)
	tb.press("\r")
	tb.wait(`location.pathname === '/welcome' && document.querySelector('#main').textContent.includes('` + coffee + `')`)
	j.invite(coffee)
	j.mate.open(j.letter(mate, "invites you to "+coffee))
	j.mate.clickText("Accept")
	j.mate.wait(`location.pathname === '/contacts' && document.querySelector('.workspace').textContent.includes('` + coffee + `')`)
	j.owner.into(spices)
	j.mate.into(spices)
}

// into goes to another business by the menu.
func (tb *tab) into(business string) {
	tb.t.Helper()
	tb.click(`button.workspace`)
	tb.do(chromedp.Click(`//div[@id='workspace-menu']//button[contains(., '`+business+`')]`, chromedp.BySearch, chromedp.NodeVisible))
	tb.wait(`location.pathname === '/contacts' && document.readyState === 'complete' && document.querySelector('.workspace .truncate').textContent === '` + business + `'`)
}

// authenticator sets up an authenticator app and gives its secret and the recovery codes.
func (tb *tab) authenticator() (secret string, codes []string) {
	tb.t.Helper()
	tb.open("/settings/security/totp")
	secret = tb.value(`document.querySelector('.settings-code').textContent`)
	tb.fill("#code", codeAt(tb.t, secret, -1))
	tb.press("\r")
	tb.wait(`document.querySelector('#codes')`)
	codes = strings.Fields(tb.value(`document.querySelector('#codes').value`))
	tb.clickText("I have kept them")
	tb.wait(`document.body.textContent.includes('10 recovery codes are left.')`)
	return secret, codes
}

// codeAt is what the app shows so many steps of half a minute from now.
func codeAt(t *testing.T, secret string, steps time.Duration) string {
	t.Helper()
	code, err := factor.Code(secret, time.Now().Add(steps*30*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// rule asks everybody for a second factor: the colleague can do nothing else then.
func (j journey) rule() {
	j.owner.open("/settings/sign-in-rule")
	j.owner.clickText("Switch the rule on")
	j.owner.wait(`document.querySelector('input[name=required]').value === 'no'`)
	j.mate.do(chromedp.Navigate(suite.app.base + "/contacts"))
	j.mate.wait(`location.pathname === '/settings/security/totp' && document.querySelector('svg.qr')`)
}

// newRole makes a manager of the colleague, who sees it on the next page.
func (j journey) newRole() {
	tb := j.owner
	tb.open("/settings/people")
	tb.clickText("Joseph Mathew")
	tb.wait(`document.querySelector('#role')`)
	tb.do(chromedp.SetValue("#role", "manager", chromedp.ByQuery))
	tb.clickText("Save")
	tb.wait(`document.querySelector('.toast')`)
	j.mate.open("/contacts")
	j.mate.wait(`document.querySelector('.me small').textContent === 'Manager'`)
}

func (j journey) switches() {
	j.mate.into(coffee)
	j.mate.wait(`document.querySelector('.me small').textContent === 'Member'`)
	j.mate.into(spices)
}

// first goes through the first step of signing in, which leads to the second.
func (j journey) first(word string) {
	tb := j.mate
	tb.open("/login")
	tb.fill("#email", mate)
	tb.fill("#password", word)
	tb.press("\r")
	tb.wait(`location.pathname === '/login/second' && document.querySelector('#code')`)
}

func (j journey) lostPhone(recovery string) {
	j.mate.signOut()
	j.first(matesWord)
	j.mate.clickText("Use a recovery code")
	j.mate.wait(`location.search === '?with=recovery' && document.querySelector('#code')`)
	j.mate.fill("#code", recovery)
	j.mate.press("\r")
	j.mate.wait(`location.pathname === '/contacts' && document.querySelector('.workspace').textContent.includes('` + spices + `')`)
}

// forgottenPassword sets a new one by mail: the second factor is asked for as before.
func (j journey) forgottenPassword(secret string) {
	tb := j.mate
	tb.signOut()
	tb.open("/password/forgot")
	tb.fill("#email", mate)
	tb.press("\r")
	tb.wait(`location.search === '?sent=1'`)
	tb.open(j.letter(mate, "Set a new password"))
	tb.fill("#password", "nutmeg and mace")
	tb.press("\r")
	tb.wait(`location.pathname === '/login' && document.body.textContent.includes('Your new password is set')`)
	j.first("nutmeg and mace")
	tb.fill("#code", codeAt(j.t, secret, 0))
	tb.press("\r")
	tb.arrives()
}

// everywhere ends every session from one browser, and the other one is out as well.
func (j journey) everywhere(recovery string) {
	other := newTab(j.t, "401")
	elsewhere := journey{t: j.t, mate: other}
	elsewhere.first("nutmeg and mace")
	other.clickText("Use a recovery code")
	other.wait(`location.search === '?with=recovery' && document.querySelector('#code')`)
	other.fill("#code", recovery)
	other.press("\r")
	other.arrives()

	j.mate.open("/settings/security")
	j.mate.do(chromedp.Click(`//summary[normalize-space()='Log out everywhere']`, chromedp.BySearch, chromedp.NodeVisible))
	j.mate.click(`form[action$="/end-all"] button`)
	j.mate.wait(`location.pathname === '/login' && document.readyState === 'complete'`)
	other.do(chromedp.ActionFunc(func(ctx context.Context) error { return chromedp.Navigate(suite.app.base + "/contacts").Do(ctx) }))
	other.wait(`location.pathname === '/login'`)
}
