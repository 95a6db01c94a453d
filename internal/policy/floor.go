package policy

import (
	"fmt"
	"slices"

	"firedoor"
)

// What holds while nobody judges requests is the floor: of a route, or of the codes of
// functions where they can be told apart. It is never below what isolations and rules say
// of a connection as such.

// Function is one thing that can be asked in a protocol, as its code, its words and its
// verb go together.
type Function struct {
	Code  uint32
	Verb  firedoor.Verb
	Words string
	// Several: the code stands for requests of more than one kind, so neither verb and
	// words nor the protocol are told by it.
	Several bool
}

// Fate is what becomes of all requests with a function code.
type Fate struct {
	// Verdict is that of what decides first. Certain: of whatever decides, so that the code
	// alone is enough.
	Verdict firedoor.Verdict
	Certain bool
	// Drop: while nobody judges they are dropped; else they pass.
	Drop bool
}

// Closed tells whether a route is closed for whatever cannot be judged, reads and
// what breaks the rules of its protocol included.
func (p *Plan) Closed(r *Route) bool {
	return r.Conduit >= 0 && p.conduits[r.Conduit].Unjudged == Closed
}

// unjudged is what a route's conduit says of what cannot be judged.
func (p *Plan) unjudged(r *Route) Unjudged {
	if r.Conduit < 0 {
		return Reads
	}
	return p.conduits[r.Conduit].Unjudged
}

// Shut tells whether not even a connection may come to be on a route, at any time.
func (p *Plan) Shut(r *Route) bool {
	v := Decide(p, &Request{Route: r})
	return v.Action != firedoor.Pass && (!r.timed || v.Reason != firedoor.ReasonRule && v.Reason != firedoor.ReasonDefault)
}

// Drops tells whether what cannot be judged on a route, and may be anything, is dropped.
func (p *Plan) Drops(r *Route) bool {
	if !p.Enforces(r) {
		return false
	}
	if p.Shut(r) || r.astray == Enforce {
		return true
	}
	switch p.unjudged(r) {
	case Open:
		return false
	case Closed:
		return p.conduits[r.Conduit].Mode == Enforce || p.holdsChanges(r)
	}
	return p.holdsChanges(r) || p.stopsChanges(r)
}

// holdsChanges tells whether an isolation in force may stop something that changes something.
func (p *Plan) holdsChanges(r *Route) bool {
	for _, n := range r.isolations[:r.active] {
		if p.isolated[n].Verb != RateCap {
			return true
		}
	}
	return false
}

// stopsChanges tells whether the rules or the default of a conduit that enforces may.
func (p *Plan) stopsChanges(r *Route) bool {
	if r.Conduit < 0 {
		return false
	}
	c := &p.conduits[r.Conduit]
	if c.Mode != Enforce || c.never.settled(&r.never, r) >= 0 {
		return false
	}
	end, says := c.rules.settled(&r.rules, r), c.Default
	if end >= 0 {
		says = c.rules.entries[end].action
	}
	return says != firedoor.Pass || c.rules.some(&r.rules, r, end, func(e *entry) bool {
		return e.action != firedoor.Pass && (e.verb == 0 || e.verb.Changes())
	})
}

// Unknown is the verdict on bytes of a client that are no request by the rules of the
// protocol of r: of such a one nothing is known, so it passes only where each would.
func (p *Plan) Unknown(r *Request) firedoor.Verdict {
	r.Level = OfOperation
	v := Decide(p, r)
	if v.Says != firedoor.Pass || v.Reason == firedoor.ReasonSafety || v.Reason == firedoor.ReasonNeverBlock {
		return v
	}
	for _, f := range p.fates(r.Route, r.Protocol, &Function{Several: true}) {
		if f.Says != firedoor.Pass {
			return f
		}
	}
	return v
}

// Unread is the verdict on what is of no protocol that anybody knows: it passes where a port is open for any, but not
// where something that changes something might be stopped. Nobody knows that it is none.
func (p *Plan) Unread(r *Request) firedoor.Verdict {
	r.Level, r.Protocol = OfFlow, ""
	v := Decide(p, r)
	if v.Says != firedoor.Pass || v.Reason == firedoor.ReasonSafety || !p.Judges(r.Route) || !p.Drops(r.Route) {
		return v
	}
	v = firedoor.Verdict{Action: firedoor.Drop, Says: firedoor.Drop, Reason: firedoor.ReasonUnjudged, Rule: -1, Conduit: r.Conduit}
	for _, n := range r.isolations[:r.active] {
		switch p.isolated[n].Verb {
		case NoWrite:
			v.Reason = firedoor.ReasonNoWrite
			return v
		case NoProgram:
			v.Reason = firedoor.ReasonNoProgram
		}
	}
	return v
}

// ByCodes tells whether the function codes of requests on a route are worth looking at by
// themselves, by whoever judges them and while nobody does: its port is open for Modbus
// alone, whose code stands at a fixed place.
func (p *Plan) ByCodes(r *Route) bool {
	return r.Transport == 6 && r.Conduit >= 0 && p.Watches(r) && p.modbusAlone(r)
}

func (p *Plan) modbusAlone(r *Route) bool {
	names := p.Speaks(r)
	return len(names) == 1 && names[0] == "modbus"
}

// Coded tells whether requests on a route may pass by their code alone, which nobody sees
// then: nothing is asked that goes beyond a request, nobody has to know its values, and its client is where it should be.
func (p *Plan) Coded(r *Route) bool {
	return r.isolated == 0 && r.astray != Enforce && !p.Hears(r) && p.ByCodes(r)
}

// Releases tells whether an isolation that cut connections of a route is being released: then
// whoever judges must see them begin, to know which are older.
func (p *Plan) Releases(r *Route) bool { return p.anyCuts(r.isolations[r.active:r.isolated]) }

// Cuts tells whether an isolation in force cuts connections of a route, but for what is never blocked.
func (p *Plan) Cuts(r *Route) bool { return p.anyCuts(r.isolations[:r.active]) }

func (p *Plan) anyCuts(isolations []int32) bool {
	return slices.ContainsFunc(isolations, func(n int32) bool { v := p.isolated[n].Verb; return v == Quarantine || v == KnownClients })
}

// Codes says what becomes of requests with each of some functions, in their order.
func (p *Plan) Codes(r *Route, protocol string, functions []Function) []Fate {
	out := make([]Fate, 0, len(functions))
	unjudged := p.unjudged(r)
	for i := range functions {
		f := &functions[i]
		all := p.fates(r, protocol, f)
		one := Fate{Verdict: all[0], Certain: true}
		stopped, held := false, false
		for _, v := range all {
			one.Certain = one.Certain && v.Says == one.Verdict.Says
			stopped = stopped || v.Action != firedoor.Pass
			held = held || v.Reason == firedoor.ReasonQuarantine || v.Reason == firedoor.ReasonStranger
		}
		switch {
		case !stopped:
		case one.Certain:
			one.Drop = one.Verdict.Action != firedoor.Pass
		case unjudged == Reads:
			one.Drop = held || f.Several || f.Verb != firedoor.VerbRead
		default:
			one.Drop = unjudged == Closed
		}
		out = append(out, one)
	}
	return out
}

// fates are the verdicts that a request with a function may get, whatever else it says, in
// the order in which they are looked for. There is at least one.
func (p *Plan) fates(r *Route, protocol string, f *Function) (out []firedoor.Verdict) {
	q := Request{Route: r, Level: OfOperation, Protocol: protocol, Verb: f.Verb, Code: f.Code, Function: f.Words, protocol: p.protocols[protocol], function: p.functions[f.Words]}
	add := func(v firedoor.Verdict, certain bool) bool {
		v.Conduit = r.Conduit
		out = append(out, v)
		return certain
	}
	var c *conduit
	if r.Conduit >= 0 {
		c = &p.conduits[r.Conduit]
	}
	if c != nil && c.never.possible(&r.never, &q, f.Several, func(e *entry, certain bool) bool {
		return add(firedoor.Verdict{Reason: firedoor.ReasonNeverBlock, Rule: e.rule}, certain)
	}) {
		return p.overruled(r, out)
	}
	for _, n := range r.isolations[:r.active] {
		i := &p.isolated[n]
		if says, why, stops := i.stops(&q); i.Verb != RateCap && (stops || f.Several) && add(firedoor.Verdict{Action: says, Says: says, Reason: why, Rule: -1}, stops) {
			return p.overruled(r, out)
		}
	}
	switch {
	case c == nil:
		add(r.open, true)
	case !c.rules.possible(&r.rules, &q, f.Several, func(e *entry, certain bool) bool {
		return add(c.moded(firedoor.Verdict{Says: e.action, Reason: firedoor.ReasonRule, Rule: e.rule}), certain)
	}):
		add(c.moded(firedoor.Verdict{Says: c.Default, Reason: firedoor.ReasonDefault, Rule: -1}), true)
	}
	return p.overruled(r, out)
}

// overruled are some verdicts, or that of a quarantine that goes before all of them.
func (p *Plan) overruled(r *Route, all []firedoor.Verdict) []firedoor.Verdict {
	if r.active > 0 {
		if i := &p.isolated[r.isolations[0]]; i.Both && i.Verb == Quarantine {
			return []firedoor.Verdict{{Action: firedoor.Drop, Says: firedoor.Drop, Reason: firedoor.ReasonQuarantine, Rule: -1, Conduit: r.Conduit}}
		}
	}
	return all
}

// possible calls f, in order, with the entries that may match a request of which only the
// function is known, several: not even that; until f says that one decides.
func (x *index) possible(to *reach, q *Request, several bool, f func(e *entry, certain bool) bool) bool {
	at := [maxBuckets]int{}
	for {
		best, from := int32(-1), 0
		for i := range to.n {
			if all := to.buckets[i].all; at[i] < len(all) && (best < 0 || all[at[i]] < best) {
				best, from = all[at[i]], i
			}
		}
		if best < 0 {
			return false
		}
		at[from]++
		e := &x.entries[best]
		if e.onPort(q.Transport, q.Port) && (several && !e.otherCode(q) || e.mayMatch(q)) && f(e, e.decides() && (!several || e.whole() && e.protocol == 0)) {
			return true
		}
	}
}

// mayMatch tells whether a request of which only the function is known may match.
func (e *entry) mayMatch(r *Request) bool {
	return (e.protocol == 0 || e.protocol == r.protocol) && (!e.hasCode || e.code == r.Code) && (e.function == 0 || e.function == r.function) &&
		(e.verb == 0 || e.verb == r.Verb)
}

// otherCode tells whether an entry is about another code of the protocol of a request.
func (e *entry) otherCode(r *Request) bool {
	return e.hasCode && r.Code != 0 && e.code != r.Code && e.protocol == r.protocol
}

// decides tells whether an entry that may match does, whatever else a request says.
func (e *entry) decides() bool {
	return !e.hasUnit && !e.hasObject && e.values == nil && !e.moves() && e.when == nil
}

// unjudgedFindings are what a person should know of a conduit for when nobody judges; pairs
// are Pairs, of which not every policy has need.
func (p *Plan) unjudgedFindings(c *conduit, pairs func() [][2]Place) (out []Finding) {
	tell := func(line int, format string, args ...any) {
		out = append(out, Finding{line, "unjudged", fmt.Sprintf(format, args...)})
	}
	stops := c.Default != firedoor.Pass || slices.ContainsFunc(c.Rules, func(r Rule) bool { return r.Verdict != firedoor.Pass })
	if c.Unjudged == Open && stops {
		tell(c.Line, "conduit %s is open for what cannot be judged: while no worker judges, what it would stop by more than addresses, ports and codes of Modbus passes, writes too", c.Name)
	}
	if c.Unjudged == Open || !stops {
		return out
	}
	not := p.unpassed(c, pairs)
	for i := range c.NeverBlock {
		rule := c.first + int32(i)
		if why := not[rule]; why != "" {
			tell(c.NeverBlock[i].Line, "%s is never blocked, but %s", p.RuleName(rule), why)
		}
	}
	return out
}
