package e2e

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

//go:embed testdata/axe-4.14.1.min.js
var axeSource string

// patience bounds each step of a test; a busy machine needs some.
const patience = 20 * time.Second

// tab is a browser window of its own, with its own cookies.
type tab struct {
	t   *testing.T
	ctx context.Context
}

// newTab opens a tab. The test fails on a JavaScript exception, a console error or
// a violation of the content security policy, unless its text holds one of
// expected; it leaves a picture in failures/ when it fails.
func newTab(t *testing.T, expected ...string) *tab {
	t.Helper()
	// chromedp's own new browser context fails in headless: the first target of a context needs a new window.
	exec := cdp.WithExecutor(suite.browser, chromedp.FromContext(suite.browser).Browser)
	bc, err := target.CreateBrowserContext().WithDisposeOnDetach(true).Do(exec)
	if err != nil {
		t.Fatal(err)
	}
	id, err := target.CreateTarget("about:blank").WithBrowserContextID(bc).WithNewWindow(true).WithWidth(1440).WithHeight(900).Do(exec)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(suite.browser, chromedp.WithTargetID(id))
	ctx, cancelTime := context.WithTimeout(ctx, 2*time.Minute)
	tb := &tab{t: t, ctx: ctx}
	complaints := tb.listen(expected)
	t.Cleanup(func() {
		for _, c := range complaints() {
			t.Error("browser:", c)
		}
		if t.Failed() {
			t.Log("the program's last lines:\n" + lastLines(suite.app.log.String(), 12))
			tb.picture(filepath.Join("failures", strings.NewReplacer("/", "-", "?", "-").Replace(t.Name())+".png"))
		}
		cancelTime()
		cancel()
	})
	// The first run attaches to the tab and must not have a deadline of its own: with it the tab would end.
	if err := chromedp.Run(ctx, log.Enable(), emulation.SetDeviceMetricsOverride(1440, 900, 1, false), theme("light")); err != nil {
		t.Fatal(err)
	}
	return tb
}

func (tb *tab) listen(expected []string) func() []string {
	var mu sync.Mutex
	var all []string
	complain := func(s string) {
		for _, e := range expected {
			if strings.Contains(s, e) {
				return
			}
		}
		mu.Lock()
		defer mu.Unlock()
		all = append(all, s)
	}
	chromedp.ListenTarget(tb.ctx, func(ev any) {
		switch e := ev.(type) {
		case *runtime.EventExceptionThrown:
			complain(e.ExceptionDetails.Error())
		case *log.EventEntryAdded:
			if e.Entry.Level == log.LevelError {
				complain(e.Entry.Text + " " + e.Entry.URL)
			}
		}
	})
	return func() []string { mu.Lock(); defer mu.Unlock(); return all }
}

func (tb *tab) do(actions ...chromedp.Action) {
	tb.t.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, patience)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		tb.t.Fatal(err)
	}
}

func (tb *tab) open(path string) {
	tb.t.Helper()
	tb.visit(suite.app.base + path)
}

// visit opens a page of whichever copy of the program.
func (tb *tab) visit(url string) {
	tb.t.Helper()
	tb.do(chromedp.Navigate(url), chromedp.WaitReady("#main"))
}

// text returns the text of the first element that matches.
func (tb *tab) text(selector string) string {
	tb.t.Helper()
	var s string
	tb.do(chromedp.Evaluate(fmt.Sprintf(`document.querySelector(%q)?.textContent ?? ''`, selector), &s))
	return strings.Join(strings.Fields(s), " ")
}

// click waits for the element and clicks it as a mouse does.
func (tb *tab) click(selector string) {
	tb.t.Helper()
	tb.do(chromedp.Click(selector, chromedp.ByQuery, chromedp.NodeVisible))
}

// clickText clicks the visible button or link with this text.
func (tb *tab) clickText(text string) {
	tb.t.Helper()
	tb.do(chromedp.Click(fmt.Sprintf(`//*[self::a or self::button or self::summary][contains(normalize-space(.), %q)]`, text), chromedp.BySearch, chromedp.NodeVisible))
}

// fill replaces the text of a field in one go, as pasting does: one event, however
// slow the machine is.
func (tb *tab) fill(selector, value string) {
	tb.t.Helper()
	tb.do(chromedp.WaitVisible(selector, chromedp.ByQuery), chromedp.Focus(selector, chromedp.ByQuery),
		chromedp.Evaluate(fmt.Sprintf("document.querySelector(%q).select()", selector), nil), input.InsertText(value))
}

// wait polls a JavaScript expression until it is true. It ignores errors on the
// way: an evaluation that races a navigation fails.
func (tb *tab) wait(js string) {
	tb.t.Helper()
	deadline := time.Now().Add(patience)
	var last error
	for time.Now().Before(deadline) {
		var ok bool
		last = chromedp.Run(tb.ctx, chromedp.Evaluate("!!("+js+")", &ok))
		if ok {
			return
		}
		time.Sleep(40 * time.Millisecond)
	}
	tb.t.Fatalf("never true: %s (last error %v)", js, last)
}

// press sends one real key press. The key carries its text, so that a page that
// handles it also keeps it from being typed.
func (tb *tab) press(key string) {
	tb.t.Helper()
	tb.do(chromedp.ActionFunc(func(ctx context.Context) error {
		for _, r := range key {
			strokes := kb.Encode(r)
			down := *strokes[0]
			if len(strokes) == 3 {
				down.Text, down.UnmodifiedText = strokes[1].Text, strokes[1].UnmodifiedText
			}
			if err := down.Do(ctx); err != nil {
				return err
			}
			if err := strokes[len(strokes)-1].Do(ctx); err != nil {
				return err
			}
		}
		return nil
	}))
}

// signIn goes through the sign-in page as the demo's user.
func (tb *tab) signIn(email string) {
	tb.t.Helper()
	tb.open("/login")
	tb.fill(`input[name=email]`, email)
	tb.fill(`input[name=password]`, "demo-payaid")
	tb.click(`main form [type=submit], main form button:not([type=button])`)
	tb.wait(`location.pathname === '/contacts' && document.readyState === 'complete'`)
}

// axe fails on every violation of WCAG 2.0 to 2.2, levels A and AA.
func (tb *tab) axe(what string) {
	tb.t.Helper()
	var found string
	tb.do(chromedp.Evaluate(axeSource+";0", nil), chromedp.Evaluate(`axe.run(document, {runOnly: ['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa']})
		.then(r => JSON.stringify(r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html + ' ' + n.failureSummary).join(' | ').slice(0, 500))))`, &found, awaited))
	var violations []string
	if err := json.Unmarshal([]byte(found), &violations); err != nil {
		tb.t.Fatal(err)
	}
	for _, v := range violations {
		tb.t.Errorf("axe, %s: %s", what, v)
	}
}

// awaited makes an evaluation give what its promise holds.
func awaited(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }

// theme is what the operating system asks for. Motion is reduced, so that no
// animation is in the way of a click on a slow machine.
func theme(name string) chromedp.Action {
	return emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}, {Name: "prefers-reduced-motion", Value: "reduce"}})
}

func lastLines(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// picture writes what the tab shows now.
func (tb *tab) picture(path string) {
	var png []byte
	if err := chromedp.Run(tb.ctx, chromedp.CaptureScreenshot(&png)); err != nil {
		return
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return
	}
	_ = os.WriteFile(path, png, 0o644)
}
