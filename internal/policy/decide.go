package policy

import (
	"math"
	"slices"
	"time"

	"firedoor"
)

// Route is what a plan says about two places and a port, looked up once for a flow.
// It is good for the plan that made it.
type Route struct {
	Client, Server Place
	Conduit        int32 // -1 is none
	Transport      uint8
	Port           uint16

	inside, safe bool
	timed        bool // whether a connection may come to be hangs on the time
	astray       Mode // how far it goes that its sender is not at the side at which its frames come in
	never, rules reach
	// Numbers in Plan.isolated, strictest first: active ones, and behind them, up to
	// isolated, those that are being released.
	isolations       [maxIsolations]int32
	active, isolated uint8
	open             firedoor.Verdict
}

// Level is how much is known of what is to be judged.
type Level uint8

// Levels. A connection is who asks whom at which port; a flow has a protocol by its
// content as well; an operation is one request in it.
const (
	OfConnection Level = iota
	OfFlow
	OfOperation
)

// Request is what is to be judged. It is borrowed for the call.
type Request struct {
	*Route
	Level    Level
	Time     int64  // ns since 1970
	Protocol string // by content; "" is none that anybody knows
	Verb     firedoor.Verb
	HasUnit  bool
	HasQty   bool
	Code     uint32
	Unit     uint32
	Quantity uint32
	Function string
	Object   []byte // its text, as event lines have it
	Values   *firedoor.Values
	// Before gives the value of element i that was read or written before; may be nil.
	Before func(i int) (v float64, known bool)
	// Lately gives the lowest and the highest value of element i that held at some moment of
	// the time before; may be nil.
	Lately func(i int, within time.Duration) (low, high float64, known bool)
	// Rate is how many requests of this client and server there were in the last second.
	Rate uint32

	protocol uint16
	function uint32
	lies     lying // where its object lies
}

func (r *Request) quantity() uint64 {
	if !r.HasQty {
		return 1
	}
	return uint64(r.Quantity)
}

func (r *Request) before(i int) (float64, bool) {
	if r.Before == nil {
		return 0, false
	}
	return r.Before(i)
}

// Take fills in what an operation says; text is room for its object's text, which is
// returned with it in.
func (r *Request) Take(op *firedoor.Operation, flow string, text []byte) []byte {
	r.Level, r.Protocol, r.Verb, r.Code, r.Function = OfOperation, flow, op.Verb, op.Code, op.Function
	if op.Protocol != "" {
		r.Protocol = op.Protocol
	}
	r.HasUnit, r.Unit, r.HasQty, r.Quantity = op.HasUnit && !op.UnitAgreed, op.Unit, op.HasQty, op.Quantity
	r.Object = op.Object.AppendTo(text[:0])
	if r.Values = &op.Values; firedoor.Masks(r.Protocol, r.Code) { // no rule that looks at values may pass them by
		r.Values = nil
	}
	return r.Object
}

// Route looks up what holds between two places for a port.
func (p *Plan) Route(client, server Place, transport uint8, port uint16) Route {
	client = p.asking(client)
	r := Route{Client: client, Server: server, Transport: transport, Port: port}
	p.join(&r)
	for i := range p.safety {
		e := &p.safety[i]
		if p.meets(e.client, client) && p.meets(e.server, server) && e.onPort(transport, port) {
			r.safe = true
		}
	}
	p.isolate(&r)
	r.open = p.opens(&r)
	return r
}

// join looks up what holds between the places of a route at any port.
func (p *Plan) join(r *Route) {
	r.Conduit = -1
	from, to := p.places.zones[r.Client], p.places.zones[r.Server]
	if n, ok := p.joined[[2]int32{from, to}]; ok && from >= 0 && to >= 0 {
		r.Conduit = n
		r.never, r.rules = p.conduits[n].never.reach(r.Client, r.Server), p.conduits[n].rules.reach(r.Client, r.Server)
	}
	r.inside = r.Conduit < 0 && from == to && from >= 0
}

// meets tells whether a place is the one meant: itself, any, or its zone.
func (p *Plan) meets(meant, at Place) bool {
	return meant == 0 || meant == at || p.places.zones[at] >= 0 && meant == Place(p.places.zones[at])+1
}

// closes tells whether an entry that stops does so with all of a route; now: that it holds
// at the time is known.
func (r *Route) closes(e *entry, now bool) bool {
	return e.whole() && (e.protocol == 0 || r.Transport == Link) && (e.when == nil || now) // the type of a frame says its protocol
}

// opens says whether a connection may come to be: it may where any request on it may
// pass.
func (p *Plan) opens(r *Route) firedoor.Verdict {
	if r.Conduit < 0 {
		return p.unjoined(r)
	}
	c := &p.conduits[r.Conduit]
	for i := range r.never.n {
		for _, n := range r.never.buckets[i].all {
			if c.never.entries[n].onPort(r.Transport, r.Port) {
				return firedoor.Verdict{Reason: firedoor.ReasonNeverBlock, Rule: c.never.entries[n].rule, Conduit: r.Conduit}
			}
		}
	}
	if best := c.opening(r, nil); best >= 0 {
		e := &c.rules.entries[best]
		return c.moded(firedoor.Verdict{Says: e.action, Reason: firedoor.ReasonRule, Rule: e.rule, Conduit: r.Conduit})
	}
	return c.moded(firedoor.Verdict{Says: c.Default, Reason: firedoor.ReasonDefault, Rule: -1, Conduit: r.Conduit})
}

// opening is the first entry that lets a connection come to be, or forbids it whatever is
// asked; -1 is none. Those that do not hold by the time are left out, if there is one.
func (c *conduit) opening(r *Route, holds func(*Window) bool) int32 {
	best := int32(-1)
	for i := range r.rules.n {
		for _, n := range r.rules.buckets[i].all {
			e := &c.rules.entries[n]
			if best >= 0 && n > best {
				break
			}
			if !e.onPort(r.Transport, r.Port) {
				continue
			}
			if r.timed = r.timed || e.when != nil && holds == nil; holds != nil && !holds(e.when) {
				continue
			}
			if e.action == firedoor.Pass || r.closes(e, holds != nil) {
				best = n
				break
			}
		}
	}
	return best
}

// now is whether a connection may come to be at a time of the week.
func (p *Plan) now(c *conduit, r *Request) firedoor.Verdict {
	v := firedoor.Verdict{Says: c.Default, Reason: firedoor.ReasonDefault, Rule: -1, Conduit: r.Conduit}
	if best := c.opening(r.Route, func(w *Window) bool { return w.holds(r.Time, p.zone) }); best >= 0 {
		v.Says, v.Reason, v.Rule = c.rules.entries[best].action, firedoor.ReasonRule, c.rules.entries[best].rule
	}
	return c.moded(v)
}

// unjoined is the verdict where no conduit joins the two ends.
func (p *Plan) unjoined(r *Route) firedoor.Verdict {
	if r.inside {
		return firedoor.Verdict{Reason: firedoor.ReasonInside, Rule: -1, Conduit: -1}
	}
	v := firedoor.Verdict{Says: p.Policy.Otherwise.Default, Reason: firedoor.ReasonOtherwise, Rule: -1, Conduit: -1}
	if p.Policy.Otherwise.Mode == Enforce {
		v.Action = v.Says
	}
	return v
}

// moded lets a verdict act where the conduit enforces.
func (c *conduit) moded(v firedoor.Verdict) firedoor.Verdict {
	if v.Action = firedoor.Pass; c.Mode == Enforce {
		v.Action = v.Says
	}
	return v
}

// Decide gives the verdict on a request. It is pure and total: it keeps nothing, and
// whatever is asked has an answer. Safety traffic goes first; then a quarantine that
// two people ordered, what is never blocked, other isolations, that its sender is not at the side at which it came
// in (FromWrongSide; of what passes it is only told where it is tested), rules, the default. What is being released has no part in that: of what passes it says what it would still stop.
func Decide(p *Plan, r *Request) firedoor.Verdict {
	if r.safe {
		return firedoor.Verdict{Reason: firedoor.ReasonSafety, Rule: -1, Conduit: r.Conduit}
	}
	r.protocol, r.function, r.lies = p.protocols[r.Protocol], p.functions[r.Function], lying{}
	if p.lying && r.Level == OfOperation {
		r.lies = locate(layoutOf(r.Protocol), r.Object, r.quantity())
	}
	v := p.decide(r)
	if r.astray == Test && v.Action == firedoor.Pass && v.Reason != firedoor.ReasonNeverBlock {
		v = p.wrongSide(r.Route)
	}
	if r.active == r.isolated || v.Action != firedoor.Pass {
		return v
	}
	if w, stops := p.restrained(r, r.isolations[r.active:r.isolated], v.Reason == firedoor.ReasonNeverBlock); stops {
		w.Action = firedoor.Pass
		return w
	}
	return v
}

// decide is the verdict of all that is in force.
func (p *Plan) decide(r *Request) firedoor.Verdict {
	never := p.never(r)
	if v, stops := p.restrained(r, r.isolations[:r.active], never >= 0); stops {
		return v
	}
	if r.astray == Enforce && never < 0 {
		return p.wrongSide(r.Route)
	}
	if r.Conduit < 0 {
		return r.open
	}
	c := &p.conduits[r.Conduit]
	switch {
	case never >= 0:
		return firedoor.Verdict{Reason: firedoor.ReasonNeverBlock, Rule: never, Conduit: r.Conduit}
	case r.Level == OfConnection && r.timed:
		return p.now(c, r)
	case r.Level == OfConnection:
		return r.open
	case r.Level == OfFlow:
		return p.flow(c, r)
	}
	if n := c.rules.first(p, &r.rules, r); n >= 0 {
		e := &c.rules.entries[n]
		return c.moded(firedoor.Verdict{Says: e.action, Reason: firedoor.ReasonRule, Rule: e.rule, Conduit: r.Conduit})
	}
	return c.moded(firedoor.Verdict{Says: c.Default, Reason: firedoor.ReasonDefault, Rule: -1, Conduit: r.Conduit})
}

// never is the rule by which what is asked is never blocked, or may be the way to something
// that is: the connection on which it would come. -1 is none.
func (p *Plan) never(r *Request) int32 {
	if r.Conduit < 0 {
		return -1
	}
	c := &p.conduits[r.Conduit]
	switch r.Level {
	case OfConnection:
		if r.open.Reason == firedoor.ReasonNeverBlock {
			return r.open.Rule
		}
	case OfFlow:
		for i := range r.never.n {
			for _, n := range r.never.buckets[i].all {
				if e := &c.never.entries[n]; e.speaks(r) {
					return e.rule
				}
			}
		}
	default:
		if n := c.never.first(p, &r.never, r); n >= 0 {
			return c.never.entries[n].rule
		}
	}
	return -1
}

// speaks tells whether an entry is about the protocol and the port of a request.
func (e *entry) speaks(r *Request) bool {
	return (e.protocol == 0 || e.protocol == r.protocol) && e.onPort(r.Transport, r.Port)
}

// flow judges what is known of a flow once its protocol is: a port that is open for
// one protocol is not for another.
func (p *Plan) flow(c *conduit, r *Request) firedoor.Verdict {
	best := int32(-1)
	for i := range r.rules.n {
		for _, n := range r.rules.buckets[i].all {
			e := &c.rules.entries[n]
			if best >= 0 && n > best {
				break
			}
			if e.speaks(r) && (e.action == firedoor.Pass || e.whole()) && e.when.holds(r.Time, p.zone) {
				best = n
				break
			}
		}
	}
	v := firedoor.Verdict{Says: c.Default, Reason: firedoor.ReasonDefault, Rule: -1, Conduit: r.Conduit}
	switch {
	case best >= 0:
		v.Says, v.Reason, v.Rule = c.rules.entries[best].action, firedoor.ReasonRule, c.rules.entries[best].rule
	case r.open.Says == firedoor.Pass && r.open.Reason == firedoor.ReasonRule:
		v.Reason = firedoor.ReasonProtocol
	}
	return c.moded(v)
}

// What a gateway must know of a route before it looks at requests.

// Enforces tells whether anything is stopped on a route at all.
func (p *Plan) Enforces(r *Route) bool {
	if r.active > 0 {
		return true
	}
	if r.astray == Enforce {
		return true
	}
	if r.Conduit < 0 {
		return !r.inside && p.Policy.Otherwise.Mode == Enforce
	}
	return p.conduits[r.Conduit].Mode == Enforce
}

// Admits tells whether a connection on a route may come to be.
func (p *Plan) Admits(r *Route) bool { return r.open.Says == firedoor.Pass }

// Open tells whether everything passes on a route, whatever it says.
func (p *Plan) Open(r *Route) bool {
	return p.Admits(r) && !p.Judges(r) && (r.active == 0 || !p.Shut(r))
}

// Judges tells whether verdicts on a route hang on the requests: whoever passes frames
// on must look into them. They do not where all that may decide says the same, nor where
// nothing is said but that all of some protocols passes at ports of their own; but those whose
// servers answer from other ports too, for which answer that is only its request says.
func (p *Plan) Judges(r *Route) bool {
	if r.safe {
		return false
	}
	if r.active > 0 && p.Shut(r) { // nothing is asked where no connection may come to be
		return false
	}
	if r.active > 0 || r.isolated > 0 && r.open.Action == firedoor.Pass {
		return true
	}
	if r.astray == Enforce {
		return p.judgesAstray(r)
	}
	if r.Conduit < 0 {
		return false
	}
	c := &p.conduits[r.Conduit]
	if c.never.settled(&r.never, r) >= 0 {
		return false
	}
	end, says := c.rules.settled(&r.rules, r), c.Default
	if end >= 0 {
		says = c.rules.entries[end].action
	}
	differs, looks := false, false
	note := func(e *entry) bool {
		differs, looks = differs || e.action != says, looks || !e.opensPort() || e.elsewhere
		return differs && looks
	}
	return c.never.some(&r.never, r, -1, note) || c.rules.some(&r.rules, r, end, note)
}

// Instead is what is done where a device cannot be made to refuse.
func (p *Plan) Instead(r *Route) firedoor.Action {
	if r.Conduit < 0 {
		return firedoor.Drop
	}
	return p.conduits[r.Conduit].Instead
}

// Speaks are the protocols that a route's port is open for; none means any. Where it is
// open for any, those of which a rule for ports of its own stops something: else whoever
// writes them in another way than is usual there would go by that rule.
func (p *Plan) Speaks(r *Route) (names []string) {
	if r.Conduit < 0 {
		return nil
	}
	c := &p.conduits[r.Conduit]
	var passes, stops []uint16
	anything := false
	note := func(e *entry) bool {
		switch {
		case e.action != firedoor.Pass && e.protocol != 0 && len(e.ports) > 0:
			stops = addNew(stops, e.protocol)
		case e.action == firedoor.Pass && e.protocol == 0:
			anything = true
		case e.action == firedoor.Pass:
			passes = addNew(passes, e.protocol)
		}
		return false
	}
	c.never.some(&r.never, r, -1, note)
	c.rules.some(&r.rules, r, -1, note)
	if anything || len(passes) == 0 {
		passes = stops
	}
	for _, n := range passes {
		names = append(names, p.protocolName(n))
	}
	return names
}

// addNew adds a number that is not there yet: names are looked up once for each, and not for each of thousands of rules.
func addNew(list []uint16, n uint16) []uint16 {
	if !slices.Contains(list, n) {
		return append(list, n)
	}
	return list
}

func (p *Plan) protocolName(n uint16) string {
	for name, m := range p.protocols {
		if m == n {
			return name
		}
	}
	return ""
}

// Refuses tells whether the server of a route was seen to refuse requests of a protocol
// cleanly, and may be asked to.
func (p *Plan) Refuses(r *Route, protocol string) bool {
	if r.Conduit >= 0 && p.conduits[r.Conduit].NeverRewrite || !p.IsHost(r.Server) {
		return false
	}
	for _, name := range p.Policy.Hosts[int(r.Server)-1-len(p.Policy.Zones)].Refuses {
		if name == protocol {
			return true
		}
	}
	return false
}

// Watches tells whether verdicts on a route are at least told: only a conduit that
// observes is left alone.
func (p *Plan) Watches(r *Route) bool {
	if p.Enforces(r) || r.isolated > 0 || r.astray != Observe {
		return true
	}
	if r.Conduit < 0 {
		return !r.inside && p.Policy.Otherwise.Mode != Observe
	}
	return p.conduits[r.Conduit].Mode != Observe
}

// Pairs are the places between which something may hold of its own: zones that a
// conduit joins, each zone with itself, hosts that a rule, an isolation or what is safety traffic names, and
// whoever is isolated, with all others.
func (p *Plan) Pairs() [][2]Place { return p.PairsUpTo(math.MaxInt) }

// PairsUpTo gives as many of Pairs, for who wants to know whether there are more: isolations may make
// more of them than there is memory for.
func (p *Plan) PairsUpTo(most int) (out [][2]Place) {
	seen := make(map[[2]Place]bool, p.room)
	out = make([][2]Place, 0, p.room)
	add := func(client, server Place) bool {
		if k := [2]Place{client, server}; !seen[k] && len(out) < most {
			seen[k] = true
			out = append(out, k)
		}
		return len(out) < most
	}
	for n := range p.conduits {
		c := &p.conduits[n]
		from, to := Place(p.zones[c.From])+1, Place(p.zones[c.To])+1
		clients, servers := map[Place]bool{from: true}, map[Place]bool{to: true}
		named := map[pairKey]bool{{from, to}: true}
		for _, x := range []*index{c.never, c.rules} {
			for i := range x.entries {
				e := &x.entries[i]
				clients[orZone(e.client, from)], servers[orZone(e.server, to)] = true, true
				named[pairKey{orZone(e.client, from), orZone(e.server, to)}] = true
			}
		}
		p.isolatedEnds(from, to, clients, servers, named)
		p.crossed(clients, servers, named, from, to, add)
	}
	for n := range p.Policy.Zones { // within one everything passes
		add(Place(n+1), Place(n+1))
	}
	for i := range p.safety { // of any zones, joined or not
		clients, servers := p.safeEnds(&p.safety[i])
		for _, client := range clients {
			for _, server := range servers {
				add(client, server)
			}
		}
	}
	p.isolatedPairs(add)
	return out
}

func orZone(at, zone Place) Place {
	if at == 0 {
		return zone
	}
	return at
}

// crossed adds pairs. A rule of one host and anybody holds for each pair of that host
// and a host that another rule names, so those are pairs as well; and a host by itself
// stands with the other zone.
func (p *Plan) crossed(clients, servers map[Place]bool, named map[pairKey]bool, from, to Place, add func(client, server Place) bool) {
	wideClients, wideServers := map[Place]bool{}, map[Place]bool{}
	for k := range named {
		if k.server == to {
			wideClients[k.client] = true
		}
		if k.client == from {
			wideServers[k.server] = true
		}
	}
	for _, c := range sortedPlaces(clients) {
		for _, s := range sortedPlaces(servers) {
			if named[pairKey{c, s}] || wideClients[c] && c != from || wideServers[s] && s != to || c == from && s == to {
				add(c, s)
			}
		}
	}
	// Hosts that no rule names have places of their own too.
	for _, s := range sortedPlaces(wideServers) {
		if s != to {
			p.eachHost(from, func(c Place) { add(c, s) })
		}
	}
	for _, c := range sortedPlaces(wideClients) {
		if c != from {
			p.eachHost(to, func(s Place) { add(c, s) })
		}
	}
	for _, c := range sortedPlaces(clients) {
		add(c, to)
	}
	for _, s := range sortedPlaces(servers) {
		add(from, s)
	}
}

func (p *Plan) eachHost(zone Place, f func(Place)) {
	for at := Place(len(p.Policy.Zones) + 1); int(at) < len(p.places.zones); at++ {
		if p.meets(zone, at) {
			f(at)
		}
	}
}

func sortedPlaces(m map[Place]bool) (out []Place) {
	for at := range m {
		out = append(out, at)
	}
	slices.Sort(out)
	return out
}

// PortsOf are the ports that rules of a route's conduit name.
func (p *Plan) PortsOf(r *Route) (out []Port) {
	add := func(ports []Port) {
		for _, port := range ports {
			if !slices.Contains(out, port) {
				out = append(out, port)
			}
		}
	}
	for i := range p.safety {
		add(p.safety[i].ports)
	}
	if r.Conduit < 0 {
		return out
	}
	p.eachEntry(r, func(e *entry) { add(e.ports) })
	return out
}

// Elsewhere tells whether a server may answer from a route's UDP port what it was asked at another
// one, by a rule that lets a protocol pass in which they do that; of the port itself no rule speaks.
// A route of no port stands for all of which that is so.
func (p *Plan) Elsewhere(r *Route) (may bool) {
	if r.Conduit < 0 || r.Transport != 0 && r.Transport != 17 {
		return false
	}
	named := false
	p.eachEntry(r, func(e *entry) {
		may = may || e.elsewhere && e.action == firedoor.Pass
		named = named || len(e.ports) > 0 && r.Port != 0 && onPort(e.ports, r.Transport, r.Port)
	})
	return may && !named
}

// Throughout tells whether everything passes between the two ends of a route, at whatever port:
// then alone what has none that anybody knows (a part of a packet) may pass by its ends. Any
// transport counts: that of a packet in parts stands in IPv6 where nobody looks.
func (p *Plan) Throughout(r *Route) bool {
	if !p.Open(r) {
		return false
	}
	open := true
	if r.Conduit >= 0 {
		p.eachEntry(r, func(e *entry) { open = open && (e.action == firedoor.Pass || p.passed(r, e)) })
	}
	return open
}

// passed tells whether everything passes on a route at each port of an entry, whatever that says.
func (p *Plan) passed(r *Route, e *entry) bool {
	for _, port := range e.ports {
		for _, one := range port.Apart() {
			if at := p.Route(r.Client, r.Server, one.Transport, one.Number); !p.Open(&at) {
				return false
			}
		}
	}
	return true
}

// eachEntry calls f with each rule and each one of what is never blocked that may be about a
// route, in no order that says anything. The route is one of a conduit.
func (p *Plan) eachEntry(r *Route, f func(e *entry)) {
	c := &p.conduits[r.Conduit]
	for _, x := range []struct {
		to *reach
		in *index
	}{{&r.never, c.never}, {&r.rules, c.rules}} {
		for i := range x.to.n {
			for _, n := range x.to.buckets[i].all {
				f(&x.in.entries[n])
			}
		}
	}
}
