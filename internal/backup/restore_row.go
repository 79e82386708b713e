package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// insert writes the row of a new restore, before anything else is done.
func (r *restoring) insert(ctx context.Context) error {
	r.State, r.Times = StateCheck, map[State]time.Time{}
	_, err := r.job.conn.Exec(ctx, "INSERT INTO restore (id, backup_id, job_id, state, copy, previous, started_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
		r.ID, r.Backup, r.Job, r.State, r.Copy, r.Previous, r.StartedAt)
	if err != nil {
		return fmt.Errorf("record the restore: %w", err)
	}
	return nil
}

// enter writes down that the work of a state begins.
func (r *restoring) enter(ctx context.Context, state State) error {
	if r.back {
		return r.job.say(ctx, "%s", state)
	}
	r.State, r.Times[state] = state, r.s.now()
	if err := r.save(ctx); err != nil {
		return err
	}
	return r.job.say(ctx, "%s", state)
}

// save writes down all that may change.
func (r *restoring) save(ctx context.Context) error {
	var safety *uuid.UUID
	if r.Safety != uuid.Nil {
		safety = &r.Safety
	}
	_, err := r.job.conn.Exec(ctx, `UPDATE restore SET state = $2, safety_id = $3, problem = $4, times = $5, report = $6, finished_at = $7, rollback_until = $8 WHERE id = $1`,
		r.ID, r.State, safety, r.Problem, r.Times, r.Report, r.FinishedAt, r.RollbackUntil)
	if err != nil {
		return fmt.Errorf("the lock for backups is lost: record the restore: %w", err)
	}
	return nil
}

// fail ends the restore with the live database as it was.
func (r *restoring) fail(ctx context.Context, cause error) error {
	ctx, cancel := lasting(ctx)
	defer cancel()
	failed := r.State
	now := r.s.now()
	r.State, r.Problem, r.FinishedAt, r.Times[StateFailed] = StateFailed, string(failed)+": "+cause.Error(), &now, now
	if err := r.save(ctx); err != nil {
		r.s.o.Log.WarnContext(ctx, "the end of a restore was not recorded", "restore", r.ID, "err", err)
	}
	return fmt.Errorf("restore, %s: %w; the live database is as it was", failed, cause)
}

const restoreColumns = "id, backup_id, safety_id, job_id, state, problem, copy, previous, times, report, started_at, finished_at, rollback_until"

// Restores lists restores, newest first, at most limit. Where none was ever made
// the list is empty.
func (s *Service) Restores(ctx context.Context, limit int) ([]Restored, error) {
	conn, err := s.openOps(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(ctx) }()
	return readRestores(ctx, conn, "SELECT "+restoreColumns+" FROM restore ORDER BY id DESC LIMIT $1", limit)
}

func readRestores(ctx context.Context, q querier, sql string, args ...any) ([]Restored, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("read the restores: %w", err)
	}
	out, err := pgx.CollectRows(rows, scanRestore)
	if err != nil {
		return nil, fmt.Errorf("read the restores: %w", err)
	}
	return out, nil
}

func scanRestore(row pgx.CollectableRow) (Restored, error) {
	var r Restored
	var safety *uuid.UUID
	var times, report []byte
	err := row.Scan(&r.ID, &r.Backup, &safety, &r.Job, &r.State, &r.Problem, &r.Copy, &r.Previous, &times, &report, &r.StartedAt, &r.FinishedAt, &r.RollbackUntil)
	if err != nil {
		return r, err
	}
	if safety != nil {
		r.Safety = *safety
	}
	return r, errors.Join(json.Unmarshal(times, &r.Times), json.Unmarshal(report, &r.Report))
}
