package localstack

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestFreshStartMakesEverythingPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", ".data")
	stopAtEnd(t, dir)
	// What an initdb leaves that was killed in the middle.
	write(t, filepath.Join(dir, newInitPrefix+"killed", "PG_VERSION"), "15\n")
	s := start(t, dir)
	if err := s.Alive(t.Context()); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), s.SuperuserURL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	var encoding, listen string
	const q = `select current_setting('server_encoding'), current_setting('listen_addresses')`
	if err := conn.QueryRow(t.Context(), q).Scan(&encoding, &listen); err != nil {
		t.Fatal(err)
	}
	if encoding != "UTF8" || listen != "" {
		t.Errorf("encoding %q, listens on %q", encoding, listen)
	}
	for _, private := range []string{"", "run", "log", filepath.Base(s.pg.dir), secretFile} {
		info, err := os.Stat(filepath.Join(dir, private))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%q is open to others: %s", private, info.Mode())
		}
	}
	if !strings.Contains(s.Summary(), "PostgreSQL "+s.pg.version) || !strings.Contains(s.Summary(), s.pg.dir) {
		t.Errorf("summary: %s", s.Summary())
	}
	left, _ := filepath.Glob(filepath.Join(dir, newInitPrefix+"*"))
	if len(left) != 0 {
		t.Errorf("left over: %v", left)
	}
}

func TestLastUserStopsTheServers(t *testing.T) {
	dir := dataDir(t)
	begun := time.Now()
	first := start(t, dir)
	if took := time.Since(begun); took > 3*time.Second { // the aim is 1 s on an idle machine
		t.Errorf("start on an existing data directory took %s", took)
	}
	pid := postmaster(first.pg.dir)
	second := start(t, dir)
	if got := postmaster(second.pg.dir); got != pid {
		t.Fatalf("the second user runs its own server %d beside %d", got, pid)
	}
	if first.SecretKey() != second.SecretKey() || len(first.SecretKey()) != 64 {
		t.Errorf("secrets: %q, %q", first.SecretKey(), second.SecretKey())
	}
	closeStack(t, first)
	closeStack(t, first) // a second time does nothing
	if err := second.Alive(t.Context()); err != nil {
		t.Fatalf("the first to leave took the servers along: %v", err)
	}
	closeStack(t, second)
	if pg, redis := runs(second); pg || redis || isProcess(pid, second.pg.dir) {
		t.Errorf("after the last user: PostgreSQL %t, Redis %t", pg, redis)
	}
	third := start(t, dir)
	if third.SecretKey() != first.SecretKey() {
		t.Error("a restart changed the secret")
	}
}

func TestManyStartAtOnce(t *testing.T) {
	dir := dataDir(t)
	var users [4]*Stack
	var wg sync.WaitGroup
	for i := range users {
		wg.Go(func() { users[i], _ = Start(t.Context(), Options{DataDir: dir}) })
	}
	wg.Wait()
	for i, s := range users {
		if s == nil {
			t.Fatalf("user %d did not start", i)
		}
		if err := s.Alive(t.Context()); err != nil {
			t.Error(err)
		}
	}
	log, err := os.ReadFile(filepath.Join(dir, logDir, "postgres.log"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(log), "ready to accept connections"); n != 1 {
		t.Errorf("PostgreSQL was started %d times", n)
	}
	for _, s := range users {
		closeStack(t, s)
	}
	if pg, _ := runs(users[0]); pg {
		t.Error("PostgreSQL runs without users")
	}
}

func TestStopEndsServersInUse(t *testing.T) {
	dir := dataDir(t)
	if err := Stop(t.Context(), dir); !errors.Is(err, ErrNotRunning) {
		t.Errorf("stop of a directory never used: %v", err)
	}
	s := start(t, dir)
	supervise(t, s)
	if err := Stop(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	time.Sleep(3 * superviseEvery) // the supervisor must not bring them back
	if pg, redis := runs(s); pg || redis {
		t.Errorf("after Stop: PostgreSQL %t, Redis %t", pg, redis)
	}
	if err := Stop(t.Context(), dir); !errors.Is(err, ErrNotRunning) {
		t.Errorf("second stop: %v", err)
	}
	if err := start(t, dir).Alive(t.Context()); err != nil {
		t.Errorf("start after stop: %v", err)
	}
}

func TestStartGivesUpWithItsContext(t *testing.T) {
	dir := t.TempDir()
	h, err := openHome(dir)
	if err != nil {
		t.Fatal(err)
	}
	k, err := h.openLock(transitionFile)
	if err != nil {
		t.Fatal(err)
	}
	defer k.release()
	if ok, err := k.tryExclusive(); !ok || err != nil {
		t.Fatal(ok, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := Start(ctx, Options{DataDir: dir}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("start behind a transition that never ends: %v", err)
	}
}

func TestOddDataDirectories(t *testing.T) {
	for name, sub := range map[string]string{
		"long":  strings.Repeat("long-name/", 12),
		"space": `a b c"d%`,
		"comma": "a,b",
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), sub)
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			fillDataDir(t, dir)
			s := start(t, dir)
			if err := s.Alive(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := len(filepath.Join(s.home.run, postgresSocket)); n >= maxSocketPath {
				t.Errorf("socket path of %d bytes", n)
			}
			exec1(t, s, "select 1")
			redisRoundTrip(t, s)
			closeStack(t, s)
			if _, err := os.Stat(s.home.run); !strings.HasPrefix(s.home.run, dir) && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s is left in the temporary directory: %v", s.home.run, err)
			}
		})
	}
}
