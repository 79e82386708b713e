package crm_test

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/crm"
)

func TestAContactKeepsWhatWasTyped(t *testing.T) {
	o := newOffice(t)
	ctx := context.Background()
	made := o.add(t, o.asha, crm.ContactInput{
		FirstName: "  Meera ", LastName: "de  Souza", Email: " Meera@Shop.TEST ", Phone: "098765 43210", Company: " Tea   House ",
		JobTitle: "Buyer", Source: "Fair", Address: " 1 Road\nPune ", GSTIN: "27aapfu0939f1zv", Notes: " n ", Tags: []string{" VIP ", "vip", "", "tea  lover"},
		Stage: "Customer", Status: "inactive", Warmth: "hot", LeadScore: 100, NextFollowUp: "2026-12-01",
	})
	want := crm.Contact{
		ID: made.ID, FirstName: "Meera", LastName: "de Souza", Name: "Meera de Souza", Email: "meera@shop.test", Phone: "+919876543210", CompanyID: made.CompanyID,
		Company: "Tea House", JobTitle: "Buyer", Source: "Fair", Address: "1 Road\nPune", GSTIN: "27AAPFU0939F1ZV", Notes: "n", Tags: []string{"vip", "tea lover"},
		Stage: "customer", Status: "inactive", Warmth: "hot", LeadScore: 100, NextFollowUp: "2026-12-01", OwnerID: &o.asha.UserID, Owner: "Asha",
		Version: 1, CreatedAt: o.now, UpdatedAt: o.now,
	}
	got, err := o.Contact(ctx, o.asha, made.ID)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]crm.Contact{"made": made, "read": got} {
		c.CreatedAt, c.UpdatedAt = c.CreatedAt.UTC(), c.UpdatedAt.UTC()
		if !reflect.DeepEqual(c, want) || c.CompanyID == nil {
			t.Errorf("%s: %+v\nwant %+v", name, c, want)
		}
	}
	least := o.add(t, o.key, crm.ContactInput{Phone: "+44 20 7946 0958"})
	if least.Name != "+442079460958" || least.OwnerID != nil || least.Owner != "" || least.Stage != "prospect" || least.Status != "active" || least.Warmth != "cold" || least.Tags == nil {
		t.Errorf("the least contact: %+v", least)
	}
	if c := o.add(t, o.asha, crm.ContactInput{Email: "only@mail.test"}); c.Name != "only@mail.test" {
		t.Errorf("shown as %q", c.Name)
	}
}

func TestAPatchChangesWhatItNames(t *testing.T) {
	o := newOffice(t)
	ctx := context.Background()
	c := o.add(t, o.asha, crm.ContactInput{FirstName: "Meera", Email: "m@shop.test", Company: "Tea House", Tags: []string{"a"}, NextFollowUp: "2026-12-01", LeadScore: 5})
	o.now = o.now.Add(time.Hour)
	got, err := o.UpdateContact(ctx, o.asha, c.ID, crm.ContactPatch{LastName: ptr("Rao"), Phone: ptr("9876543210"), Tags: ptr([]string{}), NextFollowUp: ptr(""), LeadScore: ptr(0)}, ptr(c.Version))
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != "Meera Rao" || got.Email != "m@shop.test" || got.Company != "Tea House" || got.Phone != "+919876543210" || len(got.Tags) != 0 || got.NextFollowUp != "" || got.LeadScore != 0 ||
		got.Version != 2 || !got.CreatedAt.Equal(c.CreatedAt) || !got.UpdatedAt.Equal(o.now) || *got.OwnerID != o.asha.UserID {
		t.Errorf("got %+v", got)
	}
	if got, err = o.UpdateContact(ctx, o.asha, c.ID, crm.ContactPatch{Company: ptr(""), Email: ptr("")}, nil); err != nil || got.CompanyID != nil || got.Company != "" || got.Email != "" || got.Version != 3 {
		t.Errorf("emptied: %+v, %v", got, err)
	}
	_, err = o.UpdateContact(ctx, o.asha, c.ID, crm.ContactPatch{FirstName: ptr(""), LastName: ptr(""), Phone: ptr("")}, nil)
	wantCode(t, "a contact without any name", err, apperr.Validation)
	_, err = o.UpdateContact(ctx, o.asha, uuid.New(), crm.ContactPatch{}, nil)
	wantCode(t, "a contact that does not exist", err, apperr.NotFound)
}

func TestAnOlderVersionIsAConflict(t *testing.T) {
	o := newOffice(t)
	ctx := context.Background()
	c := o.add(t, o.asha, crm.ContactInput{FirstName: "Meera"})
	if _, err := o.UpdateContact(ctx, o.asha, c.ID, crm.ContactPatch{LastName: ptr("Rao")}, ptr(int64(1))); err != nil {
		t.Fatal(err)
	}
	for name, write := range map[string]func(version *int64) error{
		"update": func(v *int64) error {
			_, err := o.UpdateContact(ctx, o.asha, c.ID, crm.ContactPatch{LastName: ptr("Das")}, v)
			return err
		},
		"delete":  func(v *int64) error { _, err := o.DeleteContact(ctx, o.asha, c.ID, v); return err },
		"restore": func(v *int64) error { _, err := o.RestoreContact(ctx, o.asha, c.ID, v); return err },
	} {
		for _, v := range []int64{0, 1, 3} {
			if e := apperr.From(write(&v)); e.Code != apperr.Conflict || e.Version != 2 {
				t.Errorf("%s of version %d: %v, current version %d", name, v, e, e.Version)
			}
		}
	}
	if got, err := o.Contact(ctx, o.asha, c.ID); err != nil || got.LastName != "Rao" || got.Version != 2 {
		t.Errorf("a refused write changed it: %+v, %v", got, err)
	}
}

func TestOfTwoWritersWithTheSameVersionOneWins(t *testing.T) {
	o := newOffice(t)
	c := o.add(t, o.asha, crm.ContactInput{FirstName: "Meera"})
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		wg.Go(func() {
			_, errs[i] = o.UpdateContact(context.Background(), o.asha, c.ID, crm.ContactPatch{LastName: ptr(fmt.Sprint(i))}, ptr(c.Version))
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
		t.Errorf("%d writers won", won)
	}
}

func TestTheTrash(t *testing.T) {
	o := newOffice(t)
	ctx := context.Background()
	c := o.add(t, o.asha, crm.ContactInput{FirstName: "Meera", Email: "m@shop.test"})
	o.now = o.now.Add(time.Hour)
	gone, err := o.DeleteContact(ctx, o.asha, c.ID, ptr(int64(1)))
	if err != nil || gone.DeletedAt == nil || !gone.DeletedAt.Equal(o.now) || gone.Version != 2 {
		t.Fatalf("deleted: %+v, %v", gone, err)
	}
	if again, err := o.DeleteContact(ctx, o.asha, c.ID, nil); err != nil || again.Version != 2 {
		t.Errorf("deleted twice: %+v, %v", again, err)
	}
	_, err = o.Contact(ctx, o.asha, c.ID)
	wantCode(t, "read from the trash", err, apperr.NotFound)
	_, err = o.UpdateContact(ctx, o.asha, c.ID, crm.ContactPatch{LastName: ptr("Rao")}, nil)
	wantCode(t, "change in the trash", err, apperr.NotFound)
	if page, err := o.Contacts(ctx, o.admin, crm.ContactFilter{}); err != nil || page.Total != 0 || len(page.Contacts) != 0 {
		t.Errorf("listed from the trash: %+v, %v", page, err)
	}
	if page, err := o.Contacts(ctx, o.admin, crm.ContactFilter{Query: "meera"}); err != nil || page.Total != 0 {
		t.Errorf("found in the trash: %+v, %v", page, err)
	}
	heir := o.add(t, o.asha, crm.ContactInput{FirstName: "Mira", Email: "m@shop.test"}) // the trash blocks nobody
	_, err = o.RestoreContact(ctx, o.asha, c.ID, nil)
	if e := apperr.From(err); e.Code != apperr.AlreadyExists || e.Field("email") == "" {
		t.Errorf("restored although the e-mail is taken: %v", err)
	}
	if _, err := o.UpdateContact(ctx, o.asha, heir.ID, crm.ContactPatch{Email: ptr("")}, nil); err != nil {
		t.Fatal(err)
	}
	back, err := o.RestoreContact(ctx, o.asha, c.ID, nil)
	if err != nil || back.DeletedAt != nil || back.Version != 3 || back.Email != "m@shop.test" {
		t.Errorf("restored: %+v, %v", back, err)
	}
	if got, err := o.Contact(ctx, o.asha, c.ID); err != nil || got.Version != 3 {
		t.Errorf("read after the restore: %+v, %v", got, err)
	}
}

func TestEmailsAreUniqueAmongTheLivingOfATenant(t *testing.T) {
	o := newOffice(t)
	ctx := context.Background()
	o.add(t, o.asha, crm.ContactInput{Email: "m@shop.test"})
	_, err := o.CreateContact(ctx, o.zoya, crm.ContactInput{Email: "M@SHOP.test"})
	if e := apperr.From(err); e.Code != apperr.AlreadyExists || e.Field("email") == "" {
		t.Errorf("the same e-mail: %v", err)
	}
	o.add(t, o.out, crm.ContactInput{Email: "m@shop.test"})
	for range 2 {
		o.add(t, o.asha, crm.ContactInput{FirstName: "No mail"})
	}
	c := o.add(t, o.asha, crm.ContactInput{Email: "n@shop.test"})
	_, err = o.UpdateContact(ctx, o.asha, c.ID, crm.ContactPatch{Email: ptr("m@shop.test")}, nil)
	wantCode(t, "changed to a taken e-mail", err, apperr.AlreadyExists)
}

func TestEveryWriteStandsInTheAuditLog(t *testing.T) {
	o := newOffice(t)
	ctx := context.Background()
	o.asha.Request = auth.Request{ID: "r1", IP: "192.0.2.1"}
	c := o.add(t, o.asha, crm.ContactInput{FirstName: "Meera", Company: "Tea House"})
	for _, step := range []func() error{
		func() error {
			_, err := o.UpdateContact(ctx, o.asha, c.ID, crm.ContactPatch{FirstName: ptr("Mira")}, nil)
			return err
		},
		func() error { _, err := o.DeleteContact(ctx, o.asha, c.ID, nil); return err },
		func() error { _, err := o.DeleteContact(ctx, o.asha, c.ID, nil); return err }, // changes nothing
		func() error { _, err := o.RestoreContact(ctx, o.asha, c.ID, nil); return err },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	log := query[string](t, o, `
		SELECT format('%s %s>%s v%s>%s %s', action, before->>'firstName', after->>'firstName', before->>'version', after->>'version', actor_name || ' ' || ip || ' ' || request_id)
		FROM audit_entries WHERE tenant_id = $1 AND entity = 'contact' AND entity_id = $2 AND actor_id = $3 ORDER BY id`, o.tenant, c.ID, o.asha.UserID)
	want := []string{
		"contact.create >Meera v>1 Asha 192.0.2.1 r1",
		"contact.update Meera>Mira v1>2 Asha 192.0.2.1 r1",
		"contact.delete Mira>Mira v2>3 Asha 192.0.2.1 r1",
		"contact.restore Mira>Mira v3>4 Asha 192.0.2.1 r1",
	}
	if !reflect.DeepEqual(log, want) {
		t.Errorf("got %q\nwant %q", log, want)
	}
	after := query[json.RawMessage](t, o, "SELECT after FROM audit_entries WHERE entity = 'company' AND action = 'company.create'")
	if len(after) != 1 || len(query[uuid.UUID](t, o, "SELECT id FROM companies WHERE name = 'Tea House'")) != 1 {
		t.Errorf("the company: %s", after)
	}
}

func TestACreateIsDoneOncePerKey(t *testing.T) {
	o := newOffice(t)
	ctx := context.Background()
	o.asha.Request.IdempotencyKey = "k"
	in := crm.ContactInput{FirstName: "Meera", Tags: []string{"a"}, Company: "Tea House"}
	first := o.add(t, o.asha, in)
	again := o.add(t, o.asha, crm.ContactInput{FirstName: " Meera ", Tags: []string{"A"}, Company: "Tea House"}) // the same once normalized
	first.CreatedAt, first.UpdatedAt = first.CreatedAt.UTC(), first.UpdatedAt.UTC()
	if !reflect.DeepEqual(first, again) {
		t.Errorf("%+v, then %+v", first, again)
	}
	_, err := o.CreateContact(ctx, o.asha, crm.ContactInput{FirstName: "Mira"})
	wantCode(t, "another contact under the same key", err, apperr.Validation)
	if page, err := o.Contacts(ctx, o.asha, crm.ContactFilter{}); err != nil || page.Total != 1 {
		t.Errorf("%d contacts, %v", page.Total, err)
	}
}
