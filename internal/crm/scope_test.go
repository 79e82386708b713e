package crm_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/crm"
	"payaid/internal/listing"
)

// The same table decides about reading one, listing, searching and changing: a
// leak in one of them is a leak.
func TestWhoReachesWhoseContact(t *testing.T) {
	o := newOffice(t)
	ctx := context.Background()
	byOwner := map[string]crm.Contact{}
	for name, p := range map[string]auth.Principal{"asha": o.asha, "ravi": o.ravi, "zoya": o.zoya, "noor": o.noor, "nobody": o.key} {
		byOwner[name] = o.add(t, p, crm.ContactInput{FirstName: "Common " + name})
	}
	everybody := []string{"asha", "nobody", "noor", "ravi", "zoya"}
	for name, c := range map[string]struct {
		p             auth.Principal
		sees, changes []string
	}{
		"the admin":                 {o.admin, everybody, everybody},
		"an API key":                {o.key, everybody, everybody},
		"the manager":               {o.manager, everybody, []string{"asha", "ravi"}},
		"asha":                      {o.asha, []string{"asha", "ravi"}, []string{"asha"}},
		"zoya":                      {o.zoya, []string{"zoya"}, []string{"zoya"}},
		"noor, who is in no team":   {o.noor, []string{"noor"}, []string{"noor"}},
		"the admin of another firm": {o.out, nil, nil},
	} {
		for owner, contact := range byOwner {
			sees, changes := slices.Contains(c.sees, owner), slices.Contains(c.changes, owner)
			read, change := apperr.Code(""), apperr.Code("")
			if !sees {
				read, change = apperr.NotFound, apperr.NotFound
			} else if !changes {
				change = apperr.NoPermission
			}
			_, may, err := o.ContactRecords().Read(ctx, c.p, contact.ID)
			wantCode(t, name+" reads the contact of "+owner, err, read)
			if may != changes {
				t.Errorf("%s may change the contact of %s: %v", name, owner, may)
			}
			_, err = o.UpdateContact(ctx, c.p, contact.ID, crm.ContactPatch{Notes: ptr(name)}, nil)
			wantCode(t, name+" changes the contact of "+owner, err, change)
			_, err = o.DeleteContact(ctx, c.p, contact.ID, nil)
			wantCode(t, name+" deletes the contact of "+owner, err, change)
			_, err = o.RestoreContact(ctx, c.p, contact.ID, nil)
			wantCode(t, name+" restores the contact of "+owner, err, change)
		}
		for what, f := range map[string]crm.ContactFilter{"list": {}, "search": {Query: "common"}} {
			page, err := o.Contacts(ctx, c.p, f)
			var got []string
			for _, contact := range page.Contacts {
				got = append(got, strings.TrimPrefix(contact.Name, "Common "))
			}
			if err != nil || !slices.Equal(got, c.sees) || page.Total != len(c.sees) {
				t.Errorf("%s's %s: %v, total %d, %v; want %v", name, what, got, page.Total, err, c.sees)
			}
		}
	}
}

func TestRightsComeFirst(t *testing.T) {
	o := newOffice(t)
	ctx := context.Background()
	nobody := auth.Principal{TenantID: o.tenant, TenantName: "acme", UserID: uuid.New(), Role: "intern"}
	id := o.add(t, o.asha, crm.ContactInput{FirstName: "Meera"}).ID
	for name, call := range map[string]func() error{
		"read":    func() error { _, err := o.Contact(ctx, nobody, id); return err },
		"list":    func() error { _, err := o.Contacts(ctx, nobody, crm.ContactFilter{}); return err },
		"suggest": func() error { _, err := o.SuggestCompanies(ctx, nobody, ""); return err },
		"create": func() error {
			_, err := o.CreateContact(ctx, nobody, crm.ContactInput{FirstName: "x"})
			return err
		},
		"update":           func() error { _, err := o.UpdateContact(ctx, nobody, id, crm.ContactPatch{}, nil); return err },
		"delete":           func() error { _, err := o.DeleteContact(ctx, nobody, id, nil); return err },
		"restore":          func() error { _, err := o.RestoreContact(ctx, nobody, id, nil); return err },
		"export":           func() error { _, err := o.AllContacts(ctx, nobody, crm.ContactFilter{}); return err },
		"trash":            func() error { _, err := o.ContactRecords().Trash(ctx, nobody, "", 0); return err },
		"deleted":          func() error { _, err := o.ContactRecords().Deleted(ctx, nobody, id); return err },
		"neighbours":       func() error { _, _, err := o.ContactRecords().Neighbours(ctx, nobody, listing.Query{}, id); return err },
		"history":          func() error { _, err := o.ContactRecords().History(ctx, nobody, id, ""); return err },
		"since":            func() error { _, err := o.ContactRecords().ChangesSince(ctx, nobody, id, 1); return err },
		"duplicates":       func() error { _, err := o.ContactRecords().Duplicates(ctx, nobody, crm.DuplicateQuery{}); return err },
		"put back":         func() error { _, err := o.ContactRecords().PutBack(ctx, nobody, id, id, "notes"); return err },
		"restore as":       func() error { _, err := o.ContactRecords().RestoreAs(ctx, nobody, id, crm.ContactPatch{}); return err },
		"export by member": func() error { _, err := o.AllContacts(ctx, o.asha, crm.ContactFilter{}); return err },
	} {
		wantCode(t, name, call(), apperr.NoPermission)
	}
}

func TestWhomAContactMayBeGivenTo(t *testing.T) {
	o := newOffice(t)
	ctx := context.Background()
	for name, c := range map[string]struct {
		p     auth.Principal
		owner uuid.UUID
		ok    bool
	}{
		"a member to themselves":           {o.asha, o.asha.UserID, true},
		"a member to a mate":               {o.asha, o.ravi.UserID, false},
		"a member to nobody":               {o.asha, uuid.Nil, false},
		"a manager inside the team":        {o.manager, o.asha.UserID, true},
		"a manager to themselves":          {o.manager, o.manager.UserID, true},
		"a manager to another team":        {o.manager, o.zoya.UserID, false},
		"a manager to nobody":              {o.manager, uuid.Nil, false},
		"an admin to anybody":              {o.admin, o.zoya.UserID, true},
		"an admin to nobody":               {o.admin, uuid.Nil, true},
		"an admin outside the business":    {o.admin, o.out.UserID, false},
		"an admin to who does not exist":   {o.admin, uuid.New(), false},
		"an API key to anybody":            {o.key, o.zoya.UserID, true},
		"an API key outside the business":  {o.key, o.out.UserID, false},
		"another firm's admin to our Asha": {o.out, o.asha.UserID, false},
	} {
		before := o.add(t, c.p, crm.ContactInput{FirstName: "Meera"})
		got, err := o.UpdateContact(ctx, c.p, before.ID, crm.ContactPatch{OwnerID: &c.owner}, nil)
		checkOwner(t, name+", by a change", got, err, c.owner, c.ok)
		if c.owner != uuid.Nil { // a new contact without an owner becomes its maker's
			got, err = o.CreateContact(ctx, c.p, crm.ContactInput{FirstName: "Meera", OwnerID: &c.owner})
			checkOwner(t, name+", when made", got, err, c.owner, c.ok)
		}
	}
}

func checkOwner(t *testing.T, what string, got crm.Contact, err error, owner uuid.UUID, ok bool) {
	t.Helper()
	if !ok {
		if e := apperr.From(err); e.Code != apperr.Validation || e.Field("ownerId") == "" {
			t.Errorf("%s: %v, want it refused", what, err)
		}
		return
	}
	if err != nil || (owner == uuid.Nil) != (got.OwnerID == nil) || (got.OwnerID != nil && *got.OwnerID != owner) {
		t.Errorf("%s: owner %v, %v", what, got.OwnerID, err)
	}
}

// Somebody who moves on leaves contacts behind, which stay editable.
func TestAContactWhoseOwnerLeftCanBeChanged(t *testing.T) {
	o := newOffice(t)
	ctx := context.Background()
	c := o.add(t, o.zoya, crm.ContactInput{FirstName: "Meera"})
	o.d.OwnerExec(t, "DELETE FROM memberships WHERE user_id = $1", o.zoya.UserID)
	got, err := o.UpdateContact(ctx, o.admin, c.ID, crm.ContactPatch{LastName: ptr("Rao")}, nil)
	if err != nil || got.OwnerID != nil {
		t.Errorf("got %+v, %v", got, err)
	}
}
