package policy

import "slices"

// transports by words that stand for a protocol where nobody recognised one.
var unrecognised = map[string][]uint8{"tcp": {6}, "udp": {17}, "ethernet": {Link}, "icmp": {0}, "ip": {0}}

// Transports are those over which a protocol may have come at a port, where that is not
// told: by the ports where it is usually found. Port 0 is none.
func (p *Plan) Transports(protocol string, port uint16) (out []uint8) {
	if known, ok := unrecognised[protocol]; ok {
		return known
	}
	usual := p.known.Ports(protocol)
	add := func(want func(Port) bool) {
		for _, u := range usual {
			if want(u) && !slices.Contains(out, u.Transport) {
				out = append(out, u.Transport)
			}
		}
	}
	if port == 0 {
		add(func(u Port) bool { return u.Transport == Link })
	} else {
		add(func(u Port) bool { return u.Transport != Link && u.Number == port })
	}
	if len(out) == 0 && port != 0 {
		add(func(u Port) bool { return u.Transport != Link })
	}
	if len(out) == 0 {
		return []uint8{6, 17}
	}
	return out
}

// firstEtherType is the smallest EtherType; what is below it is a length (IEEE 802.3, 3.2.6).
const firstEtherType = 0x600

// FrameType is the number that stands in ports for frames of an EtherType, or of a length.
func FrameType(etherType uint16) uint16 {
	if etherType < firstEtherType {
		return LLC
	}
	return etherType
}

// FrameType is the number of frames of a protocol that IP does not carry, 0 where it has
// none. Of frames that nobody recognised, "ethernet", it is that of the EtherType that was
// seen.
func (p *Plan) FrameType(protocol string, seen uint16) uint16 {
	if protocol == "ethernet" {
		return FrameType(seen)
	}
	for _, u := range p.known.Ports(protocol) {
		if u.Transport == Link {
			return u.Number
		}
	}
	return 0
}

// Apart are the ports that are meant by one, each of a transport of IP. A frame without IP has none.
func (p Port) Apart() (out []Port) {
	for _, transport := range [...]uint8{6, 17, ICMP, ICMP6} {
		one := Port{Transport: transport, Number: p.Number}
		if p.Transport == transport || p.Transport == 0 && !one.Portless() {
			out = append(out, one)
		}
	}
	return out
}
