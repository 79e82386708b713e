package backup_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// helperArguments is how a test tells the process that it starts what to do.
const helperArguments = "PAYAID_TEST_BACKUP_HELPER"

// helper is another process of ours that a test kills.
type helper struct{ cmd *exec.Cmd }

// startHelper runs one test of this program in another process, which does what the
// arguments say. That test is none: it begins with helperArgs.
func startHelper(t *testing.T, test string, args ...string) *helper {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+test+"$")
	cmd.Env = append(os.Environ(), helperArguments+"="+strings.Join(args, "\n"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return &helper{cmd: cmd}
}

// helperArgs returns the arguments of the process that startHelper started, and none
// in any other.
func helperArgs() []string {
	line := os.Getenv(helperArguments)
	if line == "" {
		return nil
	}
	return strings.Split(line, "\n")
}

// kill ends the process as a power cut would.
func (h *helper) kill(t *testing.T) {
	t.Helper()
	if err := h.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = h.cmd.Wait() // how a killed process ended says nothing
}

// waitFor waits for a file that says how far a process has come.
func waitFor(t *testing.T, file string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(file); err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s did not appear", file)
		}
	}
}
