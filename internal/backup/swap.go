package backup

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

const (
	swapPatience = 20 * time.Second
	// swapStatement bounds one try at renaming, during which nobody can connect.
	swapStatement = 3 * time.Second
	// evictEvery is how often connections are ended that stand in the way.
	evictEvery = 10 * time.Millisecond

	codeInUse    = "55006"
	codeCanceled = "57014"
	codeLocked   = "55P03"
)

// swap is an exchange of databases: live becomes out, and in becomes live.
type swap struct {
	live, in, out string
	state         State // of the restore once it is done
	until         time.Time
}

// obstaclesQuery finds who can neither be ended nor renamed away: superusers and
// prepared transactions.
const obstaclesQuery = `
	SELECT 'a session of the superuser ' || a.usename || ' (process ' || a.pid || ')'
	FROM pg_stat_activity a JOIN pg_roles r ON r.rolname = a.usename
	WHERE a.datname = $1 AND r.rolsuper
	UNION ALL SELECT 'the prepared transaction ' || gid FROM pg_prepared_xacts WHERE database = $1`

// awaitFree waits until nobody is in the live database whom only a person can send
// away. It comes before the fence, so that nobody else notices.
func (r *restoring) awaitFree(ctx context.Context, database string) error {
	deadline := time.Now().Add(r.s.o.SwapPatience)
	for said := false; ; said = true {
		rows, err := r.sc.admin.Query(ctx, obstaclesQuery, database)
		if err != nil {
			return fmt.Errorf("look who uses %s: %w", database, err)
		}
		who, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return fmt.Errorf("look who uses %s: %w", database, err)
		}
		if len(who) == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the database %s is used by %s: end that and restore again", database, strings.Join(who, ", "))
		}
		if !said {
			if err := r.job.say(ctx, "waiting up to %s for the end of %s", r.s.o.SwapPatience, strings.Join(who, ", ")); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// exchange carries the last changes over and swaps, until it succeeds or its time
// is up. Nothing of a failed try remains.
func (r *restoring) exchange(ctx context.Context, c *carrier, x swap) error {
	deadline := time.Now().Add(r.s.o.SwapPatience)
	for {
		err := r.tryExchange(ctx, c, x)
		if err == nil || !hasCode(err, codeInUse, codeCanceled, codeLocked) || ctx.Err() != nil || time.Now().After(deadline) {
			return err
		}
		if err := r.job.say(ctx, "somebody is in the way, trying again: %v", err); err != nil {
			return err
		}
	}
}

func (r *restoring) tryExchange(ctx context.Context, c *carrier, x swap) error {
	evict, err := connect(ctx, r.opsURL)
	if err != nil {
		return err
	}
	defer func() { _ = evict.Close(ctx) }()
	if err := r.enter(ctx, StateCarry); err != nil {
		return err
	}
	// Who writes now has missed the fence. The locks make it wait until it is sent away
	// below, so that nothing that was carried can change behind our back.
	if err := c.lock(ctx, evict, x.live); err != nil {
		return err
	}
	defer c.unlock(ctx)
	if err := c.last(ctx); err != nil {
		return err
	}
	if err := r.enter(ctx, StateSwap); err != nil {
		return err
	}
	swapping, cancel := context.WithCancel(ctx)
	evicted := make(chan error, 1)
	go func() { evicted <- r.evict(swapping, evict, c, x) }()
	err = r.rename(ctx, x)
	cancel()
	return errors.Join(err, ignoreCancel(<-evicted))
}

func ignoreCancel(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// rename is the swap itself: one transaction that renames both databases, ends the
// fence and writes down which generation is live. Renaming locks a database against
// new connections until the commit.
func (r *restoring) rename(ctx context.Context, x swap) error {
	tx, err := r.sc.admin.Begin(ctx)
	if err != nil {
		return fmt.Errorf("begin the swap: %w", err)
	}
	defer func() { _ = tx.Rollback(ctx) }() // nothing after a commit
	for _, sql := range []string{
		fmt.Sprintf("SET LOCAL statement_timeout = %d", swapStatement.Milliseconds()),
		"ALTER DATABASE " + pgx.Identifier{x.live}.Sanitize() + " RENAME TO " + pgx.Identifier{x.out}.Sanitize(),
		"ALTER DATABASE " + pgx.Identifier{x.in}.Sanitize() + " RENAME TO " + pgx.Identifier{x.live}.Sanitize(),
	} {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return fmt.Errorf("swap the databases: %w", err)
		}
	}
	generation := uuid.New()
	tag, err := tx.Exec(ctx, "UPDATE public.generation SET id = $2, since = clock_timestamp(), fenced_until = NULL, restore_id = NULL WHERE restore_id = $1 AND fenced_until > clock_timestamp()", r.ID, generation)
	if err == nil && tag.RowsAffected() != 1 {
		err = errFenceLost
	}
	if err == nil {
		_, err = tx.Exec(ctx, "UPDATE public.restore SET state = $2, rollback_until = $3 WHERE id = $1", r.ID, x.state, x.until)
	}
	if err != nil {
		return fmt.Errorf("write the swap down: %w", err)
	}
	return r.commit(ctx, tx, generation)
}

// commit commits the swap. When the connection breaks meanwhile, another one tells
// what happened.
func (r *restoring) commit(ctx context.Context, tx pgx.Tx, generation uuid.UUID) error {
	ctx, cancel := lasting(ctx)
	defer cancel()
	err := tx.Commit(ctx)
	if err == nil {
		return nil
	}
	conn, cerr := connect(ctx, r.opsURL)
	if cerr != nil {
		return errors.Join(err, cerr)
	}
	defer func() { _ = conn.Close(ctx) }()
	var is uuid.UUID
	if cerr := conn.QueryRow(ctx, "SELECT id FROM public.generation").Scan(&is); cerr != nil {
		return errors.Join(err, cerr)
	}
	if is != generation {
		return fmt.Errorf("commit the swap: %w", err)
	}
	return nil
}

// evict ends connections to both databases until ctx ends. Our own one to the live
// database, which holds the locks, goes last: when renaming keeps others out.
func (r *restoring) evict(ctx context.Context, conn *pgx.Conn, c *carrier, x swap) error {
	t := time.NewTicker(evictEvery)
	defer t.Stop()
	for spared := c.spared(); ; {
		if spared != 0 {
			var renaming bool
			err := conn.QueryRow(ctx, `
				SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.objid
				WHERE l.locktype = 'object' AND l.classid = 'pg_database'::regclass AND l.mode = 'AccessExclusiveLock' AND l.granted AND l.pid = $1 AND d.datname = $2)`,
				r.sc.admin.PgConn().PID(), x.live).Scan(&renaming)
			if err != nil {
				return fmt.Errorf("look at the swap: %w", err)
			}
			if renaming {
				spared = 0
			}
		}
		if err := terminate(ctx, conn, spared, x.live, x.in); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.C:
		}
	}
}

// terminate ends the connections to databases except those of superusers, which
// would make the whole statement fail, and the spared one.
func terminate(ctx context.Context, conn *pgx.Conn, spared uint32, databases ...string) error {
	_, err := conn.Exec(ctx, `
		SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a JOIN pg_roles r ON r.rolname = a.usename
		WHERE a.datname = ANY ($1) AND a.pid <> $2 AND NOT r.rolsuper`, databases, int64(spared))
	if err != nil {
		return fmt.Errorf("end the connections to the database: %w", err)
	}
	return nil
}
