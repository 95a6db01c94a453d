package lan

import (
	"encoding/binary"
	"net/netip"

	"firedoor"
)

// ARP operations (RFC 826).
const (
	ARPRequest = 1
	ARPReply   = 2
)

const arpLen = 28

// neighbour is an address on the cable and what is known of it. A conversation
// keeps a pointer to it, and looks it up again once it is dead.
type neighbour struct {
	addr    netip.Addr
	mac     firedoor.MAC // 0: not known
	dead    bool         // no longer in the cache
	asking  bool
	askAt   int64 // when eventAsk is due that counts; older ones are stale
	tries   int
	expires int64
	waiting []*frame
}

// near looks a neighbour up, or begins to know it; nil when the cache is full.
func (n *nic) near(a netip.Addr) *neighbour {
	nb := n.neighbour[a]
	if nb == nil {
		if len(n.neighbour) >= MaxNeighbours {
			return nil
		}
		nb = &neighbour{addr: a}
		n.neighbour[a] = nb
	}
	return nb
}

// sendVia sends a packet to a neighbour, once its address is known; the reference
// goes with it. nil drops it.
func (n *nic) sendVia(nb *neighbour, f *frame) {
	if nb == nil {
		n.w.stats.Unresolved++
		n.w.release(f)
		return
	}
	if nb.mac != 0 && n.w.now >= nb.expires && !nb.asking {
		if !n.manners.ARPUnicast {
			nb.mac = 0
		} else {
			n.ask(nb)
		}
	}
	if nb.mac != 0 {
		putMAC(f.buf[0:6], nb.mac)
		putMAC(f.buf[6:12], n.mac)
		n.transmit(f)
		return
	}
	if len(nb.waiting) >= n.manners.ARPWaiting {
		n.w.stats.Unresolved++
		n.w.release(f)
	} else {
		nb.waiting = append(nb.waiting, f)
	}
	if !nb.asking {
		n.ask(nb)
	}
}

// ask sends the first question for an address.
func (n *nic) ask(nb *neighbour) {
	nb.asking, nb.tries = true, 0
	n.question(nb)
}

func (n *nic) question(nb *neighbour) {
	nb.tries++
	if nb.addr.Is4() {
		n.askARP(nb)
	} else {
		n.askND(nb)
	}
	nb.askAt = n.w.now + int64(resolveEvery)
	n.w.queue.push(false, nb.askAt, &event{kind: eventAsk, nic: n, hop: nb})
}

func (n *nic) askARP(nb *neighbour) {
	to := Broadcast
	if nb.mac != 0 {
		to = nb.mac
	}
	n.sendARP(ARPRequest, n.mac, n.source(nb.addr), 0, nb.addr, to)
}

// askAgain is due a second after a question.
func (n *nic) askAgain(nb *neighbour) {
	if nb.dead || !nb.asking || nb.askAt != n.w.now {
		return
	}
	if nb.tries < resolveTries && n.up() {
		n.question(nb)
		return
	}
	waiting := nb.waiting
	nb.waiting = nil
	n.forget(nb)
	n.owner.unresolved(n, nb, waiting)
	for _, f := range waiting {
		n.w.stats.Unresolved++
		n.w.release(f)
	}
}

// forget takes a neighbour out of the cache; what waited for it is dropped.
func (n *nic) forget(nb *neighbour) {
	delete(n.neighbour, nb.addr)
	n.drop(nb)
}

func (n *nic) drop(nb *neighbour) {
	nb.dead, nb.asking = true, false
	for _, f := range nb.waiting {
		n.w.stats.Unresolved++
		n.w.release(f)
	}
	nb.waiting = nil
}

// forgetAll empties the cache, as a power failure does.
func (n *nic) forgetAll() {
	for _, nb := range n.neighbour { // in no order: nothing is sent here
		n.drop(nb)
	}
	clear(n.neighbour)
}

// met takes in what a packet says of a neighbour. create: also when it is new.
func (n *nic) met(a netip.Addr, mac firedoor.MAC, create bool) {
	nb := n.neighbour[a]
	if nb == nil {
		if !create {
			return
		}
		if nb = n.near(a); nb == nil {
			return
		}
	}
	nb.mac, nb.asking = mac, false
	nb.expires = n.w.now + int64(n.manners.ARPLifetime)
	waiting := nb.waiting
	nb.waiting = nb.waiting[:0]
	for _, f := range waiting {
		n.sendVia(nb, f)
	}
}

// Resolve asks for the MAC address of a neighbour, as an application does that looks who
// is there, and calls done with it, or with 0 when nobody answers. What the cache
// knows is not asked again, and done is called before Resolve returns.
func (h *Host) Resolve(a netip.Addr, done func(mac firedoor.MAC)) {
	if mac := h.Known(a); mac != 0 || !h.powered {
		done(mac)
		return
	}
	nb := h.near(a)
	if nb == nil {
		done(0)
		return
	}
	if !nb.asking {
		h.ask(nb)
	}
	h.w.After(resolveAll, func() { done(h.Known(a)) })
}

// Known is the MAC address the cache has for a neighbour; 0: none.
func (h *Host) Known(a netip.Addr) firedoor.MAC {
	nb := h.neighbour[a]
	if nb == nil || h.w.now >= nb.expires {
		return 0
	}
	return nb.mac
}

// sendARP sends an ARP packet as it is told, true or not.
func (n *nic) sendARP(op uint16, senderMAC firedoor.MAC, senderIP netip.Addr, targetMAC firedoor.MAC, targetIP netip.Addr, dst firedoor.MAC) {
	f := n.w.newFrame()
	f.trusted = true
	putEther(f.buf[:], dst, n.mac, etherARP)
	b := f.buf[headerLen:]
	binary.BigEndian.PutUint16(b[0:], 1)
	binary.BigEndian.PutUint16(b[2:], etherIPv4)
	b[4], b[5] = 6, 4
	binary.BigEndian.PutUint16(b[6:], op)
	putMAC(b[8:14], senderMAC)
	putAddr4(b[14:18], senderIP)
	putMAC(b[18:24], targetMAC)
	putAddr4(b[24:28], targetIP)
	f.n = headerLen + arpLen
	n.transmit(f)
}

// putAddr4 writes an IPv4 address; 0.0.0.0 for anything else.
func putAddr4(b []byte, a netip.Addr) {
	if !a.Is4() {
		clear(b[:4])
		return
	}
	v := a.As4()
	copy(b, v[:])
}

func (n *nic) arpIn(f *frame) {
	b := f.buf[headerLen:]
	if f.n < headerLen+arpLen || binary.BigEndian.Uint16(b[0:]) != 1 || binary.BigEndian.Uint16(b[2:]) != etherIPv4 {
		return
	}
	sender, target := binary.BigEndian.Uint32(b[14:]), binary.BigEndian.Uint32(b[24:])
	mac := firedoor.MACFrom(b[8:14])
	mine := n.owns4(target)
	if sender != 0 && !n.owns4(sender) && mac != 0 && !mac.IsGroup() {
		n.met(netip.AddrFrom4([4]byte(b[14:18])), mac, mine || n.manners.ARPLearns)
	}
	if mine && binary.BigEndian.Uint16(b[6:]) == ARPRequest {
		n.sendARP(ARPReply, n.mac, netip.AddrFrom4([4]byte(b[24:28])), mac, netip.AddrFrom4([4]byte(b[14:18])), mac)
	}
}

// arpWanted: is a broadcast ARP packet worth handling?
func (n *nic) arpWanted(f *frame) bool {
	b := f.buf[headerLen:]
	if n.owns4(binary.BigEndian.Uint32(b[24:])) || n.manners.ARPLearns {
		return true
	}
	_, known := n.neighbour[netip.AddrFrom4([4]byte(b[14:18]))]
	return known
}

// announce tells everybody on the cable of an own IPv4 address.
func (n *nic) announce(a netip.Addr) {
	n.sendARP(ARPRequest, n.mac, a, 0, a, Broadcast)
}

// probe asks whether anybody else has the address (RFC 5227 section 2.1.1).
func (n *nic) probe(a netip.Addr) {
	n.sendARP(ARPRequest, n.mac, netip.Addr{}, 0, a, Broadcast)
}
