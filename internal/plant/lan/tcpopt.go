package lan

import "encoding/binary"

// synOptions writes the options of a SYN as the kind does. A SYN-ACK leaves out what
// the other side did not offer, and pads the rest.
func (c *Conn) synOptions(b []byte) int {
	m := c.h.manners
	n, left := 0, false
	for _, o := range m.Options {
		left = left || c.passive && !c.agreed(o)
	}
	for _, o := range m.Options {
		if left && (o == OptionNOP || o == OptionEnd || !c.agreed(o)) {
			continue
		}
		if left && o != OptionMSS { // each on its own words
			for pad := paddingOf(o); pad > 0; pad-- {
				b[n] = byte(OptionNOP)
				n++
			}
		}
		n += c.option(b[n:], o)
	}
	for n&3 != 0 {
		b[n] = byte(OptionEnd)
		n++
	}
	return n
}

// agreed tells whether an option may be sent, given what the other side offered.
func (c *Conn) agreed(o Option) bool {
	switch o {
	case OptionScale:
		return !c.passive || c.scales
	case OptionTimestamps:
		return !c.passive || c.stamps
	case OptionSACK:
		return !c.passive || c.sacks
	}
	return true
}

// paddingOf is what stands before an option that has its words to itself.
func paddingOf(o Option) int {
	if o == OptionScale {
		return 1
	}
	return 2
}

// option writes one option and returns its length.
func (c *Conn) option(b []byte, o Option) int {
	m := c.h.manners
	b[0] = byte(o)
	switch o {
	case OptionMSS:
		b[1] = 4
		mss := m.MSS
		if !c.peer.Addr().Is4() {
			mss = min(mss, mtu-ip6Len-tcpLen)
		}
		binary.BigEndian.PutUint16(b[2:], mss)
		return 4
	case OptionScale:
		b[1], b[2] = 3, byte(max(m.WindowScale, 0))
		return 3
	case OptionSACK:
		b[1] = 2
		return 2
	case OptionTimestamps:
		b[1] = 10
		binary.BigEndian.PutUint32(b[2:], c.h.tick())
		binary.BigEndian.PutUint32(b[6:], c.stamp)
		return 10
	}
	return 1
}

// tick is the timestamp clock (RFC 7323 section 4.1).
func (h *Host) tick() uint32 {
	hz := int64(h.manners.TimestampHz)
	up := h.w.now - h.bootedAt
	whole := up / 1000000000 * hz
	part := up % 1000000000 * hz / 1000000000
	return uint32(whole) + uint32(part)
}

// usualOptions writes the options of a segment after the first: timestamps, and in
// pure acknowledgements what came out of turn (RFC 2018).
func (c *Conn) usualOptions(b []byte, pure bool) int {
	n := 0
	if c.stamps {
		b[0], b[1] = byte(OptionNOP), byte(OptionNOP)
		n = 2 + c.option(b[2:], OptionTimestamps)
	}
	if !c.sacks || !pure || len(c.late) == 0 {
		return n
	}
	b[n], b[n+1], b[n+2] = byte(OptionNOP), byte(OptionNOP), 5
	at := n + 4
	for i, blocks := 0, 0; i < len(c.late) && blocks < 3; blocks++ {
		first := c.late[i].seq
		end := first
		for ; i < len(c.late) && !after(c.late[i].seq, end); i++ {
			if stop := c.late[i].seq + uint32(len(c.late[i].b)); after(stop, end) {
				end = stop
			}
		}
		binary.BigEndian.PutUint32(b[at:], first)
		binary.BigEndian.PutUint32(b[at+4:], end)
		at += 8
	}
	b[n+3] = byte(at - n - 2)
	return at
}

// agree takes in the options of the other side's first segment.
func (c *Conn) agree(s *segment) {
	m := c.h.manners
	mss := m.MSS
	if !c.peer.Addr().Is4() {
		mss = min(mss, mtu-ip6Len-tcpLen)
	}
	c.mss = uint32(min(or(s.mss, 536), mss))
	c.mss = max(c.mss, 64) // an offer of next to nothing is an attack of its own
	c.stamps = s.stamps && m.has(OptionTimestamps)
	if c.stamps {
		c.stamp = s.stampValue
		c.mss -= 12
	}
	c.sacks = s.sack && m.has(OptionSACK)
	c.scales = s.scale >= 0 && m.WindowScale >= 0 && m.has(OptionScale)
	if c.scales {
		c.ownShift, c.wndShift = uint8(m.WindowScale), uint8(min(s.scale, 14))
	}
	c.cwnd = c.mss * uint32(m.InitialSegments)
	c.wnd, c.wndMost = uint32(s.window), uint32(s.window)
	c.wndSeq, c.wndAck = s.seq, s.ack
}
