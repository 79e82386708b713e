package crm

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// The encodings a CSV file may have.
const (
	encUTF8        = "utf-8"
	encUTF16       = "utf-16"
	encWindows1252 = "windows-1252"
)

const (
	// csvHeadSize is how much of a file is looked at to learn its format: the
	// header has to fit in it.
	csvHeadSize = 64 << 10
	maxColumns  = 500
	utf8BOM     = "\xEF\xBB\xBF"
)

// delimiters in the order of preference.
const delimiters = ",;\t|"

// CSVFormat is how a CSV file is read.
type CSVFormat struct {
	Encoding  string `json:"encoding"`  // utf-8, utf-16 (with a byte order mark) or windows-1252
	Delimiter string `json:"delimiter"` // one of , ; tab |
}

// decode returns the text of a file without its byte order mark. What is broken
// in UTF-8 stays broken, so that the row it stands in is refused.
func (f CSVFormat) decode(r io.Reader) io.Reader {
	switch f.Encoding {
	case encUTF16:
		return transform.NewReader(r, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder())
	case encWindows1252:
		return transform.NewReader(r, charmap.Windows1252.NewDecoder())
	}
	b := bufio.NewReader(r)
	if mark, err := b.Peek(len(utf8BOM)); err == nil && string(mark) == utf8BOM {
		_, _ = b.Discard(len(utf8BOM)) // just peeked
	}
	return b
}

// reader returns a strict CSV reader of decoded text.
func (f CSVFormat) reader(text io.Reader) *csv.Reader {
	r := csv.NewReader(text)
	r.Comma, _ = utf8.DecodeRuneInString(f.Delimiter)
	r.FieldsPerRecord = -1
	r.TrimLeadingSpace = r.Comma != '\t' // else it would take the delimiter for space
	return r
}

// errNotCSV tells in a sentence for the user why a file cannot be read as CSV.
type errNotCSV string

func (e errNotCSV) Error() string { return string(e) }

// otherFormats are the beginnings of files that people mistake for CSV.
var otherFormats = []struct{ begin, what string }{
	{"PK\x03\x04", "an Excel or ZIP file"},
	{"\xD0\xCF\x11\xE0", "an old Excel file"},
	{"%PDF", "a PDF file"},
	{"BEGIN:VCARD", "a vCard file"},
	{"\x1F\x8B", "a compressed file"},
	{"{\\rtf", "a text document"},
	{"<", "a web page or XML file"},
}

// sniffCSV learns format and header from the beginning of a file; whole tells
// that this is all of it. The error is an errNotCSV.
func sniffCSV(head []byte, whole bool) (CSVFormat, []string, error) {
	for _, o := range otherFormats {
		if bytes.HasPrefix(head, []byte(o.begin)) {
			return CSVFormat{}, nil, errNotCSV("This is " + o.what + ", not CSV. Open it in the program it comes from, save or export it as CSV, and upload that file.")
		}
	}
	f := CSVFormat{Encoding: headEncoding(head)}
	decoded, err := io.ReadAll(f.decode(bytes.NewReader(head)))
	if err != nil {
		return f, nil, errNotCSV("The text of this file cannot be read. Save it as CSV UTF-8 and upload that file.")
	}
	text := strings.TrimLeft(string(decoded), "\r\n")
	switch {
	case strings.TrimSpace(text) == "":
		return f, nil, errNotCSV("This file is empty.")
	case strings.ContainsRune(text, '\r') && !strings.ContainsRune(text, '\n'):
		return f, nil, errNotCSV("The lines of this file end in an outdated way. Save it as CSV UTF-8 and upload that file.")
	}
	f.Delimiter = sniffDelimiter(text)
	header, err := readHeader(f, text, whole)
	return f, header, err
}

func readHeader(f CSVFormat, text string, whole bool) ([]string, error) {
	r := f.reader(strings.NewReader(text))
	header, err := r.Read()
	if parse, ok := errors.AsType[*csv.ParseError](err); ok {
		return nil, errNotCSV(fmt.Sprintf("The first line, with the names of the columns, cannot be read: %s.", csvProblem(parse)))
	}
	if err != nil {
		return nil, errNotCSV("This file is empty.")
	}
	if strings.ContainsRune(strings.Join(header, ""), 0) {
		return nil, errNotCSV("This is not a text file. Save it as CSV UTF-8 and upload that file.")
	}
	if !whole && r.InputOffset() == int64(len(text)) {
		return nil, errNotCSV("The first line is longer than 64 KB. It has to name the columns.")
	}
	if len(header) > maxColumns {
		return nil, errNotCSV(fmt.Sprintf("This file has %d columns. At most %d can be read.", len(header), maxColumns))
	}
	for i, name := range header {
		header[i] = strings.TrimSpace(strings.ToValidUTF8(name, "\uFFFD"))
	}
	return header, nil
}

func headEncoding(head []byte) string {
	if bytes.HasPrefix(head, []byte{0xFF, 0xFE}) || bytes.HasPrefix(head, []byte{0xFE, 0xFF}) {
		return encUTF16
	}
	var c utf8Counter
	c.count(head)
	return c.encoding()
}

// sniffDelimiter returns the delimiter that the first line holds most often
// outside quotation marks.
func sniffDelimiter(text string) string {
	counts := make([]int, len(delimiters))
	quoted := false
	for _, r := range text {
		if r == '\n' && !quoted {
			break
		}
		if r == '"' {
			quoted = !quoted
		}
		if i := strings.IndexRune(delimiters, r); i >= 0 && !quoted {
			counts[i]++
		}
	}
	best := 0
	for i, n := range counts {
		if n > counts[best] {
			best = i
		}
	}
	return delimiters[best : best+1]
}

// utf8Counter tells UTF-8 from Windows-1252 while the bytes go by.
type utf8Counter struct {
	good, broken int64  // characters of several bytes, and bytes that belong to none
	tail         []byte // the beginning of a character whose rest is still to come
}

// Write implements io.Writer.
func (c *utf8Counter) Write(p []byte) (int, error) {
	c.count(p)
	return len(p), nil
}

func (c *utf8Counter) count(p []byte) {
	if len(c.tail) > 0 {
		p = append(c.tail, p...)
	}
	for len(p) > 0 && utf8.FullRune(p) {
		r, size := utf8.DecodeRune(p)
		switch {
		case r == utf8.RuneError && size == 1:
			c.broken++
		case size > 1:
			c.good++
		}
		p = p[size:]
	}
	c.tail = append([]byte(nil), p...)
}

// encoding decides for Windows-1252 when more is broken than good: a few broken
// bytes in a file that is UTF-8 otherwise spoil their rows, not all of them.
func (c *utf8Counter) encoding() string {
	broken := c.broken
	if len(c.tail) > 0 { // the end cuts a character off
		broken++
	}
	if broken > c.good {
		return encWindows1252
	}
	return encUTF8
}
