package crm_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/crm"
	"payaid/internal/listing"
)

// From every contact of a list the one before and after it are those that the list
// shows there, in every order and under a filter.
func TestNeighboursFollowTheList(t *testing.T) {
	o := newOffice(t)
	ctx := context.Background()
	for i := range 9 {
		in := crm.ContactInput{FirstName: "Same name", LeadScore: i % 3, Email: fmt.Sprintf("p%d@shop.test", i), Stage: crm.Stages[i%2]}
		if i%3 == 0 {
			in.FirstName, in.NextFollowUp = fmt.Sprintf("Meera %d", i), "2026-12-01"
		}
		o.add(t, o.asha, in)
	}
	o.add(t, o.zoya, crm.ContactInput{FirstName: "Zoya's", Email: "z@shop.test"})
	o.add(t, o.out, crm.ContactInput{FirstName: "Theirs"})
	for _, f := range []crm.ContactFilter{
		{}, {Sort: "-name"}, {Sort: "leadScore"}, {Sort: "-leadScore", Filter: "stage:" + crm.Stages[0]}, {Sort: "nextFollowUp"}, {Sort: "-createdAt"}, {Query: "meera"}, {Query: "shop", Sort: "-email"}, {Query: "p"},
	} {
		f.Limit = 100
		page, err := o.Contacts(ctx, o.ravi, f)
		if err != nil || len(page.Contacts) < 3 {
			t.Fatalf("%+v: %d contacts, %v", f, len(page.Contacts), err)
		}
		q, err := f.Listing()
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range page.Contacts {
			prev, next, err := o.ContactRecords().Neighbours(ctx, o.ravi, q, c.ID)
			if err != nil {
				t.Fatalf("%+v: %v", f, err)
			}
			if !is(prev, page.Contacts, i-1) || !is(next, page.Contacts, i+1) {
				t.Errorf("%+v: beside %d stand %v and %v", f, i, prev, next)
			}
		}
	}
	if prev, next, err := o.ContactRecords().Neighbours(ctx, o.ravi, listing.Query{}, uuid.New()); prev != nil || next != nil || err != nil {
		t.Errorf("of nobody: %v, %v, %v", prev, next, err)
	}
	_, _, err := o.ContactRecords().Neighbours(ctx, o.ravi, listing.Query{Sort: "shoe"}, uuid.New())
	wantCode(t, "of no order", err, apperr.Validation)
}

func is(id *uuid.UUID, list []crm.Contact, i int) bool {
	if i < 0 || i >= len(list) {
		return id == nil
	}
	return id != nil && *id == list[i].ID
}
