package api

import (
	"context"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/crm"
)

const importsTag = "Imports"

// Import is an uploaded file and what became of its rows.
type Import struct {
	ID         uuid.UUID      `json:"id" format:"uuid" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c47"`
	Entity     string         `json:"entity" enum:"contacts,companies" example:"contacts"`
	FileName   string         `json:"fileName" example:"customers.csv"`
	Status     string         `json:"status" enum:"queued,running,completed,failed" example:"running"`
	Columns    []ImportColumn `json:"columns" nullable:"false" doc:"What each column of the file fills, in the file's order"`
	Duplicates string         `json:"duplicates" enum:"skip,update,create" example:"skip"`
	DryRun     bool           `json:"dryRun" doc:"Rows are checked and counted, and nothing is written"`
	Counts     ImportCounts   `json:"counts"`
	Progress   ImportProgress `json:"progress"`
	Message    string         `json:"message" doc:"Why the import failed; empty otherwise"`
	CreatedAt  time.Time      `json:"createdAt" example:"2026-11-22T06:30:00Z"`
	FinishedAt *time.Time     `json:"finishedAt" example:"2026-11-22T06:31:10Z" doc:"Null while it is queued or running"`
	Undo       *ImportUndo    `json:"undo" doc:"How its undoing goes; null when nobody asked for that"`
}

// ImportUndo tells how the undoing of an import goes.
type ImportUndo struct {
	Status   string `json:"status" enum:"queued,running,completed,failed" example:"completed"`
	Removed  int64  `json:"removed" example:"110" doc:"New records that are in the trash now"`
	Restored int64  `json:"restored" example:"0" doc:"Changed records that are as they were before the import"`
	Spared   int64  `json:"spared" example:"2" doc:"Records left alone because somebody has changed them since"`
	Message  string `json:"message" doc:"Why it failed; empty otherwise"`
}

// ImportColumn tells what one column of the file fills.
type ImportColumn struct {
	Column string `json:"column" example:"E-mail 1 - Value" doc:"Its name in the file"`
	Field  string `json:"field" example:"email" doc:"The field it fills; empty when the column is ignored"`
}

// ImportCounts count the file's rows.
type ImportCounts struct {
	Total   int64 `json:"total" example:"120" doc:"Rows dealt with so far: the sum of the others"`
	Created int64 `json:"created" example:"112"`
	Updated int64 `json:"updated" example:"0"`
	Skipped int64 `json:"skipped" example:"5" doc:"Rows about records that were there already"`
	Failed  int64 `json:"failed" example:"3" doc:"Refused rows; their reasons are at /imports/{id}/errors"`
}

// ImportProgress tells how much of the work is done.
type ImportProgress struct {
	Done  int64 `json:"done" example:"8192" doc:"How much of the total is done"`
	Total int64 `json:"total" example:"16384" doc:"Bytes of the file"`
}

// ImportError is one refused row.
type ImportError struct {
	Line    int64           `json:"line" example:"17" doc:"Its line in the file; the names of the columns stand in line 1"`
	Details []apperr.Detail `json:"details" nullable:"false" doc:"Every reason; field is empty when the row as such is refused"`
	Cells   []string        `json:"cells" nullable:"false" example:"Asha,asha@" doc:"The row as it stands in the file"`
}

func importOf(i crm.Import) Import {
	out := Import{
		ID: i.ID, Entity: i.Entity, FileName: i.FileName, Status: i.Status, Duplicates: i.Duplicates, DryRun: i.DryRun,
		Columns:  each(i.Mapping.Columns, func(c crm.ImportColumn) ImportColumn { return ImportColumn{Column: c.Column, Field: c.Field} }),
		Counts:   ImportCounts{Total: i.Counts.Total, Created: i.Counts.Created, Updated: i.Counts.Updated, Skipped: i.Counts.Skipped, Failed: i.Counts.Failed},
		Progress: ImportProgress{Done: i.Done, Total: i.Total}, Message: i.Message, CreatedAt: i.CreatedAt.UTC(), FinishedAt: utc(i.FinishedAt),
	}
	if u := i.Undo; u != nil {
		out.Undo = &ImportUndo{Status: u.Status, Removed: u.Removed, Restored: u.Restored, Spared: u.Spared, Message: u.Message}
	}
	return out
}

// ImportPath is the part of an input that names an import.
type ImportPath struct {
	ID uuid.UUID `path:"id" format:"uuid" doc:"The import's id" example:"01930f3e-7a52-7c3b-9d51-2f6f5a8f1c47"`
}

type listImportsInput struct {
	Reader
	Paging
}

type getImportInput struct {
	Reader
	ImportPath
}

type listImportErrorsInput struct {
	Reader
	ImportPath
	Paging
}

type undoImportInput struct {
	Writer
	ImportPath
}

type importAnswer struct {
	ETag string `header:"ETag" doc:"Changes whenever anything in the import does, for If-None-Match"`
	Body Record[Import]
}

func (o *operations) imports(api huma.API) {
	huma.Register(api, startImportOperation(), o.startImport)
	huma.Register(api, operation(fiber.MethodGet, "/imports", "list-imports", importsTag, "List imports",
		`One page of the imports that you may see, newest first.`), o.listImports)
	huma.Register(api, operation(fiber.MethodGet, "/imports/{id}", "get-import", importsTag, "Read an import",
		`One import, with its progress. Ask again until status is completed or failed.`, 404), o.getImport)
	huma.Register(api, operation(fiber.MethodGet, "/imports/{id}/errors", "list-import-errors", importsTag, "List the refused rows of an import",
		`One page of the rows that were refused, in the order of the file, with every reason.`, 404), o.listImportErrors)
	undo := operation(fiber.MethodPost, "/imports/{id}/undo", "undo-import", importsTag, "Undo an import",
		`Undoes an import that has ended, once and however much later, in the background: new records go to the trash, changed ones become as they were before. Records that somebody has changed since are left alone and counted.`, 404)
	undo.DefaultStatus = fiber.StatusAccepted
	huma.Register(api, undo, o.undoImport)
}

func (o *operations) undoImport(ctx context.Context, in *undoImportInput) (*importAnswer, error) {
	i, err := o.CRM.UndoImport(ctx, in.principal, in.ID)
	if err != nil {
		return nil, err
	}
	return &importAnswer{Body: Record[Import]{Data: importOf(i)}}, nil
}

func (o *operations) listImports(ctx context.Context, in *listImportsInput) (*listAnswer[Import], error) {
	page, err := o.CRM.Imports(ctx, in.principal, in.Cursor, in.size())
	if err != nil {
		return nil, err
	}
	meta := Meta{Limit: in.Limit, NextCursor: cursor(page.Next), PrevCursor: cursor(page.Prev)}
	return &listAnswer[Import]{Body: List[Import]{Data: each(page.Imports, importOf), Meta: meta}}, nil
}

func (o *operations) getImport(ctx context.Context, in *getImportInput) (*importAnswer, error) {
	i, err := o.CRM.Import(ctx, in.principal, in.ID)
	if err != nil {
		return nil, err
	}
	return &importAnswer{Body: Record[Import]{Data: importOf(i)}}, nil
}

func (o *operations) listImportErrors(ctx context.Context, in *listImportErrorsInput) (*listAnswer[ImportError], error) {
	after, err := lineOf(in.Cursor)
	if err != nil {
		return nil, err
	}
	rows, err := o.CRM.ImportErrors(ctx, in.principal, in.ID, after, in.size())
	if err != nil {
		return nil, err
	}
	meta := Meta{Limit: in.Limit}
	if len(rows) == in.Limit {
		meta.NextCursor = cursor(strconv.FormatInt(rows[len(rows)-1].Line, 10))
	}
	list := each(rows, func(r crm.ImportError) ImportError {
		return ImportError{Line: r.Line, Details: r.Details, Cells: r.Cells}
	})
	return &listAnswer[ImportError]{Body: List[ImportError]{Data: list, Meta: meta}}, nil
}

// lineOf reads the cursor of a list of refused rows: the line that the page
// before ended with.
func lineOf(cursor string) (int64, error) {
	if cursor == "" {
		return 0, nil
	}
	line, err := strconv.ParseInt(cursor, 10, 64)
	var f apperr.Fields
	f.Check(err == nil && line >= 0, "cursor", "This place in the list is not known. Start again from the first page.")
	return line, f.Err()
}
