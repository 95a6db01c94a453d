package policy

import (
	"net/netip"
	"slices"

	"firedoor"
)

// Place is where an address belongs, as far as a policy can tell addresses apart: a
// host of its own, or the rest of a zone. 0 is no zone.
type Place uint32

type addressKey struct {
	segment string // "": any
	ip      firedoor.IP
}

type macKey struct {
	segment string
	mac     firedoor.MAC
}

type prefixKey struct {
	segment string
	prefix  netip.Prefix
}

// places finds the place of an address. Places count zones first, then hosts.
type places struct {
	names    []string // by place
	named    map[string]Place
	zones    []int32 // by place: the zone, -1 is none
	hosts    map[addressKey]Place
	macs     map[macKey]Place
	prefixes map[prefixKey]Place
	lengths  []int          // of prefixes that there are, longest first; of IPv6 plus 1000
	numbered []bool         // by place: the host has an address, or is a group, and its MAC alone does not make it
	groups   map[Place]bool // of Ethernet: they are asked, and ask nothing
}

const sixth = 1000 // parts the lengths of IPv6 prefixes from those of IPv4

func lengthOf(p netip.Prefix) int {
	if p.Addr().Is4() {
		return p.Bits()
	}
	return p.Bits() + sixth
}

// add gives a place to a zone or host.
func (p *places) add(name string, zone int32) Place {
	at := Place(len(p.names))
	p.names, p.zones, p.numbered = append(p.names, name), append(p.zones, zone), append(p.numbered, false)
	if at != 0 { // that is no place, and has no name
		p.named[name] = at
	}
	return at
}

// put gives an address of a host its place; false if another one has it.
func (p *places) put(segment string, a netip.Addr, at Place) bool {
	k := addressKey{segment, firedoor.IPFrom(a)}
	if other, taken := p.hosts[k]; taken && other != at {
		return false
	}
	p.hosts[k] = at
	p.numbered[at] = true
	return true
}

func (p *places) putMAC(segment string, m firedoor.MAC, at Place) bool {
	k := macKey{segment, m}
	if other, taken := p.macs[k]; taken && other != at {
		return false
	}
	if p.macs[k] = at; m.IsGroup() { // of IP its address says so: a host takes IP that comes to a group
		p.groups[at], p.numbered[at] = true, true
	}
	return true
}

func (p *places) putPrefix(segment string, prefix netip.Prefix, at Place) bool {
	k := prefixKey{segment, prefix.Masked()}
	if _, taken := p.prefixes[k]; taken {
		return false
	}
	p.prefixes[k] = at
	if n := lengthOf(prefix); !slices.Contains(p.lengths, n) {
		p.lengths = append(p.lengths, n)
		slices.SortFunc(p.lengths, func(a, b int) int { return b - a })
	}
	return true
}

// find gives the place of an end: that of its address, else that of its MAC. What is
// said of a segment goes before what is said of any.
func (p *places) find(segment string, ip firedoor.IP, mac firedoor.MAC) Place {
	if !ip.IsZero() {
		for _, s := range [2]string{segment, ""} {
			if at, ok := p.hosts[addressKey{s, ip}]; ok {
				return at
			}
		}
	}
	if mac != 0 {
		for _, s := range [2]string{segment, ""} {
			if at, ok := p.macs[macKey{s, mac}]; ok && (ip.IsZero() || !p.numbered[at]) {
				return at
			}
		}
	}
	return p.within(segment, ip)
}

// within gives the zone of an address by its longest prefix.
func (p *places) within(segment string, ip firedoor.IP) Place {
	if ip.IsZero() {
		return 0
	}
	a := ip.Netip()
	for _, n := range p.lengths {
		if (n < sixth) != a.Is4() {
			continue
		}
		prefix, err := a.Prefix(n % sixth)
		if err != nil {
			continue
		}
		for _, s := range [2]string{segment, ""} {
			if at, ok := p.prefixes[prefixKey{s, prefix}]; ok {
				return at
			}
		}
	}
	return 0
}
