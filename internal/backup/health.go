package backup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Overdue is how old the newest verified backup may be: a day, and time for the
// next one to be made.
const Overdue = 30 * time.Hour

// healthFor is how long what was seen is good enough for a banner.
const healthFor = 30 * time.Second

// The kinds of what can be wrong.
const (
	WrongOverdue = "overdue" // the newest verified backup is too old, or there is none
	WrongNight   = "night"   // the last scheduled backup failed
	WrongDrill   = "drill"   // the last drill failed: the backup could not be restored
	WrongArchive = "archive" // the write-ahead log is not archived, or no moment of today can be restored
)

// Wrong is one thing that is wrong with the backups.
type Wrong struct {
	Kind  string
	Says  string // one sentence
	Since time.Time
}

// Health is how well the backups are.
type Health struct {
	Newest time.Time // when the newest verified backup was begun; zero for none
	Proven time.Time // when the newest backup was begun that a drill restored; zero for none
	Wrong  []Wrong
}

// Health looks at the catalogue and at the history.
func (d *Desk) Health(ctx context.Context) (Health, error) {
	all, err := d.s.List(ctx)
	if err != nil {
		return Health{}, err
	}
	h, err := d.examine(ctx, all)
	if err != nil {
		return Health{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.health, d.seen = h, d.s.o.Now()
	return h, nil
}

// RecentHealth is Health of at most half a minute ago.
func (d *Desk) RecentHealth(ctx context.Context) (Health, error) {
	d.mu.Lock()
	h, age := d.health, d.s.o.Now().Sub(d.seen)
	d.mu.Unlock()
	if age >= 0 && age < healthFor {
		return h, nil
	}
	return d.Health(ctx)
}

// examine judges the backups, newest first.
func (d *Desk) examine(ctx context.Context, all []Backup) (Health, error) {
	var h Health
	var drilled Backup
	for _, b := range all {
		if !b.OfLive() {
			continue
		}
		if b.Verified() && h.Newest.IsZero() {
			h.Newest = b.StartedAt
		}
		if b.Proven() && h.Proven.IsZero() {
			h.Proven = b.StartedAt
		}
		if b.Drill != nil && (drilled.Drill == nil || b.Drill.At.After(drilled.Drill.At)) {
			drilled = b
		}
	}
	since := h.Newest
	if since.IsZero() {
		var err error
		if since, err = watchedSince(ctx, d.pool); err != nil {
			return h, err
		}
	}
	if due := since.Add(Overdue); !d.s.now().Before(due) {
		says := "There is no verified backup."
		if !h.Newest.IsZero() {
			says = "The newest verified backup is of " + h.Newest.UTC().Format("2 January 2006, 15:04 UTC") + "."
		}
		h.Wrong = append(h.Wrong, Wrong{Kind: WrongOverdue, Says: says, Since: due})
	}
	night, err := lastNight(ctx, d.pool)
	if err != nil {
		return h, err
	}
	if night != nil {
		h.Wrong = append(h.Wrong, *night)
	}
	if p := drilled.Drill; p != nil && !p.OK {
		h.Wrong = append(h.Wrong, Wrong{Kind: WrongDrill, Since: p.At, Says: fmt.Sprintf("The backup of %s could not be restored in its drill: %s", drilled.StartedAt.UTC().Format("2 January 2006, 15:04 UTC"), p.Problem)})
	}
	if wrong := d.s.judgeArchive(ctx); wrong != nil {
		h.Wrong = append(h.Wrong, *wrong)
	}
	return h, nil
}

// lastNight is what went wrong with the last scheduled backup, nil for nothing.
func lastNight(ctx context.Context, q querier) (*Wrong, error) {
	var state, problem string
	var at time.Time
	err := q.QueryRow(ctx, "SELECT state, problem, coalesce(finished_at, started_at) FROM schedule_run WHERE state IN ('completed', 'failed') ORDER BY local_date DESC, started_at DESC LIMIT 1").Scan(&state, &problem, &at)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read the schedule's history: %w", err)
	case state == "completed":
		return nil, nil
	}
	return &Wrong{Kind: WrongNight, Since: at, Says: "The last scheduled backup failed: " + problem}, nil
}
