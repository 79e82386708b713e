package e2e

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// newContact makes a contact of its own through the form and opens it; once is in its
// e-mail.
func (tb *tab) newContact(firstName string) (once string) {
	tb.t.Helper()
	once = strings.ToLower(rand.Text()[:8])
	tb.open("/contacts/new")
	tb.fill("#firstName", firstName)
	tb.fill("#email", once+"@example.in")
	tb.clickText("Save contact")
	tb.wait(`/^\/contacts\/[0-9a-f-]{36}$/.test(location.pathname) && document.readyState === 'complete' && document.querySelector('#record')`)
	tb.wait(`typeof htmx !== 'undefined'`)
	return once
}

// edit opens the editor of a fact.
func (tb *tab) edit(field string) {
	tb.t.Helper()
	tb.do(chromedp.Focus("#fact-"+field+" .fact-edit", chromedp.ByQuery))
	tb.press("\r")
	tb.wait(fmt.Sprintf(`document.activeElement?.id === 'edit-%s'`, field))
}

// elsewhere changes a field of the record as another request of the same person.
func (tb *tab) elsewhere(field, value string) {
	tb.t.Helper()
	var status int
	body, err := json.Marshal(map[string]string{field: value})
	if err != nil {
		tb.t.Fatal(err)
	}
	tb.do(chromedp.Evaluate(fmt.Sprintf(`fetch('/api/v1' + location.pathname, {method: 'PATCH', body: %q,
		headers: {'Content-Type': 'application/json', 'X-CSRF-Token': document.querySelector('meta[name=csrf-token]').content}}).then(r => r.status)`, body), &status, awaited))
	if status != 200 {
		tb.t.Fatalf("the change elsewhere: status %d", status)
	}
}

// A field is opened, left, refused, saved, changed by two people, and put back.
func TestAFactIsEditedInPlace(t *testing.T) {
	tb := newTab(t, "422", "409")
	tb.signIn("owner@demo.test")
	tb.newContact("Zarin")
	tb.axe("a record")

	tb.edit("jobTitle")
	tb.axe("an editor")
	tb.fill("#edit-jobTitle", "Nobody")
	tb.press(kb.Escape)
	tb.wait(`!document.querySelector('[data-editing]') && document.activeElement?.matches('#fact-jobTitle .fact-edit')`)
	if got := tb.text("#fact-jobTitle .fact-value"); got != "" {
		t.Errorf("what was left is %q", got)
	}

	tb.edit("email")
	tb.fill("#edit-email", "nonsense")
	tb.press("\r")
	tb.wait(`document.querySelector('#edit-email[aria-invalid=true]') && document.activeElement?.id === 'edit-email'`)
	tb.axe("a refused value")
	tb.press(kb.Escape)
	tb.wait(`!document.querySelector('[data-editing]')`)

	tb.edit("jobTitle")
	tb.fill("#edit-jobTitle", "Baker")
	tb.press("\r")
	tb.wait(`document.querySelector('#fact-jobTitle .fact-value')?.textContent.includes('Baker') && document.querySelector('#record-head').textContent.includes('Baker')`)
	tb.wait(`document.querySelector('#history').textContent.includes('Baker')`)

	tb.edit("nextFollowUp")
	tb.clickText("Next week")
	tb.wait(`document.querySelector('#fact-nextFollowUp time')`)

	// Somebody changes another field: both changes are there.
	tb.edit("source")
	tb.elsewhere("address", "12 MG Road")
	tb.fill("#edit-source", "Fair")
	tb.press("\r")
	tb.wait(`document.querySelector('#fact-source')?.textContent.includes('Fair') && document.querySelector('#fact-address').textContent.includes('MG Road')`)

	// Somebody changes the same field: theirs is chosen.
	tb.edit("jobTitle")
	tb.elsewhere("jobTitle", "Miller")
	tb.fill("#edit-jobTitle", "Grocer")
	tb.press("\r")
	tb.wait(`document.querySelector('#keep-theirs-jobTitle') && document.querySelector('.clashes').textContent.includes('Miller')`)
	tb.axe("a conflict")
	tb.click("#keep-theirs-jobTitle")
	tb.clickText("Save")
	tb.wait(`!document.querySelector('[data-editing]') && document.querySelector('#fact-jobTitle').textContent.includes('Miller')`)

	// The history puts the first job back.
	tb.wait(`document.querySelector('#history').textContent.includes('Miller') && !document.querySelector('.htmx-request')`)
	tb.do(chromedp.Focus(`//section[@id='history']//li[.//ins[normalize-space()='Miller']]//button`, chromedp.BySearch)) // a toast may lie over it
	tb.press("\r")
	tb.wait(`document.querySelector('#fact-jobTitle .fact-value')?.textContent.includes('Baker')`)
}

// The whole form asks field by field, too, and keeps what only the other one changed.
func TestAConflictInTheWholeForm(t *testing.T) {
	tb := newTab(t, "409")
	tb.signIn("owner@demo.test")
	tb.newContact("Yusuf")
	tb.press("e")
	tb.wait(`document.querySelector('dialog[open] #jobTitle')`)
	tb.elsewhere("jobTitle", "Miller")
	tb.elsewhere("source", "Fair")
	tb.fill("#jobTitle", "Grocer")
	tb.fill("#lastName", "Khan")
	tb.clickText("Save contact")
	tb.wait(`document.querySelector('dialog[open] #keep-mine-jobTitle')`)
	tb.axe("a conflict in the form")
	tb.clickText("Save contact")
	tb.wait(`!document.querySelector('dialog[open]') && document.querySelector('#fact-jobTitle').textContent.includes('Grocer')`)
	tb.wait(`document.querySelector('#fact-source').textContent.includes('Fair') && document.querySelector('#fact-lastName').textContent.includes('Khan')`)
}

// The form warns while it is filled in and once more before it saves; saving again
// keeps both. One of the two is deleted and cannot come back under its e-mail.
func TestDuplicatesAndAClashInTheTrash(t *testing.T) {
	tb := newTab(t, "409")
	tb.signIn("owner@demo.test")
	once := tb.newContact("Original")
	phone := "+9170" + fmt.Sprintf("%08d", int64(once[0])*99991+int64(once[1])*997+int64(once[2])*31+int64(once[3]))[:8]
	tb.edit("phone")
	tb.fill("#edit-phone", phone)
	tb.press("\r")
	tb.wait(`document.querySelector('#fact-phone a')`)

	tb.open("/contacts/new")
	tb.wait(`typeof htmx !== 'undefined'`)
	tb.fill("#phone", phone)
	tb.fill("#firstName", "Copy")
	tb.wait(`document.querySelector('#duplicates .alert')?.textContent.includes('Original')`)
	tb.axe("a warning of duplicates")
	tb.clickText("Save contact")
	tb.wait(`/^\/contacts\/[0-9a-f-]{36}$/.test(location.pathname) && document.readyState === 'complete'`)

	// Without having seen it, the first press on Save warns.
	tb.edit("phone")
	tb.fill("#edit-phone", "")
	tb.press("\r")
	tb.wait(`document.querySelector('#fact-phone .fact-edit')`)
	tb.edit("phone")
	tb.fill("#edit-phone", phone)
	tb.press("\r")
	tb.wait(`document.querySelector('#fact-phone .alert')`)
	tb.axe("a warning in place")
	tb.clickText("Save")
	tb.wait(`document.querySelector('#fact-phone .fact-edit')`)

	tb.open("/contacts?q=" + once)
	tb.click("tbody tr a.who")
	tb.wait(`location.pathname.length > 30 && document.readyState === 'complete'`)
	tb.clickText("Delete")
	tb.wait(`document.querySelector('.toast') && location.pathname === '/contacts'`)
	tb.open("/contacts/new")
	tb.fill("#firstName", "Successor")
	tb.fill("#email", once+"@example.in")
	tb.clickText("Save contact")
	tb.wait(`/^\/contacts\/[0-9a-f-]{36}$/.test(location.pathname) && document.readyState === 'complete'`)
	tb.open("/contacts/trash")
	tb.do(chromedp.Click(fmt.Sprintf(`//tr[contains(., %q)]//button`, once), chromedp.BySearch, chromedp.NodeVisible))
	tb.wait(`location.pathname.endsWith('/restore') && document.querySelector('#duplicates').textContent.includes('Successor')`)
	tb.axe("a clash in the trash")
	tb.clickText("Restore without")
	tb.wait(`/^\/contacts\/[0-9a-f-]{36}$/.test(location.pathname) && document.querySelector('#record-head').textContent.includes('Original')`)
}

// A record keeps the list it was opened from: its neighbours by links and keys, and the
// way back.
func TestNeighboursInTheList(t *testing.T) {
	tb := newTab(t)
	tb.signIn("owner@demo.test")
	tb.open("/contacts?filter=stage:customer&sort=-createdAt")
	var names []string
	tb.do(chromedp.Evaluate(`[...document.querySelectorAll('tbody tr b')].slice(0, 3).map(b => b.textContent)`, &names))
	at := func(i int) {
		tb.t.Helper()
		tb.wait(fmt.Sprintf(`document.readyState === 'complete' && document.querySelector('#record-head h2')?.textContent === %q`, names[i]))
	}
	tb.click("tbody tr a.who")
	at(0)
	tb.axe("a record of a list")
	tb.press("]")
	at(1)
	tb.click("a[data-after]")
	at(2)
	tb.press("[")
	at(1)
	tb.click("a.crumb")
	tb.wait(`location.search === '?filter=stage:customer&sort=-createdAt' && document.querySelector('tbody tr')`)
}
