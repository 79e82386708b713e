package backup

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// The states of a Job.
const (
	JobQueued      = "queued"
	JobRunning     = "running"
	JobCompleted   = "completed"
	JobFailed      = "failed"
	JobInterrupted = "interrupted" // its process ended, or somebody stopped it
	JobCancelled   = "cancelled"   // it was stopped before it began
)

// Job is what a process did or does for the backups, or what it is asked to do.
type Job struct {
	ID         uuid.UUID
	Verb       Verb // also "scheduled" and what newer versions add
	Kind       Kind
	Backup     uuid.UUID // uuid.Nil for none, or not known yet
	State      string
	Problem    string // why it did not complete
	Host       string // on which it runs
	By         string // name of who asked for it; "" for the schedule and the command line
	Stopping   bool   // somebody asked it to stop
	AskedAt    time.Time
	StartedAt  *time.Time // nil while it waits
	FinishedAt *time.Time // nil while it waits or runs
	// Usual is how long the last completed one of its verb took; 0 when there was none.
	Usual time.Duration
}

// Done reports whether nothing more will happen.
func (j Job) Done() bool { return j.State != JobQueued && j.State != JobRunning }

// Left is how long the job may still run at now, and how much of it is done, from 0
// to 99; false where no earlier one tells. It never says that nothing is left.
func (j Job) Left(now time.Time) (left time.Duration, percent int, known bool) {
	if j.State != JobRunning || j.Usual <= 0 || j.StartedAt == nil {
		return 0, 0, false
	}
	spent := max(now.Sub(*j.StartedAt), 0)
	percent = min(int(spent*100/j.Usual), 99)
	return max(j.Usual-spent, time.Second), percent, true
}

// Event is one step of a job.
type Event struct {
	ID   int64 // grows from one to the next
	At   time.Time
	Line string
}

// jobQuery reads jobs and requests that are none yet. A job is at work only while
// somebody holds the lock for backups, whatever its row says.
const jobQuery = `
	WITH held AS (
		SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
			AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
			AND objid::bigint = (` + lockKey + `::bigint & 4294967295)) AS locked
	)
	SELECT id, coalesce(j.verb, r.verb), coalesce(nullif(j.kind, ''), r.kind, ''), coalesce(j.backup_id, r.backup_id),
		CASE WHEN j.state = 'running' AND NOT held.locked THEN 'interrupted' ELSE coalesce(j.state, r.state) END,
		CASE WHEN j.state = 'running' AND NOT held.locked THEN 'the process ended' ELSE coalesce(j.problem, r.problem) END,
		coalesce(j.host, ''), coalesce(r.asked_by, ''), coalesce(j.stopped_by, '') <> '',
		coalesce(r.asked_at, j.started_at), j.started_at, coalesce(j.finished_at, r.finished_at),
		coalesce((SELECT extract(epoch FROM u.finished_at - u.started_at) FROM job u
			WHERE u.verb = coalesce(j.verb, r.verb) AND u.state = 'completed' AND u.id <> coalesce(j.id, r.id) ORDER BY u.started_at DESC LIMIT 1), 0)::float8
	FROM job j FULL JOIN request r USING (id) CROSS JOIN held `

// Jobs lists jobs, newest first, at most limit; before is the id of the last one of
// the page before, or uuid.Max for the first page.
func (d *Desk) Jobs(ctx context.Context, before uuid.UUID, limit int) ([]Job, error) {
	return d.jobs(ctx, jobQuery+"WHERE id < $1 ORDER BY id DESC LIMIT $2", before, limit)
}

// Open lists the jobs that wait or run, oldest first.
func (d *Desk) Open(ctx context.Context) ([]Job, error) {
	return d.jobs(ctx, jobQuery+"WHERE coalesce(j.state, r.state) IN ('queued', 'running') AND (held.locked OR j.state IS NULL) ORDER BY id")
}

// Job returns one job, or ErrNotFound.
func (d *Desk) Job(ctx context.Context, id uuid.UUID) (Job, error) {
	found, err := d.jobs(ctx, jobQuery+"WHERE id = $1", id)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("%w: job %s", ErrNotFound, id)
	}
	if err != nil {
		return Job{}, err
	}
	return found[0], nil
}

func (d *Desk) jobs(ctx context.Context, sql string, args ...any) ([]Job, error) {
	rows, err := d.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("read the jobs of the backups: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Job, error) {
		var j Job
		var of *uuid.UUID
		var usual float64
		err := row.Scan(&j.ID, &j.Verb, &j.Kind, &of, &j.State, &j.Problem, &j.Host, &j.By, &j.Stopping, &j.AskedAt, &j.StartedAt, &j.FinishedAt, &usual)
		if of != nil {
			j.Backup = *of
		}
		j.Usual = time.Duration(usual * float64(time.Second))
		return j, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the jobs of the backups: %w", err)
	}
	return out, nil
}

// Events lists the steps of a job after the one with the id after, oldest first, at
// most limit of them: the newest where there are more.
func (d *Desk) Events(ctx context.Context, job uuid.UUID, after int64, limit int) ([]Event, error) {
	rows, err := d.pool.Query(ctx, `
		SELECT id, at, line FROM (SELECT id, at, line FROM job_event WHERE job_id = $1 AND id > $2 ORDER BY id DESC LIMIT $3) newest ORDER BY id`, job, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read the steps of a job: %w", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Event])
	if err != nil {
		return nil, fmt.Errorf("read the steps of a job: %w", err)
	}
	return out, nil
}

// Restores lists restores, newest first, at most limit.
func (d *Desk) Restores(ctx context.Context, limit int) ([]Restored, error) {
	return readRestores(ctx, d.pool, "SELECT "+restoreColumns+" FROM restore ORDER BY id DESC LIMIT $1", limit)
}
