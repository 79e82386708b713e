package db

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

var (
	// ErrFenced tells that writes wait for a moment: a restore is about to change
	// which database is live, or this process has not heard for too long that none is.
	ErrFenced = errors.New("db: writes wait for a restore")
	// ErrGeneration tells that a new connection leads to another database than the one
	// that this process was told is live. It lasts until the process has looked again.
	ErrGeneration = errors.New("db: the connection leads to another generation of the database")
)

// lookAgain is how long a new connection to another database than the announced
// one waits for a newer announcement.
const lookAgain = 500 * time.Millisecond

// Live says which of the databases that a restore renames is the live one, and
// whether it takes writes.
type Live struct {
	Database     uint32    // its OID, which renaming does not change; 0: not known, any will do
	FencedUntil  time.Time // writes wait until then; zero: they do not
	TrustedUntil time.Time // without a newer announcement writes wait from then on; zero: never
}

// Generation is what the pools of one process share about the live database. Who
// watches it calls Announce. A Generation that was never announced restricts
// nothing. It is safe for concurrent use.
type Generation struct {
	live   atomic.Pointer[Live]
	wanted chan struct{}

	mu      sync.Mutex // held while pools or changed change
	pools   []*DB
	changed chan struct{} // closed with the next announcement
}

// NewGeneration returns a Generation that restricts nothing yet.
func NewGeneration() *Generation {
	return &Generation{wanted: make(chan struct{}, 1), changed: make(chan struct{})}
}

// Announce says what holds from now on. When another database became live, no
// connection to the old one is used for anything new, and each is closed as soon as
// it is free.
func (g *Generation) Announce(l Live) {
	old := g.live.Swap(&l)
	g.mu.Lock()
	defer g.mu.Unlock()
	close(g.changed)
	g.changed = make(chan struct{})
	if old == nil || old.Database == l.Database {
		return
	}
	for _, d := range g.pools {
		d.Reset()
	}
}

// Wanted receives when a connection met a database that was not announced.
func (g *Generation) Wanted() <-chan struct{} { return g.wanted }

// Database is the OID of the live database, 0 while it is not known.
func (g *Generation) Database() uint32 {
	if g == nil {
		return 0
	}
	l := g.live.Load()
	if l == nil {
		return 0
	}
	return l.Database
}

// Writable returns nil, or ErrFenced while writes wait.
func (g *Generation) Writable() error {
	if g == nil {
		return nil
	}
	l := g.live.Load()
	if l == nil {
		return nil
	}
	now := time.Now()
	if now.Before(l.FencedUntil) || !l.TrustedUntil.IsZero() && now.After(l.TrustedUntil) {
		return ErrFenced
	}
	return nil
}

// guardPool makes a pool use connections to the live database only.
func (g *Generation) guardPool(cfg *pgxpool.Config) {
	prepare := cfg.AfterConnect
	cfg.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		return errors.Join(prepare(ctx, conn), g.check(ctx, conn))
	}
	cfg.PrepareConn = func(_ context.Context, conn *pgx.Conn) (bool, error) {
		live := g.Database()
		return live == 0 || madeIn(conn) == live, nil
	}
}

// generationKey is where a connection keeps the OID of its database.
const generationKey = "payaid.generation"

func madeIn(conn *pgx.Conn) uint32 {
	oid, _ := conn.PgConn().CustomData()[generationKey].(uint32) // 0 is no database's
	return oid
}

// check asks a new connection which database it leads to. During a swap it may be
// the first to know of a new one: then the announcement is called for.
func (g *Generation) check(ctx context.Context, conn *pgx.Conn) error {
	var oid uint32
	if err := conn.QueryRow(ctx, "SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()").Scan(&oid); err != nil {
		return fmt.Errorf("ask which database this is: %w", err)
	}
	conn.PgConn().CustomData()[generationKey] = oid
	patience := time.NewTimer(lookAgain)
	defer patience.Stop()
	for {
		g.mu.Lock()
		changed := g.changed
		g.mu.Unlock()
		if live := g.Database(); live == 0 || live == oid {
			return nil
		}
		select {
		case g.wanted <- struct{}{}:
		default: // somebody has called already
		}
		select {
		case <-changed:
		case <-patience.C:
			return ErrGeneration
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (g *Generation) join(d *DB) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pools = append(g.pools, d)
}

func (g *Generation) leave(d *DB) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pools = slices.DeleteFunc(g.pools, func(other *DB) bool { return other == d })
}
