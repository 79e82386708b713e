package platform

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
	"payaid/internal/tenant"
)

// Business is a tenant as the administration sees it.
type Business struct {
	ID        uuid.UUID
	Slug      string
	Name      string
	Status    string // tenant.Active, tenant.Suspended or tenant.Closed
	ClosedAt  *time.Time
	People    int64
	CreatedAt time.Time
}

// BusinessFilter narrows the list. After and Before are short names between which
// the page lies; at most one is not "".
type BusinessFilter struct {
	Query         string // part of a short name or name
	After, Before string
}

// BusinessPage is one page in the order of short names.
type BusinessPage struct {
	Businesses []Business
	Prev, Next string // for BusinessFilter.Before and After, "" for none
}

// Businesses lists one page of businesses.
func (s *Service) Businesses(ctx context.Context, p auth.Principal, f BusinessFilter) (BusinessPage, error) {
	if err := require(p); err != nil {
		return BusinessPage{}, err
	}
	if all := f.Query + f.After + f.Before; strings.ContainsRune(all, 0) || !utf8.ValidString(all) {
		return BusinessPage{}, nil // nothing has such a name, and PostgreSQL refuses it
	}
	pattern := ""
	if q := strings.ToLower(strings.TrimSpace(f.Query)); q != "" {
		pattern = "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(q) + "%"
	}
	back := f.Before != ""
	rows, err := s.businessRows(ctx, f, pattern)
	if err != nil {
		return BusinessPage{}, fmt.Errorf("list businesses: %w", err)
	}
	more := len(rows) > pageSize
	rows = rows[:min(len(rows), pageSize)]
	if back {
		slices.Reverse(rows)
	}
	page := BusinessPage{Businesses: rows}
	if len(rows) == 0 {
		return page, nil
	}
	if back && more || f.After != "" {
		page.Prev = rows[0].Slug
	}
	if back || more {
		page.Next = rows[len(rows)-1].Slug
	}
	return page, nil
}

// businessRows reads one row more than a page, from the cursor away.
func (s *Service) businessRows(ctx context.Context, f BusinessFilter, pattern string) ([]Business, error) {
	var out []Business
	if f.Before != "" {
		rows, err := s.db.Global().ListBusinessesBefore(ctx, db.ListBusinessesBeforeParams{Before: f.Before, Pattern: pattern, MaxRows: pageSize + 1})
		for _, r := range rows {
			out = append(out, Business{ID: r.ID, Slug: r.Slug, Name: r.Name, Status: r.Status, ClosedAt: r.ClosedAt, People: r.People, CreatedAt: r.CreatedAt})
		}
		return out, err
	}
	rows, err := s.db.Global().ListBusinesses(ctx, db.ListBusinessesParams{After: f.After, Pattern: pattern, MaxRows: pageSize + 1})
	for _, r := range rows {
		out = append(out, Business{ID: r.ID, Slug: r.Slug, Name: r.Name, Status: r.Status, ClosedAt: r.ClosedAt, People: r.People, CreatedAt: r.CreatedAt})
	}
	return out, err
}

// BusinessInput describes a new business and its owner, who gets a new account.
type BusinessInput struct {
	Name       string
	Slug       string // small letters, digits and hyphens, unique in the installation
	OwnerEmail string
}

// CreatedBusiness is a new business with the password of its owner, which is
// known nowhere else.
type CreatedBusiness struct {
	Tenant     tenant.Tenant
	OwnerEmail string
	Password   string
}

// CreateBusiness makes a business and the account of its owner, or neither.
func (s *Service) CreateBusiness(ctx context.Context, p auth.Principal, in BusinessInput) (CreatedBusiness, error) {
	if err := require(p); err != nil {
		return CreatedBusiness{}, err
	}
	id := uuid.Must(uuid.NewV7())
	business := tenant.Input{Slug: in.Slug, Name: in.Name}
	out := CreatedBusiness{OwnerEmail: strings.ToLower(strings.TrimSpace(in.OwnerEmail)), Password: rand.Text()}
	owner, ownerErr := s.people.PrepareUser(ctx, auth.UserInput{Email: in.OwnerEmail, Password: out.Password, TenantID: id, Role: auth.Owner})
	if err := refusedFields(business.Validate(), ownerErr); err != nil {
		return CreatedBusiness{}, err
	}
	made, err := change.Do(ctx, s.write, actorIn(p, id), "tenant.create", business, func(ctx context.Context, tx *change.Tx) (tenant.Tenant, error) {
		made, err := tenant.Insert(ctx, tx, business)
		if err != nil {
			return made, err
		}
		_, err = owner.Insert(ctx, tx)
		return made, err
	})
	if err != nil {
		return CreatedBusiness{}, fieldsOfForm(err)
	}
	out.Tenant = made
	return out, nil
}

// refusedFields joins what the two halves of the form refuse, so that it is shown
// at once.
func refusedFields(business, owner error) error {
	var f apperr.Fields
	for _, err := range []error{business, fieldsOfForm(owner)} {
		if err == nil {
			continue
		}
		e := apperr.From(err)
		if e.Code != apperr.Validation {
			return err
		}
		for _, d := range e.Details {
			f.Add(d.Field, d.Message)
		}
	}
	return f.Err()
}

// fieldsOfForm gives the field email the name that it has in this form.
func fieldsOfForm(err error) error {
	if err == nil {
		return nil
	}
	e := *apperr.From(err)
	if e.Field("email") == "" {
		return err
	}
	e.Details = slices.Clone(e.Details)
	for i := range e.Details {
		if e.Details[i].Field == "email" {
			e.Details[i].Field = "ownerEmail"
		}
	}
	return &e
}

// SetBusinessStatus suspends a business (its people and keys are refused from the
// next request on), resumes it, or opens a closed one again in time.
func (s *Service) SetBusinessStatus(ctx context.Context, p auth.Principal, id uuid.UUID, status string) error {
	if err := require(p); err != nil {
		return err
	}
	names, err := s.names(ctx, []uuid.UUID{id})
	if err != nil {
		return err
	}
	if names[id] == "" {
		return apperr.New(apperr.NotFound, "This business does not exist.")
	}
	if status == tenant.Suspended && id == p.TenantID {
		return apperr.New(apperr.BusinessRule, "You are signed in to this business yourself and would lock yourself out.")
	}
	_, err = change.Do(ctx, s.write, actorIn(p, id), "tenant.status", status, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		return struct{}{}, tenant.SetStatus(ctx, tx, status)
	})
	return err
}
