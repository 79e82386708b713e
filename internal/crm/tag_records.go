package crm

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/change"
)

// tagRun is a change of a tag on its way through the records.
type tagRun struct {
	row    db.GetTagRunRow
	tenant uuid.UUID
	lists  map[string]List // whose saved views may ask for tags
}

// taggedKind is one kind of record that has tags.
type taggedKind struct {
	entity string
	find   func(ctx context.Context, q *db.Queries, tag string) ([]uuid.UUID, error)
	lock   func(ctx context.Context, q *db.Queries, tenant uuid.UUID, ids []uuid.UUID) ([]tagged, error)
	save   func(ctx context.Context, tx *change.Tx, rows json.RawMessage) error
}

// tagged is a record that was locked; with returns it as it will be with other tags.
type tagged struct {
	id   uuid.UUID
	tags []string
	now  any
	with func(tags []string, tx *change.Tx) any
}

// taggedKinds are all of them, in the order in which a run goes through them.
var taggedKinds = []taggedKind{
	{
		entity: entityContact,
		find: func(ctx context.Context, q *db.Queries, tag string) ([]uuid.UUID, error) {
			return q.FindTaggedContacts(ctx, db.FindTaggedContactsParams{Tag: tag, Most: tagChunk})
		},
		lock: lockTaggedContacts,
		save: func(ctx context.Context, tx *change.Tx, rows json.RawMessage) error {
			return tx.Q.TagContacts(ctx, db.TagContactsParams{TenantID: tx.Actor.TenantID, Rows: rows, Now: tx.Now})
		},
	},
	{
		entity: entityCompany,
		find: func(ctx context.Context, q *db.Queries, tag string) ([]uuid.UUID, error) {
			return q.FindTaggedCompanies(ctx, db.FindTaggedCompaniesParams{Tag: tag, Most: tagChunk})
		},
		lock: lockTaggedCompanies,
		save: func(ctx context.Context, tx *change.Tx, rows json.RawMessage) error {
			return tx.Q.TagCompanies(ctx, db.TagCompaniesParams{TenantID: tx.Actor.TenantID, Rows: rows, Now: tx.Now})
		},
	},
}

func lockTaggedContacts(ctx context.Context, q *db.Queries, tenant uuid.UUID, ids []uuid.UUID) ([]tagged, error) {
	rows, err := q.LockContactsToTag(ctx, db.LockContactsToTagParams{TenantID: tenant, Ids: ids})
	out := make([]tagged, len(rows))
	for i, r := range rows {
		c := contactFromRow(db.GetContactRow(r))
		out[i] = tagged{id: c.ID, tags: c.Tags, now: c, with: func(tags []string, tx *change.Tx) any {
			c.Tags, c.Version, c.UpdatedAt = tags, c.Version+1, tx.Now
			return c
		}}
	}
	return out, err
}

func lockTaggedCompanies(ctx context.Context, q *db.Queries, tenant uuid.UUID, ids []uuid.UUID) ([]tagged, error) {
	rows, err := q.LockCompaniesToTag(ctx, db.LockCompaniesToTagParams{TenantID: tenant, Ids: ids})
	if err != nil {
		return nil, err
	}
	out := make([]tagged, len(rows))
	for i, r := range rows {
		c, err := companyFromRow(db.GetCompanyRow(r))
		if err != nil {
			return nil, err
		}
		out[i] = tagged{id: c.ID, tags: c.Tags, now: c, with: func(tags []string, tx *change.Tx) any {
			c.Tags, c.Version, c.UpdatedAt = tags, c.Version+1, tx.Now
			return c
		}}
	}
	return out, nil
}

// chunk changes the next records and returns how many it looked at. When there are
// none left it ends the run and returns 0.
func (r tagRun) chunk(ctx context.Context, tx *change.Tx) (int64, error) {
	now, err := tx.Q.LockTagRun(ctx, db.LockTagRunParams{TenantID: r.tenant, ID: r.row.ID})
	if err != nil {
		return 0, fmt.Errorf("lock the change of a tag: %w", err)
	}
	if !now.Open {
		return 0, nil
	}
	for _, kind := range taggedKinds {
		ids, err := r.next(ctx, tx, kind)
		if err != nil {
			return 0, fmt.Errorf("find the next records of a tag: %w", err)
		}
		if len(ids) == 0 {
			continue
		}
		if err := r.retag(ctx, tx, kind, ids); err != nil {
			return 0, err
		}
		done := int64(len(ids))
		return done, tx.Q.AddTagRunDone(ctx, db.AddTagRunDoneParams{TenantID: r.tenant, ID: r.row.ID, Done: done})
	}
	if r.row.FromName != "" && r.row.ToName != "" {
		if err := r.rewriteViews(ctx, tx); err != nil {
			return 0, err
		}
	}
	tx.Tag(tagTagList) // how often it is used, and that nothing is under way any more
	return 0, tx.Q.CloseTagRun(ctx, db.CloseTagRunParams{TenantID: r.tenant, ID: r.row.ID})
}

// next are records that still have the old name or, where a deletion is undone, that
// are to get it back.
func (r tagRun) next(ctx context.Context, tx *change.Tx, kind taggedKind) ([]uuid.UUID, error) {
	if r.row.Undoes == nil {
		return kind.find(ctx, tx.Q, r.row.FromName)
	}
	return tx.Q.TakeTagRunRecords(ctx, db.TakeTagRunRecordsParams{TenantID: r.tenant, RunID: *r.row.Undoes, Entity: kind.entity, Most: tagChunk})
}

// change is the tags of a record after the run.
func (r tagRun) change(tags []string) []string {
	if r.row.FromName != "" {
		return retag(tags, r.row.FromName, r.row.ToName)
	}
	if slices.Contains(tags, r.row.ToName) || len(tags) >= maxTags {
		return tags
	}
	return append(slices.Clone(tags), r.row.ToName)
}

// retag gives the records their new tags and writes their history.
func (r tagRun) retag(ctx context.Context, tx *change.Tx, kind taggedKind, ids []uuid.UUID) error {
	records, err := kind.lock(ctx, tx.Q, r.tenant, ids)
	if err != nil {
		return fmt.Errorf("lock the records of a tag: %w", err)
	}
	type row struct {
		ID   uuid.UUID `json:"id"`
		Tags []string  `json:"tags"`
	}
	var rows []row
	var events []change.Event
	var touched []uuid.UUID
	for _, t := range records {
		tags := r.change(t.tags)
		if slices.Equal(tags, t.tags) {
			continue // somebody else was there between looking and locking
		}
		rows, touched = append(rows, row{t.id, tags}), append(touched, t.id)
		events = append(events, change.Event{Action: kind.entity + ".update", Entity: kind.entity, EntityID: t.id, Before: t.now, After: t.with(tags, tx)})
	}
	if len(rows) == 0 {
		return nil
	}
	encoded, err := json.Marshal(rows)
	if err != nil {
		return fmt.Errorf("write the tags of records: %w", err)
	}
	if err := kind.save(ctx, tx, encoded); err != nil {
		return fmt.Errorf("save the tags of records: %w", err)
	}
	if r.row.Action == tagDelete {
		err := tx.Q.KeepTagRunRecords(ctx, db.KeepTagRunRecordsParams{TenantID: r.tenant, RunID: r.row.ID, Entity: kind.entity, Ids: touched})
		if err != nil {
			return fmt.Errorf("keep which records had the tag: %w", err)
		}
	}
	return tx.RecordAll(ctx, events)
}
