package join_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
	"payaid/internal/dbtest"
	"payaid/internal/jobs"
	"payaid/internal/join"
	"payaid/internal/mail"
	"payaid/internal/tenant"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

const password = "correct horse battery"

// world is an installation with one business, a queue that nobody works, and a
// clock that the test moves. It keeps what the letters said.
type world struct {
	*join.Service
	d       *dbtest.Database
	people  *auth.Service
	tenants *tenant.Service
	acme    uuid.UUID
	owner   auth.Principal
	now     time.Time
	letters []letter
}

type letter struct{ to, token, text string }

func newWorld(t *testing.T) *world {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	w := &world{d: dbtest.New(t), now: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)}
	queue, err := jobs.New(w.d.DB, jobs.Options{Log: log})
	check(t, err)
	writer := &change.Writer{DB: w.d.DB, Jobs: queue, Log: log, Now: func() time.Time { return w.now }}
	w.people, err = auth.New(t.Context(), writer)
	check(t, err)
	w.tenants, w.Service = tenant.New(writer), join.New(writer, w.people)
	made, err := w.tenants.Create(t.Context(), tenant.Input{Slug: "acme", Name: "Acme"})
	check(t, err)
	w.acme = made.ID
	w.owner = w.member(t, "asha@example.in", auth.Owner)
	return w
}

// member makes a person of the business and returns them as who asks.
func (w *world) member(t *testing.T, email string, role auth.Role) auth.Principal {
	t.Helper()
	id, err := w.people.CreateUser(t.Context(), auth.UserInput{Email: email, Name: "Asha Shah", Password: password, TenantID: w.acme, Role: role})
	check(t, err)
	p, err := w.people.Member(t.Context(), w.acme, id, w.now)
	check(t, err)
	return p
}

// outsider has an account, in a business of their own.
func (w *world) outsider(t *testing.T, email string) auth.Principal {
	t.Helper()
	slug, _, _ := strings.Cut(email, "@")
	made, err := w.tenants.Create(t.Context(), tenant.Input{Slug: slug, Name: "Other"})
	check(t, err)
	id, err := w.people.CreateUser(t.Context(), auth.UserInput{Email: email, Name: "Zoya Khan", Password: password, TenantID: made.ID, Role: auth.Owner})
	check(t, err)
	p, err := w.people.Member(t.Context(), made.ID, id, w.now)
	check(t, err)
	return p
}

func (w *world) write(to, token, text string) (mail.Message, error) {
	w.letters = append(w.letters, letter{to, token, text})
	return mail.Message{To: to, Subject: "s", Text: "t", HTML: "h"}, nil
}

func (w *world) signUpLetters() join.SignUpLetters {
	return join.SignUpLetters{
		New:   func(to, token string) (mail.Message, error) { return w.write(to, token, "new") },
		Known: func(to, name string) (mail.Message, error) { return w.write(to, "", "known "+name) },
	}
}

func (w *world) invitationLetter(to, inviter, business string, role auth.Role, token string) (mail.Message, error) {
	return w.write(to, token, inviter+" "+business+" "+string(role))
}

// link goes the way of a request to sign up and returns the token of the mail, ""
// when there is none in it.
func (w *world) link(t *testing.T, email string) string {
	t.Helper()
	w.letters = nil
	check(t, w.SendSignUp(t.Context(), join.SignUpArgs{ID: uuid.Must(uuid.NewV7()), Email: email}, w.signUpLetters()))
	if len(w.letters) != 1 {
		t.Fatalf("%d mails, want one", len(w.letters))
	}
	return w.letters[0].token
}

// invite invites somebody and returns the token of the mail.
func (w *world) invite(t *testing.T, p auth.Principal, in join.InvitationInput) (join.Invitation, string) {
	t.Helper()
	i, err := w.Invite(t.Context(), p, in)
	check(t, err)
	return i, w.mailed(t, i.ID)
}

// mailed does what the job of an invitation does.
func (w *world) mailed(t *testing.T, id uuid.UUID) (token string) {
	t.Helper()
	w.letters = nil
	check(t, w.SendInvitation(t.Context(), join.InvitationArgs{TenantID: w.acme, ID: id}, w.invitationLetter))
	if len(w.letters) != 1 {
		t.Fatalf("%d mails, want one", len(w.letters))
	}
	return w.letters[0].token
}

// count asks the database as its owner, who sees every tenant.
func (w *world) count(t *testing.T, sql string, args ...any) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), w.d.OwnerURL)
	check(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	check(t, conn.QueryRow(t.Context(), sql, args...).Scan(&n))
	return n
}

// audited fails unless the log of the tenant holds the action once.
func (w *world) audited(t *testing.T, tenantID uuid.UUID, actions ...string) {
	t.Helper()
	for _, action := range actions {
		if n := w.count(t, "SELECT count(*) FROM audit_entries WHERE tenant_id = $1 AND action = $2", tenantID, action); n != 1 {
			t.Errorf("%d entries %s, want 1", n, action)
		}
	}
}

// refused fails unless err is a rule's sentence that holds text.
func refused(t *testing.T, err error, text string) {
	t.Helper()
	if e := apperr.From(err); err == nil || e.Code != apperr.BusinessRule || !strings.Contains(e.Message, text) {
		t.Errorf("got %v, want a sentence with %q", err, text)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
