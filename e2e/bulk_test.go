package e2e

import (
	"crypto/rand"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"golang.org/x/net/html"
)

const lastToast = `([...document.querySelectorAll('.toast b')].at(-1)?.textContent ?? '')`

// Rows are selected by keys and by the pointer, changed, deleted and brought back.
func TestBulkActionsOnASelection(t *testing.T) {
	tb := newTab(t)
	tb.signIn("owner@demo.test")
	tag := "bulk " + strings.ToLower(rand.Text()[:8]) // its own, so that the test can be repeated in one run
	tb.press("j")
	tb.press("x")
	tb.wait(`document.querySelector('[data-bulk-count]').textContent === '1'`)
	tb.press("J")
	tb.press("J")
	tb.wait(`document.querySelector('[data-bulk-count]').textContent === '3' && document.querySelector('.bulkbar').checkVisibility()`)
	tb.axe("a selection")
	tb.click("#bulk-tags")
	tb.wait(`document.querySelector('#bulk-tags-menu:popover-open')`)
	tb.axe("the menu of tags")
	tb.fill("#bulk-tags-field", tag)
	tb.press("\r")
	tb.wait(lastToast + ` === '3 of 3 contacts changed.'`)

	found := "/contacts?filter=" + url.QueryEscape(`tag:"`+tag+`"`)
	tb.open(found)
	tb.wait(`document.querySelectorAll('tbody tr').length === 3`)
	tb.click("[data-all]")
	tb.wait(`document.querySelector('[data-bulk-count]').textContent === '3'`)
	tb.press("\x1b")
	tb.wait(`!document.querySelector('[data-row]:checked') && !document.querySelector('.bulkbar').checkVisibility()`)
	tb.click("[data-all]")
	tb.press("#")
	tb.wait(lastToast + ` === '3 of 3 contacts changed.' && !document.querySelector('tbody tr')`)
	tb.clickText("Undo")
	tb.wait(lastToast + ` === '3 of 3 contacts put back.' && document.querySelectorAll('tbody tr').length === 3`)
	tb.click("[data-all]")
	tb.click("#bulk-tags")
	tb.fill("#bulk-tags-field", tag)
	tb.do(chromedp.Click(`//div[@id='bulk-tags-menu']//button[contains(., 'Remove')]`, chromedp.BySearch))
	tb.wait(`document.querySelector('[data-kind=no-match]')`)
}

// All that match are changed in the background, followed in the page and put back.
func TestBulkActionOnAllThatMatch(t *testing.T) {
	tb := newTab(t)
	tb.signIn("owner@demo.test")
	tag := "all " + strings.ToLower(rand.Text()[:8])
	tb.click("[data-all]")
	tb.wait(`document.querySelector('.bulk-all').checkVisibility()`)
	tb.axe("a whole page")
	tb.click("[data-bulk-all]")
	tb.wait(`Number(document.querySelector('[data-bulk-count]').textContent) > 60`)
	tb.click("#bulk-tags")
	tb.fill("#bulk-tags-field", tag)
	tb.clickText("Add")
	tb.wait(`/^(\d+) of \1 contacts changed\.$/.test(` + lastToast + `) && !document.querySelector('#bulk-progress').childElementCount`)
	tb.clickText("Undo")
	tb.wait(`/^(\d+) of \1 contacts put back\.$/.test(` + lastToast + `)`)
	tb.open("/contacts?filter=" + url.QueryEscape(`tag:"`+tag+`"`))
	tb.wait(`document.querySelector('[data-kind=no-match]')`)
}

// What somebody chooses about the list stays chosen.
func TestColumnsDensityAndPageSize(t *testing.T) {
	tb := newTab(t)
	tb.signIn("manager@demo.test")
	choose := func(selector, shown string) {
		t.Helper()
		tb.click("#list-settings-button")
		tb.wait(`document.querySelector('#list-settings:popover-open')?.style.top`) // it stands where it stays
		tb.click(selector)
		tb.wait(shown)
		tb.open("/contacts?view=all")
		tb.wait(shown)
	}
	tb.click("#list-settings-button")
	tb.wait(`document.querySelector('#list-settings:popover-open')`)
	tb.axe("the settings of the list")
	tb.open("/contacts?view=all")
	head := func(name string) string {
		return fmt.Sprintf(`[...document.querySelectorAll('th')].some(h => h.textContent.trim() === %q)`, name)
	}
	choose(`#list-settings [value=leadScore]`, head("Lead score"))
	choose(`#list-settings [value=compact]`, `document.querySelector('[data-density=compact]')`)
	choose(`#list-settings [value="50"]`, `document.querySelectorAll('tbody tr').length === 50`)
	choose(`#list-settings [value="25"]`, `document.querySelectorAll('tbody tr').length === 25`)
	choose(`#list-settings [value=comfortable]`, `document.querySelector('[data-density=comfortable]')`)
	choose(`#list-settings [value=leadScore]`, `!`+head("Lead score"))
}

func TestBulkActionsWithoutScripts(t *testing.T) {
	b := &textBrowser{t: t, cookies: map[string]string{}}
	b.open("/login")
	b.submit("/login", url.Values{"email": {"owner@demo.test"}, "password": {"demo-payaid"}})
	b.open("/contacts?sort=-name")
	row := find(b.page, func(n *html.Node) bool { return n.Data == "input" && attr(n, "name") == "id" })
	id := attr(row, "value")
	tag := "plain " + strings.ToLower(rand.Text()[:8])
	b.submit("/contacts/bulk", url.Values{"id": {id}, "do": {"add-tags"}, "tags": {tag}})
	if !strings.Contains(b.text, "1 of 1 contacts changed.") || !strings.HasPrefix(b.path, "/contacts?sort=-name&") {
		t.Fatalf("%s: %s", b.path, b.text)
	}
	b.submit("/bulk/", nil)
	if !strings.HasPrefix(b.path, "/bulk/") || !strings.Contains(b.text, "Undo a bulk action") || !strings.Contains(b.text, "Finished") {
		t.Fatalf("%s: %s", b.path, b.text)
	}
	b.open("/contacts?filter=" + url.QueryEscape(`tag:"`+tag+`"`))
	if !strings.Contains(b.text, "No contact matches") {
		t.Error(b.text)
	}
}

// aBulkRun tags one contact and returns the page that tells how it went.
func aBulkRun(tb *tab) (path string) {
	tb.t.Helper()
	tb.click("[data-row]")
	tb.click("#bulk-tags")
	tb.fill("#bulk-tags-field", "run "+strings.ToLower(rand.Text()[:8]))
	tb.clickText("Add")
	tb.wait(lastToast + ` === '1 of 1 contacts changed.'`)
	tb.do(chromedp.Evaluate(`document.querySelector('.toast [data-undo]').getAttribute('action').replace('/undo', '')`, &path))
	return path
}
