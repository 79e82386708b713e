package e2e

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"golang.org/x/net/html"
)

// uploadFile sends a file from the form of imports and waits for its draft.
func (tb *tab) uploadFile(form, name, text string) {
	tb.t.Helper()
	path := filepath.Join(tb.t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.t.Fatal(err)
	}
	tb.open(form)
	tb.do(chromedp.SetUploadFiles(`input[type=file]`, []string{path}, chromedp.ByQuery))
	tb.clickText("Upload")
	tb.wait(`/^\/imports\/drafts\//.test(location.pathname) && document.readyState === 'complete'`)
}

// aDraft returns the page between upload and import.
func aDraft(tb *tab) (path string) {
	tb.t.Helper()
	tb.uploadFile("/imports/new", "draft.csv", "Name,Email\nDraft One,one@draft.example\nDraft Two,nonsense\n")
	tb.do(chromedp.Evaluate(`location.pathname`, &path))
	return path
}

// become gives a column of the draft another field, as somebody does who chooses it.
func (tb *tab) become(column int, field string) {
	tb.t.Helper()
	tb.do(chromedp.Evaluate(fmt.Sprintf(`(() => { const s = document.getElementById('column.%d'); s.value = %q; s.dispatchEvent(new Event('change', {bubbles: true})); })()`, column, field), nil))
}

const outcomesShown = `[...document.querySelectorAll('#preview tbody tr')].map(r => r.cells[1].firstElementChild.textContent.trim()).join()`

// Another mapping is another preview; what was not taken is downloaded, corrected
// and imported again; and the whole is undone.
func TestImportWizard(t *testing.T) {
	tb := newTab(t, "422")
	tb.signIn("owner@demo.test")
	once := strings.ToLower(rand.Text()[:8])
	who := "Who " + once // columns that nobody mapped before
	tb.uploadFile("/imports/new", "wizard.csv", who+",Mail\nWizard "+once+",w-"+once+"@example.in\nBroken "+once+",nonsense\n")
	tb.wait(outcomesShown + ` === 'Will be added,Not taken'`)
	tb.become(1, "")
	tb.wait(`document.querySelector('#preview').textContent.includes('Choose a column for the name')`)
	tb.become(0, "name")
	tb.wait(outcomesShown + ` === 'Will be added,Will be added'`)
	tb.become(1, "email")
	tb.wait(outcomesShown + ` === 'Will be added,Not taken'`)
	tb.clickText("Start the import")
	tb.wait(`/^\/imports\/[0-9a-f-]{36}$/.test(location.pathname) && document.querySelector('#bad-title')`)
	var first, refused string
	tb.do(chromedp.Evaluate(`location.pathname`, &first))
	tb.do(chromedp.Evaluate(`fetch(document.querySelector('a[download]').href).then(r => r.text())`, &refused, func(p *runtime.EvaluateParams) *runtime.EvaluateParams {
		return p.WithAwaitPromise(true)
	}))
	if !strings.Contains(refused, "Broken "+once+",nonsense,E-mail: This does not look like an e-mail address.") {
		t.Fatalf("the file of refused rows: %q", refused)
	}

	tb.uploadFile("/imports/new", "corrected.csv", strings.Replace(refused, "nonsense", "b-"+once+"@example.in", 1))
	tb.wait(`document.getElementById('column.0').value === 'name' && document.getElementById('column.1').value === 'email' && document.getElementById('column.2').value === ''`)
	tb.wait(outcomesShown + ` === 'Will be added'`)
	tb.clickText("Start the import")
	tb.wait(`/^\/imports\/[0-9a-f-]{36}$/.test(location.pathname) && document.querySelector('#undo-title')`)
	tb.open("/contacts?q=" + once)
	tb.wait(`document.querySelectorAll('tbody tr').length === 2`)

	tb.open(first)
	tb.click("details.confirm summary")
	tb.axe("the question before the undoing")
	tb.clickText("Yes, undo it")
	tb.wait(`document.querySelector('.import-state .pill, .import-state [data-tone]') && /1\s*In the trash/.test(document.querySelector('#import').textContent)`)
	tb.open("/contacts?q=" + once)
	tb.wait(`document.querySelectorAll('tbody tr').length === 1 && document.querySelector('tbody').textContent.includes('Broken')`)
}

// Companies come in by the same pages, with their own words.
func TestImportOfCompanies(t *testing.T) {
	tb := newTab(t)
	tb.signIn("owner@demo.test")
	once := strings.ToLower(rand.Text()[:8])
	tb.open("/companies")
	tb.uploadFile("/imports/new?entity=companies", "ledgers.csv", "Ledger Name,Under,State Name,Parent\nKaveri Mills "+once+",Sundry Debtors,Karnataka,Kaveri Group "+once+"\nKaveri Group "+once+",,,\n")
	tb.wait(`document.querySelector('#main').textContent.includes('The rows are companies.')`)
	tb.axe("a draft of companies")
	tb.clickText("Start the import")
	tb.wait(`/^\/imports\/[0-9a-f-]{36}$/.test(location.pathname) && document.querySelector('#import a[href^="/companies?"]')`)
	tb.open("/companies?q=" + once)
	tb.wait(`document.querySelectorAll('tbody tr').length === 2`)
	tb.click("[data-all]")
	tb.click("#bulk-type")
	tb.wait(`document.querySelector('#bulk-type-menu:popover-open')`)
	tb.axe("a selection of companies")
	tb.do(chromedp.Click(`//div[@id='bulk-type-menu']//button[contains(., 'Partner')]`, chromedp.BySearch))
	tb.wait(lastToast + ` === '2 of 2 companies changed.'`)
	tb.wait(`[...document.querySelectorAll('tbody tr')].every(r => r.textContent.includes('Partner'))`)
	tb.clickText("Undo")
	tb.wait(lastToast + ` === '2 of 2 companies put back.'`)
	tb.wait(`document.querySelectorAll('tbody tr').length === 2 && [...document.querySelectorAll('tbody tr')].every(r => r.textContent.includes('Customer'))`)
}

// upload sends the form with a file in it.
func (b *textBrowser) upload(action, file, text string) {
	b.t.Helper()
	form := find(b.page, func(n *html.Node) bool { return n.Data == "form" && strings.HasPrefix(attr(n, "action"), action) })
	if form == nil {
		b.t.Fatalf("%s has no form for %s", b.path, action)
	}
	var body bytes.Buffer
	parts := multipart.NewWriter(&body)
	walk(form, func(n *html.Node) {
		if n.Data == "input" && attr(n, "type") == "hidden" {
			_ = parts.WriteField(attr(n, "name"), attr(n, "value")) // a buffer takes everything
		}
	})
	part, err := parts.CreateFormFile("file", file)
	if err != nil {
		b.t.Fatal(err)
	}
	_, _ = part.Write([]byte(text))
	_ = parts.Close()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, suite.app.base+attr(form, "action"), &body)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", parts.FormDataContentType())
	for k, v := range b.cookies {
		req.AddCookie(&http.Cookie{Name: k, Value: v})
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		b.t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.Header.Get("Location") == "" {
		b.t.Fatalf("the upload answered %s", res.Status)
	}
	b.open(res.Header.Get("Location"))
}

// until opens the page again and again, as its link says, until it shows something.
func (b *textBrowser) until(what string) {
	b.t.Helper()
	for deadline := time.Now().Add(time.Minute); !strings.Contains(b.text, what); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.shows(what)
		}
		b.open(b.path)
	}
}

func TestImportWithoutScripts(t *testing.T) {
	b := &textBrowser{t: t, cookies: map[string]string{}}
	b.open("/login")
	b.submit("/login", url.Values{"email": {"owner@demo.test"}, "password": {"demo-payaid"}})
	once := strings.ToLower(rand.Text()[:8])
	b.open("/imports/new")
	b.upload("/imports", "plain.csv", "Person "+once+",Mail\nPlain "+once+",p-"+once+"@example.in\n")
	b.shows("Will be added")
	b.submit("/imports/drafts/", url.Values{"column.0": {""}, "column.1": {""}, "action": {"preview"}})
	b.shows("Choose a column for the name")
	b.submit("/imports/drafts/", url.Values{"column.0": {"name"}, "column.1": {"email"}, "action": {"start"}})
	b.until("Look at the contacts")
	record := b.path
	b.open("/contacts?q=" + once)
	b.shows("Plain " + once)
	b.open(record)
	b.submit(record+"/undo", nil)
	b.until("Undone")
	b.open("/contacts?q=" + once)
	b.shows("No contact matches")
}
