package crm_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"payaid/internal/apperr"
	"payaid/internal/crm"
	"payaid/internal/jobs"
)

// undo asks for the undoing of an import and works it to its end.
func (k *desk) undo(t *testing.T, i crm.Import) crm.Import {
	t.Helper()
	ctx := context.Background()
	if _, err := k.UndoImport(ctx, k.asha, i.ID); err != nil {
		t.Fatal(err)
	}
	for {
		err := k.RunUndo(ctx, k.undoJob(t, i), false)
		if err == nil {
			break
		}
		if !errors.Is(err, jobs.ErrMore) {
			t.Fatal(err)
		}
	}
	out, err := k.Import(ctx, k.asha, i.ID)
	if err != nil || out.Undo == nil || out.Undo.Status != jobs.Completed || out.Undo.Done != out.Undo.Total {
		t.Fatalf("after the undoing: %+v, %v", out.Undo, err)
	}
	return out
}

func (k *desk) undoJob(t *testing.T, i crm.Import) crm.UndoArgs {
	t.Helper()
	a := crm.UndoArgs{ImportArgs: jobOf(k.asha, i)}
	id := query[[16]byte](t, k.office, "SELECT undo_id FROM imports WHERE id = $1", i.ID)
	a.UndoID = id[0]
	return a
}

func TestAnImportIsUndoneDaysLater(t *testing.T) {
	k := newDesk(t)
	ctx := context.Background()
	old := k.add(t, k.asha, crm.ContactInput{FirstName: "Old", Email: "old@example.com", Company: "Tea House", Tags: []string{"vip"}, NextFollowUp: "2026-12-01"})
	in := csvInput("Name,Email,Company,Tags\nChanged Old,old@example.com,Other Ltd,new\nFresh One,fresh@example.com,Other Ltd,\nEdited One,edited@example.com,,\nGone One,gone@example.com,,\n")
	in.Duplicates = crm.DuplicatesUpdate
	i := k.bring(t, k.asha, in)
	k.wantCounts(t, i, 3, 1, 0, 0)
	k.now = k.now.Add(72 * time.Hour)
	edited, gone := k.byEmail(t, "edited@example.com"), k.byEmail(t, "gone@example.com")
	if _, err := k.UpdateContact(ctx, k.asha, edited.ID, crm.ContactPatch{Notes: ptr("called her")}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := k.DeleteContact(ctx, k.asha, gone.ID, nil); err != nil {
		t.Fatal(err)
	}
	out := k.undo(t, i)
	if u := out.Undo; u.Removed != 1 || u.Restored != 1 || u.Spared != 2 {
		t.Errorf("undone: %+v", u)
	}
	if c := k.byEmail(t, "old@example.com"); c.FirstName != "Old" || c.LastName != "" || c.Company != "Tea House" || fmt.Sprint(c.Tags) != "[vip]" ||
		c.NextFollowUp != "2026-12-01" || c.Version != old.Version+2 {
		t.Errorf("the former contact is %+v", c)
	}
	if c := k.byEmail(t, "edited@example.com"); c.Notes != "called her" {
		t.Errorf("the edited one is %+v", c)
	}
	if n := query[int64](t, k.office, "SELECT count(*) FROM contacts WHERE deleted_at IS NULL"); n[0] != 2 {
		t.Errorf("%d contacts live", n[0])
	}
	if n := query[string](t, k.office, "SELECT action FROM audit_entries WHERE entity_id = $1 ORDER BY at, id", old.ID); fmt.Sprint(n) != "[contact.create contact.import contact.undo_import]" {
		t.Errorf("the history of the changed contact: %v", n)
	}
	_, err := k.UndoImport(ctx, k.asha, i.ID)
	wantCode(t, "undone twice", err, apperr.BusinessRule)
}

func TestWhatCannotBeUndone(t *testing.T) {
	k := newDesk(t)
	ctx := context.Background()
	running := k.start(t, k.asha, csvInput("Name\nA\n"))
	_, err := k.UndoImport(ctx, k.asha, running.ID)
	wantCode(t, "a running import", err, apperr.BusinessRule)
	dry := csvInput("Name\nA\n")
	dry.DryRun = true
	_, err = k.UndoImport(ctx, k.asha, k.bring(t, k.asha, dry).ID)
	wantCode(t, "a dry run", err, apperr.BusinessRule)
	done := k.bring(t, k.asha, csvInput("Name\nA\n"))
	_, err = k.UndoImport(ctx, k.ravi, done.ID)
	wantCode(t, "a colleague", err, apperr.NotFound)
	_, err = k.UndoImport(ctx, k.out, done.ID)
	wantCode(t, "another tenant", err, apperr.NotFound)
}

func TestAKilledUndoingGoesOn(t *testing.T) {
	k := newDesk(t)
	i := k.bring(t, k.asha, csvInput(manyPeople(2_000)))
	ctx, cancel := context.WithCancel(context.Background())
	if _, err := k.UndoImport(ctx, k.asha, i.ID); err != nil {
		t.Fatal(err)
	}
	k.d.OwnerExec(t, `CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.2); RETURN NULL; END';
		CREATE TRIGGER slow AFTER DELETE ON import_records FOR EACH STATEMENT EXECUTE FUNCTION slow()`)
	time.AfterFunc(500*time.Millisecond, cancel)
	if err := k.RunUndo(ctx, k.undoJob(t, i), false); !errors.Is(err, jobs.ErrMore) {
		t.Fatalf("a killed run answers %v", err)
	}
	between := query[int64](t, k.office, "SELECT removed FROM imports WHERE id = $1", i.ID)[0]
	if err := k.RunUndo(context.Background(), k.undoJob(t, i), false); err != nil {
		t.Fatal(err)
	}
	out, err := k.Import(context.Background(), k.asha, i.ID)
	if err != nil || out.Undo.Removed != 1980 || out.Undo.Spared != 0 {
		t.Errorf("undone %+v after %d before the kill (%v)", out.Undo, between, err)
	}
	if n := query[int64](t, k.office, "SELECT count(*) FROM contacts WHERE deleted_at IS NULL"); n[0] != 0 {
		t.Errorf("%d contacts live", n[0])
	}
}

func TestRefusedRowsAreCorrectedAndImportedAgain(t *testing.T) {
	k := newDesk(t)
	in := csvInput("Who,Contact at,Notes\nMeera Rao,nonsense,\"=1+1\nline two\"\nGood,g@example.com,\nWide,w@example.com,x,y\n")
	in.Mapping = map[string]string{"Who": "name", "Contact at": "email", "Notes": "notes"}
	i := k.bring(t, k.asha, in)
	k.wantCounts(t, i, 1, 0, 0, 2)
	var file bytes.Buffer
	if err := k.WriteImportErrors(context.Background(), k.asha, i.ID, &file); err != nil {
		t.Fatal(err)
	}
	text := file.String()
	if !strings.Contains(text, "Who,Contact at,Notes,Why it was not taken\r\n") || !strings.Contains(text, "E-mail: This does not look like an e-mail address.") || !strings.Contains(text, ",y\r\n") {
		t.Errorf("the file of refused rows:\n%s", text)
	}
	draft, err := k.UploadImport(context.Background(), k.asha, csvInput(strings.Replace(text, "nonsense", "meera@example.com", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if c := draft.Mapping.Columns; c[0].Field != "name" || c[1].Field != "email" || c[3].Field != "" {
		t.Errorf("the mapping was not remembered: %+v", c)
	}
	if draft, err = k.ImportDraft(context.Background(), k.asha, draft.ID); err != nil {
		t.Fatal(err)
	}
	again, err := k.StartDraft(context.Background(), k.asha, draft)
	if err != nil {
		t.Fatal(err)
	}
	k.wantCounts(t, k.run(t, k.asha, again), 1, 0, 0, 1)
	if c := k.byEmail(t, "meera@example.com"); c.Notes != "=1+1\nline two" || c.LastName != "Rao" {
		t.Errorf("came in as %+v", c)
	}
}
