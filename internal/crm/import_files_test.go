package crm_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"
)

func TestAGoogleExportComesIn(t *testing.T) {
	k := newDesk(t)
	i := k.bring(t, k.asha, sample(t, "google.csv"))
	k.wantCounts(t, i, 3, 0, 0, 2)
	c := k.byEmail(t, "priya.sharma@example.com")
	if c.Name != "Priya Sharma" || c.Phone != "+919876543210" || c.Company != "Sharma Textiles" || c.JobTitle != "Owner" ||
		c.Notes != "Met at the fair.\nWants samples, red and blue." || fmt.Sprint(c.Tags) != "[suppliers]" ||
		c.Address != "14, MG Road\nPune\nMaharashtra 411001\nIN" || c.OwnerID == nil || *c.OwnerID != k.asha.UserID {
		t.Errorf("Priya came in as %+v", c)
	}
	if c := k.byEmail(t, "arjun@example.org"); c.Name != "Arjun K. Menon" || c.Phone != "+919845012345" {
		t.Errorf("Arjun came in as %+v", c)
	}
	if n := query[int64](t, k.office, "SELECT count(*) FROM companies"); n[0] != 1 {
		t.Errorf("%d companies, want one whatever the case of its name", n[0])
	}
	bad := k.errors(t, i)
	if len(bad) != 2 || bad[0].Line != 9 || bad[0].Details[0].Field != "email" || bad[0].Cells[0] != "Rahul" || bad[1].Line != 10 || bad[1].Details[0].Field != "firstName" {
		t.Errorf("refused rows: %+v", bad)
	}
}

func TestOtherExportsComeIn(t *testing.T) {
	k := newDesk(t)
	for _, c := range []struct {
		file, email                                        string
		created                                            int64
		encoding, delimiter                                string
		name, phone, company, title, address, stage, gstin string
		tags                                               []string
	}{
		{file: "google_old.csv", email: "kavita@example.com", created: 1, encoding: "utf-8", delimiter: ",", name: "Kavita Iyer", phone: "+919822000001",
			company: "Iyer & Sons", title: "Partner", stage: "prospect", tags: []string{"dealers"}},
		{file: "outlook.csv", email: "thomas@example.com", created: 2, encoding: "utf-8", delimiter: ",", name: "Thomas D'Souza", phone: "+919820012345",
			company: "Coastal Foods", title: "Purchase Manager", address: "5 Marine Drive, Mumbai, Maharashtra, 400002, India", stage: "prospect", tags: []string{"customer", "food"}},
		{file: "hubspot.csv", email: "imran@example.com", created: 2, encoding: "utf-8", delimiter: ",", name: "Imran Sheikh", stage: "customer"},
		{file: "semicolon_1252.csv", email: "juergen@example.de", created: 2, encoding: "windows-1252", delimiter: ";", name: "Jürgen Groß", phone: "+4930901820",
			company: "Müller & Söhne", stage: "prospect"},
	} {
		t.Run(c.file, func(t *testing.T) {
			i := k.bring(t, k.admin, sample(t, c.file))
			k.wantCounts(t, i, c.created, 0, 0, 0)
			if i.Mapping.Encoding != c.encoding || i.Mapping.Delimiter != c.delimiter {
				t.Errorf("read as %s with %q", i.Mapping.Encoding, i.Mapping.Delimiter)
			}
			got := k.byEmail(t, c.email)
			if got.Name != c.name || got.Phone != c.phone || got.Company != c.company || got.JobTitle != c.title || got.Address != c.address ||
				got.Stage != c.stage || got.GSTIN != c.gstin || fmt.Sprint(got.Tags) != fmt.Sprint(c.tags) {
				t.Errorf("came in as %+v", got)
			}
		})
	}
	if c := k.byEmail(t, "renee@example.fr"); c.GSTIN != "27AAPFU0939F1ZV" || c.Notes != "café; Paris" || c.FirstName != "Renée" || c.LastName != "" {
		t.Errorf("Renée came in as %+v", c)
	}
}

func TestEncodingsAndShapes(t *testing.T) {
	k := newDesk(t)
	utf16File := func(order binary.AppendByteOrder) string {
		var b []byte
		for _, u := range utf16.Encode([]rune("\uFEFFName\tEmail\r\nज़ारा ख़ान\tzara@example.in\r\n")) {
			b = order.AppendUint16(b, u)
		}
		return string(b)
	}
	for _, c := range []struct{ name, file, notes string }{
		{"UTF-16 little endian", utf16File(binary.LittleEndian), ""},
		{"UTF-16 big endian", utf16File(binary.BigEndian), ""},
		{"UTF-8 with a byte order mark", "\xEF\xBB\xBFName,Email\nज़ारा ख़ान,zara@example.in\n", ""},
		{"tabs", "NAME\tE-MAIL\tnotes\nज़ारा ख़ान\tzara@example.in\t\n", ""},
		{"tabs and an empty cell first", "Phone\tName\tEmail\n\tज़ारा ख़ान\tzara@example.in\n", ""},
		{"pipes, no last line end", "name|email\nज़ारा ख़ान|zara@example.in", ""},
		{"empty lines, a missing cell, spaces", "Name,Email,Notes,Tags\n\n\"ज़ारा ख़ान\", \"zara@example.in\",n\n,,,\n\n", "n"},
		{"too many cells that are empty", "Full Name,Email ID\nज़ारा ख़ान,zara@example.in,,,\n", ""},
		{"quoted line breaks", "Name,Email,Notes\r\nज़ारा ख़ान,zara@example.in,\"a\r\nb\"\r\n", "a\nb"},
		{"an apostrophe against formulas", "Name,Email,Notes\nज़ारा ख़ान,zara@example.in,'=1+1\n", "=1+1"},
		{"an apostrophe of one's own", "Name,Email,Notes\nज़ारा ख़ान,zara@example.in,'n'\n", "'n'"},
	} {
		t.Run(c.name, func(t *testing.T) {
			k.d.OwnerExec(t, "DELETE FROM contacts")
			k.wantCounts(t, k.bring(t, k.asha, csvInput(c.file)), 1, 0, 0, 0)
			if got := k.byEmail(t, "zara@example.in"); got.FirstName != "ज़ारा" || got.LastName != "ख़ान" || got.Notes != c.notes {
				t.Errorf("came in as %+v", got)
			}
		})
	}
}

func TestBadRowsAreListedAndGoodOnesComeIn(t *testing.T) {
	k := newDesk(t)
	i := k.bring(t, k.asha, csvInput(strings.Join([]string{
		`Name,Email,Phone,Lead score,Notes,Colour`,   // 1
		`Good One,one@example.com,9876543210,5,"two`, // 2
		`lines",red`,                                             // 3
		`Bad,not-an-email,12,900,,`,                              // 4: three fields
		`,,,,only notes,`,                                        // 5
		`Rounded,r@example.com,9.87654E+11,,,`,                   // 6
		`Wide,w@example.com,,,,red,blue`,                         // 7
		`Quote "inside",q@example.com,,,,`,                       // 8
		`Zero,z` + "\x00" + `@example.com,,x,,`,                  // 9
		`Short,short@example.com`,                                // 10
		`Big,big@example.com,,,` + strings.Repeat("x", 60_000),   // 11
		`Broken,b@example.com,,,caf` + "\xE9 \u0939\u093F" + `,`, // 12: broken in a UTF-8 file
	}, "\n")))
	k.wantCounts(t, i, 2, 0, 0, 8)
	want := map[int64]string{
		4: "email phone leadScore", 5: "firstName", 6: "phone", 7: "", 8: "", 9: "email leadScore", 11: "notes", 12: "notes",
	}
	for _, e := range k.errors(t, i) {
		var fields []string
		for _, d := range e.Details {
			fields = append(fields, d.Field)
			if d.Message == "" {
				t.Errorf("line %d: no reason for %q", e.Line, d.Field)
			}
		}
		got := map[string]bool{}
		for _, f := range fields {
			got[f] = true
		}
		for _, f := range strings.Split(want[e.Line], " ") {
			if !got[f] || len(got) != len(strings.Split(want[e.Line], " ")) {
				t.Errorf("line %d refuses %v, want %q", e.Line, fields, want[e.Line])
			}
		}
	}
	var ignored []string
	for _, c := range i.Mapping.Columns {
		if c.Field == "" {
			ignored = append(ignored, c.Column)
		}
	}
	if fmt.Sprint(ignored) != "[Colour]" {
		t.Errorf("ignored columns: %v", ignored)
	}
}

func TestABrokenRowIsRefusedAndTheRestComesIn(t *testing.T) {
	k := newDesk(t)
	long := strings.Repeat(",\n", 600_000)
	for name, c := range map[string]struct {
		file    string
		created int64
	}{
		"text after a quoted cell":   {"Name,Email\nOne,1@example.com\n\"Two\"x,2@example.com\nThree,3@example.com\n", 2},
		"never closed, short":        {"Name,Email\nOne,1@example.com\nTwo,\"2@example.com\nThree,3@example.com\n", 2},
		"never closed, beyond a row": {"Name,Email\nOne,1@example.com\n\"Two,2@example.com\n" + long + "Three,3@example.com\n", 2},
		"half a row":                 {"Name,Email\nOne,1@example.com\n\"Tw", 1},
	} {
		t.Run(name, func(t *testing.T) {
			k.d.OwnerExec(t, "DELETE FROM contacts")
			i := k.bring(t, k.asha, csvInput(c.file))
			k.wantCounts(t, i, c.created, 0, 0, 1)
			if bad := k.errors(t, i); len(bad) != 1 || bad[0].Line != 3 || !strings.Contains(bad[0].Details[0].Message, "cannot be read") {
				t.Errorf("refused: %+v", bad)
			}
			k.byEmail(t, "1@example.com")
		})
	}
}

func TestAHeaderAloneBringsNobody(t *testing.T) {
	k := newDesk(t)
	k.wantCounts(t, k.bring(t, k.asha, csvInput("Name,Email")), 0, 0, 0, 0)
}

func TestAChosenMappingIsUsed(t *testing.T) {
	k := newDesk(t)
	in := csvInput("Who,Contact at,Email\nMeera Rao,meera@example.com,wrong\n")
	in.Mapping = map[string]string{"Who": "name", "Contact at": "email", "Email": ""}
	k.wantCounts(t, k.bring(t, k.asha, in), 1, 0, 0, 0)
	if c := k.byEmail(t, "meera@example.com"); c.LastName != "Rao" {
		t.Errorf("came in as %+v", c)
	}
}
