package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// offline cuts the tab from the network, or puts it back.
func (tb *tab) offline(off bool) {
	tb.t.Helper()
	conditions := []*network.Conditions{}
	if off {
		conditions = append(conditions, &network.Conditions{Offline: true, DownloadThroughput: -1, UploadThroughput: -1})
	}
	tb.do(network.Enable(), chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := network.EmulateNetworkConditionsByRule(conditions).Do(ctx)
		return err
	}), network.OverrideNetworkState(off, 0, -1, -1))
}

// A form says what becomes of it: saving, not certain, and in the end saved.
func TestAFormSaysWhatBecomesOfIt(t *testing.T) {
	tb := newTab(t, "ERR_INTERNET_DISCONNECTED", "409", "422")
	tb.signIn("owner@demo.test")
	tb.press("c")
	tb.wait(`document.querySelector('dialog[open] #email')`)
	tb.do(chromedp.Evaluate(`window.states = []; new MutationObserver(() => {
		const state = document.querySelector('#modal [data-save-state]'); if (state?.textContent) window.states.push(state.textContent); })
		.observe(document.querySelector('#modal'), {childList: true, subtree: true, characterData: true})`, nil))
	tb.fill("#firstName", "Aa Offline")
	tb.offline(true)
	tb.wait(`!document.querySelector('#offline').hidden`)
	tb.press("\r")
	tb.wait(`document.querySelector('#modal [data-save-state]').textContent.startsWith('Not certain')`)
	tb.wait(`document.querySelector('#dialog .toast[data-kind=error]') && document.querySelector('#firstName').value === 'Aa Offline'`)
	tb.offline(false)
	tb.wait(`document.querySelector('#offline').hidden`)
	tb.press("\r")
	tb.wait(`!document.querySelector('dialog[open]') && document.querySelector('#results').textContent.includes('Aa Offline')`)
	var states string
	tb.do(chromedp.Evaluate(`[...new Set(window.states)].join(' | ')`, &states))
	if want := "Saving… | Not certain that it was saved: the server did not answer. | Saved"; states != want {
		t.Errorf("the form said %q, want %q", states, want)
	}
}

// A toast with Undo stays while the pointer or the focus is on it.
func TestAToastWithUndoWaits(t *testing.T) {
	tb := newTab(t)
	tb.signIn("owner@demo.test")
	tb.do(chromedp.Evaluate(`window.asked = []; const real = window.setTimeout; window.setTimeout = (f, ms) => { window.asked.push(ms); return real(f, ms >= 6000 ? 600 : ms); };
		const box = document.createElement('div'); box.className = 'toast'; box.innerHTML = '<b>Deleted</b><form data-undo><button type="button">Undo</button></form>';
		box.id = 'waits'; document.querySelector('#toaster').append(box)`, nil))
	tb.wait(`window.asked.includes(10000)`)
	tb.do(chromedp.Focus(`#waits button`, chromedp.ByQuery))
	tb.do(chromedp.Sleep(1500 * time.Millisecond))
	tb.wait(`document.querySelector('#waits')`)
	tb.do(chromedp.Evaluate(`document.activeElement.blur()`, nil))
	tb.wait(`!document.querySelector('#waits')`)
}
