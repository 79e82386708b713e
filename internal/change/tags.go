package change

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"payaid/db"
)

// endTimeout bounds the work on tags after a commit. What is not done by then is
// left in the outbox.
const endTimeout = time.Second

// markTags announces the write to readers of the cache, and leaves a row behind
// by which the tags are ended even if this process dies right after the commit.
func (t *Tx) markTags(ctx context.Context, writer uuid.UUID) error {
	if t.writer.Tags == nil || len(t.tags) == 0 {
		return nil
	}
	if err := t.writer.Tags.Mark(ctx, t.Actor.TenantID, writer, t.tags); err != nil {
		return fmt.Errorf("mark cache tags: %w", err)
	}
	err := t.Q.InsertCacheOutbox(ctx, db.InsertCacheOutboxParams{ID: writer, TenantID: t.Actor.TenantID, Tags: t.tags, Now: t.Now})
	if err != nil {
		return fmt.Errorf("write the cache outbox: %w", err)
	}
	return nil
}

// endTags voids what the cache holds under the tags. The write is committed, so
// a failure here is logged and left to the outbox, never told to the caller.
func (w *Writer) endTags(ctx context.Context, tenant, writer uuid.UUID, tags []string) {
	if w.Tags == nil || len(tags) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	if err := w.Tags.End(ctx, tenant, writer, tags); err != nil {
		w.Log.WarnContext(ctx, "cache tags left to the outbox", "tenant", tenant, "tags", tags, "err", err)
		return
	}
	if err := w.DB.Global().DeleteCacheOutbox(ctx, writer); err != nil {
		w.Log.WarnContext(ctx, "cache outbox row left behind", "id", writer, "err", err)
	}
}
