package crm_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"payaid/internal/auth"
	"payaid/internal/blob"
	"payaid/internal/change"
	"payaid/internal/crm"
	"payaid/internal/jobs"
)

// TestAnImportRunsInTheQueue goes the whole way: upload, River, worker, done.
func TestAnImportRunsInTheQueue(t *testing.T) {
	k := newDesk(t)
	ctx := context.Background()
	log := slog.New(slog.DiscardHandler)
	workers := jobs.NewWorkers()
	queue, err := jobs.New(k.d.DB, jobs.Options{Workers: workers, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	store, err := blob.NewDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w := &change.Writer{DB: k.d.DB, Jobs: queue, Log: log, Now: time.Now}
	people, err := auth.New(ctx, w)
	if err != nil {
		t.Fatal(err)
	}
	k.Service = crm.New(w, store, people)
	jobs.Add(workers, k.RunImport)
	if err := queue.Start(ctx); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := queue.Stop(ctx); err != nil {
			t.Error(err)
		}
	}()
	i := k.start(t, k.asha, sample(t, "google.csv"))
	if i.Status != jobs.Queued {
		t.Errorf("a fresh import is %s", i.Status)
	}
	for deadline := time.Now().Add(30 * time.Second); i.FinishedAt == nil; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("still %s", i.Status)
		}
		if i, err = k.Import(ctx, k.asha, i.ID); err != nil {
			t.Fatal(err)
		}
	}
	if i.Status != jobs.Completed || i.Done != i.Total || i.Total == 0 {
		t.Errorf("%s at %d of %d: %s", i.Status, i.Done, i.Total, i.Message)
	}
	k.wantCounts(t, i, 3, 0, 0, 2)
}
