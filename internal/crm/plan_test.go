package crm

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"payaid/db"
	"payaid/internal/auth"
	"payaid/internal/dbtest"
)

// FillContacts adds n contacts called person 1 to n, without owners.
func FillContacts(t *testing.T, d *dbtest.Database, tenant uuid.UUID, n int) {
	t.Helper()
	d.OwnerExec(t, `INSERT INTO contacts (tenant_id, id, first_name, last_name, email, created_at, updated_at)
		SELECT $1, gen_random_uuid(), 'person', i::text, 'e' || md5(i::text) || '@x.test',
		       '2026-01-01'::timestamptz + i * interval '1 minute', '2026-06-01'::timestamptz - i * interval '1 second'
		FROM generate_series(1, $2::int) i`, tenant, n)
	d.OwnerExec(t, "VACUUM ANALYZE contacts") // as autovacuum would: it also empties the pending list of the trigram index
}

const many = 20_000

func TestPlansForALargeTenant(t *testing.T) {
	d := dbtest.New(t)
	tenant := uuid.Must(uuid.NewV7())
	d.OwnerExec(t, "INSERT INTO tenants (id, slug, name, created_at, updated_at) VALUES ($1, 'acme', 'Acme', now(), now())", tenant)
	FillContacts(t, d, tenant, many)
	t.Run("a deep page", func(t *testing.T) { deepPage(t, d, tenant) })
	t.Run("a search", func(t *testing.T) { search(t, d, tenant) })
}

// explained is a transaction that keeps the plan of each query.
type explained struct {
	pgx.Tx
	plans []string
}

// Query implements db.DBTX.
func (e *explained) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	plan, err := explain(ctx, e.Tx, sql, args...)
	if err != nil {
		return nil, err
	}
	e.plans = append(e.plans, plan)
	return e.Tx.Query(ctx, sql, args...)
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func explain(ctx context.Context, q querier, sql string, args ...any) (string, error) {
	rows, err := q.Query(ctx, "EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF) "+sql, args...)
	if err != nil {
		return "", err
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return strings.Join(lines, "\n"), err
}

// A page in the middle of many contacts reads about as many as it shows, in every
// order and direction, as the app and under row level security.
func deepPage(t *testing.T, d *dbtest.Database, tenant uuid.UUID) {
	ctx := context.Background()
	p := auth.Principal{TenantID: tenant, UserID: uuid.New(), Role: auth.Admin}
	for _, o := range contactOrders {
		for _, o.Desc = range []bool{false, true} {
			for _, back := range []bool{false, true} {
				err := d.InTenantTx(ctx, tenant, func(tx pgx.Tx, _ *db.Queries) error {
					at := &db.Cursor{Sort: o.Key(), ID: uuid.Max, Back: back}
					err := tx.QueryRow(ctx, "SELECT ("+o.Expr+")::text FROM contacts c ORDER BY "+o.Expr+" OFFSET $1 LIMIT 1", many/2).Scan(&at.Value)
					if err != nil {
						return err
					}
					e := &explained{Tx: tx}
					rows, _, _, err := db.Page[contactListRow](ctx, db.New(e), (&ContactFilter{}).list(p, true), o, at, 25)
					if err != nil {
						return err
					}
					if n := contactsRead(e.plans[0]); len(rows) != 25 || n > 50 || strings.Contains(e.plans[0], "Sort Key") {
						t.Errorf("%s, back %v: a page of %d read %d contacts\n%s", o.Key(), back, len(rows), n, e.plans[0])
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

var rowsRead = []*regexp.Regexp{
	regexp.MustCompile(`on contacts c .*rows=(\d+)`),
	regexp.MustCompile(`Rows Removed by Filter: (\d+)`),
}

// contactsRead counts the rows of contacts that the plan looked at.
func contactsRead(plan string) int {
	n := 0
	for _, r := range rowsRead {
		for _, m := range r.FindAllStringSubmatch(plan, -1) {
			rows, err := strconv.Atoi(m[1])
			if err != nil {
				return many
			}
			n += rows
		}
	}
	return n
}

// The body of search_contacts, run as the owner it runs as, uses the trigram
// index; the app gets the same ids by way of the function.
func search(t *testing.T, d *dbtest.Database, tenant uuid.UUID) {
	ctx := context.Background()
	owner, err := pgx.Connect(ctx, d.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = owner.Close(ctx) }()
	var body string
	if err := owner.QueryRow(ctx, "SELECT prosrc FROM pg_proc WHERE oid = 'search_contacts(text)'::regprocedure").Scan(&body); err != nil {
		t.Fatal(err)
	}
	// A function is planned before it knows its argument, at least up to PostgreSQL 17.
	body = strings.ReplaceAll(body, "pattern", "$1")
	for _, sql := range []string{
		"SELECT set_config('app.tenant_id', '" + tenant.String() + "', false)", "SET plan_cache_mode = force_generic_plan", "PREPARE search(text) AS " + body,
	} {
		if _, err := owner.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	plan, err := explain(ctx, owner, "EXECUTE search('%son 1234%')")
	if err != nil || !strings.Contains(plan, "contacts_search_idx") || contactsRead(plan) > 500 {
		t.Errorf("%v\n%s", err, plan)
	}
	read := func(q querier, sql string) []uuid.UUID {
		rows, err := q.Query(ctx, sql)
		if err != nil {
			t.Fatal(err)
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(ids, func(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) })
		return ids
	}
	want := read(owner, "EXECUTE search('%son 1234%')")
	err = d.InTenantTx(ctx, tenant, func(tx pgx.Tx, _ *db.Queries) error {
		if got := read(tx, "SELECT search_contacts('%son 1234%')"); len(want) != 11 || !slices.Equal(got, want) {
			t.Errorf("the app finds %d, the owner %d; want 11", len(got), len(want))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = d.InTx(ctx, func(tx pgx.Tx, _ *db.Queries) error {
		if got := read(tx, "SELECT search_contacts('%')"); len(got) != 0 {
			t.Errorf("without a tenant the search finds %d", len(got))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
