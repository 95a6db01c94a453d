package sensor

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/baseline"
	"firedoor/internal/flow"
	"firedoor/internal/packet"
	"firedoor/internal/protocol"
	"firedoor/internal/reassembly"
)

// conn is what a lane knows of one flow. Arrays are by side: 0 sent by the
// lower end of the flow's key, 1 by the higher.
//
// What every packet touches comes first in each part, and the parts begin where a
// cache line of 64 bytes does (a test says so): thousands of connections take turns,
// and every line of theirs is a wait.
type conn struct {
	asks    int32  // oldest unanswered operation, -1
	askEnd  int32  // newest
	conv    int32  // conversation, -1 while none
	joined  int32  // the flow this is a part of (a stripped VLAN tag, another port), -1
	expects uint32 // version of the lane's expectations last looked at
	proto   uint8
	flags   connFlags
	filed   *protocol.Protocol // what the conversation is filed under
	run     protocol.Runner
	first   int64
	opened  firedoor.FrameRef
	rhythm  *baseline.Rhythm // of a flow that nobody can read, once it goes on for a while
	_       uint64

	half [2]half

	end  [2]firedoor.Endpoint
	head []byte // the members all its event lines share
	_    [5]uint64
}

// half is what one side sent.
type half struct {
	stream  reassembly.Stream
	mac     firedoor.MAC // of its latest packet
	last    int64
	bytes   uint64
	packets uint32
	seen    signatures

	accountedBytes uint64 // of those above, what the conversation knows
	accounted      uint32
}

type connFlags uint16

const (
	sawFIN0 connFlags = 1 << iota
	sawFIN1
	sawRST
	isEncrypted
	beganLearning // it began in the learning part
	untold        // its conversation is new, and nobody was told yet
	kept          // it carried operations: others make room before it
	hasEarly      // bytes were kept while nobody knew their protocol
	toAll         // what its ends say was sent to everybody
	resumed       // it was live when the state was stored that this sensor went on from
)

// twoSided tells whether both ends were seen to speak: nobody forges that from afar.
func (c *conn) twoSided() bool { return c.half[0].packets > 0 && c.half[1].packets > 0 }

// silent tells whether neither end said anything.
func (c *conn) silent() bool {
	return c.half[0].stream.Offset() == 0 && c.half[1].stream.Offset() == 0
}

func (c *conn) closed() bool {
	return c.flags&sawRST != 0 || c.flags&(sawFIN0|sawFIN1) == sawFIN0|sawFIN1
}

// signatures are the last packets of one side: a mirror that shows both the way
// in and the way out of a switch shows each packet twice, a redundant network too.
type signatures struct {
	sum [4]uint64
	pos uint8
}

// Windows within which an identical packet is the same packet.
const (
	doubled   = int64(20e6)
	doubledID = int64(1e6)   // nothing but the time tells it from a repeated acknowledgement
	redundant = int64(500e6) // PRP and HSR paths may differ by as much
)

// duplicate tells whether the packet was seen before, and remembers it.
func (c *conn) duplicate(p *packet.Packet, side, from int) bool {
	sum := signature(p)
	s := &c.half[from].seen
	if s.sum[0] == sum || s.sum[1] == sum || s.sum[2] == sum || s.sum[3] == sum {
		window := doubled
		switch {
		case p.HasRedundancy:
			window = redundant
		case p.IPID == 0 && len(p.Payload) == 0 && p.Flags&(packet.SYN|packet.FIN) == 0:
			window = doubledID
		}
		if p.Time-c.half[side].last <= window {
			return true
		}
	}
	s.sum[s.pos&3] = sum
	s.pos++
	return false
}

// signature mixes what makes a packet itself on any path: not the MACs, the TTL
// or the tags, which change on the way.
func signature(p *packet.Packet) uint64 {
	const k = 0x9e3779b97f4a7c15
	h := uint64(p.Seq)<<32 | uint64(p.Ack)
	h = (h ^ uint64(p.IPID)<<32 ^ uint64(p.Checksum)<<16 ^ uint64(p.Flags)<<8 ^ uint64(len(p.Payload))) * k
	// The payload speaks for itself where no checksum does: a local sender leaves it to
	// its card, which fills in the same for every datagram, and then there is no number either.
	if p.Checksum == 0 || p.Layer != packet.LayerTransport || p.Proto == packet.UDP && p.IPID == 0 {
		b := p.Payload[:min(len(p.Payload), 256)]
		for ; len(b) >= 8; b = b[8:] {
			h = (h ^ binary.LittleEndian.Uint64(b)) * k
			h ^= h >> 29
		}
		for i := range b {
			h = (h ^ uint64(b[i])) * k
			h ^= h >> 29
		}
		if n := len(p.Payload); n > 256 && p.Layer == packet.LayerLink { // cyclic data count at their end
			h = (h ^ uint64(p.Payload[n-1])<<24 ^ uint64(p.Payload[n-2])<<16 ^ uint64(p.Payload[n-3])<<8 ^ uint64(p.Payload[n-4])) * k
		}
	}
	return h ^ h>>32 | 1
}

// firstEphemeral is the lowest port that Linux gives a client by itself; others
// begin at 49152 (RFC 6335). Nobody is expected to be called there.
const firstEphemeral = 32768

// open starts a conn for the packet's flow. It guesses the client: who sends a
// SYN, else who is away from a registered port, else who has a client's port on
// TCP, else who sends first.
func (l *lane) open(c *conn, it *item, k *flow.Key, side int) {
	p := &it.Packet
	*c = conn{first: p.Time, asks: -1, askEnd: -1, conv: -1, joined: -1, proto: p.Proto, head: c.head[:0],
		opened: firedoor.FrameRef{Capture: p.Capture, Frame: p.Frame}}
	if p.Layer < packet.LayerNetwork {
		c.proto = 0
	}
	if it.Learning {
		c.flags = beganLearning
	}
	if it.ToAll {
		c.flags |= toAll
	}
	c.end[side] = firedoor.Endpoint{Segment: k.Segment, IP: p.SrcIP, Port: p.SrcPort, MAC: p.SrcMAC}
	c.end[1-side] = firedoor.Endpoint{Segment: k.Segment, IP: p.DstIP, Port: p.DstPort, MAC: p.DstMAC}
	if p.DstMAC.IsGroup() {
		c.end[1-side].MAC = 0
	}
	l.count.Flows++
	if p.Layer == packet.LayerTransport {
		l.begin(c, p, side)
	}
}

// begin starts the runner for a flow with ports.
func (l *lane) begin(c *conn, p *packet.Packet, side int) {
	client := side
	tcp := p.Proto == packet.TCP
	handshake := tcp && p.Flags&packet.SYN != 0
	sure := handshake
	switch {
	case handshake && p.Flags&packet.ACK != 0:
		client = 1 - side
		sure = !l.calledBack(p.DstPort, p.SrcPort)
	case handshake:
		sure = !l.calledBack(p.SrcPort, p.DstPort)
	case l.host.Registered(p.SrcPort, tcp) && !l.host.Registered(p.DstPort, tcp):
		client = 1 - side
	case p.SrcPort < 1024 && p.DstPort >= 1024 && !l.host.Registered(p.DstPort, tcp):
		client = 1 - side
	case tcp && p.SrcPort < firstEphemeral && p.DstPort >= firstEphemeral && !l.host.Registered(p.DstPort, tcp):
		client = 1 - side
	}
	if tcp && !handshake {
		l.count.MidStream++
	}
	c.run.Begin(l.host, protocol.Flow{UDP: !tcp, Client: uint8(client), Sure: sure,
		Ports: [2]uint16{c.end[0].Port, c.end[1].Port}})
}

// calledBack tells whether a TCP connection was opened from a port where a
// protocol is served: a server that calls its client, where the handshake tells
// the wrong way round. Content decides, and then the port.
func (l *lane) calledBack(from, to uint16) bool {
	return l.host.Registered(from, true) && !l.host.Registered(to, true)
}

// returns tells whether the flow's frames come back to their sender.
func (c *conn) returns() bool {
	p := c.run.Protocol()
	return p != nil && p.Returns && c.proto == 0
}

// client and server give the flow's ends by role.
func (c *conn) client() *firedoor.Endpoint { return &c.end[c.run.Client()] }
func (c *conn) server() *firedoor.Endpoint { return &c.end[1-c.run.Client()] }

// idle is how long a flow may be silent before it is over.
func (c *conn) idle() int64 {
	switch {
	case c.joined >= 0:
		return idleOpen
	case c.proto == packet.UDP:
		return idleUDP
	case c.proto != packet.TCP:
		return idleOther
	case c.closed():
		return idleClosed
	case c.half[0].packets == 0 || c.half[1].packets == 0:
		return idleHalf
	default:
		return idleOpen
	}
}
