package crm_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/bulk"
	"payaid/internal/crm"
)

func (y *yard) startCompanies(t *testing.T, p auth.Principal, in bulk.Input) bulk.Run {
	t.Helper()
	in.Entity = crm.EntityCompanies
	run, err := y.bulk.Start(context.Background(), p, in)
	if err != nil {
		t.Fatalf("start: %v", err)
	}
	return run
}

func TestEveryBulkActionOnCompaniesAndItsUndo(t *testing.T) {
	y, ctx := newYard(t), context.Background()
	before := y.addCompany(t, y.asha, crm.CompanyInput{Name: "Saffron Foods", Tags: []string{"old"}})
	read := func() crm.Company {
		c, err := y.Company(ctx, y.admin, before.ID)
		if err != nil && !apperr.Is(err, apperr.NotFound) {
			t.Fatal(err)
		}
		return c
	}
	for action, c := range map[string]struct {
		value bulk.Value
		done  func(crm.Company) bool
	}{
		crm.BulkAssign:     {bulk.Value{OwnerID: &uuid.Nil}, func(c crm.Company) bool { return c.OwnerID == nil }},
		crm.BulkAddTags:    {bulk.Value{Tags: []string{" VIP"}}, func(c crm.Company) bool { return slices.Equal(c.Tags, []string{"old", "vip"}) }},
		crm.BulkRemoveTags: {bulk.Value{Tags: []string{"Old"}}, func(c crm.Company) bool { return len(c.Tags) == 0 }},
		crm.BulkType:       {bulk.Value{Type: "Partner"}, func(c crm.Company) bool { return c.Type == "partner" }},
		crm.BulkDelete:     {bulk.Value{}, func(c crm.Company) bool { return c.ID == uuid.Nil }},
	} {
		in := bulk.Input{Action: action, Value: c.value, IDs: []uuid.UUID{before.ID}}
		run := y.startCompanies(t, y.admin, in)
		wantBulk(t, action, run, 1, 0, 0)
		if got := read(); !c.done(got) {
			t.Errorf("%s left %+v", action, got)
		}
		wantBulk(t, action+" again", y.startCompanies(t, y.admin, in), 0, 0, 1)
		undone, err := y.bulk.Undo(ctx, y.admin, run.ID)
		if err != nil {
			t.Fatal(err)
		}
		wantBulk(t, "undo of "+action, undone, 1, 0, 0)
		if got := read(); !slices.Equal(got.Tags, before.Tags) || got.OwnerID == nil || *got.OwnerID != *before.OwnerID || got.Type != before.Type || got.DeletedAt != nil {
			t.Errorf("undo of %s: %+v, want %+v", action, got, before)
		}
	}
}

func TestBulkOnCompaniesKeepsToTheScopeAndTheirActions(t *testing.T) {
	y := newYard(t)
	mine := y.addCompany(t, y.asha, crm.CompanyInput{Name: "Mine"})
	his := y.addCompany(t, y.ravi, crm.CompanyInput{Name: "His"})
	run := y.startCompanies(t, y.asha, bulk.Input{Action: crm.BulkType, Value: bulk.Value{Type: "partner"}, IDs: []uuid.UUID{mine.ID, his.ID}})
	wantBulk(t, "a member", run, 1, 0, 1)
	if got := strings.Join(y.reasons(t, run), "\n"); !strings.Contains(got, "this company but not change it. Ask its owner, Ravi.") {
		t.Error(got)
	}
	wantBulk(t, "another firm", y.startCompanies(t, y.out, bulk.Input{Action: crm.BulkDelete, IDs: []uuid.UUID{mine.ID}}), 0, 0, 1)
	all := y.startCompanies(t, y.admin, bulk.Input{Action: crm.BulkAddTags, Value: bulk.Value{Tags: []string{"x"}}, Match: &bulk.Match{Filter: "type:partner"}})
	wantBulk(t, "all that match", y.finish(t, y.admin, all), 1, 0, 0)
	for action, entity := range map[string]string{crm.BulkType: crm.EntityContacts, crm.BulkStage: crm.EntityCompanies} {
		_, err := y.bulk.Start(t.Context(), y.admin, bulk.Input{Entity: entity, Action: action, IDs: []uuid.UUID{mine.ID}})
		if apperr.From(err).Field("action") == "" {
			t.Errorf("%s of %s: %v", action, entity, err)
		}
	}
	gone := y.addCompany(t, y.admin, crm.CompanyInput{Name: "Taken"})
	wantBulk(t, "delete", y.startCompanies(t, y.admin, bulk.Input{Action: crm.BulkDelete, IDs: []uuid.UUID{gone.ID}}), 1, 0, 0)
	y.addCompany(t, y.admin, crm.CompanyInput{Name: "taken"})
	wantBulk(t, "restore under a taken name", y.startCompanies(t, y.admin, bulk.Input{Action: crm.BulkRestore, IDs: []uuid.UUID{gone.ID}}), 0, 1, 0)
}
