package auth_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
)

func (w *world) key(t *testing.T, in auth.APIKeyInput) string {
	t.Helper()
	secret, err := w.CreateAPIKey(context.Background(), w.tenant, in)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func TestAnAPIKeyStandsForItsTenant(t *testing.T) {
	w := newWorld(t)
	secret := w.key(t, auth.APIKeyInput{Name: "Shop", Role: auth.Manager})
	p, err := w.Key(context.Background(), secret)
	if err != nil {
		t.Fatal(err)
	}
	if p.TenantID != w.tenant || !p.IsKey() || p.User() != nil || p.Role != auth.Manager || p.Name != "Shop" || p.TenantSlug != "acme" {
		t.Errorf("got %+v", p)
	}
	if a := p.Actor(); a.ID != p.KeyID || a.Kind != "api_key" {
		t.Errorf("acts as %+v", a)
	}
	if p.ReadScope(auth.Contacts) != auth.ScopeAll || p.WriteScope() != auth.ScopeAll {
		t.Error("a key belongs to the business and reaches all of it")
	}
}

func TestKeysThatAreRefused(t *testing.T) {
	w := newWorld(t)
	good := w.key(t, auth.APIKeyInput{Name: "good", Role: auth.Admin})
	prefix := good[:strings.LastIndexByte(good, '_')+1]
	revoked := w.key(t, auth.APIKeyInput{Name: "revoked", Role: auth.Admin})
	w.d.OwnerExec(t, "UPDATE api_keys SET revoked_at = now() WHERE name = 'revoked'")
	for name, secret := range map[string]string{
		"nothing":                        "",
		"another word":                   "Bearer",
		"the mark alone":                 "pk_",
		"an unknown prefix":              "pk_aaaaaaaaaa_" + good[len(prefix):],
		"the right prefix, wrong secret": prefix + strings.Repeat("a", len(good)-len(prefix)),
		"the right prefix alone":         prefix,
		"without the mark":               strings.TrimPrefix(good, "pk_"),
		"in capitals":                    strings.ToUpper(good),
		"a letter more":                  good + "a",
		"a letter less":                  good[:len(good)-1],
		"a revoked key":                  revoked,
		"no text":                        "pk_\xff\x00_a",
		"endless":                        good + strings.Repeat("a", 1<<16),
	} {
		_, err := w.Key(context.Background(), secret)
		if e := apperr.From(err); e.Code != apperr.Unauthorized || e.Message != "This API key is not valid." {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.Key(context.Background(), good); err != nil {
		t.Errorf("the good key: %v", err)
	}
	w.d.OwnerExec(t, "UPDATE tenants SET status = 'suspended'")
	if _, err := w.Key(context.Background(), good); !apperr.Is(err, apperr.Unauthorized) {
		t.Errorf("a suspended business: %v", err)
	}
}

func TestAnExpiredKeySaysSo(t *testing.T) {
	w := newWorld(t)
	end := w.now.Add(time.Hour)
	secret := w.key(t, auth.APIKeyInput{Name: "k", Role: auth.Member, Expiry: &end})
	w.now = end.Add(-time.Second)
	if _, err := w.Key(context.Background(), secret); err != nil {
		t.Errorf("before its end: %v", err)
	}
	w.now = end
	if _, err := w.Key(context.Background(), secret); !apperr.Is(err, apperr.TokenExpired) {
		t.Errorf("at its end: %v", err)
	}
	// Only the holder of the secret learns that the key existed.
	if _, err := w.Key(context.Background(), secret[:len(secret)-1]+"!"); !apperr.Is(err, apperr.Unauthorized) {
		t.Errorf("a guess at an expired key: %v", err)
	}
}

func TestScopesNarrowAKey(t *testing.T) {
	w := newWorld(t)
	secret := w.key(t, auth.APIKeyInput{Name: "reader", Role: auth.Admin, Scopes: []auth.Right{auth.ContactsRead}})
	p, err := w.Key(context.Background(), secret)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range auth.Rights {
		if want := r == auth.ContactsRead; p.Can(r) != want {
			t.Errorf("%s: %v", r, p.Can(r))
		}
	}
	if err := p.Require(auth.ContactsWrite); !apperr.Is(err, apperr.NoPermission) {
		t.Errorf("got %v", err)
	}
	// The role may have lost a right after the key was made.
	w.d.OwnerExec(t, "UPDATE api_keys SET role = 'member', scopes = '{contacts:export}'")
	if p, err = w.Key(context.Background(), secret); err != nil || p.Can(auth.ContactsExport) {
		t.Errorf("a scope gave more than the role has (%v)", err)
	}
}

func TestNewKeysAreValidated(t *testing.T) {
	w := newWorld(t)
	past := w.now
	for name, c := range map[string]struct {
		in    auth.APIKeyInput
		field string
	}{
		"no name":                {auth.APIKeyInput{Name: " ", Role: auth.Admin}, "name"},
		"a long name":            {auth.APIKeyInput{Name: strings.Repeat("n", 101), Role: auth.Admin}, "name"},
		"no role":                {auth.APIKeyInput{Name: "k"}, "role"},
		"the owner's role":       {auth.APIKeyInput{Name: "k", Role: auth.Owner}, "role"},
		"an unknown scope":       {auth.APIKeyInput{Name: "k", Role: auth.Admin, Scopes: []auth.Right{"all"}}, "scopes"},
		"a scope of others":      {auth.APIKeyInput{Name: "k", Role: auth.Member, Scopes: []auth.Right{auth.ContactsExport}}, "scopes"},
		"an end that has passed": {auth.APIKeyInput{Name: "k", Role: auth.Admin, Expiry: &past}, "expiresAt"},
	} {
		if _, err := w.CreateAPIKey(context.Background(), w.tenant, c.in); apperr.From(err).Field(c.field) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	// 100 letters are 300 bytes here.
	if _, err := w.CreateAPIKey(context.Background(), w.tenant, auth.APIKeyInput{Name: strings.Repeat("अ", 100), Role: auth.Admin}); err != nil {
		t.Errorf("a name of 100 letters: %v", err)
	}
}

func TestTheUseOfAKeyIsNotedOnceAMinute(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	begin := w.now
	secret := w.key(t, auth.APIKeyInput{Name: "k", Role: auth.Member})
	for _, c := range []struct{ at, noted time.Duration }{{0, 0}, {59 * time.Second, 0}, {61 * time.Second, 61 * time.Second}} {
		w.now = begin.Add(c.at)
		p, err := w.Key(ctx, secret)
		if err != nil {
			t.Fatal(err)
		}
		row, err := w.d.Tenant(w.tenant).GetAPIKey(ctx, db.GetAPIKeyParams{TenantID: w.tenant, ID: p.KeyID})
		if err != nil || row.LastUsedAt == nil || !row.LastUsedAt.Equal(begin.Add(c.noted)) {
			t.Errorf("used after %s: last use %v, want %s after the begin (%v)", c.at, row.LastUsedAt, c.noted, err)
		}
	}
}
