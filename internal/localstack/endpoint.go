package localstack

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const pingTimeout = 2 * time.Second

// endpoint is where a Redis server listens: a private socket, or for the
// in-process one a loopback port with a password.
type endpoint struct {
	network  string
	addr     string
	password string
}

func (e endpoint) inProcess() bool { return e.network == "tcp" }

func (e endpoint) url(db int) string {
	if e.inProcess() {
		u := url.URL{Scheme: "redis", User: url.UserPassword("", e.password), Host: e.addr, Path: "/" + strconv.Itoa(db)}
		return u.String()
	}
	u := url.URL{Scheme: "unix", Path: e.addr, RawQuery: "db=" + strconv.Itoa(db)}
	return u.String()
}

// ping asks for a sign of life and, of a real server, for its name and version.
func (e endpoint) ping(ctx context.Context) (version string, err error) {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, e.network, e.addr)
	if err != nil {
		return "", fmt.Errorf("connect to Redis: %w", err)
	}
	defer func() { _ = conn.Close() }()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return "", fmt.Errorf("connect to Redis: %w", err)
		}
	}
	r := bufio.NewReader(conn)
	ask := func(want string, command ...string) error {
		if _, err := io.WriteString(conn, encode(command)); err != nil {
			return fmt.Errorf("ask Redis: %w", err)
		}
		line, err := r.ReadString('\n')
		if err != nil {
			return fmt.Errorf("answer of Redis: %w", err)
		}
		if !strings.HasPrefix(line, want) {
			return fmt.Errorf("answer of Redis: %s", strings.TrimSpace(line))
		}
		return nil
	}
	if e.inProcess() {
		if err := ask("+OK", "AUTH", e.password); err != nil {
			return "", err
		}
		return "", ask("+PONG", "PING")
	}
	if err := ask("+PONG", "PING"); err != nil {
		return "", err
	}
	if err := ask("$", "INFO", "server"); err != nil {
		return "", err
	}
	return serverVersion(r)
}

// encode writes a command in Redis's protocol: an array of bulk strings.
func encode(command []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(command))
	for _, word := range command {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(word), word)
	}
	return b.String()
}

// serverVersion reads the text of INFO server. Valkey also names the Redis it is
// compatible with.
func serverVersion(r *bufio.Reader) (string, error) {
	var redisVersion string
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return "", fmt.Errorf("answer of Redis: %w", err)
		}
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch key {
		case "valkey_version":
			return "Valkey " + value, nil
		case "redis_version":
			redisVersion = "Redis " + value
		case "process_id": // comes after both
			return redisVersion, nil
		}
	}
}
