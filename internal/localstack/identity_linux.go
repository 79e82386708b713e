package localstack

import "syscall"

// attributes makes a child process run as id.
func (id identity) attributes() (*syscall.SysProcAttr, error) {
	attr := id.switchUser()
	if id.way != namespaced {
		return attr, nil
	}
	nobody, err := lookupNobody()
	if err != nil {
		return nil, err
	}
	attr.Cloneflags = syscall.CLONE_NEWUSER
	attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: nobody.uid, HostID: id.uid, Size: 1}}
	attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: nobody.gid, HostID: id.gid, Size: 1}}
	return attr, nil
}
