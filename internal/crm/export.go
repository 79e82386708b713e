package crm

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"payaid/internal/auth"
	"payaid/internal/change"
	"payaid/internal/reach"
)

// exportColumns are the columns of an export, in order. An import matches those
// that it can fill by the same names.
var exportColumns = []struct {
	name  string
	value func(Contact) string
}{
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

// ExportContactsCSV writes every contact of the filter to w as CSV that Excel
// opens as it is: UTF-8 with a byte order mark, lines ending in CRLF, cells that a
// spreadsheet would run as a formula kept from it by an apostrophe. An import
// takes the apostrophes away again; the owner it does not bring back, and line
// breaks inside a text come back as LF. The export is in the audit log before the
// first byte is written.
func (s *Service) ExportContactsCSV(ctx context.Context, p auth.Principal, f ContactFilter, w io.Writer) error {
	contacts, err := s.AllContacts(ctx, p, f)
	if err != nil {
		return err
	}
	if err := s.recordExport(ctx, p, f); err != nil {
		return err
	}
	if _, err := io.WriteString(w, utf8BOM); err != nil {
		return fmt.Errorf("write the export: %w", err)
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	cells := make([]string, len(exportColumns))
	for i, c := range exportColumns {
		cells[i] = c.name
	}
	if err := out.Write(cells); err != nil {
		return fmt.Errorf("write the export: %w", err)
	}
	for c, err := range contacts {
		if err != nil {
			return err
		}
		for i, col := range exportColumns {
			cells[i] = neutralize(col.value(c))
		}
		if err := out.Write(cells); err != nil {
			return fmt.Errorf("write the export: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write the export: %w", err)
	}
	return nil
}

func (s *Service) recordExport(ctx context.Context, p auth.Principal, f ContactFilter) error {
	actor := p.Actor()
	actor.IdempotencyKey = "" // reading again is a new export
	filter := map[string]string{"q": f.Query, "filter": f.Filter, "stage": f.Stage, "status": f.Status, "sort": f.Sort}
	_, err := change.Do(ctx, s.write, actor, "contact.export", nil, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		e := change.Event{Action: "contact.export", Entity: "export", EntityID: uuid.Must(uuid.NewV7()), After: filter, Note: true}
		return struct{}{}, tx.Record(ctx, e)
	})
	return err
}

// formulaSigns begin what spreadsheets take for a formula, in full width too (OWASP,
// CSV injection).
const formulaSigns = "=+-@\t\r\n＝＋－＠"

// neutralize puts an apostrophe before a cell that a spreadsheet would run. Phone
// numbers in E.164 stay as they are: plus and digits can only become a number. A
// cell that already has apostrophes there gets one more, so that reveal is exact.
func neutralize(cell string) string {
	if reach.ValidPhone(cell) || !isFormula(strings.TrimLeft(cell, "'")) {
		return cell
	}
	return "'" + cell
}

// reveal undoes neutralize.
func reveal(cell string) string {
	rest, ok := strings.CutPrefix(cell, "'")
	if ok && isFormula(strings.TrimLeft(rest, "'")) {
		return rest
	}
	return cell
}

func isFormula(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	return s != "" && strings.ContainsRune(formulaSigns, first)
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
