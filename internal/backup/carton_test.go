package backup_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"payaid/internal/backup"
)

// entry is one file of a tar.
type entry struct {
	name string
	data []byte
}

func unpack(t *testing.T, data []byte) (out []entry) {
	t.Helper()
	r := tar.NewReader(bytes.NewReader(data))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, entry{h.Name, content})
	}
}

func pack(t *testing.T, entries []entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		if err := w.WriteHeader(&tar.Header{Name: e.name, Mode: 0o600, Size: int64(len(e.data))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(e.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A backup leaves as one file and comes back; nothing else does.
func TestABackupIsSentAndReceived(t *testing.T) {
	f := newFixture(t)
	d := f.desk(t)
	b := f.create(t, backup.Manual)
	var sent bytes.Buffer
	if err := d.Send(t.Context(), b.ID, &sent); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sent.Bytes(), []byte("Plainly Readable")) {
		t.Error("the file is not encrypted")
	}
	refused := func(name, says string, data []byte) {
		t.Helper()
		_, err := d.Receive(t.Context(), bytes.NewReader(data))
		if !errors.Is(err, backup.ErrUpload) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", name, err, says)
		}
	}
	refused("there already", "here already", sent.Bytes())
	if err := backup.Forget(t.Context(), f.service(), b.ID); err != nil {
		t.Fatal(err)
	}
	files := unpack(t, sent.Bytes())
	if len(files) != 3 || !strings.HasSuffix(files[0].name, backup.ManifestName) {
		t.Fatalf("sent %d files", len(files))
	}
	changed := func(i int, change func([]byte) []byte) []byte {
		out := append([]entry{}, files...)
		out[i].data = change(bytes.Clone(out[i].data))
		return pack(t, out)
	}
	flip := func(b []byte) []byte { b[len(b)/2] ^= 1; return b }
	refused("nothing", "no tar file", nil)
	refused("a picture", "no tar file", bytes.Repeat([]byte("png"), 5000))
	refused("another tar", "does not begin with the manifest", pack(t, []entry{{"notes.txt", []byte("hello")}}))
	refused("forged manifest", "changed after it was written", changed(0, func(b []byte) []byte {
		return bytes.Replace(b, []byte(`"kind":"manual"`), []byte(`"kind":"pinned"`), 1)
	}))
	refused("flipped bit in the dump", "damaged", changed(2, flip))
	refused("flipped bit in the list", "damaged", changed(1, flip))
	refused("shorter dump", "where the manifest says", changed(2, func(b []byte) []byte { return b[:len(b)-1] }))
	refused("swapped parts", "where the manifest says", pack(t, []entry{files[0], files[2], files[1]}))
	refused("without a dump", "cut short", pack(t, files[:2]))
	for _, n := range []int{700, len(files[0].data) / 2, len(files[0].data) + 2000, sent.Len() / 2, sent.Len() - len(files[2].data)/2} {
		refused("cut short", "ends ", sent.Bytes()[:n])
	}
	f.wantNothing(t)

	other := f.desk(t, func(o *backup.Options) { o.SecretKey = strings.Repeat("t", 32) })
	if _, err := other.Receive(t.Context(), bytes.NewReader(sent.Bytes())); !errors.Is(err, backup.ErrUpload) || !strings.Contains(err.Error(), "PAYAID_SECRET_KEY") {
		t.Errorf("of another installation: %v", err)
	}
	got, err := d.Receive(t.Context(), bytes.NewReader(sent.Bytes()))
	if err != nil || got.ID != b.ID {
		t.Fatalf("received %v, %v", got.ID, err)
	}
	if _, err := f.service().Drill(t.Context(), b.ID); err != nil {
		t.Errorf("the received one: %v", err)
	}
}

// What is damaged in the store does not leave it as if it were whole.
func TestADamagedBackupIsNotSentWhole(t *testing.T) {
	f := newFixture(t)
	d := f.desk(t)
	b := f.create(t, backup.Manual)
	if _, err := f.store.Put(t.Context(), b.ID.String()+"/"+backup.DumpName, strings.NewReader(strings.Repeat("x", int(b.Dump.Size))), b.Dump.Size, ""); err != nil {
		t.Fatal(err)
	}
	var sent bytes.Buffer
	if err := d.Send(t.Context(), b.ID, &sent); !errors.Is(err, backup.ErrDamaged) {
		t.Errorf("sent with %v", err)
	}
}
