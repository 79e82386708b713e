package crm_test

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"testing"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/audit"
	"payaid/internal/auth"
	"payaid/internal/crm"
)

// Two people opened the first version; the other one has saved theirs by now.
func TestChangesOfTwoPeopleAreJoined(t *testing.T) {
	o := newOffice(t)
	ctx := context.Background()
	for name, c := range map[string]struct {
		theirs, mine crm.ContactPatch
		conflicts    []string
		want         crm.ContactInput
	}{
		"other fields": {crm.ContactPatch{Phone: ptr("9876543210"), Tags: ptr([]string{"vip"})}, crm.ContactPatch{JobTitle: ptr("Buyer")}, nil,
			crm.ContactInput{Phone: "+919876543210", JobTitle: "Buyer", Tags: []string{"vip"}}},
		"the whole form, unchanged but for one": {crm.ContactPatch{Notes: ptr("theirs")}, crm.ContactPatch{Notes: ptr(""), Phone: ptr(""), JobTitle: ptr("Buyer")}, nil,
			crm.ContactInput{Notes: "theirs", JobTitle: "Buyer", Tags: []string{}}},
		"the same value in another form": {crm.ContactPatch{Phone: ptr("9876543210")}, crm.ContactPatch{Phone: ptr("+91 98765 43210")}, nil, crm.ContactInput{Phone: "+919876543210", Tags: []string{}}},
		"the same field":                 {crm.ContactPatch{Notes: ptr("theirs"), Source: ptr("Fair")}, crm.ContactPatch{Notes: ptr("mine"), JobTitle: ptr("Buyer")}, []string{"notes"}, crm.ContactInput{}},
	} {
		was := o.add(t, o.asha, crm.ContactInput{FirstName: "Meera"})
		if _, err := o.UpdateContact(ctx, o.manager, was.ID, c.theirs, nil); err != nil {
			t.Fatal(err)
		}
		got, err := o.ContactRecords().Merge(ctx, o.asha, was.ID, c.mine, was.Version)
		if c.conflicts != nil {
			conflict, ok := errors.AsType[*crm.Clash](err)
			if !ok || !apperr.Is(err, apperr.Conflict) || !reflect.DeepEqual(conflict.Fields, c.conflicts) || apperr.From(err).Version != 2 {
				t.Fatalf("%s: %+v, %v", name, got, err)
			}
			if !reflect.DeepEqual(conflict.Mine, []string{"jobTitle", "notes"}) {
				t.Errorf("%s: mine are %v", name, conflict.Mine)
			}
			continue
		}
		if err != nil || got.Version != 3 || got.Notes != c.want.Notes || got.Phone != c.want.Phone || got.JobTitle != c.want.JobTitle || !reflect.DeepEqual(got.Tags, c.want.Tags) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// Where the log does not tell what a version held, nothing is taken for granted.
func TestAVersionThatTheLogDoesNotKnow(t *testing.T) {
	o := newOffice(t)
	ctx := context.Background()
	c := o.add(t, o.asha, crm.ContactInput{FirstName: "Meera", Notes: "a"})
	o.d.OwnerExec(t, "UPDATE contacts SET notes = 'b', version = 7 WHERE id = $1", c.ID)
	_, err := o.ContactRecords().Merge(ctx, o.asha, c.ID, crm.ContactPatch{Notes: ptr("c")}, 6)
	if conflict, ok := errors.AsType[*crm.Clash](err); !ok || !reflect.DeepEqual(conflict.Fields, []string{"notes"}) {
		t.Errorf("%v", err)
	}
	if got, err := o.ContactRecords().Merge(ctx, o.asha, c.ID, crm.ContactPatch{Notes: ptr("b")}, 6); err != nil || got.Notes != "b" {
		t.Errorf("the same value: %+v, %v", got, err)
	}
}

// Each of several people changes a field of their own, all from the same version.
func TestEditorsOfDifferentFieldsAllWin(t *testing.T) {
	o := newOffice(t)
	c := o.add(t, o.asha, crm.ContactInput{FirstName: "Meera"})
	patches := []crm.ContactPatch{{LastName: ptr("Rao")}, {Phone: ptr("9876543210")}, {Notes: ptr("n")}, {JobTitle: ptr("Buyer")}, {Tags: ptr([]string{"vip"})}}
	var wg sync.WaitGroup
	for _, patch := range patches {
		wg.Go(func() {
			if _, err := o.ContactRecords().Merge(context.Background(), o.asha, c.ID, patch, c.Version); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	got, err := o.Contact(context.Background(), o.asha, c.ID)
	if err != nil || got.Name != "Meera Rao" || got.Phone == "" || got.Notes != "n" || got.JobTitle != "Buyer" || len(got.Tags) != 1 || got.Version != 6 {
		t.Errorf("%+v, %v", got, err)
	}
}

// Of several people who change the same field from the same version one wins, and
// the others are asked.
func TestEditorsOfOneFieldAreAsked(t *testing.T) {
	o := newOffice(t)
	c := o.add(t, o.asha, crm.ContactInput{FirstName: "Meera"})
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		wg.Go(func() {
			_, errs[i] = o.ContactRecords().Merge(context.Background(), o.asha, c.ID, crm.ContactPatch{Notes: ptr(uuid.NewString())}, c.Version)
		})
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else {
			wantCode(t, "the others", err, apperr.Conflict)
		}
	}
	if won != 1 {
		t.Errorf("%d won", won)
	}
}

func TestHistoryAndPuttingBack(t *testing.T) {
	o := newOffice(t)
	ctx := context.Background()
	c := o.add(t, o.asha, crm.ContactInput{FirstName: "Meera", Email: "m@shop.test", Tags: []string{"a", "b"}})
	for _, patch := range []crm.ContactPatch{{Email: ptr("new@shop.test")}, {Tags: ptr([]string{}), NextFollowUp: ptr("2026-12-01")}, {OwnerID: &o.ravi.UserID}} {
		if _, err := o.UpdateContact(ctx, o.admin, c.ID, patch, nil); err != nil {
			t.Fatal(err)
		}
	}
	page, err := o.ContactRecords().History(ctx, o.ravi, c.ID, "")
	if err != nil || len(page.Entries) != 4 || page.Entries[0].Actor != "Admin" || !page.Entries[3].First {
		t.Fatalf("%+v, %v", page, err)
	}
	wantChanges(t, page.Entries[0], audit.Change{Field: "owner", Before: "Asha", After: "Ravi"})
	wantChanges(t, page.Entries[1], audit.Change{Field: "nextFollowUp", After: "2026-12-01"}, audit.Change{Field: "tags", Before: "a, b"})
	_, err = o.ContactRecords().History(ctx, o.out, c.ID, "")
	wantCode(t, "another tenant's", err, apperr.NotFound)
	_, err = o.ContactRecords().History(ctx, o.zoya, c.ID, "")
	wantCode(t, "out of scope", err, apperr.NotFound)

	put := func(p auth.Principal, entry int, field string) (crm.Contact, error) {
		return o.ContactRecords().PutBack(ctx, p, c.ID, page.Entries[entry].ID, field)
	}
	if got, err := put(o.ravi, 1, "tags"); err != nil || !reflect.DeepEqual(got.Tags, []string{"a", "b"}) || got.NextFollowUp == "" {
		t.Errorf("the tags: %+v, %v", got, err)
	}
	if got, err := put(o.ravi, 1, "nextFollowUp"); err != nil || got.NextFollowUp != "" {
		t.Errorf("no day: %+v, %v", got, err)
	}
	if got, err := put(o.admin, 0, "owner"); err != nil || *got.OwnerID != o.asha.UserID {
		t.Errorf("the owner: %+v, %v", got, err)
	}
	for what, try := range map[string]struct {
		p     auth.Principal
		entry int
		field string
		code  apperr.Code
	}{
		"a field that did not change": {o.admin, 2, "phone", apperr.NotFound},
		"a field that follows":        {o.admin, 2, "version", apperr.BusinessRule},
		"out of scope":                {o.zoya, 2, "email", apperr.NotFound},
		"not to be changed":           {o.ravi, 2, "email", apperr.NoPermission},
		"the first value":             {o.admin, 3, "email", apperr.NotFound},
	} {
		_, err := put(try.p, try.entry, try.field)
		wantCode(t, what, err, try.code)
	}
	o.add(t, o.ravi, crm.ContactInput{FirstName: "Other", Email: "m@shop.test"})
	_, err = put(o.admin, 2, "email")
	wantCode(t, "an e-mail that is taken by now", err, apperr.AlreadyExists)
	o.d.OwnerExec(t, "UPDATE contacts SET owner_id = $1 WHERE id = $2", o.ravi.UserID, c.ID)
	o.d.OwnerExec(t, "DELETE FROM memberships WHERE user_id = $1", o.asha.UserID)
	_, err = put(o.admin, 0, "owner")
	wantCode(t, "an owner who has left", err, apperr.Validation)
}

func wantChanges(t *testing.T, e audit.Entry, want ...audit.Change) {
	t.Helper()
	if !reflect.DeepEqual(e.Changes, want) {
		t.Errorf("%s: %+v, want %+v", e.Action, e.Changes, want)
	}
}
