package settings

import (
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"

	"payaid/internal/tenant"
	"payaid/views/ui"
)

// The page shows the matrix as it was agreed, word by word.
func TestTheMatrixAsPeopleReadIt(t *testing.T) {
	var got strings.Builder
	if err := Rights().Render(t.Context(), &got); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/rights.html")
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != strings.TrimSuffix(string(want), "\n") {
		t.Errorf("the matrix reads now:\n%s", got.String())
	}
}

var update = flag.Bool("update", false, "write the golden files anew")

// TestGolden compares forms in their rare states with testdata. After a wanted
// change: go test ./views/settings -update, and look at them.
func TestGolden(t *testing.T) {
	in := tenant.BusinessInput{Name: "Udyog", TimeZone: "Asia/Tokyo", FiscalMonth: 4, StateCode: "27"}
	now := tenant.Business{Name: "Udyog Traders", City: "Pune", TimeZone: "Asia/Tokyo", FiscalMonth: 1, StateCode: "29", UpdatedAt: time.Date(2026, 11, 22, 6, 30, 0, 0, time.UTC)}
	refused := EndingForm{Name: "Udyog", Typed: "udyo", Closing: true, CSRF: "the-token", Errors: []ui.FieldError{{Field: "name", Message: "This is not the name."}, {Message: "Try again."}},
		Successors: []ui.Option{{Label: "Choose a person"}, {Value: "1", Label: "Divya"}}}
	for name, c := range map[string]templ.Component{
		"business-conflict": businessForm(BusinessForm{Values: in, Version: 7, Current: &now, CSRF: "the-token"}),
		"closing-refused":   ending(refused, true),
		"photo":             pictureForm(pictureProps{Name: "photo", Label: "New photo", Action: "/p", Has: true, CSRF: "the-token", Errors: []ui.FieldError{{Field: "photo", Message: "Choose a file."}}}),
	} {
		var got strings.Builder
		if err := c.Render(t.Context(), &got); err != nil {
			t.Fatal(err)
		}
		path := "testdata/" + name + ".html"
		if *update {
			if err := os.WriteFile(path, []byte(got.String()+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got.String()+"\n" != string(want) {
			t.Errorf("%s is now:\n%s", name, got.String())
		}
	}
}

func TestNamesOfFieldsInWords(t *testing.T) {
	for name, want := range map[string]string{"name": "Name", "lastName": "Last name", "nextFollowUp": "Next follow up", "": ""} {
		if got := fieldName(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
