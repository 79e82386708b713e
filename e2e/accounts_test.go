package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

const founder, colleague = "founder@example.in", "colleague@example.in"

// A stranger signs up, looks around with sample data, invites a colleague who
// accepts in another browser, and goes from one business to another and back.
func TestFromSignUpToTheSecondBusiness(t *testing.T) {
	tb := newTab(t, "422")
	tb.open("/login")
	tb.clickText("Create an account")
	tb.fill(`#email`, founder)
	tb.press("\r")
	tb.wait(`document.querySelector('a[href^="/signup/finish?token="]')`)
	tb.axe("the link of a sign-up")
	tb.clickText("Go on")
	tb.wait(`document.querySelector('#business')`)
	tb.axe("the form of a sign-up")
	tb.fill(`#business`, "Nilgiri Tea")
	tb.fill(`#name`, "Devi Rao")
	tb.fill(`#password`, "short")
	tb.press("\r")
	tb.wait(`document.querySelector('#password-err') && document.querySelector('#business').value === 'Nilgiri Tea'`)
	tb.fill(`#password`, "correct horse battery")
	tb.press("\r")
	tb.wait(`location.pathname === '/welcome' && document.readyState === 'complete'`)
	samples(tb)
	invite(tb)

	guest := newTab(t)
	guest.open(linkOf(tb, colleague))
	guest.axe("an invitation")
	guest.fill(`#name`, "Kavya Iyer")
	guest.fill(`#password`, "another horse battery")
	guest.press("\r")
	guest.wait(`location.pathname === '/contacts' && document.querySelector('.workspace').textContent.includes('Nilgiri Tea')`)
	tb.open("/settings/people")
	tb.wait(`document.querySelector('#main').textContent.includes('Kavya Iyer') && !document.querySelector('#main').textContent.includes('Invitations')`)

	secondBusiness(tb)
}

// samples brings the sample data in, and takes it away again.
func samples(tb *tab) {
	tb.t.Helper()
	tb.clickText("Load the sample data")
	tb.wait(`document.querySelector('.toast') && document.querySelector('#main').textContent.includes('24 sample contacts')`)
	tb.axe("first steps with sample data")
	tb.clickText("See the contacts")
	tb.wait(`location.pathname === '/contacts' && document.querySelectorAll('tbody tr').length > 10`)
	tb.open("/welcome")
	tb.clickText("Remove the sample data")
	tb.wait(`document.querySelector('.toast') && document.querySelector('form[action="/welcome/samples"]')`)
	tb.open("/contacts")
	tb.wait(`document.querySelector('#main').textContent.includes('No contacts yet')`)
}

func invite(tb *tab) {
	tb.t.Helper()
	tb.open("/welcome")
	tb.clickText("Invite somebody")
	tb.fill(`#email`, colleague)
	tb.do(chromedp.SetValue("#role", "manager", chromedp.ByQuery))
	tb.clickText("Send the invitation")
	tb.wait(`location.pathname === '/settings/people' && document.querySelector('.toast') && document.querySelector('#main').textContent.includes('` + colleague + `')`)
	for _, name := range []string{"light", "dark"} {
		tb.do(theme(name))
		tb.open("/settings/people")
		tb.axe("invitations, " + name)
	}
	tb.do(emulation.SetDeviceMetricsOverride(390, 844, 1, true))
	tb.open("/settings/people")
	tb.wait(`document.documentElement.scrollWidth <= 390`)
	tb.axe("invitations on a phone")
	tb.do(emulation.SetDeviceMetricsOverride(1440, 900, 1, false), theme("light"))
}

// linkOf gives the path of the link that the list of invitations shows where there
// is no mail server.
func linkOf(tb *tab, email string) string {
	tb.t.Helper()
	tb.do(chromedp.Click(`//tr[contains(., '`+email+`')]//button[contains(., 'Show link')]`, chromedp.BySearch, chromedp.NodeVisible))
	tb.wait(`document.querySelector('#secret')`)
	tb.axe("the link of an invitation")
	var link string
	tb.do(chromedp.Evaluate(`document.querySelector('#secret').value`, &link))
	return strings.TrimPrefix(link, suite.app.base)
}

// secondBusiness makes one more, and goes back to the first by the menu.
func secondBusiness(tb *tab) {
	tb.t.Helper()
	tb.click(`button.workspace`)
	tb.wait(`document.querySelector('#workspace-menu').matches(':popover-open')`)
	tb.axe("the menu of businesses")
	tb.clickText("New business")
	tb.fill(`#name`, "Kaveri Coffee")
	tb.press("\r")
	tb.wait(`location.pathname === '/welcome' && document.querySelector('#main').textContent.includes('Kaveri Coffee is ready.')`)
	for range 2 { // the menu lists the other one wherever one is
		var here string
		tb.do(chromedp.Evaluate(`document.querySelector('.workspace .truncate').textContent`, &here))
		tb.click(`button.workspace`)
		tb.click(`#workspace-menu form button`)
		tb.wait(`location.pathname === '/contacts' && document.readyState === 'complete' && document.querySelector('.workspace .truncate').textContent !== '` + here + `'`)
	}
	tb.click(`button.workspace`)
	tb.click(`#workspace-menu form button`)
	tb.wait(`document.querySelector('.workspace .truncate').textContent === 'Nilgiri Tea'`)
}
