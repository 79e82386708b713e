package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"payaid/internal/dbtest"
	"payaid/internal/jobs"
)

type slowArgs struct{}

func (slowArgs) Kind() string { return "test.slow" }

// A job in a queue of its own waits for a process that works it. It may take
// longer than others may, one runs at a time, and a failure is not tried again.
func TestALongJobInAQueueOfItsOwn(t *testing.T) {
	d := dbtest.New(t)
	ctx := context.Background()
	var running, most, calls atomic.Int64
	start := func(queue string) *jobs.Client {
		t.Helper()
		workers := jobs.NewWorkers()
		jobs.AddLong(workers, time.Hour, func(ctx context.Context, _ slowArgs) error {
			calls.Add(1)
			most.Store(max(most.Load(), running.Add(1)))
			defer running.Add(-1)
			if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) < 30*time.Minute {
				t.Errorf("it has until %s", deadline)
			}
			time.Sleep(300 * time.Millisecond)
			return errors.New("it fails each time")
		})
		c, err := jobs.New(d.DB, jobs.Options{
			Workers: workers, Queue: queue, Log: slog.New(slog.DiscardHandler),
			Periodic: []jobs.Periodic{{Every: 50 * time.Millisecond, Args: slowArgs{}, Queue: "slow"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(ctx); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := c.Stop(ctx); err != nil {
				t.Error(err)
			}
		})
		return c
	}
	await := func(what string, is func() bool) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("it did not happen: %s", what)
			}
		}
	}
	first := start("")
	waiting := func() int {
		counts, err := first.Counts(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return counts[jobs.Waiting]
	}
	await("a job is enqueued", func() bool { return waiting() > 0 })
	time.Sleep(300 * time.Millisecond)
	if n := waiting(); n != 1 || calls.Load() != 0 {
		t.Errorf("%d jobs wait and %d ran, want one that waits for a process with its queue", n, calls.Load())
	}
	start("slow")
	start("slow")
	await("three runs", func() bool { return calls.Load() >= 3 })
	if most.Load() != 1 {
		t.Errorf("%d ran at once", most.Load())
	}
	counts, err := first.Counts(ctx)
	if err != nil || counts[jobs.Retrying] != 0 || counts[jobs.Failed] < 2 {
		t.Errorf("%v, %v, want failed ones that are not tried again", counts, err)
	}
}
