package handlers_test

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"payaid/internal/auth"
	"payaid/internal/crm"
	"payaid/internal/tenant"
)

// job puts an import's job of the home business into the queue and into a state
// of River's.
func (w *world) job(t testing.TB, state string) string {
	t.Helper()
	in, err := w.queue.Insert(t.Context(), crm.ImportArgs{TenantID: w.home, ImportID: uuid.New(), ActorKind: "user", ActorID: w.owner.id}, nil)
	ok(t, err)
	w.db.OwnerExec(t, `UPDATE river.river_job SET state = $2::river.river_job_state, attempt = 6, attempted_at = now(),
		finalized_at = CASE WHEN $2 IN ('discarded', 'cancelled', 'completed') THEN now() END,
		errors = ARRAY['{"at": "2026-11-22T10:00:00Z", "attempt": 6, "error": "the disk is <full>", "trace": ""}'::jsonb] WHERE id = $1`, in.Job.ID, state)
	return strconv.FormatInt(in.Job.ID, 10)
}

func ofJob(state, suffix string) target {
	return func(t *testing.T, w *world) string { return "/admin/jobs/" + w.job(t, state) + suffix }
}

// ofBusiness gives the address of a new business, suspended or not, and suffix.
func ofBusiness(status, suffix string) target {
	return func(t *testing.T, w *world) string {
		id := uuid.Must(uuid.NewV7())
		w.db.OwnerExec(t, "INSERT INTO tenants (id, slug, name, status, created_at, updated_at) VALUES ($1, 's-' || $2, 'Sahyadri Mills', $3, now(), now())", id, id.String()[24:], status)
		return "/admin/tenants/" + id.String() + suffix
	}
}

func withJob(state, path string) target {
	return func(t *testing.T, w *world) string { w.job(t, state); return path }
}

var adminScenarios = []scenario{
	{route: "GET /admin/jobs", name: "ok", as: asOperator, path: withJob("discarded", "/admin/jobs"), status: okay, wants: []string{"<!doctype html>", "Import of a file", "Udyog Traders", "the disk is &lt;full&gt;", "6 of 6", "Try again now", "Failed: 1"}},
	{route: "GET /admin/jobs", name: "part", as: asOperator, headers: htmx("HX-Current-URL", "http://example.com/admin/jobs"), path: withJob("discarded", "/admin/jobs?state=failed&kind=import.run"), status: okay, wants: []string{`id="results"`, `hx-trigger="every 4s"`}, lacks: []string{"<!doctype"}, check: header("HX-Push-Url", "/admin/jobs?kind=import.run&state=failed")},
	{route: "GET /admin/jobs", name: "live part", as: asOperator, headers: htmx(), path: at("/admin/jobs?live=1"), status: okay, check: header("HX-Push-Url", "")},
	{route: "GET /admin/jobs", name: "none in the state", as: asOperator, path: at("/admin/jobs?kind=no.such"), status: okay, wants: []string{"No such job"}},
	{route: "GET /admin/jobs", name: "invalid", as: asOperator, path: at("/admin/jobs?state=nonsense&before=x"), status: unprocessable},
	{route: "GET /admin/jobs", name: "anonymous", status: notFound, lacks: []string{"Background jobs"}},
	{route: "GET /admin/jobs", name: "no right", as: asOwner, status: notFound, lacks: []string{"Background jobs"}},
	{route: "GET /admin/jobs", name: "key", as: withKey, status: notFound},

	{route: "POST /admin/jobs/:job/retry", name: "ok", as: asOperator, path: ofJob("discarded", "/retry"), send: form("list", "state=failed"), status: seeOther, check: location("/admin/jobs?state=failed")},
	{route: "POST /admin/jobs/:job/retry", name: "part", as: asOperator, headers: htmx(), path: ofJob("cancelled", "/retry"), send: form(), status: okay, wants: []string{"The job starts again.", `id="results"`}},
	{route: "POST /admin/jobs/:job/retry", name: "completed", as: asOperator, path: ofJob("completed", "/retry"), send: form(), status: unprocessable, wants: []string{"no longer possible"}},
	{route: "POST /admin/jobs/:job/retry", name: "invalid", as: asOperator, path: at("/admin/jobs/nonsense/retry"), send: form(), status: notFound},
	{route: "POST /admin/jobs/:job/retry", name: "gone", as: asOperator, path: at("/admin/jobs/999999999/retry"), send: form(), status: notFound},
	{route: "POST /admin/jobs/:job/retry", name: "without a token", as: asOperator, path: ofJob("discarded", "/retry"), send: form("_csrf", "x"), status: forbidden},
	{route: "POST /admin/jobs/:job/retry", name: "anonymous", path: ofJob("discarded", "/retry"), send: form(), status: notFound},
	{route: "POST /admin/jobs/:job/retry", name: "no right", as: asOwner, path: ofJob("discarded", "/retry"), send: form(), status: notFound},

	{route: "POST /admin/jobs/:job/cancel", name: "ok", as: asOperator, path: ofJob("available", "/cancel"), send: form(), status: seeOther, check: location("/admin/jobs")},
	{route: "POST /admin/jobs/:job/cancel", name: "over", as: asOperator, path: ofJob("discarded", "/cancel"), send: form(), status: unprocessable},
	{route: "POST /admin/jobs/:job/cancel", name: "invalid", as: asOperator, path: ofJob("available", "/cancel"), send: form("list", "state=nonsense"), status: unprocessable},
	{route: "POST /admin/jobs/:job/cancel", name: "anonymous", path: ofJob("available", "/cancel"), send: form(), status: notFound},
	{route: "POST /admin/jobs/:job/cancel", name: "no right", as: asOwner, path: ofJob("available", "/cancel"), send: form(), status: notFound},

	{route: "GET /admin/tenants", name: "ok", as: asOperator, status: okay, wants: []string{"Udyog Traders", "Konkan Logistics", "You are here", "Administration"}},
	{route: "GET /admin/tenants", name: "part", as: asOperator, headers: htmx(), path: at("/admin/tenants?q=konk"), status: okay, wants: []string{"Konkan"}, lacks: []string{"Udyog", "<!doctype"}, check: header("HX-Push-Url", "/admin/tenants?q=konk")},
	{route: "GET /admin/tenants", name: "no match", as: asOperator, path: at("/admin/tenants?q=%00%25"), status: okay, wants: []string{"No business matches"}},
	{route: "GET /admin/tenants", name: "anonymous", status: notFound},
	{route: "GET /admin/tenants", name: "no right", as: asOwner, status: notFound, lacks: []string{"Konkan"}},

	{route: "GET /admin/tenants/new", name: "ok", as: asOperator, status: okay, wants: []string{`name="ownerEmail"`, `action="/admin/tenants"`}},
	{route: "GET /admin/tenants/new", name: "anonymous", status: notFound},
	{route: "GET /admin/tenants/new", name: "no right", as: asOwner, status: notFound},

	{route: "POST /admin/tenants", name: "ok", as: asOperator, send: form("name", "Nilgiri Tea", "slug", "nilgiri", "ownerEmail", " Devi@Example.in"), status: okay, wants: []string{"shown this once", "devi@example.in"}, check: ownerSignsIn},
	{route: "POST /admin/tenants", name: "invalid", as: asOperator, send: form("name", "", "slug", "x\x00", "ownerEmail", "nonsense"), status: unprocessable, wants: []string{"Please correct 3 things.", `value="nonsense"`, `id="ownerEmail-err"`}},
	{route: "POST /admin/tenants", name: "taken short name", as: asOperator, send: form("name", "Again", "slug", "home", "ownerEmail", "again@example.in"), status: http.StatusConflict, wants: []string{"already has this short name"}},
	{route: "POST /admin/tenants", name: "taken e-mail", as: asOperator, send: form("name", "Again", "slug", "again", "ownerEmail", "asha@example.in"), status: http.StatusConflict, wants: []string{"already has an account", `id="ownerEmail-err"`}},
	{route: "POST /admin/tenants", name: "anonymous", send: form(), status: notFound},
	{route: "POST /admin/tenants", name: "no right", as: asOwner, send: form("name", "X", "slug", "x", "ownerEmail", "x@example.in"), status: notFound},

	{route: "POST /admin/tenants/:tenant/suspend", name: "ok", as: asOperator, path: ofBusiness(tenant.Active, "/suspend"), send: form(), status: seeOther, check: location("/admin/tenants")},
	{route: "POST /admin/tenants/:tenant/suspend", name: "nobody's", as: asOperator, path: at("/admin/tenants/" + uuid.NewString() + "/suspend"), send: form(), status: notFound},
	{route: "POST /admin/tenants/:tenant/suspend", name: "one's own", as: asOperator, path: func(_ *testing.T, w *world) string { return "/admin/tenants/" + w.elsewhere.String() + "/suspend" }, send: form(), status: unprocessable, wants: []string{"lock yourself out"}},
	{route: "POST /admin/tenants/:tenant/suspend", name: "anonymous", path: ofBusiness(tenant.Active, "/suspend"), send: form(), status: notFound},
	{route: "POST /admin/tenants/:tenant/suspend", name: "no right", as: asOwner, path: ofBusiness(tenant.Active, "/suspend"), send: form(), status: notFound},
	{route: "POST /admin/tenants/:tenant/resume", name: "ok", as: asOperator, path: ofBusiness(tenant.Suspended, "/resume"), send: form(), status: seeOther},
	{route: "POST /admin/tenants/:tenant/resume", name: "anonymous", path: ofBusiness(tenant.Suspended, "/resume"), send: form(), status: notFound},
	{route: "POST /admin/tenants/:tenant/resume", name: "no right", as: asOwner, path: ofBusiness(tenant.Suspended, "/resume"), send: form(), status: notFound},

	{route: "GET /admin/cache", name: "ok", as: asOperator, status: okay, wants: []string{"In use", "This is the only replica", "Hit rate", `action="/admin/cache/all"`}},
	{route: "GET /admin/cache", name: "cleared", as: asOperator, path: at("/admin/cache?done=cleared"), status: okay, wants: []string{"The cache was cleared."}},
	{route: "GET /admin/cache", name: "anonymous", status: notFound},
	{route: "GET /admin/cache", name: "no right", as: asOwner, status: notFound},
	{route: "POST /admin/cache/business", name: "ok", as: asOperator, send: form("slug", "home", "tag", ""), status: seeOther, check: location("/admin/cache?done=cleared")},
	{route: "POST /admin/cache/business", name: "one tag", as: asOperator, send: form("slug", " Home ", "tag", "contact:list"), status: seeOther},
	{route: "POST /admin/cache/business", name: "invalid", as: asOperator, send: form("slug", "<b>", "tag", "*"), status: unprocessable, wants: []string{"Please correct 2 things.", `value="&lt;b&gt;"`, `id="tag-err"`}},
	{route: "POST /admin/cache/business", name: "nobody's", as: asOperator, send: form("slug", "nobody"), status: unprocessable, wants: []string{"There is no business with this short name."}},
	{route: "POST /admin/cache/business", name: "anonymous", send: form("slug", "home"), status: notFound},
	{route: "POST /admin/cache/business", name: "no right", as: asOwner, send: form("slug", "home"), status: notFound},
	{route: "POST /admin/cache/all", name: "ok", as: asOperator, send: form("confirm", "clear"), status: seeOther, check: location("/admin/cache?done=cleared")},
	{route: "POST /admin/cache/all", name: "invalid", as: asOperator, send: form("confirm", "yes"), status: unprocessable, wants: []string{"Type clear", `id="confirm-err"`}},
	{route: "POST /admin/cache/all", name: "anonymous", send: form("confirm", "clear"), status: notFound},
	{route: "POST /admin/cache/all", name: "no right", as: asOwner, send: form("confirm", "clear"), status: notFound},

	{route: "GET /admin/audit", name: "ok", as: asOperator, status: okay, wants: []string{"Made a business", "Udyog Traders"}, lacks: []string{"Signed in"}},
	{route: "GET /admin/audit", name: "invalid", as: asOperator, path: at("/admin/audit?cursor=nonsense"), status: unprocessable},
	{route: "GET /admin/audit", name: "anonymous", status: notFound},
	{route: "GET /admin/audit", name: "no right", as: asOwner, status: notFound},
}

var shownPassword = regexp.MustCompile(`<code id="password">([A-Z2-7]+)</code>`)

// ownerSignsIn uses the password of the page, which no cache may keep.
func ownerSignsIn(t *testing.T, w *world, a answer) {
	t.Helper()
	header("Cache-Control", "no-store")(t, w, a)
	m := shownPassword.FindStringSubmatch(a.body)
	if m == nil {
		t.Fatal("the page shows no password")
	}
	b := w.visitor()
	if res := b.signIn(t, "devi@example.in", m[1]); res.status != seeOther {
		t.Errorf("the owner's sign-in: %d", res.status)
	}
	if page := b.get(t, "/contacts"); page.status != okay || !strings.Contains(page.body, "Nilgiri Tea") {
		t.Errorf("the owner's first page: %d", page.status)
	}
}

// TestASuspendedBusinessStopsAtOnce suspends a business in which somebody works
// and a program calls, and resumes it.
func TestASuspendedBusinessStopsAtOnce(t *testing.T) {
	w := newWorld(t)
	person, program, admin := w.as(t, w.owner), w.program(w.ownerKey), w.as(t, w.operator)
	statuses := func() [2]int {
		return [2]int{person.get(t, "/contacts").status, program.get(t, "/api/v1/contacts").status}
	}
	if got := statuses(); got != [2]int{okay, okay} {
		t.Fatalf("before: %v", got)
	}
	admin.post(t, "/admin/tenants/"+w.home.String()+"/suspend", nil).is(t, seeOther)
	if got := statuses(); got != [2]int{seeOther, unauthorized} {
		t.Errorf("suspended: %v", got)
	}
	admin.post(t, "/admin/tenants/"+w.home.String()+"/resume", nil).is(t, seeOther)
	if got := statuses(); got != [2]int{okay, okay} {
		t.Errorf("resumed: %v", got)
	}
	admin.get(t, "/admin/audit").wants(t, "Suspended a business", "Resumed a business")
}

// TestOnlyPlatformAdministratorsSeeTheMenu: a role inside a business gives nothing.
func TestOnlyPlatformAdministratorsSeeTheMenu(t *testing.T) {
	w := newWorld(t)
	w.as(t, w.owner).get(t, "/contacts").lacks(t, "/admin/jobs", "Administration")
	page := w.as(t, w.operator).get(t, "/contacts")
	page.wants(t, "/admin/jobs", "/admin/tenants", "/admin/audit", "Administration")
	if p := w.principal(t, w.operator); p.Role != auth.Member {
		t.Errorf("the administrator is %s in the business", p.Role)
	}
}
