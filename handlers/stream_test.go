package handlers_test

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"payaid/internal/crm"
)

// open begins a request that is read while it is answered.
func (b *browser) open(t *testing.T, url string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	ok(t, err)
	b.dress(req)
	res, err := http.DefaultClient.Do(req)
	ok(t, err)
	t.Cleanup(func() { _ = res.Body.Close() }) // the test is over
	return res
}

// manyContacts makes n contacts of the owner's past the service: only their number
// matters.
func (w *world) manyContacts(t *testing.T, n int) {
	t.Helper()
	w.db.OwnerExec(t, `INSERT INTO contacts (tenant_id, id, first_name, last_name, notes, owner_id, created_at, updated_at)
		SELECT $1, gen_random_uuid(), 'Many', n::text, repeat('x', 400), $2, now(), now() FROM generate_series(1, $3) n`, w.home, w.owner.id, n)
}

func TestExport(t *testing.T) {
	w := newWorld(t)
	w.manyContacts(t, 2500)
	w.contact(t, w.owner, crm.ContactInput{FirstName: "=cmd", Stage: "customer"})
	b := w.as(t, w.owner)
	a := b.get(t, "/contacts/export.csv")
	a.is(t, http.StatusOK)
	if got := a.header.Get("Content-Disposition"); !strings.HasPrefix(got, `attachment; filename="contacts-2`) {
		t.Errorf("Content-Disposition is %q", got)
	}
	rows, err := csv.NewReader(strings.NewReader(a.body)).ReadAll()
	ok(t, err)
	if len(rows) != 1+2501 {
		t.Errorf("%d rows, want 2502", len(rows))
	}
	filtered := b.get(t, "/contacts/export.csv?stage=customer&cursor=nonsense")
	filtered.wants(t, "'=cmd")
	filtered.lacks(t, "Many")
}

// TestExportBreaksOff cuts the database away in the middle: the reader must not
// take what it has for the whole.
func TestExportBreaksOff(t *testing.T) {
	w := newWorld(t)
	w.manyContacts(t, 40_000)
	res := w.as(t, w.owner).open(t, w.serve(t)+"/contacts/export.csv")
	_, err := io.ReadFull(res.Body, make([]byte, 100_000))
	ok(t, err)
	w.db.OwnerExec(t, "ALTER TABLE contacts RENAME TO contacts_gone")
	n, err := io.Copy(io.Discard, res.Body)
	if err == nil {
		t.Errorf("the export ended as if it were whole, after %d bytes", n)
	}
	eventually(t, "the fault is logged", func(context.Context) bool { return len(w.logs.lines("stream broken off")) > 0 })
}

func TestExportStopsWithoutAReader(t *testing.T) {
	w := newWorld(t)
	w.manyContacts(t, 40_000)
	res := w.as(t, w.owner).open(t, w.serve(t)+"/contacts/export.csv")
	_, err := io.ReadFull(res.Body, make([]byte, 1000))
	ok(t, err)
	ok(t, res.Body.Close())
	eventually(t, "the connections are free again", func(context.Context) bool { return w.pool.Pool().Stat().AcquiredConns() == 0 })
	if lines := w.logs.lines("stream broken off"); len(lines) > 0 {
		t.Errorf("a reader who left was logged as a fault: %s", lines)
	}
}

// event reads one server-sent event.
func event(t *testing.T, r *bufio.Reader) string {
	t.Helper()
	var lines strings.Builder
	for {
		line, err := r.ReadString('\n')
		if errors.Is(err, io.EOF) && lines.Len() == 0 {
			return "end"
		}
		ok(t, err)
		if line == "\n" {
			return lines.String()
		}
		lines.WriteString(line)
	}
}

func TestImportEvents(t *testing.T) {
	w := newWorld(t)
	id := w.startImport(t)
	res := w.as(t, w.owner).open(t, w.serve(t)+"/imports/"+id.String()+"/events")
	if res.Header.Get("Content-Type") != "text/event-stream" || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers are %v", res.Header)
	}
	events := bufio.NewReader(res.Body)
	for i, want := range []string{"retry: 2000\n", "Waiting"} {
		if got := event(t, events); !strings.Contains(got, want) {
			t.Fatalf("event %d is %q, want %q", i, got, want)
		}
	}
	w.workImport(t, id)
	got := event(t, events)
	for !strings.Contains(got, "Completed") { // the job may have been seen at work
		got = event(t, events)
	}
	if !strings.HasPrefix(got, "id: ") || !strings.Contains(got, "Rows that were not taken") {
		t.Errorf("the last progress is %q", got)
	}
	if got := event(t, events); got != "event: done\ndata: done\n" {
		t.Errorf("the last event is %q", got)
	}
	if got := event(t, events); got != "end" {
		t.Errorf("after the last event comes %q", got)
	}
}

func TestImportEventsEndWithTheProcess(t *testing.T) {
	w := newWorld(t)
	res := w.as(t, w.owner).open(t, w.serve(t)+"/imports/"+w.startImport(t).String()+"/events")
	events := bufio.NewReader(res.Body)
	event(t, events)
	event(t, events)
	close(w.closing)
	began := time.Now()
	if got := event(t, events); got != "end" {
		t.Errorf("instead of the end comes %q", got)
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("the stream went on for %s", took)
	}
}

// TestRefusedRowsInPages has more refused rows than a page shows.
func TestRefusedRowsInPages(t *testing.T) {
	w := newWorld(t)
	var file strings.Builder
	file.WriteString("Name,Email\n")
	for i := range 70 {
		fmt.Fprintf(&file, "Bad %d,nonsense\n", i)
	}
	i, err := w.crm.StartImport(t.Context(), w.principal(t, w.owner), crm.ImportInput{
		FileName: "bad.csv", Body: strings.NewReader(file.String()), Size: int64(file.Len()), Entity: crm.EntityContacts,
	})
	ok(t, err)
	w.workImport(t, i.ID)
	b := w.as(t, w.owner)
	first := b.get(t, "/imports/"+i.ID.String())
	first.wants(t, "Bad 49", "Show more", "?after=51")
	first.lacks(t, "Bad 50")
	for name, next := range map[string]answer{
		"page": b.get(t, "/imports/"+i.ID.String()+"?after=51"),
		"part": b.get(t, "/imports/"+i.ID.String()+"?after=51", htmx()...),
	} {
		t.Run(name, func(t *testing.T) {
			next.wants(t, "Bad 50", "Bad 69")
			next.lacks(t, "Bad 49", "Show more")
		})
	}
}
