package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"payaid/db"
	"payaid/internal/backup"
)

type migrateCmd struct {
	Action string `arg:"" optional:"" enum:"up,status" default:"up" help:"up (the default) or status."`
	DryRun bool   `help:"Only say what would be applied."`

	Wait time.Duration `default:"10m" help:"How long to wait for a backup or restore at work to end."`
}

// Run applies or lists migrations, as payaid_owner.
func (c migrateCmd) Run(ctx context.Context, e *environment) error {
	if e.cfg.DatabaseURL != "" && e.cfg.DatabaseOwnerURL == "" {
		return errors.New("PAYAID_DATABASE_OWNER_URL is needed: migrations run as the role payaid_owner")
	}
	owner := e.cfg.DatabaseOwnerURL
	if owner == "" {
		// The embedded database is migrated as it is found.
		s, err := e.findServers(ctx, e.quietLogger())
		if err != nil {
			return err
		}
		defer func() { _ = s.close() }()
		owner = s.ownerURL
	}
	m, err := db.OpenMigrator(ctx, owner)
	if err != nil {
		return err
	}
	defer func() { _ = m.Close() }()
	if c.Action == "status" || c.DryRun {
		return c.report(ctx, e, m)
	}
	release, err := backup.HoldBackups(ctx, owner, c.Wait)
	if err != nil {
		return fmt.Errorf("nothing was migrated: %w", err)
	}
	defer release()
	done, err := m.Up(ctx)
	if err != nil {
		return err
	}
	for _, s := range done {
		fmt.Fprintln(e.out, "applied", s.Name)
	}
	if len(done) == 0 {
		fmt.Fprintln(e.out, "the schema is up to date")
	}
	return nil
}

func (c migrateCmd) report(ctx context.Context, e *environment, m *db.Migrator) error {
	all, err := m.Status(ctx)
	if err != nil {
		return err
	}
	pending := 0
	for _, s := range all {
		state := "applied"
		if !s.Applied {
			state = "pending"
			pending++
		}
		if c.DryRun && s.Applied {
			continue
		}
		fmt.Fprintln(e.out, state, s.Name)
	}
	if pending == 0 {
		fmt.Fprintln(e.out, "the schema is up to date")
	}
	return nil
}
