package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"payaid/db"
	"payaid/internal/jobs"
)

// The versions of PostgreSQL that are tested.
const (
	oldestPostgres = 15
	newestPostgres = 18
)

// maxClockDifference is what clocks of two machines may differ by.
const maxClockDifference = 2 * time.Second

// database looks at PostgreSQL with one connection as the application.
func database(ctx context.Context, p Patient) []Finding {
	if p.DatabaseURL == "" {
		return nil
	}
	d, err := db.Open(ctx, p.DatabaseURL, db.Options{MaxConns: 2})
	if err != nil {
		return []Finding{wrong("database", "PostgreSQL does not answer: "+err.Error(), "Start it, or correct PAYAID_DATABASE_URL.")}
	}
	defer d.Close()
	found := []Finding{postgresVersion(ctx, d), databaseClock(ctx, d, p.Now)}
	found = append(found, roles(ctx, d)...)
	schema := schemaState(ctx, d)
	found = append(found, schema)
	if schema.Status != OK {
		return found // what follows would only repeat it
	}
	return append(found, rowSecurity(ctx, d), extensions(ctx, d), indexes(ctx, d), worker(ctx, d, p), mailQueue(ctx, d, p.Now()))
}

func postgresVersion(ctx context.Context, d *db.DB) Finding {
	const check = "database"
	version, err := d.ServerVersion(ctx)
	if err != nil {
		return failed(check, err)
	}
	var major int
	if _, err := fmt.Sscanf(version, "%d", &major); err != nil {
		return failed(check, err)
	}
	says := "PostgreSQL " + version
	switch {
	case major < oldestPostgres:
		return wrong(check, says+" is too old", fmt.Sprintf("Upgrade it to version %d or later.", oldestPostgres))
	case major > newestPostgres:
		return warn(check, says+" is newer than what PayAid was tested with", fmt.Sprintf("Prefer a version from %d to %d.", oldestPostgres, newestPostgres))
	}
	return ok(check, says)
}

func databaseClock(ctx context.Context, d *db.DB, now func() time.Time) Finding {
	var theirs time.Time
	before := now()
	if err := d.Pool().QueryRow(ctx, "SELECT clock_timestamp()").Scan(&theirs); err != nil {
		return failed("database clock", err)
	}
	return clock("database clock", before, now(), theirs)
}

// clock compares a server's time with ours in the middle of the question.
func clock(check string, before, after, theirs time.Time) Finding {
	off := theirs.Sub(before.Add(after.Sub(before) / 2)).Round(time.Millisecond)
	if off.Abs() > maxClockDifference {
		return wrong(check, fmt.Sprintf("differs from this machine's by %s", off.Abs()), "Let both machines set their clocks by NTP (chrony or systemd-timesyncd).")
	}
	return ok(check, fmt.Sprintf("within %s of this machine's", maxClockDifference))
}

// roles compares the three roles with what they must be, no less and no more.
func roles(ctx context.Context, d *db.DB) []Finding {
	const check = "roles"
	rows, err := d.Pool().Query(ctx, `
		SELECT rolname, rolsuper, rolbypassrls, rolname = current_user,
		       EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid AND c.relnamespace = 'public'::regnamespace)
		FROM pg_roles r WHERE rolname = ANY ($1) OR rolname = current_user`, []string{db.RoleOwner, db.RoleApp, db.RoleBackup})
	if err != nil {
		return []Finding{failed(check, err)}
	}
	var found []Finding
	seen := map[string]bool{}
	var name string
	var super, bypass, current, owns bool
	_, err = pgx.ForEachRow(rows, []any{&name, &super, &bypass, &current, &owns}, func() error {
		seen[name] = true
		if current && name != db.RoleApp {
			found = append(found, wrong(check, "PayAid works as "+name, "Name "+db.RoleApp+" in PAYAID_DATABASE_URL: other roles are not bound by row level security."))
		}
		switch {
		case super:
			found = append(found, wrong(check, name+" is a superuser", "As a superuser: ALTER ROLE "+name+" NOSUPERUSER;"))
		case name == db.RoleApp && bypass:
			found = append(found, wrong(check, name+" goes around row level security", "As a superuser: ALTER ROLE "+name+" NOBYPASSRLS;"))
		case name == db.RoleApp && owns:
			found = append(found, wrong(check, name+" owns tables", "As a superuser: REASSIGN OWNED BY "+db.RoleApp+" TO "+db.RoleOwner+";"))
		case (name == db.RoleOwner || name == db.RoleBackup) && !bypass:
			found = append(found, wrong(check, name+" lacks BYPASSRLS, so that it reads and changes no row at all", "As a superuser: ALTER ROLE "+name+" BYPASSRLS;"))
		}
		return nil
	})
	if err != nil {
		return []Finding{failed(check, err)}
	}
	for _, role := range []string{db.RoleOwner, db.RoleApp, db.RoleBackup} {
		if !seen[role] {
			found = append(found, wrong(check, "there is no role "+role, "Make the roles as docs/production.md says."))
		}
	}
	if len(found) == 0 {
		found = append(found, ok(check, "the three roles are as they must be"))
	}
	return found
}

func schemaState(ctx context.Context, d *db.DB) Finding {
	const check = "schema"
	err := d.CheckSchema(ctx)
	switch {
	case errors.Is(err, db.ErrSchemaOlder):
		return wrong(check, err.Error(), "Run payaid migrate up.")
	case errors.Is(err, db.ErrSchemaNewer):
		return wrong(check, err.Error(), "Start the newer PayAid.")
	case err != nil:
		return failed(check, err)
	}
	return ok(check, "up to date")
}

// rowSecurity looks whether every tenant's rows are still guarded.
func rowSecurity(ctx context.Context, d *db.DB) Finding {
	const check = "row security"
	tables, err := db.GuardedTables()
	if err != nil {
		return failed(check, err)
	}
	open, err := names(ctx, d, `
		SELECT c.relname::text FROM pg_class c
		WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY ($1)
		  AND NOT (c.relrowsecurity AND c.relforcerowsecurity
		      AND (SELECT count(*) FILTER (WHERE p.polname = 'tenant') = 1 AND count(*) = 1 FROM pg_policy p WHERE p.polrelid = c.oid))
		ORDER BY 1`, tables)
	if err != nil {
		return failed(check, err)
	}
	if len(open) > 0 {
		return wrong(check, "not in force on "+strings.Join(open, ", ")+": businesses could see each other's data there",
			"As payaid_owner: ALTER TABLE … ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; and compare its policies with db/schema.")
	}
	return ok(check, fmt.Sprintf("in force on all %d tables", len(tables)))
}

func extensions(ctx context.Context, d *db.DB) Finding {
	const check = "extensions"
	missing, err := names(ctx, d, "SELECT e FROM unnest($1::text[]) e WHERE NOT EXISTS (SELECT FROM pg_extension WHERE extname = e)", []string{"pg_trgm", "btree_gin"})
	if err != nil {
		return failed(check, err)
	}
	if len(missing) > 0 {
		return wrong(check, "missing: "+strings.Join(missing, ", "), "As payaid_owner: CREATE EXTENSION … (they come with postgresql-contrib).")
	}
	return ok(check, "pg_trgm and btree_gin are there")
}

// indexes looks for those that a broken build left behind: the search would be
// slow, or unique values double.
func indexes(ctx context.Context, d *db.DB) Finding {
	const check = "indexes"
	broken, err := names(ctx, d, `
		SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
		WHERE c.relnamespace = 'public'::regnamespace AND NOT (i.indisvalid AND i.indisready) ORDER BY 1`)
	if err != nil {
		return failed(check, err)
	}
	if len(broken) > 0 {
		return wrong(check, "not usable: "+strings.Join(broken, ", "), "As payaid_owner: REINDEX INDEX CONCURRENTLY …;")
	}
	trigram, err := names(ctx, d, `
		SELECT DISTINCT i.indexrelid::regclass::text FROM pg_index i JOIN pg_opclass o ON o.oid = ANY (i.indclass::oid[])
		WHERE o.opcname = 'gin_trgm_ops'`)
	if err != nil {
		return failed(check, err)
	}
	if len(trigram) == 0 {
		return wrong(check, "those of the search are gone", "Make them again as db/schema says.")
	}
	return ok(check, "all usable, those of the search among them")
}

// worker looks whether anybody works background jobs.
func worker(ctx context.Context, d *db.DB, p Patient) Finding {
	const check = "job queue"
	queue, err := jobs.New(d, jobs.Options{})
	if err != nil {
		return failed(check, err)
	}
	seen, err := queue.LastSeen(ctx)
	if err != nil {
		return failed(check, err)
	}
	if p.Now().Sub(seen) < time.Minute {
		return ok(check, "a worker is there")
	}
	says, todo := "no worker was there in the last minute: imports and mails wait", "Start payaid worker."
	if !p.Production {
		return warn(check, says, "Start payaid serve, which works jobs outside production, or payaid worker.")
	}
	return wrong(check, says, todo)
}

func names(ctx context.Context, d *db.DB, sql string, args ...any) ([]string, error) {
	rows, err := d.Pool().Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}
