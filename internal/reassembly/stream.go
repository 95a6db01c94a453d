package reassembly

import "firedoor/internal/packet"

// Sink takes what a Stream delivers. It must not call the Stream, or another
// one of the same Pool, from within.
type Sink interface {
	// Bytes are next in order. They are borrowed: the packet's own or a buffer
	// that will be used again.
	Bytes(b []byte)
	// Gap says that the next n bytes will never come; 0 when their number is
	// unknown.
	Gap(n int64)
	// End says that nothing more will come: FIN, RST or Close. It comes once.
	End()
}

// Stream is one direction of a TCP connection: small and without pointers, so
// that tables of them cost the garbage collector nothing. The zero Stream waits
// for its first segment. It must be given the same Pool every time. One that
// holds nothing can be stored and goes on where it was, with an Offset of its own.
type Stream struct {
	offset   int64  `snapshot:"-"` // of next, counted from the first byte
	next     uint32 // sequence number of the byte to deliver next
	isn      uint32 // that of the SYN, or one before the byte where it was picked up
	acked    uint32 // latest acknowledgement number of the other side
	fin      uint32 // where the stream ends, if finSeen
	wildNext uint32 // where the latest wild segment ended
	hold     int32  `snapshot:"-"` // number of the Pool's hold, 0 while nothing is held
	state    state
	marks    uint8
	beyond   uint8 // segments that came behind the hole
	wild     uint8 // wild segments in a row
	plain    bool  // open and none of the above matters: the fast path is enough
}

type state uint8

const (
	waiting state = iota // for the first segment; next is the first acknowledgement seen
	open
	ended
)

// Marks of a Stream.
const (
	synSeen = 1 << iota
	ackSeen
	finSeen
)

// pickUpSlack is how far before its start a stream that was picked up without a
// SYN can have data or its SYN: what overtook them in the capture.
const pickUpSlack = 1 << 16

// special are the flags that the fast path cannot deal with.
const special = packet.SYN | packet.FIN | packet.RST

// Offset is how many bytes were delivered or given up so far.
func (s *Stream) Offset() int64 { return s.offset }

// Started tells whether anything but acknowledgements was seen.
func (s *Stream) Started() bool { return s.state != waiting }

// Ended tells whether End was called.
func (s *Stream) Ended() bool { return s.state == ended }

// Holding tells whether bytes wait behind a hole.
func (s *Stream) Holding() bool { return s.hold != 0 }

// Segment gives the next segment as captured: the header's sequence number and
// flags (packet.SYN ...), the payload, and how many bytes at its end the
// capture cut off.
func (s *Stream) Segment(p *Pool, to Sink, seq uint32, flags uint8, payload []byte, missing uint32) {
	if s.plain && seq == s.next && flags&special == 0 && missing == 0 {
		if n := len(payload); n > 0 {
			s.next += uint32(n)
			s.offset += int64(n)
			to.Bytes(payload)
		}
		return
	}
	missing = min(missing, MaxMissing)
	s.segment(p, to, seq, flags, payload, missing)
	s.settle()
}

// Acked says what the other side acknowledged: the number of its latest segment
// with the ACK flag.
func (s *Stream) Acked(p *Pool, to Sink, ack uint32) {
	if s.state == waiting && s.marks&ackSeen == 0 {
		s.next = ack
	}
	s.acked = ack
	s.marks |= ackSeen
	if s.plain || s.state != open {
		return
	}
	s.resolve(p, to)
	s.settle()
}

func (s *Stream) settle() {
	s.plain = s.state == open && s.hold == 0 && s.wild == 0 && s.marks&finSeen == 0
}

// Reused tells, before a segment is given, whether it cannot belong to what this
// Stream has seen: the SYN of a new connection between the same ports, or data
// that goes on after a RST or FIN that the receiver evidently did not believe.
// The caller then closes both directions and begins the flow anew with it.
// payload is the length of the segment's payload on the wire.
func (s *Stream) Reused(seq uint32, flags uint8, payload int) bool {
	if s.state == open && flags&packet.SYN == 0 {
		return false
	}
	return s.reused(seq, flags, payload)
}

// reused is kept apart so that Reused is inlined.
//
//go:noinline
func (s *Stream) reused(seq uint32, flags uint8, payload int) bool {
	switch {
	case s.state == waiting:
		return false
	case flags&packet.SYN != 0:
		return !s.sameSYN(seq)
	default: // ended; one byte can be a keep-alive
		return payload > 1 && flags&packet.RST == 0 &&
			int32(s.next-seq) >= 0 && int32(seq+uint32(payload)-s.next) > 0
	}
}

// sameSYN tells whether a SYN belongs to the connection at hand.
func (s *Stream) sameSYN(seq uint32) bool {
	if s.marks&synSeen != 0 {
		return seq == s.isn
	}
	return s.isn-seq <= pickUpSlack
}

// Close ends the stream: what is held is delivered, with the gaps before it,
// then the Sink is told the end unless it was before. The Stream is ready for
// another connection.
func (s *Stream) Close(p *Pool, to Sink) {
	if s.marks&ackSeen != 0 && s.state == waiting {
		if n := s.acked - s.next; n > 1 && n <= MaxAhead { // 1 may be a SYN or FIN
			p.Counts.AckedUnseen += uint64(n)
		}
	}
	if s.state == open {
		s.flush(p, to)
		s.loseTail(p, to)
		to.End()
	}
	s.Drop(p)
}

// Drop forgets the stream without a word to its Sink; it is ready for another
// connection.
func (s *Stream) Drop(p *Pool) {
	s.letGo(p)
	*s = Stream{}
}

// loseTail gives up what is known to have followed the last byte seen.
func (s *Stream) loseTail(p *Pool, to Sink) {
	var acked, tail uint32
	if s.marks&ackSeen != 0 && s.acked-s.next <= MaxAhead {
		acked = s.acked - s.next
	}
	switch {
	case s.marks&finSeen != 0:
		tail = uint32(max(0, int32(s.fin-s.next)))
	case acked > 1: // 1 may be a FIN
		tail = acked
	}
	p.Counts.AckedUnseen += uint64(min(acked, tail))
	s.gap(p, to, tail)
}

// segment is Segment for all that is not plain.
func (s *Stream) segment(p *Pool, to Sink, seq uint32, flags uint8, payload []byte, missing uint32) {
	size := uint32(len(payload)) + missing
	switch {
	case s.state == ended:
		if size > 0 {
			p.Counts.AfterEnd++
		}
		return
	case s.state == waiting && !s.begin(p, to, seq, flags, size):
		return
	}
	if flags&packet.SYN != 0 {
		if !s.sameSYN(seq) {
			p.Counts.Wild++
			return
		}
		seq++
	}
	if s.isWild(seq) {
		if !s.follow(p, to, seq, flags, size) {
			return
		}
	}
	s.wild = 0
	switch ahead := int32(seq - s.next); {
	case flags&packet.RST != 0:
		s.reset(p, to, ahead)
		return
	case ahead == -1 && size <= 1 && flags&special == 0:
		p.Counts.KeepAlives++
		return
	}
	if end := seq + size; flags&packet.FIN != 0 && int32(end-s.next) >= 0 {
		if s.marks&finSeen == 0 || int32(end-s.fin) < 0 {
			s.fin = end
			s.marks |= finSeen
		}
	}
	if size > 0 {
		s.data(p, to, seq, payload, missing)
	}
	s.resolve(p, to)
}

// begin starts a waiting stream; false if the segment starts nothing.
func (s *Stream) begin(p *Pool, to Sink, seq uint32, flags uint8, size uint32) bool {
	switch {
	case flags&packet.RST != 0:
		s.state, s.next, s.isn = ended, seq, seq-1
		to.End()
		return false
	case flags&packet.SYN != 0:
		s.isn, s.next = seq, seq+1
		s.marks |= synSeen
	case size == 1 && flags&packet.FIN == 0 && s.marks&ackSeen != 0 && s.acked == seq+1:
		p.Counts.KeepAlives++ // its byte was acknowledged before
		return false
	case size > 0 || flags&packet.FIN != 0:
		s.isn, s.next = seq-1, seq
	default:
		return false
	}
	s.state = open
	return true
}

// isWild tells whether no window could hold seq.
func (s *Stream) isWild(seq uint32) bool {
	ahead := int32(seq - s.next)
	if ahead >= 0 {
		return ahead > MaxAhead
	}
	return -int64(ahead) > min(s.offset+pickUpSlack, MaxAhead)
}

// follow counts a wild segment and tells whether the stream follows it now.
func (s *Stream) follow(p *Pool, to Sink, seq uint32, flags uint8, size uint32) bool {
	p.Counts.Wild++
	if size == 0 || flags&packet.RST != 0 {
		return false
	}
	end := seq + size
	switch {
	case s.wild > 0 && end == s.wildNext:
		return false // the same again: a frame doubled by a mirror
	case s.wild > 0 && seq == s.wildNext:
		s.wild++
	default:
		s.wild = 1
	}
	s.wildNext = end
	if s.wild < MaxWild && s.offset > 0 {
		return false
	}
	s.flush(p, to)
	p.Counts.Resyncs++
	p.Counts.Gaps++
	s.next, s.isn = seq, seq-1
	s.marks = 0
	to.Gap(0)
	return true
}

// reset ends the stream at a RST that receivers may believe.
func (s *Stream) reset(p *Pool, to Sink, ahead int32) {
	if ahead < 0 || ahead > MaxResetAhead {
		p.Counts.Wild++
		return
	}
	s.flush(p, to)
	s.end(p, to)
}

// data takes a segment's bytes: old ones are left out, those whose turn it is
// delivered, early ones held.
func (s *Stream) data(p *Pool, to Sink, seq uint32, payload []byte, missing uint32) {
	if ahead := int32(seq - s.next); ahead < 0 {
		p.Counts.Retransmissions++
		old := uint32(-ahead)
		if n := uint32(len(payload)); old >= n {
			missing -= min(missing, old-n)
			payload = nil
		} else {
			payload = payload[old:]
		}
		seq = s.next
	}
	if seq == s.next {
		s.deliver(p, to, payload, missing)
		return
	}
	p.Counts.OutOfOrder++
	if s.hold == 0 {
		s.hold = p.takeHold()
	}
	counted := false
	for len(payload) > 0 {
		h := &p.holds[s.hold-1]
		n, fresh := p.keep(h, seq, payload)
		seq, payload = seq+uint32(n), payload[n:]
		if fresh && !counted {
			s.beyond = min(s.beyond, MaxBeyond) + 1
			counted = true
		}
		if len(payload) > 0 && s.makeRoom(p, to, h, seq) {
			s.deliver(p, to, payload, 0)
			return
		}
	}
}

// makeRoom gives up the hole up to the lowest byte at hand, held or at seq, and
// tells whether it is seq's turn now.
func (s *Stream) makeRoom(p *Pool, to Sink, h *hold, seq uint32) bool {
	p.Counts.Overflows++
	if h.n == 0 || int32(h.pieces[0].seq-seq) > 0 {
		s.gap(p, to, seq-s.next)
		return true
	}
	s.gap(p, to, h.pieces[0].seq-s.next)
	s.late(p, to, h)
	return s.next == seq
}

// deliver hands over bytes whose turn it is, but held ones in place of theirs,
// gives up what the capture cut off behind them and goes on with what is held.
func (s *Stream) deliver(p *Pool, to Sink, payload []byte, missing uint32) {
	end := s.next + uint32(len(payload)) + missing
	if s.hold == 0 {
		s.pass(to, payload)
		p.Counts.CutOff += uint64(missing)
		s.gap(p, to, missing)
		return
	}
	h := &p.holds[s.hold-1]
	for len(payload) > 0 {
		n := len(payload)
		if h.n > 0 {
			n = min(n, int(h.pieces[0].seq-s.next))
		}
		s.pass(to, payload[:n])
		payload = payload[n:]
		if len(payload) > 0 { // at the first piece
			held := p.bytes(&h.pieces[0])
			m := min(len(held), len(payload))
			p.Counts.Conflicts += differing(held[:m], payload[:m])
			payload = payload[m:]
			p.Filled = true
			p.lateFrom(p.from[h.pieces[0].chunk])
			s.pass(to, held)
			p.pop(h)
			p.Late = nil
		}
	}
	s.drain(p, to, h)
	for left := int32(end - s.next); left > 0; left = int32(end - s.next) {
		n := uint32(left)
		if h.n > 0 {
			n = min(n, h.pieces[0].seq-s.next)
		}
		p.Counts.CutOff += uint64(n)
		s.gap(p, to, n)
		s.late(p, to, h)
	}
}

// resolve gives up holes that will not be filled, ends the stream when its end
// is reached and gives back a hold that is empty.
func (s *Stream) resolve(p *Pool, to Sink) {
	if s.hold != 0 {
		h := &p.holds[s.hold-1]
		for h.n > 0 && !s.atEnd() { // what is held behind the end is nothing
			hole := h.pieces[0].seq - s.next
			switch {
			case s.ackedBy(hole):
				p.Counts.AckedUnseen += uint64(hole)
			case s.marks&ackSeen == 0 && s.beyond >= MaxBeyond:
			default:
				return
			}
			s.gap(p, to, hole)
			s.late(p, to, h)
		}
		s.letGo(p)
	}
	if s.marks&finSeen == 0 {
		return
	}
	tail := s.fin - s.next
	if int32(tail) < 0 { // there was data behind it: no end at all
		s.marks &^= finSeen
		return
	}
	if tail > 0 {
		if !s.ackedBy(tail) {
			return
		}
		p.Counts.AckedUnseen += uint64(tail)
		s.gap(p, to, tail)
	}
	s.end(p, to)
}

func (s *Stream) atEnd() bool { return s.marks&finSeen != 0 && s.fin == s.next }

// ackedBy tells whether the other side acknowledged the next n bytes.
func (s *Stream) ackedBy(n uint32) bool {
	acked := s.acked - s.next
	return s.marks&ackSeen != 0 && acked >= n && acked <= MaxAhead
}

// flush delivers all that is held, with the gaps before it.
func (s *Stream) flush(p *Pool, to Sink) {
	if s.hold == 0 {
		return
	}
	h := &p.holds[s.hold-1]
	for h.n > 0 {
		s.gap(p, to, h.pieces[0].seq-s.next)
		s.late(p, to, h)
	}
	s.letGo(p)
}

// letGo gives back the hold and what is in it.
func (s *Stream) letGo(p *Pool) {
	if s.hold != 0 {
		p.release(s.hold)
	}
	s.hold, s.beyond = 0, 0
}

func (s *Stream) end(p *Pool, to Sink) {
	s.letGo(p)
	s.state = ended
	to.End()
}

// late delivers the held pieces whose turn it is because the hole before them
// was given up.
func (s *Stream) late(p *Pool, to Sink, h *hold) {
	p.Filled = false
	s.held(p, to, h)
}

// drain delivers the held pieces whose turn it is because the segment at hand
// filled the hole before them.
func (s *Stream) drain(p *Pool, to Sink, h *hold) {
	p.Filled = true
	s.held(p, to, h)
}

func (s *Stream) held(p *Pool, to Sink, h *hold) {
	for h.n > 0 && h.pieces[0].seq == s.next {
		p.lateFrom(p.from[h.pieces[0].chunk])
		s.pass(to, p.bytes(&h.pieces[0]))
		p.pop(h)
	}
	p.Late = nil
}

func (s *Stream) pass(to Sink, b []byte) {
	if len(b) == 0 {
		return
	}
	s.next += uint32(len(b))
	s.offset += int64(len(b))
	s.beyond = 0
	to.Bytes(b)
}

func (s *Stream) gap(p *Pool, to Sink, n uint32) {
	if n == 0 {
		return
	}
	p.Counts.Gaps++
	p.Counts.GapBytes += uint64(n)
	s.next += n
	s.offset += int64(n)
	s.beyond = 0
	to.Gap(int64(n))
}
