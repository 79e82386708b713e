package sheet

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
)

// Bounds of an XLSX file, whose parts are compressed: a small file may unpack to
// any size.
const (
	maxPacked  = 64 << 20  // of the file itself, in bytes
	maxParts   = 5_000     // files inside
	maxSheet   = 256 << 20 // of the unpacked sheet, in bytes
	maxTexts   = 32 << 20  // of the unpacked shared texts, and of what they take up
	maxSmall   = 8 << 20   // of every other unpacked part
	maxElement = 200_000   // of one element of a row: more cannot be in 500 cells of 32,767 characters
)

const (
	sayNotXLSX  = "This Excel file cannot be read. Open it in Excel, save it as an .xlsx workbook or as CSV, and upload that file."
	sayTooLarge = "This Excel file unpacks to more than can be read. Save it as CSV and upload that file."
)

// xlsxRows streams one sheet of a workbook.
type xlsxRows struct {
	spool   *os.File
	part    io.ReadCloser
	dec     *xml.Decoder
	texts   []string // shared texts, by number
	formats []numberFormat
	epoch   int // days between 1899-12-30 and the workbook's first day
	columns []string
	sheets  []string
	line    int64
}

// openXLSX unpacks r by way of a temporary file: the list of parts stands at the
// end of an archive.
func openXLSX(r io.Reader, name string) (_ Rows, err error) {
	rows := &xlsxRows{}
	defer func() {
		if err != nil {
			err = errors.Join(err, rows.Close())
		}
	}()
	if rows.spool, err = os.CreateTemp("", "payaid-*.xlsx"); err != nil {
		return nil, fmt.Errorf("unpack a workbook: %w", err)
	}
	size, err := io.Copy(rows.spool, io.LimitReader(r, maxPacked+1))
	if err != nil {
		return nil, fmt.Errorf("unpack a workbook: %w", err)
	}
	if size > maxPacked {
		return nil, Unreadable(sayTooLarge)
	}
	archive, err := zip.NewReader(rows.spool, size)
	if err != nil || len(archive.File) > maxParts {
		return nil, Unreadable(sayNotXLSX)
	}
	if err := rows.open(workbook{archive}, name); err != nil {
		if _, ok := errors.AsType[Unreadable](err); ok {
			return nil, err
		}
		return nil, Unreadable(sayNotXLSX)
	}
	return rows, nil
}

func (r *xlsxRows) open(w workbook, name string) (err error) {
	sheets, date1904, err := w.sheets()
	if err != nil {
		return err
	}
	for _, s := range sheets {
		r.sheets = append(r.sheets, s.name)
	}
	i := 0
	if name != "" {
		i = slices.IndexFunc(sheets, func(s sheetPart) bool { return s.name == name })
	}
	if i < 0 || len(sheets) == 0 {
		return Unreadable("The workbook has no sheet of this name.")
	}
	if date1904 {
		r.epoch = 1462
	}
	if r.texts, err = w.texts(); err != nil {
		return err
	}
	if r.formats, err = w.formats(); err != nil {
		return err
	}
	if r.part, err = w.part(sheets[i].path, maxSheet); err != nil {
		return err
	}
	r.dec = xml.NewDecoder(r.part)
	return r.readHeader()
}

func (r *xlsxRows) readHeader() error {
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return Unreadable("The first sheet of this workbook is empty.")
		}
		if err != nil {
			return err
		}
		if row.Blank() {
			continue
		}
		if row.Problem != "" {
			return Unreadable("The first row, with the names of the columns, cannot be used. " + row.Problem)
		}
		r.columns, err = columnNames(row.Cells)
		return err
	}
}

// Columns implements Rows.
func (r *xlsxRows) Columns() []string { return r.columns }

// Sheets implements Rows.
func (r *xlsxRows) Sheets() []string { return r.sheets }

// Close implements Rows.
func (r *xlsxRows) Close() error {
	var errs []error
	if r.part != nil {
		errs = append(errs, r.part.Close())
	}
	if r.spool != nil {
		errs = append(errs, r.spool.Close(), os.Remove(r.spool.Name()))
	}
	return errors.Join(errs...)
}

// Next implements Rows.
func (r *xlsxRows) Next() (Row, error) {
	for {
		t, err := r.dec.RawToken()
		if errors.Is(err, io.EOF) {
			return Row{}, io.EOF
		}
		if err != nil {
			return Row{}, r.unreadable(err)
		}
		if start, ok := t.(xml.StartElement); ok && start.Name.Local == "row" {
			row, err := r.row(start)
			if err != nil {
				return Row{}, r.unreadable(err)
			}
			return row, nil
		}
	}
}

func (r *xlsxRows) unreadable(err error) error {
	if errors.Is(err, errUnpacked) {
		return Unreadable(sayTooLarge)
	}
	return Unreadable(fmt.Sprintf("The sheet cannot be read behind row %d: the file is damaged. Save it again in Excel, or as CSV, and upload that file.", r.line))
}

// errUnpacked tells that a part unpacks to more than its bound.
var errUnpacked = errors.New("sheet: this part unpacks to too much")

// workbook reads the parts of an archive.
type workbook struct{ *zip.Reader }

// part opens a part that may unpack to limit bytes.
func (w workbook) part(name string, limit int64) (io.ReadCloser, error) {
	f, err := w.Open(strings.TrimPrefix(path.Clean("/"+name), "/"))
	if err != nil {
		return nil, err
	}
	return &boundedPart{ReadCloser: f, left: limit}, nil
}

type boundedPart struct {
	io.ReadCloser
	left int64
}

// Read implements io.Reader.
func (b *boundedPart) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, errUnpacked
	}
	return n, err
}

// decode reads a small part into v. That there is none is not an error.
func (w workbook) decode(name string, v any) error {
	part, err := w.part(name, maxSmall)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = part.Close() }() // only read
	return xml.NewDecoder(part).Decode(v)
}

// sheetPart is one sheet and where it stands in the archive.
type sheetPart struct{ name, path string }

func (w workbook) sheets() (out []sheetPart, date1904 bool, err error) {
	var book struct {
		Properties struct {
			Date1904 string `xml:"date1904,attr"`
		} `xml:"workbookPr"`
		Sheets []struct {
			Name string `xml:"name,attr"`
			ID   string `xml:"http://schemas.openxmlformats.org/officeDocument/2006/relationships id,attr"`
		} `xml:"sheets>sheet"`
	}
	var links struct {
		Relationships []struct {
			ID     string `xml:"Id,attr"`
			Target string `xml:"Target,attr"`
		} `xml:"Relationship"`
	}
	if err := w.decode("xl/workbook.xml", &book); err != nil {
		return nil, false, err
	}
	if err := w.decode("xl/_rels/workbook.xml.rels", &links); err != nil {
		return nil, false, err
	}
	for _, s := range book.Sheets {
		for _, l := range links.Relationships {
			if l.ID != s.ID {
				continue
			}
			target := l.Target
			if !strings.HasPrefix(target, "/") {
				target = "xl/" + target
			}
			out = append(out, sheetPart{s.Name, target})
		}
	}
	v := book.Properties.Date1904
	return out, v == "1" || v == "true", nil
}
