package crm

import (
	"context"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/audit"
	"payaid/internal/auth"
	"payaid/internal/change"
	"payaid/internal/listing"
)

// Records are the use cases about single records of one entity that are the same
// for every entity: T is the record, I what one is made from, P a change of it.
type Records[T Recorded, I, P any] struct {
	s *Service
	k *kind[T, I, P]
}

// ContactRecords are the use cases about single contacts.
func (s *Service) ContactRecords() Records[Contact, ContactInput, ContactPatch] {
	return Records[Contact, ContactInput, ContactPatch]{s, contactKind}
}

// CompanyRecords are the use cases about single companies.
func (s *Service) CompanyRecords() Records[Company, CompanyInput, CompanyPatch] {
	return Records[Company, CompanyInput, CompanyPatch]{s, companyKind}
}

// Read returns a record that is not in the trash, and whether the principal may
// change it, so that a page offers only what will be allowed. Another tenant's
// record, and one outside the principal's scope, is NotFound.
func (r Records[T, I, P]) Read(ctx context.Context, p auth.Principal, id uuid.UUID) (record T, mayChange bool, err error) {
	var none T
	if err := p.Require(r.k.read); err != nil {
		return none, false, err
	}
	record, mayChange, err = r.k.seen(ctx, r.s.db.Tenant(p.TenantID), p, id)
	if err != nil {
		return none, false, err
	}
	if record.Head().DeletedAt != nil {
		return none, false, r.k.missing()
	}
	return record, mayChange && p.Can(r.k.write), nil
}

// Create adds a record, which belongs to the principal where in names no owner.
func (r Records[T, I, P]) Create(ctx context.Context, p auth.Principal, in I) (T, error) {
	var none T
	if err := p.Require(r.k.write); err != nil {
		return none, err
	}
	if err := r.k.rules.clean(&in); err != nil {
		return none, err
	}
	owner := r.k.rules.owner(&in)
	if *owner == nil {
		*owner = p.User()
	}
	action := r.k.one + ".create"
	return change.Do(ctx, r.s.write, p.Actor(), action, in, func(ctx context.Context, tx *change.Tx) (T, error) {
		if err := checkOwner(ctx, tx, p, r.k.entity, *owner); err != nil {
			return none, err
		}
		id := uuid.Must(uuid.NewV7())
		if err := r.k.rules.settle(ctx, tx, p, &in); err != nil {
			return none, err
		}
		if err := r.k.rules.save(ctx, tx, p, id, nil, in); err != nil {
			return none, err
		}
		return r.k.tell(ctx, tx, p, id, action, nil)
	})
}

// CreateFrom is Create with the fields of a patch.
func (r Records[T, I, P]) CreateFrom(ctx context.Context, p auth.Principal, patch P) (T, error) {
	var none T
	return r.Create(ctx, p, r.k.rules.input(patch, none))
}

// Delete moves a record to the trash. version is what the caller last saw, nil for
// any. Doing it again changes nothing.
func (r Records[T, I, P]) Delete(ctx context.Context, p auth.Principal, id uuid.UUID, version *int64) (T, error) {
	return r.setDeleted(ctx, p, id, version, true)
}

// Restore takes a record out of the trash. If what has to be unique about it was
// given to another record meanwhile, that is ALREADY_EXISTS.
func (r Records[T, I, P]) Restore(ctx context.Context, p auth.Principal, id uuid.UUID, version *int64) (T, error) {
	return r.setDeleted(ctx, p, id, version, false)
}

func (r Records[T, I, P]) setDeleted(ctx context.Context, p auth.Principal, id uuid.UUID, version *int64, deleted bool) (T, error) {
	var none T
	if err := p.Require(r.k.remove); err != nil {
		return none, err
	}
	input := struct {
		ID      uuid.UUID
		Version *int64
	}{id, version}
	return change.Do(ctx, r.s.write, p.Actor(), r.k.trashAction(deleted), input, func(ctx context.Context, tx *change.Tx) (T, error) {
		before, err := r.k.hold(ctx, tx, p, id, version)
		if err != nil {
			return none, err
		}
		if deleted == (before.Head().DeletedAt != nil) {
			return before, nil // already so: doing it again changes nothing
		}
		return r.k.move(ctx, tx, p, before, deleted)
	})
}

// RestoreAs takes a record out of the trash with the patch, where something of it
// belongs to another record by now.
func (r Records[T, I, P]) RestoreAs(ctx context.Context, p auth.Principal, id uuid.UUID, patch P) (T, error) {
	var none T
	if err := p.Require(r.k.remove); err != nil {
		return none, err
	}
	input := struct {
		ID    uuid.UUID
		Patch P
	}{id, patch}
	action := r.k.trashAction(false)
	return change.Do(ctx, r.s.write, p.Actor(), action, input, func(ctx context.Context, tx *change.Tx) (T, error) {
		before, err := r.k.hold(ctx, tx, p, id, nil)
		if err != nil {
			return none, err
		}
		if before.Head().DeletedAt == nil {
			return none, apperr.New(apperr.BusinessRule, "This %s is not in the trash any more.", r.k.one)
		}
		if err := r.k.put(ctx, tx, p, before, r.k.rules.input(patch, before)); err != nil {
			return none, err
		}
		if err := r.k.rules.setDeleted(ctx, tx, id, nil); err != nil {
			return none, err
		}
		return r.k.tell(ctx, tx, p, id, action, before)
	})
}

// Trash returns one page of the records in the trash that the principal sees, those
// deleted last first. Total is not counted.
func (r Records[T, I, P]) Trash(ctx context.Context, p auth.Principal, cursor string, limit int) (listing.Page[T], error) {
	if err := p.Require(r.k.remove); err != nil {
		return listing.Page[T]{}, err
	}
	return r.k.list.Trash(ctx, r.s.source(), r.s.reader(p, r.k.entity), cursor, limit)
}

// Deleted returns a record that lies in the trash.
func (r Records[T, I, P]) Deleted(ctx context.Context, p auth.Principal, id uuid.UUID) (T, error) {
	var none T
	if err := p.Require(r.k.remove); err != nil {
		return none, err
	}
	record, _, err := r.k.seen(ctx, r.s.db.Tenant(p.TenantID), p, id)
	if err != nil {
		return none, err
	}
	if record.Head().DeletedAt == nil {
		return none, r.k.missing()
	}
	return record, nil
}

// Neighbours returns the records before and after one in the list of the query,
// whose cursor is not read; nil where there is none.
func (r Records[T, I, P]) Neighbours(ctx context.Context, p auth.Principal, q listing.Query, id uuid.UUID) (prev, next *uuid.UUID, err error) {
	if err := p.Require(r.k.read); err != nil {
		return nil, nil, err
	}
	return r.k.list.Neighbours(ctx, r.s.source(), r.s.reader(p, r.k.entity), q, id)
}

// History returns one page of what happened to a record that the principal sees,
// newest first.
func (r Records[T, I, P]) History(ctx context.Context, p auth.Principal, id uuid.UUID, cursor string) (audit.Page, error) {
	if err := p.Require(r.k.read); err != nil {
		return audit.Page{}, err
	}
	q := r.s.db.Tenant(p.TenantID)
	if _, _, err := r.k.seen(ctx, q, p, id); err != nil {
		return audit.Page{}, err
	}
	return audit.History(ctx, q, r.k.log(p.TenantID, id), cursor)
}

// ChangesSince returns what was done to a record after a version of it, newest
// first.
func (r Records[T, I, P]) ChangesSince(ctx context.Context, p auth.Principal, id uuid.UUID, version int64) ([]audit.Entry, error) {
	if err := p.Require(r.k.read); err != nil {
		return nil, err
	}
	q := r.s.db.Tenant(p.TenantID)
	if _, _, err := r.k.seen(ctx, q, p, id); err != nil {
		return nil, err
	}
	past, err := audit.Since(ctx, q, r.k.log(p.TenantID, id), version)
	return past.Entries, err
}
