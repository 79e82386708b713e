package handlers_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"payaid/internal/crm"
	"payaid/internal/jobs"
)

const importsPath = "/api/v1/imports"

// importBody is an import as the API answers it.
type importBody struct {
	Data struct {
		ID, Status, Message, FileName, Duplicates string
		DryRun                                    bool
		Columns                                   []struct{ Column, Field string }
		Counts                                    struct{ Total, Created, Updated, Skipped, Failed int64 }
		Progress                                  struct{ Done, Total int64 }
		FinishedAt                                *string
	}
}

// upload sends a file with the form's other fields.
func (w *world) upload(t testing.TB, b *browser, file string, fields map[string]string, headers ...string) answer {
	t.Helper()
	body, contentType := importForm(t, file, fields)
	return b.do(t, http.MethodPost, importsPath, contentType, body.String(), headers...)
}

func importForm(t testing.TB, file string, fields map[string]string) (*bytes.Buffer, string) {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	if _, set := fields["entity"]; !set {
		ok(t, form.WriteField("entity", "contacts"))
	}
	for name, value := range fields {
		ok(t, form.WriteField(name, value))
	}
	part, err := form.CreateFormFile("file", "customers.csv")
	ok(t, err)
	_, err = io.WriteString(part, file)
	ok(t, err)
	ok(t, form.Close())
	return &body, form.FormDataContentType()
}

// work lets jobs run until the test ends.
func (w *world) work(t testing.TB) {
	t.Helper()
	workers := jobs.NewWorkers()
	jobs.Add(workers, w.crm.RunImport)
	client, err := jobs.New(w.db.DB, jobs.Options{Workers: workers, Log: slog.New(slog.DiscardHandler)})
	ok(t, err)
	ok(t, client.Start(t.Context()))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		ok(t, client.Stop(ctx))
	})
}

// finished waits for the end of an import.
func finished(t testing.TB, api *browser, path string) importBody {
	t.Helper()
	var i importBody
	eventually(t, "the import ends", func(context.Context) bool {
		i = decode[importBody](t, api.get(t, path))
		return i.Data.FinishedAt != nil
	})
	return i
}

func (w *world) ownerPool(t testing.TB) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), w.db.OwnerURL)
	ok(t, err)
	t.Cleanup(pool.Close)
	return pool
}

// seedContacts makes n contacts with names in order and equal times, as an import
// would.
func seedContacts(t testing.TB, w *world, n int) {
	t.Helper()
	for i := range n {
		w.contact(t, w.owner, crm.ContactInput{FirstName: fmt.Sprintf("Person%03d", i), Email: fmt.Sprintf("p%03d@example.in", n-i)})
	}
}

func TestAPIImport(t *testing.T) {
	w := newWorld(t)
	api := w.program(w.ownerKey)
	api.send(t, http.MethodPost, contactsPath, `{"firstName":"Old","email":"old@example.in"}`).is(t, http.StatusCreated)
	w.work(t)

	file := "Full name,Mail,Remarks\nAsha Rao,asha@example.in,=1+1\nNobody,not-an-e-mail,\nOld Name,old@example.in,new note\nRavi Shah,ravi@example.in,ok\n"
	fields := map[string]string{"mapping": `{"Full name":"name","Mail":"email","Remarks":"notes"}`, "duplicates": "update"}
	started := w.upload(t, api, file, fields, "Idempotency-Key", "import-1")
	started.is(t, http.StatusAccepted)
	i := decode[importBody](t, started).Data
	path := importsPath + "/" + i.ID
	if started.header.Get("Location") != path || i.Duplicates != "update" || i.FileName != "customers.csv" || len(i.Columns) != 3 || i.Columns[0].Field != "name" {
		t.Errorf("started %v %+v", started.header, i)
	}
	if again := w.upload(t, api, file, fields, "Idempotency-Key", "import-1"); again.status != http.StatusAccepted || decode[importBody](t, again).Data.ID != i.ID {
		t.Errorf("the same upload again: %d %s", again.status, again.body)
	}
	done := finished(t, api, path).Data
	if c := done.Counts; done.Status != "completed" || c.Total != 4 || c.Created != 2 || c.Updated != 1 || c.Failed != 1 || done.Progress.Done != int64(len(file)) {
		t.Errorf("finished %+v", done)
	}
	refused := decode[struct {
		Data []struct {
			Line    int64
			Details []struct{ Field, Message string }
			Cells   []string
		}
		Meta struct{ NextCursor *string }
	}](t, api.get(t, path+"/errors"))
	if len(refused.Data) != 1 || refused.Data[0].Line != 3 || refused.Data[0].Details[0].Field != "email" || refused.Data[0].Cells[1] != "not-an-e-mail" || refused.Meta.NextCursor != nil {
		t.Errorf("refused rows %+v", refused)
	}
	if list := decode[listBody](t, api.get(t, importsPath)); len(list.Data) != 1 || list.Data[0].ID != i.ID {
		t.Errorf("the list of imports: %+v", list)
	}
	old := decode[listBody](t, api.get(t, contactsPath+"?q=old@example.in"))
	if got := decode[contactBody](t, api.get(t, contactsPath+"/"+old.Data[0].ID)).Data; got.Notes != "new note" || got.LastName != "Name" {
		t.Errorf("updated %+v", got)
	}

	other := w.program(w.otherKey)
	other.get(t, path).refused(t, http.StatusNotFound, "NOT_FOUND")
	other.get(t, path+"/errors").refused(t, http.StatusNotFound, "NOT_FOUND")
}

func TestAPIImportErrorPages(t *testing.T) {
	w := newWorld(t)
	api := w.program(w.ownerKey)
	w.work(t)
	started := w.upload(t, api, "Name,Email\n"+strings.Repeat("X,bad\n", 25), map[string]string{"dryRun": "true"})
	started.is(t, http.StatusAccepted)
	path := started.header.Get("Location")
	if done := finished(t, api, path).Data; !done.DryRun || done.Counts.Failed != 25 {
		t.Fatalf("finished %+v", done)
	}
	seen, cursor := 0, ""
	for {
		page := decode[struct {
			Data []struct{ Line int64 }
			Meta struct{ NextCursor *string }
		}](t, api.get(t, path+"/errors?limit=10&cursor="+cursor))
		for _, row := range page.Data {
			if seen++; row.Line != int64(seen+1) {
				t.Fatalf("row %d is line %d", seen, row.Line)
			}
		}
		if page.Meta.NextCursor == nil {
			break
		}
		cursor = *page.Meta.NextCursor
	}
	if seen != 25 {
		t.Errorf("%d refused rows", seen)
	}
}

func TestAPIImportRefusals(t *testing.T) {
	w := newWorld(t)
	api := w.program(w.ownerKey)
	tests := map[string]struct {
		file   string
		fields map[string]string
		want   []string
	}{
		"another entity":     {"Name\nA\n", map[string]string{"entity": "invoices"}, []string{"entity"}},
		"values":             {"Name\nA\n", map[string]string{"entity": "", "duplicates": "merge"}, []string{"entity", "duplicates"}},
		"no known column":    {"Colour\nred\n", nil, []string{"file"}},
		"an empty file":      {"", nil, []string{"file"}},
		"a broken mapping":   {"Name\nA\n", map[string]string{"mapping": `["Name"]`, "dryRun": "perhaps"}, []string{"mapping", "dryRun"}},
		"an unknown field":   {"Name\nA\n", map[string]string{"mapping": `{"Name":"nick","Other":"email"}`}, []string{"mapping", "mapping.Name", "mapping.Other"}},
		"an unknown part":    {"Name\nA\n", map[string]string{"duplicate": "skip"}, []string{"duplicate"}},
		"the file as a text": {"Name\nA\n", map[string]string{"file": "Name"}, []string{"file"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w.upload(t, api, test.file, test.fields).refused(t, http.StatusUnprocessableEntity, "VALIDATION_ERROR", test.want...)
		})
	}
	api.send(t, http.MethodPost, importsPath, `{"entity":"contacts"}`).refused(t, http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE")
	api.do(t, http.MethodPost, importsPath, "multipart/form-data", "x").refused(t, http.StatusBadRequest, "INVALID_INPUT")
	api.do(t, http.MethodPost, importsPath, "multipart/form-data; boundary=b", "--b\r\nbroken").refused(t, http.StatusBadRequest, "INVALID_INPUT")
	api.do(t, http.MethodPost, importsPath, "multipart/form-data; boundary=b", "--b--\r\n").refused(t, http.StatusUnprocessableEntity, "VALIDATION_ERROR", "file")
	packed := w.upload(t, api, "Name\nA\n", nil, "Content-Encoding", "gzip")
	packed.refused(t, http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE")
}

// A large file passes through, one that is too large is refused, and a body of
// unknown length is read like any other.
func TestAPIImportSizes(t *testing.T) {
	w := newWorld(t)
	url := w.serve(t) + importsPath
	post := func(file string, chunked bool) (int, string) {
		body, contentType := importForm(t, file, nil)
		var r io.Reader = body
		if chunked {
			r = struct{ io.Reader }{body}
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, r)
		ok(t, err)
		req.Header.Set("Content-Type", contentType)
		req.Header.Set("Authorization", "Bearer "+w.ownerKey)
		res, err := http.DefaultClient.Do(req)
		ok(t, err)
		defer res.Body.Close()
		raw, err := io.ReadAll(res.Body)
		ok(t, err)
		return res.StatusCode, string(raw)
	}
	row := "Asha Rao,asha@example.in\n"
	for _, chunked := range []bool{false, true} {
		if status, body := post("Name,Email\n"+strings.Repeat(row, 8<<20/len(row)), chunked); status != http.StatusAccepted {
			t.Errorf("8 MiB, chunked %v: %d %s", chunked, status, body)
		}
		if status, body := post("Name,Email\n"+strings.Repeat(row, crm.MaxImportSize/len(row)+1), chunked); status != http.StatusRequestEntityTooLarge || !strings.Contains(body, "PAYLOAD_TOO_LARGE") {
			t.Errorf("over 50 MiB, chunked %v: %d %s", chunked, status, body)
		}
	}
}

func TestAPIExport(t *testing.T) {
	w := newWorld(t)
	w.contact(t, w.owner, crm.ContactInput{FirstName: "=cmd()", LastName: "Rao", Stage: "customer"})
	w.contact(t, w.owner, crm.ContactInput{FirstName: "Ravi"})
	api := w.program(w.ownerKey)
	all := api.get(t, contactsPath+"/export")
	all.is(t, http.StatusOK)
	if !strings.HasPrefix(all.header.Get("Content-Type"), "text/csv") || !strings.Contains(all.header.Get("Content-Disposition"), "contacts.csv") {
		t.Errorf("headers %v", all.header)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(all.body, "\uFEFF"))).ReadAll()
	ok(t, err)
	if len(rows) != 3 || rows[0][0] != "First name" || rows[1][0] != "'=cmd()" {
		t.Errorf("exported %q", rows)
	}
	if some := api.get(t, contactsPath+"/export?stage=customer"); strings.Contains(some.body, "Ravi") || !strings.Contains(some.body, "Rao") {
		t.Errorf("filtered: %s", some.body)
	}
	api.get(t, contactsPath+"/export?stage=friend").refused(t, http.StatusUnprocessableEntity, "VALIDATION_ERROR", "stage")
	w.as(t, w.member).get(t, contactsPath+"/export").refused(t, http.StatusForbidden, "INSUFFICIENT_PERMISSIONS")
}
