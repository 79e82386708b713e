package backup_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"payaid/internal/backup"
	"payaid/internal/blob"
	"payaid/internal/dbtest"
	"payaid/internal/localstack"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// fixture is one installation with two tenants, some contacts and one file.
type fixture struct {
	db      *dbtest.Database
	dir     string // where backups are kept
	files   string // where the files are that the database refers to
	store   *blob.Dir
	objects *blob.Dir
	keys    [2]*age.X25519Identity
	tenants [2]uuid.UUID
	lines   []string
	now     time.Time
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	return newFixtureOn(t, dbtest.New(t))
}

// newFixtureOn is newFixture in a database of any server.
func newFixtureOn(t *testing.T, d *dbtest.Database) *fixture {
	t.Helper()
	f := &fixture{db: d, dir: t.TempDir(), files: t.TempDir(), now: time.Now()}
	f.store, f.objects = newDir(t, f.dir), newDir(t, f.files)
	for i := range f.keys {
		k, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		f.keys[i] = k
	}
	for i, slug := range []string{"rao", "mehta"} {
		f.tenants[i] = uuid.Must(uuid.NewV7())
		f.db.OwnerExec(t, "INSERT INTO tenants (id, slug, name, created_at, updated_at) VALUES ($1, $2, $2, now(), now())", f.tenants[i], slug)
		f.db.OwnerExec(t, `INSERT INTO contacts (tenant_id, id, first_name, last_name, created_at, updated_at)
			SELECT $1, gen_random_uuid(), 'Plainly Readable', 'Contact ' || n, now(), now() FROM generate_series(1, 500) n`, f.tenants[i])
	}
	f.putFile(t, "imports/first.csv", "name\nAsha\n")
	// Without FORCE, which the owner may not use on a connection of payaid_backup that
	// is still closing, the server waits for that.
	t.Cleanup(func() { f.dropBeside(t, f.name()) })
	return f
}

// dropBeside drops what backups and restores made beside a database.
func (f *fixture) dropBeside(t *testing.T, database string) {
	t.Helper()
	for _, name := range dbtest.Column[string](t, f.db.OwnerURL, "SELECT datname FROM pg_database WHERE starts_with(datname, $1)", database+"_") {
		f.exec(t, f.db.OwnerURL, "DROP DATABASE IF EXISTS "+name)
	}
}

func newDir(t *testing.T, path string) *blob.Dir {
	t.Helper()
	d, err := blob.NewDir(path)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// putFile stores a file and a row of the first tenant that refers to it.
func (f *fixture) putFile(t *testing.T, name, content string) (key string) {
	t.Helper()
	key = "t/" + f.tenants[0].String() + "/" + name
	if _, err := f.objects.Put(t.Context(), key, strings.NewReader(content), int64(len(content)), "text/csv"); err != nil {
		t.Fatal(err)
	}
	id := uuid.Must(uuid.NewV7())
	f.db.OwnerExec(t, "INSERT INTO job_progress (tenant_id, id, kind, created_at, updated_at) VALUES ($1, $2, 'import', now(), now())", f.tenants[0], id)
	f.db.OwnerExec(t, "INSERT INTO imports (tenant_id, id, entity, file_name, blob_key, created_at) VALUES ($1, $2, 'contacts', 'first.csv', $3, now())", f.tenants[0], id, key)
	return key
}

// service returns a Service on the fixture; change alters its options.
func (f *fixture) service(change ...func(*backup.Options)) *backup.Service {
	o := backup.Options{
		BackupURL: f.db.BackupURL, OwnerURL: f.db.OwnerURL, AppURL: f.db.AppURL, Store: f.store, Objects: f.objects,
		SecretKey: strings.Repeat("s", 32), Recipients: []string{f.keys[0].Recipient().String(), f.keys[1].Recipient().String()}, Identities: f.keys[0].String(),
		ProgramDirs: localstack.ProgramDirs(context.Background()), Version: "test",
		Now: func() time.Time { return f.now }, Progress: func(line string) { f.lines = append(f.lines, line) },
	}
	for _, c := range change {
		c(&o)
	}
	return backup.New(o)
}

// create makes a backup that must succeed.
func (f *fixture) create(t *testing.T, kind backup.Kind, change ...func(*backup.Options)) backup.Backup {
	t.Helper()
	b, err := f.service(change...).Create(t.Context(), kind)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (f *fixture) list(t *testing.T) []backup.Backup {
	t.Helper()
	all, err := f.service().List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func (f *fixture) opsName() string { return f.db.Pool().Config().ConnConfig.Database + "_ops" }

func (f *fixture) opsURL() string {
	return strings.Replace(f.db.OwnerURL, f.db.Pool().Config().ConnConfig.Database, f.opsName(), 1)
}

func (f *fixture) exec(t *testing.T, url, sql string, args ...any) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// programs makes a directory with a pg_dump that is this shell script after it
// answered for its version. The script finds the real one in $REAL.
func programs(t *testing.T, script string) func(*backup.Options) {
	t.Helper()
	return program(t, "pg_dump", script)
}

// program is programs for any of PostgreSQL's own.
func program(t *testing.T, name, script string) func(*backup.Options) {
	t.Helper()
	var real string
	for _, dir := range localstack.ProgramDirs(t.Context()) {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			real = filepath.Join(dir, name)
		}
	}
	dir := t.TempDir()
	text := fmt.Sprintf("#!/bin/sh\nREAL=%s\ncase \"$1\" in --version) exec $REAL --version;; esac\n%s\n", real, script)
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return func(o *backup.Options) { o.ProgramDirs = append([]string{dir}, o.ProgramDirs...) }
}

// wantNothing fails when the store holds a backup or the rest of one.
func (f *fixture) wantNothing(t *testing.T) {
	t.Helper()
	if all := f.list(t); len(all) != 0 {
		t.Errorf("listed %d backups", len(all))
	}
	err := f.store.List(t.Context(), "", func(info blob.Info) error {
		t.Errorf("left in the store: %s", info.Key)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	left, err := os.ReadDir(filepath.Join(f.dir, ".tmp"))
	if err != nil || len(left) > 0 {
		t.Errorf("left unfinished: %v, %v", left, err)
	}
}
