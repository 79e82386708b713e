package crm_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"

	"payaid/internal/auth"
	"payaid/internal/bulk"
	"payaid/internal/cache"
	"payaid/internal/change"
	"payaid/internal/crm"
	"payaid/internal/listing"
	"payaid/internal/servertest"
	"payaid/internal/tenant"
)

// shop is a desk whose lists are kept in a cache; desk.Service reads without it.
type shop struct {
	*desk
	cached *crm.Service
	cache  *cache.Cache
	people *auth.Service
	teams  *tenant.Service
	writer *change.Writer // marks the cache's tags
}

func newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{desk: newDesk(t)}
	log := slog.New(slog.DiscardHandler)
	var err error
	s.cache, err = cache.New(cache.Options{
		URL: servertest.Redis(t), DB: s.d.DB, Log: log,
		ReadTimeout: time.Second, WriteTimeout: 2 * time.Second, Lease: 5 * time.Second, Deadline: 20 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.cache.Start(t.Context())
	t.Cleanup(func() { _ = s.cache.Close() })
	w := &change.Writer{DB: s.d.DB, Jobs: s.queue, Tags: s.cache, Log: log, Now: func() time.Time { return s.now }}
	s.writer = w
	if s.people, err = auth.New(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	s.cached, s.teams = crm.New(w, s.blobs, s.people), tenant.New(w)
	s.cached.UseCache(s.cache)
	return s
}

// see reads a list in both ways, and fails when they differ.
func (s *shop) see(t *testing.T, who string, p auth.Principal, f crm.ContactFilter) {
	t.Helper()
	want, err := s.Contacts(t.Context(), p, f)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.cached.Contacts(t.Context(), p, f)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(want)
	b, _ := json.Marshal(got)
	if string(a) != string(b) {
		t.Errorf("%s reads %+v\n%s\nfrom the cache and\n%s\nfrom the database", who, f, b, a)
	}
}

var listsSeen = []crm.ContactFilter{{}, {Sort: "-updatedAt", Limit: 2}, {Query: "kiran"}, {Stage: "customer"}}

var companyListsSeen = []listing.Query{{}, {Sort: "-updatedAt", Limit: 2}, {Text: "kiran"}, {Filter: "parent:any"}}

// seeCompanies is see for a list of companies.
func (s *shop) seeCompanies(t *testing.T, who string, p auth.Principal, q listing.Query) {
	t.Helper()
	want, err := s.Companies(t.Context(), p, q)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.cached.Companies(t.Context(), p, q)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(want)
	b, _ := json.Marshal(got)
	if string(a) != string(b) {
		t.Errorf("%s reads companies %+v\n%s\nfrom the cache and\n%s\nfrom the database", who, q, b, a)
	}
}

var dealListsSeen = []listing.Query{{}, {Sort: "-updatedAt", Limit: 2}, {Text: "kiran"}, {Filter: "state:won"}}

// seeDeals is see for a list of deals, the board and the forecast.
func (s *shop) seeDeals(t *testing.T, who string, p auth.Principal, q listing.Query) {
	t.Helper()
	seen := func(from *crm.Service) string {
		page, err := from.Deals(t.Context(), p, q)
		if err != nil {
			t.Fatal(err)
		}
		board, err := from.Board(t.Context(), p, uuid.Nil, listing.Query{Text: q.Text, Filter: q.Filter})
		if err != nil {
			t.Fatal(err)
		}
		_, months, err := from.Forecast(t.Context(), p, uuid.Nil, listing.Query{Text: q.Text, Filter: q.Filter})
		if err != nil {
			t.Fatal(err)
		}
		text, _ := json.Marshal([]any{page, board, months})
		return string(text)
	}
	if got, want := seen(s.cached), seen(s.Service); got != want {
		t.Errorf("%s reads deals %+v\n%s\nfrom the cache and\n%s\nfrom the database", who, q, got, want)
	}
}

// everybody reads every list; the principals are as they are now.
func (s *shop) everybody(t *testing.T) {
	t.Helper()
	for who, p := range map[string]auth.Principal{"the admin": s.admin, "asha": s.asha, "ravi": s.ravi, "zoya": s.zoya, "noor": s.noor, "a key": s.key, "the outsider": s.out} {
		for _, f := range listsSeen {
			s.see(t, who, p, f)
		}
		for _, q := range companyListsSeen {
			s.seeCompanies(t, who, p, q)
		}
		for _, q := range dealListsSeen {
			s.seeDeals(t, who, p, q)
		}
	}
}

// TestEveryWriteIsSeenByTheListAtOnce has everybody's lists in the cache before
// each write, so that one which forgets a tag leaves an old list behind.
func TestEveryWriteIsSeenByTheListAtOnce(t *testing.T) {
	s, ctx := newShop(t), context.Background()
	add := func(p auth.Principal, in crm.ContactInput) crm.Contact {
		t.Helper()
		c, err := s.cached.CreateContact(ctx, p, in)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	one := add(s.asha, crm.ContactInput{FirstName: "Kiran", Email: "kiran@shop.test"})
	add(s.zoya, crm.ContactInput{FirstName: "Anand", Stage: "customer"})
	sales := *s.asha.TeamID
	firm, err := s.cached.CreateCompany(ctx, s.asha, crm.CompanyInput{Name: "Kiran Group"})
	if err != nil {
		t.Fatal(err)
	}
	add(s.asha, crm.ContactInput{FirstName: "Farah", Company: "Kiran Group"})
	many := bulk.New(s.writer, s.people, s.cached.BulkEntities())
	deal, err := s.cached.CreateDeal(ctx, s.asha, crm.DealInput{Name: "Kiran looms", Value: 100, ContactID: &one.ID, CompanyID: &firm.ID})
	if err != nil {
		t.Fatal(err)
	}
	pipeline, stages := s.stages(t)
	var run bulk.Run
	var brought crm.Import
	for _, w := range []struct {
		name  string
		write func() error
	}{
		{"a contact is made", func() error {
			add(s.asha, crm.ContactInput{FirstName: "Kiran", LastName: "Bose", Stage: "customer"})
			return nil
		}},
		{"with a new company", func() error { add(s.noor, crm.ContactInput{FirstName: "Devi", Company: "Kiran Stores"}); return nil }},
		{"a contact is changed", func() error {
			_, err := s.cached.UpdateContact(ctx, s.asha, one.ID, crm.ContactPatch{FirstName: ptr("Kirana"), Stage: ptr("customer")}, nil)
			return err
		}},
		{"a contact is given to somebody", func() error {
			_, err := s.cached.UpdateContact(ctx, s.admin, one.ID, crm.ContactPatch{OwnerID: &s.zoya.UserID}, nil)
			return err
		}},
		{"a contact is deleted", func() error { _, err := s.cached.DeleteContact(ctx, s.admin, one.ID, nil); return err }},
		{"a contact is restored", func() error { _, err := s.cached.RestoreContact(ctx, s.admin, one.ID, nil); return err }},
		{"a company is made", func() error {
			_, err := s.cached.CreateCompany(ctx, s.zoya, crm.CompanyInput{Name: "Kiran Mills", Type: "partner"})
			return err
		}},
		{"a company becomes a part of another", func() error {
			other, err := s.cached.CreateCompany(ctx, s.admin, crm.CompanyInput{Name: "Holding"})
			if err != nil {
				return err
			}
			_, err = s.cached.UpdateCompany(ctx, s.admin, firm.ID, crm.CompanyPatch{ParentID: &other.ID}, nil)
			return err
		}},
		{"a company is renamed", func() error {
			_, err := s.cached.UpdateCompany(ctx, s.asha, firm.ID, crm.CompanyPatch{Name: ptr("Kirana Group")}, nil)
			return err
		}},
		{"a company is given to somebody", func() error {
			_, err := s.cached.UpdateCompany(ctx, s.admin, firm.ID, crm.CompanyPatch{OwnerID: &s.zoya.UserID}, nil)
			return err
		}},
		{"a company is deleted", func() error { _, err := s.cached.DeleteCompany(ctx, s.admin, firm.ID, nil); return err }},
		{"a company is restored", func() error { _, err := s.cached.RestoreCompany(ctx, s.admin, firm.ID, nil); return err }},
		{"a deal is made", func() error {
			_, err := s.cached.CreateDeal(ctx, s.zoya, crm.DealInput{Name: "Kiran spindles", Value: 5})
			return err
		}},
		{"a deal is changed", func() error {
			_, err := s.cached.UpdateDeal(ctx, s.asha, deal.ID, crm.DealPatch{Value: ptr(int64(7)), ExpectedClose: ptr("2026-12-24")}, nil)
			return err
		}},
		{"a deal is moved", func() error {
			_, err := s.cached.MoveDeal(ctx, s.asha, deal.ID, crm.DealMove{StageID: stages["Proposal"].ID}, nil)
			return err
		}},
		{"a deal is won", func() error { _, err := s.cached.WinDeal(ctx, s.asha, deal.ID, crm.DealEnd{}, nil); return err }},
		{"a deal is opened again", func() error { _, err := s.cached.ReopenDeal(ctx, s.asha, deal.ID, nil); return err }},
		{"a deal is deleted", func() error { _, err := s.cached.DeleteDeal(ctx, s.asha, deal.ID, nil); return err }},
		{"a deal is restored", func() error { _, err := s.cached.RestoreDeal(ctx, s.asha, deal.ID, nil); return err }},
		{"a stage is renamed", func() error {
			_, err := s.cached.UpdateStage(ctx, s.admin, pipeline.ID, stages["Lead"].ID, crm.StagePatch{Name: ptr("Enquiry"), Probability: ptr(15)}, nil)
			return err
		}},
		{"a stage is removed", func() error {
			_, err := s.cached.RemoveStage(ctx, s.admin, pipeline.ID, stages["Proposal"].ID, ptr(stages["Lead"].ID), nil)
			return err
		}},
		{"contacts are changed in bulk", func() (err error) {
			in := bulk.Input{Entity: crm.EntityContacts, Action: crm.BulkStage, Value: bulk.Value{Stage: "contact"}, IDs: []uuid.UUID{one.ID}}
			run, err = many.Start(ctx, s.admin, in)
			return err
		}},
		{"a bulk change is undone", func() error { _, err := many.Undo(ctx, s.admin, run.ID); return err }},
		{"contacts are imported", func() error {
			in := csvInput("First name,Email,Company\nKiran Two,k2@shop.test,New Stores\n,kiran@shop.test,\n")
			in.Duplicates = crm.DuplicatesUpdate
			i, err := s.cached.StartImport(ctx, s.admin, in)
			if err != nil {
				return err
			}
			return s.cached.RunImport(ctx, jobOf(s.admin, i), false)
		}},
		{"companies are changed in bulk", func() (err error) {
			in := bulk.Input{Entity: crm.EntityCompanies, Action: crm.BulkType, Value: bulk.Value{Type: "competitor"}, IDs: []uuid.UUID{firm.ID}}
			run, err = many.Start(ctx, s.admin, in)
			return err
		}},
		{"a bulk change of companies is undone", func() error { _, err := many.Undo(ctx, s.admin, run.ID); return err }},
		{"companies are imported", func() (err error) {
			in := companiesCSV("Name,Industry\nKiran Steel,Metals\nkirana group,Tea\n")
			in.Duplicates = crm.DuplicatesUpdate
			if brought, err = s.cached.StartImport(ctx, s.admin, in); err != nil {
				return err
			}
			return s.cached.RunImport(ctx, jobOf(s.admin, brought), false)
		}},
		{"an import of companies is undone", func() error {
			i, err := s.cached.UndoImport(ctx, s.admin, brought.ID)
			if err != nil {
				return err
			}
			id := query[uuid.UUID](t, s.office, "SELECT undo_id FROM imports WHERE id = $1", i.ID)[0]
			return s.cached.RunUndo(ctx, crm.UndoArgs{ImportArgs: jobOf(s.admin, i), UndoID: id}, false)
		}},
		{"somebody changes the team", func() error {
			_, err := s.people.UpdatePerson(ctx, s.admin, s.zoya.UserID, auth.PersonPatch{TeamID: &sales}, nil)
			return err
		}},
		{"a team ends", func() error { _, err := s.teams.DeleteTeam(ctx, s.admin, sales, nil); return err }},
		{"somebody leaves", func() error {
			_, err := s.cached.RemoveMember(ctx, s.admin, s.zoya.UserID, &s.noor.UserID, nil)
			return err
		}},
	} {
		s.now = s.now.Add(time.Minute)
		s.everybody(t)
		time.Sleep(30 * time.Millisecond) // one deadline, for which nothing of a tenant is kept that is new here
		s.everybody(t)
		before := s.cache.Stats().Hits
		s.everybody(t)
		if got := s.cache.Stats().Hits - before; got < uint64(7*(len(listsSeen)+len(companyListsSeen)+4*len(dealListsSeen))) {
			t.Fatalf("before %q %d lists came from the cache", w.name, got)
		}
		if err := w.write(); err != nil {
			t.Fatalf("%s: %v", w.name, err)
		}
		s.everybody(t)
		if t.Failed() {
			t.Fatalf("after %q", w.name)
		}
	}
}

// TestListsAreNotSharedBetweenScopes reads each list first as somebody who sees
// more.
func TestListsAreNotSharedBetweenScopes(t *testing.T) {
	s := newShop(t)
	for _, p := range []auth.Principal{s.asha, s.ravi, s.zoya, s.noor} {
		s.add(t, p, crm.ContactInput{FirstName: "Kiran", LastName: p.Name})
	}
	without := s.asha
	without.TeamID = nil
	twice := []auth.Principal{s.admin, s.key, s.manager, s.asha, s.ravi, without, s.zoya, s.noor, s.out, {TenantID: s.tenant, UserID: uuid.New(), Role: auth.Member}}
	for range 2 {
		for _, p := range twice {
			for _, f := range listsSeen {
				s.see(t, p.Name, p, f)
			}
		}
		time.Sleep(30 * time.Millisecond)
	}
	_, err := s.cached.Contacts(t.Context(), auth.Principal{TenantID: s.tenant, Role: "intern"}, crm.ContactFilter{})
	wantCode(t, "who has no right, of a list that is kept", err, "INSUFFICIENT_PERMISSIONS")
}
