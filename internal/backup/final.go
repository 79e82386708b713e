package backup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// finalRetry is how much longer the database from before a restore is kept when no
// last backup of it could be made.
const finalRetry = 24 * time.Hour

// expiredQuery finds the databases from before restores whose time is over.
const expiredQuery = `SELECT r.previous FROM restore r JOIN pg_database d ON d.datname = r.previous
	WHERE r.state = 'DONE' AND r.rollback_until <= $1 ORDER BY r.id`

// expire makes a last backup of each database from before a restore whose time is
// over, and drops it. It holds what was acknowledged between the safety backup and
// the swap, which is nowhere else. What cannot be backed up is kept for another day.
func (s *Service) expire(ctx context.Context) error {
	if s.o.OwnerURL == "" {
		return nil
	}
	j, err := s.begin(ctx, "expire", Final)
	if errors.Is(err, ErrBusy) {
		return nil // asked again in a few minutes
	}
	if err != nil {
		return err
	}
	ctx, release := j.heed(ctx)
	defer release()
	err = ended(ctx, j.expireAll(ctx))
	j.end(ctx, j.of, err)
	return err
}

func (j *job) expireAll(ctx context.Context) error {
	rows, err := j.conn.Query(ctx, expiredQuery, j.s.now())
	if err != nil {
		return fmt.Errorf("look for databases from before restores: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("look for databases from before restores: %w", err)
	}
	var errs []error
	for _, name := range names {
		if err := j.expireOne(ctx, name); err != nil {
			errs = append(errs, j.keepLonger(ctx, name, err))
		}
	}
	return errors.Join(errs...)
}

func (j *job) expireOne(ctx context.Context, name string) (err error) {
	if err := j.say(ctx, "making a last backup of %s before it is dropped", name); err != nil {
		return err
	}
	own := *j.s // for this database alone
	if own.o.BackupURL, err = withDatabase(j.s.o.BackupURL, name); err != nil {
		return err
	}
	b, err := own.create(ctx, j, Final)
	if err != nil {
		return fmt.Errorf("no last backup could be made of %s: %w", name, err)
	}
	j.of = b.ID
	return j.dropDatabases(ctx, name)
}

// keepLonger lets the next day try again, and a rollback be possible until then.
func (j *job) keepLonger(ctx context.Context, name string, cause error) error {
	ctx, cancel := lasting(ctx)
	defer cancel()
	_, err := j.conn.Exec(ctx, "UPDATE restore SET rollback_until = $2 WHERE previous = $1 AND state = 'DONE'", name, j.s.now().Add(finalRetry))
	return errors.Join(cause, err)
}
