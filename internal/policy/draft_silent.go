package policy

import (
	"fmt"
	"slices"

	"firedoor"
)

// silent lets a conversation come to be again in which nothing was asked. Where requests are
// known it lets none pass: a connection that somebody only tried opens no port to whoever
// comes after it.
func (d *drafter) silent(c *firedoor.Conversation, conduit *Conduit, m Match) {
	note := learnt(c.Flows, "flow")
	if c.Protocol != "tcp" && c.Protocol != "udp" {
		// What is sealed may be anything, and frames without IP are not looked into.
		if c.Encrypted == 0 && c.Server.IP != "" && !d.harmless(m.Protocols) {
			m.Verbs, note = []firedoor.Verb{firedoor.VerbSession}, note+" in which nothing was asked"
			d.tell(c)
		}
		conduit.Rules = append(conduit.Rules, Rule{Match: m, Note: note})
		return
	}
	if d.speaks(conduit, &m) {
		d.tell(c) // a rule lets the connection come to be, and says what may be asked
		return
	}
	m.Protocols = d.foundAt(m.Ports[0])
	if len(m.Protocols) > 0 && !d.harmless(m.Protocols) {
		m.Verbs, note = []firedoor.Verb{firedoor.VerbSession}, note+" in which nothing was recognised"
		d.tell(c)
	}
	conduit.Rules = append(conduit.Rules, Rule{Match: m, Note: note})
}

// tell names a conversation of which nothing but its connection is let pass.
func (d *drafter) tell(c *firedoor.Conversation) {
	d.out.Silent = append(d.out.Silent, fmt.Sprintf("%s from %s to %s port %d in %s", c.Protocol, nameless(&c.Client), nameless(&c.Server), c.Server.Port, c.Segment))
}

// speaks tells whether a rule of the same two ends says what passes in a protocol at the
// port of m.
func (d *drafter) speaks(conduit *Conduit, m *Match) bool {
	port := m.Ports[0]
	return slices.ContainsFunc(conduit.Rules, func(r Rule) bool {
		other := &r.Match
		if len(other.Protocols) == 0 || !slices.Equal(other.Clients, m.Clients) || !slices.Equal(other.Servers, m.Servers) {
			return false
		}
		ports := other.Ports
		for _, name := range other.Protocols {
			if len(other.Ports) == 0 {
				ports = append(ports, d.usual(name)...)
			}
		}
		return onPort(ports, port.Transport, port.Number)
	})
}

// foundAt are the protocols that are usually found at a port.
func (d *drafter) foundAt(port Port) (names []string) {
	for _, name := range d.options.Protocols {
		if slices.Contains(d.usual(name), port) {
			names = append(names, name)
		}
	}
	return names
}

func (d *drafter) harmless(protocols []string) bool {
	return d.options.Harmless != nil && !slices.ContainsFunc(protocols, func(name string) bool { return !d.options.Harmless(name) })
}
