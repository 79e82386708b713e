package localstack

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// userOf makes the test binary a user of that data directory until it is killed.
const userOf = "LOCALSTACK_TEST_USER_OF"

// template is a data directory with a finished cluster; tests copy it, because
// each initdb takes seconds.
var template string

func TestMain(m *testing.M) {
	if dir := os.Getenv(userOf); dir != "" {
		beUser(dir)
	}
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "localstack")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	s, err := Start(context.Background(), Options{DataDir: dir})
	if err != nil {
		panic(err)
	}
	if err := s.Close(); err != nil {
		panic(err)
	}
	template = dir
	return m.Run()
}

func beUser(dir string) {
	s, err := Start(context.Background(), Options{DataDir: dir})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("ready", s.RedisURL(0))
	select {}
}

// startUser starts another process that uses dir, and returns it when it is ready.
func startUser(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), userOf+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { killUser(cmd) })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "ready") {
		t.Fatalf("the other process is not ready: %q %v", line, err)
	}
	return cmd
}

// killUser is kill -9; a second call does nothing.
func killUser(cmd *exec.Cmd) {
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

// dataDir is a data directory with an empty cluster in it. Whatever runs there at
// the end of the test is stopped.
func dataDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	fillDataDir(t, dir)
	return dir
}

func fillDataDir(t *testing.T, dir string) {
	t.Helper()
	clusters, err := filepath.Glob(filepath.Join(template, "pg-*"))
	if err != nil || len(clusters) != 1 {
		t.Fatalf("template: %v %v", clusters, err)
	}
	cluster := filepath.Join(dir, filepath.Base(clusters[0]))
	if err := os.CopyFS(cluster, os.DirFS(clusters[0])); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(cluster, 0o700); err != nil {
		t.Fatal(err)
	}
	stopAtEnd(t, dir)
}

func stopAtEnd(t *testing.T, dir string) {
	t.Cleanup(func() { _ = Stop(context.Background(), dir) })
}

func start(t *testing.T, dir string) *Stack {
	t.Helper()
	s, err := Start(t.Context(), Options{DataDir: dir, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeStack(t, s) })
	return s
}

func closeStack(t *testing.T, s *Stack) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// supervise runs the supervisor until the test ends.
func supervise(t *testing.T, s *Stack) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); s.Supervise(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
}

func exec1(t *testing.T, s *Stack, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.SuperuserURL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for until := time.Now().Add(15 * time.Second); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("not within 15 s: %s", what)
}

func runs(s *Stack) (pg, redis bool) {
	return postmaster(s.pg.dir) != 0, redisProcess(s.home) != 0
}
