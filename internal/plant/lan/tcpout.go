package lan

import "encoding/binary"

const (
	flagFIN = 1
	flagSYN = 2
	flagRST = 4
	flagPSH = 8
	flagACK = 16

	tcpLen = 20
)

// sendSYN sends the first segment of this side, or sends it again.
func (c *Conn) sendSYN() {
	flags := byte(flagSYN)
	if c.passive {
		flags |= flagACK
	}
	c.nxt, c.top = c.first+1, c.first+1
	if c.tries == 0 {
		c.startTiming(c.first)
	}
	c.segment(flags, c.first, nil)
	c.arm(timerSend, c.h.w.now+c.rto)
}

func (c *Conn) startTiming(seq uint32) {
	if !c.timing {
		c.timing, c.timed, c.timedAt = true, seq, c.h.w.now
	}
}

// segment sends one segment. Options follow from the flags and from what was agreed.
func (c *Conn) segment(flags byte, seq uint32, data []byte) {
	h := c.h
	f := h.w.newFrame()
	copy(f.buf[:], c.head[:c.headLen])
	b := f.buf[c.headLen:]
	options := 0
	if flags&flagSYN != 0 {
		options = c.synOptions(b[tcpLen:])
	} else if flags&flagRST == 0 {
		options = c.usualOptions(b[tcpLen:], len(data) == 0)
	}
	head := tcpLen + options
	binary.BigEndian.PutUint16(b[0:], c.local.Port())
	binary.BigEndian.PutUint16(b[2:], c.peer.Port())
	binary.BigEndian.PutUint32(b[4:], seq)
	ack := uint32(0)
	if flags&flagACK != 0 {
		ack = c.want
	}
	binary.BigEndian.PutUint32(b[8:], ack)
	b[12], b[13] = byte(head<<2), flags
	binary.BigEndian.PutUint16(b[14:], c.ownWindow(flags))
	binary.BigEndian.PutUint32(b[16:], 0) // checksum, urgent pointer
	copy(b[head:], data)
	size := head + len(data)
	binary.BigEndian.PutUint16(b[16:], fold(sum(b[:size], c.tcpSum+uint64(size))))
	c.owed, c.ackNow = 0, false
	c.timers[timerAck].due = 0
	c.dispatch(f, size)
}

// dispatch ends the IP header of a segment and sends it.
func (c *Conn) dispatch(f *frame, size int) {
	h := c.h
	ip := f.buf[headerLen:]
	if c.headLen == headerLen+ip4Len {
		ident := c.nextIdent()
		binary.BigEndian.PutUint16(ip[2:], uint16(ip4Len+size))
		binary.BigEndian.PutUint16(ip[4:], ident)
		binary.BigEndian.PutUint16(ip[10:], fold(c.ipSum+uint64(ip4Len+size)+uint64(ident)))
	} else {
		binary.BigEndian.PutUint16(ip[4:], uint16(size))
	}
	f.n = c.headLen + size
	f.trusted = true
	if c.hop == nil || c.hop.dead {
		if h.owns(c.peer.Addr()) {
			h.loop(f)
			return
		}
		hop, ok := h.route(c.peer.Addr())
		if !ok {
			h.w.release(f)
			return
		}
		c.hop = h.near(hop)
	}
	h.sendVia(c.hop, f)
}

func (c *Conn) nextIdent() uint16 {
	if c.h.manners.Identification != IdentificationConnection {
		return c.h.nextIdent(c.h.manners.DontFragment)
	}
	if c.state == synReceived || c.state == closed {
		return 0
	}
	c.ident++
	return c.ident
}

// ownWindow is the window field of a segment.
func (c *Conn) ownWindow(flags byte) uint16 {
	if flags&flagRST != 0 {
		return 0
	}
	m := c.h.manners
	room := m.Buffer
	if flags&flagSYN != 0 {
		room = uint32(m.Window)
	}
	room -= min(uint32(len(c.held)), room)
	shift := c.ownShift
	if flags&flagSYN != 0 {
		shift = 0
	}
	field := min(room>>shift, 0xffff)
	// What was promised stays promised, though scaling rounds down.
	if edge := c.want + field<<shift; flags&flagSYN != 0 || after(edge, c.edge) {
		c.edge = edge
	}
	return uint16(field)
}

// push sends what there is to send and what the windows allow, and then an
// acknowledgement if one is owed.
func (c *Conn) push() {
	for c.state >= established && c.one() {
	}
	if c.state == closed {
		return
	}
	if c.ackNow {
		c.segment(flagACK, c.nxt, nil)
	} else if c.owed > 0 {
		if c.timers[timerAck].due == 0 {
			c.arm(timerAck, c.h.w.now+int64(c.h.manners.DelayedAck))
		}
	}
}

// one sends one segment of new or repeated data, or the FIN; false when there is
// nothing to send now.
func (c *Conn) one() bool {
	queued := uint32(len(c.out) - c.from)
	done := c.nxt - c.base
	if done > queued { // the FIN is out
		return false
	}
	left := queued - done
	flight := c.nxt - c.una
	window := min(c.wnd, c.cwnd)
	room := window - min(flight, window)
	n := min(left, c.mss, room)
	fin := c.finWanted && n == left && (room > n || left == 0)
	if n == 0 && !fin {
		if left > 0 && flight == 0 && c.timers[timerSend].due == 0 {
			c.arm(timerSend, c.h.w.now+c.rto) // the window is shut: probe it
		}
		return false
	}
	if n < left && n < c.mss && n < c.wndMost>>1 && flight > 0 {
		return false // no silly segments (RFC 9293 section 3.8.6.2.1)
	}
	flags := byte(flagACK)
	if n > 0 && n == left {
		flags |= flagPSH
	}
	end := c.nxt + n
	if fin {
		flags |= flagFIN
		end++
		c.finOut()
	}
	seq := c.nxt
	repeated := after(c.top, seq)
	c.nxt = end
	if after(end, c.top) {
		c.top = end
	}
	if repeated {
		c.h.w.stats.Retries++
	} else {
		c.startTiming(seq)
	}
	c.segment(flags, seq, c.out[c.from+int(done):c.from+int(done+n)])
	if c.timers[timerSend].due == 0 || flight == 0 {
		c.arm(timerSend, c.h.w.now+c.rto)
	}
	return true
}

// finOut moves the state on when the FIN goes out.
func (c *Conn) finOut() {
	switch c.state {
	case established:
		c.state = finWait1
	case closeWait:
		c.state = lastAck
	}
}

// repeatFirst sends the oldest unacknowledged segment again.
func (c *Conn) repeatFirst() {
	queued := uint32(len(c.out) - c.from)
	done := c.una - c.base
	flags := byte(flagACK)
	n := uint32(0)
	if done <= queued {
		n = min(queued-done, c.mss, c.top-c.una)
	}
	if n > 0 && done+n == queued {
		flags |= flagPSH
	}
	if c.finWanted && done+n == queued && c.top-c.una > n && c.state >= finWait1 {
		flags |= flagFIN
	}
	c.timing = false // Karn
	c.h.w.stats.Retries++
	at := c.from + int(min(done, queued))
	c.segment(flags, c.una, c.out[at:at+int(n)])
	c.arm(timerSend, c.h.w.now+c.rto)
}

// after tells whether a sequence number comes after another.
func after(a, b uint32) bool { return int32(a-b) > 0 }

// refuse answers a segment that belongs to no connection (RFC 9293 section 3.10.7.1).
func (h *Host) refuse(d *datagram, s *segment) {
	if s.flags&flagRST != 0 {
		return
	}
	r := Segment{From: s.to(d), To: s.from(d), Flags: flagRST}
	if s.flags&flagACK != 0 {
		r.Seq = s.ack
	} else {
		r.Flags |= flagACK
		r.Ack = s.seq + s.length()
	}
	h.SendTCP(r)
}
