package crm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/change"
	"payaid/internal/jobs"
)

// raceAttempts is how often a chunk is tried again when somebody takes one of its
// keys at the same moment.
const raceAttempts = 3

var errRace = errors.New("a key of the chunk was taken meanwhile")

// save commits a chunk. When the database refuses the chunk for its data, although
// every row seemed right, it is halved until the row is alone that is to blame.
func (r *importRun) save(ctx context.Context, rows []importRow) error {
	if len(rows) == 0 {
		return nil
	}
	err := r.saveChunk(ctx, rows)
	if err == nil || !refusesData(err) {
		return err
	}
	if len(rows) == 1 {
		r.s.write.Log.WarnContext(ctx, "an imported row was refused by the database", "import", r.row.ID, "line", rows[0].line, "err", err)
		rows[0].problems = []apperr.Detail{{Message: "This row could not be stored."}}
		return r.saveChunk(ctx, rows)
	}
	half := len(rows) / 2
	if err := r.save(ctx, rows[:half]); err != nil {
		return err
	}
	return r.save(ctx, rows[half:])
}

// refusesData reports that a value is to blame and not the moment: SQLSTATE classes
// 21, 22 and 23, but not a foreign key, which means that whoever imports was removed.
func refusesData(err error) bool {
	code := db.Code(err)
	return code != "23503" && (strings.HasPrefix(code, "21") || strings.HasPrefix(code, "22") || strings.HasPrefix(code, "23"))
}

func (r *importRun) saveChunk(ctx context.Context, rows []importRow) error {
	var counts ImportCounts
	var err error
	for range raceAttempts {
		counts, err = change.Do(ctx, r.s.write, r.p.Actor(), r.entity.kind()+".import", nil, func(ctx context.Context, tx *change.Tx) (ImportCounts, error) {
			return r.saveIn(ctx, tx, rows)
		})
		if !errors.Is(err, errRace) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("save the rows behind line %d: %w", r.row.Line, err)
	}
	r.row.Line = rows[len(rows)-1].line
	r.row.Created, r.row.Updated = r.row.Created+counts.Created, r.row.Updated+counts.Updated
	r.row.Skipped, r.row.Failed = r.row.Skipped+counts.Skipped, r.row.Failed+counts.Failed
	for _, row := range rows {
		r.see(row)
	}
	return nil
}

// saveIn writes the rows, what was refused and the resume point in one transaction.
func (r *importRun) saveIn(ctx context.Context, tx *change.Tx, rows []importRow) (ImportCounts, error) {
	at, err := tx.Q.LockImportLine(ctx, db.LockImportLineParams{TenantID: r.p.TenantID, ID: r.row.ID})
	if err != nil {
		return ImportCounts{}, fmt.Errorf("lock the import: %w", err)
	}
	if at.Line != r.row.Line {
		return ImportCounts{}, jobs.ErrMore // another worker goes on with this import: look again where it is
	}
	held, err := r.entity.find(ctx, tx.Q, r.p, rowKeys(rows), r.row.Duplicates == DuplicatesUpdate)
	if err != nil {
		return ImportCounts{}, err
	}
	c := newPlanner(r.entity, r.p, r.row.Duplicates, held, r.saw)
	for _, row := range rows {
		c.add(row)
	}
	if err := c.arrange(ctx, tx.Q); err != nil {
		return ImportCounts{}, err
	}
	if !r.row.DryRun {
		if err := r.write(ctx, tx, c); err != nil {
			return ImportCounts{}, err
		}
	}
	if err := r.writeRefused(ctx, tx, c.plan.refused); err != nil {
		return ImportCounts{}, err
	}
	n := c.plan.counts
	err = tx.Q.AddImportCounts(ctx, db.AddImportCountsParams{
		TenantID: r.p.TenantID, ID: r.row.ID, Line: rows[len(rows)-1].line,
		Created: n.Created, Updated: n.Updated, Skipped: n.Skipped, Failed: n.Failed,
	})
	return n, wrap(err, "move the resume point")
}

// rowKeys are the keys of those rows that can be taken.
func rowKeys(rows []importRow) []string {
	var keys []string
	for _, row := range rows {
		if len(row.problems) == 0 {
			keys = append(keys, row.keys...)
		}
	}
	return keys
}

func wrap(err error, what string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// write makes and changes the records of the plan.
func (r *importRun) write(ctx context.Context, tx *change.Tx, c *planner) error {
	if len(c.plan.updates) > 0 {
		if err := r.entity.update(ctx, tx, r.p, c.plan.updates); err != nil {
			return err
		}
	}
	if len(c.plan.inserts) > 0 {
		inserted, err := r.entity.insert(ctx, tx, r.p, c.plan.inserts)
		if err != nil {
			return err
		}
		if r.row.Duplicates == DuplicatesUpdate && len(inserted) < len(c.plan.inserts) {
			return errRace // the next attempt finds the record and changes it
		}
		c.settle(inserted)
	}
	return r.record(ctx, tx, slices.Concat(c.plan.inserts, c.plan.updates))
}

// importedRecord is what the undoing needs to know, as InsertImportRecords reads it.
type importedRecord struct {
	RecordID uuid.UUID `json:"record_id"`
	Version  int64     `json:"version"`
	Before   any       `json:"before"`
}

// record keeps the history of each record, and what the undoing needs.
func (r *importRun) record(ctx context.Context, tx *change.Tx, records []*plannedRecord) error {
	if len(records) == 0 {
		return nil
	}
	events := make([]change.Event, len(records))
	kept := make([]importedRecord, len(records))
	for i, pr := range records {
		events[i] = pr.event(r.entity, "import")
		kept[i] = importedRecord{RecordID: pr.id, Version: pr.version(), Before: events[i].Before}
	}
	rows, err := json.Marshal(kept)
	if err != nil {
		return fmt.Errorf("write the records of the import: %w", err)
	}
	err = tx.Q.InsertImportRecords(ctx, db.InsertImportRecordsParams{TenantID: r.p.TenantID, ImportID: r.row.ID, Rows: rows})
	if err != nil {
		return fmt.Errorf("keep the records of the import: %w", err)
	}
	return tx.RecordAll(ctx, events)
}

func (r *importRun) writeRefused(ctx context.Context, tx *change.Tx, refused []importRow) error {
	if len(refused) == 0 {
		return nil
	}
	out := make([]ImportError, len(refused))
	for i, row := range refused {
		cells := make([]string, len(row.cells))
		for j, c := range row.cells {
			cells[j] = storable(c)
		}
		out[i] = ImportError{Line: row.line, Details: row.problems, Cells: cells}
	}
	rows, err := json.Marshal(out)
	if err != nil {
		return fmt.Errorf("write refused rows: %w", err)
	}
	return wrap(tx.Q.InsertImportErrors(ctx, db.InsertImportErrorsParams{TenantID: r.p.TenantID, ImportID: r.row.ID, Rows: rows}), "insert refused rows")
}

// storable replaces what PostgreSQL cannot keep in a text.
func storable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}
