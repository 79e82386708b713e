package crm

import (
	"slices"
	"testing"
)

func TestEveryColumnNameMeansOneField(t *testing.T) {
	seen := map[string]string{}
	for field, names := range columnNames {
		if !slices.Contains(ImportFields, field) {
			t.Errorf("%s is no field of an import", field)
		}
		for _, name := range names {
			if columnKey(name) != name {
				t.Errorf("%q can never match: its key is %q", name, columnKey(name))
			}
			if other, taken := seen[name]; taken {
				t.Errorf("%q means %s and %s", name, other, field)
			}
			seen[name] = field
		}
	}
	for _, field := range ImportFields {
		if len(columnNames[field]) == 0 {
			t.Errorf("no column name leads to %s", field)
		}
	}
}

func TestThePreferredColumnComesFirst(t *testing.T) {
	r := rowReader{fields: columnsByField(matchColumns([]string{"Home Phone", "E-mail 2 Address", "Mobile Phone", "E-mail Address", "City", "Street"}))}
	v := r.values([]string{"1", "b@example.com", "2", "a@example.com", "Pune", "1 Road"})
	if v["phone"] != "2" || v["email"] != "a@example.com" || v["address"] != "Pune, 1 Road" {
		t.Errorf("%v", v)
	}
	v = r.values([]string{"1", "b@example.com", " ", ""})
	if v["phone"] != "1" || v["email"] != "b@example.com" || v["address"] != "" {
		t.Errorf("%v", v)
	}
}

func TestWholeNamesAreSplitAtTheLastSpace(t *testing.T) {
	for _, c := range []struct {
		name, first, middle, last string
		wantFirst, wantLast       string
	}{
		{"Meera", "", "", "", "Meera", ""},
		{"Meera  de Souza", "", "", "", "Meera de", "Souza"},
		{"Ignored Name", "Meera", "K", "", "Meera K", ""},
		{"", "", "K", "Rao", "K", "Rao"},
	} {
		v := map[string]string{}
		for field, s := range map[string]string{fieldName: c.name, "firstName": c.first, fieldMiddleName: c.middle, "lastName": c.last} {
			if s != "" {
				v[field] = s
			}
		}
		foldName(v)
		if v["firstName"] != c.wantFirst || v["lastName"] != c.wantLast {
			t.Errorf("%+v became %v", c, v)
		}
	}
}

func TestTagsAreSplitAtWhatTheFileUses(t *testing.T) {
	for cell, want := range map[string][]string{
		"a, b":                       {"a", "b"},
		"a, b; c":                    {"a, b", "c"},
		"a, b;":                      {"a, b"},
		"* myContacts ::: Friends":   {"Friends"},
		"* starred ::: * myContacts": {"starred"},
		" ; ,":                       {","},
	} {
		if got := splitTags(cell); !slices.Equal(got, want) {
			t.Errorf("%q became %q, want %q", cell, got, want)
		}
	}
}

func TestNeutralizedCellsAreRevealedExactly(t *testing.T) {
	for cell, want := range map[string]string{
		"": "", "plain": "plain", "'": "'", "'plain": "'plain", "=1+1": "'=1+1", "-5": "'-5", "@x": "'@x", "\tx": "'\tx", "\rx": "'\rx", "＝x": "'＝x",
		"'=1": "''=1", "''=1": "'''=1", "+919876543210": "+919876543210", "+91 98": "'+91 98", "+1-HYPERLINK": "'+1-HYPERLINK",
	} {
		got := neutralize(cell)
		if got != want || reveal(got) != cell {
			t.Errorf("%q became %q, and back %q", cell, got, reveal(got))
		}
	}
}

func TestEncodingIsToldFromTheBytes(t *testing.T) {
	for text, want := range map[string]string{
		"plain": encUTF8, "café": encUTF8, "caf\xE9": encWindows1252, "caf\xE9 \xE9": encWindows1252, "ज़ारा \xE9": encUTF8, "a\xE2\x82": encWindows1252, "é\xE2\x82": encUTF8,
	} {
		for size := 1; size <= len(text); size++ { // whatever the pieces it comes in
			var c utf8Counter
			for rest := text; rest != ""; rest = rest[min(size, len(rest)):] {
				c.count([]byte(rest[:min(size, len(rest))]))
			}
			if got := c.encoding(); got != want {
				t.Errorf("%q in pieces of %d is %s, want %s", text, size, got, want)
			}
		}
	}
}
