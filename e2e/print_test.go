package e2e

import (
	"context"
	"regexp"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// onPaper is what a printer asks for, from a system that is dark.
func onPaper() chromedp.Action {
	return emulation.SetEmulatedMedia().WithMedia("print").WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}})
}

const (
	hidden = `(s) => [...document.querySelectorAll(s)].every(e => !e.getClientRects().length)`
	// blackOnWhite lists the texts on the page that are too pale for paper, and the surfaces that are not white.
	blackOnWhite = `(() => {
		const pen = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
		const light = (colour) => { pen.clearRect(0, 0, 1, 1); pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1);
			const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data; return a ? (.2126*r + .7152*g + .0722*b) / 255 : 1; };
		const wrong = [];
		for (const e of [document.documentElement, document.body, ...document.querySelectorAll('#main, #main *')]) {
			if (!e.getClientRects().length) continue;
			const style = getComputedStyle(e), said = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
			if (light(style.backgroundColor) < .9) wrong.push(e.outerHTML.slice(0, 80) + ' stands on ' + style.backgroundColor);
			if (said && light(style.color) > .45) wrong.push(e.outerHTML.slice(0, 80) + ' is ' + style.color);
		}
		return wrong.join('\n');
	})()`
)

// a4 finds a sheet of 595 by 842 points in a PDF.
var a4 = regexp.MustCompile(`/MediaBox \[0 0 59[45][.\d]* 84[12][.\d]*\]`)

// A list and a record are printed black on white on A4, without what one presses;
// the head of the table stands on each page and no row is cut.
func TestPrintedPages(t *testing.T) {
	tb := newTab(t)
	tb.signIn("owner@demo.test")
	var record string
	tb.do(chromedp.Evaluate(`document.querySelector('tbody a.who').pathname`, &record))
	// The A4 sheet less its margins is narrower than a tablet: the rules for phones must not reach it.
	tb.do(emulation.SetDeviceMetricsOverride(703, 1000, 1, false))
	for name, path := range map[string]string{"list": "/contacts", "record": record, "settings": "/settings/people", "profile": "/settings/profile"} {
		tb.do(theme("dark"))
		tb.open(path)
		tb.wait(isDark)
		tb.do(onPaper())
		tb.wait(`(` + hidden + `)('.side, #main .btn, .filters, .views, .settings-nav, .toaster, dialog, [popover], .skip')`)
		var wrong string
		tb.do(chromedp.Evaluate(blackOnWhite, &wrong))
		if wrong != "" {
			t.Errorf("%s: not black on white:\n%s", name, wrong)
		}
		tb.wait(`document.documentElement.scrollWidth <= 703`)
		tb.wait(`[...document.querySelectorAll('#main, #main *')].every(e => !e.getClientRects().length || !/auto|scroll/.test(getComputedStyle(e).overflowY) || e.matches('textarea, select, input'))`)
		tb.wait(`[...document.querySelectorAll('#main a[href]')].every(a => getComputedStyle(a, '::after').content.match(/^(none|normal)$/))`)
		if name == "list" {
			tb.wait(`getComputedStyle(document.querySelector('thead')).display === 'table-header-group'`)
			tb.wait(`getComputedStyle(document.querySelector('thead th')).position === 'static'`)
			tb.wait(`getComputedStyle(document.querySelector('tbody tr')).breakInside === 'avoid'`)
			tb.wait(`document.querySelector('tbody tr').getClientRects().length && document.querySelectorAll('tbody td')[2].getClientRects().length`)
		}
		if pdf := paper(tb); !a4.Match(pdf) {
			t.Errorf("%s: the sheets are not A4: %s", name, regexp.MustCompile(`/MediaBox[^]]*]`).Find(pdf))
		}
	}
}

// paper prints the page; the style sheet chooses the sheet's size.
func paper(tb *tab) []byte {
	tb.t.Helper()
	var pdf []byte
	tb.do(chromedp.ActionFunc(func(ctx context.Context) (err error) {
		pdf, _, err = page.PrintToPDF().WithPreferCSSPageSize(true).WithPrintBackground(true).Do(ctx)
		return err
	}))
	return pdf
}
