package backup

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// stderrKept is how much of a program's messages is kept, in bytes.
const stderrKept = 16 << 10

// program is pg_dump or pg_restore.
type program struct {
	path, version string
	major         int
}

var programVersion = regexp.MustCompile(`\(PostgreSQL\) ((\d+)[^ \n]*)`)

// HasPrograms reports whether pg_dump and pg_restore are on this machine at all.
func HasPrograms(dirs []string) bool {
	return len(candidates(dirs, "pg_dump")) > 0 && len(candidates(dirs, "pg_restore")) > 0
}

// candidates lists the files of that name in dirs, then the one on PATH.
func candidates(dirs []string, name string) []string {
	var found []string
	for _, dir := range dirs {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && !info.IsDir() {
			found = append(found, filepath.Join(dir, name))
		}
	}
	if path, err := exec.LookPath(name); err == nil {
		found = append(found, path)
	}
	return found
}

// findProgram returns the first one of the server's major. An older one refuses to
// dump, a newer one writes what the server cannot read back.
func findProgram(ctx context.Context, dirs []string, name string, major int) (program, error) {
	var others []string
	for _, path := range candidates(dirs, name) {
		out, err := exec.CommandContext(ctx, path, "--version").Output()
		if err != nil {
			continue
		}
		m := programVersion.FindStringSubmatch(string(out))
		if m == nil {
			continue
		}
		p := program{path: path, version: m[1]}
		p.major, _ = strconv.Atoi(m[2]) // the pattern allows digits only
		if p.major == major {
			return p, nil
		}
		others = append(others, p.version)
	}
	has := "none is installed"
	if len(others) > 0 {
		has = "only " + strings.Join(others, ", ") + " is installed"
	}
	return program{}, fmt.Errorf("%w: the server is PostgreSQL %d and needs %s of version %d, but %s: install the client programs of PostgreSQL %d (postgresql-client-%d on Debian)",
		ErrRefused, major, name, major, has, major, major)
}

// run runs the program on a database, with in and out streamed. The error has the
// program's own last words; what it warned of is returned.
func (p program) run(ctx context.Context, databaseURL string, in io.Reader, out io.Writer, args ...string) (warnings []string, err error) {
	address, password, err := forPrograms(databaseURL)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, p.path, append([]string{"--no-password", "--dbname=" + address}, args...)...)
	cmd.Env = programEnv(password)
	cmd.WaitDelay = 10 * time.Second
	stderr := &lastBytes{limit: stderrKept}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, stderr
	err = cmd.Run()
	said := strings.Split(strings.TrimSpace(stderr.String()), "\n")
	if err == nil && strings.Contains(stderr.String(), ": error:") {
		err = fmt.Errorf("%s ended well but reported an error", filepath.Base(p.path))
	}
	if err != nil {
		return nil, fmt.Errorf("%s failed (%w): %s", filepath.Base(p.path), err, strings.Join(said, " / "))
	}
	for _, line := range said {
		if line != "" {
			warnings = append(warnings, line)
		}
	}
	return warnings, nil
}

// programEnv keeps what would change the programs' behaviour behind our back, and
// our own secrets, away from them.
func programEnv(password string) []string {
	env := []string{"LC_ALL=C", "PGAPPNAME=payaid-backup", "PGCONNECT_TIMEOUT=10", "PGOPTIONS=-c statement_timeout=0 -c synchronous_commit=off"}
	for _, name := range []string{"PATH", "HOME", "TMPDIR"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	if password != "" {
		env = append(env, "PGPASSWORD="+password)
	}
	return env
}

// lastBytes keeps the end of what is written to it.
type lastBytes struct {
	bytes.Buffer
	limit int
}

// Write never fails.
func (l *lastBytes) Write(p []byte) (int, error) {
	l.Buffer.Write(p)
	if extra := l.Len() - l.limit; extra > 0 {
		l.Next(extra)
	}
	return len(p), nil
}
