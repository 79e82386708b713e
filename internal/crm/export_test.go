package crm_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"payaid/internal/apperr"
	"payaid/internal/crm"
	"payaid/internal/sheet"
)

func TestAnExportComesBackAsItWas(t *testing.T) {
	k := newDesk(t)
	ctx := context.Background()
	for _, in := range []crm.ContactInput{
		{
			FirstName: "Meera", LastName: "de Souza", Email: "meera@example.com", Phone: "9876543210", Company: "=Tea, \"House\"", JobTitle: "@home", Source: "-fair",
			Address: "1 Road\nPune", GSTIN: "27AAPFU0939F1ZV", Notes: "+1 for her; 'quoted'", Tags: []string{"vip", "tea lover"},
			Stage: "customer", Status: "inactive", Warmth: "hot", LeadScore: 100, NextFollowUp: "2026-12-01",
		},
		{FirstName: "'=formula", LastName: "''+two", Tags: []string{"a, b"}},
		{LastName: "=HYPERLINK(\"http://evil.example\")", Email: "x@example.com"},
		{FirstName: "ज़ारा", Notes: "'plain"},
		{Phone: "+14155552671"},
	} {
		k.add(t, k.admin, in)
	}
	var file bytes.Buffer
	if err := k.ExportContacts(ctx, k.admin, crm.ContactFilter{}, sheet.CSV, &file); err != nil {
		t.Fatal(err)
	}
	text := file.String()
	if !strings.HasPrefix(text, "\xEF\xBB\xBFFirst name,Last name,Email,") || !strings.HasSuffix(text, "\r\n") {
		t.Errorf("the file begins %.40q", text)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\xEF\xBB\xBF"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for i, cell := range row {
			if rows[0][i] != "Phone" && strings.ContainsAny(cell[:min(1, len(cell))], "=+-@") {
				t.Errorf("%s: a spreadsheet would run %q", rows[0][i], cell)
			}
		}
	}
	want := comparable(t, k)
	k.d.OwnerExec(t, "DELETE FROM contacts")
	i := k.bring(t, k.admin, csvInput(text))
	k.wantCounts(t, i, 5, 0, 0, 0)
	if got := comparable(t, k); !reflect.DeepEqual(got, want) {
		t.Errorf("came back as\n%+v\nwant\n%+v", got, want)
	}
}

// comparable lists all contacts without what a new record has of its own.
func comparable(t *testing.T, k *desk) []crm.Contact {
	t.Helper()
	page, err := k.Contacts(context.Background(), k.admin, crm.ContactFilter{Sort: "name", Limit: crm.MaxPageSize})
	if err != nil {
		t.Fatal(err)
	}
	for i := range page.Contacts {
		c := &page.Contacts[i]
		c.ID, c.CreatedAt, c.UpdatedAt = [16]byte{}, c.CreatedAt.UTC(), c.UpdatedAt.UTC()
	}
	return page.Contacts
}

func TestAnExportIsRightsBoundAndAudited(t *testing.T) {
	k := newDesk(t)
	ctx := context.Background()
	k.add(t, k.asha, crm.ContactInput{FirstName: "Meera", Stage: "customer"})
	k.add(t, k.asha, crm.ContactInput{FirstName: "Zoya"})
	var file bytes.Buffer
	wantCode(t, "a member", k.ExportContacts(ctx, k.asha, crm.ContactFilter{}, sheet.CSV, &file), apperr.NoPermission)
	wantCode(t, "a stage that does not exist", k.ExportContacts(ctx, k.admin, crm.ContactFilter{Stage: "friend"}, sheet.CSV, &file), apperr.Validation)
	if audits := exportAudits(t, k); file.Len() != 0 || len(audits) != 0 {
		t.Errorf("%d bytes and %d audit entries of refused exports", file.Len(), len(audits))
	}
	if err := k.ExportContacts(ctx, k.out, crm.ContactFilter{}, sheet.CSV, &file); err != nil || strings.Count(file.String(), "\r\n") != 1 {
		t.Errorf("another tenant exports %q (%v)", file.String(), err)
	}
	file.Reset()
	if err := k.ExportContacts(ctx, k.manager, crm.ContactFilter{Stage: "customer"}, sheet.CSV, &file); err != nil || strings.Count(file.String(), "\r\n") != 2 {
		t.Errorf("the filtered export is %q (%v)", file.String(), err)
	}
	if audits := exportAudits(t, k); len(audits) != 2 || !slices.ContainsFunc(audits, func(a string) bool { return strings.Contains(a, `"stage": "customer"`) }) {
		t.Errorf("audit entries: %v", audits)
	}
	if err := k.ExportContacts(ctx, k.admin, crm.ContactFilter{}, sheet.CSV, auditedWriter{t, k, 3}); !errors.Is(err, errStop) {
		t.Errorf("a broken connection: %v", err)
	}
}

func exportAudits(t *testing.T, k *desk) []string {
	t.Helper()
	return query[string](t, k.office, "SELECT after::text FROM audit_entries WHERE action = 'contact.export'")
}

var errStop = errors.New("the reader went away")

// auditedWriter checks that the audit entry is there before the first byte.
type auditedWriter struct {
	t    *testing.T
	k    *desk
	want int
}

func (w auditedWriter) Write([]byte) (int, error) {
	if n := len(exportAudits(w.t, w.k)); n != w.want {
		w.t.Errorf("%d audit entries when the first byte is written", n)
	}
	return 0, errStop
}
