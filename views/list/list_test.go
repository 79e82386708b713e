package list

import (
	"testing"

	"payaid/internal/crm"
	"payaid/views/ui"
)

var people = Entity{Key: "contacts", Path: "/contacts", Title: "Contacts", One: "contact", Many: "contacts", Fields: crm.ContactFields, Default: "name", Falling: []string{"updatedAt"}}

func TestListURL(t *testing.T) {
	for want, f := range map[string]Address{
		"/contacts":                       {},
		"/contacts?q=a+%26+b&sort=-email": {Text: "a & b", Sort: "-email"},
		"/contacts?cursor=x&filter=stage:customer+tag:%22vip%22&view=v": {Filter: `stage:customer tag:"vip"`, Cursor: "x", View: "v"},
	} {
		if got := people.URL(f); got != want {
			t.Errorf("URL(%+v) = %s, want %s", f, got, want)
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
		p := Props{Entity: people, At: Address{Sort: tt.sort, Cursor: "of another order"}}
		if got := p.SortBy("x", tt.field); got.Href != tt.href || got.Dir != tt.dir {
			t.Errorf("sorted by %q, the head of %s leads to %s and is %s; want %s and %s", tt.sort, tt.field, got.Href, got.Dir, tt.href, tt.dir)
		}
	}
}

func TestSummary(t *testing.T) {
	for want, page := range map[string]crm.ContactPage{
		"0 contacts": {}, "1 contact": {Total: 1}, "248 contacts": {Total: 248}, "1,005 contacts": {Total: 1005},
		"10,000 contacts": {Total: 10_000}, "10,000+ contacts": {Total: 10_000, Capped: true},
	} {
		if got := people.Summary(page.Total, page.Capped); got != want {
			t.Errorf("summary of %d is %q, want %q", page.Total, got, want)
		}
	}
}

func TestChips(t *testing.T) {
	p := Props{Entity: people, At: Address{View: "v", Text: "a", Sort: "-name", Cursor: "x", Filter: `status:lost stage:customer,contact -tag:"none",none (leadScore:50..80 or nextFollowUp:..yesterday) createdAt:last-30-days email:any owner:me`}}
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
