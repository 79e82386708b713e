package platform_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/cache"
	"payaid/internal/change"
	"payaid/internal/dbtest"
	"payaid/internal/jobs"
	"payaid/internal/platform"
	"payaid/internal/servertest"
	"payaid/internal/tenant"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// house is an installation with one business, in which its administrator works.
type house struct {
	*platform.Service
	d      *dbtest.Database
	people *auth.Service
	admin  auth.Principal
}

func newHouse(t *testing.T) *house {
	t.Helper()
	d, log := dbtest.New(t), slog.New(slog.DiscardHandler)
	w := &change.Writer{DB: d.DB, Log: log, Now: time.Now}
	queue, err := jobs.New(d.DB, jobs.Options{Log: log})
	if err != nil {
		t.Fatal(err)
	}
	w.Jobs = queue
	people, err := auth.New(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	own, err := tenant.New(w).Create(t.Context(), tenant.Input{Slug: "acme", Name: "Acme"})
	if err != nil {
		t.Fatal(err)
	}
	admin := auth.Principal{TenantID: own.ID, UserID: uuid.New(), Name: "Root", Role: auth.Member, PlatformAdmin: true}
	kept, err := cache.New(cache.Options{URL: servertest.Redis(t), DB: d.DB, Log: log, WriteTimeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = kept.Close() })
	return &house{Service: platform.New(w, queue, people, kept), d: d, people: people, admin: admin}
}

func TestEverybodyElseFindsNothing(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	owner, key := h.admin, h.admin
	owner.PlatformAdmin, owner.Role = false, auth.Owner
	key.KeyID, key.UserID = uuid.New(), uuid.Nil
	for who, p := range map[string]auth.Principal{"an owner": owner, "a key": key, "nobody": {}} {
		for what, do := range map[string]func() error{
			"jobs":       func() error { _, err := h.Jobs(ctx, p, jobs.Filter{}); return err },
			"retry":      func() error { return h.RetryJob(ctx, p, 1) },
			"cancel":     func() error { return h.CancelJob(ctx, p, 1) },
			"businesses": func() error { _, err := h.Businesses(ctx, p, platform.BusinessFilter{}); return err },
			"create":     func() error { _, err := h.CreateBusiness(ctx, p, platform.BusinessInput{}); return err },
			"suspend":    func() error { return h.SetBusinessStatus(ctx, p, uuid.New(), tenant.Suspended) },
			"audit":      func() error { _, err := h.Audit(ctx, p, ""); return err },
			"cache":      func() error { _, err := h.Cache(ctx, p); return err },
			"clear one":  func() error { return h.ClearBusinessCache(ctx, p, platform.CacheClearing{Slug: "acme"}) },
			"clear all":  func() error { return h.ClearCache(ctx, p, platform.ConfirmClear) },
		} {
			if err := do(); !apperr.Is(err, apperr.NotFound) || apperr.From(err).Message != "This page does not exist." {
				t.Errorf("%s for %s: %v", what, who, err)
			}
		}
	}
}

func TestBusinessesInPages(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	h.d.OwnerExec(t, `INSERT INTO tenants (id, slug, name, created_at, updated_at)
		SELECT gen_random_uuid(), 'b-' || lpad(n::text, 3, '0'), 'Branch 50%_' || n, now(), now() FROM generate_series(1, 119) n`)
	list := func(f platform.BusinessFilter) platform.BusinessPage {
		t.Helper()
		page, err := h.Businesses(ctx, h.admin, f)
		if err != nil {
			t.Fatal(err)
		}
		return page
	}
	var slugs []string
	var page platform.BusinessPage
	for f := (platform.BusinessFilter{}); ; f.After = page.Next {
		page = list(f)
		for _, b := range page.Businesses {
			slugs = append(slugs, b.Slug)
		}
		if page.Next == "" {
			break
		}
	}
	if len(slugs) != 120 || !slices.IsSorted(slugs) {
		t.Errorf("%d businesses, sorted %v", len(slugs), slices.IsSorted(slugs))
	}
	middle := list(platform.BusinessFilter{Before: page.Prev})
	if n := len(middle.Businesses); n != 50 || middle.Businesses[49].Slug != slugs[99] || middle.Prev != slugs[50] || middle.Next != slugs[99] {
		t.Errorf("a page back: %d, %q, %q", n, middle.Prev, middle.Next)
	}
	for query, want := range map[string]int{"ACM": 1, "50%_7": 11, "50_": 0, "%%%": 0, "\xff": 0, "b-119": 1} {
		if got := len(list(platform.BusinessFilter{Query: query}).Businesses); got != want {
			t.Errorf("%q finds %d, want %d", query, got, want)
		}
	}
}

func TestABusinessAndItsOwnerAreMadeTogetherOrNotAtAll(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	made, err := h.CreateBusiness(ctx, h.admin, platform.BusinessInput{Slug: "one", Name: "One", OwnerEmail: "devi@example.in"})
	if err != nil {
		t.Fatal(err)
	}
	if in, err := h.people.SignIn(ctx, made.OwnerEmail, made.Password, auth.Request{}); err != nil || in.TenantID != made.Tenant.ID {
		t.Errorf("the owner signs in to %s: %v", in.TenantID, err)
	}
	_, err = h.CreateBusiness(ctx, h.admin, platform.BusinessInput{Slug: "two", Name: "Two", OwnerEmail: "devi@example.in"})
	if e := apperr.From(err); e.Code != apperr.AlreadyExists || e.Field("ownerEmail") == "" {
		t.Errorf("a taken e-mail: %v", err)
	}
	page, err := h.Businesses(ctx, h.admin, platform.BusinessFilter{Query: "two"})
	if err != nil || len(page.Businesses) != 0 {
		t.Errorf("half of it stayed: %+v, %v", page, err)
	}
}

func TestTheInstallationsOwnLog(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	if _, err := h.people.CreateUser(ctx, auth.UserInput{Email: "root2@example.in", Password: "correct horse battery", PlatformAdmin: true}); err != nil {
		t.Fatal(err)
	}
	made, err := h.CreateBusiness(ctx, h.admin, platform.BusinessInput{Slug: "one", Name: "One", OwnerEmail: "devi@example.in"})
	if err != nil {
		t.Fatal(err)
	}
	for _, status := range []string{tenant.Suspended, tenant.Suspended, tenant.Active} {
		if err := h.SetBusinessStatus(ctx, h.admin, made.Tenant.ID, status); err != nil {
			t.Fatal(err)
		}
	}
	page, err := h.Audit(ctx, h.admin, "")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range page.Entries {
		got = append(got, e.Action+" "+e.Business+" "+e.Actor)
	}
	// What happens inside a business, its owner's account for one, is its own affair.
	want := []string{"tenant.resume One Root", "tenant.suspend One Root", "tenant.create One Root", "user.create  PayAid", "tenant.create Acme PayAid"}
	if !slices.Equal(got, want) {
		t.Errorf("the log is %q, want %q", got, want)
	}
	h.d.OwnerExec(t, `INSERT INTO audit_entries (id, at, actor_kind, actor_name, action, entity, entity_id)
		SELECT gen_random_uuid(), now(), 'system', 'PayAid', 'user.create', 'user', gen_random_uuid() FROM generate_series(1, 100)`)
	seen := map[uuid.UUID]bool{}
	for cursor := ""; ; cursor = page.Next {
		if page, err = h.Audit(ctx, h.admin, cursor); err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Entries {
			seen[e.ID] = true
		}
		if page.Next == "" {
			break
		}
	}
	if len(seen) != 105 {
		t.Errorf("the pages hold %d entries, want 105", len(seen))
	}
	for _, cursor := range []string{"nonsense", "_", fmt.Sprint(time.Now()) + "_" + uuid.NewString()} {
		if _, err := h.Audit(ctx, h.admin, cursor); !apperr.Is(err, apperr.Validation) {
			t.Errorf("cursor %q: %v", cursor, err)
		}
	}
}
