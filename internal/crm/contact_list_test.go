package crm_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"payaid/internal/apperr"
	"payaid/internal/crm"
)

func TestTheListFindsAndFilters(t *testing.T) {
	o := newOffice(t)
	for _, in := range []crm.ContactInput{
		{FirstName: "Meera", LastName: "Rao", Email: "m@shop.test", Phone: "98765 43210", Company: "Tea House", Stage: "customer"},
		{FirstName: "Özge", LastName: "Şahin", Company: "ÉLAN 100% _Pure", Status: "lost"},
		{FirstName: "100%", LastName: "Sure", Stage: "customer", Status: "inactive"},
		{FirstName: "Under_score", LastName: `Back\slash`},
		{Email: "zed@mail.test", Phone: "+44 20 7946 0958"},
	} {
		o.add(t, o.asha, in)
	}
	o.add(t, o.out, crm.ContactInput{FirstName: "Meera", LastName: "Elsewhere"})
	gone := o.add(t, o.asha, crm.ContactInput{FirstName: "Meera", LastName: "Gone", Company: "Tea House"})
	if _, err := o.DeleteContact(context.Background(), o.asha, gone.ID, nil); err != nil {
		t.Fatal(err)
	}
	const meera, oezge, sure, under, zed = "Meera Rao", "Özge Şahin", "100% Sure", `Under_score Back\slash`, "zed@mail.test"
	for name, c := range map[string]struct {
		f    crm.ContactFilter
		want []string
	}{
		"everybody by name":     {crm.ContactFilter{}, []string{sure, meera, under, zed, oezge}},
		"by name backwards":     {crm.ContactFilter{Sort: "-name"}, []string{oezge, zed, under, meera, sure}},
		"by e-mail":             {crm.ContactFilter{Sort: "-email", Stage: "", Limit: 2}, []string{zed, meera}},
		"a stage":               {crm.ContactFilter{Stage: "customer"}, []string{sure, meera}},
		"a status":              {crm.ContactFilter{Status: "lost"}, []string{oezge}},
		"a stage and a status":  {crm.ContactFilter{Stage: "customer", Status: "inactive"}, []string{sure}},
		"a stage and a text":    {crm.ContactFilter{Stage: "customer", Query: "rao"}, []string{meera}},
		"part of a name":        {crm.ContactFilter{Query: " EER "}, []string{meera}},
		"the whole name":        {crm.ContactFilter{Query: "meera   RAO"}, []string{meera}},
		"in other letters":      {crm.ContactFilter{Query: "özge ş"}, []string{oezge}},
		"in other capitals":     {crm.ContactFilter{Query: "ÖZGE Ş"}, []string{oezge}},
		"an e-mail":             {crm.ContactFilter{Query: "M@SHOP"}, []string{meera}},
		"a company":             {crm.ContactFilter{Query: "tea hou"}, []string{meera}},
		"a company in capitals": {crm.ContactFilter{Query: "élan"}, []string{oezge}},
		"a phone as typed":      {crm.ContactFilter{Query: "98765 43210"}, []string{meera}},
		"with a zero":           {crm.ContactFilter{Query: "098765-43210"}, []string{meera}},
		"with the country":      {crm.ContactFilter{Query: "+91 (98765) 43210"}, []string{meera}},
		"with 00 and country":   {crm.ContactFilter{Query: "0044 20 7946"}, []string{zed}},
		"part of a phone":       {crm.ContactFilter{Query: "7946 09"}, []string{zed}},
		"a % is a %":            {crm.ContactFilter{Query: "%"}, []string{sure, oezge}},
		"a _ is a _":            {crm.ContactFilter{Query: "_"}, []string{under, oezge}},
		`a \ is a \`:            {crm.ContactFilter{Query: `\`}, []string{under}},
		"a quote is a quote":    {crm.ContactFilter{Query: "' OR 1=1 --"}, nil},
		"nothing like it":       {crm.ContactFilter{Query: "xyzzy"}, nil},
	} {
		page, err := o.Contacts(context.Background(), o.admin, c.f)
		var got []string
		for _, contact := range page.Contacts {
			got = append(got, contact.Name)
		}
		if err != nil || !slices.Equal(got, c.want) || page.Capped || c.f.Limit == 0 && page.Total != len(c.want) {
			t.Errorf("%s: %q, total %d, %v; want %q", name, got, page.Total, err, c.want)
		}
	}
}

func TestMistypedWordsFindWhatComesClose(t *testing.T) {
	o := newOffice(t)
	for _, in := range []crm.ContactInput{
		{FirstName: "Priyanka", LastName: "Sharma", Stage: "customer"}, {FirstName: "Meera", LastName: "Iyer", Company: "Deccan Instruments"},
		{FirstName: "Vikram", LastName: "Rao", Email: "vikram@shop.test"}, {FirstName: "Al", LastName: "Bo"},
	} {
		o.add(t, o.asha, in)
	}
	o.add(t, o.zoya, crm.ContactInput{FirstName: "Priyanka", LastName: "Elsewhere"})
	for query, want := range map[string][]string{
		"pryanka": {"Priyanka Sharma"}, "priyanka shrma": {"Priyanka Sharma"}, "deccan instrumnts": {"Meera Iyer"}, "sharma priyanka": {"Priyanka Sharma"},
		"vikarm": {"Vikram Rao"}, "xyzzy": nil, "zz": nil,
	} {
		page, err := o.Contacts(context.Background(), o.asha, crm.ContactFilter{Query: query})
		var got []string
		for _, c := range page.Contacts {
			got = append(got, c.Name)
		}
		if err != nil || !slices.Equal(got, want) || page.Total != len(want) || page.Similar != (len(want) > 0) {
			t.Errorf("%q finds %q, total %d, similar %v, %v; want %q", query, got, page.Total, page.Similar, err, want)
		}
	}
	exact, err := o.Contacts(context.Background(), o.asha, crm.ContactFilter{Query: "priyanka"})
	if err != nil || exact.Similar || exact.Total != 1 {
		t.Errorf("a word as it is written: %+v, %v", exact, err)
	}
}

func TestTheNameOfACompanyIsFoundAsItIsNow(t *testing.T) {
	o := newOffice(t)
	o.add(t, o.asha, crm.ContactInput{FirstName: "Meera", Company: "Tea House"})
	found := func(q string) int {
		page, err := o.Contacts(context.Background(), o.asha, crm.ContactFilter{Query: q})
		if err != nil {
			t.Fatal(err)
		}
		return page.Total
	}
	for _, step := range []struct {
		do        string
		old, name int
	}{
		{"SELECT 1", 1, 0},
		{"UPDATE companies SET name = 'Qahwa & Sons'", 0, 1},
		{"UPDATE companies SET deleted_at = now()", 0, 0},
		{"UPDATE companies SET deleted_at = NULL", 0, 1},
		{"UPDATE contacts SET company_name = 'Tea House'", 0, 1}, // only the company decides
		{"UPDATE contacts SET company_id = NULL", 0, 0},
	} {
		o.d.OwnerExec(t, step.do)
		if a, b := found("tea house"), found("qahwa"); a != step.old || b != step.name {
			t.Errorf("after %s: the old name finds %d, the new one %d; want %d, %d", step.do, a, b, step.old, step.name)
		}
	}
}

func TestFiltersThatAreRefused(t *testing.T) {
	o := newOffice(t)
	o.add(t, o.asha, crm.ContactInput{FirstName: "a"})
	o.add(t, o.asha, crm.ContactInput{FirstName: "b"})
	first, err := o.Contacts(context.Background(), o.asha, crm.ContactFilter{Limit: 1})
	if err != nil || first.Next == "" {
		t.Fatal(first, err)
	}
	for name, c := range map[string]struct {
		f      crm.ContactFilter
		fields string
	}{
		"a limit below":      {crm.ContactFilter{Limit: -1}, "limit"},
		"a limit above":      {crm.ContactFilter{Limit: 101}, "limit"},
		"a long text":        {crm.ContactFilter{Query: strings.Repeat("न", 201)}, "q"},
		"NUL":                {crm.ContactFilter{Query: "\x00"}, "q"},
		"an unknown order":   {crm.ContactFilter{Sort: "notes"}, "sort"},
		"SQL for an order":   {crm.ContactFilter{Sort: "name; DROP TABLE contacts"}, "sort"},
		"two signs":          {crm.ContactFilter{Sort: "--name"}, "sort"},
		"all at once":        {crm.ContactFilter{Limit: 1000, Stage: "x", Status: "x", Sort: "x"}, "limit sort stage status"},
		"no cursor":          {crm.ContactFilter{Cursor: "x"}, "cursor"},
		"a cursor elsewhere": {crm.ContactFilter{Cursor: first.Next, Sort: "-name"}, "cursor"},
	} {
		_, err := o.Contacts(context.Background(), o.asha, c.f)
		var fields []string
		for _, d := range apperr.From(err).Details {
			fields = append(fields, d.Field)
		}
		if !apperr.Is(err, apperr.Validation) || !slices.Equal(fields, strings.Fields(c.fields)) {
			t.Errorf("%s: refused %v, want %s (%v)", name, fields, c.fields, err)
		}
	}
	if _, err := o.Contacts(context.Background(), o.asha, crm.ContactFilter{Query: strings.Repeat("न", 200)}); err != nil {
		t.Errorf("a text of 200 letters: %v", err)
	}
}

func TestALargeTotalIsCapped(t *testing.T) {
	o := newOffice(t)
	crm.FillContacts(t, o.d, o.tenant, crm.MaxTotal)
	ctx := context.Background()
	page, err := o.Contacts(ctx, o.admin, crm.ContactFilter{})
	if err != nil || page.Total != crm.MaxTotal || page.Capped {
		t.Errorf("exactly the bound: %d, capped %v, %v", page.Total, page.Capped, err)
	}
	o.add(t, o.asha, crm.ContactInput{FirstName: "person one more"})
	for _, f := range []crm.ContactFilter{{}, {Query: "person"}} {
		if page, err = o.Contacts(ctx, o.admin, f); err != nil || page.Total != crm.MaxTotal || !page.Capped {
			t.Errorf("%+v one more: %d, capped %v, %v", f, page.Total, page.Capped, err)
		}
	}
	// What somebody may see must not hide behind the many that they may not.
	if page, err = o.Contacts(ctx, o.asha, crm.ContactFilter{Query: "person"}); err != nil || page.Total != 1 {
		t.Errorf("her own among many: %d, %v", page.Total, err)
	}
	all, err := o.AllContacts(ctx, o.admin, crm.ContactFilter{Query: "person", Sort: "-createdAt"})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, err := range all {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != crm.MaxTotal+1 {
		t.Errorf("the export of a search holds %d contacts, want %d", n, crm.MaxTotal+1)
	}
}
