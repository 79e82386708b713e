package sheet

import (
	"archive/zip"
	"bufio"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxCell is how many characters Excel takes in one cell.
const maxCell = 32_767

// xlsxParts surround the sheet: what the smallest valid workbook needs. The second
// style is bold, for the header.
var xlsxParts = []struct{ name, text string }{
	{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>`},
	{"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
	{"xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>`},
	{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>`},
	{"xl/styles.xml", `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf numFmtId="49" applyNumberFormat="1"/><xf numFmtId="49" fontId="1" applyNumberFormat="1" applyFont="1"/></cellXfs></styleSheet>`},
}

const (
	xmlHead    = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	sheetBegin = `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>`
	sheetEnd   = `</sheetData></worksheet>`
)

// xlsxWriter streams a workbook of one sheet. All cells are texts.
type xlsxWriter struct {
	archive *zip.Writer
	sheet   *bufio.Writer
	rows    int
}

func newXLSXWriter(w io.Writer, columns []string) (Writer, error) {
	out := &xlsxWriter{archive: zip.NewWriter(w)}
	for _, p := range xlsxParts {
		part, err := out.archive.Create(p.name)
		if err != nil {
			return nil, err
		}
		if _, err := io.WriteString(part, xmlHead+p.text); err != nil {
			return nil, err
		}
	}
	part, err := out.archive.Create("xl/worksheets/sheet1.xml")
	if err != nil {
		return nil, err
	}
	out.sheet = bufio.NewWriter(part)
	_, _ = out.sheet.WriteString(xmlHead + sheetBegin)
	return out, out.row(columns, ` s="1"`)
}

// Write implements Writer.
func (w *xlsxWriter) Write(cells []string) error { return w.row(cells, "") }

func (w *xlsxWriter) row(cells []string, style string) error {
	w.rows++
	row := strconv.Itoa(w.rows)
	_, _ = w.sheet.WriteString(`<row r="` + row + `">`)
	for i, c := range cells {
		if c == "" {
			continue
		}
		_, _ = w.sheet.WriteString(`<c r="` + columnName(i) + row + `"` + style + ` t="inlineStr"><is><t xml:space="preserve">`)
		_, _ = w.sheet.WriteString(xlsxText(Neutralize(c)))
		_, _ = w.sheet.WriteString(`</t></is></c>`)
	}
	_, err := w.sheet.WriteString(`</row>`)
	return err // the buffer keeps the first error
}

// Close implements Writer.
func (w *xlsxWriter) Close() error {
	if _, err := w.sheet.WriteString(sheetEnd); err != nil {
		return err
	}
	if err := w.sheet.Flush(); err != nil {
		return err
	}
	return w.archive.Close()
}

// columnName returns A for 0, Z for 25, AA for 26.
func columnName(i int) string {
	name := ""
	for i++; i > 0; i = (i - 1) / 26 {
		name = string(rune('A'+(i-1)%26)) + name
	}
	return name
}

// xlsxText escapes a text for XML, cut to what a cell holds. What XML cannot hold,
// and what looks like such an escape, is escaped Excel's own way.
func xlsxText(s string) string {
	if utf8.RuneCountInString(s) > maxCell {
		s = string([]rune(s)[:maxCell])
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == '&':
			b.WriteString("&amp;")
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '_' && unescapeXLSX(s[i:min(i+7, len(s))]) != s[i:min(i+7, len(s))]:
			b.WriteString("_x005F_")
		case r == '\r' || r < 0x20 && r != '\n' && r != '\t' || r == 0xFFFE || r == 0xFFFF:
			b.WriteString("_x" + hex4(r) + "_")
		default:
			b.WriteRune(r) // broken UTF-8 comes as U+FFFD
		}
	}
	return b.String()
}

func hex4(r rune) string {
	s := strings.ToUpper(strconv.FormatInt(int64(r), 16))
	return strings.Repeat("0", 4-len(s)) + s
}
