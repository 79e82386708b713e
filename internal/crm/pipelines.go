package crm

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/cache"
	"payaid/internal/change"
)

const entityPipeline = "pipeline"

// pipelinesLife bounds what the pipelines of a business take up that nobody opens.
const pipelinesLife = time.Hour

var keptPipelines = cache.JSON[[]Pipeline]("pipelines-1")

func errNoPipeline() error { return apperr.New(apperr.NotFound, "This pipeline does not exist.") }

func errNoStage() error { return apperr.New(apperr.NotFound, "This stage does not exist.") }

// Pipelines returns the pipelines of the business with their stages, the default
// one first.
func (s *Service) Pipelines(ctx context.Context, p auth.Principal) ([]Pipeline, error) {
	if !p.Can(auth.PipelinesConfigure) {
		if err := p.Require(auth.DealsRead); err != nil {
			return nil, err
		}
	}
	it := cache.Item{Tenant: p.TenantID, Key: "pipelines", Tags: []string{tagPipelineList}, TTL: pipelinesLife}
	return cache.Remember(ctx, s.cache, it, keptPipelines, func(ctx context.Context) ([]Pipeline, error) {
		return readPipelines(ctx, s.db.Tenant(p.TenantID), p.TenantID)
	})
}

// Pipeline returns one pipeline; the default one for uuid.Nil.
func (s *Service) Pipeline(ctx context.Context, p auth.Principal, id uuid.UUID) (Pipeline, error) {
	all, err := s.Pipelines(ctx, p)
	if err != nil {
		return Pipeline{}, err
	}
	return onePipeline(all, id)
}

// onePipeline finds a pipeline among all; uuid.Nil is the first one.
func onePipeline(all []Pipeline, id uuid.UUID) (Pipeline, error) {
	i := slices.IndexFunc(all, func(p Pipeline) bool { return p.ID == id || id == uuid.Nil })
	if i < 0 {
		return Pipeline{}, errNoPipeline()
	}
	return all[i], nil
}

func readPipelines(ctx context.Context, q *db.Queries, tenant uuid.UUID) ([]Pipeline, error) {
	rows, err := q.ListPipelines(ctx, tenant)
	if err != nil {
		return nil, fmt.Errorf("list pipelines: %w", err)
	}
	stages, err := q.ListStages(ctx, tenant)
	if err != nil {
		return nil, fmt.Errorf("list stages: %w", err)
	}
	out := make([]Pipeline, len(rows))
	for i, r := range rows {
		out[i] = Pipeline{ID: r.ID, Name: r.Name, Stages: []Stage{}, Version: r.Version, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt}
		for _, s := range stages {
			if s.PipelineID == r.ID {
				out[i].Stages = append(out[i].Stages, Stage{ID: s.ID, Name: s.Name, Kind: s.Kind, Probability: int(s.Probability), RotDays: int(s.RotDays)})
			}
		}
	}
	return out, nil
}

// CreatePipeline adds a pipeline with the usual stages behind the others. Names of
// pipelines differ (ALREADY_EXISTS).
func (s *Service) CreatePipeline(ctx context.Context, p auth.Principal, name string) (Pipeline, error) {
	if err := p.Require(auth.PipelinesConfigure); err != nil {
		return Pipeline{}, err
	}
	name = plainName(name)
	return change.Do(ctx, s.write, p.Actor(), "pipeline.create", name, func(ctx context.Context, tx *change.Tx) (Pipeline, error) {
		if err := tx.Q.LockPipelines(ctx, p.TenantID.String()); err != nil {
			return Pipeline{}, fmt.Errorf("lock the pipelines: %w", err)
		}
		all, err := readPipelines(ctx, tx.Q, p.TenantID)
		if err != nil {
			return Pipeline{}, err
		}
		if len(all) >= MaxPipelines {
			return Pipeline{}, apperr.New(apperr.BusinessRule, "There are %d pipelines, which is the most there can be.", len(all))
		}
		id := uuid.Must(uuid.NewV7())
		if err := savePipeline(ctx, tx, p, id, name); err != nil {
			return Pipeline{}, err
		}
		if err := saveStages(ctx, tx, p, id, slices.Clone(newStages)); err != nil {
			return Pipeline{}, err
		}
		return recordPipeline(ctx, tx, p, id, "pipeline.create", nil)
	})
}

// pipelineChange is the part that all changes of a pipeline begin with: the right,
// the lock, and the version that the caller last saw.
func (s *Service) pipelineChange(ctx context.Context, p auth.Principal, id uuid.UUID, version *int64, action string, input any,
	fn func(ctx context.Context, tx *change.Tx, before Pipeline) error,
) (Pipeline, error) {
	if err := p.Require(auth.PipelinesConfigure); err != nil {
		return Pipeline{}, err
	}
	whole := struct {
		ID      uuid.UUID
		Version *int64
		Input   any
	}{id, version, input}
	return change.Do(ctx, s.write, p.Actor(), action, whole, func(ctx context.Context, tx *change.Tx) (Pipeline, error) {
		before, err := lockPipeline(ctx, tx, p, id, version)
		if err != nil {
			return Pipeline{}, err
		}
		if err := fn(ctx, tx, before); err != nil {
			return Pipeline{}, err
		}
		return recordPipeline(ctx, tx, p, id, action, before)
	})
}

// RenamePipeline gives a pipeline another name.
func (s *Service) RenamePipeline(ctx context.Context, p auth.Principal, id uuid.UUID, name string, version *int64) (Pipeline, error) {
	return s.pipelineChange(ctx, p, id, version, "pipeline.update", name, func(ctx context.Context, tx *change.Tx, _ Pipeline) error {
		return savePipeline(ctx, tx, p, id, plainName(name))
	})
}

// AddStage adds an open stage behind the other open ones.
func (s *Service) AddStage(ctx context.Context, p auth.Principal, id uuid.UUID, in StageInput, version *int64) (Pipeline, error) {
	return s.pipelineChange(ctx, p, id, version, "pipeline.update", in, func(ctx context.Context, tx *change.Tx, before Pipeline) error {
		if len(before.Stages) >= MaxStages {
			return apperr.New(apperr.BusinessRule, "A pipeline has at most %d stages.", MaxStages)
		}
		one := Stage{Name: plainName(in.Name), Kind: DealOpen, Probability: in.Probability, RotDays: in.RotDays}
		if err := one.check(); err != nil {
			return err
		}
		return savePart(ctx, tx, p, before, slices.Insert(slices.Clone(before.Stages), before.open(), one))
	})
}

// UpdateStage changes a stage, or its place among the open ones.
func (s *Service) UpdateStage(ctx context.Context, p auth.Principal, id, stage uuid.UUID, patch StagePatch, version *int64) (Pipeline, error) {
	input := struct {
		Stage uuid.UUID
		Patch StagePatch
	}{stage, patch}
	return s.pipelineChange(ctx, p, id, version, "pipeline.update", input, func(ctx context.Context, tx *change.Tx, before Pipeline) error {
		one, ok := before.Stage(stage)
		if !ok {
			return errNoStage()
		}
		one = one.change(patch)
		if err := one.check(); err != nil {
			return err
		}
		after := slices.Clone(before.Stages)
		after[slices.IndexFunc(after, func(s Stage) bool { return s.ID == stage })] = one
		if patch.Position != nil {
			after = arranged(after, stage, *patch.Position)
		}
		return savePart(ctx, tx, p, before, after)
	})
}

// RemoveStage takes an open stage away and puts its deals, also those in the trash,
// into the open stage to. A stage without deals needs none.
func (s *Service) RemoveStage(ctx context.Context, p auth.Principal, id, stage uuid.UUID, to *uuid.UUID, version *int64) (Pipeline, error) {
	input := struct {
		Stage uuid.UUID
		To    *uuid.UUID
	}{stage, to}
	return s.pipelineChange(ctx, p, id, version, "pipeline.update", input, func(ctx context.Context, tx *change.Tx, before Pipeline) error {
		one, ok := before.Stage(stage)
		switch {
		case !ok:
			return errNoStage()
		case one.Kind != DealOpen:
			return apperr.New(apperr.BusinessRule, "Every pipeline has a stage for what is %s.", one.Kind)
		case before.open() == 1:
			return apperr.New(apperr.BusinessRule, "A pipeline needs an open stage.")
		}
		if err := emptyStage(ctx, tx, p, before, one, to); err != nil {
			return err
		}
		if err := tx.Q.DeleteStage(ctx, db.DeleteStageParams{TenantID: p.TenantID, ID: stage}); err != nil {
			return fmt.Errorf("delete a stage: %w", err)
		}
		return savePart(ctx, tx, p, before, slices.DeleteFunc(slices.Clone(before.Stages), func(s Stage) bool { return s.ID == stage }))
	})
}

// emptyStage moves the deals of a stage to another, all of them at once.
func emptyStage(ctx context.Context, tx *change.Tx, p auth.Principal, pipeline Pipeline, from Stage, to *uuid.UUID) error {
	// The lock keeps others from putting a deal there meanwhile.
	if _, err := tx.Q.LockStage(ctx, db.LockStageParams{TenantID: p.TenantID, ID: from.ID}); err != nil {
		return fmt.Errorf("lock the stage: %w", err)
	}
	counts, err := tx.Q.CountDealsByStage(ctx, db.CountDealsByStageParams{TenantID: p.TenantID, PipelineID: pipeline.ID})
	if err != nil {
		return fmt.Errorf("count the deals of the stages: %w", err)
	}
	i := slices.IndexFunc(counts, func(r db.CountDealsByStageRow) bool { return r.StageID == from.ID })
	if i < 0 {
		return nil
	}
	var target Stage
	if to != nil {
		target, _ = pipeline.Stage(*to)
	}
	if target.Kind != DealOpen || target.ID == from.ID {
		var f apperr.Fields
		f.Add("moveTo", fmt.Sprintf("%s has %d deals, those in the trash counted. Choose an open stage that they go to.", from.Name, counts[i].Deals))
		return f.Err()
	}
	if _, err := tx.Q.LockStage(ctx, db.LockStageParams{TenantID: p.TenantID, ID: target.ID}); err != nil {
		return fmt.Errorf("lock the stage: %w", err)
	}
	if err := tx.Q.LeaveStageForAll(ctx, db.LeaveStageForAllParams{TenantID: p.TenantID, StageID: from.ID, Now: tx.Now}); err != nil {
		return fmt.Errorf("leave a stage: %w", err)
	}
	err = tx.Q.EnterStageForAll(ctx, db.EnterStageForAllParams{TenantID: p.TenantID, StageID: from.ID, ToID: target.ID, ToName: target.Name, Now: tx.Now, ActorName: p.Name})
	if err != nil {
		return fmt.Errorf("enter a stage: %w", err)
	}
	if _, err := tx.Q.MoveAllDeals(ctx, db.MoveAllDealsParams{TenantID: p.TenantID, StageID: from.ID, ToID: target.ID, Now: tx.Now}); err != nil {
		return fmt.Errorf("move the deals of a stage: %w", err)
	}
	return nil
}

// DeletePipeline removes a pipeline without deals for ever, and returns it as it
// was. The last one stays.
func (s *Service) DeletePipeline(ctx context.Context, p auth.Principal, id uuid.UUID, version *int64) (Pipeline, error) {
	if err := p.Require(auth.PipelinesConfigure); err != nil {
		return Pipeline{}, err
	}
	input := struct {
		ID      uuid.UUID
		Version *int64
	}{id, version}
	return change.Do(ctx, s.write, p.Actor(), "pipeline.delete", input, func(ctx context.Context, tx *change.Tx) (Pipeline, error) {
		if err := tx.Q.LockPipelines(ctx, p.TenantID.String()); err != nil {
			return Pipeline{}, fmt.Errorf("lock the pipelines: %w", err)
		}
		before, err := lockPipeline(ctx, tx, p, id, version)
		if err != nil {
			return Pipeline{}, err
		}
		all, err := tx.Q.ListPipelines(ctx, p.TenantID)
		if err != nil {
			return Pipeline{}, fmt.Errorf("list pipelines: %w", err)
		}
		if len(all) == 1 {
			return Pipeline{}, apperr.New(apperr.BusinessRule, "The last pipeline stays. Change its stages instead.")
		}
		if err := tx.Q.DeletePipeline(ctx, db.DeletePipelineParams{TenantID: p.TenantID, ID: id}); err != nil {
			return Pipeline{}, fmt.Errorf("delete a pipeline: %w", err) // deals_stage_id_fkey says that there are deals
		}
		return before, tx.Record(ctx, change.Event{Action: "pipeline.delete", Entity: entityPipeline, EntityID: id, Before: before})
	})
}

// lockPipeline holds the pipeline for the rest of the transaction and returns it as
// it is, provided that the caller saw this version.
func lockPipeline(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, version *int64) (Pipeline, error) {
	current, err := tx.Q.LockPipeline(ctx, db.LockPipelineParams{TenantID: p.TenantID, ID: id})
	if db.IsNoRows(err) {
		return Pipeline{}, errNoPipeline()
	}
	if err != nil {
		return Pipeline{}, fmt.Errorf("lock pipeline %s: %w", id, err)
	}
	if version != nil && *version != current {
		return Pipeline{}, errStale("pipeline", current)
	}
	return freshPipeline(ctx, tx.Q, p.TenantID, id)
}

func freshPipeline(ctx context.Context, q *db.Queries, tenant, id uuid.UUID) (Pipeline, error) {
	all, err := readPipelines(ctx, q, tenant)
	if err != nil {
		return Pipeline{}, err
	}
	return onePipeline(all, id)
}
