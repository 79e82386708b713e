package activity

import (
	"context"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"payaid/db"
	"payaid/internal/auth"
	"payaid/internal/dbtest"
	"payaid/internal/filter"
	"payaid/internal/listing"
)

const many = 20_000

// explained is a transaction that keeps the plan of each query.
type explained struct {
	pgx.Tx
	plans []string
}

// Query implements db.DBTX.
func (e *explained) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	rows, err := e.Tx.Query(ctx, "EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF) "+sql, args...)
	if err != nil {
		return nil, err
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, err
	}
	e.plans = append(e.plans, strings.Join(lines, "\n"))
	return e.Tx.Query(ctx, sql, args...)
}

// rowsRead counts the activities that the plan looked at.
func rowsRead(plan string) int {
	n := 0
	for _, pattern := range []string{`on activities c(?:_\d)? .*rows=(\d+)`, `Rows Removed by Filter: (\d+)`} {
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(plan, -1) {
			rows, err := strconv.Atoi(m[1])
			if err != nil {
				return many
			}
			n += rows
		}
	}
	return n
}

// The pages of a long timeline read about what they show, whoever asks: the records
// that decide who sees a row are looked up one by one.
func TestPlansOfALongTimeline(t *testing.T) {
	d := dbtest.New(t)
	tenant, contact, owner, team := uuid.Must(uuid.NewV7()), uuid.New(), uuid.New(), uuid.New()
	d.OwnerExec(t, "INSERT INTO tenants (id, slug, name, created_at, updated_at) VALUES ($1, 'acme', 'Acme', now(), now())", tenant)
	d.OwnerExec(t, "INSERT INTO users (id, email, name, password_hash, sessions_valid_after, created_at, updated_at) VALUES ($1, 'own@x.test', 'Own', '', now(), now(), now())", owner)
	d.OwnerExec(t, "INSERT INTO memberships (tenant_id, user_id, role, created_at, updated_at) VALUES ($1, $2, 'member', now(), now())", tenant, owner)
	d.OwnerExec(t, `INSERT INTO contacts (tenant_id, id, first_name, owner_id, created_at, updated_at)
		SELECT $1, gen_random_uuid(), 'person ' || i, CASE WHEN i % 4 = 0 THEN $2::uuid END, now(), now() FROM generate_series(1, $3::int) i`, tenant, owner, many/4)
	d.OwnerExec(t, "INSERT INTO contacts (tenant_id, id, first_name, owner_id, created_at, updated_at) VALUES ($1, $2, 'The one', $3, now(), now())", tenant, contact, owner)
	d.OwnerExec(t, `INSERT INTO activities (tenant_id, id, type, body, contact_id, author_name, occurred_at, created_at, updated_at)
		SELECT $1, gen_random_uuid(), 'note', 'text ' || i, (ARRAY(SELECT id FROM contacts ORDER BY id))[1 + i % 5000], 'Own', '2026-01-01'::timestamptz + i * interval '1 minute', now(), now()
		FROM generate_series(1, $2::int) i`, tenant, many)
	d.OwnerExec(t, `INSERT INTO activities (tenant_id, id, type, body, contact_id, author_name, occurred_at, created_at, updated_at)
		SELECT $1, gen_random_uuid(), 'call', 'about ' || i, $2, 'Own', '2026-01-01'::timestamptz + i * interval '1 hour', now(), now() FROM generate_series(1, 300) i`, tenant, contact)
	d.OwnerExec(t, "VACUUM ANALYZE activities, contacts")
	people := map[string]auth.Principal{
		"everything":    {TenantID: tenant, UserID: uuid.New(), Role: auth.Admin},
		"the own":       {TenantID: tenant, UserID: owner, Role: auth.Member},
		"the team's":    {TenantID: tenant, UserID: owner, Role: auth.Member, TeamID: &team},
		"an API key":    {TenantID: tenant, KeyID: uuid.New(), Role: auth.Admin},
		"without right": {TenantID: tenant, UserID: owner, Role: "intern"},
	}
	for who, p := range people {
		for what, q := range map[string]listing.Query{"all": {}, "of one contact": {Only: OnlyContact(contact)}} {
			rows, err := list.Rows(readerAt(p, filter.Asker{}), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, desc := range []bool{false, true} {
				o := list.Orders[0]
				o.Desc = desc
				err := d.InTenantTx(t.Context(), tenant, func(tx pgx.Tx, _ *db.Queries) error {
					at := &db.Cursor{Sort: o.Key()}
					sql := "SELECT occurred_at::text, id FROM activities c WHERE ($1::uuid IS NULL OR contact_id = $1) ORDER BY occurred_at, id OFFSET $2 LIMIT 1"
					var only *uuid.UUID
					offset := many / 2
					if what != "all" {
						only, offset = &contact, 150
					}
					if err := tx.QueryRow(t.Context(), sql, only, offset).Scan(&at.Value, &at.ID); err != nil {
						return err
					}
					e := &explained{Tx: tx}
					page, _, _, err := db.Page[listRow](t.Context(), db.New(e), rows.Of("activities"), o, at, 25)
					if err != nil {
						return err
					}
					plan := e.plans[0]
					if strings.Contains(plan, "Seq Scan on activities") || strings.Contains(plan, "Seq Scan on contacts") {
						t.Errorf("%s, %s reads a whole table\n%s", who, what, plan)
					}
					if sees := p.Can(auth.ActivitiesRead); sees && (len(page) != 25 || rowsRead(plan) > 250 || what != "all" && !strings.Contains(plan, "activities_contact_id_idx")) {
						t.Errorf("%s, %s: a page of %d read %d rows\n%s", who, what, len(page), rowsRead(plan), plan)
					}
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
