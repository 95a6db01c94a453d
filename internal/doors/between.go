package doors

import (
	"net"
	"net/netip"

	"firedoor"
	"firedoor/internal/policy"
	"firedoor/internal/store"
)

// Passage is the door that stands where one device asks another in one protocol.
type Passage struct {
	Gateway  string `json:"gateway"`
	Protocol string `json:"protocol"`
	Port     uint16 `json:"port" doc:"Of the server, of ethernet the EtherType; 0: none"`
	Door     string `json:"door" enum:"open,guarded,shut" doc:"open: all passes; guarded: each request is judged; shut: nothing passes"`
	Test     bool   `json:"test" doc:"Nothing is stopped yet: it is only told what would be"`
	Conduit  string `json:"conduit" doc:"Empty: no conduit joins the two"`
	Rule     string `json:"rule" doc:"By which it is so; empty: no rule"`
	Sentence string `json:"sentence"`
}

// Look answers which doors there are, at one moment.
type Look struct {
	now   int64
	plans []planOf
}

type planOf struct {
	name   string
	plan   *policy.Plan
	bypass bool
}

// Look takes the policies that are in force now.
func (d *Doors) Look() *Look {
	l := &Look{now: d.now().UnixNano()}
	for _, g := range d.gateways {
		g.mu.Lock()
		if g.plan != nil {
			l.plans = append(l.plans, planOf{g.name, g.plan, g.status.Bypass})
		}
		g.mu.Unlock()
	}
	return l
}

// Any tells whether any gateway told its policy.
func (l *Look) Any() bool { return len(l.plans) > 0 }

// unaddressed are protocols that a gateway does not judge by policy.
var unaddressed = map[string]bool{"arp": true, "icmp": true, "lldp": true}

// bare are conversations of which no protocol is known.
var bare = map[string]bool{"tcp": true, "udp": true, "ip": true, "ethernet": true}

// found is a door with what is needed to say why.
type found struct {
	in      *planOf
	request policy.Request
	route   policy.Route
	door    policy.Door
	test    bool
	verdict firedoor.Verdict
}

// strictness orders doors: what stops goes before what only tells.
func (f *found) strictness() int {
	n := 2 * int(f.door)
	if f.test {
		n--
	}
	return n
}

// find gives the strictest door that a policy puts where a contact is. None where no
// policy knows either end: then nobody can tell whether a gateway stands between them.
func (l *Look) find(c *store.Contact) (best found, ok bool) {
	if unaddressed[c.Protocol] {
		return best, false
	}
	client, clientMAC, ok1 := ends(c.Client)
	server, serverMAC, ok2 := ends(c.Server)
	if !ok1 || !ok2 {
		return best, false
	}
	for i := range l.plans {
		p := &l.plans[i]
		if c.Client.IP == "" && c.Server.IP == "" && policy.KeepsLink(serverMAC, p.plan.FrameType(c.Protocol, c.Server.Port)) {
			return best, false // it passes, whatever a policy says
		}
		f := found{in: p}
		transport, port := uint8(0), c.Server.Port
		if over := p.plan.Transports(c.Protocol, port); len(over) == 1 { // else it is not known which
			if transport = over[0]; transport == policy.Link {
				port = p.plan.FrameType(c.Protocol, port)
			}
		}
		f.route = p.plan.Route(p.plan.Place(c.Segment, client, clientMAC), p.plan.Place(c.Segment, server, serverMAC), transport, port)
		from, to := p.plan.ZoneOf(f.route.Client), p.plan.ZoneOf(f.route.Server)
		if from < 0 && to < 0 || len(l.plans) > 1 && f.route.Conduit < 0 && (from < 0 || to < 0) {
			continue
		}
		f.request = policy.Request{Level: policy.OfFlow, Time: l.now, Protocol: c.Protocol}
		if bare[c.Protocol] {
			f.request.Level, f.request.Protocol = policy.OfConnection, ""
		}
		f.request.Route = &f.route
		if f.door, f.test, f.verdict = p.plan.Door(&f.request); p.bypass {
			f.door, f.test = policy.DoorOpen, false
		}
		if !ok || f.strictness() > best.strictness() {
			best, ok = f, true
		}
	}
	return best, ok
}

// Door gives the strictest door where a contact is; false where none is known of.
func (l *Look) Door(c *store.Contact) (door policy.Door, test, ok bool) {
	f, ok := l.find(c)
	return f.door, f.test, ok
}

// Passage is Door in words.
func (l *Look) Passage(c *store.Contact) (Passage, bool) {
	f, ok := l.find(c)
	if !ok {
		return Passage{}, false
	}
	p := f.in.plan
	f.request.Route = &f.route
	out := Passage{Gateway: f.in.name, Protocol: c.Protocol, Port: c.Server.Port, Door: f.door.String(), Test: f.test, Conduit: p.ConduitName(f.verdict.Conduit)}
	if f.verdict.Rule >= 0 {
		out.Rule = p.RuleName(f.verdict.Rule)
	}
	out.Sentence = p.DoorSentence(&f.request, f.door, f.test, f.verdict)
	if f.in.bypass {
		out.Sentence = "Everything passes: gateway " + f.in.name + " is in bypass."
	}
	return out, true
}

// ends reads an end of a contact.
func ends(a firedoor.Address) (ip firedoor.IP, mac firedoor.MAC, ok bool) {
	if a.IP != "" {
		at, err := netip.ParseAddr(a.IP)
		if err != nil {
			return ip, 0, false
		}
		ip = firedoor.IPFrom(at)
	}
	if a.MAC != "" {
		if mac, ok = parseMAC(a.MAC); !ok {
			return ip, 0, false
		}
	}
	return ip, mac, a.IP != "" || a.MAC != ""
}

// parseEnd reads an address or a MAC.
func parseEnd(text string) (firedoor.IP, firedoor.MAC, bool) {
	if mac, ok := parseMAC(text); ok {
		return firedoor.IP{}, mac, true
	}
	at, err := netip.ParseAddr(text)
	return firedoor.IPFrom(at), 0, err == nil
}

func parseMAC(text string) (firedoor.MAC, bool) {
	b, err := net.ParseMAC(text)
	if err != nil || len(b) != 6 {
		return 0, false
	}
	return firedoor.MACFrom(b), true
}
