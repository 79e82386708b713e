package blob_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"payaid/internal/blob"
)

func newDir(t *testing.T) (*blob.Dir, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "made", "when missing")
	dir, err := blob.NewDir(path)
	if err != nil {
		t.Fatal(err)
	}
	return dir, path
}

func TestDirFindsItsObjectsAgain(t *testing.T) {
	dir, path := newDir(t)
	want := put(t, dir, "a/b", []byte("body"))
	again, err := blob.NewDir(path)
	if err != nil {
		t.Fatal(err)
	}
	got, err := again.Stat(t.Context(), "a/b")
	if want.SHA256 = ""; err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func TestDirKnowsDamagedObjects(t *testing.T) {
	damage := map[string]func(file []byte) []byte{
		"one bit":       func(file []byte) []byte { file[1] ^= 1; return file },
		"cut short":     func(file []byte) []byte { return file[:len(file)-1] },
		"only a part":   func(file []byte) []byte { return file[:10] },
		"empty":         func([]byte) []byte { return nil },
		"another file":  func([]byte) []byte { return []byte(strings.Repeat("no object of ours ", 200)) },
		"one byte more": func(file []byte) []byte { return append([]byte("x"), file...) },
	}
	for name, change := range damage {
		t.Run(name, func(t *testing.T) {
			dir, path := newDir(t)
			put(t, dir, "a/b", []byte("a body of some length"))
			file := filepath.Join(path, "a", "b")
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, change(content), 0o600); err != nil {
				t.Fatal(err)
			}
			r, _, err := dir.Get(t.Context(), "a/b")
			if err == nil {
				_, err = io.ReadAll(r)
				r.Close()
			}
			if !errors.Is(err, blob.ErrDamaged) {
				t.Errorf("got %v, want ErrDamaged", err)
			}
		})
	}
}

func TestDirLeavesNothingBehind(t *testing.T) {
	dir, path := newDir(t)
	put(t, dir, "a/b", nil)
	for _, r := range []io.Reader{iotest.ErrReader(io.ErrClosedPipe), strings.NewReader("too long"), strings.NewReader("")} {
		if _, err := dir.Put(t.Context(), "a/c", r, 3, ""); err == nil {
			t.Error("the put did not fail")
		}
	}
	if _, err := dir.Put(t.Context(), "a/b/c", strings.NewReader(""), 0, ""); !errors.Is(err, blob.ErrInvalidKey) {
		t.Errorf("a key under an object: %v, want ErrInvalidKey", err)
	}
	if _, err := dir.Put(t.Context(), "a", strings.NewReader(""), 0, ""); !errors.Is(err, blob.ErrInvalidKey) {
		t.Errorf("a key that is a folder: %v, want ErrInvalidKey", err)
	}
	if left, err := os.ReadDir(filepath.Join(path, ".tmp")); err != nil || len(left) != 0 {
		t.Errorf("left in .tmp: %v, %v", left, err)
	}
}

func TestDirRemovesOldUploads(t *testing.T) {
	_, path := newDir(t)
	fresh, old := filepath.Join(path, ".tmp", "fresh"), filepath.Join(path, ".tmp", "old")
	for _, file := range []string{fresh, old} {
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	yesterday := time.Now().Add(-25 * time.Hour)
	if err := os.Chtimes(old, yesterday, yesterday); err != nil {
		t.Fatal(err)
	}
	if _, err := blob.NewDir(path); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(fresh); err != nil {
		t.Errorf("another process's upload: %v", err)
	}
	if _, err := os.Stat(old); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an old one: %v, want that it is gone", err)
	}
}

func TestDirStaysInside(t *testing.T) {
	dir, path := newDir(t)
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(path, "link")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := dir.Get(t.Context(), "link/secret"); err == nil {
		t.Error("a link led out of the directory")
	}
	if _, err := dir.Put(t.Context(), "link/new", strings.NewReader(""), 0, ""); err == nil {
		t.Error("a put went out of the directory")
	}
}

func TestDirCheckSeesThatItIsGone(t *testing.T) {
	dir, path := newDir(t)
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	if err := dir.Check(t.Context()); err == nil {
		t.Error("the directory is gone and the check passes")
	}
	if _, err := blob.NewDir(filepath.Join(os.DevNull, "x")); err == nil {
		t.Error("a directory below a file was opened")
	}
}
