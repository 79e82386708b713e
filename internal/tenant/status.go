package tenant

import (
	"context"
	"fmt"
	"time"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/change"
)

// The states of a tenant. The people and keys of one that is not active are
// refused. The platform suspends and resumes; an owner closes.
const (
	Active    = "active"
	Suspended = "suspended"
	Closed    = "closed"
)

// ReopenWithin is how long the platform can open a closed business again.
const ReopenWithin = 30 * 24 * time.Hour

// moves names the ways from one state to another as the audit log calls them.
var moves = map[[2]string]string{
	{Active, Suspended}: "tenant.suspend",
	{Suspended, Active}: "tenant.resume",
	{Active, Closed}:    "tenant.close",
	{Closed, Active}:    "tenant.reopen",
}

// SetStatus moves the tenant of the write's actor into another state. Nothing
// happens when it is in that state already; a way that does not exist, or no
// longer, is a BusinessRule.
func SetStatus(ctx context.Context, tx *change.Tx, to string) error {
	row, err := tx.Q.LockTenant(ctx, tx.Actor.TenantID)
	if err != nil {
		return fmt.Errorf("lock the tenant: %w", err)
	}
	if row.Status == to {
		return nil
	}
	before, action := fromRow(row), moves[[2]string{row.Status, to}]
	if action == "" {
		return apperr.New(apperr.BusinessRule, "This business is %s. That has to end first.", row.Status)
	}
	if before.Status == Closed && tx.Now.After(ReopenUntil(*before.ClosedAt)) {
		return apperr.New(apperr.BusinessRule, "This business was closed more than 30 days ago and cannot be opened again here.")
	}
	params := db.SetTenantStatusParams{ID: row.ID, Status: to, Now: tx.Now}
	if to == Closed {
		params.ClosedAt = &tx.Now
	}
	if row, err = tx.Q.SetTenantStatus(ctx, params); err != nil {
		return fmt.Errorf("set the tenant's status: %w", err)
	}
	tx.Tag(Tag)
	return tx.Record(ctx, change.Event{Action: action, Entity: "tenant", EntityID: row.ID, Before: before, After: fromRow(row)})
}

// ReopenUntil is the last moment at which a business closed at this time can be
// opened again.
func ReopenUntil(closed time.Time) time.Time { return closed.Add(ReopenWithin) }
