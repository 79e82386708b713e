package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"payaid/db"
)

// sweepEvery is how long a progress row may stay open after its job's end.
const sweepEvery = time.Minute

// What the user reads on a progress row whose job ended without saying so.
const (
	abandonedMessage = "This stopped because of a problem on our side. An administrator can start it again."
	cancelledMessage = "An administrator stopped this."
)

// Tracked are the arguments of a job that keeps a progress row.
type Tracked interface {
	river.JobArgs
	Progress() (tenant, id uuid.UUID)
}

// Tracker finds the progress rows of the jobs of one kind.
type Tracker struct {
	kind string
	row  func(args []byte) (tenant, id uuid.UUID, err error)
}

// Track returns the Tracker of the jobs with arguments T.
func Track[T Tracked]() Tracker {
	var none T
	return Tracker{kind: none.Kind(), row: func(args []byte) (tenant, id uuid.UUID, err error) {
		var a T
		if err := json.Unmarshal(args, &a); err != nil {
			return uuid.Nil, uuid.Nil, err
		}
		tenant, id = a.Progress()
		return tenant, id, nil
	}}
}

// tracks finds the progress row of j, if it keeps one.
func (c *Client) tracks(j Job) (tenant, id uuid.UUID, ok bool) {
	for _, t := range c.trackers {
		if t.kind != j.Kind {
			continue
		}
		tenant, id, err := t.row(j.Args)
		return tenant, id, err == nil
	}
	return uuid.Nil, uuid.Nil, false
}

// sweepArgs is the periodic job that calls Sweep.
type sweepArgs struct{}

// Kind implements river.JobArgs.
func (sweepArgs) Kind() string { return "jobs.sweep" }

// Sweep closes the progress rows of jobs that failed for good or were cancelled
// without having said so: a process that is killed on the last attempt says
// nothing, and the queue discards its job without telling anybody. It goes
// through the failed jobs of a week, which is as long as the queue keeps them.
func (c *Client) Sweep(ctx context.Context) error {
	if len(c.trackers) == 0 {
		return nil
	}
	kinds := make([]string, len(c.trackers))
	for i, t := range c.trackers {
		kinds[i] = t.kind
	}
	params := river.NewJobListParams().Kinds(kinds...).States(rivertype.JobStateDiscarded, rivertype.JobStateCancelled)
	for {
		list, err := c.JobList(ctx, params)
		if err != nil {
			return fmt.Errorf("list ended jobs: %w", err)
		}
		for _, row := range list.Jobs {
			if err := c.closeProgress(ctx, fromRow(row)); err != nil {
				return err
			}
		}
		if list.LastCursor == nil {
			return nil
		}
		params = params.After(list.LastCursor)
	}
}

func (c *Client) closeProgress(ctx context.Context, j Job) error {
	tenant, id, ok := c.tracks(j)
	if !ok || j.FinalizedAt == nil {
		return nil
	}
	message := abandonedMessage
	if j.State == Cancelled {
		message = cancelledMessage
	}
	_, err := c.db.Tenant(tenant).FailAbandonedProgress(ctx, db.FailAbandonedProgressParams{
		TenantID: tenant, ID: id, Message: message, EndedAt: *j.FinalizedAt, Now: c.now().UTC(),
	})
	if err != nil {
		return fmt.Errorf("close the progress of job %d: %w", j.ID, err)
	}
	return nil
}
