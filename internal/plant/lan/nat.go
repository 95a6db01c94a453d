package lan

import (
	"encoding/binary"
	"net/netip"
)

// translation is what an address becomes behind or before a port.
type translation struct {
	to   uint32
	port *nic // on whose network the outside address is
}

// NAT makes an inside address known as an outside one (static, one to one). The
// outside address must lie in the network of a port: there the router answers for
// it. Two lines of equal addresses so need a router each. It returns false when no
// port has that network. What ICMP errors quote is not translated.
func (r *Router) NAT(outside, inside netip.Addr) bool {
	if !outside.Is4() || !inside.Is4() {
		return false
	}
	for _, n := range r.ports {
		if !n.addrs[0].Contains(outside) {
			continue
		}
		out, in := number4(outside), number4(inside)
		r.inward[out] = translation{in, n}
		r.outward[in] = translation{out, n}
		if !n.owns4(out) {
			n.virtual = append(n.virtual, outside)
			n.refresh()
		}
		return true
	}
	return false
}

// repair makes a checksum right after 16 bits under it changed (RFC 1624).
func repair(check []byte, old, changed uint16) {
	s := uint64(^binary.BigEndian.Uint16(check)) + uint64(^old) + uint64(changed)
	binary.BigEndian.PutUint16(check, fold(s))
}

// rewrite changes one of the addresses of an IPv4 packet, at 12 or 16, and the
// checksums over it.
func rewrite(b []byte, at int, to uint32) {
	head := int(b[0]&15) << 2
	payload := b[head:]
	check := -1
	if binary.BigEndian.Uint16(b[6:])&0x1fff == 0 {
		switch {
		case b[9] == protoTCP && len(payload) >= tcpLen:
			check = 16
		case b[9] == protoUDP && len(payload) >= udpLen && (payload[6] != 0 || payload[7] != 0):
			check = 6
		}
	}
	for i := 0; i < 4; i += 2 {
		old := binary.BigEndian.Uint16(b[at+i:])
		changed := uint16(to >> (16 - i<<3))
		binary.BigEndian.PutUint16(b[at+i:], changed)
		repair(b[10:12], old, changed)
		if check >= 0 {
			repair(payload[check:check+2], old, changed)
		}
	}
	if check == 6 && payload[6] == 0 && payload[7] == 0 {
		payload[6], payload[7] = 0xff, 0xff
	}
}
