package jobs_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"payaid/internal/dbtest"
	"payaid/internal/jobs"
)

type heldArgs struct{}

func (heldArgs) Kind() string { return "test.held" }

// While the queue is held no job begins, one that runs goes on, and afterwards
// they are taken again, also by a client that was told several times.
func TestAHeldQueueTakesNoJobs(t *testing.T) {
	d := dbtest.New(t)
	ctx := context.Background()
	var begun, ended atomic.Int64
	goOn := make(chan struct{})
	workers := jobs.NewWorkers()
	jobs.Add(workers, func(context.Context, heldArgs, bool) error {
		begun.Add(1)
		<-goOn
		ended.Add(1)
		return nil
	})
	c, err := jobs.New(d.DB, jobs.Options{Workers: workers, Log: slog.New(slog.DiscardHandler)})
	check(t, err)
	c.Hold(false) // before it works there is nothing to do
	check(t, c.Start(ctx))
	t.Cleanup(func() { check(t, c.Stop(ctx)) })
	insert := func() {
		t.Helper()
		_, err := c.Insert(ctx, heldArgs{}, nil)
		check(t, err)
	}
	insert()
	await(t, "the first job begins", func() bool { return begun.Load() == 1 })
	for range 3 {
		c.Hold(true)
		c.Hold(false)
		c.Hold(true)
	}
	time.Sleep(2 * time.Second)
	insert()
	time.Sleep(2 * time.Second)
	if begun.Load() != 1 || ended.Load() != 0 {
		t.Fatalf("while it is held %d jobs began and %d ended", begun.Load(), ended.Load())
	}
	close(goOn)
	await(t, "the running job ends", func() bool { return ended.Load() == 1 })
	time.Sleep(time.Second)
	if begun.Load() != 1 {
		t.Error("a job began although the queue is held")
	}
	c.Hold(false)
	await(t, "the second job ends", func() bool { return ended.Load() == 2 })
}

func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it did not happen: %s", what)
		}
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
