package change

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"payaid/db"
)

// entry is one row for InsertAuditEntries.
type entry struct {
	ID       uuid.UUID       `json:"id"`
	Action   string          `json:"action"`
	Entity   string          `json:"entity"`
	EntityID uuid.UUID       `json:"entity_id"`
	Before   json.RawMessage `json:"before,omitempty"`
	After    json.RawMessage `json:"after,omitempty"`
}

// RecordAll is Record for many records in one statement. Of a record that is new
// (no Before) only the list's tag is named: nothing is kept about it yet.
func (t *Tx) RecordAll(ctx context.Context, events []Event) error {
	if len(events) == 0 {
		return nil
	}
	entries := make([]entry, len(events))
	for i, e := range events {
		before, err := snapshot(e.Before)
		if err != nil {
			return err
		}
		after, err := snapshot(e.After)
		if err != nil {
			return err
		}
		entries[i] = entry{ID: uuid.Must(uuid.NewV7()), Action: e.Action, Entity: e.Entity, EntityID: e.EntityID, Before: before, After: after}
		if before != nil {
			t.Tag(e.Entity + ":" + e.EntityID.String())
		}
		t.Tag(e.Entity + ":list")
	}
	rows, err := json.Marshal(entries)
	if err != nil {
		return fmt.Errorf("write audit entries: %w", err)
	}
	err = t.Q.InsertAuditEntries(ctx, db.InsertAuditEntriesParams{
		TenantID: t.Actor.TenantID, At: t.Now, ActorID: nullable(t.Actor.ID), ActorKind: t.Actor.Kind, ActorName: t.Actor.Name,
		Ip: t.Actor.IP, RequestID: t.Actor.RequestID, Rows: rows,
	})
	if err != nil {
		return fmt.Errorf("audit %d records: %w", len(events), err)
	}
	for _, e := range events {
		for _, s := range t.writer.Subscribers {
			if err := s(ctx, t, e); err != nil {
				return fmt.Errorf("after %s: %w", e.Action, err)
			}
		}
	}
	return nil
}
