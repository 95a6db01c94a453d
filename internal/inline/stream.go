package inline

import (
	"firedoor"
	"firedoor/internal/packet"
	"firedoor/internal/policy"
)

// memory keeps the last bytes of a direction as they were sent on.
type memory struct {
	b     []byte
	end   uint32 // sequence number behind its last byte
	acked uint32 // what the other side said that it has
}

// add remembers bytes that were sent on; the oldest make room.
func (m *memory) add(b []byte, seq uint32) {
	if m.end != seq {
		m.b = m.b[:0]
	}
	if m.b = append(m.b, b...); len(m.b) > 2*MaxMemory { // moved seldom, and then much
		m.b = m.b[:copy(m.b, m.b[len(m.b)-MaxMemory:])]
	}
	m.end = seq + uint32(len(b))
}

// acknowledged forgets what the other side has.
func (m *memory) acknowledged(ack uint32) {
	left := int64(int32(m.end - ack))
	if left < 0 || int32(ack-m.acked) <= 0 { // of bytes that were never sent, or old
		return
	}
	if m.acked = ack; left >= int64(len(m.b)) {
		return
	}
	m.b = m.b[:copy(m.b, m.b[int64(len(m.b))-left:])]
}

// again writes into b, which begins at seq, what was sent before; false if part of it
// is not remembered. What the other side has acknowledged it throws away, so that part
// stays as it is: it may be the byte of a keep-alive.
func (m *memory) again(b []byte, seq uint32) bool {
	if known := int(int32(m.acked - seq)); known > 0 {
		known = min(known, len(b))
		b, seq = b[known:], seq+uint32(known)
	}
	if len(b) == 0 {
		return true
	}
	behind := int64(int32(m.end - seq)) // bytes from seq to the end of the memory
	if behind < int64(len(b)) || behind > int64(len(m.b)) {
		return false
	}
	copy(b, m.b[int64(len(m.b))-behind:])
	return true
}

// segmentOf judges a TCP segment.
func (g *Gate) segmentOf(f *flow, h *headers, b []byte) {
	p := &g.packet
	half, back := &f.half[g.from], &f.half[g.from.Other()]
	payload := b[h.payload:h.end]
	switch {
	case p.Flags&packet.URG != 0 && f.deep: // receivers differ in which byte they take out
		g.stop(b, firedoor.Verdict{Action: firedoor.Drop, Says: firedoor.Drop, Reason: firedoor.ReasonMalformed, Rule: -1, Conduit: f.route.Conduit})
		return
	case p.Flags&packet.SYN != 0 && len(payload) > 0: // RFC 7413: nobody in a plant does it
		g.stop(b, firedoor.Verdict{Action: firedoor.Drop, Says: firedoor.Drop, Reason: firedoor.ReasonUnjudged, Rule: -1, Conduit: f.route.Conduit})
		return
	case p.Flags&packet.RST != 0:
		if g.from != f.client { // that of a client may be one that the server ignores
			f.fins = 3
		}
		g.pass(b, firedoor.ReasonRule)
		return
	case p.Flags&packet.SYN != 0:
		if p.Flags&packet.ACK != 0 && g.from != f.client && !f.taken {
			f.take(p)
		}
		g.pass(b, firedoor.ReasonRule)
		return
	}
	if p.Flags&packet.ACK != 0 && back.known {
		g.passedBy(f, back, p.Ack)
		back.memory.acknowledged(p.Ack)
	}
	if p.Flags&packet.FIN != 0 {
		f.fins |= 1 << g.from
	}
	f.taken = f.taken || len(payload) > 0 && g.from == f.client
	if !f.deep || len(payload) == 0 {
		g.pass(b, firedoor.ReasonRule)
		return
	}
	if !half.known { // picked up in its middle
		half.known, half.picked, half.start, half.next = true, true, p.Seq, p.Seq
		half.memory = memory{b: half.memory.b[:0], end: p.Seq, acked: p.Seq - unheard}
		if g.from != f.client { // a client's bytes are taken to begin a message: to look for one would be to pass what stands before it
			f.runner.Gap(g.host, int(g.from), 0)
		}
	}
	if g.from != f.client {
		g.answer(f, half, payload, p.Seq)
		g.pass(b, firedoor.ReasonRule)
		return
	}
	g.asking(f, half, h, b)
}

// take notes where both streams begin, as the server says it: of several SYNs of a
// client only the server knows which one it took.
func (f *flow) take(p *packet.Packet) {
	f.taken, f.answer, f.syns = true, [2]uint32{p.Seq, p.Ack}, [2]syn{}
	f.half[f.client.Other()].begin(p.Seq + 1)
	f.half[f.client].begin(p.Ack)
}

func (h *half) begin(next uint32) {
	h.known, h.picked, h.next, h.ahead = true, false, next, 0
	h.memory = memory{b: h.memory.b[:0], end: next, acked: next}
}

// passedBy goes on behind bytes of a client that its server has and that did not come
// by here: the kernel let them pass by itself while nobody answered.
func (g *Gate) passedBy(f *flow, half *half, acked uint32) {
	missed := int32(acked - half.next)
	if !f.deep || missed <= 0 || g.from == f.client {
		return
	}
	f.runner.Gap(g.host, int(f.client), int64(missed))
	half.next, half.ahead = acked, half.ahead+int64(missed)
	half.memory = memory{b: half.memory.b[:0], end: acked, acked: acked}
}

// unheard puts what was acknowledged so far back that it says nothing: of a connection
// that is picked up nobody knows how much of it its server has.
const unheard = 1 << 30

// earlier picks a client's stream up anew at bytes that stand before where it was picked
// up: sent again, and perhaps never received. They are judged like any.
func (g *Gate) earlier(f *flow, half *half, seq uint32) {
	if !half.picked || int32(seq-half.start) >= 0 || int32(seq-half.memory.acked) < 0 {
		return
	}
	f.runner.Gap(g.host, int(f.client), 0)
	half.start, half.next = seq, seq
	half.memory = memory{b: half.memory.b[:0], end: seq, acked: half.memory.acked}
}

// answer lets the parser see what a server says; it is never kept waiting.
func (g *Gate) answer(f *flow, half *half, payload []byte, seq uint32) {
	ahead := int32(seq - half.next)
	if ahead < 0 {
		if -ahead >= int32(len(payload)) {
			return
		}
		payload = payload[-ahead:]
	} else if ahead > 0 {
		f.runner.Gap(g.host, int(g.from), int64(ahead))
		half.ahead += int64(ahead)
		half.next = seq
	}
	g.parse(f, half.ahead, payload)
	half.ahead += int64(len(payload))
	half.next += uint32(len(payload))
}

// asking judges what a client sends, in order; then what waited behind it.
func (g *Gate) asking(f *flow, half *half, h *headers, b []byte) {
	if !g.next(f, half, h, b) {
		return
	}
	for again := true; again && !f.dead; {
		again = false
		for i, frame := range half.held {
			hh, _ := find(frame)
			if int32(be.Uint32(frame[hh.transport+4:])-half.next) > 0 {
				continue
			}
			half.held = append(half.held[:i], half.held[i+1:]...)
			g.heldBytes -= len(frame)
			g.Counts.Held--
			g.next(f, half, &hh, frame)
			again = true
			break
		}
	}
}

// next judges one segment of a client. It returns whether bytes went on that others
// may wait for.
func (g *Gate) next(f *flow, half *half, h *headers, b []byte) bool {
	seq := be.Uint32(b[h.transport+4:])
	payload := b[h.payload:h.end]
	g.earlier(f, half, seq)
	ahead := int32(seq - half.next)
	if ahead > 0 {
		g.hold(half, b)
		return false
	}
	old := min(int(-ahead), len(payload))
	if old > 0 {
		before := append(g.before[:0], payload[:old]...)
		if !half.memory.again(payload[:old], seq) {
			g.stop(b, firedoor.Verdict{Action: firedoor.Drop, Says: firedoor.Drop, Reason: firedoor.ReasonUnjudged, Rule: -1, Conduit: f.route.Conduit})
			return false
		}
		if string(before) != string(payload[:old]) {
			h.resum(b)
		}
		g.before = before
	}
	fresh := payload[old:]
	if len(fresh) == 0 {
		g.pass(b, firedoor.ReasonRule)
		return false
	}
	g.parse(f, half.ahead, fresh)
	g.blind(f)
	if !g.settle(f, h, b, old) {
		return false
	}
	half.memory.add(fresh, half.next)
	half.next += uint32(len(fresh))
	half.ahead += int64(len(fresh))
	return true
}

// blind stops a stream that the parser gave up: at once where it never was what the
// port is open for, and where the conduit is closed for what cannot be judged.
func (g *Gate) blind(f *flow) {
	if !f.runner.GivenUp() || g.stopped || f.asked > 0 && !f.closed {
		return
	}
	g.request = policy.Request{Route: &f.route, Time: g.now, Level: policy.OfFlow}
	if v := policy.Decide(g.plan, &g.request); v.Action != firedoor.Pass {
		g.stopped, g.worst = true, v
	} else if f.closed && g.plan.Enforces(&f.route) {
		g.stopped = true
		g.worst = firedoor.Verdict{Action: firedoor.Drop, Says: firedoor.Drop, Reason: firedoor.ReasonUnjudged, Rule: -1, Conduit: f.route.Conduit}
	}
}

// hold keeps a segment that came before the one in front of it.
func (g *Gate) hold(half *half, b []byte) {
	if len(half.held) >= MaxHeld || g.heldBytes+len(b) > MaxHeldBytes {
		g.drop(firedoor.ReasonHeld)
		return
	}
	half.held = append(half.held, append([]byte(nil), b...))
	g.heldBytes += len(b)
	g.Counts.Held++
}

// reset ends a connection at both ends: as if each had said so to the other.
func (g *Gate) reset(f *flow, b []byte) {
	h, ok := find(b)
	if !ok {
		return
	}
	p := &g.packet
	f.dead = true
	// To the receiver, in the sender's name, with the number it waits for.
	seq := p.Seq
	if half := &f.half[g.from]; half.known {
		seq = half.next
	}
	g.Counts.Resets += 2
	g.out(g.from.Other(), rst(b, &h, false, seq, p.Ack))
	// To the sender, in the receiver's name, with the number that it acknowledged last.
	g.out(g.from, rst(b, &h, true, p.Ack, p.Seq+uint32(h.end-h.payload)))
}

// rst makes the end of a connection of the headers of one of its frames.
func rst(b []byte, h *headers, back bool, seq, ack uint32) []byte {
	out := append([]byte(nil), b[:h.transport+20]...)
	if back {
		swap(out[0:6], out[6:12])
		if h.six {
			swap(out[h.network+8:h.network+24], out[h.network+24:h.network+40])
		} else {
			swap(out[h.network+12:h.network+16], out[h.network+16:h.network+20])
		}
		swap(out[h.transport:h.transport+2], out[h.transport+2:h.transport+4])
	}
	tcp := out[h.transport:]
	be.PutUint32(tcp[4:], seq)
	be.PutUint32(tcp[8:], ack)
	tcp[12], tcp[13] = 5<<4, packet.RST|packet.ACK
	be.PutUint16(tcp[14:], 0)
	be.PutUint16(tcp[18:], 0)
	own := *h
	own.payload, own.end = h.transport+20, h.transport+20
	if h.six {
		be.PutUint16(out[h.network+4:], 20)
	} else {
		ip := out[h.network:]
		be.PutUint16(ip[2:], uint16(h.transport-h.network+20))
		be.PutUint16(ip[10:], 0)
		sum := add(0, ip[:h.transport-h.network])
		for sum>>16 != 0 {
			sum = sum&0xffff + sum>>16
		}
		be.PutUint16(ip[10:], ^uint16(sum))
	}
	own.resum(out)
	return out
}

func swap(a, b []byte) {
	for i := range a {
		a[i], b[i] = b[i], a[i]
	}
}
