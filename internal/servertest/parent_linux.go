package servertest

import (
	"os/exec"
	"syscall"
)

// endWithParent has the kernel kill the server when the test binary dies without running its cleanups.
func endWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
