package db_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"payaid/db"
	"payaid/internal/dbtest"
)

// withoutPolicy are the tables that no tenant's row security guards, each with
// its reason. A new table of a tenant does not belong here.
var withoutPolicy = map[string]string{
	"tenants":          "is the list of tenants itself: read by slug or id before a tenant is known",
	"users":            "a person may belong to several tenants; only auth reads it",
	"memberships":      "which tenants a person belongs to is asked before one is chosen",
	"cache_outbox":     "the relay ends the tags of every tenant",
	"cache_state":      "one row that all replicas agree on",
	"mailbox_messages": "a mail goes to a person, who may belong to several tenants or to none yet; only mail reads it",
	"password_resets":  "whoever holds a link has no session and so no tenant; only auth reads it",
	"user_identities":  "sign-in by a provider knows the identity and no tenant; only auth reads it",
	"signups":          "who signs up belongs to no tenant yet; only join reads it",
	"user_totp":        "a second factor is the person's, who may belong to several tenants, and is asked for before a tenant is entered",
	"recovery_codes":   "as user_totp; only factor reads it",
	"passkeys":         "as user_totp; a passkey finds its owner before anything else is known",
	"goose_db_version": "the migrations' own table",
}

// outsidePublic are the tables in schemas of our own besides public, whose rows no
// policy guards, each with its reason. The job queue's are River's own.
var outsidePublic = map[string]string{
	"staging.import_rows": "COPY is refused on tables with row security; rows pass through on their way into tables that have it, and only the jobs of crm touch them, each query by tenant and import",
}

func TestNoTableHidesInAnotherSchema(t *testing.T) {
	conn := connect(t, dbtest.New(t).OwnerURL)
	found := column[string](t, conn, `
		SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('public', 'information_schema', $1) AND n.nspname NOT LIKE 'pg\_%'`, db.JobsSchema)
	for _, table := range found {
		if outsidePublic[table] == "" {
			t.Errorf("%s has no reason in outsidePublic", table)
		}
	}
	if len(found) != len(outsidePublic) {
		t.Errorf("found %v, outsidePublic names %d", found, len(outsidePublic))
	}
}

func TestEveryTenantTableForcesRowSecurity(t *testing.T) {
	conn := connect(t, dbtest.New(t).OwnerURL)
	type table struct {
		Name                     string
		Tenant, Enabled, Forced  bool
		Policies                 int
		Using, Check, Restricted string
	}
	rows, err := conn.Query(context.Background(), `
		SELECT c.relname AS name, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
		       EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped) AS tenant,
		       (SELECT count(*) FROM pg_policies p WHERE p.schemaname = 'public' AND p.tablename = c.relname) AS policies,
		       coalesce((SELECT min(qual) FROM pg_policies p WHERE p.schemaname = 'public' AND p.tablename = c.relname), '') AS using,
		       coalesce((SELECT min(with_check) FROM pg_policies p WHERE p.schemaname = 'public' AND p.tablename = c.relname), '') AS check,
		       coalesce((SELECT min(cmd || ' ' || array_to_string(roles, ',')) FROM pg_policies p WHERE p.schemaname = 'public' AND p.tablename = c.relname), '') AS restricted
		FROM pg_class c
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
		ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowToStructByName[table])
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, c := range tables {
		found[c.Name] = true
		if reason := withoutPolicy[c.Name]; reason != "" {
			if c.Enabled {
				t.Errorf("%s has row security but stands in the list of exceptions (%s)", c.Name, reason)
			}
			continue
		}
		switch {
		case !c.Tenant:
			t.Errorf("%s has no tenant_id and no reason in withoutPolicy", c.Name)
		case !c.Enabled || !c.Forced:
			t.Errorf("%s: row security enabled %v, forced %v; want both", c.Name, c.Enabled, c.Forced)
		case c.Policies != 1 || c.Restricted != "ALL public":
			t.Errorf("%s has %d policies (%s): want one, for every command and role, so that nothing widens it", c.Name, c.Policies, c.Restricted)
		case c.Using != "(tenant_id = app_tenant())":
			t.Errorf("%s: USING %s", c.Name, c.Using)
		case !strings.Contains(c.Check, "tenant_id = app_tenant()"):
			t.Errorf("%s: WITH CHECK %s", c.Name, c.Check)
		}
	}
	for name := range withoutPolicy {
		if !found[name] {
			t.Errorf("withoutPolicy names %s, which does not exist", name)
		}
	}
	if len(tables) < 10 {
		t.Errorf("the walk saw %d tables only", len(tables))
	}
}

func TestNoViewGoesAroundRowSecurity(t *testing.T) {
	conn := connect(t, dbtest.New(t).OwnerURL)
	// A view runs with its owner's rights, and payaid_owner sees every tenant.
	for _, v := range column[string](t, conn, `
		SELECT relname FROM pg_class
		WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm')
		  AND NOT coalesce(reloptions @> '{security_invoker=true}', false)`) {
		t.Errorf("view %s reads as its owner: create it WITH (security_invoker = true)", v)
	}
}

func TestFunctionsThatRunAsTheOwner(t *testing.T) {
	conn := connect(t, dbtest.New(t).OwnerURL)
	type function struct {
		Name, Owner string
		Path        string
		Public, App bool
	}
	rows, err := conn.Query(context.Background(), `
		SELECT p.oid::regprocedure::text AS name, r.rolname AS owner,
		       coalesce((SELECT c FROM unnest(p.proconfig) c WHERE c LIKE 'search_path=%'), '') AS path,
		       EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE a.grantee = 0) AS public,
		       has_function_privilege('payaid_app', p.oid, 'EXECUTE') AS app
		FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner
		WHERE p.prosecdef AND p.pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
		ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	functions, err := pgx.CollectRows(rows, pgx.RowToStructByName[function])
	if err != nil {
		t.Fatal(err)
	}
	if len(functions) == 0 {
		t.Fatal("the walk saw no SECURITY DEFINER function")
	}
	for _, f := range functions {
		// pg_temp last: unnamed it would come first, and everybody may create in it.
		if f.Path != "search_path=pg_catalog, public, pg_temp" {
			t.Errorf("%s: search_path is %q", f.Name, f.Path)
		}
		if f.Owner != db.RoleOwner {
			t.Errorf("%s belongs to %s", f.Name, f.Owner)
		}
		if f.Public || !f.App {
			t.Errorf("%s: executable by PUBLIC %v, by %s %v", f.Name, f.Public, db.RoleApp, f.App)
		}
	}
}

func TestRolesAreNoMoreThanTheyShouldBe(t *testing.T) {
	conn := connect(t, dbtest.New(t).OwnerURL)
	for role, want := range map[string]string{
		db.RoleOwner:  "login=t super=f createdb=t createrole=f replication=f bypassrls=t",
		db.RoleApp:    "login=t super=f createdb=f createrole=f replication=f bypassrls=f",
		db.RoleBackup: "login=t super=f createdb=f createrole=f replication=f bypassrls=t",
	} {
		got := column[string](t, conn, `
			SELECT format('login=%s super=%s createdb=%s createrole=%s replication=%s bypassrls=%s',
			              rolcanlogin, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls)
			FROM pg_roles WHERE rolname = $1`, role)
		if len(got) != 1 || got[0] != want {
			t.Errorf("%s: %v, want %s", role, got, want)
		}
	}
	if owned := column[string](t, conn, `
		SELECT relname FROM pg_class WHERE relnamespace IN ('public'::regnamespace, 'river'::regnamespace)
		AND relowner <> 'payaid_owner'::regrole
		AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = pg_class.oid AND d.deptype = 'e')`); len(owned) != 0 {
		t.Errorf("not owned by %s: %v", db.RoleOwner, owned)
	}
	memberships := column[string](t, conn, `
		SELECT m.member::regrole || ' in ' || m.roleid::regrole FROM pg_auth_members m
		WHERE m.member::regrole::text LIKE 'payaid\_%' ORDER BY 1`)
	if fmt.Sprint(memberships) != "[payaid_backup in pg_read_all_data payaid_owner in pg_signal_backend]" {
		t.Errorf("memberships of the roles: %v", memberships)
	}
}

func TestTheAppCannotChangeWhatItMustNot(t *testing.T) {
	d := dbtest.New(t)
	tenant := newTenant(t, d, "a")
	d.OwnerExec(t, `INSERT INTO audit_entries (tenant_id, id, at, actor_kind, actor_name, action, entity, entity_id)
		VALUES ($1, gen_random_uuid(), now(), 'system', 'PayAid', 'x', 'x', gen_random_uuid())`, tenant)
	for _, sql := range []string{
		"UPDATE audit_entries SET actor_name = 'nobody'",
		"DELETE FROM audit_entries",
		"TRUNCATE audit_entries",
		"UPDATE goose_db_version SET version_id = 1",
		"CREATE TABLE mine (id int)",
		"ALTER TABLE contacts NO FORCE ROW LEVEL SECURITY",
		"DROP POLICY tenant ON contacts",
		"SET ROLE payaid_owner",
	} {
		err := inTenant(d, tenant, func(ctx context.Context, tx pgx.Tx) error {
			_, err := tx.Exec(ctx, sql)
			return err
		})
		if code := db.Code(err); code != "42501" { // insufficient_privilege
			t.Errorf("%s: %v, want it refused", sql, err)
		}
	}
}

// TestGuardedTablesAreThoseOfTheCatalogue: what an installation is compared with
// is what the migrations make.
func TestGuardedTablesAreThoseOfTheCatalogue(t *testing.T) {
	listed, err := db.GuardedTables()
	if err != nil {
		t.Fatal(err)
	}
	found := column[string](t, connect(t, dbtest.New(t).OwnerURL), `
		SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relforcerowsecurity ORDER BY 1`)
	if fmt.Sprint(listed) != fmt.Sprint(found) {
		t.Errorf("the migrations say %v, the catalogue %v", listed, found)
	}
}

// What no backup lists may be gone when the backup is restored.
func TestBackupsSeeEveryReferenceToAFile(t *testing.T) {
	conn := connect(t, dbtest.New(t).OwnerURL)
	references := column[string](t, conn, `
		SELECT table_name || '.' || column_name FROM information_schema.columns c
		WHERE table_schema = 'public' AND (column_name LIKE '%blob_key' OR column_name IN ('photo', 'logo')) AND EXISTS (
		    SELECT FROM pg_class r WHERE r.relname = c.table_name AND r.relnamespace = 'public'::regnamespace AND r.relkind = 'r')`)
	seen := column[string](t, conn, `SELECT table_name || '.' || column_name FROM information_schema.view_column_usage WHERE view_name = 'stored_objects'`)
	for _, r := range references {
		if !slices.Contains(seen, r) {
			t.Errorf("%s is not in the view stored_objects: replace the view in the migration that makes the column", r)
		}
	}
	if len(references) == 0 {
		t.Error("the walk saw no reference")
	}
}
