package handlers_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"payaid/internal/auth"
)

const (
	passkeys   = security + "/passkeys"
	byPasskey  = "/login/passkey"
	secondKey  = second + "/passkey"
	keyOptions = "/options"
)

// options asks for a challenge, as the script of the page does.
func (b *browser) options(t testing.TB, path string, form url.Values) (o asked) {
	t.Helper()
	a := b.post(t, path+keyOptions, form, "Accept", "application/json")
	a.is(t, http.StatusOK)
	ok(t, json.Unmarshal([]byte(a.body), &o))
	return o
}

func newKeyForm(credential string) url.Values {
	return url.Values{"name": {"Phone"}, "password": {password}, "credential": {credential}}
}

// addKey gives a person one more passkey.
func (b *browser) addKey(t testing.TB) *authenticator {
	t.Helper()
	key := newAuthenticator(t)
	b.get(t, security)
	if a := b.post(t, passkeys, newKeyForm(key.create(t, b.options(t, passkeys, newKeyForm(""))))); a.status != http.StatusCreated && a.status != http.StatusSeeOther {
		t.Fatalf("add a passkey: %d\n%s", a.status, excerpt(a.body))
	}
	return key
}

// keyOwner is a new member with a passkey and nothing else.
func (w *world) keyOwner(t testing.TB) (account, *browser, *authenticator) {
	t.Helper()
	who, b := w.person(t, w.home, "K"+uuid.NewString()[:8]+" Keyed", auth.Member, nil), w.visitor()
	b.signIn(t, who.email, password).is(t, http.StatusSeeOther)
	return who, b, b.addKey(t)
}

func credential(c string) url.Values { return url.Values{"credential": {c}, "next": {"/imports"}} }

func TestAPasskeySignsInAlone(t *testing.T) {
	w := newWorld(t)
	who, owner, key := w.keyOwner(t)
	owner.get(t, security).wants(t, "Phone", "never used", "10 recovery codes are left.")
	if string(key.handle) != string(who.id[:]) {
		t.Error("the handle is not the person's id")
	}
	b := visitor(t, w)
	key.counter = 7
	answer := key.get(t, b.options(t, byPasskey, nil))
	a := b.post(t, byPasskey, credential(answer))
	a.is(t, http.StatusSeeOther)
	location("/imports")(t, w, a)
	b.get(t, security).wants(t, "last used")
	if !w.mailed(t, who.email, "A passkey was added") {
		t.Error("the person was not told")
	}

	// The challenge is used up, and was this browser's.
	b.post(t, "/logout", nil)
	b.get(t, "/login")
	b.post(t, byPasskey, credential(answer)).wants(t, "sent twice")
	other := visitor(t, w)
	key.counter = 8
	answer = key.get(t, b.options(t, byPasskey, nil))
	other.options(t, byPasskey, nil)
	other.post(t, byPasskey, credential(answer)).is(t, http.StatusUnauthorized)
}

func TestPasskeysThatAreRefused(t *testing.T) {
	w := newWorld(t)
	who, _, key := w.keyOwner(t)
	for name, change := range map[string]func(k *authenticator){
		"the owner was not checked": func(k *authenticator) { k.flags = userPresent },
		"nobody was there":          func(k *authenticator) { k.flags = 0 },
		"for another site":          func(k *authenticator) { k.origin = "http://evil.example" },
		"with another key":          func(k *authenticator) { k.key = newAuthenticator(t).key },
		"unknown here":              func(k *authenticator) { k.id = []byte("somethingelse") },
		"of another person":         func(k *authenticator) { k.handle = w.owner.id[:] },
		"of nobody":                 func(k *authenticator) { k.handle = []byte(uuid.NewString()[:16]) },
		"without an owner":          func(k *authenticator) { k.handle = nil },
	} {
		bad, b := *key, visitor(t, w)
		change(&bad)
		a := b.post(t, byPasskey, credential(bad.get(t, b.options(t, byPasskey, nil))))
		if a.status != http.StatusUnauthorized || b.get(t, "/contacts").status == http.StatusOK {
			t.Errorf("%s: %d\n%s", name, a.status, excerpt(a.body))
		}
	}
	w.db.OwnerExec(t, "UPDATE users SET disabled_at = now() WHERE id = $1", who.id)
	b := visitor(t, w)
	b.post(t, byPasskey, credential(key.get(t, b.options(t, byPasskey, nil)))).is(t, http.StatusUnauthorized)
}

// A counter that does not grow says that two devices have the key.
func TestACopiedPasskey(t *testing.T) {
	w := newWorld(t)
	_, _, key := w.keyOwner(t)
	use := func(counter uint32) answer {
		key.counter = counter
		b := visitor(t, w)
		return b.post(t, byPasskey, credential(key.get(t, b.options(t, byPasskey, nil))))
	}
	use(0).is(t, http.StatusSeeOther) // one that lives in an account counts nothing
	use(5).is(t, http.StatusSeeOther)
	a := use(5)
	a.is(t, http.StatusUnauthorized)
	a.wants(t, "seems to have been copied")
	use(6).is(t, http.StatusSeeOther)
	w.as(t, w.owner).get(t, "/settings/audit?action=user.second_factor_refused").wants(t, "user.second_factor_refused")
}

func TestAPasskeyAsSecondFactor(t *testing.T) {
	w := newWorld(t)
	who, _, key := w.keyOwner(t)
	p := protected{account: who}
	b := p.firstStep(t, w)
	page := b.get(t, second)
	page.wants(t, `data-passkey="/login/second/passkey/options"`)
	page.lacks(t, "Code of six digits")
	_, _, another := w.keyOwner(t)
	b.post(t, secondKey, credential(another.get(t, b.options(t, secondKey, nil)))).is(t, http.StatusUnauthorized)
	b.post(t, secondKey, credential(key.get(t, b.options(t, secondKey, nil)))).is(t, http.StatusSeeOther)
	b.get(t, "/contacts").is(t, http.StatusOK)
}

func TestOfManyWithTheSameAnswerOneEnters(t *testing.T) {
	w := newWorld(t)
	_, _, key := w.keyOwner(t)
	b := visitor(t, w)
	answer := key.get(t, b.options(t, byPasskey, nil))
	var wins atomic.Int64
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			one := *b
			one.cookies = map[string]string{}
			for name, value := range b.cookies {
				one.cookies[name] = value
			}
			if one.post(t, byPasskey, credential(answer)).status == http.StatusSeeOther {
				wins.Add(1)
			}
		})
	}
	wg.Wait()
	if wins.Load() != 1 {
		t.Errorf("one answer signed in %d times", wins.Load())
	}
}

var removal = regexp.MustCompile(passkeys + `/[0-9a-f-]{36}/remove`)

func TestLookingAfterPasskeys(t *testing.T) {
	w := newWorld(t)
	who, b, key := w.keyOwner(t)
	second := b.addKey(t)
	twice := key.create(t, b.options(t, passkeys, newKeyForm("")))
	b.post(t, passkeys, newKeyForm(twice)).is(t, http.StatusConflict)
	b.post(t, passkeys+keyOptions, url.Values{"name": {"x"}, "password": {"wrong"}}, "Accept", "application/json").wants(t, "not your current password")
	// A challenge for somebody else adds nothing, nor does one for signing in.
	_, other, _ := w.keyOwner(t)
	b.post(t, passkeys, newKeyForm(newAuthenticator(t).create(t, other.options(t, passkeys, newKeyForm(""))))).is(t, http.StatusUnprocessableEntity)

	remove := removal.FindAllString(b.get(t, security).body, -1)
	if len(remove) != 2 {
		t.Fatalf("%d passkeys, want 2", len(remove))
	}
	b.post(t, remove[0], url.Values{"password": {"wrong"}}).wants(t, "not your current password")
	other.get(t, security)
	other.post(t, remove[0], url.Values{"password": {password}}).is(t, http.StatusNotFound)
	b.get(t, security)
	b.post(t, remove[0], url.Values{"password": {password}}).is(t, http.StatusSeeOther)
	v := visitor(t, w)
	v.post(t, byPasskey, credential(key.get(t, v.options(t, byPasskey, nil)))).is(t, http.StatusUnauthorized)
	v.post(t, byPasskey, credential(second.get(t, v.options(t, byPasskey, nil)))).is(t, http.StatusSeeOther)
	if !w.mailed(t, who.email, "A passkey was removed") {
		t.Error("the person was not told")
	}
}

// firstKey sends what makes the first passkey of a person.
func firstKey(t *testing.T, w *world, b *browser) (string, string) {
	made := newAuthenticator(t).create(t, b.options(t, passkeys, newKeyForm("")))
	return form("name", "Phone", "credential", made)(t, w, b)
}

func removableKey(t *testing.T, w *world) string {
	b := w.as(t, w.manager)
	b.addKey(t)
	all := removal.FindAllString(b.get(t, security).body, -1)
	return all[len(all)-1]
}

// keyed signs in with the passkey that the row made.
func keyed(t *testing.T, w *world, b *browser) (string, string) {
	_, _, key := w.keyOwner(t)
	return form("credential", key.get(t, b.options(t, byPasskey, nil)))(t, w, b)
}

var nonsense = base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat("x", 20)))

var passkeyScenarios = []scenario{
	{route: "POST " + byPasskey + keyOptions, name: "ok", as: visitor, send: form(), status: okay, wants: []string{`"challenge":`, `"userVerification":"required"`}, lacks: []string{"allowCredentials"}, check: header("Cache-Control", "no-store")},
	{route: "POST " + byPasskey + keyOptions, name: "anonymous", send: form(), status: forbidden},
	{route: "POST " + byPasskey, name: "ok", as: visitor, send: keyed, status: seeOther, check: location("/")},
	{route: "POST " + byPasskey, name: "anonymous", send: form("credential", nonsense), status: forbidden},
	{route: "POST " + byPasskey, name: "invalid", as: visitor, send: form("credential", nonsense), status: unprocessable, wants: []string{"Please try again."}},
	{route: "POST " + secondKey + keyOptions, name: "ok", as: halfwayByKey, send: form(), status: okay, wants: []string{`"allowCredentials":[`}},
	{route: "POST " + secondKey + keyOptions, name: "anonymous", as: visitor, send: form(), status: unauthorized},
	{route: "POST " + secondKey + keyOptions, name: "no passkey", as: halfway, send: form(), status: unprocessable},
	{route: "POST " + secondKey, name: "ok", as: halfwayByKey, send: secondAnswer, status: seeOther, check: location("/")},
	{route: "POST " + secondKey, name: "anonymous", as: visitor, send: form("credential", nonsense), status: seeOther, check: location("/login?late=1")},
	{route: "POST " + secondKey, name: "invalid", as: halfwayByKey, send: form("credential", nonsense), status: unprocessable},
	{route: "POST " + passkeys + keyOptions, name: "ok", as: asMember, send: form("name", "Phone", "password", password), status: okay, wants: []string{`"residentKey":"required"`, `"userVerification":"required"`, `"id":"example.com"`}},
	{route: "POST " + passkeys + keyOptions, name: "anonymous", send: form("name", "Phone", "password", password), status: unauthorized},
	{route: "POST " + passkeys + keyOptions, name: "no right", as: withKey, send: form("name", "Phone", "password", password), status: forbidden},
	{route: "POST " + passkeys + keyOptions, name: "invalid", as: asMember, send: form("password", password), status: unprocessable, wants: []string{"Give the passkey a name"}},
	{route: "POST " + passkeys, name: "ok", as: newcomer, send: firstKey, status: created, wants: []string{"this once only"}},
	{route: "POST " + passkeys, name: "anonymous", send: form("name", "Phone", "credential", nonsense), status: unauthorized},
	{route: "POST " + passkeys, name: "no right", as: withKey, send: form("name", "Phone", "credential", nonsense), status: forbidden},
	{route: "POST " + passkeys, name: "invalid", as: asMember, send: form("name", "Phone", "credential", nonsense), status: unprocessable},
	{route: "POST " + passkeys + "/:id/remove", name: "ok", as: asManager, path: removableKey, send: form("password", password), status: seeOther, check: location(security + "?done=passkey-removed")},
	{route: "POST " + passkeys + "/:id/remove", name: "anonymous", path: removableKey, send: form("password", password), status: unauthorized},
	{route: "POST " + passkeys + "/:id/remove", name: "no right", as: withKey, path: removableKey, send: form("password", password), status: forbidden},
	{route: "POST " + passkeys + "/:id/remove", name: "other tenant", as: asStranger, path: removableKey, send: form("password", password), status: notFound},
	{route: "POST " + passkeys + "/:id/remove", name: "invalid", as: asManager, path: removableKey, send: form("password", "wrong"), status: unprocessable},
}

// halfwayByKey is somebody with a right password who owes a passkey.
func halfwayByKey(t *testing.T, w *world) *browser {
	who, _, key := w.keyOwner(t)
	b := protected{account: who}.firstStep(t, w)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lastKey = key
	return b
}

func secondAnswer(t *testing.T, w *world, b *browser) (string, string) {
	return form("credential", w.lastKey.get(t, b.options(t, secondKey, nil)))(t, w, b)
}
