package testbed

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// JoinFrames makes a host send as one behind a virtual interface does: many segments in one
// frame, and without their checksums, for there is no card to leave that to.
func (h *Host) JoinFrames() error {
	return h.Do(func() error { return offload(Wire, 1) })
}

// wholeFrames makes an interface send frames as a card would put them on the wire:
// not many segments in one (TSO and GSO), and with their checksums in.
func wholeFrames(name string) error { return offload(name, 0) }

func offload(name string, on uint32) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }()
	const setTxSums, setTSO, setGSO = 0x17, 0x1f, 0x24 // linux/ethtool.h
	commands := []uint32{setTSO, setGSO, setTxSums}
	if on != 0 { // without sums nobody else may make there is no joining
		commands = []uint32{setTxSums, setGSO, setTSO}
	}
	for _, command := range commands {
		v := struct{ command, on uint32 }{command, on}
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
