package backup_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"payaid/internal/backup"
	"payaid/internal/blob"
	"payaid/internal/dbtest"
	"payaid/internal/localstack"
)

// TestHelperProcess is no test: it is the process that TestAKilledBackup kills.
func TestHelperProcess(t *testing.T) {
	args := helperArgs()
	if args == nil {
		return
	}
	store, err := blob.NewDir(args[1])
	if err != nil {
		t.Fatal(err)
	}
	s := backup.New(backup.Options{
		BackupURL: args[0], Store: store, Objects: store, SecretKey: strings.Repeat("s", 32), Recipients: args[3:5],
		ProgramDirs: append([]string{args[2]}, localstack.ProgramDirs(context.Background())...),
	})
	_, err = s.Create(context.Background(), backup.Manual)
	t.Fatalf("it was to be killed, but ended with %v", err)
}

// A process that is killed in the middle leaves no backup and no lock.
func TestAKilledBackupLeavesNoBackupAndNoLock(t *testing.T) {
	f := newFixture(t)
	f.create(t, backup.Manual) // makes the operations database
	begun := filepath.Join(t.TempDir(), "begun")
	var o backup.Options
	programs(t, `$REAL "$@" | head -c 300000; touch `+begun+`; exec sleep 20`)(&o)
	process := startHelper(t, "TestHelperProcess", f.db.BackupURL, f.dir, o.ProgramDirs[0], f.keys[0].Recipient().String(), f.keys[1].Recipient().String())
	waitFor(t, begun)
	if _, err := f.service().Create(t.Context(), backup.Manual); !errors.Is(err, backup.ErrBusy) {
		t.Errorf("while it runs: %v", err)
	}
	process.kill(t)
	if n := len(f.list(t)); n != 1 {
		t.Errorf("%d backups, want the first alone", n)
	}
	begin := time.Now()
	for { // the server notices the end of the connection at once, not in no time
		_, err := f.service().Create(t.Context(), backup.Manual)
		if err == nil {
			break
		}
		if !errors.Is(err, backup.ErrBusy) || time.Since(begin) > 10*time.Second {
			t.Fatalf("after its end: %v", err)
		}
	}
	if n := dbtest.Column[int64](t, f.opsURL(), "SELECT count(*) FROM job WHERE state = 'interrupted'")[0]; n != 1 {
		t.Errorf("%d jobs are said to be interrupted, want 1", n)
	}
}
