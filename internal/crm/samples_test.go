package crm_test

import (
	"context"
	"sync"
	"testing"

	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/crm"
)

func (o *office) steps(t *testing.T, want crm.FirstSteps) {
	t.Helper()
	if got, err := o.FirstSteps(context.Background(), o.admin); err != nil || got != want {
		t.Errorf("first steps %+v, %v; want %+v", got, err, want)
	}
}

func TestSamplesComeAndGo(t *testing.T) {
	o, ctx := newOffice(t), context.Background()
	samples := crm.SampleContacts(24)
	o.steps(t, crm.FirstSteps{Colleagues: true})
	own := o.add(t, o.admin, crm.ContactInput{FirstName: "Own", Email: samples[3].Email, Company: samples[0].Company})
	var wg sync.WaitGroup
	for range 3 { // pressed three times at once
		wg.Go(func() {
			if _, err := o.LoadSamples(ctx, o.admin); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	o.steps(t, crm.FirstSteps{Contacts: true, Samples: 23, Colleagues: true}) // one e-mail was taken
	if n := query[int](t, o, "SELECT count(*) FROM contacts WHERE tenant_id = $1 AND deleted_at IS NULL", o.tenant)[0]; n != 24 {
		t.Errorf("%d contacts, want 24", n)
	}
	friend := o.add(t, o.admin, crm.ContactInput{FirstName: "Friend", Company: samples[1].Company})

	done, err := o.RemoveSamples(ctx, o.admin)
	if err != nil || done != (crm.SampleOutcome{Contacts: 23, Companies: 6}) { // 8, less the two that own contacts belong to
		t.Errorf("%+v, %v", done, err)
	}
	if done, err := o.RemoveSamples(ctx, o.admin); err != nil || done != (crm.SampleOutcome{}) {
		t.Errorf("again: %+v, %v", done, err)
	}
	for _, c := range []crm.Contact{own, friend} {
		if got, err := o.Contact(ctx, o.admin, c.ID); err != nil || got.Company != c.Company {
			t.Errorf("%s: %+v, %v", c.Name, got, err)
		}
	}
	o.steps(t, crm.FirstSteps{Contacts: true, Colleagues: true})
	if got := query[string](t, o, "SELECT action FROM audit_entries WHERE tenant_id = $1 AND action LIKE 'samples.%' ORDER BY at, action", o.tenant); len(got) != 2 || got[0] != "samples.load" {
		t.Errorf("audited: %v", got)
	}
	if done, err := o.LoadSamples(ctx, o.admin); err != nil || done.Contacts != 23 {
		t.Errorf("once more: %+v, %v", done, err)
	}
}

func TestWhoMayLoadSamples(t *testing.T) {
	o, ctx := newOffice(t), context.Background()
	if _, err := o.LoadSamples(ctx, o.admin); err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]auth.Principal{"a manager": o.manager, "a member": o.asha, "a key": o.key} {
		_, err := o.LoadSamples(ctx, p)
		wantCode(t, name+" loads", err, apperr.NoPermission)
		_, err = o.RemoveSamples(ctx, p)
		wantCode(t, name+" removes", err, apperr.NoPermission)
	}
	if done, err := o.RemoveSamples(ctx, o.out); err != nil || done != (crm.SampleOutcome{}) {
		t.Errorf("another business removes %+v, %v", done, err)
	}
	o.steps(t, crm.FirstSteps{Samples: 24, Colleagues: true})
}
