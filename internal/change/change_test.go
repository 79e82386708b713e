package change_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/change"
)

var errBoom = errors.New("boom")

func TestAWriteHappensTogether(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	id, err := change.Do(ctx, w.Writer, w.actor(""), "team.create", nil, func(ctx context.Context, tx *change.Tx) (uuid.UUID, error) {
		return w.addTeam(ctx, tx, "Sales")
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := w.count(t, "teams WHERE id = $1 AND created_at = $2", id, w.now.Truncate(time.Microsecond)); n != 1 {
		t.Errorf("%d teams", n)
	}
	if n := w.count(t, "river.river_job WHERE kind = 'test.greet'"); n != 1 {
		t.Errorf("%d jobs", n)
	}
	entries, err := w.d.Tenant(w.tenant).ListAuditEntriesOf(ctx, db.ListAuditEntriesOfParams{TenantID: w.tenant, Entity: "team", EntityID: id, MaxRows: 10})
	if err != nil || len(entries) != 1 {
		t.Fatalf("%d audit entries, %v", len(entries), err)
	}
	e := entries[0]
	var after map[string]string
	if err := json.Unmarshal(e.After, &after); err != nil || after["name"] != "Sales" || e.Before != nil {
		t.Errorf("before %s, after %s (%v)", e.Before, e.After, err)
	}
	if e.Action != "team.create" || e.ActorID != nil || e.ActorKind != "system" || e.ActorName != "Test" || e.Ip != "192.0.2.1" || e.RequestID != "r1" ||
		!e.At.Equal(w.now.Truncate(time.Microsecond)) {
		t.Errorf("audit entry %+v", e)
	}
}

func TestAWriteThatFailsLeavesNothing(t *testing.T) {
	for name, fail := range map[string]func(w *world, tx *change.Tx) error{
		"in the use case": func(*world, *change.Tx) error { return errBoom },
		"in a subscriber": func(w *world, _ *change.Tx) error {
			w.Subscribers = append(w.Subscribers, func(context.Context, *change.Tx, change.Event) error { return errBoom })
			return nil
		},
		"in the tagger": func(w *world, _ *change.Tx) error { w.tags.markErr = errBoom; return nil },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			id, err := change.Do(context.Background(), w.Writer, w.actor("k"), "team.create", nil, func(ctx context.Context, tx *change.Tx) (uuid.UUID, error) {
				failed := fail(w, tx)
				id, err := w.addTeam(ctx, tx, "Sales")
				return id, errors.Join(err, failed)
			})
			if !errors.Is(err, errBoom) || id != uuid.Nil {
				t.Errorf("got %v, %v", id, err)
			}
			for _, table := range []string{"teams", "audit_entries", "idempotency_keys", "cache_outbox", "river.river_job"} {
				if n := w.count(t, table); n != 0 {
					t.Errorf("%s holds %d rows", table, n)
				}
			}
			for _, call := range w.tags.calls {
				if strings.HasPrefix(call, "end") {
					t.Errorf("tags of a write that did not happen were ended: %q", w.tags.calls)
				}
			}
		})
	}
}

func TestAPanicLeavesNothingAndGivesTheConnectionBack(t *testing.T) {
	w := newWorld(t)
	func() {
		defer func() { _ = recover() }()
		_, _ = change.Do(context.Background(), w.Writer, w.actor(""), "team.create", nil, func(ctx context.Context, tx *change.Tx) (uuid.UUID, error) {
			if _, err := w.addTeam(ctx, tx, "Sales"); err != nil {
				t.Error(err)
			}
			panic("fault")
		})
	}()
	if n := w.count(t, "teams"); n != 0 {
		t.Errorf("%d teams", n)
	}
	if n := w.d.Pool().Stat().AcquiredConns(); n != 0 {
		t.Errorf("%d connections were not given back", n)
	}
}

func TestSubscribersWriteInTheSameTransaction(t *testing.T) {
	w := newWorld(t)
	var told []change.Event
	w.Subscribers = []change.Subscriber{func(ctx context.Context, tx *change.Tx, e change.Event) error {
		told = append(told, e)
		if n := w.count(t, "teams"); n != 0 {
			t.Errorf("others see %d teams before the commit", n)
		}
		return tx.Enqueue(ctx, greet{Name: e.Action})
	}}
	_, err := change.Do(context.Background(), w.Writer, w.actor(""), "team.create", nil, func(ctx context.Context, tx *change.Tx) (uuid.UUID, error) {
		return w.addTeam(ctx, tx, "Sales")
	})
	if err != nil || len(told) != 1 || told[0].Action != "team.create" {
		t.Fatalf("told %+v, %v", told, err)
	}
	if n := w.count(t, "river.river_job"); n != 2 {
		t.Errorf("%d jobs, want the use case's and the subscriber's", n)
	}
}

func TestAWriteOfTheInstallationHasNoTenant(t *testing.T) {
	w := newWorld(t)
	id := uuid.New()
	_, err := change.Do(context.Background(), w.Writer, change.Actor{Kind: change.ActorSystem, Name: "PayAid"}, "x", nil, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		if _, err := tx.Q.GetTenant(ctx, w.tenant); err != nil {
			t.Error(err)
		}
		return struct{}{}, tx.Record(ctx, change.Event{Action: "x", Entity: "user", EntityID: id})
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := w.count(t, "audit_entries WHERE tenant_id IS NULL AND entity_id = $1", id); n != 1 {
		t.Errorf("%d audit entries", n)
	}
}

func TestATenantCannotWriteForAnother(t *testing.T) {
	w := newWorld(t)
	other := uuid.New()
	w.addTenant(t, other)
	_, err := change.Do(context.Background(), w.Writer, w.actor(""), "x", nil, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		return struct{}{}, tx.Q.InsertTeam(ctx, db.InsertTeamParams{TenantID: other, ID: uuid.New(), Name: "T", Now: tx.Now})
	})
	if apperr.From(err).Code != apperr.Internal || w.count(t, "teams") != 0 {
		t.Errorf("got %v", err)
	}
}

func TestWhatCannotBeKeptAsJSONIsRefused(t *testing.T) {
	w := newWorld(t)
	_, err := change.Do(context.Background(), w.Writer, w.actor(""), "x", nil, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		return struct{}{}, tx.Record(ctx, change.Event{Action: "x", Entity: "x", EntityID: uuid.New(), After: func() {}})
	})
	if err == nil {
		t.Error("a snapshot that is not JSON was taken")
	}
	_, err = change.Do(context.Background(), w.Writer, w.actor("k"), "x", func() {}, func(context.Context, *change.Tx) (struct{}, error) {
		t.Error("ran without a fingerprint")
		return struct{}{}, nil
	})
	if err == nil {
		t.Error("an input that is not JSON was taken")
	}
}
