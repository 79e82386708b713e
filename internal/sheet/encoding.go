package sheet

import (
	"bufio"
	"bytes"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// The encodings of text files.
const (
	UTF8        = "utf-8"
	UTF16       = "utf-16" // whichever the byte order mark says
	UTF16LE     = "utf-16le"
	UTF16BE     = "utf-16be"
	Windows1252 = "windows-1252"
)

const utf8BOM = "\xEF\xBB\xBF"

// decode returns the text of a file without its byte order mark. What is broken
// in UTF-8 stays broken, so that the row it stands in can be refused.
func (f Format) decode(r io.Reader) io.Reader {
	switch f.Encoding {
	case UTF16, UTF16LE:
		return transform.NewReader(r, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder())
	case UTF16BE:
		return transform.NewReader(r, unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder())
	case Windows1252:
		return transform.NewReader(r, charmap.Windows1252.NewDecoder())
	}
	b := bufio.NewReader(r)
	if mark, err := b.Peek(len(utf8BOM)); err == nil && string(mark) == utf8BOM {
		_, _ = b.Discard(len(utf8BOM)) // just peeked
	}
	return b
}

func headEncoding(head []byte) string {
	switch {
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}):
		return UTF16LE
	case bytes.HasPrefix(head, []byte{0xFE, 0xFF}):
		return UTF16BE
	case zeroAt(head, 1):
		return UTF16LE
	case zeroAt(head, 0):
		return UTF16BE
	}
	var c EncodingCounter
	c.count(head)
	return c.Encoding()
}

// zeroAt reports whether the first characters look like UTF-16 without a byte
// order mark: the names of columns are Latin letters nearly always, one byte of
// each being zero and the other not.
func zeroAt(head []byte, offset int) bool {
	if len(head) < 8 {
		return false
	}
	head = head[:8]
	for i, b := range head {
		if (b == 0) != (i%2 == offset) {
			return false
		}
	}
	return true
}

// EncodingCounter tells UTF-8 from Windows-1252 while the bytes of a file go by.
type EncodingCounter struct {
	good, broken int64  // characters of several bytes, and bytes that belong to none
	tail         []byte // the beginning of a character whose rest is still to come
}

// Write implements io.Writer.
func (c *EncodingCounter) Write(p []byte) (int, error) {
	c.count(p)
	return len(p), nil
}

func (c *EncodingCounter) count(p []byte) {
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

// Encoding decides for Windows-1252 when more is broken than good: a few broken
// bytes in a file that is UTF-8 otherwise spoil their rows, not all of them.
func (c *EncodingCounter) Encoding() string {
	broken := c.broken
	if len(c.tail) > 0 { // the end cuts a character off
		broken++
	}
	if broken > c.good {
		return Windows1252
	}
	return UTF8
}
