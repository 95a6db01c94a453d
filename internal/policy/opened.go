package policy

import (
	"fmt"

	"firedoor"
)

// opened tells of rules of no protocol that open a port at which another rule of the same ends
// lets only some requests of a protocol pass, and nothing stops the rest: they go by the open
// port, in whatever order the two rules stand.
func (p *Plan) opened(x *index, l *looks) (out []Finding) {
	told := map[int32]bool{}
	for i := range x.entries {
		e := &x.entries[i]
		if e.action != firedoor.Pass || e.protocol != 0 || !e.whole() || told[e.rule] {
			continue
		}
		met, ok := x.meeting(i, l, func(int32) bool { return true })
		seen := map[endsAndProtocol]bool{}
		for _, f := range met {
			k := endsAndProtocol{f.client, f.server, f.protocol}
			if f.action != firedoor.Pass || f.protocol == 0 || f.whole() || seen[k] || !e.reaches(f) {
				continue
			}
			port, shared := e.opensAt(f)
			if !shared {
				continue
			}
			if seen[k] = true; !l.take(len(met)) {
				ok = false
				break
			}
			if !curbed(met, f, e, port) {
				told[e.rule] = true
				out = append(out, Finding{p.rules[e.rule].Line, "opened", fmt.Sprintf("%s opens port %s for whatever is said there, where %s lets only some requests of %s pass: the others go by it",
					p.RuleName(e.rule), portWord(port), p.RuleName(f.rule), p.protocolName(f.protocol))})
				break
			}
		}
		if !ok {
			return append(out, p.unheld(e.rule))
		}
	}
	return out
}

// endsAndProtocol are the ends and the protocol of an entry.
type endsAndProtocol struct {
	client, server Place
	protocol       uint16
}

// reaches tells whether an entry is about all ends that another is about.
func (e *entry) reaches(f *entry) bool {
	return (e.client == 0 || e.client == f.client) && (e.server == 0 || e.server == f.server)
}

// opensAt is a port of f that e opens too. Frames without IP are not looked into, so no rule
// says which requests pass in them.
func (e *entry) opensAt(f *entry) (port Port, some bool) {
	for _, port := range f.ports {
		if port.Transport != Link && onPort(e.ports, port.Transport, port.Number) {
			return port, true
		}
	}
	return port, false
}

// curbed tells whether somebody said what becomes of the rest of the protocol of f at a port: a
// rule before e stops some of it, or all of it may pass.
func curbed(met []*entry, f, e *entry, port Port) bool {
	for _, g := range met {
		stops, frees := g.action != firedoor.Pass && g.rule < e.rule, g.action == firedoor.Pass && g.protocol != 0 && g.whole()
		if (stops || frees) && (g.protocol == 0 || g.protocol == f.protocol) && g.reaches(f) && g.onPort(port.Transport, port.Number) {
			return true
		}
	}
	return false
}
