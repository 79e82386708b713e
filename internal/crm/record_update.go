package crm

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/audit"
	"payaid/internal/auth"
	"payaid/internal/change"
	"payaid/internal/threeway"
)

// Clash is the error of Merge.
type Clash = threeway.Conflict

// recordUpdate is one change of a record, as idempotency remembers it.
type recordUpdate[P any] struct {
	ID      uuid.UUID
	Patch   P
	Version *int64 // that the change was made from; nil to overwrite
	Merge   bool   `json:",omitempty"` // an older version is no conflict by itself
}

// Update changes fields of a record. version is what the caller last saw, nil to
// overwrite; an older one is a Conflict that carries the current version.
func (r Records[T, I, P]) Update(ctx context.Context, p auth.Principal, id uuid.UUID, patch P, version *int64) (T, error) {
	return r.update(ctx, p, recordUpdate[P]{ID: id, Patch: patch, Version: version})
}

// Merge is Update for people who looked at the version while they typed: what
// others changed since then stays, and only a field that both changed, not to the
// same, is refused, with a *Clash.
func (r Records[T, I, P]) Merge(ctx context.Context, p auth.Principal, id uuid.UUID, patch P, version int64) (T, error) {
	return r.update(ctx, p, recordUpdate[P]{ID: id, Patch: patch, Version: &version, Merge: true})
}

func (r Records[T, I, P]) update(ctx context.Context, p auth.Principal, u recordUpdate[P]) (T, error) {
	var none T
	if err := p.Require(r.k.write); err != nil {
		return none, err
	}
	return change.Do(ctx, r.s.write, p.Actor(), r.k.one+".update", u, func(ctx context.Context, tx *change.Tx) (T, error) {
		strict := u.Version
		if u.Merge {
			strict = nil
		}
		before, err := r.k.hold(ctx, tx, p, u.ID, strict)
		if err != nil {
			return none, err
		}
		if before.Head().DeletedAt != nil {
			return none, r.k.missing()
		}
		in, err := r.k.joined(ctx, tx, p, u, before)
		if err != nil {
			return none, err
		}
		return r.k.replace(ctx, tx, p, before, in)
	})
}

// joined is what the record is to be, normalised: the patch over it as it is, or
// over the version that the change was made from and joined with what came since.
func (k *kind[T, I, P]) joined(ctx context.Context, tx *change.Tx, p auth.Principal, u recordUpdate[P], current T) (I, error) {
	var none I
	var nothing P
	mine := k.rules.input(u.Patch, current)
	version := current.Head().Version
	if !u.Merge || *u.Version == version {
		return mine, nil
	}
	past, err := audit.Since(ctx, tx.Q, k.log(p.TenantID, u.ID), *u.Version)
	if err != nil {
		return none, err
	}
	var base *I
	if past.Base != nil {
		var was T
		if err := json.Unmarshal(past.Base, &was); err != nil {
			return none, fmt.Errorf("read version %d of %s %s: %w", *u.Version, k.one, u.ID, err)
		}
		in := k.rules.input(nothing, was)
		base, mine = &in, k.rules.input(u.Patch, was)
	}
	if err := k.rules.settle(ctx, tx, p, &mine); err != nil {
		return none, err
	}
	merged, clash := threeway.Merge(base, mine, k.rules.input(nothing, current))
	if clash == nil {
		return merged, nil
	}
	clash.Cause = apperr.New(apperr.Conflict, "Somebody changed this %s after you opened it. Choose what shall stay.", k.one)
	clash.Cause.Version = version
	return none, clash
}

// PutBack gives a field of a record the value that it had before an entry of its
// history. It is an ordinary change: a value that is not valid any more (it is
// taken, the owner has left) is refused with the reason.
func (r Records[T, I, P]) PutBack(ctx context.Context, p auth.Principal, id, entry uuid.UUID, field string) (T, error) {
	var none T
	if err := p.Require(r.k.write); err != nil {
		return none, err
	}
	q := r.s.db.Tenant(p.TenantID)
	if _, _, err := r.k.seen(ctx, q, p, id); err != nil {
		return none, err
	}
	if _, byID := patchField[P](field + "Id"); byID { // the log shows the name
		field += "Id"
	}
	value, err := audit.ValueBefore(ctx, q, r.k.log(p.TenantID, id), entry, field)
	if err != nil {
		return none, err
	}
	patch, err := patchOf[P](field, value)
	if err != nil {
		return none, err
	}
	return r.Update(ctx, p, id, patch, nil)
}

// patchField is the place in a patch of the field that snapshots call name.
func patchField[P any](name string) (place int, found bool) {
	t := reflect.TypeFor[P]()
	for i := range t.NumField() {
		known, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if known == "" {
			known = t.Field(i).Name
		}
		if strings.EqualFold(known, name) {
			return i, true
		}
	}
	return 0, false
}

// patchOf sets one field to a value that a snapshot holds; null empties it.
func patchOf[P any](field string, value json.RawMessage) (P, error) {
	var patch P
	i, found := patchField[P](field)
	if !found || value == nil {
		return patch, apperr.New(apperr.BusinessRule, "This field follows from others and cannot be put back by itself.")
	}
	to := reflect.ValueOf(&patch).Elem().Field(i)
	to.Set(reflect.New(to.Type().Elem()))
	if string(value) == "null" {
		return patch, nil
	}
	if err := json.Unmarshal(value, to.Interface()); err != nil {
		return patch, fmt.Errorf("read the earlier %s: %w", field, err)
	}
	return patch, nil
}
