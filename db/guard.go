package db

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// guard runs each query on a pooled connection. With a tenant it sends
// set_config and the query as one batch: one round trip and one implicit
// transaction, after which the setting is gone again.
type guard struct {
	db     *DB
	tenant uuid.UUID // uuid.Nil: no tenant, row level security shows nothing
	once   bool      // statements are planned once, for whatever parameters
}

const (
	setTenant     = "SELECT set_config('app.tenant_id', $1, true)"
	setTenantOnce = "SELECT set_config('app.tenant_id', $1, true), set_config('plan_cache_mode', 'force_generic_plan', true)"
)

// plannedOnce returns queries of the same tenant for statements whose best plan is the
// same whatever their parameters are. PostgreSQL would plan those with a cursor anew
// each time: with its value known, the rest of the list always looks shorter. In a
// transaction it decides by itself.
func (q *Queries) plannedOnce() *Queries {
	g, ok := q.db.(*guard)
	if !ok || g.tenant == uuid.Nil {
		return q
	}
	return New(&guard{db: g.db, tenant: g.tenant, once: true})
}

// Exec implements DBTX.
func (g *guard) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	conn, err := g.db.conn(ctx)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	defer conn.Release()
	if g.tenant == uuid.Nil {
		return conn.Exec(ctx, sql, args...)
	}
	br := g.send(ctx, conn, sql, args)
	defer func() { _ = br.Close() }()
	if _, err := br.Exec(); err != nil {
		return pgconn.CommandTag{}, err
	}
	tag, err := br.Exec()
	if err != nil {
		return tag, err
	}
	// The implicit transaction commits when the batch ends: an error may come only then.
	return tag, br.Close()
}

// Query implements DBTX.
func (g *guard) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	conn, err := g.db.conn(ctx)
	if err != nil {
		return nil, err
	}
	if g.tenant == uuid.Nil {
		rows, err := conn.Query(ctx, sql, args...)
		if err != nil {
			conn.Release()
			return nil, err
		}
		return &guardedRows{Rows: rows, conn: conn}, nil
	}
	br := g.send(ctx, conn, sql, args)
	if _, err := br.Exec(); err != nil {
		_ = br.Close()
		conn.Release()
		return nil, err
	}
	rows, err := br.Query()
	if err != nil {
		_ = br.Close()
		conn.Release()
		return nil, err
	}
	return &guardedRows{Rows: rows, batch: br, conn: conn}, nil
}

// QueryRow implements DBTX.
func (g *guard) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	rows, err := g.Query(ctx, sql, args...)
	return guardedRow{rows: rows, err: err}
}

func (g *guard) send(ctx context.Context, conn *pgxpool.Conn, sql string, args []any) pgx.BatchResults {
	set := setTenant
	if g.once {
		set = setTenantOnce
	}
	b := &pgx.Batch{}
	b.Queue(set, g.tenant.String())
	b.Queue(sql, args...)
	return conn.SendBatch(ctx, b)
}

// guardedRows gives the connection back when the rows are closed, which Next
// does by itself at the end.
type guardedRows struct {
	pgx.Rows
	batch pgx.BatchResults // nil without a tenant
	conn  *pgxpool.Conn    // nil once released
	err   error
}

// Next closes the rows when there are no more.
func (r *guardedRows) Next() bool {
	if r.Rows.Next() {
		return true
	}
	r.Close()
	return false
}

// Close ends the batch and releases the connection; it may be called twice.
func (r *guardedRows) Close() {
	r.Rows.Close()
	if r.conn == nil {
		return
	}
	if r.batch != nil {
		r.err = r.batch.Close()
	}
	r.conn.Release()
	r.conn = nil
}

// Err returns the error of the rows, else that of the batch's end.
func (r *guardedRows) Err() error {
	if err := r.Rows.Err(); err != nil {
		return err
	}
	return r.err
}

type guardedRow struct {
	rows pgx.Rows
	err  error
}

// Scan reads the only row, or returns pgx.ErrNoRows.
func (r guardedRow) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return pgx.ErrNoRows
	}
	if err := r.rows.Scan(dest...); err != nil {
		return err
	}
	r.rows.Close()
	return r.rows.Err()
}
