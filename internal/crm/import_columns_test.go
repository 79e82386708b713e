package crm

import (
	"slices"
	"testing"

	"payaid/internal/auth"
)

func TestEveryColumnNameMeansOneField(t *testing.T) {
	for _, entity := range []string{EntityContacts, EntityCompanies} {
		seen := map[string]string{}
		for _, f := range ImportFields(entity) {
			field := f.Name
			if len(f.columns) == 0 || f.Label == "" {
				t.Errorf("no column name leads to %s of %s, or it has no label", field, entity)
			}
			for _, name := range f.columns {
				if columnKey(name) != name {
					t.Errorf("%q can never match: its key is %q", name, columnKey(name))
				}
				if other, taken := seen[name]; taken {
					t.Errorf("%q means %s and %s of %s", name, other, field, entity)
				}
				seen[name] = field
			}
		}
	}
}

func TestThePreferredColumnComesFirst(t *testing.T) {
	r := newRowReader(auth.Principal{}, contactImports{}, matchColumns(ImportFields(EntityContacts), []string{"Home Phone", "E-mail 2 Address", "Mobile Phone", "E-mail Address", "City", "Street"}))
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
