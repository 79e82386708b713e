package dbtest

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"payaid/internal/localstack"
)

// NewStandby starts a hot standby of s in dir; it stops after the test.
func (s *Server) NewStandby(t testing.TB, dir string) *Server {
	t.Helper()
	of, err := filepath.Glob(filepath.Join(s.Dir, "pg-*"))
	if err != nil || len(of) != 1 {
		t.Fatalf("the data of the first server: %v, %v", of, err)
	}
	to := filepath.Join(dir, filepath.Base(of[0]))
	cmd := exec.CommandContext(t.Context(), findProgram(t, "pg_basebackup"), "--dbname="+s.SuperuserURL(), "--pgdata="+to, "--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("pg_basebackup: %v: %s", err, out)
	}
	like(t, of[0], dir)
	standby := &Server{Dir: dir}
	standby.start(t)
	t.Cleanup(func() {
		if err := standby.stack.Close(); err != nil {
			t.Error(err)
		}
	})
	return standby
}

// like gives everything below dir to the owner of a path: PostgreSQL does not run as
// root.
func like(t testing.TB, path, dir string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	owner := info.Sys().(*syscall.Stat_t)
	err = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(owner.Uid), int(owner.Gid))
	})
	if err != nil {
		t.Fatal(err)
	}
}

func findProgram(t testing.TB, name string) string {
	t.Helper()
	for _, dir := range localstack.ProgramDirs(context.Background()) {
		if path := filepath.Join(dir, name); exec.Command(path, "--version").Run() == nil {
			return path
		}
	}
	t.Fatalf("%s is nowhere", name)
	return ""
}

// On is the address of a database of d on this server, which is a standby of d's or
// d's own.
func (s *Server) On(url string) string {
	_, query, _ := strings.Cut(s.SuperuserURL(), "?")
	before, _, _ := strings.Cut(url, "?")
	return before + "?" + query
}

// MoveLog moves the write-ahead log of a stopped server to a directory of another file
// system.
func (s *Server) MoveLog(t testing.TB, to string) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(s.Dir, "pg-*", "pg_wal"))
	if err != nil || len(found) != 1 {
		t.Fatalf("the log: %v, %v", found, err)
	}
	if out, err := exec.CommandContext(t.Context(), "cp", "-a", found[0]+"/.", to).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	like(t, found[0], to)
	if err := os.Chmod(to, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(found[0]); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(to, found[0]); err != nil {
		t.Fatal(err)
	}
}
