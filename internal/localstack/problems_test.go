package localstack

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// refused starts on dir, expects an error with all the words, and proves that
// nothing was left running.
func refused(t *testing.T, dir string, words ...string) {
	t.Helper()
	s, err := Start(t.Context(), Options{DataDir: dir})
	if err == nil {
		closeStack(t, s)
		t.Fatal("it started")
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q is missing in: %v", w, err)
		}
	}
	if err := Stop(t.Context(), dir); err != nil && !errors.Is(err, ErrNotRunning) && !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("stop after a refused start: %v", err)
	}
}

func TestOtherMajorIsNotTouched(t *testing.T) {
	for _, major := range []string{"9", "14", "99"} {
		t.Run(major, func(t *testing.T) {
			dir := t.TempDir()
			cluster := filepath.Join(dir, "pg-"+major)
			write(t, filepath.Join(cluster, "PG_VERSION"), major+"\n")
			write(t, filepath.Join(cluster, "base", "1"), "precious")
			refused(t, dir, "holds data of PostgreSQL "+major, "only PostgreSQL", "is installed", "PAYAID_DATA_DIR", "not touched")
			if data, err := os.ReadFile(filepath.Join(cluster, "base", "1")); string(data) != "precious" {
				t.Errorf("%q %v", data, err)
			}
			if clusters, _ := filepath.Glob(filepath.Join(dir, "pg-*")); len(clusters) != 1 {
				t.Errorf("clusters: %v", clusters)
			}
		})
	}
}

func TestNewerDataBesideOlderIsNotPassedOver(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "pg-15", "PG_VERSION"), "15\n")
	write(t, filepath.Join(dir, "pg-99", "PG_VERSION"), "99\n")
	refused(t, dir, "holds data of PostgreSQL 99")
}

func TestServerThatCannotStartShowsItsLog(t *testing.T) {
	dir := dataDir(t)
	h, err := openHome(dir)
	if err != nil {
		t.Fatal(err)
	}
	cluster, _, err := h.newestCluster()
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(cluster, "postgresql.conf"), "nonsense = 1\n")
	refused(t, dir, "ended while it started", `unrecognized configuration parameter "nonsense"`)
}

func TestFilesInTheWay(t *testing.T) {
	t.Run("data directory is a file", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "data")
		write(t, dir, "")
		refused(t, dir, "a file has that name", "PAYAID_DATA_DIR")
	})
	t.Run("run directory open to others", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "run"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, "run"), 0o777); err != nil {
			t.Fatal(err)
		}
		refused(t, dir, "nobody else may enter", "remove it")
	})
	t.Run("run directory is a link", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.Symlink(t.TempDir(), filepath.Join(dir, "run")); err != nil {
			t.Fatal(err)
		}
		refused(t, dir, "nobody else may enter")
	})
	t.Run("damaged secret", func(t *testing.T) {
		dir := t.TempDir()
		write(t, filepath.Join(dir, secretFile), "short")
		refused(t, dir, "damaged")
	})
}

func TestExplain(t *testing.T) {
	h := &home{root: "/data"}
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"full":      {&fs.PathError{Op: "write", Path: "/data/x", Err: syscall.ENOSPC}, "is full: free some space"},
		"quota":     {syscall.EDQUOT, "is full: free some space"},
		"forbidden": {&fs.PathError{Op: "open", Path: "/data/x", Err: syscall.EACCES}, "may not write in its data directory /data"},
		"read-only": {syscall.EROFS, "may not write in its data directory /data"},
		"initdb full": {h.failed("initdb failed",
			`initdb: error: could not write to file "x": No space left on device`), "is full: free some space"},
		"half a page": {h.failed("initdb failed",
			`FATAL:  could not extend file "base/1/2691": wrote only 4096 of 8192 bytes
HINT:  Check free disk space.`), "is full: free some space"},
		"silent": {h.failed("PostgreSQL ended", " \n"), "wrote nothing"},
		"log":    {h.failed("PostgreSQL ended", strings.Repeat("old\n", 50)+"FATAL: why"), "FATAL: why"},
	} {
		if got := h.explain(c.err).Error(); !strings.Contains(got, c.want) {
			t.Errorf("%s: %q lacks %q", name, got, c.want)
		}
	}
	if h.explain(nil) != nil {
		t.Error("no error became one")
	}
}

func TestMissingPostgresNamesOneCommand(t *testing.T) {
	tools := t.TempDir()
	t.Setenv("PATH", tools)
	if got := missingBinaries("/data", 0, nil).Error(); !strings.Contains(got, "no PostgreSQL is installed: install PostgreSQL 18") {
		t.Error(got)
	}
	write(t, filepath.Join(tools, "apt-get"), "#!/bin/sh\n")
	if err := os.Chmod(filepath.Join(tools, "apt-get"), 0o755); err != nil {
		t.Fatal(err)
	}
	for want, got := range map[string]error{
		"no PostgreSQL is installed":                missingBinaries("/data", 0, nil),
		"only PostgreSQL 13.4, 14.1 is installed":   missingBinaries("/data", 0, []string{"13.4", "14.1"}),
		"apt-get install postgresql`":               missingBinaries("/data", 0, nil),
		"apt-get install postgresql-16`":            missingBinaries("/data", 16, []string{"15.2"}),
		"PostgreSQL 16, but only PostgreSQL 15.2 i": missingBinaries("/data", 16, []string{"15.2"}),
	} {
		if !strings.Contains(got.Error(), want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
