package auth_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
	"payaid/internal/crm"
	"payaid/internal/tenant"
)

func (w *world) member(t *testing.T, id uuid.UUID) auth.Principal {
	t.Helper()
	p, err := w.Member(context.Background(), w.tenant, id, w.now)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (w *world) crm() *crm.Service {
	return crm.New(&change.Writer{DB: w.d.DB, Now: func() time.Time { return w.now }}, nil, w.Service)
}

func (w *world) team(t *testing.T, name string) uuid.UUID {
	t.Helper()
	id, err := w.tenants.CreateTeam(context.Background(), w.tenant, name)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func ptr[T any](v T) *T { return &v }

func code(err error) apperr.Code {
	if err == nil {
		return ""
	}
	return apperr.From(err).Code
}

func TestWhoMayChangeWhom(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	owner := w.member(t, w.user(t, "owner@a.in", auth.Owner))
	admin := w.member(t, w.user(t, "admin@a.in", auth.Admin))
	manager := w.member(t, w.user(t, "manager@a.in", auth.Manager))
	other, err := w.tenants.Create(ctx, tenant.Input{Slug: "other", Name: "Other"})
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := w.tenants.CreateTeam(ctx, other.ID, "Theirs")
	if err != nil {
		t.Fatal(err)
	}
	outsider := auth.Principal{TenantID: other.ID, UserID: uuid.New(), Role: auth.Owner}
	for name, c := range map[string]struct {
		as    auth.Principal
		whom  auth.Principal
		patch auth.PersonPatch
		code  apperr.Code
		field string
	}{
		"a manager changes nobody":     {manager, manager, auth.PersonPatch{Role: ptr(auth.Member)}, apperr.NoPermission, ""},
		"another business":             {outsider, manager, auth.PersonPatch{Role: ptr(auth.Member)}, apperr.NotFound, ""},
		"an admin makes no owner":      {admin, manager, auth.PersonPatch{Role: ptr(auth.Owner)}, apperr.Validation, "role"},
		"an admin not of themselves":   {admin, admin, auth.PersonPatch{Role: ptr(auth.Owner)}, apperr.Validation, "role"},
		"an owner makes no owner":      {owner, manager, auth.PersonPatch{Role: ptr(auth.Owner)}, apperr.Validation, "role"},
		"the owner's role":             {owner, owner, auth.PersonPatch{Role: ptr(auth.Admin)}, apperr.Validation, "role"},
		"an admin leaves owners alone": {admin, owner, auth.PersonPatch{TeamID: &uuid.Nil}, apperr.NoPermission, ""},
		"no such role":                 {owner, manager, auth.PersonPatch{Role: ptr(auth.Role("king"))}, apperr.Validation, "role"},
		"another business's team":      {owner, manager, auth.PersonPatch{TeamID: &foreign}, apperr.Validation, "teamId"},
		"no such scope":                {owner, manager, auth.PersonPatch{ViewScopes: map[string]auth.Scope{"contacts": "half"}}, apperr.Validation, "viewScopes"},
		"no such entity":               {owner, manager, auth.PersonPatch{ViewScopes: map[string]auth.Scope{"ships": "own"}}, apperr.Validation, "viewScopes"},
		"an owner's own view":          {owner, owner, auth.PersonPatch{ViewScopes: map[string]auth.Scope{"contacts": "own"}}, "", ""},
		"an admin makes an admin":      {admin, manager, auth.PersonPatch{Role: ptr(auth.Admin)}, "", ""},
	} {
		_, err := w.UpdatePerson(ctx, c.as, c.whom.UserID, c.patch, nil)
		if code(err) != c.code || c.field != "" && apperr.From(err).Field(c.field) == "" {
			t.Errorf("%s: %v, want %q", name, err, c.code)
		}
	}
}

func TestAChangeOfAPersonIsAuditedAndGuarded(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	owner := w.member(t, w.user(t, "owner@a.in", auth.Owner))
	id := w.user(t, "m@a.in", auth.Member)
	team := w.team(t, "Sales")
	after, err := w.UpdatePerson(ctx, owner, id, auth.PersonPatch{Role: ptr(auth.Manager), TeamID: &team, ViewScopes: map[string]auth.Scope{"contacts": "none"}}, ptr(int64(1)))
	if err != nil || after.Version != 2 || after.Team != "Sales" || after.Role != auth.Manager {
		t.Fatalf("%+v, %v", after, err)
	}
	if p := w.member(t, id); p.ReadScope(auth.Contacts) != auth.ScopeNone || p.TeamID == nil || *p.TeamID != team {
		t.Errorf("the principal: %+v", p)
	}
	_, err = w.UpdatePerson(ctx, owner, id, auth.PersonPatch{Role: ptr(auth.Member)}, ptr(int64(1)))
	if e := apperr.From(err); e.Code != apperr.Conflict || e.Version != 2 {
		t.Errorf("an old version: %v", err)
	}
	after, err = w.UpdatePerson(ctx, owner, id, auth.PersonPatch{TeamID: &uuid.Nil, ViewScopes: map[string]auth.Scope{"contacts": ""}}, ptr(int64(2)))
	if err != nil || after.TeamID != nil || len(after.ViewScopes) != 0 || after.Role != auth.Manager {
		t.Errorf("back to the role: %+v, %v", after, err)
	}
}

func TestTheLastOwnerStays(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	a := w.member(t, w.user(t, "a@a.in", auth.Owner))
	if _, err := w.crm().RemoveMember(ctx, a, a.UserID, nil, nil); code(err) != apperr.BusinessRule {
		t.Errorf("the last owner: %v", err)
	}
	b := w.member(t, w.user(t, "b@a.in", auth.Owner))
	admin := w.member(t, w.user(t, "admin@a.in", auth.Admin))
	if _, err := w.crm().RemoveMember(ctx, admin, a.UserID, nil, nil); code(err) != apperr.NoPermission {
		t.Errorf("an admin removes an owner: %v", err)
	}
	// Two owners remove each other at the same time: one of them stays.
	var errs [2]error
	var both sync.WaitGroup
	for i, pair := range [][2]auth.Principal{{a, b}, {b, a}} {
		both.Go(func() { _, errs[i] = w.crm().RemoveMember(ctx, pair[0], pair[1].UserID, nil, nil) })
	}
	both.Wait()
	if (errs[0] == nil) == (errs[1] == nil) || code(errors.Join(errs[:]...)) != apperr.BusinessRule {
		t.Errorf("want one removed and one refused: %v", errs)
	}
}

func TestWhoLeavesHandsOver(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	owner := w.member(t, w.user(t, "owner@a.in", auth.Owner))
	s := w.crm()
	for name, c := range map[string]struct {
		heir *uuid.UUID
		want *uuid.UUID
	}{"to the owner": {&owner.UserID, &owner.UserID}, "to nobody": {nil, nil}} {
		leaver := w.member(t, w.user(t, uuid.NewString()[:8]+"@a.in", auth.Member))
		made, err := s.CreateContact(ctx, leaver, crm.ContactInput{FirstName: "Vikram", Company: "Aravalli " + name})
		if err != nil {
			t.Fatal(err)
		}
		if n, err := s.OwnedContacts(ctx, owner, leaver.UserID); err != nil || n != 1 {
			t.Errorf("%s: %d owned, %v", name, n, err)
		}
		if _, err := s.RemoveMember(ctx, owner, leaver.UserID, &leaver.UserID, nil); apperr.From(err).Field("successorId") == "" {
			t.Errorf("%s: to themselves: %v", name, err)
		}
		if _, err := s.RemoveMember(ctx, owner, leaver.UserID, ptr(uuid.New()), nil); apperr.From(err).Field("successorId") == "" {
			t.Errorf("%s: to a stranger: %v", name, err)
		}
		if _, err := s.RemoveMember(ctx, owner, leaver.UserID, c.heir, ptr(int64(1))); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		now, err := s.Contact(ctx, owner, made.ID)
		if err != nil || (now.OwnerID == nil) != (c.want == nil) || now.OwnerID != nil && *now.OwnerID != *c.want || now.Version != made.Version+1 {
			t.Errorf("%s: %+v, %v", name, now, err)
		}
		if _, err := w.Member(ctx, w.tenant, leaver.UserID, w.now); code(err) != apperr.Unauthorized {
			t.Errorf("%s: their session goes on: %v", name, err)
		}
	}
}

func TestPeopleInPages(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	owner := w.member(t, w.user(t, "owner@a.in", auth.Owner))
	for _, email := range []string{"b@a.in", "c@a.in"} {
		w.user(t, email, auth.Member)
	}
	seen := map[uuid.UUID]bool{}
	cursor := ""
	for range 3 {
		page, err := w.People(ctx, owner, auth.PageRequest{Cursor: cursor, Limit: 1})
		if err != nil || len(page.People) != 1 {
			t.Fatalf("%+v, %v", page, err)
		}
		seen[page.People[0].ID], cursor = true, page.Next
	}
	if len(seen) != 3 || cursor != "" {
		t.Errorf("%d people in three pages, then %q", len(seen), cursor)
	}
}

func TestAKeyNeverExceedsItsMaker(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	admin := w.member(t, w.user(t, "admin@a.in", auth.Admin))
	secret, err := w.CreateAPIKey(ctx, w.tenant, auth.APIKeyInput{Name: "narrow", Role: auth.Admin, Scopes: []auth.Right{auth.KeysConfigure, auth.ContactsRead}})
	if err != nil {
		t.Fatal(err)
	}
	narrow, err := w.Key(ctx, secret)
	if err != nil {
		t.Fatal(err)
	}
	manager := w.member(t, w.user(t, "manager@a.in", auth.Manager))
	for name, c := range map[string]struct {
		as    auth.Principal
		in    auth.APIKeyInput
		code  apperr.Code
		field string
	}{
		"no right":                          {manager, auth.APIKeyInput{Name: "k", Role: auth.Member}, apperr.NoPermission, ""},
		"an owner's key":                    {admin, auth.APIKeyInput{Name: "k", Role: auth.Owner}, apperr.Validation, "role"},
		"an admin's key":                    {admin, auth.APIKeyInput{Name: "k", Role: auth.Admin}, "", ""},
		"a narrow key widens itself":        {narrow, auth.APIKeyInput{Name: "k", Role: auth.Admin}, apperr.Validation, "scopes"},
		"a narrow key names more":           {narrow, auth.APIKeyInput{Name: "k", Role: auth.Admin, Scopes: []auth.Right{auth.ContactsWrite}}, apperr.Validation, "scopes"},
		"a narrow key hands on what it has": {narrow, auth.APIKeyInput{Name: "k", Role: auth.Admin, Scopes: []auth.Right{auth.ContactsRead}}, "", ""},
	} {
		_, secret, err := w.AddAPIKey(ctx, c.as, c.in)
		if code(err) != c.code || c.field != "" && apperr.From(err).Field(c.field) == "" || (err == nil) != strings.HasPrefix(secret, "pk_") {
			t.Errorf("%s: %q, %v", name, secret, err)
		}
	}
}

func TestARevokedKeyIsRefused(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	admin := w.member(t, w.user(t, "admin@a.in", auth.Admin))
	k, secret, err := w.AddAPIKey(ctx, admin, auth.APIKeyInput{Name: "k", Role: auth.Member})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Key(ctx, secret); err != nil {
		t.Errorf("a new key: %v", err)
	}
	outsider := auth.Principal{TenantID: uuid.New(), UserID: uuid.New(), Role: auth.Owner}
	if _, err := w.RevokeAPIKey(ctx, outsider, k.ID, nil); code(err) != apperr.NotFound {
		t.Errorf("another business revokes it: %v", err)
	}
	for range 2 {
		if gone, err := w.RevokeAPIKey(ctx, admin, k.ID, nil); err != nil || gone.State(w.now) != auth.KeyRevoked {
			t.Errorf("revoke: %+v, %v", gone, err)
		}
	}
	if _, err := w.Key(ctx, secret); code(err) != apperr.Unauthorized {
		t.Errorf("a revoked key: %v", err)
	}
	page, err := w.APIKeys(ctx, admin, auth.PageRequest{})
	if err != nil || len(page.Keys) != 1 || page.Keys[0].RevokedAt == nil {
		t.Errorf("the list: %+v, %v", page, err)
	}
}

// A repeated call under one idempotency key makes one key and cannot show its
// secret again, which is kept nowhere.
func TestARepeatedCallMakesOneKey(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	admin := w.member(t, w.user(t, "admin@a.in", auth.Admin))
	admin.Request.IdempotencyKey = "once"
	first, secret, err := w.AddAPIKey(ctx, admin, auth.APIKeyInput{Name: "k", Role: auth.Member})
	if err != nil || secret == "" {
		t.Fatal(secret, err)
	}
	again, secret, err := w.AddAPIKey(ctx, admin, auth.APIKeyInput{Name: "k", Role: auth.Member})
	if err != nil || again.ID != first.ID || secret != "" {
		t.Errorf("%v, %q, %v", again.ID, secret, err)
	}
}

// The matrix in testdata is the one that was agreed; changing it is a decision.
func TestTheMatrixIsTheOneAgreed(t *testing.T) {
	var b strings.Builder
	for _, right := range auth.Rights {
		b.WriteString(string(right))
		for _, role := range auth.Roles {
			b.WriteString(" " + string(role) + "=" + string(role.Reach(right)))
		}
		b.WriteString("\n")
	}
	want, err := os.ReadFile("testdata/rights.txt")
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("the matrix is now:\n%s", b.String())
	}
}
