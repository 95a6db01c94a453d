package lan

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"firedoor"

	"firedoor/internal/plant/chance"
)

// Config says what a host is.
type Config struct {
	Name    string         // unique in the world
	MAC     firedoor.MAC   // 0: none, which is an error
	Addr    netip.Prefix   // address and network; not valid: none yet (DHCP)
	More    []netip.Prefix // further addresses, IPv4 or IPv6
	Gateway netip.Addr     // IPv4 router; not valid: none
	VLAN    uint16         // of its port; 0: untagged in captures too
	Switch  *Switch
	Manners *Manners // nil: Linux
	NoIPv6  bool     // no link-local address although the kind has one
	Off     bool     // not powered at first
}

// Host is a station with one adapter and a stack of its own.
type Host struct {
	nic
	config      Config
	tcp         map[uint16]func(*Conn) Handler
	udp         map[uint16]func(from, to netip.AddrPort, b []byte)
	raw         map[uint16]func(src firedoor.MAC, payload []byte)
	groups      []netip.Addr
	conns       map[connKey]*Conn
	first, last *Conn // in the order of opening
	open        int   // of conns, those not in TIME-WAIT
	waiting     int   // in TIME-WAIT
	nextPort    uint16
	step        uint32 // SequenceStep
	ticks       uint32 // offset of the timestamp clock
	asked       map[uint32]*echo
	echoes      uint16
	pieces      []*pieces
	between     func(frame []byte) (drop bool)
	onPower     []func(on bool)
}

// Host adds a host, powered and plugged in, its caches empty.
func (w *World) Host(c Config) (*Host, error) {
	if c.Switch == nil || c.Switch.w != w {
		return nil, fmt.Errorf("%s: no switch of this world to plug into", c.Name)
	}
	if c.MAC == 0 || c.MAC.IsGroup() || c.MAC>>48 != 0 {
		return nil, fmt.Errorf("%s: %q is not the address of a station", c.Name, c.MAC)
	}
	if c.VLAN > 4094 {
		return nil, fmt.Errorf("%s: VLAN %d is above 4094", c.Name, c.VLAN)
	}
	if err := w.claim(c.Name); err != nil {
		return nil, err
	}
	h := &Host{
		config: c,
		tcp:    map[uint16]func(*Conn) Handler{}, udp: map[uint16]func(from, to netip.AddrPort, b []byte){},
		conns: map[connKey]*Conn{},
	}
	h.init(w, c.Name, h, c.MAC, c.Manners)
	h.powered = !c.Off
	h.gateway = c.Gateway
	h.ticks, h.step = uint32(h.random.Next()), uint32(h.random.Next())
	h.echoes = uint16(h.random.Next())
	h.firstPort()
	h.setAddrs(c.Addr)
	c.Switch.plug(&h.nic, c.VLAN)
	return h, nil
}

// setAddrs gives the host its addresses anew, with addr as the main one.
func (h *Host) setAddrs(addr netip.Prefix) {
	h.addrs = h.addrs[:0]
	if addr.IsValid() {
		h.addrs = append(h.addrs, addr)
	}
	h.addrs = append(h.addrs, h.config.More...)
	if h.manners.IPv6 && !h.config.NoIPv6 {
		h.addrs = append(h.addrs, netip.PrefixFrom(linkLocal(h.mac), 64))
	}
	h.refresh()
}

// Name is the name the host was given.
func (h *Host) Name() string { return h.name }

// World is where the host lives.
func (h *Host) World() *World { return h.w }

// MAC is the address of the adapter.
func (h *Host) MAC() firedoor.MAC { return h.mac }

// Addr is the main IPv4 address with its network; not valid when there is none.
func (h *Host) Addr() netip.Prefix {
	for _, p := range h.addrs {
		if p.Addr().Is4() {
			return p
		}
	}
	return netip.Prefix{}
}

// LinkLocal is the IPv6 link-local address; not valid when there is none.
func (h *Host) LinkLocal() netip.Addr {
	for _, p := range h.addrs {
		if p.Addr().IsLinkLocalUnicast() && p.Addr().Is6() {
			return p.Addr()
		}
	}
	return netip.Addr{}
}

// Manners are the host's own; they must not be changed.
func (h *Host) Manners() *Manners { return h.manners }

// SetManners makes the host a device of another kind. Open connections keep what
// they agreed on.
func (h *Host) SetManners(m *Manners) {
	h.setManners(m)
	h.firstPort()
	h.setAddrs(h.Addr())
}

// Random is the host's own generator, which depends on the seed and its name alone.
func (h *Host) Random() *chance.Random { return &h.random }

// Plug puts the cable in again; the host notices, and announces its addresses as its
// kind does.
func (h *Host) Plug() {
	if h.plugged {
		return
	}
	h.plugged = true
	if h.powered {
		h.arrive()
	}
}

// Unplug pulls the cable: nothing comes in or goes out, and nobody on the host is
// told. The switch forgets the address.
func (h *Host) Unplug() {
	h.plugged = false
	h.port.sw.forget(h.port, h.mac)
}

// Lossy makes the cable lose so many of a million frames, in each direction.
func (h *Host) Lossy(perMillion int) { h.lossy = perMillion }

// Powered tells whether the host has power.
func (h *Host) Powered() bool { return h.powered }

// OnPower adds somebody who is told when the power goes off or comes on.
func (h *Host) OnPower(fn func(on bool)) { h.onPower = append(h.onPower, fn) }

// ErrPower ends the connections of a host that lost its power.
var ErrPower = errors.New("the power went off")

// Power switches the host. Off: it is silent, its caches are empty, and its
// connections are gone without a word to the other side; their handlers here are told
// ErrPower. On: it announces its addresses as its kind does.
func (h *Host) Power(on bool) {
	if h.powered == on {
		return
	}
	h.powered = on
	if !on {
		h.port.sw.forget(h.port, h.mac)
		h.forgetAll()
		h.pieces = nil
		for h.first != nil {
			h.first.end(ErrPower)
		}
	} else {
		h.bootedAt = h.w.now
		h.firstPort()
		h.arrive()
	}
	for _, fn := range h.onPower {
		fn(on)
	}
}

// SetMAC gives the adapter another address, as when a device is replaced, and
// announces it.
func (h *Host) SetMAC(mac firedoor.MAC) {
	h.port.sw.forget(h.port, h.mac)
	h.mac = mac
	h.forgetAll()
	h.setAddrs(h.Addr())
	if h.powered {
		h.arrive()
	}
}

// SetAddr gives the host another main address and router, as a DHCP lease does, and
// announces it. A prefix that is not valid takes the address away.
func (h *Host) SetAddr(addr netip.Prefix, gateway netip.Addr) {
	h.gateway = gateway
	h.setAddrs(addr)
	if h.powered && addr.IsValid() {
		h.present(addr.Addr())
	}
}

// Virtual adds or takes away an address that moves between hosts, as redundant pairs
// have one. Taking it up is announced.
func (h *Host) Virtual(addr netip.Addr, on bool) {
	for i, a := range h.virtual {
		if a == addr {
			if !on {
				h.virtual = append(h.virtual[:i], h.virtual[i+1:]...)
				h.refresh()
			}
			return
		}
	}
	if !on {
		return
	}
	h.virtual = append(h.virtual, addr)
	h.refresh()
	if h.powered && addr.Is4() {
		h.announce(addr) // at once: this is what moves the address
		h.After(time.Second, func() { h.announce(addr) })
	}
}

// After calls do when d has passed, if the host has had power all the time.
func (h *Host) After(d time.Duration, do func()) {
	booted := h.bootedAt
	h.w.After(d, func() {
		if h.powered && h.bootedAt == booted {
			do()
		}
	})
}

// arrive announces all addresses of a host that came up.
func (h *Host) arrive() {
	for _, p := range h.addrs {
		if p.Addr().Is4() {
			h.present(p.Addr())
		}
	}
	for _, a := range h.virtual {
		if a.Is4() {
			h.announce(a)
		}
	}
	if h.LinkLocal().IsValid() {
		h.After(h.random.Duration(time.Second), h.arrive6)
	}
	for _, g := range h.groups {
		h.report(g)
	}
}

// present probes for an IPv4 address and then announces it, as the kind does.
func (h *Host) present(a netip.Addr) {
	at := time.Duration(0)
	for range h.manners.ARPProbes {
		h.After(at, func() { h.probe(a) })
		at += time.Second
	}
	for range h.manners.GratuitousARP {
		h.After(at, func() {
			if h.owns(a) {
				h.announce(a)
			}
		})
		at += announceEvery
	}
}

func (h *Host) frameIn(n *nic, f *frame) {
	if h.sniff != nil {
		h.sniff(f.bytes())
	}
	dst := firedoor.MACFrom(f.buf[0:6])
	if dst != h.mac && !dst.IsGroup() {
		return
	}
	var d datagram
	switch etherType(f.buf[:]) {
	case etherARP:
		h.arpIn(f)
	case etherIPv4:
		if open4(f, &d) {
			h.packet4(f, &d)
		}
	case etherIPv6:
		if open6(f, &d) {
			h.packet6(f, &d)
		}
	default:
		if fn := h.raw[etherType(f.buf[:])]; fn != nil {
			fn(firedoor.MACFrom(f.buf[6:12]), f.bytes()[headerLen:])
		}
	}
}

func (h *Host) packet4(f *frame, d *datagram) {
	dst := number4(d.dst)
	d.group = dst>>28 == 0xe || h.broadcast4(dst)
	if !h.owns4(dst) && !d.group {
		if h.between != nil {
			if !h.between(f.bytes()) {
				h.Forward(f.bytes())
			}
			return
		}
		if len(h.own4) != 0 || d.proto != protoUDP {
			return // a host is no router; one without an address may be offered one
		}
	}
	if d.offset&^dontFragment != 0 && !h.whole(d) {
		return
	}
	h.payload(f, d)
}

func (h *Host) packet6(f *frame, d *datagram) {
	d.group = d.dst.IsMulticast()
	if !d.group && !h.owns(d.dst) {
		return
	}
	h.payload(f, d)
}

func (h *Host) payload(f *frame, d *datagram) {
	switch d.proto {
	case protoTCP:
		if !d.group {
			h.segmentIn(f, d)
		}
	case protoUDP:
		h.udpIn(f, d)
	case protoICMP:
		h.icmpIn(f, d)
	case protoICMP6:
		h.icmp6In(f, d)
	}
}

// wanted says which group frames the host looks at.
func (h *Host) wanted(n *nic, f *frame) bool {
	b := f.bytes()
	switch etherType(b) {
	case etherARP:
		return h.arpWanted(f)
	case etherIPv4:
		if b[headerLen+9] == protoUDP && b[headerLen] == 0x45 {
			port := uint16(b[36])<<8 | uint16(b[37])
			if h.udp[port] == nil && binaryOffset(b) == 0 {
				return false
			}
		}
		if b[0] == 1 {
			return h.joined(netip.AddrFrom4([4]byte(b[30:34])))
		}
		return true
	case etherIPv6:
		return h.wanted6(b)
	}
	return h.raw[etherType(b)] != nil
}

func binaryOffset(b []byte) uint16 { return (uint16(b[20])<<8 | uint16(b[21])) & 0x1fff }

func (h *Host) joined(g netip.Addr) bool {
	for _, x := range h.groups {
		if x == g {
			return true
		}
	}
	return false
}

// ListenFrame hears frames of an EtherType (or, up to 1500, of a length) that reach
// the host; nil ends it. payload is borrowed.
func (h *Host) ListenFrame(etherType uint16, fn func(src firedoor.MAC, payload []byte)) {
	if fn == nil {
		delete(h.raw, etherType)
		return
	}
	if h.raw == nil {
		h.raw = map[uint16]func(firedoor.MAC, []byte){}
	}
	h.raw[etherType] = fn
}

// SendFrame sends a frame as it is: LLDP, PROFINET, or something forged. A payload
// longer than 1500 bytes is not sent.
func (h *Host) SendFrame(dst firedoor.MAC, etherType uint16, payload []byte) {
	if len(payload) > mtu {
		return
	}
	f := h.w.newFrame()
	putEther(f.buf[:], dst, h.mac, etherType)
	f.n = headerLen + copy(f.buf[headerLen:], payload)
	h.transmit(f)
}
