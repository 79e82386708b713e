package crm

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
	"payaid/internal/jobs"
)

const (
	// tagChunk is how many records get their tags in one transaction.
	tagChunk = 200
	// tagAttempts is how often a chunk is tried that met somebody else's the wrong way
	// round.
	tagAttempts = 5
	// tagsAtOnce bounds what a request waits for its change; the job goes on behind it.
	tagsAtOnce = 3 * time.Second
)

// TagRunArgs are the arguments of the job that carries the change of a tag into the
// records. It changes all of them, whatever whoever began it sees, and it ends also
// when they have left: the tag itself has changed already.
type TagRunArgs struct {
	TenantID  uuid.UUID `json:"tenantId"`
	RunID     uuid.UUID `json:"runId"`
	ActorKind string    `json:"actorKind"`
	ActorID   uuid.UUID `json:"actorId"`
	ActorName string    `json:"actorName"`
}

// Kind implements river.JobArgs.
func (TagRunArgs) Kind() string { return "tag.run" }

// Progress implements jobs.Tracked.
func (a TagRunArgs) Progress() (tenant, id uuid.UUID) { return a.TenantID, a.RunID }

func (a TagRunArgs) actor() change.Actor {
	return change.Actor{TenantID: a.TenantID, ID: a.ActorID, Kind: a.ActorKind, Name: a.ActorName}
}

// startTagRun writes a run and enqueues its job.
func startTagRun(ctx context.Context, tx *change.Tx, p auth.Principal, run db.InsertTagRunParams) (uuid.UUID, error) {
	run.TenantID, run.ID, run.Now = p.TenantID, uuid.Must(uuid.NewV7()), tx.Now
	args := TagRunArgs{TenantID: p.TenantID, RunID: run.ID, ActorKind: tx.Actor.Kind, ActorID: tx.Actor.ID, ActorName: tx.Actor.Name}
	if err := jobs.CreateProgress(ctx, tx.Q, p.TenantID, jobs.Progress{ID: run.ID, Kind: args.Kind(), CreatedBy: p.User(), CreatedAt: tx.Now}); err != nil {
		return uuid.Nil, err
	}
	if err := tx.Q.InsertTagRun(ctx, run); err != nil {
		return uuid.Nil, fmt.Errorf("insert the change of a tag: %w", err)
	}
	return run.ID, tx.Enqueue(ctx, args)
}

// carryAtOnce works a run while its caller waits, so that a few records need no
// worker. What is left, and what goes wrong, is for the job, which meets this at the
// lock of the run.
func (s *Service) carryAtOnce(ctx context.Context, p auth.Principal, run uuid.UUID) {
	if run == uuid.Nil {
		return
	}
	work, cancel := context.WithTimeout(ctx, tagsAtOnce)
	defer cancel()
	a := p.Actor()
	err := s.RunTags(work, TagRunArgs{TenantID: p.TenantID, RunID: run, ActorKind: a.Kind, ActorID: a.ID, ActorName: a.Name}, false)
	if err != nil && !errors.Is(err, jobs.ErrMore) {
		s.write.Log.WarnContext(ctx, "the change of a tag is left to its job", "run", run, "err", err)
	}
}

// RunTags works one run. Which records are left is seen from the records, so it may
// be killed and called again at any time, also by two at once. It returns
// jobs.ErrMore when there is more to do.
func (s *Service) RunTags(ctx context.Context, args TagRunArgs, last bool) error {
	row, err := s.db.Tenant(args.TenantID).GetTagRun(ctx, db.GetTagRunParams{TenantID: args.TenantID, ID: args.RunID})
	if err != nil {
		return fmt.Errorf("get the change of a tag %s: %w", args.RunID, err)
	}
	if row.FinishedAt != nil {
		return nil
	}
	report := jobs.NewReporter(s.db, s.now, args.TenantID, args.RunID)
	err = s.carryTags(ctx, args, row, report)
	switch {
	case err == nil:
		return report.Complete(ctx, "")
	case errors.Is(ctx.Err(), context.Canceled):
		return jobs.ErrMore // the process is going down: another one goes on
	case last && !errors.Is(err, jobs.ErrMore):
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tagsAtOnce)
		defer cancel()
		return errors.Join(err, report.Fail(ctx, "This stopped because of a problem on our side. An administrator can start it again."))
	}
	return err
}

// carryTags commits chunk after chunk until no record is left, and then what is to
// be done once.
func (s *Service) carryTags(ctx context.Context, args TagRunArgs, row db.GetTagRunRow, report *jobs.Reporter) error {
	started := s.now()
	if err := report.Running(ctx); err != nil {
		return err
	}
	run := tagRun{row: row, tenant: args.TenantID, lists: s.lists}
	for done := row.Done; ; {
		var n int64
		var err error
		for range tagAttempts {
			n, err = change.Do(ctx, s.write, args.actor(), "tag.run", nil, run.chunk)
			if !apperr.Is(err, apperr.Locked) {
				break
			}
		}
		if err != nil {
			return fmt.Errorf("carry the change of a tag %s: %w", row.ID, err)
		}
		if n == 0 {
			return nil
		}
		done += n
		if err := report.Report(ctx, done, 0); err != nil {
			return err
		}
		if s.now().Sub(started) > jobs.SliceLimit {
			return jobs.ErrMore
		}
	}
}

// keepTagRuns is how long it is known from which records a deletion took its tag.
const keepTagRuns = 30 * 24 * time.Hour

// PurgeTagRunsArgs is the periodic job that forgets which records deletions of tags
// touched that cannot be undone any more.
type PurgeTagRunsArgs struct{}

// Kind names the job.
func (PurgeTagRunsArgs) Kind() string { return "tag.purge" }

// purgeTagRecords is how many one sweep of the database deletes at most.
const purgeTagRecords = 10_000

// PurgeTagRuns works PurgeTagRunsArgs.
func (s *Service) PurgeTagRuns(ctx context.Context, _ PurgeTagRunsArgs, _ bool) error {
	for {
		n, err := s.db.Global().PurgeTagRunRecords(ctx, s.now().Add(-keepTagRuns))
		if err != nil {
			return fmt.Errorf("purge the records of deleted tags: %w", err)
		}
		if n < purgeTagRecords {
			return nil
		}
	}
}
