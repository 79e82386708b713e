package factor

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"payaid/internal/auth"
	"payaid/internal/change"
	"payaid/internal/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

const password = "correct horse"

// world is an installation with one tenant, one person in it, and a clock that the
// test moves.
type world struct {
	*Service
	d      *dbtest.Database
	people *auth.Service
	tenant uuid.UUID
	user   uuid.UUID
	clock  time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{d: dbtest.New(t), tenant: uuid.New(), clock: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)}
	writer := &change.Writer{DB: w.d.DB, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return w.clock }}
	var err error
	w.people, err = auth.New(t.Context(), writer)
	ok(t, err)
	w.Service, err = New(writer, w.people, Options{SecretKey: "a secret for tests", BaseURL: "http://localhost:3000"})
	ok(t, err)
	w.d.OwnerExec(t, `INSERT INTO tenants (id, slug, name, created_at, updated_at) VALUES ($1, 'acme', 'Acme', now(), now())`, w.tenant)
	w.user = w.person(t, "asha@example.in")
	return w
}

func (w *world) person(t *testing.T, email string) uuid.UUID {
	t.Helper()
	id, err := w.people.CreateUser(t.Context(), auth.UserInput{Email: email, Name: "Asha", Password: password, TenantID: w.tenant, Role: auth.Admin})
	ok(t, err)
	return id
}

func (w *world) principal(t *testing.T, user uuid.UUID) auth.Principal {
	t.Helper()
	p, err := w.people.Member(t.Context(), w.tenant, user, w.clock)
	ok(t, err)
	return p
}

// pending is a sign-in of the person that owes its second factor.
func (w *world) pending() Pending {
	return Pending{SignedIn: auth.SignedIn{UserID: w.user, TenantID: w.tenant}, Since: w.clock}
}

// turnOn sets up an authenticator app and returns its secret and the recovery
// codes. A minute later, so that the next code is a new one.
func (w *world) turnOn(t *testing.T) (key []byte, codes []string) {
	t.Helper()
	p := w.principal(t, w.user)
	proposal := w.Propose(p)
	key, err := w.proposed(p, proposal.Token)
	ok(t, err)
	codes, err = w.TurnOn(t.Context(), p, proposal.Token, w.code(key, 0))
	ok(t, err)
	w.clock = w.clock.Add(time.Minute)
	return key, codes
}

// code is what the app shows, steps of 30 seconds from now.
func (w *world) code(key []byte, steps int64) string {
	return hotp(key, w.clock.Unix()/totpPeriod+steps)
}

// audited counts the entries of an action.
func (w *world) audited(t *testing.T, action string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), w.d.OwnerURL)
	ok(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	ok(t, conn.QueryRow(t.Context(), "SELECT count(*) FROM audit_entries WHERE action = $1", action).Scan(&n))
	return n
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
