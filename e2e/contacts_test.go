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
	tb.wait(`document.querySelector('.alert')`)
	if got := tb.text(".alert"); !strings.Contains(got, "do not belong together") {
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

// A condition is added in a dialog, shown as a chip, kept while searching, and taken
// away again.
func TestFilterChips(t *testing.T) {
	tb := newTab(t)
	tb.signIn("owner@demo.test")
	tb.clickText("Filter")
	tb.wait(`document.querySelector('#add-filter:popover-open')`)
	tb.axe("the menu of fields")
	tb.click(`#add-filter a[href*="field=stage"]`)
	tb.wait(`document.querySelector('dialog[open] #filter-value-2')`)
	tb.axe("the form of a condition")
	tb.click("#filter-value-2")
	tb.clickText("Apply")
	tb.wait(`location.search === '?filter=stage:customer' && document.querySelector('.chip')?.textContent.includes('Stage: Customer')`)
	tb.wait(`[...document.querySelectorAll('tbody tr')].every(r => r.textContent.includes('Customer'))`)
	tb.fill("#q", "sharma")
	tb.wait(`location.search.includes('filter=stage:customer') && location.search.includes('q=sharma')`)
	tb.click(`.chip a`)
	tb.wait(`location.search === '?q=sharma' && !document.querySelector('.chip')`)
}

// A view is saved, changed, saved again, opened by default and deleted.
func TestSavedViews(t *testing.T) {
	tb := newTab(t)
	tb.signIn("manager@demo.test")
	tb.open("/contacts?filter=stage:customer")
	tb.clickText("Save as")
	tb.wait(`document.querySelector('dialog[open] #name')`)
	tb.axe("the form of a view")
	tb.fill("#name", "My customers")
	tb.clickText("Save view")
	tb.wait(`document.querySelector('.view[aria-current]')?.textContent.includes('My customers') && location.search.includes('view=')`)
	tb.fill("#q", "sharma")
	tb.wait(`document.querySelector('.view[aria-current] .dot')`)
	tb.wait(`!document.querySelector('.htmx-request') && getComputedStyle(document.querySelector('.table-wrap')).opacity === '1'`) // results fade while they load
	tb.axe("a view that was changed")
	tb.clickText("Save")
	tb.wait(`document.querySelector('.view[aria-current]') && !document.querySelector('.view .dot') && document.querySelector('#q').value === 'sharma'`)
	tb.click("#view-button")
	tb.wait(`document.querySelector('#view-menu:popover-open')`)
	tb.clickText("Open contacts with this view")
	tb.wait(`document.readyState === 'complete' && document.querySelector('#view-menu')?.textContent.includes('Do not open')`)
	tb.open("/contacts")
	tb.wait(`location.search.includes('q=sharma') && document.querySelector('.view[aria-current]')?.textContent.includes('My customers')`)
	tb.click(`.view[href="/contacts?view=all"]`)
	tb.wait(`location.search === '?view=all' && document.querySelectorAll('tbody tr').length > 10`)
	tb.clickText("My customers")
	tb.wait(`document.querySelector('#view-button') && location.search.includes('sharma')`)
	tb.click("#view-button")
	tb.wait(`document.querySelector('#view-menu:popover-open')`)
	tb.clickText("Delete this view")
	tb.wait(`location.search === '?view=all' && !document.querySelector('#views').textContent.includes('My customers')`)
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
	tb.clickText("Upload")
	tb.wait(`/^\/imports\/drafts\//.test(location.pathname) && document.readyState === 'complete'`)
	tb.axe("import draft")
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
	for _, path := range []string{"/login", "/contacts", "/contacts?q=nobody-has-this-name", "/contacts?filter=stage:customer,contact+-tag:none", "/contacts/filter?field=nextFollowUp", "/contacts/views/new?filter=stage:customer", "/contacts/new", "/contacts/trash", "record", "record/edit", "record/history", "/companies", "/companies/trash", "/companies?q=nobody-has-this-name", "/companies/new", "/companies/filter?field=annualRevenue", "company", "company/edit", "company/history", "/deals", "/deals?q=nobody-has-this-name", "/deals/new", "deal", "deal/edit", "/activities", "/activities?q=nobody-wrote-this", "/activities/filter?field=author", "activity", "activity/edit", "timeline", "/search", "/notifications", "/search?q=sharma", "/imports", "/imports/new", "/imports/new?entity=companies", "draft", "/does-not-exist",
		"/password/forgot", "/password/forgot?sent=1", "/password/reset?token=nonsense", "/settings/password", "/settings/security", "/settings/security/totp", "/settings/sign-in-rule",
		"/admin/mail", "mail", "/admin/jobs", "/admin/tenants", "/admin/tenants/new", "/admin/audit", "/admin/cache", "/admin/backups", "/admin/backups/settings", "/admin/backups/moment", "/admin/backups/upload", "/admin/backups/jobs",
		"/settings/profile", "/settings/business", "/settings/business/end", "/closed", "rotate",
		"/settings/people", "person", "/settings/teams", "/settings/rights", "/settings/invitations/new", "/settings/keys", "/settings/tags", "/settings/keys/new", "/settings/audit",
		"/signup", "/signup?sent=1", "/signup/finish?token=nonsense", "/invitations/accept?token=nonsense", "/welcome", "/tenants/new", "bulk"} {
		t.Run(strings.ReplaceAll(strings.Trim(path, "/"), "/", "-"), func(t *testing.T) {
			tb := newTab(t, "404", "422")
			if path != "/login" && !strings.HasPrefix(path, "/signup") {
				tb.signIn("owner@demo.test")
			}
			if path == "mail" {
				path = aMail(t)
			}
			if rest, ok := strings.CutPrefix(path, "record"); ok {
				var href string
				tb.do(chromedp.Evaluate(`document.querySelector('tbody a.who').pathname`, &href))
				path = href + rest
			}
			if path == "bulk" {
				path = aBulkRun(tb)
			}
			if rest, ok := strings.CutPrefix(path, "company"); ok {
				path = aCompany(tb) + rest
			}
			if rest, ok := strings.CutPrefix(path, "activity"); ok {
				path = anActivity(tb) + rest
			}
			if path == "timeline" {
				path = aTimeline(tb)
			}
			if rest, ok := strings.CutPrefix(path, "deal"); ok {
				path = aDeal(tb) + rest
			}
			if path == "draft" {
				path = aDraft(tb)
			}
			if path == "rotate" {
				path = aKeyToRotate(tb)
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
