package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

type seedCmd struct {
	Tenant   string `required:"" help:"Short name of the business."`
	Contacts int    `required:"" help:"How many contacts there ought to be."`
	Seed     uint64 `default:"1" help:"The same number makes the same data."`
}

// Run fills a tenant with made-up data.
func (c seedCmd) Run(ctx context.Context, e *environment) error {
	if c.Contacts < 1 || c.Contacts > 10_000_000 {
		return errors.New("say with --contacts a number from 1 to 10,000,000")
	}
	return e.withApp(ctx, func(a *app) error {
		t, err := a.tenant.BySlug(ctx, c.Tenant)
		if err != nil {
			return err
		}
		started, told := time.Now(), time.Now()
		err = a.crm.SeedContacts(ctx, t.ID, c.Contacts, c.Seed, func(done int) {
			if done == c.Contacts || time.Since(told) > 5*time.Second {
				told = time.Now()
				fmt.Fprintf(e.out, "%d contacts, %.0f a second\n", done, float64(done)/time.Since(started).Seconds())
			}
		})
		return err
	})
}
