package crm_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/crm"
)

func TestWhoseViewsAreWhose(t *testing.T) {
	o := newOffice(t)
	ctx := context.Background()
	save := func(p auth.Principal, name string, shared bool) crm.View {
		v, err := o.CreateView(ctx, p, crm.ViewInput{Name: name, Shared: shared, Filter: "  stage:customer and warmth:hot", Sort: "-leadScore"})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	private, shared, byKey := save(o.asha, "Private", false), save(o.asha, "Shared", true), save(o.key, "Key's", true)
	if private.Filter != "stage:customer warmth:hot" {
		t.Errorf("kept as %q", private.Filter)
	}
	all := []string{"Key's", "Private", "Shared"}
	for name, c := range map[string]struct {
		p             auth.Principal
		sees, changes []string
	}{
		"its owner":       {o.asha, all, []string{"Private", "Shared"}},
		"a mate":          {o.ravi, []string{"Key's", "Shared"}, nil},
		"a manager":       {o.manager, []string{"Key's", "Shared"}, nil},
		"an admin":        {o.admin, []string{"Key's", "Shared"}, []string{"Key's", "Shared"}},
		"a key":           {o.key, []string{"Key's", "Shared"}, []string{"Key's", "Shared"}},
		"somebody abroad": {o.out, nil, nil},
	} {
		views, err := o.Views(ctx, c.p, crm.EntityContacts)
		var got []string
		for _, v := range views {
			got = append(got, v.Name)
		}
		if err != nil || !slices.Equal(got, c.sees) {
			t.Errorf("%s sees %q, %v; want %q", name, got, err, c.sees)
		}
		for _, v := range []crm.View{private, shared, byKey} {
			read, change := apperr.Code(""), apperr.Code("")
			if !slices.Contains(c.sees, v.Name) {
				read, change = apperr.NotFound, apperr.NotFound
			} else if !slices.Contains(c.changes, v.Name) {
				change = apperr.NoPermission
			}
			_, err := o.View(ctx, c.p, v.ID)
			wantCode(t, name+" reads "+v.Name, err, read)
			_, err = o.UpdateView(ctx, c.p, v.ID, crm.ViewPatch{Query: ptr("a")}, nil)
			wantCode(t, name+" changes "+v.Name, err, change)
			if change != "" {
				_, err = o.DeleteView(ctx, c.p, v.ID, nil)
				wantCode(t, name+" deletes "+v.Name, err, change)
			}
		}
	}
}

func TestWhatAViewRefuses(t *testing.T) {
	o := newOffice(t)
	ctx := context.Background()
	for name, c := range map[string]struct {
		p    auth.Principal
		in   crm.ViewInput
		code apperr.Code
	}{
		"no name":                 {o.asha, crm.ViewInput{Name: " "}, apperr.Validation},
		"an order there is not":   {o.asha, crm.ViewInput{Name: "a", Sort: "shoe"}, apperr.Validation},
		"a filter that is none":   {o.asha, crm.ViewInput{Name: "a", Filter: "shoe"}, apperr.InvalidInput},
		"a key's own":             {o.key, crm.ViewInput{Name: "a"}, apperr.Validation},
		"without the right":       {auth.Principal{TenantID: o.tenant, TenantName: "acme", Role: "intern"}, crm.ViewInput{Name: "a"}, apperr.NoPermission},
		"what is all right":       {o.asha, crm.ViewInput{Name: "a"}, ""},
		"the name of another one": {o.asha, crm.ViewInput{Name: "A"}, ""},
	} {
		_, err := o.CreateView(ctx, c.p, c.in)
		if name == "the name of another one" || name == "what is all right" {
			if err != nil && !apperr.Is(err, apperr.AlreadyExists) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		wantCode(t, name, err, c.code)
	}
	for i := 1; i < crm.MaxViews; i++ {
		if _, err := o.CreateView(ctx, o.asha, crm.ViewInput{Name: fmt.Sprint("view ", i)}); err != nil {
			t.Fatal(err)
		}
	}
	_, err := o.CreateView(ctx, o.asha, crm.ViewInput{Name: "one too many"})
	wantCode(t, "one too many", err, apperr.BusinessRule)
}

func TestADefaultViewEndsWithItsView(t *testing.T) {
	o := newOffice(t)
	ctx := context.Background()
	v, err := o.CreateView(ctx, o.asha, crm.ViewInput{Name: "Shared", Shared: true})
	if err != nil {
		t.Fatal(err)
	}
	opens := func(p auth.Principal) (on bool) {
		views, err := o.Views(ctx, p, crm.EntityContacts)
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(views, func(v crm.View) bool { return v.Default })
	}
	for _, p := range []auth.Principal{o.asha, o.ravi} {
		if _, err := o.SetDefaultView(ctx, p, v.ID, true); err != nil || !opens(p) {
			t.Errorf("%s opens with it: %v, %v", p.Name, opens(p), err)
		}
	}
	if _, err := o.SetDefaultView(ctx, o.key, v.ID, true); !apperr.Is(err, apperr.BusinessRule) {
		t.Errorf("a key: %v", err)
	}
	if _, err := o.UpdateView(ctx, o.asha, v.ID, crm.ViewPatch{Shared: ptr(false)}, &v.Version); err != nil {
		t.Fatal(err)
	}
	if n := query[int](t, o, "SELECT count(*)::int FROM default_views"); n[0] != 1 || !opens(o.asha) {
		t.Errorf("after it is private again %d lists open with it", n[0])
	}
	_, err = o.UpdateView(ctx, o.asha, v.ID, crm.ViewPatch{Name: ptr("x")}, &v.Version)
	wantCode(t, "a stale change", err, apperr.Conflict)
	if _, err := o.DeleteView(ctx, o.asha, v.ID, nil); err != nil || opens(o.asha) {
		t.Errorf("deleted: %v", err)
	}
}
