package auth_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
)

func TestSignIn(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	id := w.user(t, "asha@acme.test", auth.Member)
	w.now = w.now.Add(time.Hour)
	for _, email := range []string{"asha@acme.test", "  Asha@ACME.test "} {
		in, err := w.SignIn(ctx, email, password, auth.Request{ID: "r1", IP: "192.0.2.1"})
		if err != nil || in.UserID != id || in.TenantID != w.tenant {
			t.Fatalf("%q: %+v, %v", email, in, err)
		}
	}
	u, err := w.d.Global().GetUserByEmail(ctx, "asha@acme.test")
	if err != nil || u.LastLoginAt == nil || !u.LastLoginAt.Equal(w.now) {
		t.Errorf("last sign-in %v, %v", u.LastLoginAt, err)
	}
	log, err := w.d.Tenant(w.tenant).ListAuditEntriesOf(ctx, db.ListAuditEntriesOfParams{TenantID: w.tenant, Entity: "user", EntityID: id, MaxRows: 1})
	if err != nil || len(log) != 1 || log[0].Action != "user.sign_in" || log[0].Ip != "192.0.2.1" || log[0].RequestID != "r1" || *log[0].ActorID != id {
		t.Errorf("audit %+v, %v", log, err)
	}
}

func TestEveryRefusedSignInReadsTheSame(t *testing.T) {
	w := newWorld(t)
	w.user(t, "asha@acme.test", auth.Member)
	w.user(t, "gone@acme.test", auth.Member)
	w.user(t, "alone@acme.test", "")
	w.d.OwnerExec(t, "UPDATE users SET disabled_at = now() WHERE email = 'gone@acme.test'")
	var sentence string
	for name, c := range map[string]struct{ email, password string }{
		"a wrong password":            {"asha@acme.test", "correct horsf"},
		"no password":                 {"asha@acme.test", ""},
		"nobody's e-mail":             {"nobody@acme.test", password},
		"no e-mail":                   {"", password},
		"a disabled person":           {"gone@acme.test", password},
		"no membership, and wrong":    {"alone@acme.test", "correct horsf"},
		"an e-mail that is no text":   {"asha@acme.test\x00", password},
		"an e-mail in broken UTF-8":   {"asha\xff@acme.test", password},
		"a password that is no text":  {"asha@acme.test", "\x00\xff"},
		"a password of a megabyte":    {"asha@acme.test", strings.Repeat("x", 1<<20)},
		"the password in other case":  {"asha@acme.test", "Correct horse"},
		"an e-mail as a LIKE pattern": {"%@acme.test", password},
	} {
		_, err := w.SignIn(context.Background(), c.email, c.password, auth.Request{})
		e := apperr.From(err)
		if sentence == "" {
			sentence = e.Message
		}
		if e.Code != apperr.BadCredentials || e.Message != sentence || e.Details != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whether somebody has an account cannot be timed: every try costs one hash, and all
// hashes cost the same.
func TestEverySignInTakesOneHash(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	w.user(t, "asha@acme.test", auth.Member)
	w.user(t, "gone@acme.test", auth.Member)
	w.user(t, "alone@acme.test", "")
	w.d.OwnerExec(t, "UPDATE users SET disabled_at = now() WHERE email = 'gone@acme.test'")
	hashes := w.CountHashes(t.Context().Done())
	for _, c := range []struct{ email, password string }{
		{"asha@acme.test", password}, {"asha@acme.test", "wrong"}, {"asha@acme.test", ""}, {"nobody@acme.test", password}, {"", password},
		{"gone@acme.test", password}, {"gone@acme.test", "wrong"}, {"alone@acme.test", "wrong"}, {"asha@acme.test\x00", password},
	} {
		before := hashes.Load()
		_, err := w.SignIn(ctx, c.email, c.password, auth.Request{})
		if n := hashes.Load() - before; n != 1 {
			t.Errorf("%q with %q: %d hashes (%v), want one", c.email, c.password, n, err)
		}
	}
	u, err := w.d.Global().GetUserByEmail(ctx, "asha@acme.test")
	if err != nil {
		t.Fatal(err)
	}
	cost := func(hash string) string { return strings.Join(strings.Split(hash, "$")[:4], "$") }
	if cost(u.PasswordHash) != cost(w.Decoy()) {
		t.Errorf("a real hash costs %s, the decoy %s", cost(u.PasswordHash), cost(w.Decoy()))
	}
}

func TestSignInWithoutAnActiveBusiness(t *testing.T) {
	w := newWorld(t)
	w.user(t, "alone@acme.test", "")
	w.user(t, "asha@acme.test", auth.Owner)
	w.d.OwnerExec(t, "UPDATE tenants SET status = 'suspended'")
	for _, email := range []string{"alone@acme.test", "asha@acme.test"} {
		if _, err := w.SignIn(context.Background(), email, password, auth.Request{}); !apperr.Is(err, apperr.NoPermission) {
			t.Errorf("%s: %v", email, err)
		}
	}
}

func TestWhenASessionIsOver(t *testing.T) {
	for name, c := range map[string]struct {
		end  string // SQL that happens after the sign-in
		over bool
	}{
		"nothing happened":            {"SELECT 1", false},
		"the person was disabled":     {"UPDATE users SET disabled_at = now()", true},
		"the person left":             {"DELETE FROM memberships", true},
		"the business was suspended":  {"UPDATE tenants SET status = 'suspended'", true},
		"all sessions were ended":     {"UPDATE users SET sessions_valid_after = '2026-11-22 10:00:01+00'", true},
		"those before it were ended":  {"UPDATE users SET sessions_valid_after = '2026-11-22 10:00:00+00'", false},
		"the person's role was taken": {"UPDATE memberships SET role = 'member'", false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			id := w.user(t, "asha@acme.test", auth.Admin)
			w.d.OwnerExec(t, c.end)
			p, err := w.Member(context.Background(), w.tenant, id, w.now)
			if c.over {
				if !apperr.Is(err, apperr.Unauthorized) {
					t.Errorf("got %v, want it over", err)
				}
				return
			}
			if err != nil || p.UserID != id || p.TenantID != w.tenant || p.Email != "asha@acme.test" || p.TenantSlug != "acme" || p.TimeZone != "Asia/Kolkata" {
				t.Errorf("got %+v, %v", p, err)
			}
		})
	}
}

func TestASessionIsOfItsTenantOnly(t *testing.T) {
	w := newWorld(t)
	id := w.user(t, "asha@acme.test", auth.Admin)
	for _, c := range []struct{ tenant, user uuid.UUID }{{uuid.New(), id}, {w.tenant, uuid.New()}, {uuid.Nil, uuid.Nil}} {
		if _, err := w.Member(context.Background(), c.tenant, c.user, w.now); !apperr.Is(err, apperr.Unauthorized) {
			t.Errorf("%v: %v", c, err)
		}
	}
}

func TestResetPasswordEndsEverySession(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	id := w.user(t, "asha@acme.test", auth.Member)
	before := w.now
	w.now = w.now.Add(time.Hour)
	if err := w.ResetPassword(ctx, " Asha@acme.test", "battery staple"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Member(ctx, w.tenant, id, before); !apperr.Is(err, apperr.Unauthorized) {
		t.Errorf("the old session: %v", err)
	}
	if _, err := w.Member(ctx, w.tenant, id, w.now); err != nil {
		t.Errorf("a new session: %v", err)
	}
	if _, err := w.SignIn(ctx, "asha@acme.test", password, auth.Request{}); !apperr.Is(err, apperr.BadCredentials) {
		t.Errorf("the old password: %v", err)
	}
	if _, err := w.SignIn(ctx, "asha@acme.test", "battery staple", auth.Request{}); err != nil {
		t.Errorf("the new password: %v", err)
	}
	if err := w.ResetPassword(ctx, "nobody@acme.test", "battery staple"); !apperr.Is(err, apperr.NotFound) {
		t.Errorf("nobody: %v", err)
	}
	if err := w.ResetPassword(ctx, "asha@acme.test", "short"); apperr.From(err).Field("password") == "" {
		t.Errorf("a short password: %v", err)
	}
}

func TestCreateUserNamesEveryRefusedField(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	_, err := w.CreateUser(ctx, auth.UserInput{Email: "Asha <asha@acme.test>", Name: strings.Repeat("n", 201), Password: "short", TenantID: w.tenant, Role: "boss"})
	e := apperr.From(err)
	for _, field := range []string{"email", "name", "password", "role"} {
		if e.Field(field) == "" {
			t.Errorf("%s was not refused: %v", field, err)
		}
	}
	w.user(t, "asha@acme.test", auth.Member)
	_, err = w.CreateUser(ctx, auth.UserInput{Email: "ASHA@acme.test", Password: password})
	if e := apperr.From(err); e.Code != apperr.AlreadyExists || e.Field("email") == "" {
		t.Errorf("a taken e-mail: %v", err)
	}
	if _, err := w.CreateUser(ctx, auth.UserInput{Email: "ravi@acme.test", Password: strings.Repeat("é", 129)}); apperr.From(err).Field("password") == "" {
		t.Errorf("a long password: %v", err)
	}
	u, err := w.d.Global().GetUserByEmail(ctx, "asha@acme.test")
	if err != nil || !strings.HasPrefix(u.PasswordHash, "$argon2id$v=19$m=19456,t=2,p=1$") || strings.Contains(u.PasswordHash, password) {
		t.Errorf("the hash is %q (%v)", u.PasswordHash, err)
	}
}

func TestColleaguesAreOfTheTenant(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	id := w.user(t, "asha@acme.test", auth.Admin)
	w.user(t, "alone@acme.test", "")
	got, err := w.Colleagues(ctx, auth.Principal{TenantID: w.tenant})
	if err != nil || len(got) != 1 || got[0].UserID != id {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := w.Colleagues(ctx, auth.Principal{TenantID: uuid.New()}); err != nil || len(got) != 0 {
		t.Errorf("another tenant: %+v, %v", got, err)
	}
}
