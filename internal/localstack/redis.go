package localstack

import (
	"context"
	"fmt"
	"log/slog"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

const (
	redisSocket = "redis.sock"
	redisDir    = "redis"
	redisPid    = redisDir + "/redis.pid"
)

// redis is the one Redis-compatible server of a data directory: a real one
// wherever it is installed, else one inside a payaid process.
type redis struct {
	home *home
	log  *slog.Logger
	// at stays once the first ensure was done (told), so that URLs handed out
	// remain true.
	at      endpoint
	told    bool
	version string
	// served is the in-process server when it lives in this process.
	served *inProcess
}

// ensure adopts the server in use or starts one, and returns when it answers. It
// runs under the transition lock. A later call brings back a server that died.
func (r *redis) ensure(ctx context.Context) error {
	if !r.told {
		err := r.discover(ctx)
		r.told = err == nil
		return err
	}
	if r.at.inProcess() {
		return r.joinOrServe(ctx)
	}
	return r.joinOrRun(ctx)
}

// discover prefers what others use already: replicas must share their sessions.
func (r *redis) discover(ctx context.Context) error {
	if redisProcess(r.home) == 0 {
		published, held, err := r.home.inProcessRedis()
		if err != nil {
			return err
		}
		if _, err := findRedis(); held || err != nil {
			r.at = published
			return r.joinOrServe(ctx)
		}
	}
	r.at = endpoint{network: "unix", addr: filepath.Join(r.home.run, redisSocket)}
	return r.joinOrRun(ctx)
}

// joinOrRun uses the running server or starts one, always on the same socket.
func (r *redis) joinOrRun(ctx context.Context) error {
	if redisProcess(r.home) != 0 {
		err := r.waitReady(ctx, nil)
		if redisProcess(r.home) != 0 {
			return err
		}
	}
	bin, err := findRedis()
	if err != nil {
		return fmt.Errorf("restart Redis: %w", err)
	}
	dir := r.home.path(redisDir)
	if err := r.home.mkdir(dir); err != nil {
		return err
	}
	// The append-only file alone keeps the sign-ins; snapshots would only double it.
	c, err := r.home.launch("redis", bin, "--port", "0", "--unixsocket", r.at.addr, "--unixsocketperm", "700",
		"--pidfile", r.home.path(redisPid), "--dir", dir, "--appendonly", "yes", "--save", "", "--daemonize", "no")
	if err != nil {
		return err
	}
	return r.waitReady(ctx, c)
}

// waitReady returns when the server answers. c is nil for an adopted server.
func (r *redis) waitReady(ctx context.Context, c *child) error {
	log, offset := r.home.path(logDir, "redis.log"), int64(0)
	if c != nil {
		log, offset = c.log, c.offset
	}
	for begun := time.Now(); ; {
		version, err := r.at.ping(ctx)
		if err == nil {
			r.version = version
			return nil
		}
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("wait for Redis: %w", ctx.Err())
		case (c != nil && c.ended()) || (c == nil && redisProcess(r.home) == 0):
			return r.home.failed("Redis in "+r.home.path(redisDir)+" ended while it started", tail(log, offset))
		case time.Since(begun) > readyTimeout:
			what := fmt.Sprintf("Redis in %s did not answer for %s (%v): run payaid stop, then start again", r.home.path(redisDir), readyTimeout, err)
			return r.home.failed(what, tail(log, offset))
		}
		if err := sleep(ctx, processPoll); err != nil {
			return err
		}
	}
}

// alive is the supervisor's cheap look.
func (r *redis) alive(ctx context.Context) bool {
	switch {
	case r.served != nil:
		return true
	case r.at.inProcess():
		_, err := r.at.ping(ctx)
		return err == nil
	}
	return redisProcess(r.home) != 0
}

func (r *redis) summary() string {
	switch {
	case r.served != nil:
		return "Redis inside this process (no redis-server is installed: sign-ins do not survive a restart)"
	case r.at.inProcess():
		return "Redis inside another payaid process (no redis-server is installed: sign-ins end with that process)"
	}
	return r.version + " in " + r.home.path(redisDir)
}

// findRedis returns the server program on PATH, Valkey first.
func findRedis() (string, error) {
	if path, err := exec.LookPath("valkey-server"); err == nil {
		return path, nil
	}
	return exec.LookPath("redis-server")
}

// redisProcess is the process id of the running server, 0 when none runs.
func redisProcess(h *home) int {
	return pidOf(h.path(redisPid), filepath.Join(h.run, redisSocket))
}

// stopRedis ends the server and reports whether one ran. It writes its file
// before it ends.
func stopRedis(ctx context.Context, h *home) (bool, error) {
	pid := redisProcess(h)
	if pid == 0 {
		return false, nil
	}
	e := escalation{{syscall.SIGTERM, 15 * time.Second}, {syscall.SIGKILL, 5 * time.Second}}
	if err := e.end(ctx, pid, func() bool { return isProcess(pid, filepath.Join(h.run, redisSocket)) }); err != nil {
		return true, fmt.Errorf("redis in %s: %w", h.path(redisDir), err)
	}
	return true, nil
}
