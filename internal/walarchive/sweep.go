package walarchive

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Left reports whether there is anything for Sweep, unless a recovery is at work.
func (a *Archive) Left() bool {
	left, _ := filepath.Glob(filepath.Join(a.o.Dir, recoverPrefix+"*")) // fails on a bad pattern only
	return len(left) > 0
}

// Sweep ends the servers that killed processes left, and removes them. Nothing may be
// recovered at the same time.
func (a *Archive) Sweep() error {
	left, err := filepath.Glob(filepath.Join(a.o.Dir, recoverPrefix+"*"))
	if err != nil {
		return err
	}
	var errs []error
	for _, dir := range left {
		endServer(dir)
		errs = append(errs, os.RemoveAll(dir))
	}
	return errors.Join(errs...)
}

// endServer ends the server of a data directory, if the process with the number in its
// pid file is that.
func endServer(dir string) {
	data, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
	if err != nil {
		return
	}
	line, _, _ := strings.Cut(string(data), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil || pid <= 1 {
		return
	}
	for range 100 {
		command, err := os.ReadFile("/proc/" + line + "/cmdline")
		if err != nil || !strings.Contains(string(command), dir) {
			return
		}
		_ = syscall.Kill(pid, syscall.SIGQUIT) // the loop looks
		time.Sleep(50 * time.Millisecond)
	}
	_ = syscall.Kill(pid, syscall.SIGKILL) // nothing of it is needed
}
