package policy

import "fmt"

// MaxPairs is how many pairs of a client and a server a policy may tell apart (Plan.Pairs). Each
// takes room in the kernel's tables, and time whenever they are made. A rule of one host and
// anybody makes a pair of that host with every host at the other side.
const MaxPairs = 1 << 17

// roomForPairs refuses a policy that tells more pairs apart than a gateway holds. They are
// counted and not made.
func (c *compiler) roomForPairs() {
	hosts := make([]int, len(c.Policy.Zones)) // by zone
	for at := 1 + len(c.Policy.Zones); at < len(c.places.zones); at++ {
		if zone := c.places.zones[at]; zone >= 0 {
			hosts[zone]++
		}
	}
	total := 0
	full := func(line int, key string, n int) bool {
		if total += n; total <= MaxPairs {
			return false
		}
		with := ""
		if n < total {
			with = fmt.Sprintf(", %d with all before it", total)
		}
		c.fault(line, key, "tells %d pairs of a client and a server apart%s, and a gateway at most %d: a rule that names only a client, or only a server, makes one with every host at its other side. Name both, or make zones of hosts that are treated alike", n, with, MaxPairs)
		return true
	}
	for i := range c.conduits {
		d := &c.conduits[i]
		if full(d.Line, "conduits."+d.Name, d.pairs(Place(c.zones[d.From])+1, Place(c.zones[d.To])+1, hosts[c.zones[d.From]], hosts[c.zones[d.To]])) {
			return
		}
	}
	seen := map[pairKey]bool{}
	for i := range c.safety {
		e := &c.safety[i]
		k := pairKey{e.client, e.server}
		if seen[k] {
			continue
		}
		seen[k] = true
		if rule := int(e.rule); full(c.Policy.Safety[rule].Line, fmt.Sprintf("safety[%d]", rule), len(c.meant(e.client))*len(c.meant(e.server))) {
			return
		}
	}
	c.room = total
}

// pairs is how many Pairs gives of a conduit: all of a host of whom a rule says something to
// anybody, those that rules name, and each end that stands with the other zone.
func (c *conduit) pairs(from, to Place, clients, servers int) int {
	named := map[pairKey]bool{}
	wideClients, wideServers := map[Place]bool{}, map[Place]bool{}
	narrowClients, narrowServers := map[Place]bool{from: true}, map[Place]bool{to: true}
	for _, x := range []*index{c.never, c.rules} {
		for i := range x.entries {
			e := &x.entries[i]
			k := pairKey{orZone(e.client, from), orZone(e.server, to)}
			named[k], narrowClients[k.client], narrowServers[k.server] = true, true, true
			if k.server == to && k.client != from {
				wideClients[k.client] = true
			}
			if k.client == from && k.server != to {
				wideServers[k.server] = true
			}
		}
	}
	n := len(wideClients)*(servers+1) + len(wideServers)*(clients+1) - len(wideClients)*len(wideServers)
	for client := range narrowClients {
		if !wideClients[client] {
			n++ // with the zone of servers
		}
	}
	for server := range narrowServers {
		if !wideServers[server] && server != to {
			n++ // with the zone of clients
		}
	}
	for k := range named {
		if k.client != from && k.server != to && !wideClients[k.client] && !wideServers[k.server] {
			n++
		}
	}
	return n
}
