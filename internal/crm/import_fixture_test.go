package crm_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"payaid/internal/auth"
	"payaid/internal/blob"
	"payaid/internal/change"
	"payaid/internal/crm"
	"payaid/internal/jobs"
)

// desk is an office that can import: with a blob store and a queue that nobody
// works, so that a test decides when a job runs.
type desk struct {
	*office
	blobs *watchedStore
	dir   string // of the blobs
	queue *jobs.Client
	auth  *auth.Service
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	k := &desk{office: newOffice(t), dir: t.TempDir()}
	dir, err := blob.NewDir(k.dir)
	if err != nil {
		t.Fatal(err)
	}
	k.blobs = &watchedStore{Store: dir}
	log := slog.New(slog.DiscardHandler)
	if k.queue, err = jobs.New(k.d.DB, jobs.Options{Log: log}); err != nil {
		t.Fatal(err)
	}
	w := &change.Writer{DB: k.d.DB, Jobs: k.queue, Log: log, Now: func() time.Time { return k.now }}
	if k.auth, err = auth.New(context.Background(), w); err != nil {
		t.Fatal(err)
	}
	k.Service = crm.New(w, k.blobs, k.auth)
	return k
}

// watchedStore is a blob store that calls back while a file is read.
type watchedStore struct {
	blob.Store
	onRead func(total int64)
}

func (s *watchedStore) Get(ctx context.Context, key string) (io.ReadCloser, blob.Info, error) {
	r, info, err := s.Store.Get(ctx, key)
	if err != nil || s.onRead == nil {
		return r, info, err
	}
	return &watchedReader{ReadCloser: r, store: s}, info, nil
}

type watchedReader struct {
	io.ReadCloser
	store *watchedStore
	n     int64
}

func (r *watchedReader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	r.n += int64(n)
	r.store.onRead(r.n)
	return n, err
}

// objects counts what is in the blob store.
func (k *desk) objects(t testing.TB) int {
	t.Helper()
	n := 0
	if err := k.blobs.List(context.Background(), "", func(blob.Info) error { n++; return nil }); err != nil {
		t.Fatal(err)
	}
	return n
}

func csvInput(text string) crm.ImportInput {
	return crm.ImportInput{FileName: "people.csv", Body: strings.NewReader(text), Size: int64(len(text)), Entity: crm.EntityContacts}
}

func sample(t testing.TB, name string) crm.ImportInput {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return crm.ImportInput{FileName: name, Body: bytes.NewReader(b), Size: int64(len(b)), Entity: crm.EntityContacts}
}

func (k *desk) start(t testing.TB, p auth.Principal, in crm.ImportInput) crm.Import {
	t.Helper()
	out, err := k.StartImport(context.Background(), p, in)
	if err != nil {
		t.Fatalf("start the import: %v", err)
	}
	return out
}

func jobOf(p auth.Principal, i crm.Import) crm.ImportArgs {
	a := p.Actor()
	return crm.ImportArgs{TenantID: p.TenantID, ImportID: i.ID, ActorKind: a.Kind, ActorID: a.ID}
}

// run works the import to its end and returns it.
func (k *desk) run(t testing.TB, p auth.Principal, i crm.Import) crm.Import {
	t.Helper()
	ctx := context.Background()
	for {
		err := k.RunImport(ctx, jobOf(p, i), false)
		if errors.Is(err, jobs.ErrMore) {
			continue
		}
		if err != nil {
			t.Fatalf("run the import: %v", err)
		}
		out, err := k.Import(ctx, p, i.ID)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// bring starts and works an import that has to complete.
func (k *desk) bring(t testing.TB, p auth.Principal, in crm.ImportInput) crm.Import {
	t.Helper()
	out := k.run(t, p, k.start(t, p, in))
	if out.Status != jobs.Completed || out.Done != out.Total || out.FinishedAt == nil {
		t.Fatalf("the import ended %s at %d of %d: %s", out.Status, out.Done, out.Total, out.Message)
	}
	return out
}

func (k *desk) wantCounts(t testing.TB, i crm.Import, created, updated, skipped, failed int64) {
	t.Helper()
	want := crm.ImportCounts{Total: created + updated + skipped + failed, Created: created, Updated: updated, Skipped: skipped, Failed: failed}
	if i.Counts != want {
		t.Errorf("counts %+v, want %+v", i.Counts, want)
		for _, e := range k.errors(t, i) {
			t.Logf("line %d: %+v", e.Line, e.Details)
		}
	}
}

func (k *desk) errors(t testing.TB, i crm.Import) []crm.ImportError {
	t.Helper()
	out, err := k.ImportErrors(context.Background(), k.admin, i.ID, 0, crm.MaxPageSize)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// byEmail returns the contact with an e-mail as the admin sees it.
func (k *desk) byEmail(t testing.TB, email string) crm.Contact {
	t.Helper()
	page, err := k.Contacts(context.Background(), k.admin, crm.ContactFilter{Query: email})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range page.Contacts {
		if c.Email == email {
			return c
		}
	}
	t.Fatalf("no contact has the e-mail %s", email)
	return crm.Contact{}
}
