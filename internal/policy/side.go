package policy

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"firedoor"
)

// A gateway has two ports, and a zone may be bound to one of them: then what comes in at the other with an address of
// that zone was sent by somebody else. Where a zone is bound to none its addresses are believed at either port.

// Side is one of a gateway's two ports.
type Side uint8

// Sides. Anywhere is no side: a zone that is not bound, a frame of which it is not known where it came in.
const (
	Anywhere Side = iota
	Inside
	Outside
)

var sideNames = [...]string{"", "inside", "outside"}

// String is the word used in files, "" for Anywhere.
func (s Side) String() string { return sideNames[s] }

// Other is the side across the gateway.
func (s Side) Other() Side { return [...]Side{Anywhere: Anywhere, Inside: Outside, Outside: Inside}[s] }

// SideOf reads the word.
func SideOf(word string) (s Side, ok bool) {
	for s := Inside; s <= Outside; s++ {
		if sideNames[s] == word {
			return s, true
		}
	}
	return Anywhere, false
}

// bindSides notes whether a zone is bound to a side, and which places are spared.
func (p *Plan) bindSides() {
	for i := range p.Policy.Zones {
		p.sided = p.sided || p.Policy.Zones[i].At != Anywhere
	}
	if !p.sided {
		return
	}
	p.spared = make([]bool, len(p.places.zones))
	for at := range p.spared {
		p.spared[at] = at != 0 && p.concerned(Place(at))
	}
}

// concerned tells whether safety traffic, or something that is never blocked, concerns a place.
func (p *Plan) concerned(at Place) bool {
	for i := range p.safety {
		if e := &p.safety[i]; p.meets(e.client, at) || p.meets(e.server, at) {
			return true
		}
	}
	for i := range p.conduits {
		c := &p.conduits[i]
		from, to := Place(p.zones[c.From])+1, Place(p.zones[c.To])+1
		for k := range c.never.entries {
			if e := &c.never.entries[k]; p.meets(orZone(e.client, from), at) || p.meets(orZone(e.server, to), at) {
				return true
			}
		}
	}
	return false
}

// Sided tells whether any zone is bound to a side.
func (p *Plan) Sided() bool { return p.sided }

// At is the side to which the zone of a place is bound.
func (p *Plan) At(at Place) Side {
	if zone := p.places.zones[at]; zone >= 0 {
		return p.Policy.Zones[zone].At
	}
	return Anywhere
}

// Astray tells whether a frame that came in at a side has the address of somebody at the other one. at is its
// sender's place and ip the address, if it has one: whoever has none yet (0.0.0.0, ::), and what holds on a
// single link (169.254.0.0/16, fe80::/10), is of no zone by a prefix, however wide that is.
func (p *Plan) Astray(at Place, ip firedoor.IP, came Side) bool {
	if p.IsGroup(at) { // nobody sends as one
		return false
	}
	bound := p.At(at)
	if bound == Anywhere || came == Anywhere || bound == came {
		return false
	}
	return p.IsHost(at) || !ip.IsUnspecified() && !ip.IsLinkLocal()
}

// SpareNeighbours tells whether ARP and neighbour discovery of a place pass wherever they come in: safety traffic, or
// something that is never blocked, concerns it, and could not be sent without them.
func (p *Plan) SpareNeighbours(at Place) bool { return p.sided && p.spared[at] }

// SideMode is how far it goes what comes between two places from the wrong side: the stricter mode of the
// conduits that join their zones, whichever way; joined tells whether one does. Else that of what no conduit joins holds,
// within a zone too.
func (p *Plan) SideMode(a, b Place) (m Mode, joined bool) {
	from, to := p.places.zones[a], p.places.zones[b]
	for _, ends := range [...][2]int32{{from, to}, {to, from}} {
		if n, ok := p.joined[ends]; ok && from >= 0 && to >= 0 {
			m, joined = max(m, p.conduits[n].Mode), true
		}
	}
	if !joined {
		m = p.Policy.Otherwise.Mode
	}
	return m, joined
}

// sharedSide is the side at which two zones both are, Anywhere where that is not said of both.
func (p *Plan) sharedSide(a, b int32) Side {
	if a < 0 || b < 0 || p.Policy.Zones[a].At != p.Policy.Zones[b].At {
		return Anywhere
	}
	return p.Policy.Zones[a].At
}

// SharedSide is sharedSide of two zones by their names.
func (p *Plan) SharedSide(a, b string) Side {
	from, okA := p.zones[a]
	to, okB := p.zones[b]
	if !okA || !okB {
		return Anywhere
	}
	return p.sharedSide(from, to)
}

// onlyAstray tells whether all that passes the gateway from one zone to another one at its side is stopped, for it came
// in at the other one. Not where some address of the sender's zone may come in at either.
func (p *Plan) onlyAstray(from, to int32, q Question) bool {
	if q.Unsided || p.sharedSide(from, to) == Anywhere || p.Policy.Zones[from].unbindable() {
		return false
	}
	m, _ := p.SideMode(Place(from)+1, Place(to)+1)
	return m == Enforce || q.AsWritten
}

// beside is the step between two zones at one side, which passes no gateway.
func (p *Plan) beside(from, to int32, q Question) *Step {
	side := p.sharedSide(from, to)
	if side == Anywhere || q.Unsided {
		return nil
	}
	return &Step{From: p.zoneWords(from), To: p.zoneWords(to), Why: "both are at the " + side.String() + ", so no gateway is between them"}
}

// unbound are the addresses that are at either side, whatever prefix of a zone has them.
var unbound = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/32"), netip.MustParsePrefix("::/128"), netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("fe80::/10")}

// unbindable tells whether a zone has addresses that are at either side.
func (z *Zone) unbindable() bool {
	return slices.ContainsFunc(z.Prefixes, func(p netip.Prefix) bool {
		return slices.ContainsFunc(unbound, func(q netip.Prefix) bool { return p.Overlaps(q) })
	})
}

// FromWrongSide is the route of frames whose sender is astray, whichever end of it that is: where that is enforced
// nothing passes but safety traffic and what is never blocked; where it is tested it is told of what else passes.
func (p *Plan) FromWrongSide(r Route) Route {
	if r.astray, _ = p.SideMode(r.Client, r.Server); r.astray == Enforce && r.open.Reason != firedoor.ReasonNeverBlock {
		r.open = p.wrongSide(&r)
	}
	return r
}

// wrongSide is the verdict on what comes on a route from the wrong side.
func (p *Plan) wrongSide(r *Route) firedoor.Verdict {
	v := firedoor.Verdict{Says: firedoor.Drop, Reason: firedoor.ReasonWrongSide, Rule: -1, Conduit: r.Conduit}
	if r.astray == Enforce {
		v.Action = v.Says
	}
	return v
}

// judgesAstray tells whether verdicts on a route from the wrong side hang on the requests.
func (p *Plan) judgesAstray(r *Route) bool {
	return r.open.Reason == firedoor.ReasonNeverBlock && p.conduits[r.Conduit].never.settled(&r.never, r) < 0
}

// sideFindings names zones that are bound to no side where others are, and conduits that join two zones at one side.
func (p *Plan) sideFindings() (out []Finding) {
	if !p.sided {
		return nil
	}
	for i := range p.Policy.Zones {
		if z := &p.Policy.Zones[i]; z.At == Anywhere && len(z.Hosts)+len(z.Prefixes) > 0 {
			out = append(out, Finding{z.Line, "either-side", "zone " + z.Name + " is bound to no side: whoever is at either port may take an address of it and be judged as it. Say at: inside or at: outside, unless its devices come in at both (a ring, a redundant link)"})
		}
	}
	for i := range p.conduits {
		c := &p.conduits[i]
		if side := p.SharedSide(c.From, c.To); side != Anywhere && c.From != c.To {
			out = append(out, Finding{c.Line, "one-side", fmt.Sprintf("conduit %s joins two zones at the %s: what they say to each other there passes no gateway, and what comes in at the other side in their names is stopped where that is enforced, whatever the rules let pass", c.Name, side)})
		}
	}
	return out
}

// SharedSideSentence says that no gateway is between two ends at one side, "" where that is not so.
func (p *Plan) SharedSideSentence(r *Route) string {
	side := p.At(r.Client)
	if side == Anywhere || side != p.At(r.Server) {
		return ""
	}
	return "Both are at the " + side.String() + ": what they say to each other there passes no gateway."
}

// sidesSentence says at which side the two ends are, and what becomes of what comes in at the other one; "" where neither
// is bound to one.
func (p *Plan) sidesSentence(r *Route) string {
	client, server := p.At(r.Client), p.At(r.Server)
	if client != Anywhere && client == server {
		return p.SharedSideSentence(r)
	}
	var at []string
	for _, end := range []struct {
		who string
		at  Side
	}{{"Who asks", client}, {"who is asked", server}} {
		if end.at != Anywhere {
			at = append(at, end.who+" is at the "+end.at.String())
		}
	}
	if len(at) == 0 {
		return ""
	}
	becomes := "is told, and passes"
	if m, _ := p.SideMode(r.Client, r.Server); m == Enforce {
		becomes = "is dropped, but for safety traffic and what is never blocked"
	} else if m == Observe {
		becomes = "passes"
	}
	return capital(strings.Join(at, ", ")) + ": what comes in at the other side with an address of theirs " + becomes + "."
}

// SideSentence says where a zone is, "" where it is bound to no side.
func (z *Zone) SideSentence() string {
	if z.At == Anywhere {
		return ""
	}
	return "Zone " + z.Name + " is at the " + z.At.String() + ": what comes with an address of it from the other side is somebody else's, and stopped where its conduits enforce, but for safety traffic and what is never blocked."
}
