package e2e

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// newCompany makes a company of its own through the form and opens it; once is in its
// name.
func (tb *tab) newCompany(name string) (once string) {
	tb.t.Helper()
	once = strings.ToLower(rand.Text()[:8])
	tb.open("/companies/new")
	tb.fill("#name", name+" "+once)
	tb.clickText("Save company")
	tb.wait(`/^\/companies\/[0-9a-f-]{36}$/.test(location.pathname) && document.readyState === 'complete' && document.querySelector('#record')`)
	tb.wait(`typeof htmx !== 'undefined'`)
	return once
}

// A field of a company is saved, changed by two people, and put back; its addresses
// are one field.
func TestAFactOfACompanyIsEditedInPlace(t *testing.T) {
	tb := newTab(t, "422", "409")
	tb.signIn("owner@demo.test")
	tb.newCompany("Satpura")
	tb.edit("industry")
	tb.fill("#edit-industry", "Timber")
	tb.press("\r")
	tb.wait(`document.querySelector('#fact-industry .fact-value')?.textContent.includes('Timber') && document.querySelector('#record-head').textContent.includes('Timber')`)

	tb.edit("industry")
	tb.elsewhere("industry", "Paper")
	tb.fill("#edit-industry", "Boards")
	tb.press("\r")
	tb.wait(`document.querySelector('#keep-theirs-industry') && document.querySelector('.clashes').textContent.includes('Paper')`)
	tb.axe("a conflict")
	tb.click("#keep-theirs-industry")
	tb.clickText("Save")
	tb.wait(`!document.querySelector('[data-editing]') && document.querySelector('#fact-industry').textContent.includes('Paper')`)
	tb.wait(`document.querySelector('#history').textContent.includes('Paper') && !document.querySelector('.htmx-request')`)
	tb.do(chromedp.Focus(`//section[@id='history']//li[.//ins[normalize-space()='Paper']]//button`, chromedp.BySearch))
	tb.press("\r")
	tb.wait(`document.querySelector('#fact-industry .fact-value')?.textContent.includes('Timber')`)

	tb.do(chromedp.Focus("#fact-addresses .fact-edit", chromedp.ByQuery))
	tb.press("\r")
	tb.wait(`document.querySelector('#fact-addresses [name="addresses[0].city"]')`)
	tb.axe("the addresses")
	tb.fill(`[name="addresses[0].city"]`, "Betul")
	tb.fill(`[name="addresses[0].pin"]`, "460001")
	tb.clickText("Save")
	tb.wait(`!document.querySelector('[data-editing]') && document.querySelector('#fact-addresses').textContent.includes('Betul 460001')`)
}

// A company whose name was given away comes back from the trash under another one.
func TestACompanyWhoseNameIsTaken(t *testing.T) {
	tb := newTab(t, "409")
	tb.signIn("owner@demo.test")
	once := tb.newCompany("Vindhya")
	tb.clickText("Delete")
	tb.wait(`document.querySelector('.toast') && location.pathname === '/companies'`)
	tb.open("/companies/new")
	tb.fill("#name", "Vindhya "+once)
	tb.clickText("Save company")
	tb.wait(`/^\/companies\/[0-9a-f-]{36}$/.test(location.pathname) && document.readyState === 'complete'`)
	tb.open("/companies/trash")
	tb.do(chromedp.Click(fmt.Sprintf(`//tr[contains(., %q)]//button`, once), chromedp.BySearch, chromedp.NodeVisible))
	tb.wait(`location.pathname.endsWith('/restore') && document.querySelector('#duplicates').textContent.includes('Vindhya')`)
	tb.axe("a clash in the trash")
	tb.fill("#name", "Old Vindhya "+once)
	tb.clickText("Restore with this one")
	tb.wait(`/^\/companies\/[0-9a-f-]{36}$/.test(location.pathname) && document.querySelector('#record-head').textContent.includes('Old Vindhya')`)
}
