package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"payaid/db"
	"payaid/internal/dbtest"
	"payaid/internal/jobs"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

func addTenant(t *testing.T, d *dbtest.Database, slug string) uuid.UUID {
	t.Helper()
	id := uuid.Must(uuid.NewV7())
	d.OwnerExec(t, "INSERT INTO tenants (id, slug, name, created_at, updated_at) VALUES ($1, $2, $2, now(), now())", id, slug)
	return id
}

func create(ctx context.Context, t *testing.T, d *db.DB, tenant uuid.UUID, also func(pgx.Tx, uuid.UUID) error) uuid.UUID {
	t.Helper()
	id := uuid.Must(uuid.NewV7())
	err := d.InTenantTx(ctx, tenant, func(tx pgx.Tx, q *db.Queries) error {
		p := jobs.Progress{ID: id, Kind: "test.count", Total: 10, CreatedAt: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)}
		if err := jobs.CreateProgress(ctx, q, tenant, p); err != nil || also == nil {
			return err
		}
		return also(tx, id)
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestProgressGoesFromQueuedToItsEnd(t *testing.T) {
	d := dbtest.New(t)
	ctx := context.Background()
	acme, other := addTenant(t, d, "acme"), addTenant(t, d, "other")
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	id := create(ctx, t, d.DB, acme, nil)
	r := jobs.NewReporter(d.DB, func() time.Time { return now }, acme, id)
	want := func(step, status string, done, total int64, message string, finished bool) {
		t.Helper()
		p, err := jobs.GetProgress(ctx, d.DB, acme, id)
		if err != nil || p.Status != status || p.Done != done || p.Total != total || p.Message != message || (p.FinishedAt != nil) != finished {
			t.Errorf("%s: %+v (%v)", step, p, err)
		}
	}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	want("created", jobs.Queued, 0, 10, "", false)
	check(r.Running(ctx))
	want("running", jobs.Running, 0, 10, "", false)
	now = now.Add(100 * time.Millisecond)
	check(r.Report(ctx, 1, 10))
	want("reported too soon", jobs.Running, 0, 10, "", false)
	now = now.Add(400 * time.Millisecond)
	check(r.Report(ctx, 2, 12))
	want("reported", jobs.Running, 2, 12, "", false)
	again := jobs.NewReporter(d.DB, func() time.Time { return now }, acme, id)
	check(again.Running(ctx))
	want("taken up again", jobs.Running, 2, 12, "", false)
	check(r.Report(ctx, 12, 12))
	check(r.Complete(ctx, "ten rows"))
	want("completed", jobs.Completed, 12, 12, "ten rows", true)
	check(again.Fail(ctx, "too late"))
	want("finished stays finished", jobs.Completed, 12, 12, "ten rows", true)

	failing := create(ctx, t, d.DB, acme, nil)
	check(jobs.NewReporter(d.DB, time.Now, acme, failing).Fail(ctx, "why"))
	if p, err := jobs.GetProgress(ctx, d.DB, acme, failing); err != nil || p.Status != jobs.Failed || p.Message != "why" || p.FinishedAt == nil {
		t.Errorf("%+v (%v)", p, err)
	}
	if _, err := jobs.GetProgress(ctx, d.DB, other, id); !db.IsNoRows(err) {
		t.Errorf("another tenant reads it: %v", err)
	}
}

type countArgs struct {
	Tenant uuid.UUID `json:"tenant"`
	ID     uuid.UUID `json:"id"`
}

func (countArgs) Kind() string { return "test.count" }

// TestAJobReportsFromTheQueue works a job in River that fails once and then needs
// three slices.
func TestAJobReportsFromTheQueue(t *testing.T) {
	d := dbtest.New(t)
	ctx := context.Background()
	acme := addTenant(t, d, "acme")
	var calls, lasts atomic.Int64
	workers := jobs.NewWorkers()
	jobs.Add(workers, func(ctx context.Context, a countArgs, last bool) error {
		if last {
			lasts.Add(1)
		}
		r := jobs.NewReporter(d.DB, time.Now, a.Tenant, a.ID)
		if err := r.Running(ctx); err != nil {
			return err
		}
		n := calls.Add(1)
		switch {
		case n == 1:
			return errors.New("once")
		case n < 4:
			return jobs.ErrMore
		}
		if err := r.Report(ctx, 10, 10); err != nil {
			return err
		}
		return r.Complete(ctx, "")
	})
	c, err := jobs.New(d.DB, jobs.Options{Workers: workers, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(ctx); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.Stop(ctx); err != nil {
			t.Error(err)
		}
	}()
	id := create(ctx, t, d.DB, acme, func(tx pgx.Tx, id uuid.UUID) error {
		_, err := c.InsertTx(ctx, tx, countArgs{acme, id}, nil)
		return err
	})
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		p, err := jobs.GetProgress(ctx, d.DB, acme, id)
		if err != nil {
			t.Fatal(err)
		}
		if p.FinishedAt != nil {
			if p.Status != jobs.Completed || p.Done != 10 {
				t.Errorf("%+v", p)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("still %s after %d calls", p.Status, calls.Load())
		}
	}
	if calls.Load() != 4 || lasts.Load() != 0 {
		t.Errorf("%d calls, %d of them the last", calls.Load(), lasts.Load())
	}
}
