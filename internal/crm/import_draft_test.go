package crm_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"payaid/internal/apperr"
	"payaid/internal/auth"
	"payaid/internal/crm"
	"payaid/internal/sheet"
)

func outcomes(p crm.ImportPreview) string {
	var out []string
	for _, r := range p.Rows {
		out = append(out, r.Outcome)
	}
	return strings.Join(out, " ")
}

func TestADraftIsLookedAtAndStarted(t *testing.T) {
	k := newDesk(t)
	ctx := context.Background()
	k.add(t, k.asha, crm.ContactInput{FirstName: "Held", Email: "held@example.com"})
	k.add(t, k.zoya, crm.ContactInput{FirstName: "Zoya's", Email: "z@example.com"})
	uploaded, err := k.UploadImport(ctx, k.asha, csvInput("Who,Email\nNew One,new@example.com\nHeld One,held@example.com\nNot mine,z@example.com\nBad,nonsense\n\"Half\n"))
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]auth.Principal{"a colleague": k.ravi, "another tenant": k.out} {
		_, err := k.ImportDraft(ctx, p, uploaded.ID)
		wantCode(t, name, err, apperr.NotFound)
	}
	draft, err := k.ImportDraft(ctx, k.asha, uploaded.ID)
	if err != nil {
		t.Fatal(err)
	}
	for policy, want := range map[string]string{
		crm.DuplicatesSkip: "create skip skip refuse refuse", crm.DuplicatesUpdate: "create update refuse refuse refuse", crm.DuplicatesCreate: "create refuse refuse refuse refuse",
	} {
		chosen, err := k.Choose(ctx, k.asha, draft, crm.DraftChoices{Fields: []string{"name", "email"}, Duplicates: policy})
		if err != nil {
			t.Fatal(err)
		}
		preview, err := k.PreviewImport(ctx, k.asha, chosen)
		if err != nil || outcomes(preview) != want || preview.Samples[0] != "New One" || preview.More {
			t.Errorf("%s: %s, samples %q (%v)", policy, outcomes(preview), preview.Samples, err)
		}
	}
	_, err = k.Choose(ctx, k.asha, draft, crm.DraftChoices{Fields: []string{"", "notes"}})
	wantCode(t, "nothing names a contact", err, apperr.Validation)
	_, err = k.Choose(ctx, k.asha, draft, crm.DraftChoices{Fields: []string{"password", "email"}})
	wantCode(t, "an unknown field", err, apperr.Validation)
	draft, err = k.Choose(ctx, k.asha, draft, crm.DraftChoices{Fields: []string{"firstName", "email"}, Duplicates: crm.DuplicatesUpdate})
	if err != nil {
		t.Fatal(err)
	}
	i, err := k.StartDraft(ctx, k.asha, draft)
	if err != nil {
		t.Fatal(err)
	}
	k.wantCounts(t, k.run(t, k.asha, i), 1, 1, 0, 3)
	_, err = k.StartDraft(ctx, k.asha, draft)
	wantCode(t, "started twice", err, apperr.NotFound)
	again, err := k.UploadImport(ctx, k.ravi, csvInput("who,E-mail\nx,y\n"))
	if err != nil || again.Mapping.Columns[0].Field != "firstName" {
		t.Errorf("the business's mapping is %+v (%v)", again.Mapping.Columns, err)
	}
	if other, err := k.UploadImport(ctx, k.out, csvInput("Who,Email\nx,y\n")); err != nil || other.Mapping.Columns[0].Field != "" {
		t.Errorf("another business's is %+v (%v)", other.Mapping.Columns, err)
	}
}

func TestDraftsThatNobodyStartsGoAfterADay(t *testing.T) {
	k := newDesk(t)
	ctx := context.Background()
	if _, err := k.UploadImport(ctx, k.asha, csvInput("Name\nA\n")); err != nil {
		t.Fatal(err)
	}
	kept := k.start(t, k.asha, csvInput("Name\nA\n"))
	k.d.OwnerExec(t, "INSERT INTO staging.import_rows SELECT $1, i, 1, '{}', '', 0 FROM unnest(ARRAY[$2, gen_random_uuid()]) i", k.tenant, kept.ID)
	for _, c := range []struct {
		after   time.Duration
		objects int
	}{{23 * time.Hour, 2}, {2 * time.Hour, 1}} {
		k.now = k.now.Add(c.after)
		if err := k.SweepImports(ctx, crm.SweepImportsArgs{}, false); err != nil {
			t.Fatal(err)
		}
		if n := k.objects(t); n != c.objects {
			t.Errorf("%d files, want %d", n, c.objects)
		}
	}
	if n := query[int64](t, k.office, "SELECT count(*) FROM staging.import_rows"); n[0] != 1 {
		t.Errorf("%d staged rows, want that of the living import", n[0])
	}
}

func TestStagedRowsThatWereSweptAreReadAgain(t *testing.T) {
	k := newDesk(t)
	i := k.start(t, k.asha, csvInput(manyPeople(3_000)))
	k.d.OwnerExec(t, `CREATE FUNCTION swept() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
		'BEGIN IF NEW.line > 0 AND OLD.line = 0 THEN DELETE FROM staging.import_rows WHERE import_id = NEW.id; END IF; RETURN NULL; END';
		CREATE TRIGGER swept AFTER UPDATE ON imports FOR EACH ROW EXECUTE FUNCTION swept()`)
	k.wantCounts(t, k.run(t, k.asha, i), 2970, 0, 0, 30)
	if n := query[int64](t, k.office, "SELECT count(*) FROM contacts")[0]; n != 2970 {
		t.Errorf("%d contacts", n)
	}
}

func TestEveryFormatComesBack(t *testing.T) {
	k := newDesk(t)
	ctx := context.Background()
	k.add(t, k.asha, crm.ContactInput{FirstName: "Meera", LastName: "=Rao", Email: "meera@example.com", Phone: "9876543210", Company: "Tea House", JobTitle: "Buyer",
		Address: "1 Road, Pune, Maharashtra, 411001", Notes: "one\ntwo", Tags: []string{"a, b", "vip"}})
	for _, format := range crm.ExportFormats {
		var file bytes.Buffer
		if err := k.ExportContacts(ctx, k.admin, crm.ContactFilter{Sort: "name"}, format, &file); err != nil {
			t.Fatal(err)
		}
		k.d.OwnerExec(t, "DELETE FROM contacts")
		i := k.bring(t, k.asha, csvInput(file.String()))
		k.wantCounts(t, i, 1, 0, 0, 0)
		c := k.byEmail(t, "meera@example.com")
		if c.Name != "Meera =Rao" || c.Phone != "+919876543210" || c.Company != "Tea House" || c.JobTitle != "Buyer" || c.Notes != "one\ntwo" ||
			c.Address != "1 Road, Pune, Maharashtra, 411001" || strings.Join(c.Tags, "|") != "a, b|vip" {
			t.Errorf("%s came back as %+v", format, c)
		}
		if i.Mapping.Kind != format {
			t.Errorf("%s was taken for %s", format, i.Mapping.Kind)
		}
	}
	err := k.ExportContacts(ctx, k.admin, crm.ContactFilter{}, "pdf", &bytes.Buffer{})
	wantCode(t, "an unknown format", err, apperr.Validation)
	if sheet.CSV != crm.ExportFormats[0] {
		t.Error("CSV is what an export is when nobody asks")
	}
}
