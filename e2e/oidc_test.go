package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"payaid/internal/servertest"
)

// A person goes to a real provider in a real browser and comes back signed in. The
// provider lives on another site (127.0.0.1, PayAid on localhost), so this also proves
// that the cookies arrive with whoever is led back.
func TestSignInByARealProvider(t *testing.T) {
	const email, secret = "federated@demo.test", "of the provider"
	suite.app.verb(t, "user", "create", "--email", email, "--name", "Farhan Ali", "--tenant", "demo")
	provider := servertest.NewOpenIDProvider(t)
	// One more replica of the running copy, which finds no provider when it starts.
	app, err := start(suite.app.dir, "PAYAID_OIDC_ISSUER="+provider.Issuer, "PAYAID_OIDC_CLIENT_ID="+provider.ClientID,
		"PAYAID_OIDC_CLIENT_SECRET="+provider.ClientSecret, "PAYAID_OIDC_NAME=Example ID")
	if err != nil {
		t.Fatal(err)
	}
	defer app.stop()
	tb := newTab(t, "401", "422", "503", "favicon.ico")
	tb.visit(app.base + "/login?next=/imports")
	tb.clickText("Continue with Example ID")
	tb.wait(`document.querySelector('[role=alert]')?.textContent.includes('Example ID does not answer right now')`)
	tb.axe("a provider that is down")

	provider.Start(t, app.base+"/login/oidc/callback",
		servertest.OpenIDUser{Subject: "1", Email: email, Password: secret, Verified: true},
		servertest.OpenIDUser{Subject: "2", Email: "stranger@demo.test", Password: secret, Verified: true})
	tb.clickText("Continue with Example ID")
	tb.wait(`location.hostname === '127.0.0.1' && document.querySelector('input[name=password]')`)
	tb.clickText("Refuse")
	tb.wait(`location.hostname === 'localhost' && document.querySelector('[role=alert]')?.textContent.includes('You did not agree at Example ID')`)
	looksRight(tb)

	tb.agree("stranger@demo.test", secret)
	tb.wait(`location.hostname === 'localhost' && document.querySelector('[role=alert]')?.textContent.includes('There is no account here for stranger@demo.test')`)
	tb.agree(email, secret)
	tb.wait(`location.origin === '` + app.base + `' && location.pathname === '/imports' && document.readyState === 'complete'`)
	if got := tb.text("body"); !strings.Contains(got, "Farhan Ali") {
		t.Errorf("who is signed in? %.200s", got)
	}
	if strings.Contains(app.log.String(), provider.ClientSecret) {
		t.Error("the log tells the secret")
	}
	if got := app.verb(t, "doctor"); !strings.Contains(got, "Example ID answers") {
		t.Errorf("payaid doctor: %s", got)
	}
	if got := app.verb(t, "user", "unlink", "--email", email); !strings.Contains(got, "links the account anew") {
		t.Errorf("payaid user unlink: %s", got)
	}
}

// agree goes from the sign-in page to the provider and signs in there.
func (tb *tab) agree(user, password string) {
	tb.t.Helper()
	tb.clickText("Continue with Example ID")
	tb.wait(`location.hostname === '127.0.0.1' && document.querySelector('input[name=password]')`)
	tb.fill(`input[name=username]`, user)
	tb.fill(`input[name=password]`, password)
	tb.clickText("Sign in")
}

// looksRight holds the page with the button against axe in both themes and widths.
func looksRight(tb *tab) {
	tb.t.Helper()
	for _, width := range []int64{390, 1440} {
		for _, name := range []string{"dark", "light"} {
			tb.do(emulation.SetDeviceMetricsOverride(width, 844, 1, width == 390), theme(name))
			tb.wait(`document.documentElement.classList.contains('dark') === ` + map[string]string{"dark": "true", "light": "false"}[name])
			tb.axe("the sign-in page with a provider, " + name)
		}
		var overflow int64
		tb.do(chromedp.Evaluate(`document.documentElement.scrollWidth`, &overflow))
		if overflow > width {
			tb.t.Errorf("the sign-in page is %d px wide on a screen of %d", overflow, width)
		}
	}
}
