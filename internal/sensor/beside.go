package sensor

import (
	"fmt"

	"firedoor/internal/flow"
	"firedoor/internal/packet"
	"firedoor/internal/protocol"
)

// Two stations may settle on UDP what their frames on Ethernet mean. Those have
// other addresses and so lie in another lane: the datagram is heard there too.

// maxPairs bounds the stations, two by two, of which a lane keeps what they settled.
// Past it the oldest of which no frame is under way makes room; if there is none,
// what is new is not kept.
const maxPairs = 64

// pair is what two stations settled about the frames of a protocol.
type pair struct {
	key   flow.Key
	proto *protocol.Protocol
	heard protocol.Listener
	live  bool // their frames are under way
}

// storedPair is what is stored of a pair.
type storedPair struct {
	Key   flow.Key
	Proto string
	Live  bool
	Heard []byte
}

// concern marks a datagram that settles something about frames on Ethernet, and
// gives it the lane of those.
func (s *feed) concern(it *item) {
	it.Beside = nil
	if it.Layer != packet.LayerTransport || it.Proto != packet.UDP || it.Missing > 0 || it.SrcMAC == it.DstMAC || it.DstMAC.IsGroup() {
		return
	}
	for _, p := range s.besides {
		if p.Beside.Concerns(it.Payload) {
			it.Beside, it.BesideLane = p, uint8(flow.LinkHash(&it.Packet)%lanes)
			return
		}
	}
}

// withBeside gives the protocols of a list that settle something on UDP.
func withBeside(list []*protocol.Protocol) (some []*protocol.Protocol) {
	for _, p := range list {
		if p.Beside != nil && len(p.Ethernet) > 0 {
			some = append(some, p)
		}
	}
	return some
}

// beside hears a datagram of another lane.
func (l *lane) beside(it *item) {
	l.conn = nil // it is no flow's of this lane
	var k flow.Key
	side := k.SetLink(&it.Packet, it.Segment, it.Beside.Ethernet[0])
	p := l.pairOf(&k)
	if p == nil {
		if p = l.pairUp(); p == nil {
			return
		}
		*p = pair{key: k, proto: it.Beside, heard: it.Beside.Beside.New()}
		if slot, ok := l.flows.Find(&k); ok {
			l.settledOf(l.at(slot), slot)
		}
	}
	p.heard.Hear(side, it.Payload)
}

// pairOf finds what the ends of a flow on Ethernet settled, nil if nothing was heard.
func (l *lane) pairOf(k *flow.Key) *pair {
	for i := range l.pairs {
		if l.pairs[i].key == *k {
			return &l.pairs[i]
		}
	}
	return nil
}

// pairUp makes room for two stations, nil if there is none.
func (l *lane) pairUp() *pair {
	if len(l.pairs) < maxPairs {
		l.pairs = append(l.pairs, pair{})
		return &l.pairs[len(l.pairs)-1]
	}
	for i := range l.pairs {
		if !l.pairs[i].live {
			copy(l.pairs[i:], l.pairs[i+1:])
			return &l.pairs[len(l.pairs)-1]
		}
	}
	return nil
}

// settled gives a flow's parser what its ends settled.
func (l *lane) settled(c *conn, p *pair) {
	p.live = true
	client := int(c.run.Client())
	c.run.Expected(l.host, p.proto, p.heard.For(client), client)
}

// settledOf does so for a flow that begins or turned, if they settled anything.
func (l *lane) settledOf(c *conn, slot int32) {
	if p := c.run.Protocol(); p == nil || p.Beside == nil || c.run.GivenUp() {
		return
	}
	k := l.flows.Key(slot)
	if p := l.pairOf(&k); p != nil {
		l.settled(c, p)
	}
}

// unsettle says that the frames of a flow are no more; what was settled is kept
// while there is room.
func (l *lane) unsettle(c *conn, slot int32) {
	if p := c.run.Protocol(); p == nil || p.Beside == nil {
		return
	}
	k := l.flows.Key(slot)
	if p := l.pairOf(&k); p != nil {
		p.live = false
	}
}

// storePairs gives what was settled, in order.
func (l *lane) storePairs() ([]storedPair, error) {
	var out []storedPair
	for i := range l.pairs {
		p := &l.pairs[i]
		b, err := stateCodec.Append(nil, p.heard)
		if err != nil {
			return nil, fmt.Errorf("what stations of %s settled: %w", p.proto.Name, err)
		}
		out = append(out, storedPair{Key: p.key, Proto: p.proto.Name, Live: p.live, Heard: b})
	}
	return out, nil
}

// restorePairs goes on with what was stored, as far as this program knows the
// protocols.
func (l *lane) restorePairs(pairs []storedPair) error {
	for i := range pairs {
		s := &pairs[i]
		proto := l.host.ByName(s.Proto)
		if proto == nil || proto.Beside == nil || len(l.pairs) == maxPairs {
			continue
		}
		heard := proto.Beside.New()
		if _, err := stateCodec.Load(s.Heard, heard); err != nil {
			return fmt.Errorf("what stations of %s settled: %w", s.Proto, err)
		}
		l.pairs = append(l.pairs, pair{key: s.Key, proto: proto, heard: heard, live: s.Live})
	}
	return nil
}
