package crm_test

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"payaid/internal/apperr"
	"payaid/internal/crm"
)

// upload keeps a file as the wizard does and returns the draft as its page reads it.
func (k *desk) upload(t *testing.T, in crm.ImportInput) crm.ImportDraft {
	t.Helper()
	made, err := k.UploadImport(t.Context(), k.asha, in)
	if err != nil {
		t.Fatal(err)
	}
	draft, err := k.ImportDraft(t.Context(), k.asha, made.ID)
	if err != nil {
		t.Fatal(err)
	}
	return draft
}

func TestAFileOf300Columns(t *testing.T) {
	k := newDesk(t)
	var file strings.Builder
	row := func(first, email string) {
		file.WriteString(first + strings.Repeat(",x", 297) + ",," + email + "\n")
	}
	file.WriteString("Name")
	for i := range 297 {
		fmt.Fprintf(&file, ",Colour %d", i)
	}
	file.WriteString(",Notes,Email\n")
	row("Wide One", "one@example.com")
	row("Wide Two", "nonsense")
	row("Wide Three", "three@example.com,more")
	draft := k.upload(t, csvInput(file.String()))
	if len(draft.Mapping.Columns) != 300 {
		t.Fatalf("%d columns", len(draft.Mapping.Columns))
	}
	if preview, err := k.PreviewImport(t.Context(), k.asha, draft); err != nil || outcomes(preview) != "create refuse refuse" {
		t.Errorf("preview: %s (%v)", outcomes(preview), err)
	}
	i, err := k.StartDraft(t.Context(), k.asha, draft)
	if err != nil {
		t.Fatal(err)
	}
	i = k.run(t, k.asha, i)
	k.wantCounts(t, i, 1, 0, 0, 2)
	if c := k.byEmail(t, "one@example.com"); c.Name != "Wide One" {
		t.Errorf("came in as %+v", c)
	}
	if bad := k.errors(t, i); len(bad[0].Cells) != 300 || bad[0].Cells[299] != "nonsense" {
		t.Errorf("the refused row has %d cells", len(bad[0].Cells))
	}
	_, err = k.UploadImport(t.Context(), k.asha, csvInput("Name"+strings.Repeat(",x", 500)+"\n"))
	if !strings.Contains(apperr.From(err).Field("file"), "501 columns") {
		t.Errorf("501 columns: %v", err)
	}
}

func TestAFileOf50MB(t *testing.T) {
	k := newDesk(t)
	const rows = 10_000
	var file bytes.Buffer
	file.WriteString("Name,Email,Colour\n")
	wide := strings.Repeat("x", (crm.MaxImportSize-file.Len())/rows-40)
	for i := range rows {
		fmt.Fprintf(&file, "N %d,p%d@example.com,%s\n", i, i, wide)
	}
	file.WriteString(strings.Repeat("\n", crm.MaxImportSize-file.Len()))
	in := crm.ImportInput{FileName: "large.csv", Body: bytes.NewReader(file.Bytes()), Size: int64(file.Len()), Entity: crm.EntityContacts}
	i := k.start(t, k.asha, in)
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var peak uint64
	reads := 0
	k.blobs.onRead = func(int64) {
		if reads++; reads%400 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&now)
			peak = max(peak, now.HeapAlloc)
		}
	}
	k.wantCounts(t, k.run(t, k.asha, i), rows, 0, 0, 0)
	if grown := int64(peak) - int64(before.HeapAlloc); grown > 24<<20 {
		t.Errorf("the import held %d MB of a file of %d MB", grown>>20, file.Len()>>20)
	}
	file.WriteByte('\n')
	in.Body, in.Size = bytes.NewReader(file.Bytes()), -1
	_, err := k.StartImport(context.Background(), k.asha, in)
	wantCode(t, "one byte more", err, apperr.TooLarge)
}

// Everything that breaks a table at once: what can be read comes in, the rest is
// listed and comes in once it is corrected.
func TestABrokenFileGoesTheWholeWay(t *testing.T) {
	k := newDesk(t)
	ctx := t.Context()
	draft := k.upload(t, csvInput("Name,Email,Notes\r\n"+
		"Good,good@example.com,\"two\r\nlines, \"\"quoted\"\"\"\r\n"+
		"Zero\x00,zero@example.com,\r\n"+
		"\x00,\x00,\x00\r\n"+
		"Last,last@example.com,fine\r\n"+
		"Half,\"half@exa"))
	preview, err := k.PreviewImport(ctx, k.asha, draft)
	if err != nil || outcomes(preview) != "create refuse refuse create refuse" {
		t.Errorf("preview: %s (%v)", outcomes(preview), err)
	}
	i, err := k.StartDraft(ctx, k.asha, draft)
	if err != nil {
		t.Fatal(err)
	}
	i = k.run(t, k.asha, i)
	k.wantCounts(t, i, 2, 0, 0, 3)
	if c := k.byEmail(t, "good@example.com"); c.Notes != "two\nlines, \"quoted\"" {
		t.Errorf("came in with %q", c.Notes)
	}
	var refused bytes.Buffer
	if err := k.WriteImportErrors(ctx, k.asha, i.ID, &refused); err != nil {
		t.Fatal(err)
	}
	if bytes.ContainsRune(refused.Bytes(), 0) || strings.Count(refused.String(), "Zero\uFFFD") != 1 {
		t.Errorf("the file of refused rows: %q", refused.String())
	}
	corrected := strings.ReplaceAll(refused.String(), "Zero\uFFFD", "Zero")
	k.wantCounts(t, k.bring(t, k.asha, csvInput(corrected)), 1, 0, 0, 2)
	k.byEmail(t, "zero@example.com")
}
