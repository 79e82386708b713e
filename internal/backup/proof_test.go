package backup_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"payaid/internal/backup"
)

// read returns a stored object.
func (f *fixture) read(t *testing.T, key string) []byte {
	t.Helper()
	r, _, err := f.store.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// rewrite changes a stored object through the store, so that only our own
// checksum and signature can tell.
func (f *fixture) rewrite(t *testing.T, key string, change func([]byte) []byte) {
	t.Helper()
	if _, err := f.store.Put(t.Context(), key, bytes.NewReader(change(f.read(t, key))), -1, ""); err != nil {
		t.Fatal(err)
	}
}

func flip(data []byte) []byte { data[len(data)/2] ^= 1; return data }
func half(data []byte) []byte { return data[:len(data)/2] }

func TestDamageIsFound(t *testing.T) {
	f := newFixture(t)
	onDisk := func(change func([]byte) []byte) func(*testing.T, string) {
		return func(t *testing.T, key string) {
			file := filepath.Join(f.dir, filepath.FromSlash(key))
			data, err := os.ReadFile(file)
			if err == nil {
				err = os.WriteFile(file, change(data), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	inStore := func(change func([]byte) []byte) func(*testing.T, string) {
		return func(t *testing.T, key string) { f.rewrite(t, key, change) }
	}
	gone := func(t *testing.T, key string) {
		if err := f.store.Delete(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	b := f.create(t, backup.Manual)
	whole := map[string][]byte{}
	for _, part := range []string{backup.DumpName, backup.ListName} {
		whole[part] = f.read(t, b.ID.String()+"/"+part)
	}
	for name, tt := range map[string]struct {
		part   string
		damage func(*testing.T, string)
	}{
		"a bit of the dump, on the disk":    {backup.DumpName, onDisk(flip)},
		"a bit of the dump, in the store":   {backup.DumpName, inStore(flip)},
		"half of the dump, on the disk":     {backup.DumpName, onDisk(half)},
		"half of the dump, in the store":    {backup.DumpName, inStore(half)},
		"no dump at all":                    {backup.DumpName, gone},
		"a bit of the list of files":        {backup.ListName, inStore(flip)},
		"a byte more than the dump, behind": {backup.DumpName, inStore(func(b []byte) []byte { return append(b, 0) })},
	} {
		t.Run(name, func(t *testing.T) {
			key := b.ID.String() + "/" + tt.part
			defer func() {
				if _, err := f.store.Put(t.Context(), key, bytes.NewReader(whole[tt.part]), -1, ""); err != nil {
					t.Error(err)
				}
			}()
			tt.damage(t, key)
			if _, err := f.service().Drill(t.Context(), b.ID); !errors.Is(err, backup.ErrDamaged) {
				t.Errorf("drill: %v", err)
			}
			if _, err := f.service().Verify(t.Context(), b.ID); !errors.Is(err, backup.ErrDamaged) {
				t.Errorf("verify: %v", err)
			}
			if got, err := f.service().Get(t.Context(), b.ID); err != nil || got.Verified() || got.Proven() || got.Verify.Problem == "" {
				t.Errorf("it is still said to be good: %+v, %v", got.Verify, err)
			}
			if left := f.scratches(t); len(left) > 0 {
				t.Errorf("copies are left: %v", left)
			}
		})
	}
}

func TestAForgedManifestIsNotTrusted(t *testing.T) {
	f := newFixture(t)
	real := f.create(t, backup.Manual)
	other := f.create(t, backup.Manual)
	manifest := real.ID.String() + "/" + backup.ManifestName
	original := f.read(t, manifest)
	for name, forged := range map[string][]byte{
		"another kind":          bytes.Replace(original, []byte(`"kind":"manual"`), []byte(`"kind":"pinned"`), 1),
		"another checksum":      bytes.Replace(original, []byte(`"sha256":"`+real.Dump.SHA256[:4]), []byte(`"sha256":"0000`), 1),
		"another's manifest":    f.read(t, other.ID.String()+"/"+backup.ManifestName),
		"no signature":          []byte(`{"document":{"format":1,"id":"` + real.ID.String() + `"}}`),
		"nothing":               {},
		"no JSON":               []byte("PGDMP"),
		"a proof as a manifest": bytes.Replace(original, []byte("{"), []byte("{ "), 1)[:len(original)-4],
	} {
		t.Run(name, func(t *testing.T) {
			if bytes.Equal(forged, original) {
				t.Fatal("nothing was forged")
			}
			f.rewrite(t, manifest, func([]byte) []byte { return forged })
			for verb, err := range map[string]error{
				"get": second(f.service().Get(t.Context(), real.ID)), "verify": second(f.service().Verify(t.Context(), real.ID)),
				"drill": second(f.service().Drill(t.Context(), real.ID)),
			} {
				if !errors.Is(err, backup.ErrForged) {
					t.Errorf("%s: %v, want ErrForged", verb, err)
				}
			}
			for _, b := range f.list(t) {
				if b.ID == real.ID && (b.Err == nil || b.Verified()) {
					t.Errorf("listed as %+v", b)
				}
			}
		})
	}
	f.rewrite(t, manifest, func([]byte) []byte { return original })
	if len(f.list(t)) != 2 || f.list(t)[1].Err != nil {
		t.Error("the original is not accepted again")
	}
	_, err := f.service(func(o *backup.Options) { o.SecretKey = strings.Repeat("x", 32) }).Get(t.Context(), real.ID)
	if !errors.Is(err, backup.ErrForged) || !strings.Contains(err.Error(), "another PAYAID_SECRET_KEY") {
		t.Errorf("another installation's: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestOnlyItsKeysOpenABackup(t *testing.T) {
	f := newFixture(t)
	b := f.create(t, backup.Manual)
	stranger, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		identity string
		says     string
	}{
		"no key":       {"", "name a file with the private key"},
		"a wrong key":  {stranger.String(), stranger.Recipient().String()},
		"not a key":    {"hello", "holds no private key"},
		"a public key": {f.keys[0].Recipient().String(), "holds no private key"},
	} {
		_, err := f.service(func(o *backup.Options) { o.Identities = tt.identity }).Drill(t.Context(), b.ID)
		if err == nil || !strings.Contains(err.Error(), tt.says) || (tt.identity == "" || strings.HasPrefix(name, "a wrong")) != errors.Is(err, backup.ErrWrongKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, err := f.service().Get(t.Context(), b.ID); err != nil || got.Drill != nil {
		t.Errorf("a refused drill says something about the backup: %+v, %v", got.Drill, err)
	}
	if _, err := f.service(func(o *backup.Options) { o.Identities = "# the second\n" + f.keys[1].String() + "\n" }).Drill(t.Context(), b.ID); err != nil {
		t.Errorf("only the second key: %v", err)
	}
}

// A migration took the right to change the audit log away, and functions of the
// owner from everybody: a copy that gives them back is not the original.
func TestRightsAreRestoredAndCompared(t *testing.T) {
	f := newFixture(t)
	b := f.create(t, backup.Manual)
	digest := b.Snapshot.Rights
	for what, sql := range map[string]string{
		"a table": "GRANT UPDATE ON audit_entries TO payaid_app", "row security": "ALTER TABLE contacts NO FORCE ROW LEVEL SECURITY",
		"a policy": "DROP POLICY tenant ON contacts", "a function": "GRANT EXECUTE ON FUNCTION api_key_tenant(text) TO PUBLIC",
		"a default": "ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE INSERT ON TABLES FROM payaid_app",
	} {
		f.db.OwnerExec(t, sql)
		next, err := backup.Rights(t.Context(), f.db.BackupURL)
		if err != nil || next == digest {
			t.Errorf("the digest of the rights does not see a change of %s (%v)", what, err)
		}
		digest = next
	}
	b.Snapshot.Rights = digest
	if err := backup.Publish(t.Context(), f.service(), b.ID, backup.ManifestName, b.Manifest); err != nil {
		t.Fatal(err)
	}
	if _, err := f.service().Drill(t.Context(), b.ID); err == nil || !strings.Contains(err.Error(), "other rights") {
		t.Errorf("drill of a backup with other rights: %v", err)
	}
}

func TestADrillComparesEveryRow(t *testing.T) {
	f := newFixture(t)
	b := f.create(t, backup.Manual)
	for name, tt := range map[string]struct {
		change func(tables map[string]backup.Table)
		says   string
	}{
		"a row more": {func(m map[string]backup.Table) {
			m["public.contacts"] = backup.Table{Rows: 1001, Digest: m["public.contacts"].Digest}
		}, "1000 rows in public.contacts, the original had 1001"},
		"other content": {func(m map[string]backup.Table) { m["public.users"] = backup.Table{Digest: "1"} }, "the rows of public.users differ"},
		"a table more":  {func(m map[string]backup.Table) { m["public.ledger"] = backup.Table{} }, "lacks the table public.ledger"},
		"a table less":  {func(m map[string]backup.Table) { delete(m, "public.teams") }, "has the table public.teams"},
	} {
		changed := b.Manifest
		changed.Tables = maps.Clone(b.Tables)
		tt.change(changed.Tables)
		if err := backup.Publish(t.Context(), f.service(), b.ID, backup.ManifestName, changed); err != nil {
			t.Fatal(err)
		}
		if _, err := f.service().Drill(t.Context(), b.ID); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v", name, err)
		}
		if got, err := f.service().Get(t.Context(), b.ID); err != nil || got.Proven() || got.Drill == nil || got.Drill.Problem == "" {
			t.Errorf("%s: kept as %+v, %v", name, got.Drill, err)
		}
	}
}

func TestADrillLooksForTheFiles(t *testing.T) {
	f := newFixture(t)
	key := f.putFile(t, "imports/second.csv", "name\n")
	b := f.create(t, backup.Manual)
	if _, err := f.objects.Put(t.Context(), key, strings.NewReader("longer than it was"), -1, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := f.service().Drill(t.Context(), b.ID); err == nil || !strings.Contains(err.Error(), "has 18 bytes in the object store, it had 5") {
		t.Errorf("a changed file: %v", err)
	}
	if err := f.objects.Delete(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	if _, err := f.service().Drill(t.Context(), b.ID); err == nil || !strings.Contains(err.Error(), "is gone from the object store") {
		t.Errorf("a missing file: %v", err)
	}
}

func TestAnUnreachableDrillServerSaysNothingAboutTheBackup(t *testing.T) {
	f := newFixture(t)
	b := f.create(t, backup.Manual)
	_, err := f.service(func(o *backup.Options) { o.OwnerURL = "" }).Drill(t.Context(), b.ID)
	if !errors.Is(err, backup.ErrRefused) || !strings.Contains(err.Error(), "PAYAID_BACKUP_DRILL_URL") {
		t.Errorf("without an owner: %v", err)
	}
	if _, err := f.service(func(o *backup.Options) { o.OwnerURL, o.DrillURL = "", f.db.OwnerURL }).Drill(t.Context(), b.ID); err != nil {
		t.Errorf("on a configured server: %v", err)
	}
	_, err = f.service(func(o *backup.Options) { o.DrillURL = "postgres://payaid_owner@127.0.0.1:1/payaid" }).Drill(t.Context(), b.ID)
	if got, gerr := f.service().Get(t.Context(), b.ID); err == nil || gerr != nil || !got.Proven() {
		t.Errorf("a dead server: %v, the backup %+v", err, got.Drill)
	}
}

// A drill that was killed leaves its copy; the next one drops it.
func TestCopiesOfKilledDrillsAreDropped(t *testing.T) {
	f := newFixture(t)
	b := f.create(t, backup.Manual)
	left := f.db.Pool().Config().ConnConfig.Database + "_scratch_0badcafe"
	f.exec(t, f.db.OwnerURL, "CREATE DATABASE "+left)
	if _, err := f.service().Drill(context.Background(), b.ID); err != nil {
		t.Error(err)
	}
	if found := f.scratches(t); len(found) > 0 {
		t.Errorf("left: %v", found)
	}
}
