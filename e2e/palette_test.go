package e2e

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// chord presses a key together with Ctrl.
func (tb *tab) chord(key string) {
	tb.t.Helper()
	tb.do(chromedp.ActionFunc(func(ctx context.Context) error {
		down := *kb.Encode([]rune(key)[0])[0]
		down.Modifiers, down.Text, down.UnmodifiedText = input.ModifierCtrl, "", ""
		if err := down.Do(ctx); err != nil {
			return err
		}
		down.Type = input.KeyUp
		return down.Do(ctx)
	}))
}

// chosen is the option that Enter would take.
const chosen = `document.getElementById(document.querySelector('#palette-q').getAttribute('aria-activedescendant'))`

func TestThePaletteFindsGoesAndCreates(t *testing.T) {
	tb := newTab(t)
	tb.signIn("owner@demo.test")
	tb.chord("k")
	tb.wait(`document.activeElement.id === 'palette-q' && ` + chosen + `?.textContent === 'Export'`)
	tb.axe("open palette")
	tb.do(input.InsertText("sharma"))
	tb.wait(`[...document.querySelectorAll('#palette-list h3')].some(h => /Contacts/.test(h.textContent) && /6 of/.test(h.textContent))`)
	first := tb.text("#palette-list [role=option] span.truncate")
	tb.press(kb.ArrowDown)
	tb.wait(chosen + `.id === 'palette-0-1'`)
	tb.press(kb.End)
	tb.wait(chosen + ` === [...document.querySelectorAll('#palette-list [role=option]')].at(-1)`)
	tb.press(kb.Home)
	tb.wait(chosen + `.id === 'palette-0-0' && ` + chosen + `.getAttribute('aria-selected') === 'true'`)
	tb.do(chromedp.Evaluate(`window.open = (url) => { window.opened = url; }`, nil))
	tb.chord("\r")
	tb.wait(`/\/contacts\/[0-9a-f-]{36}$/.test(window.opened)`)
	tb.press("\r")
	tb.wait(`/^\/contacts\/[0-9a-f-]{36}$/.test(location.pathname) && document.readyState === 'complete'`)
	if got := tb.text("#main h1"); !strings.Contains(got, first) {
		t.Errorf("Enter led to %q, want %q", got, first)
	}

	tb.open("/settings/people")
	tb.chord("k")
	tb.wait(`document.querySelector('#palette-list h3')?.textContent.includes('Recent') && document.querySelector('#palette-0-0').textContent.includes('` + first + `')`)
	// Whoever types on is quicker than the answer: Enter waits for it.
	tb.do(input.InsertText(">new cont"))
	tb.press("\r")
	tb.wait(`!document.querySelector('#palette[open]') && document.querySelector('#dialog[open] #firstName')`)
	tb.press(kb.Escape)
	tb.wait(`!document.querySelector('dialog[open]')`)
	tb.open("/settings/rights") // a page that creates nothing of its own
	tb.press("c")
	tb.press("c")
	tb.wait(`location.pathname === '/contacts/new'`)
}

func TestThePaletteKnowsThePageBeneath(t *testing.T) {
	tb := newTab(t)
	tb.signIn("owner@demo.test")
	tb.click("tbody tr a.who")
	tb.wait(`/^\/contacts\/[0-9a-f-]{36}$/.test(location.pathname) && document.readyState === 'complete'`)
	tb.chord("k")
	tb.do(input.InsertText("> edit"))
	tb.wait(chosen + `?.textContent === 'Edit'`)
	tb.press("\r")
	tb.wait(`document.querySelector('#dialog[open] #jobTitle')`)
}

func TestThePaletteByTouch(t *testing.T) {
	tb := newTab(t)
	tb.signIn("member@demo.test")
	tb.do(emulation.SetDeviceMetricsOverride(390, 844, 1, true))
	tb.open("/contacts")
	tb.click(`.topbar [data-palette]`)
	tb.wait(chosen)
	tb.axe("palette at 390")
	tb.do(input.InsertText("zzzz"))
	tb.wait(`document.querySelector('#palette-list').textContent.includes('Nothing found')`)
	tb.click(`#palette [data-close]`)
	tb.wait(`!document.querySelector('#palette[open]')`)
}
