package s7commplus

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

const (
	protocolID   = 0x72
	version1     = 0x01
	version2     = 0x02
	version3     = 0x03
	versionEvent = 0xfe // an acknowledgement of bytes, or news of the connection
	versionAlive = 0xff

	headerSize  = 4
	trailerSize = 4
	digestSize  = 32
	eventSize   = 16 // the least that version 0xfe holds
)

// Opcodes.
const (
	opRequest      = 0x31
	opResponse     = 0x32
	opNotification = 0x33
	opResponse2    = 0x02
)

const (
	// maxData is how many bytes of the fragments of one message are joined; of a
	// longer message only these are read.
	maxData = 1 << 16
	// keptData is the capacity of the joining buffer that is kept between messages.
	keptData = 1 << 12
)

// side is what is under way in one direction.
type side struct {
	joined []byte // data of the fragments so far
	held   int    // bytes after the first fragment's begin that were read
	open   bool   // fragments are joined
	hold   bool   // and they stay unconsumed: a request's span must hold them all
	skip   bool   // the rest of a message is passed over
	lost   bool   // bytes are missing: nothing is anybody's fault until a message begins
	stream uint8  // fragments are pieces of this transfer, from 1
}

// forget gives up the fragments at hand.
func (s *side) forget() {
	if cap(s.joined) > keptData {
		s.joined = nil
	}
	s.joined = s.joined[:0]
	s.held, s.open, s.hold, s.stream = 0, false, false, 0
}

// fragment is a header with its data.
type fragment struct {
	version byte
	last    bool   // it has a trailer
	data    []byte // without digest
}

// read cuts the first fragment off b.
func (f *fragment) read(b []byte) (rest []byte, ok bool) {
	if len(b) < headerSize || b[0] != protocolID {
		return nil, false
	}
	*f = fragment{version: b[1], last: true}
	if f.version == versionAlive {
		return b[headerSize:], true
	}
	n := headerSize + int(binary.BigEndian.Uint16(b[2:]))
	if n > len(b) {
		return nil, false
	}
	f.data, rest = b[headerSize:n], b[n:]
	switch f.version {
	case versionEvent:
		return rest, true
	case version1, version2:
	case version3:
		if len(f.data) < 1 || len(f.data) < 1+int(f.data[0]) {
			return nil, false
		}
		f.data = f.data[1+int(f.data[0]):]
	default:
		return nil, false
	}
	f.last = len(rest) >= trailerSize && rest[0] == protocolID && rest[1] == f.version && rest[2] == 0 && rest[3] == 0
	if f.last {
		rest = rest[trailerSize:]
	}
	return rest, true
}

// Parse reads from a packet's first byte on. The fragments of a request stay
// unconsumed until its last one is in.
func (p *parser) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.dir, p.emit, p.first = dir, emit, 0
	s := &p.sides[dir]
	for n := s.held; ; {
		next, status := p.framer.Next(dir, b, min(n, len(b)))
		switch status {
		case wire.FrameMore:
			return p.consumed(s, next), nil
		case wire.FrameLost:
			s.forget()
			return next, protocol.Broken("no TPKT packet where one must begin")
		case wire.FrameBad:
			s.forget()
			p.malformed(p.framer.Reason)
		case wire.FrameControl:
			s.forget()
			p.control()
		case wire.FrameData:
			if p.tsdu(s, p.framer.TSDU) {
				at := p.framer.Start
				s.forget()
				return at, nil
			}
		}
		n = next
	}
}

// consumed keeps what must stay until a request is whole.
func (p *parser) consumed(s *side, next int) int {
	if !s.hold {
		return next
	}
	s.held = next - p.first
	return p.first
}

// Gap looks for the next message that can be trusted. Requests that were asked
// stay: their answers may be in what follows.
func (p *parser) Gap(dir firedoor.Direction, _ int64) bool {
	p.framer.Gap(dir)
	s := &p.sides[dir]
	s.forget()
	s.lost, s.skip = true, false
	for i := range p.transfers {
		p.transfers[i].Lose()
	}
	return true
}

// control reads connects inside a connection taken over. A confirm whose
// connect was told of before the hand-over is not told of again.
func (p *parser) control() {
	if p.framer.COTP.Type == wire.COTPConfirm && !p.dialogue.Waiting() {
		p.session.Settle(&p.framer.COTP)
		return
	}
	p.dialogue.Control(p.dir, &p.framer, &p.last, p.emit)
}

// tsdu reads a transport message; true if it belongs to another protocol.
func (p *parser) tsdu(s *side, b []byte) (handedOver bool) {
	if p.encrypted(b) {
		return false
	}
	if n := wire.S7Length(b); n > 0 && n == len(b) {
		p.handover = firedoor.HandOver{Protocol: "s7comm", State: p.session}
		p.event = firedoor.Event{Kind: firedoor.EventHandOver, HandOver: &p.handover}
		p.emit(&p.event)
		return true
	}
	for len(b) > 0 {
		rest, ok := p.part.read(b)
		if !ok {
			s.forget()
			if !s.lost {
				p.malformed("not a whole S7comm-plus message")
			}
			return false
		}
		if p.part.version < versionEvent {
			p.fragment(s, &p.part)
		}
		b = rest
	}
	return false
}

// encrypted tells whether TLS runs in the connection, and says so once.
func (p *parser) encrypted(b []byte) bool {
	if !p.tls && !wire.TLSRecord(b, len(b)) {
		return false
	}
	p.tls = true
	if !p.told && (p.dir == firedoor.FromServer || len(b) > 0 && b[0] == tlsData) {
		p.told = true
		p.voice.Sealed(p.emit, firedoor.Encrypted{Protocol: "s7comm-plus over tls", Version: tlsVersion(b), Inside: "s7comm-plus", By: "tls within iso transport"})
	}
	return true
}

// fragment takes a fragment, and reads the message when it is the last.
func (p *parser) fragment(s *side, f *fragment) {
	fresh := !s.open && s.stream == 0
	switch {
	case s.stream != 0:
		p.streamed(s, f)
		return
	case s.skip:
		s.skip = !f.last
		return
	case s.lost && !head(f.data): // in the middle of a message
		s.skip = !f.last
		return
	}
	s.lost = false
	if fresh {
		p.first = p.framer.Start
	}
	if f.last && fresh {
		p.whole(s, f.version, f.data, false)
		return
	}
	if fresh && streams(f.data) {
		p.whole(s, f.version, f.data, false)
		s.stream = p.streaming
		s.skip = s.stream == 0
		return
	}
	p.join(s, f)
}

// streams tells whether fragments of a message are not joined, but pieces.
func streams(data []byte) bool {
	return len(data) >= 5 && data[0] == opRequest && binary.BigEndian.Uint16(data[3:]) == fnSetStreamed
}

// join adds a fragment to its message. At the limit what there is is read, and
// the rest passed over.
func (p *parser) join(s *side, f *fragment) {
	if !s.open {
		s.open, s.hold = true, len(f.data) > 0 && f.data[0] == opRequest
	}
	cut := len(s.joined)+len(f.data) > maxData || p.framer.End-p.first > maxData
	s.joined = append(s.joined, f.data[:min(len(f.data), maxData-len(s.joined))]...)
	if !f.last && !cut {
		return
	}
	data := s.joined
	s.forget()
	s.skip = !f.last
	p.whole(s, f.version, data, cut)
}
