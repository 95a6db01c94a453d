package inline

import (
	"slices"

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
		g.unable(f, b, firedoor.ReasonMalformed)
		return
	case p.Flags&packet.RST != 0:
		if g.believed(f, half, payload) {
			f.fins = 3
		}
		g.pass(b, firedoor.ReasonRule)
		return
	case p.Flags&packet.SYN != 0 && g.from == f.client: // it changes nothing before it is answered
		if len(payload) > 0 && f.deep {
			g.unable(f, b, firedoor.ReasonUnjudged)
		} else {
			g.opens(f)
			g.pass(b, firedoor.ReasonRule)
		}
		return
	case p.Flags&packet.SYN != 0:
		half.known, half.next = true, p.Seq+1
		f.handshake.done(p)
	}
	if p.Flags&packet.ACK != 0 {
		g.acknowledged(f, back)
	}
	if p.Flags&packet.FIN != 0 && g.believed(f, half, payload) {
		f.fins |= 1 << g.from
	}
	if !f.deep || len(payload) == 0 {
		g.pass(b, firedoor.ReasonRule)
		if f.deep && g.from != f.client {
			g.waiting(f, back)
		}
		return
	}
	if f.mute && !f.doubted && g.from != f.client { // other answers of it passed by
		half.known = false
		g.pass(b, firedoor.ReasonRule)
		g.waiting(f, back)
		return
	}
	if !half.known && (g.from != f.client || !g.plan.Enforces(&f.route)) { // picked up in its middle
		half.known, half.next = true, p.Seq
		half.memory = memory{b: half.memory.b[:0], end: p.Seq, acked: p.Seq}
		if g.from != f.client {
			f.runner.Gap(g.host, int(g.from), 0)
		}
	}
	if g.from != f.client {
		g.answer(f, half, payload, p.Seq)
		g.pass(b, firedoor.ReasonRule)
		g.waiting(f, back)
		return
	}
	g.asking(f, half, h, b)
}

// acknowledged is what one side says that it has of the other's bytes. A server is the
// one that knows where its client is: of a connection that was there before, or that
// goes on behind bytes that the kernel let pass by itself while nobody answered.
func (g *Gate) acknowledged(f *flow, back *half) {
	p := &g.packet
	if g.from != f.client && f.late && !g.began(f) {
		return
	}
	if g.from != f.client && (!back.known || p.Flags&packet.SYN != 0) {
		f.torn = f.torn || p.Flags&packet.SYN == 0 && g.strayed(f)
		back.known, back.next, back.ahead = true, p.Ack, 0
		back.memory = memory{b: back.memory.b[:0], end: p.Ack, acked: p.Ack}
	}
	f.behind = f.behind && (g.from == f.client || f.probed == 0) // what it said before it was asked may be old
	if back.known {
		if g.from != f.client {
			if int32(p.Ack-back.memory.acked) > 0 { // who takes what a client says has seen its answer
				g.confirm(f)
			}
			g.passedBy(f, back, p.Ack)
		}
		back.memory.acknowledged(p.Ack)
	}
	if m := &back.memory; len(m.b) == 0 && cap(m.b) > smallMemory && g.memory > MaxMemoryAll/2 {
		g.memory -= cap(m.b)
		m.b = nil
	}
}

// began hears what a server says that was asked whether its connection is at its beginning, and tells
// whether that is known now. Where it is further on what waits goes nowhere: it cannot be judged.
func (g *Gate) began(f *flow) bool {
	if f.probed == 0 { // what it says now may be as old
		return false
	}
	f.late = false
	if f.torn = g.packet.Ack != f.handshake.First; f.torn {
		f.letGo(g)
	}
	return true
}

// believed tells whether a server takes it that its client ends the connection: the
// number must be the one that it waits for.
func (g *Gate) believed(f *flow, half *half, payload []byte) bool {
	seq := g.packet.Seq
	return g.from != f.client || !half.known || seq == half.next || seq+uint32(len(payload)) == half.next
}

// unable stops a segment that nobody can judge, where anything is stopped at all.
func (g *Gate) unable(f *flow, b []byte, why firedoor.Reason) {
	v := firedoor.Verdict{Says: firedoor.Drop, Reason: why, Rule: -1, Conduit: f.route.Conduit}
	if g.plan.Enforces(&f.route) {
		v.Action = firedoor.Drop
	}
	g.judged(b, v)
}

// passedBy goes on behind bytes of a client that its server has and that did not come
// by here: the kernel let them pass by itself while nobody answered.
func (g *Gate) passedBy(f *flow, half *half, acked uint32) {
	missed := int32(acked - half.next)
	if !f.deep || missed <= 0 {
		return
	}
	f.runner.Gap(g.host, int(f.client), int64(missed))
	half.next, half.ahead = acked, half.ahead+int64(missed)
	half.memory = memory{b: half.memory.b[:0], end: acked, acked: acked}
}

// answer lets the parser see what a server says; it is never kept waiting.
func (g *Gate) answer(f *flow, half *half, payload []byte, seq uint32) {
	ahead := int(int32(seq - half.next)) // half of all numbers away has no negative in 32 bits
	if ahead < 0 {
		if -ahead >= len(payload) {
			return
		}
		payload = payload[-ahead:]
	} else if ahead > 0 {
		f.runner.Gap(g.host, int(g.from), int64(ahead))
		half.ahead += int64(ahead)
		half.next = seq
	}
	g.fits(f)
	g.parse(f, half.ahead, payload)
	f.doubt(0, 0)
	half.ahead += int64(len(payload))
	half.next += uint32(len(payload))
}

// asking judges what a client sends, in order; then what waited behind it.
func (g *Gate) asking(f *flow, half *half, h *headers, b []byte) {
	if !half.known || f.behind {
		g.hold(f, half, h, b)
	} else if g.next(f, half, h, b) {
		g.waiting(f, half)
	}
}

// waiting judges what a client sent too early, as far as its turn has come.
func (g *Gate) waiting(f *flow, half *half) {
	from, data := g.from, g.data
	for i := 0; i < len(half.held) && half.known && !f.behind && !f.dead; i++ {
		frame := half.held[i]
		hh, _ := find(frame)
		if int32(be.Uint32(frame[hh.transport+4:])-half.next) > 0 {
			continue
		}
		half.held = append(half.held[:i], half.held[i+1:]...)
		g.waits.set(&f.wait, f, f.wait.size-len(frame))
		g.Counts.Held--
		g.from, g.data = f.client, frame
		g.next(f, half, &hh, frame)
		i = -1
	}
	g.from, g.data = from, data
}

// next judges one segment of a client. It returns whether bytes went on that others
// may wait for.
func (g *Gate) next(f *flow, half *half, h *headers, b []byte) bool {
	seq := be.Uint32(b[h.transport+4:])
	payload := b[h.payload:h.end]
	ahead := int(int32(seq - half.next)) // as in answer
	if ahead > 0 && g.plan.Enforces(&f.route) {
		g.hold(f, half, h, b)
		return false
	}
	if ahead > 0 { // nobody waits for what is only watched
		f.runner.Gap(g.host, int(f.client), int64(ahead))
		half.next, half.ahead, ahead = seq, half.ahead+int64(ahead), 0
	}
	old := min(-ahead, len(payload))
	if old > 0 {
		before := append(g.before[:0], payload[:old]...)
		if !half.memory.again(payload[:old], seq) {
			g.unable(f, b, firedoor.ReasonUnjudged)
			return false
		}
		if string(before) != string(payload[:old]) {
			h.resum(b)
		}
		g.before = before
	}
	fresh := payload[old:]
	if len(fresh) == 0 {
		if f.doubted && f.cut(seq+uint32(len(payload))) && g.plan.Enforces(&f.route) {
			g.drop(firedoor.ReasonHeld) // a part of what was sent: it may end within a message
			return false
		}
		g.pass(b, firedoor.ReasonRule)
		return false
	}
	if g.memory > MaxMemoryAll && len(half.memory.b) > smallMemory {
		g.drop(firedoor.ReasonHeld) // until its server has some of it
		return false
	}
	if f.guarded && f.runner.Pending(int(f.client)) && g.age-f.begun > MaxParts && g.plan.Enforces(&f.route) {
		g.tear(f, b, firedoor.ReasonHeld)
		return false
	}
	if !g.fits(f) && g.plan.Enforces(&f.route) {
		g.tear(f, b, firedoor.ReasonHeld)
		return false
	}
	before, was := f.asked, f.runner.Pending(int(f.client))
	g.parse(f, half.ahead, fresh)
	g.blind(f)
	g.name(f)
	if !g.settle(f, h, b, old) {
		return false
	}
	room := cap(half.memory.b)
	half.memory.add(fresh, half.next)
	g.memory += cap(half.memory.b) - room
	if f.asked != before || !was {
		f.begun = g.age
	}
	f.doubt(half.next, half.next+uint32(len(fresh)))
	half.next += uint32(len(fresh))
	half.ahead += int64(len(fresh))
	return true
}

// maxEnds is of how many segments it is noted where they end, while a server may be throwing away
// what comes; one before them is sent again to no purpose.
const maxEnds = 16

// doubt notes whether the server may be throwing away what comes, and where bytes of its
// client that went on begin and end: then nothing goes on in parts, so a message ends there.
func (f *flow) doubt(from, to uint32) {
	if f.runner.Doubts() == 0 {
		f.doubted = false
		return
	}
	if !f.doubted {
		f.doubted, f.unsure, f.ended = true, from, 0
	}
	if from != to {
		f.ends[f.ended%maxEnds] = to
		f.ended++
	}
}

// cut tells whether something that is sent again may end within a message that a server in
// doubt would take the rest of for another one. What stands before that goes on: without it
// there would be no answer.
func (f *flow) cut(end uint32) bool {
	return int32(end-f.unsure) > 0 && !slices.Contains(f.ends[:min(f.ended, maxEnds)], end)
}

// blind stops a stream that the parser gave up: at once where it never was what the
// port is open for, and where what cannot be judged is dropped.
func (g *Gate) blind(f *flow) {
	if !f.runner.GivenUp() || g.stopped || f.asked > 0 && !g.plan.Drops(&f.route) {
		return
	}
	g.foreign(f)
}

// foreign stops what is of no protocol that anybody knows, where a port is open for others
// only, or a change might be stopped.
func (g *Gate) foreign(f *flow) {
	g.request = policy.Request{Route: &f.route, Time: g.now}
	v := g.plan.Unread(&g.request)
	if v.Action == firedoor.Refuse { // it is no request
		v.Action = g.plan.Instead(&f.route)
	}
	if v.Action != firedoor.Pass {
		g.stopped, g.worst = true, v
	}
}

// name judges a flow when its protocol becomes known: a rule that stops all of it holds
// where nobody asks anything in it too.
func (g *Gate) name(f *flow) {
	p := f.runner.Protocol()
	if p == f.named || g.stopped {
		return
	}
	g.request = policy.Request{Route: &f.route, Time: g.now, Level: policy.OfFlow, Protocol: p.Name}
	v := policy.Decide(g.plan, &g.request)
	asks := slices.Contains(p.Events, firedoor.EventOperation)
	switch {
	case v.Reason != firedoor.ReasonRule || v.Says == firedoor.Pass || v.Says == firedoor.Refuse && asks: // its requests are refused one by one
		f.named = p
		return
	case v.Action == firedoor.Refuse:
		v.Action = g.plan.Instead(&f.route)
	case v.Action == firedoor.Pass:
		f.named = p
		g.tell(g.data, g.data, v, firedoor.Pass)
		return
	}
	g.stopped, g.worst = true, v
}

// hold keeps a segment that came before the one in front of it, and asks the server
// where it is: what is missing may be there already.
func (g *Gate) hold(f *flow, half *half, h *headers, b []byte) {
	if g.turn.taken {
		g.streams.Listen(g.turn.place)
	}
	g.probe(f, h, b)
	if len(half.held) >= MaxHeld || !g.roomToWait(len(b)) {
		g.tellHeld(f, g.from, b)
		g.drop(firedoor.ReasonHeld)
		return
	}
	half.held = append(half.held, append([]byte(nil), b...))
	g.waits.set(&f.wait, f, f.wait.size+len(b))
	g.Counts.Held++
	g.Counts.Waited++
}

// probeEvery is the least time between two questions to a server, in ns.
const probeEvery = int64(10 * 1e6)

// probe sends a byte that the server has had long ago, in its client's name: a number left of
// its window, which it answers with the one that it waits for (RFC 9293, 3.10.7.4). It lies
// 2^30, the largest window, before the client's own, so it is old wherever the client
// stands; the number of a keep-alive, one before the client's, may be one that the server waits for.
// It has the client's timestamp, without which a server may throw it away (RFC 7323, 3.2).
func (g *Gate) probe(f *flow, h *headers, b []byte) {
	if f.probed != 0 && g.age-f.probed < probeEvery {
		return
	}
	f.probed = g.age
	g.Counts.Probes++
	seq := be.Uint32(b[h.transport+4:]) - 1<<30
	g.out(f.client.Other(), made(b, h, false, packet.ACK, seq, be.Uint32(b[h.transport+8:]), stamp(b[h.transport+20:h.payload]), 1))
}

// stamp is the timestamp among the options of a segment, as an option that can stand alone;
// nothing where there is none.
func stamp(options []byte) []byte {
	const end, nothing, timestamp, size = 0, 1, 8, 10
	for at := 0; at < len(options) && options[at] != end; {
		if options[at] == nothing {
			at++
			continue
		}
		if at+1 >= len(options) || options[at+1] < 2 || at+int(options[at+1]) > len(options) {
			return nil
		}
		n := int(options[at+1])
		if options[at] == timestamp && n == size {
			return append([]byte{nothing, nothing}, options[at:at+n]...)
		}
		at += n
	}
	return nil
}

// reset ends a connection at both ends: as if each had said so to the other.
func (g *Gate) reset(f *flow, b []byte) {
	h, ok := find(b)
	if !ok {
		return
	}
	p := &g.packet
	f.dead, f.died = true, g.age
	// To the receiver, in the sender's name, with the number it waits for.
	seq := p.Seq
	if half := &f.half[g.from]; half.known {
		seq = half.next
	}
	g.Counts.Resets += 2
	g.out(g.from.Other(), made(b, &h, false, packet.RST|packet.ACK, seq, p.Ack, nil, 0))
	// To the sender, in the receiver's name, with the number that it acknowledged last.
	behind := p.Seq + uint32(h.end-h.payload)
	if p.Flags&packet.SYN != 0 {
		behind++ // or it is not believed
	}
	g.out(g.from, made(b, &h, true, packet.RST|packet.ACK, p.Ack, behind, nil, 0))
}

// over ends a dead connection at its server when its client gives up: the server waits
// for bytes that were dropped, and would not believe the client's own end.
func (g *Gate) over(f *flow, h *headers, b []byte) {
	half := &f.half[f.client]
	if g.from != f.client || f.fins == 3 || !half.known || g.packet.Flags&(packet.FIN|packet.RST) == 0 {
		return
	}
	f.fins = 3
	g.rank(f)
	g.Counts.Resets++
	g.out(f.client.Other(), made(b, h, false, packet.RST|packet.ACK, half.next, g.packet.Ack, nil, 0))
}

// made makes a segment of the headers of one of a connection's frames, the other way
// with back, with options that fill whole words and so many bytes, all zero.
func made(b []byte, h *headers, back bool, flags byte, seq, ack uint32, options []byte, size int) []byte {
	header := 20 + len(options)
	out := append(append(append([]byte(nil), b[:h.transport+20]...), options...), make([]byte, size)...)
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
	tcp[12], tcp[13] = byte(header/4)<<4, flags
	be.PutUint16(tcp[18:], 0)
	if flags&packet.RST != 0 {
		be.PutUint16(tcp[14:], 0)
	}
	own := *h
	own.payload, own.end = h.transport+header, h.transport+header+size
	if h.six {
		be.PutUint16(out[h.network+4:], uint16(header+size))
	} else {
		ip := out[h.network:]
		be.PutUint16(ip[2:], uint16(own.end-h.network))
		be.PutUint16(ip[10:], 0)
		be.PutUint16(ip[10:], ^fold(add(0, ip[:h.transport-h.network])))
	}
	own.resum(out)
	return out
}

func swap(a, b []byte) {
	for i := range a {
		a[i], b[i] = b[i], a[i]
	}
}
