package auth_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
	"payaid/internal/jobs"
	"payaid/internal/mail"
)

// desk adds to the world a queue that nobody works, and keeps the tokens of the
// letters.
type desk struct {
	*world
	tokens []string
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{world: newWorld(t)}
	queue, err := jobs.New(d.d.DB, jobs.Options{Log: slog.New(slog.DiscardHandler)})
	check(t, err)
	writer := &change.Writer{DB: d.d.DB, Jobs: queue, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return d.now }}
	d.Service, err = auth.New(context.Background(), writer)
	check(t, err)
	return d
}

// link goes the way of a request and returns the token of the mail, "" when none
// was written.
func (d *desk) link(t *testing.T, email string) string {
	t.Helper()
	d.tokens = nil
	check(t, d.SendPasswordReset(context.Background(), auth.ResetArgs{ID: uuid.Must(uuid.NewV7()), Email: email}, d.letter))
	if len(d.tokens) == 0 {
		return ""
	}
	return d.tokens[0]
}

func (d *desk) letter(to, name, token string) (mail.Message, error) {
	d.tokens = append(d.tokens, token)
	return mail.Message{To: to, Subject: "s", Text: name, HTML: "h"}, nil
}

func (d *desk) use(token, password string) error {
	_, err := d.UsePasswordReset(context.Background(), token, password, auth.Request{IP: "192.0.2.7", ID: "r1"})
	return err
}

func (d *desk) signIn(password string) error {
	_, err := d.SignIn(context.Background(), "asha@example.in", password, auth.Request{})
	return err
}

func TestAPasswordResetWorksOnce(t *testing.T) {
	d := newDesk(t)
	id := d.user(t, "asha@example.in", auth.Member)
	begun := d.now
	d.now = d.now.Add(time.Minute)
	token := d.link(t, "asha@example.in")
	if len(token) != 43 {
		t.Fatalf("the token %q is not 32 bytes", token)
	}
	for range 2 { // a look does not use it up
		check(t, d.CheckPasswordReset(context.Background(), token))
	}
	if err := d.use(token, "short"); apperr.From(err).Field("password") == "" {
		t.Errorf("a short password: %v", err)
	}
	check(t, d.use(token, "another long one"))
	check(t, d.signIn("another long one"))
	if err := d.signIn(password); !apperr.Is(err, apperr.BadCredentials) {
		t.Errorf("the old password: %v", err)
	}
	if _, err := d.Member(context.Background(), d.tenant, id, begun); !apperr.Is(err, apperr.Unauthorized) {
		t.Errorf("a session from before: %v", err)
	}
	dead(t, d, token, "used before")
	d.audited(t, "user.request_password_reset", "user.reset_password")
}

// audited fails unless the audit log holds each action.
func (d *desk) audited(t *testing.T, actions ...string) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), d.d.OwnerURL)
	check(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	for _, action := range actions {
		var n int
		check(t, conn.QueryRow(context.Background(), "SELECT count(*) FROM audit_entries WHERE action = $1", action).Scan(&n))
		if n != 1 {
			t.Errorf("%d audit entries %s, want 1", n, action)
		}
	}
}

func dead(t *testing.T, d *desk, token, why string) {
	t.Helper()
	for _, err := range []error{d.CheckPasswordReset(context.Background(), token), d.use(token, "yet another one")} {
		if !apperr.Is(err, apperr.BusinessRule) || !strings.Contains(apperr.From(err).Message, why) {
			t.Errorf("got %v, want a sentence with %q", err, why)
		}
	}
}

func TestLinksThatDoNotWork(t *testing.T) {
	d := newDesk(t)
	d.user(t, "asha@example.in", auth.Member)
	first := d.link(t, "asha@example.in")
	second := d.link(t, "asha@example.in")
	dead(t, d, first, "newer link")
	dead(t, d, "", "not complete")
	dead(t, d, second[:42], "not complete")
	dead(t, d, strings.ToUpper(second), "not complete")
	d.now = d.now.Add(auth.ResetLife)
	dead(t, d, second, "expired")

	third := d.link(t, "asha@example.in")
	check(t, d.ResetPassword(context.Background(), "asha@example.in", "set by an administrator"))
	dead(t, d, third, "password was changed")

	fourth := d.link(t, "asha@example.in")
	d.d.OwnerExec(t, "UPDATE users SET disabled_at = now()")
	dead(t, d, fourth, "switched off")
	if d.link(t, "asha@example.in") != "" {
		t.Error("a disabled person got a link")
	}
}

func TestNobodyGetsALinkForNoAccount(t *testing.T) {
	d := newDesk(t)
	for _, email := range []string{"nobody@example.in", "", "a\x00b"} {
		check(t, d.RequestPasswordReset(context.Background(), email, auth.Request{}))
		if email != "a\x00b" && d.link(t, email) != "" {
			t.Errorf("%q got a link", email)
		}
	}
}

func TestTheJobOfARequestRunsOnce(t *testing.T) {
	d := newDesk(t)
	d.user(t, "asha@example.in", auth.Member)
	args := auth.ResetArgs{ID: uuid.Must(uuid.NewV7()), Email: "asha@example.in"}
	for range 2 {
		check(t, d.SendPasswordReset(context.Background(), args, d.letter))
	}
	if len(d.tokens) != 1 {
		t.Fatalf("%d mails", len(d.tokens))
	}
	check(t, d.CheckPasswordReset(context.Background(), d.tokens[0]))

	broken := func(string, string, string) (mail.Message, error) { return mail.Message{}, errors.New("no words") }
	if err := d.SendPasswordReset(context.Background(), auth.ResetArgs{ID: uuid.New(), Email: "asha@example.in"}, broken); err == nil {
		t.Error("a mail that could not be written was no error")
	}
	check(t, d.CheckPasswordReset(context.Background(), d.tokens[0])) // a failed try voids nothing
}

// Two browsers with the same link at the same moment: one sets the password.
func TestALinkIsNotUsedTwiceAtOnce(t *testing.T) {
	d := newDesk(t)
	d.user(t, "asha@example.in", auth.Member)
	token := d.link(t, "asha@example.in")
	var wg sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for range 4 {
		wg.Go(func() {
			err := d.use(token, "another long one")
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				done++
			} else if !apperr.Is(err, apperr.BusinessRule) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if done != 1 {
		t.Errorf("the link worked %d times", done)
	}
}

func TestChangePassword(t *testing.T) {
	d := newDesk(t)
	id := d.user(t, "asha@example.in", auth.Member)
	p, err := d.Member(context.Background(), d.tenant, id, d.now)
	check(t, err)
	p.Request.IdempotencyKey = "k" // must leave no trace of a password
	token := d.link(t, "asha@example.in")
	change := func(current, next string) error {
		return d.ChangePassword(context.Background(), p, auth.PasswordInput{Current: current, New: next})
	}
	for name, tt := range map[string]struct{ current, next, field string }{
		"wrong current": {"not this one", "another long one", "current"}, "short": {password, "short", "new"}, "the same": {password, password, "new"},
	} {
		if err := change(tt.current, tt.next); apperr.From(err).Field(tt.field) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	begun := d.now
	d.now = d.now.Add(time.Hour / 2).Add(700 * time.Microsecond)
	check(t, change(password, "another long one"))
	check(t, d.signIn("another long one"))
	if _, err := d.Member(context.Background(), d.tenant, id, begun); !apperr.Is(err, apperr.Unauthorized) {
		t.Errorf("a session from before: %v", err)
	}
	// Sessions know milliseconds: one begun in the same one is younger.
	_, err = d.Member(context.Background(), d.tenant, id, d.now.Truncate(time.Millisecond))
	check(t, err)
	dead(t, d, token, "password was changed")
	d.audited(t, "user.change_password")
	if err := d.ChangePassword(context.Background(), auth.Principal{KeyID: uuid.New()}, auth.PasswordInput{}); !apperr.Is(err, apperr.NoPermission) {
		t.Errorf("a key: %v", err)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
