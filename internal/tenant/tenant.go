// Package tenant knows the businesses that use PayAid: their names, their state
// and their teams. People and their roles belong to auth.
package tenant

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/change"
)

// Tenant is one business.
type Tenant struct {
	ID        uuid.UUID  `json:"id"`
	Slug      string     `json:"slug"`
	Name      string     `json:"name"`
	Status    string     `json:"status"` // Active, Suspended or Closed
	ClosedAt  *time.Time `json:"closedAt"`
	TimeZone  string     `json:"timeZone"`
	CreatedAt time.Time  `json:"createdAt"`
}

// Service holds the use cases about tenants.
type Service struct {
	db    *db.DB
	write *change.Writer
}

// New returns a Service.
func New(w *change.Writer) *Service { return &Service{db: w.DB, write: w} }

// Tag is the cache tag of everything that a tenant's own row decides.
const Tag = "tenant"

// Input describes a new tenant.
type Input struct {
	Slug string // small letters, digits and hyphens, unique in the installation
	Name string
}

// Create makes a tenant, called by the command line and the demo.
func (s *Service) Create(ctx context.Context, in Input) (Tenant, error) {
	if err := in.Validate(); err != nil {
		return Tenant{}, err
	}
	id := uuid.Must(uuid.NewV7())
	actor := change.Actor{TenantID: id, Kind: change.ActorSystem, Name: "PayAid"}
	return change.Do(ctx, s.write, actor, "tenant.create", in, func(ctx context.Context, tx *change.Tx) (Tenant, error) {
		return Insert(ctx, tx, in)
	})
}

// Validate trims the input and refuses what no tenant may have.
func (in *Input) Validate() error {
	var f apperr.Fields
	in.Slug, in.Name = strings.TrimSpace(in.Slug), strings.TrimSpace(in.Name)
	CheckName(&f, "name", in.Name)
	f.Check(in.Slug != "", "slug", "Give the business a short name.")
	f.Check(storable(in.Slug), "slug", "Use small letters, digits and hyphens, at most 63.")
	return f.Err()
}

// CheckName refuses, under the name of the form's field, what no business may be
// called.
func CheckName(f *apperr.Fields, field, name string) {
	f.Check(name != "" && utf8.RuneCountInString(name) <= 200, field, "Give the business a name of at most 200 characters.")
	f.Check(storable(name), field, "The name has characters that cannot be stored.")
}

// storable reports whether s is a text that PostgreSQL takes: it refuses NUL and
// broken UTF-8.
func storable(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// Insert makes the tenant of the write's actor from validated input.
func Insert(ctx context.Context, tx *change.Tx, in Input) (Tenant, error) {
	row, err := tx.Q.InsertTenant(ctx, db.InsertTenantParams{ID: tx.Actor.TenantID, Slug: in.Slug, Name: in.Name, Now: tx.Now})
	if err != nil {
		return Tenant{}, fmt.Errorf("insert the tenant: %w", err)
	}
	return recordNew(ctx, tx, row)
}

func recordNew(ctx context.Context, tx *change.Tx, row db.Tenant) (Tenant, error) {
	t := fromRow(row)
	tx.Tag(Tag)
	return t, tx.Record(ctx, change.Event{Action: "tenant.create", Entity: "tenant", EntityID: t.ID, After: t})
}

// BySlug returns the tenant with a short name, or NotFound.
func (s *Service) BySlug(ctx context.Context, slug string) (Tenant, error) {
	row, err := s.db.Global().GetTenantBySlug(ctx, slug)
	if db.IsNoRows(err) {
		return Tenant{}, apperr.New(apperr.NotFound, "There is no business with the short name %q.", slug)
	}
	if err != nil {
		return Tenant{}, fmt.Errorf("get tenant %s: %w", slug, err)
	}
	return fromRow(row), nil
}

// List returns up to limit tenants in the order of their short names, behind
// after.
func (s *Service) List(ctx context.Context, after string, limit int) ([]Tenant, error) {
	rows, err := s.db.Global().ListTenants(ctx, db.ListTenantsParams{After: after, MaxRows: int32(limit)})
	if err != nil {
		return nil, fmt.Errorf("list tenants: %w", err)
	}
	out := make([]Tenant, len(rows))
	for i, r := range rows {
		out[i] = fromRow(r)
	}
	return out, nil
}

func fromRow(r db.Tenant) Tenant {
	return Tenant{ID: r.ID, Slug: r.Slug, Name: r.Name, Status: r.Status, ClosedAt: r.ClosedAt, TimeZone: r.TimeZone, CreatedAt: r.CreatedAt}
}
