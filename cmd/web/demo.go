package main

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"payaid/internal/activity"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/crm"
	"payaid/internal/tenant"
)

// The demo business. Its passwords are public, so production refuses it.
const (
	demoSlug     = "demo"
	demoName     = "Udyog Traders"
	demoPassword = "demo-payaid"
	demoContacts = 64
)

// ensureDemo makes the demo business unless it is there. Replicas that start
// together, and a start that was interrupted, end at the same state.
func (a *app) ensureDemo(ctx context.Context) error {
	t, err := a.tenant.Create(ctx, tenant.Input{Slug: demoSlug, Name: demoName})
	if apperr.Is(err, apperr.AlreadyExists) {
		t, err = a.tenant.BySlug(ctx, demoSlug)
	}
	if err != nil {
		return err
	}
	people, err := a.ensureDemoPeople(ctx, t.ID)
	if err != nil || people == nil {
		return err
	}
	for i, in := range crm.SampleContacts(demoContacts) {
		who := people[i%len(people)]
		c, err := a.crm.CreateContact(ctx, who, in)
		if apperr.Is(err, apperr.AlreadyExists) {
			continue
		}
		if err != nil {
			return fmt.Errorf("contact %s: %w", in.Email, err)
		}
		for _, entry := range activity.Samples(i, c.ID, time.Now()) {
			if _, err := a.activity.Log(ctx, who, entry); err != nil {
				return fmt.Errorf("timeline of %s: %w", in.Email, err)
			}
		}
	}
	return nil
}

// ensureDemoPeople makes the three users and returns them as principals; nil when
// they were there already.
func (a *app) ensureDemoPeople(ctx context.Context, tenantID uuid.UUID) ([]auth.Principal, error) {
	team, err := a.tenant.CreateTeam(ctx, tenantID, "Sales")
	if apperr.Is(err, apperr.AlreadyExists) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var people []auth.Principal
	for _, role := range []auth.Role{auth.Owner, auth.Manager, auth.Member} {
		in := auth.UserInput{
			Email: string(role) + "@demo.test", Name: "Demo " + role.Label(), Password: demoPassword,
			TenantID: tenantID, Role: role, PlatformAdmin: role == auth.Owner,
		}
		if role != auth.Owner {
			in.TeamID = &team
		}
		id, err := a.auth.CreateUser(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("user %s: %w", in.Email, err)
		}
		p, err := a.auth.Member(ctx, tenantID, id, time.Now())
		if err != nil {
			return nil, err
		}
		people = append(people, p)
	}
	return people, nil
}
