package db_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"payaid/db"
	"payaid/internal/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// newTenant makes a tenant with one contact, named after it, and returns its id.
func newTenant(t *testing.T, d *dbtest.Database, slug string) uuid.UUID {
	t.Helper()
	id := uuid.Must(uuid.NewV7())
	d.OwnerExec(t, "INSERT INTO tenants (id, slug, name, created_at, updated_at) VALUES ($1, $2, $2, now(), now())", id, slug)
	d.OwnerExec(t, "INSERT INTO contacts (tenant_id, id, first_name, created_at, updated_at) VALUES ($1, gen_random_uuid(), $2, now(), now())", id, slug)
	return id
}

// connect opens one connection of its own, as the role in url.
func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// column returns the first column of every row.
func column[T any](t *testing.T, conn *pgx.Conn, sql string, args ...any) []T {
	t.Helper()
	rows, err := conn.Query(context.Background(), sql, args...)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[T])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return out
}

// inTenant runs fn in a transaction as the app, for one tenant.
func inTenant(d *dbtest.Database, tenant uuid.UUID, fn func(ctx context.Context, tx pgx.Tx) error) error {
	ctx := context.Background()
	return d.InTenantTx(ctx, tenant, func(tx pgx.Tx, _ *db.Queries) error { return fn(ctx, tx) })
}

// narrow opens a pool of so many connections on the test's database.
func narrow(t *testing.T, url string, o db.Options) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}
