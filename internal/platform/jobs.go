package platform

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
	"payaid/internal/jobs"
)

// Job is one background job, with what it is about.
type Job struct {
	jobs.Job
	About    string    // in words: "Import of a file"
	TenantID uuid.UUID // uuid.Nil: no business in particular
	Business string    // name of the business, "" for none
	Subject  string    // id of the import or other record that it works on, "" for none
}

// JobPage is one page of jobs, newest first, and how many there are by state.
type JobPage struct {
	Jobs         []Job
	Newer, Older int64 // for jobs.Filter.After and Before, 0 for none
	Counts       map[string]int
	Kinds        []string // that the queue holds
}

// abouts says what the jobs of a kind do.
var abouts = map[string]string{
	"backup.schedule":     "Make the nightly backup when it is time",
	"backup.watch":        "See that the backups are well",
	"import.run":          "Import of a file",
	"auth.password_reset": "Mail with a link to a new password",
	"idempotency.purge":   "Clear away old idempotency keys",
	"join.invitation":     "Mail with an invitation",
	"join.sign_up":        "Mail with a link to sign up",
	"jobs.sweep":          "Close what stopped jobs left open",
	"mail.purge":          "Clear away old mails",
	"mail.send":           "Send a mail",
	"notify.purge":        "Clear away old notifications",
}

// About says in words what jobs of the kind do.
func About(kind string) string {
	if words, ok := abouts[kind]; ok {
		return words
	}
	return kind
}

// about reads from a job's arguments what it works on: every job names its
// business tenantId.
func about(j jobs.Job) Job {
	var args struct {
		TenantID uuid.UUID `json:"tenantId"`
		ImportID string    `json:"importId"`
	}
	_ = json.Unmarshal(j.Args, &args) // a job without them is about no business
	return Job{Job: j, About: About(j.Kind), TenantID: args.TenantID, Subject: args.ImportID}
}

// Jobs lists one page of jobs.
func (s *Service) Jobs(ctx context.Context, p auth.Principal, f jobs.Filter) (JobPage, error) {
	if err := require(p); err != nil {
		return JobPage{}, err
	}
	found, err := s.queue.Jobs(ctx, f, pageSize)
	if err != nil {
		return JobPage{}, err
	}
	page := JobPage{Jobs: make([]Job, len(found.Jobs)), Newer: found.Newer, Older: found.Older}
	var tenants []uuid.UUID
	for i, j := range found.Jobs {
		page.Jobs[i] = about(j)
		if page.Jobs[i].TenantID != uuid.Nil {
			tenants = append(tenants, page.Jobs[i].TenantID)
		}
	}
	names, err := s.names(ctx, tenants)
	if err != nil {
		return JobPage{}, err
	}
	for i := range page.Jobs {
		page.Jobs[i].Business = names[page.Jobs[i].TenantID]
	}
	if page.Counts, err = s.queue.Counts(ctx); err != nil {
		return JobPage{}, err
	}
	page.Kinds, err = s.queue.Kinds(ctx)
	return page, err
}

// RetryJob lets a job that failed or was cancelled start once more.
func (s *Service) RetryJob(ctx context.Context, p auth.Principal, id int64) error {
	return s.touchJob(ctx, p, id, "job.retry", func(ctx context.Context, tx *change.Tx) error {
		return s.queue.Retry(ctx, tx.Pgx(), tx.Q, id)
	})
}

// CancelJob ends a job that waits, or asks a running one to stop.
func (s *Service) CancelJob(ctx context.Context, p auth.Principal, id int64) error {
	return s.touchJob(ctx, p, id, "job.cancel", func(ctx context.Context, tx *change.Tx) error {
		return s.queue.Cancel(ctx, tx.Pgx(), id)
	})
}

// touchJob does something to a job in the name of its business, so that the entry
// stands in the business's audit log, too.
func (s *Service) touchJob(ctx context.Context, p auth.Principal, id int64, action string, do func(context.Context, *change.Tx) error) error {
	if err := require(p); err != nil {
		return err
	}
	found, err := s.queue.Job(ctx, id)
	if err != nil {
		return explainJob(err)
	}
	j := about(found)
	names, err := s.names(ctx, []uuid.UUID{j.TenantID})
	if err != nil {
		return err
	}
	tenant := uuid.Nil
	if names[j.TenantID] != "" {
		tenant = j.TenantID
	}
	_, err = change.Do(ctx, s.write, actorIn(p, tenant), action, id, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		if err := do(ctx, tx); err != nil {
			return struct{}{}, err
		}
		subject, _ := uuid.Parse(j.Subject) // uuid.Nil: the job is about no record
		after := map[string]any{"job": j.ID, "kind": j.Kind, "before": j.State}
		return struct{}{}, tx.Record(ctx, change.Event{Action: action, Entity: "job", EntityID: subject, After: after, Note: true})
	})
	return explainJob(err)
}

func explainJob(err error) error {
	switch {
	case errors.Is(err, jobs.ErrNoJob):
		return apperr.New(apperr.NotFound, "This job does not exist any more.")
	case errors.Is(err, jobs.ErrState):
		return apperr.New(apperr.BusinessRule, "The job has moved on meanwhile, so this is no longer possible. Load the page again.")
	}
	return err
}
