//go:build !linux

package doctor

// freeBytes does not know how to ask here.
func freeBytes(string) (free uint64, known bool, err error) { return 0, false, nil }
