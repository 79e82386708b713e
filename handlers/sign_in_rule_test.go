package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
)

const rule = "/settings/sign-in-rule"

// TestTheRuleHoldsOnEveryRoute walks all routes as somebody whose business asks for
// a second factor and who has none.
func TestTheRuleHoldsOnEveryRoute(t *testing.T) {
	w := newWorld(t)
	ok(t, w.factor.SetRule(t.Context(), w.principal(t, w.owner), true))
	b := fresh(t, w)
	b.get(t, security)
	seen := 0
	for _, r := range w.app.GetRoutes(true) {
		path := strings.NewReplacer(":id", uuid.NewString(), ":tenant", uuid.NewString(), ":job", "1", ":handle", "x").Replace(r.Path)
		switch {
		case r.Method == http.MethodHead, strings.HasPrefix(path, "/static"), strings.HasPrefix(path, "/login"), strings.HasPrefix(path, "/password"),
			strings.HasPrefix(path, security), strings.HasPrefix(path, "/photos"), path == "/tenants/switch", path == "/logout", path == "/healthz", path == "/readyz", path == "/metrics", path == "/api/health", path == "/favicon.ico", path == "/robots.txt":
			continue // for everybody, or the way to a second factor or into another business
		}
		seen++
		a := b.do(t, r.Method, path, "", "", "X-CSRF-Token", b.csrf)
		if strings.HasPrefix(path, "/api/") {
			if a.status != http.StatusForbidden || !strings.Contains(a.body, "asks everybody for a second factor") {
				t.Errorf("%s %s: %d %s", r.Method, path, a.status, excerpt(a.body))
			}
			continue
		}
		if a.status != http.StatusSeeOther || a.header.Get("Location") != security+"/totp" {
			t.Errorf("%s %s: %d to %q", r.Method, path, a.status, a.header.Get("Location"))
		}
	}
	if seen < 60 {
		t.Errorf("the walk saw %d routes only", seen)
	}
	part := b.get(t, "/contacts", htmx()...)
	if part.status != http.StatusOK || part.header.Get("HX-Redirect") != security+"/totp" {
		t.Errorf("a part of a page: %d, %q", part.status, part.header.Get("HX-Redirect"))
	}
	for _, path := range []string{"/Contacts", "/contacts/", "//contacts", security + "/../people", "/settings/securityx"} {
		if a := b.get(t, path); a.status == http.StatusOK {
			t.Errorf("%s is open", path)
		}
	}
}

func TestTheRuleFromItsBeginningToItsEnd(t *testing.T) {
	w := newWorld(t)
	p, admin := w.protect(t), w.as(t, w.admin)
	admin.get(t, rule).wants(t, ">Off<", "5 of 6 people have none yet.", "You have none yourself.", "API keys are for programs")
	admin.post(t, rule, url.Values{"required": {"yes"}}).is(t, http.StatusSeeOther)
	p.b.get(t, "/contacts").is(t, http.StatusOK)
	w.program(w.ownerKey).get(t, "/api/v1/contacts").is(t, http.StatusOK)
	w.as(t, w.stranger).get(t, "/contacts").is(t, http.StatusOK) // another business

	b := fresh(t, w)
	b.get(t, "/").is(t, http.StatusSeeOther)
	page := b.get(t, security+"/totp")
	page.wants(t, "Udyog Traders asks everybody for a second factor.")
	setup := protected{secret: secretText.FindStringSubmatch(page.body)[1]}
	b.post(t, security+"/totp", url.Values{"token": {tokenField.FindStringSubmatch(page.body)[1]}, "code": {setup.code(t, 0)}}).is(t, http.StatusCreated)
	b.get(t, "/contacts").is(t, http.StatusOK)

	admin.get(t, rule).is(t, http.StatusSeeOther) // the administrator is bound, too
	ok(t, w.factor.SetRule(t.Context(), w.principal(t, w.owner), false))
	admin.get(t, rule).is(t, http.StatusOK)
	admin.get(t, "/settings/audit?action=tenant.second_factor_rule").wants(t, "<ins>yes</ins>", "<ins>no</ins>")
}

func TestResettingASecondFactor(t *testing.T) {
	w := newWorld(t)
	p, admin := w.protect(t), w.as(t, w.admin)
	page := "/settings/people/" + p.id.String()
	admin.get(t, page).wants(t, "Authenticator app.", "/reset-second-factor")
	half := p.firstStep(t, w)
	admin.post(t, page+"/reset-second-factor", nil).is(t, http.StatusSeeOther)
	p.b.get(t, "/contacts").is(t, http.StatusSeeOther) // signed out
	half.post(t, second, pass(p.codes[0], "recovery")).is(t, http.StatusSeeOther)
	half.get(t, "/contacts").is(t, http.StatusSeeOther)
	w.visitor().signIn(t, p.email, password).lacks(t, second)
	admin.get(t, page+"?done=factor-reset").wants(t, "None: the password alone signs in.", "told by mail")
	admin.get(t, "/settings/audit?action=user.second_factor_reset").wants(t, "<code>user.second_factor_reset</code>", "Divya Admin")
	if !w.mailed(t, p.email, "Your second factor for PayAid was reset") {
		t.Error("the person was not told")
	}
}

// An account that is not for this business alone is out of reach of its
// administrators, and so is one above them.
func TestWhoseSecondFactorIsOutOfReach(t *testing.T) {
	w := newWorld(t)
	reset := func(as, whom account) error { return w.factor.Reset(t.Context(), w.principal(t, as), whom.id) }
	both, operator := w.protect(t).account, w.protect(t).account
	w.db.OwnerExec(t, "INSERT INTO memberships (tenant_id, user_id, role, created_at, updated_at) VALUES ($1, $2, 'member', now(), now())", w.elsewhere, both.id)
	w.db.OwnerExec(t, "UPDATE users SET platform_admin = true WHERE id = $1", operator.id)
	for name, err := range map[string]error{
		"in two businesses": reset(w.owner, both), "runs the installation": reset(w.owner, operator), "wider role": reset(w.admin, w.owner),
		"themselves": reset(w.owner, w.owner), "no right": reset(w.manager, both), "somebody elsewhere": reset(w.owner, w.stranger),
	} {
		if err == nil {
			t.Errorf("%s: reset", name)
		}
	}
	ok(t, w.factor.ResetByEmail(t.Context(), both.email))
	if err := w.factor.ResetByEmail(t.Context(), both.email); err == nil {
		t.Error("reset twice")
	}
}

// personWithApp gives the address of a member with an authenticator app, and suffix.
func personWithApp(prefix, suffix string) target {
	return func(t *testing.T, w *world) string { return prefix + w.protect(t).id.String() + suffix }
}

const resetPath = "/reset-second-factor"

var ruleScenarios = []scenario{
	{route: "GET " + rule, name: "ok", as: asAdmin, status: okay, wants: []string{"Everybody in Udyog Traders needs a second factor", "people have none yet", `aria-current="page"`}},
	{route: "GET " + rule, name: "anonymous", status: seeOther},
	{route: "GET " + rule, name: "no right", as: asManager, status: forbidden},
	{route: "GET " + rule, name: "a key", as: withKey, status: forbidden},
	{route: "POST " + rule, name: "ok", as: asAdmin, send: form("required", "no"), status: seeOther, check: location(rule + "?done=saved")},
	{route: "POST " + rule, name: "anonymous", send: form("required", "no"), status: unauthorized},
	{route: "POST " + rule, name: "no right", as: asManager, send: form("required", "yes"), status: forbidden},
	{route: "POST " + rule, name: "invalid", as: asAdmin, send: form("required", "perhaps"), status: badInput},
	{route: "POST /settings/people/:id" + resetPath, name: "ok", as: asAdmin, path: personWithApp("/settings/people/", resetPath), send: form(), status: seeOther},
	{route: "POST /settings/people/:id" + resetPath, name: "anonymous", path: personWithApp("/settings/people/", resetPath), send: form(), status: unauthorized},
	{route: "POST /settings/people/:id" + resetPath, name: "no right", as: asManager, path: personWithApp("/settings/people/", resetPath), send: form(), status: forbidden},
	{route: "POST /settings/people/:id" + resetPath, name: "other tenant", as: asStranger, path: personWithApp("/settings/people/", resetPath), send: form(), status: notFound},
	{route: "POST /settings/people/:id" + resetPath, name: "invalid", as: asAdmin, path: newColleague("/settings/people/", resetPath), send: form(), status: unprocessable, wants: []string{"has no second factor"}},
	{route: "POST /settings/people/:id" + resetPath, name: "wider role", as: asAdmin, path: theOwner("/settings/people/", resetPath), send: form(), status: forbidden},
}
