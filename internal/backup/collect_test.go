package backup_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"payaid/db"
	"payaid/internal/backup"
	"payaid/internal/blob"
)

const day = 24 * time.Hour

// orphan stores a file that nothing refers to.
func (f *fixture) orphan(t *testing.T, name string) string {
	t.Helper()
	key := "t/" + f.tenants[0].String() + "/" + name
	if _, err := f.objects.Put(t.Context(), key, strings.NewReader("old"), 3, "text/plain"); err != nil {
		t.Fatal(err)
	}
	return key
}

func (f *fixture) collect(t *testing.T) backup.Collected {
	t.Helper()
	done, err := f.service().Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func (f *fixture) wantFile(t *testing.T, key string, want bool) {
	t.Helper()
	_, err := f.objects.Stat(t.Context(), key)
	if err != nil && !errors.Is(err, blob.ErrNotFound) {
		t.Fatal(err)
	}
	if (err == nil) != want {
		t.Errorf("%s is there: %v, want %v", key, err == nil, want)
	}
}

func TestCollectDeletesWhatNothingNeeds(t *testing.T) {
	f := newFixture(t)
	kept := f.putFile(t, "imports/kept.csv", "name\nAsha\n")
	old := f.orphan(t, "logo/old.png")
	if done := f.collect(t); done != (backup.Collected{Orphans: 1}) {
		t.Errorf("seen for the first time: %+v", done)
	}
	f.now = f.now.Add(34 * day)
	if done := f.collect(t); done.Files != 0 {
		t.Errorf("within retention: %+v", done)
	}
	f.wantFile(t, old, true)
	f.now = f.now.Add(2 * day)
	late := f.orphan(t, "logo/late.png")
	if done := f.collect(t); done != (backup.Collected{Files: 1, Bytes: 3, Orphans: 1}) {
		t.Errorf("after it: %+v", done)
	}
	f.wantFile(t, old, false)
	f.wantFile(t, late, true)
	f.wantFile(t, kept, true)
	if done := f.collect(t); done != (backup.Collected{Orphans: 1}) {
		t.Errorf("once more: %+v", done)
	}
}

// B7: every file that a kept backup refers to exists, however old the backup is.
func TestCollectSparesWhatAKeptBackupRefersTo(t *testing.T) {
	f := newFixture(t)
	key := f.putFile(t, "imports/of-the-backup.csv", "name\nAsha\n")
	f.create(t, backup.Pinned)
	f.db.OwnerExec(t, "DELETE FROM imports WHERE blob_key = $1", key)
	f.collect(t)
	f.now = f.now.Add(400 * day)
	f.collect(t)
	f.wantFile(t, key, true)
}

// A file that was an orphan, is referred to when a backup is made, and is an orphan
// again counts from anew.
func TestABackupEndsAnOrphan(t *testing.T) {
	f := newFixture(t)
	key := f.orphan(t, "imports/back.csv")
	f.collect(t)
	f.now = f.now.Add(10 * day)
	f.putFile(t, "imports/back.csv", "old")
	b := f.create(t, backup.Manual)
	f.db.OwnerExec(t, "DELETE FROM imports WHERE blob_key = $1", key)
	f.now = f.now.Add(27 * day) // 37 since it was first seen
	if done := f.collect(t); done != (backup.Collected{Orphans: 1}) {
		t.Errorf("while the backup is kept: %+v", done)
	}
	f.wantFile(t, key, true)
	if err := backup.Forget(t.Context(), f.service(), b.ID); err != nil {
		t.Fatal(err)
	}
	f.now = f.now.Add(36 * day)
	f.collect(t)
	f.wantFile(t, key, false)
}

// Who puts a file under an old name holds the files: it is not collected before the
// reference is there to be seen.
func TestCollectWaitsForWhoPutsAFile(t *testing.T) {
	f := newFixture(t)
	key := f.orphan(t, "imports/again.csv")
	f.collect(t)
	f.now = f.now.Add(36 * day)
	pool, err := db.Open(t.Context(), f.db.AppURL, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	ended := make(chan error, 1)
	err = pool.InTx(t.Context(), func(_ pgx.Tx, q *db.Queries) error {
		if err := q.HoldFiles(t.Context()); err != nil {
			return err
		}
		go func() {
			_, err := f.service().Collect(context.WithoutCancel(t.Context()))
			ended <- err
		}()
		select {
		case err := <-ended:
			t.Errorf("it did not wait: %v", err)
		case <-time.After(time.Second):
		}
		f.wantFile(t, key, true)
		f.putFile(t, "imports/again.csv", "new")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	f.wantFile(t, key, true)
}

func TestCollectDeletesNothingBesideAnUnreadableBackup(t *testing.T) {
	f := newFixture(t)
	key := f.orphan(t, "logo/old.png")
	f.collect(t)
	b := f.create(t, backup.Manual)
	f.now = f.now.Add(400 * day)
	if _, err := f.store.Put(t.Context(), b.ID.String()+"/"+backup.ManifestName, strings.NewReader(`{"format":1}`), -1, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := f.service().Collect(t.Context()); !errors.Is(err, backup.ErrForged) {
		t.Errorf("err %v", err)
	}
	f.wantFile(t, key, true)
}
