package auth_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"

	"payaid/internal/auth"
	"payaid/internal/change"
	"payaid/internal/dbtest"
	"payaid/internal/tenant"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

const password = "correct horse"

// world is an installation with one tenant and a clock that the test moves.
type world struct {
	*auth.Service
	d       *dbtest.Database
	tenants *tenant.Service
	tenant  uuid.UUID
	now     time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{d: dbtest.New(t), now: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)}
	writer := &change.Writer{DB: w.d.DB, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return w.now }}
	var err error
	if w.Service, err = auth.New(context.Background(), writer); err != nil {
		t.Fatal(err)
	}
	w.tenants = tenant.New(writer)
	made, err := w.tenants.Create(context.Background(), tenant.Input{Slug: "acme", Name: "Acme"})
	if err != nil {
		t.Fatal(err)
	}
	w.tenant = made.ID
	return w
}

// user makes a person; with a role also the membership.
func (w *world) user(t *testing.T, email string, role auth.Role) uuid.UUID {
	t.Helper()
	in := auth.UserInput{Email: email, Name: "Asha", Password: password, Role: role}
	if role != "" {
		in.TenantID = w.tenant
	}
	id, err := w.CreateUser(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	return id
}
