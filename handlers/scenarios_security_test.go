package handlers_test

import (
	"regexp"
	"testing"
)

const (
	security    = "/settings/security"
	ownSessions = security + "/sessions"
)

var securityScenarios = []scenario{
	{route: "GET " + security, name: "ok", as: asMember, status: okay, wants: []string{"Where you are signed in", ">This browser<", "Udyog Traders", `aria-current="page"`}, check: header("Cache-Control", "no-store")},
	{route: "GET " + security, name: "anonymous", status: seeOther, check: location("/login?next=%2Fsettings%2Fsecurity")},
	{route: "GET " + security, name: "no right", as: withKey, status: forbidden},
	{route: "GET " + second, name: "ok", as: halfway, status: okay, wants: []string{"Second step", "Code of six digits"}, check: header("Cache-Control", "no-store")},
	{route: "GET " + second, name: "anonymous", status: seeOther, check: location("/login?late=1")},
	{route: "GET " + second, name: "signed in", as: asMember, status: seeOther, check: location("/login?late=1")},
	{route: "POST " + second, name: "ok", as: halfway, send: recoveryCode, status: seeOther, check: location("/")},
	{route: "POST " + second, name: "anonymous", as: visitor, send: form("code", "123456"), status: seeOther, check: location("/login?late=1")},
	{route: "POST " + second, name: "invalid", as: halfway, send: form("code", ""), status: unprocessable, wants: []string{"Enter the code."}},
	{route: "POST " + second, name: "without a token", as: halfway, send: form("_csrf", ""), status: forbidden},
	{route: "GET " + security + "/totp", name: "ok", as: asMember, status: okay, wants: []string{"<svg class=\"qr\"", `name="token"`, "otpauth://totp/PayAid:meera@example.in"}, check: header("Cache-Control", "no-store")},
	{route: "GET " + security + "/totp", name: "anonymous", status: seeOther},
	{route: "GET " + security + "/totp", name: "no right", as: withKey, status: forbidden},
	{route: "GET " + security + "/totp", name: "already on", as: withApp, status: seeOther, check: location(security)},
	{route: "POST " + security + "/totp", name: "ok", as: newcomer, send: proven, status: created, wants: []string{"this once only", `download="payaid-recovery-codes.txt"`}, check: header("Cache-Control", "no-store")},
	{route: "POST " + security + "/totp", name: "anonymous", send: form("code", "123456"), status: unauthorized},
	{route: "POST " + security + "/totp", name: "no right", as: withKey, send: form("code", "123456"), status: forbidden},
	{route: "POST " + security + "/totp", name: "invalid", as: newcomer, send: unproven, status: unprocessable, wants: []string{"not the code that the app shows now", `id="code-err"`}},
	{route: "POST " + security + "/totp", name: "invalid token", as: newcomer, send: form("token", "x", "code", "123456"), status: unprocessable, wants: []string{"too old"}},
	{route: "POST " + security + "/totp/off", name: "ok", as: withApp, send: form("password", password), status: seeOther, check: location(security + "?done=factor-off")},
	{route: "POST " + security + "/totp/off", name: "anonymous", send: form("password", password), status: unauthorized},
	{route: "POST " + security + "/totp/off", name: "no right", as: withKey, send: form("password", password), status: forbidden},
	{route: "POST " + security + "/totp/off", name: "invalid", as: withApp, send: form("password", "wrong"), status: unprocessable, wants: []string{"not your current password"}},
	{route: "POST " + security + "/totp/off", name: "nothing to switch off", as: newcomer, send: form("password", password), status: unprocessable},
	{route: "POST " + security + "/recovery", name: "ok", as: withApp, send: form("password", password), status: created, wants: []string{"this once only"}, check: header("Cache-Control", "no-store")},
	{route: "POST " + security + "/recovery", name: "anonymous", send: form("password", password), status: unauthorized},
	{route: "POST " + security + "/recovery", name: "no right", as: withKey, send: form("password", password), status: forbidden},
	{route: "POST " + security + "/recovery", name: "invalid", as: withApp, send: form("password", "wrong"), status: unprocessable},

	{route: "POST " + ownSessions + "/end-others", name: "ok", as: newcomer, send: form(), status: seeOther, check: location(security + "?done=ended-others")},
	{route: "POST " + ownSessions + "/end-others", name: "anonymous", send: form(), status: unauthorized},
	{route: "POST " + ownSessions + "/end-others", name: "no right", as: withKey, send: form(), status: forbidden},
	{route: "POST " + ownSessions + "/end-others", name: "without a token", as: newcomer, send: form("_csrf", ""), status: forbidden},
	{route: "POST " + ownSessions + "/end-all", name: "ok", as: newcomer, send: form(), status: seeOther, check: location("/login?out=1")},
	{route: "POST " + ownSessions + "/end-all", name: "anonymous", send: form(), status: unauthorized},
	{route: "POST " + ownSessions + "/end-all", name: "no right", as: withKey, send: form(), status: forbidden},
	{route: "POST " + ownSessions + "/:handle/end", name: "ok", as: asAdmin, path: anotherOfTheAdmin, send: form(), status: seeOther, check: location(security + "?done=ended")},
	{route: "POST " + ownSessions + "/:handle/end", name: "anonymous", path: at(ownSessions + "/x/end"), send: form(), status: unauthorized},
	{route: "POST " + ownSessions + "/:handle/end", name: "no right", as: withKey, path: at(ownSessions + "/x/end"), send: form(), status: forbidden},
	{route: "POST " + ownSessions + "/:handle/end", name: "invalid", as: newcomer, path: at(ownSessions + "/x/end"), send: form(), status: notFound},
	{route: "POST " + ownSessions + "/:handle/end", name: "somebody else's", as: newcomer, path: strangersSession, send: form(), status: notFound},
}

var sessionAction = regexp.MustCompile(ownSessions + `/([0-9a-f]{64})/end`)

func strangersSession(t *testing.T, w *world) string {
	return sessionAction.FindString(w.as(t, w.owner).get(t, security).body)
}

// anotherOfTheAdmin signs the administrator in once more and gives what ends that.
func anotherOfTheAdmin(t *testing.T, w *world) string {
	b := w.visitor()
	b.signIn(t, w.admin.email, password).is(t, seeOther)
	return sessionAction.FindString(b.get(t, security).body)
}

// withApp is somebody with an authenticator app.
func withApp(t *testing.T, w *world) *browser { return w.protect(t).b }

// halfway is somebody with a right password who owes the second factor.
func halfway(t *testing.T, w *world) *browser {
	p := w.protect(t)
	b := p.firstStep(t, w)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lastCodes = p.codes
	return b
}

// recoveryCode sends a code of the person that halfway made.
func recoveryCode(t *testing.T, w *world, b *browser) (string, string) {
	return form("code", w.lastCodes[0], "with", "recovery")(t, w, b)
}

// proven and unproven send what the page that sets up the app asks for.
func proven(t *testing.T, w *world, b *browser) (string, string)   { return setUp(t, w, b, true) }
func unproven(t *testing.T, w *world, b *browser) (string, string) { return setUp(t, w, b, false) }

func setUp(t *testing.T, w *world, b *browser, right bool) (string, string) {
	page := b.get(t, security+"/totp")
	p, code := protected{secret: secretText.FindStringSubmatch(page.body)[1]}, "12345"
	if right {
		code = p.code(t, 0)
	}
	return form("token", tokenField.FindStringSubmatch(page.body)[1], "code", code)(t, w, b)
}
