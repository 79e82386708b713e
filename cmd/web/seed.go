package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/tenant"
)

const (
	maxSeedContacts = 10_000_000
	maxSeedSessions = 100_000
)

type seedCmd struct {
	Tenant   string `required:"" help:"Short name of the business."`
	Contacts int    `help:"How many contacts there ought to be."`
	Sessions int    `help:"How many people's sessions to begin, for load tests; refused in production."`
	Cookies  string `default:"cookies.txt" help:"The file that the cookies of the sessions are written to, one a line."`
	Seed     uint64 `default:"1" help:"The same number makes the same data."`
}

func (c seedCmd) check(e *environment) error {
	switch {
	case c.Contacts == 0 && c.Sessions == 0:
		return errors.New("say with --contacts or --sessions what to make")
	case c.Contacts < 0 || c.Contacts > maxSeedContacts:
		return errors.New("say with --contacts a number from 1 to 10,000,000")
	case c.Sessions < 0 || c.Sessions > maxSeedSessions:
		return errors.New("say with --sessions a number from 1 to 100,000")
	case c.Sessions > 0 && e.cfg.IsProduction():
		return errors.New("--sessions opens the business to whoever has the file, so it is refused with PAYAID_ENV=production")
	}
	return nil
}

// Run fills a tenant with made-up data.
func (c seedCmd) Run(ctx context.Context, e *environment) error {
	if err := c.check(e); err != nil {
		return err
	}
	return e.withApp(ctx, func(a *app) error {
		t, err := a.tenant.BySlug(ctx, c.Tenant)
		if err != nil {
			return err
		}
		if c.Contacts > 0 {
			if err := c.contacts(ctx, e, a, t); err != nil {
				return err
			}
		}
		if c.Sessions == 0 {
			return nil
		}
		if err := a.mintSessions(ctx, t.ID, c.Sessions, c.Cookies); err != nil {
			return err
		}
		fmt.Fprintf(e.out, "the cookies of %d sessions stand in %s\n", c.Sessions, c.Cookies)
		return nil
	})
}

func (c seedCmd) contacts(ctx context.Context, e *environment, a *app, t tenant.Tenant) error {
	if err := a.seedPeople(ctx, t); err != nil {
		return err
	}
	started, told := time.Now(), time.Now()
	err := a.crm.SeedContacts(ctx, t.ID, c.Contacts, c.Seed, func(done int) {
		if done == c.Contacts || time.Since(told) > 5*time.Second {
			told = time.Now()
			fmt.Fprintf(e.out, "%d contacts, %.0f a second\n", done, float64(done)/time.Since(started).Seconds())
		}
	})
	if err != nil {
		return err
	}
	if a.servers.ownerURL == "" {
		fmt.Fprintln(e.out, "lists may be slow for some minutes: without PAYAID_DATABASE_OWNER_URL the planner learns only by and by what was added")
		return nil
	}
	return db.VacuumAnalyze(ctx, a.servers.ownerURL, "contacts", "companies")
}

// seededTeams are the people who look after made-up contacts, the manager of each
// team first.
var seededTeams = []struct {
	name   string
	people [3]string
}{
	{"Sales north", [3]string{"Meera Nair", "Rohit Malhotra", "Simran Gill"}},
	{"Sales south", [3]string{"Arjun Reddy", "Lakshmi Iyer", "Kiran Rao"}},
	{"Service", [3]string{"Farhan Khan", "Ananya Bose", "Vijay Patil"}},
}

// seedPeople makes the teams and their people unless they are there. Nobody knows
// their passwords.
func (a *app) seedPeople(ctx context.Context, t tenant.Tenant) error {
	for _, team := range seededTeams {
		id, err := a.tenant.CreateTeam(ctx, t.ID, team.name)
		if apperr.Is(err, apperr.AlreadyExists) {
			continue
		}
		if err != nil {
			return fmt.Errorf("team %s: %w", team.name, err)
		}
		for i, name := range team.people {
			in := auth.UserInput{Name: name, Email: seededEmail(name, t.Slug), Password: passwordOr(""), TenantID: t.ID, Role: auth.Member, TeamID: &id}
			if i == 0 {
				in.Role = auth.Manager
			}
			if _, err := a.auth.CreateUser(ctx, in); err != nil && !apperr.Is(err, apperr.AlreadyExists) {
				return fmt.Errorf("user %s: %w", in.Email, err)
			}
		}
	}
	return nil
}
