package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
)

// historySize is how many entries a page of a record's history has.
const historySize = 10

// recentEntries bounds how far back Since looks for a version.
const recentEntries = 50

// Record names one record of a tenant.
type Record struct {
	Tenant uuid.UUID
	Entity string
	ID     uuid.UUID
}

// History returns one page of what happened to a record, newest first. Whoever
// calls it has made sure that the reader sees the record: it asks for no right to
// the log as a whole.
func History(ctx context.Context, q *db.Queries, r Record, cursor string) (Page, error) {
	at, err := db.ParseCursor(cursor, newest)
	if err != nil {
		return Page{}, badCursor()
	}
	list := (&Filter{Entity: r.Entity, EntityID: r.ID}).list(r.Tenant)
	rows, prev, next, err := db.Page[row](ctx, q, list, newest, at, historySize)
	if errors.Is(err, db.ErrBadCursor) {
		return Page{}, badCursor()
	}
	if err != nil {
		return Page{}, fmt.Errorf("list the history of %s %s: %w", r.Entity, r.ID, err)
	}
	page := Page{Entries: make([]Entry, len(rows)), Prev: prev, Next: next}
	for i, one := range rows {
		if page.Entries[i], err = entry(one); err != nil {
			return Page{}, err
		}
	}
	return page, nil
}

// ValueBefore returns what a field of the record held before an entry of its
// history, as JSON; nil for a field that was absent. An entry that does not belong
// to the record, or in which the field did not change, is NotFound.
func ValueBefore(ctx context.Context, q *db.Queries, r Record, id uuid.UUID, field string) (json.RawMessage, error) {
	e, err := q.GetAuditEntry(ctx, db.GetAuditEntryParams{TenantID: r.Tenant, Entity: r.Entity, EntityID: r.ID, ID: id})
	if db.IsNoRows(err) {
		return nil, errNoValue()
	}
	if err != nil {
		return nil, fmt.Errorf("get audit entry %s: %w", id, err)
	}
	var before, after map[string]json.RawMessage
	if len(e.Before) == 0 || json.Unmarshal(e.Before, &before) != nil || json.Unmarshal(e.After, &after) != nil || string(before[field]) == string(after[field]) {
		return nil, errNoValue()
	}
	return before[field], nil
}

func errNoValue() error {
	return apperr.New(apperr.NotFound, "The history holds no earlier value of this field here.")
}

// Past is what happened to a record since one of its versions.
type Past struct {
	Base    json.RawMessage // the record as that version had it; nil when the log does not tell
	Entries []Entry         // what was done after it, newest first
}

// Since looks up what happened to a record after a version of it.
func Since(ctx context.Context, q *db.Queries, r Record, version int64) (Past, error) {
	entries, err := q.ListAuditEntriesOf(ctx, db.ListAuditEntriesOfParams{TenantID: r.Tenant, Entity: r.Entity, EntityID: r.ID, MaxRows: recentEntries})
	if err != nil {
		return Past{}, fmt.Errorf("look for version %d of %s %s: %w", version, r.Entity, r.ID, err)
	}
	var past Past
	for _, e := range entries {
		if versionOf(e.After) == version {
			past.Base = e.After
			return past, nil
		}
		if versionOf(e.After) > version {
			one, err := entry(row{
				ID: e.ID, Time: e.At, ActorID: e.ActorID, ActorKind: e.ActorKind, ActorName: e.ActorName, IP: e.Ip, RequestID: e.RequestID,
				Action: e.Action, Entity: e.Entity, EntityID: e.EntityID, Before: e.Before, After: e.After,
			})
			if err != nil {
				return Past{}, err
			}
			past.Entries = append(past.Entries, one)
		}
		if versionOf(e.Before) == version {
			past.Base = e.Before
			return past, nil
		}
	}
	return past, nil
}

// versionOf reads the version in a snapshot, 0 where there is none.
func versionOf(snapshot json.RawMessage) int64 {
	var v struct {
		Version int64 `json:"version"`
	}
	if len(snapshot) == 0 || json.Unmarshal(snapshot, &v) != nil {
		return 0
	}
	return v.Version
}
