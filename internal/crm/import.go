package crm

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
	"payaid/internal/listing"
	"payaid/internal/sheet"
)

// What an import does with a row about a record that is there already.
const (
	DuplicatesSkip   = "skip"   // leave the record as it is
	DuplicatesUpdate = "update" // overwrite with the cells that are not empty
	DuplicatesCreate = "create" // try to make a second one, which is a row error
)

// EntityContacts names contacts in lists, imports, saved views and bulk actions.
const EntityContacts = "contacts"

const entityImport = "import"

// Import is one uploaded file and what became of its rows.
type Import struct {
	ID         uuid.UUID     `json:"id"`
	Entity     string        `json:"entity"`
	FileName   string        `json:"fileName"`
	Status     string        `json:"status"` // queued, running, completed or failed
	Mapping    ImportMapping `json:"mapping"`
	Duplicates string        `json:"duplicates"` // skip, update or create
	DryRun     bool          `json:"dryRun"`     // rows are checked and counted, and nothing is written
	Counts     ImportCounts  `json:"counts"`
	Done       int64         `json:"done"`    // of Total, how much of the work is done
	Total      int64         `json:"total"`   // bytes of the file
	Message    string        `json:"message"` // why it failed, "" otherwise
	CreatedAt  time.Time     `json:"createdAt"`
	FinishedAt *time.Time    `json:"finishedAt"`
	Undo       *ImportUndo   `json:"undo"` // nil: nobody has undone it
}

// ImportUndo tells how the undoing of an import goes.
type ImportUndo struct {
	Status   string `json:"status"`   // queued, running, completed or failed
	Removed  int64  `json:"removed"`  // new records that are in the trash now
	Restored int64  `json:"restored"` // changed records that are as they were before
	Spared   int64  `json:"spared"`   // records left alone: somebody changed them since
	Done     int64  `json:"done"`     // records looked at so far
	Total    int64  `json:"total"`
	Message  string `json:"message"` // why it failed, "" otherwise
}

// ImportMapping tells how the file is read.
type ImportMapping struct {
	sheet.Format
	Columns []ImportColumn `json:"columns"` // in the file's order
}

// ImportCounts count rows. Empty rows are not counted.
type ImportCounts struct {
	Total   int64 `json:"total"` // the sum of the others: rows dealt with so far
	Created int64 `json:"created"`
	Updated int64 `json:"updated"`
	Skipped int64 `json:"skipped"` // the record was there
	Failed  int64 `json:"failed"`  // see ImportErrors
}

// ImportError is one refused row.
type ImportError struct {
	Line    int64           `json:"line"`    // of the file, the header being line 1
	Details []apperr.Detail `json:"details"` // every reason; Field is "" when the row as such is refused
	Cells   []string        `json:"cells"`   // as in the file
}

// ImportPage is one page of imports, newest first.
type ImportPage struct {
	Imports []Import
	Prev    string // cursor of the page before, "" when there is none
	Next    string // cursor of the page after, "" when there is none
}

func errNoImport() error {
	return apperr.New(apperr.NotFound, "This import does not exist, or you may not see it.")
}

// Import returns one import. It is visible to whoever started it, to owners,
// administrators, managers and API keys; to others it is NotFound.
func (s *Service) Import(ctx context.Context, p auth.Principal, id uuid.UUID) (Import, error) {
	if err := requireAnyImport(p); err != nil {
		return Import{}, err
	}
	row, err := s.db.Tenant(p.TenantID).GetImport(ctx, db.GetImportParams{TenantID: p.TenantID, ID: id})
	if db.IsNoRows(err) {
		return Import{}, errNoImport()
	}
	if err != nil {
		return Import{}, fmt.Errorf("get import %s: %w", id, err)
	}
	if !seesAllImports(p) && (row.CreatedBy == nil || *row.CreatedBy != p.UserID) {
		return Import{}, errNoImport()
	}
	if err := requireImport(p, row.Entity); err != nil {
		return Import{}, err
	}
	return importFromRow(row)
}

func seesAllImports(p auth.Principal) bool {
	return p.IsKey() || slices.Contains([]auth.Role{auth.Owner, auth.Admin, auth.Manager}, p.Role)
}

// importOrder is the only order of the list, carried by imports_created_at_idx.
var importOrder = db.Order{Name: "createdAt", Expr: "i.created_at", ID: "i.id", Type: "timestamptz", Desc: true}

const importColumns = `i.tenant_id, i.id, i.entity, i.file_name, i.blob_key, i.mapping, i.duplicates, i.dry_run, i.line,
	i.created, i.updated, i.skipped, i.failed, i.created_by, i.created_at, i.staged_line, i.staged, i.all_staged, i.undo_id, i.removed, i.restored,
	i.spared, j.status, j.done, j.total, j.message, j.updated_at, j.finished_at, coalesce(u.status, '') AS undo_status, coalesce(u.done, 0) AS undo_done,
	coalesce(u.total, 0) AS undo_total, coalesce(u.message, '') AS undo_message`

const importFrom = `imports i JOIN job_progress j ON j.tenant_id = i.tenant_id AND j.id = i.id
	LEFT JOIN job_progress u ON u.tenant_id = i.tenant_id AND u.id = i.undo_id`

type importListRow struct {
	db.GetImportRow
	db.Place
}

// Imports returns one page of the imports that the principal sees, newest first:
// of records that it may bring in itself.
// limit is 1 to MaxPageSize, 25 when zero; cursor comes from ImportPage.
func (s *Service) Imports(ctx context.Context, p auth.Principal, cursor string, limit int) (ImportPage, error) {
	if err := requireAnyImport(p); err != nil {
		return ImportPage{}, err
	}
	limit, err := checkLimit(limit)
	if err != nil {
		return ImportPage{}, err
	}
	at, err := db.ParseCursor(cursor, importOrder)
	if err != nil {
		return ImportPage{}, listing.BadCursor()
	}
	l := db.NewList(importColumns, importFrom, "i", p.TenantID)
	if may := ImportEntities(p); len(may) < len(importEntities) {
		l.Where("i.entity = ANY (?)", may)
	}
	if !seesAllImports(p) {
		l.Where("i.created_by = ?", p.UserID)
	}
	rows, prev, next, err := db.Page[importListRow](ctx, s.db.Tenant(p.TenantID), l, importOrder, at, limit)
	if errors.Is(err, db.ErrBadCursor) {
		return ImportPage{}, listing.BadCursor()
	}
	if err != nil {
		return ImportPage{}, fmt.Errorf("list imports: %w", err)
	}
	page := ImportPage{Imports: make([]Import, len(rows)), Prev: prev, Next: next}
	for i, r := range rows {
		if page.Imports[i], err = importFromRow(r.GetImportRow); err != nil {
			return ImportPage{}, err
		}
	}
	return page, nil
}

// ImportErrors returns up to limit refused rows behind the line afterLine, in the
// order of the file. limit is 1 to MaxPageSize, 25 when zero.
func (s *Service) ImportErrors(ctx context.Context, p auth.Principal, id uuid.UUID, afterLine int64, limit int) ([]ImportError, error) {
	if _, err := s.Import(ctx, p, id); err != nil {
		return nil, err
	}
	limit, err := checkLimit(limit)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.Tenant(p.TenantID).ListImportErrors(ctx, db.ListImportErrorsParams{
		TenantID: p.TenantID, ImportID: id, AfterLine: afterLine, MaxRows: int32(limit),
	})
	if err != nil {
		return nil, fmt.Errorf("list the errors of import %s: %w", id, err)
	}
	out := make([]ImportError, len(rows))
	for i, r := range rows {
		out[i] = ImportError{Line: r.Line, Cells: r.Cells}
		if err := json.Unmarshal(r.Details, &out[i].Details); err != nil {
			return nil, fmt.Errorf("read an error of import %s: %w", id, err)
		}
	}
	return out, nil
}

func checkLimit(limit int) (int, error) {
	if limit == 0 {
		return defaultPageSize, nil
	}
	var f apperr.Fields
	f.Check(limit >= 1 && limit <= MaxPageSize, "limit", "Choose a number from 1 to 100.")
	return limit, f.Err()
}

func importFromRow(r db.GetImportRow) (Import, error) {
	i := Import{
		ID: r.ID, Entity: r.Entity, FileName: r.FileName, Status: r.Status, Duplicates: r.Duplicates, DryRun: r.DryRun,
		Counts: ImportCounts{
			Total: r.Created + r.Updated + r.Skipped + r.Failed, Created: r.Created, Updated: r.Updated, Skipped: r.Skipped, Failed: r.Failed,
		},
		Done: r.Done, Total: r.Total, Message: r.Message, CreatedAt: r.CreatedAt, FinishedAt: r.FinishedAt,
	}
	if r.UndoID != nil {
		i.Undo = &ImportUndo{Status: r.UndoStatus, Removed: r.Removed, Restored: r.Restored, Spared: r.Spared, Done: r.UndoDone, Total: r.UndoTotal, Message: r.UndoMessage}
	}
	if err := json.Unmarshal(r.Mapping, &i.Mapping); err != nil {
		return Import{}, fmt.Errorf("read the mapping of import %s: %w", r.ID, err)
	}
	return i, nil
}
