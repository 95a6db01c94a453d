package policy

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"firedoor"
)

// segments are where something comes by; nil is in any.
type segments []string

const mostSegments = 4 // that are told of a zone

// whyApart is why what is between two segments never comes by, and what to do.
const whyApart = "no frame is in two segments, and what a router sends on is in that to which it goes: leave out the segment of whoever comes by in others"

// segmented finds out in which segments the hosts, and the zones with all that is in them, come by.
func (c *compiler) segmented() {
	c.found = map[Place]segments{}
	in := make([]segments, len(c.Policy.Zones))
	anywhere := make([]bool, len(c.Policy.Zones))
	add := func(zone int32, segment string) {
		if zone < 0 {
			return
		}
		if anywhere[zone] = anywhere[zone] || segment == ""; !slices.Contains(in[zone], segment) {
			in[zone] = append(in[zone], segment)
		}
	}
	for i := range c.Policy.Hosts {
		h := &c.Policy.Hosts[i]
		at, placed := c.placed[h.Name]
		if !placed {
			continue
		}
		if h.Segment != "" {
			c.found[at] = segments{h.Segment}
		}
		add(c.places.zones[at], h.Segment)
	}
	for i := range c.Policy.Zones {
		z := &c.Policy.Zones[i]
		if len(z.Prefixes) > 0 {
			add(int32(i), z.Segment)
		}
		if at, ok := c.places.named[z.Name]; ok && !anywhere[i] && in[i] != nil {
			c.found[at] = in[i]
		}
	}
}

// apart tells of ends of a rule that no frame has both: it would never match, and what it is to stop or to protect goes on
// without it. Ends without a place are those of the zone.
func (c *compiler) apart(line int, key, from, to string, clients, servers []Place) {
	if len(c.found) == 0 {
		return
	}
	clients, servers = c.orZone(clients, from), c.orZone(servers, to)
	alone := c.lonely(clients, servers)
	if len(alone) == len(clients) {
		c.fault(line, key, "matches nothing: %s and %s are apart; %s", c.stands(clients[0]), c.stands(servers[0]), whyApart)
		return
	}
	for _, at := range alone {
		c.doubts = append(c.doubts, Finding{line, "apart", fmt.Sprintf("%s.client: %s is in no segment of a server of the rule; %s", key, c.stands(at), whyApart)})
	}
	for _, at := range c.lonely(servers, clients) {
		c.doubts = append(c.doubts, Finding{line, "apart", fmt.Sprintf("%s.server: %s is in no segment of a client of the rule; %s", key, c.stands(at), whyApart)})
	}
}

// lonely are those of some ends that are in no segment of any of the others.
func (p *Plan) lonely(of, others []Place) (out []Place) {
	there := map[string]bool{}
	for _, at := range others {
		if p.found[at] == nil {
			return nil
		}
		for _, name := range p.found[at] {
			there[name] = true
		}
	}
	for _, at := range of {
		if p.found[at] != nil && !slices.ContainsFunc(p.found[at], func(name string) bool { return there[name] }) {
			out = append(out, at)
		}
	}
	return out
}

// orZone are the ends of a rule; where it names none, the zone's, and 0 for anybody.
func (c *compiler) orZone(ends []Place, zone string) []Place {
	if len(ends) > 0 {
		return ends
	}
	return []Place{c.places.named[zone]}
}

// stands says where an end comes by.
func (p *Plan) stands(at Place) string {
	if p.found[at] == nil {
		return p.places.names[at]
	}
	in := p.found[at]
	if more := len(in) - mostSegments; more > 0 {
		in = append(slices.Clone(in[:mostSegments]), fmt.Sprintf("%d more", more))
	}
	return fmt.Sprintf("%s (%s)", p.places.names[at], strings.Join(in, ", "))
}

// Apart says of two hosts or zones that are in different segments that no frame has both; "" of others.
func (p *Plan) Apart(a, b string) string {
	from, to := p.places.named[a], p.places.named[b]
	if from == 0 || to == 0 || p.lonely([]Place{from}, []Place{to}) == nil {
		return ""
	}
	return fmt.Sprintf("%s and %s are apart; %s", p.stands(from), p.stands(to), whyApart)
}

// Segment is where a host comes by; "" is in any, and for what is no host of its own.
func (p *Plan) Segment(at Place) string {
	name := p.places.names[at]
	for i := range p.Policy.Hosts {
		if h := &p.Policy.Hosts[i]; h.Name == name {
			return h.Segment
		}
	}
	return ""
}

// SegmentsOf are the segments in which the place of an address is another one than in the others, so that it is not known
// where it is without.
func (p *Plan) SegmentsOf(a netip.Addr) (out []string) {
	ip := firedoor.IPFrom(a)
	if _, anywhere := p.places.hosts[addressKey{"", ip}]; anywhere {
		return nil
	}
	for k := range p.places.hosts {
		if k.ip == ip {
			out = append(out, k.segment)
		}
	}
	if out == nil && p.places.within("", ip) == 0 {
		for k := range p.places.prefixes {
			if k.prefix.Contains(a) && !slices.Contains(out, k.segment) {
				out = append(out, k.segment)
			}
		}
	}
	slices.Sort(out)
	return out
}
