package servertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"payaid/internal/kv"

	"github.com/redis/go-redis/v9"
)

// Redis starts an empty Valkey or Redis server on a Unix socket and returns its URL for kv.Open.
// The test fails when neither valkey-server nor redis-server is on PATH.
func Redis(t testing.TB) string {
	t.Helper()
	dir := shortDir(t)
	url := "unix://" + filepath.Join(dir, "redis.sock")
	startRedis(t, url, "--port", "0", "--unixsocket", filepath.Join(dir, "redis.sock"), "--dir", dir)
	return url
}

// RedisCluster starts a Valkey or Redis Cluster of one node that owns every slot and returns its URL for kv.Open. It
// refuses commands and scripts over several slots exactly as a cluster of many nodes does.
func RedisCluster(t testing.TB) string {
	t.Helper()
	port := freePort(t)
	node := "redis://127.0.0.1:" + port
	startRedis(t, node, "--port", port, "--bind", "127.0.0.1", "--dir", shortDir(t),
		"--cluster-enabled", "yes", "--cluster-port", freePort(t))
	client := Client(t, node)
	if err := client.Do(t.Context(), "CLUSTER", "ADDSLOTSRANGE", 0, 16383).Err(); err != nil {
		t.Fatalf("give the cluster its slots: %v", err)
	}
	url := "redis+cluster://127.0.0.1:" + port
	waitForCluster(t, Client(t, url))
	return url
}

// RedisSentinel starts a master and one Sentinel that watches it and returns their URL for kv.Open.
func RedisSentinel(t testing.TB) string {
	t.Helper()
	master, sentinel := freePort(t), freePort(t)
	startRedis(t, "redis://127.0.0.1:"+master, "--port", master, "--bind", "127.0.0.1", "--dir", shortDir(t))
	config := filepath.Join(shortDir(t), "sentinel.conf")
	text := fmt.Sprintf("port %s\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 %s 1\n", sentinel, master)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	runRedis(t, "redis://127.0.0.1:"+sentinel, config, "--sentinel")
	return "redis+sentinel://127.0.0.1:" + sentinel + "/0?master=main"
}

// Client returns a client for url that is closed when the test ends.
func Client(t testing.TB, url string) redis.UniversalClient {
	t.Helper()
	client, err := kv.Open(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() }) // nothing is buffered that closing could lose
	return client
}

func startRedis(t testing.TB, url string, args ...string) {
	t.Helper()
	runRedis(t, url, append(args, "--save", "", "--appendonly", "no")...)
}

func runRedis(t testing.TB, url string, args ...string) *process {
	t.Helper()
	cmd := exec.Command(redisBinary(t), args...)
	network, addr, _ := strings.Cut(strings.Replace(url, "redis://", "tcp://", 1), "://")
	client := Client(t, url)
	return start(t, cmd, network, addr, func() error { return client.Ping(context.Background()).Err() })
}

// waitForCluster returns when the node serves its slots, which it does a second or two after it was given them.
func waitForCluster(t testing.TB, client redis.UniversalClient) {
	t.Helper()
	deadline := time.Now().Add(startTimeout)
	for {
		err := client.Set(t.Context(), "ready", "", 0).Err()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the cluster does not serve its slots after %s: %v", startTimeout, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func redisBinary(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"valkey-server", "redis-server"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("this test needs valkey-server or redis-server on PATH: install the package valkey or redis-server")
	return ""
}
