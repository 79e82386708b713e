package crm_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/crm"
	"payaid/internal/listing"
)

// addCompany makes a company as p.
func (o *office) addCompany(t *testing.T, p auth.Principal, in crm.CompanyInput) crm.Company {
	t.Helper()
	c, err := o.CreateCompany(context.Background(), p, in)
	if err != nil {
		t.Fatalf("add %+v: %v", in, err)
	}
	return c
}

func TestACompanyIsStoredInOneForm(t *testing.T) {
	o := newOffice(t)
	got := o.addCompany(t, o.asha, crm.CompanyInput{
		Name: "  Rao   Traders ", Website: "rao.example.in/shop", Phone: "98765 43210", Email: " Office@Rao.Example.IN", GSTIN: "27 aapfu0939f1zv",
		Tags: []string{"VIP", "vip ", ""}, AnnualRevenue: ptr(int64(1)), Employees: ptr(0),
		Addresses: []crm.Address{{Label: "Billing"}, {Label: " Godown ", City: " New  Delhi", PIN: "110 001", StateCode: "07"}, {City: "London", StateCode: "96", PIN: "EC1A 1BB"}},
	})
	want := crm.Company{
		ID: got.ID, Name: "Rao Traders", Type: "customer", Website: "https://rao.example.in/shop", Phone: "+919876543210", Email: "office@rao.example.in", GSTIN: "27AAPFU0939F1ZV",
		Tags: []string{"vip"}, AnnualRevenue: ptr(int64(1)), Employees: ptr(0), OwnerID: &o.asha.UserID, Owner: "Asha", Version: 1, CreatedAt: got.CreatedAt, UpdatedAt: got.UpdatedAt,
		Addresses: []crm.Address{{Label: "Godown", City: "New Delhi", PIN: "110001", StateCode: "07"}, {City: "London", StateCode: "96", PIN: "EC1A1BB"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	again, err := o.Company(context.Background(), o.asha, got.ID)
	if err != nil || again.Name != got.Name || !reflect.DeepEqual(again.Addresses, got.Addresses) {
		t.Errorf("read back %+v, %v", again, err)
	}
	known, none := (*int64)(nil), (*int)(nil)
	got, err = o.UpdateCompany(context.Background(), o.asha, got.ID, crm.CompanyPatch{AnnualRevenue: &known, Employees: &none, Notes: ptr("n")}, nil)
	if err != nil || got.AnnualRevenue != nil || got.Employees != nil || got.GSTIN != want.GSTIN || len(got.Addresses) != 2 {
		t.Errorf("unknown again: %+v, %v", got, err)
	}
}

func TestCompaniesThatAreRefused(t *testing.T) {
	o := newOffice(t)
	o.addCompany(t, o.asha, crm.CompanyInput{Name: "Tea House"})
	many := make([]crm.Address, crm.MaxAddresses+1)
	for i := range many {
		many[i].City = "Pune"
	}
	for name, c := range map[string]struct {
		in    crm.CompanyInput
		field string
		code  apperr.Code
	}{
		"no name":             {crm.CompanyInput{Name: " "}, "name", apperr.Validation},
		"a long name":         {crm.CompanyInput{Name: strings.Repeat("x", 201)}, "name", apperr.Validation},
		"a NUL":               {crm.CompanyInput{Name: "a\x00"}, "name", apperr.Validation},
		"a taken name":        {crm.CompanyInput{Name: "TEA  house"}, "name", apperr.AlreadyExists},
		"a type":              {crm.CompanyInput{Name: "a", Type: "friend"}, "type", apperr.Validation},
		"a check digit":       {crm.CompanyInput{Name: "a", GSTIN: "27AAPFU0939F1ZX"}, "gstin", apperr.Validation},
		"a script":            {crm.CompanyInput{Name: "a", Website: "javascript:alert(1)//.in"}, "website", apperr.Validation},
		"another scheme":      {crm.CompanyInput{Name: "a", Website: "ftp://x.example.in"}, "website", apperr.Validation},
		"a name and password": {crm.CompanyInput{Name: "a", Website: "https://u:p@x.example.in"}, "website", apperr.Validation},
		"revenue":             {crm.CompanyInput{Name: "a", AnnualRevenue: ptr(int64(-5))}, "annualRevenuePaise", apperr.Validation},
		"employees":           {crm.CompanyInput{Name: "a", Employees: ptr(20_000_000)}, "employees", apperr.Validation},
		"a phone":             {crm.CompanyInput{Name: "a", Phone: "12"}, "phone", apperr.Validation},
		"an e-mail":           {crm.CompanyInput{Name: "a", Email: "nobody"}, "email", apperr.Validation},
		"a PIN":               {crm.CompanyInput{Name: "a", Addresses: []crm.Address{{City: "Pune"}, {PIN: "0110001"}}}, "addresses[1].pin", apperr.Validation},
		"a state":             {crm.CompanyInput{Name: "a", Addresses: []crm.Address{{StateCode: "28"}}}, "addresses[0].stateCode", apperr.Validation},
		"addresses":           {crm.CompanyInput{Name: "a", Addresses: many}, "addresses", apperr.Validation},
		"no such parent":      {crm.CompanyInput{Name: "a", ParentID: ptr(uuid.New())}, "parentId", apperr.Validation},
		"no parent so named":  {crm.CompanyInput{Name: "a", ParentName: "Nobody & Co"}, "parentId", apperr.Validation},
		"no such owner":       {crm.CompanyInput{Name: "a", OwnerID: ptr(uuid.New())}, "ownerId", apperr.Validation},
		"a mate's":            {crm.CompanyInput{Name: "a", OwnerID: &o.ravi.UserID}, "ownerId", apperr.Validation},
	} {
		_, err := o.CreateCompany(context.Background(), o.asha, c.in)
		if e := apperr.From(err); e.Code != c.code || e.Field(c.field) == "" {
			t.Errorf("%s: %v, want %s about %s", name, err, c.code, c.field)
		}
	}
}

func TestAHierarchyIsATreeOfBoundedDepth(t *testing.T) {
	o := newOffice(t)
	ctx := context.Background()
	chain := []crm.Company{o.addCompany(t, o.admin, crm.CompanyInput{Name: "level 1"})}
	for i := 2; i <= crm.MaxCompanyDepth; i++ {
		chain = append(chain, o.addCompany(t, o.admin, crm.CompanyInput{Name: fmt.Sprint("level ", i), ParentName: chain[i-2].Name}))
	}
	bottom, refused := chain[len(chain)-1], func(what string, err error) {
		t.Helper()
		if e := apperr.From(err); e.Code != apperr.Validation || e.Field("parentId") == "" {
			t.Errorf("%s: %v, want it refused", what, err)
		}
	}
	move := func(c crm.Company, parent uuid.UUID) error {
		_, err := o.UpdateCompany(ctx, o.admin, c.ID, crm.CompanyPatch{ParentID: &parent}, nil)
		return err
	}
	_, err := o.CreateCompany(ctx, o.admin, crm.CompanyInput{Name: "one level more", ParentID: &bottom.ID})
	refused("a level too many", err)
	refused("itself", move(chain[0], chain[0].ID))
	refused("its own part", move(chain[0], chain[1].ID))
	refused("its last part", move(chain[0], bottom.ID))
	// One in the trash still counts: it may come back.
	if _, err := o.DeleteCompany(ctx, o.admin, chain[2].ID, nil); err != nil {
		t.Fatal(err)
	}
	refused("its part below one in the trash", move(chain[0], bottom.ID))
	if _, err := o.CreateCompany(ctx, o.admin, crm.CompanyInput{Name: "below the trash", ParentID: &chain[2].ID}); err == nil {
		t.Error("a company in the trash has got a part")
	}
	below, err := o.Company(ctx, o.admin, chain[3].ID)
	if err != nil || below.Parent != "" || below.ParentID == nil {
		t.Errorf("below the trash: %+v, %v", below, err)
	}
	if below, err = o.UpdateCompany(ctx, o.admin, below.ID, crm.CompanyPatch{ParentName: ptr(""), Notes: ptr("n")}, nil); err != nil || below.ParentID == nil {
		t.Errorf("a form that shows no parent takes it away: %+v, %v", below, err)
	}
	if _, err := o.RestoreCompany(ctx, o.admin, chain[2].ID, nil); err != nil {
		t.Fatal(err)
	}
	// Whole branches count with their height.
	top := o.addCompany(t, o.admin, crm.CompanyInput{Name: "another top"})
	refused("a branch that is too high", move(chain[0], top.ID))
	if err := move(chain[1], uuid.Nil); err != nil {
		t.Errorf("out of the hierarchy: %v", err)
	}
	if err := move(chain[1], top.ID); err != nil {
		t.Errorf("into another one: %v", err)
	}
	parts, err := o.Subsidiaries(ctx, o.admin, top.ID, listing.Query{})
	if err != nil || len(parts.Items) != 1 || parts.Items[0].Parent != "another top" {
		t.Errorf("parts of the other one: %+v, %v", parts, err)
	}
}

func TestTwoWhoMoveAtOnceMakeNoCircle(t *testing.T) {
	o := newOffice(t)
	for i := range 10 {
		a := o.addCompany(t, o.admin, crm.CompanyInput{Name: fmt.Sprint("a", i)})
		b := o.addCompany(t, o.admin, crm.CompanyInput{Name: fmt.Sprint("b", i)})
		var wg sync.WaitGroup
		errs := make([]error, 2)
		for n, pair := range [][2]uuid.UUID{{a.ID, b.ID}, {b.ID, a.ID}} {
			wg.Go(func() {
				_, errs[n] = o.UpdateCompany(context.Background(), o.admin, pair[0], crm.CompanyPatch{ParentID: &pair[1]}, nil)
			})
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("round %d: %v and %v, want one of the two refused", i, errs[0], errs[1])
		}
	}
}

// A company in the trash leaves its people and their lists alone, and comes back
// to them, also to one who was edited meanwhile.
func TestPeopleOfACompanyInTheTrash(t *testing.T) {
	o := newOffice(t)
	ctx := context.Background()
	one := o.add(t, o.asha, crm.ContactInput{FirstName: "Meera", Company: "Tea House"})
	id := *one.CompanyID
	company, err := o.DeleteCompany(ctx, o.asha, id, nil)
	if err != nil || company.DeletedAt == nil {
		t.Fatalf("%+v, %v", company, err)
	}
	if again, err := o.DeleteCompany(ctx, o.asha, id, nil); err != nil || again.Version != company.Version {
		t.Errorf("deleted again: %+v, %v", again, err)
	}
	edited, err := o.UpdateContact(ctx, o.asha, one.ID, crm.ContactPatch{Company: ptr(""), Notes: ptr("n")}, nil)
	if err != nil || edited.Company != "" {
		t.Errorf("edited meanwhile: %+v, %v", edited, err)
	}
	if _, err := o.RestoreCompany(ctx, o.asha, id, nil); err != nil {
		t.Fatal(err)
	}
	people, err := o.People(ctx, o.asha, id, listing.Query{})
	if err != nil || people.Total != 1 || people.Items[0].Company != "Tea House" {
		t.Errorf("people: %+v, %v", people, err)
	}
	if _, err := o.DeleteCompany(ctx, o.asha, id, nil); err != nil {
		t.Fatal(err)
	}
	o.addCompany(t, o.zoya, crm.CompanyInput{Name: "tea house"})
	_, err = o.RestoreCompany(ctx, o.asha, id, nil)
	wantCode(t, "restored although the name is taken", err, apperr.AlreadyExists)
	log := query[string](t, o, "SELECT action FROM audit_entries WHERE entity = 'company' AND entity_id = $1 ORDER BY id", id)
	if fmt.Sprint(log) != "[company.create company.delete company.restore company.delete]" {
		t.Errorf("the audit log: %v", log)
	}
}

// The same table decides about reading one, listing, searching and changing.
func TestWhoReachesWhoseCompany(t *testing.T) {
	o := newOffice(t)
	ctx := context.Background()
	byOwner := map[string]crm.Company{}
	for name, p := range map[string]auth.Principal{"asha": o.asha, "ravi": o.ravi, "zoya": o.zoya, "noor": o.noor, "nobody": o.key} {
		byOwner[name] = o.addCompany(t, p, crm.CompanyInput{Name: "Common " + name})
	}
	everybody := "asha nobody noor ravi zoya"
	for name, c := range map[string]struct {
		p             auth.Principal
		sees, changes string
	}{
		"the admin":                 {o.admin, everybody, everybody},
		"an API key":                {o.key, everybody, everybody},
		"the manager":               {o.manager, everybody, "asha ravi"},
		"asha":                      {o.asha, "asha ravi", "asha"},
		"zoya":                      {o.zoya, "zoya", "zoya"},
		"noor, who is in no team":   {o.noor, "noor", "noor"},
		"the admin of another firm": {o.out, "", ""},
	} {
		for owner, company := range byOwner {
			sees, changes := strings.Contains(c.sees, owner), strings.Contains(c.changes, owner)
			read, change := apperr.Code(""), apperr.Code("")
			if !sees {
				read, change = apperr.NotFound, apperr.NotFound
			} else if !changes {
				change = apperr.NoPermission
			}
			_, may, err := o.CompanyRecords().Read(ctx, c.p, company.ID)
			wantCode(t, name+" reads the company of "+owner, err, read)
			if may != changes {
				t.Errorf("%s may change the company of %s: %v", name, owner, may)
			}
			_, err = o.UpdateCompany(ctx, c.p, company.ID, crm.CompanyPatch{Notes: ptr(name)}, nil)
			wantCode(t, name+" changes the company of "+owner, err, change)
			_, err = o.DeleteCompany(ctx, c.p, company.ID, nil)
			wantCode(t, name+" deletes the company of "+owner, err, change)
			_, err = o.RestoreCompany(ctx, c.p, company.ID, nil)
			wantCode(t, name+" restores the company of "+owner, err, change)
		}
		for what, q := range map[string]listing.Query{"list": {}, "search": {Text: "common"}} {
			page, err := o.Companies(ctx, c.p, q)
			var got []string
			for _, one := range page.Items {
				got = append(got, strings.TrimPrefix(one.Name, "Common "))
			}
			if err != nil || strings.Join(got, " ") != c.sees || page.Total != len(got) {
				t.Errorf("%s's %s: %v, total %d, %v; want %v", name, what, got, page.Total, err, c.sees)
			}
		}
	}
	nobody := auth.Principal{TenantID: o.tenant, TenantName: "acme", UserID: uuid.New(), Role: "intern"}
	id := byOwner["asha"].ID
	for name, call := range map[string]func() error{
		"read":             func() error { _, err := o.Company(ctx, nobody, id); return err },
		"list":             func() error { _, err := o.Companies(ctx, nobody, listing.Query{}); return err },
		"parts":            func() error { _, err := o.Subsidiaries(ctx, nobody, id, listing.Query{}); return err },
		"suggest":          func() error { _, err := o.SuggestCompanies(ctx, nobody, ""); return err },
		"create":           func() error { _, err := o.CreateCompany(ctx, nobody, crm.CompanyInput{Name: "x"}); return err },
		"update":           func() error { _, err := o.UpdateCompany(ctx, nobody, id, crm.CompanyPatch{}, nil); return err },
		"delete":           func() error { _, err := o.DeleteCompany(ctx, nobody, id, nil); return err },
		"restore":          func() error { _, err := o.RestoreCompany(ctx, nobody, id, nil); return err },
		"export by member": func() error { return o.ExportCompanies(ctx, o.asha, listing.Query{}, nil, "csv", nil) },
		"views":            func() error { _, err := o.Views(ctx, nobody, crm.EntityCompanies); return err },
	} {
		wantCode(t, name, call(), apperr.NoPermission)
	}
}

func TestCompaniesAreFoundFilteredAndExported(t *testing.T) {
	o := newOffice(t)
	ctx := context.Background()
	group := o.addCompany(t, o.admin, crm.CompanyInput{Name: "Deccan Group", Type: "partner", Employees: ptr(500), AnnualRevenue: ptr(int64(100_000_00))})
	o.addCompany(t, o.admin, crm.CompanyInput{Name: "Deccan Instruments", ParentID: &group.ID, Email: "sales@deccan.example.in", GSTIN: "27AAPFU0939F1ZV", Industry: "Tools",
		Tags: []string{"vip"}, Employees: ptr(20), Addresses: []crm.Address{{City: "Pune", StateCode: "27"}}})
	o.addCompany(t, o.asha, crm.CompanyInput{Name: "=Malabar, Spices", Phone: "9876543210", Website: "malabar.example.in"})
	for _, c := range []struct {
		q    listing.Query
		want string
	}{
		{listing.Query{}, "=Malabar, Spices|Deccan Group|Deccan Instruments"},
		{listing.Query{Text: "instru"}, "Deccan Instruments"},
		{listing.Query{Text: "decan instrumants"}, "Deccan Instruments"}, // mistyped
		{listing.Query{Text: "0939f"}, "Deccan Instruments"},
		{listing.Query{Text: "98765 43210"}, "=Malabar, Spices"},
		{listing.Query{Text: "sales@"}, "Deccan Instruments"},
		{listing.Query{Sort: "-employees"}, "Deccan Group|Deccan Instruments|=Malabar, Spices"},
		{listing.Query{Sort: "annualRevenue", Text: "deccan"}, "Deccan Instruments|Deccan Group"},
		{listing.Query{Filter: "type:partner"}, "Deccan Group"},
		{listing.Query{Filter: `parent:"deccan group"`}, "Deccan Instruments"},
		{listing.Query{Filter: "parent:none -type:partner"}, "=Malabar, Spices"},
		{listing.Query{Filter: "annualRevenue:100000.."}, "Deccan Group"},
		{listing.Query{Filter: "annualRevenue:100001.."}, ""},
		{listing.Query{Filter: "employees:..100"}, "Deccan Instruments"},
		{listing.Query{Filter: "city:pune state:27 tag:vip industry:tools"}, "Deccan Instruments"},
		{listing.Query{Filter: "city:none phone:any website:any email:none gstin:none"}, "=Malabar, Spices"},
		{listing.Query{Filter: "owner:asha@acme.test team:sales createdAt:today updatedAt:today"}, "=Malabar, Spices"},
	} {
		page, err := o.Companies(ctx, o.admin, c.q)
		var got []string
		for _, one := range page.Items {
			got = append(got, one.Name)
		}
		if err != nil || strings.Join(got, "|") != c.want {
			t.Errorf("%+v: %q, %v; want %q", c.q, strings.Join(got, "|"), err, c.want)
		}
	}
	var out strings.Builder
	if err := o.ExportCompanies(ctx, o.manager, listing.Query{Sort: "-name"}, nil, "csv", &out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\r\n")
	if len(lines) != 4 || !strings.HasPrefix(lines[1], "Deccan Instruments,Deccan Group,customer,Tools,,20,") || !strings.HasPrefix(lines[3], `"'=Malabar, Spices",`) {
		t.Errorf("the export:\n%s", out.String())
	}
}
