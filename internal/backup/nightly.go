package backup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

const (
	// retryAfter is how long after the begin of a failed attempt the next one waits.
	retryAfter = time.Hour
	// missedAfter is how old the last scheduled backup may be before one is made
	// whatever the schedule says.
	missedAfter = 26 * time.Hour
)

// Nightly are the arguments of the periodic job that calls RunSchedule.
type Nightly struct{}

// Kind is the job's name in the queue.
func (Nightly) Kind() string { return "backup.schedule" }

// RunSchedule cleans up after dead restores, makes the scheduled backup if its time
// has come and it was not made yet, drills it and forgets old ones. It does the same for base
// backups of the archive of the write-ahead log. It is called every few minutes by any
// number of processes and does nothing most times. A backup that failed forgets
// nothing and is tried again after an hour.
func (s *Service) RunSchedule(ctx context.Context) error {
	s, err := s.configured(ctx)
	if err != nil {
		return err
	}
	if err := s.SweepRestores(ctx); err != nil {
		return err
	}
	if err := s.keepArchive(ctx); err != nil {
		// The nightly backup does not wait for it.
		s.o.Log.ErrorContext(ctx, "the archive of the write-ahead log has no new base backup; it is tried again in an hour", "err", err)
	}
	if !s.o.Schedule.On() {
		return nil
	}
	if due, err := s.peek(ctx); err != nil || !due {
		return err
	}
	j, err := s.begin(ctx, "scheduled", Scheduled)
	if errors.Is(err, ErrBusy) {
		return nil // asked again in a few minutes
	}
	if err != nil {
		return err
	}
	date, due, err := s.claim(ctx, j)
	if err != nil || !due {
		j.forget(ctx)
		return err
	}
	ctx, release := j.heed(ctx)
	defer release()
	b, err := s.create(ctx, j, Scheduled)
	err = ended(ctx, err)
	if rerr := s.record(ctx, j, date, b.ID, err); rerr != nil {
		err = errors.Join(err, rerr)
	}
	if err == nil {
		err = s.afterwards(ctx, j, b.ID)
	}
	err = ended(ctx, err)
	j.end(ctx, b.ID, err)
	return err
}

// afterwards proves the new backup, forgets old ones and deletes the files that only
// they needed. A failed drill keeps everything: the older backups may be the only
// good ones.
func (s *Service) afterwards(ctx context.Context, j *job, id uuid.UUID) error {
	if _, err := s.drill(ctx, j, id); err != nil {
		if !errors.Is(err, ErrWrongKey) && !errors.Is(err, ErrRefused) {
			return fmt.Errorf("the backup %s was made but could not be restored: %w", id, err)
		}
		// Without a key or the owner's role at hand a full read must do.
		if err := j.say(ctx, "not drilled: %v", err); err != nil {
			return err
		}
	}
	if _, err := s.prune(ctx, j); err != nil {
		return err
	}
	_, err := s.collect(ctx, j)
	return err
}

// peek looks without the lock, which somebody may want at this very moment,
// whether claim would have something to write.
func (s *Service) peek(ctx context.Context) (bool, error) {
	conn, err := s.openOps(ctx)
	if err != nil {
		return false, err
	}
	defer func() { _ = conn.Close(ctx) }()
	h, err := readHistory(ctx, conn, s.o.Schedule.String(), s.o.Schedule.Latest(s.now()))
	if err != nil {
		return false, err
	}
	state, _ := h.decide(s.now())
	return state != "", nil
}

// claim writes the row of the latest date if its backup is still to be made. The
// lock of j keeps others from doing the same; the row's key keeps anybody from
// doing it twice.
func (s *Service) claim(ctx context.Context, j *job) (date time.Time, due bool, err error) {
	now, name := s.now(), s.o.Schedule.String()
	date = s.o.Schedule.Latest(now)
	h, err := readHistory(ctx, j.conn, name, date)
	if err != nil {
		return date, false, err
	}
	state, due := h.decide(now)
	if state == "" {
		return date, false, nil
	}
	_, err = j.conn.Exec(ctx, `
		INSERT INTO schedule_run (schedule, local_date, state, attempts, started_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (schedule, local_date) DO UPDATE SET state = $3, attempts = schedule_run.attempts + 1, started_at = $5, finished_at = NULL, problem = ''`,
		name, date, state, 1, now)
	if err != nil {
		return date, false, fmt.Errorf("claim the backup of %s: %w", date.Format(time.DateOnly), err)
	}
	return date, due, nil
}

// history is what is known of earlier runs.
type history struct {
	known     bool       // this schedule has rows
	state     string     // of the date's row; "" when there is none
	startedAt time.Time  // of the date's row
	success   *time.Time // when the last backup of any schedule was made; nil for never
}

func readHistory(ctx context.Context, conn *pgx.Conn, schedule string, date time.Time) (history, error) {
	var h history
	err := conn.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM schedule_run WHERE schedule = $1),
		       (SELECT max(finished_at) FROM schedule_run WHERE state = 'completed')`, schedule).Scan(&h.known, &h.success)
	if err != nil {
		return h, fmt.Errorf("read the schedule's history: %w", err)
	}
	err = conn.QueryRow(ctx, "SELECT state, started_at FROM schedule_run WHERE schedule = $1 AND local_date = $2", schedule, date).Scan(&h.state, &h.startedAt)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return h, fmt.Errorf("read the schedule's history: %w", err)
	}
	return h, nil
}

// decide returns the state to write, "" for none, and whether to make a backup.
func (h history) decide(now time.Time) (state string, due bool) {
	missed := h.success != nil && now.Sub(*h.success) > missedAfter
	switch h.state {
	case "completed":
		return "", false
	case "running", "failed":
		// Nobody runs: the lock was free. One that was killed waits like one that failed.
		due = now.Sub(h.startedAt) >= retryAfter
	case "skipped":
		due = missed
	default:
		if !h.known && !missed {
			return "skipped", false // a new schedule begins with its next time
		}
		due = true
	}
	if !due {
		return "", false
	}
	return "running", true
}

func (s *Service) record(ctx context.Context, j *job, date time.Time, id uuid.UUID, cause error) error {
	ctx, cancel := lasting(ctx)
	defer cancel()
	state, problem := "completed", ""
	var backup *uuid.UUID
	if cause != nil {
		state, problem = "failed", cause.Error()
	} else {
		backup = &id
	}
	_, err := j.conn.Exec(ctx, "UPDATE schedule_run SET state = $3, problem = $4, backup_id = $5, finished_at = $6 WHERE schedule = $1 AND local_date = $2",
		s.o.Schedule.String(), date, state, problem, backup, s.now())
	if err != nil {
		return fmt.Errorf("record the backup of %s: %w", date.Format(time.DateOnly), err)
	}
	return nil
}
