package crm

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxRecord bounds one row, in bytes: a quotation mark that is never closed would
// otherwise bring the rest of the file into memory.
const maxRecord = 1 << 20

var errLongRow = errors.New("this row is longer than 1 MB, so a quotation mark is probably not closed")

// csvRow is one row of a file as it stands there.
type csvRow struct {
	line    int64 // where it begins; the header is line 1
	size    int64 // in bytes
	cells   []string
	problem string // why the row cannot be used, "" when it can
}

func (r csvRow) blank() bool {
	for _, c := range r.cells {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return r.problem == ""
}

// brokenCSV tells that a file cannot be read from a line on.
type brokenCSV struct {
	line   int64
	reason string
}

func (e *brokenCSV) Error() string {
	return fmt.Sprintf("unreadable from line %d on: %s", e.line, e.reason)
}

// csvRows reads the rows of a file behind its header, one at a time.
type csvRows struct {
	raw   *countingReader
	limit *limitedReader
	csv   *csv.Reader
	next  int64 // the line where the next row is expected
}

// newCSVRows reads the header away. Errors of file itself are passed on.
func newCSVRows(file io.Reader, f CSVFormat) (*csvRows, error) {
	r := &csvRows{raw: &countingReader{r: file}, next: 1}
	r.limit = &limitedReader{r: f.decode(r.raw)}
	r.csv = f.reader(r.limit)
	if _, err := r.read(); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return r, nil
}

// read returns the next row, io.EOF behind the last one, or a *brokenCSV.
func (r *csvRows) read() (csvRow, error) {
	start := r.csv.InputOffset()
	r.limit.end = start + maxRecord
	cells, err := r.csv.Read()
	row := csvRow{line: r.next, size: r.csv.InputOffset() - start, cells: cells}
	if parse, ok := errors.AsType[*csv.ParseError](err); ok {
		row.line = int64(parse.StartLine)
		r.next = int64(parse.Line) + 1
		row.problem = "This row cannot be read: " + csvProblem(parse) + "."
		if !errors.Is(parse, csv.ErrBareQuote) {
			return csvRow{}, &brokenCSV{row.line, csvProblem(parse)}
		}
		return row, nil // the next line begins a new row
	}
	if errors.Is(err, errLongRow) {
		return csvRow{}, &brokenCSV{row.line, errLongRow.Error()}
	}
	if err != nil {
		return csvRow{}, err
	}
	line, _ := r.csv.FieldPos(0)
	row.line, r.next = int64(line), int64(line)+1
	for _, c := range cells {
		r.next += int64(strings.Count(c, "\n"))
	}
	return row, nil
}

// bytesRead is how much of the file was read, a few KB ahead of the rows.
func (r *csvRows) bytesRead() int64 { return r.raw.n }

// csvProblem says in the user's words what a CSV reader refused.
func csvProblem(e *csv.ParseError) string {
	if errors.Is(e, csv.ErrBareQuote) {
		return `a quotation mark stands inside a cell that does not begin with one`
	}
	return `a cell in quotation marks does not end where its quotation marks do`
}

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

// limitedReader reads up to the offset end, which its user moves on.
type limitedReader struct {
	r      io.Reader
	n, end int64
}

// Read implements io.Reader.
func (l *limitedReader) Read(p []byte) (int, error) {
	if l.n >= l.end {
		return 0, errLongRow
	}
	n, err := l.r.Read(p[:min(int64(len(p)), l.end-l.n)])
	l.n += int64(n)
	return n, err
}
