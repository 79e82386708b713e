package crm

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
	"payaid/internal/jobs"
)

// undoChunk is how many records the undoing looks at in one transaction.
const undoChunk = 500

// UndoArgs are the arguments of the job that undoes an import.
type UndoArgs struct {
	ImportArgs
	UndoID uuid.UUID `json:"undoId"` // of its progress
}

// Kind implements river.JobArgs.
func (UndoArgs) Kind() string { return "import.undo" }

// Progress implements jobs.Tracked.
func (a UndoArgs) Progress() (tenant, id uuid.UUID) { return a.TenantID, a.UndoID }

// UndoImport enqueues the job that undoes an import which has ended: what it made
// goes to the trash, what it changed becomes as it was before, and what somebody has
// changed since is left alone. It can be done once, however much later.
func (s *Service) UndoImport(ctx context.Context, p auth.Principal, id uuid.UUID) (Import, error) {
	i, err := s.Import(ctx, p, id)
	if err != nil {
		return Import{}, err
	}
	e := importEntities[i.Entity]
	if e == nil {
		return Import{}, errNoImport()
	}
	if _, remove := e.rights(); p.Require(remove) != nil {
		return Import{}, p.Require(remove)
	}
	switch {
	case i.FinishedAt == nil:
		return Import{}, apperr.New(apperr.BusinessRule, "This import is still at work. Undo it when it has ended.")
	case i.DryRun || i.Counts.Created+i.Counts.Updated == 0:
		return Import{}, apperr.New(apperr.BusinessRule, "This import has changed nothing, so there is nothing to undo.")
	}
	return change.Do(ctx, s.write, p.Actor(), "import.undo", id, func(ctx context.Context, tx *change.Tx) (Import, error) {
		return startUndo(ctx, tx, p, id)
	})
}

func startUndo(ctx context.Context, tx *change.Tx, p auth.Principal, id uuid.UUID) (Import, error) {
	undone, err := tx.Q.LockImportUndo(ctx, db.LockImportUndoParams{TenantID: p.TenantID, ID: id})
	if err != nil {
		return Import{}, fmt.Errorf("lock the import: %w", err)
	}
	if undone != nil {
		return Import{}, apperr.New(apperr.BusinessRule, "This import is being undone already, or has been.")
	}
	total, err := tx.Q.CountImportRecords(ctx, db.CountImportRecordsParams{TenantID: p.TenantID, ImportID: id})
	if err != nil {
		return Import{}, fmt.Errorf("count the records of the import: %w", err)
	}
	args := UndoArgs{ImportArgs{TenantID: p.TenantID, ImportID: id, ActorKind: tx.Actor.Kind, ActorID: tx.Actor.ID}, uuid.Must(uuid.NewV7())}
	progress := jobs.Progress{ID: args.UndoID, Kind: args.Kind(), Total: total, CreatedBy: p.User(), CreatedAt: tx.Now}
	if err := jobs.CreateProgress(ctx, tx.Q, p.TenantID, progress); err != nil {
		return Import{}, err
	}
	if err := tx.Q.SetImportUndo(ctx, db.SetImportUndoParams{TenantID: p.TenantID, ID: id, UndoID: &args.UndoID}); err != nil {
		return Import{}, fmt.Errorf("begin the undoing: %w", err)
	}
	row, err := tx.Q.GetImport(ctx, db.GetImportParams{TenantID: p.TenantID, ID: id})
	if err != nil {
		return Import{}, fmt.Errorf("read the import back: %w", err)
	}
	out, err := importFromRow(row)
	if err != nil {
		return Import{}, err
	}
	if err := tx.Record(ctx, change.Event{Action: "import.undo", Entity: entityImport, EntityID: id, After: out}); err != nil {
		return Import{}, err
	}
	return out, tx.Enqueue(ctx, args)
}

// RunUndo works one undoing. Each chunk takes its records off the list in its own
// transaction, so that it may be killed and called again at any time. Like
// RunImport it returns jobs.ErrMore when there is more to do.
func (s *Service) RunUndo(ctx context.Context, args UndoArgs, last bool) error {
	report := jobs.NewReporter(s.db, s.now, args.TenantID, args.UndoID)
	return report.Finish(ctx, s.undo(ctx, args, report), jobs.Ending{
		Last: last, Ours: "The undoing stopped because of a problem on our side. What is undone so far stays undone.",
	})
}

func (s *Service) undo(ctx context.Context, args UndoArgs, report *jobs.Reporter) error {
	row, err := s.db.Tenant(args.TenantID).GetImport(ctx, db.GetImportParams{TenantID: args.TenantID, ID: args.ImportID})
	if err != nil {
		return fmt.Errorf("get import %s: %w", args.ImportID, err)
	}
	e := importEntities[row.Entity]
	if e == nil {
		return fmt.Errorf("import %s brought in %q, which nobody knows", row.ID, row.Entity)
	}
	_, remove := e.rights()
	p, err := s.starter(ctx, args.ImportArgs, remove)
	if err != nil {
		return err
	}
	started, done := s.now(), row.Removed+row.Restored+row.Spared
	for {
		n, err := change.Do(ctx, s.write, p.Actor(), e.kind()+".undo_import", nil, func(ctx context.Context, tx *change.Tx) (int, error) {
			return undoNext(ctx, tx, p, e, row.ID)
		})
		if err != nil || n == 0 {
			return err
		}
		done += int64(n)
		if err := report.Report(ctx, done, max(row.UndoTotal, done)); err != nil {
			return err
		}
		if s.now().Sub(started) > jobs.SliceLimit {
			return jobs.ErrMore
		}
	}
}

// undoNext undoes what the import did to the next records, and returns how many it
// has looked at.
func undoNext(ctx context.Context, tx *change.Tx, p auth.Principal, e importEntity, id uuid.UUID) (int, error) {
	if _, err := tx.Q.LockImportUndo(ctx, db.LockImportUndoParams{TenantID: p.TenantID, ID: id}); err != nil {
		return 0, fmt.Errorf("lock the import: %w", err)
	}
	list, err := tx.Q.ListImportRecords(ctx, db.ListImportRecordsParams{TenantID: p.TenantID, ImportID: id, MaxRows: undoChunk})
	if err != nil {
		return 0, fmt.Errorf("list the records of the import: %w", err)
	}
	ids := make([]uuid.UUID, len(list))
	for i, r := range list {
		ids[i] = r.RecordID
	}
	held, err := e.findByID(ctx, tx.Q, p, ids)
	if err != nil {
		return 0, err
	}
	made, changed, err := undoable(e, list, held)
	if err != nil {
		return 0, err
	}
	if err := undoRecords(ctx, tx, p, e, made, changed); err != nil {
		return 0, err
	}
	err = tx.Q.AddUndoCounts(ctx, db.AddUndoCountsParams{
		TenantID: p.TenantID, ID: id, Removed: int64(len(made)), Restored: int64(len(changed)), Spared: int64(len(list) - len(made) - len(changed)),
	})
	if err != nil {
		return 0, fmt.Errorf("count what is undone: %w", err)
	}
	err = tx.Q.DeleteImportRecords(ctx, db.DeleteImportRecordsParams{TenantID: p.TenantID, ImportID: id, Ids: ids})
	return len(list), wrap(err, "take records off the list")
}

// undoable tells which of the records are as the import left them: those that it
// made, and those that it changed, with what they were before.
func undoable(e importEntity, list []db.ListImportRecordsRow, held []heldRecord) (made []heldRecord, changed []*plannedRecord, err error) {
	for _, r := range list {
		i := slices.IndexFunc(held, func(h heldRecord) bool { return h.id == r.RecordID })
		if i < 0 || held[i].version != r.Version || !held[i].mayChange {
			continue
		}
		if r.Before == nil {
			made = append(made, held[i])
			continue
		}
		input, err := e.former(r.Before)
		if err != nil {
			return nil, nil, err
		}
		changed = append(changed, &plannedRecord{id: r.RecordID, before: &held[i], input: input})
	}
	return made, changed, nil
}

func undoRecords(ctx context.Context, tx *change.Tx, p auth.Principal, e importEntity, made []heldRecord, changed []*plannedRecord) error {
	var events []change.Event
	if len(made) > 0 {
		ids := make([]uuid.UUID, len(made))
		for i, h := range made {
			ids[i] = h.id
			events = append(events, change.Event{Action: e.kind() + ".undo_import", Entity: e.kind(), EntityID: h.id, Before: h.record})
		}
		if err := e.trash(ctx, tx, p, ids); err != nil {
			return err
		}
	}
	if len(changed) > 0 {
		if err := e.update(ctx, tx, p, changed); err != nil {
			return err
		}
		for _, pr := range changed {
			events = append(events, pr.event(e, "undo_import"))
		}
	}
	return tx.RecordAll(ctx, events)
}
