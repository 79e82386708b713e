package backup_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"payaid/internal/backup"
	"payaid/internal/dbtest"
)

// Where the live database can neither be backed up nor read, it can still be replaced
// by whoever asks for that in so many words.
func TestABrokenDatabaseIsReplacedWithoutSafety(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.create(t, backup.Manual)
	f.addContact(t, "Later")
	f.exec(t, f.opsURL(), "ALTER DATABASE "+f.name()+" ALLOW_CONNECTIONS false")
	if r, err := f.service().Restore(t.Context(), b.ID); err == nil || !strings.Contains(err.Error(), "--without-safety") || r.State != backup.StateFailed {
		t.Fatalf("with safety: %+v, %v", r, err)
	}
	r, err := f.service().RestoreWithoutSafety(t.Context(), b.ID)
	if err != nil || r.State != backup.StateDone || r.Safety != uuid.Nil {
		t.Fatalf("%+v, %v", r, err)
	}
	if f.hasContact(t, f.db.OwnerURL, "Later") || f.isFenced(t) {
		t.Error("the backup is not live, or writes wait")
	}
	if says := strings.Join(r.Report.Warnings, "; "); !strings.Contains(says, "no safety backup was made") || !strings.Contains(says, "nothing was carried over") {
		t.Errorf("it warns of %q", says)
	}
	if n := dbtest.Column[int64](t, f.db.OwnerURL, "SELECT count(*) FROM audit_entries WHERE action = 'backup.restore'")[0]; n != 1 {
		t.Errorf("%d entries in the log", n)
	}
	f.exec(t, f.opsURL(), "ALTER DATABASE "+r.Previous+" ALLOW_CONNECTIONS true")
	if !f.hasContact(t, f.at(r.Previous), "Later") {
		t.Error("what was live is gone")
	}
}

// After the swap a restore can no longer be stopped: who wants to finds it done.
func TestStoppingARestoreAfterTheSwapIsHarmless(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.create(t, backup.Manual)
	f.addContact(t, "Later")
	d := f.desk(t)
	var stopped error
	r := f.restore(t, b.ID, func(o *backup.Options) {
		o.Progress = func(line string) {
			if line != string(backup.StateSwitch) {
				return
			}
			open, err := d.Open(context.WithoutCancel(t.Context()))
			if err != nil || len(open) != 1 {
				t.Errorf("at work: %+v, %v", open, err)
				return
			}
			stopped = d.Stop(context.WithoutCancel(t.Context()), open[0].ID, "Asha")
			time.Sleep(3 * time.Second) // it is looked for every second
		}
	})
	if stopped != nil || r.State != backup.StateDone || r.RollbackUntil == nil {
		t.Errorf("%+v, %v", r, stopped)
	}
	if f.hasContact(t, f.db.OwnerURL, "Later") || f.isFenced(t) {
		t.Error("the backup is not live, or writes wait")
	}
	if all, err := f.service().Restores(t.Context(), 1); err != nil || all[0].State != backup.StateDone {
		t.Errorf("%+v, %v", all, err)
	}
	if _, err := f.service().Rollback(t.Context()); err != nil || !f.hasContact(t, f.db.OwnerURL, "Later") {
		t.Errorf("rollback: %v", err)
	}
}

// Another version of the collation is told of, and nothing worse.
func TestAnotherCollationIsAWarning(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.create(t, backup.Manual)
	old := b.Manifest
	old.Snapshot.Collation = "2.17"
	f.publish(t, old)
	if r := f.restore(t, b.ID); !strings.Contains(strings.Join(r.Report.Warnings, "; "), `was by version "2.17"`) {
		t.Errorf("it warns of %q", r.Report.Warnings)
	}
}

// A migration and a backup never work at the same time.
func TestAMigrationAndABackupWaitForEachOther(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	release, err := backup.HoldBackups(t.Context(), f.db.OwnerURL, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.service().Create(t.Context(), backup.Manual); !errors.Is(err, backup.ErrBusy) || !strings.Contains(err.Error(), "a migration of the schema;") {
		t.Errorf("during a migration: %v", err)
	}
	release()
	var inside error
	f.create(t, backup.Manual, func(o *backup.Options) {
		o.Progress = func(string) {
			if inside == nil {
				_, inside = backup.HoldBackups(context.WithoutCancel(t.Context()), f.db.OwnerURL, 300*time.Millisecond)
			}
		}
	})
	if !errors.Is(inside, backup.ErrBusy) || !strings.Contains(inside.Error(), "create since") {
		t.Errorf("during a backup: %v", inside)
	}
}
