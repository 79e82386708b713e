package change_test

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"payaid/db"
	"payaid/internal/change"
	"payaid/internal/dbtest"
	"payaid/internal/jobs"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// world is one installation with one tenant and a clock that the test moves.
type world struct {
	*change.Writer
	d      *dbtest.Database
	tenant uuid.UUID
	tags   *recorder
	now    time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	d := dbtest.New(t)
	client, err := jobs.New(d.DB, jobs.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{d: d, tenant: uuid.New(), now: time.Date(2026, 11, 22, 10, 0, 0, 123456789, time.UTC), tags: &recorder{}}
	w.Writer = &change.Writer{DB: d.DB, Jobs: client, Tags: w.tags, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return w.now }}
	w.addTenant(t, w.tenant)
	return w
}

func (w *world) addTenant(t *testing.T, id uuid.UUID) {
	t.Helper()
	w.d.OwnerExec(t, "INSERT INTO tenants (id, slug, name, created_at, updated_at) VALUES ($1, $2, 'T', now(), now())", id, "t-"+id.String())
}

func (w *world) actor(key string) change.Actor {
	return change.Actor{TenantID: w.tenant, Kind: change.ActorSystem, Name: "Test", IP: "192.0.2.1", RequestID: "r1", IdempotencyKey: key}
}

// count counts rows as the owner, in all tenants.
func (w *world) count(t *testing.T, from string, args ...any) int {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, w.d.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	var n int
	if err := conn.QueryRow(ctx, "SELECT count(*) FROM "+from, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// addTeam is a use case that writes, records, tags and enqueues.
func (w *world) addTeam(ctx context.Context, tx *change.Tx, name string) (uuid.UUID, error) {
	id := uuid.Must(uuid.NewV7())
	if err := tx.Q.InsertTeam(ctx, db.InsertTeamParams{TenantID: tx.Actor.TenantID, ID: id, Name: name, Now: tx.Now}); err != nil {
		return id, fmt.Errorf("insert the team: %w", err)
	}
	tx.Tag("search", "team:list", "search")
	if err := tx.Enqueue(ctx, greet{Name: name}); err != nil {
		return id, err
	}
	return id, tx.Record(ctx, change.Event{Action: "team.create", Entity: "team", EntityID: id, After: map[string]string{"name": name}})
}

type greet struct{ Name string }

func (greet) Kind() string { return "test.greet" }

var ids = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// recorder is a Tagger that notes what it is asked, in order, and fails when told.
type recorder struct {
	sync.Mutex
	calls             []string
	markErr, endErr   error
	onMark, onEnd     func()
	markedBy, endedBy uuid.UUID
}

func (r *recorder) Mark(_ context.Context, _ pgx.Tx, tenant, writer uuid.UUID, tags []string) error {
	return r.note("mark", tags, r.onMark, r.markErr, writer, &r.markedBy)
}

func (r *recorder) End(_ context.Context, tenant, writer uuid.UUID, tags []string) error {
	return r.note("end", tags, r.onEnd, r.endErr, writer, &r.endedBy)
}

func (r *recorder) note(what string, tags []string, also func(), err error, writer uuid.UUID, by *uuid.UUID) error {
	r.Lock()
	defer r.Unlock()
	*by = writer
	r.calls = append(r.calls, what+" "+ids.ReplaceAllString(strings.Join(tags, ","), "<id>"))
	if also != nil {
		also()
	}
	return err
}

func (r *recorder) want(t *testing.T, calls ...string) {
	t.Helper()
	if !slices.Equal(r.calls, calls) {
		t.Errorf("the tagger was asked %q, want %q", r.calls, calls)
	}
}
