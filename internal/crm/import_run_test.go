package crm_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"payaid/internal/crm"
	"payaid/internal/jobs"
)

// manyPeople is a file of n rows; every tenth has no e-mail and every hundredth a
// bad one.
func manyPeople(n int) string {
	var b strings.Builder
	b.WriteString("First name,Last name,Email,Phone,Company,Notes\n")
	for i := range n {
		email := fmt.Sprintf("p%d@example.com", i)
		switch {
		case i%100 == 0:
			email = "bad"
		case i%10 == 0:
			email = ""
		}
		fmt.Fprintf(&b, "First%d,Last%d,%s,+9198%08d,Company %d,\"line one\nline two of %d\"\n", i, i, email, i, i%50, i)
	}
	return b.String()
}

func TestAKilledImportGoesOnWhereItWas(t *testing.T) {
	k := newDesk(t)
	file := manyPeople(5_000)
	i := k.start(t, k.asha, csvInput(file))
	kills := 0
	for at := int64(60_000); ; at += 60_000 {
		ctx, cancel := context.WithCancel(context.Background())
		k.blobs.onRead = func(total int64) {
			if total > at {
				cancel()
			}
		}
		err := k.RunImport(ctx, jobOf(k.asha, i), false)
		cancel()
		if err == nil {
			break
		}
		if !errors.Is(err, jobs.ErrMore) {
			t.Fatalf("a killed run answers %v", err)
		}
		kills++
	}
	got, err := k.Import(context.Background(), k.asha, i.ID)
	if err != nil || got.Status != jobs.Completed || kills < 3 {
		t.Fatalf("%s after %d kills: %s (%v)", got.Status, kills, got.Message, err)
	}
	k.wantCounts(t, got, 4950, 0, 0, 50)
	if n := query[int64](t, k.office, "SELECT count(DISTINCT first_name) FROM contacts"); n[0] != 4950 {
		t.Errorf("%d different people", n[0])
	}
	if n := query[int64](t, k.office, "SELECT count(*) FROM contacts"); n[0] != 4950 {
		t.Errorf("%d contacts", n[0])
	}
	if n := query[int64](t, k.office, "SELECT count(*) FROM import_errors"); n[0] != 50 {
		t.Errorf("%d refused rows", n[0])
	}
	if err := k.RunImport(context.Background(), jobOf(k.asha, i), false); err != nil {
		t.Errorf("a job delivered again after its end: %v", err)
	}
	k.wantCounts(t, k.bring(t, k.asha, csvInput(file)), 500-50, 0, 4500, 50)
}

func TestTwoWorkersOnOneImportWriteEachRowOnce(t *testing.T) {
	k := newDesk(t)
	i := k.start(t, k.asha, csvInput(manyPeople(3_000)))
	done := make(chan error)
	for range 2 {
		go func() {
			for {
				err := k.RunImport(context.Background(), jobOf(k.asha, i), false)
				if !errors.Is(err, jobs.ErrMore) {
					done <- err
					return
				}
			}
		}()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	got, err := k.Import(context.Background(), k.asha, i.ID)
	if err != nil {
		t.Fatal(err)
	}
	k.wantCounts(t, got, 2970, 0, 0, 30)
	if n := query[int64](t, k.office, "SELECT count(*) FROM contacts"); n[0] != 2970 {
		t.Errorf("%d contacts", n[0])
	}
}

func TestTwoImportsOfOneFileDoNotHarmEachOther(t *testing.T) {
	for _, policy := range []string{crm.DuplicatesSkip, crm.DuplicatesUpdate, crm.DuplicatesCreate} {
		t.Run(policy, func(t *testing.T) {
			k := newDesk(t)
			var file strings.Builder
			file.WriteString("Email,Company\n")
			for i := range 2_000 {
				fmt.Fprintf(&file, "p%d@example.com,Company %d\n", i*7919%2000, i%100)
			}
			ends := make(chan crm.Import)
			for range 2 {
				in := csvInput(file.String())
				in.Duplicates = policy
				i := k.start(t, k.asha, in)
				go func() { ends <- k.run(t, k.asha, i) }()
			}
			a, b := <-ends, <-ends
			if a.Status != jobs.Completed || b.Status != jobs.Completed {
				t.Fatalf("%s (%s), %s (%s)", a.Status, a.Message, b.Status, b.Message)
			}
			other := a.Counts.Updated + b.Counts.Updated + a.Counts.Skipped + b.Counts.Skipped + a.Counts.Failed + b.Counts.Failed
			if made := a.Counts.Created + b.Counts.Created; made != 2_000 || other != 2_000 {
				t.Errorf("%+v and %+v", a.Counts, b.Counts)
			}
			if n := query[int64](t, k.office, "SELECT count(*) FROM contacts"); n[0] != 2_000 {
				t.Errorf("%d contacts", n[0])
			}
		})
	}
}

func TestARowThatOnlyTheDatabaseRefusesIsListed(t *testing.T) {
	k := newDesk(t)
	k.d.OwnerExec(t, "ALTER TABLE contacts ADD CONSTRAINT contacts_test_check CHECK (first_name NOT IN ('First77', 'First1234'))")
	i := k.bring(t, k.asha, csvInput(manyPeople(2_000)))
	k.wantCounts(t, i, 1978, 0, 0, 22)
	if n := query[int64](t, k.office, "SELECT line FROM import_errors WHERE details->0->>'field' = '' ORDER BY line"); fmt.Sprint(n) != "[156 2470]" {
		t.Errorf("refused by the database: lines %v", n)
	}
}

func TestAnImportThatCannotBeHelpedSaysSo(t *testing.T) {
	k := newDesk(t)
	ctx := context.Background()
	i := k.start(t, k.asha, csvInput("Name\nA\n"))
	k.d.OwnerExec(t, "ALTER TABLE contacts RENAME COLUMN notes TO remarks")
	if err := k.RunImport(ctx, jobOf(k.asha, i), false); err == nil {
		t.Error("a failed run must be tried again")
	}
	if got, _ := k.Import(ctx, k.asha, i.ID); got.Status != jobs.Running {
		t.Errorf("status %s while it will be tried again", got.Status)
	}
	if err := k.RunImport(ctx, jobOf(k.asha, i), true); err == nil {
		t.Error("the last failure must be logged too")
	}
	got, err := k.Import(ctx, k.asha, i.ID)
	if err != nil || got.Status != jobs.Failed || !strings.Contains(got.Message, "on our side. No row was imported.") || strings.Contains(got.Message, "column") {
		t.Errorf("%s: %q (%v)", got.Status, got.Message, err)
	}
	gone := k.start(t, k.asha, csvInput("Name\nA\n"))
	if err := k.blobs.Delete(ctx, query[string](t, k.office, "SELECT blob_key FROM imports WHERE id = $1", gone.ID)[0]); err != nil {
		t.Fatal(err)
	}
	if got := k.run(t, k.asha, gone); got.Status != jobs.Failed || !strings.Contains(got.Message, "upload it again") {
		t.Errorf("%s: %q", got.Status, got.Message)
	}
}

func TestALongImportWorksInSlices(t *testing.T) {
	k := newDesk(t)
	i := k.start(t, k.asha, csvInput(manyPeople(2_000)))
	k.blobs.onRead = func(int64) { k.now = k.now.Add(10 * time.Second) }
	slices := 0
	for ; errors.Is(k.RunImport(context.Background(), jobOf(k.asha, i), false), jobs.ErrMore); slices++ {
		got, err := k.Import(context.Background(), k.asha, i.ID)
		if err != nil || got.Status != jobs.Running || got.Done == 0 { // while the file is staged no row has an outcome yet
			t.Fatalf("between slices: %+v (%v)", got, err)
		}
	}
	got, err := k.Import(context.Background(), k.asha, i.ID)
	if err != nil || slices == 0 {
		t.Fatalf("%d slices (%v)", slices, err)
	}
	k.wantCounts(t, got, 1980, 0, 0, 20)
}

func TestDryRunsRememberAcrossChunksAndSlices(t *testing.T) {
	k := newDesk(t)
	in := csvInput(strings.Replace(manyPeople(4_500), "p4499@", "p1@", 1))
	in.DryRun = true
	i := k.start(t, k.asha, in)
	k.blobs.onRead = func(int64) { k.now = k.now.Add(30 * time.Second) }
	got := k.run(t, k.asha, i)
	k.wantCounts(t, got, 4454, 0, 1, 45)
}

func TestALargeFileStaysOutOfMemory(t *testing.T) {
	k := newDesk(t)
	const rows = 20_000
	file := []byte(manyPeople(rows) + strings.Repeat(",,,,,"+strings.Repeat(" ", 1000)+"\n", 20_000)) // 20 MB of it empty
	in := crm.ImportInput{FileName: "many.csv", Body: bytes.NewReader(file), Size: -1, Entity: crm.EntityContacts}
	i := k.start(t, k.asha, in)
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var peak uint64
	reads := 0
	k.blobs.onRead = func(int64) {
		if reads++; reads%200 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&now)
			peak = max(peak, now.HeapAlloc)
		}
	}
	got := k.run(t, k.asha, i)
	k.wantCounts(t, got, 19_800, 0, 0, 200)
	if grown := int64(peak) - int64(before.HeapAlloc); grown > 12<<20 {
		t.Errorf("the import held %d MB of a file of %d MB", grown>>20, len(file)>>20)
	}
	t.Logf("a file of %d MB, held at most %d KB", len(file)>>20, (int64(peak)-int64(before.HeapAlloc))>>10)
	if n := query[int64](t, k.office, "SELECT count(*) FROM staging.import_rows")[0]; n != 0 {
		t.Errorf("%d staged rows are left", n)
	}
}
