package activity_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"payaid/internal/activity"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/crm"
	"payaid/internal/listing"
)

func TestWhatAnActivityMayBe(t *testing.T) {
	o := newOffice(t)
	c := o.contact(t, o.asha, "Meera")
	for field, in := range map[string]activity.Input{
		"type":            {Type: "fax", Body: "x", ContactID: &c.ID},
		"outcome":         {Body: "x", Outcome: "splendid", ContactID: &c.ID},
		"body":            {Subject: " ", ContactID: &c.ID},
		"subject":         {Subject: strings.Repeat("é", 201), ContactID: &c.ID},
		"durationMinutes": {Body: "x", Duration: ptr(1441), ContactID: &c.ID},
		"occurredAt":      {Body: "x", OccurredAt: ptr(o.now.Add(time.Hour)), ContactID: &c.ID},
		"contactId":       {Body: "x"},
		"companyId":       {Body: "x", CompanyID: ptr(uuid.New())},
	} {
		_, err := o.Log(t.Context(), o.asha, in)
		if e := apperr.From(err); e.Code != apperr.Validation || e.Field(field) == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
	got := o.log(t, o.asha, activity.Input{Type: activity.Call, Subject: " Asked  for prices ", Duration: ptr(12), ContactID: &c.ID})
	if got.Subject != "Asked for prices" || !got.OccurredAt.Equal(o.now) || got.Author != "Asha" || got.Contact != "Meera" || *got.Duration != 12 {
		t.Errorf("got %+v", got)
	}
}

// The record that an activity hangs on decides about reading it, listing, searching
// and exporting.
func TestNobodySeesAnActivityOfAContactTheyMayNotSee(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	ids := map[string]uuid.UUID{}
	for name, p := range map[string]auth.Principal{"asha": o.asha, "ravi": o.ravi, "zoya": o.zoya} {
		c := o.contact(t, p, name)
		ids[name] = o.log(t, p, activity.Input{Body: "common " + name, ContactID: &c.ID}).ID
	}
	company, err := o.crm.CreateCompany(ctx, o.zoya, crm.CompanyInput{Name: "Zoya Mills"})
	if err != nil {
		t.Fatal(err)
	}
	ids["mills"] = o.log(t, o.zoya, activity.Input{Body: "common mills", CompanyID: &company.ID}).ID
	noContacts := o.key
	for who, c := range map[string]struct {
		p    auth.Principal
		sees []string
	}{
		"asha": {o.asha, []string{"asha", "ravi"}}, "ravi": {o.ravi, []string{"asha", "ravi"}}, "zoya": {o.zoya, []string{"mills", "zoya"}},
		"manager": {o.manager, []string{"asha", "mills", "ravi", "zoya"}}, "key": {noContacts, []string{"asha", "mills", "ravi", "zoya"}}, "outsider": {o.out, nil},
	} {
		for name, id := range ids {
			_, err := o.Activity(ctx, c.p, id)
			if slices.Contains(c.sees, name) != (err == nil) || err != nil && !apperr.Is(err, apperr.NotFound) {
				t.Errorf("%s reads that of %s: %v", who, name, err)
			}
			if _, err := o.AddComment(ctx, c.p, id, "seen"); slices.Contains(c.sees, name) != (err == nil) {
				t.Errorf("%s comments that of %s: %v", who, name, err)
			}
		}
		for what, q := range map[string]listing.Query{"list": {}, "search": {Text: "common"}, "filter": {Filter: "type:note"}} {
			page, err := o.Activities(ctx, c.p, q)
			var got []string
			for _, a := range page.Items {
				got = append(got, strings.TrimPrefix(a.Body, "common "))
			}
			slices.Sort(got)
			if err != nil || !slices.Equal(got, c.sees) || page.Total != len(c.sees) {
				t.Errorf("%s's %s: %v of %d, %v; want %v", who, what, got, page.Total, err, c.sees)
			}
		}
	}
	var file bytes.Buffer
	wantCode(t, "a member exports", o.Export(ctx, o.asha, listing.Query{}, "csv", &file), apperr.NoPermission)
	if err := o.Export(ctx, o.manager, listing.Query{Text: "zoya"}, "csv", &file); err != nil || !strings.Contains(file.String(), "common zoya") || strings.Contains(file.String(), "common asha") {
		t.Errorf("export: %v\n%s", err, file.String())
	}
}

func TestTheTrashOfAContactTakesItsActivitiesAlong(t *testing.T) {
	o := newOffice(t)
	c := o.contact(t, o.asha, "Meera")
	a := o.log(t, o.asha, activity.Input{Body: "x", ContactID: &c.ID})
	if _, err := o.crm.DeleteContact(t.Context(), o.asha, c.ID, nil); err != nil {
		t.Fatal(err)
	}
	_, err := o.Activity(t.Context(), o.admin, a.ID)
	wantCode(t, "read", err, apperr.NotFound)
	if page, err := o.Activities(t.Context(), o.admin, listing.Query{}); err != nil || len(page.Items) != 0 {
		t.Errorf("list: %+v, %v", page, err)
	}
	if _, err := o.crm.RestoreContact(t.Context(), o.asha, c.ID, nil); err != nil {
		t.Fatal(err)
	}
	if page, err := o.Activities(t.Context(), o.admin, listing.Query{}); err != nil || len(page.Items) != 1 {
		t.Errorf("list: %+v, %v", page, err)
	}
}

func TestWhoChangesWhoseActivity(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	c := o.contact(t, o.asha, "Meera")
	for who, x := range map[string]struct {
		p    auth.Principal
		code apperr.Code
	}{
		"the author": {o.asha, ""}, "a mate": {o.ravi, apperr.NoPermission}, "who sees nothing": {o.zoya, apperr.NotFound}, "the manager": {o.manager, ""},
		"an admin": {o.admin, ""}, "a key": {o.key, ""}, "another business": {o.out, apperr.NotFound},
	} {
		a := o.log(t, o.asha, activity.Input{Body: "x", ContactID: &c.ID})
		got, err := o.Update(ctx, x.p, a.ID, activity.Patch{Body: ptr("y")}, &a.Version)
		wantCode(t, who+" changes", err, x.code)
		if err == nil && (got.Author != "Asha" || got.Version != 2) {
			t.Errorf("%s: %+v", who, got)
		}
		_, err = o.Delete(ctx, x.p, a.ID, nil)
		wantCode(t, who+" deletes", err, x.code)
		_, err = o.Restore(ctx, x.p, a.ID, nil)
		wantCode(t, who+" restores", err, x.code)
	}
	a := o.log(t, o.asha, activity.Input{Body: "x", ContactID: &c.ID})
	_, err := o.Update(ctx, o.asha, a.ID, activity.Patch{Body: ptr("z")}, ptr(int64(9)))
	wantCode(t, "an old version", err, apperr.Conflict)
	nobody := auth.Principal{TenantID: o.tenant, TenantName: "acme", UserID: uuid.New(), Role: "intern"}
	_, err = o.Log(ctx, nobody, activity.Input{Body: "x", ContactID: &c.ID})
	wantCode(t, "without the right", err, apperr.NoPermission)
	_, err = o.Activities(ctx, nobody, listing.Query{})
	wantCode(t, "without the right to read", err, apperr.NoPermission)
}

// Last contacted follows from what reached the contact, whatever is changed.
func TestLastContactedFollowsTheTimeline(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	c := o.contact(t, o.asha, "Meera")
	is := func(what string, want *time.Time) {
		t.Helper()
		got, err := o.crm.Contact(ctx, o.asha, c.ID)
		if err != nil || (want == nil) != (got.LastContactedAt == nil) || want != nil && !got.LastContactedAt.Equal(*want) {
			t.Errorf("%s: %v, %v; want %v", what, got.LastContactedAt, err, want)
		}
		if got.Version != c.Version {
			t.Errorf("%s: the contact's version moved to %d", what, got.Version)
		}
	}
	day := func(n int) *time.Time { return ptr(o.now.AddDate(0, 0, -n)) }
	o.log(t, o.asha, activity.Input{Body: "a note", ContactID: &c.ID})
	is("a note reaches nobody", nil)
	call := o.log(t, o.asha, activity.Input{Type: activity.Call, Body: "x", OccurredAt: day(3), ContactID: &c.ID})
	is("a call", day(3))
	o.log(t, o.asha, activity.Input{Type: activity.SMS, Body: "x", OccurredAt: day(9), ContactID: &c.ID})
	is("an older message", day(3))
	if _, err := o.Update(ctx, o.asha, call.ID, activity.Patch{OccurredAt: day(5)}, nil); err != nil {
		t.Fatal(err)
	}
	is("the call was earlier", day(5))
	if _, err := o.Update(ctx, o.asha, call.ID, activity.Patch{Type: ptr(activity.Note)}, nil); err != nil {
		t.Fatal(err)
	}
	is("it was no call", day(9))
	if _, err := o.Update(ctx, o.asha, call.ID, activity.Patch{Type: ptr(activity.Meeting)}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Delete(ctx, o.asha, call.ID, nil); err != nil {
		t.Fatal(err)
	}
	is("deleted", day(9))
	if _, err := o.Restore(ctx, o.asha, call.ID, nil); err != nil {
		t.Fatal(err)
	}
	is("restored", day(5))
}

// Two who log at once: the later one of the two stays, whoever commits first.
func TestTwoWhoLogAtOnceKeepTheLatest(t *testing.T) {
	o := newOffice(t)
	c := o.contact(t, o.asha, "Meera")
	errs := make(chan error, 20)
	for i := range 20 {
		go func() {
			_, err := o.Log(context.Background(), o.asha, activity.Input{Type: activity.Call, Body: "x", OccurredAt: ptr(o.now.Add(-time.Duration(i) * time.Hour)), ContactID: &c.ID})
			errs <- err
		}()
	}
	for range 20 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if got, err := o.crm.Contact(t.Context(), o.asha, c.ID); err != nil || !got.LastContactedAt.Equal(o.now) {
		t.Errorf("%v, %v", got.LastContactedAt, err)
	}
}

func TestMentionsTellThoseWhoMaySee(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	c := o.contact(t, o.asha, "Meera")
	told := func(p auth.Principal) int {
		return len(query[string](t, o, "SELECT title FROM notifications WHERE user_id = $1", p.UserID))
	}
	a := o.log(t, o.asha, activity.Input{Body: "Ask @Ravi, not me@ravish.test or @ravishing, @asha", ContactID: &c.ID})
	if told(o.ravi) != 1 || told(o.asha) != 0 {
		t.Errorf("told %d and %d", told(o.ravi), told(o.asha))
	}
	if _, err := o.Update(ctx, o.asha, a.ID, activity.Patch{Body: ptr("Ask @Ravi or @Manager")}, nil); err != nil || told(o.ravi) != 1 || told(o.manager) != 1 {
		t.Errorf("told %d and %d, %v", told(o.ravi), told(o.manager), err)
	}
	_, err := o.AddComment(ctx, o.ravi, a.ID, "@Zoya knows")
	wantCode(t, "somebody who may not see", err, apperr.Validation)
	comment, err := o.AddComment(ctx, o.ravi, a.ID, "@ASHA, done")
	if err != nil || told(o.asha) != 1 || told(o.zoya) != 0 {
		t.Errorf("told %d and %d, %v", told(o.asha), told(o.zoya), err)
	}
	page, err := o.OfContact(ctx, o.asha, c.ID, listing.Query{})
	if err != nil || len(page.Items) != 1 || len(page.Items[0].Comments) != 1 || page.Items[0].Comments[0].Body != "@ASHA, done" {
		t.Errorf("%+v, %v", page.Items, err)
	}
	_, err = o.DeleteComment(ctx, o.asha, a.ID, comment.ID)
	wantCode(t, "somebody else's comment", err, apperr.NoPermission)
	_, err = o.DeleteComment(ctx, o.ravi, a.ID, comment.ID)
	wantCode(t, "the own comment", err, "")
}

func TestTheTimelineOfACompanyHasItsPeoples(t *testing.T) {
	o := newOffice(t)
	c, err := o.crm.CreateContact(t.Context(), o.asha, crm.ContactInput{FirstName: "Meera", Company: "Ganga Mills"})
	if err != nil {
		t.Fatal(err)
	}
	o.log(t, o.asha, activity.Input{Body: "one", ContactID: &c.ID})
	o.log(t, o.asha, activity.Input{Type: activity.Call, Body: "two", CompanyID: c.CompanyID})
	page, err := o.OfCompany(t.Context(), o.ravi, *c.CompanyID, listing.Query{})
	if err != nil || len(page.Items) != 2 || page.Items[1].Company != "Ganga Mills" {
		t.Errorf("%+v, %v", page, err)
	}
	page, err = o.OfCompany(t.Context(), o.ravi, *c.CompanyID, listing.Query{Filter: "type:call"})
	if err != nil || len(page.Items) != 1 {
		t.Errorf("%+v, %v", page, err)
	}
}
