package backup

import (
	"context"
	"fmt"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"
)

// plan is what the preflight found: all that a backup needs.
type plan struct {
	conn       *pgx.Conn // as payaid_backup
	dump       program
	recipients []age.Recipient
	names      []string // of the recipients
}

// prepare refuses what cannot become a backup, before any work.
func (s *Service) prepare(ctx context.Context) (_ *plan, err error) {
	p := &plan{}
	if p.recipients, p.names, err = s.recipients(); err != nil {
		return nil, err
	}
	if err := s.o.Store.Check(ctx); err != nil {
		return nil, fmt.Errorf("%w: nothing can be written where backups are kept: %w", ErrRefused, err)
	}
	if p.conn, err = connect(ctx, s.o.BackupURL); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = p.conn.Close(ctx)
		}
	}()
	if _, err := schemaVersion(ctx, p.conn); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	major, err := serverMajor(ctx, p.conn)
	if err != nil {
		return nil, err
	}
	p.dump, err = findProgram(ctx, s.o.ProgramDirs, "pg_dump", major)
	return p, err
}

// seesEverything refuses a role from which row level security hides rows: its
// dump would end with an error, or be silently empty.
func seesEverything(ctx context.Context, q querier) error {
	var role string
	var bypass, reads bool
	err := q.QueryRow(ctx, `SELECT rolname, rolbypassrls OR rolsuper, rolsuper OR pg_has_role(rolname, 'pg_read_all_data', 'USAGE') FROM pg_roles WHERE rolname = current_user`).Scan(&role, &bypass, &reads)
	switch {
	case err != nil:
		return fmt.Errorf("look at the role: %w", err)
	case !bypass:
		return fmt.Errorf("%w: the role %s is bound by row level security and would miss rows: use payaid_backup in PAYAID_DATABASE_BACKUP_URL, or as a superuser ALTER ROLE %s BYPASSRLS", ErrRefused, role, role)
	case !reads:
		return fmt.Errorf("%w: the role %s may not read every table: as a superuser GRANT pg_read_all_data TO %s", ErrRefused, role, role)
	}
	return nil
}

func serverMajor(ctx context.Context, q querier) (int, error) {
	var version int
	if err := q.QueryRow(ctx, "SELECT current_setting('server_version_num')::int").Scan(&version); err != nil {
		return 0, fmt.Errorf("ask for the server's version: %w", err)
	}
	return version / 10000, nil
}
