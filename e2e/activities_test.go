package e2e

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// anActivity gives the address of one of the demo's.
func anActivity(tb *tab) string {
	tb.t.Helper()
	tb.open("/activities")
	var href string
	tb.do(chromedp.Evaluate(`document.querySelector('tbody a.who').getAttribute('href')`, &href))
	return href
}

// aTimeline gives the address of the timeline of a contact that has one.
func aTimeline(tb *tab) string {
	tb.t.Helper()
	tb.open("/activities")
	var href string
	tb.do(chromedp.Evaluate(`document.querySelector('tbody a.link').getAttribute('href')`, &href))
	return href + "/timeline"
}

// A call from the composer to the trash and back, with what follows from it.
func TestTheTimelineOfAContact(t *testing.T) {
	tb := newTab(t, "422")
	tb.signIn("owner@demo.test")
	once := strings.ToLower(rand.Text()[:8])
	tb.open("/contacts/new")
	tb.fill("#firstName", "Farida"+once)
	tb.clickText("Save contact")
	tb.wait(`location.pathname.length > 30 && document.readyState === 'complete' && document.querySelector('#timeline')`)
	record := tb.value(`location.pathname`)

	tb.clickText("Log activity")
	tb.wait(`document.querySelector('#log-body[aria-invalid=true]')`)
	tb.axe("composer with errors")
	tb.do(chromedp.SetValue("#log-type", "call", chromedp.ByQuery))
	tb.fill("#log-body", "Wants <b>cloth</b> "+once+", ask @Demo Manager")
	tb.do(chromedp.SetValue("#log-outcome", "positive", chromedp.ByQuery))
	tb.clickText("Log activity")
	tb.wait(fmt.Sprintf(`document.querySelector('.entry')?.textContent.includes(%q)`, "<b>cloth</b> "+once))
	tb.wait(`document.querySelector('#fact-lastContactedAt time')`)
	tb.axe("a record with its timeline")

	tb.clickText("Comment")
	tb.fill(".entry textarea", "Our samples left today "+once)
	tb.clickText("Add comment")
	tb.wait(fmt.Sprintf(`document.querySelector('.comments')?.textContent.includes(%q)`, "left today "+once))

	tb.do(chromedp.Click(`//nav[contains(@class,'timeline-types')]//a[text()='Meeting']`, chromedp.BySearch))
	tb.wait(`document.querySelector('#timeline').textContent.includes('Nothing of this type')`)
	tb.do(chromedp.Click(`//nav[contains(@class,'timeline-types')]//a[text()='Call']`, chromedp.BySearch))
	tb.wait(`document.querySelectorAll('.entry').length === 1`)

	tb.do(chromedp.Click(`.entry-actions a[hx-get$="/edit"]`, chromedp.ByQuery))
	tb.wait(`document.querySelector('dialog[open] #body')`)
	tb.fill("dialog #body", "Wants silk "+once)
	tb.clickText("Save")
	tb.wait(fmt.Sprintf(`!document.querySelector('dialog[open]') && document.querySelector('.entry')?.textContent.includes(%q)`, "silk "+once))

	tb.do(chromedp.Click(`.entry-actions > form button`, chromedp.ByQuery))
	tb.wait(`!document.querySelector('.entry') && document.querySelector('#toaster').textContent.includes('was deleted')`)
	tb.do(chromedp.Click(`//div[@id='toaster']//button[contains(., 'Undo')]`, chromedp.BySearch))
	tb.wait(fmt.Sprintf(`document.querySelector('.entry')?.textContent.includes(%q)`, "silk "+once))

	tb.open("/activities?q=" + once)
	tb.wait(`document.querySelectorAll('tbody tr').length === 1`)
	tb.click("tbody td a.link")
	tb.wait(fmt.Sprintf(`location.pathname === %q && document.readyState === 'complete'`, record))
}
