// Package disk tells how much room a file system has.
package disk

import "syscall"

// Free tells how much room a directory has for ordinary users, in bytes; known is false
// on systems where that cannot be asked.
func Free(dir string) (free uint64, known bool, err error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, false, err
	}
	return s.Bavail * uint64(s.Bsize), true, nil
}
