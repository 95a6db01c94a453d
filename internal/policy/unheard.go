package policy

import (
	"cmp"
	"fmt"
	"slices"

	"firedoor"
)

// mover is a rule that counts from values at a server (Place 0 is any), as far as it matters who else
// writes there. What is within a zone, or goes where no conduit joins, does so past it anyway.
type mover struct {
	rule   int32
	server Place
	ports  []Port
}

// unheard tells of rules with a step or a rate at whose server another client asks what nobody
// reads, because all that it may ask there passes: what it writes is not known, so the rule counts from an older value.
func (p *Plan) unheard(pairs func() [][2]Place) (out []Finding) {
	movers := p.movers()
	if len(movers) == 0 {
		return nil
	}
	l, told := &looks{maxLooks}, map[int32]bool{}
	for _, ends := range pairs() {
		for i := range movers {
			m := &movers[i]
			if told[m.rule] {
				continue
			}
			if !l.take(1) {
				return append(out, Finding{p.rules[m.rule].Line, undecided, "it was not looked at everywhere whether others write unheard what " + p.RuleName(m.rule) + " counts from: there are too many pairs of a client and a server"})
			}
			server, meets := p.servedBy(ends[1], m.server)
			if !meets {
				continue
			}
			if r, v, passes := p.unread(ends[0], server, m); passes {
				told[m.rule] = true
				out = append(out, p.unheardBy(m, r, v))
			}
		}
	}
	return out
}

// movers are the rules that look at how far values go, once for each server.
func (p *Plan) movers() (out []mover) {
	type once struct {
		rule   int32
		server Place
	}
	seen := map[once]bool{}
	for at, entries := range p.moving {
		for i := range entries {
			e := &entries[i]
			if k := (once{e.rule, at}); !seen[k] && p.conduits[p.of[e.rule]].Mode != Observe {
				seen[k] = true
				out = append(out, mover{e.rule, at, e.ports})
			}
		}
	}
	slices.SortFunc(out, func(a, b mover) int { return cmp.Or(cmp.Compare(a.rule, b.rule), cmp.Compare(a.server, b.server)) })
	return out
}

// servedBy is whom a client of a pair asks, of those that a rule counts values at: a zone stands
// for its hosts where a pair has no more.
func (p *Plan) servedBy(server, meant Place) (Place, bool) {
	if p.IsHost(meant) && server == Place(p.places.zones[meant]+1) {
		return meant, true
	}
	return server, p.meets(meant, server)
}

// unread tells whether a client may ask a server at a port of a rule, through a conduit or as safety traffic, without that anybody
// reads what.
func (p *Plan) unread(client, server Place, m *mover) (r Route, v firedoor.Verdict, passes bool) {
	if r = p.between(client, server); r.Conduit < 0 && len(p.safety) == 0 {
		return r, v, false
	}
	ports := m.ports
	if len(ports) == 0 {
		ports = append(p.PortsOf(&r), Port{Transport: 6})
	}
	for _, port := range ports {
		for _, one := range port.Apart() {
			r = p.Route(client, server, one.Transport, one.Number)
			v = Decide(p, &Request{Route: &r})
			ignored := r.Conduit >= 0 && p.conduits[r.Conduit].Mode == Observe
			if (r.Conduit >= 0 || r.safe) && v.Action == firedoor.Pass && (v.Says == firedoor.Pass || ignored) && (ignored || !p.Judges(&r)) {
				return r, v, true
			}
		}
	}
	return r, v, false
}

func (p *Plan) unheardBy(m *mover, r Route, v firedoor.Verdict) Finding {
	by := p.RuleName(v.Rule)
	switch {
	case v.Reason == firedoor.ReasonSafety:
		by = "safety traffic"
	case p.conduits[r.Conduit].Mode == Observe:
		by = "conduit " + p.conduits[r.Conduit].Name + ", which observes,"
	case v.Rule < 0:
		by += " of " + p.conduits[r.Conduit].Name
	}
	return Finding{p.rules[m.rule].Line, "unheard", fmt.Sprintf("%s counts from the value before, and by %s all passes that %s asks %s at port %s, so nobody reads what it writes there: after that it is counted from an older value, until that is read or written where it is judged. Name what it may ask there (verb: [read, write]), and it is judged and known",
		p.RuleName(m.rule), by, p.PlaceName(r.Client), p.PlaceName(r.Server), portWord(Port{Transport: r.Transport, Number: r.Port}))}
}
