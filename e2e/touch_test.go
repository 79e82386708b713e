package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// smallTargets lists what is too small for a finger: less than 24 px either way, or, for what a page is worked with
// (buttons, fields, entries of menus), less than 44 px high. Exempt as WCAG 2.5.8 has it: links within a sentence.
// A box to tick is as large as its label or as the area that its style adds to it.
const smallTargets = `(() => {
	const size = (e) => {
		const r = e.getBoundingClientRect();
		if (!e.matches('[type=checkbox], [type=radio]')) return [r.width, r.height];
		const label = e.closest('label')?.getBoundingClientRect() ?? {width: 0, height: 0}, more = getComputedStyle(e, '::after');
		return ['width', 'height'].map(side => Math.max(r[side], label[side], parseFloat(more[side]) || 0));
	};
	const inSentence = (e) => getComputedStyle(e).display === 'inline' && [...e.parentElement.childNodes].some(n => n.nodeType === 3 && n.data.trim());
	const wrong = [];
	for (const e of document.querySelectorAll('a[href], button, input, select, textarea, summary, [role=button], [role=option]')) {
		if (!e.checkVisibility({visibilityProperty: true}) || e.type === 'hidden' || e.closest('.sr-only, .skip') || inSentence(e)) continue;
		const [w, h] = size(e), primary = e.matches('button, input, select, textarea, summary, [role=button], [role=option], .btn, nav a, .pop a');
		if (w < 23.5 || h < 23.5 || (primary && h < 43.5)) wrong.push(Math.round(w) + ' × ' + Math.round(h) + ' ' + e.outerHTML.replace(/\s+/g, ' ').slice(0, 140));
	}
	return wrong.join('\n');
})()`

// asPhone turns the tab into a phone that is held with a finger.
func asPhone() chromedp.Tasks {
	return chromedp.Tasks{emulation.SetDeviceMetricsOverride(390, 844, 1, true), emulation.SetTouchEmulationEnabled(true)}
}

func TestTargetsAreLargeEnoughForAFinger(t *testing.T) {
	tb := newTab(t)
	tb.do(asPhone())
	look := func(what string) {
		t.Helper()
		tb.wait(`matchMedia('(pointer: coarse)').matches`)
		var wrong string
		tb.do(chromedp.Evaluate(smallTargets, &wrong))
		if wrong != "" {
			t.Errorf("%s:\n%s", what, wrong)
		}
	}
	for _, path := range []string{"/login", "/signup", "/password/forgot"} {
		tb.open(path)
		look(path)
	}
	tb.signIn("owner@demo.test")
	var record string
	tb.do(chromedp.Evaluate(`document.querySelector('tbody a.who').pathname`, &record))
	for _, path := range []string{"/contacts", "/contacts?filter=stage:customer", "/contacts/filter?field=stage", record, "/contacts/new", "/search?q=sharma", "/notifications",
		"/settings/people", "/settings/profile", "/settings/security", "/settings/business", "/settings/teams", "/settings/keys", "/settings/keys/new", "/settings/audit",
		"/imports", "/imports/new", "/welcome", "/admin/jobs", "/admin/tenants"} {
		tb.open(path)
		look(path)
	}
	tb.open("/contacts")
	tb.click(`[popovertarget=nav]`)
	tb.wait(`document.querySelector('#nav:popover-open')`)
	look("the menu")
	tb.click(".me")
	tb.wait(`document.querySelector('#me-menu:popover-open')`)
	look("the menu of the account")
	tb.open("/contacts")
	tb.click(".topbar [data-palette]")
	tb.wait(`document.querySelector('#palette[open] [role=option]')`)
	look("the palette")
}
