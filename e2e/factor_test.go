package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"payaid/internal/factor"
)

// newAccount makes somebody in the demo business.
func newAccount(t *testing.T, email string) {
	t.Helper()
	suite.app.verb(t, "user", "create", "--email", email, "--name", "Nitin Sharma", "--password", "demo-payaid", "--tenant", "demo")
}

// password goes through the first step of signing in.
func (tb *tab) password(email string) {
	tb.t.Helper()
	tb.open("/login")
	tb.fill(`input[name=email]`, email)
	tb.fill(`input[name=password]`, "demo-payaid")
	tb.press("\r")
}

func (tb *tab) signOut() {
	tb.t.Helper()
	tb.do(chromedp.Evaluate(`document.querySelector('form[action="/logout"]').requestSubmit()`, nil))
	tb.wait(`location.pathname === '/login' && document.readyState === 'complete'`)
}

func (tb *tab) value(js string) (s string) {
	tb.t.Helper()
	tb.do(chromedp.Evaluate(js, &s))
	return s
}

func (tb *tab) arrives() {
	tb.t.Helper()
	tb.wait(`location.pathname === '/contacts' && document.readyState === 'complete'`)
}

// Somebody sets up an authenticator app, signs in with it, loses the phone and
// signs in with a recovery code.
func TestAnAuthenticatorAppAndALostPhone(t *testing.T) {
	newAccount(t, "careful@demo.test")
	tb := newTab(t, "401", "422")
	tb.signIn("careful@demo.test")
	tb.open("/settings/security")
	tb.clickText("Set up the app")
	tb.wait(`document.querySelector('svg.qr path')`)
	tb.axe("setting up an authenticator app")
	secret := tb.value(`document.querySelector('.settings-code').textContent`)
	code := func(steps time.Duration) string {
		c, err := factor.Code(secret, time.Now().Add(steps*30*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	tb.fill("#code", code(-1))
	tb.press("\r")
	tb.wait(`document.querySelector('#codes')`)
	tb.axe("recovery codes")
	codes := strings.Fields(tb.value(`document.querySelector('#codes').value`))
	if len(codes) != 10 || !strings.Contains(tb.value(`decodeURIComponent(document.querySelector('a[download]').href)`), codes[9]) {
		t.Errorf("codes: %q", codes)
	}
	tb.clickText("I have kept them")
	tb.wait(`document.body.textContent.includes('10 recovery codes are left.')`)
	tb.signOut()

	tb.password("careful@demo.test")
	tb.wait(`location.pathname === '/login/second' && document.querySelector('#code')`)
	tb.axe("the second step")
	tb.fill("#code", "000000")
	tb.press("\r")
	tb.wait(`document.querySelector('#code-err')`)
	tb.fill("#code", code(0))
	tb.press("\r")
	tb.arrives()
	tb.signOut()

	tb.password("careful@demo.test")
	tb.wait(`location.pathname === '/login/second'`)
	tb.clickText("Use a recovery code")
	tb.wait(`location.search === '?with=recovery' && document.querySelector('#code')`)
	tb.axe("a recovery code")
	tb.fill("#code", codes[0])
	tb.press("\r")
	tb.arrives()

	tb.open("/settings/security")
	tb.clickText("Log out everywhere else")
	tb.clickText("Log out everywhere else now")
	tb.wait(`document.querySelector('.toast')?.textContent.includes('signed out everywhere else')`)
	tb.clickText("Switch off")
	tb.fill("#turn-off-password", "demo-payaid")
	tb.press("\r")
	tb.wait(`document.querySelector('.toast')?.textContent.includes('switched off')`)
}

// Somebody adds a passkey, signs in with it alone, and after the password.
func TestAPasskey(t *testing.T) {
	newAccount(t, "modern@demo.test")
	tb := newTab(t, "401", "422")
	tb.do(chromedp.ActionFunc(func(ctx context.Context) error {
		if err := webauthn.Enable().Do(ctx); err != nil {
			return err
		}
		_, err := webauthn.AddVirtualAuthenticator(&webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		}).Do(ctx)
		return err
	}))
	tb.signIn("modern@demo.test")
	tb.open("/settings/security")
	tb.fill("#passkey-name", "Laptop")
	tb.fill("#passkey-password", "wrong password")
	tb.clickText("Add a passkey")
	tb.wait(`document.querySelector('[data-problem]').textContent.includes('not your current password')`)
	tb.fill("#passkey-password", "demo-payaid")
	tb.clickText("Add a passkey")
	tb.wait(`document.querySelector('#codes')`)
	tb.clickText("I have kept them")
	tb.wait(`document.querySelector('.settings-rows')?.textContent.includes('Laptop')`)
	tb.axe("the page with a passkey")
	tb.signOut()

	tb.wait(`!document.querySelector('form[data-passkey]').hidden`)
	tb.axe("the sign-in page with passkeys")
	tb.clickText("Sign in with a passkey")
	tb.arrives()
	tb.signOut()

	tb.password("modern@demo.test")
	tb.wait(`location.pathname === '/login/second' && document.querySelector('form[data-passkey]') && !document.querySelector('form[data-passkey]').hidden`)
	tb.axe("the second step with a passkey")
	tb.clickText("Use a passkey")
	tb.arrives()
}
