// Package bulk does one thing to many records: it keeps the run and what becomes
// of each record, works in the background in short transactions, counts, and puts
// everything back when asked.
//
// It knows no kind of record. An area registers an Entity, which says what can be
// done and does it to one record, as a write of that record alone would.
package bulk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
)

const (
	// MaxNamed is how many records one request may name. More are chosen by a Match.
	MaxNamed = 1000
	// AtOnce is how many named records are changed before the request is answered.
	AtOnce = 50
	// UndoFor is how long a run can be undone.
	UndoFor = 7 * 24 * time.Hour
	// MaxProblems is how many problems one call returns.
	MaxProblems = 100

	// keepItems is how long it is known what became of each record.
	keepItems = 30 * 24 * time.Hour
	// atOnceLimit bounds what a request waits for its run; the job goes on behind it.
	atOnceLimit = 5 * time.Second

	entityRun = "bulk"
)

// Value is what an action sets; each action reads its own part.
type Value struct {
	OwnerID *uuid.UUID `json:"ownerId,omitempty"` // uuid.Nil: nobody
	Tags    []string   `json:"tags,omitempty"`
	Stage   string     `json:"stage,omitempty"`
	Status  string     `json:"status,omitempty"`
	Type    string     `json:"type,omitempty"`
}

// Match chooses records as their list does.
type Match struct {
	Query  string `json:"query"`
	Filter string `json:"filter"`
}

// Changed tells how to put a record back.
type Changed struct {
	Before  any   // the values that were changed, as JSON; Entity.Revert reads it
	Version int64 // the record's version since
}

// ErrSame tells that a record is already as the action would make it.
var ErrSame = errors.New("bulk: nothing to change")

// Entity is one kind of record. Errors of package apperr about a single record are
// kept with it and the run goes on; any other error stops the chunk.
type Entity interface {
	// Right is what the action needs; false when there is no such action.
	Right(action string) (auth.Right, bool)
	// Check brings the value into its stored form, and refuses what no record could take
	// and a match that cannot be read.
	Check(ctx context.Context, tx *change.Tx, p auth.Principal, in *Input) error
	// Match returns up to limit records behind the place, which is "" at first, in an
	// order that the action does not change, and the place to go on from, "" at the end.
	Match(ctx context.Context, p auth.Principal, m Match, place string, limit int) (ids []uuid.UUID, next string, err error)
	// Apply does the action to one record, or returns ErrSame. The rights of p are
	// checked for the record, not for the action.
	Apply(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, action string, v Value) (Changed, error)
	// Revert puts back what Apply changed; a record that has another version than this
	// is a Conflict.
	Revert(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID, action string, before json.RawMessage, version int64) error
}

// Input says what is to be done to which records.
type Input struct {
	Entity string // as registered: "contacts"
	Action string
	Value  Value
	IDs    []uuid.UUID // the records, or
	Match  *Match      // all that match when the run starts
}

// Run is one bulk action and what has become of it.
type Run struct {
	ID         uuid.UUID  `json:"id"`
	Entity     string     `json:"entity"`
	Action     string     `json:"action"`
	Value      Value      `json:"value"`
	Undoes     *uuid.UUID `json:"undoes"`   // the run that this one takes back
	UndoneBy   *uuid.UUID `json:"undoneBy"` // the run that takes this one back
	Status     string     `json:"status"`   // queued, running, completed or failed
	Counts     Counts     `json:"counts"`
	Message    string     `json:"message"` // why it failed, "" otherwise
	CreatedAt  time.Time  `json:"createdAt"`
	FinishedAt *time.Time `json:"finishedAt"`
	UndoUntil  *time.Time `json:"undoUntil"` // nil when it cannot be undone
}

// Ended reports whether nothing more will happen.
func (r Run) Ended() bool { return r.FinishedAt != nil }

// Counts count records.
type Counts struct {
	Total   int64 `json:"total"` // chosen so far
	Done    int64 `json:"done"`
	Failed  int64 `json:"failed"`
	Skipped int64 `json:"skipped"` // not permitted, already so, gone, or changed meanwhile
}

// Problem is a record to which the action was not done.
type Problem struct {
	N        int64     // its place in the run
	RecordID uuid.UUID // of the run's entity
	Outcome  string    // failed or skipped
	Reason   string
}

// Service starts, works and undoes runs.
type Service struct {
	db       *db.DB
	write    *change.Writer
	auth     *auth.Service
	entities map[string]Entity
	now      func() time.Time
}

// New returns a Service for these entities, by name. It asks a for the principals
// of its jobs.
func New(w *change.Writer, a *auth.Service, entities map[string]Entity) *Service {
	return &Service{db: w.DB, write: w, auth: a, entities: entities, now: w.Now}
}

// right finds the entity and checks that p may do the action to some record of it.
func (s *Service) right(p auth.Principal, entity, action string) (Entity, error) {
	e, ok := s.entities[entity]
	if !ok {
		var f apperr.Fields
		f.Add("entity", "There are no bulk actions for this kind of record.")
		return nil, f.Err()
	}
	right, ok := e.Right(action)
	if !ok {
		var f apperr.Fields
		f.Add("action", "There is no such action for this kind of record.")
		return nil, f.Err()
	}
	return e, p.Require(right)
}

// Run returns one run. It is visible to whoever started it, to owners,
// administrators, managers and API keys; to others it is NotFound.
func (s *Service) Run(ctx context.Context, p auth.Principal, id uuid.UUID) (Run, error) {
	row, err := s.db.Tenant(p.TenantID).GetBulkRun(ctx, db.GetBulkRunParams{TenantID: p.TenantID, ID: id})
	return s.visible(p, row, err)
}

func (s *Service) visible(p auth.Principal, row db.GetBulkRunRow, err error) (Run, error) {
	if err != nil && !db.IsNoRows(err) {
		return Run{}, fmt.Errorf("get a bulk run: %w", err)
	}
	own := row.CreatedBy != nil && *row.CreatedBy == p.UserID
	if err != nil || !own && !p.IsKey() && !slices.Contains([]auth.Role{auth.Owner, auth.Admin, auth.Manager}, p.Role) {
		return Run{}, apperr.New(apperr.NotFound, "This bulk action does not exist, or you may not see it.")
	}
	if _, err := s.right(p, row.Entity, row.Action); err != nil {
		return Run{}, err
	}
	return s.runFromRow(row)
}

// Problems returns up to MaxProblems records to which the action was not done,
// behind the place after. They are known for 30 days.
func (s *Service) Problems(ctx context.Context, p auth.Principal, id uuid.UUID, after int64) ([]Problem, error) {
	if _, err := s.Run(ctx, p, id); err != nil {
		return nil, err
	}
	rows, err := s.db.Tenant(p.TenantID).ListBulkProblems(ctx, db.ListBulkProblemsParams{TenantID: p.TenantID, RunID: id, After: after, MaxRows: MaxProblems})
	if err != nil {
		return nil, fmt.Errorf("list the problems of a bulk run: %w", err)
	}
	out := make([]Problem, len(rows))
	for i, r := range rows {
		out[i] = Problem(r)
	}
	return out, nil
}

func (s *Service) runFromRow(r db.GetBulkRunRow) (Run, error) {
	out := Run{
		ID: r.ID, Entity: r.Entity, Action: r.Action, Undoes: r.Undoes, UndoneBy: r.UndoneBy, Status: r.Status,
		Counts:  Counts{Total: r.Total, Done: r.Done, Failed: r.Failed, Skipped: r.Skipped},
		Message: r.Message, CreatedAt: r.CreatedAt, FinishedAt: r.FinishedAt,
	}
	if err := json.Unmarshal(r.Value, &out.Value); err != nil {
		return Run{}, fmt.Errorf("read the value of bulk run %s: %w", r.ID, err)
	}
	if r.FinishedAt != nil && r.Undoes == nil && r.UndoneBy == nil && r.Done > 0 {
		if until := r.FinishedAt.Add(UndoFor); until.After(s.now()) {
			out.UndoUntil = &until
		}
	}
	return out, nil
}

// PurgeArgs is the periodic job that forgets what became of the records of runs
// older than 30 days.
type PurgeArgs struct{}

// Kind names the job.
func (PurgeArgs) Kind() string { return "bulk.purge" }

// purgeBatch is how many items one sweep of the database deletes at most.
const purgeBatch = 10_000

// Purge works PurgeArgs.
func (s *Service) Purge(ctx context.Context, _ PurgeArgs, _ bool) error {
	for {
		n, err := s.db.Global().PurgeBulkItems(ctx, s.now().Add(-keepItems))
		if err != nil {
			return fmt.Errorf("purge bulk items: %w", err)
		}
		if n < purgeBatch {
			return nil
		}
	}
}
