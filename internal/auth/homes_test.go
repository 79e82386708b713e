package auth_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
	"payaid/internal/tenant"
)

func TestTheBusinessThatWasUsedLast(t *testing.T) {
	w := newWorld(t)
	id := w.user(t, "asha@example.in", auth.Member)
	second, err := w.tenants.Create(t.Context(), tenant.Input{Slug: "second", Name: "Second"})
	check(t, err)
	third, err := w.tenants.Create(t.Context(), tenant.Input{Slug: "third", Name: "Third"})
	check(t, err)
	w.now = w.now.Add(time.Hour)
	w.d.OwnerExec(t, "INSERT INTO memberships (tenant_id, user_id, role, created_at, updated_at) VALUES ($1, $2, 'admin', $3, $3)", second.ID, id, w.now)
	p, err := w.Member(t.Context(), w.tenant, id, w.now)
	check(t, err)
	begins := func(want uuid.UUID) {
		t.Helper()
		if in, err := w.SignIn(t.Context(), "asha@example.in", password, auth.Request{}); err != nil || in.TenantID != want {
			t.Errorf("the sign-in begins in %s, %v; want %s", in.TenantID, err, want)
		}
	}
	begins(w.tenant)
	for _, to := range []uuid.UUID{second.ID, w.tenant, second.ID} {
		w.now = w.now.Add(time.Minute)
		if in, err := w.Switch(t.Context(), p, to); err != nil || in != (auth.SignedIn{UserID: id, TenantID: to}) {
			t.Fatalf("%v, %v", in, err)
		}
		begins(to)
	}
	homes, err := w.Homes(t.Context(), id)
	if err != nil || len(homes) != 2 || homes[0] != (auth.Home{TenantID: second.ID, Name: "Second", Role: auth.Admin}) || homes[1].TenantID != w.tenant {
		t.Errorf("%+v, %v", homes, err)
	}
	w.d.OwnerExec(t, "UPDATE tenants SET status = 'suspended' WHERE id = $1", second.ID)
	begins(w.tenant)
	if homes, err := w.Homes(t.Context(), id); err != nil || len(homes) != 1 {
		t.Errorf("with a suspended one: %+v, %v", homes, err)
	}
	for name, to := range map[string]uuid.UUID{"suspended": second.ID, "another's": third.ID, "nobody's": uuid.New(), "none": uuid.Nil} {
		if _, err := w.Switch(t.Context(), p, to); !apperr.Is(err, apperr.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.Switch(t.Context(), auth.Principal{KeyID: uuid.New(), TenantID: w.tenant}, w.tenant); !apperr.Is(err, apperr.NoPermission) {
		t.Errorf("a key: %v", err)
	}
}

// Whoever is invited to where they work already keeps their role.
func TestJoiningTwiceChangesNothing(t *testing.T) {
	w := newWorld(t)
	id := w.user(t, "asha@example.in", auth.Manager)
	writer := &change.Writer{DB: w.d.DB, Now: func() time.Time { return w.now }}
	actor := change.Actor{TenantID: w.tenant, ID: id, Kind: change.ActorUser, Name: "Asha"}
	_, err := change.Do(t.Context(), writer, actor, "x", nil, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		return struct{}{}, auth.Join(ctx, tx, id, auth.Member, nil)
	})
	check(t, err)
	if p, err := w.Member(t.Context(), w.tenant, id, w.now); err != nil || p.Role != auth.Manager {
		t.Errorf("%s, %v", p.Role, err)
	}
}
