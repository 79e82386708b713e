package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
)

func load(t *testing.T) *Files {
	t.Helper()
	f, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestURLIsFoundAgain(t *testing.T) {
	f := load(t)
	for name := range f.byName {
		url := f.URL(name)
		file, immutable, ok := f.Lookup(strings.TrimPrefix(url, Prefix))
		if !ok || !immutable || file.Name != name {
			t.Errorf("URL(%q) = %s, Lookup gives %q immutable=%v ok=%v", name, url, file.Name, immutable, ok)
		}
	}
	if !regexp.MustCompile(`^/static/app\.[0-9a-f]{12}\.css$`).MatchString(f.URL("app.css")) {
		t.Errorf("URL(app.css) = %s", f.URL("app.css"))
	}
}

func TestLookup(t *testing.T) {
	f := load(t)
	tests := []struct {
		path          string
		immutable, ok bool
	}{
		{"app.css", false, true},
		{"app.000000000000.css", false, true}, // a page of another release
		{"app.00.css", false, false},
		{"app.000000000000.js", false, true},
		{"nothing.css", false, false},
		{"nothing.000000000000.css", false, false},
		{"../go.mod", false, false},
		{"static.go", false, false},
		{"vendor/vendor.json", false, false},
		{"vendor/htmx-4.0.1.min.js", true, true},
		{"vendor/htmx-4.0.1.min.000000000000.js", false, false},
		{"vendor/scalar-1.72.1.js", true, true},
		{"vendor/scalar-1.72.1.js.gz", false, false},
		{"robots.txt", false, true},
		{"", false, false},
	}
	for _, tt := range tests {
		if _, immutable, ok := f.Lookup(tt.path); ok != tt.ok || immutable != tt.immutable {
			t.Errorf("Lookup(%q) = immutable %v ok %v, want %v %v", tt.path, immutable, ok, tt.immutable, tt.ok)
		}
	}
}

func TestEncoded(t *testing.T) {
	f := load(t)
	tests := []struct{ name, accept, want string }{
		{"app.css", "gzip, deflate, br, zstd", "br"},
		{"app.css", "br;q=0, gzip", "gzip"},
		{"app.css", "br; q=0.0,gzip;q=0", ""},
		{"app.css", "br;q=0.5", "br"},
		{"app.css", "", ""},
		{"icon-192.png", "br, gzip", ""},
		{"vendor/scalar-1.72.1.js", "br", "br"},
		{"vendor/scalar-1.72.1.js", "", ""},
	}
	for _, tt := range tests {
		file, _, _ := f.Lookup(tt.name)
		body, encoding, err := file.Encoded(tt.accept)
		if err != nil || encoding != tt.want || len(body) == 0 {
			t.Errorf("%s for %q: encoding %q (%d bytes), %v, want %q", tt.name, tt.accept, encoding, len(body), err, tt.want)
		}
	}
}

func TestPackedFormsHoldTheSameBytes(t *testing.T) {
	for name, file := range load(t).byName {
		plain, _, err := file.Encoded("")
		if err != nil {
			t.Fatal(err)
		}
		if file.Brotli != nil {
			got, err := io.ReadAll(brotli.NewReader(bytes.NewReader(file.Brotli)))
			if err != nil || !bytes.Equal(got, plain) {
				t.Errorf("%s: brotli form differs, %v", name, err)
			}
		}
		if file.Gzip != nil {
			r, err := gzip.NewReader(bytes.NewReader(file.Gzip))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, plain) {
				t.Errorf("%s: gzip form differs, %v", name, err)
			}
		}
	}
}

// TestVendoredFiles holds every third-party file to the hash taken when it was copied from its package.
func TestVendoredFiles(t *testing.T) {
	var entries []struct{ File, Package, Version, Licence, SHA384 string }
	data, err := os.ReadFile("vendor/vendor.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &entries); err != nil {
		t.Fatal(err)
	}
	files, listed := load(t), map[string]bool{}
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join("..", e.File))
		name := strings.TrimPrefix(e.File, "static/")
		if errors.Is(err, fs.ErrNotExist) {
			file, _, _ := files.Lookup(name)
			content, _, err = file.Encoded("")
		}
		if err != nil {
			t.Errorf("%s: %v", e.File, err)
			continue
		}
		listed[name] = true
		sum := sha512.Sum384(content)
		if got := base64.StdEncoding.EncodeToString(sum[:]); got != e.SHA384 {
			t.Errorf("%s differs from %s %s: sha384 %s, want %s", e.File, e.Package, e.Version, got, e.SHA384)
		}
		if !strings.Contains(e.File, e.Version) || e.Licence == "" {
			t.Errorf("%s: the version %s must be in the name, and the licence known (%q)", e.File, e.Version, e.Licence)
		}
	}
	for name := range files.byName {
		if isVersioned(name) && name != "vendor/NOTICES.txt" && !listed[name] {
			t.Errorf("%s is not in vendor.json: run `make assets`", name)
		}
	}
}

// TestReferencesExist finds the files that styles and manifest name.
func TestReferencesExist(t *testing.T) {
	files := load(t)
	tests := []struct{ file, pattern string }{
		{"app.css", `url\(([^)"':]+)\)`},
		{"manifest.webmanifest", `"src": "/static/([^"]+)"`},
	}
	for _, tt := range tests {
		file, _, _ := files.Lookup(tt.file)
		found := regexp.MustCompile(tt.pattern).FindAllSubmatch(file.Bytes, -1)
		if len(found) == 0 {
			t.Errorf("%s names no file: does the pattern still fit?", tt.file)
		}
		for _, m := range found {
			if _, _, ok := files.Lookup(string(m[1])); !ok {
				t.Errorf("%s names %s, which does not exist", tt.file, m[1])
			}
		}
	}
}

// TestOwnScripts: text that came from people must never be read as HTML or as code, and the content security policy
// refuses most of these anyway.
func TestOwnScripts(t *testing.T) {
	bad := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|https?://`)
	for name, file := range load(t).byName {
		if strings.HasSuffix(name, ".js") && !isVersioned(name) {
			if found := bad.Find(file.Bytes); found != nil {
				t.Errorf("%s uses %s", name, found)
			}
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Load(); err != nil {
			b.Fatal(err)
		}
	}
}
