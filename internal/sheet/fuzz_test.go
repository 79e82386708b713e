package sheet_test

import (
	"errors"
	"testing"

	"payaid/internal/sheet"
)

// fuzz reads anything: it must end, without more rows than the file can hold, and
// with no error but the one for users.
func fuzz(t *testing.T, file string) {
	if len(file) > 1<<20 {
		return
	}
	_, rows, err := readAll(file)
	if _, ok := errors.AsType[sheet.Unreadable](err); err != nil && !ok {
		t.Errorf("%v", err)
	}
	for i, r := range rows {
		if r.Line < 1 || i > 0 && r.Line <= rows[i-1].Line {
			t.Errorf("row %d stands at line %d", i, r.Line)
		}
		if r.Problem == "" && len(r.Cells) > len(file)+1 {
			t.Errorf("%d cells in a file of %d bytes", len(r.Cells), len(file))
		}
	}
}

func FuzzCSV(f *testing.F) {
	for _, s := range []string{
		"Name,Email\na,b\n", "A;B\n\"x\n\"y;2\n", "A\tB\r\n\"\"\"\"\t\"\r\n\"\r\n", "\xFF\xFEA\x00,\x00B\x00\n\x00", "A,B\n\"\n\"\n\"", "A|B\n\x00|\xE9\n", "\n\n\nA\n\n",
	} {
		f.Add(s)
	}
	f.Fuzz(fuzz)
}

func FuzzVCard(f *testing.F) {
	const begin = "BEGIN:VCARD\n"
	for _, s := range []string{
		begin + "FN:A\nEND:VCARD\n", begin + "N:a;b;c\\;d\\\nTEL;PREF:1\nEND:VCARD", begin + begin + "FN:", begin + "NOTE;ENCODING=QUOTED-PRINTABLE:=E9=\n=\n=ZZ\nEND:VCARD\n",
		begin + "X.Y;\":\":\"z\n folded\n\tagain\nEND:VCARD\n", begin + "ADR:;;;;\nORG:\nCATEGORIES:,,\\,\nEND:VCARD\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, card string) { fuzz(t, "BEGIN:VCARD\n"+card) })
}

func FuzzXLSX(f *testing.F) {
	for _, s := range []string{
		`<row><c r="A1" t="s"><v>0</v></c></row>`, `<row r="9"><c r="XFD9" t="d"><v>2026-11-22T00:00:00</v></c></row>`, `<row><c s="99" t="b"><v>x</v></row></row>`,
		`<row r="-1"><c r="1"><v>1e308</v></c><c s="1"><v>-1</v></c><c s="3"><v>2958465.99999999</v></c></row>`, `<row><c t="inlineStr"><is><t>_x00_x0041_</t><rPh><t>x</t></rPh></is></c></row><row`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, rows string) {
		fuzz(t, workbook(t, map[string]string{"xl/worksheets/sheet1.xml": `<worksheet><sheetData><row><c t="s"><v>0</v></c></row>` + rows}))
	})
}
