package tenant

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/blob"
	"payaid/internal/change"
	"payaid/internal/picture"
)

const entityTenant = "tenant"

// Settings holds the use cases by which a business describes itself, changes hands
// and ends.
type Settings struct {
	db     *db.DB
	write  *change.Writer
	blobs  blob.Store
	maker  *picture.Maker
	people *auth.Service
	log    *slog.Logger
}

// NewSettings returns Settings that keeps the logos which m makes in blobs and asks
// people for passwords and owners.
func NewSettings(w *change.Writer, blobs blob.Store, m *picture.Maker, people *auth.Service) *Settings {
	return &Settings{db: w.DB, write: w, blobs: blobs, maker: m, people: people, log: w.Log}
}

// Business returns the principal's business.
func (s *Settings) Business(ctx context.Context, p auth.Principal) (Business, error) {
	if err := p.Require(auth.BusinessConfigure); err != nil {
		return Business{}, err
	}
	row, err := s.db.Global().GetTenant(ctx, p.TenantID)
	if err != nil {
		return Business{}, fmt.Errorf("read the business: %w", err)
	}
	return businessFromRow(row), nil
}

// UpdateBusiness changes the principal's business. version is what the caller last
// saw; an older one is a Conflict.
func (s *Settings) UpdateBusiness(ctx context.Context, p auth.Principal, in BusinessInput, version int64) (Business, error) {
	if err := p.Require(auth.BusinessConfigure); err != nil {
		return Business{}, err
	}
	in.normalize()
	if err := in.validate(); err != nil {
		return Business{}, err
	}
	input := struct {
		Input   BusinessInput
		Version int64
	}{in, version}
	return change.Do(ctx, s.write, p.Actor(), "tenant.update", input, func(ctx context.Context, tx *change.Tx) (Business, error) {
		before, err := lockBusiness(ctx, tx.Q, p.TenantID)
		if err != nil {
			return Business{}, err
		}
		if version != before.Version {
			e := apperr.New(apperr.Conflict, "Somebody changed the business after you opened it.")
			e.Version = before.Version
			return Business{}, e
		}
		row, err := tx.Q.UpdateTenant(ctx, db.UpdateTenantParams{
			ID: p.TenantID, Name: in.Name, LegalName: in.LegalName, Gstin: in.GSTIN, AddressLine1: in.AddressLine1, AddressLine2: in.AddressLine2,
			City: in.City, PinCode: in.PIN, StateCode: in.StateCode, Phone: in.Phone, Email: in.Email, TimeZone: in.TimeZone,
			FiscalMonth: int16(in.FiscalMonth), Now: tx.Now,
		})
		if err != nil {
			return Business{}, fmt.Errorf("update the business: %w", err)
		}
		return saved(ctx, tx, "tenant.update", before, row)
	})
}

// saved notes what became of the business.
func saved(ctx context.Context, tx *change.Tx, action string, before Business, row db.Tenant) (Business, error) {
	after := businessFromRow(row)
	tx.Tag(Tag)
	return after, tx.Record(ctx, change.Event{Action: action, Entity: entityTenant, EntityID: row.ID, Before: before, After: after})
}

// lockBusiness holds the tenant's row for the rest of the transaction.
func lockBusiness(ctx context.Context, q *db.Queries, tenant uuid.UUID) (Business, error) {
	row, err := q.LockTenant(ctx, tenant)
	if err != nil {
		return Business{}, fmt.Errorf("lock the business: %w", err)
	}
	return businessFromRow(row), nil
}
