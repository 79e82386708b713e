package activity_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"payaid/internal/activity"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
	"payaid/internal/crm"
	"payaid/internal/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// office is one tenant: Asha and Ravi in the same team with a manager, Zoya in
// another one.
type office struct {
	*activity.Service
	crm                                        *crm.Service
	auth                                       *auth.Service
	d                                          *dbtest.Database
	writer                                     *change.Writer
	tenant                                     uuid.UUID
	admin, manager, asha, ravi, zoya, key, out auth.Principal // out: the admin of another tenant
	now                                        time.Time
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{d: dbtest.New(t), now: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)}
	o.writer = &change.Writer{DB: o.d.DB, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return o.now }}
	var err error
	if o.auth, err = auth.New(t.Context(), o.writer); err != nil {
		t.Fatal(err)
	}
	o.Service, o.crm = activity.New(o.writer, o.auth), crm.New(o.writer, nil, nil)
	o.tenant = o.addTenant(t, "acme")
	other := o.addTenant(t, "other")
	sales, support := o.addTeam(t, "Sales"), o.addTeam(t, "Support")
	o.admin = o.addPerson(t, o.tenant, "Admin", auth.Admin, nil)
	o.manager = o.addPerson(t, o.tenant, "Manager", auth.Manager, &sales)
	o.asha = o.addPerson(t, o.tenant, "Asha", auth.Member, &sales)
	o.ravi = o.addPerson(t, o.tenant, "Ravi", auth.Member, &sales)
	o.zoya = o.addPerson(t, o.tenant, "Zoya", auth.Member, &support)
	o.key = auth.Principal{TenantID: o.tenant, TenantName: "acme", KeyID: uuid.New(), Role: auth.Manager, Name: "Shop"}
	o.out = o.addPerson(t, other, "Outsider", auth.Admin, nil)
	return o
}

func (o *office) addTenant(t *testing.T, slug string) uuid.UUID {
	t.Helper()
	id := uuid.Must(uuid.NewV7())
	o.d.OwnerExec(t, "INSERT INTO tenants (id, slug, name, created_at, updated_at) VALUES ($1, $2, $2, now(), now())", id, slug)
	return id
}

func (o *office) addTeam(t *testing.T, name string) uuid.UUID {
	t.Helper()
	id := uuid.Must(uuid.NewV7())
	o.d.OwnerExec(t, "INSERT INTO teams (tenant_id, id, name, created_at) VALUES ($1, $2, $3, now())", o.tenant, id, name)
	return id
}

func (o *office) addPerson(t *testing.T, tenant uuid.UUID, name string, role auth.Role, team *uuid.UUID) auth.Principal {
	t.Helper()
	id := uuid.Must(uuid.NewV7())
	o.d.OwnerExec(t, `INSERT INTO users (id, email, name, password_hash, sessions_valid_after, created_at, updated_at)
		VALUES ($1, lower($2) || '@acme.test', $2, '', '2026-01-01', now(), now())`, id, name)
	o.d.OwnerExec(t, "INSERT INTO memberships (tenant_id, user_id, role, team_id, created_at, updated_at) VALUES ($1, $2, $3, $4, now(), now())", tenant, id, role, team)
	return auth.Principal{TenantID: tenant, TenantName: "acme", UserID: id, Name: name, Role: role, TeamID: team}
}

// contact makes a contact of p's.
func (o *office) contact(t *testing.T, p auth.Principal, name string) crm.Contact {
	t.Helper()
	c, err := o.crm.CreateContact(context.Background(), p, crm.ContactInput{FirstName: name})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// log adds an activity as p.
func (o *office) log(t *testing.T, p auth.Principal, in activity.Input) activity.Activity {
	t.Helper()
	a, err := o.Log(context.Background(), p, in)
	if err != nil {
		t.Fatalf("log %+v: %v", in, err)
	}
	return a
}

// query returns the first column of every row, as the owner.
func query[T any](t *testing.T, o *office, sql string, args ...any) []T {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, o.d.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	rows, err := conn.Query(ctx, sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[T])
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// wantCode fails unless err carries the code; "" wants no error.
func wantCode(t *testing.T, what string, err error, code apperr.Code) {
	t.Helper()
	if code == "" && err != nil || code != "" && !apperr.Is(err, code) {
		t.Errorf("%s: %v, want %q", what, err, code)
	}
}

func ptr[T any](v T) *T { return &v }
