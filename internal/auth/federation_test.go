package auth_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/mail"
	"payaid/internal/oidc"
	"payaid/internal/servertest"
)

// federated is a world with a provider that vouches for anybody the test names.
type federated struct {
	*world
	*auth.Federation
	issuer *servertest.Issuer
}

func newFederated(t *testing.T) *federated {
	t.Helper()
	f := &federated{world: newDesk(t).world, issuer: servertest.NewIssuer(t, nil)}
	p := oidc.New(oidc.Options{Issuer: f.issuer.URL, ClientID: f.issuer.ClientID, ClientSecret: f.issuer.ClientSecret, RedirectURL: "http://localhost/login/oidc/callback", Name: "Example ID"})
	f.Federation = f.Federate(p, func(to, name, provider string) (mail.Message, error) {
		return mail.Message{To: to, Subject: provider, Text: name, HTML: name}, nil
	})
	return f
}

// come signs in as whom the claims tell about.
func (f *federated) come(t *testing.T, subject, email string, verified bool) (auth.SignedIn, error) {
	t.Helper()
	f.issuer.Claims = map[string]any{"sub": subject, "email": email, "email_verified": verified}
	r := auth.Request{ID: "r1", IP: "192.0.2.1"}
	a, address, err := f.Begin(t.Context(), r)
	if err != nil {
		return auth.SignedIn{}, err
	}
	return f.Finish(t.Context(), a, oidc.Reply{Code: f.issuer.Agree(t, address).Get("code")}, r)
}

// count asks for one number, of tables that belong to no tenant.
func (f *federated) count(t *testing.T, sql string, args ...any) (n int) {
	t.Helper()
	if err := f.d.Pool().QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// mails counts the letters to email.
func (f *federated) mails(t *testing.T, email string) int {
	t.Helper()
	return f.count(t, "SELECT count(*) FROM mailbox_messages WHERE recipient = $1 AND subject = 'Example ID'", email)
}

func TestTheFirstSignInLinks(t *testing.T) {
	f := newFederated(t)
	id := f.user(t, "asha@acme.test", auth.Member)
	for range 2 {
		in, err := f.come(t, "s1", "Asha@ACME.test", true)
		if err != nil || in.UserID != id || in.TenantID != f.tenant {
			t.Fatalf("%+v, %v", in, err)
		}
	}
	if n := f.mails(t, "asha@acme.test"); n != 1 {
		t.Errorf("%d mails, want one for the link", n)
	}
	var actions []string
	log, err := f.d.Tenant(f.tenant).ListAuditEntriesOf(t.Context(), db.ListAuditEntriesOfParams{TenantID: f.tenant, Entity: "user", EntityID: id, MaxRows: 10})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range log {
		actions = append(actions, e.Action)
		if e.Action == "user.sign_in" && (!strings.Contains(string(e.After), `"oidc"`) || !strings.Contains(string(e.After), f.issuer.URL) || e.Ip != "192.0.2.1") {
			t.Errorf("the sign-in tells %s from %s", e.After, e.Ip)
		}
	}
	if got := strings.Join(actions, " "); got != "user.sign_in user.sign_in user.link_identity user.create" && got != "user.sign_in user.link_identity user.sign_in user.create" {
		t.Errorf("audit: %s", got)
	}
}

// The e-mail decides the first time alone: neither a new one of theirs nor somebody
// else who gets the old one changes whose account it is.
func TestTheSubjectDecidesAfterTheFirstTime(t *testing.T) {
	f := newFederated(t)
	asha := f.user(t, "asha@acme.test", auth.Member)
	ravi := f.user(t, "ravi@acme.test", auth.Member)
	if _, err := f.come(t, "s1", "asha@acme.test", true); err != nil {
		t.Fatal(err)
	}
	for _, email := range []string{"asha.new@acme.test", "ravi@acme.test", ""} {
		if in, err := f.come(t, "s1", email, email != ""); err != nil || in.UserID != asha {
			t.Errorf("asha with %q: %+v, %v", email, in, err)
		}
	}
	_, err := f.come(t, "s2", "asha@acme.test", true)
	if e := apperr.From(err); e.Code != apperr.BusinessRule || !strings.Contains(e.Message, "Another account at the same provider") {
		t.Errorf("somebody else with asha's old e-mail: %v", err)
	}
	if in, err := f.come(t, "s3", "ravi@acme.test", true); err != nil || in.UserID != ravi {
		t.Errorf("ravi: %+v, %v", in, err)
	}
	if err := f.Unlink(t.Context(), " Asha@acme.test"); err != nil {
		t.Fatal(err)
	}
	if in, err := f.come(t, "s2", "asha@acme.test", true); err != nil || in.UserID != asha {
		t.Errorf("asha's new account there, after the old one was unlinked: %+v, %v", in, err)
	}
	if err := f.Unlink(t.Context(), "nobody@acme.test"); !apperr.Is(err, apperr.NotFound) {
		t.Errorf("nobody: %v", err)
	}
}

func TestWhoIsNotLetIn(t *testing.T) {
	f := newFederated(t)
	f.user(t, "asha@acme.test", auth.Member)
	f.user(t, "gone@acme.test", auth.Member)
	f.user(t, "left@acme.test", auth.Member)
	f.user(t, "alone@acme.test", "")
	if _, err := f.come(t, "left", "left@acme.test", true); err != nil {
		t.Fatal(err)
	}
	f.d.OwnerExec(t, "UPDATE users SET disabled_at = now() WHERE email IN ('gone@acme.test', 'left@acme.test')")
	for name, c := range map[string]struct {
		subject, email string
		verified       bool
		code           apperr.Code
		says           string
	}{
		"not verified":             {"s1", "asha@acme.test", false, apperr.BusinessRule, "has not verified that asha@acme.test is yours"},
		"no e-mail":                {"s1", "", true, apperr.BusinessRule, "did not tell your e-mail"},
		"no e-mail but a text":     {"s1", "Asha <asha@acme.test>", true, apperr.BusinessRule, "did not tell your e-mail"},
		"an e-mail with NUL":       {"s1", "asha@acme.test\x00", true, apperr.BusinessRule, "did not tell your e-mail"},
		"nobody's e-mail":          {"s1", "nobody@acme.test", true, apperr.BadCredentials, "no account here for nobody@acme.test"},
		"a pattern":                {"s1", "%@acme.test", true, apperr.BadCredentials, "no account here"},
		"disabled":                 {"s2", "gone@acme.test", true, apperr.BadCredentials, "no account here for gone@acme.test"},
		"linked and disabled":      {"left", "left@acme.test", true, apperr.BadCredentials, "no account here for left@acme.test"},
		"linked, disabled, silent": {"left", "", false, apperr.BadCredentials, "no account here for you"},
		"of no business":           {"s3", "alone@acme.test", true, apperr.NoPermission, "no active business"},
	} {
		in, err := f.come(t, c.subject, c.email, c.verified)
		if e := apperr.From(err); e.Code != c.code || !strings.Contains(e.Message, c.says) || in != (auth.SignedIn{}) {
			t.Errorf("%s: %+v, %v", name, in, err)
		}
	}
	f.d.OwnerExec(t, "UPDATE tenants SET status = 'suspended'")
	if _, err := f.come(t, "s1", "asha@acme.test", true); !apperr.Is(err, apperr.NoPermission) {
		t.Errorf("of a suspended business: %v", err)
	}
	if n := f.count(t, "SELECT count(*) FROM user_identities WHERE subject <> 'left'"); n != 0 {
		t.Errorf("%d identities were linked by refused sign-ins", n)
	}
	if n := f.count(t, "SELECT count(*) FROM users"); n != 4 {
		t.Errorf("%d accounts, want the four that were made", n)
	}
}

func TestTheProvidersTroubleReadsAsSuch(t *testing.T) {
	f := newFederated(t)
	f.user(t, "asha@acme.test", auth.Member)
	f.issuer.Bend = func(c map[string]any) { c["exp"] = time.Now().Add(-time.Hour).Unix() }
	_, err := f.come(t, "s1", "asha@acme.test", true)
	if e := apperr.From(err); e.Code != apperr.BadCredentials || !strings.Contains(e.Message, "could not be verified") || !errors.Is(err, oidc.ErrRefused) {
		t.Errorf("a bad token: %v", err)
	}
	a, _, err := f.Begin(t.Context(), auth.Request{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Finish(t.Context(), a, oidc.Reply{Error: "access_denied"}, auth.Request{})
	if e := apperr.From(err); e.Code != apperr.BusinessRule || !strings.Contains(e.Message, "did not agree at Example ID") {
		t.Errorf("not agreed: %v", err)
	}
	f.issuer.Down = true
	_, err = f.Finish(t.Context(), a, oidc.Reply{Code: "x"}, auth.Request{})
	if e := apperr.From(err); e.Code != apperr.Unavailable || !strings.Contains(e.Message, "sign in with your password") {
		t.Errorf("down: %v", err)
	}
}

// Two browsers of one person come for the first time at the same moment: one link,
// one mail, and nobody else's account.
func TestTwoFirstSignInsAtOnce(t *testing.T) {
	f := newFederated(t)
	id := f.user(t, "asha@acme.test", auth.Member)
	f.issuer.Claims = map[string]any{"sub": "s1", "email": "asha@acme.test", "email_verified": true}
	var wg sync.WaitGroup
	for range 6 {
		a, address, err := f.Begin(t.Context(), auth.Request{})
		if err != nil {
			t.Fatal(err)
		}
		code := f.issuer.Agree(t, address).Get("code")
		wg.Go(func() {
			in, err := f.Finish(t.Context(), a, oidc.Reply{Code: code}, auth.Request{})
			if err == nil && in.UserID != id || err != nil && !apperr.Is(err, apperr.Conflict) {
				t.Errorf("%+v, %v", in, err)
			}
		})
	}
	wg.Wait()
	if n := f.mails(t, "asha@acme.test"); n != 1 {
		t.Errorf("%d mails", n)
	}
	if in, err := f.come(t, "s1", "asha@acme.test", true); err != nil || in == (auth.SignedIn{UserID: uuid.Nil}) {
		t.Errorf("afterwards: %+v, %v", in, err)
	}
}
