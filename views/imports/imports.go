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
	Duplicates string
	DryRun     bool
	Errors     []ui.FieldError
	CSRF       string
}

func (p FormProps) err(field string) string {
	for _, e := range p.Errors {
		if e.Field == field {
			return e.Message
		}
	}
	return ""
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
}

func (p Props) lastLine() int64 { return p.Errors[len(p.Errors)-1].Line }

// Done reports whether nothing more will happen.
func Done(i crm.Import) bool { return i.Status == "completed" || i.Status == "failed" }

func recordURL(id uuid.UUID) string { return "/imports/" + id.String() }

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

var fieldLabels = map[string]string{
	"name": "Name", "firstName": "First name", "middleName": "Middle name", "lastName": "Last name", "email": "E-mail", "phone": "Phone",
	"company": "Company", "jobTitle": "Job title", "source": "Source", "address": "Address", "addressPart": "Part of the address",
	"gstin": "GSTIN", "notes": "Notes", "tags": "Tags", "stage": "Stage", "status": "Status", "warmth": "Warmth",
	"leadScore": "Lead score", "nextFollowUp": "Next follow-up", "ownerId": "Owner",
}

// reason is why a row was refused, with the field it is about.
func reason(d apperr.Detail) string {
	if name := fieldLabels[d.Field]; name != "" {
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
