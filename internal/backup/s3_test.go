package backup_test

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	"payaid/internal/backup"
	"payaid/internal/blob"
	"payaid/internal/servertest"
)

// The same on an S3 server, with a dump of several parts.
func TestOnS3(t *testing.T) {
	f := newFixture(t)
	// Random text, which no compression makes small.
	f.db.OwnerExec(t, `INSERT INTO contacts (tenant_id, id, first_name, notes, created_at, updated_at)
		SELECT $1, gen_random_uuid(), 'Long', (SELECT string_agg(gen_random_uuid()::text, '') FROM generate_series(1, 100) WHERE n > 0), now(), now()
		FROM generate_series(1, 4000) n`, f.tenants[0])
	options := servertest.S3(t)
	options.PartSize = 5 << 20
	s3, err := blob.NewS3(options)
	if err != nil {
		t.Fatal(err)
	}
	onS3 := func(o *backup.Options) { o.Store = s3 }
	b := f.create(t, backup.Manual, onS3)
	if b.Dump.Size <= options.PartSize {
		t.Fatalf("the dump has %d bytes, want more than one part", b.Dump.Size)
	}
	if d, err := f.service(onS3).Drill(t.Context(), b.ID); err != nil || !d.Proven() {
		t.Errorf("drill: %v", err)
	}

	// The second upload breaks off after its first part.
	full := &fullStore{Store: s3, after: 6 << 20}
	if _, err := f.service(func(o *backup.Options) { o.Store = full }).Create(t.Context(), backup.Manual); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("an upload that breaks off: %v", err)
	}
	all, err := f.service(onS3).List(t.Context())
	if err != nil || len(all) != 1 || all[0].ID != b.ID {
		t.Errorf("listed %d, %v, want the first alone", len(all), err)
	}
	err = s3.List(t.Context(), "", func(info blob.Info) error {
		if !strings.HasPrefix(info.Key, b.ID.String()+"/") {
			t.Errorf("left in the bucket: %s", info.Key)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
