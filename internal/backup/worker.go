package backup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Work does what is asked for at Desks, one request after the other, until ctx
// ends. Any number of processes may call it: one of them works at a time, and when
// that one dies another one takes over within seconds.
func (s *Service) Work(ctx context.Context) {
	var last string
	for ctx.Err() == nil {
		err := s.workConnected(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil && err.Error() != last {
			last = err.Error()
			s.o.Log.WarnContext(ctx, "no backups can be asked for in the panel; it is tried again every few seconds", "err", err)
		}
		_ = pause(ctx, reconnectAfter) // the loop looks at ctx itself
	}
}

// workConnected works on one connection for as long as it lasts.
func (s *Service) workConnected(ctx context.Context) error {
	conn, err := s.openOps(ctx)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := lasting(ctx)
		defer cancel()
		_ = conn.Close(ctx) // the lock goes with it
	}()
	if err := waitForTurn(ctx, conn); err != nil {
		return err
	}
	// Whoever was at work has died: its lock was free.
	_, err = conn.Exec(ctx, "UPDATE request SET state = 'failed', problem = 'the process that worked on it ended', identity = NULL, finished_at = $1 WHERE state = 'running'", s.now())
	if err != nil {
		return fmt.Errorf("end the requests of a process that died: %w", err)
	}
	for ctx.Err() == nil {
		wait, err := s.workOne(ctx, conn)
		if err != nil {
			return err
		}
		_ = pause(ctx, wait)
	}
	return nil
}

// waitForTurn takes the lock of the one process that works.
func waitForTurn(ctx context.Context, conn *pgx.Conn) error {
	for {
		var mine bool
		if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock("+workerKey+")").Scan(&mine); err != nil {
			return fmt.Errorf("take the lock for requests: %w", err)
		}
		if mine {
			return nil
		}
		if err := pause(ctx, pollEvery); err != nil {
			return err
		}
	}
}

// workOne does one request, if there is one, and returns how long to wait before
// the next. Its error means that the connection is lost.
func (s *Service) workOne(ctx context.Context, conn *pgx.Conn) (time.Duration, error) {
	r, found, problem := s.claimRequest(ctx, conn)
	if !found {
		return pollEvery, problem
	}
	if problem == nil {
		problem = s.fulfil(ctx, r)
	}
	end, cancel := lasting(ctx)
	defer cancel()
	if errors.Is(problem, ErrBusy) {
		_, err := conn.Exec(end, "UPDATE request SET state = 'queued' WHERE id = $1", r.ID)
		return pollEvery, err
	}
	state, says := "completed", ""
	switch {
	case errors.Is(problem, errStopped):
		state, says = "cancelled", problem.Error()
	case problem != nil:
		state, says = "failed", problem.Error()
		s.o.Log.ErrorContext(ctx, "what was asked for in the panel failed", "verb", r.Verb, "job", r.ID, "err", problem)
	}
	_, err := conn.Exec(end, "UPDATE request SET state = $2, problem = $3, identity = NULL, finished_at = $4 WHERE id = $1", r.ID, state, says, s.now())
	if err == nil {
		_, err = conn.Exec(end, "DELETE FROM request WHERE asked_at < $1 AND state NOT IN ('queued', 'running')", s.now().Add(-jobHistory))
	}
	return 0, err
}

// fulfil does what r asks for, as a job with its id.
func (s *Service) fulfil(ctx context.Context, r Request) error {
	own := *s // for this request alone
	own.next = r.ID
	if r.Identity != "" {
		own.o.Identities = r.Identity
	}
	var err error
	switch r.Verb {
	case VerbCreate:
		_, err = own.Create(ctx, r.Kind)
	case VerbVerify:
		_, err = own.Verify(ctx, r.Backup)
	case VerbDrill:
		_, err = own.Drill(ctx, r.Backup)
	case VerbRestore:
		_, err = own.Restore(ctx, r.Backup)
	case VerbRestoreTo:
		_, err = own.RestoreTo(ctx, r.To)
	case VerbRollback:
		_, err = own.Rollback(ctx)
	case VerbPrune:
		_, err = own.Prune(ctx)
	case VerbPlanTenant:
		_, err = own.PlanTenant(ctx, r.Backup, r.Tenant.Slug)
	case VerbRestoreTenant:
		_, err = own.ApplyTenant(ctx, r.Tenant.restore())
	case VerbDelete:
		err = own.Delete(ctx, r.Backup)
	default:
		err = fmt.Errorf("%w: this process does not know how to %q: it is of an older version than the page", ErrRefused, r.Verb)
	}
	return err
}
