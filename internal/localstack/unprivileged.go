package localstack

import (
	"errors"
	"os"
	"os/exec"
)

// Unprivileged lets cmd, a server with its data below dir, run as a user who is not
// root and to whom dir belongs, in the way that this system allows. For a process that
// is not root's it changes nothing.
func Unprivileged(dir string, cmd *exec.Cmd) error {
	if os.Geteuid() != 0 {
		return nil
	}
	h := &home{root: dir, run: dir, as: identity{}}
	if err := h.chooseIdentity(); err != nil {
		return err
	}
	attr, err := h.as.attributes()
	if err != nil {
		return errors.Join(errors.New("run a server as another user"), err)
	}
	cmd.SysProcAttr = attr
	return nil
}
