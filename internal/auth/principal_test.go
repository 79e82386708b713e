package auth_test

import (
	"context"
	"slices"
	"testing"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/auth"
)

// The records of the matrix: whose they are, as seen by somebody in a team.
var (
	me, mate, stranger = uuid.New(), uuid.New(), uuid.New()
	myTeam, otherTeam  = uuid.New(), uuid.New()
	records            = []struct {
		name        string
		owner, team *uuid.UUID
	}{
		{"own", &me, &myTeam},
		{"of the team", &mate, &myTeam},
		{"of another team", &stranger, &otherTeam},
		{"of somebody without a team", &stranger, nil},
		{"of nobody", nil, nil},
	}
)

func TestTheMatrixOfRoles(t *testing.T) {
	type reach struct{ own, team, foreign, teamless, unowned bool }
	all, teamOnly, ownOnly := reach{true, true, true, true, true}, reach{own: true, team: true}, reach{own: true}
	for role, want := range map[auth.Role]struct {
		rights      []auth.Right
		read, write reach
	}{
		auth.Owner: {auth.Rights, all, all},
		auth.Admin: {slices.DeleteFunc(slices.Clone(auth.Rights), func(r auth.Right) bool { return r == auth.BusinessDelete }), all, all},
		auth.Manager: {[]auth.Right{auth.ContactsRead, auth.ContactsWrite, auth.ContactsDelete, auth.ContactsExport, auth.CompaniesRead, auth.CompaniesWrite, auth.CompaniesDelete, auth.CompaniesExport, auth.DealsRead, auth.DealsWrite, auth.DealsDelete, auth.DealsExport,
			auth.ActivitiesRead, auth.ActivitiesWrite, auth.ActivitiesDelete, auth.ActivitiesExport}, all, teamOnly},
		auth.Member: {[]auth.Right{auth.ContactsRead, auth.ContactsWrite, auth.ContactsDelete, auth.CompaniesRead, auth.CompaniesWrite, auth.CompaniesDelete, auth.DealsRead, auth.DealsWrite, auth.DealsDelete,
			auth.ActivitiesRead, auth.ActivitiesWrite, auth.ActivitiesDelete}, teamOnly, ownOnly},
		"intern": {nil, reach{}, reach{}},
		"":       {nil, reach{}, reach{}},
	} {
		p := auth.Principal{TenantID: uuid.New(), TenantName: "Acme", UserID: me, TeamID: &myTeam, Role: role}
		has := map[auth.Right]bool{}
		for _, r := range want.rights {
			has[r] = true
		}
		for _, r := range append([]auth.Right{"contacts:configure", ""}, auth.Rights...) {
			if p.Can(r) != has[r] || (p.Require(r) == nil) != has[r] || role.Has(r) != has[r] {
				t.Errorf("%s %s: %v, want %v", role, r, p.Can(r), has[r])
			}
			if err := p.Require(r); err != nil && !apperr.Is(err, apperr.NoPermission) {
				t.Errorf("%s %s: %v", role, r, err)
			}
		}
		sees := []bool{want.read.own, want.read.team, want.read.foreign, want.read.teamless, want.read.unowned}
		changes := []bool{want.write.own, want.write.team, want.write.foreign, want.write.teamless, want.write.unowned}
		for i, r := range records {
			if got := p.Sees(auth.Contacts, r.owner, r.team); got != sees[i] {
				t.Errorf("%s sees a record %s: %v, want %v", role, r.name, got, sees[i])
			}
			if got := p.MayChange(auth.Contacts, r.owner, r.team); got != changes[i] {
				t.Errorf("%s may change a record %s: %v, want %v", role, r.name, got, changes[i])
			}
		}
	}
	if len(auth.Roles) != 4 || auth.Role("intern").Valid() {
		t.Error("there are four roles; the table above covers each")
	}
	for _, r := range auth.Roles {
		if !r.Valid() || r.Label() == string(r) {
			t.Errorf("%s: valid %v, label %q", r, r.Valid(), r.Label())
		}
	}
}

func TestSomebodyWithoutATeamHasNoTeamsRecords(t *testing.T) {
	p := auth.Principal{UserID: me, Role: auth.Manager}
	for _, r := range records {
		if got, want := p.MayChange(auth.Contacts, r.owner, r.team), r.name == "own"; got != want {
			t.Errorf("a record %s: %v", r.name, got)
		}
	}
	var nobody auth.Principal
	if nobody.Sees(auth.Contacts, &uuid.Nil, nil) || nobody.Can(auth.ContactsRead) {
		t.Error("the zero principal may do something")
	}
}

func TestAViewScopeOverridesTheRole(t *testing.T) {
	for name, c := range map[string]struct {
		role       auth.Role
		scopes     string
		sees       []bool // in the order of records
		mayChange  []bool
		otherSpace bool // sees a foreign record of another entity
	}{
		"a member widened": {auth.Member, `{"contacts": "all"}`,
			[]bool{true, true, true, true, true}, []bool{true, false, false, false, false}, false},
		"a member narrowed": {auth.Member, `{"contacts": "own"}`,
			[]bool{true, false, false, false, false}, []bool{true, false, false, false, false}, false},
		"an admin narrowed": {auth.Admin, `{"contacts": "team"}`,
			[]bool{true, true, false, false, false}, []bool{true, true, false, false, false}, true},
		"an admin kept out": {auth.Admin, `{"contacts": "none"}`,
			[]bool{false, false, false, false, false}, []bool{false, false, false, false, false}, true},
		"a scope we do not know": {auth.Admin, `{"contacts": "everything"}`,
			[]bool{false, false, false, false, false}, []bool{false, false, false, false, false}, true},
		"another entity's": {auth.Member, `{"deals": "all"}`,
			[]bool{true, true, false, false, false}, []bool{true, false, false, false, false}, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			id := w.user(t, "asha@acme.test", c.role)
			team, err := w.tenants.CreateTeam(context.Background(), w.tenant, "Sales")
			if err != nil {
				t.Fatal(err)
			}
			w.d.OwnerExec(t, "UPDATE memberships SET view_scopes = $1, team_id = $2", c.scopes, team)
			p, err := w.Member(context.Background(), w.tenant, id, w.now)
			if err != nil {
				t.Fatal(err)
			}
			for i, r := range records {
				owner, ownerTeam := r.owner, r.team
				if owner == &me {
					owner = &id
				}
				if ownerTeam == &myTeam {
					ownerTeam = &team
				}
				if got := p.Sees(auth.Contacts, owner, ownerTeam); got != c.sees[i] {
					t.Errorf("sees a record %s: %v", r.name, got)
				}
				if got := p.MayChange(auth.Contacts, owner, ownerTeam); got != c.mayChange[i] {
					t.Errorf("may change a record %s: %v", r.name, got)
				}
			}
			if got := p.Sees("tasks", &stranger, &otherTeam); got != c.otherSpace {
				t.Errorf("sees another entity's record: %v", got)
			}
		})
	}
}

func TestLocationOfATenant(t *testing.T) {
	for zone, want := range map[string]string{"Asia/Kolkata": "Asia/Kolkata", "Europe/Berlin": "Europe/Berlin", "": "IST", "Nowhere/Land": "IST"} {
		if got := (auth.Principal{TimeZone: zone}).Location().String(); got != want {
			t.Errorf("%q: %s, want %s", zone, got, want)
		}
	}
}
