package crm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"payaid/db"
	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/change"
	"payaid/internal/sheet"
)

const (
	// draftLife is how long an uploaded file waits to be started.
	draftLife = 24 * time.Hour
	// previewRows is how many rows a preview shows.
	previewRows = 20
)

// ImportDraft is an uploaded file whose columns somebody is looking at.
type ImportDraft struct {
	ID         uuid.UUID
	Entity     string
	FileName   string
	Mapping    ImportMapping
	Sheets     []string // of a workbook; Mapping.Sheet is the chosen one, "" the first
	Duplicates string
	DryRun     bool
	blobKey    string
	size       int64
}

// UploadImport keeps a file and matches its columns: as the business last mapped
// files with this header, else by their names. What is wrong with the file is
// Validation of the field "file".
func (s *Service) UploadImport(ctx context.Context, p auth.Principal, in ImportInput) (ImportDraft, error) {
	if err := requireImport(p, in.Entity); err != nil {
		return ImportDraft{}, err
	}
	if importEntities[in.Entity] == nil || p.User() == nil {
		return ImportDraft{}, apperr.New(apperr.InvalidInput, "This cannot be imported here.")
	}
	id := uuid.Must(uuid.NewV7())
	file, err := s.receive(ctx, p, in, id)
	if err != nil {
		return ImportDraft{}, err
	}
	draft := ImportDraft{ID: id, Entity: in.Entity, FileName: cleanFileName(in.FileName), Sheets: file.sheets, Duplicates: DuplicatesSkip}
	draft.Mapping.Format = file.format
	if draft.Mapping.Columns, err = s.matchRemembered(ctx, p, in.Entity, file.columns); err == nil {
		err = s.insertDraft(ctx, p, draft, file)
	}
	if err != nil {
		s.dropFile(ctx, file.Key)
	}
	return draft, err
}

func (s *Service) insertDraft(ctx context.Context, p auth.Principal, d ImportDraft, file upload) error {
	mapping, err := json.Marshal(d.Mapping)
	if err != nil {
		return fmt.Errorf("write the mapping: %w", err)
	}
	_, err = change.Do(ctx, s.write, p.Actor(), "import.upload", d.ID, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		err := tx.Q.InsertImportDraft(ctx, db.InsertImportDraftParams{
			TenantID: p.TenantID, ID: d.ID, Entity: d.Entity, FileName: d.FileName, BlobKey: file.Key, Size: file.Size, Sha256: file.SHA256,
			Mapping: mapping, Sheets: append([]string{}, d.Sheets...), CreatedBy: p.UserID, Now: tx.Now,
		})
		return struct{}{}, wrap(err, "insert the draft")
	})
	return err
}

// matchRemembered maps columns as files with this header were last mapped.
func (s *Service) matchRemembered(ctx context.Context, p auth.Principal, entity string, columns []string) ([]ImportColumn, error) {
	out := matchColumns(ImportFields(entity), columns)
	kept, err := s.db.Tenant(p.TenantID).GetImportMapping(ctx, db.GetImportMappingParams{TenantID: p.TenantID, Entity: entity, Header: headerKey(columns)})
	if db.IsNoRows(err) {
		return out, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the remembered mapping: %w", err)
	}
	var remembered []ImportColumn
	if err := json.Unmarshal(kept, &remembered); err != nil {
		return nil, fmt.Errorf("read the remembered mapping: %w", err)
	}
	for i := range out {
		j := slices.IndexFunc(remembered, func(c ImportColumn) bool { return columnKey(c.Column) == columnKey(out[i].Column) })
		if j >= 0 && isImportField(ImportFields(entity), remembered[j].Field) {
			out[i].Field = remembered[j].Field
			remembered = slices.Delete(remembered, j, j+1) // two columns of one name are told apart by their order
		}
	}
	return out, nil
}

// ImportDraft returns an upload of the principal's own that has not been started.
func (s *Service) ImportDraft(ctx context.Context, p auth.Principal, id uuid.UUID) (ImportDraft, error) {
	row, err := s.db.Tenant(p.TenantID).GetImportDraft(ctx, db.GetImportDraftParams{TenantID: p.TenantID, ID: id, CreatedBy: p.UserID})
	if db.IsNoRows(err) {
		return ImportDraft{}, apperr.New(apperr.NotFound, "This upload is no longer here: it was started, or is older than a day. Look at the imports, or upload the file again.")
	}
	if err != nil {
		return ImportDraft{}, fmt.Errorf("get draft %s: %w", id, err)
	}
	if err := requireImport(p, row.Entity); err != nil {
		return ImportDraft{}, err
	}
	d := ImportDraft{ID: row.ID, Entity: row.Entity, FileName: row.FileName, Sheets: row.Sheets, Duplicates: DuplicatesSkip, blobKey: row.BlobKey, size: row.Size}
	return d, wrap(json.Unmarshal(row.Mapping, &d.Mapping), "read the mapping of a draft")
}

// DraftChoices are what somebody decides about a draft.
type DraftChoices struct {
	Sheet      string   // of a workbook, "" for the first
	Fields     []string // for each column the name of one of ImportFields, "" to ignore it; nil: as matched
	Duplicates string
	DryRun     bool
}

// Choose returns the draft with the choices in it. A sheet with other columns than
// the one before is matched anew. What cannot be is Validation of "sheet", "column"
// or "duplicates", together with the draft as far as it goes.
func (s *Service) Choose(ctx context.Context, p auth.Principal, d ImportDraft, c DraftChoices) (ImportDraft, error) {
	var f apperr.Fields
	checkDuplicates(&f, &c.Duplicates)
	d.Duplicates, d.DryRun = c.Duplicates, c.DryRun
	f.Check(c.Sheet == "" || slices.Contains(d.Sheets, c.Sheet), "sheet", "The workbook has no sheet of this name.")
	if err := f.Err(); err != nil {
		return d, err
	}
	if c.Sheet != d.Mapping.Sheet && (d.Mapping.Sheet != "" || c.Sheet != d.Sheets[0]) {
		d.Mapping.Sheet = c.Sheet
		columns, _, err := s.readHeader(ctx, d.blobKey, d.Mapping.Format)
		if err != nil {
			return d, unreadable(err)
		}
		if d.Mapping.Columns, err = s.matchRemembered(ctx, p, d.Entity, columns); err != nil {
			return d, err
		}
	}
	fields := ImportFields(d.Entity)
	if len(c.Fields) == len(d.Mapping.Columns) {
		for i, field := range c.Fields {
			f.Check(isImportField(fields, field), "column", "Choose one of the fields.")
			d.Mapping.Columns[i].Field = field
		}
	}
	f.Check(identifies(fields, d.Mapping.Columns), "column", sayNoIdentity(d.Entity))
	return d, f.Err()
}

// StartDraft starts the import of a draft as it was chosen, under the draft's id,
// and remembers its mapping for the next file with this header.
func (s *Service) StartDraft(ctx context.Context, p auth.Principal, d ImportDraft) (Import, error) {
	if err := requireImport(p, d.Entity); err != nil {
		return Import{}, err
	}
	start := importStart{id: d.ID, entity: d.Entity, fileName: d.FileName, key: d.blobKey, size: d.size, mapping: d.Mapping, duplicates: d.Duplicates, dryRun: d.DryRun}
	return change.Do(ctx, s.write, p.Actor(), "import.start", d, func(ctx context.Context, tx *change.Tx) (Import, error) {
		n, err := tx.Q.DeleteImportDraft(ctx, db.DeleteImportDraftParams{TenantID: p.TenantID, ID: d.ID})
		if err != nil {
			return Import{}, fmt.Errorf("take the draft away: %w", err)
		}
		if n == 0 {
			return Import{}, apperr.New(apperr.NotFound, "This upload was started already. Look at the imports.")
		}
		if err := rememberMapping(ctx, tx, start); err != nil {
			return Import{}, err
		}
		return insertImport(ctx, tx, p, start)
	})
}

// ImportPreview shows what an import would do with the first rows of its file.
type ImportPreview struct {
	Rows    []PreviewRow
	Samples []string // for each column its first value, "" where there is none
	More    bool     // the file has more rows
}

// PreviewRow is one row and what would become of it.
type PreviewRow struct {
	Line     int64
	Cells    []string
	Outcome  string // create, update, skip or refuse
	Problems []apperr.Detail
}

// PreviewImport reads the first rows of a draft as it was chosen.
func (s *Service) PreviewImport(ctx context.Context, p auth.Principal, d ImportDraft) (ImportPreview, error) {
	out := ImportPreview{Samples: make([]string, len(d.Mapping.Columns))}
	e := importEntities[d.Entity]
	reader := newRowReader(p, e, d.Mapping.Columns)
	var rows []importRow
	err := s.withRows(ctx, d.blobKey, d.Mapping.Format, func(file sheet.Rows) error {
		for {
			row, err := file.Next()
			if says, ok := errors.AsType[sheet.Unreadable](err); ok {
				row, err = sheet.Row{Problem: string(says)}, io.EOF
				rows = append(rows, reader.read(row))
			}
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("read the uploaded file: %w", err)
			}
			if row.Blank() {
				continue
			}
			if out.More = len(rows) == previewRows; out.More {
				return nil
			}
			rows = append(rows, reader.read(row))
		}
	})
	if err != nil {
		return out, unreadable(err)
	}
	return out, s.preview(ctx, p, e, d, rows, &out)
}

func (s *Service) preview(ctx context.Context, p auth.Principal, e importEntity, d ImportDraft, rows []importRow, out *ImportPreview) error {
	held := map[string]heldRecord{}
	err := s.db.InTenantTx(ctx, p.TenantID, func(_ pgx.Tx, q *db.Queries) (err error) {
		held, err = e.find(ctx, q, p, rowKeys(rows), d.Duplicates == DuplicatesUpdate)
		return err
	})
	if err != nil {
		return err
	}
	c := newPlanner(e, p, d.Duplicates, held, func(string) bool { return false })
	for _, row := range rows {
		before := c.plan.counts
		c.add(row)
		shown := PreviewRow{Line: row.line, Cells: row.cells}
		switch now := c.plan.counts; {
		case now.Created > before.Created:
			shown.Outcome = "create"
		case now.Updated > before.Updated:
			shown.Outcome = "update"
		case now.Skipped > before.Skipped:
			shown.Outcome = "skip"
		default:
			shown.Outcome, shown.Problems = "refuse", c.plan.refused[len(c.plan.refused)-1].problems
		}
		out.Rows = append(out.Rows, shown)
		for i, cell := range row.cells {
			if i < len(out.Samples) && out.Samples[i] == "" {
				out.Samples[i] = cell
			}
		}
	}
	return nil
}

// SweepImportsArgs is the periodic job that removes staged rows and drafts that
// nobody will ask for any more.
type SweepImportsArgs struct{}

// Kind names the job.
func (SweepImportsArgs) Kind() string { return "import.sweep" }

// SweepImports works SweepImportsArgs.
func (s *Service) SweepImports(ctx context.Context, _ SweepImportsArgs, _ bool) error {
	if _, err := s.db.Global().PurgeStagedRows(ctx); err != nil {
		return fmt.Errorf("purge staged rows: %w", err)
	}
	keys, err := s.db.Global().PurgeImportDrafts(ctx, s.now().Add(-draftLife))
	if err != nil {
		return fmt.Errorf("purge drafts: %w", err)
	}
	for _, key := range keys {
		s.dropFile(ctx, key)
	}
	return nil
}
