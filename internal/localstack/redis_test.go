package localstack

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

func TestRealRedisKeepsSignIns(t *testing.T) {
	if _, err := findRedis(); err != nil {
		t.Fatal("this test needs redis-server or valkey-server: apt-get install redis-server")
	}
	dir := dataDir(t)
	s := start(t, dir)
	if s.RedisInProcess() {
		t.Fatal("a real server is installed but not used")
	}
	redisRoundTrip(t, s)
	if err := redisClient(t, s, 1).Set(t.Context(), "session", "kept", time.Hour).Err(); err != nil {
		t.Fatal(err)
	}
	closeStack(t, s)
	s = start(t, dir)
	if got, err := redisClient(t, s, 1).Get(t.Context(), "session").Result(); got != "kept" {
		t.Errorf("after a restart: %q, %v", got, err)
	}
}

func TestInProcessRedisIsShared(t *testing.T) {
	withoutRedis(t)
	dir := dataDir(t)
	other := startUser(t, dir)
	s := start(t, dir)
	if !s.RedisInProcess() || !strings.Contains(s.Summary(), "another payaid process") {
		t.Fatalf("summary: %s", s.Summary())
	}
	redisRoundTrip(t, s)
	if info, err := os.Stat(filepath.Join(dir, inProcessFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file with the password: %v %v", info, err)
	}
	url := s.RedisURL(0)
	wrong := s.redis.at
	wrong.password = "guessed"
	if _, err := wrong.ping(t.Context()); err == nil {
		t.Error("the server answers without its password")
	}

	supervise(t, s)
	killUser(other)
	eventually(t, "this process takes the server over", func() bool { return s.Alive(t.Context()) == nil })
	if s.RedisURL(0) != url {
		t.Errorf("the address changed from %s to %s", url, s.RedisURL(0))
	}
	redisRoundTrip(t, s)
	if !strings.Contains(s.Summary(), "this process") {
		t.Errorf("summary: %s", s.Summary())
	}
}

func TestInProcessRedisStaysInUseAfterInstallation(t *testing.T) {
	dir := dataDir(t)
	path := os.Getenv("PATH")
	withoutRedis(t)
	first := start(t, dir)
	t.Setenv("PATH", path)
	second := start(t, dir)
	if second.RedisURL(0) != first.RedisURL(0) {
		t.Errorf("replicas use %s and %s", first.RedisURL(0), second.RedisURL(0))
	}
	closeStack(t, second)
	closeStack(t, first)
	if start(t, dir).RedisInProcess() {
		t.Error("the installed server is not used after the in-process one ended")
	}
}

// withoutRedis hides redis-server and everything else on PATH but true, which
// root needs.
func withoutRedis(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	if err := os.Symlink("/bin/true", filepath.Join(dir, "true")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
}

func redisClient(t *testing.T, s *Stack, db int) *goredis.Client {
	t.Helper()
	opt, err := goredis.ParseURL(s.RedisURL(db))
	if err != nil {
		t.Fatal(err)
	}
	opt.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	opt.DisableIdentity = true
	c := goredis.NewClient(opt)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// redisRoundTrip proves that values stay, expire, and keep to their database.
func redisRoundTrip(t *testing.T, s *Stack) {
	t.Helper()
	ctx, c := t.Context(), redisClient(t, s, 0)
	if err := c.Set(ctx, "stays", "1", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if err := c.Set(ctx, "ends", "1", 300*time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	if got, err := c.Get(ctx, "ends").Result(); got != "1" {
		t.Errorf("a key ended too early: %q %v", got, err)
	}
	if err := redisClient(t, s, 1).Get(ctx, "stays").Err(); !errors.Is(err, goredis.Nil) {
		t.Errorf("database 1 sees a key of database 0: %v", err)
	}
	eventually(t, "a key with a life of 300 ms ends", func() bool { return errors.Is(c.Get(ctx, "ends").Err(), goredis.Nil) })
	if got, err := c.Get(ctx, "stays").Result(); got != "1" {
		t.Errorf("a key without an end is gone: %q %v", got, err)
	}
}
