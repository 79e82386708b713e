package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/internal/crm"
)

const pipelinesTag = "Pipelines"

// PipelinePath is the part of an input that names a pipeline.
type PipelinePath struct {
	ID uuid.UUID `path:"id" format:"uuid" doc:"The pipeline's id" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c52"`
}

// StagePath is the part of an input that names a stage.
type StagePath struct {
	PipelinePath
	Stage uuid.UUID `path:"stage" format:"uuid" doc:"The stage's id" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c53"`
}

type listPipelinesInput struct{ Reader }

type getPipelineInput struct {
	Reader
	PipelinePath
}

// PipelineFields are what a pipeline is made from.
type PipelineFields struct {
	Name string `json:"name" maxLength:"100" example:"Export" doc:"Unlike that of the others"`
}

type createPipelineInput struct {
	Writer
	Body PipelineFields
}

type updatePipelineInput struct {
	Change
	PipelinePath
	Body PipelineFields
}

type changePipelineInput struct {
	Change
	PipelinePath
}

type addStageInput struct {
	Change
	PipelinePath
	Body struct {
		Name        string `json:"name" maxLength:"100" example:"Sample sent" doc:"Unlike that of the other stages"`
		Probability int    `json:"probability" minimum:"0" maximum:"100" example:"60" doc:"In percent"`
		RotDays     int    `json:"rotDays" required:"false" minimum:"0" maximum:"3650" example:"14"`
	}
}

type updateStageInput struct {
	Change
	StagePath
	Body struct {
		Name        Optional[string] `json:"name" required:"false" maxLength:"100" example:"Sample sent"`
		Probability Optional[int]    `json:"probability" required:"false" minimum:"0" maximum:"100" example:"60" doc:"Of an open stage"`
		RotDays     Optional[int]    `json:"rotDays" required:"false" minimum:"0" maximum:"3650" example:"14" doc:"Of an open stage"`
		Position    Optional[int]    `json:"position" required:"false" minimum:"0" example:"1" doc:"Its place among the open stages, from 0"`
	}
}

type removeStageInput struct {
	Change
	StagePath
	MoveTo string `query:"moveTo" format:"uuid" doc:"The open stage that its deals go to; needed when it has any" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c53"`
}

func (o *operations) pipelines(api huma.API) {
	huma.Register(api, operation(fiber.MethodGet, "/pipelines", "list-pipelines", pipelinesTag, "List pipelines",
		`All pipelines of the business with their stages; new deals go into the first one unless they name a stage. There are few, so there is one page.`), o.listPipelines)
	huma.Register(api, created(operation(fiber.MethodPost, "/pipelines", "create-pipeline", pipelinesTag, "Create a pipeline",
		`Adds a pipeline with the usual stages.`, 400, 415)), o.createPipeline)
	huma.Register(api, operation(fiber.MethodGet, "/pipelines/{id}", "get-pipeline", pipelinesTag, "Read a pipeline", `One pipeline with its stages.`, 404), o.getPipeline)
	huma.Register(api, operation(fiber.MethodPatch, "/pipelines/{id}", "update-pipeline", pipelinesTag, "Rename a pipeline", `Gives a pipeline another name.`, 400, 404, 412, 415), o.updatePipeline)
	huma.Register(api, operation(fiber.MethodDelete, "/pipelines/{id}", "delete-pipeline", pipelinesTag, "Delete a pipeline",
		`Removes a pipeline without deals for ever; those in the trash count. The last pipeline stays. The answer is the pipeline as it was.`, 404, 412), o.deletePipeline)
	huma.Register(api, operation(fiber.MethodPost, "/pipelines/{id}/stages", "add-stage", pipelinesTag, "Add a stage", `Adds an open stage behind the other open ones.`, 400, 404, 412, 415), o.addStage)
	huma.Register(api, operation(fiber.MethodPatch, "/pipelines/{id}/stages/{stage}", "update-stage", pipelinesTag, "Change a stage",
		`Changes the fields that are sent. What is won or lost keeps its probability.`, 400, 404, 412, 415), o.updateStage)
	huma.Register(api, operation(fiber.MethodDelete, "/pipelines/{id}/stages/{stage}", "remove-stage", pipelinesTag, "Remove a stage",
		`Takes an open stage away; its deals, those in the trash too, go to the stage moveTo. The answer is the pipeline without it.`, 404, 412), o.removeStage)
}

func (o *operations) listPipelines(ctx context.Context, in *listPipelinesInput) (*listAnswer[Pipeline], error) {
	all, err := o.CRM.Pipelines(ctx, in.principal)
	if err != nil {
		return nil, err
	}
	return &listAnswer[Pipeline]{Body: List[Pipeline]{Data: each(all, pipelineOf), Meta: Meta{Limit: crm.MaxPipelines}}}, nil
}

func (o *operations) createPipeline(ctx context.Context, in *createPipelineInput) (*createdAnswer[Pipeline], error) {
	p, err := o.CRM.CreatePipeline(ctx, in.principal, in.Body.Name)
	if err != nil {
		return nil, err
	}
	return createdAt(Prefix+"/pipelines/"+p.ID.String(), pipelineOf(p), p.Version), nil
}

func (o *operations) getPipeline(ctx context.Context, in *getPipelineInput) (*recordAnswer[Pipeline], error) {
	return pipelineAnswer(o.CRM.Pipeline(ctx, in.principal, in.ID))
}

func (o *operations) updatePipeline(ctx context.Context, in *updatePipelineInput) (*recordAnswer[Pipeline], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	return pipelineAnswer(o.CRM.RenamePipeline(ctx, in.principal, in.ID, in.Body.Name, version))
}

func (o *operations) deletePipeline(ctx context.Context, in *changePipelineInput) (*recordAnswer[Pipeline], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	return pipelineAnswer(o.CRM.DeletePipeline(ctx, in.principal, in.ID, version))
}

func (o *operations) addStage(ctx context.Context, in *addStageInput) (*recordAnswer[Pipeline], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	return pipelineAnswer(o.CRM.AddStage(ctx, in.principal, in.ID, crm.StageInput(in.Body), version))
}

func (o *operations) updateStage(ctx context.Context, in *updateStageInput) (*recordAnswer[Pipeline], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	patch := crm.StagePatch{Name: in.Body.Name.pointer(), Probability: in.Body.Probability.pointer(), RotDays: in.Body.RotDays.pointer(), Position: in.Body.Position.pointer()}
	return pipelineAnswer(o.CRM.UpdateStage(ctx, in.principal, in.ID, in.Stage, patch, version))
}

func (o *operations) removeStage(ctx context.Context, in *removeStageInput) (*recordAnswer[Pipeline], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	var to *uuid.UUID
	if id, err := uuid.Parse(in.MoveTo); err == nil {
		to = &id
	}
	return pipelineAnswer(o.CRM.RemoveStage(ctx, in.principal, in.ID, in.Stage, to, version))
}

func pipelineAnswer(p crm.Pipeline, err error) (*recordAnswer[Pipeline], error) {
	if err != nil {
		return nil, err
	}
	return recordOf(pipelineOf(p), p.Version), nil
}
