package inline

import (
	"firedoor"
	"firedoor/internal/packet"
	"firedoor/internal/protocol"
)

// Stream says which TCP connection is meant, from its client's side. The client's
// frames come in at Port.
type Stream struct {
	Outer, Inner   uint16 // VLANs, 0 for none
	Client, Server firedoor.IP
	ClientPort     uint16
	ServerPort     uint16
	Port           int
}

// Position is where a client's side of a connection is.
type Position struct {
	Known   bool   // Next holds
	Partial bool   // and is within a message, or its server may be throwing away what comes
	Current bool   // nothing went by unseen since it was written down
	Blind   bool   // nobody judged for a while since it was written down: within which message it is nobody can say
	Left    bool   // a gate left it, and nobody touched it after that
	Hears   bool   // and waits for what its server says; else answers may pass by
	Next    uint32 // sequence number of the byte that comes next
	Acked   uint32 // what the server said that it has, also in answers that passed by
	Said    []byte // what went on before Next, the last of it; borrowed
	Handshake
}

// Streams is what a gate shares with whoever else lets frames of a connection pass: the
// kernel, that judges requests by their code, and the gate that comes after this one.
type Streams interface {
	// Enter takes the turn at a stream. Where it is not ok, nobody knows of it.
	Enter(s *Stream) (place int, p Position, ok bool)
	// Leave ends the turn and says where the stream is; kernel lets the kernel go on.
	Leave(place int, p *Position, kernel bool)
	// Listen has answers come here from now on, until the turn ends.
	Listen(place int)
	// Return ends the turn and leaves the stream as it was found.
	Return(place int)
	// Opens says that a client's SYN went on by which its bytes would begin at first. A stream
	// that nobody knows of gets no place by it.
	Opens(s *Stream, first uint32)
	// Full tells whether a connection found no place in the last so many ns: then one that nobody
	// knows of may be one of which somebody knew who is gone.
	Full(within int64) bool
	// Over says that a connection ends.
	Over(place int)
}

// maxSaid is how many bytes are shared that a server may lack when the kernel goes on.
const maxSaid = 48

// Share makes the gate share its connections. It is called before the first frame.
func (g *Gate) Share(s Streams) { g.streams = s }

// turn is the gate's at a stream, while a frame of it is judged.
type turn struct {
	place int
	taken bool // false: this connection is not shared
	keep  bool // what was found there stays
}

// takeTurn takes the gate's turn at a connection and goes on where whoever had it before
// ended.
func (g *Gate) takeTurn(f *flow) (t turn) {
	if g.streams == nil || !f.deep {
		return t
	}
	at, pos, ok := g.streams.Enter(g.streamOf(f))
	if t = (turn{place: at, taken: ok}); !ok {
		g.lost(f)
		return t
	}
	f.handshake.learn(&pos.Handshake)
	switch own := pos.Left && f.left; {
	case pos.Blind:
		g.restart(f)
		f.torn = true
	case !pos.Known:
		g.lost(f)
	case own && pos.Current: // what this gate knows is better, but for answers that passed by
		g.caughtUp(f, pos.Acked)
	case own:
		g.behind(f)
	case pos.Current:
		g.resume(f, &pos)
	default: // its server will say where it is, but not within which message
		g.lost(f)
		f.torn = pos.Partial
		t.keep = true
	}
	return t
}

// lost forgets what this gate knows of where a connection stands: others had it since, and nobody knows how far they let
// it go. To judge by it would be to take bytes that its server has for new ones.
func (g *Gate) lost(f *flow) {
	if f.shared {
		g.restart(f)
	}
	f.shared = false
}

// behind has what a client says next wait until its server said where it is: bytes may have gone on unseen.
func (g *Gate) behind(f *flow) {
	if !f.behind && f.half[f.client].known && g.plan.Enforces(&f.route) {
		f.behind, f.probed = true, 0
	}
}

// streamOf is a connection's name among those that are shared.
func (g *Gate) streamOf(f *flow) *Stream {
	c, s, vlans := &f.clientEnd, &f.serverEnd, &g.packet.Scope.Vlans
	g.stream = Stream{vlans[0], vlans[1], c.IP, s.IP, c.Port, s.Port, int(f.client)}
	return &g.stream
}

// torn tells whether the rest of a message came whose beginning nobody knows any more:
// it cannot be judged.
func (g *Gate) torn(f *flow, payload []byte) bool {
	return (f.torn || g.strayed(f)) && g.from == f.client && len(payload) > 0 && g.plan.Enforces(&f.route)
}

// strayed tells whether nobody knows where a connection stands that somebody may have
// known of: there was no place to write it down, or this gate, which shares nothing, forgot it. Within
// which message it is its server cannot say.
func (g *Gate) strayed(f *flow) bool {
	if f.half[f.client].known || g.turn.keep || !f.deep || f.late {
		return false
	}
	if g.streams == nil {
		return g.strays != 0 && g.age-g.strays < idleTCP
	}
	return g.streams.Full(idleTCP)
}

// within tells whether a client's bytes ended within a message, or behind something that its server
// may still be throwing away.
func (f *flow) within() bool {
	return f.runner.Pending(int(f.client)) || f.runner.Doubts() > 0 || f.dead || f.torn
}

// unfinished tells whether somebody who knows nothing of a connection would judge the rest of a message
// as its beginning: it ended within one, or its server lacks bytes, and so may stand within one.
func (f *flow) unfinished() bool {
	h := &f.half[f.client]
	return h.known && (f.within() || int32(h.next-h.memory.acked) > 0)
}

// resume goes on with a connection where others left it: at the start of a message.
func (g *Gate) resume(f *flow, pos *Position) {
	half := &f.half[f.client]
	if half.known && int32(pos.Acked-half.memory.acked) > 0 {
		g.confirm(f) // its server took bytes of it while others had it
	}
	g.restart(f)
	f.torn = pos.Partial
	half.known, half.next = true, pos.Next
	half.memory = memory{b: append(half.memory.b[:0], pos.Said...), end: pos.Next, acked: pos.Acked}
	if int32(pos.Acked-pos.Next) > 0 { // the server has bytes that nobody noted before he was lost
		half.memory.acked = pos.Next
	}
	g.caughtUp(f, pos.Acked)
}

// caughtUp is what a server said that it has of its client's bytes, in answers that came
// by here or passed by.
func (g *Gate) caughtUp(f *flow, acked uint32) {
	half := &f.half[f.client]
	if !half.known || int32(acked-half.memory.acked) <= 0 {
		return
	}
	g.confirm(f) // who takes what a client says has seen its answer
	g.passedBy(f, half, acked)
	half.memory.acknowledged(acked)
}

// restart has a flow's messages parsed from their start.
func (g *Gate) restart(f *flow) {
	f.release(g)
	f.torn, f.doubted, f.behind = false, false, false
	for i := range f.half {
		h := &f.half[i]
		*h = half{memory: memory{b: h.memory.b[:0]}, held: h.held[:0]}
	}
	f.rate = g.rateOf(f)
	g.speak(f)
}

// speak has the parser of what a flow's port is open for, if it is for one alone.
func (g *Gate) speak(f *flow) {
	f.guarded = false
	f.runner.Begin(g.host, protocol.Flow{UDP: f.key.proto == packet.UDP, Ports: f.ports(), Client: uint8(f.client), Sure: true})
	if proto := g.spoken(f); proto != nil {
		f.runner.Become(g.host, proto, nil)
		f.guarded = f.runner.Guard(g.host.Registered(f.serverEnd.Port, f.key.proto == packet.TCP))
	}
}

// endTurn ends it.
func (g *Gate) endTurn(f *flow, t turn) {
	if !t.taken {
		return
	}
	if f.fins == 3 {
		g.streams.Over(t.place)
	}
	h := &f.half[f.client]
	if t.keep && !h.known || f.behind {
		f.left = f.behind
		g.streams.Return(t.place)
		return
	}
	m := &h.memory
	said := m.b[len(m.b)-min(len(m.b), maxSaid):]
	if m.end != h.next {
		said = nil
	}
	g.position = Position{Known: h.known, Partial: f.within(), Next: h.next, Acked: m.acked, Said: said, Handshake: f.handshake}
	whole := h.known && !g.position.Partial && len(h.held) == 0 && !f.runner.GivenUp()
	g.position.Hears = !f.mute || !whole
	lacks := int32(h.next - m.acked)
	kernel := f.coded && whole && lacks >= 0 && int(lacks) <= len(said)
	f.left, f.shared = !kernel, h.known
	g.streams.Leave(t.place, &g.position, kernel)
}

// tear ends a connection within a message that is torn, or whose rest comes too late. Where
// its server may have begun anew it is told so with each number that it may wait for.
func (g *Gate) tear(f *flow, b []byte, why firedoor.Reason) {
	v := firedoor.Verdict{Action: firedoor.Reset, Says: firedoor.Reset, Reason: why, Rule: -1, Conduit: f.route.Conduit}
	g.tell(b, nil, v, firedoor.Reset)
	g.reset(f, b)
	f.why = v
	if h, ok := find(b); ok && f.torn && f.handshake.Answered {
		for _, seq := range [...]uint32{f.half[f.client].memory.acked, f.handshake.First} {
			g.Counts.Resets++
			g.out(g.from.Other(), made(b, &h, false, packet.RST|packet.ACK, seq, g.packet.Ack, nil, 0))
		}
	}
	g.drop(v.Reason)
}
