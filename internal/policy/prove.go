package policy

import (
	"fmt"
	"math"
	"slices"

	"firedoor"
)

// Path is a way from one zone to another: one conduit, or several one after another
// for somebody who takes over a device in between.
type Path []Step

// Step is what passes on one conduit.
type Step struct {
	From, To string
	Conduit  string // "" where no conduit joins them
	Why      string // which rule or default
	Example  string // one request that passes
}

// Question limits what Prove looks for; zero members are no limit.
type Question struct {
	Verb     firedoor.Verb
	Protocol string
	// AsWritten takes every conduit as if it were enforced.
	AsWritten bool
	// Direct looks at no way over other zones.
	Direct bool
	// Unsided takes every zone as if it were bound to no side.
	Unsided bool
}

// Prove looks for a way on which something passes from one zone to another. A nil Path
// without undecided is a proof that there is none: every request that differs in a way
// the policy can see was looked at. The limits of q hold for the last step, since
// whoever takes over a device in between may have come to it by any means.
//
// Of two zones at one side a frame that passes the gateway came in at the wrong one, so it is no way where that is
// stopped. But a device that was taken over has no gateway before it to others at its side: so these are reached as
// well, and the one that is looked for, once something on the way there has passed the gateway.
func (p *Plan) Prove(from, to string, q Question) (path Path, undecided bool, err error) {
	a, okA := p.zones[from]
	b, okB := p.zones[to]
	switch {
	case !okA:
		return nil, false, fmt.Errorf("no zone is named %q", from)
	case !okB:
		return nil, false, fmt.Errorf("no zone is named %q", to)
	}
	s := search{plan: p, to: b, q: q, left: &looks{maxLooks}, ends: []end{{zone: a}}, ways: []Path{nil}, seen: map[end]bool{{zone: a}: true}}
	for i := 0; i < len(s.ends); i++ {
		if step := s.last(s.ends[i]); step != nil {
			return append(slices.Clone(s.ways[i]), *step), false, nil
		}
		if q.Direct {
			break
		}
		s.further(i)
	}
	return nil, s.undecided, nil
}

// end is a zone that was reached, and whether something on the way there passed the gateway.
type end struct {
	zone   int32
	passed bool
}

// search is a search for ways to a zone.
type search struct {
	plan      *Plan
	to        int32
	q         Question
	left      *looks
	ends      []end
	ways      []Path // to each end
	seen      map[end]bool
	undecided bool
}

// step looks for something that passes the gateway.
func (s *search) step(from, to int32, q Question) *Step {
	step, unsure := s.plan.step(from, to, q, s.left)
	s.undecided = s.undecided || unsure
	return step
}

// last is the step from an end to where the search goes.
func (s *search) last(from end) *Step {
	step := s.step(from.zone, s.to, s.q)
	if step == nil && from.passed {
		step = s.plan.beside(from.zone, s.to, s.q)
	}
	return step
}

// further adds the zones that are reached from an end.
func (s *search) further(i int) {
	from, open := s.ends[i], Question{AsWritten: s.q.AsWritten, Unsided: s.q.Unsided}
	for z := int32(-1); int(z) < len(s.plan.Policy.Zones); z++ { // whoever has an address of no zone is somebody too
		if z == s.to || z == from.zone || s.seen[end{z, true}] {
			continue
		}
		step, next := s.step(from.zone, z, open), end{z, true}
		if step == nil {
			step, next.passed = s.plan.beside(from.zone, z, open), from.passed
		}
		if step != nil && !s.seen[next] {
			s.seen[next] = true
			s.ends, s.ways = append(s.ends, next), append(s.ways, append(slices.Clone(s.ways[i]), *step))
		}
	}
}

// zoneWords is a zone's name; -1 stands for all addresses of none.
func (p *Plan) zoneWords(zone int32) string {
	if zone < 0 {
		return "addresses of no zone"
	}
	return p.Policy.Zones[zone].Name
}

// step looks for something that passes between two zones.
func (p *Plan) step(from, to int32, q Question, l *looks) (step *Step, undecided bool) {
	step = &Step{From: p.zoneWords(from), To: p.zoneWords(to)}
	if why := p.safely(from, to); why != "" {
		step.Why = why
		return step, false
	}
	n, joined := p.joined[[2]int32{from, to}]
	astray := p.onlyAstray(from, to, q)
	if !joined && astray {
		return nil, false
	}
	if !joined && from == to {
		step.Why = "what is inside a zone passes"
		return step, false
	}
	if !joined {
		o := &p.Policy.Otherwise
		if o.Default == firedoor.Pass || o.Mode != Enforce && !q.AsWritten {
			step.Why = fmt.Sprintf("no conduit joins them, and otherwise is %s with mode %s", o.Default, o.Mode)
			return step, false
		}
		return nil, false
	}
	c := &p.conduits[n]
	step.Conduit = c.Name
	if c.Mode != Enforce && !q.AsWritten && !astray {
		step.Why = fmt.Sprintf("conduit %s stops nothing, its mode is %s", c.Name, c.Mode)
		return step, false
	}
	limit := entry{verb: q.Verb, action: firedoor.Pass}
	if q.Protocol != "" {
		if limit.protocol = p.protocols[q.Protocol]; limit.protocol == 0 {
			limit.protocol = ^uint16(0)
		}
	}
	x := c.inOrder(astray)
	all := x.entries
	for i := range all {
		if (q.Protocol != "" || q.Verb != 0) && !withoutICMP(&all[i]) {
			continue
		}
		if all[i].action != firedoor.Pass || !mayMeet(&all[i], &limit) || !p.mayBe(&all[i], q.Verb) || q.Protocol != "" && onLink(all[i].ports) && !p.framed(q.Protocol, all[i].ports) {
			continue
		}
		left, s, ok := p.surviving(x, i, &limit, from, to, l)
		if !ok || len(left) > 0 && p.decides(s.first(&left[0])).Says != firedoor.Pass { // what is shown is what Decide says
			undecided = true
			continue
		}
		if len(left) > 0 {
			step.Example = s.words(s.first(&left[0]))
			if all[i].rule == math.MaxInt32 {
				step.Why = "no rule stops it, and the default of " + c.Name + " is pass"
			} else {
				step.Why = p.RuleName(all[i].rule) + " lets it pass"
			}
			return step, false
		}
	}
	return nil, undecided
}

// inOrder are all entries of a conduit in the order in which they decide, its default last, and of those that stop
// where they are found. From the wrong side only what is never blocked passes.
func (c *conduit) inOrder(astray bool) *index {
	all := slices.Clone(c.never.entries)
	if !astray {
		all = append(append(all, c.rules.entries...), entry{rule: math.MaxInt32, action: c.Default})
	}
	x := &index{entries: all, buckets: map[pairKey]*bucket{}}
	for i := range all {
		k := pairKey{all[i].client, all[i].server}
		if x.buckets[k] == nil {
			x.buckets[k] = &bucket{}
		}
		if all[i].number = int32(i); all[i].action != firedoor.Pass {
			x.buckets[k].all = append(x.buckets[k].all, int32(i))
		}
	}
	return x
}

// withoutICMP takes ICMP from the ports of an entry, for it carries no protocol and asks nothing of a device; false if
// nothing is left.
func withoutICMP(e *entry) bool {
	had := len(e.ports) > 0
	e.ports = slices.DeleteFunc(slices.Clone(e.ports), func(o Port) bool { return o.Transport == ICMP || o.Transport == ICMP6 })
	return !had || len(e.ports) > 0
}

// framed tells whether a protocol is carried in frames without IP of one of some types.
func (p *Plan) framed(protocol string, types []Port) bool {
	return slices.ContainsFunc(p.known.Ports(protocol), func(of Port) bool { return of.Transport == Link && onPort(types, Link, of.Number) })
}

// safely says whether safety traffic passes between two zones, whatever it is: who is named
// as its ends is not looked into.
func (p *Plan) safely(from, to int32) string {
	in := func(at Place, zone int32) bool { return at == 0 || p.places.zones[at] == zone }
	for i := range p.safety {
		if e := &p.safety[i]; in(e.client, from) && in(e.server, to) {
			return fmt.Sprintf("safety traffic (line %d): %s", p.Policy.Safety[e.rule].Line, p.SafetySentence(int(e.rule)))
		}
	}
	return ""
}

// surviving is what of entry i passes within a limit: what no stop before it takes.
func (p *Plan) surviving(x *index, i int, limit *entry, from, to int32, l *looks) (left []box, s *space, ok bool) {
	var stops []*entry
	met, ok := x.met(i, l)
	if !ok {
		return nil, nil, false
	}
	for _, e := range met {
		if e.action != firedoor.Pass && mayMeet(e, limit) {
			stops = append(stops, e)
		}
	}
	if len(stops) > maxMet*16 {
		return nil, nil, false
	}
	s = newSpace(p, from, to, append([]*entry{&x.entries[i], limit}, stops...))
	if !l.take(s.size()) {
		return nil, nil, false
	}
	own, bound := s.box(&x.entries[i], false), s.box(limit, false)
	for d := range dimensions {
		if d == byPort {
			continue
		}
		if own[d] = both(own[d], bound[d]); own[d].empty() {
			return nil, s, true
		}
	}
	left = []box{own}
	for _, e := range stops {
		if left, ok = minus(left, s.box(e, true)); !ok || !l.take(s.size()+len(left)) {
			return nil, nil, false
		}
	}
	return s.asked(s.real(left), true), s, true
}
