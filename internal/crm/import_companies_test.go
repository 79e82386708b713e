package crm_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/crm"
	"payaid/internal/jobs"
	"payaid/internal/listing"
)

func companiesCSV(text string) crm.ImportInput {
	in := csvInput(text)
	in.Entity, in.FileName = crm.EntityCompanies, "companies.csv"
	return in
}

func companySample(t *testing.T, name string) crm.ImportInput {
	t.Helper()
	in := sample(t, name)
	in.Entity = crm.EntityCompanies
	return in
}

// byName returns the living company of that name as the admin sees it.
func (k *desk) byName(t *testing.T, name string) crm.Company {
	t.Helper()
	page, err := k.Companies(context.Background(), k.admin, listing.Query{Text: name})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range page.Items {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("there is no company %s", name)
	return crm.Company{}
}

func TestCompaniesOfOtherProgramsComeIn(t *testing.T) {
	k := newDesk(t)
	k.wantCounts(t, k.bring(t, k.asha, companySample(t, "hubspot_companies.csv")), 2, 0, 0, 0)
	c := k.byName(t, "Aravalli Steel Pvt Ltd")
	if c.Type != "customer" || c.Phone != "+912223456789" || *c.Employees != 120 || *c.AnnualRevenue != 4_500_000_000 || c.Website != "https://aravalli.example" ||
		c.Notes != "Makes tubes" || c.OwnerID == nil || *c.OwnerID != k.asha.UserID || fmt.Sprint(c.Addresses) != "[{Billing 14 MG Road Mumbai 27 400001}]" {
		t.Errorf("Aravalli came in as %+v", c)
	}
	if c := k.byName(t, "Elbe Werkzeug GmbH"); c.Type != "partner" || fmt.Sprint(c.Addresses) != "[{Billing Ufer 3, Sachsen, Germany Dresden 96 01067}]" {
		t.Errorf("Elbe came in as %+v", c)
	}
	k.wantCounts(t, k.bring(t, k.asha, companySample(t, "zoho_accounts.csv")), 2, 0, 0, 0)
	if c := k.byName(t, "Ganga Boards"); c.Parent != "Ganga Group" || *c.Employees != 1200 || *c.AnnualRevenue != 123_456_750 || fmt.Sprint(c.Tags) != "[paper boards]" || c.Website != "https://www.ganga.example" {
		t.Errorf("Ganga Boards came in as %+v", c)
	}
	k.wantCounts(t, k.bring(t, k.asha, companySample(t, "tally_ledgers.csv")), 1, 0, 0, 0)
	if c := k.byName(t, "Deccan Instruments"); c.GSTIN != "27AAPFU0939F1ZV" || c.Email != "accounts@deccan.example" || fmt.Sprint(c.Addresses) != "[{Billing 12 Residency Road, Pune  27 411001}]" {
		t.Errorf("Deccan came in as %+v", c)
	}
	if n := query[int64](t, k.office, "SELECT count(*) FROM audit_entries WHERE action = 'company.import'"); n[0] != 5 {
		t.Errorf("%d entries in the audit log", n[0])
	}
}

func TestWhichCompanyARowIsAbout(t *testing.T) {
	k := newDesk(t)
	k.addCompany(t, k.asha, crm.CompanyInput{Name: "Acme Pumps", GSTIN: "27AAPFU0939F1ZV", Email: "desk@acme.example", Phone: "9876543210"})
	k.addCompany(t, k.asha, crm.CompanyInput{Name: "Beta Valves", Email: "shared@group.example"})
	k.addCompany(t, k.asha, crm.CompanyInput{Name: "Gamma Valves", Email: "shared@group.example"})
	bring := func(policy string, rows ...string) crm.Import {
		in := companiesCSV("Name,GSTIN,Email,Phone,Industry\n" + strings.Join(rows, "\n") + "\n")
		in.Duplicates = policy
		return k.bring(t, k.asha, in)
	}
	k.wantCounts(t, bring(crm.DuplicatesSkip,
		"acme PUMPS,,,,",                                          // by its name
		"Acme Ltd,27AAPFU0939F1ZV,,,",                             // by its GSTIN
		"Acme by mail,,desk@acme.example,,",                       // by its e-mail
		"Acme by phone,,,+91 98765 43210,",                        // by its phone
		"Branch with a GSTIN,29AAPFU0939F1ZR,desk@acme.example,,", // another one
		"Delta,,shared@group.example,,",                           // nobody in particular has this e-mail
	), 2, 0, 4, 0)
	k.wantCounts(t, bring(crm.DuplicatesUpdate, "Acme Pumps India,27AAPFU0939F1ZV,,,Pumps", "acme pumps india,,,,Motors"), 0, 2, 0, 0)
	if c := k.byName(t, "acme pumps india"); c.Industry != "Motors" || c.Email != "desk@acme.example" || c.Version != 2 {
		t.Errorf("updated to %+v", c)
	}
	i := bring(crm.DuplicatesUpdate, "Beta Valves,27AAPFU0939F1ZV,,,")
	k.wantCounts(t, i, 0, 0, 0, 1)
	if bad := k.errors(t, i); bad[0].Details[0].Field != "name" || !strings.Contains(bad[0].Details[0].Message, "already has this name") {
		t.Errorf("a name that another one has: %+v", bad)
	}
	i = bring(crm.DuplicatesCreate, "Beta Valves,,,,")
	k.wantCounts(t, i, 0, 0, 0, 1)
	in := companiesCSV("Name\nBeta Valves\nEta\neta\n")
	in.DryRun = true
	k.wantCounts(t, k.bring(t, k.asha, in), 1, 0, 2, 0)
	in = companiesCSV("Name,Industry\nBeta Valves,x\n")
	in.Duplicates = crm.DuplicatesUpdate
	i = k.bring(t, k.ravi, in)
	if k.wantCounts(t, i, 0, 0, 0, 1); !strings.Contains(k.errors(t, i)[0].Details[0].Message, "you may not change it") {
		t.Errorf("somebody else's: %+v", k.errors(t, i))
	}
}

func TestCompaniesComeInWithTheirHierarchy(t *testing.T) {
	k := newDesk(t)
	k.addCompany(t, k.asha, crm.CompanyInput{Name: "Root"})
	i := k.bring(t, k.asha, companiesCSV("Name,Part of\n"+strings.Join([]string{
		"Leaf,branch", "Branch,Root", // in any order
		"Orphan,Nobody", "Child of it,Orphan", // refused, and with it what hangs on it
		"A,B", "B,A", "Self,self", // circles
		"L2,Root", "L3,L2", "L4,L3", "L5,L4", "L6,L5", // one level too many
	}, "\n")+"\n"))
	names := func() string {
		return strings.Join(query[string](t, k.office, "SELECT c.name || '<' || coalesce(p.name, '') FROM companies c LEFT JOIN companies p ON p.id = c.parent_id WHERE c.deleted_at IS NULL ORDER BY 1"), " ")
	}
	if got := names(); got != "Branch<Root L2<Root L3<L2 L4<L3 L5<L4 Leaf<Branch Root<" {
		t.Error(got)
	}
	k.wantCounts(t, i, 6, 0, 0, 6)
	for _, e := range k.errors(t, i) {
		if e.Details[0].Field != "parentId" {
			t.Errorf("line %d: %+v", e.Line, e.Details)
		}
	}
	in := companiesCSV("Name,Part of\nBranch,L4\nL2,Leaf\n") // the second would be a circle of what is there
	in.Duplicates = crm.DuplicatesUpdate
	k.wantCounts(t, k.bring(t, k.asha, in), 0, 0, 0, 2)
	in = companiesCSV("Name,Part of\nLeaf,\nBranch,L3\n")
	in.Duplicates = crm.DuplicatesUpdate
	k.wantCounts(t, k.bring(t, k.asha, in), 0, 2, 0, 0)
	if got := names(); got != "Branch<L3 L2<Root L3<L2 L4<L3 L5<L4 Leaf<Branch Root<" {
		t.Error(got)
	}
	// Who does not see a company does not hang anything on it.
	i = k.bring(t, k.zoya, companiesCSV("Name,Part of\nZoya's,Root\n"))
	k.wantCounts(t, i, 0, 0, 0, 1)
}

func TestAnImportOfCompaniesIsUndone(t *testing.T) {
	k := newDesk(t)
	ctx := context.Background()
	was := k.addCompany(t, k.asha, crm.CompanyInput{Name: "Was There", Industry: "Tea", Tags: []string{"old"}, Addresses: []crm.Address{{Label: "Works", City: "Pune"}, {Label: "Office", City: "Goa"}}})
	in := companiesCSV("Name,Industry,City\nWas There,Coffee,Nashik\nNew One,,\nEdited Since,,\n")
	in.Duplicates = crm.DuplicatesUpdate
	i := k.bring(t, k.asha, in)
	k.wantCounts(t, i, 2, 1, 0, 0)
	if c := k.byName(t, "Was There"); c.Industry != "Coffee" || fmt.Sprint(c.Addresses) != "[{Works  Nashik  } {Office  Goa  }]" {
		t.Errorf("changed to %+v", c)
	}
	if _, err := k.UpdateCompany(ctx, k.asha, k.byName(t, "Edited Since").ID, crm.CompanyPatch{Notes: ptr("mine")}, nil); err != nil {
		t.Fatal(err)
	}
	done := k.undo(t, i)
	if u := done.Undo; u == nil || u.Status != jobs.Completed || u.Removed != 1 || u.Restored != 1 || u.Spared != 1 {
		t.Errorf("undone: %+v", done.Undo)
	}
	if c := k.byName(t, "Was There"); c.Industry != "Tea" || fmt.Sprint(c.Addresses) != fmt.Sprint(was.Addresses) || fmt.Sprint(c.Tags) != "[old]" || c.Version != 3 {
		t.Errorf("put back as %+v", c)
	}
	if n := query[int64](t, k.office, "SELECT count(*) FROM companies WHERE name = 'New One' AND deleted_at IS NOT NULL"); n[0] != 1 {
		t.Error("what the import made is not in the trash")
	}
}

func TestCompaniesComeBackFromTheirExport(t *testing.T) {
	k := newDesk(t)
	parent := k.addCompany(t, k.asha, crm.CompanyInput{Name: "Parent"})
	k.addCompany(t, k.asha, crm.CompanyInput{
		Name: "=Child", ParentID: &parent.ID, Type: "partner", Industry: "Tea", AnnualRevenue: ptr(int64(123_456)), Employees: ptr(7), Website: "https://child.example",
		Phone: "9876543210", Email: "desk@child.example", GSTIN: "27AAPFU0939F1ZV", Tags: []string{"a, b", "vip"}, Notes: "one\ntwo",
	})
	for _, format := range crm.CompanyExportFormats {
		var file bytes.Buffer
		if err := k.ExportCompanies(context.Background(), k.admin, listing.Query{}, nil, format, &file); err != nil {
			t.Fatal(err)
		}
		k.d.OwnerExec(t, "DELETE FROM companies")
		k.wantCounts(t, k.bring(t, k.asha, companiesCSV(file.String())), 2, 0, 0, 0)
		c := k.byName(t, "=Child")
		if c.Parent != "Parent" || c.Type != "partner" || c.Industry != "Tea" || *c.AnnualRevenue != 123_456 || *c.Employees != 7 || c.Website != "https://child.example" ||
			c.Phone != "+919876543210" || c.Email != "desk@child.example" || c.GSTIN != "27AAPFU0939F1ZV" || strings.Join(c.Tags, "|") != "a, b|vip" || c.Notes != "one\ntwo" {
			t.Errorf("%s came back as %+v", format, c)
		}
	}
}

func TestBadRowsOfCompaniesSayWhy(t *testing.T) {
	k := newDesk(t)
	i := k.bring(t, k.asha, companiesCSV(strings.Join([]string{
		"Name,GSTIN,Employees,Revenue,State,PIN,Type,Website",
		",,,,,,,",
		",27AAPFU0939F1ZV,,,,,,",
		"One,27AAPFU0939F1ZX,many,lots,Atlantis,12,friend,nowhere",
	}, "\n")+"\n"))
	k.wantCounts(t, i, 0, 0, 0, 2)
	bad := k.errors(t, i)
	fields := map[string]bool{}
	for _, d := range bad[1].Details {
		fields[d.Field] = true
	}
	for _, f := range []string{"gstin", "employees", "annualRevenue", "stateCode", "pin", "type", "website"} {
		if !fields[f] {
			t.Errorf("%s is taken: %+v", f, bad[1].Details)
		}
	}
	if bad[0].Details[0].Field != "name" {
		t.Errorf("a company without a name: %+v", bad[0])
	}
	_, err := k.StartImport(context.Background(), k.asha, companiesCSV("Colour\nred\n"))
	if !strings.Contains(apperr.From(err).Field("file"), "No column for the name was found.") {
		t.Errorf("no name at all: %v", err)
	}
	_, err = k.StartImport(context.Background(), auth.Principal{TenantID: k.tenant, UserID: k.asha.UserID, Role: "intern"}, companiesCSV("Name\nA\n"))
	wantCode(t, "without a right", err, apperr.NoPermission)
}
