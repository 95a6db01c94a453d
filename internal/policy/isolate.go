package policy

import (
	"cmp"
	"slices"

	"firedoor"
)

// Isolation restrains a host, a pair, a conduit or a zone for a while, on top of what
// the policy says. It holds in every mode: a person ordered it.
type Isolation struct {
	ID   uint32
	Verb IsolationVerb
	// What is meant: one host or zone; or with Other a client and a server; or a conduit.
	Host, Other string
	Conduit     string
	// Clients are those that were known before (KnownClients).
	Clients []string
	// Cap is how many requests a second a pair may make (RateCap).
	Cap uint32
	// Both says that two people ordered it: it goes before what is never blocked.
	Both bool
	// Testing: it is being released, and only says what it would still stop.
	Testing bool
}

// IsolationVerb is how an Isolation restrains.
type IsolationVerb uint8

// Verbs, from mild to strict.
const (
	RateCap IsolationVerb = iota + 1
	KnownClients
	NoProgram
	NoWrite
	Quarantine
)

var isolationNames = [...]string{"", "rate-cap", "known-clients-only", "no-program", "no-write", "quarantine"}

// String is the word used on the command line.
func (v IsolationVerb) String() string { return isolationNames[v] }

// maxIsolations is how many isolations hold for one route. Of those of one kind one is
// enough, so there is room for each kind: five verbs and what two people ordered, in
// force and being released.
const maxIsolations = 2 * (int(Quarantine) + 1)

type isolation struct {
	Isolation
	host, other Place
	conduit     int32
	clients     map[Place]bool
}

// With gives the plan with isolations in force; an isolation of something that the
// policy does not name has no effect and is returned.
func (p *Plan) With(list []Isolation) (plan *Plan, unknown []Isolation) {
	out := *p
	out.isolated = nil
	named := p.places.named
	for _, i := range list {
		one := isolation{Isolation: i, conduit: -1, host: named[i.Host], other: named[i.Other], clients: map[Place]bool{}}
		for n := range p.conduits {
			if i.Conduit != "" && p.conduits[n].Name == i.Conduit {
				one.conduit = int32(n)
			}
		}
		for _, c := range i.Clients {
			if at, there := named[c]; there { // else it would stand for addresses of no zone
				one.clients[at] = true
			}
		}
		if one.host == 0 && one.conduit < 0 || i.Other != "" && one.other == 0 {
			unknown = append(unknown, i)
			continue
		}
		out.isolated = append(out.isolated, one)
	}
	slices.SortStableFunc(out.isolated, func(a, b isolation) int { return stricter(&a.Isolation, &b.Isolation) })
	out.held = map[Place]bool{}
	for _, at := range out.Held() {
		out.held[at] = true
	}
	return &out, unknown
}

// stricter orders isolations: what is in force before what is being released, then the
// stricter first.
func stricter(a, b *Isolation) int {
	of := func(yes bool) int { return map[bool]int{true: 0, false: 1}[yes] }
	return cmp.Or(of(!a.Testing)-of(!b.Testing), of(a.Both)-of(b.Both), cmp.Compare(b.Verb, a.Verb), cmp.Compare(a.Cap, b.Cap))
}

// isolate notes which isolations hold for a route.
func (p *Plan) isolate(r *Route) {
	last := (*isolation)(nil)
	for n := range p.isolated {
		i := &p.isolated[n]
		alike := last != nil && last.Verb == i.Verb && last.Both == i.Both && last.Testing == i.Testing
		if alike || !i.holds(p, r) || i.Verb == KnownClients && i.clients[r.Client] {
			continue
		}
		r.isolations[r.isolated] = int32(n)
		last = i
		if r.isolated++; !i.Testing {
			r.active = r.isolated
		}
	}
}

func (i *isolation) holds(p *Plan, r *Route) bool {
	switch {
	case i.conduit >= 0:
		return r.Conduit == i.conduit
	case i.other != 0:
		return p.meets(i.host, r.Client) && p.meets(i.other, r.Server) || p.meets(i.host, r.Server) && p.meets(i.other, r.Client)
	default:
		return p.meets(i.host, r.Client) || p.meets(i.host, r.Server)
	}
}

// restrained tells whether one of some isolations stops the request. Never: it is never
// blocked, short of what two people ordered.
func (p *Plan) restrained(r *Request, which []int32, never bool) (firedoor.Verdict, bool) {
	for _, n := range which {
		i := &p.isolated[n]
		if says, why, stops := i.stops(r); stops && (!never || i.Both && i.Verb == Quarantine) {
			return firedoor.Verdict{Action: says, Says: says, Reason: why, Rule: -1, Conduit: r.Conduit}, true
		}
	}
	return firedoor.Verdict{}, false
}

// stops tells whether an isolation that holds for its route stops a request.
func (i *isolation) stops(r *Request) (says firedoor.Action, why firedoor.Reason, stops bool) {
	asks := r.Level == OfOperation
	switch i.Verb {
	case Quarantine:
		return firedoor.Drop, firedoor.ReasonQuarantine, true
	case KnownClients:
		return firedoor.Drop, firedoor.ReasonStranger, true // of clients that were known no route has it
	case NoWrite:
		return firedoor.Refuse, firedoor.ReasonNoWrite, asks && r.Verb.Changes()
	case NoProgram:
		return firedoor.Refuse, firedoor.ReasonNoProgram, asks && (r.Verb == firedoor.VerbProgram || r.Verb == firedoor.VerbConfigure)
	default:
		return firedoor.Refuse, firedoor.ReasonRate, asks && r.Rate > i.Cap
	}
}

// NeverBlocksAny tells whether something of what is never blocked concerns a place:
// then its frames must be looked into, however strictly it is isolated.
func (p *Plan) NeverBlocksAny(at Place) bool {
	for i := range p.conduits {
		c := &p.conduits[i]
		from, to := Place(p.zones[c.From])+1, Place(p.zones[c.To])+1
		for k := range c.never.entries {
			e := &c.never.entries[k]
			if p.meets(orZone(e.client, from), at) || p.meets(orZone(e.server, to), at) || at == from || at == to {
				return true
			}
		}
	}
	return false
}

// Held are the hosts and zones that isolations take off the network altogether: nothing of them passes but safety
// traffic and what keeps a link alive, not even what finds neighbours.
func (p *Plan) Held() (out []Place) {
	for i := range p.isolated {
		if one := &p.isolated[i]; one.Verb == Quarantine && !one.Testing && one.host != 0 && one.Other == "" && (one.Both || !p.NeverBlocksAny(one.host)) {
			out = append(out, one.host)
		}
	}
	return out
}

// Holds tells whether a place, or its zone, is among those that are held.
func (p *Plan) Holds(at Place) bool {
	return p.held[at] || len(p.held) > 0 && p.places.zones[at] >= 0 && p.held[Place(p.places.zones[at])+1]
}

// Isolations are those in force under a plan.
func (p *Plan) Isolations() (out []Isolation) {
	for i := range p.isolated {
		out = append(out, p.isolated[i].Isolation)
	}
	return out
}

// isolatedEnds adds hosts that an isolation names to those of which something holds in a
// conduit, with whoever is at its other end.
func (p *Plan) isolatedEnds(from, to Place, clients, servers map[Place]bool, named map[pairKey]bool) {
	for i := range p.isolated {
		for _, at := range []Place{p.isolated[i].host, p.isolated[i].other} {
			if at == 0 || !p.IsHost(at) {
				continue
			}
			if p.meets(from, at) {
				clients[at], named[pairKey{at, to}] = true, true
			}
			if p.meets(to, at) {
				servers[at], named[pairKey{from, at}] = true, true
			}
		}
	}
}

// isolatedPairs adds what isolations hold between, whether a conduit joins it or not: an isolation
// goes on top of the policy, so also within a zone, between zones that nothing joins, and with
// addresses of no zone. Places of which there is no pair are looked up by their zones alone, so an
// isolated host, and a client that is known, stands with every other place by itself. Where add says no it wants no more.
func (p *Plan) isolatedPairs(add func(client, server Place) bool) {
	all := make([]Place, 1+len(p.Policy.Zones), len(p.places.zones))
	for n := range all {
		all[n] = Place(n)
	}
	zones := len(all)
	for at := zones; at < len(p.places.zones); at++ {
		all = append(all, Place(at))
	}
	seen := map[[2]Place]bool{} // of one isolation a few are looked at twice
	for n := range p.isolated {
		i := &p.isolated[n]
		more := true
		try := func(client, server Place) {
			k := [2]Place{client, server}
			if !more || seen[k] {
				return
			}
			seen[k] = true
			if r := p.between(client, server); i.holds(p, &r) && !p.shutAnyway(&r) {
				more = add(client, server)
			}
		}
		clear(seen)
		for _, at := range []Place{i.host, i.other} {
			with := all
			if !p.IsHost(at) {
				with = all[:zones]
			}
			for _, other := range with {
				if at != 0 {
					try(at, other)
					try(other, at)
				}
			}
		}
		for _, client := range sortedPlaces(i.known()) {
			for _, server := range all {
				if try(client, server); !more {
					return
				}
			}
		}
	}
}

// MostPairs is not less than there are Pairs; it is found without making one.
func (p *Plan) MostPairs() int {
	n := p.room
	for at := range p.isolated {
		i := &p.isolated[at]
		for _, end := range []Place{i.host, i.other} {
			switch {
			case p.IsHost(end):
				n += 2 * len(p.places.zones)
			case end != 0:
				n += 2 * (1 + len(p.Policy.Zones))
			}
		}
		n += len(i.known()) * len(p.places.zones)
	}
	return n
}

// known are the clients that an isolation makes an exception of.
func (i *isolation) known() map[Place]bool {
	if i.Verb != KnownClients {
		return nil
	}
	return i.clients
}

// between is a route of two places as far as isolations look at it.
func (p *Plan) between(client, server Place) Route {
	r := Route{Client: client, Server: server}
	p.join(&r)
	return r
}

// shutAnyway tells whether nothing passes on a route that no conduit joins, isolated or not.
func (p *Plan) shutAnyway(r *Route) bool {
	return r.Conduit < 0 && p.unjoined(r).Action != firedoor.Pass
}
