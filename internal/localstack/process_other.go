//go:build !linux

package localstack

import (
	"bytes"
	"os/exec"
	"strconv"
)

// isProcess reports whether pid lives and has mark in its command line. A number
// from an old pid file may belong to a stranger by now; a zombie has no command
// line.
func isProcess(pid int, mark string) bool {
	line, err := exec.Command("ps", "-ww", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && bytes.Contains(line, []byte(mark))
}
