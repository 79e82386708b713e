//go:build !linux

package localstack

import (
	"errors"
	"syscall"
)

// attributes makes a child process run as id. User namespaces are Linux's own.
func (id identity) attributes() (*syscall.SysProcAttr, error) {
	if id.way == namespaced {
		return nil, errors.ErrUnsupported
	}
	return id.switchUser(), nil
}
