package crm_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
	"payaid/internal/crm"
	"payaid/internal/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// office is one tenant with its people: Asha and Ravi in the same team with a
// manager, Zoya in another one, Noor in none.
type office struct {
	*crm.Service
	d                                                *dbtest.Database
	tenant                                           uuid.UUID
	admin, manager, asha, ravi, zoya, noor, key, out auth.Principal // out: the admin of another tenant
	now                                              time.Time
}

func newOffice(t testing.TB) *office {
	t.Helper()
	o := &office{d: dbtest.New(t), now: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)}
	o.Service = crm.New(&change.Writer{DB: o.d.DB, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return o.now }}, nil, nil)
	other := o.addTenant(t, "other")
	o.tenant = o.addTenant(t, "acme")
	sales, support := o.addTeam(t, "Sales"), o.addTeam(t, "Support")
	o.admin = o.addPerson(t, o.tenant, "Admin", auth.Admin, nil)
	o.manager = o.addPerson(t, o.tenant, "Manager", auth.Manager, &sales)
	o.asha = o.addPerson(t, o.tenant, "Asha", auth.Member, &sales)
	o.ravi = o.addPerson(t, o.tenant, "Ravi", auth.Member, &sales)
	o.zoya = o.addPerson(t, o.tenant, "Zoya", auth.Member, &support)
	o.noor = o.addPerson(t, o.tenant, "Noor", auth.Member, nil)
	o.key = auth.Principal{TenantID: o.tenant, TenantName: "acme", KeyID: uuid.New(), Role: auth.Manager, Name: "Shop"}
	o.out = o.addPerson(t, other, "Outsider", auth.Admin, nil)
	return o
}

func (o *office) addTenant(t testing.TB, slug string) uuid.UUID {
	t.Helper()
	id := uuid.Must(uuid.NewV7())
	o.d.OwnerExec(t, "INSERT INTO tenants (id, slug, name, created_at, updated_at) VALUES ($1, $2, $2, now(), now())", id, slug)
	return id
}

func (o *office) addTeam(t testing.TB, name string) uuid.UUID {
	t.Helper()
	id := uuid.Must(uuid.NewV7())
	o.d.OwnerExec(t, "INSERT INTO teams (tenant_id, id, name, created_at) VALUES ($1, $2, $3, now())", o.tenant, id, name)
	return id
}

func (o *office) addPerson(t testing.TB, tenant uuid.UUID, name string, role auth.Role, team *uuid.UUID) auth.Principal {
	t.Helper()
	id := uuid.Must(uuid.NewV7())
	o.d.OwnerExec(t, `INSERT INTO users (id, email, name, password_hash, sessions_valid_after, created_at, updated_at)
		VALUES ($1, lower($2) || '@acme.test', $2, '', now(), now(), now())`, id, name)
	o.d.OwnerExec(t, "INSERT INTO memberships (tenant_id, user_id, role, team_id, created_at, updated_at) VALUES ($1, $2, $3, $4, now(), now())", tenant, id, role, team)
	return auth.Principal{TenantID: tenant, TenantName: "acme", UserID: id, Name: name, Role: role, TeamID: team}
}

// add makes a contact as p.
func (o *office) add(t testing.TB, p auth.Principal, in crm.ContactInput) crm.Contact {
	t.Helper()
	c, err := o.CreateContact(context.Background(), p, in)
	if err != nil {
		t.Fatalf("add %+v: %v", in, err)
	}
	return c
}

// query returns the first column of every row, as the owner.
func query[T any](t testing.TB, o *office, sql string, args ...any) []T {
	t.Helper()
	return dbtest.Column[T](t, o.d.OwnerURL, sql, args...)
}

// wantCode fails unless err carries the code; "" wants no error.
func wantCode(t testing.TB, what string, err error, code apperr.Code) {
	t.Helper()
	if code == "" && err != nil || code != "" && !apperr.Is(err, code) {
		t.Errorf("%s: %v, want %q", what, err, code)
	}
}

func ptr[T any](v T) *T { return &v }
