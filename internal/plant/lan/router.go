package lan

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"firedoor"
)

// Port is one leg of a router.
type Port struct {
	MAC    firedoor.MAC
	Addr   netip.Prefix // its IPv4 address and the network behind it
	VLAN   uint16
	Switch *Switch
}

// Router forwards IPv4 packets between its ports. It answers pings to its own
// addresses and is proxy for nobody. IPv6 stays on its cable.
type Router struct {
	w       *World
	name    string
	ports   []*nic
	routes  []route
	filter  func(Packet) bool
	outward map[uint32]translation // by inside address
	inward  map[uint32]translation // by outside address
	flows   map[flow]*seen
	sweptAt int64
}

type route struct {
	to  netip.Prefix
	via netip.Addr
}

// Packet is what a filter sees: addresses as they are on the inside of a NAT.
type Packet struct {
	In, Out  int // ports, in the order they were given
	From, To netip.AddrPort
	Proto    uint8 // 1 ICMP, 6 TCP, 17 UDP; ports are 0 for others and for fragments
	SYN      bool  // TCP: asks for a new connection
	// Established: it belongs to a flow, in either direction, of which a packet was let
	// through in the last two minutes; for TCP that was answered, in the last hour.
	Established bool
	Size        int // of the IP packet
}

// Router adds a router. A port without valid address, MAC address or switch is an
// error.
func (w *World) Router(name string, m *Manners, ports []Port) (*Router, error) {
	if m == nil {
		m = NetworkDevice()
	}
	for i, p := range ports {
		if p.Switch == nil || p.Switch.w != w || p.MAC == 0 || !p.Addr.IsValid() || !p.Addr.Addr().Is4() || p.VLAN > 4094 {
			return nil, fmt.Errorf("%s: port %d needs a MAC address, an IPv4 address, a VLAN up to 4094 and a switch", name, i)
		}
	}
	if err := w.claim(name); err != nil {
		return nil, err
	}
	r := &Router{
		w: w, name: name, flows: map[flow]*seen{},
		outward: map[uint32]translation{}, inward: map[uint32]translation{},
	}
	for i, p := range ports {
		n := &nic{}
		n.init(w, fmt.Sprintf("%s port %d", name, i), r, p.MAC, m)
		n.addrs = []netip.Prefix{p.Addr}
		n.refresh()
		p.Switch.plug(n, p.VLAN)
		r.ports = append(r.ports, n)
	}
	return r, nil
}

// Name is the name the router was given.
func (r *Router) Name() string { return r.name }

// Route sends packets for a network by way of a neighbour; 0.0.0.0/0 is the default.
// Of several the first that fits is taken, networks of the ports before all.
func (r *Router) Route(to netip.Prefix, via netip.Addr) { r.routes = append(r.routes, route{to, via}) }

// Filter sets the firewall: false drops a packet silently. nil lets all through.
func (r *Router) Filter(fn func(Packet) bool) { r.filter = fn }

// Power switches the router; off it forgets flows and neighbours.
func (r *Router) Power(on bool) {
	for _, n := range r.ports {
		if n.powered == on {
			continue
		}
		n.powered = on
		if on {
			for range n.manners.GratuitousARP {
				n.announce(n.addrs[0].Addr())
			}
		} else {
			n.port.sw.forget(n.port, n.mac)
			n.forgetAll()
			clear(r.flows)
		}
	}
}

func (r *Router) wanted(n *nic, f *frame) bool {
	return etherType(f.buf[:]) == etherARP && n.arpWanted(f)
}

// unresolved tells the senders of what waited that the host is not there (RFC 1812
// section 5.2.7.1).
func (r *Router) unresolved(_ *nic, _ *neighbour, waiting []*frame) {
	for _, f := range waiting {
		var d datagram
		if !open4(f, &d) || d.proto == protoICMP && len(d.payload) > 0 && d.payload[0] != 8 {
			continue
		}
		if back, hop, ok := r.way(d.src); ok {
			back.complainVia(&d, 3, 1, hop)
		}
	}
}

func (r *Router) frameIn(n *nic, f *frame) {
	switch etherType(f.buf[:]) {
	case etherARP:
		n.arpIn(f)
	case etherIPv4:
		var d datagram
		if firedoor.MACFrom(f.buf[0:6]) == n.mac && open4(f, &d) {
			r.packet(n, f, &d)
		}
	}
}

func (r *Router) portIndex(n *nic) int {
	for i, p := range r.ports {
		if p == n {
			return i
		}
	}
	return -1
}

// packet forwards a packet, or answers it.
func (r *Router) packet(in *nic, f *frame, d *datagram) {
	dst := number4(d.dst)
	t, translated := r.inward[dst]
	translated = translated && t.port == in
	if translated {
		dst = t.to
	} else if r.owns(dst) {
		r.local(in, f, d)
		return
	}
	if dst>>28 == 0xe || in.broadcast4(dst) {
		return
	}
	back := firedoor.MACFrom(f.buf[6:12])
	if d.ttl <= 1 {
		in.complain(d, 11, 0, 28, back)
		return
	}
	var to [4]byte
	binary.BigEndian.PutUint32(to[:], dst)
	out, hop, ok := r.way(netip.AddrFrom4(to))
	if !ok {
		in.complain(d, 3, 0, 28, back)
		return
	}
	if r.filter != nil && !r.pass(in, out, d, netip.AddrFrom4(to)) {
		r.w.stats.Filtered++
		return
	}
	g := r.w.newFrame()
	g.n = copy(g.buf[:], f.buf[:headerLen+len(d.packet)])
	g.trusted = f.trusted
	b := g.buf[headerLen:g.n]
	old := binary.BigEndian.Uint16(b[8:])
	b[8]--
	repair(b[10:12], old, binary.BigEndian.Uint16(b[8:]))
	if translated {
		rewrite(b, 16, dst)
	}
	if t, ok := r.outward[binary.BigEndian.Uint32(b[12:])]; ok && t.port == out {
		rewrite(b, 12, t.to)
	}
	out.sendVia(out.near(hop), g)
}

func (r *Router) owns(a uint32) bool {
	for _, n := range r.ports {
		if number4(n.addrs[0].Addr()) == a {
			return true
		}
	}
	return false
}

// local answers what is for the router itself: pings, and nothing else.
func (r *Router) local(in *nic, f *frame, d *datagram) {
	b := d.payload
	if d.proto == protoICMP && len(b) >= icmpLen && b[0] == 8 && (f.trusted || fold(sum(b, 0)) == 0) {
		in.answerEcho(d, 0, firedoor.MACFrom(f.buf[6:12]))
	}
}

// way finds the port and the neighbour for an address.
func (r *Router) way(dst netip.Addr) (*nic, netip.Addr, bool) {
	for _, n := range r.ports {
		if n.addrs[0].Contains(dst) {
			return n, dst, true
		}
	}
	for _, x := range r.routes {
		if !x.to.Contains(dst) {
			continue
		}
		for _, n := range r.ports {
			if n.addrs[0].Contains(x.via) {
				return n, x.via, true
			}
		}
	}
	return nil, dst, false
}

// flow is a pair of endpoints in one direction.
type flow struct {
	from, to uint64 // address and port
	proto    uint8
}

func endpoint(a netip.AddrPort) uint64 { return uint64(number4(a.Addr()))<<16 | uint64(a.Port()) }

// pass asks the filter, and remembers the flow of what it lets through.
func (r *Router) pass(in, out *nic, d *datagram, to netip.Addr) bool {
	p := Packet{
		In: r.portIndex(in), Out: r.portIndex(out), Proto: d.proto, Size: len(d.packet),
		From: netip.AddrPortFrom(d.src, 0), To: netip.AddrPortFrom(to, 0),
	}
	if first := d.offset&0x1fff == 0; first && (d.proto == protoTCP || d.proto == protoUDP) && len(d.payload) >= udpLen {
		p.From = netip.AddrPortFrom(d.src, binary.BigEndian.Uint16(d.payload[0:]))
		p.To = netip.AddrPortFrom(to, binary.BigEndian.Uint16(d.payload[2:]))
		p.SYN = d.proto == protoTCP && len(d.payload) >= tcpLen && d.payload[13]&(flagSYN|flagACK) == flagSYN
	}
	there := flow{endpoint(p.From), endpoint(p.To), p.Proto}
	back := r.fresh(flow{there.to, there.from, p.Proto})
	own := r.fresh(there)
	p.Established = back != nil || own != nil
	if !r.filter(p) {
		return false
	}
	switch {
	case back != nil:
		back.at, back.answered = r.w.now, true
	case own != nil:
		own.at = r.w.now
	default:
		r.remember(there)
	}
	return true
}

// seen is what a router remembers of a flow.
type seen struct {
	at       int64
	answered bool
}

func (s *seen) stale(f flow, now int64) bool {
	idle := flowIdle
	if s.answered && f.proto == protoTCP {
		idle = flowIdleTCP
	}
	return now-s.at >= int64(idle)
}

// fresh looks a flow up; nil when it is not known, or not any more.
func (r *Router) fresh(f flow) *seen {
	s := r.flows[f]
	if s == nil || s.stale(f, r.w.now) {
		return nil
	}
	return s
}

// remember begins to know a flow, if there is room.
func (r *Router) remember(f flow) {
	now := r.w.now
	if old := r.flows[f]; old != nil {
		*old = seen{at: now}
		return
	}
	if len(r.flows) >= MaxFlows && now-r.sweptAt >= int64(flowIdle) {
		r.sweptAt = now
		for f, s := range r.flows { // in no order: each is judged for itself
			if s.stale(f, now) {
				delete(r.flows, f)
			}
		}
	}
	if len(r.flows) < MaxFlows {
		r.flows[f] = &seen{at: now}
	}
}
