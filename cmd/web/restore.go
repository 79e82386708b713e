package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"payaid/internal/backup"
)

// watch returns what tells the pools of this process which database is live. While
// a restore holds writes, no jobs are taken.
func (a *app) watch() (*backup.Watcher, error) {
	return backup.NewWatcher(backup.WatchOptions{
		AppURL: a.servers.databaseURL, Generation: a.live, Log: a.log, Fenced: func(is bool) { a.jobs.Hold(is) },
	})
}

type backupRestoreCmd struct {
	ID       uuid.UUID `arg:"" optional:"" help:"Id of the backup, as list shows it."`
	To       string    `help:"In place of a backup: a moment in the zone of the schedule, such as '2026-11-22 14:35', as window shows them." placeholder:"MOMENT"`
	Identity string    `help:"File with the private key of one of its recipients; PAYAID_BACKUP_IDENTITY when absent." placeholder:"FILE"`
	Yes      bool      `help:"Do not ask."`

	WithoutSafety bool `help:"Make no safety backup of what is live, because it is too broken for one. What was live stays beside the new data, unreadable as it may be."`
}

// Validate refuses what names nothing to restore, or two things.
func (c backupRestoreCmd) Validate() error {
	if (c.ID == uuid.Nil) == (c.To == "") {
		return errors.New("name either a backup or a moment with --to")
	}
	if c.To != "" && c.WithoutSafety {
		return errors.New("a moment is recovered beside a database that works: --without-safety is for a backup")
	}
	return nil
}

// Run makes a backup the live data, unless the person at the terminal thinks better
// of it.
func (c backupRestoreCmd) Run(ctx context.Context, e *environment) error {
	return e.withBackup(ctx, c.Identity, func(s *backup.Service) error {
		if c.To != "" {
			return c.restoreTo(ctx, e, s)
		}
		restore := s.Restore
		if c.WithoutSafety {
			restore = s.RestoreWithoutSafety
		}
		if err := c.confirm(ctx, e, s); err != nil {
			return err
		}
		r, err := restore(ctx, c.ID)
		if err != nil {
			return err
		}
		e.printRestored(r)
		return nil
	})
}

// withoutSafety is what must be typed, also with --yes, to restore without a backup of
// what is live.
const withoutSafety = "WITHOUT SAFETY"

// confirm asks for the number of businesses in the backup, which nobody types by
// habit, and for more where nothing could be undone.
func (c backupRestoreCmd) confirm(ctx context.Context, e *environment, s *backup.Service) error {
	b, err := s.Get(ctx, c.ID)
	if err != nil {
		return err
	}
	in := bufio.NewReader(e.in) // without a terminal there are no answers
	if c.WithoutSafety {
		fmt.Fprintf(e.out, "No backup of what is live now is made first. What it holds that no earlier backup has is only in the database that is put aside. Type %s to go on: ", withoutSafety)
		if answer, _ := in.ReadString('\n'); strings.TrimSpace(answer) != withoutSafety {
			return errors.New("nothing was restored: " + withoutSafety + " was not typed")
		}
		fmt.Fprintln(e.out)
	}
	if c.Yes {
		return nil
	}
	businesses := fmt.Sprint(b.Tables["public.tenants"].Rows)
	fmt.Fprintf(e.out, "Everything that was entered since %s will be replaced, for all businesses. What is live now is kept for 7 days.\n"+
		"The backup has %s businesses and %d people. Type the number of businesses to go on: ", b.StartedAt.Format(time.RFC3339), businesses, b.Tables["public.users"].Rows)
	answer, _ := in.ReadString('\n')
	fmt.Fprintln(e.out)
	if strings.TrimSpace(answer) != businesses {
		return errors.New("nothing was restored: that was not the number of businesses; with --yes nothing is asked")
	}
	return nil
}

func (e *environment) printRestored(r backup.Restored) {
	for _, w := range r.Report.Warnings {
		fmt.Fprintln(e.err, "payaid: warning:", w)
	}
	for _, what := range slices.Sorted(maps.Keys(r.Report.Carried)) {
		fmt.Fprintf(e.out, "carried over: %s: %d\n", what, r.Report.Carried[what])
	}
	fmt.Fprintln(e.out, r.ID)
}

type backupRollbackCmd struct{}

// Run brings back what was live before the newest restore.
func (backupRollbackCmd) Run(ctx context.Context, e *environment) error {
	return e.withBackup(ctx, "", func(s *backup.Service) error {
		r, err := s.Rollback(ctx)
		if err != nil {
			return err
		}
		e.printRestored(r)
		return nil
	})
}
