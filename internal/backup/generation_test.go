package backup_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"payaid/db"
	"payaid/internal/backup"
)

// replica is a process with its pool and its watcher.
type replica struct {
	*db.DB
	generation *db.Generation
	watcher    *backup.Watcher
	fenced     chan bool
}

func (f *fixture) replica(t *testing.T, start bool) *replica {
	t.Helper()
	r := &replica{generation: db.NewGeneration(), fenced: make(chan bool, 100)}
	var err error
	r.DB, err = db.Open(t.Context(), f.db.AppURL, db.Options{MaxConns: 4, AcquireTimeout: 5 * time.Second, Generation: r.generation})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	r.watcher, err = backup.NewWatcher(backup.WatchOptions{
		AppURL: f.db.AppURL, Generation: r.generation, Log: slog.New(slog.DiscardHandler), Lease: 3 * time.Second, Fenced: func(is bool) { r.fenced <- is },
	})
	if err != nil {
		t.Fatal(err)
	}
	if start {
		r.watcher.Start(t.Context())
		t.Cleanup(r.watcher.Close)
	}
	return r
}

func (r *replica) write(ctx context.Context, tenant uuid.UUID, name string) error {
	if err := r.Writable(); err != nil {
		return err
	}
	return r.InTenantTx(ctx, tenant, func(tx pgx.Tx, _ *db.Queries) error {
		_, err := tx.Exec(ctx, `INSERT INTO contacts (tenant_id, id, first_name, created_at, updated_at) VALUES ($1, gen_random_uuid(), $2, now(), now())`, tenant, name)
		return err
	})
}

func newKey(t *testing.T) string {
	t.Helper()
	var file strings.Builder
	if _, err := backup.Keygen(&file, time.Now()); err != nil {
		t.Fatal(err)
	}
	return file.String()
}

// Where nobody ever migrated, no restore can be under way, and nothing waits.
func TestWithoutAnOperationsDatabaseNothingWaits(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	r := f.replica(t, true)
	if err := errors.Join(r.write(t.Context(), f.tenants[0], "New"), r.watcher.Check(t.Context())); err != nil {
		t.Error(err)
	}
}

// A process that does not hear of the swap uses nothing of the new database, and
// one that cannot look for longer than the lease takes no writes.
func TestAReplicaThatMissedTheAnnouncementRefuses(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.create(t, backup.Manual)
	r := f.replica(t, true)
	if err := r.write(t.Context(), f.tenants[0], "Later"); err != nil {
		t.Fatal(err)
	}
	r.watcher.Close() // it is cut off now, and still trusts what it knew
	f.restore(t, b.ID)
	if err := r.write(t.Context(), f.tenants[0], "Lost"); err == nil || !errors.Is(err, db.ErrFenced) && !db.IsUnavailable(err) {
		t.Errorf("a write: %v", err)
	}
	if err := r.Ping(t.Context()); !errors.Is(err, db.ErrGeneration) {
		t.Errorf("is it ready: %v", err)
	}
	time.Sleep(3 * time.Second)
	if err := r.Writable(); !errors.Is(err, db.ErrFenced) {
		t.Errorf("after the lease: %v", err)
	}
	again := f.replica(t, true)
	if err := again.write(t.Context(), f.tenants[0], "New"); err != nil {
		t.Error(err)
	}
	if f.hasContact(t, f.db.OwnerURL, "Lost") {
		t.Error("it wrote")
	}
}
