package localstack

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// makePackage writes an archive as npm does and returns its path and hash.
func makePackage(t *testing.T, files map[string]string) (path, hash string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "p.tgz")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	zipped := gzip.NewWriter(f)
	w := tar.NewWriter(zipped)
	for name, text := range files {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(text)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), zipped.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha512.Sum512(data)
	return path, base64.StdEncoding.EncodeToString(sum[:])
}

func TestUnpackPackage(t *testing.T) {
	archive, hash := makePackage(t, map[string]string{
		"package/index.js":                  "not ours",
		"package/native/../../../escaped":   "not ours",
		"package/native/bin/postgres":       "#!/bin/sh\n",
		"package/native/lib/libx.so.1.2":    "library",
		"package/native/pg-symlinks.json":   `[{"source":"native/lib/libx.so.1.2","target":"native/lib/libx.so.1"}]`,
		"package/native/lib/deep/other.txt": "text",
	})
	dir := filepath.Join(t.TempDir(), "in", "pg")
	if err := unpackPackage(archive, hash, dir); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(filepath.Join(dir, "lib", "libx.so.1")); string(data) != "library" {
		t.Errorf("link: %q %v", data, err)
	}
	if info, err := os.Stat(filepath.Join(dir, "bin", "postgres")); err != nil || info.Mode().Perm()&0o111 == 0 {
		t.Errorf("program: %v %v", info, err)
	}
	for _, path := range []string{filepath.Join(dir, "index.js"), filepath.Join(dir, "..", "..", "escaped"), filepath.Join(dir, "..", "escaped")} {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s was unpacked", path)
		}
	}
}

func TestUnpackPackageRefuses(t *testing.T) {
	const list = "package/native/pg-symlinks.json"
	for name, c := range map[string]struct {
		files map[string]string
		hash  string
		want  string
	}{
		"another archive": {map[string]string{list: "[]"}, "AAAA", "not the expected one"},
		"no list":         {map[string]string{"package/native/bin/postgres": ""}, "", "list of links"},
		"link outside":    {map[string]string{list: `[{"source":"native/lib/a","target":"../b"}]`}, "", "leaves the package"},
	} {
		archive, hash := makePackage(t, c.files)
		if c.hash != "" {
			hash = c.hash
		}
		dir := filepath.Join(t.TempDir(), "pg")
		if err := unpackPackage(archive, hash, dir); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEveryPackageIsPinned(t *testing.T) {
	for _, system := range [][2]string{{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "amd64"}, {"darwin", "arm64"}} {
		p, ok := npmPackageFor(system[0], system[1])
		if sum, err := base64.StdEncoding.DecodeString(p.sha512); !ok || err != nil || len(sum) != sha512.Size {
			t.Errorf("%v: %+v", system, p)
		}
	}
	if _, ok := npmPackageFor("plan9", "386"); ok {
		t.Error("a package for plan9")
	}
}
