package crm

import (
	"maps"
	"strings"

	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/sheet"
)

// importRow is one row of a file, read as a record.
type importRow struct {
	line     int64
	cells    []string
	values   map[string]string // by field, those that are not empty
	input    any               // what the row alone would make
	keys     []string          // tell which record it is about, the one to believe first in front
	problems []apperr.Detail   // why it cannot be taken
}

// rowReader turns rows of one file into records.
type rowReader struct {
	entity importEntity
	width  int // columns of the header
	fields []fieldColumns
	p      auth.Principal
}

func newRowReader(p auth.Principal, e importEntity, columns []ImportColumn) *rowReader {
	return &rowReader{entity: e, width: len(columns), fields: columnsByField(e.fields(), columns), p: p}
}

func (r *rowReader) read(row sheet.Row) importRow {
	out := importRow{line: row.Line, cells: row.Cells[:min(len(row.Cells), sheet.MaxColumns)]}
	if row.Problem != "" {
		out.problems = []apperr.Detail{{Message: row.Problem}}
		return out
	}
	for _, extra := range row.Cells[min(len(row.Cells), r.width):] {
		if strings.TrimSpace(extra) != "" {
			out.problems = []apperr.Detail{{Message: "This row has more cells than the first line has columns. A cell that holds the separator needs quotation marks."}}
			return out
		}
	}
	out.values = r.values(row.Cells)
	out.input, out.keys, out.problems = r.entity.read(r.p, out.values, nil)
	return out
}

// values collects what the cells say about each field. Missing cells are empty.
func (r *rowReader) values(cells []string) map[string]string {
	v := map[string]string{}
	for _, f := range r.fields {
		for _, i := range f.places {
			if i >= len(cells) {
				continue
			}
			cell := f.clean(cells[i])
			switch {
			case cell == "":
			case v[f.Name] == "":
				v[f.Name] = cell
			case f.joined:
				v[f.Name] += ", " + cell
			}
		}
	}
	r.entity.fold(v)
	return v
}

// multiValue separates several values in one cell of a Google export.
const multiValue = " ::: "

func (f ImportField) clean(cell string) string {
	cell = strings.TrimSpace(sheet.Reveal(strings.TrimSpace(cell)))
	if f.single {
		cell, _, _ = strings.Cut(cell, multiValue)
		cell = strings.TrimSpace(cell)
	}
	return cell
}

func take(v map[string]string, field string) string {
	s := v[field]
	delete(v, field)
	return s
}

// merge returns the values of two rows of one record: those of the later one, and
// the earlier one's where it has none.
func merge(earlier, later map[string]string) map[string]string {
	out := make(map[string]string, len(earlier)+len(later))
	maps.Copy(out, earlier)
	maps.Copy(out, later)
	return out
}
