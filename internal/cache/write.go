package cache

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"payaid/db"
)

// Mark announces a write that is about to be committed: from now on nobody is
// served a value under the tags. It is the last thing before the commit. When Redis
// cannot be told, the cache is off everywhere when Mark returns and stays so until
// tx has ended.
func (c *Cache) Mark(ctx context.Context, tx pgx.Tx, tenant, writer uuid.UUID, tags []string) error {
	err := c.mark(ctx, tenant, writer, tags)
	if err == nil {
		c.counts.marks.Add(1)
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	// First the lock, then the fence: nobody brings the cache back in between.
	if err := db.New(tx).KeepCacheDisabled(ctx); err != nil {
		return fmt.Errorf("keep the cache disabled: %w", err)
	}
	return c.fence(ctx)
}

// End voids what is kept under the tags of a committed write. The write may be
// answered once End has returned, also with an error: then the cache is off
// everywhere, or the error says that this failed as well.
func (c *Cache) End(ctx context.Context, tenant, writer uuid.UUID, tags []string) error {
	err := c.settle(ctx, tenant, writer, tags)
	if err == nil {
		return nil
	}
	return errors.Join(err, c.fence(ctx))
}

// relayBatch is how many rows of the outbox one look takes.
const relayBatch = 200

// relay ends the tags of writes whose writer was killed or could not reach Redis.
// To end those of a write that is about to end them itself does no harm.
func (c *Cache) relay(ctx context.Context) error {
	if c.circuit.open() {
		return nil
	}
	q := c.opt.DB.Global()
	rows, err := q.ListCacheOutbox(ctx, relayBatch)
	if err != nil {
		return fmt.Errorf("read the cache outbox: %w", err)
	}
	for _, row := range rows {
		if err := c.settle(ctx, row.TenantID, row.ID, row.Tags); err != nil {
			return err
		}
		if err := q.DeleteCacheOutbox(ctx, row.ID); err != nil {
			return fmt.Errorf("clear the cache outbox: %w", err)
		}
		c.counts.relayed.Add(1)
	}
	return nil
}
