package blob_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"payaid/internal/blob"
	"payaid/internal/servertest"
)

// Every store passes the same list.
func TestConformance(t *testing.T) {
	dir, err := blob.NewDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s3, err := blob.NewS3(servertest.S3(t))
	if err != nil {
		t.Fatal(err)
	}
	stores := []struct {
		name  string
		store blob.Store
	}{{"directory", dir}, {"S3", s3}}
	tests := []struct {
		name string
		test func(t *testing.T, store blob.Store)
	}{
		{"put, get, stat, delete", roundTrip},
		{"overwrite", overwrite},
		{"names of many kinds", manyNames},
		{"content types", contentTypes},
		{"empty object", emptyObject},
		{"unknown size", unknownSize},
		{"20 MiB", large},
		{"a broken source leaves no object", brokenSource},
		{"a wrong size is refused", wrongSize},
		{"a failed put keeps the old object", failedOverwrite},
		{"not found", notFound},
		{"list", list},
		{"list 1,100 objects", listMany},
		{"list stops", listStops},
		{"keys that are refused", refusedKeys},
		{"a cancelled context", cancelled},
		{"check", checkWorks},
	}
	for _, s := range stores {
		t.Run(s.name, func(t *testing.T) {
			for _, tt := range tests {
				t.Run(tt.name, func(t *testing.T) { tt.test(t, s.store) })
			}
		})
	}
}

func put(t *testing.T, store blob.Store, key string, body []byte) blob.Info {
	t.Helper()
	info, err := store.Put(t.Context(), key, bytes.NewReader(body), int64(len(body)), "text/csv; charset=utf-8")
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func wantBody(t *testing.T, store blob.Store, key string, want []byte) {
	t.Helper()
	r, info, err := store.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) || info.Size != int64(len(want)) {
		t.Errorf("%s holds %d bytes (said to be %d), want %d equal ones", key, len(got), info.Size, len(want))
	}
}

func wantNothing(t *testing.T, store blob.Store, key string) {
	t.Helper()
	if info, err := store.Stat(t.Context(), key); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("%s: got %+v, %v, want ErrNotFound", key, info, err)
	}
	for _, found := range keys(t, store, key) {
		t.Errorf("%s is listed", found)
	}
}

func keys(t *testing.T, store blob.Store, prefix string) []string {
	t.Helper()
	var found []string
	err := store.List(t.Context(), prefix, func(info blob.Info) error {
		found = append(found, info.Key)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(found)
	return found
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(b) // it never fails
	return b
}

func roundTrip(t *testing.T, store blob.Store) {
	const key = "t/0190b8a5-0000-7000-8000-000000000001/imports/0190b8a5.csv"
	body := []byte("name,email\nAsha,asha@example.test\n")
	sum := sha256.Sum256(body)
	info := put(t, store, key, body)
	if info.SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("hash %q", info.SHA256)
	}
	info.SHA256 = ""
	stat, err := store.Stat(t.Context(), key)
	if err != nil || stat != info {
		t.Errorf("stat %+v, %v, want %+v", stat, err, info)
	}
	if info.Key != key || info.Size != int64(len(body)) || info.ContentType != "text/csv; charset=utf-8" || time.Since(info.Modified).Abs() > time.Minute {
		t.Errorf("info %+v", info)
	}
	wantBody(t, store, key, body)
	if err := store.Delete(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	wantNothing(t, store, key)
	if err := store.Delete(t.Context(), key); err != nil {
		t.Errorf("deleting what is not there: %v", err)
	}
}

func overwrite(t *testing.T, store blob.Store) {
	put(t, store, "over/write", randomBytes(5000))
	_, err := store.Put(t.Context(), "over/write", strings.NewReader("new"), 3, "text/plain")
	if err != nil {
		t.Fatal(err)
	}
	wantBody(t, store, "over/write", []byte("new"))
	if info, err := store.Stat(t.Context(), "over/write"); err != nil || info.ContentType != "text/plain" {
		t.Errorf("stat %+v, %v", info, err)
	}
}

func manyNames(t *testing.T, store blob.Store) {
	names := []string{
		"names/चालान ₹ 001.pdf", "names/a+b=c&d?e#f%20.txt", "names/UPPER", "names/b.tmp", "names/~x", "names/" + strings.Repeat("n", 200),
		"names/" + strings.Repeat("d/", 30) + "deep",
	}
	for _, name := range names {
		put(t, store, name, []byte(name))
	}
	for _, name := range names {
		wantBody(t, store, name, []byte(name))
	}
	slices.Sort(names)
	if got := keys(t, store, "names/"); !slices.Equal(got, names) {
		t.Errorf("listed %q, want %q", got, names)
	}
}

func contentTypes(t *testing.T, store blob.Store) {
	for given, want := range map[string]string{
		"application/pdf": "application/pdf", "": "application/octet-stream", "text": "text", "no/such type": "application/octet-stream",
		"a/b\r\nX-Evil: 1": "application/octet-stream", "text/" + strings.Repeat("x", 300): "application/octet-stream",
	} {
		info, err := store.Put(t.Context(), "types/x", strings.NewReader("x"), 1, given)
		if err != nil || info.ContentType != want {
			t.Errorf("%q was kept as %q, %v, want %q", given, info.ContentType, err, want)
		}
	}
}

func emptyObject(t *testing.T, store blob.Store) {
	put(t, store, "empty/known", nil)
	wantBody(t, store, "empty/known", nil)
	if _, err := store.Put(t.Context(), "empty/unknown", strings.NewReader(""), -1, ""); err != nil {
		t.Fatal(err)
	}
	wantBody(t, store, "empty/unknown", nil)
}

func unknownSize(t *testing.T, store blob.Store) {
	for _, n := range []int{1, 100_000, 16 << 20, 17 << 20} { // below, at and above one part
		body := randomBytes(n)
		info, err := store.Put(t.Context(), "unknown/size", io.MultiReader(bytes.NewReader(body)), -1, "")
		if err != nil || info.Size != int64(n) {
			t.Fatalf("%d bytes: %+v, %v", n, info, err)
		}
		wantBody(t, store, "unknown/size", body)
	}
}

func large(t *testing.T, store blob.Store) {
	body := randomBytes(20 << 20)
	_, err := store.Put(t.Context(), "large/object", iotest.HalfReader(bytes.NewReader(body)), int64(len(body)), "")
	if err != nil {
		t.Fatal(err)
	}
	wantBody(t, store, "large/object", body)
}

func brokenSource(t *testing.T, store blob.Store) {
	broken := errors.New("the line went dead")
	// io.ErrUnexpectedEOF is what a cut-off HTTP body ends with.
	for _, cause := range []error{broken, io.ErrUnexpectedEOF, fmt.Errorf("wrapped: %w", io.EOF)} {
		for _, announced := range []int64{-1, 40_000, 20 << 20} {
			r := io.MultiReader(bytes.NewReader(randomBytes(20_000)), iotest.ErrReader(cause))
			_, err := store.Put(t.Context(), "broken/source", r, announced, "")
			if !errors.Is(err, cause) {
				t.Errorf("size %d: got %v, want %v", announced, err, cause)
			}
			wantNothing(t, store, "broken/source")
		}
	}
}

func wrongSize(t *testing.T, store blob.Store) {
	for _, tt := range []struct{ has, said int64 }{{3, 2}, {3, 4}, {1, 0}, {0, 1}, {70_000, 60_000}, {60_000, 70_000}, {20 << 20, 20<<20 - 1}, {20 << 20, 20<<20 + 1}} {
		_, err := store.Put(t.Context(), "wrong/size", bytes.NewReader(randomBytes(int(tt.has))), tt.said, "")
		if !errors.Is(err, blob.ErrSize) {
			t.Errorf("%d bytes said to be %d: got %v, want ErrSize", tt.has, tt.said, err)
		}
		wantNothing(t, store, "wrong/size")
	}
}

func failedOverwrite(t *testing.T, store blob.Store) {
	put(t, store, "failed/overwrite", []byte("old"))
	for _, size := range []int64{-1, 100_000} {
		r := io.MultiReader(bytes.NewReader(randomBytes(20_000)), iotest.ErrReader(io.ErrClosedPipe))
		if _, err := store.Put(t.Context(), "failed/overwrite", r, size, ""); err == nil {
			t.Error("the put did not fail")
		}
		wantBody(t, store, "failed/overwrite", []byte("old"))
	}
}

func notFound(t *testing.T, store blob.Store) {
	put(t, store, "found/folder/x", []byte("x"))
	for _, key := range []string{"nowhere", "nowhere/at/all", "found/folder", "found/folder/x/y"} {
		if _, _, err := store.Get(t.Context(), key); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("get %s: %v, want ErrNotFound", key, err)
		}
		if _, err := store.Stat(t.Context(), key); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("stat %s: %v, want ErrNotFound", key, err)
		}
		if err := store.Delete(t.Context(), key); err != nil {
			t.Errorf("delete %s: %v", key, err)
		}
	}
	wantBody(t, store, "found/folder/x", []byte("x"))
}

func list(t *testing.T, store blob.Store) {
	for _, key := range []string{"list/a/1", "list/a/2", "list/a-b", "list/ab/3", "list/b"} {
		put(t, store, key, []byte(key))
	}
	for prefix, want := range map[string]string{
		"list/": "list/a-b list/a/1 list/a/2 list/ab/3 list/b", "list/a": "list/a-b list/a/1 list/a/2 list/ab/3", "list/a/": "list/a/1 list/a/2",
		"list/a/2": "list/a/2", "list/b/": "", "list/none/x": "",
	} {
		if got := strings.Join(keys(t, store, prefix), " "); got != want {
			t.Errorf("prefix %q: %s, want %s", prefix, got, want)
		}
	}
	if all := keys(t, store, ""); !slices.Contains(all, "list/a/1") {
		t.Errorf("the empty prefix lists %q", all)
	}
	err := store.List(t.Context(), "list/a-", func(info blob.Info) error {
		if info.Size != int64(len("list/a-b")) || time.Since(info.Modified).Abs() > time.Minute {
			t.Errorf("listed as %+v", info)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func listMany(t *testing.T, store blob.Store) {
	const n = 1100 // more than one page of an S3 server
	for i := range n {
		put(t, store, fmt.Sprintf("many/%04d", i), nil)
	}
	if got := keys(t, store, "many/"); len(got) != n || got[0] != "many/0000" || len(slices.Compact(got)) != n {
		t.Errorf("listed %d objects, want %d different ones", len(got), n)
	}
}

func listStops(t *testing.T, store blob.Store) {
	put(t, store, "stop/1", nil)
	put(t, store, "stop/2", nil)
	enough, calls := errors.New("enough"), 0
	err := store.List(t.Context(), "stop/", func(blob.Info) error {
		calls++
		return enough
	})
	if !errors.Is(err, enough) || calls != 1 {
		t.Errorf("got %v after %d calls, want the callback's error after one", err, calls)
	}
}

func refusedKeys(t *testing.T, store blob.Store) {
	for _, key := range []string{
		"", "/", "/etc/passwd", "..", "../x", "a/../b", "a/..", "a/./b", "./a", "a//b", "a/", ".tmp/x", "a/.b", `a\b`, `..\a`, "a\x00b", "a\nb", "a\x7f",
		"a\xff", strings.Repeat("n", 201), strings.Repeat("a/", 450) + "a",
	} {
		_, putErr := store.Put(t.Context(), key, strings.NewReader("x"), 1, "")
		_, _, getErr := store.Get(t.Context(), key)
		_, statErr := store.Stat(t.Context(), key)
		for method, err := range map[string]error{"put": putErr, "get": getErr, "stat": statErr, "delete": store.Delete(t.Context(), key)} {
			if !errors.Is(err, blob.ErrInvalidKey) {
				t.Errorf("%s %q: got %v, want ErrInvalidKey", method, key, err)
			}
		}
	}
	for _, prefix := range []string{"/", "../", "a/../", ".tmp/", "a//"} {
		if err := store.List(t.Context(), prefix, func(blob.Info) error { return nil }); !errors.Is(err, blob.ErrInvalidKey) {
			t.Errorf("list %q: got %v, want ErrInvalidKey", prefix, err)
		}
	}
}

func cancelled(t *testing.T, store blob.Store) {
	put(t, store, "cancelled/there", randomBytes(1<<20))
	for _, size := range []int64{-1, 1 << 20} {
		ctx, cancel := context.WithCancel(t.Context())
		half := bytes.NewReader(randomBytes(1 << 19))
		r := io.MultiReader(half, readerFunc(func([]byte) (int, error) { cancel(); return 0, nil }), bytes.NewReader(randomBytes(1<<19)))
		if _, err := store.Put(ctx, "cancelled/put", r, size, ""); !errors.Is(err, context.Canceled) {
			t.Errorf("put of size %d: got %v, want context.Canceled", size, err)
		}
		wantNothing(t, store, "cancelled/put")
	}
	ctx, cancel := context.WithCancel(t.Context())
	r, _, err := store.Get(ctx, "cancelled/there")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cancel()
	if _, err := io.ReadAll(r); !errors.Is(err, context.Canceled) {
		t.Errorf("reading on: got %v, want context.Canceled", err)
	}
	_, _, getErr := store.Get(ctx, "cancelled/there")
	_, statErr := store.Stat(ctx, "cancelled/there")
	listErr := store.List(ctx, "cancelled/", func(blob.Info) error { return nil })
	for method, err := range map[string]error{
		"get": getErr, "stat": statErr, "list": listErr, "delete": store.Delete(ctx, "cancelled/there"), "check": store.Check(ctx),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want context.Canceled", method, err)
		}
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func checkWorks(t *testing.T, store blob.Store) {
	if err := store.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if left := keys(t, store, "check"); len(left) != 0 {
		t.Errorf("it left %q", left)
	}
}
