package lan

import (
	"encoding/binary"
	"time"

	"firedoor"

	"firedoor/internal/plant/chance"
)

// Switch forwards frames between its ports as a switch with VLANs does (IEEE
// 802.1Q): it learns where addresses are, floods what it does not know, and keeps
// VLANs apart. Switches joined by trunks form a tree.
type Switch struct {
	w        *World
	name     string
	mirrored bool
	mac      firedoor.MAC
	trunks   []*port
	access   map[uint16][]*port // by VLAN, in the order of plugging in
	ports    []*port            // all access ports, for announcements
	table    map[uint64]*location
}

// location is where a switch has seen an address.
type location struct {
	port *port
	at   int64
}

// port is a port of a switch, with the cable to what is plugged in: an adapter of
// a host or router, or the port of another switch.
type port struct {
	sw    *Switch
	index int
	vlan  uint16 // access ports
	nic   *nic   // nil for a trunk
	peer  *port  // the other end of a trunk
	busy  int64  // until then a frame leaves
	place *Place // a gateway on the trunk
	near  bool   // the end of the trunk the gateway calls "here"
}

// Switch adds a switch. The mirror port of a mirrored switch sees every frame that
// comes in at one of its ports.
func (w *World) Switch(name string, mirrored bool) *Switch {
	r := chance.Named(w.seed, "switch "+name)
	return &Switch{
		w: w, name: name, mirrored: mirrored,
		mac:    firedoor.MAC(0x00804f000000 | r.Next()&0xffffff),
		access: map[uint16][]*port{}, table: map[uint64]*location{},
	}
}

// Name is the name the switch was given.
func (s *Switch) Name() string { return s.name }

// Trunk joins two switches; the cable carries all VLANs. A cable that would close a
// ring stays dark, as a spanning tree would keep it, and Trunk returns false.
func (s *Switch) Trunk(t *Switch) bool {
	if s == t || s.reaches(t, nil) {
		return false
	}
	a := &port{sw: s, index: s.nextIndex()}
	b := &port{sw: t, index: t.nextIndex(), peer: a}
	a.peer = b
	s.trunks = append(s.trunks, a)
	t.trunks = append(t.trunks, b)
	return true
}

func (s *Switch) nextIndex() int { return len(s.ports) + len(s.trunks) + 1 }

func (s *Switch) reaches(t *Switch, from *port) bool {
	for _, p := range s.trunks {
		if p == from {
			continue
		}
		if p.peer.sw == t || p.peer.sw.reaches(t, p.peer) {
			return true
		}
	}
	return false
}

// plug gives an adapter a port of its own.
func (s *Switch) plug(n *nic, vlan uint16) {
	p := &port{sw: s, index: s.nextIndex(), vlan: vlan, nic: n}
	n.port = p
	s.access[vlan] = append(s.access[vlan], p)
	s.ports = append(s.ports, p)
}

// arrived handles a frame that is whole at the port; the reference is the switch's.
func (p *port) arrived(f *frame) {
	s := p.sw
	if p.nic != nil {
		f.vlan = p.vlan
		if p.nic.place != nil {
			if f = p.nic.place.pass(false, f); f == nil {
				return
			}
		}
	}
	if s.mirrored && !f.seen {
		s.w.record(f)
	}
	s.forward(p, f)
}

func (s *Switch) forward(from *port, f *frame) {
	dst, src := firedoor.MACFrom(f.buf[0:6]), firedoor.MACFrom(f.buf[6:12])
	vlan := uint64(f.vlan) << 48
	s.learn(uint64(src)|vlan, from)
	if dst>>4 == 0x0180c200000 { // IEEE 802.1Q table 8-1: never forwarded
		s.w.release(f)
		return
	}
	if !dst.IsGroup() {
		if l := s.table[uint64(dst)|vlan]; l != nil && s.w.now-l.at < int64(tableAge) {
			if l.port == from {
				s.w.release(f)
				return
			}
			l.port.send(f)
			return
		}
	}
	for _, p := range s.access[f.vlan] {
		if p != from {
			f.refs++
			p.send(f)
		}
	}
	for _, p := range s.trunks {
		if p != from {
			f.refs++
			p.send(f)
		}
	}
	s.w.release(f)
}

func (s *Switch) learn(key uint64, from *port) {
	l := s.table[key]
	if l == nil {
		if len(s.table) >= MaxTable {
			return
		}
		l = &location{}
		s.table[key] = l
	}
	l.port, l.at = from, s.w.now
}

// forget drops what was learned at a port: its cable was pulled.
func (s *Switch) forget(p *port, mac firedoor.MAC) {
	delete(s.table, uint64(mac)|uint64(p.vlan)<<48)
}

// send puts a frame on the cable of a port; the reference goes with it.
func (p *port) send(f *frame) {
	w := p.sw.w
	if p.nic != nil && !p.nic.wants(f) {
		w.release(f)
		return
	}
	mbit := int64(trunkMbit)
	if p.nic != nil {
		mbit = p.nic.mbit
	}
	start := max(w.now+int64(switchLatency), p.busy)
	if start-w.now > int64(egressMemory) {
		w.stats.Overflow++
		w.release(f)
		return
	}
	at := start + lineTime(f.n, mbit)
	p.busy = at
	if p.nic == nil {
		p.cross(at, f)
		return
	}
	if p.nic.place != nil {
		if f = p.nic.place.pass(true, f); f == nil {
			return
		}
		at += int64(placeLatency)
	}
	p.nic.arriving(at, f)
}

// cross sends a frame over a trunk.
func (p *port) cross(at int64, f *frame) {
	w := p.sw.w
	if p.place != nil {
		if f = p.place.pass(p.near, f); f == nil {
			return
		}
		at += int64(placeLatency)
	}
	if w.full() {
		w.release(f)
		return
	}
	w.queue.push(true, at, &event{kind: eventSwitch, port: p.peer, frame: f})
}

// full tells whether MaxFrames is reached, and counts the frame that is lost.
func (w *World) full() bool {
	if w.underWay <= MaxFrames {
		return false
	}
	w.stats.Overflow++
	return true
}

// lineTime is how long n bytes keep a line of so many Mbit/s busy, in nanoseconds,
// with preamble, checksum and gap (24 bytes).
func lineTime(n int, mbit int64) int64 { return int64(n+24) * 8000 / mbit }

// Announce lets the switch tell its neighbours who it is (LLDP, IEEE 802.1AB) on
// every port, once a period, and its mirror sees that too.
func (s *Switch) Announce(mac firedoor.MAC, description string, period time.Duration) {
	s.mac = mac
	when := chance.Named(s.w.seed, "lldp "+s.name)
	s.w.Every(when.Duration(period), period, func() bool {
		for _, p := range s.ports {
			if p.nic.up() {
				s.announce(p, description)
			}
		}
		for _, p := range s.trunks {
			s.announce(p, description)
		}
		return true
	})
}

func (s *Switch) announce(p *port, description string) {
	f := s.w.newFrame()
	s.w.stats.Frames++
	putEther(f.buf[:], 0x0180c200000e, s.mac, etherLLDP)
	b := f.buf[:headerLen]
	var id [7]byte
	id[0] = 4 // chassis: MAC address
	putMAC(id[1:], s.mac)
	b = lldp(b, 1, id[:])
	b = lldp(b, 2, append([]byte{5}, portName(p.index)...)) // port: interface name
	b = lldp(b, 3, []byte{0, 120})
	b = lldp(b, 4, portName(p.index))
	b = lldp(b, 5, []byte(s.name))
	b = lldp(b, 6, []byte(description))
	b = lldp(b, 7, []byte{0, 4, 0, 4}) // bridge
	b = lldp(b, 0, nil)
	f.n = len(b)
	f.trusted = true
	f.pad()
	if s.mirrored {
		s.w.record(f) // untagged: it belongs to the cable, not to a VLAN
	}
	p.send(f)
}

func lldp(b []byte, kind int, value []byte) []byte {
	value = value[:min(len(value), 255)]
	b = binary.BigEndian.AppendUint16(b, uint16(kind<<9|len(value)))
	return append(b, value...)
}

func portName(i int) []byte {
	return []byte{'p', 'o', 'r', 't', ' ', byte('0' + i/100%10), byte('0' + i/10%10), byte('0' + i%10)}
}
