package backup

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// leftovers are the copies of dead restores, and what a rollback replaced once its
// time is over. Databases from before restores end in expire, after a last backup.
const leftovers = `
	SELECT d.datname FROM pg_database d WHERE starts_with(d.datname, $1)
	AND NOT EXISTS (SELECT FROM restore r WHERE r.copy = d.datname AND r.state = 'ROLLED_BACK' AND r.rollback_until > $2)`

// messQuery tells whether sweep has anything to do, or a restore is at work.
const messQuery = `SELECT EXISTS (SELECT FROM restore WHERE state NOT IN ('DONE', 'FAILED', 'ROLLED_BACK'))
	OR EXISTS (SELECT FROM generation WHERE restore_id IS NOT NULL) OR EXISTS (` + leftovers + `)`

// SweepRestores cleans up after restores whose process died, and makes a last backup
// of databases that can no longer be rolled back to before it drops them. While a
// backup job runs it leaves that to the next call.
func (s *Service) SweepRestores(ctx context.Context) error {
	conn, err := s.openOps(ctx)
	if err != nil {
		return err
	}
	mess, expired, err := s.untidy(ctx, conn)
	_ = conn.Close(ctx)
	switch {
	case err != nil:
		return err
	case expired:
		return s.expire(ctx) // which sweeps, too
	case !mess && !s.leftRecovery():
		return nil
	}
	j, err := s.begin(ctx, "sweep", "") // begin sweeps
	if errors.Is(err, ErrBusy) {
		return nil
	}
	if err != nil {
		return err
	}
	j.forget(ctx)
	return nil
}

// untidy tells whether there is anything to sweep, and anything to expire.
func (s *Service) untidy(ctx context.Context, conn *pgx.Conn) (mess, expired bool, err error) {
	if mess, err = s.isMess(ctx, conn); err != nil {
		return false, false, err
	}
	if err := conn.QueryRow(ctx, "SELECT EXISTS ("+expiredQuery+")", s.now()).Scan(&expired); err != nil {
		return false, false, fmt.Errorf("look for databases from before restores: %w", err)
	}
	return mess, expired, nil
}

func (s *Service) isMess(ctx context.Context, conn *pgx.Conn) (mess bool, err error) {
	name, err := databaseName(s.o.BackupURL)
	if err != nil {
		return false, err
	}
	if err := conn.QueryRow(ctx, messQuery, copyPrefix(name), s.now()).Scan(&mess); err != nil {
		return false, fmt.Errorf("look after earlier restores: %w", err)
	}
	return mess, nil
}

// sweep ends what dead restores left. The caller holds the lock for backups, so
// none is at work. Which database is live was decided by the swap alone: before it
// a restore has failed, after it only its last words are missing.
func (j *job) sweep(ctx context.Context) error {
	j.s.sweepRecovery(ctx)
	mess, err := j.s.isMess(ctx, j.conn)
	if err != nil || !mess {
		return err
	}
	now := j.s.now()
	for _, sql := range []string{
		`UPDATE restore SET state = 'DONE', finished_at = $1, problem = 'the process ended before it could report' WHERE state = 'SWITCH'`,
		`UPDATE restore SET state = 'FAILED', finished_at = $1, problem = state || ': the process ended' WHERE state NOT IN ('DONE', 'FAILED', 'ROLLED_BACK')`,
		`UPDATE generation SET fenced_until = NULL, restore_id = NULL WHERE restore_id IS NOT NULL AND $1::timestamptz IS NOT NULL`,
	} {
		if _, err := j.conn.Exec(ctx, sql, now); err != nil {
			return fmt.Errorf("clean up after an earlier restore: %w", err)
		}
	}
	if err := j.dropLeftovers(ctx); err != nil {
		j.s.o.Log.WarnContext(ctx, "databases that nobody needs any more stay for now", "err", err)
	}
	return nil
}

// dropLeftovers drops databases as their owner, where that role is known here.
func (j *job) dropLeftovers(ctx context.Context) error {
	if j.s.o.OwnerURL == "" {
		return nil
	}
	name, err := databaseName(j.s.o.OwnerURL)
	if err != nil {
		return err
	}
	rows, err := j.conn.Query(ctx, leftovers, copyPrefix(name), j.s.now())
	if err != nil {
		return fmt.Errorf("look after earlier restores: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(names) == 0 {
		return err
	}
	return j.dropDatabases(ctx, names...)
}

// dropDatabases drops databases as their owner. One in which somebody still is stays
// for the next time.
func (j *job) dropDatabases(ctx context.Context, names ...string) error {
	name, err := databaseName(j.s.o.OwnerURL)
	if err != nil {
		return err
	}
	ops, err := withDatabase(j.s.o.OwnerURL, opsName(name))
	if err != nil {
		return err
	}
	sc := &scratch{}
	if sc.admin, err = connect(ctx, ops); err != nil {
		return err
	}
	defer func() { _ = sc.admin.Close(ctx) }()
	for _, n := range names {
		if err := sc.drop(ctx, n); err != nil {
			j.s.o.Log.WarnContext(ctx, "a database that nobody needs any more stays for now", "database", n, "err", err)
			continue
		}
		j.s.o.Log.InfoContext(ctx, "dropped a database that nobody needs any more", "database", n)
		if _, err = j.conn.Exec(ctx, "UPDATE restore SET rollback_until = NULL WHERE rollback_until <= $2 AND $1 IN (copy, previous)", n, j.s.now()); err != nil {
			return fmt.Errorf("clean up after an earlier restore: %w", err)
		}
	}
	return nil
}
