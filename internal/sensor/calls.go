package sensor

import (
	"firedoor"
	"firedoor/internal/packet"
	"firedoor/internal/protocol"
)

// Some tools ask everybody: their request goes from a port of its own to the broadcast address, and
// so does the answer, back to that port. Neither names the other end, and flows and lanes hang on
// addresses. So before a lane is chosen an answer gets the address of its caller, and a call that of
// whoever answers this caller. Only calls to ports of protocols that somebody registered, from ports
// that a client chose: where both are a protocol's (BACnet, DHCP) a datagram does not say which of them it is.
//
// The first call of a caller still goes to everybody: who will answer is not known yet, and to wait
// for it would make what is told hang on how frames come in epochs.

// Limits of what is remembered of calls. Past them the oldest call is forgotten, and the caller who
// was answered longest ago.
const (
	maxCalls   = 256
	maxCallers = 256
)

// everybody is the address of a call: that of the own network is as good, but nobody says which it is.
var everybody = firedoor.IPv4(0xffffffff)

// calls remembers who called everybody, and who answers whom.
type calls struct {
	recent    []call // a ring
	next      int
	callers   []caller
	forgotten uint64 // callers
}

// call is one that may still be answered.
type call struct {
	segment    firedoor.Segment
	from       firedoor.IP
	port, back uint16 // that was asked, and where the answer goes
	time       int64
}

// caller is one that was answered.
type caller struct {
	segment  firedoor.Segment
	ip       firedoor.IP
	port     uint16 // that it asks
	server   firedoor.IP
	answered int64
	others   int64 // when another one than before answered, 0 if never
}

// servedPorts are the UDP ports where a protocol of a list is usually found.
func servedPorts(list []*protocol.Protocol) map[uint16]bool {
	served := map[uint16]bool{}
	for _, p := range list {
		for _, port := range p.UDP {
			served[port] = true
		}
	}
	return served
}

// called gives a datagram to everybody its other end, and tells whether that is known.
func (s *feed) called(it *item) bool {
	if it.Layer != packet.LayerTransport || it.Proto != packet.UDP || it.SrcIP.IsUnspecified() || it.SrcPort == it.DstPort {
		return false
	}
	if s.serves(it.SrcPort, it.DstPort) {
		it.DstIP = s.calls.answer(it)
	}
	if it.DstIP == everybody && s.serves(it.DstPort, it.SrcPort) {
		it.DstIP = s.calls.ask(it)
	}
	return it.DstIP != everybody
}

// serves tells whether a port is a protocol's and another one may be that of who asks there.
func (s *feed) serves(port, other uint16) bool {
	return s.served[port] && (!s.served[other] || other >= firstEphemeral)
}

// ask remembers a call and gives the address of whoever answers its caller, or everybody's.
func (c *calls) ask(it *item) firedoor.IP {
	one := call{segment: it.Segment, from: it.SrcIP, port: it.DstPort, back: it.SrcPort, time: it.Time}
	if len(c.recent) < maxCalls {
		c.recent = append(c.recent, one)
	} else {
		c.recent[c.next] = one
		c.next = (c.next + 1) % maxCalls
	}
	who := c.caller(it.Segment, it.SrcIP, it.DstPort)
	if who == nil || it.Time-who.answered > idleOpen || who.others != 0 && it.Time-who.others <= idleUDP {
		return everybody
	}
	return who.server
}

// answer gives the address of the latest caller that a datagram may be for, and remembers who answers it.
func (c *calls) answer(it *item) firedoor.IP {
	for i := range c.recent {
		one := &c.recent[(c.next+len(c.recent)-1-i)%len(c.recent)]
		if one.back != it.DstPort || one.port != it.SrcPort || one.segment != it.Segment || one.from == it.SrcIP || it.Time-one.time > answerLimit {
			continue
		}
		who := c.callerOf(one)
		if who.server != it.SrcIP {
			if !who.server.IsZero() && it.Time-who.answered <= idleUDP {
				who.others = it.Time
			}
			who.server = it.SrcIP
		}
		who.answered = it.Time
		return one.from
	}
	return everybody
}

// caller finds one that was answered, nil if none was.
func (c *calls) caller(segment firedoor.Segment, ip firedoor.IP, port uint16) *caller {
	for i := range c.callers {
		if w := &c.callers[i]; w.ip == ip && w.port == port && w.segment == segment {
			return w
		}
	}
	return nil
}

// callerOf finds or makes the one that called.
func (c *calls) callerOf(one *call) *caller {
	if w := c.caller(one.segment, one.from, one.port); w != nil {
		return w
	}
	if len(c.callers) < maxCallers {
		c.callers = append(c.callers, caller{})
		w := &c.callers[len(c.callers)-1]
		w.segment, w.ip, w.port = one.segment, one.from, one.port
		return w
	}
	oldest := &c.callers[0]
	for i := range c.callers {
		if w := &c.callers[i]; w.answered < oldest.answered {
			oldest = w
		}
	}
	c.forgotten++
	*oldest = caller{segment: one.segment, ip: one.from, port: one.port}
	return oldest
}
