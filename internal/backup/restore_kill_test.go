package backup_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"payaid/internal/backup"
	"payaid/internal/blob"
	"payaid/internal/dbtest"
	"payaid/internal/localstack"
)

// killedLease is the lease of a fence in these tests, in full.
const killedLease = 2 * time.Second

// TestRestoreHelperProcess is no test: it is the process that
// TestARestoreKilledInEachState kills. It stops where it is told to and waits.
func TestRestoreHelperProcess(t *testing.T) {
	args := helperArgs()
	if args == nil {
		return
	}
	state, reached := args[0], args[1]
	s := backup.New(backup.Options{
		BackupURL: args[2], OwnerURL: args[3], AppURL: args[4], Store: must(blob.NewDir(args[5])), Objects: must(blob.NewDir(args[6])),
		Identities: args[7], Recipients: args[8:10], SecretKey: strings.Repeat("s", 32), FenceLease: killedLease,
		ProgramDirs: localstack.ProgramDirs(context.Background()),
		Progress: func(line string) {
			if line == state {
				_ = os.WriteFile(reached, nil, 0o600)
				time.Sleep(time.Minute)
			}
		},
	})
	_, err := s.Restore(context.Background(), uuid.MustParse(args[10]))
	t.Fatalf("it was to be killed, but ended with %v", err)
}

// killIn restores in another process and kills it in a state.
func (f *fixture) killIn(t *testing.T, state backup.State, id uuid.UUID) {
	t.Helper()
	reached := filepath.Join(t.TempDir(), "reached")
	process := f.restoreElsewhere(t, state, reached, id)
	waitFor(t, reached)
	process.kill(t)
}

// restoreElsewhere restores in another process, which stops in a state and says so by
// a file.
func (f *fixture) restoreElsewhere(t *testing.T, state backup.State, reached string, id uuid.UUID) *helper {
	t.Helper()
	return startHelper(t, "TestRestoreHelperProcess", string(state), reached, f.db.BackupURL, f.db.OwnerURL, f.db.AppURL, f.dir, f.files,
		f.keys[0].String(), f.keys[0].Recipient().String(), f.keys[1].Recipient().String(), id.String())
}

// sweep waits until the server has noticed the end of a killed process, and cleans
// up.
func (f *fixture) sweep(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if err := f.service().SweepRestores(t.Context()); err != nil {
			t.Fatal(err)
		}
		states := dbtest.Column[string](t, f.opsURL(), "SELECT state FROM restore WHERE state NOT IN ('DONE', 'FAILED', 'ROLLED_BACK')")
		if len(states) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("still at work: %v", states)
		}
	}
}

// Until the swap commits, the death of whoever restores changes nothing but that
// writes wait for the rest of the lease; after it, the restored data is live.
func TestARestoreKilledInEachState(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.create(t, backup.Manual)
	f.addContact(t, "Later")
	for _, state := range []backup.State{
		backup.StateCheck, backup.StateSafety, backup.StateLoad, backup.StateVerify, backup.StateMigrate, backup.StateObjects,
		backup.StateFence, backup.StateCarry, backup.StateSwap,
	} {
		f.killIn(t, state, b.ID)
		killed := time.Now()
		if !f.hasContact(t, f.db.OwnerURL, "Later") {
			t.Fatalf("%s: the live database is not the one from before", state)
		}
		if holds := state == backup.StateCarry || state == backup.StateSwap; f.isFenced(t) != holds {
			t.Errorf("%s: the fence stands: %v", state, !holds)
		}
		f.awaitUnfenced(t)
		if took := time.Since(killed); took > killedLease+5*time.Second {
			t.Errorf("%s: writes waited for %s", state, took)
		}
		f.sweep(t)
		f.wantUntouched(t)
		if got := dbtest.Column[string](t, f.opsURL(), "SELECT problem FROM restore ORDER BY id DESC LIMIT 1")[0]; got != string(state)+": the process ended" {
			t.Errorf("%s: it is said that %q", state, got)
		}
	}
	f.killIn(t, backup.StateSwitch, b.ID)
	if f.isFenced(t) || f.hasContact(t, f.db.OwnerURL, "Later") {
		t.Error("SWITCH: the backup is not live, or writes wait")
	}
	f.sweep(t)
	all, err := f.service().Restores(t.Context(), 1)
	if err != nil || all[0].State != backup.StateDone || all[0].RollbackUntil == nil {
		t.Fatalf("SWITCH: %+v, %v", all, err)
	}
	if r, err := f.service().Rollback(t.Context()); err != nil || !f.hasContact(t, f.db.OwnerURL, "Later") {
		t.Errorf("rollback: %+v, %v", r, err)
	}
}

func (f *fixture) awaitUnfenced(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); f.isFenced(t); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the fence stands")
		}
	}
}
