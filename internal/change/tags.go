package change

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"payaid/db"
)

// endTimeout bounds the work on tags after a commit, which may have to wait until
// the cache is off everywhere. What is not done by then is left in the outbox.
const endTimeout = 5 * time.Second

// tagged are the tags of one tenant that a write makes old, under the id by which
// the cache knows the write.
type tagged struct {
	writer uuid.UUID
	tenant uuid.UUID
	tags   []string
}

// Tag names cache tags of the actor's tenant whose values this write makes old.
// Those of the records themselves are named by Record.
func (t *Tx) Tag(tags ...string) { t.TagIn(t.Actor.TenantID, tags...) }

// TagIn names cache tags of another tenant: a person may belong to several. Values
// belong to tenants, so with uuid.Nil there is nothing to name.
func (t *Tx) TagIn(tenant uuid.UUID, tags ...string) {
	if tenant == uuid.Nil || len(tags) == 0 {
		return
	}
	i := slices.IndexFunc(t.tagged, func(g tagged) bool { return g.tenant == tenant })
	if i < 0 {
		i = len(t.tagged)
		t.tagged = append(t.tagged, tagged{writer: uuid.Must(uuid.NewV7()), tenant: tenant})
	}
	for _, tag := range tags {
		if !slices.Contains(t.tagged[i].tags, tag) {
			t.tagged[i].tags = append(t.tagged[i].tags, tag)
		}
	}
}

// markTags announces the write to readers of the cache, and leaves rows behind by
// which the tags are ended even if this process dies right after the commit. The
// marks come last: they have a deadline, within which the commit has to follow.
func (t *Tx) markTags(ctx context.Context) error {
	if t.writer.Tags == nil {
		return nil
	}
	for _, g := range t.tagged {
		err := t.Q.InsertCacheOutbox(ctx, db.InsertCacheOutboxParams{ID: g.writer, TenantID: g.tenant, Tags: g.tags, Now: t.Now})
		if err != nil {
			return fmt.Errorf("write the cache outbox: %w", err)
		}
	}
	for _, g := range t.tagged {
		if err := t.writer.Tags.Mark(ctx, t.tx, g.tenant, g.writer, g.tags); err != nil {
			return fmt.Errorf("mark cache tags: %w", err)
		}
	}
	return nil
}

// endTags voids what the cache holds under the tags. The write is committed, so
// a failure here is logged and left to the outbox, never told to the caller.
func (w *Writer) endTags(ctx context.Context, all []tagged) {
	if w.Tags == nil || len(all) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	for _, g := range all {
		if err := w.Tags.End(ctx, g.tenant, g.writer, g.tags); err != nil {
			w.Log.WarnContext(ctx, "cache tags left to the outbox", "tenant", g.tenant, "tags", g.tags, "err", err)
			continue
		}
		if err := w.DB.Global().DeleteCacheOutbox(ctx, g.writer); err != nil {
			w.Log.WarnContext(ctx, "cache outbox row left behind", "id", g.writer, "err", err)
		}
	}
}
