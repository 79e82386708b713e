package crm

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"payaid/db"
	"payaid/internal/auth"
	"payaid/internal/dbtest"
	"payaid/internal/filter"
	"payaid/internal/listing"
)

// FillContacts adds n contacts called person 1 to n, without owners.
func FillContacts(t *testing.T, d *dbtest.Database, tenant uuid.UUID, n int) {
	t.Helper()
	d.OwnerExec(t, `INSERT INTO contacts (tenant_id, id, first_name, last_name, email, lead_score, last_contacted_at, next_follow_up, created_at, updated_at)
		SELECT $1, gen_random_uuid(), 'person', i::text, 'e' || md5(i::text) || '@x.test', i % 101,
		       CASE WHEN i % 3 > 0 THEN '2026-02-01'::timestamptz + i * interval '1 hour' END, CASE WHEN i % 4 = 0 THEN '2026-01-01'::date + i % 500 END,
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
	t.Run("a deep page", func(t *testing.T) { deepPage(t, d, tenant, contactList) })
	t.Run("a search", func(t *testing.T) { search(t, d, tenant, contactSearch) })
	t.Run("the pages of a search", func(t *testing.T) { searchPages(t, d, tenant) })
	t.Run("every order in every scope", func(t *testing.T) { scopedPages(t, d, tenant, contactList) })
	t.Run("the people of a company", func(t *testing.T) { related(t, d, tenant, contactList, "company_id", "contacts_people_idx") })
	t.Run("duplicates", func(t *testing.T) {
		duplicatePlans(t, d, tenant, contactKind, "contacts", "email_key", "phone_idx", "gstin_idx")
	})
	t.Run("neighbours", func(t *testing.T) { neighbourPlans(t, d, tenant, contactList) })
	t.Run("the trash", func(t *testing.T) { trashPlan(t, d, tenant, contactList) })
}

func TestPlansForManyCompanies(t *testing.T) {
	d := dbtest.New(t)
	tenant := uuid.Must(uuid.NewV7())
	d.OwnerExec(t, "INSERT INTO tenants (id, slug, name, created_at, updated_at) VALUES ($1, 'acme', 'Acme', now(), now())", tenant)
	d.OwnerExec(t, `INSERT INTO companies (tenant_id, id, name, email, employees, annual_revenue, created_at, updated_at)
		SELECT $1, gen_random_uuid(), 'person ' || i, 'e' || md5(i::text) || '@x.test', CASE WHEN i % 3 > 0 THEN i % 500 END, CASE WHEN i % 4 > 0 THEN i END,
		       '2026-01-01'::timestamptz + i * interval '1 minute', '2026-06-01'::timestamptz - i * interval '1 second'
		FROM generate_series(1, $2::int) i`, tenant, many)
	d.OwnerExec(t, "VACUUM ANALYZE companies")
	t.Run("a deep page", func(t *testing.T) { deepPage(t, d, tenant, companyList) })
	t.Run("a search", func(t *testing.T) { search(t, d, tenant, companySearch) })
	t.Run("every order in every scope", func(t *testing.T) { scopedPages(t, d, tenant, companyList) })
	t.Run("the parts of a company", func(t *testing.T) { related(t, d, tenant, companyList, "parent_id", "companies_parent_id_idx") })
	t.Run("duplicates", func(t *testing.T) {
		duplicatePlans(t, d, tenant, companyKind, "companies", "sort_name_idx", "email_idx", "phone_idx", "gstin_idx", "site_idx")
	})
	t.Run("neighbours", func(t *testing.T) { neighbourPlans(t, d, tenant, companyList) })
	t.Run("the trash", func(t *testing.T) { trashPlan(t, d, tenant, companyList) })
}

func TestPlansForManyDeals(t *testing.T) {
	d := dbtest.New(t)
	tenant := uuid.Must(uuid.NewV7())
	d.OwnerExec(t, "INSERT INTO tenants (id, slug, name, created_at, updated_at) VALUES ($1, 'acme', 'Acme', now(), now())", tenant)
	d.OwnerExec(t, `INSERT INTO deals (tenant_id, id, name, value, pipeline_id, stage_id, state, stage_since, position, expected_close, source, created_at, updated_at)
		SELECT $1, gen_random_uuid(), 'person ' || i, i * 100, s.pipeline_id, s.id, s.kind, now(), -i, CASE WHEN i % 3 > 0 THEN '2026-01-01'::date + i % 500 END, md5(i::text),
		       '2026-01-01'::timestamptz + i * interval '1 minute', '2026-06-01'::timestamptz - i * interval '1 second'
		FROM generate_series(1, $2::int) i JOIN stages s ON s.tenant_id = $1 AND s.kind = 'open' AND s.position = 1 + i % 4`, tenant, many)
	d.OwnerExec(t, "VACUUM ANALYZE deals")
	t.Run("a deep page", func(t *testing.T) { deepPage(t, d, tenant, dealList) })
	t.Run("a search", func(t *testing.T) { search(t, d, tenant, dealSearch) })
	t.Run("every order in every scope", func(t *testing.T) { scopedPages(t, d, tenant, dealList) })
	t.Run("a column of the board", func(t *testing.T) { boardPlans(t, d, tenant) })
}

// boardPlans reads the middle of a column and the sums of all columns with their
// indexes alone.
func boardPlans(t *testing.T, d *dbtest.Database, tenant uuid.UUID) {
	ctx := context.Background()
	r := readerAt(auth.Principal{TenantID: tenant, UserID: uuid.New(), Role: auth.Admin}, auth.Deals, filter.Asker{})
	err := d.InTenantTx(ctx, tenant, func(tx pgx.Tx, _ *db.Queries) error {
		var stage, pipeline uuid.UUID
		if err := tx.QueryRow(ctx, "SELECT id, pipeline_id FROM stages WHERE position = 2").Scan(&stage, &pipeline); err != nil {
			return err
		}
		e := &explained{Tx: tx}
		cards, err := dealCards.Rows(r, listing.Query{Only: listing.Condition{SQL: "c.stage_id = ?", Args: []any{stage}}})
		if err != nil {
			return err
		}
		at := &db.Cursor{Sort: "position", Value: "4999999989999.5", ID: uuid.New()}
		page, _, _, err := db.Page[dealListRow](ctx, db.New(e), cards.Of("deals"), dealCards.Orders[0], at, CardsPerColumn)
		if err != nil {
			return err
		}
		if n := rowsOf("deals", e.plans[0]); len(page) != CardsPerColumn || n > 2*CardsPerColumn || !strings.Contains(e.plans[0], "deals_stage_id_idx") {
			t.Errorf("a column read %d rows\n%s", n, e.plans[0])
		}
		whole, err := dealCards.Rows(r, listing.Query{Only: listing.Condition{SQL: "c.pipeline_id = ?", Args: []any{pipeline}}})
		if err != nil {
			return err
		}
		sums, err := db.Groups[stageSum](ctx, db.New(e), whole.Of("deals"), stageSums.Columns, stageSums.By)
		if err == nil && (len(sums) != 4 || strings.Contains(e.plans[1], "Sort")) {
			t.Errorf("%d sums\n%s", len(sums), e.plans[1])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// related reads the first page of the rows that belong to one company with its index.
func related[T any, R interface{ At() db.Place }](t *testing.T, d *dbtest.Database, tenant uuid.UUID, k *listing.Kind[T, R], column, index string) {
	ctx := context.Background()
	var of uuid.UUID
	if column == "parent_id" {
		d.OwnerExec(t, "UPDATE companies SET parent_id = (SELECT id FROM companies WHERE sort_name = 'person 1') WHERE sort_name <> 'person 1' AND sort_name < 'person 3'")
	} else {
		d.OwnerExec(t, "INSERT INTO companies (tenant_id, id, name, created_at, updated_at) VALUES ($1, gen_random_uuid(), 'person 1', now(), now())", tenant)
		d.OwnerExec(t, "UPDATE contacts SET company_id = (SELECT id FROM companies) WHERE sort_name < 'person 3'")
	}
	d.OwnerExec(t, "VACUUM ANALYZE "+k.Table)
	p := auth.Principal{TenantID: tenant, UserID: uuid.New(), Role: auth.Admin}
	err := d.InTenantTx(ctx, tenant, func(tx pgx.Tx, _ *db.Queries) error {
		if err := tx.QueryRow(ctx, "SELECT id FROM companies WHERE sort_name = 'person 1'").Scan(&of); err != nil {
			return err
		}
		rows, err := k.Rows(readerAt(p, k.Name, filter.Asker{}), listing.Query{Only: listing.Condition{SQL: "c." + column + " = ?", Args: []any{of}}})
		if err != nil {
			return err
		}
		e := &explained{Tx: tx}
		page, _, _, err := db.Page[R](ctx, db.New(e), rows.Of(k.Table), k.Orders[0], nil, 10)
		if err == nil && (len(page) != 10 || !strings.Contains(e.plans[0], index) || rowsOf(k.Table, e.plans[0]) > 30) {
			t.Errorf("%d rows\n%s", len(page), e.plans[0])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
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
func deepPage[T any, R interface{ At() db.Place }](t *testing.T, d *dbtest.Database, tenant uuid.UUID, k *listing.Kind[T, R]) {
	ctx := context.Background()
	p := auth.Principal{TenantID: tenant, UserID: uuid.New(), Role: auth.Admin}
	for _, o := range k.Orders {
		for _, o.Desc = range []bool{false, true} {
			for _, back := range []bool{false, true} {
				err := d.InTenantTx(ctx, tenant, func(tx pgx.Tx, _ *db.Queries) error {
					at := &db.Cursor{Sort: o.Key(), Back: back}
					err := tx.QueryRow(ctx, "SELECT ("+o.Expr+")::text, id FROM "+k.Table+" c ORDER BY "+o.Expr+", id OFFSET $1 LIMIT 1", many/2).Scan(&at.Value, &at.ID)
					if err != nil {
						return err
					}
					e := &explained{Tx: tx}
					rows, _, _, err := db.Page[R](ctx, db.New(e), everyRow(t, k, p), o, at, 25)
					if err != nil {
						return err
					}
					if n := rowsOf(k.Table, e.plans[0]); len(rows) != 25 || n < 25 || n > 50 {
						t.Errorf("%s, back %v: a page of %d read %d rows\n%s", o.Key(), back, len(rows), n, e.plans[0])
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

// Nobody's list reads the whole table, in whatever order.
func scopedPages[T any, R interface{ At() db.Place }](t *testing.T, d *dbtest.Database, tenant uuid.UUID, k *listing.Kind[T, R]) {
	ctx := context.Background()
	team := uuid.New()
	people := map[string]auth.Principal{
		"everything":       {TenantID: tenant, UserID: uuid.New(), Role: auth.Admin},
		"the team's":       {TenantID: tenant, UserID: uuid.New(), Role: auth.Member, TeamID: &team},
		"the own, no team": {TenantID: tenant, UserID: uuid.New(), Role: auth.Member},
	}
	for who, p := range people {
		for _, o := range k.Orders {
			for _, o.Desc = range []bool{false, true} {
				err := d.InTenantTx(ctx, tenant, func(tx pgx.Tx, _ *db.Queries) error {
					e := &explained{Tx: tx}
					_, _, _, err := db.Page[R](ctx, db.New(e), everyRow(t, k, p), o, nil, 25)
					if err == nil && strings.Contains(e.plans[0], "Seq Scan on "+k.Table+" ") {
						t.Errorf("%s by %s reads the whole table\n%s", who, o.Key(), e.plans[0])
					}
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// everyRow lists all rows that p sees.
func everyRow[T any, R interface{ At() db.Place }](t *testing.T, k *listing.Kind[T, R], p auth.Principal) *db.List {
	t.Helper()
	rows, err := k.Rows(readerAt(p, k.Name, filter.Asker{}), listing.Query{})
	if err != nil {
		t.Fatal(err)
	}
	return rows.Of(k.Table)
}

// rowsOf counts the rows of the table that the plan looked at.
func rowsOf(table, plan string) int {
	n := 0
	for _, pattern := range []string{`on ` + table + ` c(?:_\d)? .*rows=(\d+)`, `Rows Removed by Filter: (\d+)`} {
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

// searched names the functions of a search with a call of each, and its index.
type searched struct {
	table, find string
	calls       map[string]string
}

var (
	contactSearch = searched{"contacts", "find_contacts", map[string]string{
		"find_contacts(text)": "'%son 1234%'", "count_contacts(text,bigint)": "'%son 1234%', 10001", "find_similar_contacts(text,bigint)": "'presun 1234', 100",
	}}
	companySearch = searched{"companies", "find_companies", map[string]string{
		"find_companies(text)": "'%son 1234%'", "count_companies(text,bigint)": "'%son 1234%', 10001", "find_similar_companies(text,bigint)": "'presun 1234', 100",
	}}
	dealSearch = searched{"deals", "find_deals", map[string]string{
		"find_deals(text)": "'%son 1234%'", "count_deals(text,bigint)": "'%son 1234%', 10001", "find_similar_deals(text,bigint)": "'presun 1234', 100",
	}}
)

// The body of each function, run as the owner it runs as, uses the trigram index;
// the app gets the same rows by way of the function.
func search(t *testing.T, d *dbtest.Database, tenant uuid.UUID, s searched) {
	ctx := context.Background()
	owner, err := pgx.Connect(ctx, d.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = owner.Close(ctx) }()
	for name, call := range s.calls {
		var body string
		if err := owner.QueryRow(ctx, "SELECT prosrc FROM pg_proc WHERE oid = $1::regprocedure", name).Scan(&body); err != nil {
			t.Fatal(err)
		}
		if _, query, ok := strings.Cut(body, "RETURN QUERY"); ok {
			body, _, _ = strings.Cut(query, ";")
		}
		// A function is planned before it knows its argument, at least up to PostgreSQL 17.
		body = strings.NewReplacer("pattern", "$1", "words", "$1", "most", "$2").Replace(body)
		function, types, _ := strings.Cut(name, "(")
		for _, sql := range []string{
			"SELECT set_config('app.tenant_id', '" + tenant.String() + "', false)", "SET plan_cache_mode = force_generic_plan", "SET pg_trgm.word_similarity_threshold = 0.4",
			"PREPARE " + function + "(" + types + " AS " + body,
		} {
			if _, err := owner.Exec(ctx, sql); err != nil {
				t.Fatal(err)
			}
		}
		plan, err := explain(ctx, owner, "EXECUTE "+function+"("+call+")")
		if err != nil || !strings.Contains(plan, s.table+"_search_idx") || strings.Contains(plan, "Seq Scan") || rowsOf(s.table, plan) > 1500 {
			t.Errorf("%s: %v, %d rows read\n%s", name, err, rowsOf(s.table, plan), plan)
		}
	}
	searchesByIndex(t, d, tenant, s.table)
	found := "SELECT count(*) FROM " + s.find + "('%son 1234%')"
	for _, c := range []struct {
		run  func(context.Context, func(pgx.Tx, *db.Queries) error) error
		want int
	}{
		{func(ctx context.Context, fn func(pgx.Tx, *db.Queries) error) error {
			return d.InTenantTx(ctx, tenant, fn)
		}, 11},
		{func(ctx context.Context, fn func(pgx.Tx, *db.Queries) error) error {
			return d.InTenantTx(ctx, uuid.New(), fn)
		}, 0},
		{d.InTx, 0},
	} {
		err := c.run(ctx, func(tx pgx.Tx, _ *db.Queries) error {
			var n int
			if err := tx.QueryRow(ctx, found).Scan(&n); err != nil || n != c.want {
				t.Errorf("found %d, %v; want %d", n, err, c.want)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// search_page, whose query is made as it runs, reads the hits by the trigram index,
// with the few that only seem to be hits, once; and those of the guard's tenant only.
func searchesByIndex(t *testing.T, d *dbtest.Database, tenant uuid.UUID, table string) {
	t.Helper()
	ctx := context.Background()
	for _, c := range []struct {
		tenant uuid.UUID
		ids    int
		hits   int
	}{{tenant, 5, 11}, {uuid.New(), 0, 0}} {
		err := d.InTenantTx(ctx, c.tenant, func(tx pgx.Tx, _ *db.Queries) error {
			var ids []uuid.UUID
			var hits, whole, read, wholeBefore, readBefore int
			// What this connection did in earlier transactions may not have been handed in yet.
			used := func(whole, read *int) error {
				return tx.QueryRow(ctx, "SELECT seq_scan, coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables WHERE relname = $1", table).Scan(whole, read)
			}
			if err := used(&wholeBefore, &readBefore); err != nil {
				return err
			}
			if err := tx.QueryRow(ctx, "SELECT ids, hits FROM search_page($1, '%son 1234%', 'created_at', true, NULL, NULL, 5, 100)", table).Scan(&ids, &hits); err != nil {
				return err
			}
			err := used(&whole, &read)
			whole, read = whole-wholeBefore, read-readBefore
			if len(ids) != c.ids || hits != c.hits || whole != 0 || read > 2*c.hits {
				t.Errorf("%d ids of %d hits, %d scans of the whole table, %d rows read; want %d of %d", len(ids), hits, whole, read, c.ids, c.hits)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// However a search is read, by the index or along the order, its pages are the
// hits in their order, in both directions.
func searchPages(t *testing.T, d *dbtest.Database, tenant uuid.UUID) {
	ctx := context.Background()
	owner, err := pgx.Connect(ctx, d.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = owner.Close(ctx) }()
	s := &Service{db: d.DB, now: time.Now}
	all := auth.Principal{TenantID: tenant, UserID: uuid.New(), Role: auth.Admin}
	own := auth.Principal{TenantID: tenant, UserID: someOwner(t, d, tenant), Role: auth.Member}
	for _, c := range []struct {
		query, sort string
		p           auth.Principal
	}{
		{"person", "", all}, {"person", "-createdAt", all}, {"person 1", "", all}, {"person 9", "-name", all}, {"person 9", "", all}, {"pe", "updatedAt", all},
		{"son 123", "", all}, {"19999", "", all}, {"@", "email", all}, {"person", "", own}, {"person 7", "-createdAt", own},
	} {
		order, _ := contactList.Order(c.sort)
		dir := "ASC"
		if order.Desc {
			dir = "DESC"
		}
		rows, err := owner.Query(ctx, "SELECT id FROM contacts c WHERE tenant_id = $1 AND search LIKE $2 AND ($3 OR owner_id = $4) ORDER BY "+order.Expr+" "+dir+", id "+dir,
			tenant, listing.SearchPattern(c.query), c.p.ReadScope(auth.Contacts) == auth.ScopeAll, c.p.UserID)
		if err != nil {
			t.Fatal(err)
		}
		want, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		if err != nil {
			t.Fatal(err)
		}
		const pages = 4
		var got []uuid.UUID
		var page ContactPage
		cursor := ""
		read := func(cursor string) []uuid.UUID {
			page, err = s.Contacts(ctx, c.p, ContactFilter{Query: c.query, Sort: c.sort, Cursor: cursor, Limit: 100})
			if err != nil {
				t.Fatalf("%+v: %v", c, err)
			}
			var ids []uuid.UUID
			for _, contact := range page.Contacts {
				ids = append(ids, contact.ID)
			}
			return ids
		}
		last := []uuid.UUID{}
		for range pages {
			last = read(cursor)
			got = append(got, last...)
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		if n := min(len(want), pages*100); !slices.Equal(got, want[:n]) || page.Total != min(len(want), MaxTotal) || page.Capped != (len(want) > MaxTotal) || page.Similar {
			t.Errorf("%s by %s: forward %d of %d, total %d", c.query, order.Key(), len(got), len(want), page.Total)
		}
		back := last
		for page.Prev != "" {
			back = append(read(page.Prev), back...)
		}
		if !slices.Equal(back, got) {
			t.Errorf("%s by %s: backward %d, forward %d", c.query, order.Key(), len(back), len(got))
		}
	}
}

// someOwner makes a person and gives them every tenth contact.
func someOwner(t *testing.T, d *dbtest.Database, tenant uuid.UUID) uuid.UUID {
	t.Helper()
	id := uuid.New()
	d.OwnerExec(t, "INSERT INTO users (id, email, name, password_hash, sessions_valid_after, created_at, updated_at) VALUES ($1, 'own@x.test', 'Own', '', now(), now(), now())", id)
	d.OwnerExec(t, "INSERT INTO memberships (tenant_id, user_id, role, created_at, updated_at) VALUES ($1, $2, 'member', now(), now())", tenant, id)
	d.OwnerExec(t, "UPDATE contacts SET owner_id = $2 WHERE tenant_id = $1 AND last_name LIKE '%7'", tenant, id)
	d.OwnerExec(t, "VACUUM ANALYZE contacts")
	return id
}
