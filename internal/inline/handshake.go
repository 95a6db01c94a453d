package inline

import (
	"firedoor"
	"firedoor/internal/packet"
)

// Handshake is how a connection began.
type Handshake struct {
	Opens    bool   // a SYN of its client went on, and nothing began by it
	Opening  uint32 // where the client's bytes would begin by that
	Answered bool   // somebody saw its server take it
	Answer   uint32 // the server's number then
	First    uint32 // where the client's bytes began
}

// learn takes over what others know of it, who had the connection since.
func (h *Handshake) learn(of *Handshake) {
	if of.Answered {
		*h = *of
	} else if of.Opens {
		h.Opens, h.Opening = true, of.Opening
	}
}

// opens notes that the SYN at hand goes on to the server of a flow, if one is known.
func (g *Gate) opens(f *flow) {
	if f != nil {
		f.handshake.Opens, f.handshake.Opening = true, g.packet.Seq+1
	}
}

// done notes what a server's SYN-ACK begins.
func (h *Handshake) done(p *packet.Packet) {
	*h = Handshake{Answered: true, Answer: p.Seq, First: p.Ack}
}

// What a server's SYN-ACK may be.
const (
	beginning  = iota // of a connection that begins
	repetition        // of what began the one that is known: a client that repeats its SYN gets it twice
	unclear           // nobody can tell: what its client says next cannot be judged
	perhaps           // of one that begins, if its server is at the beginning when it is asked
)

// grace is how long after its end a connection may still have frames under way, in ns.
const grace = int64(10 * 1e9)

// synAck tells what the SYN-ACK at hand is. To forget a connection that goes on would have
// bytes judged where its server has others already; to go on with one that is over would have
// bytes pass as old ones that are new to their server. So neither is done on a guess. The same
// numbers may be another connection of a server that always begins with one number: as long as that
// acknowledged nothing it makes no difference, for what is sent again goes on as it was.
func (g *Gate) synAck(f *flow) int {
	p, h, half := &g.packet, &f.handshake, &f.half[f.client]
	opens := h.Opens && h.Opening == p.Ack
	switch same := h.Answered && h.Answer == p.Seq && h.First == p.Ack; {
	case !h.Answered && g.mayBeLate() && g.plan.Enforces(&f.route):
		return perhaps
	case !h.Answered && !half.known || !g.plan.Enforces(&f.route):
		return beginning
	case same && f.dead && opens && g.age-f.died > grace:
		return beginning
	case same && (f.dead || !half.known || half.memory.acked == h.First):
		return repetition
	case !same && opens:
		return beginning
	}
	return unclear
}

// mayBeLate tells whether a SYN-ACK of which nobody knows the connection may be a late one, of a
// connection that goes on: the gate before this one knew it, but there was no place to write it
// down.
func (g *Gate) mayBeLate() bool {
	return g.streams != nil && g.age-g.born < grace && g.streams.Full(grace)
}

// taken does with the SYN-ACK of a server what it is. It returns whether the connection
// goes on by it: false where the frame had its end here. fresh: the flow was not known here.
func (g *Gate) taken(f *flow, b []byte, fresh bool) bool {
	what := g.synAck(f)
	if what == perhaps || what == beginning && !(fresh && !f.half[f.client].known) {
		g.begin(f, f.key)
		f.last = g.age
		g.meet(f)
	}
	if !f.open && !g.admit(f, b) {
		return false
	}
	switch what {
	case beginning:
		g.turn.keep = false
		return true
	case perhaps:
		f.handshake.done(&g.packet)
		f.late, g.turn.keep = true, false
	case unclear:
		f.handshake.done(&g.packet)
		f.torn, f.dead, g.turn.keep = true, false, false
	}
	if f.dead {
		g.stop(b, f.why)
	} else {
		g.pass(b, firedoor.ReasonRule)
	}
	return false
}
