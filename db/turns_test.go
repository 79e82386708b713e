package db_test

import (
	"net"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// countTurns puts a relay in front of the server. It returns the URL by way of the
// relay and the number of round trips so far: how often the client began to
// speak after the server had spoken.
func countTurns(t *testing.T, target string) (string, *atomic.Int64) {
	t.Helper()
	cfg, err := pgx.ParseConfig(target)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	network, address := pgconn.NetworkAddress(cfg.Host, cfg.Port)
	turns := &atomic.Int64{}
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial(network, address)
			if err != nil {
				_ = client.Close()
				continue
			}
			var answered atomic.Bool
			answered.Store(true)
			go relay(server, client, func() {
				if answered.Swap(false) {
					turns.Add(1)
				}
			})
			go relay(client, server, func() { answered.Store(true) })
		}
	}()
	u := url.URL{Scheme: "postgres", User: url.User(cfg.User), Host: l.Addr().String(), Path: cfg.Database, RawQuery: "sslmode=disable"}
	return u.String(), turns
}

func relay(to, from net.Conn, spoke func()) {
	defer func() { _, _ = to.Close(), from.Close() }()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		spoke()
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}
