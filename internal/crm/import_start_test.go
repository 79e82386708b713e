package crm_test

import (
	"context"
	"io"
	"strings"
	"testing"

	"payaid/internal/apperr"
	"payaid/internal/change"
	"payaid/internal/crm"
)

func TestAnImportIsRefusedBeforeItBegins(t *testing.T) {
	k := newDesk(t)
	in := csvInput("Name,Email\nA,a@example.com\n")
	in.Entity, in.Duplicates, in.Mapping = "deals", "merge", map[string]string{"Name": "surname", "Phone": "phone"}
	_, err := k.StartImport(context.Background(), k.asha, in)
	if e := apperr.From(err); e.Field("entity") == "" || e.Field("duplicates") == "" {
		t.Errorf("what kind of records is not among the refused: %v", err)
	}
	in = csvInput("Name,Email\nA,a@example.com\n")
	in.Duplicates, in.Mapping = "merge", map[string]string{"Name": "surname", "Phone": "phone"}
	_, err = k.StartImport(context.Background(), k.asha, in)
	e := apperr.From(err)
	for _, field := range []string{"duplicates", "mapping.Name", "mapping.Phone", "mapping"} {
		if e.Field(field) == "" {
			t.Errorf("%s is not among the refused: %v", field, err)
		}
	}
	for _, c := range []struct{ name, file, says string }{
		{"nothing", "", "empty"},
		{"a byte order mark alone", "\xEF\xBB\xBF", "empty"},
		{"empty lines", "\r\n\r\n", "empty"},
		{"a damaged XLSX", "PK\x03\x04\x14\x00", "CSV"},
		{"XLS", "\xD0\xCF\x11\xE0\xA1", "CSV"},
		{"PDF", "%PDF-1.7\n", "CSV"},
		{"a web page", "<!doctype html>\n", "CSV"},
		{"bytes", "Name\x00\x01,Email\n", "text file"},
		{"no known column", "Colour,Size\nred,3\n", "No column"},
		{"data in the first line", "Meera,meera@example.com\n", "No column"},
		{"a broken header", "\"Name\"x,Email\n", "first line"},
		{"a header without end", "Name," + strings.Repeat("x", 100_000), "64 KB"},
		{"too many columns", "Name" + strings.Repeat(",x", 600) + "\n", "columns"},
		{"old line ends", "Name,Email\rA,a@example.com\r", "outdated"},
	} {
		_, err := k.StartImport(context.Background(), k.asha, csvInput(c.file))
		if says := apperr.From(err).Field("file"); !strings.Contains(says, c.says) || !apperr.Is(err, apperr.Validation) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	big := csvInput("Name\n")
	big.Size = crm.MaxImportSize + 1
	_, err = k.StartImport(context.Background(), k.asha, big)
	wantCode(t, "announced too large", err, apperr.TooLarge)
	big.Size, big.Body = -1, io.MultiReader(strings.NewReader("Name\n"), strings.NewReader(strings.Repeat("x\n", crm.MaxImportSize/2)))
	_, err = k.StartImport(context.Background(), k.asha, big)
	wantCode(t, "too large", err, apperr.TooLarge)
	short := csvInput("Name\nA\n")
	short.Size = 100
	_, err = k.StartImport(context.Background(), k.asha, short)
	wantCode(t, "broken off", err, apperr.InvalidInput)

	reader := k.key
	k.d.OwnerExec(t, "INSERT INTO api_keys (tenant_id, id, name, prefix, secret_hash, role, scopes, created_at) VALUES ($1, $2, 'r', 'r', '', 'manager', '{contacts:read}', now())", k.tenant, reader.KeyID)
	reader, err = k.auth.ByActor(context.Background(), k.tenant, change.ActorAPIKey, reader.KeyID)
	if err != nil {
		t.Fatal(err)
	}
	_, err = k.StartImport(context.Background(), reader, csvInput("Name\nA\n"))
	wantCode(t, "no right", err, apperr.NoPermission)

	if n := k.objects(t); n != 0 {
		t.Errorf("%d files were left in the store", n)
	}
	if n := query[int64](t, k.office, "SELECT count(*) FROM imports"); n[0] != 0 {
		t.Errorf("%d imports were left", n[0])
	}
}

func TestARepeatedStartIsOneImport(t *testing.T) {
	k := newDesk(t)
	p := k.asha
	p.Request.IdempotencyKey = "upload-1"
	first := k.start(t, p, csvInput("Name\nA\n"))
	again := k.start(t, p, csvInput("Name\nA\n"))
	if again.ID != first.ID || k.objects(t) != 1 {
		t.Errorf("imports %s and %s, %d files", first.ID, again.ID, k.objects(t))
	}
	_, err := k.StartImport(context.Background(), p, csvInput("Name\nB\n"))
	wantCode(t, "another file under the same key", err, apperr.Validation)
	if n := query[int64](t, k.office, "SELECT count(*) FROM river.river_job WHERE kind = 'import.run'"); n[0] != 1 || k.objects(t) != 1 {
		t.Errorf("%d jobs, %d files", n[0], k.objects(t))
	}
}

func TestAStartThatFailsLeavesNoFile(t *testing.T) {
	k := newDesk(t)
	k.d.OwnerExec(t, "DROP TABLE imports CASCADE")
	if _, err := k.StartImport(context.Background(), k.asha, csvInput("Name\nA\n")); err == nil || k.objects(t) != 0 {
		t.Errorf("error %v, %d files", err, k.objects(t))
	}
}
