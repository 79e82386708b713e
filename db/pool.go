// Package db is the way to PostgreSQL: the queries that sqlc makes from
// queries/, the pool, the tenant guard, transactions, migrations and the names
// of constraints.
//
// It holds no business rule and imports nothing of PayAid. Whoever uses it says
// for which tenant: Tenant and InTenantTx set the tenant that row level security
// checks; Global and InTx see no tenant's rows at all.
package db

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrBusy tells that no connection became free within the pool's patience.
var ErrBusy = errors.New("db: no connection became free in time")

// Options bound the pool. The zero value is right for one replica.
type Options struct {
	MaxConns       int32         // 20 when zero
	AcquireTimeout time.Duration // wait for a free connection; 1 s when zero
	// Generation keeps the pool to the live database; nil where nobody announces it.
	Generation *Generation
}

// DB is a bounded pool of connections as the role payaid_app.
type DB struct {
	pool       *pgxpool.Pool
	acquire    time.Duration
	generation *Generation
}

// Statements that outlive these limits are ended by the server, so that no
// request holds a connection or a lock for long.
var sessionLimits = map[string]string{
	"statement_timeout":                   "15s",
	"lock_timeout":                        "5s",
	"idle_in_transaction_session_timeout": "15s",
	"jit":                                 "off", // compiling a page's query takes longer than running it
	"application_name":                    "payaid",
	"timezone":                            "UTC",
}

// Open connects to url and checks that the server answers.
func Open(ctx context.Context, url string, o Options) (*DB, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("database URL: %w", err)
	}
	for k, v := range sessionLimits {
		if _, set := cfg.ConnConfig.RuntimeParams[k]; !set {
			cfg.ConnConfig.RuntimeParams[k] = v
		}
	}
	cfg.MaxConns = cmp.Or(o.MaxConns, 20)
	cfg.MaxConnLifetime, cfg.MaxConnLifetimeJitter = 30*time.Minute, 5*time.Minute
	cfg.MaxConnIdleTime = 5 * time.Minute
	cfg.ConnConfig.ConnectTimeout = 5 * time.Second
	cfg.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		useUUIDs(conn)
		return nil
	}
	if o.Generation != nil {
		o.Generation.guardPool(cfg)
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open the database pool: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("reach the database: %w", err)
	}
	d := &DB{pool: pool, acquire: cmp.Or(o.AcquireTimeout, time.Second), generation: o.Generation}
	if o.Generation != nil {
		o.Generation.join(d)
	}
	return d, nil
}

// Pool returns the pool itself, for the job queue, which keeps its own tables.
func (d *DB) Pool() *pgxpool.Pool { return d.pool }

// Close waits for running queries and closes every connection.
func (d *DB) Close() {
	if d.generation != nil {
		d.generation.leave(d)
	}
	d.pool.Close()
}

// Reset closes every connection as soon as it is free. What is under way ends
// undisturbed.
func (d *DB) Reset() { d.pool.Reset() }

// Writable returns nil, or ErrFenced while writes wait for a restore.
func (d *DB) Writable() error { return d.generation.Writable() }

// Live identifies the database that is live as far as this process knows; 0 while
// it does not.
func (d *DB) Live() uint32 { return d.generation.Database() }

// Ping reports whether the database answers.
func (d *DB) Ping(ctx context.Context) error {
	conn, err := d.conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	return conn.Ping(ctx)
}

// Global returns queries without a tenant: for the tables that belong to nobody
// in particular, and for the look-ups made before a tenant is known.
func (d *DB) Global() *Queries { return New(&guard{db: d}) }

// Tenant returns queries that see one tenant. Each query is one round trip.
func (d *DB) Tenant(id uuid.UUID) *Queries { return New(&guard{db: d, tenant: id}) }

// InTx runs fn in one transaction without a tenant: committed when fn returns
// nil, rolled back otherwise.
func (d *DB) InTx(ctx context.Context, fn func(tx pgx.Tx, q *Queries) error) error {
	return d.inTx(ctx, pgx.TxOptions{}, fn)
}

// InTenantTx is InTx for one tenant. The tenant is set in the same round trip
// that begins the transaction.
func (d *DB) InTenantTx(ctx context.Context, id uuid.UUID, fn func(tx pgx.Tx, q *Queries) error) error {
	begin := "BEGIN; SELECT set_config('app.tenant_id', '" + id.String() + "', true)"
	return d.inTx(ctx, pgx.TxOptions{BeginQuery: begin}, fn)
}

func (d *DB) inTx(ctx context.Context, o pgx.TxOptions, fn func(tx pgx.Tx, q *Queries) error) error {
	conn, err := d.conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	return pgx.BeginTxFunc(ctx, conn, o, func(tx pgx.Tx) error { return fn(tx, New(tx)) })
}

// conn takes a connection, or gives up with ErrBusy once the pool's patience is
// over although the caller still has time.
func (d *DB) conn(ctx context.Context) (*pgxpool.Conn, error) {
	wait, cancel := context.WithTimeout(ctx, d.acquire)
	defer cancel()
	conn, err := d.pool.Acquire(wait)
	if err == nil {
		return conn, nil
	}
	if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		return nil, fmt.Errorf("%w (%s)", ErrBusy, d.acquire) // not wrapping err: the caller's time is not over
	}
	return nil, err
}

// ServerVersion returns the version of PostgreSQL, such as "18.4".
func (d *DB) ServerVersion(ctx context.Context) (string, error) {
	var v string
	err := d.pool.QueryRow(ctx, "SHOW server_version").Scan(&v)
	return v, err
}
