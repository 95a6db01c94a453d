package whatif

import (
	"net/netip"

	"firedoor"
	"firedoor/internal/policy"
)

// Why what was said in ICMP may not be decided.
const (
	whoBegan   = "of ICMP nobody kept which of two ends asked, and only one of them may"
	neighbours = "of ICMPv6 nobody kept what was neighbour discovery, which passes always"
)

// icmp judges what two ends said to each other in ICMP. A conversation says who sent first, and an
// answer or an error may have been that, so where it matters who asked it is not decided.
// Nobody asks from a group.
func (j *Judge) icmp(c *firedoor.Conversation) error {
	transport := uint8(policy.ICMP)
	if ip, err := netip.ParseAddr(c.Client.IP); err == nil && ip.Is6() && !ip.Is4In6() {
		transport = policy.ICMP6
	}
	there, v, err := j.portless(c, &c.Client, &c.Server, transport)
	if err != nil {
		return err
	}
	flows := uint64(c.Flows)
	j.report.Connections += flows
	w := v
	if !toGroup(c.Server.IP) {
		if _, w, err = j.portless(c, &c.Server, &c.Client, transport); err != nil {
			return err
		}
	}
	why := ""
	switch {
	case (v.Says == firedoor.Pass) != (w.Says == firedoor.Pass):
		why = whoBegan
	case v.Says != firedoor.Pass && transport == policy.ICMP6:
		why = neighbours
	}
	if why != "" {
		j.report.UndecidedConnections += flows
		j.undecided(v.Rule, why)
		j.undecided(w.Rule, why)
		return nil
	}
	j.count(&there, v, flows, nil, "")
	if w.Rule >= 0 && w.Rule != v.Rule { // what went the other way
		j.used[w.Rule] += flows
	}
	return nil
}

// portless is the verdict on what one end says to another in ICMP.
func (j *Judge) portless(c *firedoor.Conversation, from, to *firedoor.Address, transport uint8) (r asked, v firedoor.Verdict, err error) {
	route, err := j.route(routeKey{c.Segment, from.IP, to.IP, from.MAC, to.MAC, transport, 0}, c.Protocol, from, to)
	if err != nil {
		return r, v, err
	}
	r.routes = []policy.Route{route}
	r.Route = &r.routes[0]
	r.client, r.server, r.shown = j.name(route.Client, from), j.name(route.Server, to), c.Protocol
	if r.Time, err = nanoseconds(c.First); err != nil {
		return r, v, err
	}
	r.Level = policy.OfConnection
	return r, policy.Decide(j.plan, &r.Request), nil
}
