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

const entityDeal = "deal"

func errNoDeal() error {
	return apperr.New(apperr.NotFound, "This deal does not exist, or you may not see it.")
}

// Deal returns one deal that is not in the trash. Another tenant's deal, and one
// outside the principal's scope, is NotFound.
func (s *Service) Deal(ctx context.Context, p auth.Principal, id uuid.UUID) (Deal, error) {
	d, _, err := s.DealRecord(ctx, p, id)
	return d, err
}

// DealRecord returns a deal like Deal, and whether the principal may change it, so
// that a page offers only what will be allowed.
func (s *Service) DealRecord(ctx context.Context, p auth.Principal, id uuid.UUID) (d Deal, mayChange bool, err error) {
	if err := p.Require(auth.DealsRead); err != nil {
		return Deal{}, false, err
	}
	row, err := readDeal(ctx, s.db.Tenant(p.TenantID), p, id)
	if err != nil {
		return Deal{}, false, err
	}
	if row.DeletedAt != nil {
		return Deal{}, false, errNoDeal()
	}
	d = dealFromRow(row)
	return d, d.MayChange(p), nil
}

// CreateDeal adds a deal on top of an open stage.
func (s *Service) CreateDeal(ctx context.Context, p auth.Principal, in DealInput) (Deal, error) {
	if err := p.Require(auth.DealsWrite); err != nil {
		return Deal{}, err
	}
	in.normalize()
	if err := in.validate(); err != nil {
		return Deal{}, err
	}
	if in.OwnerID == nil {
		in.OwnerID = p.User()
	}
	return change.Do(ctx, s.write, p.Actor(), "deal.create", in, func(ctx context.Context, tx *change.Tx) (Deal, error) {
		if err := checkOwner(ctx, tx, p, auth.Deals, in.OwnerID); err != nil {
			return Deal{}, err
		}
		if err := linkDeal(ctx, tx, p, Deal{}, &in); err != nil {
			return Deal{}, err
		}
		stage, err := beginning(ctx, tx, p, in.StageID)
		if err != nil {
			return Deal{}, err
		}
		id := uuid.Must(uuid.NewV7())
		if err := insertDeal(ctx, tx, p, id, stage, in); err != nil {
			return Deal{}, err
		}
		return recordDeal(ctx, tx, p, id, "deal.create", nil)
	})
}

// beginning locks the stage that a new deal begins in.
func beginning(ctx context.Context, tx *change.Tx, p auth.Principal, id *uuid.UUID) (db.LockStageRow, error) {
	var bad apperr.Fields
	if id == nil {
		first, err := freshPipeline(ctx, tx.Q, p.TenantID, uuid.Nil)
		if err != nil {
			return db.LockStageRow{}, err
		}
		stage := first.first(DealOpen).ID
		id = &stage
	}
	stage, err := tx.Q.LockStage(ctx, db.LockStageParams{TenantID: p.TenantID, ID: *id})
	if err != nil && !db.IsNoRows(err) {
		return stage, fmt.Errorf("lock stage %s: %w", *id, err)
	}
	bad.Check(err == nil && stage.Kind == DealOpen, "stageId", "A new deal begins in an open stage.")
	return stage, bad.Err()
}

func insertDeal(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, stage db.LockStageRow, in DealInput) error {
	top, err := tx.Q.PlaceOnTop(ctx, db.PlaceOnTopParams{TenantID: p.TenantID, StageID: stage.ID})
	if err != nil {
		return fmt.Errorf("look for the top of a stage: %w", err)
	}
	expected, err := dayOf(in.ExpectedClose)
	if err != nil {
		return err
	}
	err = tx.Q.InsertDeal(ctx, db.InsertDealParams{
		TenantID: p.TenantID, ID: id, Name: in.Name, Value: in.Value, Probability: percent(in.Probability), PipelineID: stage.PipelineID, StageID: stage.ID,
		State: stage.Kind, Position: top, ExpectedClose: expected, Source: in.Source, Notes: in.Notes,
		ContactID: in.ContactID, CompanyID: in.CompanyID, OwnerID: in.OwnerID, Now: tx.Now,
	})
	if err != nil {
		return fmt.Errorf("insert the deal: %w", err)
	}
	return enterStage(ctx, tx, p, id, stage)
}

// percent is a probability as it is stored; validate bounds it.
func percent(n *int) *int16 {
	if n == nil {
		return nil
	}
	short := int16(*n)
	return &short
}

// UpdateDeal changes fields of a deal; MoveDeal changes where it stands. version is
// what the caller last saw, nil to overwrite; an older one is a Conflict that
// carries the current version.
func (s *Service) UpdateDeal(ctx context.Context, p auth.Principal, id uuid.UUID, patch DealPatch, version *int64) (Deal, error) {
	input := struct {
		ID      uuid.UUID
		Patch   DealPatch
		Version *int64
	}{id, patch, version}
	return s.dealChange(ctx, p, id, version, "deal.update", input, func(ctx context.Context, tx *change.Tx, before Deal) error {
		in := patch.apply(before)
		in.normalize()
		if err := in.validate(); err != nil {
			return err
		}
		if err := in.checkEnd(before); err != nil {
			return err
		}
		if !sameID(in.OwnerID, before.OwnerID) {
			if err := checkOwner(ctx, tx, p, auth.Deals, in.OwnerID); err != nil {
				return err
			}
		}
		if err := linkDeal(ctx, tx, p, before, &in); err != nil {
			return err
		}
		return updateDeal(ctx, tx, p, id, in)
	})
}

// checkEnd keeps what is said about an end in step with whether there is one.
func (in *DealInput) checkEnd(before Deal) error {
	var f apperr.Fields
	f.Check(in.StageID == nil || *in.StageID == before.StageID, "stageId", "Move the deal to bring it into another stage.")
	f.Check(before.State != DealOpen || in.Reason == "", "reason", "An open deal has no reason of its end.")
	f.Check(before.State != DealLost || in.Reason != "", "reason", "Say why the deal was lost.")
	return f.Err()
}

func updateDeal(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, in DealInput) error {
	expected, err := dayOf(in.ExpectedClose)
	if err != nil {
		return err
	}
	return wrap(tx.Q.UpdateDeal(ctx, db.UpdateDealParams{
		TenantID: p.TenantID, ID: id, Name: in.Name, Value: in.Value, Probability: percent(in.Probability), ExpectedClose: expected, Source: in.Source,
		Notes: in.Notes, Reason: in.Reason, Competitor: in.Competitor, ContactID: in.ContactID, CompanyID: in.CompanyID, OwnerID: in.OwnerID, Now: tx.Now,
	}), "save the deal")
}

// dealChange is the part that all changes of a living deal begin and end with.
func (s *Service) dealChange(ctx context.Context, p auth.Principal, id uuid.UUID, version *int64, action string, input any,
	fn func(ctx context.Context, tx *change.Tx, before Deal) error,
) (Deal, error) {
	if err := p.Require(auth.DealsWrite); err != nil {
		return Deal{}, err
	}
	return change.Do(ctx, s.write, p.Actor(), action, input, func(ctx context.Context, tx *change.Tx) (Deal, error) {
		before, err := lockDeal(ctx, tx, p, id, version)
		if err != nil {
			return Deal{}, err
		}
		if before.DeletedAt != nil {
			return Deal{}, errNoDeal()
		}
		if err := fn(ctx, tx, before); err != nil {
			return Deal{}, err
		}
		return recordDeal(ctx, tx, p, id, action, before)
	})
}

// DeleteDeal moves a deal to the trash, where it keeps its place.
func (s *Service) DeleteDeal(ctx context.Context, p auth.Principal, id uuid.UUID, version *int64) (Deal, error) {
	return s.setDealDeleted(ctx, p, id, version, true)
}

// RestoreDeal takes a deal out of the trash, back to its place.
func (s *Service) RestoreDeal(ctx context.Context, p auth.Principal, id uuid.UUID, version *int64) (Deal, error) {
	return s.setDealDeleted(ctx, p, id, version, false)
}

func (s *Service) setDealDeleted(ctx context.Context, p auth.Principal, id uuid.UUID, version *int64, deleted bool) (Deal, error) {
	if err := p.Require(auth.DealsDelete); err != nil {
		return Deal{}, err
	}
	action := "deal.restore"
	if deleted {
		action = "deal.delete"
	}
	input := struct {
		ID      uuid.UUID
		Version *int64
	}{id, version}
	return change.Do(ctx, s.write, p.Actor(), action, input, func(ctx context.Context, tx *change.Tx) (Deal, error) {
		before, err := lockDeal(ctx, tx, p, id, version)
		if err != nil {
			return Deal{}, err
		}
		if deleted == (before.DeletedAt != nil) {
			return before, nil // already so: doing it again changes nothing
		}
		params := db.SetDealDeletedParams{TenantID: p.TenantID, ID: id, Now: tx.Now}
		if deleted {
			params.DeletedAt = &tx.Now
		}
		if err := tx.Q.SetDealDeleted(ctx, params); err != nil {
			return Deal{}, fmt.Errorf("%s: %w", action, err)
		}
		return recordDeal(ctx, tx, p, id, action, before)
	})
}

// readDeal returns a deal the principal may see, in the trash or not.
func readDeal(ctx context.Context, q *db.Queries, p auth.Principal, id uuid.UUID) (db.GetDealRow, error) {
	row, err := q.GetDeal(ctx, db.GetDealParams{TenantID: p.TenantID, ID: id})
	if db.IsNoRows(err) {
		return row, errNoDeal()
	}
	if err != nil {
		return row, fmt.Errorf("get deal %s: %w", id, err)
	}
	if !p.Sees(auth.Deals, row.OwnerID, row.OwnerTeamID) {
		return row, errNoDeal()
	}
	return row, nil
}

// lockDeal holds the deal for the rest of the transaction and returns it as it is,
// provided that the principal may change it and saw this version.
func lockDeal(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, version *int64) (Deal, error) {
	_, err := tx.Q.LockDeal(ctx, db.LockDealParams{TenantID: p.TenantID, ID: id})
	if db.IsNoRows(err) {
		return Deal{}, errNoDeal()
	}
	if err != nil {
		return Deal{}, fmt.Errorf("lock deal %s: %w", id, err)
	}
	row, err := readDeal(ctx, tx.Q, p, id)
	if err != nil {
		return Deal{}, err
	}
	if !p.MayChange(auth.Deals, row.OwnerID, row.OwnerTeamID) {
		return Deal{}, errNotYours("deal", row.OwnerName)
	}
	if version != nil && *version != row.Version {
		return Deal{}, errStale("deal", row.Version)
	}
	return dealFromRow(row), nil
}

// recordDeal reads the deal as it is now, writes the audit entry and returns it.
func recordDeal(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, action string, before any) (Deal, error) {
	row, err := tx.Q.GetDeal(ctx, db.GetDealParams{TenantID: p.TenantID, ID: id})
	if err != nil {
		return Deal{}, fmt.Errorf("read the deal back: %w", err)
	}
	d := dealFromRow(row)
	return d, tx.Record(ctx, change.Event{Action: action, Entity: entityDeal, EntityID: id, Before: before, After: d})
}
