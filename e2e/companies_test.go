package e2e

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// aCompany gives the address of a company that has people.
func aCompany(tb *tab) string {
	tb.t.Helper()
	tb.open("/companies?q=aravalli")
	var href string
	tb.do(chromedp.Evaluate(`document.querySelector('tbody a.who').pathname`, &href))
	return href
}

// One company's whole life in the browser.
func TestCompanyFromTheFormToTheTrashAndBack(t *testing.T) {
	tb := newTab(t, "422")
	tb.signIn("owner@demo.test")
	tb.press("g")
	tb.press("o")
	tb.wait(`location.pathname === '/companies' && document.readyState === 'complete'`)
	tb.press("c")
	tb.wait(`document.querySelector('dialog[open] #gstin')`)
	tb.axe("the dialog of a new company")

	// A name of its own, so that the test can be repeated in one run.
	once := strings.ToLower(rand.Text()[:8])
	name := "Irani <i>Mills</i> " + once
	tb.fill("#name", name)
	tb.clickText("More fields")
	tb.fill("#gstin", "27AAPFU0939F1ZX")
	tb.fill("#annualRevenuePaise", "12,34,567.50")
	tb.fill(`[name="addresses[0].city"]`, "Pune")
	tb.fill("#name", name)
	tb.press("\r")
	tb.wait(`document.querySelector('dialog[open] #gstin[aria-invalid=true]')`)
	tb.axe("dialog with errors")
	tb.fill("#gstin", "27AAPFU0939F1ZV")
	tb.press("\r")
	tb.wait(fmt.Sprintf(`!document.querySelector('dialog[open]') && document.querySelector('#toaster').textContent.includes(%q)`, once+" was added."))
	tb.fill("#q", "irani "+once)
	tb.wait(`location.search.includes('irani') && document.querySelectorAll('tbody tr').length === 1`)
	if got := tb.text("tbody tr b"); got != name {
		t.Errorf("the list shows %q", got)
	}

	tb.click("tbody tr a.who")
	tb.wait(`location.pathname.length > 30 && document.readyState === 'complete'`)
	if got := tb.text("#record"); !strings.Contains(got, "12,34,567.50") || !strings.Contains(got, "Pune") {
		t.Errorf("the record shows %q", got)
	}
	tb.axe("a record")
	tb.press("e")
	tb.wait(`document.querySelector('dialog[open] #industry')`)
	tb.fill("#industry", "Baking "+once)
	tb.clickText("Save")
	tb.wait(fmt.Sprintf(`!document.querySelector('dialog[open]') && document.querySelector('#record').textContent.includes(%q)`, "Baking "+once))

	tb.clickText("Delete")
	tb.wait(`location.pathname === '/companies' && document.readyState === 'complete' && document.querySelector('.toast')?.textContent.includes('Undo')`)
	tb.do(chromedp.Click(`//div[@id='toaster']//button[contains(., 'Undo')]`, chromedp.BySearch))
	tb.wait(`document.querySelector('#toaster').textContent.includes('was restored')`)
	tb.open("/companies?q=" + once)
	tb.wait(`document.querySelectorAll('tbody tr').length === 1`)
}

// A company's people are one page further down, its new name is in the list of
// contacts at once.
func TestRenamedCompanyInTheListOfContacts(t *testing.T) {
	tb := newTab(t)
	tb.signIn("owner@demo.test")
	tb.open("/contacts/new")
	once := strings.ToLower(rand.Text()[:8])
	tb.fill("#firstName", "Zubin"+once)
	tb.fill("#company", "Before "+once)
	tb.clickText("Save contact")
	tb.wait(`location.pathname.length > 30 && document.readyState === 'complete'`)
	tb.open("/contacts?q=" + once)
	tb.wait(`document.querySelector('tbody tr')?.textContent.includes('Before')`)
	tb.open("/companies?q=" + once)
	tb.click("tbody tr a.who")
	tb.wait(`document.querySelector('#people')?.textContent.includes('Zubin') && document.readyState === 'complete'`)
	tb.press("e")
	tb.wait(`document.querySelector('dialog[open] #name')`)
	tb.fill("#name", "After "+once)
	tb.clickText("Save")
	tb.wait(fmt.Sprintf(`!document.querySelector('dialog[open]') && document.querySelector('#record h2').textContent === %q`, "After "+once))
	tb.open("/contacts?q=" + once)
	tb.wait(fmt.Sprintf(`document.querySelector('tbody tr')?.textContent.includes(%q)`, "After "+once))
}
