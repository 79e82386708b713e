package crm_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"payaid/internal/crm"
)

func TestACompanyIsFoundWhateverItsCase(t *testing.T) {
	o := newOffice(t)
	first := o.add(t, o.asha, crm.ContactInput{FirstName: "a", Company: "Élan Tea"})
	second := o.add(t, o.zoya, crm.ContactInput{FirstName: "b", Company: " ÉLAN   tea "})
	if *first.CompanyID != *second.CompanyID || second.Company != "Élan Tea" {
		t.Errorf("%v and %v, called %q", first.CompanyID, second.CompanyID, second.Company)
	}
	elsewhere := o.add(t, o.out, crm.ContactInput{FirstName: "c", Company: "Élan Tea"})
	if *elsewhere.CompanyID == *first.CompanyID {
		t.Error("two tenants share a company")
	}
}

func TestACompanyIsMadeOnceByManyAtATime(t *testing.T) {
	o := newOffice(t)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			name := []string{"Tea House", "TEA HOUSE", "tea house"}[i%3]
			if _, err := o.CreateContact(context.Background(), o.asha, crm.ContactInput{FirstName: fmt.Sprint(i), Company: name}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := query[int](t, o, "SELECT count(*)::int FROM companies")[0]; n != 1 {
		t.Errorf("%d companies", n)
	}
	if n := query[int](t, o, "SELECT count(DISTINCT company_id)::int * 100 + count(*)::int FROM contacts")[0]; n != 120 {
		t.Errorf("companies × 100 + contacts: %d", n)
	}
	if n := query[int](t, o, "SELECT count(*)::int FROM audit_entries WHERE action = 'company.create'")[0]; n != 1 {
		t.Errorf("%d companies in the audit log", n)
	}
}

func TestSuggestedCompanies(t *testing.T) {
	o := newOffice(t)
	for i := range 25 {
		o.add(t, o.asha, crm.ContactInput{FirstName: "a", Company: fmt.Sprintf("Firm %02d", i)})
	}
	o.add(t, o.asha, crm.ContactInput{FirstName: "a", Company: "100% Élan"})
	o.add(t, o.out, crm.ContactInput{FirstName: "a", Company: "Firm 00 elsewhere"})
	for q, want := range map[string]int{"": 20, "firm": 20, "FIRM 0": 10, "irm 03": 1, "100%": 1, "%": 1, "_": 0, "ÉLAN": 1, "elsewhere": 0} {
		got, err := o.SuggestCompanies(context.Background(), o.asha, q)
		if err != nil || len(got) != want {
			t.Errorf("%q: %d companies, %v; want %d", q, len(got), err, want)
		}
	}
}
