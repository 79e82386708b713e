package bulk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/change"
)

// What becomes of a record.
const (
	outcomeDone    = "done"
	outcomeFailed  = "failed"
	outcomeSkipped = "skipped"
)

// result is one record as SetBulkOutcomes reads it.
type result struct {
	N       int64           `json:"n"`
	Outcome string          `json:"outcome"`
	Reason  string          `json:"reason"`
	Before  json.RawMessage `json:"before"`
	Version int64           `json:"version"`
}

// chunk changes the next records of the run and writes down, in the same
// transaction, what became of them. It returns true when there were none left.
func (w *worker) chunk(ctx context.Context, tx *change.Tx) (bool, error) {
	now, err := w.lock(ctx, tx)
	if err != nil {
		return false, err
	}
	items, err := tx.Q.NextBulkItems(ctx, db.NextBulkItemsParams{TenantID: w.args.TenantID, RunID: w.row.ID, Reached: now.Reached, MaxRows: chunkRows})
	if err != nil {
		return false, fmt.Errorf("read the records of a bulk run: %w", err)
	}
	if len(items) == 0 {
		return true, nil
	}
	counts := db.AddBulkCountsParams{TenantID: w.args.TenantID, ID: w.row.ID, Reached: items[len(items)-1].N}
	// Every run locks the records of a chunk in this order, so that two of them do not
	// wait for each other.
	slices.SortFunc(items, func(a, b db.NextBulkItemsRow) int { return bytes.Compare(a.RecordID[:], b.RecordID[:]) })
	results := make([]result, len(items))
	for i, item := range items {
		if results[i], err = w.record(ctx, tx, item); err != nil {
			return false, err
		}
		switch results[i].Outcome {
		case outcomeDone:
			counts.Done++
		case outcomeFailed:
			counts.Failed++
		default:
			counts.Skipped++
		}
	}
	rows, err := json.Marshal(results)
	if err != nil {
		return false, fmt.Errorf("write what became of records: %w", err)
	}
	if err := tx.Q.SetBulkOutcomes(ctx, db.SetBulkOutcomesParams{TenantID: w.args.TenantID, RunID: w.row.ID, Rows: rows}); err != nil {
		return false, fmt.Errorf("write what became of records: %w", err)
	}
	return false, tx.Q.AddBulkCounts(ctx, counts)
}

// record changes one record behind a savepoint, so that one that is refused leaves
// the others alone.
func (w *worker) record(ctx context.Context, tx *change.Tx, item db.NextBulkItemsRow) (result, error) {
	out := result{N: item.N, Before: item.Before, Version: item.Version}
	save, err := tx.Pgx().Begin(ctx)
	if err != nil {
		return out, fmt.Errorf("begin a record: %w", err)
	}
	err = w.apply(ctx, tx, item, &out)
	if err == nil {
		out.Outcome = outcomeDone
		return out, save.Commit(ctx)
	}
	var ok bool
	if out.Outcome, out.Reason, ok = refused(err); !ok {
		return out, err
	}
	out.Before = nil
	return out, save.Rollback(ctx)
}

func (w *worker) apply(ctx context.Context, tx *change.Tx, item db.NextBulkItemsRow, out *result) error {
	if w.row.Undoes != nil {
		return w.entity.Revert(ctx, tx, w.p, item.RecordID, w.row.Action, item.Before, item.Version)
	}
	changed, err := w.entity.Apply(ctx, tx, w.p, item.RecordID, w.row.Action, w.value)
	if err != nil {
		return err
	}
	if out.Before, err = json.Marshal(changed.Before); err != nil {
		return fmt.Errorf("keep the values before: %w", err)
	}
	out.Version = changed.Version
	return nil
}

// refused tells what an error says about the one record; ok is false when it says
// something about the moment instead.
func refused(err error) (outcome, reason string, ok bool) {
	if errors.Is(err, ErrSame) {
		return outcomeSkipped, "There was nothing to change.", true
	}
	e, known := errors.AsType[*apperr.Error](change.Explain(err))
	if !known {
		if code := db.Code(err); strings.HasPrefix(code, "22") || strings.HasPrefix(code, "23") { // its data, not the moment
			return outcomeFailed, "The database refused this record.", true
		}
		return "", "", false
	}
	reason = e.Message
	if e.Code == apperr.Validation && len(e.Details) > 0 {
		reason = e.Details[0].Message
	}
	switch e.Code {
	case apperr.NotFound, apperr.NoPermission, apperr.Conflict:
		return outcomeSkipped, reason, true
	case apperr.Validation, apperr.AlreadyExists, apperr.BusinessRule:
		return outcomeFailed, reason, true
	}
	return "", "", false
}
