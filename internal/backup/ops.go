package backup

import (
	"context"
	_ "embed" // ops.sql
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

//go:embed ops.sql
var opsSchema string

const (
	codeNoDatabase      = "3D000"
	codeNoTable         = "42P01"
	codeNoColumn        = "42703"
	codeDatabaseExists  = "42P04"
	codeUniqueViolation = "23505" // two CREATE DATABASE at the very same moment
)

// EnsureOps makes the operations database <name>_ops beside the application's own,
// as payaid_owner. It may run any number of times, also at the same time.
func EnsureOps(ctx context.Context, ownerURL string) error {
	name, err := databaseName(ownerURL)
	if err != nil {
		return err
	}
	if err := createDatabase(ctx, ownerURL, opsName(name)); err != nil {
		return err
	}
	url, err := withDatabase(ownerURL, opsName(name))
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("connect to the database %s: %w", opsName(name), err)
	}
	defer func() { _ = conn.Close(ctx) }()
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		// IF NOT EXISTS alone is no protection from another one at the same moment.
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtext('payaid.ops.schema'))"); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, opsSchema)
		return err
	})
	if err != nil {
		return fmt.Errorf("prepare the database %s: %w", opsName(name), err)
	}
	return nil
}

func createDatabase(ctx context.Context, ownerURL, name string) error {
	conn, err := pgx.Connect(ctx, ownerURL)
	if err != nil {
		return fmt.Errorf("connect as owner: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	var exists bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&exists); err != nil {
		return fmt.Errorf("look for the database %s: %w", name, err)
	}
	if exists {
		return nil
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize())
	if err != nil && !hasCode(err, codeDatabaseExists, codeUniqueViolation) {
		return fmt.Errorf("make the database %s: %w", name, err)
	}
	return nil
}

func hasCode(err error, codes ...string) bool {
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) {
		return false
	}
	for _, code := range codes {
		if pgErr.Code == code {
			return true
		}
	}
	return false
}

// openOps connects to the operations database as payaid_backup, and makes it first
// where it is missing and the owner is known.
func (s *Service) openOps(ctx context.Context) (*pgx.Conn, error) {
	if s.o.BackupURL == "" {
		return nil, fmt.Errorf("%w: PAYAID_DATABASE_BACKUP_URL is needed: backups are made as the role payaid_backup", ErrRefused)
	}
	conn, err := s.connectOps(ctx)
	if !hasCode(err, codeNoDatabase, codeNoTable) {
		return conn, err
	}
	if s.o.OwnerURL == "" {
		return nil, fmt.Errorf("%w: the database of the backups' history is missing or old: run `payaid migrate up` (%w)", ErrRefused, err)
	}
	if err := EnsureOps(ctx, s.o.OwnerURL); err != nil {
		return nil, err
	}
	return s.connectOps(ctx)
}

func (s *Service) connectOps(ctx context.Context) (*pgx.Conn, error) {
	name, err := databaseName(s.o.BackupURL)
	if err != nil {
		return nil, err
	}
	url, err := withDatabase(s.o.BackupURL, opsName(name))
	if err != nil {
		return nil, err
	}
	conn, err := connect(ctx, url)
	if err != nil {
		return nil, err
	}
	if err := usable(ctx, conn); err != nil {
		_ = conn.Close(ctx)
		return nil, err
	}
	return conn, nil
}

// usable refuses a role that could not make a backup before anything else can.
func usable(ctx context.Context, conn *pgx.Conn) error {
	if err := seesEverything(ctx, conn); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "SET search_path = public; SELECT FROM job LIMIT 0; SELECT FROM schedule_run LIMIT 0; SELECT FROM orphan LIMIT 0; SELECT FROM restore LIMIT 0; SELECT FROM generation LIMIT 0; SELECT FROM request LIMIT 0; SELECT FROM setting LIMIT 0; SELECT FROM tenant_plan LIMIT 0"); err != nil {
		return fmt.Errorf("look at the history of backups: %w", err)
	}
	return nil
}
