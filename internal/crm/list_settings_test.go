package crm_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/crm"
)

func TestHowAListLooksIsKeptForEachPerson(t *testing.T) {
	s, ctx := newShop(t), t.Context()
	look := func(p auth.Principal) string {
		t.Helper()
		got, err := s.cached.ListSettings(ctx, p, crm.EntityContacts)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%s %s %d", got.Columns, got.Density, got.PageSize)
	}
	const first = "[phone company stage owner createdAt updatedAt] comfortable 25"
	for range 2 { // from the database, from the cache
		if got := look(s.asha); got != first {
			t.Errorf("at first: %s", got)
		}
		time.Sleep(30 * time.Millisecond)
	}
	in := crm.ListSettings{Columns: []string{"tags", "email", "tags"}, Density: crm.Compact, PageSize: 100}
	if _, err := s.cached.SaveListSettings(ctx, s.asha, crm.EntityContacts, in); err != nil {
		t.Fatal(err)
	}
	if got := look(s.asha); got != "[email tags] compact 100" {
		t.Errorf("as Asha has chosen: %s", got)
	}
	for name, p := range map[string]auth.Principal{"a mate": s.ravi, "a key": s.key, "another firm": s.out} {
		if got := look(p); got != first {
			t.Errorf("%s: %s", name, got)
		}
	}
	in.Columns = nil
	if _, err := s.cached.SaveListSettings(ctx, s.asha, crm.EntityContacts, in); err != nil {
		t.Fatal(err)
	}
	if got := look(s.asha); got != "[phone company stage owner createdAt updatedAt] compact 100" {
		t.Errorf("without a choice of columns: %s", got)
	}
	for name, c := range map[string]struct {
		p  auth.Principal
		in crm.ListSettings
		is apperr.Code
	}{
		"a column":    {s.asha, crm.ListSettings{Columns: []string{"password"}, Density: crm.Compact, PageSize: 25}, apperr.Validation},
		"a density":   {s.asha, crm.ListSettings{Density: "tight", PageSize: 25}, apperr.Validation},
		"a page size": {s.asha, crm.ListSettings{Density: crm.Compact, PageSize: 1000}, apperr.Validation},
		"a key":       {s.key, crm.ListSettings{Density: crm.Compact, PageSize: 25}, apperr.BusinessRule},
	} {
		_, err := s.cached.SaveListSettings(ctx, c.p, crm.EntityContacts, c.in)
		wantCode(t, name, err, c.is)
	}
}

// TestOnlyTheseContacts: a selection is exported whatever the rest of the filter
// says, and never beyond what somebody sees.
func TestOnlyTheseContacts(t *testing.T) {
	y := newYard(t)
	asha, zoya := y.many(t, y.asha, 3, "a"), y.many(t, y.zoya, 1, "z")
	for name, c := range map[string]struct {
		p    auth.Principal
		want int
	}{"the admin": {y.admin, 3}, "a member": {y.asha, 2}, "another firm": {y.out, 0}} {
		page, err := y.Contacts(t.Context(), c.p, crm.ContactFilter{IDs: slices.Concat(asha[:2], zoya)})
		if err != nil || len(page.Contacts) != c.want || page.Total != c.want {
			t.Errorf("%s: %d of %d contacts (%v)", name, len(page.Contacts), page.Total, err)
		}
	}
}
