package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
)

// What is wrong with a row, in the user's words.
const (
	problemBareQuote = `a quotation mark stands inside a cell that does not begin with one`
	problemAfter     = `a cell in quotation marks does not end where its quotation marks do`
	problemNoEnd     = `a quotation mark is opened and never closed`
	problemLong      = `it is longer than 1 MB`
)

// csvRows reads CSV. Unlike the reader of the standard library it goes on behind a
// broken row: with the next line.
type csvRows struct {
	in      *lines
	comma   byte
	columns []string
}

func openCSV(r io.Reader, f Format) (Rows, error) {
	if len(f.Delimiter) != 1 {
		return nil, fmt.Errorf("the delimiter %q is not one character", f.Delimiter)
	}
	rows := &csvRows{in: newLines(f.decode(r)), comma: f.Delimiter[0]}
	return rows, rows.readHeader()
}

func (r *csvRows) readHeader() error {
	row, err := r.Next()
	for err == nil && len(row.Cells) == 1 && row.Cells[0] == "" && row.Problem == "" {
		row, err = r.Next() // empty lines before the header
	}
	if errors.Is(err, io.EOF) {
		return Unreadable("This file is empty.")
	}
	if err != nil {
		return err
	}
	if row.Problem != "" {
		return Unreadable("The first line, with the names of the columns, cannot be used. " + row.Problem)
	}
	r.columns, err = columnNames(row.Cells)
	return err
}

// columnNames checks the cells of a header.
func columnNames(cells []string) ([]string, error) {
	if strings.ContainsRune(strings.Join(cells, ""), 0) {
		return nil, Unreadable("This is not a text file. Save it as CSV UTF-8 and upload that file.")
	}
	if len(cells) > MaxColumns {
		return nil, Unreadable(fmt.Sprintf("This file has %d columns. At most %d can be read.", len(cells), MaxColumns))
	}
	names := make([]string, len(cells))
	for i, c := range cells {
		names[i] = strings.TrimSpace(strings.ToValidUTF8(c, "\uFFFD"))
	}
	return names, nil
}

// Columns implements Rows.
func (r *csvRows) Columns() []string { return r.columns }

// Sheets implements Rows.
func (r *csvRows) Sheets() []string { return nil }

// Close implements Rows.
func (r *csvRows) Close() error { return nil }

// Next implements Rows.
func (r *csvRows) Next() (Row, error) {
	row := Row{Line: r.in.next}
	var record []byte // the lines of the row so far
	p := csvParser{comma: r.comma}
	for {
		line, err := r.in.read()
		switch {
		case errors.Is(err, errLongLine) && record == nil:
			return r.refused(row, line, problemLong), nil
		case errors.Is(err, errLongLine):
			// What was read away cannot be given back: an empty line keeps its number.
			r.in.unread(append(record[firstLine(record):], '\n'))
			return r.refused(row, record, problemNoEnd), nil
		case errors.Is(err, io.EOF) && record == nil:
			return Row{}, io.EOF
		case errors.Is(err, io.EOF), err == nil && len(record)+len(line) > maxRecord:
			r.in.unread(append(record[firstLine(record):], line...))
			return r.refused(row, record, problemNoEnd), nil
		case err != nil:
			return Row{}, err
		}
		record = append(record, line...)
		switch done, problem := p.feed(line); {
		case problem != "":
			r.in.unread(record[firstLine(record):])
			return r.refused(row, record, problem), nil
		case done:
			row.Cells = p.cells
			return row, nil
		}
	}
}

func firstLine(record []byte) int {
	if i := bytes.IndexByte(record, '\n'); i >= 0 {
		return i + 1
	}
	return len(record)
}

// refused is the first line of the record with the reason.
func (r *csvRows) refused(row Row, record []byte, problem string) Row {
	text := strings.TrimRight(string(record[:firstLine(record)]), "\r\n")
	row.Cells = strings.Split(text, string(r.comma))
	row.Problem = "This row cannot be read: " + problem + "."
	return row
}

// csvParser takes the lines of one row.
type csvParser struct {
	comma  byte
	cells  []string
	cell   []byte
	quoted bool // a cell in quotation marks is open
}

// feed takes the next line. done tells that the row is complete, problem why it
// cannot be.
func (p *csvParser) feed(line []byte) (done bool, problem string) {
	text := bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
	for {
		if p.quoted {
			rest, closed := p.untilQuote(text)
			if !closed {
				p.cell = append(p.cell, '\n')
				return false, ""
			}
			p.quoted = false
			rest = bytes.TrimLeft(rest, " ")
			if len(rest) > 0 && rest[0] != p.comma {
				return false, problemAfter
			}
			text = rest
		} else {
			start := bytes.TrimLeft(text, " ")
			if len(start) > 0 && start[0] == '"' {
				p.quoted, text = true, start[1:]
				continue
			}
			end := bytes.IndexByte(start, p.comma)
			if end < 0 {
				end = len(start)
			}
			if bytes.IndexByte(start[:end], '"') >= 0 {
				return false, problemBareQuote
			}
			p.cell, text = append(p.cell, start[:end]...), start[end:]
		}
		p.cells, p.cell = append(p.cells, string(p.cell)), p.cell[:0]
		if len(text) == 0 {
			return true, ""
		}
		text = text[1:] // the delimiter
	}
}

// untilQuote adds text to the cell up to its closing quotation mark, and returns
// what follows.
func (p *csvParser) untilQuote(text []byte) (rest []byte, closed bool) {
	for {
		i := bytes.IndexByte(text, '"')
		if i < 0 {
			p.cell = append(p.cell, text...)
			return nil, false
		}
		p.cell = append(p.cell, text[:i]...)
		text = text[i+1:]
		if len(text) == 0 || text[0] != '"' {
			return text, true
		}
		p.cell = append(p.cell, '"')
		text = text[1:]
	}
}

// csvWriter writes CSV that Excel opens as it is: UTF-8 with a byte order mark,
// lines ending in CRLF.
type csvWriter struct {
	out   *csv.Writer
	cells []string
}

func newCSVWriter(w io.Writer, columns []string) (Writer, error) {
	if _, err := io.WriteString(w, utf8BOM); err != nil {
		return nil, err
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	return &csvWriter{out: out}, out.Write(columns)
}

// Write implements Writer.
func (w *csvWriter) Write(cells []string) error {
	w.cells = w.cells[:0]
	for _, c := range cells {
		w.cells = append(w.cells, Neutralize(c))
	}
	return w.out.Write(w.cells)
}

// Close implements Writer.
func (w *csvWriter) Close() error {
	w.out.Flush()
	return w.out.Error()
}
