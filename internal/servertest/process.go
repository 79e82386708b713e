// Package servertest starts the real servers that tests need, each for one test, and ends them with it.
// It is for tests only. PostgreSQL is not here: its databases are made from a template by package dbtest.
package servertest

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"
)

const startTimeout = 20 * time.Second

// process is a running server that ends with its test, or with the test binary if that is killed.
type process struct {
	cmd    *exec.Cmd
	output Output
	exited chan struct{}
}

// start runs cmd and waits until it listens at addr and ready answers nil; the test fails when the server ends or stays silent.
func start(t testing.TB, cmd *exec.Cmd, network, addr string, ready func() error) *process {
	t.Helper()
	p := &process{cmd: cmd, exited: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &p.output, &p.output
	started := make(chan error, 1)
	go func() {
		// The parent-death signal follows the thread that started the child, so that thread must live as long.
		runtime.LockOSThread()
		endWithParent(cmd)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how a killed server ended says nothing
		}
		close(p.exited)
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	err := p.waitReady(func() error {
		// Clients retry and log refused connections, so they come second.
		conn, err := net.Dial(network, addr)
		if err != nil {
			return err
		}
		_ = conn.Close()
		return ready()
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended already
	<-p.exited
}

func (p *process) waitReady(ready func() error) error {
	deadline := time.Now().Add(startTimeout)
	for {
		err := ready()
		if err == nil {
			return nil
		}
		select {
		case <-p.exited:
			return fmt.Errorf("%s ended at start: %s", p.cmd.Path, p.output.String())
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s was not ready after %s: %w; its output: %s", p.cmd.Path, startTimeout, err, p.output.String())
		}
	}
}

// shortDir returns a new directory with a path short enough for a Unix socket in it, which t.TempDir's often is not.
func shortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "payaid-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("remove the test server's directory: %v", err)
		}
	})
	return dir
}

// freePort returns a TCP port of 127.0.0.1 that was free a moment ago.
func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// Output keeps what a program prints, which may be read while the program still writes.
type Output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write appends what the program printed.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

// String returns everything printed so far.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}
