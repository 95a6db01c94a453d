package testbed

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// wholeFrames makes an interface send frames as a card would put them on the wire:
// not many segments in one (TSO and GSO), and with their checksums in.
func wholeFrames(name string) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }()
	const setTxSums, setTSO, setGSO = 0x17, 0x1f, 0x24 // linux/ethtool.h
	for _, command := range []uint32{setTSO, setGSO, setTxSums} {
		v := struct{ command, off uint32 }{command: command}
		r := struct {
			name [unix.IFNAMSIZ]byte
			data unsafe.Pointer
			_    [16]byte
		}{data: unsafe.Pointer(&v)}
		copy(r.name[:unix.IFNAMSIZ-1], name)
		if _, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&r))); e != 0 {
			return fmt.Errorf("%s: ethtool command %#x: %w", name, command, e)
		}
	}
	return nil
}
