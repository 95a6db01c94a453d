//go:build linux || darwin || freebsd

package uplink

import "syscall"

// freeSpace is what the disk of a directory has left, in bytes; false where
// that cannot be known.
func freeSpace(dir string) (uint64, bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, false
	}
	return uint64(max(0, int64(s.Bavail))) * uint64(s.Bsize), true //nolint:unconvert // the types differ by system
}
