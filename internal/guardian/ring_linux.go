package guardian

import (
	"encoding/binary"
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// The rings from which a worker reads: TPACKET_V2 (Documentation/networking/packet_mmap).
// Version 3 hands blocks over by a timer of a millisecond, which is the latency here. A ring
// belongs to its socket, so it outlives a process that has it mapped.
const (
	RingFrames = 1024
	ringBlock  = 1 << 18
)

// openRing opens a socket with a ring at an interface.
func openRing(name string, mtu int) (fd int, err error) {
	fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("%s: a packet socket: %w", name, err)
	}
	defer func() {
		if err != nil {
			_ = unix.Close(fd)
		}
	}()
	if err = unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V2); err != nil {
		return -1, fmt.Errorf("%s: asking for TPACKET_V2: %w", name, err)
	}
	if err = unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1); err != nil {
		return -1, fmt.Errorf("%s: leaving out what is sent: %w", name, err)
	}
	size := PlaceSize(mtu)
	req := unix.TpacketReq{Block_size: ringBlock, Block_nr: uint32(RingFrames * size / ringBlock), Frame_size: uint32(size), Frame_nr: RingFrames}
	if err = unix.SetsockoptTpacketReq(fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &req); err != nil {
		return -1, fmt.Errorf("%s: a ring of %d frames of %d bytes: %w", name, RingFrames, size, err)
	}
	return fd, bind(fd, name, unix.ETH_P_ALL)
}

// PlaceSize is how many bytes a frame takes in the ring.
func PlaceSize(mtu int) int {
	size := 2048
	for size < mtu+256 {
		size *= 2
	}
	return size
}

func bind(fd int, name string, protocol uint16) error {
	i, err := net.InterfaceByName(name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	var swapped [2]byte
	binary.BigEndian.PutUint16(swapped[:], protocol)
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: binary.NativeEndian.Uint16(swapped[:]), Ifindex: i.Index}); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// openSender opens a socket that sends at an interface.
func openSender(name string) (fd int, err error) {
	fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("%s: a packet socket: %w", name, err)
	}
	if err = unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_QDISC_BYPASS, 1); err == nil {
		err = bind(fd, name, 0)
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}
