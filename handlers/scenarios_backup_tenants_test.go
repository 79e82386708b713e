package handlers_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"payaid/internal/backup"
	"payaid/internal/crm"
)

const tenantsRoute = "/admin/backups/:backup/tenants"

// compared gives a page of the comparison of the owner's business, which has lost a
// contact.
func compared(suffix, query string) target {
	return func(t *testing.T, w *world) string {
		plan := w.vault.compare(t, w)
		return "/admin/backups/" + plan.From.String() + "/tenants" + suffix + strings.ReplaceAll(query, "PLAN", plan.ID.String())
	}
}

// compare compares the owner's business with a backup, on first use, with nothing
// asked for.
func (v *vault) compare(t testing.TB, w *world) backup.TenantPlan {
	t.Helper()
	v.backup(t)
	if v.plan.ID == uuid.Nil {
		c := w.contact(t, w.owner, crm.ContactInput{FirstName: "Leela", LastName: "Lost"})
		made, err := v.Create(t.Context(), backup.Manual)
		ok(t, err)
		w.db.OwnerExec(t, "DELETE FROM contacts WHERE id = $1", c.ID)
		v.plan, err = v.PlanTenant(t.Context(), made.ID, "home")
		ok(t, err)
	}
	return v.plan
}

// restoreForm is the form of the comparison.
func restoreForm(fields ...string) body {
	return func(t *testing.T, w *world, b *browser) (string, string) {
		return form(append([]string{"plan", w.vault.compare(t, w).ID.String()}, fields...)...)(t, w, b)
	}
}

var tenantBackupScenarios = backupRows([]scenario{
	{route: "GET " + tenantsRoute, name: "ok", as: asOperator, path: ofBackup("/tenants"), status: okay, wants: []string{"<!doctype html>", "Compare a business with this backup", "<datalist"}},
	{route: "GET " + tenantsRoute, name: "compared", as: asOperator, path: compared("", "?plan=PLAN"), status: okay, wants: []string{"Leela Lost", "gone", `value="contacts"`, "to confirm"}, lacks: []string{"hx-trigger=\"every"}},
	{route: "GET " + tenantsRoute, name: "part", as: asOperator, headers: htmx(), path: compared("", "?plan=PLAN"), status: okay, wants: []string{`id="results"`}, lacks: []string{"<html"}},
	{route: "GET " + tenantsRoute, name: "gone", as: asOperator, path: at(gone + "/tenants"), status: notFound},
	{route: "GET " + tenantsRoute, name: "no such comparison", as: asOperator, path: compared("", "?plan="+uuid.Max.String()), status: notFound},
	{route: "GET " + tenantsRoute, name: "nonsense", as: asOperator, path: compared("", "?plan=x"), status: notFound},
	{route: "POST " + tenantsRoute + "/plan", name: "ok", as: asOperator, path: ofBackup("/tenants/plan"), send: form("slug", "home"), status: seeOther},
	{route: "POST " + tenantsRoute + "/plan", name: "invalid", as: asOperator, path: ofBackup("/tenants/plan"), send: form("slug", "no-such-business"), status: unprocessable, wants: []string{`id="slug-err"`, `value="no-such-business"`}},
	{route: "POST " + tenantsRoute + "/plan", name: "wrong key", as: asOperator, path: ofBackup("/tenants/plan"), send: form("slug", " Home ", "identity", "nonsense"), status: unprocessable, wants: []string{`id="identity-err"`}, lacks: []string{"nonsense</textarea>"}},
	{route: "POST " + tenantsRoute + "/plan", name: "gone", as: asOperator, path: at(gone + "/tenants/plan"), send: form("slug", "home"), status: notFound},
	{route: "POST " + tenantsRoute + "/apply", name: "ok", as: asOperator, path: compared("/apply", ""), send: restoreForm("mode", "bring-back", "confirm", " home ", "tables", "contacts"), status: seeOther},
	{route: "POST " + tenantsRoute + "/apply", name: "invalid", as: asOperator, path: compared("/apply", ""), send: restoreForm("mode", "wholly", "confirm", "yes", "tables", "memberships"), status: unprocessable, wants: []string{`id="confirm-err"`, `id="mode-err"`, "Choose from what was compared."}},
	{route: "POST " + tenantsRoute + "/apply", name: "another backup's comparison", as: asOperator, path: at(gone + "/tenants/apply"), send: restoreForm("mode", "bring-back", "confirm", " home ", "tables", "contacts"), status: notFound},
	{route: "POST " + tenantsRoute + "/apply", name: "gone", as: asOperator, path: ofBackup("/tenants/apply"), send: form("plan", uuid.NewString()), status: notFound},
})

// comparedAPI gives an address of the same comparison in the API.
func comparedAPI(suffix string) target {
	return func(t *testing.T, w *world) string {
		plan := w.vault.compare(t, w)
		return backupsAPI + "/" + plan.From.String() + "/tenants/" + strings.ReplaceAll(suffix, "PLAN", plan.ID.String())
	}
}

// restoreJSON asks by the comparison.
func restoreJSON(rest string) body {
	return func(t *testing.T, w *world, b *browser) (string, string) {
		return jsonBody(`{"plan":"`+w.vault.compare(t, w).ID.String()+`",`+rest+`}`)(t, w, b)
	}
}

const tenantsAPI = "/api/v1/backups/:id/tenants/:tenant"

var tenantBackupAPIScenarios = backupAPIRows([]scenario{
	{route: "POST " + tenantsAPI + "/plan", name: "ok", as: asOperator, script: true, path: comparedAPI("home/plan"), send: jsonBody(`{}`), status: accepted, wants: []string{`"verb":"compare tenant"`, `"backupId":"`}},
	{route: "POST " + tenantsAPI + "/plan", name: "invalid", as: asOperator, script: true, path: comparedAPI("nobody/plan"), send: jsonBody(`{}`), status: unprocessable, wants: append(badValue, `"field":"slug"`)},
	{route: "POST " + tenantsAPI + "/plan", name: "gone", as: asOperator, script: true, path: at(goneAPI + "/tenants/home/plan"), send: jsonBody(`{}`), status: notFound, wants: nothing},
	{route: "GET " + tenantsAPI + "/plans/:plan", name: "ok", as: asOperator, path: comparedAPI("home/plans/PLAN"), status: okay, wants: []string{`"tenant":"home"`, `"table":"contacts"`, `"missing":1`, `"report":null`}},
	{route: "GET " + tenantsAPI + "/plans/:plan", name: "another business", as: asOperator, path: comparedAPI("elsewhere/plans/PLAN"), status: notFound, wants: nothing},
	{route: "POST " + tenantsAPI + "/apply", name: "ok", as: asOperator, script: true, path: comparedAPI("home/apply"), send: restoreJSON(`"tables":["contacts"],"confirm":"home"`), status: accepted, wants: []string{`"verb":"restore tenant"`}},
	{route: "POST " + tenantsAPI + "/apply", name: "invalid", as: asOperator, script: true, path: comparedAPI("home/apply"), send: restoreJSON(`"tables":["memberships"],"confirm":"yes"`), status: unprocessable, wants: append(badValue, `"field":"confirm"`)},
	{route: "POST " + tenantsAPI + "/apply", name: "another business", as: asOperator, script: true, path: comparedAPI("elsewhere/apply"), send: restoreJSON(`"tables":["contacts"],"confirm":"home"`), status: unprocessable, wants: append(badValue, `"field":"confirm"`)},
})

// A platform administrator brings back what a business has lost, and undoes it.
func TestOneBusinessIsRestoredFromThePanel(t *testing.T) {
	w := newWorld(t, withBackups)
	kept := w.contact(t, w.owner, crm.ContactInput{FirstName: "Asha", LastName: "Kept"})
	source := w.vault.backup(t)
	w.db.OwnerExec(t, "DELETE FROM contacts WHERE id = $1", kept.ID)
	w.vault.start(t)
	b := w.as(t, w.operator)

	page := b.follow(t, "/admin/backups/"+source.String()+"/tenants/plan", url.Values{"slug": {"home"}})
	page.wants(t, "Asha Kept", "gone", "Type home")
	plan := page.between(t, `name="plan" value="`, `"`)
	report := b.follow(t, "/admin/backups/"+source.String()+"/tenants/apply", url.Values{"plan": {plan}, "mode": {"bring-back"}, "tables": {"contacts"}, "confirm": {"home"}})
	report.wants(t, "is restored", "1 brought back", "Undo this restore")
	if _, err := w.crm.Contact(t.Context(), w.principal(t, w.owner), kept.ID); err != nil {
		t.Errorf("the contact: %v", err)
	}
	undo := report.between(t, `href="/admin/backups/`, `/tenants"`)
	b.get(t, "/admin/backups/"+undo+"/tenants").wants(t, `value="home"`)
	w.as(t, w.operator).get(t, "/admin/audit").wants(t, "Restored a business", "Asked to restore a business")
}

// follow posts a form and reads the page that it leads to until nothing is under way.
func (b *browser) follow(t *testing.T, path string, fields url.Values) answer {
	t.Helper()
	sent := b.post(t, path, fields)
	sent.is(t, seeOther)
	for begun := time.Now(); ; time.Sleep(200 * time.Millisecond) {
		page := b.get(t, sent.header.Get("Location"))
		page.is(t, okay)
		if !strings.Contains(page.body, `aria-busy="true"`) {
			return page
		}
		if time.Since(begun) > 2*time.Minute {
			t.Fatalf("the job never ends:\n%s", page.body)
		}
	}
}

// between is the first text of the page between two others.
func (a answer) between(t *testing.T, begin, end string) string {
	t.Helper()
	_, rest, found := strings.Cut(a.body, begin)
	text, _, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("the page has nothing between %q and %q", begin, end)
	}
	return text
}
