package bulk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
	"payaid/internal/jobs"
)

const (
	// gatherRows is how many records are chosen in one transaction.
	gatherRows = 1000
	// chunkRows is how many records are changed in one transaction.
	chunkRows = 100
	// lockAttempts is how often a chunk is tried that met another one the wrong way round.
	lockAttempts = 5
)

// Args are the arguments of the job that works a run.
type Args struct {
	TenantID  uuid.UUID `json:"tenantId"`
	RunID     uuid.UUID `json:"runId"`
	ActorKind string    `json:"actorKind"` // who started it: change.ActorUser or change.ActorAPIKey
	ActorID   uuid.UUID `json:"actorId"`
}

// Kind implements river.JobArgs.
func (Args) Kind() string { return "bulk.run" }

// Progress implements jobs.Tracked.
func (a Args) Progress() (tenant, id uuid.UUID) { return a.TenantID, a.RunID }

// Work works one run, with the rights that whoever started it has now. It goes on
// behind the last committed record, so that it may be killed and called again at
// any time, also by two at once. It returns jobs.ErrMore when there is more to do.
// What cannot be helped by trying again is told in the run's message; any other
// error is returned, and told there too when last says that nobody will try again.
func (s *Service) Work(ctx context.Context, args Args, last bool) error {
	w := &worker{s: s, args: args, report: jobs.NewReporter(s.db, s.now, args.TenantID, args.RunID)}
	err := w.load(ctx)
	if err == nil && w.row.FinishedAt != nil {
		return nil
	}
	if err == nil {
		err = w.work(ctx)
	}
	return w.report.Finish(ctx, err, jobs.Ending{
		Last: last, Tell: func(ctx context.Context, problem string) (string, error) { return problem, w.tell(ctx, problem) },
		Ours: "This stopped because of a problem on our side. What was done until then stays and can be undone.",
	})
}

// worker is one call of Work. It is for one goroutine.
type worker struct {
	s      *Service
	args   Args
	row    db.GetBulkRunRow
	entity Entity
	p      auth.Principal
	value  Value
	report *jobs.Reporter
}

func (w *worker) load(ctx context.Context) (err error) {
	w.row, err = w.s.db.Tenant(w.args.TenantID).GetBulkRun(ctx, db.GetBulkRunParams{TenantID: w.args.TenantID, ID: w.args.RunID})
	if err != nil {
		return fmt.Errorf("get bulk run %s: %w", w.args.RunID, err)
	}
	return nil
}

func (w *worker) work(ctx context.Context) error {
	started := w.s.now()
	if err := w.open(ctx); err != nil {
		return err
	}
	if err := w.report.Running(ctx); err != nil {
		return err
	}
	for {
		end, err := w.step(ctx)
		if err != nil {
			return err
		}
		if err := w.load(ctx); err != nil { // another worker may have gone on, too
			return err
		}
		if err := w.report.Report(ctx, w.row.Done+w.row.Failed+w.row.Skipped, w.row.Total); err != nil {
			return err
		}
		switch {
		case end:
			return nil
		case w.s.now().Sub(started) > jobs.SliceLimit:
			return jobs.ErrMore
		}
	}
}

// open finds the principal for whom the records are changed.
func (w *worker) open(ctx context.Context) error {
	p, err := w.s.auth.ByActor(ctx, w.args.TenantID, w.args.ActorKind, w.args.ActorID)
	if apperr.Is(err, apperr.Unauthorized) {
		return jobs.Stop(apperr.From(err).Message)
	}
	if err != nil {
		return err
	}
	if w.entity, err = w.s.right(p, w.row.Entity, w.row.Action); err != nil {
		return jobs.Stop("Whoever started this may not do it any more.")
	}
	w.p = p
	if err := json.Unmarshal(w.row.Value, &w.value); err != nil {
		return fmt.Errorf("read the value of bulk run %s: %w", w.row.ID, err)
	}
	return nil
}

// step commits the next records that are chosen or, once all are, changed. end
// tells that there are none left.
func (w *worker) step(ctx context.Context) (end bool, err error) {
	if !w.row.Gathered {
		return false, w.gather(ctx)
	}
	for range lockAttempts {
		end, err = change.Do(ctx, w.s.write, w.p.Actor(), "bulk.run", nil, w.chunk)
		if !apperr.Is(err, apperr.Locked) {
			break
		}
	}
	if err != nil {
		return false, fmt.Errorf("work bulk run %s behind %d: %w", w.row.ID, w.row.Reached, err)
	}
	return end, nil
}

// gather chooses the next records. They are looked for outside of the transaction,
// which only writes them down unless another worker has.
func (w *worker) gather(ctx context.Context) error {
	var ids []uuid.UUID
	next := ""
	if w.row.Undoes == nil {
		var m Match
		err := json.Unmarshal(w.row.Matching, &m)
		if err == nil {
			ids, next, err = w.entity.Match(ctx, w.p, m, w.row.Place, gatherRows)
		}
		if e, ok := errors.AsType[*apperr.Error](err); ok && e.Code != apperr.Unavailable {
			return jobs.Stop(e.Message)
		}
		if err != nil {
			return fmt.Errorf("choose the records of bulk run %s: %w", w.row.ID, err)
		}
	}
	_, err := change.Do(ctx, w.s.write, w.p.Actor(), "bulk.gather", nil, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		now, err := w.lock(ctx, tx)
		if err != nil || now.Gathered || now.Place != w.row.Place {
			return struct{}{}, err
		}
		set := db.SetBulkGatheredParams{TenantID: w.args.TenantID, ID: w.row.ID, Gathered: next == "", Place: next, Total: now.Total + int64(len(ids))}
		if w.row.Undoes != nil {
			err = w.copy(ctx, tx, &set)
		} else {
			err = tx.Q.InsertBulkItems(ctx, db.InsertBulkItemsParams{TenantID: w.args.TenantID, RunID: w.row.ID, Behind: now.Total, Ids: ids})
		}
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, tx.Q.SetBulkGathered(ctx, set)
	})
	if err != nil {
		return fmt.Errorf("gather the records of bulk run %s: %w", w.row.ID, err)
	}
	return nil
}

// copy takes over the next records that the run to be undone has changed. The
// place is the number of the last one there.
func (w *worker) copy(ctx context.Context, tx *change.Tx, set *db.SetBulkGatheredParams) error {
	after, _ := strconv.ParseInt(w.row.Place, 10, 64) // "" is the beginning
	copied, err := tx.Q.CopyBulkItems(ctx, db.CopyBulkItemsParams{TenantID: w.args.TenantID, RunID: w.row.ID, Undoes: *w.row.Undoes, After: after, MaxRows: gatherRows})
	if err != nil {
		return fmt.Errorf("copy what is put back: %w", err)
	}
	set.Total += int64(len(copied))
	for _, n := range copied {
		after = max(after, n)
	}
	set.Place, set.Gathered = strconv.FormatInt(after, 10), len(copied) < gatherRows
	return nil
}

func (w *worker) lock(ctx context.Context, tx *change.Tx) (db.LockBulkRunRow, error) {
	now, err := tx.Q.LockBulkRun(ctx, db.LockBulkRunParams{TenantID: w.args.TenantID, ID: w.row.ID})
	if err != nil {
		return now, fmt.Errorf("lock the bulk run: %w", err)
	}
	return now, nil
}
