package backup_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/uuid"
	"github.com/klauspost/compress/zstd"

	"payaid/db"
	"payaid/internal/backup"
	"payaid/internal/blob"
	"payaid/internal/dbtest"
)

// Whoever adds a table of a tenant decides what becomes of it.
func TestEveryTableOfATenantHasARule(t *testing.T) {
	f := newFixture(t)
	tables := dbtest.Column[string](t, f.db.OwnerURL, `
		SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1`)
	if len(tables) < 10 {
		t.Fatalf("the walk saw %v only", tables)
	}
	suspect := regexp.MustCompile(`hash|secret|token|password|credential`)
	for _, table := range tables {
		rule, ok := backup.TenantRules[table]
		if !ok {
			t.Errorf("%s has no line in tenantRules: is it exported and restored, exported only, or left out?", table)
			continue
		}
		if backup.LeftOut(rule) {
			continue
		}
		for _, name := range dbtest.Column[string](t, f.db.OwnerURL, "SELECT attname::text FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0", "public."+table) {
			if suspect.MatchString(name) && !slices.Contains(backup.Secrets(rule), name) {
				t.Errorf("%s.%s would be exported: name it among the secrets", table, name)
			}
		}
		if !backup.BroughtBack(rule) {
			continue
		}
		if len(backup.Secrets(rule)) > 0 {
			t.Errorf("%s has secrets, so that its rows cannot be brought back whole", table)
		}
		guarded := dbtest.Column[bool](t, f.db.OwnerURL, "SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE oid = $1::regclass", "public."+table)
		if !guarded[0] {
			t.Errorf("%s is restored without row level security that keeps one tenant's rows from another", table)
		}
		key := dbtest.Column[string](t, f.db.OwnerURL, `SELECT a.attname::text FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
			WHERE i.indrelid = $1::regclass AND i.indisprimary`, "public."+table)
		if len(key) != 1 || key[0] != "tenant_id" {
			t.Errorf("the primary key of %s begins with %v, want tenant_id", table, key)
		}
	}
}

// open decrypts an archive as a person would with age, zstd and tar.
func (b *business) open(t *testing.T, archive []byte) map[string]string {
	t.Helper()
	plain, err := age.Decrypt(bytes.NewReader(archive), b.keys[1])
	if err != nil {
		t.Fatal(err)
	}
	z, err := zstd.NewReader(plain)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	files := map[string]string{}
	in := tar.NewReader(z)
	for {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		files[h.Name] = string(text)
	}
}

func (b *business) export(t *testing.T) (backup.TenantArchive, []byte) {
	t.Helper()
	a, err := b.service().ExportTenant(t.Context(), "rao")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := b.service().SaveTenantArchive(t.Context(), a.ID, &out); err != nil {
		t.Fatal(err)
	}
	return a, out.Bytes()
}

func TestTheExportOfOneTenant(t *testing.T) {
	b := newBusiness(t)
	a, archive := b.export(t)
	latest, _ := db.LatestVersion()
	if a.Tables["contacts"].Rows != 503 || a.Tables["users"].Rows != 1 || a.Files.Rows != 1 || a.Schema != latest || a.Slug != "rao" {
		t.Errorf("manifest %+v", a)
	}
	files := b.open(t, archive)
	all := strings.Join(func() (texts []string) {
		for name, text := range files {
			texts = append(texts, name, text)
		}
		return texts
	}(), "\n")
	for _, want := range []string{"Asha", "owner@rao.test", "Rao Mills", "objects/t/" + b.id.String() + "/imports/first.csv", `"owner_id": "` + b.owner.String()} {
		if !strings.Contains(all, want) {
			t.Errorf("the archive lacks %q", want)
		}
	}
	for _, secret := range []string{"argon2-of-meera", "hash-of-the-key", "pk_shop", "secret_hash", b.tenants[1].String(), "mehta", `"search"`} {
		if strings.Contains(all, secret) {
			t.Errorf("the archive holds %q", secret)
		}
	}
	if files["tenant.json"] == "" || files["objects/t/"+b.id.String()+"/imports/first.csv"] != "name\nAsha\n" {
		t.Errorf("files %v", files["tenant.json"])
	}
	b.wantCipherOnly(t)
	if all, err := b.service().TenantArchives(t.Context()); err != nil || len(all) != 1 || all[0].ID != a.ID {
		t.Errorf("listed %+v, %v", all, err)
	}
	if backups := b.list(t); len(backups) != 0 {
		t.Errorf("it is taken for a backup of the installation: %+v", backups)
	}
}

// An archive comes back from a USB stick, with files that the store has no more.
func TestRestoreFromAnArchive(t *testing.T) {
	b := newBusiness(t)
	first, archive := b.export(t)
	csv := "t/" + b.id.String() + "/imports/first.csv"
	if err := backup.ForgetArchive(t.Context(), b.service(), first.ID); err != nil {
		t.Fatal(err)
	}
	b.db.OwnerExec(t, "DELETE FROM contacts WHERE tenant_id = $1", b.id)
	if err := b.objects.Delete(t.Context(), csv); err != nil {
		t.Fatal(err)
	}
	a, err := b.service().AddTenantArchive(t.Context(), bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	r := b.apply(t, b.plan(t, a.ID).ID, backup.BringBack)
	if got := resultOf(t, r, "contacts"); got.Inserted != 503 || r.FilesBack != 1 {
		t.Errorf("%+v, %d files", got, r.FilesBack)
	}
	if text, err := blob.ReadAll(t.Context(), b.objects, csv); err != nil || string(text) != "name\nAsha\n" {
		t.Errorf("the file: %q, %v", text, err)
	}

	stranger, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		archive []byte
		change  func(*backup.Options)
		want    error
		says    string
	}{
		"another installation's": {archive, func(o *backup.Options) { o.SecretKey = strings.Repeat("x", 32) }, backup.ErrForged, "another PAYAID_SECRET_KEY"},
		"for other keys":         {archive, func(o *backup.Options) { o.Identities = stranger.String() }, backup.ErrWrongKey, "other keys"},
		"half of it":             {half(bytes.Clone(archive)), func(*backup.Options) {}, backup.ErrDamaged, "damaged"},
		"a bit of it":            {flip(bytes.Clone(archive)), func(*backup.Options) {}, backup.ErrDamaged, "damaged"},
		"no archive":             {[]byte("hello"), func(*backup.Options) {}, backup.ErrDamaged, "damaged"},
	} {
		_, err := b.service(tt.change).AddTenantArchive(t.Context(), bytes.NewReader(tt.archive))
		if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if all, err := b.service().TenantArchives(t.Context()); err != nil || len(all) != 2 { // the one and its undo
		t.Errorf("%d archives are kept, %v", len(all), err)
	}
}

// An archive that an older PayAid made is brought up to date beside the live database.
func TestAnOlderArchiveIsMigrated(t *testing.T) {
	b := newBusiness(t)
	latest, _ := db.LatestVersion()
	// What this version's rows can be loaded into: the schema before the last
	// migrations lacks no column that the archive has.
	a, _ := b.export(t)
	if err := backup.MakeOlder(t.Context(), b.service(), a, latest-1); err != nil {
		t.Fatal(err)
	}
	b.db.OwnerExec(t, "DELETE FROM contacts WHERE tenant_id = $1", b.id)
	p := b.plan(t, a.ID)
	if p.Archive == a.ID {
		t.Error("the old archive itself is to be restored")
	}
	if made, err := b.service().TenantArchive(t.Context(), p.Archive); err != nil || made.Schema != latest || made.From != a.ID || made.At != a.At {
		t.Errorf("the new archive is %+v, %v", made, err)
	}
	if got := resultOf(t, b.apply(t, p.ID, backup.BringBack), "contacts"); got.Inserted != 503 || got.Clashes != 0 || got.Detached != 0 {
		t.Errorf("%+v", got)
	}
	if err := backup.MakeOlder(t.Context(), b.service(), a, latest+1); err != nil {
		t.Fatal(err)
	}
	if _, err := b.service().PlanTenant(t.Context(), a.ID, "rao"); !errors.Is(err, backup.ErrRefused) || !strings.Contains(err.Error(), "newer one") {
		t.Errorf("a newer archive: %v", err)
	}
}

// Rows that refer to each other in a circle, or to others of their table.
func TestReferencesWithinATable(t *testing.T) {
	b := newBusiness(t)
	b.db.OwnerExec(t, `ALTER TABLE companies ADD COLUMN group_id uuid, ADD COLUMN main_contact_id uuid,
		ADD CONSTRAINT companies_group_id_fkey FOREIGN KEY (tenant_id, group_id) REFERENCES companies (tenant_id, id),
		ADD CONSTRAINT companies_main_contact_id_fkey FOREIGN KEY (tenant_id, main_contact_id) REFERENCES contacts (tenant_id, id)`)
	child := uuid.New()
	b.db.OwnerExec(t, "INSERT INTO companies (tenant_id, id, name, group_id, created_at, updated_at) VALUES ($1, $2, 'Branch', $3, now(), now())", b.id, child, b.company)
	b.db.OwnerExec(t, "UPDATE companies SET group_id = $3, main_contact_id = $4 WHERE tenant_id = $1 AND id = $2", b.id, b.company, child, b.asha)
	made := b.create(t, backup.Manual)
	b.db.OwnerExec(t, "UPDATE companies SET group_id = NULL, main_contact_id = NULL")
	b.db.OwnerExec(t, "DELETE FROM contacts WHERE tenant_id = $1", b.id)
	b.db.OwnerExec(t, "DELETE FROM companies WHERE tenant_id = $1", b.id)
	r := b.apply(t, b.plan(t, made.ID).ID, backup.BringBack)
	if got, want := resultOf(t, r, "companies"), (backup.TableResult{Table: "companies", Inserted: 2}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	got := dbtest.Column[string](t, b.db.OwnerURL, "SELECT name || ' ' || group_id || ' ' || coalesce(main_contact_id::text, '') FROM companies ORDER BY name")
	if want := []string{"Branch " + b.company.String() + " ", "Rao Mills " + child.String() + " " + b.asha.String()}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// A restore that is killed in the middle has changed nothing, and another one works.
func TestAKilledRestoreOfOneTenantChangesNothing(t *testing.T) {
	b := newBusiness(t)
	made := b.create(t, backup.Manual)
	b.db.OwnerExec(t, "DELETE FROM contacts WHERE tenant_id = $1", b.id)
	p := b.plan(t, made.ID)
	// The last contact waits for a lock that the test holds, so that the others are
	// written and not committed when the process dies.
	hold := b.holdCompany(t)
	process := startHelper(t, "TestHelperRestore", b.db.AppURL, b.db.OwnerURL, b.db.BackupURL, b.dir, b.keys[0].String(),
		b.keys[0].Recipient().String(), b.keys[1].Recipient().String(), p.ID.String(), filepath.Join(b.dir, "objects"))
	for begin := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		// Other roles' queries are hidden from the owner, their locks are not.
		waits := dbtest.Column[int64](t, b.db.OwnerURL, "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple')")[0]
		if waits > 0 {
			break
		}
		if time.Since(begin) > time.Minute {
			t.Fatal("the restore never came to the contacts")
		}
	}
	process.kill(t)
	hold()
	if n := dbtest.Column[int64](t, b.db.OwnerURL, "SELECT count(*) FROM contacts WHERE tenant_id = $1", b.id)[0]; n != 0 {
		t.Errorf("%d contacts are back", n)
	}
	if got := resultOf(t, b.apply(t, p.ID, backup.BringBack), "contacts"); got.Inserted != 503 {
		t.Errorf("%+v", got)
	}
}

func TestArchivesAreForgotten(t *testing.T) {
	b := newBusiness(t)
	a, _ := b.export(t)
	p := b.plan(t, b.create(t, backup.Pinned).ID) // takes a source out of the backup
	count := func(days int) int {
		t.Helper()
		b.now = time.Now().AddDate(0, 0, days)
		if _, err := b.service().Prune(t.Context()); err != nil {
			t.Fatal(err)
		}
		all, err := b.service().TenantArchives(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	for _, tt := range []struct{ days, want int }{{2, 2}, {8, 1}, {29, 1}, {31, 0}} {
		if got := count(tt.days); got != tt.want {
			t.Errorf("after %d days %d archives, want %d (%s, %s)", tt.days, got, tt.want, a.ID, p.Archive)
		}
	}
}
