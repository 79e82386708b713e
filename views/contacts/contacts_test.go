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

	"payaid/internal/crm"
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
	for name, part := range map[string]templ.Component{
		"row":       Row(contact()),
		"first-use": Results(ListProps{MayCreate: true}),
		"no-match":  Results(ListProps{Filter: List{ContactFilter: crm.ContactFilter{Query: "zz"}}, MayCreate: true}),
		"no-access": Results(ListProps{NoAccess: true}),
		"form-errors": Form(FormProps{
			Values: Values{FirstName: `"Imran"`, Email: "nonsense", GSTIN: "bad", Stage: "customer"}, Dialog: true, CSRF: "token",
			Owners: []ui.Option{{Value: "1", Label: "Asha Shah"}}, Companies: []string{"Saffron Foods & Co"},
			Errors: []ui.FieldError{{Field: "email", Message: "Not an e-mail."}, {Field: "gstin", Message: "Not a GSTIN."}},
		}),
		"form-conflict": Form(FormProps{ID: someID, Version: 4, Values: ValuesOf(contact()), Current: &current, CSRF: "token"}),
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

func TestListURL(t *testing.T) {
	for want, f := range map[string]crm.ContactFilter{
		"/contacts":                                     {},
		"/contacts?q=a+%26+b&sort=-email":               {Query: "a & b", Sort: "-email"},
		"/contacts?cursor=x&stage=customer&status=lost": {Stage: "customer", Status: "lost", Cursor: "x"},
	} {
		if got := ListURL(List{ContactFilter: f}); got != want {
			t.Errorf("ListURL(%+v) = %s, want %s", f, got, want)
		}
	}
}

func TestSortHeader(t *testing.T) {
	for _, tt := range []struct {
		sort, field, href string
		dir               ui.SortDir
	}{
		{"", "name", "/contacts?sort=-name", ui.Ascending},
		{"-name", "name", "/contacts", ui.Descending},
		{"email", "name", "/contacts", ui.Unsorted},
		{"email", "email", "/contacts?sort=-email", ui.Ascending},
		{"", "updatedAt", "/contacts?sort=-updatedAt", ui.Unsorted},
		{"-updatedAt", "updatedAt", "/contacts?sort=updatedAt", ui.Descending},
	} {
		p := ListProps{Filter: List{ContactFilter: crm.ContactFilter{Sort: tt.sort, Cursor: "of another order"}}}
		if got := p.sortHeader("x", tt.field); got.Href != tt.href || got.Dir != tt.dir {
			t.Errorf("sorted by %q, the head of %s leads to %s and is %s; want %s and %s", tt.sort, tt.field, got.Href, got.Dir, tt.href, tt.dir)
		}
	}
}

func TestSummary(t *testing.T) {
	for want, page := range map[string]crm.ContactPage{
		"0 contacts": {}, "1 contact": {Total: 1}, "248 contacts": {Total: 248}, "1,005 contacts": {Total: 1005},
		"10,000 contacts": {Total: 10_000}, "10,000+ contacts": {Total: 10_000, Capped: true},
	} {
		if got := (ListProps{Page: page}).summary(); got != want {
			t.Errorf("summary of %d is %q, want %q", page.Total, got, want)
		}
	}
}

func TestFormatPhone(t *testing.T) {
	for e164, want := range map[string]string{"+919876543210": "+91 98765 43210", "+9122123": "+9122123", "+14155550100": "+14155550100", "": ""} {
		if got := FormatPhone(e164); got != want {
			t.Errorf("FormatPhone(%q) = %q, want %q", e164, got, want)
		}
	}
}

func TestChips(t *testing.T) {
	p := ListProps{Filter: List{View: "v", ContactFilter: crm.ContactFilter{Query: "a", Sort: "-name", Cursor: "x", Status: "lost", Filter: `stage:customer,contact -tag:"none",none (leadScore:50..80 or nextFollowUp:..yesterday) createdAt:last-30-days email:any owner:me`}}}
	want := []string{"Status: Lost", "Stage: Customer, Contact", "Not Tag: none, not known", "Lead score: 50 to 80 or Next follow-up: up to yesterday", "Created: last 30 days", "E-mail: known", "Owner: me"}
	chips := p.chips()
	if len(chips) != len(want) {
		t.Fatalf("%d chips: %+v", len(chips), chips)
	}
	for i, chip := range chips {
		if chip.Label != want[i] {
			t.Errorf("chip %d reads %q, want %q", i, chip.Label, want[i])
		}
	}
	const without = "/contacts?filter=status:lost+-tag:%22none%22,none+(leadScore:50..80+or+nextFollowUp:..yesterday)+createdAt:last-30-days+email:any+owner:me&q=a&sort=-name&view=v"
	if chips[1].Href != without {
		t.Errorf("without the stage: %s", chips[1].Href)
	}
}
