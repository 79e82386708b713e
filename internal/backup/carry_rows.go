package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// copyRows makes the temporary table and fills it with the columns that both
// databases have.
func (c *carrier) copyRows(ctx context.Context, from, to *pgx.Conn, table, where string) error {
	if _, err := to.Exec(ctx, "CREATE TEMP TABLE carry_"+table+" ON COMMIT DROP AS TABLE public."+table+" WITH NO DATA"); err != nil {
		return fmt.Errorf("carry over %s: %w", table, err)
	}
	theirs, err := columnsOf(ctx, from, table)
	if err != nil {
		return err
	}
	ours, err := columnsOf(ctx, to, table)
	if err != nil {
		return err
	}
	both := slices.DeleteFunc(theirs, func(name string) bool { return !slices.Contains(ours, name) })
	if len(both) == 0 {
		c.warnings = append(c.warnings, "the replaced database had no table "+table+": nothing of it was carried over")
		return nil
	}
	columns := strings.Join(both, ", ")
	r, w := io.Pipe()
	read := make(chan error, 1)
	go func() {
		_, err := from.PgConn().CopyTo(ctx, w, "COPY (SELECT "+columns+" FROM public."+table+" WHERE "+where+") TO STDOUT (FORMAT binary)")
		_ = w.CloseWithError(err) // returns nil always
		read <- err
	}()
	_, err = to.PgConn().CopyFrom(ctx, r, "COPY pg_temp.carry_"+table+" ("+columns+") FROM STDIN (FORMAT binary)")
	_ = r.CloseWithError(io.ErrClosedPipe) // returns nil always
	if err := errors.Join(err, <-read); err != nil {
		return fmt.Errorf("carry over %s: %w", table, err)
	}
	return nil
}

// columnsOf lists the columns of a table, quoted; none where there is no table.
func columnsOf(ctx context.Context, conn *pgx.Conn, table string) ([]string, error) {
	rows, err := conn.Query(ctx, `SELECT quote_ident(attname) FROM pg_attribute
		WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum`, "public."+table)
	if err != nil {
		return nil, fmt.Errorf("look at %s: %w", table, err)
	}
	columns, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("look at %s: %w", table, err)
	}
	return columns, nil
}

// reconsidered makes the temporary tables of whom the log tells that their ways to
// sign in, or their belonging to a business, changed, and that are as it says. It
// returns the first.
func (c *carrier) reconsidered(ctx context.Context, from, to *pgx.Conn) ([]string, error) {
	_, err := to.Exec(ctx, `
		CREATE TEMP TABLE carry_people (id uuid) ON COMMIT DROP;
		CREATE TEMP TABLE carry_removed (tenant_id uuid, user_id uuid) ON COMMIT DROP`)
	if err != nil {
		return nil, fmt.Errorf("carry over people: %w", err)
	}
	people, err := pairs(ctx, to, `SELECT DISTINCT entity_id, entity_id FROM carry_audit_entries WHERE action IN ('user.authenticator_on', 'user.authenticator_off',
		'user.passkey_add', 'user.passkey_remove', 'user.recovery_codes', 'user.second_factor_reset', 'user.link_identity', 'user.unlink_identity')`)
	if err != nil {
		return nil, err
	}
	people, err = pairs(ctx, from, "SELECT id, id FROM public.users WHERE id = ANY ($1)", firsts(people))
	if err != nil {
		return nil, err
	}
	removed, err := pairs(ctx, to, "SELECT DISTINCT tenant_id, entity_id FROM carry_audit_entries WHERE action = 'user.remove' AND tenant_id IS NOT NULL")
	if err != nil {
		return nil, err
	}
	removed, err = pairs(ctx, from, `SELECT r.tenant_id, r.user_id FROM unnest($1::uuid[], $2::uuid[]) AS r (tenant_id, user_id)
		WHERE NOT EXISTS (SELECT FROM public.memberships m WHERE m.tenant_id = r.tenant_id AND m.user_id = r.user_id)`, firsts(removed), seconds(removed))
	if err != nil {
		return nil, err
	}
	_, err = to.Exec(ctx, "INSERT INTO carry_people SELECT unnest($1::uuid[])", firsts(people))
	if err == nil {
		_, err = to.Exec(ctx, "INSERT INTO carry_removed SELECT * FROM unnest($1::uuid[], $2::uuid[])", firsts(removed), seconds(removed))
	}
	if err != nil {
		return nil, fmt.Errorf("carry over people: %w", err)
	}
	var names []string
	for _, p := range people {
		names = append(names, p[0].String())
	}
	return names, nil
}

func pairs(ctx context.Context, conn *pgx.Conn, sql string, args ...any) ([][2]uuid.UUID, error) {
	rows, err := conn.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("carry over people: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p [2]uuid.UUID, err error) {
		return p, row.Scan(&p[0], &p[1])
	})
	if err != nil {
		return nil, fmt.Errorf("carry over people: %w", err)
	}
	return out, nil
}

func firsts(pairs [][2]uuid.UUID) []uuid.UUID  { return column(pairs, 0) }
func seconds(pairs [][2]uuid.UUID) []uuid.UUID { return column(pairs, 1) }

func column(pairs [][2]uuid.UUID, i int) []uuid.UUID {
	out := make([]uuid.UUID, len(pairs))
	for n, p := range pairs {
		out[n] = p[i]
	}
	return out
}

// firstID is the smallest id of version 7 that could have been made at t.
func firstID(t time.Time) (id uuid.UUID) {
	ms := t.UnixMilli()
	for i := range 6 {
		id[i] = byte(ms >> (8 * (5 - i)))
	}
	id[6], id[8] = 0x70, 0x80
	return id
}

// sequences never go back: a number that was once given out is not given again.
func sequences(ctx context.Context, from, to *pgx.Conn) error {
	rows, err := from.Query(ctx, "SELECT schemaname, sequencename, coalesce(last_value, 0) FROM pg_sequences")
	if err != nil {
		return fmt.Errorf("carry over the counters: %w", err)
	}
	type counter struct {
		Schema, Name string
		Value        int64
	}
	counters, err := pgx.CollectRows(rows, pgx.RowToStructByPos[counter])
	if err != nil {
		return fmt.Errorf("carry over the counters: %w", err)
	}
	for _, n := range counters {
		_, err := to.Exec(ctx, `SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, $3) FROM pg_sequences
			WHERE schemaname = $1 AND sequencename = $2 AND coalesce(last_value, 0) < $3`, n.Schema, n.Name, n.Value)
		if err != nil {
			return fmt.Errorf("carry over the counter %s: %w", n.Name, err)
		}
	}
	return nil
}
