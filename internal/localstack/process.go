package localstack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

const processPoll = 20 * time.Millisecond

// child is a server this process has just started. It runs in a session of its
// own: neither a Ctrl-C at the terminal nor this process's end reaches it.
type child struct {
	log    string
	offset int64
	// exited is closed when the process has ended (and was reaped).
	exited chan struct{}
}

// launch starts a server whose output goes to log/<name>.log.
func (h *home) launch(name, bin string, args ...string) (*child, error) {
	f, err := h.openFile(logDir+"/"+name+".log", os.O_WRONLY|os.O_CREATE|os.O_APPEND)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	offset, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, h.explain(err)
	}
	cmd, err := h.command(context.Background(), bin, args...)
	if err != nil {
		return nil, err
	}
	cmd.SysProcAttr.Setsid = true
	cmd.Stdout, cmd.Stderr = f, f
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", bin, err)
	}
	c := &child{log: f.Name(), offset: offset, exited: make(chan struct{})}
	go func() {
		defer close(c.exited)
		_ = cmd.Wait() // The log says why it ended.
	}()
	return c, nil
}

// command prepares a program to run as the servers' user, in the data directory
// and in English.
func (h *home) command(ctx context.Context, bin string, args ...string) (*exec.Cmd, error) {
	attr, err := h.as.attributes()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, bin, args...)
	cmd.Dir, cmd.SysProcAttr, cmd.Env = h.root, attr, serverEnv(os.Environ())
	return cmd, nil
}

// serverEnv drops what would change PostgreSQL behind our back (PGDATA, PGPORT,
// PGOPTIONS …) and the application's own secrets.
func serverEnv(env []string) []string {
	kept := []string{"LC_ALL=C"}
	for _, e := range env {
		if !strings.HasPrefix(e, "PG") && !strings.HasPrefix(e, "LC_") && !strings.HasPrefix(e, "PAYAID_") {
			kept = append(kept, e)
		}
	}
	return kept
}

// ended reports whether the process is gone.
func (c *child) ended() bool {
	select {
	case <-c.exited:
		return true
	default:
		return false
	}
}

// output is what the server has written since it was started.
func (c *child) output() string { return tail(c.log, c.offset) }

// tail reads the end of a log, nothing before offset and at most 64 KiB.
func tail(log string, offset int64) string {
	const most = 64 << 10
	f, err := os.Open(log)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err == nil {
		offset = max(offset, info.Size()-most)
	}
	data, err := io.ReadAll(io.NewSectionReader(f, offset, most))
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// escalation ends a process with ever stronger signals.
type escalation []struct {
	signal syscall.Signal
	wait   time.Duration
}

// end sends the signals of e until runs reports false.
func (e escalation) end(ctx context.Context, pid int, runs func() bool) error {
	for _, step := range e {
		if err := syscall.Kill(pid, step.signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("stop process %d: %w", pid, err)
		}
		for until := time.Now().Add(step.wait); time.Now().Before(until); {
			if !runs() {
				return nil
			}
			if err := sleep(ctx, processPoll); err != nil {
				return fmt.Errorf("process %d has not ended yet: %w", pid, err)
			}
		}
	}
	return fmt.Errorf("process %d does not end", pid)
}
