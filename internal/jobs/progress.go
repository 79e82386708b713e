package jobs

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"payaid/db"
)

// The states of a job that keeps a progress row.
const (
	Queued    = "queued"
	Running   = "running"
	Completed = "completed"
	Failed    = "failed"
)

// reportEvery is how often a Reporter writes at most.
const reportEvery = 500 * time.Millisecond

// Progress tells the page that waits for a job how far it is. Done and Total are
// in a unit of the job's own, Total zero while unknown.
type Progress struct {
	ID         uuid.UUID
	Kind       string
	Status     string // Queued, Running, Completed or Failed
	Done       int64
	Total      int64
	Message    string // for the user
	CreatedBy  *uuid.UUID
	CreatedAt  time.Time
	UpdatedAt  time.Time
	FinishedAt *time.Time // nil until Completed or Failed
}

// CreateProgress writes the row of a job that is about to be enqueued, with the
// queries of the same transaction. ID, Kind, Total, CreatedBy and CreatedAt are
// taken from p; the status is Queued.
func CreateProgress(ctx context.Context, q *db.Queries, tenant uuid.UUID, p Progress) error {
	err := q.InsertJobProgress(ctx, db.InsertJobProgressParams{
		TenantID: tenant, ID: p.ID, Kind: p.Kind, Total: p.Total, CreatedBy: p.CreatedBy, Now: p.CreatedAt,
	})
	if err != nil {
		return fmt.Errorf("insert the progress of %s: %w", p.Kind, err)
	}
	return nil
}

// GetProgress returns the row; the error is one that db.IsNoRows tells when there
// is none in this tenant.
func GetProgress(ctx context.Context, d *db.DB, tenant, id uuid.UUID) (Progress, error) {
	r, err := d.Tenant(tenant).GetJobProgress(ctx, db.GetJobProgressParams{TenantID: tenant, ID: id})
	if err != nil {
		return Progress{}, fmt.Errorf("get the progress of job %s: %w", id, err)
	}
	return Progress{
		ID: r.ID, Kind: r.Kind, Status: r.Status, Done: r.Done, Total: r.Total, Message: r.Message,
		CreatedBy: r.CreatedBy, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, FinishedAt: r.FinishedAt,
	}, nil
}

// Reporter writes a job's progress while it runs, each time in a statement of its
// own. Once the job is Completed or Failed its methods change nothing. It is for
// one goroutine.
type Reporter struct {
	db          *db.DB
	now         func() time.Time
	tenant, id  uuid.UUID
	reported    time.Time
	done, total *int64 // nil: as they stand in the row
}

// NewReporter returns a Reporter for a row that CreateProgress wrote.
func NewReporter(d *db.DB, now func() time.Time, tenant, id uuid.UUID) *Reporter {
	return &Reporter{db: d, now: now, tenant: tenant, id: id}
}

// Running says that the job has begun, or goes on after a pause.
func (r *Reporter) Running(ctx context.Context) error { return r.set(ctx, Running, "", false) }

// Report says how far the job is. It writes at most twice a second; the last
// figures are written by Complete or Fail in any case.
func (r *Reporter) Report(ctx context.Context, done, total int64) error {
	r.done, r.total = &done, &total
	if now := r.now(); now.Sub(r.reported) < reportEvery {
		return nil
	}
	return r.set(ctx, Running, "", false)
}

// Complete says that the job is done. message may be "".
func (r *Reporter) Complete(ctx context.Context, message string) error {
	return r.set(ctx, Completed, message, true)
}

// Fail says that the job has ended without success, and in message why and what
// to do.
func (r *Reporter) Fail(ctx context.Context, message string) error {
	return r.set(ctx, Failed, message, true)
}

func (r *Reporter) set(ctx context.Context, status, message string, finished bool) error {
	now := r.now().UTC()
	r.reported = now
	p := db.SetJobProgressParams{TenantID: r.tenant, ID: r.id, Status: status, Done: r.done, Total: r.total, Message: message, Now: now}
	if finished {
		p.FinishedAt = &now
	}
	if _, err := r.db.Tenant(r.tenant).SetJobProgress(ctx, p); err != nil {
		return fmt.Errorf("report job %s %s: %w", r.id, status, err)
	}
	return nil
}
