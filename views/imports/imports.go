// Package imports holds the pages of imports: the list, the form and the progress of one import.
package imports

import (
	"strconv"
	"strings"

	"github.com/google/uuid"

	"payaid/internal/apperr"
	"payaid/internal/crm"
	"payaid/views/ui"
)

// FormProps are what the form shows.
type FormProps struct {
	Entity   string   // what the file is to bring in
	Entities []string // what the viewer may bring in
	Errors   []ui.FieldError
	CSRF     string
}

func (p FormProps) err(field string) string { return errorOf(p.Errors, field) }

func errorOf(errors []ui.FieldError, field string) string {
	for _, e := range errors {
		if e.Field == field {
			return e.Message
		}
	}
	return ""
}

// words are what the pages say of one kind of record.
type words struct {
	from       string // where its files come from
	duplicates string // when a row is about a record that is there
}

var wordsOf = map[string]words{
	crm.EntityContacts:  {"From Google, Outlook, HubSpot, a phone or a spreadsheet.", "When a contact with the same e-mail is there already"},
	crm.EntityCompanies: {"From HubSpot, Zoho, Tally or a spreadsheet.", "When a company with the same GSTIN or name is there already, or, without a GSTIN, the same e-mail or phone"},
}

// FormURL is the address of the form that starts an import of these records.
func FormURL(entity string) string {
	if entity == crm.EntityContacts {
		return "/imports/new"
	}
	return "/imports/new?entity=" + entity
}

func sampleURL(entity string) string {
	if entity == crm.EntityContacts {
		return "/imports/sample.csv"
	}
	return "/imports/sample.csv?entity=" + entity
}

var duplicateOptions = []ui.Option{
	{Value: crm.DuplicatesSkip, Label: "Leave it as it is and skip the row"},
	{Value: crm.DuplicatesUpdate, Label: "Update it with the cells that are not empty"},
	{Value: crm.DuplicatesCreate, Label: "Report the row as an error"},
}

// Props are what the page of one import shows.
type Props struct {
	Import crm.Import
	Errors []crm.ImportError // a page of the refused rows
	More   bool              // there are more behind them
	// MayUndo says that whoever looks may take records away.
	MayUndo bool
	CSRF    string
}

func (p Props) lastLine() int64 { return p.Errors[len(p.Errors)-1].Line }

// Done reports whether nothing more will happen: the import is over, and nobody is
// undoing it.
func Done(i crm.Import) bool { return ended(i.Status) && (i.Undo == nil || ended(i.Undo.Status)) }

func ended(status string) bool { return status == "completed" || status == "failed" }

// RecordURL is the address of an import.
func RecordURL(id uuid.UUID) string { return "/imports/" + id.String() }

// DraftURL is the address of an upload that is not started.
func DraftURL(id uuid.UUID) string { return "/imports/drafts/" + id.String() }

func pageURL(cursor string) string {
	if cursor == "" {
		return ""
	}
	return "/imports?cursor=" + cursor
}

func tone(status string) ui.Tone {
	switch status {
	case "completed":
		return ui.ToneOK
	case "failed":
		return ui.ToneDanger
	case "running":
		return ui.ToneInfo
	}
	return ui.ToneNeutral
}

func statusLabel(i crm.Import) string {
	if i.Undo != nil && i.Undo.Status == "completed" {
		return "Undone"
	}
	switch i.Status {
	case "completed":
		if i.DryRun {
			return "Checked"
		}
		return "Completed"
	case "failed":
		return "Stopped"
	case "running":
		return "Running"
	}
	return "Waiting"
}

// count is one number of the result with its words.
type count struct {
	label string
	n     int64
	tone  ui.Tone
}

func counts(i crm.Import) []count {
	created, updated := "Added", "Updated"
	if i.DryRun {
		created, updated = "Would be added", "Would be updated"
	}
	return []count{
		{created, i.Counts.Created, ui.ToneOK}, {updated, i.Counts.Updated, ui.ToneInfo},
		{"Skipped", i.Counts.Skipped, ui.ToneNeutral}, {"Not taken", i.Counts.Failed, ui.ToneDanger},
	}
}

// group writes a count with commas the Indian way.
func group(n int64) string {
	s := strconv.FormatInt(n, 10)
	if len(s) <= 3 {
		return s
	}
	head, out := s[:len(s)-3], ","+s[len(s)-3:]
	for len(head) > 2 {
		out = "," + head[len(head)-2:] + out
		head = head[:len(head)-2]
	}
	return head + out
}

func rows(n int64) string {
	if n == 1 {
		return "1 row"
	}
	return group(n) + " rows"
}

// label is the name of a field for people.
func label(i crm.Import, field string) string {
	for _, f := range crm.ImportFields(i.Entity) {
		if f.Name == field {
			return f.Label
		}
	}
	return ""
}

// reason is why a row was refused, with the field it is about.
func reason(entity string, d apperr.Detail) string {
	if name := label(crm.Import{Entity: entity}, d.Field); name != "" {
		return name + ": " + d.Message
	}
	return d.Message
}

// cell is one cell of a refused row with the name of its column.
type cell struct{ column, text string }

func cells(i crm.Import, e crm.ImportError) []cell {
	var out []cell
	for n, text := range e.Cells {
		if strings.TrimSpace(text) == "" {
			continue
		}
		column := "?"
		if n < len(i.Mapping.Columns) {
			column = i.Mapping.Columns[n].Column
		}
		out = append(out, cell{column, text})
	}
	return out
}

func records(n int64) string {
	if n == 1 {
		return "1 record"
	}
	return group(n) + " records"
}

func undoLabel(status string) string {
	switch status {
	case "completed":
		return "Done"
	case "failed":
		return "Stopped"
	case "running":
		return "Running"
	}
	return "Waiting"
}
