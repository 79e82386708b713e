package crm

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/audit"
	"payaid/internal/auth"
)

// ContactHistory returns one page of what happened to a contact that the principal
// sees, newest first.
func (s *Service) ContactHistory(ctx context.Context, p auth.Principal, id uuid.UUID, cursor string) (audit.Page, error) {
	if err := p.Require(auth.ContactsRead); err != nil {
		return audit.Page{}, err
	}
	q := s.db.Tenant(p.TenantID)
	if _, err := readContact(ctx, q, p, id); err != nil {
		return audit.Page{}, err
	}
	return audit.History(ctx, q, contactLog(p.TenantID, id), cursor)
}

// ContactChangesSince returns what was done to a contact after a version of it,
// newest first.
func (s *Service) ContactChangesSince(ctx context.Context, p auth.Principal, id uuid.UUID, version int64) ([]audit.Entry, error) {
	if err := p.Require(auth.ContactsRead); err != nil {
		return nil, err
	}
	q := s.db.Tenant(p.TenantID)
	if _, err := readContact(ctx, q, p, id); err != nil {
		return nil, err
	}
	past, err := audit.Since(ctx, q, contactLog(p.TenantID, id), version)
	return past.Entries, err
}

// PutBackContact gives a field of a contact the value that it had before an entry
// of its history. It is an ordinary change: a value that is not valid any more (its
// e-mail is taken, the owner has left) is refused with the reason.
func (s *Service) PutBackContact(ctx context.Context, p auth.Principal, id, entry uuid.UUID, field string) (Contact, error) {
	if err := p.Require(auth.ContactsWrite); err != nil {
		return Contact{}, err
	}
	q := s.db.Tenant(p.TenantID)
	if _, err := readContact(ctx, q, p, id); err != nil {
		return Contact{}, err
	}
	if field == "owner" { // the log shows the name
		field = "ownerId"
	}
	value, err := audit.ValueBefore(ctx, q, contactLog(p.TenantID, id), entry, field)
	if err != nil {
		return Contact{}, err
	}
	patch, err := patchOf(field, value)
	if err != nil {
		return Contact{}, err
	}
	return s.UpdateContact(ctx, p, id, patch, nil)
}

// patchOf sets one field to a value that a snapshot holds.
func patchOf(field string, value json.RawMessage) (ContactPatch, error) {
	if field == "ownerId" && string(value) == "null" {
		return ContactPatch{OwnerID: new(uuid.UUID)}, nil
	}
	if field == "lastContactedAt" && string(value) == "null" {
		return ContactPatch{LastContactedAt: new(*time.Time)}, nil
	}
	one, err := json.Marshal(map[string]json.RawMessage{field: value})
	if err != nil {
		return ContactPatch{}, fmt.Errorf("read the earlier %s: %w", field, err)
	}
	var patch ContactPatch
	if err := json.Unmarshal(one, &patch); err != nil {
		return ContactPatch{}, fmt.Errorf("read the earlier %s: %w", field, err)
	}
	if patch == (ContactPatch{}) {
		return ContactPatch{}, apperr.New(apperr.BusinessRule, "This field follows from others and cannot be put back by itself.")
	}
	return patch, nil
}
