package contacts

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"github.com/google/uuid"

	"payaid/internal/audit"
	"payaid/internal/crm"
	"payaid/views/list"
	"payaid/views/record"
	"payaid/views/ui"
)

var update = flag.Bool("update", false, "write the golden files")

var (
	someID = uuid.MustParse("01234567-89ab-7def-8123-456789abcdef")
	noon   = time.Date(2026, 11, 22, 6, 30, 0, 0, time.UTC)
)

func contact() crm.Contact {
	return crm.Contact{
		ID: someID, FirstName: "Aarav", LastName: "<Sharma>", Name: "Aarav <Sharma>", Email: "aarav@example.in", Phone: "+919876543210",
		Company: "Saffron Foods & Co", Stage: "customer", Status: "active", Warmth: "hot", Owner: "Asha Shah", Version: 3,
		Tags: []string{"vip"}, CreatedAt: noon.AddDate(0, -1, 0), UpdatedAt: noon,
	}
}

// TestGolden compares parts with testdata; go test -update writes it anew, and then
// is the time to read the difference.
func TestGolden(t *testing.T) {
	current := contact()
	current.Notes, current.Phone = "theirs", ""
	since := []audit.Entry{{At: noon, Actor: "Ravi <b>", Changes: []audit.Change{{Field: "notes", After: "theirs"}}}}
	for name, part := range map[string]templ.Component{
		"row":       Row(contact(), list.Address{Sort: "-name", View: "all"}, list.Shown(columnsOf(nil), crm.ListSettings{Columns: []string{"company", "phone", "stage", "leadScore", "tags", "nextFollowUp", "updatedAt"}})),
		"first-use": Results(ListProps{Props: list.Props{Entity: Listed}, MayCreate: true}),
		"no-match":  Results(ListProps{Props: list.Props{Entity: Listed, At: list.Address{Text: "zz"}}, MayCreate: true}),
		"no-access": Results(ListProps{Props: list.Props{Entity: Listed}, NoAccess: true}),
		"form-errors": Form(record.FormProps{
			Entity: Recorded, Values: record.Values{"firstName": `"Imran"`, "email": "nonsense", "gstin": "bad", "stage": "customer"}, Dialog: true, CSRF: "token",
			Owners: []ui.Option{{Value: "1", Label: "Asha Shah"}}, Companies: []string{"Saffron Foods & Co"},
			Errors: []ui.FieldError{{Field: "email", Message: "Not an e-mail."}, {Field: "gstin", Message: "Not a GSTIN."}},
		}),
		"form-conflict": Form(record.FormProps{Entity: Recorded, ID: someID, Version: 4, Values: ValuesOf(contact()), Clashes: Recorded.Clashes([]string{"phone", "notes"}, ValuesOf(contact()), ValuesOf(current), since, nil), CSRF: "token"}),
	} {
		t.Run(name, func(t *testing.T) {
			var got strings.Builder
			if err := part.Render(t.Context(), &got); err != nil {
				t.Fatal(err)
			}
			// One element a line: differences can be read.
			html := strings.ReplaceAll(got.String(), "><", ">\n<") + "\n"
			path := filepath.Join("testdata", name+".html")
			if *update {
				if err := os.WriteFile(path, []byte(html), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if html != string(want) {
				t.Errorf("%s differs from what was agreed; if that is right, run the test with -update:\n%s", path, html)
			}
		})
	}
}

func TestQuickDay(t *testing.T) {
	last := time.Date(2027, 1, 31, 23, 0, 0, 0, time.UTC)
	for choice, want := range map[string]string{Tomorrow: "2027-02-01", NextWeek: "2027-02-07", NextMonth: "2027-02-28", Today: "2027-01-31", Yesterday: "2027-01-30", NoDay: ""} {
		if got, ok := QuickDay(choice, last); !ok || got != want {
			t.Errorf("%s: %q, %v", choice, got, ok)
		}
	}
	if _, ok := QuickDay("someday", last); ok {
		t.Error("someday is no day")
	}
}

// Every field has a value, and there is none without a field.
func TestEveryFieldHasItsValue(t *testing.T) {
	v := ValuesOf(contact())
	for _, f := range fields {
		if _, ok := v[f.Name]; !ok {
			t.Errorf("%s has no value", f.Name)
		}
	}
	if len(v) != len(fields) {
		t.Errorf("%d values for %d fields", len(v), len(fields))
	}
}

func TestColumnsAreThoseThatCanBeChosen(t *testing.T) {
	if len(columnsOf(nil)) != len(crm.ContactColumns) {
		t.Fatalf("%d columns for %d keys", len(columnsOf(nil)), len(crm.ContactColumns))
	}
	for i, c := range columnsOf(nil) {
		if c.Key != crm.ContactColumns[i] {
			t.Errorf("column %d is %s, want %s", i, c.Key, crm.ContactColumns[i])
		}
	}
}
