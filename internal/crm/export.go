package crm

import (
	"context"
	"io"
	"strconv"
	"strings"
	"time"

	"payaid/internal/auth"
	"payaid/internal/sheet"
)

// exportColumns are the columns of an export, in order. An import matches those
// that it can fill by the same names.
var exportColumns = []Column[Contact]{
	{"First name", func(c Contact) string { return c.FirstName }},
	{"Last name", func(c Contact) string { return c.LastName }},
	{"Email", func(c Contact) string { return c.Email }},
	{"Phone", func(c Contact) string { return c.Phone }},
	{"Company", func(c Contact) string { return c.Company }},
	{"Job title", func(c Contact) string { return c.JobTitle }},
	{"Source", func(c Contact) string { return c.Source }},
	{"Address", func(c Contact) string { return c.Address }},
	{"GSTIN", func(c Contact) string { return c.GSTIN }},
	{"Notes", func(c Contact) string { return c.Notes }},
	{"Tags", func(c Contact) string { return joinTags(c.Tags) }},
	{"Stage", func(c Contact) string { return c.Stage }},
	{"Status", func(c Contact) string { return c.Status }},
	{"Warmth", func(c Contact) string { return c.Warmth }},
	{"Lead score", func(c Contact) string { return strconv.Itoa(c.LeadScore) }},
	{"Next follow-up", func(c Contact) string { return c.NextFollowUp }},
	{"Owner", func(c Contact) string { return c.Owner }},
	{"Created at", func(c Contact) string { return c.CreatedAt.UTC().Format(time.RFC3339) }},
}

// ExportFormats are the kinds of file that an export can be, the usual one first.
var ExportFormats = []string{sheet.CSV, sheet.XLSX, sheet.VCard}

// ExportContacts writes every contact of the filter to w in one of ExportFormats,
// while they are read. Cells that a spreadsheet would run as a formula are kept
// from it by an apostrophe. An import reads the file again and takes the
// apostrophes away; the owner it does not bring back, and line breaks inside a text
// come back as LF. A card holds what cards can hold. The export is in the audit log
// before the first byte is written.
func (s *Service) ExportContacts(ctx context.Context, p auth.Principal, f ContactFilter, format string, w io.Writer) error {
	if err := CheckFormat(format, ExportFormats); err != nil {
		return err
	}
	contacts, err := s.AllContacts(ctx, p, f)
	if err != nil {
		return err
	}
	if err := RecordExport(ctx, s.write, p, "contact.export", map[string]any{"ids": f.IDs, "q": f.Query, "filter": f.Filter, "stage": f.Stage, "status": f.Status, "sort": f.Sort, "format": format}); err != nil {
		return err
	}
	return WriteRecords(w, format, exportColumns, contacts)
}

// joinTags separates by semicolons, the last one included when a tag holds a
// comma: splitTags then does not split there.
func joinTags(tags []string) string {
	s := strings.Join(tags, "; ")
	if strings.Contains(s, ",") && !strings.Contains(s, ";") {
		s += ";"
	}
	return s
}
