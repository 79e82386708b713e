package db_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"payaid/db"
	"payaid/internal/dbtest"
)

// oidOf tells which database a pool leads to.
func oidOf(t *testing.T, d *db.DB) (oid uint32) {
	t.Helper()
	if err := d.Pool().QueryRow(t.Context(), "SELECT oid FROM pg_database WHERE datname = current_database()").Scan(&oid); err != nil {
		t.Fatal(err)
	}
	return oid
}

func TestAPoolKeepsToTheLiveDatabase(t *testing.T) {
	d := dbtest.New(t)
	g := db.NewGeneration()
	pool, err := db.Open(t.Context(), d.AppURL, db.Options{MaxConns: 2, Generation: g})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	oid := oidOf(t, pool)
	if err := pool.Writable(); err != nil || pool.Live() != 0 {
		t.Errorf("before any announcement: %v, %d", err, pool.Live())
	}
	g.Announce(db.Live{Database: oid})
	if err := pool.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	// Another one is live: neither the kept connection nor a new one is used.
	g.Announce(db.Live{Database: oid + 1})
	if err := pool.Ping(t.Context()); !errors.Is(err, db.ErrGeneration) || !db.IsUnavailable(err) {
		t.Errorf("with another live database: %v", err)
	}
	select {
	case <-g.Wanted():
	default:
		t.Error("nobody is asked to look again")
	}
	// A connection that is made right before the announcement waits for it.
	go func() {
		<-g.Wanted()
		time.Sleep(50 * time.Millisecond)
		g.Announce(db.Live{Database: oid})
	}()
	if err := pool.Ping(t.Context()); err != nil {
		t.Errorf("once it is announced: %v", err)
	}
}

func TestWritesWaitForAFence(t *testing.T) {
	now := time.Now()
	for name, tt := range map[string]struct {
		live  db.Live
		waits bool
	}{
		"nothing said":      {db.Live{}, false},
		"fenced":            {db.Live{FencedUntil: now.Add(time.Minute)}, true},
		"a lapsed fence":    {db.Live{FencedUntil: now.Add(-time.Second)}, false},
		"trusted":           {db.Live{TrustedUntil: now.Add(time.Minute)}, false},
		"trusted no longer": {db.Live{TrustedUntil: now.Add(-time.Second)}, true},
	} {
		g := db.NewGeneration()
		g.Announce(tt.live)
		if err := g.Writable(); errors.Is(err, db.ErrFenced) != tt.waits {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := (*db.Generation)(nil).Writable(); err != nil {
		t.Errorf("where nobody announces: %v", err)
	}
}

// A connection in use while another database becomes live is not used again.
func TestAConnectionInUseIsNotUsedAgain(t *testing.T) {
	d := dbtest.New(t)
	g := db.NewGeneration()
	pool, err := db.Open(t.Context(), d.AppURL, db.Options{MaxConns: 1, Generation: g})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	oid := oidOf(t, pool)
	g.Announce(db.Live{Database: oid})
	conn, err := pool.Pool().Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	first := conn.Conn().PgConn().PID()
	g.Announce(db.Live{Database: oid + 1})
	g.Announce(db.Live{Database: oid})
	conn.Release()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if conn, err = pool.Pool().Acquire(ctx); err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	if conn.Conn().PgConn().PID() == first {
		t.Error("it is the same one")
	}
}
