package lan

import (
	"encoding/binary"
	"errors"
	"net/netip"
)

// What ends a connection otherwise than in order.
var (
	ErrReset       = errors.New("the other side reset the connection")
	ErrTimeout     = errors.New("the other side does not answer")
	ErrRefused     = errors.New("the other side refused the connection")
	ErrUnreachable = errors.New("there is no way to the other side")
	ErrFull        = errors.New("the host has no room for another connection")
	ErrAborted     = errors.New("this side reset the connection")
)

// Handler is the application's side of a connection.
type Handler interface {
	// Opened: the handshake is done.
	Opened(c *Conn)
	// Received: the next bytes, in order; b is borrowed.
	Received(c *Conn, b []byte)
	// Closed is called once, last: nil when the other side closed in order, else one of
	// the errors of this package. When the other side closes first, this side closes
	// too, after Closed and after what it still has to send.
	Closed(c *Conn, err error)
}

// state is that of RFC 9293 section 3.3.2.
type state uint8

const (
	closed state = iota
	synSent
	synReceived
	established
	finWait1
	finWait2
	closeWait
	closing
	lastAck
	timeWait
)

// connKey is what tells connections of a host apart, without pointers, so that it
// is quick to hash.
type connKey struct {
	peerHigh, peerLow, local uint64
	ports                    uint32
}

func keyOf(peer, local netip.AddrPort) connKey {
	a, b := peer.Addr().As16(), local.Addr().As16()
	return connKey{
		peerHigh: binary.BigEndian.Uint64(a[:8]), peerLow: binary.BigEndian.Uint64(a[8:]),
		local: binary.BigEndian.Uint64(b[8:]) ^ binary.BigEndian.Uint64(b[:8])*0x9e3779b97f4a7c15,
		ports: uint32(peer.Port())<<16 | uint32(local.Port()),
	}
}

// Conn is one end of a TCP connection.
type Conn struct {
	h           *Host
	handler     Handler
	key         connKey
	local, peer netip.AddrPort
	state       state
	passive     bool // the other side opened it
	told        bool // Closed was called
	listed      bool
	prev, next  *Conn // of the host

	head    [headerLen + ip6Len]byte // template of what stands before TCP
	headLen int
	ident   uint16 // IdentificationConnection
	ipSum   uint64 // over the template
	tcpSum  uint64 // over the pseudo header without the length
	hop     *neighbour

	// What is sent. out[from:] are the bytes from sequence number base on.
	out            []byte
	from           int
	base           uint32
	first          uint32 // initial sequence number
	una, nxt, top  uint32 // unacknowledged, next to send, end of what was ever sent
	wnd, wndMost   uint32 // the other side's window, and its largest
	wndSeq, wndAck uint32 // segment that told it
	wndShift       uint8
	mss            uint32
	finWanted      bool
	cwnd, slow     uint32 // congestion window, slow start threshold
	doubles        int
	recovering     bool
	recover        uint32
	tries          int

	// The time of a round trip, in ns (RFC 6298).
	rtt, rttVar, rto int64
	timing           bool
	timed            uint32
	timedAt          int64

	// What is received.
	want     uint32 // next sequence number
	edge     uint32 // end of the window told
	ownShift uint8
	owed     int // segments not acknowledged
	ackNow   bool
	late     []lateSegment
	lateFin  bool
	finSeq   uint32
	paused   bool
	held     []byte
	heardAt  int64

	stamps bool // timestamps agreed on
	stamp  uint32
	sacks  bool
	scales bool

	timers [3]timer
	probes int   // keep-alive probes without answer
	idle   int64 // the silence before the first of them, in ns; 0: none
}

type lateSegment struct {
	seq uint32
	b   []byte
}

// Host is whose connection this is.
func (c *Conn) Host() *Host { return c.h }

// Peer is the address of the other side.
func (c *Conn) Peer() netip.AddrPort { return c.peer }

// Local is the address of this side.
func (c *Conn) Local() netip.AddrPort { return c.local }

// Passive tells whether the other side opened the connection.
func (c *Conn) Passive() bool { return c.passive }

// Open tells whether bytes can be sent.
func (c *Conn) Open() bool {
	return (c.state == established || c.state == closeWait) && !c.finWanted
}

// ListenTCP answers connections to a port. accept is called for every SYN; a nil
// Handler refuses it. A nil accept ends listening; open connections stay.
func (h *Host) ListenTCP(port uint16, accept func(c *Conn) Handler) {
	if accept == nil {
		delete(h.tcp, port)
		return
	}
	h.tcp[port] = accept
}

// DialTCP opens a connection from a local port (0: an ephemeral one). What becomes of
// it the handler is told later, never before DialTCP returns.
func (h *Host) DialTCP(to netip.AddrPort, local uint16, handler Handler) *Conn {
	c := &Conn{h: h, handler: handler, peer: to}
	src := h.source(to.Addr())
	if local == 0 {
		local = h.ephemeral(func(p uint16) bool {
			_, taken := h.conns[keyOf(to, netip.AddrPortFrom(src, p))]
			return !taken && h.tcp[p] == nil
		})
	}
	c.local = netip.AddrPortFrom(src, local)
	if err := h.mayDial(c, local); err != nil {
		h.w.After(0, func() { c.tell(err) })
		return c
	}
	c.begin()
	c.state = synSent
	c.mss = 536
	h.enlist(c)
	c.sendSYN()
	return c
}

func (h *Host) mayDial(c *Conn, local uint16) error {
	if !h.powered {
		return ErrPower
	}
	if _, way := h.route(c.peer.Addr()); !way || !c.local.Addr().IsValid() {
		return ErrUnreachable
	}
	if old := h.conns[keyOf(c.peer, c.local)]; old != nil && old.state == timeWait {
		old.end(nil)
	}
	if h.open >= h.manners.Connections || local == 0 || h.conns[keyOf(c.peer, c.local)] != nil {
		return ErrFull
	}
	return nil
}

// begin sets what a connection starts from.
func (c *Conn) begin() {
	h := c.h
	m := h.manners
	c.key = keyOf(c.peer, c.local)
	c.first = h.sequence()
	c.una, c.nxt, c.top, c.base = c.first, c.first, c.first, c.first+1
	c.rto = int64(m.RTOInitial)
	if m.Identification == IdentificationConnection {
		c.ident = uint16(h.random.Next())
	}
	c.slow = 1 << 30
	c.heardAt = h.w.now
	c.template()
}

// sequence is the next initial sequence number.
func (h *Host) sequence() uint32 {
	switch h.manners.Sequence {
	case SequenceClock:
		return uint32((h.w.now-h.bootedAt)/4000) + h.ticks
	case SequenceStep:
		h.step += 64000
		sinceBoot := uint32((h.w.now-h.bootedAt)/500000000) * 64000
		return h.step + sinceBoot
	}
	return uint32(h.random.Next())
}

// template writes what stands before TCP in every segment of the connection.
func (c *Conn) template() {
	var f frame
	p := packet{src: c.local.Addr(), dst: c.peer.Addr(), proto: protoTCP}
	if p.dst.Is4() {
		flags := uint16(0)
		if c.h.manners.DontFragment {
			flags = dontFragment
		}
		c.h.head4(&f, p, 0, 0, flags)
		clear(f.buf[headerLen+10 : headerLen+12])
		clear(f.buf[headerLen+2 : headerLen+4])
		c.ipSum = sum(f.buf[headerLen:headerLen+ip4Len], 0)
	} else {
		c.h.head6(&f, p, 0)
	}
	c.headLen = copy(c.head[:], f.buf[:payloadAt(p.dst)])
	c.tcpSum = pseudo(p.src, p.dst, protoTCP, 0)
}

func (h *Host) enlist(c *Conn) {
	h.conns[c.key] = c
	c.listed = true
	c.prev = h.last
	if h.last != nil {
		h.last.next = c
	} else {
		h.first = c
	}
	h.last = c
	h.open++
}

func (h *Host) strike(c *Conn) {
	if !c.listed {
		return
	}
	c.listed = false
	if h.conns[c.key] == c {
		delete(h.conns, c.key)
	}
	if c.state == timeWait {
		h.waiting--
	} else {
		h.open--
	}
	if c.prev != nil {
		c.prev.next = c.next
	} else {
		h.first = c.next
	}
	if c.next != nil {
		c.next.prev = c.prev
	} else {
		h.last = c.prev
	}
}

// end forgets the connection and tells the handler, if it was not told before.
func (c *Conn) end(err error) {
	c.h.strike(c)
	c.state = closed
	for i := range c.timers {
		c.timers[i].due = 0
	}
	c.out, c.held, c.late = nil, nil, nil
	c.tell(err)
}

func (c *Conn) tell(err error) {
	if !c.told {
		c.told = true
		c.handler.Closed(c, err)
	}
}

// Send sends b after what was sent before. It returns false, and takes nothing, when
// the connection is not open, or when more than MaxSend bytes would wait.
func (c *Conn) Send(b []byte) bool {
	if !c.Open() || len(c.out)-c.from+len(b) > MaxSend {
		return false
	}
	if c.from > 0 && (c.from == len(c.out) || c.from > 4096) {
		c.out = c.out[:copy(c.out, c.out[c.from:])]
		c.from = 0
	}
	c.out = append(c.out, b...)
	c.push()
	return true
}

// Close closes this side once all is sent; what still comes is handed over. The
// handler is told when the other side has closed too.
func (c *Conn) Close() {
	if c.finWanted {
		return
	}
	switch c.state {
	case synSent:
		c.end(nil)
	case synReceived, established, closeWait:
		c.finWanted = true
		if c.state != synReceived {
			c.push()
		}
	}
}

// Reset throws the connection away and tells the other side.
func (c *Conn) Reset() {
	switch c.state {
	case closed:
		return
	case synSent, timeWait:
	default:
		c.segment(flagRST|flagACK, c.nxt, nil)
	}
	c.end(ErrAborted)
}

// Pause has the connection keep what it receives, and so close its window, until
// it is called with false: an application that does not come round to reading.
func (c *Conn) Pause(on bool) {
	if c.paused == on {
		return
	}
	c.paused = on
	if on || len(c.held) == 0 {
		return
	}
	held := c.held
	c.held = nil
	c.handler.Received(c, held)
	if c.state != closed {
		c.ackNow = true // the window is open again
		c.push()
	}
}
