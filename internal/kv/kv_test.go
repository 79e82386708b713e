package kv_test

import (
	"strings"
	"testing"
	"time"

	"payaid/internal/kv"
	"payaid/internal/servertest"

	"github.com/redis/go-redis/v9"
)

func TestOpenForms(t *testing.T) {
	tests := []struct {
		url, addr, user, password string
		db                        int
		tls                       bool
	}{
		{url: "redis://cache", addr: "cache:6379"},
		{url: "redis://cache:7000/3", addr: "cache:7000", db: 3},
		{url: "redis://:p%40ss%2Fword@cache", addr: "cache:6379", password: "p@ss/word"},
		{url: "rediss://app:secret@10.0.0.5", addr: "10.0.0.5:6379", user: "app", password: "secret", tls: true},
		{url: "redis://[::1]:7000", addr: "[::1]:7000"},
		{url: "redis://[::1]", addr: "[::1]:6379"},
		{url: "unix:///run/redis.sock", addr: "/run/redis.sock"},
		{url: "unix://app:secret@/run/redis.sock?db=2", addr: "/run/redis.sock", user: "app", password: "secret", db: 2},
	}
	for _, tt := range tests {
		t.Run(tt.url, func(t *testing.T) {
			client, ok := servertest.Client(t, tt.url).(*redis.Client)
			if !ok {
				t.Fatal("not a client of a single server")
			}
			opt := client.Options()
			if opt.Addr != tt.addr || opt.Username != tt.user || opt.Password != tt.password || opt.DB != tt.db || (opt.TLSConfig != nil) != tt.tls {
				t.Errorf("got %s user %q password %q db %d tls %v", opt.Addr, opt.Username, opt.Password, opt.DB, opt.TLSConfig != nil)
			}
			if opt.MaxRetries != 0 || !opt.ContextTimeoutEnabled || !opt.DisableIdentity || opt.PoolSize == 0 {
				t.Errorf("our settings are missing: %+v", opt)
			}
		})
	}
}

func TestOpenManyHosts(t *testing.T) {
	client := servertest.Client(t, "rediss+cluster://app:secret@h1:7001,h2,[::1]:7003")
	cluster, ok := client.(*redis.ClusterClient)
	if !ok {
		t.Fatalf("redis+cluster gave a %T", client)
	}
	opt := cluster.Options()
	if got := strings.Join(opt.Addrs, " "); got != "h1:7001 h2:6379 [::1]:7003" || opt.Password != "secret" || opt.TLSConfig == nil {
		t.Errorf("got %q password %q tls %v", got, opt.Password, opt.TLSConfig != nil)
	}
}

func TestWrongURLsKeepTheirPassword(t *testing.T) {
	urls := []string{
		"", "s3cr3t", "localhost:6379", "http://:s3cr3t@host", "redisx://:s3cr3t@host", "redis+other://:s3cr3t@host",
		"redis://:s3cr3t@", "redis://:s3cr3t@host:port", "redis://:s3cr3t@host:70000", "redis://:s3cr3t@host:0", "redis://:s3cr3t@host/name",
		"redis://:s3cr3t@host/-1", "redis://:s3/cr3t@host", "redis://:s3?cr3t@host", "redis://:s3#cr3t@host", "redis://:s3%zzcr3t@host",
		"redis://:s3cr3t@host?s3cr3t=1", "redis://:s3cr3t@h1,h2", "redis://:s3cr3t@a:b:c", "unix://s3cr3t", "unix://host/s3cr3t", "unix:///run/?db=0",
		"redis+sentinel://:s3cr3t@h1,h2/0", "redis+sentinel://h1?master=m&s3cr3t=1", "redis+sentinel://h1,,h2?master=m",
		"redis+cluster://:s3cr3t@h1/2", "redis+cluster://:s3cr3t@h1?db=0", "redis://:s3cr3t@host/0?%zz",
	}
	for _, url := range urls {
		client, err := kv.Open(url)
		if err == nil {
			client.Close()
			t.Errorf("%s was accepted", url)
			continue
		}
		if strings.Contains(err.Error(), "cr3t") || strings.Contains(err.Error(), "s3?") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: the error shows the password or is not one line: %v", url, err)
		}
	}
}

func TestRealServers(t *testing.T) {
	for name, start := range map[string]func(testing.TB) string{
		"socket": servertest.Redis, "cluster": servertest.RedisCluster, "sentinel": servertest.RedisSentinel,
	} {
		t.Run(name, func(t *testing.T) {
			client := servertest.Client(t, start(t))
			if err := client.Set(t.Context(), "k", "v", time.Minute).Err(); err != nil {
				t.Fatal(err)
			}
			if got, err := client.Get(t.Context(), "k").Result(); err != nil || got != "v" {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestNothingToAnswer(t *testing.T) {
	for _, url := range []string{"unix:///nowhere/redis.sock", "redis://127.0.0.1:1"} {
		start := time.Now()
		if err := servertest.Client(t, url).Ping(t.Context()).Err(); err == nil {
			t.Errorf("%s answered", url)
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("%s: the error took %s", url, took)
		}
	}
}
