package crm

import (
	"context"
	"io"
	"strings"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/sheet"
)

// WriteImportErrors writes the refused rows of an import as CSV: the columns of its
// file, and one more with the reasons. Corrected, it can be imported again as it
// is; the column of the reasons is passed over.
func (s *Service) WriteImportErrors(ctx context.Context, p auth.Principal, id uuid.UUID, w io.Writer) error {
	i, err := s.Import(ctx, p, id)
	if err != nil {
		return err
	}
	var columns []string
	for _, c := range i.Mapping.Columns {
		if c.Column != reasonColumn {
			columns = append(columns, c.Column)
		}
	}
	out, err := sheet.NewWriter(w, sheet.CSV, append(columns, reasonColumn))
	if err != nil {
		return wrap(err, "write the refused rows")
	}
	labels := fieldLabels(i.Entity)
	for after := int64(0); ; {
		rows, err := s.ImportErrors(ctx, p, id, after, MaxPageSize)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := out.Write(errorCells(i.Mapping.Columns, row, labels)); err != nil {
				return wrap(err, "write the refused rows")
			}
			after = row.Line
		}
		if len(rows) < MaxPageSize {
			return wrap(out.Close(), "write the refused rows")
		}
	}
}

// errorCells are the cells of a refused row with the reasons behind the last
// column. Cells beyond the columns follow, so that nothing is lost.
func errorCells(columns []ImportColumn, row ImportError, labels map[string]string) []string {
	var out, beyond []string
	for n := range max(len(columns), len(row.Cells)) {
		cell := ""
		if n < len(row.Cells) {
			cell = sheet.Reveal(row.Cells[n])
		}
		switch {
		case n >= len(columns):
			beyond = append(beyond, cell)
		case columns[n].Column != reasonColumn:
			out = append(out, cell)
		}
	}
	return append(append(out, reasons(row.Details, labels)), beyond...)
}

// reasons says in one cell why a row was refused.
func reasons(details []apperr.Detail, labels map[string]string) string {
	says := make([]string, len(details))
	for i, d := range details {
		says[i] = d.Message
		if label := labels[d.Field]; label != "" {
			says[i] = label + ": " + d.Message
		}
	}
	return strings.Join(says, " ")
}

func fieldLabels(entity string) map[string]string {
	out := map[string]string{}
	for _, f := range ImportFields(entity) {
		out[f.Name] = f.Label
	}
	return out
}
