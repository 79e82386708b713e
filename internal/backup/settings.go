package backup

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// executor is a connection, a pool or a transaction.
type executor interface {
	querier
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// The names of settings that can be changed without the environment.
const (
	settingSchedule  = "schedule"
	settingRetention = "retention"
	settingWatched   = "watched" // since when the installation has been watched
)

// MaxRetentionDays bounds how long backups are kept that nobody pinned.
const MaxRetentionDays = 3650

// Settings are when backups are made and how long they are kept.
type Settings struct {
	Schedule      Schedule
	RetentionDays int
}

// Chosen is a change of the settings that holds in place of the environment's.
type Chosen struct {
	By string
	At time.Time
}

// configured returns a Service with the settings that hold now: the environment's,
// and in their place what was chosen in the panel.
func (s *Service) configured(ctx context.Context) (*Service, error) {
	if s.o.BackupURL == "" {
		return s, nil // whatever is done with it is refused, with a sentence
	}
	conn, err := s.openOps(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(ctx) }()
	chosen, _, err := s.settings(ctx, conn)
	if err != nil {
		return nil, err
	}
	own := *s
	own.o.Schedule, own.o.RetentionDays = chosen.Schedule, chosen.RetentionDays
	return &own, nil
}

// settings reads what holds now, and who chose it; nil when nobody did.
func (s *Service) settings(ctx context.Context, q querier) (Settings, *Chosen, error) {
	out := Settings{Schedule: s.o.Schedule, RetentionDays: s.o.RetentionDays}
	rows, err := q.Query(ctx, "SELECT name, value, set_by, set_at FROM setting WHERE name IN ($1, $2)", settingSchedule, settingRetention)
	if err != nil {
		return out, nil, fmt.Errorf("read the settings of the backups: %w", err)
	}
	var name, value string
	var by Chosen
	var chosen *Chosen
	_, err = pgx.ForEachRow(rows, []any{&name, &value, &by.By, &by.At}, func() (err error) {
		chosen = &Chosen{By: by.By, At: by.At}
		if name == settingSchedule {
			out.Schedule, err = ParseSchedule(value)
			return err
		}
		out.RetentionDays, err = strconv.Atoi(value)
		return err
	})
	if err != nil {
		return out, nil, fmt.Errorf("read the settings of the backups: %w", err)
	}
	return out, chosen, nil
}

// watchedSince is when the history of the backups begins.
func watchedSince(ctx context.Context, q querier) (time.Time, error) {
	var at time.Time
	err := q.QueryRow(ctx, "SELECT set_at FROM setting WHERE name = $1", settingWatched).Scan(&at)
	if errors.Is(err, pgx.ErrNoRows) {
		return at, errors.New("the history of the backups does not say when it began")
	}
	if err != nil {
		return at, fmt.Errorf("read the settings of the backups: %w", err)
	}
	return at, nil
}
