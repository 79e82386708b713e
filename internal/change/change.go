// Package change is the one way to write. Do runs a use case in one transaction
// together with its idempotency key, its audit entries, its cache tags and its
// jobs: either all of it happens or nothing.
//
// It knows no business rule: areas decide what to write, this package makes sure
// that nothing belonging to a write is forgotten.
package change

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"payaid/db"
)

// The kinds of actor.
const (
	ActorUser   = "user"
	ActorAPIKey = "api_key"
	ActorSystem = "system" // a job or the command line
)

// Actor is who writes, for whom, and how the request came in.
type Actor struct {
	TenantID       uuid.UUID // uuid.Nil: the installation as a whole
	ID             uuid.UUID // the user or the API key; uuid.Nil for the system
	Kind           string
	Name           string
	IP             string
	RequestID      string
	IdempotencyKey string // "" when the caller sent none
}

// Event tells what happened to one record. Before and After are what the audit
// log keeps; nil where there is nothing.
type Event struct {
	Action   string // "contact.create"
	Entity   string // "contact"
	EntityID uuid.UUID
	Before   any
	After    any
	Note     bool // only noted: nothing that anybody reads has changed, so no cache tag is named
}

// Subscriber is told of every event inside its transaction, so that what follows
// from an event (a webhook's delivery, say) is written with it.
type Subscriber func(ctx context.Context, tx *Tx, e Event) error

// Tagger keeps cache tags. Mark is called in the transaction, right before its
// commit, and makes readers bypass the cache; End is called after the commit and
// voids what was stored. An error of Mark stops the write.
type Tagger interface {
	Mark(ctx context.Context, tx pgx.Tx, tenant, writer uuid.UUID, tags []string) error
	End(ctx context.Context, tenant, writer uuid.UUID, tags []string) error
}

// Enqueuer inserts a job in the caller's transaction. A River client is one.
type Enqueuer interface {
	InsertTx(ctx context.Context, tx pgx.Tx, args river.JobArgs, opts *river.InsertOpts) (*rivertype.JobInsertResult, error)
}

// Writer holds what every write needs. Tags and Subscribers may be empty.
type Writer struct {
	DB          *db.DB
	Jobs        Enqueuer
	Tags        Tagger
	Subscribers []Subscriber
	Log         *slog.Logger
	Now         func() time.Time
}

// Tx is one running write. Q sees the actor's tenant only.
type Tx struct {
	Q      *db.Queries
	Actor  Actor
	Now    time.Time // the same instant for everything in this write
	tx     pgx.Tx
	writer *Writer
	tagged []tagged
}

// Do runs fn in one transaction as the actor and returns its result. With an
// idempotency key the result of the first call is kept for 24 hours and returned
// again to the same action with the same input; another input under that key is
// refused. T must survive JSON. Errors of the database come back as apperr
// errors where the user can do something about them. While a restore holds writes,
// Do refuses.
func Do[T any](ctx context.Context, w *Writer, a Actor, action string, input any, fn func(ctx context.Context, tx *Tx) (T, error)) (T, error) {
	var result T
	if err := w.DB.Writable(); err != nil {
		return result, Explain(err)
	}
	t := &Tx{Actor: a, Now: w.Now().UTC().Truncate(time.Microsecond), writer: w}
	err := w.inTx(ctx, a, func(tx pgx.Tx, q *db.Queries) error {
		t.tx, t.Q = tx, q
		replayed, err := t.replay(ctx, action, input, &result)
		if err != nil || replayed {
			return err
		}
		if result, err = fn(ctx, t); err != nil {
			return err
		}
		if err := t.keepResult(ctx, result); err != nil {
			return err
		}
		return t.markTags(ctx)
	})
	if err != nil {
		// Nothing was committed: marked tags lapse by their deadline.
		var zero T
		return zero, Explain(err)
	}
	w.endTags(ctx, t.tagged)
	return result, nil
}

func (w *Writer) inTx(ctx context.Context, a Actor, fn func(pgx.Tx, *db.Queries) error) error {
	if a.TenantID == uuid.Nil {
		return w.DB.InTx(ctx, fn)
	}
	return w.DB.InTenantTx(ctx, a.TenantID, fn)
}

// Record writes the audit entry of e, names the tags of its record, "contact:<id>"
// and "contact:list" say, and tells the subscribers.
func (t *Tx) Record(ctx context.Context, e Event) error {
	before, err := snapshot(e.Before)
	if err != nil {
		return err
	}
	after, err := snapshot(e.After)
	if err != nil {
		return err
	}
	err = t.Q.InsertAuditEntry(ctx, db.InsertAuditEntryParams{
		TenantID: nullable(t.Actor.TenantID), ID: uuid.Must(uuid.NewV7()), At: t.Now,
		ActorID: nullable(t.Actor.ID), ActorKind: t.Actor.Kind, ActorName: t.Actor.Name,
		Ip: t.Actor.IP, RequestID: t.Actor.RequestID,
		Action: e.Action, Entity: e.Entity, EntityID: e.EntityID, Before: before, After: after,
	})
	if err != nil {
		return fmt.Errorf("audit %s: %w", e.Action, err)
	}
	if !e.Note {
		t.Tag(e.Entity+":"+e.EntityID.String(), e.Entity+":list")
	}
	for _, s := range t.writer.Subscribers {
		if err := s(ctx, t, e); err != nil {
			return fmt.Errorf("after %s: %w", e.Action, err)
		}
	}
	return nil
}

func snapshot(v any) (json.RawMessage, error) {
	if v == nil {
		return nil, nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("snapshot for the audit log: %w", err)
	}
	return b, nil
}

func nullable(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

// Pgx returns the transaction itself, for a tool that writes in it with its own
// client: the job queue.
func (t *Tx) Pgx() pgx.Tx { return t.tx }

// Enqueue adds a job that starts once this write is committed.
func (t *Tx) Enqueue(ctx context.Context, args river.JobArgs) error {
	if _, err := t.writer.Jobs.InsertTx(ctx, t.tx, args, nil); err != nil {
		return fmt.Errorf("enqueue %s: %w", args.Kind(), err)
	}
	return nil
}
