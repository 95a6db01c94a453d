package policy

import (
	"fmt"
	"slices"

	"firedoor"
)

// Frames without IP are judged by their two ends and their type alone: nobody is asked about
// them, so nobody looks at the time, or at what they say. A rule that names them and asks for
// a time or for values would hold always or never, so it is a fault; one that names neither
// protocol nor port and asks for more than its ends is about IP alone.

// untimely faults a rule that asks of frames without IP what nobody looks at.
func (c *compiler) untimely(r *Rule, key string) {
	m := &r.Match
	var asks string
	switch {
	case m.When != nil:
		asks = "when"
	case m.Values != nil:
		asks = "value"
	case m.Step > 0:
		asks = "step"
	case m.Rate.Most > 0:
		asks = "rate"
	default:
		return
	}
	ofFrames := func(p Port) bool { return p.Transport == Link }
	if at := slices.IndexFunc(m.Ports, ofFrames); at >= 0 {
		c.fault(r.Line, key+"."+asks, "nobody looks at that in frames without IP (%s): they pass by their two ends and type alone, or do not", m.Ports[at].Words())
		return
	}
	for _, p := range m.Protocols {
		usual := c.known.Ports(p)
		if at := slices.IndexFunc(usual, ofFrames); len(m.Ports) > 0 || at < 0 {
			continue
		}
		text := fmt.Sprintf("nobody looks at that in frames without IP, which carry %s: they pass by their two ends and type alone, or do not", p)
		if ip, _ := carriers(usual); len(ip) > 0 {
			text += ". For those over IP alone say port: " + ip[0].Words()
		}
		c.fault(r.Line, key+"."+asks, "%s", text)
		return
	}
}

// ofIP tells whether an entry that names no port is about IP alone.
func (e *entry) ofIP() bool { return e.protocol != 0 || !e.whole() || e.when != nil }

// apart puts an entry, and that of frames without IP by itself: of those nobody sees what they say, so what
// passes with one of a type passes with all, and what stops a part of them stops none.
func (e entry) apart(put func(entry)) {
	ofFrames := func(p Port) bool { return p.Transport == Link }
	if !slices.ContainsFunc(e.ports, ofFrames) {
		put(e)
		return
	}
	frames := e
	frames.ports = slices.DeleteFunc(slices.Clone(e.ports), func(p Port) bool { return !ofFrames(p) })
	frames.protocol, frames.verb, frames.function, frames.code, frames.hasCode, frames.unit, frames.hasUnit, frames.object, frames.hasObject = 0, 0, 0, 0, false, 0, false, Object{}, false
	if e.action == firedoor.Pass || e.whole() {
		put(frames)
	}
	if e.ports = slices.DeleteFunc(slices.Clone(e.ports), ofFrames); len(e.ports) > 0 {
		put(e)
	}
}

// frameFindings names rules that stop at times whatever two ends say to each other, save
// frames without IP.
func (p *Plan) frameFindings(c *conduit) (out []Finding) {
	for i := range c.Rules {
		if r := &c.Rules[i]; r.Verdict != firedoor.Pass && r.Match.When != nil && !r.Match.AsksOperation() && len(r.Match.Protocols)+len(r.Match.Ports) == 0 {
			rule := c.first + int32(len(c.NeverBlock)+i)
			out = append(out, Finding{r.Line, "unjudged", p.RuleName(rule) + " stops at times, but no frames without IP: nobody looks at the time for those. They go by the other rules and the default"})
		}
	}
	return out
}

// Groups of Ethernet (GOOSE, SV, PROFINET's DCP) are hosts that have the MAC of a group: they are sent to, and send
// nothing. Only frames without IP are theirs, for of IP an address says to whom it goes.

// group faults what makes no sense of a group.
func (c *compiler) group(h *Host, key string) {
	if !h.MAC.IsGroup() {
		return
	}
	for _, a := range h.Addresses {
		if !firedoor.IPFrom(a).IsGroup() {
			c.fault(h.Line, key, "%s is the MAC of a group, and %s the address of one device: make two hosts of them", h.MAC, a)
		}
	}
	if len(h.Refuses) > 0 {
		c.fault(h.Line, key, "%s is the MAC of a group, which refuses nothing: no device answers for it", h.MAC)
	}
}

// IsGroup tells whether a place is a group of Ethernet.
func (p *Plan) IsGroup(at Place) bool { return p.places.groups[at] }

// HasGroups tells whether a policy names a group of Ethernet.
func (p *Plan) HasGroups() bool { return len(p.places.groups) > 0 }

// ToGroup tells whether a rule may be about what is sent to a group of Ethernet.
func (p *Plan) ToGroup(rule int32) bool {
	servers := p.rules[rule].Match.Servers
	if len(servers) == 0 {
		servers = []string{p.conduits[p.of[rule]].To}
	}
	for at := range p.places.groups {
		for _, name := range servers {
			if to := p.places.named[name]; p.meets(to, at) {
				return true
			}
		}
	}
	return false
}

// asking is the place of a client: a group asks nothing, so what claims to come from one is of no place.
func (p *Plan) asking(at Place) Place {
	if p.places.groups[at] {
		return 0
	}
	return at
}

// Frame is the verdict on a frame without IP from one place to another: that of its direction, or of the other one
// where that is milder. turned tells that it is the other one's: then the frame is an answer. told tells of one that
// passes that somebody is to hear that it would be stopped. To a group only what holds in its own direction lets it pass. astray: it came in at the other
// port than its sender is at.
func (p *Plan) Frame(from, to Place, kind uint16, astray bool) (v firedoor.Verdict, told, turned bool) {
	from = p.asking(from)
	there, back := p.Route(from, to, Link, kind), p.Route(to, from, Link, kind)
	if astray {
		there, back = p.FromWrongSide(there), p.FromWrongSide(back)
	}
	v, strict := p.frame(&there)
	if v.Reason == firedoor.ReasonSafety {
		return v, false, false
	}
	w, mild := p.frame(&back)
	if w.Reason == firedoor.ReasonSafety || mild < strict && !p.IsGroup(to) && EitherWay(v.Reason, w.Reason) {
		return w, mild == frameTells, true
	}
	return v, strict == frameTells, false
}

// strictness is how strict what holds for frames without IP is.
type strictness uint8

const (
	framePasses strictness = iota
	frameTells             // they pass, and it is told that they would be stopped
	frameStops
)

// frame is what holds in one direction.
func (p *Plan) frame(r *Route) (firedoor.Verdict, strictness) {
	v := Decide(p, &Request{Route: r, Level: OfConnection})
	switch {
	case v.Action != firedoor.Pass:
		return v, frameStops
	case v.Says != firedoor.Pass && p.Watches(r):
		return v, frameTells
	}
	return v, framePasses
}

// EitherWay tells whether a frame without IP passes that is stopped where it goes, for there it may be one of the other
// direction: such traffic has no client. What the other direction lets pass because nobody says anything of it does not
// hold against a rule: that would stop nothing.
func EitherWay(there, back firedoor.Reason) bool {
	return there != firedoor.ReasonRule || back != firedoor.ReasonDefault && back != firedoor.ReasonOtherwise && back != firedoor.ReasonInside
}
