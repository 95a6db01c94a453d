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

// EtherType is that of a protocol that IP does not carry, 0 where it has none.
func (p *Plan) EtherType(protocol string) uint16 {
	for _, u := range p.known.Ports(protocol) {
		if u.Transport == Link {
			return u.Number
		}
	}
	return 0
}
