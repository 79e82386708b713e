package localstack

import (
	"bytes"
	"fmt"
	"os"
)

// isProcess reports whether pid lives and has mark in its command line. A number
// from an old pid file may belong to a stranger by now, in containers above all;
// a zombie has no command line.
func isProcess(pid int, mark string) bool {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return err == nil && bytes.Contains(line, []byte(mark))
}
