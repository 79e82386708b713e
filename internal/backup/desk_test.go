package backup_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"payaid/internal/backup"
	"payaid/internal/blob"
	"payaid/internal/dbtest"
	"payaid/internal/localstack"
)

// desk opens the panel's view of the fixture.
func (f *fixture) desk(t *testing.T, change ...func(*backup.Options)) *backup.Desk {
	t.Helper()
	if err := backup.EnsureOps(t.Context(), f.db.OwnerURL); err != nil {
		t.Fatal(err)
	}
	change = append(change, func(o *backup.Options) { o.BackupURL, o.OwnerURL = "", "" }) // as in production
	d, err := f.service(change...).OpenDesk()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

// work does what is asked for until the test ends or the function is called.
func (f *fixture) work(t *testing.T, change ...func(*backup.Options)) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	change = append(change, func(o *backup.Options) { o.Progress, o.Now = nil, time.Now })
	s := f.service(change...)
	go func() {
		defer close(done)
		s.Work(ctx)
	}()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}

func ask(t *testing.T, d *backup.Desk, r backup.Request) uuid.UUID {
	t.Helper()
	r.By = "Asha Shah"
	id, err := d.Ask(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// until waits until the job is in one of the states.
func until(t *testing.T, d *backup.Desk, id uuid.UUID, states ...string) backup.Job {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		j, err := d.Job(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains(states, j.State) {
			return j
		}
		if j.Done() || time.Now().After(deadline) {
			t.Fatalf("the job is %+v, want one of %v", j, states)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func TestTwoWorkersDoARequestOnce(t *testing.T) {
	f := newFixture(t)
	d := f.desk(t)
	id := ask(t, d, backup.Request{Verb: backup.VerbCreate, Kind: backup.Pinned})
	if _, err := d.Ask(t.Context(), backup.Request{Verb: backup.VerbCreate, Kind: backup.Manual, By: "Ravi"}); !errors.Is(err, backup.ErrOpen) {
		t.Errorf("the same once more: %v", err)
	}
	if j, err := d.Job(t.Context(), id); err != nil || j.State != backup.JobQueued || j.By != "Asha Shah" || j.StartedAt != nil {
		t.Errorf("before anybody works: %+v, %v", j, err)
	}
	f.work(t)
	f.work(t)
	j := until(t, d, id, backup.JobCompleted)
	all := f.list(t)
	if len(all) != 1 || all[0].Kind != backup.Pinned || j.Backup != all[0].ID || j.By != "Asha Shah" || j.FinishedAt == nil {
		t.Fatalf("made %d backups, job %+v", len(all), j)
	}
	if n := dbtest.Column[int64](t, f.opsURL(), "SELECT count(*) FROM job")[0]; n != 1 {
		t.Errorf("%d jobs, want 1", n)
	}
	steps, err := d.Events(t.Context(), id, 0, 100)
	if err != nil || len(steps) < 3 {
		t.Fatalf("steps: %v, %v", steps, err)
	}
	rest, err := d.Events(t.Context(), id, steps[1].ID, 100)
	if err != nil || len(rest) != len(steps)-2 || rest[0] != steps[2] {
		t.Errorf("after the second: %v, %v", rest, err)
	}
	// One after the other: each verb has an end.
	for _, r := range []backup.Request{{Verb: backup.VerbVerify, Backup: j.Backup}, {Verb: backup.VerbDrill, Backup: j.Backup}, {Verb: backup.VerbPrune}} {
		until(t, d, ask(t, d, r), backup.JobCompleted)
	}
	again := until(t, d, ask(t, d, backup.Request{Verb: backup.VerbVerify, Backup: j.Backup}), backup.JobCompleted)
	if again.Usual <= 0 {
		t.Error("nothing is known of how long the last one took")
	}
	jobs, err := d.Jobs(t.Context(), uuid.Max, 2)
	if err != nil || len(jobs) != 2 || jobs[0].ID != again.ID {
		t.Errorf("history: %+v, %v", jobs, err)
	}
}

func TestAWorkerWaitsForTheLock(t *testing.T) {
	f := newFixture(t)
	d := f.desk(t)
	begun := filepath.Join(t.TempDir(), "begun")
	slow := programs(t, `touch `+begun+`; sleep 4; exec $REAL "$@"`)
	var group sync.WaitGroup
	group.Go(func() { f.create(t, backup.Manual, slow) })
	waitFor(t, begun)
	id := ask(t, d, backup.Request{Verb: backup.VerbCreate, Kind: backup.Manual})
	f.work(t)
	time.Sleep(1500 * time.Millisecond)
	if j, err := d.Job(t.Context(), id); err != nil || j.Done() {
		t.Errorf("while another one is at work: %+v, %v", j, err)
	}
	group.Wait()
	until(t, d, id, backup.JobCompleted)
}

func TestAJobIsStopped(t *testing.T) {
	f := newFixture(t)
	d := f.desk(t)
	waiting := ask(t, d, backup.Request{Verb: backup.VerbCreate, Kind: backup.Manual})
	if err := d.Stop(t.Context(), waiting, "Asha"); err != nil {
		t.Fatal(err)
	}
	if j := until(t, d, waiting, backup.JobCancelled); j.Problem != "stopped by Asha" {
		t.Errorf("one that waited: %+v", j)
	}
	begun := filepath.Join(t.TempDir(), "begun")
	f.work(t, programs(t, `touch `+begun+`; exec sleep 60`))
	id := ask(t, d, backup.Request{Verb: backup.VerbCreate, Kind: backup.Manual})
	waitFor(t, begun)
	if j := until(t, d, id, backup.JobRunning); j.Stopping {
		t.Errorf("before: %+v", j)
	}
	if err := d.Stop(t.Context(), id, "Asha"); err != nil {
		t.Fatal(err)
	}
	if j := until(t, d, id, backup.JobInterrupted); j.Problem != "stopped by Asha" {
		t.Errorf("one that ran: %+v", j)
	}
	f.wantNothing(t)
	if err := d.Stop(t.Context(), id, "Asha"); !errors.Is(err, backup.ErrEnded) {
		t.Errorf("once more: %v", err)
	}
	if err := d.Stop(t.Context(), uuid.New(), "Asha"); !errors.Is(err, backup.ErrNotFound) {
		t.Errorf("one that never was: %v", err)
	}
	if open, err := d.Open(t.Context()); err != nil || len(open) != 0 {
		t.Errorf("still open: %+v, %v", open, err)
	}
}

// TestHelperWorker is no test: it is the process that TestAKilledWorker kills.
func TestHelperWorker(t *testing.T) {
	args := helperArgs()
	if args == nil {
		return
	}
	store, err := blob.NewDir(args[1])
	if err != nil {
		t.Fatal(err)
	}
	backup.New(backup.Options{
		BackupURL: args[0], Store: store, Objects: store, SecretKey: strings.Repeat("s", 32), Recipients: args[3:5],
		ProgramDirs: append([]string{args[2]}, localstack.ProgramDirs(context.Background())...),
	}).Work(context.Background())
}

func TestAKilledWorkerLeavesTheRestToAnother(t *testing.T) {
	f := newFixture(t)
	d := f.desk(t)
	begun := filepath.Join(t.TempDir(), "begun")
	var o backup.Options
	programs(t, `touch `+begun+`; exec sleep 60`)(&o)
	process := startHelper(t, "TestHelperWorker", f.db.BackupURL, f.dir, o.ProgramDirs[0], f.keys[0].Recipient().String(), f.keys[1].Recipient().String())
	id := ask(t, d, backup.Request{Verb: backup.VerbCreate, Kind: backup.Manual})
	waitFor(t, begun)
	process.kill(t)
	if j := until(t, d, id, backup.JobRunning, backup.JobInterrupted); j.State == backup.JobRunning {
		until(t, d, id, backup.JobInterrupted) // as soon as the server noticed
	}
	f.work(t)
	deadline := time.Now().Add(20 * time.Second)
	for {
		_, err := d.Ask(t.Context(), backup.Request{Verb: backup.VerbCreate, Kind: backup.Manual, By: "Asha"})
		if err == nil {
			break
		}
		if !errors.Is(err, backup.ErrOpen) || time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	jobs, err := d.Jobs(t.Context(), uuid.Max, 1)
	if err != nil {
		t.Fatal(err)
	}
	until(t, d, jobs[0].ID, backup.JobCompleted)
	if n := len(f.list(t)); n != 1 {
		t.Errorf("%d backups, want 1", n)
	}
}

// A key that was given for a drill is sealed, used and gone.
func TestAGivenKeyIsNeverKept(t *testing.T) {
	f := newFixture(t)
	d := f.desk(t)
	b := f.create(t, backup.Manual)
	stranger, err := backup.Keygen(&strings.Builder{}, time.Now())
	if err != nil || stranger == "" {
		t.Fatal(err)
	}
	var other strings.Builder
	if _, err := backup.Keygen(&other, time.Now()); err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]string{"nonsense": "my key", "of another": other.String()} {
		if _, err := d.Ask(t.Context(), backup.Request{Verb: backup.VerbDrill, Backup: b.ID, Identity: key, By: "Asha"}); !errors.Is(err, backup.ErrWrongKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	id := ask(t, d, backup.Request{Verb: backup.VerbDrill, Backup: b.ID, Identity: f.keys[1].String()})
	kept := dbtest.Column[string](t, f.opsURL(), "SELECT encode(identity, 'escape') FROM request WHERE id = $1", id)[0]
	if kept == "" || strings.Contains(kept, "SECRET") {
		t.Errorf("kept: %q", kept)
	}
	f.work(t, func(o *backup.Options) { o.Identities = "" })
	until(t, d, id, backup.JobCompleted)
	// The job ends a moment before its request.
	deadline := time.Now().Add(10 * time.Second)
	for dbtest.Column[int64](t, f.opsURL(), "SELECT count(*) FROM request WHERE identity IS NOT NULL")[0] > 0 {
		if time.Now().After(deadline) {
			t.Fatal("the key is still there")
		}
		time.Sleep(20 * time.Millisecond)
	}
	if all := f.list(t); !all[0].Proven() {
		t.Error("the backup is not proven")
	}
}

func TestPinnedAndDeleted(t *testing.T) {
	f := newFixture(t)
	d := f.desk(t)
	first := f.create(t, backup.Manual)
	f.work(t)
	if j := until(t, d, ask(t, d, backup.Request{Verb: backup.VerbDelete, Backup: first.ID}), backup.JobFailed); !strings.Contains(j.Problem, "only verified backup") {
		t.Errorf("the only one: %s", j.Problem)
	}
	for range backup.MinVerified {
		f.create(t, backup.Scheduled)
	}
	if err := d.SetPinned(t.Context(), first.ID, true, "Asha"); err != nil {
		t.Fatal(err)
	}
	f.now = f.now.AddDate(1, 0, 0)
	if gone, err := f.service().Prune(t.Context()); err != nil || len(gone) != 0 {
		t.Errorf("pinned: %v, %v", gone, err)
	}
	if err := d.SetPinned(t.Context(), first.ID, false, "Asha"); err != nil {
		t.Fatal(err)
	}
	if gone, err := f.service().Prune(t.Context()); err != nil || !slices.Contains(gone, first.ID) {
		t.Errorf("no longer pinned: %v, %v", gone, err)
	}
	if err := d.SetPinned(t.Context(), first.ID, true, "Asha"); !errors.Is(err, backup.ErrNotFound) {
		t.Errorf("pin what is gone: %v", err)
	}
	newest := f.list(t)[0].ID
	until(t, d, ask(t, d, backup.Request{Verb: backup.VerbDelete, Backup: newest}), backup.JobCompleted)
	if all := f.list(t); len(all) != 2 || all[0].ID == newest {
		t.Errorf("%d left", len(all))
	}
}

func TestChosenSettingsHold(t *testing.T) {
	f := newFixture(t)
	environment := func(o *backup.Options) { o.Schedule, o.RetentionDays = schedule(t, "off"), 30 }
	d := f.desk(t, environment)
	now, env, chosen, err := d.Settings(t.Context())
	if err != nil || chosen != nil || now != env || now.Schedule.On() || now.RetentionDays != 30 {
		t.Fatalf("%+v, %+v, %+v, %v", now, env, chosen, err)
	}
	at := f.now
	if err := d.Choose(t.Context(), backup.Settings{Schedule: schedule(t, "03:15 Asia/Kolkata"), RetentionDays: 10}, "Asha"); err != nil {
		t.Fatal(err)
	}
	now, env, chosen, err = d.Settings(t.Context())
	if err != nil || chosen == nil || chosen.By != "Asha" || now.Schedule.String() != "03:15 Asia/Kolkata" || now.RetentionDays != 10 || env.RetentionDays != 30 {
		t.Fatalf("%+v, %+v, %+v, %v", now, env, chosen, err)
	}
	// The worker's environment says off; what was chosen holds.
	run := func() {
		t.Helper()
		if err := f.service(environment).RunSchedule(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	run() // a new schedule begins with its next time
	f.now = at.AddDate(0, 0, 1)
	run()
	if n := f.runs(t); n != 1 {
		t.Errorf("%d scheduled backups, want 1", n)
	}
	if err := d.Unchoose(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.now = at.AddDate(0, 0, 2)
	run()
	if n := f.runs(t); n != 1 {
		t.Errorf("%d scheduled backups after the environment holds again, want 1", n)
	}
}

func TestWhatIsWrongIsToldOnce(t *testing.T) {
	f := newFixture(t)
	d := f.desk(t)
	var told []string
	watch := func(want ...string) {
		t.Helper()
		told = nil
		if err := d.Watch(t.Context(), func(_ context.Context, w backup.Wrong) error {
			told = append(told, w.Kind+": "+w.Says)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if len(told) != len(want) {
			t.Fatalf("told %v, want %v", told, want)
		}
		for i := range want {
			if !strings.HasPrefix(told[i], want[i]) {
				t.Errorf("told %q, want %q", told[i], want[i])
			}
		}
	}
	begin := f.now
	watch() // a new installation has a day and some hours
	f.now = begin.Add(31 * time.Hour)
	if err := d.Watch(t.Context(), func(context.Context, backup.Wrong) error { return errors.New("no mail") }); err == nil {
		t.Error("that nobody could be told is no error")
	}
	watch(backup.WrongOverdue + ": There is no verified backup")
	watch()
	b := f.create(t, backup.Manual)
	watch()
	h, err := d.Health(t.Context())
	if err != nil || len(h.Wrong) != 0 || !h.Newest.Equal(b.StartedAt) || !h.Proven.IsZero() {
		t.Errorf("health: %+v, %v", h, err)
	}
	f.now = f.now.Add(31 * time.Hour)
	watch(backup.WrongOverdue + ": The newest verified backup is of ")
	proof := backup.Proof{At: f.now, Problem: "it rained"}
	if err := backup.Publish(t.Context(), f.service(), b.ID, backup.DrillName, proof); err != nil {
		t.Fatal(err)
	}
	f.exec(t, f.opsURL(), "INSERT INTO schedule_run (schedule, local_date, state, problem, started_at) VALUES ('s', '2026-01-01', 'failed', 'disk full', now())")
	watch(backup.WrongNight+": The last scheduled backup failed: disk full", backup.WrongDrill+": The backup of ")
}
