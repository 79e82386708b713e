package jobs

import (
	"context"
	"errors"
	"time"
)

// finishTimeout bounds the announcement of an end whose own time may be over.
const finishTimeout = 10 * time.Second

// Stop ends a job for good, with a sentence for the user: trying again would not help.
type Stop string

// Error implements error.
func (s Stop) Error() string { return string(s) }

// Ending says how the end of a job with a progress row is announced.
type Ending struct {
	Last bool   // a failure will not be tried again
	Ours string // what the user reads of a failure that is no Stop
	// Tell does what goes with the end, once or several times if need be, before the row
	// shows it, and returns what the row says then. problem is "" for a good end. nil:
	// the row says what the problem is.
	Tell func(ctx context.Context, problem string) (message string, err error)
}

// Finish ends one run of a job by the error that it came to, and returns what the
// run has to return. nil completes the job; a Stop fails it; of any other error the
// user learns only when nobody will try again. A run that ends because its process
// goes down returns ErrMore: another one goes on.
func (r *Reporter) Finish(ctx context.Context, err error, e Ending) error {
	stop, stopped := errors.AsType[Stop](err)
	switch {
	case err == nil:
		message, told := e.tell(ctx, "")
		return errors.Join(told, r.Complete(ctx, message))
	case stopped:
		return r.fail(ctx, e, string(stop))
	case errors.Is(ctx.Err(), context.Canceled):
		return ErrMore
	case e.Last && !errors.Is(err, ErrMore):
		// The run's own time may be over, and the user must learn of it all the same.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTimeout)
		defer cancel()
		return errors.Join(err, r.fail(ctx, e, e.Ours))
	}
	return err
}

func (r *Reporter) fail(ctx context.Context, e Ending, problem string) error {
	message, err := e.tell(ctx, problem)
	return errors.Join(err, r.Fail(ctx, message))
}

func (e Ending) tell(ctx context.Context, problem string) (string, error) {
	if e.Tell == nil {
		return problem, nil
	}
	return e.Tell(ctx, problem)
}
