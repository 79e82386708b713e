package sheet_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"unicode/utf16"

	"payaid/internal/sheet"
)

// read returns the header and the rows of a file of any format.
func read(t *testing.T, file string) ([]string, []sheet.Row) {
	t.Helper()
	columns, rows, err := readAll(file)
	if err != nil {
		t.Fatalf("%.60q: %v", file, err)
	}
	return columns, rows
}

func readAll(file string) (columns []string, rows []sheet.Row, err error) {
	f, err := sheet.Detect([]byte(file[:min(len(file), sheet.HeadSize)]), len(file) <= sheet.HeadSize)
	if err != nil {
		return nil, nil, err
	}
	r, err := sheet.Open(strings.NewReader(file), f)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return r.Columns(), rows, nil
		}
		if err != nil {
			return r.Columns(), rows, err
		}
		if !row.Blank() {
			rows = append(rows, row)
		}
	}
}

func utf16File(order binary.AppendByteOrder, text string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

func TestTextFilesOfAllShapes(t *testing.T) {
	const table = "Name\tNote\r\nज़ारा\tx\r\n"
	for name, c := range map[string]struct {
		file string
		want []string
	}{
		"UTF-16 little endian":    {utf16File(binary.LittleEndian, "\uFEFF"+table), []string{"ज़ारा", "x"}},
		"UTF-16 big endian":       {utf16File(binary.BigEndian, "\uFEFF"+table), []string{"ज़ारा", "x"}},
		"UTF-16LE without a mark": {utf16File(binary.LittleEndian, table), []string{"ज़ारा", "x"}},
		"UTF-16BE without a mark": {utf16File(binary.BigEndian, table), []string{"ज़ारा", "x"}},
		"UTF-8 with a mark":       {"\xEF\xBB\xBF" + table, []string{"ज़ारा", "x"}},
		"Windows-1252":            {"Name;Note\nJ\xFCrgen;\x80 5\n", []string{"Jürgen", "€ 5"}},
		"pipes, no end":           {"Name|Note\na|b", []string{"a", "b"}},
		"quotes":                  {"Name,Note\n\"a \"\"b\"\"\",  \"c,\r\nd\" \n", []string{`a "b"`, "c,\nd"}},
		"an empty quoted cell":    {"Name,Note\n\"\",\"\"\"\"\n", []string{"", `"`}},
		"NUL bytes":               {"Name,Note\na\x00,b\n", []string{"a\x00", "b"}},
		"empty lines":             {"\n\nName,Note\n\n , \na,\n", []string{"a", ""}},
		"empty cells":             {"Name\tNote\n\tb\n", []string{"", "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			columns, rows := read(t, c.file)
			if !reflect.DeepEqual(columns, []string{"Name", "Note"}) || len(rows) != 1 || rows[0].Problem != "" || !reflect.DeepEqual(rows[0].Cells, c.want) {
				t.Errorf("columns %q, rows %+v", columns, rows)
			}
		})
	}
}

func TestABrokenRowDoesNotEndTheFile(t *testing.T) {
	long := strings.Repeat("Somebody,1\n", 200_000)
	for name, c := range map[string]struct {
		file    string
		line    int64
		problem string
		lines   []int64 // of the good rows, the first of them
	}{
		"text after a quoted cell":    {"A,B\none,1\n\"two\"x,2\nthree,3\n", 3, "quotation marks do", []int64{2, 4}},
		"a quotation mark inside":     {"A,B\none,1\ntwo \"x\",2\nthree,3\n", 3, "does not begin", []int64{2, 4}},
		"never closed":                {"A,B\none,1\ntwo,\"2\nthree,3\nfour,4\n", 3, "never closed", []int64{2, 4, 5}},
		"never closed, beyond a row":  {"A,B\none,1\n\"two,2\n" + long, 3, "never closed", []int64{2, 4, 5}},
		"closed much later":           {"A,B\n\"one,1\ntwo,2\nthree \"x\",3\nfour,4\n", 2, "quotation marks do", []int64{3, 5}},
		"half a row at the end":       {"A,B\none,1\n\"tw", 3, "never closed", []int64{2}},
		"a line of more than 1 MB":    {"A,B\none,1\n" + strings.Repeat("x", 2<<20) + "\nthree,3\n", 3, "longer than 1 MB", []int64{2, 4}},
		"a long line in an open cell": {"A,B\n\"one,1\ntwo,2\n" + strings.Repeat("x", 2<<20) + "\nfour,4\n", 2, "never closed", []int64{3, 5}},
	} {
		t.Run(name, func(t *testing.T) {
			_, rows := read(t, c.file)
			var good []int64
			var bad *sheet.Row
			for _, r := range rows {
				switch {
				case r.Problem == "":
					good = append(good, r.Line)
				case bad == nil:
					bad = &r
				}
			}
			if bad == nil || bad.Line != c.line || !strings.Contains(bad.Problem, c.problem) {
				t.Errorf("the bad row is %+v", bad)
			}
			if len(good) < len(c.lines) || !reflect.DeepEqual(good[:len(c.lines)], c.lines) {
				t.Errorf("good rows at %v", good[:min(len(good), 5)])
			}
			if name == "never closed, beyond a row" && len(good) != 200_001 {
				t.Errorf("%d good rows", len(good))
			}
		})
	}
}

func TestFilesThatAreNoTables(t *testing.T) {
	for name, c := range map[string]struct{ file, says string }{
		"nothing":                {"", "empty"},
		"a mark alone":           {"\xEF\xBB\xBF", "empty"},
		"a ZIP that is no XLSX":  {"PK\x03\x04\x14\x00", "cannot be read"},
		"an old Excel file":      {"\xD0\xCF\x11\xE0\xA1", "old Excel"},
		"a web page":             {"<!doctype html>", "web page"},
		"bytes":                  {"Name\x00\x01,Email\n", "not a text file"},
		"old line ends":          {"A,B\r1,2\r", "outdated"},
		"too many columns":       {"A" + strings.Repeat(",x", 600) + "\n", "columns"},
		"a header without end":   {"A," + strings.Repeat("x", 100_000), "64 KB"},
		"a broken header":        {"\"A\"x,B\n", "first line"},
		"a header that is open":  {"\"A,B\n1,2\n", "first line"},
		"a workbook cut in half": {workbook(t, nil)[:300], "cannot be read"},
	} {
		_, _, err := readAll(c.file)
		if e, ok := errors.AsType[sheet.Unreadable](err); !ok || !strings.Contains(string(e), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	rows := [][]string{
		{"", "Meera", "K.", "de Souza", "meera@example.in", "m2@example.in", "", "+919876543210", "", "", "Tea, \"House\"; & <Sons>", "=Buyer", "1 Road\nPune", "-note _x000D_ ज़", "vip; tea lover"},
		{"", "'=x", "", "@y", "", "", "", "", "", "", "", "", "", strings.Repeat("long text with ümlauts, ", 20) + "end", ""},
	}
	for _, kind := range []string{sheet.CSV, sheet.XLSX, sheet.VCard} {
		var file bytes.Buffer
		w, err := sheet.NewWriter(&file, kind, sheet.VCardColumns)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			if err := w.Write(r); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		columns, got := read(t, file.String())
		if !reflect.DeepEqual(columns, sheet.VCardColumns) || len(got) != len(rows) {
			t.Fatalf("%s: columns %v, %d rows", kind, columns, len(got))
		}
		for i, want := range rows {
			for j := range want {
				cell := ""
				if j < len(got[i].Cells) {
					cell = got[i].Cells[j]
				}
				if strings.ContainsAny(cell[:min(1, len(cell))], "=-@") {
					t.Errorf("%s: a spreadsheet would run %q", kind, cell)
				}
				if sheet.Reveal(cell) != want[j] {
					t.Errorf("%s: %s came back as %q, want %q", kind, columns[j], cell, want[j])
				}
			}
		}
	}
}

func TestNeutralizedCellsAreRevealedExactly(t *testing.T) {
	for cell, want := range map[string]string{
		"": "", "plain": "plain", "'": "'", "'plain": "'plain", "=1+1": "'=1+1", "-5": "'-5", "@x": "'@x", "\tx": "'\tx", "\rx": "'\rx", "＝x": "'＝x",
		"'=1": "''=1", "''=1": "'''=1", "+919876543210": "+919876543210", "+91 98": "'+91 98", "+1-HYPERLINK": "'+1-HYPERLINK",
	} {
		if got := sheet.Neutralize(cell); got != want || sheet.Reveal(got) != cell {
			t.Errorf("%q became %q, and again %q", cell, got, sheet.Reveal(got))
		}
	}
}
