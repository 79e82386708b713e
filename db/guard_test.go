package db_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"payaid/db"
	"payaid/internal/dbtest"
)

// everyContact forgets its WHERE on purpose.
const everyContact = "SELECT first_name FROM contacts ORDER BY 1"

func names(t *testing.T, q *db.Queries) []string {
	t.Helper()
	rows, err := db.Raw(q).Query(context.Background(), everyContact)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestAForgottenWhereSeesOneTenantOnly(t *testing.T) {
	d := dbtest.New(t)
	a, b := newTenant(t, d, "a"), newTenant(t, d, "b")
	one := narrow(t, d.AppURL, db.Options{MaxConns: 1}) // every query on the same connection
	ctx := context.Background()
	for _, c := range []struct {
		who  string
		q    *db.Queries
		want []string
	}{
		{"nobody, on a fresh connection", one.Global(), nil},
		{"a", one.Tenant(a), []string{"a"}},
		{"b", one.Tenant(b), []string{"b"}},
		{"nobody, after b on the same connection", one.Global(), nil},
		{"a tenant that does not exist", one.Tenant(uuid.New()), nil},
	} {
		if got := names(t, c.q); !slices.Equal(got, c.want) {
			t.Errorf("%s sees %v, want %v", c.who, got, c.want)
		}
	}
	err := one.InTenantTx(ctx, a, func(_ pgx.Tx, q *db.Queries) error {
		if got := names(t, q); !slices.Equal(got, []string{"a"}) {
			t.Errorf("a's transaction sees %v", got)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = one.InTx(ctx, func(_ pgx.Tx, q *db.Queries) error {
		if got := names(t, q); len(got) != 0 {
			t.Errorf("a transaction of nobody sees %v", got)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAForgottenWhereWritesOneTenantOnly(t *testing.T) {
	d := dbtest.New(t)
	a := newTenant(t, d, "a")
	newTenant(t, d, "b")
	ctx := context.Background()
	for _, c := range []struct {
		q    *db.Queries
		want int64
	}{{d.Tenant(a), 1}, {d.Global(), 0}} {
		tag, err := db.Raw(c.q).Exec(ctx, "UPDATE contacts SET notes = 'reached'")
		if err != nil || tag.RowsAffected() != c.want {
			t.Errorf("the update reached %d rows (%v), want %d", tag.RowsAffected(), err, c.want)
		}
	}
	owner := connect(t, d.OwnerURL)
	if got := column[string](t, owner, "SELECT first_name FROM contacts WHERE notes = 'reached'"); !slices.Equal(got, []string{"a"}) {
		t.Errorf("reached: %v", got)
	}
}

func TestARowOfAnotherTenantIsRefused(t *testing.T) {
	d := dbtest.New(t)
	a, b := newTenant(t, d, "a"), newTenant(t, d, "b")
	ctx := context.Background()
	const insert = "INSERT INTO teams (tenant_id, id, name, created_at) VALUES ($1, gen_random_uuid(), 'T', now())"
	for who, q := range map[string]*db.Queries{"another tenant": d.Tenant(a), "nobody": d.Global()} {
		if _, err := db.Raw(q).Exec(ctx, insert, b); db.Code(err) != "42501" {
			t.Errorf("insert by %s: %v, want it refused", who, err)
		}
		var n int
		if err := db.Raw(q).QueryRow(ctx, insert+" RETURNING 1", b).Scan(&n); db.Code(err) != "42501" {
			t.Errorf("insert with an answer by %s: %v, want it refused", who, err)
		}
	}
	if _, err := db.Raw(d.Tenant(a)).Exec(ctx, "UPDATE contacts SET tenant_id = $1", b); db.Code(err) != "42501" {
		t.Errorf("moving a row to another tenant: %v, want it refused", err)
	}
	if _, err := db.Raw(d.Tenant(b)).Exec(ctx, insert, b); err != nil {
		t.Errorf("insert by the tenant itself: %v", err)
	}
}

func TestNoTenantStaysOnTheConnection(t *testing.T) {
	d := dbtest.New(t)
	a := newTenant(t, d, "a")
	one := narrow(t, d.AppURL, db.Options{MaxConns: 1})
	ctx := context.Background()
	errBoom := errors.New("boom")
	for name, use := range map[string]func() error{
		"a query": func() error { names(t, one.Tenant(a)); return nil },
		"a statement": func() error {
			_, err := db.Raw(one.Tenant(a)).Exec(ctx, "UPDATE contacts SET notes = 'x'")
			return err
		},
		"rows closed early": func() error {
			rows, err := db.Raw(one.Tenant(a)).Query(ctx, "SELECT generate_series(1, 100)")
			if err == nil {
				rows.Next()
				rows.Close()
			}
			return err
		},
		"a query that fails": func() error {
			_, err := db.Raw(one.Tenant(a)).Exec(ctx, "SELECT 1/0")
			if db.Code(err) != "22012" {
				t.Errorf("got %v", err)
			}
			return nil
		},
		"a transaction": func() error {
			return one.InTenantTx(ctx, a, func(pgx.Tx, *db.Queries) error { return nil })
		},
		"a transaction rolled back": func() error {
			if err := one.InTenantTx(ctx, a, func(pgx.Tx, *db.Queries) error { return errBoom }); !errors.Is(err, errBoom) {
				return err
			}
			return nil
		},
	} {
		if err := use(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var left bool
		if err := db.Raw(one.Global()).QueryRow(ctx, "SELECT app_tenant() IS NOT NULL").Scan(&left); err != nil || left {
			t.Errorf("after %s the connection has a tenant: %v (%v)", name, left, err)
		}
	}
}

// One sequence of writes, then reads, on the wire is one round trip.
func TestAGuardedQueryIsOneRoundTrip(t *testing.T) {
	d := dbtest.New(t)
	a := newTenant(t, d, "a")
	url, turns := countTurns(t, d.AppURL)
	one := narrow(t, url, db.Options{MaxConns: 1})
	ctx := context.Background()
	run := map[string]func(){
		"query": func() { names(t, one.Tenant(a)) },
		"exec": func() {
			if _, err := db.Raw(one.Tenant(a)).Exec(ctx, "UPDATE contacts SET notes = ''"); err != nil {
				t.Error(err)
			}
		},
		"row": func() {
			var n int
			if err := db.Raw(one.Tenant(a)).QueryRow(ctx, "SELECT count(*) FROM contacts").Scan(&n); err != nil || n != 1 {
				t.Error(n, err)
			}
		},
	}
	for name, f := range run {
		f() // prepares the statements
		before := turns.Load()
		f()
		if got := turns.Load() - before; got != 1 {
			t.Errorf("%s took %d round trips, want 1", name, got)
		}
	}
	// The tenant comes with BEGIN: nothing, then COMMIT.
	begin := func() {
		if err := one.InTenantTx(ctx, a, func(pgx.Tx, *db.Queries) error { return nil }); err != nil {
			t.Error(err)
		}
	}
	begin()
	before := turns.Load()
	begin()
	if got := turns.Load() - before; got != 2 {
		t.Errorf("an empty transaction took %d round trips, want 2", got)
	}
}

func TestAMigrationsUpdateReachesEveryTenant(t *testing.T) {
	d := dbtest.New(t)
	newTenant(t, d, "a")
	newTenant(t, d, "b")
	owner := connect(t, d.OwnerURL)
	tag, err := owner.Exec(context.Background(), "UPDATE contacts SET notes = 'migrated'")
	if err != nil || tag.RowsAffected() != 2 {
		t.Fatalf("reached %d rows (%v), want 2", tag.RowsAffected(), err)
	}
	backup := connect(t, d.BackupURL)
	if got := column[string](t, backup, everyContact); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("a backup would hold %v", got)
	}
	if _, err := backup.Exec(context.Background(), "DELETE FROM contacts"); db.Code(err) != "42501" {
		t.Errorf("the backup's role may write: %v", err)
	}
}

func TestAFullPoolIsBusyAndRecovers(t *testing.T) {
	d := dbtest.New(t)
	a := newTenant(t, d, "a")
	patience := 50 * time.Millisecond
	one := narrow(t, d.AppURL, db.Options{MaxConns: 1, AcquireTimeout: patience})
	ctx := context.Background()
	rows, err := db.Raw(one.Tenant(a)).Query(ctx, everyContact) // holds the only connection
	if err != nil {
		t.Fatal(err)
	}
	calls := map[string]func(context.Context) error{
		"query": func(ctx context.Context) error {
			_, err := db.Raw(one.Tenant(a)).Query(ctx, everyContact)
			return err
		},
		"row": func(ctx context.Context) error {
			var s string
			return db.Raw(one.Global()).QueryRow(ctx, "SELECT ''").Scan(&s)
		},
		"exec": func(ctx context.Context) error {
			_, err := db.Raw(one.Tenant(a)).Exec(ctx, "SELECT 1")
			return err
		},
		"transaction": func(ctx context.Context) error {
			return one.InTenantTx(ctx, a, func(pgx.Tx, *db.Queries) error { return nil })
		},
		"ping": one.Ping,
	}
	for name, call := range calls {
		start := time.Now()
		err := call(ctx)
		if !errors.Is(err, db.ErrBusy) || !db.IsUnavailable(err) || db.IsTimeout(err) {
			t.Errorf("%s: %v; unavailable %v, timeout %v", name, err, db.IsUnavailable(err), db.IsTimeout(err))
		}
		if took := time.Since(start); took < patience || took > 20*patience {
			t.Errorf("%s gave up after %s, its patience is %s", name, took, patience)
		}
	}
	short, cancel := context.WithTimeout(ctx, patience/5)
	defer cancel()
	if err := calls["query"](short); errors.Is(err, db.ErrBusy) || !db.IsTimeout(err) {
		t.Errorf("the caller's own time ran out first: %v", err)
	}
	rows.Close()
	for name, call := range calls {
		if name == "query" {
			continue // would hold the connection again
		}
		if err := call(ctx); err != nil {
			t.Errorf("%s after the pool is free: %v", name, err)
		}
	}
	if n := one.Pool().Stat().AcquiredConns(); n != 0 {
		t.Errorf("%d connections were not given back", n)
	}
}

func TestALostConnectionIsUnavailableAndThePoolRecovers(t *testing.T) {
	d := dbtest.New(t)
	a := newTenant(t, d, "a")
	one := narrow(t, d.AppURL, db.Options{MaxConns: 1})
	ctx := context.Background()
	_, err := db.Raw(one.Tenant(a)).Exec(ctx, "SELECT pg_terminate_backend(pg_backend_pid())")
	if !db.IsUnavailable(err) {
		t.Errorf("got %v, want it unavailable", err)
	}
	if got := names(t, one.Tenant(a)); !slices.Equal(got, []string{"a"}) {
		t.Errorf("after the loss: %v", got)
	}
}
