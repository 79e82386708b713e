package db

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// JobsSchema is the schema that holds the job queue's own tables.
const JobsSchema = "river"

// riverVersion is the version of the queue's schema that migration 2 installs. A
// later one gets a migration of its own.
const riverVersion = 8

// ErrSchemaNewer tells that the database was migrated by a newer PayAid.
var ErrSchemaNewer = errors.New("the database was migrated by a newer PayAid: use that version or restore a backup made by this one")

// ErrSchemaOlder tells that migrations are pending.
var ErrSchemaOlder = errors.New("the database lacks migrations: run `payaid migrate up` first")

// Migration is one step of the schema.
type Migration struct {
	Version int64
	Name    string
	Applied bool
}

// Migrator brings the schema up to date. It connects as payaid_owner, directly
// and not through a pooler, because it holds a session lock.
type Migrator struct {
	conn     *sql.DB
	provider *goose.Provider
}

// OpenMigrator connects to ownerURL.
func OpenMigrator(ctx context.Context, ownerURL string) (*Migrator, error) {
	cfg, err := pgx.ParseConfig(ownerURL)
	if err != nil {
		return nil, fmt.Errorf("database owner URL: %w", err)
	}
	// A migration that cannot get its lock must not queue every reader behind it.
	cfg.RuntimeParams["lock_timeout"] = "10s"
	conn := stdlib.OpenDB(*cfg)
	if err := conn.PingContext(ctx); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("reach the database: %w", err)
	}
	files, err := fs.Sub(schemaFiles, "schema")
	if err != nil {
		return nil, err
	}
	// Replicas that start together: one migrates, the others wait for it.
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return nil, err
	}
	jobs := goose.NewGoMigration(2, &goose.GoFunc{RunDB: func(ctx context.Context, _ *sql.DB) error { return migrateJobs(ctx, ownerURL) }}, nil)
	p, err := goose.NewProvider(goose.DialectPostgres, conn, files, goose.WithSessionLocker(locker), goose.WithGoMigrations(jobs))
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	return &Migrator{conn: conn, provider: p}, nil
}

// Close ends the connection.
func (m *Migrator) Close() error { return m.conn.Close() }

// Status lists every migration, oldest first.
func (m *Migrator) Status(ctx context.Context) ([]Migration, error) {
	all, err := m.provider.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the schema's state: %w", err)
	}
	out := make([]Migration, len(all))
	for i, s := range all {
		out[i] = Migration{Version: s.Source.Version, Name: migrationName(s.Source), Applied: s.State == goose.StateApplied}
	}
	return out, nil
}

// Up applies what is pending and returns it. It refuses a schema that is newer
// than this program with ErrSchemaNewer.
func (m *Migrator) Up(ctx context.Context) ([]Migration, error) {
	if err := m.refuseNewer(ctx); err != nil {
		return nil, err
	}
	done, err := m.provider.Up(ctx)
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	out := make([]Migration, len(done))
	for i, r := range done {
		out[i] = Migration{Version: r.Source.Version, Name: migrationName(r.Source), Applied: true}
	}
	return out, nil
}

// UpTo applies what is pending up to a version: an old schema on an empty database,
// for data of that time.
func (m *Migrator) UpTo(ctx context.Context, version int64) error {
	if _, err := m.provider.UpTo(ctx, version); err != nil {
		return fmt.Errorf("migrate to version %d: %w", version, err)
	}
	return nil
}

func (m *Migrator) refuseNewer(ctx context.Context) error {
	current, target, err := m.provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if current > target {
		return fmt.Errorf("schema version %d, this program knows %d: %w", current, target, ErrSchemaNewer)
	}
	return nil
}

func migrationName(s *goose.Source) string {
	if s.Path == "" {
		return fmt.Sprintf("%04d_%s (job queue)", s.Version, JobsSchema)
	}
	return s.Path
}

// migrateJobs installs the job queue's tables and lets the app use them.
func migrateJobs(ctx context.Context, ownerURL string) error {
	pool, err := pgxpool.New(ctx, ownerURL)
	if err != nil {
		return err
	}
	defer pool.Close()
	if _, err := pool.Exec(ctx, "CREATE SCHEMA IF NOT EXISTS "+JobsSchema); err != nil {
		return err
	}
	rm, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Schema: JobsSchema})
	if err != nil {
		return err
	}
	if _, err := rm.Migrate(ctx, rivermigrate.DirectionUp, &rivermigrate.MigrateOpts{TargetVersion: riverVersion}); err != nil {
		return err
	}
	_, err = pool.Exec(ctx, `GRANT USAGE ON SCHEMA `+JobsSchema+` TO `+RoleApp+`;
		GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA `+JobsSchema+` TO `+RoleApp+`;
		GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA `+JobsSchema+` TO `+RoleApp)
	return err
}

// CheckSchema compares the schema of the database with this program's, as any
// role: nil, ErrSchemaNewer or ErrSchemaOlder.
func (d *DB) CheckSchema(ctx context.Context) error {
	var current int64
	err := d.pool.QueryRow(ctx, "SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied").Scan(&current)
	if err != nil {
		if Code(err) == codeUndefinedTable {
			return ErrSchemaOlder
		}
		return fmt.Errorf("read the schema's version: %w", err)
	}
	latest, err := LatestVersion()
	switch {
	case err != nil:
		return err
	case current > latest:
		return fmt.Errorf("schema version %d, this program knows %d: %w", current, latest, ErrSchemaNewer)
	case current < latest:
		return fmt.Errorf("schema version %d, this program needs %d: %w", current, latest, ErrSchemaOlder)
	}
	return nil
}

// LatestVersion is the version of the last migration that this program knows.
func LatestVersion() (int64, error) {
	files, err := fs.Glob(schemaFiles, "schema/*.sql")
	if err != nil {
		return 0, err
	}
	var latest int64
	for _, f := range files {
		v, err := goose.NumericComponent(f)
		if err != nil {
			return 0, err
		}
		latest = max(latest, v)
	}
	return latest, nil
}

// SchemaSum identifies the state of the migrations: it changes with any of them.
func SchemaSum() (string, error) {
	h := sha256.New()
	err := fs.WalkDir(schemaFiles, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := schemaFiles.ReadFile(path)
		if err != nil {
			return err
		}
		fmt.Fprintf(h, "%s %d\n%s", path, riverVersion, b)
		return nil
	})
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
