package handlers_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
)

var passwordScenarios = []scenario{
	{route: "GET /password/forgot", name: "ok", as: asOwner, status: okay, wants: []string{`action="/password/forgot"`}},
	{route: "GET /password/forgot", name: "anonymous", status: okay, wants: []string{"<!doctype html>", `name="email"`, `href="/login"`}, check: header("Cache-Control", "no-store")},
	{route: "GET /password/forgot", name: "after it was asked", path: at("/password/forgot?sent=1"), status: okay, wants: []string{"If there is an account"}, lacks: []string{"<form"}},
	{route: "POST /password/forgot", name: "ok", as: visitor, send: form("email", "asha@example.in"), status: seeOther, check: location("/password/forgot?sent=1")},
	{route: "POST /password/forgot", name: "anonymous", as: visitor, send: form("email", "nobody@example.in"), status: seeOther, check: location("/password/forgot?sent=1")},
	{route: "POST /password/forgot", name: "text that cannot be stored", as: visitor, send: form("email", "a\x00@example.in"), status: seeOther, check: location("/password/forgot?sent=1")},
	{route: "POST /password/forgot", name: "invalid", as: visitor, send: form("email", " "), status: unprocessable, wants: []string{"Enter your e-mail.", `id="email-err"`}},
	{route: "POST /password/forgot", name: "without a visit before", send: form("email", "asha@example.in"), status: forbidden},

	{route: "GET /password/reset", name: "ok", path: withToken, status: okay, wants: []string{`name="token"`, `autocomplete="new-password"`}, check: header("Cache-Control", "no-store")},
	{route: "GET /password/reset", name: "anonymous", status: unprocessable, wants: []string{"not complete", "/password/forgot"}, lacks: []string{"<form"}},
	{route: "POST /password/reset", name: "ok", as: visitor, send: freshToken("a new long password"), status: seeOther, check: location("/login?reset=1")},
	{route: "POST /password/reset", name: "anonymous", send: form("token", "x", "password", "a new long password"), status: forbidden},
	{route: "POST /password/reset", name: "invalid", as: visitor, send: freshToken("short"), status: unprocessable, wants: []string{"at least 10 characters", `id="password-err"`, `name="token"`}},
	{route: "POST /password/reset", name: "wrong token", as: visitor, send: form("token", "nonsense", "password", "a new long password"), status: unprocessable, wants: []string{"not complete"}},

	{route: "GET /settings", name: "ok", as: asMember, status: seeOther, check: location("/settings/profile")},
	{route: "GET /settings", name: "anonymous", status: seeOther, check: location("/login")},
	{route: "GET /settings", name: "no right", as: withKey, status: forbidden},
	{route: "GET /settings/password", name: "ok", as: asMember, status: okay, wants: []string{`action="/settings/password"`, `aria-current="page"`}, lacks: []string{"/admin/mail"}},
	{route: "GET /settings/password", name: "anonymous", status: seeOther, check: location("/login?next=%2Fsettings%2Fpassword")},
	{route: "GET /settings/password", name: "no right", as: withKey, status: forbidden},
	{route: "POST /settings/password", name: "ok", as: newcomer, send: form("current", password, "new", "a new long password"), status: seeOther, check: location("/settings/password?done=changed")},
	{route: "POST /settings/password", name: "anonymous", send: form("current", password, "new", "a new long password"), status: unauthorized},
	{route: "POST /settings/password", name: "no right", as: withKey, send: form("current", password, "new", "a new long password"), status: forbidden},
	{route: "POST /settings/password", name: "invalid", as: newcomer, send: form("current", "not this one", "new", "short"), status: unprocessable,
		wants: []string{"Please correct 2 things.", "not your current password", "at least 10 characters"}, lacks: []string{"not this one"}},
	{route: "POST /settings/password", name: "without a token", as: newcomer, send: form("_csrf", ""), status: forbidden},
}

// failedMail gives the address of a mail that every try was refused for, and suffix.
func failedMail(suffix string) target {
	return func(t *testing.T, w *world) string {
		path := ofMail("")(t, w)
		id := strings.TrimPrefix(path, "/admin/mail/")
		w.db.OwnerExec(t, "UPDATE mailbox_messages SET state = 'failed', sent_at = NULL, problem = 'refused' WHERE id = $1", id)
		return path + suffix
	}
}

// heldMail gives the address of a mail that a restore brought back, and suffix.
func heldMail(suffix string) target {
	return func(t *testing.T, w *world) string {
		path := ofMail("")(t, w)
		w.db.OwnerExec(t, "UPDATE mailbox_messages SET state = 'held', sent_at = NULL, problem = 'may have been sent' WHERE id = $1", strings.TrimPrefix(path, "/admin/mail/"))
		return path + suffix
	}
}

var mailScenarios = []scenario{
	{route: "GET /admin/mail", name: "ok", as: asOperator, status: okay, wants: []string{"<!doctype html>", "Administration", "There is no mail server"}},
	{route: "GET /admin/mail", name: "part", as: asOperator, headers: htmx(), status: okay, wants: []string{`id="results"`}, lacks: []string{"<!doctype"}},
	{route: "GET /admin/mail", name: "anonymous", status: notFound},
	{route: "GET /admin/mail", name: "no right", as: asOwner, status: notFound},
	{route: "GET /admin/mail", name: "a key", as: withKey, status: notFound},
	{route: "GET /admin/mail", name: "invalid place", as: asOperator, path: at("/admin/mail?cursor=nonsense"), status: unprocessable},
	{route: "GET /admin/mail/:id", name: "ok", as: asOperator, path: ofMail(""), status: okay, wants: []string{"Set a new password", "asha@example.in", "password/reset?token="}, check: header("Cache-Control", "no-store")},
	{route: "GET /admin/mail/:id", name: "anonymous", path: ofMail(""), status: notFound},
	{route: "GET /admin/mail/:id", name: "no right", as: asOwner, path: ofMail(""), status: notFound, lacks: []string{"token="}},
	{route: "POST /admin/mail/:id/resend", name: "ok", as: asOperator, path: failedMail("/resend"), send: form(), status: seeOther, check: func(t *testing.T, w *world, a answer) {
		page := asOperator(t, w).get(t, a.header.Get("Location"))
		page.wants(t, "Waiting")
		page.lacks(t, "Send again")
		asOperator(t, w).get(t, "/admin/audit").wants(t, "mail.resend")
	}},
	{route: "POST /admin/mail/:id/resend", name: "anonymous", path: failedMail("/resend"), send: form(), status: notFound},
	{route: "POST /admin/mail/:id/resend", name: "no right", as: asOwner, path: failedMail("/resend"), send: form(), status: notFound},
	{route: "POST /admin/mail/:id/resend", name: "invalid", as: asOperator, path: ofMail("/resend"), send: form(), status: unprocessable, wants: []string{"Only a mail that could not be sent"}},
	{route: "POST /admin/mail/:id/resend", name: "held", as: asOperator, path: heldMail("/resend"), send: form(), status: seeOther, check: func(t *testing.T, w *world, a answer) {
		asOperator(t, w).get(t, a.header.Get("Location")).wants(t, "Waiting")
	}},
	{route: "GET /admin/mail/:id", name: "held", as: asOperator, path: heldMail(""), status: okay, wants: []string{"Release", "Discard", "may have been sent"}},
	{route: "POST /admin/mail/:id/discard", name: "ok", as: asOperator, path: heldMail("/discard"), send: form(), status: seeOther, check: func(t *testing.T, w *world, a answer) {
		asOperator(t, w).get(t, "/admin/audit").wants(t, "mail.discard")
	}},
	{route: "POST /admin/mail/:id/discard", name: "anonymous", path: heldMail("/discard"), send: form(), status: notFound},
	{route: "POST /admin/mail/:id/discard", name: "no right", as: asOwner, path: heldMail("/discard"), send: form(), status: notFound},
	{route: "POST /admin/mail/:id/discard", name: "invalid", as: asOperator, path: failedMail("/discard"), send: form(), status: unprocessable, wants: []string{"Only a mail that is held"}},
	{route: "GET /admin/mail/:id", name: "given up", as: asOperator, path: failedMail(""), status: okay, wants: []string{"Send again"}},
	{route: "GET /admin/mail/:id", name: "unknown", as: asOperator, path: at("/admin/mail/" + uuid.NewString()), status: notFound},
	{route: "GET /admin/mail/:id", name: "no id", as: asOperator, path: at("/admin/mail/nonsense"), status: notFound},
}

// newcomer is signed in as somebody whom no other row needs.
func newcomer(t *testing.T, w *world) *browser {
	a := w.person(t, w.home, "N"+uuid.NewString()+" Nair", "member", nil)
	b := w.visitor()
	b.signIn(t, a.email, password).is(t, seeOther)
	b.get(t, "/contacts")
	return b
}

// resetToken makes a link for a and gives its token.
func (w *world) resetToken(t testing.TB, a account) (token string) {
	t.Helper()
	w.sendReset(t, a, func(tok string) { token = tok })
	return token
}

func withToken(t *testing.T, w *world) string {
	return "/password/reset?token=" + w.resetToken(t, w.colleague)
}

func freshToken(newPassword string) body {
	return func(t *testing.T, w *world, b *browser) (string, string) {
		return form("token", w.resetToken(t, w.colleague), "password", newPassword)(t, w, b)
	}
}

// ofMail gives the address of a mail with a link for the owner.
func ofMail(suffix string) target {
	return func(t *testing.T, w *world) string {
		w.resetToken(t, w.owner)
		page, err := w.mail.Mailbox(t.Context(), "")
		ok(t, err)
		return "/admin/mail/" + page.Mails[0].ID.String() + suffix
	}
}
