package e2e

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/chromedp/chromedp"
)

// An owner makes a key, a program uses it, and after the owner revoked it the
// program is refused.
func TestAKeyFromItsMakingToItsEnd(t *testing.T) {
	tb := newTab(t)
	tb.signIn("owner@demo.test")
	tb.open("/settings/keys/new")
	tb.fill("#name", "Web shop")
	tb.click("#scope-contacts-read")
	tb.clickText("Make key")
	tb.wait(`document.querySelector('#secret')?.value.startsWith('pk_')`)
	tb.axe("the secret of a key")
	var secret string
	tb.do(chromedp.Evaluate(`document.querySelector('#secret').value`, &secret))
	if got := askWithKey(t, secret, "/api/v1/contacts"); got != http.StatusOK {
		t.Errorf("a new key: %d", got)
	}
	if got := askWithKey(t, secret, "/api/v1/users"); got != http.StatusForbidden {
		t.Errorf("a right that it does not have: %d", got)
	}
	tb.open("/settings/keys")
	tb.click("tbody tr summary")
	tb.clickText("Revoke now")
	tb.wait(`document.querySelector('tbody tr')?.textContent.includes('Revoked') && document.querySelector('.toast')`)
	if got := askWithKey(t, secret, "/api/v1/contacts"); got != http.StatusUnauthorized {
		t.Errorf("a revoked key: %d", got)
	}
}

func askWithKey(t *testing.T, secret, path string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, suite.app.base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	return res.StatusCode
}

// Somebody's role decides about their menu from the next page on.
func TestAChangedRoleChangesTheMenu(t *testing.T) {
	member, owner := newTab(t), newTab(t)
	member.signIn("member@demo.test")
	menu := `document.querySelector('.settings-nav a[href="/settings/people"]')`
	member.open("/settings/password")
	member.wait("!" + menu)
	owner.signIn("owner@demo.test")
	owner.open("/settings/people")
	owner.clickText("member@demo.test")
	owner.wait(`document.querySelector('#role')`)
	for _, step := range []struct{ role, sees string }{{"admin", menu}, {"member", "!" + menu}} {
		owner.do(chromedp.SetValue("#role", step.role, chromedp.ByQuery))
		owner.clickText("Save")
		owner.wait(`location.pathname === '/settings/people' && document.querySelector('.toast') && document.readyState === 'complete'`)
		member.open("/settings/password")
		member.wait(step.sees)
		owner.clickText("member@demo.test")
		owner.wait(fmt.Sprintf(`document.querySelector('#role')?.value === %q`, step.role))
	}
}
