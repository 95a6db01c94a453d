package inline

import (
	"encoding/binary"

	"firedoor/internal/packet"
)

var be = binary.BigEndian

// headers are the places of headers in an Ethernet frame that carries TCP or UDP.
type headers struct {
	network   int // of the IP header
	transport int
	payload   int
	end       int // behind the payload: what follows is padding
	six       bool
	proto     uint8
}

const (
	typeIPv4 = 0x0800
	typeIPv6 = 0x86dd
	protoTCP = 6
	protoUDP = 17
)

// tags are EtherTypes of VLAN tags.
func isTag(t uint16) bool { return t == 0x8100 || t == 0x88a8 || t == 0x9100 || t == 0x9200 }

// find finds the headers of a frame that was decoded as TCP or UDP without a tunnel; not
// ok for anything else.
func find(b []byte) (h headers, ok bool) {
	at := 12
	for ; at+4 <= len(b) && isTag(be.Uint16(b[at:])); at += 4 {
	}
	if at+2 > len(b) {
		return h, false
	}
	h.network = at + 2
	switch be.Uint16(b[at:]) {
	case typeIPv4:
		return h, h.four(b)
	case typeIPv6:
		h.six = true
		return h, h.sixth(b)
	}
	return h, false
}

func (h *headers) four(b []byte) bool {
	ip := b[h.network:]
	if len(ip) < 20 || ip[0]>>4 != 4 || be.Uint16(ip[6:])&0x3fff != 0 || sourceRouted(ip) {
		return false
	}
	h.proto, h.transport, h.end = ip[9], h.network+4*int(ip[0]&0xf), h.network+int(be.Uint16(ip[2:]))
	return h.ports(b)
}

// sixth reads IPv6 without extension headers: packets with any are judged by their
// addresses alone.
func (h *headers) sixth(b []byte) bool {
	ip := b[h.network:]
	if len(ip) < 40 {
		return false
	}
	h.proto, h.transport, h.end = ip[6], h.network+40, h.network+40+int(be.Uint16(ip[4:]))
	return h.ports(b)
}

// routed tells whether a frame carries IP that goes on to another host from where it is
// sent to, so that its receiver is not known from its address.
func routed(b []byte) bool {
	at := 12
	for ; at+4 <= len(b) && isTag(be.Uint16(b[at:])); at += 4 {
	}
	if at+10 <= len(b) && be.Uint16(b[at:]) < 0x600 && be.Uint32(b[at+2:]) == 0xaaaa0300 && be.Uint16(b[at+6:]) == 0 { // SNAP
		at += 8
	}
	if at+22 > len(b) {
		return false
	}
	switch be.Uint16(b[at:]) {
	case typeIPv4:
		return sourceRouted(b[at+2:])
	case typeIPv6:
		return headerRouted(b[at+2:])
	}
	return false
}

// Options of IPv4 (RFC 791, 3.1).
const (
	optionEnd   = 0
	optionNone  = 1
	looseRoute  = 131
	strictRoute = 137
)

// sourceRouted tells whether a packet of IPv4, with all of its header without options, has hosts in
// its options that it has yet to go to.
func sourceRouted(ip []byte) bool {
	options := ip[20:max(20, min(4*int(ip[0]&0xf), len(ip)))]
	for len(options) > 0 && options[0] != optionEnd {
		size := 1
		if options[0] != optionNone {
			if len(options) < 2 || options[1] < 2 {
				return false // no receiver takes it
			}
			size = int(options[1])
		}
		if (options[0] == looseRoute || options[0] == strictRoute) && len(options) > 2 && options[2] <= options[1] {
			return true
		}
		options = options[min(size, len(options)):]
	}
	return false
}

// headerRouted tells whether a packet of IPv6 has segments left in a routing header (RFC 8200, 4.4).
func headerRouted(b []byte) bool {
	if len(b) < 40 {
		return false
	}
	next, ip := b[6], b[40:]
	for range packet.MaxExtensions {
		size := 8
		switch {
		case len(ip) < 8:
			return false
		case next == 43 && ip[3] > 0:
			return true
		case next == 44 && be.Uint16(ip[2:])&0xfff8 != 0: // what follows is no header
			return false
		case next == 51:
			size = 8 + int(ip[1])*4
		case next == 0 || next == 43 || next == 60 || next == 135:
			size = 8 + int(ip[1])*8
		case next != 44:
			return false
		}
		next, ip = ip[0], ip[min(size, len(ip)):]
	}
	return false
}

func (h *headers) ports(b []byte) bool {
	if h.end > len(b) {
		return false
	}
	switch h.proto {
	case protoTCP:
		if h.transport+20 > h.end {
			return false
		}
		h.payload = h.transport + 4*int(b[h.transport+12]>>4)
		return h.payload >= h.transport+20 && h.payload <= h.end
	case protoUDP:
		h.payload = h.transport + 8
		// Receivers differ in which of two lengths they go by.
		return h.payload <= h.end && h.transport+int(be.Uint16(b[h.transport+4:])) == h.end
	}
	return false
}

// sumAt is where the transport's checksum stands.
func (h *headers) sumAt() int {
	if h.proto == protoTCP {
		return h.transport + 16
	}
	return h.transport + 6
}

// resum writes the transport's checksum anew, over what the payload is now.
func (h *headers) resum(b []byte) {
	at := h.sumAt()
	if h.proto == protoUDP && !h.six && be.Uint16(b[at:]) == 0 {
		return // the sender left it out (RFC 768)
	}
	be.PutUint16(b[at:], 0)
	sum := ^h.sum(b)
	if sum == 0 && h.proto == protoUDP {
		sum = 0xffff
	}
	be.PutUint16(b[at:], sum)
}

// sum adds the words of the transport and of the header that only its checksum has.
func (h *headers) sum(b []byte) uint16 {
	sum := uint32(h.proto) + uint32(h.end-h.transport)
	if h.six {
		sum = add(sum, b[h.network+8:h.network+40])
	} else {
		sum = add(sum, b[h.network+12:h.network+20])
	}
	return fold(add(sum, b[h.transport:h.end]))
}

// sound tells whether the checksums are right: what has a wrong one its receiver throws
// away, so nothing may be believed of it.
func (h *headers) sound(b []byte) bool {
	if !h.six && fold(add(0, b[h.network:h.transport])) != 0xffff {
		return false
	}
	return h.proto == protoUDP && !h.six && be.Uint16(b[h.sumAt():]) == 0 || h.sum(b) == 0xffff
}

func fold(sum uint32) uint16 {
	for sum>>16 != 0 {
		sum = sum&0xffff + sum>>16
	}
	return uint16(sum)
}

// add adds the 16-bit words of b (RFC 1071).
func add(sum uint32, b []byte) uint32 {
	for ; len(b) >= 2; b = b[2:] {
		if sum += uint32(be.Uint16(b)); sum>>31 != 0 {
			sum = sum&0xffff + sum>>16
		}
	}
	if len(b) == 1 {
		sum += uint32(b[0]) << 8
	}
	return sum
}

// Fill writes the checksum of a TCP or UDP packet whose sender left it to hardware.
func Fill(frame []byte) {
	if h, ok := find(frame); ok {
		if h.proto == protoUDP {
			be.PutUint16(frame[h.sumAt():], 1) // not left out
		}
		h.resum(frame)
	}
}
