package tenant_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/change"
	"payaid/internal/dbtest"
	"payaid/internal/tenant"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

func newService(t *testing.T) *tenant.Service {
	t.Helper()
	d := dbtest.New(t)
	return tenant.New(&change.Writer{DB: d.DB, Log: slog.New(slog.DiscardHandler), Now: time.Now})
}

func TestTenantsAreFoundByTheirShortName(t *testing.T) {
	s, ctx := newService(t), context.Background()
	for _, slug := range []string{"cedar", "acme", "birch"} {
		made, err := s.Create(ctx, tenant.Input{Slug: " " + slug, Name: " The " + slug + " "})
		if err != nil {
			t.Fatal(err)
		}
		found, err := s.BySlug(ctx, slug)
		if err != nil || found.ID != made.ID || found.Name != "The "+slug || found.Status != "active" || found.TimeZone != "Asia/Kolkata" {
			t.Errorf("%s: %+v, %v", slug, found, err)
		}
	}
	if _, err := s.BySlug(ctx, "oak"); !apperr.Is(err, apperr.NotFound) {
		t.Errorf("a tenant that does not exist: %v", err)
	}
	for _, c := range []struct {
		after string
		limit int
		want  string
	}{{"", 10, "acme birch cedar"}, {"", 2, "acme birch"}, {"birch", 2, "cedar"}, {"cedar", 2, ""}} {
		page, err := s.List(ctx, c.after, c.limit)
		var slugs []string
		for _, one := range page {
			slugs = append(slugs, one.Slug)
		}
		if got := strings.Join(slugs, " "); err != nil || got != c.want {
			t.Errorf("behind %q: %q, %v; want %q", c.after, got, err, c.want)
		}
	}
}

func TestTenantsThatAreRefused(t *testing.T) {
	s, ctx := newService(t), context.Background()
	if _, err := s.Create(ctx, tenant.Input{Slug: "acme", Name: "Acme"}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		in    tenant.Input
		code  apperr.Code
		field string
	}{
		"no name":              {tenant.Input{Slug: "a"}, apperr.Validation, "name"},
		"a long name":          {tenant.Input{Slug: "a", Name: strings.Repeat("न", 201)}, apperr.Validation, "name"},
		"no short name":        {tenant.Input{Name: "A"}, apperr.Validation, "slug"},
		"capitals":             {tenant.Input{Slug: "Acme2", Name: "A"}, apperr.Validation, "slug"},
		"a hyphen at the end":  {tenant.Input{Slug: "a-", Name: "A"}, apperr.Validation, "slug"},
		"a line behind it":     {tenant.Input{Slug: "a\nb", Name: "A"}, apperr.Validation, "slug"},
		"64 letters":           {tenant.Input{Slug: strings.Repeat("a", 64), Name: "A"}, apperr.Validation, "slug"},
		"a short name in use":  {tenant.Input{Slug: "acme", Name: "A"}, apperr.AlreadyExists, "slug"},
		"everything at a time": {tenant.Input{}, apperr.Validation, "name"},
	} {
		_, err := s.Create(ctx, c.in)
		if e := apperr.From(err); e.Code != c.code || e.Field(c.field) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, slug := range []string{"a", "a-b", "9", strings.Repeat("a", 63)} {
		if _, err := s.Create(ctx, tenant.Input{Slug: slug, Name: strings.Repeat("न", 200)}); err != nil {
			t.Errorf("%q: %v", slug, err)
		}
	}
}

func TestTeamNamesAreUniqueInATenant(t *testing.T) {
	s, ctx := newService(t), context.Background()
	var tenants []uuid.UUID
	for _, slug := range []string{"a", "b"} {
		made, err := s.Create(ctx, tenant.Input{Slug: slug, Name: slug})
		if err != nil {
			t.Fatal(err)
		}
		tenants = append(tenants, made.ID)
	}
	for _, id := range tenants {
		if _, err := s.CreateTeam(ctx, id, " Sales "); err != nil {
			t.Errorf("each tenant has its own teams: %v", err)
		}
	}
	if _, err := s.CreateTeam(ctx, tenants[0], "SALES"); !apperr.Is(err, apperr.AlreadyExists) {
		t.Errorf("the same name in capitals: %v", err)
	}
	for _, name := range []string{" ", strings.Repeat("n", 101)} {
		if _, err := s.CreateTeam(ctx, tenants[0], name); apperr.From(err).Field("name") == "" {
			t.Errorf("%q: %v", name, err)
		}
	}
}
