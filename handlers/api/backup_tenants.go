package api

import (
	"context"
	"time"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/backup"
	"payaid/internal/platform"
)

// BusinessComparison is what a restore of one business would find, and what became
// of it.
type BusinessComparison struct {
	ID     uuid.UUID            `json:"id" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c62"`
	Tenant string               `json:"tenant" example:"rao-textiles" doc:"Short name of the business"`
	AsOf   time.Time            `json:"asOf" example:"2026-11-22T20:30:00Z" doc:"What the backup knows"`
	Tables []BusinessDifference `json:"tables" nullable:"false"`
	Report *BusinessReport      `json:"report" doc:"What was restored; null before"`
}

// BusinessDifference counts rows of one table by what became of them since.
type BusinessDifference struct {
	Table   string `json:"table" example:"contacts"`
	Same    int64  `json:"same" example:"480"`
	Missing int64  `json:"missing" example:"12" doc:"Gone for good"`
	Trashed int64  `json:"trashed" example:"8" doc:"In the trash by now"`
	Changed int64  `json:"changed" example:"3"`
	Added   int64  `json:"added" example:"5" doc:"Not in the backup"`
}

// BusinessReport tells what a restore did.
type BusinessReport struct {
	At       time.Time `json:"at" example:"2026-11-22T20:40:00Z"`
	Undo     uuid.UUID `json:"undo" format:"uuid" doc:"Archive of the business as it was before; restoring it as-it-was undoes this"`
	Restored int64     `json:"restored" example:"20" doc:"Rows that were written"`
	Clashes  int       `json:"clashes" example:"1" doc:"Rows that something stood in the way of, of the first 100"`
}

// BusinessPath names a backup or archive, and a business.
type BusinessPath struct {
	BackupPath
	Tenant string `path:"tenant" maxLength:"63" example:"rao-textiles" doc:"Short name of the business"`
}

type compareBusinessInput struct {
	Caller
	BusinessPath
	Body struct {
		Identity string `json:"identity,omitempty" doc:"A private key that opens the backup, where the process that does the work has none. It is kept encrypted until the work has ended"`
	}
}

type getBusinessComparisonInput struct {
	Reader
	BusinessPath
	Plan uuid.UUID `path:"plan" format:"uuid" doc:"Id of the job that compared" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c62"`
}

type restoreBusinessInput struct {
	Caller
	BusinessPath
	Body struct {
		Plan     uuid.UUID `json:"plan" format:"uuid" doc:"Id of the comparison"`
		Mode     string    `json:"mode,omitempty" enum:"bring-back,as-it-was" default:"bring-back" doc:"bring-back: only what is missing; as-it-was: also undo changes and put what is new into the trash"`
		Tables   []string  `json:"tables" nullable:"false" example:"[\"contacts\"]" doc:"Which of the compared tables"`
		Confirm  string    `json:"confirm" example:"rao-textiles" doc:"The short name of the business"`
		Identity string    `json:"identity,omitempty" doc:"As for the comparison"`
	}
}

func (o *operations) compareBusiness(ctx context.Context, in *compareBusinessInput) (*backupJobAnswer, error) {
	id, err := o.Platform.CompareTenant(ctx, in.principal, platform.TenantComparison{Backup: in.ID, Slug: in.Tenant, Identity: in.Body.Identity})
	if err != nil {
		return nil, err
	}
	return o.backupJob(ctx, in.Caller, id)
}

func (o *operations) getBusinessComparison(ctx context.Context, in *getBusinessComparisonInput) (*backupAnswer[BusinessComparison], error) {
	found, err := o.Platform.Compared(ctx, in.principal, in.Plan, uuid.Nil)
	if err != nil {
		return nil, err
	}
	if found.Plan == nil || found.Plan.From != in.ID || found.Plan.Slug != in.Tenant {
		return nil, apperr.New(apperr.NotFound, "This comparison does not exist, or has not ended.")
	}
	out := BusinessComparison{ID: found.Plan.ID, Tenant: found.Plan.Slug, AsOf: found.Plan.AsOf.UTC(), Tables: each(found.Plan.Tables, func(t backup.TableDifference) BusinessDifference {
		return BusinessDifference{Table: t.Table, Same: t.Same, Missing: t.Missing, Trashed: t.Trashed, Changed: t.Changed, Added: t.Added}
	})}
	if r := found.Report; r != nil {
		out.Report = &BusinessReport{At: r.At.UTC(), Undo: r.Undo, Restored: r.Restored(), Clashes: len(r.Clashes)}
	}
	return &backupAnswer[BusinessComparison]{Body: Record[BusinessComparison]{Data: out}}, nil
}

func (o *operations) restoreBusiness(ctx context.Context, in *restoreBusinessInput) (*backupJobAnswer, error) {
	r := platform.TenantRestore{
		Backup: in.ID, Plan: in.Body.Plan, Mode: backup.TenantMode(in.Body.Mode), Tables: in.Body.Tables, Confirm: in.Body.Confirm, Identity: in.Body.Identity,
	}
	if r.Mode == "" {
		r.Mode = backup.BringBack
	}
	if r.Confirm != in.Tenant {
		r.Confirm = "" // the path and the word must name the same business
	}
	id, err := o.Platform.RestoreTenant(ctx, in.principal, r)
	if err != nil {
		return nil, err
	}
	return o.backupJob(ctx, in.Caller, id)
}

func (o *operations) backupJob(ctx context.Context, who Caller, id uuid.UUID) (*backupJobAnswer, error) {
	j, err := o.Platform.BackupJob(ctx, who.principal, id)
	if err != nil {
		return nil, err
	}
	return &backupJobAnswer{Location: Prefix + "/backups/jobs/" + id.String(), Body: Record[BackupJob]{Data: backupJobOf(j, o.Now())}}, nil
}
