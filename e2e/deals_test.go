package e2e

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// aDeal makes a deal with a company of its own and returns its address.
func aDeal(tb *tab) string {
	tb.t.Helper()
	tb.open("/deals/new")
	tb.fill("#name", "Looms "+strings.ToLower(rand.Text()[:8]))
	tb.fill("#valuePaise", "12,34,567")
	tb.fill("#companyId", "Konkan Weavers")
	tb.click(`main form [type=submit]`)
	tb.wait(`/^\/deals\/[0-9a-f-]{36}$/.test(location.pathname) && document.readyState === 'complete'`)
	var path string
	tb.do(chromedp.Evaluate(`location.pathname`, &path))
	return path
}

// A deal goes over the board by its menu, and says why it was lost.
func TestADealGoesOverTheBoard(t *testing.T) {
	tb := newTab(t, "422")
	tb.signIn("owner@demo.test")
	path := aDeal(tb)
	var name string
	tb.do(chromedp.Evaluate(`document.querySelector('#record h2').textContent`, &name))
	tb.open("/deals")
	card := `[...document.querySelectorAll('.deal')].find(d => d.textContent.includes('` + name + `'))`
	inColumn := func(stage string) {
		t.Helper()
		tb.wait(`document.readyState === 'complete' && ` + card + `?.closest('.col').querySelector('h2').textContent === '` + stage + `'`)
	}
	moveTo := func(stage string) {
		t.Helper()
		tb.do(chromedp.Evaluate(`(() => {
			const d = `+card+`; d.querySelector('summary').click();
			const s = d.querySelector('select'); s.value = [...s.options].find(o => o.text === '`+stage+`').value;
			d.querySelector('form [type=submit]').click();
		})()`, nil))
	}
	inColumn("Lead")
	moveTo("Proposal")
	inColumn("Proposal")
	moveTo("Lost")
	tb.wait(`document.readyState === 'complete' && document.querySelector('#reason')`)
	tb.fill("#reason", "Too dear")
	tb.click(`main form [type=submit]`)
	tb.wait(`location.pathname === '` + path + `' && document.readyState === 'complete'`)
	tb.wait(`document.querySelector('#record').textContent.includes('Too dear') && document.querySelector('#record .pills').textContent.includes('Lost')`)
	tb.open("/deals")
	inColumn("Lost")
}
