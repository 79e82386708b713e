package crm

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
)

// errNotYours refuses to change a record that one may only see.
func errNotYours(one, owner string) error {
	return apperr.New(apperr.NoPermission, "You may see this %s but not change it. Ask its owner, %s.", one, orNobody(owner))
}

// errStale refuses a change of what somebody else changed meanwhile.
func errStale(one string, current int64) error {
	e := apperr.New(apperr.Conflict, "Somebody changed this %s after you opened it. Look at the current values and try again.", one)
	e.Version = current
	return e
}

func orNobody(name string) string {
	if name == "" {
		return "or an administrator"
	}
	return name
}

// checkOwner refuses to give a record of the entity to somebody outside the principal's reach,
// or outside the business.
func checkOwner(ctx context.Context, tx *change.Tx, p auth.Principal, entity string, owner *uuid.UUID) error {
	if owner != nil && *owner == p.UserID {
		return nil
	}
	var f apperr.Fields
	var team *uuid.UUID
	if owner != nil {
		m, err := tx.Q.GetMember(ctx, db.GetMemberParams{TenantID: p.TenantID, UserID: *owner})
		if db.IsNoRows(err) {
			f.Add("ownerId", "This person does not belong to the business.")
			return f.Err()
		}
		if err != nil {
			return fmt.Errorf("look for the owner: %w", err)
		}
		team = m.TeamID
	}
	f.Check(p.MayChange(entity, owner, team), "ownerId", "You may not give "+entity+" to this person.")
	return f.Err()
}

func sameID(a, b *uuid.UUID) bool {
	return (a == nil) == (b == nil) && (a == nil || *a == *b)
}
