package backup

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// jobHistory is how long the history of jobs is kept.
const jobHistory = 90 * 24 * time.Hour

// job is a running job of this process. It holds the installation's lock for
// backups on a connection of its own: the lock ends with the connection, however
// that ends, and no timeout is ever waited for.
type job struct {
	s    *Service
	conn *pgx.Conn
	id   uuid.UUID
	verb string
	of   uuid.UUID // the backup that a job made whose end does not name one otherwise
}

// lockKey is taken for the session by whoever works on backups.
const lockKey = "hashtext('payaid.backup')"

// begin takes the lock, or returns ErrBusy at once with what holds it.
func (s *Service) begin(ctx context.Context, verb string, kind Kind) (*job, error) {
	conn, err := s.openOps(ctx)
	if err != nil {
		return nil, err
	}
	j := &job{s: s, conn: conn, id: s.next, verb: verb}
	if j.id == uuid.Nil {
		j.id = uuid.Must(uuid.NewV7())
	}
	if err := j.start(ctx, kind); err != nil {
		_ = conn.Close(ctx)
		return nil, err
	}
	return j, nil
}

func (j *job) start(ctx context.Context, kind Kind) error {
	var locked bool
	if err := j.conn.QueryRow(ctx, "SELECT pg_try_advisory_lock("+lockKey+")").Scan(&locked); err != nil {
		return fmt.Errorf("take the lock for backups: %w", err)
	}
	if !locked {
		return busyWith(ctx, j.conn)
	}
	// Whoever is still said to run has died: the lock was free.
	_, err := j.conn.Exec(ctx, "UPDATE job SET state = 'interrupted', finished_at = now(), problem = 'the process ended' WHERE state = 'running'")
	if err == nil {
		host, _ := os.Hostname() // for people; "" will do
		_, err = j.conn.Exec(ctx, "INSERT INTO job (id, verb, kind, host, started_at) VALUES ($1, $2, $3, $4, $5)", j.id, j.verb, kind, host, j.s.now())
	}
	if err != nil {
		return fmt.Errorf("record the job: %w", err)
	}
	return j.sweep(ctx)
}

// say records a step. Its error means that the lock is lost: the job must end.
func (j *job) say(ctx context.Context, format string, args ...any) error {
	line := fmt.Sprintf(format, args...)
	j.s.o.Progress(line)
	_, err := j.conn.Exec(ctx, "INSERT INTO job_event (job_id, at, line) VALUES ($1, $2, $3)", j.id, j.s.now(), line)
	if err != nil {
		return fmt.Errorf("the lock for backups is lost: %w", err)
	}
	return nil
}

// end records how the job went and gives the lock back.
func (j *job) end(ctx context.Context, backup uuid.UUID, cause error) {
	state, problem := outcome(ctx, cause)
	ctx, cancel := lasting(ctx)
	defer cancel()
	var of *uuid.UUID
	if backup != uuid.Nil {
		of = &backup
	}
	_, err := j.conn.Exec(ctx, "UPDATE job SET state = $2, problem = $3, backup_id = $4, finished_at = $5 WHERE id = $1", j.id, state, problem, of, j.s.now())
	if err == nil {
		_, err = j.conn.Exec(ctx, "DELETE FROM job WHERE started_at < $1", j.s.now().Add(-jobHistory))
	}
	if err != nil {
		j.s.o.Log.WarnContext(ctx, "the end of a backup job was not recorded", "job", j.id, "err", err)
	}
	j.release(ctx)
}

// release gives the lock back and closes the connection. The server notices a closed
// connection a moment later: who begins the next job right away must not find it busy.
func (j *job) release(ctx context.Context) {
	_, _ = j.conn.Exec(ctx, "SELECT pg_advisory_unlock("+lockKey+")") // else the lock goes with the connection
	_ = j.conn.Close(ctx)
}

// forget leaves no trace of a job that found nothing to do.
func (j *job) forget(ctx context.Context) {
	ctx, cancel := lasting(ctx)
	defer cancel()
	if _, err := j.conn.Exec(ctx, "DELETE FROM job WHERE id = $1", j.id); err != nil {
		j.s.o.Log.WarnContext(ctx, "an empty backup job was not removed", "job", j.id, "err", err)
	}
	j.release(ctx)
}
