package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// endSession takes the session away from under an open page.
func (tb *tab) endSession() {
	tb.t.Helper()
	tb.do(network.ClearBrowserCookies())
}

// Who is signed out over a half-written form signs in again on top of it and
// presses Save once more.
func TestAnEndedSessionKeepsTheForm(t *testing.T) {
	tb := newTab(t, "401", "403")
	tb.signIn("manager@demo.test")
	tb.press("c")
	tb.wait(`document.querySelector('dialog[open] #email')`)
	tb.fill("#firstName", "Aa Keeps What Was Typed")
	tb.endSession()
	tb.press("\r")
	tb.wait(`document.querySelector('#dialog [data-save-state]').textContent === 'Not saved: your session has ended.'`)
	tb.wait(`document.querySelector('#again[open] #again-password') && document.activeElement.id === 'again-password'`)
	tb.axe("signing in again")
	var email string
	tb.do(chromedp.Value("#again-email", &email, chromedp.ByQuery))
	if email != "manager@demo.test" {
		t.Errorf("the e-mail is %q", email)
	}
	tb.fill("#again-password", "wrong")
	tb.press("\r")
	tb.wait(`document.querySelector('#again[open] [role=alert]')?.textContent.includes('do not belong together')`)
	tb.fill("#again-password", "demo-payaid")
	tb.press("\r")
	tb.wait(`!document.querySelector('#again[open]') && document.querySelector('#dialog[open] .toast')?.textContent.includes('press Save once more')`)
	tb.wait(`document.querySelector('#dialog #firstName').value === 'Aa Keeps What Was Typed'`)
	tb.click(`#dialog [type=submit]`)
	tb.wait(`!document.querySelector('dialog[open]') && document.querySelector('#results').textContent.includes('Aa Keeps What Was Typed')`)

	// Signed in meanwhile in another tab: the page finds its new token by itself.
	tb.press("c")
	tb.wait(`document.querySelector('dialog[open] #email')`)
	tb.fill("#firstName", "Aa Other Tab")
	// The message from before, which may still be there, is not the answer waited for below.
	tb.do(chromedp.Evaluate(`document.querySelectorAll('.toast').forEach((t) => t.remove())`, nil))
	tb.endSession()
	tb.signInBeside("manager@demo.test")
	tb.click(`#dialog [type=submit]`)
	tb.wait(`[...document.querySelectorAll('#dialog .toast')].some(t => t.textContent.includes('press Save once more'))`)
	tb.click(`#dialog [type=submit]`)
	tb.wait(`!document.querySelector('dialog[open]') && document.querySelector('#results').textContent.includes("Aa Other Tab")`)

	// Somebody else: the page is not theirs to go on with.
	tb.press("c")
	tb.wait(`document.querySelector('dialog[open] #email')`)
	tb.endSession()
	tb.signInBeside("member@demo.test")
	tb.click(`#dialog [type=submit]`)
	tb.wait(`document.querySelector('.me b')?.textContent === 'Demo Member' && !document.querySelector('dialog[open]')`)
}

// signInBeside signs in as another tab of the same browser would.
func (tb *tab) signInBeside(email string) {
	tb.t.Helper()
	tb.do(chromedp.Evaluate(`window.beside = false; fetch('/login').then((r) => r.text()).then((page) => fetch('/login', {method: 'POST', body: new URLSearchParams({
		_csrf: new DOMParser().parseFromString(page, 'text/html').querySelector('input[name=_csrf]').value, email: '`+email+`', password: 'demo-payaid'})}))
		.then(() => { window.beside = true; })`, nil))
	tb.wait(`window.beside`)
}
