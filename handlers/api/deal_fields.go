package api

import (
	"time"

	"github.com/google/uuid"

	"payaid/internal/crm"
)

// Deal is a deal as programs see it.
type Deal struct {
	ID             uuid.UUID  `json:"id" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c51"`
	Name           string     `json:"name" example:"Looms for the new shed"`
	Value          int64      `json:"valuePaise" minimum:"0" example:"1234567800" doc:"In paise"`
	Probability    int        `json:"probability" minimum:"0" maximum:"100" example:"50" doc:"In percent: that of the stage, or the own one of an open deal"`
	OwnProbability *int       `json:"ownProbability" minimum:"0" maximum:"100" example:"60" doc:"null when that of the stage counts"`
	PipelineID     uuid.UUID  `json:"pipelineId" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c52"`
	Pipeline       string     `json:"pipeline" example:"Sales"`
	StageID        uuid.UUID  `json:"stageId" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c53"`
	Stage          string     `json:"stage" example:"Proposal"`
	State          string     `json:"state" enum:"open,won,lost" example:"open"`
	StageSince     time.Time  `json:"stageSince" example:"2026-11-22T06:30:00Z" doc:"When it came into the stage"`
	Rotting        bool       `json:"rotting" doc:"It has stayed there for longer than the stage allows"`
	ExpectedClose  *string    `json:"expectedClose" format:"date" example:"2026-12-24"`
	ClosedAt       *time.Time `json:"closedAt" doc:"When it was won or lost; null while it is open"`
	Reason         string     `json:"reason" example:"Best price" doc:"Why it was won or lost. Empty when unknown, like every text here"`
	Competitor     string     `json:"competitor" example:"Deccan Mills"`
	Source         string     `json:"source" example:"Trade fair"`
	Notes          string     `json:"notes" example:"Wants delivery before Diwali."`
	ContactID      *uuid.UUID `json:"contactId" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c44"`
	Contact        string     `json:"contact" example:"Asha Rao" doc:"Empty also while the contact lies in the trash"`
	CompanyID      *uuid.UUID `json:"companyId" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c45"`
	Company        string     `json:"company" example:"Rao Traders" doc:"Empty also while the company lies in the trash"`
	OwnerID        *uuid.UUID `json:"ownerId" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c46" doc:"Who looks after the deal"`
	Owner          string     `json:"owner" example:"Meera Iyer"`
	Version        int64      `json:"version" example:"1" doc:"Grows with each change; the same as in ETag"`
	CreatedAt      time.Time  `json:"createdAt" example:"2026-11-22T06:30:00Z"`
	UpdatedAt      time.Time  `json:"updatedAt" example:"2026-11-22T06:30:00Z"`
	DeletedAt      *time.Time `json:"deletedAt" doc:"When the deal went to the trash; null while it lives"`
}

func (o *operations) dealOf(d crm.Deal) Deal {
	out := Deal{
		ID: d.ID, Name: d.Name, Value: d.Value, Probability: d.Probability, OwnProbability: d.OwnChance, PipelineID: d.PipelineID, Pipeline: d.Pipeline,
		StageID: d.StageID, Stage: d.Stage, State: d.State, StageSince: d.StageSince.UTC(), Rotting: d.Rotting(o.Now()), ClosedAt: utc(d.ClosedAt),
		Reason: d.Reason, Competitor: d.Competitor, Source: d.Source, Notes: d.Notes, ContactID: d.ContactID, Contact: d.Contact,
		CompanyID: d.CompanyID, Company: d.Company, OwnerID: d.OwnerID, Owner: d.Owner,
		Version: d.Version, CreatedAt: d.CreatedAt.UTC(), UpdatedAt: d.UpdatedAt.UTC(), DeletedAt: utc(d.DeletedAt),
	}
	if d.ExpectedClose != "" {
		out.ExpectedClose = &d.ExpectedClose
	}
	return out
}

// DealFields are the fields of a deal that a program may write.
type DealFields struct {
	Name          Optional[string]    `json:"name" required:"false" maxLength:"200" example:"Looms for the new shed"`
	Value         Optional[int64]     `json:"valuePaise" required:"false" minimum:"0" maximum:"10000000000000" example:"1234567800" doc:"In paise"`
	Probability   Optional[*int]      `json:"ownProbability" required:"false" minimum:"0" maximum:"100" example:"60" doc:"null leaves it to the stage"`
	ExpectedClose Optional[string]    `json:"expectedClose" required:"false" format:"date" example:"2026-12-24"`
	Reason        Optional[string]    `json:"reason" required:"false" maxLength:"500" example:"Best price" doc:"Of a deal that is won or lost"`
	Competitor    Optional[string]    `json:"competitor" required:"false" maxLength:"200" example:"Deccan Mills"`
	Source        Optional[string]    `json:"source" required:"false" maxLength:"200" example:"Trade fair"`
	Notes         Optional[string]    `json:"notes" required:"false" maxLength:"10000" example:"Wants delivery before Diwali."`
	ContactID     Optional[uuid.UUID] `json:"contactId" required:"false" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c44"`
	CompanyID     Optional[uuid.UUID] `json:"companyId" required:"false" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c45" doc:"A new deal without one gets that of its contact"`
	OwnerID       Optional[uuid.UUID] `json:"ownerId" required:"false" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c46" doc:"A person of the business. A new deal without one belongs to whoever creates it; a change to null takes the owner away"`
}

func (f *DealFields) patch() crm.DealPatch {
	return crm.DealPatch{
		Name: f.Name.pointer(), Value: f.Value.pointer(), Probability: f.Probability.pointer(), ExpectedClose: f.ExpectedClose.pointer(), Reason: f.Reason.pointer(),
		Competitor: f.Competitor.pointer(), Source: f.Source.pointer(), Notes: f.Notes.pointer(), ContactID: f.ContactID.pointer(), CompanyID: f.CompanyID.pointer(),
		OwnerID: f.OwnerID.pointer(),
	}
}

// Pipeline is a pipeline as programs see it.
type Pipeline struct {
	ID        uuid.UUID `json:"id" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c52"`
	Name      string    `json:"name" example:"Sales"`
	Stages    []Stage   `json:"stages" nullable:"false" doc:"The open ones in their order, then won, then lost"`
	Version   int64     `json:"version" example:"1" doc:"Grows with each change of the pipeline or its stages; the same as in ETag"`
	CreatedAt time.Time `json:"createdAt" example:"2026-11-22T06:30:00Z"`
	UpdatedAt time.Time `json:"updatedAt" example:"2026-11-22T06:30:00Z"`
}

// Stage is one step of a pipeline.
type Stage struct {
	ID          uuid.UUID `json:"id" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c53"`
	Name        string    `json:"name" example:"Proposal"`
	Kind        string    `json:"kind" enum:"open,won,lost" example:"open"`
	Probability int       `json:"probability" minimum:"0" maximum:"100" example:"50" doc:"In percent"`
	RotDays     int       `json:"rotDays" minimum:"0" example:"14" doc:"Days after which a deal that stays is marked; 0 never"`
}

func pipelineOf(p crm.Pipeline) Pipeline {
	return Pipeline{
		ID: p.ID, Name: p.Name, Stages: each(p.Stages, func(s crm.Stage) Stage { return Stage(s) }),
		Version: p.Version, CreatedAt: p.CreatedAt.UTC(), UpdatedAt: p.UpdatedAt.UTC(),
	}
}
