package crm_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/crm"
	"payaid/internal/listing"
)

// addDeal makes a deal as p.
func (o *office) addDeal(t *testing.T, p auth.Principal, in crm.DealInput) crm.Deal {
	t.Helper()
	d, err := o.CreateDeal(context.Background(), p, in)
	if err != nil {
		t.Fatalf("add %+v: %v", in, err)
	}
	return d
}

// stages returns the default pipeline and its stages by name.
func (o *office) stages(t *testing.T) (crm.Pipeline, map[string]crm.Stage) {
	t.Helper()
	one, err := o.Pipeline(context.Background(), o.admin, uuid.Nil)
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]crm.Stage{}
	for _, s := range one.Stages {
		byName[s.Name] = s
	}
	return one, byName
}

func TestEveryBusinessBeginsWithAPipeline(t *testing.T) {
	o := newOffice(t)
	one, stages := o.stages(t)
	var names []string
	for _, s := range one.Stages {
		names = append(names, s.Name)
	}
	if got := strings.Join(names, ", "); got != "Lead, Qualified, Proposal, Negotiation, Won, Lost" {
		t.Errorf("stages: %s", got)
	}
	for name, days := range map[string]int{"Lead": 21, "Qualified": 10, "Proposal": 14, "Negotiation": 7, "Won": 0} {
		if stages[name].RotDays != days {
			t.Errorf("%s rots after %d days, want %d", name, stages[name].RotDays, days)
		}
	}
}

func TestDealsThatAreRefused(t *testing.T) {
	o := newOffice(t)
	_, stages := o.stages(t)
	theirs := o.add(t, o.zoya, crm.ContactInput{FirstName: "Zubin"})
	o.add(t, o.asha, crm.ContactInput{FirstName: "Twice"})
	o.add(t, o.asha, crm.ContactInput{FirstName: "Twice"})
	for name, c := range map[string]struct {
		in    crm.DealInput
		field string
	}{
		"no name":                     {crm.DealInput{Name: " "}, "name"},
		"a NUL":                       {crm.DealInput{Name: "a\x00"}, "name"},
		"a negative value":            {crm.DealInput{Name: "a", Value: -1}, "valuePaise"},
		"too large a value":           {crm.DealInput{Name: "a", Value: 10_000_000_000_001}, "valuePaise"},
		"a probability":               {crm.DealInput{Name: "a", Probability: ptr(101)}, "probability"},
		"a date":                      {crm.DealInput{Name: "a", ExpectedClose: "2026-02-30"}, "expectedClose"},
		"a stage that is won":         {crm.DealInput{Name: "a", StageID: ptr(stages["Won"].ID)}, "stageId"},
		"no such stage":               {crm.DealInput{Name: "a", StageID: ptr(uuid.New())}, "stageId"},
		"a contact out of sight":      {crm.DealInput{Name: "a", ContactID: &theirs.ID}, "contactId"},
		"a named one out of sight":    {crm.DealInput{Name: "a", ContactName: "zubin"}, "contactId"},
		"a name that two have":        {crm.DealInput{Name: "a", ContactName: "twice"}, "contactId"},
		"a name that nobody has":      {crm.DealInput{Name: "a", ContactName: "nobody"}, "contactId"},
		"a company that is not there": {crm.DealInput{Name: "a", CompanyID: ptr(uuid.New())}, "companyId"},
		"a mate's":                    {crm.DealInput{Name: "a", OwnerID: &o.ravi.UserID}, "ownerId"},
	} {
		_, err := o.CreateDeal(context.Background(), o.asha, c.in)
		if e := apperr.From(err); e.Code != apperr.Validation || e.Field(c.field) == "" {
			t.Errorf("%s: %v, want it refused about %s", name, err, c.field)
		}
	}
}

func TestADealKnowsItsContactsCompany(t *testing.T) {
	o := newOffice(t)
	c := o.add(t, o.asha, crm.ContactInput{FirstName: "Meera", Email: "meera@tea.test", Company: "Tea House"})
	d := o.addDeal(t, o.asha, crm.DealInput{Name: " Tea   for all ", ContactName: "MEERA@tea.test", Value: 5})
	if d.Name != "Tea for all" || d.Contact != "Meera" || d.Company != "Tea House" || *d.ContactID != c.ID || d.Stage != "Lead" || d.Probability != 10 || d.OwnChance != nil {
		t.Errorf("%+v", d)
	}
	if _, err := o.DeleteContact(context.Background(), o.asha, c.ID, nil); err != nil {
		t.Fatal(err)
	}
	// A form that shows no contact must not take away the one in the trash.
	d, err := o.UpdateDeal(context.Background(), o.asha, d.ID, crm.DealPatch{ContactName: ptr(""), Probability: ptr(ptr(70)), CompanyName: ptr("New Mills")}, &d.Version)
	if err != nil || d.ContactID == nil || d.Contact != "" || d.Probability != 70 || d.Company != "New Mills" {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestTheLifeOfADeal(t *testing.T) {
	o, ctx := newOffice(t), context.Background()
	_, stages := o.stages(t)
	c := o.add(t, o.zoya, crm.ContactInput{FirstName: "Meera"})
	d := o.addDeal(t, o.admin, crm.DealInput{Name: "Looms", ContactID: &c.ID, OwnerID: &o.asha.UserID})
	step := func(what string, wait time.Duration, move func() (crm.Deal, error), stage, state string) {
		t.Helper()
		o.now = o.now.Add(wait)
		got, err := move()
		if err != nil || got.Stage != stage || got.State != state || (got.ClosedAt == nil) != (state == crm.DealOpen) || got.Version != d.Version+1 {
			t.Fatalf("%s: %+v, %v", what, got, err)
		}
		d = got
	}
	step("moved", 2*time.Hour, func() (crm.Deal, error) {
		return o.MoveDeal(ctx, o.asha, d.ID, crm.DealMove{StageID: stages["Proposal"].ID}, &d.Version)
	}, "Proposal", "open")
	_, err := o.LoseDeal(ctx, o.asha, d.ID, crm.DealEnd{Reason: " "}, nil)
	if e := apperr.From(err); e.Field("reason") == "" {
		t.Errorf("lost without a reason: %v", err)
	}
	_, err = o.MoveDeal(ctx, o.asha, d.ID, crm.DealMove{StageID: stages["Lost"].ID}, nil)
	if e := apperr.From(err); e.Field("reason") == "" {
		t.Errorf("moved to the lost ones without a reason: %v", err)
	}
	step("lost", 24*time.Hour, func() (crm.Deal, error) {
		return o.LoseDeal(ctx, o.asha, d.ID, crm.DealEnd{Reason: "Too dear", Competitor: "Mills & Co"}, &d.Version)
	}, "Lost", "lost")
	_, err = o.LoseDeal(ctx, o.asha, d.ID, crm.DealEnd{Reason: "again"}, nil)
	wantCode(t, "lost twice", err, apperr.BusinessRule)
	step("reopened", time.Hour, func() (crm.Deal, error) { return o.ReopenDeal(ctx, o.asha, d.ID, &d.Version) }, "Proposal", "open")
	if d.Reason != "" || d.Competitor != "Mills & Co" {
		t.Errorf("reopened: %+v", d)
	}
	step("won", time.Hour, func() (crm.Deal, error) { return o.WinDeal(ctx, o.asha, d.ID, crm.DealEnd{}, &d.Version) }, "Won", "won")
	if d.Probability != 100 {
		t.Errorf("won with a probability of %d", d.Probability)
	}
	if got, err := o.Contact(ctx, o.zoya, c.ID); err != nil || got.Stage != "customer" || got.Version != c.Version+1 {
		t.Errorf("the contact: %+v, %v", got, err)
	}
	_, err = o.MoveDeal(ctx, o.asha, d.ID, crm.DealMove{StageID: stages["Lead"].ID}, ptr(int64(1)))
	if e := apperr.From(err); e.Code != apperr.Conflict || e.Version != d.Version {
		t.Errorf("moved on an old version: %v", err)
	}
	stays, err := o.DealStages(ctx, o.asha, d.ID)
	var got []string
	for _, s := range stays {
		got = append(got, s.Stage+" "+s.Stay(o.now.Add(time.Minute)).String()+" "+s.Actor)
	}
	if want := "Won 1m0s Asha, Proposal 1h0m0s Asha, Lost 1h0m0s Asha, Proposal 24h0m0s Asha, Lead 2h0m0s Admin"; err != nil || strings.Join(got, ", ") != want {
		t.Errorf("stays: %s, %v", strings.Join(got, ", "), err)
	}
	log := query[string](t, o, "SELECT action FROM audit_entries WHERE entity = 'deal' AND entity_id = $1 ORDER BY id", d.ID)
	if got := strings.Join(log, " "); got != "deal.create deal.move deal.lose deal.reopen deal.win" {
		t.Errorf("audit: %s", got)
	}
}

// order names the deals of a column from top to bottom.
func (o *office) order(t *testing.T, stage uuid.UUID) string {
	t.Helper()
	col, err := o.BoardColumn(context.Background(), o.admin, stage, listing.Query{})
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, len(col.Deals.Items))
	for i, d := range col.Deals.Items {
		names[i] = d.Name
	}
	return strings.Join(names, "")
}

func TestTheOrderOfAColumn(t *testing.T) {
	o, ctx := newOffice(t), context.Background()
	_, stages := o.stages(t)
	lead, next := stages["Lead"].ID, stages["Qualified"].ID
	ids := map[string]uuid.UUID{}
	for _, name := range []string{"d", "c", "b", "a"} {
		ids[name] = o.addDeal(t, o.admin, crm.DealInput{Name: name}).ID
	}
	move := func(name string, to uuid.UUID, behind string) {
		t.Helper()
		in := crm.DealMove{StageID: to}
		if behind != "" {
			in.BehindID = ptr(ids[behind])
		}
		if _, err := o.MoveDeal(ctx, o.admin, ids[name], in, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name   string
		to     uuid.UUID
		behind string
		lead   string
	}{
		{"a", lead, "b", "bacd"}, {"a", lead, "b", "bacd"}, {"d", lead, "b", "bdac"}, {"c", lead, "", "cbda"}, {"b", lead, "a", "cdab"}, {"b", lead, "b", "bcda"},
		{"d", next, "", "bca"}, {"d", lead, "a", "bcad"}, {"b", next, "c", "cad"}, {"b", lead, "c", "cbad"},
	} {
		move(c.name, c.to, c.behind)
		if got := o.order(t, lead); got != c.lead {
			t.Fatalf("%s behind %q: %s, want %s", c.name, c.behind, got, c.lead)
		}
	}
	// One that lies in the trash keeps its place, between whatever is put there meanwhile.
	if _, err := o.DeleteDeal(ctx, o.admin, ids["b"], nil); err != nil {
		t.Fatal(err)
	}
	move("d", lead, "c")
	if _, err := o.RestoreDeal(ctx, o.admin, ids["b"], nil); err != nil {
		t.Fatal(err)
	}
	if got := o.order(t, lead); got != "cdba" {
		t.Errorf("with the restored one: %s", got)
	}
	// The same gap is halved again and again, exactly.
	for range 200 {
		move("a", lead, "c")
		move("b", lead, "c")
	}
	if got := o.order(t, lead); got != "cbad" {
		t.Errorf("after 400 moves into one gap: %s", got)
	}
}

func TestTwoWhoDropAtTheSamePlaceGetTwoPlaces(t *testing.T) {
	o := newOffice(t)
	_, stages := o.stages(t)
	var ids []uuid.UUID
	for range 8 {
		ids = append(ids, o.addDeal(t, o.admin, crm.DealInput{Name: "x"}).ID)
	}
	var wg sync.WaitGroup
	for _, id := range ids[1:] {
		wg.Go(func() {
			if _, err := o.MoveDeal(context.Background(), o.admin, id, crm.DealMove{StageID: stages["Lead"].ID, BehindID: &ids[0]}, nil); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := query[int64](t, o, "SELECT count(DISTINCT position) FROM deals")[0]; n != 8 {
		t.Errorf("8 deals stand at %d places", n)
	}
}

func TestTheSumsOfABoard(t *testing.T) {
	o, ctx := newOffice(t), context.Background()
	_, stages := o.stages(t)
	o.addDeal(t, o.asha, crm.DealInput{Name: "one", Value: 1_000_01, ExpectedClose: "2026-11-30"})
	o.addDeal(t, o.asha, crm.DealInput{Name: "two", Value: 2_000_00, Probability: ptr(55), ExpectedClose: "2026-12-01"})
	late := o.addDeal(t, o.zoya, crm.DealInput{Name: "three", Value: 4_000_00, StageID: ptr(stages["Proposal"].ID), ExpectedClose: "2026-10-31"})
	won := o.addDeal(t, o.zoya, crm.DealInput{Name: "four", Value: 8_000_00, Probability: ptr(1), ExpectedClose: "2026-11-01"})
	if _, err := o.WinDeal(ctx, o.zoya, won.ID, crm.DealEnd{}, nil); err != nil {
		t.Fatal(err)
	}
	for who, c := range map[string]struct {
		p    auth.Principal
		q    listing.Query
		want map[string]crm.DealSum
	}{
		"the admin": {o.admin, listing.Query{}, map[string]crm.DealSum{"Lead": {2, 3_000_01, 100_00 + 1_100_00}, "Proposal": {1, 4_000_00, 2_000_00}, "Won": {1, 8_000_00, 8_000_00}}},
		"asha":      {o.asha, listing.Query{}, map[string]crm.DealSum{"Lead": {2, 3_000_01, 100_00 + 1_100_00}}},
		"a filter":  {o.admin, listing.Query{Filter: "value:..1500"}, map[string]crm.DealSum{"Lead": {1, 1_000_01, 100_00}}},
		"a search":  {o.admin, listing.Query{Text: "three"}, map[string]crm.DealSum{"Proposal": {1, 4_000_00, 2_000_00}}},
		"outside":   {o.out, listing.Query{}, map[string]crm.DealSum{}},
	} {
		b, err := o.Board(ctx, c.p, uuid.Nil, c.q)
		if err != nil || len(b.Columns) != 6 {
			t.Fatalf("%s: %d columns, %v", who, len(b.Columns), err)
		}
		for _, col := range b.Columns {
			if col.Sum != c.want[col.Stage.Name] || int64(len(col.Deals.Items)) != col.Sum.Count {
				t.Errorf("%s, %s: %+v with %d cards, want %+v", who, col.Stage.Name, col.Sum, len(col.Deals.Items), c.want[col.Stage.Name])
			}
		}
	}
	_, months, err := o.Forecast(ctx, o.admin, uuid.Nil, listing.Query{})
	want := map[string]crm.DealSum{"2026-10": {1, late.Value, 2_000_00}, "2026-11": {1, 1_000_01, 100_00}, "2026-12": {1, 2_000_00, 1_100_00}}
	if err != nil || len(months) != crm.ForecastMonths+2 || !months[0].Late {
		t.Fatalf("%+v, %v", months, err)
	}
	for _, m := range months {
		if m.DealSum != want[m.Month] {
			t.Errorf("%s: %+v, want %+v", m.Month, m.DealSum, want[m.Month])
		}
	}
}

func TestADealRots(t *testing.T) {
	o, ctx := newOffice(t), context.Background()
	_, stages := o.stages(t)
	o.now = time.Now().UTC().Add(-8 * 24 * time.Hour) // the filter asks the clock of the database
	d := o.addDeal(t, o.admin, crm.DealInput{Name: "slow", StageID: ptr(stages["Negotiation"].ID)})
	o.addDeal(t, o.admin, crm.DealInput{Name: "new"})
	if d.Rotting(d.StageSince.Add(7*24*time.Hour)) || !d.Rotting(d.StageSince.Add(7*24*time.Hour+time.Second)) {
		t.Error("a deal rots after exactly 7 days")
	}
	page, err := o.Deals(ctx, o.admin, listing.Query{Filter: "rotting:yes"})
	if err != nil || len(page.Items) != 1 || page.Items[0].Name != "slow" {
		t.Errorf("rotting: %+v, %v", page.Items, err)
	}
}

func TestWhoReachesWhoseDeal(t *testing.T) {
	o, ctx := newOffice(t), context.Background()
	_, stages := o.stages(t)
	byOwner := map[string]crm.Deal{}
	for name, p := range map[string]auth.Principal{"asha": o.asha, "ravi": o.ravi, "zoya": o.zoya, "nobody": o.key} {
		byOwner[name] = o.addDeal(t, p, crm.DealInput{Name: "Common " + name, Value: 100})
	}
	everybody := []string{"asha", "nobody", "ravi", "zoya"}
	for name, c := range map[string]struct {
		p             auth.Principal
		sees, changes []string
	}{
		"the admin":                 {o.admin, everybody, everybody},
		"an API key":                {o.key, everybody, everybody},
		"the manager":               {o.manager, everybody, []string{"asha", "ravi"}},
		"asha":                      {o.asha, []string{"asha", "ravi"}, []string{"asha"}},
		"noor, who is in no team":   {o.noor, nil, nil},
		"the admin of another firm": {o.out, nil, nil},
	} {
		for owner, deal := range byOwner {
			read, change := apperr.NotFound, apperr.NotFound
			if slices.Contains(c.sees, owner) {
				read, change = "", apperr.NoPermission
			}
			if slices.Contains(c.changes, owner) {
				change = ""
			}
			_, err := o.Deal(ctx, c.p, deal.ID)
			wantCode(t, name+" reads the deal of "+owner, err, read)
			_, err = o.DealStages(ctx, c.p, deal.ID)
			wantCode(t, name+" reads the stages of the deal of "+owner, err, read)
			_, err = o.UpdateDeal(ctx, c.p, deal.ID, crm.DealPatch{Notes: ptr(name)}, nil)
			wantCode(t, name+" changes the deal of "+owner, err, change)
			_, err = o.MoveDeal(ctx, c.p, deal.ID, crm.DealMove{StageID: stages["Lead"].ID}, nil)
			wantCode(t, name+" moves the deal of "+owner, err, change)
			_, err = o.DeleteDeal(ctx, c.p, deal.ID, nil)
			wantCode(t, name+" deletes the deal of "+owner, err, change)
			_, err = o.RestoreDeal(ctx, c.p, deal.ID, nil)
			wantCode(t, name+" restores the deal of "+owner, err, change)
		}
		for what, q := range map[string]listing.Query{"list": {}, "search": {Text: "common"}} {
			page, err := o.Deals(ctx, c.p, q)
			var got []string
			for _, d := range page.Items {
				got = append(got, strings.TrimPrefix(d.Name, "Common "))
			}
			col, colErr := o.Board(ctx, c.p, uuid.Nil, q)
			if err != nil || colErr != nil || !slices.Equal(got, c.sees) || col.Columns[0].Sum.Count != int64(len(c.sees)) || len(col.Columns[0].Deals.Items) != len(c.sees) {
				t.Errorf("%s's %s: %v, sum %+v, %v %v; want %v", name, what, got, col.Columns[0].Sum, err, colErr, c.sees)
			}
		}
		if c.p.Can(auth.DealsExport) {
			var file bytes.Buffer
			if err := o.ExportDeals(ctx, c.p, listing.Query{}, "csv", &file); err != nil || strings.Count(file.String(), "Common") != len(c.sees) {
				t.Errorf("%s's export: %v\n%s", name, err, file.String())
			}
		}
	}
}

func TestRightsOfDealsComeFirst(t *testing.T) {
	o, ctx := newOffice(t), context.Background()
	id := o.addDeal(t, o.asha, crm.DealInput{Name: "x"}).ID
	one, _ := o.stages(t)
	nobody := auth.Principal{TenantID: o.tenant, TenantName: "acme", UserID: uuid.New(), Role: "intern"}
	for name, call := range map[string]func() error{
		"read":      func() error { _, err := o.Deal(ctx, nobody, id); return err },
		"list":      func() error { _, err := o.Deals(ctx, nobody, listing.Query{}); return err },
		"board":     func() error { _, err := o.Board(ctx, nobody, uuid.Nil, listing.Query{}); return err },
		"forecast":  func() error { _, _, err := o.Forecast(ctx, nobody, uuid.Nil, listing.Query{}); return err },
		"pipelines": func() error { _, err := o.Pipelines(ctx, nobody); return err },
		"create":    func() error { _, err := o.CreateDeal(ctx, nobody, crm.DealInput{Name: "x"}); return err },
		"move":      func() error { _, err := o.MoveDeal(ctx, nobody, id, crm.DealMove{}, nil); return err },
		"delete":    func() error { _, err := o.DeleteDeal(ctx, nobody, id, nil); return err },
		"export by a member": func() error {
			return o.ExportDeals(ctx, o.asha, listing.Query{}, "csv", &bytes.Buffer{})
		},
		"configure by a manager": func() error { _, err := o.RenamePipeline(ctx, o.manager, one.ID, "x", nil); return err },
	} {
		wantCode(t, name, call(), apperr.NoPermission)
	}
}
