package handlers_test

import (
	"image/png"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"payaid/internal/auth"
	"payaid/internal/blob"
	"payaid/internal/tenant"
)

// businessFields sends the whole form of the sender's business with some fields
// changed; a version that is not named is the current one.
func businessFields(fields ...string) body {
	return func(t *testing.T, w *world, b *browser) (string, string) {
		business, err := w.settings.Business(t.Context(), w.principal(t, w.owner))
		ok(t, err)
		all := []string{"name", business.Name, "timeZone", business.TimeZone, "fiscalMonth", "4", "version", strconv.FormatInt(business.Version, 10)}
		return form(append(all, fields...)...)(t, w, b)
	}
}

// confirmed sends what an owner types to confirm.
func confirmed(name string, more ...string) body {
	return form(append([]string{"name", name, "password", password}, more...)...)
}

var businessScenarios = []scenario{
	{route: "GET /closed", name: "ok", status: okay, wants: []string{"The business is closed", "30 days"}},
	{route: "GET /closed", name: "anonymous", status: okay},

	{route: "GET /settings/business", name: "ok", as: asOwner, status: okay, wants: []string{`value="Udyog Traders"`, "Maharashtra (27)", "India (Kolkata)", `<option value="4" selected>April`, "/settings/business/end"}, lacks: []string{"Other countries"}},
	{route: "GET /settings/business", name: "admin", as: asAdmin, status: okay, lacks: []string{"/settings/business/end"}},
	{route: "GET /settings/business", name: "anonymous", status: seeOther},
	{route: "GET /settings/business", name: "no right", as: asManager, status: forbidden},

	{route: "POST /settings/business", name: "ok", as: asAdmin, send: businessFields("legalName", "Udyog Traders Pvt Ltd", "gstin", "27aapfu 0939f1zv", "pin", "400 001", "phone", "022 2659 8000", "email", "Office@Example.in"), status: seeOther, check: location("/settings/business?done=saved")},
	{route: "POST /settings/business", name: "what it did", as: asOwner, send: businessFields("name", ""), status: unprocessable, wants: []string{"Give the business a name"}},
	{route: "POST /settings/business", name: "invalid", as: asOwner, send: businessFields("gstin", "27AAPFU0939F1ZX", "pin", "012345", "stateCode", "96", "phone", "12", "email", "x", "timeZone", "Local", "fiscalMonth", "13", "city", strings.Repeat("c", 201)), status: unprocessable,
		wants: []string{"Please correct 8 things.", "not a valid GSTIN", "six digits", "Choose a state", "phone number", "e-mail address", "Choose a time zone", "Choose a month", `value="27AAPFU0939F1ZX"`}},
	{route: "POST /settings/business", name: "another state", as: asOwner, send: businessFields("gstin", "27AAPFU0939F1ZV", "stateCode", "29"), status: unprocessable, wants: []string{"The GSTIN belongs to Maharashtra."}},
	{route: "POST /settings/business", name: "stale", as: asOwner, send: businessFields("version", "0", "city", "Pune"), status: http.StatusConflict,
		wants: []string{"Somebody changed the business after you opened it.", "<dt>City</dt><dd>empty</dd>", `value="Pune"`}, lacks: []string{`name="version" value="0"`}},
	{route: "POST /settings/business", name: "without a version", as: asOwner, send: form("name", "Udyog Traders", "timeZone", "Asia/Kolkata", "fiscalMonth", "4"), status: badInput},
	{route: "POST /settings/business", name: "anonymous", send: form("name", "Udyog Traders", "timeZone", "Asia/Kolkata", "fiscalMonth", "4"), status: unauthorized},
	{route: "POST /settings/business", name: "no right", as: asManager, send: form("name", "Udyog Traders", "timeZone", "Asia/Kolkata", "fiscalMonth", "4"), status: forbidden},

	{route: "POST /settings/business/logo", name: "ok", as: asStranger, send: sendFile("logo", redPNG(80)), status: seeOther},
	{route: "POST /settings/business/logo", name: "invalid", as: asOwner, send: sendFile("logo", svgScript), status: unprocessable, wants: []string{"Choose a PNG, JPEG or WebP image.", `id="logo-err"`}},
	{route: "POST /settings/business/logo", name: "large", as: asOwner, send: sendFile("logo", strings.Repeat("a", tenant.MaxLogoSize+1)), status: unprocessable, wants: []string{"larger than 1 MB"}},
	{route: "POST /settings/business/logo", name: "anonymous", send: sendFile("logo", redPNG(1)), status: unauthorized},
	{route: "POST /settings/business/logo", name: "no right", as: asManager, send: sendFile("logo", redPNG(1)), status: forbidden},
	{route: "POST /settings/business/logo/remove", name: "ok", as: asStranger, send: form(), status: seeOther},
	{route: "POST /settings/business/logo/remove", name: "anonymous", send: form(), status: unauthorized},
	{route: "POST /settings/business/logo/remove", name: "no right", as: asManager, send: form(), status: forbidden},

	{route: "GET /settings/business/end", name: "ok", as: asOwner, status: okay, wants: []string{`action="/settings/business/hand-over"`, `action="/settings/business/close"`, "Divya Admin"}, lacks: []string{"Zoya"}},
	{route: "GET /settings/business/end", name: "anonymous", status: seeOther},
	{route: "GET /settings/business/end", name: "no right", as: asAdmin, status: forbidden},
	{route: "POST /settings/business/hand-over", name: "ok", as: theOwnerOfAnother, send: handOverToAnother, status: seeOther, check: location("/settings/business?done=handed-over")},
	{route: "POST /settings/business/hand-over", name: "invalid", as: asOwner, send: confirmed("udyog", "successorId", uuid.NewString()), status: unprocessable, wants: []string{"This is not the name of the business.", `id="hand-name-err"`, `value="udyog"`}, lacks: []string{`id="close-name-err"`}},
	{route: "POST /settings/business/hand-over", name: "wrong password", as: asOwner, send: form("name", "Udyog Traders", "password", "wrong", "successorId", uuid.NewString()), status: unprocessable, wants: []string{"not your current password"}},
	{route: "POST /settings/business/hand-over", name: "nobody", as: asOwner, send: confirmed("Udyog Traders"), status: unprocessable, wants: []string{"Choose an active member"}},
	{route: "POST /settings/business/hand-over", name: "to another business", as: asOwner, send: toTheStranger, status: unprocessable, wants: []string{"Choose an active member"}},
	{route: "POST /settings/business/hand-over", name: "to oneself", as: asOwner, send: toOneself, status: unprocessable, wants: []string{"not an owner yet"}},
	{route: "POST /settings/business/hand-over", name: "anonymous", send: confirmed("Udyog Traders"), status: unauthorized},
	{route: "POST /settings/business/hand-over", name: "no right", as: asAdmin, send: confirmed("Udyog Traders"), status: forbidden},
	{route: "POST /settings/business/close", name: "ok", as: theOwnerOfAnother, send: confirmed("Short Lived"), status: seeOther, check: location("/closed")},
	{route: "POST /settings/business/close", name: "invalid", as: asOwner, send: form("name", "Udyog Traders", "password", "wrong"), status: unprocessable, wants: []string{"not your current password", `id="close-password-err"`}},
	{route: "POST /settings/business/close", name: "anonymous", send: confirmed("Udyog Traders"), status: unauthorized},
	{route: "POST /settings/business/close", name: "no right", as: asAdmin, send: confirmed("Udyog Traders"), status: forbidden},
}

// another makes a business with an owner and an administrator of its own.
func (w *world) another(t *testing.T, name string) (id uuid.UUID, owner, admin account) {
	t.Helper()
	made, err := w.tenants.Create(t.Context(), tenant.Input{Slug: "b" + uuid.NewString()[:8], Name: name})
	ok(t, err)
	owner = w.person(t, made.ID, "o"+uuid.NewString()[:8]+" Owner", auth.Owner, nil)
	admin = w.person(t, made.ID, "a"+uuid.NewString()[:8]+" Admin", auth.Admin, nil)
	return made.ID, owner, admin
}

func theOwnerOfAnother(t *testing.T, w *world) *browser {
	_, owner, _ := w.another(t, "Short Lived")
	return w.as(t, owner)
}

// handOverToAnother chooses the one person that the page offers.
func handOverToAnother(t *testing.T, w *world, b *browser) (string, string) {
	_, after, _ := strings.Cut(b.get(t, "/settings/business/end").body, "Choose a person</option><option value=\"")
	id, _, _ := strings.Cut(after, `"`)
	return confirmed("Short Lived", "successorId", id)(t, w, b)
}

func toTheStranger(t *testing.T, w *world, b *browser) (string, string) {
	return confirmed("Udyog Traders", "successorId", w.stranger.id.String())(t, w, b)
}

func toOneself(t *testing.T, w *world, b *browser) (string, string) {
	return confirmed("Udyog Traders", "successorId", w.owner.id.String())(t, w, b)
}

// TestALogoFromItsUploadToItsEnd sees a logo on pages and by its address, replaced
// and removed. Its files stay until no backup needs them.
func TestALogoFromItsUploadToItsEnd(t *testing.T) {
	w := newWorld(t)
	me, colleague, stranger := w.as(t, w.owner), w.as(t, w.member), w.as(t, w.stranger)
	logo := func(shade uint8) string {
		t.Helper()
		contentType, content := sendFile("logo", redPNG(shade))(t, w, me)
		me.do(t, http.MethodPost, "/settings/business/logo", contentType, content).is(t, seeOther)
		_, after, found := strings.Cut(colleague.get(t, "/contacts").body, `<img class="workspace-logo" src="`)
		if !found {
			t.Fatal("no logo in the menu")
		}
		path, _, _ := strings.Cut(after, `"`)
		return path
	}
	first := logo(200)
	a := colleague.get(t, first)
	a.is(t, okay)
	if img, err := png.Decode(strings.NewReader(a.body)); err != nil || img.Bounds().Dx() != 60 || a.header.Get("Cache-Control") != "private, max-age=31536000, immutable" {
		t.Errorf("the logo: %v, %v", err, a.header)
	}
	stranger.get(t, first).is(t, notFound)
	w.visitor().get(t, first).is(t, seeOther)
	if second := logo(90); second == first {
		t.Error("another logo has the same address")
	}
	colleague.get(t, first).is(t, notFound)
	me.post(t, "/settings/business/logo/remove", nil).is(t, seeOther)
	kept := 0
	ok(t, w.blobs.List(t.Context(), "t/"+w.home.String()+"/logo/", func(blob.Info) error { kept++; return nil }))
	if kept != 2 {
		t.Errorf("%d logos are kept, want both", kept)
	}
}

// TestAClosedBusinessStopsAtOnce closes a business in which people work and programs
// call, and opens it again in time and too late.
func TestAClosedBusinessStopsAtOnce(t *testing.T) {
	w := newWorld(t)
	id, ownerAccount, adminAccount := w.another(t, "Short Lived")
	owner, colleague, operator := w.as(t, ownerAccount), w.as(t, adminAccount), w.as(t, w.operator)
	secrets := []string{w.apiKey(t, id, auth.Admin), w.apiKey(t, id, auth.Member), w.apiKey(t, id, auth.Admin, auth.ContactsRead)}
	close := func(name, password string) answer {
		return owner.post(t, "/settings/business/close", url.Values{"name": {name}, "password": {password}})
	}
	working := func(want bool) {
		t.Helper()
		page, call := okay, okay
		if !want {
			page, call = seeOther, unauthorized
		}
		colleague.get(t, "/contacts").is(t, page)
		for _, secret := range secrets {
			w.program(secret).get(t, "/api/v1/contacts").is(t, call)
		}
	}
	working(true)
	close("Short", password).is(t, unprocessable)
	close("Short Lived", "wrong").is(t, unprocessable)
	working(true)
	a := close("Short Lived", password)
	a.is(t, seeOther)
	location("/closed")(t, w, a)
	working(false)
	owner.get(t, "/contacts").is(t, seeOther)
	if res := w.visitor().signIn(t, ownerAccount.email, password); res.status != forbidden {
		t.Errorf("the sign-in into no business: %d", res.status)
	}
	for _, to := range []account{ownerAccount, adminAccount} {
		if !w.mailed(t, to.email, "Short Lived was closed", "can open it again") {
			t.Errorf("%s got no mail", to.email)
		}
	}
	until := tenant.ReopenUntil(time.Now()).In(time.FixedZone("IST", 19800)).Format("2 Jan 2006")
	operator.get(t, "/admin/tenants?q=short").wants(t, "Closed", "can be reopened until", until, "Reopen")
	operator.get(t, "/admin/audit").wants(t, "Closed the business")
	operator.post(t, "/admin/tenants/"+id.String()+"/suspend", nil).is(t, unprocessable)

	w.db.OwnerExec(t, "UPDATE tenants SET closed_at = closed_at - interval '31 days' WHERE id = $1", id)
	operator.get(t, "/admin/tenants?q=short").lacks(t, ">Reopen<")
	operator.post(t, "/admin/tenants/"+id.String()+"/resume", nil).is(t, unprocessable)
	working(false)
	w.db.OwnerExec(t, "UPDATE tenants SET closed_at = closed_at + interval '2 days' WHERE id = $1", id)
	operator.post(t, "/admin/tenants/"+id.String()+"/resume", nil).is(t, seeOther)
	working(true)
}

// TestWhoHasAnotherBusinessLandsThere closes one of two businesses of a person.
func TestWhoHasAnotherBusinessLandsThere(t *testing.T) {
	w := newWorld(t)
	_, who, _ := w.another(t, "Short Lived")
	w.db.OwnerExec(t, "INSERT INTO memberships (tenant_id, user_id, role, created_at, updated_at) VALUES ($1, $2, 'member', now(), now())", w.home, who.id)
	b := w.as(t, who)
	a := b.post(t, "/settings/business/close", url.Values{"name": {"Short Lived"}, "password": {password}})
	a.is(t, seeOther)
	b.get(t, a.header.Get("Location")).wants(t, "You are in another one of yours.", "Udyog Traders")
}

// TestAPlatformAdministratorIsNotLockedOut refuses to close the only business from
// which the installation is administered.
func TestAPlatformAdministratorIsNotLockedOut(t *testing.T) {
	w := newWorld(t)
	id, who, _ := w.another(t, "Short Lived")
	w.db.OwnerExec(t, "UPDATE users SET platform_admin = true WHERE id = $1", who.id)
	w.as(t, who).post(t, "/settings/business/close", url.Values{"name": {"Short Lived"}, "password": {password}}).wants(t, "lock yourself out")
	if k := w.program(w.apiKey(t, id, auth.Member)); k.get(t, "/api/v1/contacts").status != okay {
		t.Error("the business was closed")
	}
}

// TestABusinessChangesHands makes an administrator the owner, and tells both.
func TestABusinessChangesHands(t *testing.T) {
	w := newWorld(t)
	_, from, to := w.another(t, "Short Lived")
	old, heir := w.as(t, from), w.as(t, to)
	heir.get(t, "/settings/business/end").is(t, forbidden)
	before := old.cookies["sid"]
	old.post(t, "/settings/business/hand-over", url.Values{"name": {"Short Lived"}, "password": {password}, "successorId": {to.id.String()}}).is(t, seeOther)
	if old.cookies["sid"] == before {
		t.Error("the session kept its id though the rights changed")
	}
	heir.get(t, "/settings/business/end").is(t, okay)
	old.get(t, "/settings/business/end").is(t, forbidden)
	old.get(t, "/settings/business").is(t, okay)
	old.get(t, "/settings/people/"+to.id.String()).wants(t, "Only an owner may change this person.")
	old.get(t, "/settings/audit?action=tenant.hand_over").wants(t, "<code>tenant.hand_over</code>", to.id.String())
	for _, who := range []account{from, to} {
		if !w.mailed(t, who.email, "Short Lived has a new owner", "stays as an administrator") {
			t.Errorf("%s got no mail", who.email)
		}
	}
	old.post(t, "/settings/business/hand-over", url.Values{"name": {"Short Lived"}, "password": {password}, "successorId": {from.id.String()}}).is(t, forbidden)
}
