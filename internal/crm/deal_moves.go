package crm

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
)

// DealMove says where a deal goes.
type DealMove struct {
	StageID    uuid.UUID  // of any pipeline
	BehindID   *uuid.UUID // the deal right above the new place; nil, or one that is not there any more: on top
	Reason     string     // of a stage that ends the deal; needed where it is lost
	Competitor string     // who won instead
}

// DealEnd is what is said about a deal that is over.
type DealEnd struct {
	Reason     string // needed where it is lost
	Competitor string // who won instead
}

// MoveDeal puts a deal into a stage, or to another place in its own. Into a stage
// that is won or lost it ends the deal like WinDeal and LoseDeal; out of one it
// opens it again.
func (s *Service) MoveDeal(ctx context.Context, p auth.Principal, id uuid.UUID, to DealMove, version *int64) (Deal, error) {
	return s.moveDeal(ctx, p, id, version, "deal.move", to, func(context.Context, *change.Tx, Deal) (DealMove, error) { return to, nil })
}

// WinDeal puts a deal into the won stage of its pipeline and makes its contact a
// customer.
func (s *Service) WinDeal(ctx context.Context, p auth.Principal, id uuid.UUID, end DealEnd, version *int64) (Deal, error) {
	return s.endDeal(ctx, p, id, end, version, "deal.win", DealWon)
}

// LoseDeal puts a deal into the lost stage of its pipeline, with the reason.
func (s *Service) LoseDeal(ctx context.Context, p auth.Principal, id uuid.UUID, end DealEnd, version *int64) (Deal, error) {
	return s.endDeal(ctx, p, id, end, version, "deal.lose", DealLost)
}

func (s *Service) endDeal(ctx context.Context, p auth.Principal, id uuid.UUID, end DealEnd, version *int64, action, kind string) (Deal, error) {
	return s.moveDeal(ctx, p, id, version, action, end, func(ctx context.Context, tx *change.Tx, before Deal) (DealMove, error) {
		if before.State == kind {
			return DealMove{}, apperr.New(apperr.BusinessRule, "This deal is %s already.", kind)
		}
		pipeline, err := freshPipeline(ctx, tx.Q, p.TenantID, before.PipelineID)
		if err != nil {
			return DealMove{}, err
		}
		return DealMove{StageID: pipeline.first(kind).ID, Reason: end.Reason, Competitor: end.Competitor}, nil
	})
}

// ReopenDeal puts a deal that is over back into the open stage that it was in last.
func (s *Service) ReopenDeal(ctx context.Context, p auth.Principal, id uuid.UUID, version *int64) (Deal, error) {
	return s.moveDeal(ctx, p, id, version, "deal.reopen", nil, func(ctx context.Context, tx *change.Tx, before Deal) (DealMove, error) {
		if before.State == DealOpen {
			return DealMove{}, apperr.New(apperr.BusinessRule, "This deal is open.")
		}
		stage, err := tx.Q.LastOpenStage(ctx, db.LastOpenStageParams{TenantID: p.TenantID, PipelineID: before.PipelineID, DealID: id})
		if err != nil {
			return DealMove{}, fmt.Errorf("look for the last open stage: %w", err)
		}
		return DealMove{StageID: stage}, nil
	})
}

// moveDeal moves a deal to where decide says, which sees it under its lock.
func (s *Service) moveDeal(ctx context.Context, p auth.Principal, id uuid.UUID, version *int64, action string, said any,
	decide func(ctx context.Context, tx *change.Tx, before Deal) (DealMove, error),
) (Deal, error) {
	input := struct {
		ID      uuid.UUID
		Said    any
		Version *int64
	}{id, said, version}
	return s.dealChange(ctx, p, id, version, action, input, func(ctx context.Context, tx *change.Tx, before Deal) error {
		to, err := decide(ctx, tx, before)
		if err != nil {
			return err
		}
		stage, err := tx.Q.LockStage(ctx, db.LockStageParams{TenantID: p.TenantID, ID: to.StageID})
		if db.IsNoRows(err) {
			var bad apperr.Fields
			bad.Add("stageId", "This stage does not exist any more.")
			return bad.Err()
		}
		if err != nil {
			return fmt.Errorf("lock stage %s: %w", to.StageID, err)
		}
		return placeDeal(ctx, tx, p, before, stage, to)
	})
}

// placeDeal saves where the deal stands now and what follows from it.
func placeDeal(ctx context.Context, tx *change.Tx, p auth.Principal, before Deal, stage db.LockStageRow, to DealMove) error {
	end, err := to.end(before, stage)
	if err != nil {
		return err
	}
	place, err := place(ctx, tx, p, before.ID, stage.ID, to.BehindID)
	if err != nil {
		return err
	}
	params := db.MoveDealParams{
		TenantID: p.TenantID, ID: before.ID, PipelineID: stage.PipelineID, StageID: stage.ID, State: stage.Kind, StageSince: before.StageSince,
		Position: place, ClosedAt: before.ClosedAt, Reason: end.Reason, Competitor: end.Competitor, Now: tx.Now,
	}
	entered := stage.ID != before.StageID
	switch {
	case stage.Kind == DealOpen:
		params.ClosedAt = nil
	case entered:
		params.ClosedAt = &tx.Now
	}
	if entered {
		params.StageSince = tx.Now
	}
	if err := tx.Q.MoveDeal(ctx, params); err != nil {
		return fmt.Errorf("move the deal: %w", err)
	}
	if !entered {
		return nil
	}
	if err := tx.Q.LeaveStage(ctx, db.LeaveStageParams{TenantID: p.TenantID, DealID: before.ID, Now: tx.Now}); err != nil {
		return fmt.Errorf("leave a stage: %w", err)
	}
	if err := enterStage(ctx, tx, p, before.ID, stage); err != nil || stage.Kind != DealWon {
		return err
	}
	return promote(ctx, tx, p, before.ContactID)
}

// end is what is said about the deal in the stage: nothing of an open one, what was
// known before inside the same stage.
func (to DealMove) end(before Deal, stage db.LockStageRow) (DealEnd, error) {
	switch {
	case stage.Kind == DealOpen:
		return DealEnd{Competitor: before.Competitor}, nil
	case stage.ID == before.StageID:
		return DealEnd{Reason: before.Reason, Competitor: before.Competitor}, nil
	}
	end := DealEnd{Reason: strings.TrimSpace(to.Reason), Competitor: cmp.Or(plainName(to.Competitor), before.Competitor)}
	var bad apperr.Fields
	bad.Check(stage.Kind != DealLost || end.Reason != "", "reason", "Say why the deal was lost.")
	bad.Check(utf8.RuneCountInString(end.Reason) <= maxReason && printable(end.Reason), "reason", "Use at most 500 characters.")
	bad.Check(utf8.RuneCountInString(end.Competitor) <= maxShort && printable(end.Competitor), "competitor", "Use at most 200 characters.")
	return end, bad.Err()
}

// place is the position behind a deal of the stage, else on top of it. The stage is
// locked: no other deal gets the same.
func place(ctx context.Context, tx *change.Tx, p auth.Principal, id, stage uuid.UUID, behind *uuid.UUID) (string, error) {
	if behind != nil && *behind != id {
		at, err := tx.Q.PlaceBehind(ctx, db.PlaceBehindParams{TenantID: p.TenantID, StageID: stage, ID: id, BehindID: *behind})
		if err == nil || !db.IsNoRows(err) {
			return at, wrap(err, "look for the place behind a deal")
		}
	}
	at, err := tx.Q.PlaceOnTop(ctx, db.PlaceOnTopParams{TenantID: p.TenantID, StageID: stage})
	return at, wrap(err, "look for the top of a stage")
}

func enterStage(ctx context.Context, tx *change.Tx, p auth.Principal, deal uuid.UUID, stage db.LockStageRow) error {
	return wrap(tx.Q.EnterStage(ctx, db.EnterStageParams{
		TenantID: p.TenantID, ID: uuid.Must(uuid.NewV7()), DealID: deal, StageID: stage.ID, StageName: stage.Name, Now: tx.Now, ActorName: p.Name,
	}), "enter a stage")
}

// DealStage is one stay of a deal in a stage.
type DealStage struct {
	StageID   uuid.UUID  `json:"stageId"`
	Stage     string     `json:"stage"` // as it was called then
	EnteredAt time.Time  `json:"enteredAt"`
	LeftAt    *time.Time `json:"leftAt"` // nil: the deal is there
	Actor     string     `json:"actor"`  // who brought it there
}

// Stay is how long the deal was, or by now is, in the stage.
func (s DealStage) Stay(now time.Time) time.Duration {
	if s.LeftAt != nil {
		now = *s.LeftAt
	}
	return now.Sub(s.EnteredAt)
}

// maxDealStages bounds what the history of one deal shows.
const maxDealStages = 100

// DealStages tells where a deal that the principal sees has been, newest first.
func (s *Service) DealStages(ctx context.Context, p auth.Principal, id uuid.UUID) ([]DealStage, error) {
	if _, err := s.Deal(ctx, p, id); err != nil {
		return nil, err
	}
	rows, err := s.db.Tenant(p.TenantID).ListDealStages(ctx, db.ListDealStagesParams{TenantID: p.TenantID, DealID: id, Most: maxDealStages})
	if err != nil {
		return nil, fmt.Errorf("list the stages of deal %s: %w", id, err)
	}
	out := make([]DealStage, len(rows))
	for i, r := range rows {
		out[i] = DealStage{StageID: r.StageID, Stage: r.StageName, EnteredAt: r.EnteredAt, LeftAt: r.LeftAt, Actor: r.ActorName}
	}
	return out, nil
}
