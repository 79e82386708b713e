package e2e

import (
	"context"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

func TestSignInRefusesAndAdmits(t *testing.T) {
	tb := newTab(t, "401")
	tb.open("/contacts")
	tb.wait(`location.pathname === '/login'`)
	tb.fill(`#email`, "owner@demo.test")
	tb.fill(`#password`, "not-the-password")
	tb.press("\r")
	tb.wait(`document.querySelector('[role=alert]')`)
	if got := tb.text("[role=alert]"); !strings.Contains(got, "do not belong together") {
		t.Errorf("alert: %q", got)
	}
	tb.fill(`#password`, "demo-payaid")
	tb.press("\r")
	tb.wait(`location.pathname === '/contacts' && document.querySelector('tbody tr')`)
}

func TestSearchKeepsFocusAndBackWorks(t *testing.T) {
	tb := newTab(t)
	tb.signIn("owner@demo.test")
	tb.press("/")
	tb.wait(`document.activeElement.id === 'q'`)
	tb.do(input.InsertText("sharma"))
	tb.wait(`location.search === '?q=sharma'`)
	tb.wait(`[...document.querySelectorAll('tbody tr')].every(r => /sharma/i.test(r.textContent))`)
	tb.wait(`document.activeElement.id === 'q' && document.activeElement.selectionStart === 6`)
	tb.click(`th a[href*="sort=-name"], th a[href*="sort=email"]`)
	tb.wait(`location.search.includes('sort=')`)
	tb.do(chromedp.Evaluate(`history.back()`, nil))
	tb.wait(`!location.search.includes('sort=') && document.readyState === 'complete' && document.querySelector('#q')?.value === 'sharma'`)
}

func TestPagesForwardAndBack(t *testing.T) {
	tb := newTab(t)
	tb.signIn("owner@demo.test")
	first := tb.text("tbody tr b")
	tb.click(`a[rel=next]`)
	tb.wait(`location.search.includes('cursor=') && document.querySelector('a[rel=prev]')`)
	if again := tb.text("tbody tr b"); again == first {
		t.Errorf("the second page begins with %q as well", again)
	}
	tb.click(`a[rel=prev]`)
	tb.wait(fmt.Sprintf(`document.querySelector('tbody tr b')?.textContent === %q`, first))
}

// One contact's whole life in the browser.
func TestContactFromTheFormToTheTrashAndBack(t *testing.T) {
	tb := newTab(t, "422", "409")
	tb.signIn("owner@demo.test")
	tb.press("c")
	tb.wait(`document.querySelector('dialog[open] #email')`)
	tb.fill("#email", "nonsense")
	tb.press("\r")
	tb.wait(`document.querySelector('dialog[open] [aria-invalid=true]')`)
	tb.wait(`document.activeElement.closest('[role=alert]') || document.activeElement.getAttribute('aria-invalid')`)
	tb.axe("dialog with errors")

	// A name of its own, so that the test can be repeated in one run.
	once := strings.ToLower(rand.Text()[:8])
	name := "Zubin <i>Irani</i>"
	tb.fill("#firstName", name)
	tb.fill("#email", once+"@example.in")
	tb.fill("#company", "Irani Café "+once)
	tb.press("\r")
	tb.wait(`!document.querySelector('dialog[open]') && document.querySelector('.toast')`)
	tb.fill("#q", "irani café "+once)
	tb.wait(`document.querySelectorAll('tbody tr').length === 1`)
	if got := tb.text("tbody tr b"); got != name {
		t.Errorf("the list shows %q", got)
	}

	tb.click("tbody tr a.who")
	tb.wait(`location.pathname.length > 30 && document.readyState === 'complete'`)
	tb.press("e")
	tb.wait(`document.querySelector('#jobTitle')`)
	tb.fill("#jobTitle", "Baker")
	tb.clickText("Save")
	tb.wait(`document.querySelector('#main').textContent.includes('Baker') && !document.querySelector('dialog[open]')`)

	tb.clickText("Delete")
	tb.wait(`document.querySelector('.toast')?.textContent.includes('Undo')`)
	tb.do(chromedp.Click(`//div[@id='toaster']//button[contains(., 'Undo')]`, chromedp.BySearch))
	tb.wait(`/restored|back|undone/i.test(document.querySelector('#toaster')?.textContent ?? '') || document.querySelector('#main').textContent.includes('Baker')`)
	tb.open("/contacts?q=" + once)
	tb.wait(`document.querySelectorAll('tbody tr').length === 1`)
}

// A key pressed before htmx has taken hold of the page opens the dialog all the same, and a form sent the moment it is
// shown again stays in the dialog.
func TestWhoIsQuickerThanThePage(t *testing.T) {
	tb := newTab(t, "422")
	tb.signIn("owner@demo.test")
	tb.do(chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := page.AddScriptToEvaluateOnNewDocument(`document.addEventListener('DOMContentLoaded', () =>
			document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'c', bubbles: true})))`).Do(ctx)
		return err
	}))
	tb.open("/contacts")
	tb.wait(`document.querySelector('dialog[open] #email')`)

	tb.do(chromedp.Evaluate(`window.sent = 0; new MutationObserver((_, o) => { o.disconnect(); window.sent++; document.querySelector('#modal form').requestSubmit(); })
		.observe(document.querySelector('#modal'), {childList: true})`, nil))
	tb.fill("#email", "nonsense")
	tb.press("\r")
	tb.wait(`window.sent === 1 && !document.querySelector('.htmx-request') && document.querySelector('dialog[open] [aria-invalid=true]')`)
	if got := tb.text("h1"); got != "Contacts" {
		t.Errorf("the page is %q now", got)
	}
}

func TestImportWithLiveProgress(t *testing.T) {
	tb := newTab(t)
	tb.signIn("owner@demo.test")
	tb.open("/imports/new")
	path, err := filepath.Abs("../internal/crm/testdata/google.csv")
	if err != nil {
		t.Fatal(err)
	}
	tb.do(chromedp.SetUploadFiles(`input[type=file]`, []string{path}, chromedp.ByQuery))
	tb.axe("import form")
	tb.clickText("Start the import")
	tb.wait(`/^\/imports\/[0-9a-f-]{36}$/.test(location.pathname)`)
	tb.wait(`/completed|done|finished/i.test(document.querySelector('#main').textContent)`)
	tb.axe("finished import")
	tb.open("/imports")
	tb.wait(`document.querySelector('tbody tr')?.textContent.includes('google.csv')`)
}

func TestMemberSeesLessAndSaysSo(t *testing.T) {
	tb := newTab(t, "403", "404")
	tb.signIn("member@demo.test")
	if got := tb.text("#main"); strings.Contains(got, "Export") {
		t.Error("a member is offered an export that would be refused")
	}
	tb.wait(`[...document.querySelectorAll('tbody tr')].every(r => !r.textContent.includes('Demo Owner'))`)
	tb.do(chromedp.Navigate(suite.app.base + "/contacts/export.csv"))
	tb.wait(`document.querySelector('.problem[data-status="403"]')`)
}

// No page has a violation of WCAG, overflows a phone or breaks the policy, in
// either theme.
func TestEveryPageIsAccessible(t *testing.T) {
	for _, path := range []string{"/login", "/contacts", "/contacts?q=nobody-has-this-name", "/contacts/new", "record", "record/edit", "/imports", "/imports/new", "/does-not-exist",
		"/password/forgot", "/password/forgot?sent=1", "/password/reset?token=nonsense", "/settings/password",
		"/admin/mail", "mail", "/admin/jobs", "/admin/tenants", "/admin/tenants/new", "/admin/audit",
		"/settings/people", "person", "/settings/teams", "/settings/rights", "/settings/keys", "/settings/keys/new", "/settings/audit"} {
		t.Run(strings.ReplaceAll(strings.Trim(path, "/"), "/", "-"), func(t *testing.T) {
			tb := newTab(t, "404", "422")
			if path != "/login" {
				tb.signIn("owner@demo.test")
			}
			if path == "mail" {
				path = aMail(t)
			}
			if rest, ok := strings.CutPrefix(path, "record"); ok {
				var href string
				tb.do(chromedp.Evaluate(`document.querySelector('tbody a.who').getAttribute('href')`, &href))
				path = href + rest
			}
			if path == "person" {
				tb.open("/settings/people")
				tb.do(chromedp.Evaluate(`document.querySelector('tbody a.who').getAttribute('href')`, &path))
			}
			for _, width := range []int64{1440, 390} {
				tb.do(emulation.SetDeviceMetricsOverride(width, 844, 1, width == 390))
				for _, name := range []string{"light", "dark"} {
					tb.do(theme(name))
					tb.open(path)
					tb.wait(fmt.Sprintf(`document.documentElement.classList.contains('dark') === %v`, name == "dark"))
					tb.axe(fmt.Sprintf("%s at %d, %s", path, width, name))
				}
				var overflow int64
				tb.do(chromedp.Evaluate(`document.documentElement.scrollWidth`, &overflow))
				if overflow > width {
					t.Errorf("%s is %d px wide on a screen of %d", path, overflow, width)
				}
			}
		})
	}
}
