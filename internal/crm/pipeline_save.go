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

// savePipeline makes the pipeline with this id, or names it so.
func savePipeline(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, name string) error {
	var f apperr.Fields
	checkPipelineName(&f, name)
	if err := f.Err(); err != nil {
		return err
	}
	return wrap(tx.Q.SavePipeline(ctx, db.SavePipelineParams{TenantID: p.TenantID, ID: id, Name: name, Now: tx.Now}), "save the pipeline")
}

// savePart saves a pipeline whose stages were changed: its version grows with them.
func savePart(ctx context.Context, tx *change.Tx, p auth.Principal, before Pipeline, stages []Stage) error {
	if err := savePipeline(ctx, tx, p, before.ID, before.Name); err != nil {
		return err
	}
	return saveStages(ctx, tx, p, before.ID, stages)
}

// saveStages saves the stages of a pipeline in their order; one without an id is
// made.
func saveStages(ctx context.Context, tx *change.Tx, p auth.Principal, pipeline uuid.UUID, stages []Stage) error {
	for i, s := range stages {
		if s.ID == uuid.Nil {
			s.ID = uuid.Must(uuid.NewV7())
		}
		err := tx.Q.SaveStage(ctx, db.SaveStageParams{
			TenantID: p.TenantID, ID: s.ID, PipelineID: pipeline, Name: s.Name, Kind: s.Kind, Probability: int16(s.Probability), RotDays: int32(s.RotDays), // bounded by check
			Position: int32(i + 1), Now: tx.Now,
		})
		if err != nil {
			return fmt.Errorf("save stage %s: %w", s.Name, err)
		}
	}
	return nil
}

// recordPipeline reads the pipeline as it is now, writes the audit entry and
// returns it. Boards and lists of deals show names and probabilities of stages.
func recordPipeline(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, action string, before any) (Pipeline, error) {
	after, err := freshPipeline(ctx, tx.Q, p.TenantID, id)
	if err != nil {
		return Pipeline{}, err
	}
	return after, tx.Record(ctx, change.Event{Action: action, Entity: entityPipeline, EntityID: id, Before: before, After: after})
}
