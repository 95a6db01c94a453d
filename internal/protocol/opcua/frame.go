package opcua

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
)

// kind is a type of message (OPC 10000-6, 7.1.2.2 and 6.7.2.2).
type kind uint8

const (
	kindUnknown kind = iota
	kindHello
	kindAcknowledge
	kindError
	kindReverse
	kindOpen
	kindMessage
	kindClose
)

var kindNames = [...]string{"   ", "HEL", "ACK", "ERR", "RHE", "OPN", "MSG", "CLO"}

// Places in a chunk of a message: header, channel, token, sequence number,
// request id (6.7.2).
const (
	markAt     = 3
	sizeAt     = 4
	headerSize = 8
	requestAt  = 20
	bodyAt     = 24
	helloSize  = 32
)

// Marks of chunks: more follow, the last one, given up by the sender.
const (
	markMore  = 'C'
	markFinal = 'F'
	markAbort = 'A'
)

// Limits of framing.
const (
	// maxWhole is how many bytes the chunks of one message may have to be read as a
	// whole; of a longer one the beginning is read.
	maxWhole = protocol.MaxMessage - 64
	// maxChunks is how many chunks of a message are put together.
	maxChunks = 512
	// maxPart is how much of a chunk longer than maxWhole is read.
	maxPart = 1 << 16
	// maxChunk is the longest chunk that is believed.
	maxChunk = 1 << 26
	// maxHandshake is the longest hello: its texts have at most 4,096 bytes.
	maxHandshake = 3 * 4096
)

const (
	errType = protocol.Broken("no message type where a message must begin")
	errSize = protocol.Broken("length does not fit the message type")

	reasonChunk = "chunk too short or of a message that has none"
)

func kindOf(b []byte) kind {
	for k := kindHello; k <= kindClose; k++ {
		if string(b[:3]) == kindNames[k] {
			return k
		}
	}
	return kindUnknown
}

func markFits(k kind, mark byte) bool {
	return mark == markFinal || k >= kindOpen && (mark == markMore || mark == markAbort)
}

func sizeFits(k kind, size uint32) bool {
	switch k {
	case kindHello:
		return size >= helloSize && size <= maxHandshake
	case kindAcknowledge:
		return size == 28
	case kindError, kindReverse:
		return size >= 16 && size <= maxHandshake
	case kindOpen:
		return size >= 32 && size <= maxWhole
	default:
		return size >= 16 && size <= maxChunk
	}
}

// side is what is known of one direction's framing.
type side struct {
	skip  int64  // bytes of a chunk that is too long to be kept
	drops bool   // the rest of a message is passed over, to its last chunk
	lost  bool   // looking for a message after a gap
	fresh bool   // the next message may have begun before the gap
	held  uint32 // request whose rest is dropped
	rest  *rest  // of that, where its items are read; kept for the next such
}

// Parse consumes whole messages with all their chunks.
func (p *parser) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.emit, p.dir = emit, dir
	s := &p.sides[dir]
	pos := 0
	if s.lost {
		skip, found := protocol.Resume(b, probe)
		if !found {
			return skip, nil
		}
		s.lost, s.fresh = false, true
		pos = skip
	}
	for pos < len(b) {
		if s.skip > 0 {
			n := p.goPast(s, b[pos:], pos)
			if n == 0 {
				return pos, nil
			}
			pos += n
			continue
		}
		n, err := p.next(s, b[pos:], pos)
		if n == 0 || err != nil {
			return pos, err
		}
		pos += n
	}
	return pos, nil
}

// Gap looks for the next message. What was asked stays: its answers may be in
// what follows.
func (p *parser) Gap(dir firedoor.Direction, _ int64) bool {
	s := &p.sides[dir]
	s.forget()
	*s = side{lost: true, rest: s.rest}
	return true
}

// header reads the header of the chunk that begins b; size 0 if it is not in.
func header(b []byte) (k kind, mark byte, size int, err error) {
	if len(b) < headerSize {
		for i := range min(len(b), 3) { // say so at once where nothing fits
			if !startsType(b[:i+1]) {
				return 0, 0, 0, errType
			}
		}
		return 0, 0, 0, nil
	}
	k = kindOf(b)
	if k == kindUnknown || !markFits(k, b[markAt]) {
		return 0, 0, 0, errType
	}
	n := binary.LittleEndian.Uint32(b[sizeAt:])
	if !sizeFits(k, n) {
		return 0, 0, 0, errSize
	}
	return k, b[markAt], int(n), nil
}

// follows is header for what stands behind a chunk; not sound if nothing can.
func follows(b []byte) (k kind, mark byte, size int, sound bool) {
	k, mark, size, err := header(b)
	return k, mark, size, err == nil
}

func startsType(b []byte) bool {
	for k := kindHello; k <= kindClose; k++ {
		if kindNames[k][:len(b)] == string(b) {
			return true
		}
	}
	return false
}

// next reads the message that begins b, which stands at place at of the bytes at
// hand; it returns what was consumed, 0 if the message is not whole.
func (p *parser) next(s *side, b []byte, at int) (int, error) {
	k, mark, size, err := header(b)
	if size == 0 || err != nil {
		return 0, err
	}
	if size > maxWhole {
		return p.tooLong(s, k, mark, b, size, at), nil
	}
	if len(b) < size {
		return 0, nil
	}
	p.at, p.end = at, at+size
	chunk := b[:size]
	switch {
	case k < kindOpen:
		p.handshake(k, chunk)
		s.fresh = false
		return size, nil
	case size < bodyAt || k == kindOpen && mark != markFinal:
		p.unread(reasonChunk)
		return size, nil
	case k == kindOpen:
		p.openChannel(chunk)
		s.fresh = false
		return size, nil
	case k == kindClose:
		p.closeChannel()
		return size, nil
	}
	if s.drops {
		if requestOf(chunk) == s.held {
			s.drops = mark == markMore
			p.more(s, mark, chunk[bodyAt:max(bodyAt, size-p.policy.signature)])
			return size, nil
		}
		p.between(s)
	}
	if p.encrypted(s, chunk) {
		return size, nil
	}
	switch mark {
	case markFinal:
		p.joined, p.cut = false, false
		p.message(s, requestOf(chunk), chunk[bodyAt:])
		return size, nil
	case markAbort:
		p.aborted(s, chunk)
		return size, nil
	}
	return p.chunks(s, b, size, at)
}

func requestOf(chunk []byte) uint32 { return binary.LittleEndian.Uint32(chunk[requestAt:]) }

// tooLong reads the first part of a chunk that is too long to be kept, and passes
// over the rest.
func (p *parser) tooLong(s *side, k kind, mark byte, b []byte, size, at int) int {
	if len(b) < maxPart {
		return 0
	}
	s.skip = int64(size - maxPart)
	p.at, p.end = at, at+maxPart
	request := requestOf(b)
	dropped := s.drops && s.held == request
	if s.drops && !dropped && k == kindMessage {
		p.between(s)
	}
	s.drops, s.held = mark == markMore, request
	if dropped && k == kindMessage && mark != markAbort {
		p.follow(s, b[bodyAt:maxPart], false)
		return maxPart
	}
	s.forget()
	if k != kindMessage || mark == markAbort || dropped || p.encrypted(s, b) {
		return maxPart
	}
	p.joined, p.cut = false, true
	p.message(s, request, b[bodyAt:maxPart])
	return maxPart
}

// goPast passes over a part of a chunk that is too long to be kept. Where its items are read that is
// maxPart bytes at a time, or what is left of it.
func (p *parser) goPast(s *side, b []byte, at int) int {
	n := int(min(s.skip, int64(len(b))))
	if s.rest == nil || s.rest.one == nil {
		s.skip -= int64(n)
		return n
	}
	if n = int(min(s.skip, maxPart)); len(b) < n {
		return 0
	}
	p.at, p.end = at, at+n
	body := min(int64(n), max(0, s.skip-int64(p.policy.signature)))
	s.skip -= int64(n)
	p.follow(s, b[:body], s.skip == 0 && !s.drops)
	return n
}

// more goes on with a message whose beginning was read.
func (p *parser) more(s *side, mark byte, body []byte) {
	if mark == markAbort {
		s.forget()
		return
	}
	p.follow(s, body, mark == markFinal)
}

// chunks finds the end of a message whose first chunk has size bytes. It stays
// unconsumed until its last chunk is in, or until it is too long.
func (p *parser) chunks(s *side, b []byte, size, at int) (int, error) {
	request := requestOf(b)
	total := size
	for n := 1; ; n++ {
		p.end = at + total
		k, mark, size, sound := follows(b[total:])
		switch {
		case !sound: // what is whole so far is of no use
			p.refuseChunks(s)
			return total, nil
		case size == 0:
			return 0, nil
		case total+size > maxWhole || n >= maxChunks:
			s.forget()
			s.drops, s.held = true, request
			p.whole(s, request, b[:total], true)
			return total, nil
		case len(b) < total+size:
			return 0, nil
		}
		chunk := b[total : total+size]
		if k != kindMessage || size < bodyAt || requestOf(chunk) != request {
			p.refuseChunks(s)
			return total, nil
		}
		total += size
		p.end = at + total
		switch mark {
		case markAbort:
			p.aborted(s, chunk)
			return total, nil
		case markFinal:
			p.whole(s, request, b[:total], false)
			return total, nil
		}
	}
}

// guesses are the sizes of signature that are tried where the policy is not known.
var guesses = [...]int{0, 32, 20}

// whole reads a message of several chunks, or the beginning of one.
func (p *parser) whole(s *side, request uint32, chunks []byte, cut bool) {
	p.joined, p.cut = true, cut
	p.join(chunks, p.policy.signature)
	if !p.policy.known && !cut && !p.exact(p.body) {
		for _, guess := range guesses {
			if p.join(chunks, guess); p.exact(p.body) {
				p.policy.signature = guess
				break
			}
		}
	}
	p.join(chunks, p.policy.signature)
	p.message(s, request, p.body)
}

// join puts together what is in chunks, without the signatures that end them.
func (p *parser) join(b []byte, signature int) {
	p.body = p.body[:0]
	for len(b) > 0 {
		size := int(binary.LittleEndian.Uint32(b[sizeAt:]))
		p.body = append(p.body, b[bodyAt:max(bodyAt, size-signature)]...)
		b = b[size:]
	}
}

// refuseChunks complains of a message whose chunks do not follow each other. There are servers
// that put such ones together by their request, so nobody knows what is asked in it.
func (p *parser) refuseChunks(s *side) {
	if !s.fresh {
		p.unread("message without its last chunk")
	}
	s.fresh = false
}

// between ends the passing over of a message whose last chunk is not in: who puts chunks together by
// their request waits for more of it.
func (p *parser) between(s *side) {
	if s.rest != nil && s.rest.one != nil {
		p.unreadRest(s, reasonBehind)
	}
	if s.drops = false; p.judged() {
		p.refuseChunks(s)
	}
}

// aborted ends a message that its sender gave up: a request was never made, an
// answer failed (6.7.3).
func (p *parser) aborted(s *side, chunk []byte) {
	s.fresh = false
	r := protocol.Read(chunk[bodyAt:])
	status := r.U32LE()
	if r.Failed() {
		p.complain(reasonChunk)
		return
	}
	if q := p.asked.Take(key(requestOf(chunk), p.dir.Other())); q != nil {
		p.begin(q.service, q.code)
		p.op.Outcome = outcome(status | statusBad)
		p.replyAll(q)
	}
}
