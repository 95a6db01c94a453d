package inventory

import (
	"slices"
	"strconv"
	"strings"

	"firedoor"
)

// Thresholds of the rules for roles.
const (
	// scadaServers is from how many servers on a writing client is a SCADA
	// server rather than one machine's HMI.
	scadaServers = 10
	// historianServers is from how many servers on a client that only reads
	// collects, rather than shows.
	historianServers = 3
	// serverClients is from how many clients on an office machine is a server.
	serverClients = 2
	// busyClient is how many industrial servers a device that answers itself may
	// ask before it is a gateway rather than a controller.
	busyClient = 8
)

// peering are protocols whose participants are peers, or that any device speaks beside its task (clocks):
// whoever sends counts as client and a receiver as server, which says nothing of what either is for.
var peering = []string{"ptp", "rtps"}

// part is what an asset does in one protocol, one side.
type part struct {
	name  string
	peers uint32
	verbs [9]uint32
}

// sketch is what the rules judge.
type sketch struct {
	vendor   string // lower case, by OUI and the device's own words
	model    string // lower case: model, order number, hardware, system, modules, services
	said     string // role the device names itself
	source   string
	serves   []part // industrial, by name
	asks     []part
	office   []part // the rest, as server
	client   []part // the rest, as client
	services string
	router   bool
	shared   bool
	behind   int
	outside  bool // public address behind a router
}

// Role infers what an asset is for, its Purdue level and why, from all that is
// known now; empty when nothing tells.
func (v *Inventory) Role(id firedoor.AssetID) (role firedoor.Role, level, reason string) {
	a, ok := v.byID[id]
	if !ok {
		return "", "", ""
	}
	return v.role(a)
}

func (v *Inventory) role(a uint32) (firedoor.Role, string, string) {
	k := v.sketch(a)
	for _, rule := range rules {
		if role, reason := rule(k); role != "" {
			return role, levels[role], reason
		}
	}
	return "", "", ""
}

// levels are the Purdue levels of roles.
var levels = map[firedoor.Role]string{
	firedoor.RoleDrive: "L1", firedoor.RoleRobot: "L1", firedoor.RoleRemoteIO: "L1", firedoor.RolePLC: "L1",
	firedoor.RoleSafetyController: "L1", firedoor.RoleRTU: "L1", firedoor.RoleIED: "L1",
	firedoor.RoleHMI: "L2", firedoor.RoleEngineering: "L2", firedoor.RoleOPCServer: "L2",
	firedoor.RoleSCADAServer: "L2", firedoor.RoleDataGateway: "L2", firedoor.RoleSwitch: "L2",
	firedoor.RoleHistorian: "L3", firedoor.RoleRouter: "L3", firedoor.RoleFirewall: "L3",
	firedoor.RoleJumpHost: "L3.5",
	firedoor.RolePrinter:  "L4", firedoor.RoleCamera: "L4", firedoor.RoleDNSServer: "L4", firedoor.RoleDHCPServer: "L4",
	firedoor.RoleDomainController: "L4", firedoor.RoleServer: "L4", firedoor.RoleWorkstation: "L4",
	firedoor.RoleExternal: "L5",
}

// sketch gathers what the rules judge.
func (v *Inventory) sketch(a uint32) *sketch {
	as := &v.assets[a]
	k := &sketch{}
	oui, _ := v.vendorOf(as)
	k.vendor = strings.ToLower(oui + " " + as.text(firedoor.FactVendor))
	var words []string
	for i := range as.facts {
		switch f := &as.facts[i]; f.kind {
		case firedoor.FactModel, firedoor.FactOrder, firedoor.FactHardware, firedoor.FactSystem, firedoor.FactModule:
			words = append(words, strings.ToLower(f.value))
		case firedoor.FactService:
			k.services += " " + strings.ToLower(f.value)
		}
	}
	k.model = strings.Join(words, " | ")
	if f := as.best(firedoor.FactRole); f != nil && f.confidence >= hearsay {
		k.said, k.source = f.value, f.source
	}
	mac := false
	for _, n := range as.nodes {
		nd := &v.nodes[n]
		if nd.ip.IsZero() {
			mac = true
			k.router, k.shared, k.behind = k.router || nd.router, k.shared || nd.shared, k.behind+int(nd.behind)
		}
		for i := range nd.talk {
			if slices.Contains(peering, v.protocols[nd.talk[i].protocol]) {
				continue
			}
			k.add(v.cfg.Industrial(v.protocols[nd.talk[i].protocol]), v.protocols[nd.talk[i].protocol], &nd.talk[i])
		}
	}
	k.outside = !mac && len(as.nodes) > 0 && v.outside(as.nodes[0])
	for _, list := range [][]part{k.serves, k.asks, k.office, k.client} {
		slices.SortFunc(list, func(x, y part) int { return strings.Compare(x.name, y.name) })
	}
	return k
}

// outside tells a public address that is only seen behind another device.
func (v *Inventory) outside(n uint32) bool {
	nd := &v.nodes[n]
	a := nd.ip.Netip()
	return !nd.own && nd.mac != 0 && a.IsGlobalUnicast() && !a.IsPrivate()
}

func (k *sketch) add(industrial bool, name string, t *talk) {
	list := &k.client
	switch {
	case industrial && t.server:
		list = &k.serves
	case industrial:
		list = &k.asks
	case t.server:
		list = &k.office
	}
	for i := range *list {
		if p := &(*list)[i]; p.name == name {
			p.peers += t.peers
			for j := range p.verbs {
				p.verbs[j] += t.verbs[j]
			}
			return
		}
	}
	*list = append(*list, part{name, t.peers, t.verbs})
}

// most returns the largest number of peers in a protocol of the list: protocols
// carried in another have the same peers and are not added up.
func most(list []part) (n uint32) {
	for i := range list {
		n = max(n, list[i].peers)
	}
	return n
}

func names(list []part) string {
	var b []byte
	for i := range list {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(b, list[i].name...)
	}
	return string(b)
}

// heads writes the protocols with their peers: "modbus to 2 clients", "modbus (2
// clients), s7comm (1 client)". Peers of two protocols may be the same ones, so
// they are not added up.
func heads(list []part, word string) string {
	if len(list) == 1 {
		return list[0].name + " to " + count(list[0].peers, word)
	}
	var b []byte
	for i := range list {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(append(append(b, list[i].name...), " ("...), count(list[i].peers, word)...)
		b = append(b, ')')
	}
	return string(b)
}

func has(list []part, names ...string) bool {
	return slices.ContainsFunc(list, func(p part) bool { return slices.Contains(names, p.name) })
}

func verbPeers(list []part, verbs ...firedoor.Verb) (n uint32) {
	for i := range list {
		for _, verb := range verbs {
			n = max(n, list[i].verbs[verb])
		}
	}
	return n
}

func count(n uint32, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return strconv.FormatUint(uint64(n), 10) + " " + word + "s"
}
