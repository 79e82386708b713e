package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"

	"payaid/db"
)

// The states of a job in the queue, besides Running, Completed and Failed (it
// will not be tried again).
const (
	Waiting   = "waiting"
	Retrying  = "retrying" // it failed and waits for its next try
	Cancelled = "cancelled"
)

// States lists them in the order in which a job goes through them.
var States = []string{Running, Waiting, Retrying, Failed, Cancelled, Completed}

// ErrNoJob tells that there is no job with this number; finished ones are
// forgotten after a day, failed and cancelled ones after a week.
var ErrNoJob = errors.New("jobs: no such job")

// ErrState tells that a job in this state cannot be retried or cancelled.
var ErrState = errors.New("jobs: not possible in this state")

// Job is one job of the queue.
type Job struct {
	ID          int64
	Kind        string
	State       string
	Args        json.RawMessage
	Attempt     int // 0 before the first
	MaxAttempts int
	Reason      string // why the last attempt failed, for operators; "" when none did
	CreatedAt   time.Time
	ScheduledAt time.Time  // when it is or was to start
	AttemptedAt *time.Time // when the last attempt began
	FinalizedAt *time.Time // when it completed, failed for good or was cancelled
}

// CanRetry reports whether Retry takes the job.
func (j Job) CanRetry() bool { return slices.Contains([]string{Failed, Cancelled, Retrying}, j.State) }

// CanCancel reports whether Cancel takes the job.
func (j Job) CanCancel() bool {
	return slices.Contains([]string{Running, Waiting, Retrying}, j.State)
}

// Filter narrows a list of jobs. Before and After are numbers of jobs between
// which the page lies; at most one is not zero.
type Filter struct {
	State, Kind   string // "" for any
	Before, After int64
}

// Page is one page of jobs, newest first.
type Page struct {
	Jobs  []Job
	Newer int64 // Filter.After of the page before, 0 on the first
	Older int64 // Filter.Before of the page after, 0 on the last
}

// Jobs lists up to limit jobs, newest first.
func (c *Client) Jobs(ctx context.Context, f Filter, limit int) (Page, error) {
	params := river.NewJobListParams().First(limit+1).OrderBy(river.JobListOrderByID, river.SortOrderDesc)
	if states := riverStates[f.State]; len(states) > 0 {
		params = params.States(states...)
	}
	if f.Kind != "" {
		params = params.Kinds(f.Kind)
	}
	back := f.After > 0
	switch {
	case back:
		params = params.OrderBy(river.JobListOrderByID, river.SortOrderAsc).After(cursorAt(f.After))
	case f.Before > 0:
		params = params.After(cursorAt(f.Before))
	}
	list, err := c.JobList(ctx, params)
	if err != nil {
		return Page{}, fmt.Errorf("list jobs: %w", err)
	}
	rows := list.Jobs
	more := len(rows) > limit
	if more {
		rows = rows[:limit]
	}
	if back {
		slices.Reverse(rows)
	}
	page := Page{Jobs: make([]Job, len(rows))}
	for i, r := range rows {
		page.Jobs[i] = fromRow(r)
	}
	if len(rows) > 0 {
		if back && more || f.Before > 0 {
			page.Newer = rows[0].ID
		}
		if back || more {
			page.Older = rows[len(rows)-1].ID
		}
	}
	return page, nil
}

func cursorAt(id int64) *river.JobListCursor {
	return river.JobListCursorFromJob(&rivertype.JobRow{ID: id})
}

// Job returns one job, or ErrNoJob.
func (c *Client) Job(ctx context.Context, id int64) (Job, error) {
	row, err := c.JobGet(ctx, id)
	return found(row, err)
}

// Counts tells how many jobs are in each state; completed ones are forgotten
// after a day.
func (c *Client) Counts(ctx context.Context) (map[string]int, error) {
	rows, err := c.Driver().GetExecutor().JobCountByAllStates(ctx, &riverdriver.JobCountByAllStatesParams{Schema: db.JobsSchema})
	if err != nil {
		return nil, fmt.Errorf("count jobs: %w", err)
	}
	out := map[string]int{}
	for state, n := range rows {
		out[stateOf(state)] += n
	}
	return out, nil
}

// OldestWaiting returns how long the job that has waited longest could have been
// worked, 0 when none waits.
func (c *Client) OldestWaiting(ctx context.Context) (time.Duration, error) {
	list, err := c.JobList(ctx, river.NewJobListParams().States(rivertype.JobStateAvailable).OrderBy(river.JobListOrderByScheduledAt, river.SortOrderAsc).First(1))
	if err != nil {
		return 0, fmt.Errorf("look for the oldest waiting job: %w", err)
	}
	if len(list.Jobs) == 0 {
		return 0, nil
	}
	return max(c.now().Sub(list.Jobs[0].ScheduledAt), 0), nil
}

// Kinds lists the kinds of job that the queue holds, at most 100.
func (c *Client) Kinds(ctx context.Context) ([]string, error) {
	kinds, err := c.Driver().GetExecutor().JobKindList(ctx, &riverdriver.JobKindListParams{Max: 100, Schema: db.JobsSchema})
	if err != nil {
		return nil, fmt.Errorf("list the kinds of jobs: %w", err)
	}
	return kinds, nil
}

// Retry lets a job that failed or was cancelled start once more, and opens its
// progress row again. It works in the caller's transaction, which sees the job's
// tenant.
func (c *Client) Retry(ctx context.Context, tx pgx.Tx, q *db.Queries, id int64) error {
	j, err := found(c.JobGetTx(ctx, tx, id))
	if err != nil {
		return err
	}
	if !j.CanRetry() {
		return ErrState
	}
	if _, err := c.JobRetryTx(ctx, tx, id); err != nil {
		return fmt.Errorf("retry job %d: %w", id, err)
	}
	tenant, row, tracked := c.tracks(j)
	if !tracked {
		return nil
	}
	if _, err := q.ReopenJobProgress(ctx, db.ReopenJobProgressParams{TenantID: tenant, ID: row, Now: c.now().UTC()}); err != nil {
		return fmt.Errorf("reopen the progress of job %d: %w", id, err)
	}
	return nil
}

// Cancel ends a job that waits, or asks the worker of a running one to stop. It
// works in the caller's transaction. The progress row follows with the next
// Sweep.
func (c *Client) Cancel(ctx context.Context, tx pgx.Tx, id int64) error {
	j, err := found(c.JobGetTx(ctx, tx, id))
	if err != nil {
		return err
	}
	if !j.CanCancel() {
		return ErrState
	}
	if _, err := c.JobCancelTx(ctx, tx, id); err != nil {
		return fmt.Errorf("cancel job %d: %w", id, err)
	}
	return nil
}

// LastSeen tells until when a worker has promised to be there; the zero time when
// none has. A living worker renews the promise every few seconds.
func (c *Client) LastSeen(ctx context.Context) (time.Time, error) {
	leader, err := c.Driver().GetExecutor().LeaderGetElectedLeader(ctx, &riverdriver.LeaderGetElectedLeaderParams{Schema: db.JobsSchema})
	if errors.Is(err, rivertype.ErrNotFound) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("look for a worker: %w", err)
	}
	return leader.ExpiresAt, nil
}

func found(row *rivertype.JobRow, err error) (Job, error) {
	if errors.Is(err, rivertype.ErrNotFound) {
		return Job{}, ErrNoJob
	}
	if err != nil {
		return Job{}, fmt.Errorf("get the job: %w", err)
	}
	return fromRow(row), nil
}

func fromRow(r *rivertype.JobRow) Job {
	j := Job{
		ID: r.ID, Kind: r.Kind, State: stateOf(r.State), Args: r.EncodedArgs, Attempt: r.Attempt, MaxAttempts: r.MaxAttempts,
		CreatedAt: r.CreatedAt, ScheduledAt: r.ScheduledAt, AttemptedAt: r.AttemptedAt, FinalizedAt: r.FinalizedAt,
	}
	if n := len(r.Errors); n > 0 {
		j.Reason = r.Errors[n-1].Error
	}
	return j
}

var riverStates = map[string][]rivertype.JobState{
	Running:   {rivertype.JobStateRunning},
	Waiting:   {rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateScheduled},
	Retrying:  {rivertype.JobStateRetryable},
	Failed:    {rivertype.JobStateDiscarded},
	Cancelled: {rivertype.JobStateCancelled},
	Completed: {rivertype.JobStateCompleted},
}

func stateOf(s rivertype.JobState) string {
	for state, theirs := range riverStates {
		if slices.Contains(theirs, s) {
			return state
		}
	}
	return string(s)
}
