package ui_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"

	"payaid/views/ui"
)

var update = flag.Bool("update", false, "write the golden files anew")

func render(t *testing.T, c templ.Component, children ...templ.Component) string {
	t.Helper()
	ctx := context.Background()
	if len(children) > 0 {
		ctx = templ.WithChildren(ctx, templ.Join(children...))
	}
	var b strings.Builder
	if err := c.Render(ctx, &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestGolden compares each component with testdata/<name>.golden. After a wanted change: go test ./views/ui -update, and
// read the difference before committing it.
func TestGolden(t *testing.T) {
	at := time.Date(2026, 11, 21, 20, 4, 0, 0, time.UTC) // already the 22nd in India
	text := templ.Raw("<p>The children.</p>")
	tests := []struct {
		name  string
		parts []templ.Component
	}{
		{"icon", []templ.Component{ui.Icon(ui.IconPlus)}},
		{"button", []templ.Component{
			ui.Button(ui.ButtonProps{Label: "Save <contact>", Keys: "Ctrl ↵"}),
			ui.Button(ui.ButtonProps{Label: "Delete", Icon: ui.IconTrash2, Variant: ui.Destructive, Size: ui.Small, Class: "hide-mobile", Attrs: templ.Attributes{"name": "action", "value": "delete"}}),
			ui.Button(ui.ButtonProps{Label: "More", Icon: ui.IconEllipsis, Variant: ui.Ghost, Size: ui.IconSize, Type: "button"}),
		}},
		{"link_button", []templ.Component{
			ui.LinkButton("/contacts/new", ui.ButtonProps{Label: "New contact", Icon: ui.IconPlus, Keys: "C"}),
			ui.LinkButton("", ui.ButtonProps{Label: "Next", Icon: ui.IconChevronRight, IconEnd: true}),
			ui.LinkButton("javascript:alert(1)", ui.ButtonProps{Label: "Unsafe"}),
		}},
		{"field", []templ.Component{
			ui.Field(ui.FieldProps{Name: "name", Label: "Full name", Value: `"Asha"`, Required: true, Autofocus: true}),
			ui.Field(ui.FieldProps{ID: "work-email", Name: "email", Label: "E-mail", Type: "email", Hint: "At work.", Error: "This does not look like an e-mail address.", Autocomplete: "email"}),
			ui.Field(ui.FieldProps{Name: "company", Label: "Company", Suggestions: []string{"Nilgiri Textiles"}}),
			ui.Field(ui.FieldProps{Name: "password", Label: "Password", Type: "password", Value: "never shown"}),
		}},
		{"select", []templ.Component{ui.Select(ui.FieldProps{Name: "stage", Label: "Stage", Value: "won"}, []ui.Option{{Value: "new", Label: "New"}, {Value: "won", Label: "Won"}})}},
		{"textarea", []templ.Component{ui.Textarea(ui.FieldProps{Name: "note", Label: "Note", Value: "</textarea>", Rows: 5})}},
		{"checkbox", []templ.Component{ui.Checkbox(ui.FieldProps{Name: "consent", Label: "May be written to", Checked: true, Error: "Ask first."})}},
		{"form_errors", []templ.Component{
			ui.FormErrors(nil),
			ui.FormErrors([]ui.FieldError{{Field: "email", Message: "Enter an e-mail."}}),
			ui.FormErrors([]ui.FieldError{{Field: "email", Message: "Enter an e-mail."}, {Message: "One of the two is needed."}}),
		}},
		{"form_sheet_dialog", []templ.Component{ui.FormSheet(ui.FormSheetProps{Title: "New contact", Text: "Name is required.", Action: "/contacts", Cancel: "/contacts", Submit: "Save contact", CSRF: "token", Dialog: true})}},
		{"form_sheet_page", []templ.Component{ui.FormSheet(ui.FormSheetProps{Title: "Import", Action: "/imports", Cancel: "/contacts", Submit: "Upload", CSRF: "token", Upload: true, Errors: []ui.FieldError{{Field: "file", Message: "Choose a file."}}})}},
		{"sheet", []templ.Component{ui.Sheet("Details", "")}},
		{"badge_pill_avatar", []templ.Component{ui.Badge("248"), ui.StatusPill("Lead", ui.ToneWarn), ui.StatusPill("New", ui.ToneNeutral), ui.Avatar("Asha Shah")}},
		{"date", []templ.Component{ui.Date(at), ui.DateTime(at), ui.Date(time.Time{}), ui.DateTime(time.Time{})}},
		{"money", []templ.Component{ui.Money(123456700), ui.MoneyShort(123456700)}},
		{"alert", []templ.Component{ui.Alert(ui.ToneDanger, "That went wrong"), ui.Alert(ui.ToneOK, "Done")}},
		{"progress", []templ.Component{ui.Progress("p", "Import of contacts.csv", 40, 160), ui.Progress("q", "Waiting", 0, 0)}},
		{"empty_state", []templ.Component{
			ui.EmptyState(ui.EmptyFirstUse, ui.IconUsers, "No contacts yet", "Add the first."),
			ui.EmptyState(ui.EmptyNoMatch, "", "No contacts match", "Try another word."),
			ui.EmptyState(ui.EmptyNoAccess, "", "You cannot see deals", "Ask an owner."),
		}},
		{"sort_header", []templ.Component{
			ui.SortHeader(ui.SortHeaderProps{Label: "Name", Href: "/contacts?sort=-name", Dir: ui.Ascending, Target: "#list", Cell: "title"}),
			ui.SortHeader(ui.SortHeaderProps{Label: "Value", Href: "/contacts?sort=value", Dir: ui.Unsorted, Numeric: true}),
		}},
		{"pager", []templ.Component{ui.Pager(ui.PagerProps{Summary: "1–25 of 248", Next: "/contacts?cursor=x&q=a", Target: "#list"})}},
		{"toast", []templ.Component{
			ui.Toast(ui.ToastProps{Kind: ui.ToastSuccess, Title: "Asha was deleted", Undo: "/contacts/1/restore", CSRF: "token"}),
			ui.ToastPartial(ui.ToastProps{Kind: ui.ToastError, Title: "Something went wrong", Text: "Try again."}),
		}},
		{"partial", []templ.Component{ui.Partial("#list", "outerMorph")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got strings.Builder
			for _, part := range tt.parts {
				got.WriteString(strings.ReplaceAll(render(t, part, text), "><", ">\n<") + "\n\n")
			}
			compare(t, filepath.Join("testdata", tt.name+".golden"), got.String())
		})
	}
}

func compare(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (write it with -update)", err)
	}
	if got != string(want) {
		t.Errorf("differs from %s (after a wanted change run with -update)\n--- got\n%s\n--- want\n%s", path, got, want)
	}
}

func TestInitials(t *testing.T) {
	tests := map[string]string{"Asha Shah": "AS", "asha": "A", "Asha Ben Shah": "AS", "": "?", "  ": "?", "आशा शाह": "आश", "élan vital": "ÉV"}
	for name, want := range tests {
		if got := ui.Initials(name); got != want {
			t.Errorf("Initials(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestFormatDate(t *testing.T) {
	tests := []struct {
		at             time.Time
		date, dateTime string
	}{
		{time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), "22 Nov 2026", "22 Nov 2026, 5:30 am"},
		{time.Date(2026, 11, 22, 18, 29, 59, 0, time.UTC), "22 Nov 2026", "22 Nov 2026, 11:59 pm"},
		{time.Date(2026, 11, 22, 18, 30, 0, 0, time.UTC), "23 Nov 2026", "23 Nov 2026, 12:00 am"},
		{time.Time{}, "", ""},
	}
	for _, tt := range tests {
		if d, dt := ui.FormatDate(tt.at), ui.FormatDateTime(tt.at); d != tt.date || dt != tt.dateTime {
			t.Errorf("%v: %q, %q, want %q, %q", tt.at, d, dt, tt.date, tt.dateTime)
		}
	}
}

func TestFormatPhone(t *testing.T) {
	for e164, want := range map[string]string{"+919876543210": "+91 98765 43210", "+9122123": "+9122123", "+14155550100": "+14155550100", "": ""} {
		if got := ui.FormatPhone(e164); got != want {
			t.Errorf("FormatPhone(%q) = %q, want %q", e164, got, want)
		}
	}
}
