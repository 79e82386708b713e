package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// clockTick is how many parts of a second /proc counts in.
const clockTick = 100

// process is one that we started.
type process struct {
	cmd  *exec.Cmd
	base string // its address
}

// start runs a program that listens on addr and waits until it answers at path.
func start(ctx context.Context, name string, args, env []string, addr, path string) (*process, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	var log tail
	cmd.Stdout, cmd.Stderr = io.Discard, &log
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", filepath.Base(name), err)
	}
	p := &process{cmd: cmd, base: "http://" + addr}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if answers(ctx, p.base+path) {
			return p, nil
		}
	}
	return nil, errors.Join(fmt.Errorf("%s does not answer: %s", filepath.Base(name), log.last), p.stop())
}

func answers(ctx context.Context, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	return res.Body.Close() == nil && res.StatusCode == http.StatusOK
}

// stop ends the process and waits for it.
func (p *process) stop() error {
	if p == nil {
		return nil
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	if err := p.cmd.Wait(); err != nil && p.cmd.ProcessState.ExitCode() > 0 {
		return fmt.Errorf("%s: %w", filepath.Base(p.cmd.Path), err)
	}
	return nil
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// tail keeps the last thing that a program wrote; its log goes on being written.
type tail struct{ last string }

// Write implements io.Writer.
func (t *tail) Write(b []byte) (int, error) {
	t.last = string(b[max(0, len(b)-500):])
	return len(b), nil
}

// freeAddr returns an address that nobody listens on.
func freeAddr(ctx context.Context) (string, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// cpuOf returns the processor time that a process has used by itself.
func cpuOf(pid int) (time.Duration, error) {
	_, own, _, err := readStat(fmt.Sprintf("/proc/%d/stat", pid))
	return own, err
}

// readStat returns a process's parent, the processor time it has used, and that of
// its children that have ended.
func readStat(path string) (parent int, own, ended time.Duration, err error) {
	b, err := os.ReadFile(path) //nolint:gosec // a path of /proc
	if err != nil {
		return 0, 0, 0, err
	}
	text := string(b)
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:]) // the name before may hold spaces
	if len(fields) < 15 {
		return 0, 0, 0, fmt.Errorf("%s: %d fields", path, len(fields))
	}
	n := func(i int) time.Duration {
		ticks, _ := strconv.ParseInt(fields[i], 10, 64)
		return time.Duration(ticks) * time.Second / clockTick
	}
	parent, err = strconv.Atoi(fields[1])
	return parent, n(11) + n(12), n(13) + n(14), err
}

// cpuOfAll returns the processor time of a process and all its descendants, those
// that ended too.
func cpuOfAll(pid int) (time.Duration, error) {
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	type used struct {
		parent int
		own    time.Duration
		ended  time.Duration // of children that were waited for
	}
	seen := map[int]used{}
	for _, path := range all {
		parent, own, ended, err := readStat(path)
		if err != nil {
			continue // it has just ended
		}
		id, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		seen[id] = used{parent, own, ended}
	}
	if _, ok := seen[pid]; !ok {
		return 0, fmt.Errorf("process %d is gone", pid)
	}
	var total time.Duration
	for id, u := range seen {
		for at := id; ; at = seen[at].parent {
			if at == pid {
				total += u.own + u.ended
				break
			}
			if _, ok := seen[at]; !ok {
				break
			}
		}
	}
	return total, nil
}

// resident returns the memory that a process holds, in MiB.
func resident(pid int) (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 64)
			return kib / 1024, err
		}
	}
	return 0, errors.New("the memory of a process is not told")
}

// pidIn reads the process id in the first line of a file.
func pidIn(path string) (int, error) {
	b, err := os.ReadFile(path) //nolint:gosec // a file of our own servers
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(b), "\n")
	return strconv.Atoi(strings.TrimSpace(first))
}
