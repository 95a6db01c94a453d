package lan

import (
	"encoding/binary"
	"net/netip"

	"firedoor"

	"firedoor/internal/plant/chance"
)

// station is what an adapter belongs to: a host or a router.
type station interface {
	// frameIn handles a frame; it is borrowed.
	frameIn(n *nic, f *frame)
	// wanted tells whether a group frame is worth handling.
	wanted(n *nic, f *frame) bool
	// unresolved tells that nobody answers for an address, and what waited for it; the
	// frames are borrowed.
	unresolved(n *nic, hop *neighbour, waiting []*frame)
}

// nic is a network adapter: its cable, its addresses and whom it knows nearby.
type nic struct {
	w       *World
	name    string
	owner   station
	mac     firedoor.MAC
	manners *Manners
	mbit    int64

	addrs   []netip.Prefix // the first is the main one
	virtual []netip.Addr
	gateway netip.Addr
	own4    []uint32 // all IPv4 addresses, for comparing quickly

	port      *port
	place     *Place
	plugged   bool
	powered   bool
	sniff     func(frame []byte)
	lossy     int // per million
	txBusy    int64
	rxBusy    int64
	rxLast    int64
	random    chance.Random
	noise     chance.Random // of the cable, apart from random: loss changes no port number
	ident     uint16
	bootedAt  int64
	neighbour map[netip.Addr]*neighbour
}

func (n *nic) init(w *World, name string, owner station, mac firedoor.MAC, m *Manners) {
	n.w, n.name, n.owner, n.mac = w, name, owner, mac
	n.random = chance.Named(w.seed, name)
	n.noise = chance.Named(w.seed, "cable of "+name)
	n.ident = uint16(n.random.Next())
	n.plugged, n.powered = true, true
	n.bootedAt = w.now - n.random.N64(1<<52) // up for days already
	n.neighbour = map[netip.Addr]*neighbour{}
	n.setManners(m)
}

func (n *nic) setManners(m *Manners) {
	n.manners = m.filled()
	n.mbit = int64(n.manners.Mbit)
}

// up tells whether the adapter can send and receive.
func (n *nic) up() bool { return n.plugged && n.powered }

// refresh brings own4 up to date with the addresses.
func (n *nic) refresh() {
	n.own4 = n.own4[:0]
	for _, p := range n.addrs {
		if p.Addr().Is4() {
			n.own4 = append(n.own4, number4(p.Addr()))
		}
	}
	for _, a := range n.virtual {
		if a.Is4() {
			n.own4 = append(n.own4, number4(a))
		}
	}
}

func number4(a netip.Addr) uint32 {
	b := a.As4()
	return binary.BigEndian.Uint32(b[:])
}

func (n *nic) owns4(a uint32) bool {
	for _, own := range n.own4 {
		if own == a {
			return true
		}
	}
	return false
}

func (n *nic) owns(a netip.Addr) bool {
	for _, p := range n.addrs {
		if p.Addr() == a {
			return true
		}
	}
	for _, v := range n.virtual {
		if v == a {
			return true
		}
	}
	return false
}

// transmit puts a frame on the cable; the reference goes with it.
func (n *nic) transmit(f *frame) {
	w := n.w
	if !n.up() {
		w.release(f)
		return
	}
	w.stats.Frames++
	start := max(w.now, n.txBusy)
	if start-w.now > int64(egressMemory) || w.underWay > MaxFrames {
		w.stats.Overflow++
		w.release(f)
		return
	}
	f.pad()
	at := start + lineTime(f.n, n.mbit)
	n.txBusy = at
	if n.lost() {
		w.release(f)
		return
	}
	w.queue.push(true, at, &event{kind: eventSwitch, port: n.port, frame: f})
}

func (n *nic) lost() bool {
	if n.lossy == 0 || n.noise.N(1000000) >= n.lossy {
		return false
	}
	n.w.stats.Lost++
	return true
}

// wants is the filter of the adapter: what nobody behind it would look at costs no
// event. A broadcast therefore costs each station of its VLAN a few comparisons.
func (n *nic) wants(f *frame) bool {
	if !n.up() {
		return false
	}
	dst := firedoor.MACFrom(f.buf[0:6])
	if dst == n.mac || n.sniff != nil || n.place != nil {
		return true
	}
	return dst.IsGroup() && n.owner.wanted(n, f)
}

// arriving takes a frame whose last bit comes at a time, and has the stack handle
// it when the processor of the device comes round to it.
func (n *nic) arriving(at int64, f *frame) {
	w := n.w
	if n.lost() {
		w.release(f)
		return
	}
	start := max(at, n.rxBusy)
	cost := int64(n.manners.PerFrame)
	if start-at > cost*backlogFrames {
		w.stats.Starved++
		w.release(f)
		return
	}
	n.rxBusy = start + cost
	handled := start + cost + int64(n.manners.Latency)
	if n.manners.Jitter > 0 {
		handled += int64(n.random.Duration(n.manners.Jitter))
	}
	handled = max(handled, n.rxLast) // a stack handles frames in their order
	n.rxLast = handled
	if w.full() {
		w.release(f)
		return
	}
	w.queue.push(true, handled, &event{kind: eventHost, nic: n, frame: f})
}

// nextIdent is the identification of the next IPv4 packet.
func (n *nic) nextIdent(whole bool) uint16 {
	switch n.manners.Identification {
	case IdentificationZero:
		if whole {
			return 0
		}
		return uint16(n.random.Next())
	case IdentificationRandom, IdentificationConnection:
		return uint16(n.random.Next())
	}
	n.ident++
	return n.ident
}

// route is the neighbour a packet for dst goes to: itself when it is on the cable,
// else the router; false when there is no way.
func (n *nic) route(dst netip.Addr) (netip.Addr, bool) {
	if dst.IsLinkLocalUnicast() {
		return dst, true
	}
	for _, p := range n.addrs {
		if p.Contains(dst) {
			return dst, true
		}
	}
	if dst.Is4() && n.gateway.IsValid() {
		return n.gateway, true
	}
	return netip.Addr{}, false
}

// source is the address of our own that fits dst.
func (n *nic) source(dst netip.Addr) netip.Addr {
	var best netip.Addr
	for _, p := range n.addrs {
		a := p.Addr()
		if a.Is4() != dst.Is4() {
			continue
		}
		if p.Contains(dst) && a.IsLinkLocalUnicast() == dst.IsLinkLocalUnicast() {
			return a
		}
		fits := a.IsLinkLocalUnicast() == (dst.IsLinkLocalUnicast() || dst.IsLinkLocalMulticast())
		if !best.IsValid() || fits && best.IsLinkLocalUnicast() != a.IsLinkLocalUnicast() {
			best = a
		}
	}
	return best
}
