package backup_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"github.com/jackc/pgx/v5"

	"payaid/db"
	"payaid/internal/backup"
	"payaid/internal/blob"
	"payaid/internal/dbtest"
)

func TestABackupIsMadeListedReadAndRestored(t *testing.T) {
	f := newFixture(t)
	b := f.create(t, backup.Manual)
	all := f.list(t)
	if len(all) != 1 || all[0].ID != b.ID || !all[0].Verified() || all[0].Proven() || all[0].Kind != backup.Manual {
		t.Fatalf("listed %+v", all)
	}
	if got := b.Tables["public.contacts"].Rows; got != 1000 {
		t.Errorf("the manifest counts %d contacts, want 1000 of both tenants", got)
	}
	if b.Files != (backup.Files{Count: 1, Bytes: 10}) {
		t.Errorf("files %+v", b.Files)
	}
	latest, _ := db.LatestVersion()
	if s := b.Snapshot; s.Schema != latest || s.LSN == "" || s.Encoding != "UTF8" || s.Extensions["pg_trgm"] == "" || s.Rights == "" || s.ServerVersion < 150000 {
		t.Errorf("facts %+v", s)
	}
	f.wantCipherOnly(t)

	if v, err := f.service().Verify(t.Context(), b.ID); err != nil || v.Verify == nil || !v.Verify.OK {
		t.Errorf("verify: %+v, %v", v.Verify, err)
	}
	if d, err := f.service().Drill(t.Context(), b.ID); err != nil || !d.Proven() || d.Drill.Rows < 1000 {
		t.Errorf("drill: %+v, %v\n%s", d.Drill, err, strings.Join(f.lines, "\n"))
	}
	if got := f.list(t)[0]; !got.Proven() || got.Verify == nil {
		t.Errorf("the proofs are not kept: %+v %+v", got.Verify, got.Drill)
	}
	if left := f.scratches(t); len(left) > 0 {
		t.Errorf("copies are left: %v", left)
	}
	if states := dbtest.Column[string](t, f.opsURL(), "SELECT verb || ' ' || state FROM job ORDER BY id"); !slices.Equal(states, []string{"create completed", "verify completed", "drill completed"}) {
		t.Errorf("history %v", states)
	}
}

func (f *fixture) scratches(t *testing.T) []string {
	t.Helper()
	return dbtest.Column[string](t, f.db.OwnerURL, "SELECT datname FROM pg_database WHERE starts_with(datname, $1)", f.db.Pool().Config().ConnConfig.Database+"_scratch_")
}

// wantCipherOnly fails when a stored file holds what a contact is called.
func (f *fixture) wantCipherOnly(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(f.dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		for _, secret := range []string{"Plainly Readable", "PGDMP", "first.csv"} {
			if strings.Contains(string(data), secret) {
				t.Errorf("%s holds %q in the open", path, secret)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Writers add contacts in pairs, and the drill compares the copy with digests
// that were taken by another connection than pg_dump's.
func TestABackupIsOneMomentAlsoWhileOthersWrite(t *testing.T) {
	f := newFixture(t)
	ctx, stop := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	for _, tenant := range f.tenants {
		writers.Go(func() {
			for ctx.Err() == nil {
				err := f.db.InTenantTx(context.WithoutCancel(ctx), tenant, func(tx pgx.Tx, _ *db.Queries) error {
					for range 2 {
						if _, err := tx.Exec(ctx, `INSERT INTO contacts (tenant_id, id, first_name, created_at, updated_at) VALUES ($1, gen_random_uuid(), 'New', now(), now())`, tenant); err != nil {
							return err
						}
					}
					_, err := tx.Exec(ctx, "UPDATE contacts SET last_name = gen_random_uuid()::text WHERE tenant_id = $1 AND first_name <> 'New'", tenant)
					return err
				})
				if err != nil && ctx.Err() == nil {
					t.Error(err)
				}
			}
		})
	}
	slow := programs(t, `sleep 1; exec $REAL "$@"`) // so that much is written after the snapshot
	b := f.create(t, backup.Manual, slow)
	stop()
	writers.Wait()
	if d, err := f.service().Drill(t.Context(), b.ID); err != nil || !d.Proven() {
		t.Errorf("drill: %v", err)
	}
	rows := b.Tables["public.contacts"].Rows
	if after := dbtest.Column[int64](t, f.db.OwnerURL, "SELECT count(*) FROM contacts")[0]; rows%2 != 0 || rows >= after {
		t.Errorf("%d contacts in the backup, %d afterwards: want an even number and fewer", rows, after)
	}
}

func TestAFailingDumpLeavesNoBackup(t *testing.T) {
	f := newFixture(t)
	for name, tt := range map[string]struct {
		script string
		says   string
	}{
		"killed half-way":          {`$REAL "$@" | head -c 100000; kill -9 $$`, "signal: killed"},
		"exit 1 after all of it":   {`$REAL "$@"; exit 1`, "exit status 1"},
		"exit 0 with an error":     {`$REAL "$@"; echo "pg_dump: error: something was skipped" >&2; exit 0`, "something was skipped"},
		"a sentence on its stderr": {`echo "pg_dump: error: no space for it" >&2; exit 1`, "no space for it"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := f.service(programs(t, tt.script)).Create(t.Context(), backup.Manual)
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want %q", err, tt.says)
			}
			f.wantNothing(t)
		})
	}
	if n := dbtest.Column[int64](t, f.opsURL(), "SELECT count(*) FROM job WHERE state = 'failed' AND problem <> ''")[0]; n != 4 {
		t.Errorf("%d failures in the history, want 4", n)
	}
	f.create(t, backup.Manual) // the lock is free again
}

func TestProgramsOfAnotherVersionAreRefused(t *testing.T) {
	f := newFixture(t)
	for _, version := range []string{"9.6.24", "99.1"} {
		dir := t.TempDir()
		script := "#!/bin/sh\necho 'pg_dump (PostgreSQL) " + version + "'\n"
		if err := os.WriteFile(filepath.Join(dir, "pg_dump"), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
		t.Setenv("PATH", t.TempDir()+string(os.PathListSeparator)+"/nowhere")
		_, err := f.service(func(o *backup.Options) { o.ProgramDirs = []string{dir} }).Create(t.Context(), backup.Manual)
		if !errors.Is(err, backup.ErrRefused) || !strings.Contains(err.Error(), version) || !strings.Contains(err.Error(), "server is PostgreSQL ") {
			t.Errorf("pg_dump %s: %v", version, err)
		}
	}
	_, err := f.service(func(o *backup.Options) { o.ProgramDirs = nil }).Create(t.Context(), backup.Manual)
	if !errors.Is(err, backup.ErrRefused) || !strings.Contains(err.Error(), "none is installed") {
		t.Errorf("no pg_dump at all: %v", err)
	}
	f.wantNothing(t)
}

func TestARoleThatMissesRowsIsRefused(t *testing.T) {
	f := newFixture(t)
	_, err := f.service(func(o *backup.Options) { o.BackupURL = f.db.AppURL }).Create(t.Context(), backup.Manual)
	if !errors.Is(err, backup.ErrRefused) || !strings.Contains(err.Error(), "row level security") {
		t.Errorf("got %v", err)
	}
	_, err = f.service(func(o *backup.Options) { o.BackupURL = f.db.OwnerURL }).Create(t.Context(), backup.Manual)
	if !errors.Is(err, backup.ErrRefused) || !strings.Contains(err.Error(), "pg_read_all_data") {
		t.Errorf("a role that may not read all: %v", err)
	}
	f.wantNothing(t)
}

func TestTheHistoryIsMadeWhereTheOwnerIsKnown(t *testing.T) {
	f := newFixture(t)
	noOwner := func(o *backup.Options) { o.OwnerURL = "" }
	_, err := f.service(noOwner).Create(t.Context(), backup.Manual)
	if !errors.Is(err, backup.ErrRefused) || !strings.Contains(err.Error(), "payaid migrate up") {
		t.Errorf("without the owner: %v", err)
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if err := backup.EnsureOps(t.Context(), f.db.OwnerURL); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	f.create(t, backup.Manual, noOwner)
	_, err = f.service(func(o *backup.Options) { o.BackupURL = "" }).Create(t.Context(), backup.Manual)
	if !errors.Is(err, backup.ErrRefused) || !strings.Contains(err.Error(), "PAYAID_DATABASE_BACKUP_URL") {
		t.Errorf("without the role for backups: %v", err)
	}
}

func TestAFullStoreLeavesNoBackup(t *testing.T) {
	f := newFixture(t)
	full := &fullStore{Store: f.store, after: 20_000}
	_, err := f.service(func(o *backup.Options) { o.Store = full }).Create(t.Context(), backup.Manual)
	if err == nil || !strings.Contains(err.Error(), "no space left on device") {
		t.Errorf("got %v", err)
	}
	f.wantNothing(t)
	f.create(t, backup.Manual)
}

func TestTwoAtOnce(t *testing.T) {
	f := newFixture(t)
	begun := filepath.Join(t.TempDir(), "begun")
	slow := f.service(programs(t, `touch `+begun+`; sleep 2; exec $REAL "$@"`))
	first := make(chan error, 1)
	go func() {
		_, err := slow.Create(t.Context(), backup.Manual)
		first <- err
	}()
	waitFor(t, begun)
	_, err := f.service().Create(t.Context(), backup.Manual)
	if !errors.Is(err, backup.ErrBusy) || !strings.Contains(err.Error(), "create since") {
		t.Errorf("the second: %v", err)
	}
	if err := <-first; err != nil {
		t.Errorf("the first: %v", err)
	}
	if n := len(f.list(t)); n != 1 {
		t.Errorf("%d backups", n)
	}
}

func TestACancelledBackupLeavesNothing(t *testing.T) {
	f := newFixture(t)
	begun := filepath.Join(t.TempDir(), "begun")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := f.service(programs(t, `touch `+begun+`; exec sleep 600`)).Create(ctx, backup.Manual)
		ended <- err
	}()
	waitFor(t, begun)
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	f.wantNothing(t)
	f.create(t, backup.Manual)
}

func TestMissingFilesAreAWarning(t *testing.T) {
	f := newFixture(t)
	gone := f.putFile(t, "imports/second.csv", "name\n")
	if err := f.objects.Delete(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	b := f.create(t, backup.Manual)
	if b.Files != (backup.Files{Count: 2, Bytes: 10, Missing: 1}) || len(b.Warnings) != 1 || !strings.Contains(b.Warnings[0], "1 are missing") {
		t.Errorf("files %+v, warnings %q", b.Files, b.Warnings)
	}
}

func TestAForeignDatabaseIsNotBackedUp(t *testing.T) {
	f := newFixture(t)
	f.db.OwnerExec(t, "DROP TABLE goose_db_version")
	_, err := f.service().Create(t.Context(), backup.Manual)
	if !errors.Is(err, backup.ErrRefused) || !strings.Contains(err.Error(), "no database of PayAid") {
		t.Errorf("got %v", err)
	}
	f.wantNothing(t)
}

func TestKeygenMakesWhatRecipientsTakes(t *testing.T) {
	f := newFixture(t)
	var file strings.Builder
	recipient, err := backup.Keygen(&file, time.Now())
	if err != nil || !strings.Contains(file.String(), "# public key: "+recipient) {
		t.Fatalf("%v\n%s", err, file.String())
	}
	change := func(o *backup.Options) {
		o.Recipients, o.Identities = append(o.Recipients, recipient), file.String()
	}
	b := f.create(t, backup.Manual, change)
	if _, err := f.service(change).Drill(t.Context(), b.ID); err != nil {
		t.Error(err)
	}
}

func TestTooFewKeysAreRefused(t *testing.T) {
	f := newFixture(t)
	one := f.keys[0].Recipient().String()
	for name, tt := range map[string]struct {
		recipients []string
		says       string
	}{
		"none":          {nil, "payaid backup keygen"},
		"one":           {[]string{one}, "names 1 key"},
		"one twice":     {[]string{one, one}, "names 1 key"},
		"malformed":     {[]string{one, "age1nonsense"}, `"age1nonsense" is no public key`},
		"a private key": {[]string{one, f.keys[1].String()[:20]}, "is no public key"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := f.service(func(o *backup.Options) { o.Recipients = tt.recipients }).Create(t.Context(), backup.Manual)
			if !errors.Is(err, backup.ErrRefused) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want %q", err, tt.says)
			}
		})
	}
	f.wantNothing(t)
}

func TestKeysAreMadeOnceAndMayBeTakenAway(t *testing.T) {
	f := newFixture(t)
	dir := filepath.Join(t.TempDir(), "backup-keys")
	own := func(o *backup.Options) { o.Recipients, o.Identities, o.KeyDir = nil, "", dir }
	b := f.create(t, backup.Manual, own)
	told := func() int {
		return len(slices.DeleteFunc(slices.Clone(f.lines), func(l string) bool { return !strings.Contains(l, "copy them") }))
	}
	if told() != 1 || !strings.Contains(strings.Join(f.lines, "\n"), dir) {
		t.Errorf("nobody was told to copy the keys: %q", f.lines)
	}
	if err := os.Remove(filepath.Join(dir, "second.key")); err != nil {
		t.Fatal(err)
	}
	if _, err := f.service(own).Drill(t.Context(), b.ID); err != nil {
		t.Errorf("with one key: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "first.key")); err != nil {
		t.Fatal(err)
	}
	again := f.create(t, backup.Manual, own)
	if !slices.Equal(again.Recipients, b.Recipients) || told() != 1 {
		t.Errorf("made for %v, first for %v", again.Recipients, b.Recipients)
	}
	if _, err := f.service(own).Drill(t.Context(), b.ID); !errors.Is(err, backup.ErrWrongKey) || !strings.Contains(err.Error(), "PAYAID_BACKUP_IDENTITY") {
		t.Errorf("without keys: %v", err)
	}
}

// fullStore takes so many bytes of a file and then is full, as a disk is.
type fullStore struct {
	blob.Store
	after int64
}

// Put fails in the middle of a longer file.
func (s *fullStore) Put(ctx context.Context, key string, r io.Reader, size int64, contentType string) (blob.Info, error) {
	full := iotest.ErrReader(&fs.PathError{Op: "write", Path: key, Err: syscall.ENOSPC})
	if size >= 0 {
		return s.Store.Put(ctx, key, r, size, contentType)
	}
	return s.Store.Put(ctx, key, io.MultiReader(io.LimitReader(r, s.after), full), size, contentType)
}
