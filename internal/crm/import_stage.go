package crm

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"

	"payaid/db"
	"payaid/internal/jobs"
	"payaid/internal/sheet"
)

// A batch of rows is staged in one transaction.
const (
	batchRows  = 2_000
	batchBytes = 2 << 20
)

// stagedRow is one row of the file on its way to staging.import_rows. Its cells are
// bytes: a text could not hold everything that a file may.
type stagedRow struct {
	sheet.Row
	cells [][]byte
	size  int
}

func stage(row sheet.Row) stagedRow {
	out := stagedRow{Row: row, cells: make([][]byte, len(row.Cells))}
	for i, c := range row.Cells {
		out.cells[i] = []byte(c)
		out.size += len(c) + 24 // what a cell takes up besides its text
	}
	return out
}

// stage reads the file into staging.import_rows, behind the last line that stands
// there already.
func (r *importRun) stage(ctx context.Context) error {
	file, _, err := r.s.blobs.Get(ctx, r.row.BlobKey)
	if err != nil {
		return fileError(err)
	}
	defer func() { _ = file.Close() }() // only read
	counter := &countingReader{r: file}
	rows, err := sheet.Open(counter, r.mapping.Format)
	if err != nil {
		return fileError(err)
	}
	err = r.stageRows(ctx, rows, counter)
	return errors.Join(err, rows.Close())
}

func (r *importRun) stageRows(ctx context.Context, rows sheet.Rows, counter *countingReader) error {
	for !r.row.AllStaged {
		batch, ended, err := r.nextBatch(ctx, rows)
		if err != nil {
			return err
		}
		if err := r.stageBatch(ctx, batch, ended); err != nil {
			return err
		}
		if err := r.report.Report(ctx, min(counter.n, r.row.Total)/stagingShare, r.row.Total); err != nil {
			return err
		}
		if err := r.yield(); err != nil && !ended {
			return err
		}
	}
	return nil
}

// nextBatch returns the next rows, and whether they are the last. A file that
// cannot be read to its end gets a last row that says so: what stands before is
// imported all the same.
func (r *importRun) nextBatch(ctx context.Context, rows sheet.Rows) (batch []stagedRow, ended bool, err error) {
	last := r.row.StagedLine
	for size := 0; len(batch) < batchRows && size < batchBytes; {
		if err := ctx.Err(); err != nil {
			return nil, false, err
		}
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			return batch, true, nil
		}
		if says, ok := errors.AsType[sheet.Unreadable](err); ok {
			return append(batch, stage(sheet.Row{Line: last + 1, Problem: string(says)})), true, nil
		}
		if err != nil {
			return nil, false, fileError(err)
		}
		if row.Line <= r.row.StagedLine || row.Blank() {
			continue
		}
		last = row.Line
		batch = append(batch, stage(row))
		size += batch[len(batch)-1].size
	}
	return batch, false, nil
}

// stageBatch commits the rows together with the resume point behind them.
func (r *importRun) stageBatch(ctx context.Context, batch []stagedRow, ended bool) error {
	staged := r.row.StagedLine
	if len(batch) > 0 {
		staged = batch[len(batch)-1].Line
	}
	err := r.s.db.InTenantTx(ctx, r.p.TenantID, func(tx pgx.Tx, q *db.Queries) error {
		at, err := q.LockImportLine(ctx, db.LockImportLineParams{TenantID: r.p.TenantID, ID: r.row.ID})
		if err != nil {
			return fmt.Errorf("lock the import: %w", err)
		}
		if at.StagedLine != r.row.StagedLine {
			return jobs.ErrMore // another worker reads this file: look again where it is
		}
		columns := []string{"tenant_id", "import_id", "line", "cells", "problem", "size"}
		_, err = tx.CopyFrom(ctx, pgx.Identifier{"staging", "import_rows"}, columns, pgx.CopyFromSlice(len(batch), func(i int) ([]any, error) {
			b := &batch[i]
			return []any{r.p.TenantID, r.row.ID, b.Line, b.cells, b.Problem, int32(b.size)}, nil
		}))
		if err != nil {
			return fmt.Errorf("copy rows: %w", err)
		}
		return q.SetImportStaged(ctx, db.SetImportStagedParams{TenantID: r.p.TenantID, ID: r.row.ID, StagedLine: staged, Staged: int64(len(batch)), AllStaged: ended})
	})
	if err != nil {
		return fmt.Errorf("stage the rows behind line %d: %w", r.row.StagedLine, err)
	}
	r.row.StagedLine, r.row.Staged, r.row.AllStaged = staged, r.row.Staged+int64(len(batch)), ended
	return nil
}

// nextChunk returns the next staged rows whose outcome is not committed yet.
func (r *importRun) nextChunk(ctx context.Context, after int64) ([]importRow, error) {
	staged, err := r.s.db.Tenant(r.p.TenantID).ListStagedRows(ctx, db.ListStagedRowsParams{
		TenantID: r.p.TenantID, ImportID: r.row.ID, AfterLine: after, MaxRows: chunkRows, MaxBytes: chunkBytes,
	})
	if err != nil {
		return nil, fmt.Errorf("read staged rows: %w", err)
	}
	rows := make([]importRow, len(staged))
	for i, row := range staged {
		cells := make([]string, len(row.Cells))
		for j, c := range row.Cells {
			cells[j] = string(c)
		}
		rows[i] = r.reader.read(sheet.Row{Line: row.Line, Cells: cells, Problem: row.Problem})
	}
	return rows, nil
}

// countingReader counts the bytes that were read.
type countingReader struct {
	r io.Reader
	n int64
}

// Read implements io.Reader.
func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
