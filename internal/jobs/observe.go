package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// The outcomes of one run of a job.
const (
	RunDone   = "done"
	RunMore   = "more"   // it will be started again for the rest
	RunFailed = "failed" // it will be tried again unless that was its last attempt
)

// observed tells tell of each run.
func observed(tell func(kind, outcome string, took time.Duration)) func(ctx context.Context, job *rivertype.JobRow, work func(context.Context) error) error {
	return func(ctx context.Context, job *rivertype.JobRow, work func(context.Context) error) error {
		start := time.Now()
		err := work(ctx)
		outcome := RunDone
		var snoozed *river.JobSnoozeError
		switch {
		case errors.As(err, &snoozed):
			outcome = RunMore
		case err != nil:
			outcome = RunFailed
		}
		tell(job.Kind, outcome, time.Since(start))
		return err
	}
}
