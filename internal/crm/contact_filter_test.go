package crm_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/crm"
	"payaid/internal/filter"
)

// What the database answers to a filter is what reading the filter says about each
// contact, one by one.
func TestFiltersMeanWhatTheySay(t *testing.T) {
	o := newOffice(t)
	r := rand.New(rand.NewPCG(4, 2))
	fillForFilters(t, o, r)
	all, err := o.Contacts(context.Background(), o.admin, crm.ContactFilter{Limit: 100, Sort: "createdAt"})
	if err != nil || all.Total < 60 {
		t.Fatal(all.Total, err)
	}
	emails := map[string]string{o.asha.UserID.String(): "asha@acme.test", o.zoya.UserID.String(): "zoya@acme.test", o.noor.UserID.String(): "noor@acme.test"}
	teams := map[string]string{o.asha.UserID.String(): "sales", o.zoya.UserID.String(): "support"}
	hits := 0
	for range 400 {
		text := randomFilter(r, 3)
		e, err := filter.Parse(text, crm.ContactFields)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		var want []string
		for _, c := range all.Contacts {
			if holds(e, o, c, emails, teams) {
				want = append(want, c.Name)
			}
		}
		page, err := o.Contacts(context.Background(), o.asha2admin(), crm.ContactFilter{Filter: text, Limit: 100, Sort: "createdAt"})
		var got []string
		for _, c := range page.Contacts {
			got = append(got, c.Name)
		}
		if err != nil || !slices.Equal(got, want) || page.Total != len(want) {
			t.Errorf("%s (%s)\n got %q, total %d, %v\nwant %q", text, e, got, page.Total, err, want)
		}
		hits += len(want)
	}
	if hits < 1000 {
		t.Errorf("the filters found %d contacts only", hits)
	}
}

// asha2admin is Asha with an administrator's eyes, so that "me" owns something.
func (o *office) asha2admin() (p auth.Principal) {
	p = o.admin
	p.UserID = o.asha.UserID
	return p
}

func fillForFilters(t *testing.T, o *office, r *rand.Rand) {
	t.Helper()
	some := func(from ...string) string { return from[r.IntN(len(from))] }
	for i := range 64 {
		in := crm.ContactInput{
			FirstName: "N" + strconv.Itoa(i), Stage: some(crm.Stages...), Status: some(crm.Statuses...), Warmth: some(crm.Warmths...), LeadScore: r.IntN(101),
			Source: some("", "Web", "Trade fair"), Company: some("", "Tea House", "ÉLAN"), JobTitle: some("", "Owner"), NextFollowUp: some("", "2026-11-22", "2026-11-21", "2026-12-01", "2026-10-31"),
			Tags: []string{}, GSTIN: some("", "27AAPFU0939F1ZV"),
		}
		if r.IntN(2) == 0 {
			in.Email = fmt.Sprintf("n%d@x.test", i%1000)
		}
		if r.IntN(2) == 0 {
			in.Phone = "+919876543210"
		}
		for range r.IntN(3) {
			in.Tags = append(in.Tags, some("vip", "festival offer", "none"))
		}
		c := o.add(t, []auth.Principal{o.asha, o.zoya, o.noor, o.key}[r.IntN(4)], in)
		at := time.Date(2026, 11, 22, 18, 30, 0, 0, time.UTC).Add(time.Duration(r.IntN(60*24*40)-60*24*39) * time.Minute) // 18:30 is midnight in India
		o.d.OwnerExec(t, "UPDATE contacts SET created_at = $2, updated_at = $2, last_contacted_at = CASE WHEN $3 THEN $2::timestamptz END WHERE id = $1", c.ID, at.Add(time.Duration(i)*time.Second), r.IntN(2) == 0)
	}
}

func randomFilter(r *rand.Rand, depth int) string {
	switch n := r.IntN(6); {
	case depth > 0 && n == 0:
		return "(" + randomFilter(r, depth-1) + " or " + randomFilter(r, depth-1) + ")"
	case depth > 0 && n == 1:
		return randomFilter(r, depth-1) + " " + randomFilter(r, depth-1)
	case depth > 0 && n == 2:
		return "-(" + randomFilter(r, depth-1) + ")"
	}
	field := crm.ContactFields[r.IntN(len(crm.ContactFields))]
	values := map[string][]string{
		"owner": {"me", "zoya@acme.test", "NOOR@acme.test"}, "team": {"Sales", "support", "nowhere"}, "tag": {"vip", `"festival offer"`, `"none"`},
		"source": {"web", `"trade FAIR"`}, "company": {`"tea house"`, "élan"}, "jobTitle": {"owner"}, "email": {"n3@x.test", "n4@x.test"}, "phone": {"+919876543210"}, "gstin": {"27AAPFU0939F1ZV"},
	}[field.Name]
	switch field.Kind {
	case filter.Choice:
		values = field.Choices
	case filter.Number:
		values = []string{"50", "..30", "70..", "20..60"}
	case filter.Day, filter.Moment:
		values = []string{"today", "yesterday", "last-30-days", "next-7-days", "2026-11", "2026-10", "..yesterday", "2026-11-01..2026-11-15", "this-week", "last-month.."}
	}
	if field.Empty != "" {
		values = append(slices.Clone(values), "none", "any")
	}
	text := field.Name + ":" + values[r.IntN(len(values))]
	for range r.IntN(2) {
		text += "," + values[r.IntN(len(values))]
	}
	return text
}

// holds evaluates a filter for one contact, as somebody would by hand.
func holds(e filter.Expr, o *office, c crm.Contact, emails, teams map[string]string) bool {
	each := func(p filter.Expr) bool { return holds(p, o, c, emails, teams) }
	switch e.Op {
	case filter.And:
		return !slices.ContainsFunc(e.Parts, func(p filter.Expr) bool { return !each(p) })
	case filter.Or:
		return slices.ContainsFunc(e.Parts, each)
	case filter.Not:
		return !each(e.Parts[0])
	}
	owner := ""
	if c.OwnerID != nil {
		owner = c.OwnerID.String()
	}
	has := map[string][]string{
		"stage": {c.Stage}, "status": {c.Status}, "warmth": {c.Warmth}, "owner": {emails[owner]}, "team": {teams[owner]}, "tag": c.Tags, "source": {c.Source}, "company": {c.Company},
		"jobTitle": {c.JobTitle}, "email": {c.Email}, "phone": {c.Phone}, "gstin": {c.GSTIN}, "leadScore": {strconv.Itoa(c.LeadScore)}, "nextFollowUp": {c.NextFollowUp},
	}[e.Field]
	ist := time.FixedZone("IST", 5*3600+1800)
	for field, at := range map[string]*time.Time{"createdAt": &c.CreatedAt, "updatedAt": &c.UpdatedAt, "lastContactedAt": c.LastContactedAt} {
		if e.Field == field && at != nil {
			has = []string{at.In(ist).Format(time.DateOnly)}
		}
	}
	has = slices.DeleteFunc(slices.Clone(has), func(s string) bool { return s == "" })
	return slices.ContainsFunc(e.Values, func(v filter.Value) bool {
		switch {
		case v.Text == "none" && !v.Quoted:
			return len(has) == 0
		case v.Text == "any" && !v.Quoted:
			return len(has) > 0
		case v.Text == "me" && e.Field == "owner":
			return owner == o.asha.UserID.String()
		}
		return slices.ContainsFunc(has, func(h string) bool { return fits(e.Field, h, v.Text) })
	})
}

// fits compares one value with one of the filter's. Today is the 22nd of November
// 2026, a Sunday.
func fits(field, has, want string) bool {
	days := map[string][2]string{
		"today": {"2026-11-22", "2026-11-22"}, "yesterday": {"2026-11-21", "2026-11-21"}, "last-30-days": {"2026-10-24", "2026-11-22"}, "next-7-days": {"2026-11-22", "2026-11-28"},
		"2026-11": {"2026-11-01", "2026-11-30"}, "2026-10": {"2026-10-01", "2026-10-31"}, "..yesterday": {"0000", "2026-11-21"}, "2026-11-01..2026-11-15": {"2026-11-01", "2026-11-15"},
		"this-week": {"2026-11-16", "2026-11-22"}, "last-month..": {"2026-10-01", "9999"},
	}
	scores := map[string][2]int{"50": {50, 50}, "..30": {0, 30}, "70..": {70, 100}, "20..60": {20, 60}}
	switch field {
	case "createdAt", "updatedAt", "lastContactedAt", "nextFollowUp":
		return days[want][0] <= has && has <= days[want][1]
	case "leadScore":
		n, err := strconv.Atoi(has)
		return err == nil && scores[want][0] <= n && n <= scores[want][1]
	}
	return strings.EqualFold(has, want)
}

func TestAFilterThatCannotBeReadSaysWhere(t *testing.T) {
	o := newOffice(t)
	_, err := o.Contacts(context.Background(), o.asha, crm.ContactFilter{Filter: "stage:customer city:Pune"})
	e := apperr.From(err)
	if e.Code != apperr.InvalidInput || !strings.Contains(e.Field("filter"), `At character 16: There is no field "city".`) {
		t.Errorf("got %v", err)
	}
	_, err = o.AllContacts(context.Background(), o.admin, crm.ContactFilter{Filter: "("})
	wantCode(t, "an export", err, apperr.InvalidInput)
}
