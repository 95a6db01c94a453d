package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"firedoor"
)

// Plan is a policy made ready to decide. It does not change, and any number of
// goroutines may ask it.
type Plan struct {
	Policy *Policy

	known     Known
	zone      *time.Location
	places    places
	zones     map[string]int32
	conduits  []conduit
	joined    map[[2]int32]int32 // zones -> conduit
	rules     []Rule             // of all conduits: never-block lists first, then rules, conduit by conduit
	of        []int32            // by rule: its conduit
	safety    []entry
	safeAt    map[pairKey][]int32 // numbers of safety traffic by client and server as entries have them
	room      int                 // how many Pairs there are without isolations, or a few more
	far       bool                // a rule is about a protocol whose servers answer elsewhere
	lying     bool                // a rule is about an object that lies in memory
	protocols map[string]uint16
	functions map[string]uint32
	isolated  []isolation
	held      map[Place]bool     // Held
	rates     bool               // a rule looks at how fast values change
	heard     map[Place]bool     // servers of which a rule looks at values before
	heardIn   map[Place]bool     // zones of such hosts
	moving    map[Place][]entry  // and the rules that do, by server
	doubts    []Finding          // what rules name that may not exist
	sided     bool               // a zone is bound to a side
	found     map[Place]segments // where hosts and zones come by, of those that are in some segments alone
	spared    []bool             // by place, where one is: whose ARP passes wherever it comes in
}

type conduit struct {
	*Conduit
	never, rules *index
	first        int32 // the number of its first rule in Plan.rules; never-block lists come first
}

// Fault is one thing that is wrong with a policy, with the line it stands in.
type Fault struct {
	Line int
	Key  string
	Text string
}

// maxSpread bounds the lists that nested ranges of objects make, of one conduit.
const maxSpread = 1 << 20

// Compile makes a policy ready. A policy with faults gives no plan.
func Compile(pol *Policy, known Known) (*Plan, []Fault) {
	c := compiler{Plan: &Plan{Policy: pol, known: known, zone: time.UTC, zones: map[string]int32{}, joined: map[[2]int32]int32{},
		protocols: map[string]uint16{}, functions: map[string]uint32{},
		places: places{named: map[string]Place{}, hosts: map[addressKey]Place{}, macs: map[macKey]Place{}, prefixes: map[prefixKey]Place{}, groups: map[Place]bool{}}},
		placed: map[string]Place{}, wordsOf: map[string]map[string]bool{}, extents: map[string]Extent{}, memory: map[laid][]stretch{}}
	c.moving, c.heard, c.heardIn, c.safeAt = map[Place][]entry{}, map[Place]bool{}, map[Place]bool{}, map[pairKey][]int32{}
	c.places.add("", -1)
	if pol.TimeZone != "" {
		zone, err := time.LoadLocation(pol.TimeZone)
		if err != nil {
			c.fault(pol.TimeZoneLine, "time-zone", "%q is no time zone of this machine: write it like Europe/Berlin", pol.TimeZone)
		} else {
			c.zone = zone
			_, _ = time.Unix(0, 0).In(zone).Zone() // "Local" is read from its file at the first look, which must not be that of whoever judges
		}
	}
	c.addZones()
	c.addHosts()
	c.segmented()
	for i := range pol.Conduits {
		c.addConduit(&pol.Conduits[i])
	}
	for i := range pol.Safety {
		r := Rule{Match: pol.Safety[i], Verdict: firedoor.Pass, Line: pol.Safety[i].Line}
		c.expand(&r, int32(i), fmt.Sprintf("safety[%d]", i), "", "", func(e entry) {
			c.safety = append(c.safety, e)
			k := pairKey{e.client, e.server}
			c.safeAt[k] = append(c.safeAt[k], e.rule)
		})
	}
	if len(c.faults) == 0 {
		c.roomForPairs()
		c.bindSides()
	}
	if len(c.faults) > 0 {
		return nil, c.faults
	}
	return c.Plan, nil
}

type compiler struct {
	*Plan
	placed  map[string]Place           // hosts by name
	wordsOf map[string]map[string]bool // by protocol: what its functions are called
	extents map[string]Extent          // by protocol, as far as they were asked for
	memory  map[laid][]stretch         // where objects of rules lie
	entries int
	faults  []Fault
}

func (c *compiler) fault(line int, key, format string, args ...any) {
	c.faults = append(c.faults, Fault{Line: line, Key: key, Text: fmt.Sprintf(format, args...)})
}

func (c *compiler) addZones() {
	for i := range c.Policy.Zones {
		z := &c.Policy.Zones[i]
		if _, twice := c.zones[z.Name]; twice {
			c.fault(z.Line, "zones."+z.Name, "stands twice")
			continue
		}
		c.zones[z.Name] = int32(i)
		at := c.places.add(z.Name, int32(i))
		for _, p := range z.Prefixes {
			if !c.places.putPrefix(z.Segment, p, at) {
				other := c.places.names[c.places.prefixes[prefixKey{z.Segment, p.Masked()}]]
				c.fault(z.Line, "zones."+z.Name, "%s belongs to zone %s already", p, other)
			}
		}
	}
}

func (c *compiler) addHosts() {
	zones := map[string]int32{}
	for i := range c.Policy.Zones {
		z := &c.Policy.Zones[i]
		for _, h := range z.Hosts {
			if other, taken := zones[h]; taken && other != int32(i) {
				c.fault(z.Line, "zones."+z.Name, "%s belongs to zone %s already", h, c.Policy.Zones[other].Name)
			}
			zones[h] = int32(i)
		}
	}
	for i := range c.Policy.Hosts {
		h := &c.Policy.Hosts[i]
		key := "hosts." + h.Name
		zone, told := zones[h.Name]
		delete(zones, h.Name)
		if !told {
			zone = -1
			for _, a := range h.Addresses {
				if in := c.places.zones[c.places.within(h.Segment, firedoor.IPFrom(a))]; zone < 0 {
					zone = in
				} else if in != zone {
					c.fault(h.Line, key, "has addresses of two zones: name it in one of them")
				}
			}
		}
		if _, zoneToo := c.zones[h.Name]; zoneToo {
			c.fault(h.Line, key, "a zone has the same name: one of them needs another")
		}
		if _, twice := c.placed[h.Name]; twice {
			c.fault(h.Line, key, "stands twice")
			continue
		}
		at := c.places.add(h.Name, zone)
		c.placed[h.Name] = at
		for _, a := range h.Addresses {
			if !c.places.put(h.Segment, a, at) {
				c.fault(h.Line, key, "%s is the address of another host too: %s", a, c.standing(c.places.hosts[addressKey{h.Segment, firedoor.IPFrom(a)}]))
			}
		}
		for _, protocol := range h.Refuses {
			switch {
			case c.known.Ports(protocol) == nil && !c.isKnown(protocol):
				c.unnamed(protocol, h.Line, key+".refuses")
			case c.known.Declines != nil && !slices.Contains(c.known.Declines, protocol):
				c.fault(h.Line, key+".refuses", "a gateway can have no device refuse %s: only %s. Leave it out: then instead holds", protocol, orOf(c.known.Declines, ""))
			}
		}
		c.group(h, key)
		if h.MAC != 0 && !c.places.putMAC(h.Segment, h.MAC, at) {
			c.fault(h.Line, key, "%s is the MAC of another host too: %s", h.MAC, c.standing(c.places.macs[macKey{h.Segment, h.MAC}]))
		}
	}
	for i := range c.Policy.Zones {
		z := &c.Policy.Zones[i]
		for _, h := range z.Hosts {
			if _, missing := zones[h]; missing && zones[h] == int32(i) {
				c.fault(z.Line, "zones."+z.Name+".hosts", "no host is named %s", h)
			}
		}
	}
}

// standing says which host has a place, and where it stands.
func (c *compiler) standing(at Place) string {
	for i := range c.Policy.Hosts {
		if h := &c.Policy.Hosts[i]; c.placed[h.Name] == at {
			return fmt.Sprintf("%s, in line %d", h.Name, h.Line)
		}
	}
	return c.places.names[at]
}

func (c *compiler) addConduit(d *Conduit) {
	key := "conduits." + d.Name
	from, okFrom := c.zones[d.From]
	to, okTo := c.zones[d.To]
	switch {
	case !okFrom:
		c.fault(d.Line, key+".from", "no zone is named %q", d.From)
		return
	case !okTo:
		c.fault(d.Line, key+".to", "no zone is named %q", d.To)
		return
	}
	if other, twice := c.joined[[2]int32{from, to}]; twice {
		c.fault(d.Line, key, "joins the same zones as %s: write both as one", c.conduits[other].Name)
		return
	}
	if d.Mode == Enforce && !d.Reviewed.Done() {
		c.fault(d.Line, key, "cannot be enforced before somebody looked at what must never be blocked: fill in never-block.reviewed (by, on), even if the list is empty")
	}
	number := int32(len(c.conduits))
	c.joined[[2]int32{from, to}] = number
	out := conduit{Conduit: d, first: int32(len(c.rules))}
	out.never = c.index(d.NeverBlock, number, key+".never-block.rules")
	out.rules = c.index(d.Rules, number, key+".rules")
	c.conduits = append(c.conduits, out)
	if out.rules.spread > maxSpread || out.never.spread > maxSpread {
		c.fault(d.Line, key, "has too many ranges of objects that lie within each other")
	}
}

func (c *compiler) index(rules []Rule, conduit int32, key string) *index {
	var entries []entry
	for i := range rules {
		r := &rules[i]
		number := int32(len(c.rules))
		c.rules, c.of = append(c.rules, *r), append(c.of, conduit)
		d := &c.Policy.Conduits[conduit]
		c.expand(r, number, fmt.Sprintf("%s[%d]", key, i), d.From, d.To, func(e entry) { entries = append(entries, e) })
	}
	return newIndex(entries)
}

// unnamed tells of a protocol that is not there, and which one may be meant.
func (c *compiler) unnamed(protocol string, line int, key string) {
	if near := nearest(protocol, c.known.Protocols); near != "" {
		c.fault(line, key, "no protocol is named %q: did you mean %q?", protocol, near)
		return
	}
	c.fault(line, key, "no protocol is named %q; there are: %s", protocol, strings.Join(c.known.Protocols, ", "))
}

// expand writes the lists of a rule out.
func (c *compiler) expand(r *Rule, number int32, key, from, to string, put func(entry)) {
	m := &r.Match
	for _, p := range m.Protocols {
		usual := c.known.Ports(p)
		switch {
		case usual == nil && !c.isKnown(p):
			c.unnamed(p, r.Line, key+".protocol")
			return
		case onLink(usual) && len(m.Ports) > 0 && !onLink(m.Ports):
			c.fault(r.Line, key+".port", "%s has no ports: it is not carried by IP", p)
			return
		case slices.ContainsFunc(m.Ports, func(o Port) bool { return o.Transport == ICMP || o.Transport == ICMP6 }):
			c.fault(r.Line, key+".port", "ICMP carries no %s: leave one of the two out", p)
			return
		case slices.Contains(m.Ports, Port{Transport: Link}):
			c.fault(r.Line, key+".port", "means frames of any kind, but only %s is meant: name its EtherType, or leave the port out", p)
			return
		}
	}
	for _, p := range m.Ports {
		carries := func(protocol string) bool { return slices.Contains(c.known.Ports(protocol), p) }
		if p.Transport == Link && len(m.Protocols) > 0 && !slices.ContainsFunc(m.Protocols, carries) {
			c.fault(r.Line, key+".port", "%s carries no %s: the type of a frame says its protocol", p.Words(), orOf(m.Protocols, ""))
			return
		}
	}
	c.exists(m, r.Line, key)
	c.untimely(r, key)
	clients := c.ends(m.Clients, from, r.Line, key+".client")
	servers := c.ends(m.Servers, to, r.Line, key+".server")
	for _, at := range clients {
		if c.IsGroup(at) {
			c.fault(r.Line, key+".client", "%s is a group of Ethernet: it is sent to, and sends nothing. Name it as the server", c.places.names[at])
		}
	}
	c.apart(r.Line, key, from, to, clients, servers)
	base := entry{rule: number, action: r.Verdict, ports: m.Ports, values: m.Values, as: m.As, step: m.Step, rate: m.Rate, when: m.When}
	entries := []entry{base}
	entries = times(entries, clients, func(e *entry, at Place) { e.client = at })
	entries = times(entries, servers, func(e *entry, at Place) { e.server = at })
	entries = times(entries, m.Protocols, func(e *entry, p string) {
		e.elsewhere = slices.Contains(c.known.Elsewhere, p)
		c.far = c.far || e.elsewhere
		if e.protocol = c.protocol(p); len(m.Ports) == 0 {
			e.ports = c.known.Ports(p)
		}
	})
	entries = times(entries, m.Verbs, func(e *entry, v firedoor.Verb) { e.verb = v })
	entries = times(entries, m.Functions, func(e *entry, f string) { e.function = c.function(f) })
	entries = times(entries, m.Codes, func(e *entry, n uint32) { e.hasCode, e.code = true, n })
	entries = times(entries, m.Units, func(e *entry, n uint32) { e.hasUnit, e.unit = true, n })
	unnamed := unnamedWrites(entries, m)
	entries = times(entries, m.Objects, func(e *entry, o Object) {
		e.hasObject, e.object = true, o.counting()
		e.memory = c.lies(&e.object, e.protocol)
		c.lying = c.lying || len(e.memory) > 0
	})
	entries = append(entries, unnamed...)
	most := MaxEntries
	if c.known.MaxEntries > 0 {
		most = min(most, c.known.MaxEntries)
	}
	if c.entries += len(entries); c.entries > most {
		c.fault(r.Line, key, "the policy is too large: its rules, their lists written out, are more than %d", most)
		return
	}
	for _, e := range entries {
		c.hears(&e, to)
		e.apart(put)
	}
}

// unnamedWrites are what a rule that stops by objects means beside those: a write that names none is to something that
// nobody knows (a physical address, a list that was sent before), and what it writes there nobody knows either.
func unnamedWrites(entries []entry, m *Match) (more []entry) {
	if len(m.Objects) == 0 || slices.Contains(m.Objects, Object{}) {
		return nil
	}
	for _, e := range entries {
		if e.action != firedoor.Pass && (e.verb == 0 || e.verb == firedoor.VerbWrite) {
			e.verb, e.hasObject = firedoor.VerbWrite, true
			e.values, e.as, e.step, e.rate = nil, AsWritten, 0, Rate{}
			more = append(more, e)
		}
	}
	return more
}

// laid is an object as it is read in a protocol, 0 for any.
type laid struct {
	object   Object
	protocol uint16
}

// lies says where an object is in memory: in that of its protocol, or of any where none is named.
func (c *compiler) lies(o *Object, protocol uint16) []stretch {
	k := laid{*o, protocol}
	out, known := c.memory[k]
	if known {
		return out
	}
	for i := 1; i < len(layouts); i++ {
		if protocol == 0 || c.protocols[layouts[i].protocol] == protocol {
			out = o.stretches(out, uint8(i))
		}
	}
	c.memory[k] = out
	return out
}

// onLink tells whether all of some ports are EtherTypes.
func onLink(ports []Port) bool {
	return len(ports) > 0 && !slices.ContainsFunc(ports, func(p Port) bool { return p.Transport != Link })
}

// times gives every entry once for each value; none leaves them as they are.
func times[T any](entries []entry, values []T, set func(*entry, T)) []entry {
	if len(values) == 0 || len(entries)*len(values) > MaxEntries {
		if len(values) > 0 {
			return make([]entry, MaxEntries+1) // told by whoever counts
		}
		return entries
	}
	out := make([]entry, 0, len(entries)*len(values))
	for _, e := range entries {
		for _, v := range values {
			set(&e, v)
			out = append(out, e)
		}
	}
	return out
}

// ends are the places of names. The zone itself means anybody of it.
func (c *compiler) ends(names []string, zone string, line int, key string) (out []Place) {
	for _, name := range names {
		at, host := c.placed[name]
		_, isZone := c.zones[name]
		switch {
		case name == zone && isZone:
			return nil
		case isZone && zone != "":
			c.fault(line, key, "%s is another zone; this conduit has %s here", name, zone)
		case isZone:
			out = append(out, Place(c.zones[name])+1)
		case !host:
			c.fault(line, key, "no host or zone is named %q", name)
		case zone != "" && c.places.zones[at] != c.zones[zone]:
			c.fault(line, key, "%s is not in zone %s", name, zone)
		default:
			out = append(out, at)
		}
	}
	return out
}

func (c *compiler) isKnown(protocol string) bool {
	for _, p := range c.known.Protocols {
		if p == protocol {
			return true
		}
	}
	return false
}

// protocol and function number names, from 1.
func (c *compiler) protocol(name string) uint16 {
	n, ok := c.protocols[name]
	if !ok {
		n = uint16(len(c.protocols) + 1)
		c.protocols[name] = n
	}
	return n
}

func (c *compiler) function(words string) uint32 {
	n, ok := c.functions[words]
	if !ok {
		n = uint32(len(c.functions) + 1)
		c.functions[words] = n
	}
	return n
}

// Rules is how many there are, never-block lists included; verdicts number them.
func (p *Plan) Rules() int { return len(p.rules) }

// Rule gives a rule by the number that verdicts have.
func (p *Plan) Rule(n int32) *Rule { return &p.rules[n] }

// ConduitOf gives the conduit of a rule.
func (p *Plan) ConduitOf(rule int32) int32 { return p.of[rule] }

// NeverBlocks tells whether a rule stands in a list of what is never blocked.
func (p *Plan) NeverBlocks(rule int32) bool {
	c := &p.conduits[p.of[rule]]
	return int(rule-c.first) < len(c.NeverBlock)
}

// NamesFunction tells whether a rule decided that says by name which functions it is about.
func (p *Plan) NamesFunction(v *firedoor.Verdict) bool {
	return v.Rule >= 0 && len(p.rules[v.Rule].Match.Functions) > 0
}

// Place finds where an end belongs; segment is its name in files.
func (p *Plan) Place(segment string, ip firedoor.IP, mac firedoor.MAC) Place {
	return p.places.find(segment, ip, mac)
}

// PlaceName is the host's or zone's name, "" for no zone.
func (p *Plan) PlaceName(at Place) string { return p.places.names[at] }

// ZoneOf is the zone of a place by number, -1 for none.
func (p *Plan) ZoneOf(at Place) int32 { return p.places.zones[at] }

// IsHost tells whether a place is a named host and not the rest of a zone.
func (p *Plan) IsHost(at Place) bool { return int(at) > len(p.Policy.Zones) }

// ConduitName is a conduit's name, "" for none.
func (p *Plan) ConduitName(n int32) string {
	if n < 0 {
		return ""
	}
	return p.conduits[n].Name
}

// Named gives the place of a host or zone by its name.
func (p *Plan) Named(name string) (Place, bool) {
	at, ok := p.places.named[name]
	return at, ok
}

// HasConduit tells whether a conduit has a name.
func (p *Plan) HasConduit(name string) bool {
	for i := range p.conduits {
		if p.conduits[i].Name == name {
			return true
		}
	}
	return false
}
