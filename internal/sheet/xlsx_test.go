package sheet_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"payaid/internal/sheet"
)

const relations = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="a" Target="worksheets/sheet1.xml"/><Relationship Id="b" Target="/xl/worksheets/sheet2.xml"/></Relationships>`

// workbook packs a file as Excel does, with shared texts and styles. parts replaces
// some of them.
func workbook(t testing.TB, parts map[string]string) string {
	t.Helper()
	all := map[string]string{
		"xl/workbook.xml":            `<?xml version="1.0"?><workbook xmlns="x" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="People" r:id="a"/><sheet name="Other" r:id="b"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": relations,
		"xl/sharedStrings.xml":       `<sst><si><t>Name</t></si><si><r><t>Pri</t></r><r><t xml:space="preserve">ya </t></r><rPh><t>no</t></rPh></si><si><t>a_x000D_b</t></si></sst>`,
		"xl/styles.xml":              `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="000000"/><numFmt numFmtId="165" formatCode="dd/mm/yyyy\ hh:mm"/><numFmt numFmtId="166" formatCode="[Red]&quot;days&quot; #,##0"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="10"/><xf numFmtId="166"/></cellXfs></styleSheet>`,
		"xl/worksheets/sheet1.xml": `<worksheet><sheetData><row r="2"><c r="A2" t="s"><v>0</v></c><c r="C2" t="inlineStr"><is><t>Value</t></is></c></row>
			<row r="3"><c r="A3" t="s"><v>1</v></c><c r="C3"><v>9876543210123</v></c></row>
			<row r="7"><c t="s"><v>2</v></c><c r="C7" s="1"><v>46348</v></c></row>
			<row><c/><c r="C8" s="2"><v>11001</v></c></row><row><c r="C9" s="3"><v>46348.5</v></c></row><row><c r="C10" s="4"><v>0.05</v></c></row>
			<row><c r="C11" t="b"><v>1</v></c></row><row><c r="C12"><v>0.30000000000000004</v></c></row><row><c r="C13" t="e"><v>#N/A</v></c><c r="A13" t="str"><f>B1</f><v>formula</v></c></row>
			<row><c r="C14" s="5"><v>1234.5</v></c></row><row><c r="ZZZ15"><v>1</v></c></row></sheetData></worksheet>`,
		"xl/worksheets/sheet2.xml": `<worksheet><sheetData><row><c t="inlineStr"><is><t>Only</t></is></c></row></sheetData></worksheet>`,
	}
	for name, text := range parts {
		all[name] = text
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, text := range all {
		part, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(part, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAWorkbookIsReadAsPeopleSeeIt(t *testing.T) {
	columns, rows := read(t, workbook(t, nil))
	if strings.Join(columns, "|") != "Name||Value" {
		t.Errorf("columns %q", columns)
	}
	want := []struct {
		line int64
		text string
	}{
		{3, "Priya ||9876543210123"}, {7, "a\rb||2026-11-22"}, {8, "||011001"}, {9, "||2026-11-22 12:00:00"}, {10, "||5%"},
		{11, "||TRUE"}, {12, "||0.3"}, {13, "formula||"}, {14, "||1234.5"}, {15, ""},
	}
	if len(rows) != len(want) {
		t.Fatalf("%d rows: %+v", len(rows), rows)
	}
	for i, w := range want {
		if got := strings.Join(rows[i].Cells, "|"); got != w.text || rows[i].Line != w.line {
			t.Errorf("row %d is %q, want %d %q", rows[i].Line, got, w.line, w.text)
		}
	}
	if rows[9].Problem == "" {
		t.Error("a cell far to the right was passed over in silence")
	}
}

func TestASheetIsChosenByItsName(t *testing.T) {
	for name, want := range map[string]string{"Other": "Only", "": "Name", "None": ""} {
		r, err := sheet.Open(strings.NewReader(workbook(t, nil)), sheet.Format{Kind: sheet.XLSX, Sheet: name})
		if want == "" {
			if _, ok := errors.AsType[sheet.Unreadable](err); !ok {
				t.Errorf("%q: %v", name, err)
			}
			continue
		}
		if err != nil || r.Columns()[0] != want {
			t.Fatalf("%q: %v", name, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestBombsAreDefused(t *testing.T) {
	cell := `<row><c t="inlineStr"><is><t>A</t></is></c></row>`
	for name, parts := range map[string]map[string]string{
		"texts":   {"xl/sharedStrings.xml": "<sst><si><t>" + strings.Repeat("x", 40<<20) + "</t></si></sst>"},
		"a sheet": {"xl/worksheets/sheet1.xml": "<worksheet><sheetData>" + cell + strings.Repeat(" ", 260<<20)},
		"styles":  {"xl/styles.xml": "<styleSheet>" + strings.Repeat(" ", 10<<20) + "</styleSheet>"},
	} {
		file := workbook(t, parts)
		if _, _, err := readAll(file); err == nil {
			t.Errorf("%s: taken", name)
		} else if _, ok := errors.AsType[sheet.Unreadable](err); !ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	entities := `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><sst><si><t>&b;</t></si></sst>`
	if _, _, err := readAll(workbook(t, map[string]string{"xl/sharedStrings.xml": entities})); err == nil {
		t.Error("entities were resolved")
	}
}
