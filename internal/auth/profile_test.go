package auth_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/auth"
)

func TestAProfileIsThePersons(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	me := w.member(t, w.user(t, "asha@a.in", auth.Member))
	if me.Look != (auth.Look{Theme: auth.ThemeSystem, SingleKeys: true}) {
		t.Errorf("before anything was chosen: %+v", me.Look)
	}
	name, dark, off := "  Asha   Shah ", auth.ThemeDark, false
	got, err := w.UpdateProfile(ctx, me, auth.ProfilePatch{Name: &name, Theme: &dark, SingleKeys: &off})
	if err != nil || got.Name != "Asha Shah" {
		t.Fatalf("%+v, %v", got, err)
	}
	if again := w.member(t, me.UserID); again.Name != "Asha Shah" || again.Look.Theme != auth.ThemeDark || again.Look.SingleKeys {
		t.Errorf("the next request: %+v", again)
	}
	on := true
	if got, err = w.UpdateProfile(ctx, me, auth.ProfilePatch{SingleKeys: &on}); err != nil || got.Theme != auth.ThemeDark || got.Name != "Asha Shah" {
		t.Errorf("one field alone: %+v, %v", got, err)
	}
	for name, c := range map[string]struct{ field, value string }{
		"no name": {"name", " "}, "a long name": {"name", strings.Repeat("न", 201)}, "an unstorable name": {"name", "a\x00"}, "no theme": {"theme", "sepia"},
	} {
		patch := auth.ProfilePatch{Name: &c.value}
		if c.field == "theme" {
			patch = auth.ProfilePatch{Theme: &c.value}
		}
		if _, err := w.UpdateProfile(ctx, me, patch); apperr.From(err).Field(c.field) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	key := auth.Principal{TenantID: w.tenant, KeyID: uuid.New(), Role: auth.Admin}
	if _, err := w.UpdateProfile(ctx, key, auth.ProfilePatch{Theme: &dark}); code(err) != apperr.NoPermission {
		t.Errorf("a key: %v", err)
	}
}
