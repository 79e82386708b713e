package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"payaid/db"
	"payaid/internal/dbtest"
	"payaid/internal/jobs"
)

// Progress implements jobs.Tracked.
func (a countArgs) Progress() (tenant, id uuid.UUID) { return a.Tenant, a.ID }

func newQueue(t *testing.T, d *dbtest.Database, w *jobs.Workers) *jobs.Client {
	t.Helper()
	c, err := jobs.New(d.DB, jobs.Options{Workers: w, Tracked: []jobs.Tracker{jobs.Track[countArgs]()}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// enqueue makes a job with a progress row and returns its number and the row's id.
func enqueue(t *testing.T, d *dbtest.Database, c *jobs.Client, tenant uuid.UUID) (number int64, row uuid.UUID) {
	t.Helper()
	ctx := context.Background()
	row = create(ctx, t, d.DB, tenant, func(tx pgx.Tx, id uuid.UUID) error {
		in, err := c.InsertTx(ctx, tx, countArgs{tenant, id}, nil)
		if err == nil {
			number = in.Job.ID
		}
		return err
	})
	return number, row
}

func progress(t *testing.T, d *dbtest.Database, tenant, row uuid.UUID) jobs.Progress {
	t.Helper()
	p, err := jobs.GetProgress(context.Background(), d.DB, tenant, row)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestAJobKilledOnItsLastAttemptIsReportedFailed leaves a job as a killed process
// does: running, on its last attempt, for longer than any run may take. The queue
// of a living process discards it without a word to anybody.
func TestAJobKilledOnItsLastAttemptIsReportedFailed(t *testing.T) {
	d := dbtest.New(t)
	ctx := context.Background()
	acme := addTenant(t, d, "acme")
	workers := jobs.NewWorkers()
	jobs.Add(workers, func(context.Context, countArgs, bool) error { return errors.New("must not run again") })
	c := newQueue(t, d, workers)
	number, row := enqueue(t, d, c, acme)
	if err := jobs.NewReporter(d.DB, time.Now, acme, row).Running(ctx); err != nil {
		t.Fatal(err)
	}
	d.OwnerExec(t, "UPDATE river.river_job SET state = 'running', attempt = max_attempts, attempted_by = '{killed}', attempted_at = now() - interval '10 minutes' WHERE id = $1", number)
	if err := c.Start(ctx); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.Stop(ctx); err != nil {
			t.Error(err)
		}
	}()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		j, err := c.Job(ctx, number)
		if err != nil {
			t.Fatal(err)
		}
		if j.State == jobs.Failed {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the queue still has it %s", j.State)
		}
	}
	if err := c.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	if p := progress(t, d, acme, row); p.Status != jobs.Failed || p.FinishedAt == nil || p.Message == "" {
		t.Errorf("the progress is %+v", p)
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		kinds, err := c.Kinds(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if len(kinds) == 2 && kinds[0] == "jobs.sweep" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the sweep is no periodic job: %v", kinds)
		}
	}
	if seen, err := c.LastSeen(ctx); err != nil || time.Until(seen) < 0 {
		t.Errorf("a worker was last seen %s, %v", seen, err)
	}
}

func TestASweepLeavesAloneWhatGoesOn(t *testing.T) {
	d := dbtest.New(t)
	ctx := context.Background()
	acme := addTenant(t, d, "acme")
	c := newQueue(t, d, nil)
	alive, aliveRow := enqueue(t, d, c, acme)
	dead, deadRow := enqueue(t, d, c, acme)
	stopped, stoppedRow := enqueue(t, d, c, acme)
	d.OwnerExec(t, "UPDATE river.river_job SET state = 'discarded', attempt = max_attempts, finalized_at = now() WHERE id = $1", dead)
	inTx := func(do func(tx pgx.Tx, q *db.Queries) error) error { return d.InTenantTx(ctx, acme, do) }
	if err := inTx(func(tx pgx.Tx, _ *db.Queries) error { return c.Cancel(ctx, tx, stopped) }); err != nil {
		t.Fatal(err)
	}
	if err := c.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	for row, want := range map[uuid.UUID]string{aliveRow: jobs.Queued, deadRow: jobs.Failed, stoppedRow: jobs.Failed} {
		if p := progress(t, d, acme, row); p.Status != want {
			t.Errorf("%s, want %s", p.Status, want)
		}
	}
	// A job that is to be tried again is open again, and a late sweep does not close it.
	if err := inTx(func(tx pgx.Tx, q *db.Queries) error { return c.Retry(ctx, tx, q, dead) }); err != nil {
		t.Fatal(err)
	}
	if p := progress(t, d, acme, deadRow); p.Status != jobs.Queued || p.FinishedAt != nil || p.Message != "" {
		t.Errorf("after the retry: %+v", p)
	}
	d.OwnerExec(t, "UPDATE river.river_job SET state = 'discarded', finalized_at = now() - interval '1 minute' WHERE id = $1", dead)
	if err := c.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	if p := progress(t, d, acme, deadRow); p.Status != jobs.Queued {
		t.Errorf("a late sweep made it %s", p.Status)
	}
	for name, do := range map[string]func(tx pgx.Tx, q *db.Queries) error{
		"retry of a waiting job":    func(tx pgx.Tx, q *db.Queries) error { return c.Retry(ctx, tx, q, alive) },
		"cancel of a cancelled job": func(tx pgx.Tx, _ *db.Queries) error { return c.Cancel(ctx, tx, stopped) },
	} {
		if err := inTx(do); !errors.Is(err, jobs.ErrState) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := inTx(func(tx pgx.Tx, q *db.Queries) error { return c.Retry(ctx, tx, q, 1<<60) }); !errors.Is(err, jobs.ErrNoJob) {
		t.Errorf("no such job: %v", err)
	}
}

func TestJobsAreListedInPages(t *testing.T) {
	d := dbtest.New(t)
	ctx := context.Background()
	acme := addTenant(t, d, "acme")
	c := newQueue(t, d, nil)
	var numbers []int64
	for range 5 {
		n, _ := enqueue(t, d, c, acme)
		numbers = append(numbers, n)
	}
	d.OwnerExec(t, "UPDATE river.river_job SET state = 'cancelled', finalized_at = now() WHERE id = $1", numbers[0])
	first, err := c.Jobs(ctx, jobs.Filter{}, 2)
	if err != nil || len(first.Jobs) != 2 || first.Jobs[0].ID != numbers[4] || first.Newer != 0 || first.Older != numbers[3] {
		t.Fatalf("%+v, %v", first, err)
	}
	second, err := c.Jobs(ctx, jobs.Filter{Before: first.Older}, 2)
	if err != nil || len(second.Jobs) != 2 || second.Jobs[0].ID != numbers[2] || second.Newer != numbers[2] || second.Older != numbers[1] {
		t.Fatalf("%+v, %v", second, err)
	}
	back, err := c.Jobs(ctx, jobs.Filter{After: second.Newer}, 2)
	if err != nil || len(back.Jobs) != 2 || back.Jobs[0].ID != numbers[4] || back.Newer != 0 || back.Older != numbers[3] {
		t.Fatalf("%+v, %v", back, err)
	}
	waiting, err := c.Jobs(ctx, jobs.Filter{State: jobs.Waiting, Kind: "test.count"}, 10)
	if err != nil || len(waiting.Jobs) != 4 {
		t.Errorf("waiting: %d, %v", len(waiting.Jobs), err)
	}
	counts, err := c.Counts(ctx)
	if err != nil || counts[jobs.Waiting] != 4 || counts[jobs.Cancelled] != 1 || counts[jobs.Running] != 0 {
		t.Errorf("%v, %v", counts, err)
	}
	if seen, err := c.LastSeen(ctx); err != nil || !seen.IsZero() {
		t.Errorf("nobody works, but a worker was seen %s, %v", seen, err)
	}
}
