package backup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// carryMargin is how much further back changes are looked for than they should
// have to be: clocks differ, and a change has the time at which it began.
const carryMargin = 5 * time.Minute

// carrier takes over from the live database what must never go backwards: who was
// refused stays refused, and what was written down stays written down. What the log
// of changes tells is believed; rows that vanished or changed behind PayAid's back
// are why somebody restores, and are not.
type carrier struct {
	fromURL, toURL string
	since          time.Time // of what is carried next
	event          string    // what the log of the database that becomes live says
	entity         uuid.UUID
	counts         map[string]int64
	warnings       []string
	broken         bool // the live database may be unreadable: then nothing is carried
	lost           bool // it is

	from *pgx.Conn // holds the locks; nil without
	tx   pgx.Tx
}

// source is a table of which rows are taken over; where names those that changed.
type source struct{ table, where string }

// sources are read into temporary tables carry_<table>. $T and $I stand for the
// time since when, and the smallest id of that time: ids of the log sort by time.
var sources = []source{
	{"audit_entries", "id >= '$I'"},
	{"tenants", "status <> 'active' OR second_factor_required"},
	{"users", "updated_at >= '$T' OR last_login_at >= '$T' OR disabled_at IS NOT NULL"},
	{"memberships", "updated_at >= '$T'"},
	{"api_keys", "revoked_at IS NOT NULL OR rotated_at >= '$T'"},
	{"invitations", "accepted_at IS NOT NULL OR revoked_at IS NOT NULL OR asked_at >= '$T'"},
	{"recovery_codes", "used_at >= '$T' OR user_id = ANY ('$F')"},
	{"user_totp", "user_id = ANY ('$F')"},
	{"passkeys", "user_id = ANY ('$F')"},
	{"user_identities", "user_id = ANY ('$F')"},
}

// lock keeps everybody from changing what is carried until unlock. Who holds it up
// is sent away, and the error then says that it is worth trying again.
func (c *carrier) lock(ctx context.Context, evict *pgx.Conn, live string) (err error) {
	if c.lost {
		return nil
	}
	if c.from, err = connect(ctx, c.fromURL); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			c.unlock(ctx)
		}
	}()
	if c.tx, err = c.from.Begin(ctx); err != nil {
		return fmt.Errorf("lock what is carried: %w", err)
	}
	var names []string
	for _, s := range sources {
		if columns, err := columnsOf(ctx, c.from, s.table); err != nil {
			return err
		} else if len(columns) > 0 {
			names = append(names, "public."+s.table)
		}
	}
	if _, err = c.tx.Exec(ctx, "SET LOCAL lock_timeout = '2s'; LOCK TABLE "+strings.Join(names, ", ")+" IN SHARE MODE"); err != nil {
		return errors.Join(fmt.Errorf("lock what is carried: %w", err), terminate(ctx, evict, c.from.PgConn().PID(), live))
	}
	return nil
}

// unlock lets go; the swap may have ended the connection already.
func (c *carrier) unlock(ctx context.Context) {
	if c.from == nil {
		return
	}
	ctx, cancel := lasting(ctx)
	defer cancel()
	_ = c.from.Close(ctx)
	c.from, c.tx = nil, nil
}

// first carries everything up to now, which may take its time, and puts on hold
// what the copy would otherwise do a second time.
func (c *carrier) first(ctx context.Context) error {
	next := time.Now() // what changes from here on is left to last
	err := c.takeFirst(ctx)
	if err != nil && c.broken && ctx.Err() == nil {
		c.lost = true
		c.warnings = append(c.warnings, "the live database could not be read, so nothing was carried over from it: look who was removed, disabled or revoked since the backup ("+err.Error()+")")
		err = c.pass(ctx, nil, slices.Concat(endEverySession, putOnHold))
	}
	c.since = next
	return err
}

func (c *carrier) takeFirst(ctx context.Context) error {
	from, err := connect(ctx, c.fromURL)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close(ctx) }()
	return c.pass(ctx, from, slices.Concat(takeOver, endEverySession, putOnHold))
}

// spared is the process of the connection that holds the locks; 0 without.
func (c *carrier) spared() uint32 {
	if c.from == nil {
		return 0
	}
	return c.from.PgConn().PID()
}

// last carries what changed since first, under lock.
func (c *carrier) last(ctx context.Context) error {
	note := statement{"", fmt.Sprintf(`INSERT INTO public.audit_entries (id, at, actor_kind, actor_name, action, entity, entity_id)
		VALUES ('%s', clock_timestamp(), 'system', 'PayAid', '%s', 'backup', '%s')`, uuid.Must(uuid.NewV7()), c.event, c.entity)}
	if c.lost {
		return c.pass(ctx, nil, slices.Concat(beginAnew, []statement{note}))
	}
	return c.pass(ctx, c.tx.Conn(), slices.Concat(takeOver, endNewSessions, beginAnew, []statement{note}))
}

// pass takes over what changed since c.since, in one transaction of the copy. Its
// connection is closed again: nobody may be in the copy when it is renamed. Without a
// database to take from, the statements alone are run.
func (c *carrier) pass(ctx context.Context, from *pgx.Conn, statements []statement) error {
	to, err := connect(ctx, c.toURL)
	if err != nil {
		return err
	}
	defer func() { _ = to.Close(ctx) }()
	counted := map[string]int64{}
	err = pgx.BeginFunc(ctx, to, func(tx pgx.Tx) error {
		if from != nil {
			if err := c.stage(ctx, from, to); err != nil {
				return err
			}
		}
		for _, s := range statements {
			tag, err := tx.Exec(ctx, s.sql)
			if err != nil {
				return fmt.Errorf("carry over %s: %w", s.what, err)
			}
			if s.what != "" {
				counted[s.what] += tag.RowsAffected()
			}
		}
		if from == nil {
			return nil
		}
		return sequences(ctx, from, to)
	})
	for what, n := range counted {
		if n > 0 && err == nil {
			c.counts[what] += n
		}
	}
	return err
}

// stage reads the sources into temporary tables of the copy.
func (c *carrier) stage(ctx context.Context, from, to *pgx.Conn) error {
	since := c.since.Add(-carryMargin).UTC()
	values := strings.NewReplacer("$T", since.Format(time.RFC3339Nano), "$I", firstID(since).String(), "$F", "{}")
	for i, s := range sources {
		if i == 1 { // the log tells whose factors and memberships changed
			people, err := c.reconsidered(ctx, from, to)
			if err != nil {
				return err
			}
			values = strings.NewReplacer("$T", since.Format(time.RFC3339Nano), "$F", "{"+strings.Join(people, ",")+"}")
		}
		if err := c.copyRows(ctx, from, to, s.table, values.Replace(s.where)); err != nil {
			return err
		}
	}
	return nil
}
