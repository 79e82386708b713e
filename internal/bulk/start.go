package bulk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
	"payaid/internal/jobs"
)

// Start begins a run. Up to AtOnce named records are changed when it returns;
// anything larger goes on in the background, and Run tells how far it is.
func (s *Service) Start(ctx context.Context, p auth.Principal, in Input) (Run, error) {
	entity, err := s.right(p, in.Entity, in.Action)
	if err != nil {
		return Run{}, err
	}
	if err := in.check(); err != nil {
		return Run{}, err
	}
	run, err := change.Do(ctx, s.write, p.Actor(), "bulk.start", in, func(ctx context.Context, tx *change.Tx) (Run, error) {
		in := in // the key of the request stands for what was sent
		if err := entity.Check(ctx, tx, p, &in); err != nil {
			return Run{}, err
		}
		set := db.InsertBulkRunParams{Entity: in.Entity, Action: in.Action, Gathered: in.Match == nil, Total: int64(len(in.IDs))}
		if in.Match != nil {
			if set.Matching, err = json.Marshal(in.Match); err != nil {
				return Run{}, fmt.Errorf("write what a bulk run matches: %w", err)
			}
		}
		return s.insert(ctx, tx, p, set, in.Value, in.IDs)
	})
	if err != nil {
		return Run{}, err
	}
	return s.atOnce(ctx, p, run, int64(len(in.IDs)))
}

// check refuses what can be told from the input alone, and orders the records: each
// once.
func (in *Input) check() error {
	var f apperr.Fields
	switch {
	case in.Match != nil:
		f.Check(len(in.IDs) == 0, "ids", "Name the records or say what they match, not both.")
	default:
		f.Check(len(in.IDs) > 0, "ids", "Choose at least one record.")
		f.Check(len(in.IDs) <= MaxNamed, "ids", "Choose at most 1,000 records, or all that match a filter.")
	}
	in.IDs = slices.Clone(in.IDs)
	slices.SortFunc(in.IDs, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	in.IDs = slices.Compact(in.IDs)
	return f.Err()
}

// Undo puts back what the run changed, sparing records that were changed since, as
// a run of its own. Asking again returns the same one.
func (s *Service) Undo(ctx context.Context, p auth.Principal, id uuid.UUID) (Run, error) {
	var size int64
	run, err := change.Do(ctx, s.write, p.Actor(), "bulk.undo", id, func(ctx context.Context, tx *change.Tx) (Run, error) {
		if _, err := tx.Q.LockBulkRun(ctx, db.LockBulkRunParams{TenantID: p.TenantID, ID: id}); err != nil && !db.IsNoRows(err) {
			return Run{}, fmt.Errorf("lock a bulk run: %w", err)
		}
		row, err := tx.Q.GetBulkRun(ctx, db.GetBulkRunParams{TenantID: p.TenantID, ID: id})
		of, err := s.visible(p, row, err)
		if err != nil {
			return Run{}, err
		}
		if size = of.Counts.Done; of.UndoneBy != nil {
			return s.read(ctx, tx, p, *of.UndoneBy)
		}
		if err := undoable(of); err != nil {
			return Run{}, err
		}
		return s.insert(ctx, tx, p, db.InsertBulkRunParams{Entity: of.Entity, Action: of.Action, Undoes: &of.ID}, of.Value, nil)
	})
	if err != nil {
		return Run{}, err
	}
	return s.atOnce(ctx, p, run, size)
}

func undoable(r Run) error {
	switch {
	case r.Undoes != nil:
		return apperr.New(apperr.BusinessRule, "This has put records back already. It cannot be undone itself.")
	case !r.Ended():
		return apperr.New(apperr.BusinessRule, "This is still running. Undo it once it has finished.")
	case r.Counts.Done == 0:
		return apperr.New(apperr.BusinessRule, "Nothing was changed, so there is nothing to undo.")
	case r.UndoUntil == nil:
		return apperr.New(apperr.BusinessRule, "This is more than 7 days ago and cannot be undone any more.")
	}
	return nil
}

// insert writes a run with the records that were named and enqueues its job.
func (s *Service) insert(ctx context.Context, tx *change.Tx, p auth.Principal, set db.InsertBulkRunParams, v Value, named []uuid.UUID) (Run, error) {
	id := uuid.Must(uuid.NewV7())
	args := Args{TenantID: p.TenantID, RunID: id, ActorKind: tx.Actor.Kind, ActorID: tx.Actor.ID}
	err := jobs.CreateProgress(ctx, tx.Q, p.TenantID, jobs.Progress{ID: id, Kind: args.Kind(), Total: set.Total, CreatedBy: p.User(), CreatedAt: tx.Now})
	if err != nil {
		return Run{}, err
	}
	if set.Value, err = json.Marshal(v); err != nil {
		return Run{}, fmt.Errorf("write the value of a bulk run: %w", err)
	}
	set.TenantID, set.ID, set.CreatedBy, set.Now = p.TenantID, id, p.User(), tx.Now
	if err := tx.Q.InsertBulkRun(ctx, set); err != nil {
		return Run{}, fmt.Errorf("insert a bulk run: %w", err)
	}
	if err := tx.Q.InsertBulkItems(ctx, db.InsertBulkItemsParams{TenantID: p.TenantID, RunID: id, Ids: named}); err != nil {
		return Run{}, fmt.Errorf("insert the records of a bulk run: %w", err)
	}
	run, err := s.read(ctx, tx, p, id)
	if err != nil {
		return Run{}, err
	}
	action := "bulk.start"
	if set.Undoes != nil {
		action = "bulk.undo"
	}
	// Only noted: the records tell their own changes, and nothing that is cached shows a run.
	if err := tx.Record(ctx, change.Event{Action: action, Entity: entityRun, EntityID: id, After: run, Note: true}); err != nil {
		return Run{}, err
	}
	return run, tx.Enqueue(ctx, args)
}

func (s *Service) read(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID) (Run, error) {
	row, err := tx.Q.GetBulkRun(ctx, db.GetBulkRunParams{TenantID: p.TenantID, ID: id})
	if err != nil {
		return Run{}, fmt.Errorf("read the bulk run back: %w", err)
	}
	return s.runFromRow(row)
}

// atOnce works a small run while its caller waits, so that a few records need no
// worker. What is left, and what goes wrong, is for the job, which meets this at
// the lock of the run.
func (s *Service) atOnce(ctx context.Context, p auth.Principal, run Run, size int64) (Run, error) {
	if size == 0 || size > AtOnce {
		return run, nil
	}
	actor := p.Actor()
	work, cancel := context.WithTimeout(ctx, atOnceLimit)
	defer cancel()
	err := s.Work(work, Args{TenantID: p.TenantID, RunID: run.ID, ActorKind: actor.Kind, ActorID: actor.ID}, false)
	if err != nil && !errors.Is(err, jobs.ErrMore) {
		s.write.Log.WarnContext(ctx, "a bulk run is left to its job", "run", run.ID, "err", err)
	}
	return s.Run(ctx, p, run.ID)
}
