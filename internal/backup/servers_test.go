package backup_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"payaid/db"
	"payaid/internal/backup"
	"payaid/internal/dbtest"
)

// A prepared transaction belongs to nobody whose connection could be ended: the
// restore waits for it and gives up without anybody else having noticed.
func TestAPreparedTransactionStopsARestore(t *testing.T) {
	t.Parallel()
	server := dbtest.NewServer(t, t.TempDir(), "max_prepared_transactions = 5")
	f := newFixtureOn(t, server.New(t))
	b := f.create(t, backup.Manual)
	f.addContact(t, "Later")
	impatient := func(o *backup.Options) { o.SwapPatience = time.Second }
	prepare := func(name string) {
		conn, err := pgx.Connect(context.Background(), f.db.OwnerURL)
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.Close(context.Background()) }()
		for _, sql := range []string{"BEGIN", "UPDATE contacts SET notes = 'x' WHERE first_name = 'Later'", "PREPARE TRANSACTION '" + name + "'"} {
			if _, err := conn.Exec(context.Background(), sql); err != nil {
				t.Errorf("%s: %v", sql, err)
			}
		}
	}
	prepare("forgotten")
	r, err := f.service(impatient).Restore(t.Context(), b.ID)
	if err == nil || !strings.Contains(err.Error(), "the prepared transaction forgotten") || r.State != backup.StateFailed {
		t.Errorf("%+v, %v", r, err)
	}
	f.wantUntouched(t)
	f.exec(t, f.db.OwnerURL, "ROLLBACK PREPARED 'forgotten'")
	// One that comes between the look and the swap is in the way there.
	begun := time.Now()
	late := false
	_, err = f.service(impatient, func(o *backup.Options) {
		o.Progress = func(line string) {
			if line == string(backup.StateSwap) && !late {
				late = true
				prepare("late")
			}
		}
	}).Restore(t.Context(), b.ID)
	if err == nil || !strings.Contains(err.Error(), "SWAP: ") {
		t.Errorf("%v", err)
	}
	t.Logf("the restore gave up after %s", time.Since(begun).Round(time.Millisecond))
	f.wantUntouched(t)
	f.exec(t, f.db.OwnerURL, "ROLLBACK PREPARED 'late'")
	f.restore(t, b.ID)
}

// On a standby nobody is sent away by the renaming: who was connected there reads on
// in the old database. A pool that knows which database is live does not.
func TestAPoolOnAStandbyReadsNothingOldAfterTheSwitch(t *testing.T) {
	t.Parallel()
	primary := dbtest.NewServer(t, t.TempDir())
	f := newFixtureOn(t, primary.New(t))
	b := f.create(t, backup.Manual)
	f.addContact(t, "Later")
	standby := primary.NewStandby(t, t.TempDir())
	appURL, ownerURL := standby.On(f.db.AppURL), standby.On(f.db.OwnerURL)
	f.awaitReplayed(t, ownerURL)
	watched := f.replica(t, true) // looks at the primary, and tells the pool
	pool, err := db.Open(t.Context(), appURL, db.Options{MaxConns: 2, AcquireTimeout: 5 * time.Second, Generation: watched.generation})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	old, err := pgx.Connect(t.Context(), ownerURL) // of a program that looks at no generation
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = old.Close(context.Background()) }()
	const later = "SELECT count(*) FROM contacts WHERE first_name = 'Later'"
	read := func() (n int64, err error) {
		return n, pool.InTenantTx(t.Context(), f.tenants[0], func(tx pgx.Tx, _ *db.Queries) error {
			return tx.QueryRow(t.Context(), later).Scan(&n)
		})
	}
	if n, err := read(); n != 1 || err != nil {
		t.Fatalf("before: %d, %v", n, err)
	}
	before := watched.generation.Database()
	f.restore(t, b.ID)
	for deadline := time.Now().Add(10 * time.Second); watched.generation.Database() == before; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the switch was not announced")
		}
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		n, err := read()
		if n != 0 {
			t.Fatal("the pool reads what was replaced")
		}
		if err == nil {
			break // the standby has followed
		}
		if !db.IsUnavailable(err) || time.Now().After(deadline) {
			t.Fatalf("%v", err)
		}
	}
	f.awaitReplayed(t, ownerURL)
	var n int64
	if err := old.QueryRow(t.Context(), later).Scan(&n); err != nil || n != 1 {
		t.Errorf("a connection from before sees %d, %v: then this test proves nothing", n, err)
	}
}

// awaitReplayed waits until the standby has everything that the primary has.
func (f *fixture) awaitReplayed(t *testing.T, standbyURL string) {
	t.Helper()
	lsn := dbtest.Column[string](t, f.db.OwnerURL, "SELECT pg_current_wal_lsn()::text")[0]
	for deadline := time.Now().Add(30 * time.Second); !dbtest.Column[bool](t, standbyURL, "SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn", lsn)[0]; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the standby does not follow")
		}
	}
}
