package backup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// migrationsName is how a connection calls itself that holds the lock for a migration.
const migrationsName = "payaid-migrate"

// HoldBackups keeps backups and restores away while the schema is migrated, and waits
// for one that is at work, for at most patience; then it returns ErrBusy. pg_dump holds a
// lock on every table that a migration would queue behind, and everybody else behind
// that one. The function that it returns lets go; so does the end of the process.
func HoldBackups(ctx context.Context, ownerURL string, patience time.Duration) (release func(), err error) {
	if err := EnsureOps(ctx, ownerURL); err != nil {
		return nil, err
	}
	name, err := databaseName(ownerURL)
	if err != nil {
		return nil, err
	}
	url, err := withDatabase(ownerURL, opsName(name))
	if err != nil {
		return nil, err
	}
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("address of the database: %w", err)
	}
	cfg.RuntimeParams["application_name"] = migrationsName
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("connect to the database %s: %w", opsName(name), err)
	}
	if err := awaitBackups(ctx, conn, patience); err != nil {
		_ = conn.Close(ctx)
		return nil, err
	}
	return func() {
		ctx, cancel := lasting(ctx)
		defer cancel()
		_, _ = conn.Exec(ctx, "SELECT pg_advisory_unlock("+lockKey+")") // else the lock goes with the connection
		_ = conn.Close(ctx)
	}, nil
}

func awaitBackups(ctx context.Context, conn *pgx.Conn, patience time.Duration) error {
	for deadline := time.Now().Add(patience); ; {
		var mine bool
		if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock("+lockKey+")").Scan(&mine); err != nil {
			return fmt.Errorf("take the lock for backups: %w", err)
		}
		if mine {
			return nil
		}
		if time.Now().After(deadline) {
			return busyWith(ctx, conn)
		}
		if err := pause(ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
}

// busyWith is ErrBusy with what holds the lock for backups.
func busyWith(ctx context.Context, conn *pgx.Conn) error {
	var verb string
	var since *time.Time // a migration's is not for everybody to see
	err := conn.QueryRow(ctx, `
		SELECT verb, started_at FROM (
		SELECT 'a migration of the schema' AS verb, NULL::timestamptz AS started_at, 1 AS n FROM pg_locks l JOIN pg_stat_activity a USING (pid)
		WHERE l.locktype = 'advisory' AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND l.objid::bigint = (`+lockKey+`::bigint & 4294967295) AND a.application_name = $1
		UNION ALL SELECT verb, started_at, 2 FROM job WHERE state = 'running') holders ORDER BY n, started_at DESC LIMIT 1`, migrationsName).Scan(&verb, &since)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrBusy
	}
	if err != nil {
		return fmt.Errorf("%w (%w)", ErrBusy, err)
	}
	if since == nil {
		return fmt.Errorf("%w: %s; try again when it has ended", ErrBusy, verb)
	}
	return fmt.Errorf("%w: %s since %s; try again when it has ended", ErrBusy, verb, since.UTC().Format("15:04:05 UTC"))
}
