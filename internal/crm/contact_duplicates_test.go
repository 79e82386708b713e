package crm_test

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/crm"
)

func TestDuplicatesAreFoundInTheirNormalForm(t *testing.T) {
	o := newOffice(t)
	ctx := context.Background()
	number := "27AAPFU0939F1ZV"
	one := o.add(t, o.asha, crm.ContactInput{FirstName: "Meera", Email: "m@shop.test", Phone: "98765 43210", GSTIN: number})
	gone := o.add(t, o.asha, crm.ContactInput{FirstName: "Gone", Phone: "98765 43210"})
	if _, err := o.DeleteContact(ctx, o.asha, gone.ID, nil); err != nil {
		t.Fatal(err)
	}
	o.add(t, o.out, crm.ContactInput{FirstName: "Theirs", Email: "m@shop.test", Phone: "98765 43210", GSTIN: number})
	other := o.add(t, o.zoya, crm.ContactInput{FirstName: "Other", Phone: "98765 00000"})

	for name, c := range map[string]struct {
		p    auth.Principal
		ask  crm.DuplicateQuery
		want []crm.Duplicate
	}{
		"all three":              {o.ravi, crm.DuplicateQuery{Email: " M@Shop.test", Phone: "+91-98765 43210", GSTIN: "27 aapfu 0939 f1zv"}, []crm.Duplicate{{Fields: []string{"email", "phone", "gstin"}, Visible: true, ID: one.ID, Name: "Meera"}}},
		"nothing asked":          {o.asha, crm.DuplicateQuery{}, nil},
		"nobody":                 {o.asha, crm.DuplicateQuery{Phone: "98765 11111"}, nil},
		"what it has already":    {o.asha, crm.DuplicateQuery{Phone: "98765 43210", Of: one.ID}, nil},
		"what it is to have":     {o.admin, crm.DuplicateQuery{Phone: "98765 00000", Of: one.ID}, []crm.Duplicate{{Fields: []string{"phone"}, Visible: true, ID: other.ID, Name: "Other"}}},
		"one that is not for me": {o.zoya, crm.DuplicateQuery{Email: "m@shop.test", GSTIN: number}, []crm.Duplicate{{Fields: []string{"email", "gstin"}}}},
	} {
		got, err := o.ContactRecords().Duplicates(ctx, c.p, c.ask)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	_, err := o.ContactRecords().Duplicates(ctx, o.asha, crm.DuplicateQuery{Email: "x", Phone: "1", GSTIN: "27AAPFU0939F1ZX"})
	if e := apperr.From(err); e.Field("email") == "" || e.Field("phone") == "" || e.Field("gstin") == "" {
		t.Errorf("what cannot be one: %v", err)
	}
	_, err = o.ContactRecords().Duplicates(ctx, o.zoya, crm.DuplicateQuery{Phone: "98765 43210", Of: one.ID})
	wantCode(t, "of a contact that is not for me", err, apperr.NotFound)
}

func TestTheTrashIsListedLastFirst(t *testing.T) {
	o := newOffice(t)
	ctx := context.Background()
	var want []uuid.UUID
	for i := range 5 {
		c := o.add(t, o.asha, crm.ContactInput{FirstName: fmt.Sprint(i)})
		o.now = o.now.Add(time.Second)
		if _, err := o.DeleteContact(ctx, o.asha, c.ID, nil); err != nil {
			t.Fatal(err)
		}
		want = append([]uuid.UUID{c.ID}, want...)
	}
	o.add(t, o.asha, crm.ContactInput{FirstName: "Living"})
	var got []uuid.UUID
	for cursor := ""; ; {
		page, err := o.ContactRecords().Trash(ctx, o.ravi, cursor, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page.Items {
			got = append(got, c.ID)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if page, err := o.ContactRecords().Trash(ctx, o.zoya, "", 0); err != nil || len(page.Items) != 0 {
		t.Errorf("out of scope: %+v, %v", page, err)
	}
	_, err := o.ContactRecords().Trash(ctx, o.asha, "nonsense", 0)
	wantCode(t, "a place that is none", err, apperr.Validation)
}

func TestRestoringWhatIsTaken(t *testing.T) {
	o := newOffice(t)
	ctx := context.Background()
	trashed := func(in crm.ContactInput) crm.Contact {
		c := o.add(t, o.asha, in)
		if _, err := o.DeleteContact(ctx, o.asha, c.ID, nil); err != nil {
			t.Fatal(err)
		}
		return c
	}
	one := trashed(crm.ContactInput{FirstName: "Old", Email: "m@shop.test"})
	nameless := trashed(crm.ContactInput{Email: "m@shop.test"})
	o.add(t, o.asha, crm.ContactInput{FirstName: "New", Email: "m@shop.test"})

	_, err := o.RestoreContact(ctx, o.asha, one.ID, nil)
	wantCode(t, "as it is", err, apperr.AlreadyExists)
	_, err = o.ContactRecords().RestoreAs(ctx, o.asha, one.ID, crm.ContactPatch{Email: ptr("M@shop.test ")})
	wantCode(t, "with the same again", err, apperr.AlreadyExists)
	_, err = o.ContactRecords().RestoreAs(ctx, o.asha, one.ID, crm.ContactPatch{Email: ptr("nonsense")})
	wantCode(t, "with nonsense", err, apperr.Validation)
	_, err = o.ContactRecords().RestoreAs(ctx, o.asha, nameless.ID, crm.ContactPatch{Email: ptr("")})
	wantCode(t, "without anything to call it by", err, apperr.Validation)
	_, err = o.ContactRecords().RestoreAs(ctx, o.ravi, one.ID, crm.ContactPatch{Email: ptr("")})
	wantCode(t, "somebody else's", err, apperr.NoPermission)
	if c, err := o.ContactRecords().Deleted(ctx, o.asha, one.ID); err != nil || c.Email != "m@shop.test" {
		t.Errorf("it changed in the trash: %+v, %v", c, err)
	}
	if got, err := o.ContactRecords().RestoreAs(ctx, o.asha, one.ID, crm.ContactPatch{Email: ptr("old@shop.test")}); err != nil || got.DeletedAt != nil || got.Email != "old@shop.test" {
		t.Errorf("with another: %+v, %v", got, err)
	}
	_, err = o.ContactRecords().RestoreAs(ctx, o.asha, one.ID, crm.ContactPatch{Email: ptr("")})
	wantCode(t, "once more", err, apperr.BusinessRule)
	_, err = o.ContactRecords().Deleted(ctx, o.asha, one.ID)
	wantCode(t, "read from the trash", err, apperr.NotFound)
}
