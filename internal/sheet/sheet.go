// Package sheet reads and writes tables as people exchange them: CSV, XLSX and
// vCard, row by row and in bounded memory. What is wrong with one row is told at
// that row and does not end the file.
//
// It knows nothing of what the columns mean.
package sheet

import (
	"fmt"
	"io"
	"strings"
)

// The kinds of file.
const (
	CSV   = "csv"
	XLSX  = "xlsx"
	VCard = "vcard"
)

const (
	// HeadSize is how much of a file Detect looks at, in bytes.
	HeadSize = 64 << 10
	// MaxColumns is how many columns a file may have.
	MaxColumns = 500

	// maxRecord bounds one row, in bytes: a quotation mark that is never closed would
	// otherwise bring the rest of the file into memory.
	maxRecord = 1 << 20
)

// Format is how a file is read.
type Format struct {
	Kind      string `json:"kind"`            // CSV, XLSX or VCard; "" is CSV
	Encoding  string `json:"encoding"`        // of CSV and vCard: UTF8, UTF16LE, UTF16BE or Windows1252
	Delimiter string `json:"delimiter"`       // of CSV: one of , ; tab |
	Sheet     string `json:"sheet,omitempty"` // of XLSX: its name, "" is the first one
}

// Row is one row behind the header.
type Row struct {
	Line    int64    // where it begins; the first line of the file is 1
	Cells   []string // as many as the row has
	Problem string   // a sentence why the row cannot be used, "" when it can
}

// Blank reports whether there is nothing in the row, not even a problem.
func (r Row) Blank() bool {
	for _, c := range r.Cells {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return r.Problem == ""
}

// Rows are the rows of an open file, for one goroutine.
type Rows interface {
	// Columns are the names in the header.
	Columns() []string
	// Sheets are the names of the workbook's sheets, none for files of other kinds.
	Sheets() []string
	// Next returns the next row, or io.EOF behind the last one. An Unreadable error
	// tells that the file cannot be read any further; other errors are those of its
	// source.
	Next() (Row, error)
	// Close gives back what the rows hold. The source stays open.
	Close() error
}

// Unreadable tells in a sentence for the user why a file cannot be read.
type Unreadable string

// Error implements error.
func (e Unreadable) Error() string { return string(e) }

// Open begins to read a file of a format that Detect found, its header included.
// The error is Unreadable, or one of r itself.
func Open(r io.Reader, f Format) (Rows, error) {
	switch f.Kind {
	case CSV, "":
		return openCSV(r, f)
	case XLSX:
		return openXLSX(r, f.Sheet)
	case VCard:
		return openVCard(r, f), nil
	}
	return nil, fmt.Errorf("there is no kind of file %q", f.Kind)
}

// Writer writes a table.
type Writer interface {
	// Write adds a row with a cell for each column. Cells that a spreadsheet would run
	// as a formula are kept from it by an apostrophe, which Reveal takes away.
	Write(cells []string) error
	// Close ends the table. The destination stays open.
	Close() error
}

// NewWriter begins a table of a kind with named columns. A vCard knows VCardColumns
// only; others are left out.
func NewWriter(w io.Writer, kind string, columns []string) (Writer, error) {
	switch kind {
	case CSV:
		return newCSVWriter(w, columns)
	case XLSX:
		return newXLSXWriter(w, columns)
	case VCard:
		return newVCardWriter(w, columns), nil
	}
	return nil, fmt.Errorf("there is no kind of file %q", kind)
}
