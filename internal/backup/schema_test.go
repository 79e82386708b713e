package backup_test

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"payaid/db"
	"payaid/internal/backup"
	"payaid/internal/dbtest"
	"payaid/internal/localstack"
)

func TestANewerSchemaIsRefused(t *testing.T) {
	f := newFixture(t)
	f.db.OwnerExec(t, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)")
	b := f.create(t, backup.Manual)
	_, err := f.service().Drill(t.Context(), b.ID)
	if !errors.Is(err, backup.ErrRefused) || !strings.Contains(err.Error(), "schema version 99999") {
		t.Errorf("got %v", err)
	}
	if left := f.scratches(t); len(left) > 0 {
		t.Errorf("copies are left: %v", left)
	}
}

// A backup from before an update is restored by the program after it.
func TestAnOlderSchemaIsMigrated(t *testing.T) {
	f := newFixture(t)
	latest, err := db.LatestVersion()
	if err != nil {
		t.Fatal(err)
	}
	owner, app := dbtest.Empty(t)
	migrateTo(t, owner, latest-1)
	f.exec(t, owner, "INSERT INTO tenants (id, slug, name, created_at, updated_at) VALUES (gen_random_uuid(), 'old', 'Old', now(), now())")
	older := func(o *backup.Options) {
		o.OwnerURL, o.AppURL, o.BackupURL = owner, app, strings.Replace(owner, db.RoleOwner, db.RoleBackup, 1)
	}
	name := dbtest.Column[string](t, owner, "SELECT current_database()")[0]
	t.Cleanup(func() { f.dropBeside(t, name) })
	b := f.create(t, backup.Manual, older)
	if b.Snapshot.Schema >= latest {
		t.Fatalf("the backup has schema version %d, want one below %d", b.Snapshot.Schema, latest)
	}
	if _, err := f.service(older).Drill(t.Context(), b.ID); err != nil {
		t.Error(err)
	}
	f.restore(t, b.ID, older)
	if got := dbtest.Column[int64](t, owner, "SELECT max(version_id) FROM goose_db_version")[0]; got != latest {
		t.Errorf("the live database has schema version %d, want %d", got, latest)
	}
}

// migrateTo makes the schema as it was at a version.
func migrateTo(t *testing.T, ownerURL string, version int64) {
	t.Helper()
	cfg, err := pgx.ParseConfig(ownerURL)
	if err != nil {
		t.Fatal(err)
	}
	conn := stdlib.OpenDB(*cfg)
	defer func() { _ = conn.Close() }()
	queue := goose.NewGoMigration(2, &goose.GoFunc{RunDB: func(ctx context.Context, _ *sql.DB) error {
		pool, err := pgxpool.New(ctx, ownerURL)
		if err != nil {
			return err
		}
		defer pool.Close()
		if _, err := pool.Exec(ctx, "CREATE SCHEMA "+db.JobsSchema); err != nil {
			return err
		}
		m, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Schema: db.JobsSchema})
		if err == nil {
			_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
		}
		return err
	}}, nil)
	p, err := goose.NewProvider(goose.DialectPostgres, conn, os.DirFS("../../db/schema"), goose.WithGoMigrations(queue))
	if err == nil {
		_, err = p.UpTo(t.Context(), version)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A backup before an update may meet a schema without the view of references.
func TestReferencesWithoutTheView(t *testing.T) {
	f := newFixture(t)
	f.db.OwnerExec(t, "DROP VIEW stored_objects")
	if b := f.create(t, backup.Manual); b.Files != (backup.Files{Count: 1, Bytes: 10}) {
		t.Errorf("files %+v", b.Files)
	}
}

// A dump of another application, whole and well signed, is no backup of PayAid.
func TestAForeignDumpIsRefused(t *testing.T) {
	f := newFixture(t)
	foreign, _ := dbtest.Empty(t)
	f.exec(t, foreign, "CREATE TABLE blog_posts (id int PRIMARY KEY, title text); INSERT INTO blog_posts VALUES (1, 'Hello')")
	b := f.create(t, backup.Manual)
	f.addContact(t, "Later")
	id := uuid.Must(uuid.NewV7())
	put := func(name string, content func(io.Writer) error) backup.Part {
		t.Helper()
		part, err := backup.Store(t.Context(), f.service(), id, name, []age.Recipient{f.keys[0].Recipient()}, content)
		if err != nil {
			t.Fatal(err)
		}
		return part
	}
	dump := put(backup.DumpName, func(w io.Writer) error { return pgDump(t, foreign, w) })
	list := put(backup.ListName, func(io.Writer) error { return nil })
	if _, err := f.service().Verify(t.Context(), id); !errors.Is(err, backup.ErrNotFound) {
		t.Errorf("without a manifest: %v", err)
	}
	m := b.Manifest
	m.ID, m.Dump, m.Objects = id, dump, list
	if err := backup.Publish(t.Context(), f.service(), id, backup.ManifestName, m); err != nil {
		t.Fatal(err)
	}
	if _, err := f.service().Drill(t.Context(), id); err == nil || !strings.Contains(err.Error(), "no database of PayAid") {
		t.Errorf("with a manifest: %v", err)
	}
	if _, err := f.service().Restore(t.Context(), id); err == nil || !strings.Contains(err.Error(), "no database of PayAid") {
		t.Errorf("restored: %v", err)
	}
	f.wantUntouched(t)
}

func pgDump(t *testing.T, url string, w io.Writer) error {
	t.Helper()
	for _, dir := range localstack.ProgramDirs(t.Context()) {
		if _, err := os.Stat(filepath.Join(dir, "pg_dump")); err == nil {
			cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "pg_dump"), "--format=custom", "--compress=0", "--dbname="+url)
			cmd.Stdout, cmd.Stderr = w, os.Stderr
			return cmd.Run()
		}
	}
	return errors.New("there is no pg_dump")
}
