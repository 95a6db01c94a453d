package lan

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// segment is a TCP segment that came in.
type segment struct {
	src, dst   uint16
	seq, ack   uint32
	flags      byte
	window     uint16
	data       []byte // borrowed
	mss        uint16
	scale      int8 // -1: not offered
	sack       bool
	stamps     bool
	stampValue uint32
}

func (s *segment) from(d *datagram) netip.AddrPort { return netip.AddrPortFrom(d.src, s.src) }
func (s *segment) to(d *datagram) netip.AddrPort   { return netip.AddrPortFrom(d.dst, s.dst) }

// length is what the segment takes of the sequence space.
func (s *segment) length() uint32 {
	return uint32(len(s.data)) + uint32(s.flags>>1&1) + uint32(s.flags&1)
}

func (s *segment) parse(b []byte) bool {
	if len(b) < tcpLen {
		return false
	}
	head := int(b[12]>>4) << 2
	if head < tcpLen || head > len(b) {
		return false
	}
	s.src, s.dst = binary.BigEndian.Uint16(b[0:]), binary.BigEndian.Uint16(b[2:])
	s.seq, s.ack = binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:])
	s.flags, s.window = b[13], binary.BigEndian.Uint16(b[14:])
	s.data, s.scale = b[head:], -1
	s.options(b[tcpLen:head])
	return true
}

func (s *segment) options(b []byte) {
	for len(b) > 0 && Option(b[0]) != OptionEnd {
		if Option(b[0]) == OptionNOP {
			b = b[1:]
			continue
		}
		if len(b) < 2 || b[1] < 2 || int(b[1]) > len(b) {
			return
		}
		value := b[2:b[1]]
		switch o := Option(b[0]); {
		case o == OptionMSS && len(value) == 2:
			s.mss = binary.BigEndian.Uint16(value)
		case o == OptionScale && len(value) == 1:
			s.scale = int8(min(value[0], 14))
		case o == OptionSACK:
			s.sack = true
		case o == OptionTimestamps && len(value) == 8:
			s.stamps, s.stampValue = true, binary.BigEndian.Uint32(value)
		}
		b = b[b[1]:]
	}
}

func (h *Host) segmentIn(f *frame, d *datagram) {
	var s segment
	if !s.parse(d.payload) || !d.sound(f) {
		return
	}
	c := h.conns[keyOf(s.from(d), s.to(d))]
	if c != nil && c.state == timeWait && s.flags&(flagSYN|flagACK|flagRST) == flagSYN && after(s.seq, c.want) {
		c.end(nil) // the port is used again
		c = nil
	}
	if c == nil {
		h.stranger(d, &s)
		return
	}
	switch c.state {
	case synSent:
		c.inSynSent(d, &s)
	case timeWait:
		c.inTimeWait(&s)
	default:
		c.in(d, &s)
	}
}

// stranger handles a segment that belongs to no connection.
func (h *Host) stranger(d *datagram, s *segment) {
	accept := h.tcp[s.dst]
	if s.flags&(flagSYN|flagACK|flagRST) != flagSYN || accept == nil {
		h.refuse(d, s)
		return
	}
	if h.open >= h.manners.Connections {
		if h.manners.RefuseWhenFull {
			h.refuse(d, s)
		}
		return
	}
	c := &Conn{h: h, peer: s.from(d), local: s.to(d), passive: true}
	c.begin()
	c.handler = accept(c)
	if c.handler == nil {
		h.refuse(d, s)
		return
	}
	c.state = synReceived
	c.want = s.seq + 1
	c.agree(s)
	h.enlist(c)
	c.sendSYN()
}

// inSynSent handles what answers our SYN (RFC 9293 section 3.10.7.3).
func (c *Conn) inSynSent(d *datagram, s *segment) {
	if s.flags&flagACK != 0 && s.ack != c.first+1 {
		c.h.refuse(d, s)
		return
	}
	if s.flags&flagRST != 0 {
		if s.flags&flagACK != 0 {
			c.end(ErrRefused)
		}
		return
	}
	if s.flags&(flagSYN|flagACK) != flagSYN|flagACK {
		return
	}
	c.want = s.seq + 1
	c.edge = c.want
	c.agree(s)
	c.una = s.ack
	c.establish(s)
	c.segment(flagACK, c.nxt, nil)
	c.handler.Opened(c)
	c.push()
}

// establish begins the life of a connection, by whichever side it was opened.
func (c *Conn) establish(s *segment) {
	if c.timing && c.tries == 0 {
		c.timing = false
		c.measure(c.h.w.now - c.timedAt)
	}
	c.timing = false
	c.tries = 0
	c.timers[timerSend].due = 0
	c.state = established
	c.heard()
	if k := c.h.manners.KeepAlive; k > 0 {
		// Such timers are looked at every half second, at each host at its own moment:
		// else two equal devices would probe each other at the same time for ever.
		c.idle = int64(k + c.h.random.Duration(500*time.Millisecond))
		c.arm(timerIdle, c.h.w.now+c.idle)
	}
}

// heard notes that the other side is there.
func (c *Conn) heard() {
	c.heardAt = c.h.w.now
	c.probes = 0
	if c.hop != nil && c.hop.mac != 0 && c.h.manners.ARPConfirm {
		c.hop.expires = c.heardAt + int64(c.h.manners.ARPLifetime)
	}
}

func (c *Conn) inTimeWait(s *segment) {
	switch {
	case s.flags&flagRST != 0:
		c.end(nil)
	case s.length() > 0:
		c.segment(flagACK, c.nxt, nil)
	}
}

// in handles a segment of an open connection (RFC 9293 section 3.10.7.4).
func (c *Conn) in(d *datagram, s *segment) {
	if !c.acceptable(s) {
		c.heard()
		switch {
		case s.flags&flagRST != 0:
		case c.state == synReceived && s.flags&flagSYN != 0:
			c.sendSYN()
		default:
			c.segment(flagACK, c.nxt, nil)
		}
		return
	}
	if s.flags&flagRST != 0 {
		c.end(ErrReset)
		return
	}
	if s.flags&flagSYN != 0 {
		c.segment(flagACK, c.nxt, nil)
		return
	}
	if s.flags&flagACK == 0 {
		return
	}
	if c.state == synReceived && !c.opened(d, s) {
		return
	}
	c.heard()
	if s.stamps && c.stamps && !after(s.seq, c.want) {
		c.stamp = s.stampValue
	}
	c.acknowledged(s)
	if c.state == closed {
		return
	}
	c.data(s)
	if c.state != closed {
		c.push()
	}
}

// opened ends the handshake on the passive side.
func (c *Conn) opened(d *datagram, s *segment) bool {
	if s.ack != c.first+1 {
		c.h.refuse(d, s)
		return false
	}
	c.una = s.ack
	c.wnd = uint32(s.window) << c.wndShift
	c.wndMost = max(c.wnd, c.wndMost)
	c.establish(s)
	c.handler.Opened(c)
	return c.state != closed
}

// acceptable is the test of RFC 9293 section 3.4 for what lies in the window.
func (c *Conn) acceptable(s *segment) bool {
	size, room := s.length(), c.edge-c.want
	start, end := s.seq-c.want, s.seq+size-1-c.want // distances, when not negative
	if size == 0 {
		return start == 0 || start < room
	}
	return room > 0 && (start < room || end < room)
}

// acknowledged handles the acknowledgement and the window of a segment.
func (c *Conn) acknowledged(s *segment) {
	if after(s.ack, c.top) {
		c.ackNow = true // of what was never sent
		return
	}
	window := uint32(s.window) << c.wndShift
	switch {
	case after(s.ack, c.una):
		c.advance(s.ack)
	case s.ack == c.una && len(s.data) == 0 && s.flags&flagFIN == 0 && window == c.wnd && c.top != c.una:
		c.double()
	}
	if c.state == closed {
		return
	}
	if after(s.seq, c.wndSeq) || s.seq == c.wndSeq && !after(c.wndAck, s.ack) {
		if window > 0 && c.wnd == 0 && c.nxt == c.una {
			c.timers[timerSend].due = 0 // no more probing
		}
		c.wnd, c.wndSeq, c.wndAck = window, s.seq, s.ack
		c.wndMost = max(c.wndMost, window)
	}
	if c.wnd == 0 {
		c.tries = 0 // it answers: it may keep its window shut as long as it likes
	}
}

// advance takes in that everything before ack has arrived.
func (c *Conn) advance(ack uint32) {
	if c.timing && after(ack, c.timed) {
		c.timing = false
		c.measure(c.h.w.now - c.timedAt)
	}
	count := ack - c.una
	c.una = ack
	queued := uint32(len(c.out) - c.from)
	gone := min(ack-c.base, queued)
	c.from += int(gone)
	c.base += gone
	if after(c.una, c.nxt) {
		c.nxt = c.una
	}
	c.tries, c.doubles = 0, 0
	c.settle()
	c.grow(ack, count)
	if c.una == c.top {
		c.timers[timerSend].due = 0
	} else {
		c.arm(timerSend, c.h.w.now+c.rto)
	}
	if c.finWanted && c.una == c.base+1 && c.from == len(c.out) {
		c.finAcknowledged()
	}
}

// grow moves the congestion window (RFC 5681, RFC 6582).
func (c *Conn) grow(ack, count uint32) {
	switch {
	case c.recovering && !after(c.recover, ack):
		c.recovering = false
		c.cwnd = c.slow
	case c.recovering:
		c.repeatFirst()
	case c.cwnd < c.slow:
		c.cwnd += min(count, c.mss)
	default:
		step := c.mss * c.mss / c.cwnd
		c.cwnd += max(step, 1)
	}
	c.cwnd = min(c.cwnd, MaxSend)
}

// double handles an acknowledgement that says nothing new: something was lost.
func (c *Conn) double() {
	c.doubles++
	if c.recovering {
		c.cwnd = min(c.cwnd+c.mss, MaxSend)
		return
	}
	if c.doubles == 3 {
		c.slow = max((c.top-c.una)>>1, c.mss<<1)
		c.cwnd = c.slow
		c.recovering, c.recover = true, c.top
		c.repeatFirst()
	}
}

func (c *Conn) finAcknowledged() {
	switch c.state {
	case finWait1:
		c.state = finWait2
		c.arm(timerSend, c.h.w.now+int64(c.h.manners.TimeWait))
	case closing:
		c.waitTime()
	case lastAck:
		c.end(nil)
	}
}

// waitTime enters TIME-WAIT.
func (c *Conn) waitTime() {
	if c.h.waiting >= MaxTimeWait {
		c.segment(flagACK, c.nxt, nil)
		c.end(nil)
		return
	}
	c.h.open--
	c.h.waiting++
	c.state = timeWait
	c.out, c.held, c.late = nil, nil, nil
	c.from = 0
	c.timers[timerIdle].due = 0
	c.arm(timerSend, c.h.w.now+int64(c.h.manners.TimeWait))
}

// data takes in the bytes of a segment, and those that waited for them.
func (c *Conn) data(s *segment) {
	if c.state != established && c.state != finWait1 && c.state != finWait2 {
		return
	}
	seq, b := s.seq, s.data
	if s.flags&flagFIN != 0 {
		c.lateFin, c.finSeq = true, seq+uint32(len(b))
	}
	if after(c.want, seq) {
		b = b[min(c.want-seq, uint32(len(b))):]
		seq = c.want
	}
	if over := seq + uint32(len(b)) - c.edge; int32(over) > 0 {
		b = b[:len(b)-int(min(over, uint32(len(b))))]
	}
	if after(seq, c.want) {
		c.ackNow = true
		c.keep(seq, b)
		return
	}
	if len(b) > 0 {
		c.owed++
		m := c.h.manners
		if c.owed >= m.AckEvery || m.DelayedAck == 0 || len(c.late) > 0 {
			c.ackNow = true
		}
		c.deliver(b)
	}
	c.deliverLate()
	if c.state != closed && c.lateFin && c.finSeq == c.want {
		c.finIn()
	}
}

// keep stores what came before its turn, in order.
func (c *Conn) keep(seq uint32, b []byte) {
	if len(b) == 0 || len(c.late) >= MaxLate {
		return
	}
	at := len(c.late)
	for at > 0 && after(c.late[at-1].seq, seq) {
		at--
	}
	if at > 0 && c.late[at-1].seq == seq && len(c.late[at-1].b) >= len(b) {
		return
	}
	c.late = append(c.late, lateSegment{})
	copy(c.late[at+1:], c.late[at:])
	c.late[at] = lateSegment{seq, append([]byte(nil), b...)}
}

func (c *Conn) deliverLate() {
	for c.state != closed && len(c.late) > 0 && !after(c.late[0].seq, c.want) {
		l := c.late[0]
		c.late = c.late[:copy(c.late, c.late[1:])]
		if skip := c.want - l.seq; skip < uint32(len(l.b)) {
			c.deliver(l.b[skip:])
		}
	}
}

// deliver hands over the next bytes.
func (c *Conn) deliver(b []byte) {
	c.want += uint32(len(b))
	if c.paused {
		c.held = append(c.held, b...)
		return
	}
	c.handler.Received(c, b)
}

// finIn handles that the other side has sent all it will send.
func (c *Conn) finIn() {
	c.want++
	c.lateFin = false
	c.ackNow = true
	if len(c.held) > 0 {
		c.Pause(false)
		if c.state == closed {
			return
		}
	}
	switch c.state {
	case established:
		c.state = closeWait
		c.tell(nil)
		c.Close()
	case finWait1:
		c.state = closing
		c.tell(nil)
	case finWait2:
		c.waitTime()
		c.tell(nil)
	}
}
