package backup

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
)

// Watch looks at the backups' health and calls tell once for each thing that is
// wrong, until it was right in between. When tell fails it is called again the next
// time. Any number of processes may call Watch at the same time.
func (d *Desk) Watch(ctx context.Context, tell func(ctx context.Context, w Wrong) error) error {
	h, err := d.Health(ctx)
	if err != nil {
		return err
	}
	kinds := []string{}
	for _, w := range h.Wrong {
		kinds = append(kinds, w.Kind)
		_, err := d.pool.Exec(ctx, "INSERT INTO incident (kind, says, opened_at) VALUES ($1, $2, $3) ON CONFLICT (kind) WHERE closed_at IS NULL DO NOTHING", w.Kind, w.Says, w.Since)
		if err != nil {
			return fmt.Errorf("note what is wrong with the backups: %w", err)
		}
	}
	if _, err := d.pool.Exec(ctx, "UPDATE incident SET closed_at = $1 WHERE closed_at IS NULL AND kind <> ALL ($2)", d.s.now(), kinds); err != nil {
		return fmt.Errorf("note what is right again: %w", err)
	}
	var errs []error
	for _, kind := range slices.Compact(kinds) {
		errs = append(errs, d.tellOnce(ctx, kind, tell))
	}
	return errors.Join(errs...)
}

// tellOnce holds the row while it tells, so that nobody else does.
func (d *Desk) tellOnce(ctx context.Context, kind string, tell func(ctx context.Context, w Wrong) error) error {
	return d.inTx(ctx, func(tx pgx.Tx) error {
		w := Wrong{Kind: kind}
		var id int64
		err := tx.QueryRow(ctx, "SELECT id, says, opened_at FROM incident WHERE kind = $1 AND closed_at IS NULL AND told_at IS NULL FOR UPDATE SKIP LOCKED", kind).Scan(&id, &w.Says, &w.Since)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read what is wrong with the backups: %w", err)
		}
		if err := tell(ctx, w); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE incident SET told_at = $2 WHERE id = $1", id, d.s.now()); err != nil {
			return fmt.Errorf("note that administrators were told: %w", err)
		}
		return nil
	})
}
