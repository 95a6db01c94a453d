package capture

import (
	"errors"

	"golang.org/x/sys/unix"
)

// Sharing frames among rings: PACKET_FANOUT with a classic BPF program that
// picks the ring.

// Offsets that tell the kernel's BPF to read elsewhere than from the frame's
// start, which is not the same place for frames that come and that go.
const (
	frameProtocol = 0xfffff000 // SKF_AD_OFF + SKF_AD_PROTOCOL: the EtherType, behind a tag that was taken out
	fromNetwork   = 0xfff00000 // SKF_NET_OFF
	fromLink      = 0xffe00000 // SKF_LL_OFF

	etherIPv4 = 0x0800
	etherIPv6 = 0x86dd

	// spread is 2^32 divided by the golden ratio: it brings every bit of a number
	// into the high bits of the product.
	spread = 0x9e3779b1
)

// pairProgram gives a frame's ring by the exclusive or of its two addresses, which
// is the same for both directions: IP addresses, or the low four bytes of the MAC
// addresses of what is not IP. The kernel takes the result modulo the number of rings.
func pairProgram() []unix.SockFilter {
	const (
		load  = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		xorX  = unix.BPF_ALU | unix.BPF_XOR | unix.BPF_X
		toX   = unix.BPF_MISC | unix.BPF_TAX
		equal = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		jump  = unix.BPF_JMP | unix.BPF_JA
	)
	xor := func(offsets ...uint32) []unix.SockFilter {
		p := []unix.SockFilter{{Code: load, K: offsets[0]}}
		for _, o := range offsets[1:] {
			p = append(p, unix.SockFilter{Code: toX}, unix.SockFilter{Code: load, K: o}, unix.SockFilter{Code: xorX})
		}
		return p
	}
	mac := xor(fromLink+2, fromLink+8)
	v4 := xor(fromNetwork+12, fromNetwork+16)
	v6 := xor(fromNetwork+8, fromNetwork+12, fromNetwork+16, fromNetwork+20,
		fromNetwork+24, fromNetwork+28, fromNetwork+32, fromNetwork+36)

	p := []unix.SockFilter{
		{Code: load, K: frameProtocol},
		{Code: equal, K: etherIPv4, Jt: uint8(1 + len(mac) + 1)},
		{Code: equal, K: etherIPv6, Jt: uint8(len(mac) + 1 + len(v4) + 1)},
	}
	p = append(p, mac...)
	p = append(p, unix.SockFilter{Code: jump, K: uint32(len(v4) + 1 + len(v6))})
	p = append(p, v4...)
	p = append(p, unix.SockFilter{Code: jump, K: uint32(len(v6))})
	p = append(p, v6...)
	return append(p,
		unix.SockFilter{Code: unix.BPF_ALU | unix.BPF_MUL | unix.BPF_K, K: spread},
		unix.SockFilter{Code: unix.BPF_ALU | unix.BPF_RSH | unix.BPF_K, K: 16},
		unix.SockFilter{Code: unix.BPF_RET | unix.BPF_A})
}

// share makes one group of rings that are bound already.
func share(rings []*ring) error {
	// The kernel finds a number for the group that nobody uses; the others then
	// join by that number.
	join := unix.PACKET_FANOUT_CBPF | unix.PACKET_FANOUT_FLAG_UNIQUEID
	if err := unix.SetsockoptInt(rings[0].fd, unix.SOL_PACKET, unix.PACKET_FANOUT, join<<16); err != nil {
		return err
	}
	group, err := unix.GetsockoptInt(rings[0].fd, unix.SOL_PACKET, unix.PACKET_FANOUT)
	if err != nil {
		return err
	}
	for _, r := range rings[1:] {
		err := unix.SetsockoptInt(r.fd, unix.SOL_PACKET, unix.PACKET_FANOUT, unix.PACKET_FANOUT_CBPF<<16|group&0xffff)
		if err != nil {
			return err
		}
	}
	program := pairProgram()
	return unix.SetsockoptSockFprog(rings[0].fd, unix.SOL_PACKET, unix.PACKET_FANOUT_DATA,
		&unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]})
}

// Filters of a socket.
const (
	refuse = iota // everything
	accept
	acceptReceived // what is received, not what is sent
)

// filter decides what the socket takes in from now on.
func (r *ring) filter(what int) error {
	const (
		packetType = 0xfffff004 // SKF_AD_OFF + SKF_AD_PKTTYPE
		all        = 0xffffffff // bytes of a frame to keep
		load       = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		give       = unix.BPF_RET | unix.BPF_K
	)
	var program []unix.SockFilter
	switch what {
	case accept:
		err := unix.SetsockoptInt(r.fd, unix.SOL_SOCKET, unix.SO_DETACH_FILTER, 0)
		if errors.Is(err, unix.ENOENT) {
			return nil // there was none
		}
		return err
	case refuse:
		program = []unix.SockFilter{{Code: give, K: 0}}
	case acceptReceived:
		program = []unix.SockFilter{
			{Code: load, K: packetType},
			{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.PACKET_OUTGOING, Jf: 1},
			{Code: give, K: 0},
			{Code: give, K: all},
		}
	}
	return unix.SetsockoptSockFprog(r.fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER,
		&unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]})
}
