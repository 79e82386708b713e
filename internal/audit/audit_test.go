package audit

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

func TestDifferencesOfTwoSnapshots(t *testing.T) {
	for name, c := range map[string]struct {
		before, after string
		want          []Change
	}{
		"made":          {``, `{"name":"A","tags":[],"version":1}`, []Change{{"name", "", "A"}}},
		"changed":       {`{"name":"A","version":1,"b":true}`, `{"name":"B","version":2,"b":true}`, []Change{{"name", "A", "B"}}},
		"gone":          {`{"name":"A","ok":false}`, ``, []Change{{"name", "A", ""}, {"ok", "no", ""}}},
		"lists":         {`{"tags":["a"]}`, `{"tags":["a","b"]}`, []Change{{"tags", "a", "a, b"}}},
		"objects":       {`{"s":{}}`, `{"s":{"contacts":"own","a":null}}`, []Change{{"s", "", "a: , contacts: own"}}},
		"large numbers": {`{"paise":9007199254740993}`, `{"paise":9007199254740992}`, []Change{{"paise", "9007199254740993", "9007199254740992"}}},
		"ids of names":  {`{"owner":"A","ownerId":"1","fooId":"1"}`, `{"owner":"B","ownerId":"2","fooId":"2"}`, []Change{{"fooId", "1", "2"}, {"owner", "A", "B"}}},
		"no object":     {``, `"x"`, []Change{{"value", "", "x"}}},
		"nothing":       {``, ``, nil},
	} {
		got, err := differences([]byte(c.before), []byte(c.after))
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if _, err := differences([]byte("{"), nil); err == nil {
		t.Error("a broken snapshot passes")
	}
}

// log fills the log of two tenants with n entries each, one a minute from start.
func log(t *testing.T, n int) (d *dbtest.Database, mine auth.Principal, actor uuid.UUID, start time.Time) {
	t.Helper()
	d, actor, start = dbtest.New(t), uuid.New(), time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for _, slug := range []string{"theirs", "mine"} {
		id := uuid.Must(uuid.NewV7())
		d.OwnerExec(t, "INSERT INTO tenants (id, slug, name, created_at, updated_at) VALUES ($1, $2, $2, now(), now())", id, slug)
		d.OwnerExec(t, `INSERT INTO audit_entries (tenant_id, id, at, actor_id, actor_kind, actor_name, action, entity, entity_id, after)
			SELECT $1, gen_random_uuid(), $2::timestamptz + i * interval '1 minute', CASE WHEN i % 100 = 0 THEN $3::uuid END, 'user', $4,
			       CASE WHEN i % 100 = 1 THEN 'team.create' ELSE 'contact.update' END, CASE WHEN i % 100 = 1 THEN 'team' ELSE 'contact' END, gen_random_uuid(), '{"a":1}'
			FROM generate_series(0, $5::int - 1) i`, id, start, actor, slug, n)
		mine = auth.Principal{TenantID: id, UserID: uuid.New(), Role: auth.Admin}
	}
	d.OwnerExec(t, "VACUUM ANALYZE audit_entries")
	return d, mine, actor, start
}

func TestTheLogIsFilteredAndPaged(t *testing.T) {
	d, p, actor, start := log(t, 300)
	s, ctx := New(d.DB), context.Background()
	for name, c := range map[string]struct {
		f    Filter
		want int
	}{
		"all":           {Filter{Limit: 100}, 300},
		"one actor":     {Filter{Actor: actor}, 3},
		"one action":    {Filter{Action: "team.create"}, 3},
		"one entity":    {Filter{Entity: "team", Limit: 1}, 3},
		"one record":    {Filter{EntityID: uuid.New()}, 0},
		"half an hour":  {Filter{From: start, To: start.Add(30 * time.Minute), Limit: 7}, 30},
		"both together": {Filter{Actor: actor, Action: "team.create"}, 0},
	} {
		n, last := 0, start.AddDate(1, 0, 0)
		for {
			page, err := s.Entries(ctx, p, c.f)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, e := range page.Entries {
				if e.Actor != "mine" || !e.At.Before(last) || e.Exists || len(e.Changes) != 1 {
					t.Errorf("%s: %+v", name, e)
				}
				last = e.At
			}
			n += len(page.Entries)
			if c.f.Cursor = page.Next; page.Next == "" {
				break
			}
		}
		if n != c.want {
			t.Errorf("%s: %d entries, want %d", name, n, c.want)
		}
	}
}

func TestWhoMayNotReadTheLog(t *testing.T) {
	d, p, _, start := log(t, 1)
	s, ctx := New(d.DB), context.Background()
	manager := p
	manager.Role = auth.Manager
	if _, err := s.Entries(ctx, manager, Filter{}); !apperr.Is(err, apperr.NoPermission) {
		t.Errorf("a manager: %v", err)
	}
	for field, f := range map[string]Filter{
		"limit": {Limit: 101}, "action": {Action: "a\x00"}, "entity": {Entity: strings.Repeat("e", 101)}, "to": {From: start, To: start}, "cursor": {Cursor: "x"},
	} {
		if _, err := s.Entries(ctx, p, f); apperr.From(err).Field(field) == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// A page of a long log, first or deep, is read from an index in its order.
func TestPlansForALongLog(t *testing.T) {
	d, p, actor, start := log(t, 20_000)
	ctx := context.Background()
	deep := &db.Cursor{Sort: newest.Key(), Value: start.Add(10_000 * time.Minute).Format(time.RFC3339), ID: uuid.Max}
	for name, c := range map[string]struct {
		f     Filter
		index string
	}{
		"all":        {Filter{}, "audit_entries_tenant_id_at_idx"},
		"one actor":  {Filter{Actor: actor}, "audit_entries_tenant_id_actor_id_idx"},
		"one action": {Filter{Action: "team.create"}, "audit_entries_tenant_id_action_idx"},
	} {
		for _, at := range []*db.Cursor{nil, deep} {
			err := d.InTenantTx(ctx, p.TenantID, func(tx pgx.Tx, _ *db.Queries) error {
				e := &explained{Tx: tx}
				rows, _, _, err := db.Page[row](ctx, db.New(e), c.f.list(p.TenantID), newest, at, 25)
				if err == nil && (len(rows) != 25 || !strings.Contains(e.plan, c.index) || strings.Contains(e.plan, "Sort")) {
					t.Errorf("%s: %d rows\n%s", name, len(rows), e.plan)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// explained is a transaction that keeps the plan of its query.
type explained struct {
	pgx.Tx
	plan string
}

// Query implements db.DBTX.
func (e *explained) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	rows, err := e.Tx.Query(ctx, "EXPLAIN (COSTS OFF) "+sql, args...)
	if err != nil {
		return nil, err
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, err
	}
	e.plan = strings.Join(lines, "\n")
	return e.Tx.Query(ctx, sql, args...)
}
