package backup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"payaid/internal/blob"
)

const (
	// collectMargin is how many days longer than the retention an orphan stays.
	collectMargin = 5
	// collectSlice is how many files go under one lock.
	collectSlice = 100
	// collectPatience is how long the lock is waited for: somebody may be putting a file.
	collectPatience = 10 * time.Second
)

// Collected tells what Collect deleted.
type Collected struct {
	Files   int
	Bytes   int64
	Orphans int // files that nothing refers to, kept for now
}

// Collect deletes the files of the object store that the database has not referred
// to for longer than backups are kept, and that no kept backup refers to: since
// those lists are encrypted, a file only goes when it has been an orphan since
// before the oldest kept backup began. Where a manifest cannot be trusted, nothing
// is deleted. It may be ended at any moment and be called again.
func (s *Service) Collect(ctx context.Context) (Collected, error) {
	j, err := s.begin(ctx, "collect", "")
	if err != nil {
		return Collected{}, err
	}
	done, err := s.collect(ctx, j)
	j.end(ctx, uuid.Nil, err)
	return done, err
}

func (s *Service) collect(ctx context.Context, j *job) (Collected, error) {
	var done Collected
	all, err := s.List(ctx)
	if err != nil {
		return done, err
	}
	before := s.now().AddDate(0, 0, -s.o.RetentionDays-collectMargin)
	for _, b := range all {
		if b.Err != nil {
			return done, fmt.Errorf("no file was collected: the backup %s may refer to any of them: %w", b.ID, b.Err)
		}
		if b.StartedAt.Before(before) {
			before = b.StartedAt
		}
	}
	if reaches, err := s.archiveReaches(ctx); err != nil {
		return done, err
	} else if reaches.Before(before) {
		before = reaches
	}
	live, err := connect(ctx, s.o.BackupURL)
	if err != nil {
		return done, err
	}
	defer func() { _ = live.Close(ctx) }()
	if done.Orphans, err = s.markOrphans(ctx, j, live); err != nil {
		return done, err
	}
	for {
		due, err := j.dueOrphans(ctx, before)
		if err != nil || len(due) == 0 {
			return done, err
		}
		if err := s.collectSlice(ctx, j, live, due, &done); err != nil {
			return done, err
		}
		if err := j.say(ctx, "collected %d files of %d bytes", done.Files, done.Bytes); err != nil {
			return done, err
		}
	}
}

// markOrphans notes since when each file is without a reference, and returns how
// many are. The comparison is the server's: there may be millions of files.
func (s *Service) markOrphans(ctx context.Context, j *job, live *pgx.Conn) (int, error) {
	if _, err := live.Exec(ctx, "CREATE TEMPORARY TABLE stored (key text NOT NULL)"); err != nil {
		return 0, fmt.Errorf("compare the files with the database: %w", err)
	}
	if err := copyKeys(ctx, live, "stored", func(yield func(key string) error) error {
		return s.o.Objects.List(ctx, "", func(o blob.Info) error { return yield(o.Key) })
	}); err != nil {
		return 0, fmt.Errorf("list the files: %w", err)
	}
	rows, err := live.Query(ctx, "SELECT key FROM stored EXCEPT SELECT key FROM public.stored_objects")
	if err != nil {
		return 0, fmt.Errorf("look for files without a reference: %w", err)
	}
	defer rows.Close()
	var n int
	err = pgx.BeginFunc(ctx, j.conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "CREATE TEMPORARY TABLE unreferenced (key text PRIMARY KEY) ON COMMIT DROP"); err != nil {
			return err
		}
		if err := copyKeys(ctx, tx.Conn(), "unreferenced", func(yield func(key string) error) error {
			for rows.Next() {
				var key string
				if err := rows.Scan(&key); err != nil {
					return err
				}
				if err := yield(key); err != nil {
					return err
				}
			}
			return rows.Err()
		}); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "DELETE FROM orphan o WHERE NOT EXISTS (SELECT FROM unreferenced u WHERE u.key = o.key)"); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "INSERT INTO orphan (key, since) SELECT key, $1 FROM unreferenced ON CONFLICT (key) DO NOTHING", s.now()); err != nil {
			return err
		}
		return tx.QueryRow(ctx, "SELECT count(*) FROM orphan").Scan(&n)
	})
	if err != nil {
		return 0, fmt.Errorf("note the files without a reference: %w", err)
	}
	return n, nil
}

// copyKeys streams keys into a table of one column.
func copyKeys(ctx context.Context, conn *pgx.Conn, table string, each func(yield func(key string) error) error) error {
	keys, failed := make(chan string), make(chan error, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		defer close(keys)
		failed <- each(func(key string) error {
			select {
			case keys <- key:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	_, err := conn.CopyFrom(ctx, pgx.Identifier{table}, []string{"key"}, pgx.CopyFromFunc(func() ([]any, error) {
		key, more := <-keys
		if !more {
			return nil, nil
		}
		return []any{key}, nil
	}))
	cancel()
	if listed := <-failed; err == nil {
		err = listed
	}
	return err
}

// needed takes note that a backup which is being made refers to these files.
func (j *job) needed(ctx context.Context, slice []object) error {
	keys := make([]string, len(slice))
	for i, o := range slice {
		keys[i] = o.Key
	}
	if _, err := j.conn.Exec(ctx, "DELETE FROM orphan WHERE key = ANY($1)", keys); err != nil {
		return fmt.Errorf("note the files of the backup: %w", err)
	}
	return nil
}

func (j *job) dueOrphans(ctx context.Context, before time.Time) ([]string, error) {
	rows, err := j.conn.Query(ctx, "SELECT key FROM orphan WHERE since < $1 ORDER BY key LIMIT $2", before, collectSlice)
	if err != nil {
		return nil, fmt.Errorf("look for files to collect: %w", err)
	}
	due, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("look for files to collect: %w", err)
	}
	return due, nil
}

// collectSlice deletes the files of due that are still without a reference. Nobody
// can put one of them again meanwhile.
func (s *Service) collectSlice(ctx context.Context, j *job, live *pgx.Conn, due []string, done *Collected) error {
	err := pgx.BeginFunc(ctx, live, func(tx pgx.Tx) error {
		if err := lockFiles(ctx, tx); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, "SELECT unnest($1::text[]) EXCEPT SELECT key FROM public.stored_objects WHERE key = ANY($1)", due)
		if err != nil {
			return err
		}
		orphans, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		for _, key := range orphans {
			if err := s.collectOne(ctx, key, done); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("collect files: %w", err)
	}
	if _, err := j.conn.Exec(ctx, "DELETE FROM orphan WHERE key = ANY($1)", due); err != nil {
		return fmt.Errorf("note the collected files: %w", err)
	}
	return nil
}

// lockFiles is the other side of the query HoldFiles.
func lockFiles(ctx context.Context, tx pgx.Tx) error {
	for deadline := time.Now().Add(collectPatience); ; {
		var locked bool
		if err := tx.QueryRow(ctx, "SELECT pg_try_advisory_xact_lock(hashtext('payaid.files'))").Scan(&locked); err != nil || locked {
			return err
		}
		if time.Now().After(deadline) {
			return errors.New("files are being put all the time; the next run goes on")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (s *Service) collectOne(ctx context.Context, key string, done *Collected) error {
	info, err := s.o.Objects.Stat(ctx, key)
	if errors.Is(err, blob.ErrNotFound) {
		return nil
	}
	if err != nil && !errors.Is(err, blob.ErrDamaged) {
		return err
	}
	if err := s.o.Objects.Delete(ctx, key); err != nil {
		return err
	}
	done.Files, done.Bytes, done.Orphans = done.Files+1, done.Bytes+info.Size, done.Orphans-1
	return nil
}
