package score

import (
	"net/netip"
	"slices"

	"firedoor"
	"firedoor/internal/plant/truth"
)

// address is a MAC with an IP, one of which may be empty.
type address struct{ mac, ip string }

// hosts is what is known of who has which address. The same IP may belong to two
// hosts in two networks: the MAC then tells.
type hosts struct {
	pairs   map[address]bool // of one and the same host
	macs    map[string]bool
	ips     map[string]bool
	routers map[string]bool // MACs that stand in frames of others
}

func hostsOf(f *truth.File) *hosts {
	h := &hosts{pairs: map[address]bool{}, macs: map[string]bool{}, ips: map[string]bool{}, routers: map[string]bool{}}
	for i := range f.Hosts {
		h.add(&f.Hosts[i])
	}
	for _, e := range f.Entries {
		for i := range e.Hosts {
			h.add(&e.Hosts[i])
		}
	}
	return h
}

func (h *hosts) add(one *truth.Host) {
	for _, ip := range one.IPs {
		h.ips[ip] = true
	}
	for _, mac := range one.MACs {
		h.macs[mac] = true
		if one.Role == truth.RoleRouter {
			h.routers[mac] = true
		}
		for _, ip := range one.IPs {
			h.pairs[address{mac, ip}] = true
		}
	}
}

// stranger tells whether nobody is known to have this address.
func (h *hosts) stranger(a *firedoor.Address) bool {
	return !h.ips[a.IP] && (!h.macs[a.MAC] || h.routers[a.MAC])
}

// owns tells whether an end of an alert is this host.
func (h *hosts) owns(one *truth.Host, a *firedoor.Address) bool {
	mac := a.MAC != "" && slices.Contains(one.MACs, a.MAC)
	ip := a.IP != "" && slices.Contains(one.IPs, a.IP)
	switch {
	case mac && ip:
		return true
	case mac: // under another address, unless it only forwards what others say
		return a.IP == "" || !h.routers[a.MAC]
	case ip: // behind a router or a forged MAC, unless that pair is another host's
		return a.MAC == "" || !h.pairs[address{a.MAC, a.IP}]
	}
	return false
}

// ends are the ends of an alert that are devices.
func ends(a *firedoor.AlertLine) (out []*firedoor.Address) {
	for _, e := range []*firedoor.Address{a.Client, a.Server} {
		if e == nil || e.IP == "" && e.MAC == "" {
			continue
		}
		if ip, err := netip.ParseAddr(e.IP); err == nil && (ip.IsMulticast() || ip == netip.AddrFrom4([4]byte{255, 255, 255, 255})) {
			continue
		}
		out = append(out, e)
	}
	return out
}

// fit says how well an alert belongs to an entry by its hosts.
type fit int

const (
	none    fit = iota
	inside      // all hosts that it names and that are known take part
	byActor     // whoever acts is one of its ends
)

// fits compares the hosts of an alert with those of an entry. An alert that names
// no host at all belongs to an entry with which it shares a technique.
func (h *hosts) fits(e *truth.Entry, a *firedoor.AlertLine) fit {
	at := ends(a)
	if len(at) == 0 {
		if slices.ContainsFunc(a.Techniques, func(t string) bool { return slices.Contains(e.Techniques, t) }) {
			return inside
		}
		return none
	}
	within, outside := false, false
	for _, end := range at {
		takesPart := false
		for i := range e.Hosts {
			one := &e.Hosts[i]
			if !h.owns(one, end) {
				continue
			}
			if one.Role == truth.Attacker || one.Role == truth.Actor {
				return byActor
			}
			takesPart = true
		}
		within = within || takesPart
		outside = outside || !takesPart && !h.stranger(end)
	}
	if within && !outside {
		return inside
	}
	return none
}
