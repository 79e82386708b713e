package sheet

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
)

// row reads one row up to its end.
func (r *xlsxRows) row(start xml.StartElement) (Row, error) {
	r.line++
	if n, err := strconv.ParseInt(attr(start, "r"), 10, 64); err == nil && n > r.line {
		r.line = n // empty rows are left out
	}
	row := Row{Line: r.line}
	size, next := 0, 0
	for {
		t, err := r.dec.RawToken()
		if err != nil {
			return row, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if t.Name.Local != "c" {
				continue
			}
			at := columnOf(attr(t, "r"), next)
			text, err := r.cell(t)
			if err != nil {
				return row, err
			}
			next = at + 1
			if size += len(text); at >= MaxColumns || size > maxRecord {
				if text != "" {
					row.Problem = "This row has more than 500 columns, or more than 1 MB of text."
				}
				continue
			}
			for len(row.Cells) <= at {
				row.Cells = append(row.Cells, "")
			}
			row.Cells[at] = text
		case xml.EndElement:
			if t.Name.Local == "row" {
				return row, nil
			}
		}
	}
}

// columnOf returns the number of the column in a reference such as AB12, counted
// from 0, or next where there is none.
func columnOf(ref string, next int) int {
	n := 0
	for _, c := range strings.ToUpper(ref) {
		if c < 'A' || c > 'Z' || n > MaxColumns {
			break
		}
		n = n*26 + int(c-'A') + 1
	}
	if n == 0 {
		return next
	}
	return n - 1
}

// cell reads one cell up to its end and returns what people see in it.
func (r *xlsxRows) cell(start xml.StartElement) (string, error) {
	var value, inline strings.Builder
	into := (*strings.Builder)(nil)
	for {
		t, err := r.dec.RawToken()
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "v":
				into = &value
			case "t":
				into = &inline
			case "rPh": // how to pronounce it
				if err := skipElement(r.dec); err != nil {
					return "", err
				}
			}
		case xml.CharData:
			if into != nil && into.Len()+len(t) <= maxElement {
				into.Write(t)
			}
		case xml.EndElement:
			into = nil
			if t.Name.Local == "c" {
				return r.shown(attr(start, "t"), attr(start, "s"), value.String(), inline.String()), nil
			}
		}
	}
}

// skipElement reads behind the end of the element that has just begun.
func skipElement(dec *xml.Decoder) error {
	for depth := 1; depth > 0; {
		t, err := dec.RawToken()
		if err != nil {
			return err
		}
		switch t.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		}
	}
	return nil
}

// shown turns a stored value into text, by the cell's type and style.
func (r *xlsxRows) shown(kind, style, value, inline string) string {
	switch kind {
	case "s":
		if i, err := strconv.Atoi(strings.TrimSpace(value)); err == nil && i >= 0 && i < len(r.texts) {
			return r.texts[i]
		}
		return ""
	case "inlineStr":
		return unescapeXLSX(inline)
	case "str":
		return unescapeXLSX(value)
	case "b":
		if strings.TrimSpace(value) == "1" {
			return "TRUE"
		}
		return "FALSE"
	case "e":
		return "" // #N/A and its like tell nothing
	case "d":
		return strings.TrimSuffix(strings.TrimSpace(value), "T00:00:00")
	}
	var f numberFormat
	if i, err := strconv.Atoi(style); err == nil && i >= 0 && i < len(r.formats) {
		f = r.formats[i]
	}
	return f.show(strings.TrimSpace(value), r.epoch)
}

// unescapeXLSX resolves _x000D_ and its like, which stand for what XML cannot hold.
func unescapeXLSX(s string) string {
	if !strings.Contains(s, "_x") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if len(s)-i >= 7 && s[i:i+2] == "_x" && s[i+6] == '_' {
			if n, err := strconv.ParseUint(s[i+2:i+6], 16, 16); err == nil {
				b.WriteRune(rune(n))
				i += 6
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// texts reads the texts that cells refer to by number.
func (w workbook) texts() ([]string, error) {
	part, err := w.part("xl/sharedStrings.xml", maxTexts)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = part.Close() }() // only read
	dec := xml.NewDecoder(part)
	var out []string
	var text strings.Builder
	inText := false
	for held := 0; ; {
		t, err := dec.RawToken()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if errors.Is(err, errUnpacked) {
			return nil, Unreadable(sayTooLarge)
		}
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			switch inText = t.Name.Local == "t"; t.Name.Local {
			case "si":
				text.Reset()
			case "rPh":
				if err := skipElement(dec); err != nil {
					return nil, err
				}
			}
		case xml.CharData:
			if inText {
				text.Write(t)
			}
		case xml.EndElement:
			inText = false
			if t.Name.Local == "si" {
				if held += text.Len() + 16; held > maxTexts {
					return nil, Unreadable(sayTooLarge)
				}
				out = append(out, unescapeXLSX(text.String()))
			}
		}
	}
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}
