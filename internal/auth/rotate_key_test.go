package auth_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/auth"
)

func TestARotatedKeyHasTwoSecretsForAWhile(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	admin := w.member(t, w.user(t, "admin@a.in", auth.Admin))
	expiry := w.now.Add(30 * 24 * time.Hour)
	k, first, err := w.AddAPIKey(ctx, admin, auth.APIKeyInput{Name: "Shop", Role: auth.Member, Scopes: []auth.Right{auth.ContactsRead}, Expiry: &expiry})
	if err != nil {
		t.Fatal(err)
	}
	works := func(secret string, want bool) {
		t.Helper()
		if _, err := w.Key(ctx, secret); (err == nil) != want {
			t.Errorf("the secret works: %v (%v), want %v", err == nil, err, want)
		}
	}
	one := k.Version
	after, second, err := w.RotateAPIKey(ctx, admin, k.ID, auth.OverlapDay, &one)
	if err != nil {
		t.Fatal(err)
	}
	if after.ID != k.ID || after.Name != "Shop" || after.Role != auth.Member || len(after.Scopes) != 1 || !after.ExpiresAt.Equal(expiry) || after.Prefix != k.Prefix || after.Version != 2 {
		t.Errorf("after the rotation: %+v", after)
	}
	if second == first || !strings.HasPrefix(second, k.Prefix+"_") || !after.Overlaps(w.now) {
		t.Errorf("the new secret: %q, overlap until %v", second, after.PreviousUntil)
	}
	works(first, true)
	works(second, true)
	if _, _, err := w.RotateAPIKey(ctx, admin, k.ID, auth.OverlapDay, &one); code(err) != apperr.Conflict {
		t.Errorf("an old version: %v", err)
	}
	w.now = w.now.Add(24 * time.Hour)
	works(first, false)
	works(second, true)

	_, third, err := w.RotateAPIKey(ctx, admin, k.ID, auth.OverlapWeek, nil)
	if err != nil {
		t.Fatal(err)
	}
	last, fourth, err := w.RotateAPIKey(ctx, admin, k.ID, auth.OverlapNone, nil)
	if err != nil || last.PreviousUntil != nil {
		t.Fatalf("%+v, %v", last, err)
	}
	works(second, false) // two rotations ago, whatever its overlap was
	works(third, false)
	works(fourth, true)
	if p, err := w.Key(ctx, fourth); err != nil || p.Can(auth.ContactsWrite) || !p.Can(auth.ContactsRead) {
		t.Errorf("the rights after rotations: %+v, %v", p, err)
	}
	if _, err := w.RevokeAPIKey(ctx, admin, k.ID, &last.Version); err != nil {
		t.Fatal(err)
	}
	works(fourth, false)
	if _, _, err := w.RotateAPIKey(ctx, admin, k.ID, auth.OverlapDay, nil); code(err) != apperr.BusinessRule {
		t.Errorf("a revoked key: %v", err)
	}
}

func TestRevokingEndsBothSecrets(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	admin := w.member(t, w.user(t, "admin@a.in", auth.Admin))
	k, first, err := w.AddAPIKey(ctx, admin, auth.APIKeyInput{Name: "k", Role: auth.Member})
	if err != nil {
		t.Fatal(err)
	}
	_, second, err := w.RotateAPIKey(ctx, admin, k.ID, auth.OverlapWeek, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.RevokeAPIKey(ctx, admin, k.ID, nil); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{first, second} {
		if _, err := w.Key(ctx, secret); code(err) != apperr.Unauthorized {
			t.Errorf("a secret of a revoked key: %v", err)
		}
	}
}

func TestRotationsThatAreRefused(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	admin, manager := w.member(t, w.user(t, "admin@a.in", auth.Admin)), w.member(t, w.user(t, "manager@a.in", auth.Manager))
	k, _, err := w.AddAPIKey(ctx, admin, auth.APIKeyInput{Name: "wide", Role: auth.Admin})
	if err != nil {
		t.Fatal(err)
	}
	soon := w.now.Add(time.Minute)
	short, _, err := w.AddAPIKey(ctx, admin, auth.APIKeyInput{Name: "short", Role: auth.Member, Expiry: &soon})
	if err != nil {
		t.Fatal(err)
	}
	_, narrowSecret, err := w.AddAPIKey(ctx, admin, auth.APIKeyInput{Name: "narrow", Role: auth.Admin, Scopes: []auth.Right{auth.KeysConfigure}})
	if err != nil {
		t.Fatal(err)
	}
	narrow, err := w.Key(ctx, narrowSecret)
	if err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(time.Hour)
	outsider := auth.Principal{TenantID: uuid.New(), UserID: uuid.New(), Role: auth.Owner}
	for name, c := range map[string]struct {
		p       auth.Principal
		id      uuid.UUID
		overlap auth.Overlap
		want    apperr.Code
	}{
		"no right":                          {manager, k.ID, auth.OverlapDay, apperr.NoPermission},
		"another business":                  {outsider, k.ID, auth.OverlapDay, apperr.NotFound},
		"an overlap that is none":           {admin, k.ID, "2h", apperr.Validation},
		"an expired key":                    {admin, short.ID, auth.OverlapDay, apperr.BusinessRule},
		"a key that may more than who asks": {narrow, k.ID, auth.OverlapNone, apperr.NoPermission},
	} {
		if _, secret, err := w.RotateAPIKey(ctx, c.p, c.id, c.overlap, nil); code(err) != c.want || secret != "" {
			t.Errorf("%s: %v, secret %q", name, err, secret)
		}
	}
}
