package e2e

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
)

// Whoever imports is told of its end, and reads it from the bell.
func TestTheBellTellsOfAnImport(t *testing.T) {
	tb := newTab(t)
	tb.signIn("manager@demo.test")
	var before int // other tests may have told the manager something
	tb.do(chromedp.Evaluate(unread, &before))
	tb.open("/imports/new")
	tb.do(chromedp.Evaluate(`(() => { const files = new DataTransfer(); files.items.add(new File(['First name,Email\nBell,bell@example.in\n'], 'bell.csv', {type: 'text/csv'}));
		document.querySelector('input[type=file]').files = files.files; })()`, nil))
	tb.clickText("Upload")
	tb.wait(`/^\/imports\/drafts\//.test(location.pathname) && document.readyState === 'complete'`)
	tb.clickText("Start the import")
	tb.wait(`/^\/imports\/[0-9a-f-]{36}$/.test(location.pathname) && /completed|done|finished/i.test(document.querySelector('#main').textContent)`)
	tb.open("/contacts")
	tb.wait(fmt.Sprintf("%s === %d", unread, before+1))
	tb.click("#bell")
	tb.wait(`document.querySelector('#told-pop:popover-open [data-unread]')?.textContent.includes('Your import of bell.csv is finished: 1 added')`)
	tb.axe("open bell")
	tb.do(chromedp.Evaluate(`htmx.trigger(document.querySelector('#unread'), 'poll')`, nil))
	tb.click("#told [data-unread] button")
	tb.wait(`/^\/imports\/[0-9a-f-]{36}$/.test(location.pathname)`)
	tb.wait(fmt.Sprintf("%s === %d", unread, before))
}

// unread is the number on the bell.
const unread = `(document.querySelector('#unread').hidden ? 0 : parseInt(document.querySelector('#unread').textContent))`
