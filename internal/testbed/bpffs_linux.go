package testbed

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// MountPins mounts a file system for pins of programs and maps on a folder.
func MountPins(folder string) (unmount func(), err error) {
	if err := unix.Mount("bpf", folder, "bpf", 0, "mode=0700"); err != nil {
		return nil, fmt.Errorf("%w: mounting bpffs: %w", ErrUnable, err)
	}
	return func() { _ = unix.Unmount(folder, unix.MNT_DETACH) }, nil
}
