package crm_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/crm"
	"payaid/internal/listing"
)

// Two people opened the first version of a company; the other one has saved theirs.
func TestChangesOfACompanyAreJoined(t *testing.T) {
	o := newOffice(t)
	ctx := context.Background()
	records := o.CompanyRecords()
	group := o.addCompany(t, o.asha, crm.CompanyInput{Name: "Deccan Group"})
	other := o.addCompany(t, o.asha, crm.CompanyInput{Name: "Konkan Group"})
	some := []crm.Address{{Label: "Billing", City: "Pune"}}
	for name, c := range map[string]struct {
		theirs, mine crm.CompanyPatch
		fields, own  []string // that contradict, that are mine
	}{
		"other fields":            {crm.CompanyPatch{Employees: ptr(ptr(7)), Addresses: &some}, crm.CompanyPatch{Industry: ptr("Tools")}, nil, nil},
		"the same parent, named":  {crm.CompanyPatch{ParentID: &group.ID}, crm.CompanyPatch{ParentName: ptr("deccan group"), Industry: ptr("Tools")}, nil, nil},
		"another parent":          {crm.CompanyPatch{ParentID: &group.ID}, crm.CompanyPatch{ParentName: &other.Name, Industry: ptr("Tools")}, []string{"parentId"}, []string{"parentId", "industry"}},
		"the numbers":             {crm.CompanyPatch{AnnualRevenue: ptr(ptr(int64(100)))}, crm.CompanyPatch{AnnualRevenue: ptr(ptr(int64(200))), Industry: ptr("Tools")}, []string{"annualRevenuePaise"}, []string{"industry", "annualRevenuePaise"}},
		"the addresses":           {crm.CompanyPatch{Addresses: &some}, crm.CompanyPatch{Addresses: &[]crm.Address{{City: "Ooty"}}}, []string{"addresses"}, []string{"addresses"}},
		"the same in other words": {crm.CompanyPatch{Website: ptr("deccan.example.in")}, crm.CompanyPatch{Website: ptr("https://deccan.example.in"), Industry: ptr("Tools")}, nil, nil},
	} {
		was := o.addCompany(t, o.asha, crm.CompanyInput{Name: "Deccan " + name})
		if _, err := o.UpdateCompany(ctx, o.manager, was.ID, c.theirs, nil); err != nil {
			t.Fatal(err)
		}
		got, err := records.Merge(ctx, o.asha, was.ID, c.mine, was.Version)
		if c.fields == nil {
			if err != nil || got.Version != 3 || got.Industry != "Tools" {
				t.Errorf("%s: %+v, %v", name, got, err)
			}
			continue
		}
		clash, ok := errors.AsType[*crm.Clash](err)
		if !ok || apperr.From(err).Version != 2 || !reflect.DeepEqual(clash.Fields, c.fields) || !reflect.DeepEqual(sorted(clash.Mine), sorted(c.own)) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		_, err = o.UpdateCompany(ctx, o.asha, was.ID, c.mine, &was.Version)
		wantCode(t, name+" by a program", err, apperr.Conflict)
	}
}

func TestWhatACompanyHadIsPutBack(t *testing.T) {
	o := newOffice(t)
	ctx := context.Background()
	records := o.CompanyRecords()
	group := o.addCompany(t, o.asha, crm.CompanyInput{Name: "Deccan Group"})
	was := o.addCompany(t, o.asha, crm.CompanyInput{Name: "Deccan Tools", ParentID: &group.ID, Employees: ptr(7), Addresses: []crm.Address{{City: "Pune"}}, Tags: []string{"vip"}})
	_, err := o.UpdateCompany(ctx, o.asha, was.ID, crm.CompanyPatch{
		Name: ptr("Deccan Instruments"), ParentID: ptr(uuid.Nil), Employees: new(*int), AnnualRevenue: ptr(ptr(int64(500))), Addresses: &[]crm.Address{}, Tags: &[]string{},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	page, err := records.History(ctx, o.ravi, was.ID, "")
	if err != nil || len(page.Entries) != 2 || len(page.Entries[0].Changes) != 6 {
		t.Fatalf("%+v, %v", page, err)
	}
	entry := page.Entries[0].ID
	for _, field := range []string{"name", "parent", "employees", "annualRevenuePaise", "addresses", "tags"} {
		if _, err := records.PutBack(ctx, o.asha, was.ID, entry, field); err != nil {
			t.Errorf("%s: %v", field, err)
		}
	}
	got, err := o.Company(ctx, o.asha, was.ID)
	got.Version, got.UpdatedAt = was.Version, was.UpdatedAt
	if err != nil || !reflect.DeepEqual(got, was) {
		t.Errorf("%+v, want %+v, %v", got, was, err)
	}
	_, err = records.PutBack(ctx, o.asha, was.ID, entry, "industry")
	wantCode(t, "a field that did not change", err, apperr.NotFound)
	_, err = records.PutBack(ctx, o.ravi, was.ID, entry, "name")
	wantCode(t, "not to be changed", err, apperr.NoPermission)
	_, err = records.PutBack(ctx, o.zoya, was.ID, entry, "name")
	wantCode(t, "out of scope", err, apperr.NotFound)
	if _, err := o.UpdateCompany(ctx, o.asha, was.ID, crm.CompanyPatch{Name: ptr("Renamed")}, nil); err != nil {
		t.Fatal(err)
	}
	page, err = records.History(ctx, o.asha, was.ID, "")
	if err != nil {
		t.Fatal(err)
	}
	o.addCompany(t, o.zoya, crm.CompanyInput{Name: "Deccan Tools"})
	_, err = records.PutBack(ctx, o.asha, was.ID, page.Entries[0].ID, "name")
	wantCode(t, "a name that is taken by now", err, apperr.AlreadyExists)
}

func TestDuplicatesOfCompanies(t *testing.T) {
	o := newOffice(t)
	ctx := context.Background()
	records := o.CompanyRecords()
	number := "27AAPFU0939F1ZV"
	one := o.addCompany(t, o.asha, crm.CompanyInput{Name: "Deccan Tools", Email: "m@shop.test", Phone: "98765 43210", GSTIN: number, Website: "https://WWW.Deccan.example.in/?from=mail"})
	page := o.addCompany(t, o.asha, crm.CompanyInput{Name: "Only a page", Website: "https://pages.example.in/only-a-page"})
	gone := o.addCompany(t, o.asha, crm.CompanyInput{Name: "Gone", Phone: "98765 43210"})
	if _, err := o.DeleteCompany(ctx, o.asha, gone.ID, nil); err != nil {
		t.Fatal(err)
	}
	o.addCompany(t, o.out, crm.CompanyInput{Name: "Deccan Tools", Phone: "98765 43210"})
	seen := []crm.Duplicate{{Fields: []string{"name", "email", "phone", "gstin", "website"}, Visible: true, ID: one.ID, Name: one.Name}}
	for name, c := range map[string]struct {
		p    auth.Principal
		ask  crm.DuplicateQuery
		want []crm.Duplicate
	}{
		"all":                       {o.ravi, crm.DuplicateQuery{Name: " deccan  TOOLS", Email: "M@shop.test", Phone: "+91-98765 43210", GSTIN: "27 aapfu 0939 f1zv", Website: "http://deccan.example.in#top"}, seen},
		"what it has already":       {o.asha, crm.DuplicateQuery{Name: one.Name, Phone: one.Phone, Website: one.Website, Of: one.ID}, nil},
		"one that is not for me":    {o.zoya, crm.DuplicateQuery{Name: "Deccan Tools", GSTIN: number}, []crm.Duplicate{{Fields: []string{"name", "gstin"}}}},
		"another page of its host":  {o.asha, crm.DuplicateQuery{Website: "pages.example.in/another"}, nil},
		"the same page of its host": {o.asha, crm.DuplicateQuery{Website: "pages.example.in/only-a-page/"}, []crm.Duplicate{{Fields: []string{"website"}, Visible: true, ID: page.ID, Name: page.Name}}},
	} {
		got, err := records.Duplicates(ctx, c.p, c.ask)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	_, err := records.Duplicates(ctx, o.asha, crm.DuplicateQuery{Website: "nonsense"})
	wantCode(t, "what is no website", err, apperr.Validation)
	_, err = records.Duplicates(ctx, o.zoya, crm.DuplicateQuery{Phone: "98765 43210", Of: one.ID})
	wantCode(t, "of a company that is not for me", err, apperr.NotFound)
}

func TestACompanyWhoseNameIsTakenComesBackUnderAnother(t *testing.T) {
	o := newOffice(t)
	ctx := context.Background()
	records := o.CompanyRecords()
	one := o.addCompany(t, o.asha, crm.CompanyInput{Name: "Deccan Tools"})
	if _, err := o.DeleteCompany(ctx, o.asha, one.ID, nil); err != nil {
		t.Fatal(err)
	}
	o.addCompany(t, o.zoya, crm.CompanyInput{Name: "deccan tools"})
	_, err := o.RestoreCompany(ctx, o.asha, one.ID, nil)
	wantCode(t, "as it is", err, apperr.AlreadyExists)
	_, err = records.RestoreAs(ctx, o.asha, one.ID, crm.CompanyPatch{Name: ptr("")})
	wantCode(t, "without a name", err, apperr.Validation)
	_, err = records.RestoreAs(ctx, o.ravi, one.ID, crm.CompanyPatch{Name: ptr("Other")})
	wantCode(t, "somebody else's", err, apperr.NoPermission)
	for who, c := range map[string]struct {
		p    auth.Principal
		want int
	}{"a colleague": {o.ravi, 1}, "out of scope": {o.zoya, 0}, "another tenant": {o.out, 0}} {
		page, err := records.Trash(ctx, c.p, "", 0)
		if err != nil || len(page.Items) != c.want {
			t.Errorf("%s: %d, %v", who, len(page.Items), err)
		}
	}
	got, err := records.RestoreAs(ctx, o.asha, one.ID, crm.CompanyPatch{Name: ptr("Deccan Old Tools")})
	if err != nil || got.DeletedAt != nil || got.Name != "Deccan Old Tools" {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = records.Deleted(ctx, o.asha, one.ID)
	wantCode(t, "it is not there any more", err, apperr.NotFound)
}

// Companies that one may open are those that one sees, and nobody is led to others.
func TestWhichCompaniesAreLinked(t *testing.T) {
	o := newOffice(t)
	ctx := context.Background()
	hers := o.addCompany(t, o.asha, crm.CompanyInput{Name: "Hers"}).ID
	other := o.addCompany(t, o.zoya, crm.CompanyInput{Name: "Zoya's"}).ID
	for who, c := range map[string]struct {
		p    auth.Principal
		want map[uuid.UUID]bool
	}{
		"the admin": {o.admin, map[uuid.UUID]bool{hers: true, other: true}},
		"asha":      {o.asha, map[uuid.UUID]bool{hers: true}},
		"zoya":      {o.zoya, map[uuid.UUID]bool{other: true}},
		"noor":      {o.noor, map[uuid.UUID]bool{}},
	} {
		got, err := o.OpenCompanies(ctx, c.p, []uuid.UUID{hers, other})
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, %v", who, got, err)
		}
	}
}

func TestNeighboursOfACompany(t *testing.T) {
	o := newOffice(t)
	ctx := context.Background()
	var ids []uuid.UUID
	for _, name := range []string{"Common A", "Common B", "Common C"} {
		ids = append(ids, o.addCompany(t, o.asha, crm.CompanyInput{Name: name}).ID)
	}
	o.addCompany(t, o.zoya, crm.CompanyInput{Name: "Common Aa"})
	for _, q := range []listing.Query{{}, {Text: "common"}, {Sort: "createdAt", Filter: "type:customer"}} {
		prev, next, err := o.CompanyRecords().Neighbours(ctx, o.ravi, q, ids[1])
		if err != nil || prev == nil || *prev != ids[0] || next == nil || *next != ids[2] {
			t.Errorf("%+v: %v, %v, %v", q, prev, next, err)
		}
	}
}

func sorted(names []string) []string { return slices.Sorted(slices.Values(names)) }
