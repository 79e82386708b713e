package e2e

import "testing"

// An administrator looks at the cache and clears it; a slip changes nothing.
func TestTheCacheIsCleared(t *testing.T) {
	tb := newTab(t, "422")
	tb.signIn("owner@demo.test")
	tb.open("/admin/cache")
	tb.wait(`/In use/.test(document.querySelector('.alert')?.textContent)`)
	tb.clickText("Clear the whole cache")
	tb.wait(`/Type clear/.test(document.querySelector('#confirm-err')?.textContent)`)
	tb.axe("a refused form of the cache")
	tb.fill("#confirm", "clear")
	tb.clickText("Clear the whole cache")
	tb.wait(`/was cleared/.test(document.body.textContent)`)
	tb.fill("#slug", "demo")
	tb.clickText("Clear this business")
	tb.wait(`location.search === '?done=cleared'`)
	tb.open("/admin/audit")
	tb.wait(`/Cleared the cache of a business/.test(document.querySelector('tbody tr')?.textContent)`)
}
