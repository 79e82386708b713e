// Package static holds the files a browser loads: styles, scripts, fonts, icons. They are embedded in the binary and
// served under names that hold their version, so that a browser may keep them for ever. The sources of app.css and the
// copies in vendor/ stand in assets/; `make assets` builds them. It knows no HTTP framework: handlers serve what Lookup finds.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/andybalholm/brotli"
)

// Prefix is the path under which the files are served.
const Prefix = "/static/"

//go:embed *.css *.js *.svg *.png *.txt *.webmanifest speculation.json
//go:embed vendor/*.js vendor/*.br vendor/*.gz vendor/*.woff2 vendor/NOTICES.txt
var embedded embed.FS

// File is one file with its packed forms. Bytes is nil where only the packed forms are embedded; Brotli and Gzip are nil
// where packing gains nothing.
type File struct {
	Name        string
	ContentType string
	ETag        string
	Bytes       []byte
	Brotli      []byte
	Gzip        []byte
}

// Files is the set of embedded files. It does not change after Load and may be used by many goroutines.
type Files struct {
	byName map[string]File
	hashes map[string]string
}

// Load reads the embedded files, hashes them and packs the text among them.
func Load() (*Files, error) {
	f := &Files{byName: map[string]File{}, hashes: map[string]string{}}
	err := fs.WalkDir(embedded, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := embedded.ReadFile(name)
		if err != nil {
			return err
		}
		return f.add(name, data)
	})
	if err != nil {
		return nil, fmt.Errorf("read the embedded static files: %w", err)
	}
	return f, nil
}

func (f *Files) add(name string, data []byte) error {
	packed := path.Ext(name)
	plain := strings.TrimSuffix(strings.TrimSuffix(name, ".br"), ".gz")
	file := f.byName[plain]
	file.Name, file.ContentType = plain, contentType(plain)
	switch packed {
	case ".br":
		file.Brotli = data
	case ".gz":
		file.Gzip = data
	default:
		file.Bytes = data
		if err := file.pack(); err != nil {
			return fmt.Errorf("pack %s: %w", name, err)
		}
	}
	sum := sha256.Sum256(data)
	f.hashes[plain] = hex.EncodeToString(sum[:6])
	file.ETag = `W/"` + f.hashes[plain] + `"`
	f.byName[plain] = file
	return nil
}

// URL gives the address of a file by its name in this directory, such as "app.css": /static/app.3f2a91bc04de.css. Files in
// vendor/ keep their own name, which holds their version. A name that does not exist gives an address that answers 404.
func (f *Files) URL(name string) string {
	hash, ok := f.hashes[name]
	if !ok || isVersioned(name) {
		return Prefix + name
	}
	ext := path.Ext(name)
	return Prefix + strings.TrimSuffix(name, ext) + "." + hash + ext
}

// Lookup finds the file for a path below Prefix, with or without a hash in it. Immutable says that this path will never
// mean anything else, so the answer may be cached for ever.
func (f *Files) Lookup(name string) (file File, immutable, ok bool) {
	if file, ok = f.byName[name]; ok {
		return file, isVersioned(name), true
	}
	plain, hash := splitHash(name)
	if file, ok = f.byName[plain]; !ok || hash == "" || isVersioned(plain) {
		return File{}, false, false
	}
	// A page made by the version before or after this one names another hash while replicas are being replaced. It gets
	// what we have, not to be kept: better than a page without its styles.
	return file, hash == f.hashes[plain], true
}

// Encoded chooses the form of the file for an Accept-Encoding header: br, gzip or, with the encoding "", the plain bytes.
func (f File) Encoded(acceptEncoding string) (body []byte, encoding string, err error) {
	switch {
	case f.Brotli != nil && accepts(acceptEncoding, "br"):
		return f.Brotli, "br", nil
	case f.Gzip != nil && accepts(acceptEncoding, "gzip"):
		return f.Gzip, "gzip", nil
	case f.Bytes != nil:
		return f.Bytes, "", nil
	}
	r, err := gzip.NewReader(bytes.NewReader(f.Gzip))
	if err != nil {
		return nil, "", fmt.Errorf("unpack %s: %w", f.Name, err)
	}
	if body, err = io.ReadAll(r); err != nil {
		return nil, "", fmt.Errorf("unpack %s: %w", f.Name, err)
	}
	return body, "", nil
}

// pack fills Brotli and Gzip for text that is worth it.
func (f *File) pack() error {
	if !isText(f.Name) || len(f.Bytes) < 512 {
		return nil
	}
	var br, gz bytes.Buffer
	// All this runs at each start: level 6 takes 45 ms for everything, level 9 takes 110 ms and saves little more.
	bw := brotli.NewWriterLevel(&br, 6)
	if err := writeAll(bw, f.Bytes); err != nil {
		return err
	}
	gw, err := gzip.NewWriterLevel(&gz, gzip.BestCompression)
	if err != nil {
		return err
	}
	if err := writeAll(gw, f.Bytes); err != nil {
		return err
	}
	f.Brotli, f.Gzip = br.Bytes(), gz.Bytes()
	return nil
}

func writeAll(w io.WriteCloser, data []byte) error {
	if _, err := w.Write(data); err != nil {
		return err
	}
	return w.Close()
}

func isVersioned(name string) bool { return strings.HasPrefix(name, "vendor/") }

func isText(name string) bool {
	switch path.Ext(name) {
	case ".png", ".woff2":
		return false
	}
	return true
}

// splitHash takes "app.3f2a91bc04de.css" apart into "app.css" and the hash; the hash is "" where there is none.
func splitHash(name string) (plain, hash string) {
	ext := path.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	hash = strings.TrimPrefix(path.Ext(stem), ".")
	if _, err := hex.DecodeString(hash); err != nil || len(hash) != 12 {
		return name, ""
	}
	return strings.TrimSuffix(stem, "."+hash) + ext, hash
}

func contentType(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".woff2":
		return "font/woff2"
	case ".webmanifest":
		return "application/manifest+json"
	case ".json":
		// The only .json file holds speculation rules, which browsers ignore under any other type.
		return "application/speculationrules+json"
	}
	return "text/plain; charset=utf-8"
}

// accepts reports whether an Accept-Encoding header names the coding and does not refuse it with q=0.
func accepts(header, coding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(name), coding) {
			q := strings.TrimPrefix(strings.ReplaceAll(params, " ", ""), "q=")
			return q == "" || strings.Trim(q, "0.") != ""
		}
	}
	return false
}
