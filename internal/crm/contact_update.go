package crm

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/audit"
	"payaid/internal/auth"
	"payaid/internal/change"
	"payaid/internal/threeway"
)

// ContactConflict is the error of MergeContact.
type ContactConflict = threeway.Conflict[ContactInput]

// contactUpdate is one change of a contact, as idempotency remembers it.
type contactUpdate struct {
	ID      uuid.UUID
	Patch   ContactPatch
	Version *int64 // that the change was made from; nil to overwrite
	Merge   bool   `json:",omitempty"` // an older version is no conflict by itself
}

// UpdateContact changes fields of a contact. version is what the caller last saw,
// nil to overwrite; an older one is a Conflict that carries the current version.
func (s *Service) UpdateContact(ctx context.Context, p auth.Principal, id uuid.UUID, patch ContactPatch, version *int64) (Contact, error) {
	return s.updateContact(ctx, p, contactUpdate{ID: id, Patch: patch, Version: version})
}

// MergeContact is UpdateContact for people who looked at the version while they
// typed: what others changed since then stays, and only a field that both changed,
// not to the same, is refused, with a *ContactConflict.
func (s *Service) MergeContact(ctx context.Context, p auth.Principal, id uuid.UUID, patch ContactPatch, version int64) (Contact, error) {
	return s.updateContact(ctx, p, contactUpdate{ID: id, Patch: patch, Version: &version, Merge: true})
}

func (s *Service) updateContact(ctx context.Context, p auth.Principal, u contactUpdate) (Contact, error) {
	if err := p.Require(auth.ContactsWrite); err != nil {
		return Contact{}, err
	}
	return change.Do(ctx, s.write, p.Actor(), "contact.update", u, func(ctx context.Context, tx *change.Tx) (Contact, error) {
		return u.apply(ctx, tx, p)
	})
}

// apply makes the change in a transaction.
func (u contactUpdate) apply(ctx context.Context, tx *change.Tx, p auth.Principal) (Contact, error) {
	strict := u.Version
	if u.Merge {
		strict = nil
	}
	before, err := lockContact(ctx, tx, p, u.ID, strict)
	if err != nil {
		return Contact{}, err
	}
	if before.DeletedAt != nil {
		return Contact{}, errNoContact()
	}
	in, err := u.input(ctx, tx, before)
	if err != nil {
		return Contact{}, err
	}
	return replaceContact(ctx, tx, p, before, in)
}

// input is what the contact is to be, normalised: the patch over it as it is, or
// over the version that the change was made from and joined with what came since.
func (u contactUpdate) input(ctx context.Context, tx *change.Tx, current Contact) (ContactInput, error) {
	mine := normalized(u.Patch, current)
	if !u.Merge || *u.Version == current.Version {
		return mine, nil
	}
	past, err := audit.Since(ctx, tx.Q, contactLog(tx.Actor.TenantID, u.ID), *u.Version)
	if err != nil {
		return ContactInput{}, err
	}
	var base *ContactInput
	if past.Base != nil {
		var was Contact
		if err := json.Unmarshal(past.Base, &was); err != nil {
			return ContactInput{}, fmt.Errorf("read version %d of contact %s: %w", *u.Version, u.ID, err)
		}
		in := normalized(ContactPatch{}, was)
		base, mine = &in, normalized(u.Patch, was)
	}
	merged, fields := threeway.Merge(base, mine, normalized(ContactPatch{}, current))
	if len(fields) == 0 {
		return merged, nil
	}
	cause := apperr.New(apperr.Conflict, "Somebody changed this contact after you opened it. Choose what shall stay.")
	cause.Version = current.Version
	return ContactInput{}, &ContactConflict{Cause: cause, Merged: merged, Fields: fields}
}

func normalized(patch ContactPatch, c Contact) ContactInput {
	in := patch.apply(c)
	in.normalize()
	return in
}

func contactLog(tenant, id uuid.UUID) audit.Record {
	return audit.Record{Tenant: tenant, Entity: entityContact, ID: id}
}
