package sheet_test

import (
	"strings"
	"testing"
)

func TestCardsOfAllVersions(t *testing.T) {
	file := strings.ReplaceAll(`BEGIN:VCARD
VERSION:2.1
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=E0=A4=B6=E0=A4=B0=
=E0=A5=8D=E0=A4=AE=E0=A4=BE;Priya;;;
TEL;CELL;PREF:98765 43210
TEL;HOME:020 1234567
NOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=ISO-8859-1:caf=E9=0D=0Abar
END:VCARD

begin:vcard
VERSION:3.0
FN:Thomas D'Souza
N:D'Souza;Thomas;K.;Mr.;
item1.EMAIL;type=INTERNET;type=WORK:t@work.example
EMAIL;type=INTERNET;type=PREF:thomas@example.com
ORG:Coastal Foods\, Pvt;Purchase
TITLE:Buyer
ADR;TYPE=WORK:;;5 Marine Drive;Mumbai;Maharashtra;400002;India
NOTE:first\nsecond\; a very long
  line
CATEGORIES:food,a\,b
PHOTO;ENCODING=b:AAAA
 BBBB
END:VCARD
BEGIN:VCARD
VERSION:4.0
FN:Cher
TEL;VALUE=uri;TYPE="voice,cell":tel:+91-98450-12345;ext=5
EMAIL:mailto:cher@example.com
END:VCARD
BEGIN:VCARD
FN:Half
BEGIN:VCARD
FN:Whole
END:VCARD
BEGIN:VCARD
FN:Cut
`, "\n", "\r\n")
	columns, rows := read(t, file)
	at := func(row int, column string) string {
		for i, c := range columns {
			if c == column {
				return rows[row].Cells[i]
			}
		}
		t.Fatalf("no column %s", column)
		return ""
	}
	if len(rows) != 6 {
		t.Fatalf("%d rows: %+v", len(rows), rows)
	}
	for _, c := range []struct {
		row          int
		column, want string
	}{
		{0, "First name", "Priya"}, {0, "Last name", "शर्मा"}, {0, "Phone", "98765 43210"}, {0, "Phone 2", "020 1234567"}, {0, "Notes", "café\r\nbar"},
		{1, "Name", ""}, {1, "First name", "Thomas"}, {1, "Middle name", "K."}, {1, "Email", "thomas@example.com"}, {1, "Email 2", "t@work.example"},
		{1, "Company", "Coastal Foods, Pvt"}, {1, "Address", "5 Marine Drive, Mumbai, Maharashtra, 400002, India"}, {1, "Notes", "first\nsecond; a very long line"},
		{1, "Tags", "food; a,b"}, {2, "Name", "Cher"}, {2, "Phone", "+91-98450-12345"}, {2, "Email", "cher@example.com"}, {4, "Name", "Whole"},
	} {
		if got := at(c.row, c.column); got != c.want {
			t.Errorf("card %d: %s is %q, want %q", c.row, c.column, got, c.want)
		}
	}
	for row, broken := range map[int]bool{0: false, 1: false, 2: false, 3: true, 4: false, 5: true} {
		if (rows[row].Problem != "") != broken {
			t.Errorf("card %d: problem %q", row, rows[row].Problem)
		}
	}
	if rows[1].Line != 10 || rows[3].Line != 31 {
		t.Errorf("cards begin at lines %d and %d", rows[1].Line, rows[3].Line)
	}
}
