package servertest

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// ControlledRedis is a server that a test may kill, freeze and start again.
type ControlledRedis struct {
	URL    string // for kv.Open
	Socket string // path of its Unix socket

	t   testing.TB
	dir string
	p   *process
}

// NewControlledRedis starts an empty server.
func NewControlledRedis(t testing.TB) *ControlledRedis {
	t.Helper()
	dir := shortDir(t)
	r := &ControlledRedis{t: t, dir: dir, Socket: filepath.Join(dir, "redis.sock")}
	r.URL = "unix://" + r.Socket
	r.Start()
	return r
}

// Start runs the server with what its last SAVE left, if anything.
func (r *ControlledRedis) Start() {
	r.t.Helper()
	r.p = runRedis(r.t, r.URL, "--port", "0", "--unixsocket", r.Socket, "--dir", r.dir, "--save", "", "--appendonly", "no")
}

// Kill ends the server without a goodbye.
func (r *ControlledRedis) Kill() { r.p.kill() }

// Forget removes what SAVE left.
func (r *ControlledRedis) Forget() {
	if err := os.RemoveAll(filepath.Join(r.dir, "dump.rdb")); err != nil {
		r.t.Error(err)
	}
}

// Freeze stops the server where it is; its connections stay open.
func (r *ControlledRedis) Freeze() { r.signal(syscall.SIGSTOP) }

// Thaw lets a frozen server go on.
func (r *ControlledRedis) Thaw() { r.signal(syscall.SIGCONT) }

func (r *ControlledRedis) signal(s syscall.Signal) {
	if err := r.p.cmd.Process.Signal(s); err != nil {
		r.t.Errorf("signal the server: %v", err)
	}
}
