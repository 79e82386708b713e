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

func TestAnActorIsAPrincipalAgain(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	other, err := w.tenants.Create(ctx, tenant.Input{Slug: "other", Name: "Other"})
	if err != nil {
		t.Fatal(err)
	}
	asha := w.user(t, "asha@acme.test", auth.Member)
	expiry := w.now.Add(time.Hour)
	secret, err := w.CreateAPIKey(ctx, w.tenant, auth.APIKeyInput{Name: "Shop", Role: auth.Manager, Scopes: []auth.Right{auth.ContactsWrite}, Expiry: &expiry})
	if err != nil {
		t.Fatal(err)
	}
	key, err := w.Key(ctx, secret)
	if err != nil {
		t.Fatal(err)
	}

	p, err := w.ByActor(ctx, w.tenant, change.ActorUser, asha)
	if err != nil || p.UserID != asha || p.Role != auth.Member || p.TenantSlug != "acme" || p.IsKey() {
		t.Errorf("the person: %+v, %v", p, err)
	}
	p, err = w.ByActor(ctx, w.tenant, change.ActorAPIKey, key.KeyID)
	if err != nil || p.KeyID != key.KeyID || p.Role != auth.Manager || !p.Can(auth.ContactsWrite) || p.Can(auth.ContactsRead) {
		t.Errorf("the key: %+v, %v", p, err)
	}
	if _, err := w.ByActor(ctx, w.tenant, change.ActorSystem, uuid.Nil); err == nil || apperr.Is(err, apperr.Unauthorized) {
		t.Errorf("the system is no principal: %v", err)
	}

	refused := func(what string, tenant uuid.UUID, kind string, id uuid.UUID) {
		t.Helper()
		if _, err := w.ByActor(ctx, tenant, kind, id); !apperr.Is(err, apperr.Unauthorized) {
			t.Errorf("%s: %v", what, err)
		}
	}
	refused("a person of another tenant", other.ID, change.ActorUser, asha)
	refused("a key of another tenant", other.ID, change.ActorAPIKey, key.KeyID)
	w.now = expiry
	refused("an expired key", w.tenant, change.ActorAPIKey, key.KeyID)
	w.now = expiry.Add(-time.Minute)
	w.d.OwnerExec(t, "UPDATE tenants SET status = 'suspended' WHERE id = $1", w.tenant)
	refused("a person of a suspended tenant", w.tenant, change.ActorUser, asha)
	refused("a key of a suspended tenant", w.tenant, change.ActorAPIKey, key.KeyID)
	w.d.OwnerExec(t, "UPDATE tenants SET status = 'active' WHERE id = $1", w.tenant)
	w.d.OwnerExec(t, "UPDATE users SET disabled_at = now() WHERE id = $1", asha)
	w.d.OwnerExec(t, "UPDATE api_keys SET revoked_at = now() WHERE id = $1", key.KeyID)
	refused("a disabled person", w.tenant, change.ActorUser, asha)
	refused("a revoked key", w.tenant, change.ActorAPIKey, key.KeyID)
}
