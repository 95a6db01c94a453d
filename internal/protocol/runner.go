package protocol

import (
	"math/bits"

	"firedoor"
)

// Runner feeds one flow: it finds the protocol by content, keeps what the
// parser did not consume, and survives framing errors, gaps and hand-overs.
// Sides are the flow's two ends as the caller numbers them, 0 and 1; which of
// them is the client is settled when the protocol is known. Start it with
// Begin.
type Runner struct {
	state   runState
	errors  uint8
	client  uint8 // side of the client
	sure    bool  // the handshake said so
	udp     bool
	tries   [2]uint8
	parser  Parser
	proto   *Protocol
	offset  [2]int64 // stream offset of the first unconsumed byte
	pending [2][]byte
	ports   [2]uint16
	maybe   [2]uint64 // protocols a side's bytes do not rule out yet
	seen    [2]int32  // bytes probed
}

type runState uint8

const (
	probing runState = iota
	running
	finished // unknown or given up
)

// maxTries is how many times a side's next bytes are probed afresh after a no:
// a capture may begin in the middle of a message.
const maxTries = 4

// Flow is what a runner must know of its flow. Ports and Client are by side.
type Flow struct {
	UDP    bool
	Ports  [2]uint16
	Client uint8 // side that is the client
	Sure   bool  // Client comes from a handshake, not a guess
}

// Begin starts a runner anew.
func (r *Runner) Begin(h *Host, f Flow) {
	*r = Runner{client: f.Client, sure: f.Sure, udp: f.UDP, ports: f.Ports}
	mask := r.book(h).mask
	r.maybe = [2]uint64{mask, mask}
}

func (r *Runner) book(h *Host) *book {
	if r.udp {
		return &h.udp
	}
	return &h.tcp
}

// Become makes a runner speak p from now on: an expected flow, or a protocol
// told by its Ethernet type. state goes to the parser if it is a Receiver.
func (r *Runner) Become(h *Host, p *Protocol, state any) {
	r.proto, r.parser, r.state, r.errors = p, h.parser(p), running, 0
	if rc, ok := r.parser.(Receiver); ok && state != nil {
		rc.Receive(state)
	}
}

// Guard tells the parser that what it says decides what passes (Guarded), and tells
// whether servers may read in another way what a client says (Doubter).
func (r *Runner) Guard(usual bool) bool {
	if g, ok := r.parser.(Guarded); ok {
		g.Guard(usual)
	}
	_, doubts := r.parser.(Doubter)
	return doubts
}

// Doubts tells for how many requests the server may be throwing away what its client says
// (Doubter).
func (r *Runner) Doubts() int {
	if g, ok := r.parser.(Doubter); ok {
		return g.Doubts()
	}
	return 0
}

// Expected makes a runner speak the protocol that another flow announced, with
// the client on the given side. A parser of that protocol that is at work already
// receives the state.
func (r *Runner) Expected(h *Host, p *Protocol, state any, client int) {
	if r.proto == p && r.state == running {
		if rc, ok := r.parser.(Receiver); ok && state != nil {
			rc.Receive(state)
		}
		return
	}
	r.client, r.sure = uint8(client), true
	r.Become(h, p, state)
}

// Turn makes the other side the client: nothing may wait for an answer.
func (r *Runner) Turn() { r.client = 1 - r.client }

// Protocol is what the flow speaks, nil while unknown.
func (r *Runner) Protocol() *Protocol { return r.proto }

// Client is the side of the client, as far as known.
func (r *Runner) Client() uint8 { return r.client }

// Undecided tells whether the flow is still being probed.
func (r *Runner) Undecided() bool { return r.state == probing }

// Pending tells whether bytes of a side wait for the rest of their message.
func (r *Runner) Pending(side int) bool { return len(r.pending[side]) > 0 }

// Waiting is how many bytes wait for more, of both sides.
func (r *Runner) Waiting() int { return len(r.pending[0]) + len(r.pending[1]) }

// GivenUp tells whether nothing more will come of this flow.
func (r *Runner) GivenUp() bool { return r.state == finished }

// End gives the runner's buffers back.
func (r *Runner) End(h *Host) {
	for side := range r.pending {
		r.drop(h, side)
	}
	r.parser, r.state = nil, finished
}

func (r *Runner) dir(side int) firedoor.Direction {
	return firedoor.Direction(uint8(side) ^ r.client)
}

// Bytes gives the next bytes of one side's stream.
func (r *Runner) Bytes(h *Host, side int, b []byte) {
	switch r.state {
	case finished:
	case running:
		if r.pending[side] != nil {
			r.feed(h, side, b)
			return
		}
		h.base = r.offset[side]
		n, err := r.parser.Parse(r.dir(side), b, h.emit)
		if n == len(b) && err == nil && h.next == nil { // as nearly always: whole messages
			r.offset[side] += int64(n)
			return
		}
		r.went(h, side, nil, b, n, err)
	default:
		r.probe(h, side, b)
	}
}

// Datagram gives one side's next datagram; truncated if the capture cut it.
func (r *Runner) Datagram(h *Host, side int, b []byte, truncated bool) {
	if r.state == finished {
		return
	}
	if r.state == probing && !r.identify(h, side, b, true) {
		if r.tries[side]++; r.tries[side] >= maxTries {
			r.state = finished
		}
		r.maybe[side] = r.book(h).mask
		return
	}
	h.truncated = truncated
	ok := r.parseDatagram(h, side, b)
	h.truncated = false
	r.offset[side] += int64(len(b))
	switch {
	case ok:
		r.errors = 0 // datagrams stand alone: only several in a row say that this is something else
	case !truncated:
		if r.errors++; r.errors >= MaxErrors {
			r.End(h)
		}
	}
}

// parseDatagram gives a datagram to the parser, and what is left of it to the
// protocol it hands over to. It tells whether all of it was understood.
func (r *Runner) parseDatagram(h *Host, side int, b []byte) bool {
	start := r.offset[side]
	for hops := 0; ; hops++ {
		h.base = start
		n, err := r.parser.Parse(r.dir(side), b, h.emit)
		n = max(0, min(n, len(b)))
		if err != nil {
			h.next = nil
			h.broken(err.Error())
			return false
		}
		if h.next == nil {
			if n < len(b) {
				h.broken("bytes left over in a datagram")
			}
			return n == len(b)
		}
		b, start = b[n:], start+int64(n)
		if !r.handOver(h, hops) || len(b) == 0 {
			return true
		}
	}
}

// Gap says that missing bytes of a side's stream will never come.
func (r *Runner) Gap(h *Host, side int, missing int64) {
	if r.state == finished {
		return
	}
	r.offset[side] += int64(len(r.pending[side])) + missing
	r.drop(h, side)
	if r.state == probing {
		r.maybe[side] = r.book(h).mask
		r.seen[side] = 0
		return
	}
	if !r.parser.Gap(r.dir(side), missing) {
		r.End(h)
	}
}

func (r *Runner) drop(h *Host, side int) {
	if held := r.take(h, side); held != nil {
		h.release(held)
	}
}

// take gives what waits on a side to the caller, nil if nothing does.
func (r *Runner) take(h *Host, side int) []byte {
	held := r.pending[side]
	if held != nil {
		h.held -= len(held)
		r.pending[side] = nil
	}
	return held
}

// wait puts bytes where take finds them; false, with the flow given up, if more
// wait in all flows than may.
func (r *Runner) wait(h *Host, side int, held []byte) bool {
	if h.held+len(held) > MaxHeld {
		h.release(held)
		if r.state == running {
			h.broken("more bytes wait for the rest of their messages than the limit")
		}
		r.End(h)
		return false
	}
	h.held += len(held)
	r.pending[side] = held
	return true
}

func (r *Runner) probe(h *Host, side int, b []byte) {
	if r.maybe[side] == 0 { // ruled out by earlier bytes: look again at a later start
		r.retry(h, side, b)
		return
	}
	if held := r.take(h, side); held != nil {
		b = append(held, b...)
		if !r.wait(h, side, b) {
			return
		}
	}
	if r.identify(h, side, b, len(b) >= MaxProbe) || r.exchanged(h, side, b) || r.agreed(h, side, b) {
		held := r.take(h, side)
		if held == nil || 1-side == int(r.client) { // what waits is older; the request, at least
			r.feedHeld(h, 1-side)
		}
		r.feed(h, side, b)
		if held != nil {
			h.release(held)
		}
		r.feedHeld(h, 1-side)
		return
	}
	if r.maybe[side] != 0 && len(b) < MaxProbe {
		if r.pending[side] == nil {
			r.wait(h, side, h.keep(nil, b))
		}
		return
	}
	r.maybe[side] = 0
	r.offset[side] += int64(len(b))
	r.drop(h, side)
	if r.tries[side]++; r.tries[side] >= maxTries && r.tries[1-side] >= maxTries {
		r.End(h)
	}
}

func (r *Runner) retry(h *Host, side int, b []byte) {
	if r.tries[side] >= maxTries {
		r.offset[side] += int64(len(b))
		r.seen[side] = min(r.seen[side]+int32(min(len(b), MaxProbe)), 1<<20)
		if r.seen[side] >= maxTries*MaxProbe {
			r.End(h)
		}
		return
	}
	r.maybe[side] = r.book(h).mask
	r.probe(h, side, b)
}

// feedHeld gives the parser what the other side had sent while nobody knew the protocol.
func (r *Runner) feedHeld(h *Host, side int) {
	if r.pending[side] == nil || r.state != running {
		return
	}
	held := r.take(h, side)
	r.feed(h, side, held)
	h.release(held)
}

// identify probes b, protocols that name one of the ports first, then the rest
// in list order. It narrows maybe and tells whether the protocol is known now.
// If no more bytes will be looked at, a More is as good as a No.
func (r *Runner) identify(h *Host, side int, b []byte, last bool) bool {
	k := r.book(h)
	hinted := k.byPort[r.ports[0]] | k.byPort[r.ports[1]]
	for _, mask := range [2]uint64{r.maybe[side] & hinted, r.maybe[side] &^ hinted} {
		for ; mask != 0; mask &= mask - 1 {
			i := bits.TrailingZeros64(mask)
			switch k.all[i].Probe(b) {
			case Yes:
				r.settle(h, k, i, side, b)
				return true
			case No:
				r.maybe[side] &^= 1 << i
			case More:
				if last {
					r.maybe[side] &^= 1 << i
				}
			}
		}
		if r.maybe[side]&hinted != 0 { // the likely one wants more bytes: wait for it
			return false
		}
	}
	return false
}

// exchanged looks at b as the answer to what waits on the other side, and tells
// whether the protocol is known now.
func (r *Runner) exchanged(h *Host, side int, b []byte) bool {
	k, other := r.book(h), r.pending[1-side]
	if other == nil {
		return false
	}
	for mask := k.pairs & r.maybe[0] & r.maybe[1]; mask != 0; mask &= mask - 1 {
		if i := bits.TrailingZeros64(mask); k.all[i].Exchange(other, b) {
			r.settle(h, k, i, side, b)
			return true
		}
	}
	return false
}

// agreed tells whether what waits on the other side and b are of one protocol that neither port
// names. The one that a port names wants more of both: it would wait for the rest of a message that
// nobody began.
func (r *Runner) agreed(h *Host, side int, b []byte) bool {
	k, other := r.book(h), r.pending[1-side]
	if other == nil {
		return false
	}
	for mask := r.maybe[0] & r.maybe[1]; mask != 0; mask &= mask - 1 {
		if i := bits.TrailingZeros64(mask); k.all[i].Probe(b) == Yes && k.all[i].Probe(other) == Yes {
			r.settle(h, k, i, side, b)
			return true
		}
	}
	return false
}

// settle starts the parser and decides which side is the client: handshake,
// then content, then the registered port, then the caller's guess, or on UDP who was
// heard first where that guess was made by the port of another protocol.
func (r *Runner) settle(h *Host, k *book, i, side int, b []byte) {
	p := k.all[i]
	r.Become(h, p, nil)
	if r.sure {
		return
	}
	if p.Orient != nil {
		switch p.Orient(b) {
		case SentByClient:
			r.client = uint8(side)
			return
		case SentByServer:
			r.client = uint8(1 - side)
			return
		}
	}
	bit := uint64(1) << i
	named := [2]bool{k.byPort[r.ports[0]]&bit != 0, k.byPort[r.ports[1]]&bit != 0}
	if named[0] != named[1] {
		r.client = 0
		if named[0] {
			r.client = 1
		}
		return
	}
	// A port that is registered for something else says nothing of who serves here.
	if r.udp && !named[0] && k.byPort[r.ports[1-r.client]] != 0 && k.byPort[r.ports[r.client]] == 0 {
		r.client = uint8(side)
	}
}

func (r *Runner) feed(h *Host, side int, b []byte) {
	held := r.take(h, side)
	if len(held) > 0 {
		held = append(held, b...)
		b = held
	}
	if len(b) == 0 || r.state != running {
		r.hold(h, side, held, b)
		return
	}
	h.base = r.offset[side]
	n, err := r.parser.Parse(r.dir(side), b, h.emit)
	r.went(h, side, held, b, n, err)
}

// went goes on after the parser was given b, which lies in held if that is not
// nil, and said n and err.
func (r *Runner) went(h *Host, side int, held, b []byte, n int, err error) {
	for hops := 0; ; {
		n = max(0, min(n, len(b)))
		r.offset[side] += int64(n)
		b = b[n:]
		if err != nil {
			r.lost(h, side, len(b), err)
			b = nil
			break
		}
		if n > 0 {
			hops = 0
		}
		if h.next != nil {
			r.handOver(h, hops)
			hops++
		} else if n == 0 {
			break
		}
		if len(b) == 0 || r.state != running {
			break
		}
		h.base = r.offset[side]
		n, err = r.parser.Parse(r.dir(side), b, h.emit)
	}
	r.hold(h, side, held, b)
}

// hold keeps the rest b of what was fed, in held if that is where b lies.
func (r *Runner) hold(h *Host, side int, held, b []byte) {
	switch {
	case r.state != running || len(b) == 0:
		if held != nil {
			h.release(held)
		}
	case len(b) > MaxMessage:
		if held != nil {
			h.release(held)
		}
		h.broken("message longer than the limit")
		r.End(h)
	case held != nil:
		r.wait(h, side, held[:copy(held, b)])
	default:
		r.wait(h, side, h.keep(nil, b))
	}
}

func (r *Runner) lost(h *Host, side, left int, err error) {
	h.next = nil
	h.broken(err.Error())
	r.offset[side] += int64(left)
	if r.errors++; r.errors >= MaxErrors || !r.parser.Gap(r.dir(side), 0) {
		r.End(h)
	}
}

// maxHops is how often the same bytes are handed over: protocols that hand
// them to each other would never end.
const maxHops = 4

// handOver starts the parser of the protocol that comes next and tells whether
// there is one.
func (r *Runner) handOver(h *Host, hops int) bool {
	to := *h.next
	h.next, h.handover = nil, firedoor.HandOver{}
	p := h.byName[to.Protocol]
	if p == nil || hops >= maxHops {
		r.End(h)
		return false
	}
	r.Become(h, p, to.State)
	return true
}
