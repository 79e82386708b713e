package doctor

import "syscall"

// freeBytes tells how much room a directory has for ordinary users.
func freeBytes(dir string) (free uint64, known bool, err error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, false, err
	}
	return s.Bavail * uint64(s.Bsize), true, nil
}
