package crm_test

import (
	"context"
	"slices"
	"testing"

	"payaid/internal/crm"
	"payaid/internal/listing"
)

// The same seed makes the same contacts in every business, and again the same.
func TestSeedIsAlwaysTheSame(t *testing.T) {
	o := newOffice(t)
	ctx := context.Background()
	const n = 60
	seed := func(p string, number uint64) []string {
		tenant := o.admin
		if p == "other" {
			tenant = o.out
		}
		done := 0
		if err := o.SeedContacts(ctx, tenant.TenantID, n, number, func(d int) { done = d }); err != nil || done != n {
			t.Fatalf("%d done: %v", done, err)
		}
		firms, err := o.Companies(ctx, tenant, listing.Query{})
		if err != nil || len(firms.Items) == 0 {
			t.Fatalf("%d companies: %v", len(firms.Items), err)
		}
		for _, c := range firms.Items {
			if c.OwnerID == nil {
				t.Errorf("%s belongs to nobody", c.Name)
			}
		}
		page, err := o.Contacts(ctx, tenant, crm.ContactFilter{Sort: "email", Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, c := range page.Contacts {
			out = append(out, c.Name+c.Email+c.Phone+c.Company+c.Stage+c.NextFollowUp+c.CreatedAt.String())
		}
		return out
	}
	first := seed("acme", 7)
	if len(first) != n || !slices.Equal(seed("acme", 7), first) || !slices.Equal(seed("other", 7), first) {
		t.Errorf("%d contacts, or not the same again", len(first))
	}
	if slices.Equal(seed("other", 8)[:10], first[:10]) {
		t.Error("another seed makes the same")
	}
}
