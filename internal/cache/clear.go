package cache

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// InvalidateTags makes every value of the tenant under one of the tags old. It
// costs the same for one value and for a million.
func (c *Cache) InvalidateTags(ctx context.Context, tenant uuid.UUID, tags ...string) error {
	return c.settle(ctx, tenant, uuid.New(), tags)
}

// ClearTenant makes every value of the tenant old.
func (c *Cache) ClearTenant(ctx context.Context, tenant uuid.UUID) error {
	return c.InvalidateTags(ctx, tenant, Everything)
}

// Clear makes every value of every tenant old, at once and whatever their number.
// It needs no Redis, and returns when no replica serves an older value: after one
// lease.
func (c *Cache) Clear(ctx context.Context) error {
	if err := c.opt.DB.Global().SetCacheEpoch(ctx, uuid.New()); err != nil {
		return fmt.Errorf("begin a new epoch of the cache: %w", err)
	}
	begun := time.Now()
	if _, err := c.readState(ctx); err != nil {
		return err
	}
	return c.outwait(ctx, begun)
}
