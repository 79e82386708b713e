package backup_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"payaid/internal/backup"
	"payaid/internal/blob"
	"payaid/internal/dbtest"
	"payaid/internal/localstack"
)

// refuses tries what must be refused before any work.
func (a *archived) refuses(t *testing.T, early, accident time.Time) {
	t.Helper()
	for says, to := range map[string]time.Time{"the archive begins at": early, "the archive ends at": accident.Add(time.Hour)} {
		if _, err := a.service().RestoreTo(t.Context(), to); !errors.Is(err, backup.ErrRefused) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", to, err)
		}
	}
	if n := dbtest.Column[int64](t, strings.Replace(a.o.OwnerURL, "/payaid?", "/payaid_ops?", 1), "SELECT count(*) FROM job WHERE verb = 'restore to'")[0]; n != 0 {
		t.Errorf("%d jobs were begun", n)
	}
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.service(func(o *backup.Options) { o.Identities = other.String() }).RestoreTo(t.Context(), accident)
	if !errors.Is(err, backup.ErrWrongKey) {
		t.Errorf("with another key: %v", err)
	}
	if a.contacts(t, 0) != 0 {
		t.Error("the live data changed")
	}
	a.wantClean(t)
}

// survivesDamage changes the segment that was being written at the moment, and then
// takes it away.
func (a *archived) survivesDamage(t *testing.T, to time.Time, segment string) {
	t.Helper()
	all := a.segments(t)
	i := slices.IndexFunc(all, func(path string) bool { return filepath.Base(path) == segment })
	if i < 0 {
		t.Fatalf("%s is not in the archive: %v", segment, all)
	}
	needed := all[i]
	whole, err := os.ReadFile(needed)
	if err != nil {
		t.Fatal(err)
	}
	flipped := slices.Clone(whole)
	flipped[len(flipped)*2/3] ^= 1
	write(t, needed, flipped)
	if _, err := a.service().RestoreTo(t.Context(), to); !errors.Is(err, backup.ErrArchiveDamaged) || !strings.Contains(err.Error(), filepath.Base(needed)) {
		t.Errorf("with a bit flipped in %s: %v", filepath.Base(needed), err)
	}
	a.wantClean(t)
	if err := os.Remove(needed); err != nil {
		t.Fatal(err)
	}
	if _, err := a.service().RestoreTo(t.Context(), to); !errors.Is(err, backup.ErrRefused) || !strings.Contains(err.Error(), "the segment "+filepath.Base(needed)+" is missing") {
		t.Errorf("without %s: %v", filepath.Base(needed), err)
	}
	write(t, needed, whole)
	a.wantClean(t)
	if a.contacts(t, 0) != 0 {
		t.Error("the live data changed")
	}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestRecoveryHelperProcess is no test: it is the process that survivesAKill kills.
func TestRecoveryHelperProcess(t *testing.T) {
	line := os.Getenv("PAYAID_TEST_RECOVERY")
	if line == "" {
		return
	}
	args := strings.Split(line, "\n")
	s := backup.New(backup.Options{
		BackupURL: args[0], OwnerURL: args[1], AppURL: args[2], Store: must(blob.NewDir(args[3])), Objects: must(blob.NewDir(args[3])),
		WAL:        backup.WALOptions{Store: must(blob.NewDir(args[4])), Dir: args[5], Unprivileged: localstack.Unprivileged},
		Identities: args[6], Recipients: args[7:9], SecretKey: strings.Repeat("s", 32), ProgramDirs: localstack.ProgramDirs(context.Background()),
		Progress: func(line string) {
			if strings.HasPrefix(line, "the server stands") {
				_ = os.WriteFile(args[9], nil, 0o600)
				time.Sleep(time.Minute)
			}
		},
	})
	_, err := s.RestoreTo(context.Background(), must(time.Parse(time.RFC3339Nano, args[10])))
	t.Fatalf("it was to be killed, but ended with %v", err)
}

// survivesAKill kills a recovery while its server runs: the next one finds its rest and
// removes it.
func (a *archived) survivesAKill(t *testing.T, to time.Time) {
	t.Helper()
	reached, store := filepath.Join(t.TempDir(), "reached"), t.TempDir()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestRecoveryHelperProcess$")
	cmd.Env = append(os.Environ(), "PAYAID_TEST_RECOVERY="+strings.Join([]string{
		a.o.BackupURL, a.o.OwnerURL, a.o.AppURL, store, a.wal, a.o.WAL.Dir, a.key, a.o.Recipients[0], a.o.Recipients[1], reached, to.Format(time.RFC3339Nano),
	}, "\n"))
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(3 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		if _, err := os.Stat(reached); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the recovery came to no end")
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	left, err := filepath.Glob(filepath.Join(a.o.WAL.Dir, "recover-*", "data", "postmaster.pid"))
	if err != nil || len(left) != 1 {
		t.Fatalf("the server that was left is not found: %v, %v", left, err)
	}
	pid, err := os.ReadFile(left[0])
	if err != nil {
		t.Fatal(err)
	}
	// The server of the live database notices the end of the process a moment later.
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		if err := a.service().SweepRestores(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(left[0]); errors.Is(err, os.ErrNotExist) || time.Now().After(deadline) {
			break
		}
	}
	a.wantClean(t)
	number, _, _ := strings.Cut(string(pid), "\n")
	if command, err := os.ReadFile("/proc/" + number + "/cmdline"); err == nil && strings.Contains(string(command), a.o.WAL.Dir) {
		t.Error("the server of the killed recovery still runs")
	}
	if a.contacts(t, 0) != 0 {
		t.Error("the live data changed")
	}
}

// keepsTheChain has the schedule make the next base backup, forgets what is too old,
// and never what the newest base backup needs.
func (a *archived) keepsTheChain(t *testing.T) {
	t.Helper()
	first := a.segments(t)
	a.runSchedule(t, 0, 1)
	a.runSchedule(t, 2, 2)
	a.await(t, a.now(t))
	w := a.window(t)
	if err := backup.PruneArchive(t.Context(), a.later(6)); err != nil {
		t.Fatal(err)
	}
	if now := a.window(t); now.Bases != 2 || now.Segments < w.Segments {
		t.Errorf("after 6 days: %+v, was %+v", now, w)
	}
	for range 2 { // the second time there is nothing to do
		if err := backup.PruneArchive(t.Context(), a.later(60)); err != nil {
			t.Fatal(err)
		}
	}
	now := a.window(t)
	if now.Bases != 1 || now.Segments == 0 || len(now.Spans) != 1 || now.Spans[0].To.Before(w.Spans[0].To) || !now.Spans[0].From.After(w.Spans[0].From) {
		t.Errorf("after 60 days: %+v, was %+v", now, w)
	}
	if _, err := os.Stat(first[0]); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the oldest segment is still there: %v", err)
	}
}

// later is the service in so many days.
func (a *archived) later(days int) *backup.Service {
	return a.service(func(o *backup.Options) { o.Now = func() time.Time { return time.Now().AddDate(0, 0, days) } })
}

func (a *archived) window(t *testing.T) backup.Window {
	t.Helper()
	w, err := a.service().Window(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// runSchedule runs the schedule in so many days; there are as many base backups then.
func (a *archived) runSchedule(t *testing.T, days, bases int) {
	t.Helper()
	if err := a.later(days).RunSchedule(t.Context()); err != nil {
		t.Fatal(err)
	}
	if w := a.window(t); w.Bases != bases {
		t.Errorf("in %d days there are %d base backups, want %d", days, w.Bases, bases)
	}
}

// tellsThatTheLogIsNotArchived has the receiver dead for a while: first it is told, then
// the server gives the log up, and the schedule begins anew behind the gap.
func (a *archived) tellsThatTheLogIsNotArchived(t *testing.T, stop func()) {
	t.Helper()
	a.wantWrong(t, 0, false)
	stop()
	a.wantWrong(t, 1, true)
	before := a.now(t)
	a.super(t, "SELECT pg_terminate_backend(active_pid, 10000) FROM pg_replication_slots WHERE active")
	a.super(t, "SELECT pg_drop_replication_slot('payaid_wal')")
	a.super(t, "SELECT pg_switch_wal()")
	a.exec(t, "UPDATE tenants SET name = 'Written in the gap'")
	a.super(t, "SELECT pg_switch_wal()")
	a.super(t, "CHECKPOINT")
	in := a.now(t)
	a.receive(t)
	// What was received before the gap is archived first.
	for deadline := time.Now().Add(3 * time.Minute); a.window(t).Spans[0].Lacks == ""; time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no gap is seen: %+v", a.window(t))
		}
	}
	if _, err := a.service().RestoreTo(t.Context(), in); !errors.Is(err, backup.ErrRefused) || !strings.Contains(err.Error(), "there is a gap in the write-ahead log from") {
		t.Errorf("in the gap: %v", err)
	}
	a.runSchedule(t, 0, 2)
	a.await(t, a.now(t))
	if w := a.window(t); len(w.Spans) != 2 || w.Spans[0].Lacks == "" || w.Contains(in) || !w.Spans[0].To.Before(before) {
		t.Errorf("around the gap from %s to %s: %+v", before, in, w)
	}
	a.runSchedule(t, 0, 2)
}

// wantWrong looks in so many days whether it is told that the log is not archived.
func (a *archived) wantWrong(t *testing.T, days int, want bool) {
	t.Helper()
	d, err := a.later(days).OpenDesk()
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	h, err := d.Health(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if told := slices.ContainsFunc(h.Wrong, func(w backup.Wrong) bool { return w.Kind == backup.WrongArchive }); told != want {
		t.Errorf("in %d days it is told that the log is not archived: %v; %+v", days, told, h.Wrong)
	}
}
