package backup

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// errStopped is why a job ended that somebody asked to stop.
var errStopped = errors.New("stopped")

// heed returns a context that ends when somebody asks to stop the job. The caller
// calls the function when the job has ended. A job that cannot be watched goes on.
func (j *job) heed(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			if err := j.watch(ctx, cancel); err != nil && ctx.Err() == nil {
				j.s.o.Log.WarnContext(ctx, "nobody can stop this backup job for some seconds", "job", j.id, "err", err)
			}
			_ = pause(ctx, reconnectAfter) // the loop looks at ctx itself
		}
	}()
	return ctx, func() {
		cancel(nil)
		<-done
	}
}

// watch looks for the wish to stop on a connection of its own: that of the job is
// the job's alone.
func (j *job) watch(ctx context.Context, cancel context.CancelCauseFunc) error {
	conn, err := j.s.connectOps(ctx)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := lasting(ctx)
		defer cancel()
		_ = conn.Close(ctx) // nothing is under way on it
	}()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		var by string
		if err := conn.QueryRow(ctx, "SELECT stopped_by FROM job WHERE id = $1", j.id).Scan(&by); err != nil {
			return err
		}
		if by != "" {
			cancel(fmt.Errorf("%w by %s", errStopped, by))
			return nil
		}
	}
}

// outcome tells how a job ended whose context is ctx: one that was stopped has not
// failed.
func outcome(ctx context.Context, cause error) (state, problem string) {
	switch {
	case cause == nil:
		return "completed", ""
	case errors.Is(context.Cause(ctx), errStopped):
		return "interrupted", context.Cause(ctx).Error()
	case ctx.Err() != nil && errors.Is(cause, context.Canceled):
		return "interrupted", "the process was stopped"
	}
	return "failed", cause.Error()
}

// ended says why a job ended: that somebody stopped it rather than what broke then.
func ended(ctx context.Context, err error) error {
	if stopped := context.Cause(ctx); err != nil && errors.Is(stopped, errStopped) {
		return stopped
	}
	return err
}
