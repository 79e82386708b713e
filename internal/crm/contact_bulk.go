package crm

import (
	"context"

	"github.com/google/uuid"

	"payaid/internal/auth"
	"payaid/internal/bulk"
	"payaid/internal/change"
	"payaid/internal/listing"
)

// The bulk actions that only contacts have.
const (
	BulkStage  = "set-stage"
	BulkStatus = "set-status"
)

// contactBulk is what bulk actions do to contacts in their own way.
type contactBulk struct{}

func (contactBulk) entity() string { return auth.Contacts }
func (contactBulk) errGone() error { return contactKind.missing() }

func (contactBulk) rights() (read, write, remove auth.Right) {
	return auth.ContactsRead, auth.ContactsWrite, auth.ContactsDelete
}

func (contactBulk) choice(action string) (bulkChoice, bool) {
	switch action {
	case BulkStage:
		return bulkChoice{"stage", Stages, func(v *bulk.Value) *string { return &v.Stage }, func(f *bulkFields) **string { return &f.Stage }}, true
	case BulkStatus:
		return bulkChoice{"status", Statuses, func(v *bulk.Value) *string { return &v.Status }, func(f *bulkFields) **string { return &f.Status }}, true
	}
	return bulkChoice{}, false
}

func (contactBulk) refuse(q listing.Query) error {
	_, err := contactList.Canonical(q)
	return err
}

func (contactBulk) slice(ctx context.Context, s *Service, p auth.Principal, q listing.Query, limit int) ([]uuid.UUID, string, error) {
	return sliceIDs(ctx, contactList, s.source(), s.reader(p, auth.Contacts), q, limit, func(c Contact) uuid.UUID { return c.ID })
}

func (contactBulk) lock(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, version *int64) (bulkRecord, error) {
	c, err := contactKind.hold(ctx, tx, p, id, version)
	return contactInBulk{c}, err
}

// contactInBulk implements bulkRecord.
type contactInBulk struct{ Contact }

func (c contactInBulk) fields() bulkFields {
	owner, deleted := ownerOrNobody(c.OwnerID), c.DeletedAt != nil
	return bulkFields{OwnerID: &owner, Tags: &c.Tags, Stage: &c.Stage, Status: &c.Status, Deleted: &deleted}
}

func (c contactInBulk) change(ctx context.Context, tx *change.Tx, p auth.Principal, f bulkFields) (int64, error) {
	after, err := contactKind.change(ctx, tx, p, c.Contact, ContactPatch{OwnerID: f.OwnerID, Tags: f.Tags, Stage: f.Stage, Status: f.Status})
	return after.Version, err
}

func (c contactInBulk) move(ctx context.Context, tx *change.Tx, p auth.Principal, deleted bool) (int64, error) {
	after, err := contactKind.move(ctx, tx, p, c.Contact, deleted)
	return after.Version, err
}
