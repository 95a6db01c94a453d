package inventory

import "firedoor"

// edge is a client, a server and a protocol, once.
type edge struct {
	client, server uint32
	protocol       uint8
}

// talk is an identifier's part in one protocol.
type talk struct {
	protocol uint8
	server   bool
	peers    uint32
	verbs    [9]uint32 // peers by verb
}

// Speak takes an operation's verb as evidence for roles: call it at each new
// (client, server, protocol, verb). A client that asks to change a device and
// was not admitted is admitted from the reserve.
func (v *Inventory) Speak(m firedoor.Moment, client, server firedoor.Endpoint, protocol string, verb firedoor.Verb) {
	v.Advance(m.Time)
	client, server = normal(client), normal(server)
	c := v.nodeAt(client)
	if c == none && verb.Changes() {
		v.door.grave = true
		c = v.sight(m, client, false, true)
		v.door.grave = false
	}
	s := v.nodeAt(server)
	p, ok := v.protocol(protocol)
	if !ok || c == none && s == none {
		return
	}
	k := edge{c, s, p}
	before, seen := v.edges[k]
	bit := uint16(1) << min(verb, 8)
	if before&bit != 0 {
		return
	}
	if !seen && len(v.edges) >= MaxEdges {
		v.stats.EdgesRefused++
		return
	}
	v.edges[k] = before | bit
	v.part(c, p, false, !seen, verb)
	v.part(s, p, true, !seen, verb)
}

func (v *Inventory) part(n uint32, p uint8, server, fresh bool, verb firedoor.Verb) {
	if n == none {
		return
	}
	v.assets[v.nodes[n].asset].spoke = true
	nd := &v.nodes[n]
	for i := range nd.talk {
		if t := &nd.talk[i]; t.protocol == p && t.server == server {
			t.add(fresh, verb)
			return
		}
	}
	if len(nd.talk) >= MaxTalks {
		v.stats.EdgesRefused++
		return
	}
	nd.talk = append(nd.talk, talk{protocol: p, server: server})
	nd.talk[len(nd.talk)-1].add(true, verb)
}

func (t *talk) add(fresh bool, verb firedoor.Verb) {
	if fresh {
		t.peers++
	}
	t.verbs[min(int(verb), len(t.verbs)-1)]++
}

func (v *Inventory) protocol(name string) (uint8, bool) {
	for i, p := range v.protocols {
		if p == name {
			return uint8(i), true
		}
	}
	if name == "" || len(v.protocols) >= MaxProtocols {
		return 0, false
	}
	v.protocols = append(v.protocols, name)
	return uint8(len(v.protocols) - 1), true
}

func (v *Inventory) serves(a uint32, p uint8) bool {
	for _, n := range v.assets[a].nodes {
		for i := range v.nodes[n].talk {
			if t := &v.nodes[n].talk[i]; t.server && t.protocol == p {
				return true
			}
		}
	}
	return false
}

// Traffic adds what a sender sent since it was last reported: packets, bytes
// and the times of the first and last packet. It moves no clock. A holder that
// sent after its address came under dispute contradicts the challenger.
func (v *Inventory) Traffic(e firedoor.Endpoint, first, last int64, packets, bytes uint64) {
	e = normal(e)
	n := v.nodeAt(e)
	if n == none {
		v.stats.TrafficUnplaced += packets
		return
	}
	nd := &v.nodes[n]
	nd.packets += packets
	nd.bytes += bytes
	nd.first, nd.last = min(nd.first, first), max(nd.last, last)
	if nd.ip.IsZero() || nd.mac != e.MAC {
		return
	}
	if st := v.station(nd.segment, nd.mac); st != none && nd.own {
		v.nodes[st].last = max(v.nodes[st].last, last)
	}
	ai, ok := v.byIP[ipKey{nd.segment, nd.ip}]
	if !ok || v.addresses[ai].node != n {
		return
	}
	if ad := &v.addresses[ai]; ad.challenger != 0 && last > ad.since {
		now := last
		if first <= ad.since { // it was there before, and went on
			now = min(last, ad.last)
		}
		v.holderSpeaks(firedoor.Moment{Time: now, Frame: ad.frame}, ai)
	}
}
