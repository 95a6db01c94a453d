package synphasor

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

const (
	source   = "c37.118"
	noStream = 1 << 16 // no identifier has this value
)

type parser struct {
	asked   protocol.Asked[uint32] // numbers of operations
	last    uint32
	lost    [2]bool
	stream  uint32 // whose layout is known
	layouts []layout

	emit    func(*firedoor.Event)
	b       []byte // the frame at hand
	at      int
	voice   wire.Voice
	op      firedoor.Operation
	opEvent firedoor.Event
	sample  firedoor.Sample
	event   firedoor.Event
}

func newParser() *parser {
	p := &parser{stream: noStream}
	p.opEvent = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
	return p
}

const errSync = protocol.Broken("no sync word where a frame should start")

// Parse reads whole frames.
func (p *parser) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.emit = emit
	pos := 0
	if p.lost[dir] {
		skip, found := protocol.Resume(b, probe)
		if !found {
			return skip, nil
		}
		p.lost[dir], pos = false, skip
	}
	for len(b)-pos >= 4 {
		if !sound(b[pos:]) {
			return pos, errSync
		}
		n := frameSize(b[pos:])
		if len(b)-pos < n {
			break
		}
		p.b, p.at = b[pos:pos+n], pos
		pos += n
		p.frame(dir)
	}
	return pos, nil
}

// Gap: a frame can be found again by sync word and check.
func (p *parser) Gap(dir firedoor.Direction, _ int64) bool {
	p.lost[dir] = true
	return true
}

func (p *parser) malformed(reason string) { p.voice.Malformed(p.emit, reason, p.at) }

// id is the identifier of the stream.
func (p *parser) id() uint16 { return binary.BigEndian.Uint16(p.b[4:]) }

func (p *parser) frame(dir firedoor.Direction) {
	t, body := frameType(p.b), p.b[headerSize:len(p.b)-checkSize]
	right := checked(p.b)
	if !right {
		p.malformed("check of a frame is wrong")
	}
	switch {
	case (dir == firedoor.FromClient) != (t == frameCommand):
		p.malformed("frame of the other side")
	case t == frameCommand: // also with a wrong check: not every device looks at it
		p.command(body)
	case !right:
	case t == frameData:
		p.data(body)
	default:
		p.answer(t, body)
	}
}

func (p *parser) begin(word uint32) command {
	c := commandOf(word)
	p.op = firedoor.Operation{Function: c.name, Verb: c.verb, Code: word, HasUnit: true, Unit: uint32(p.id())}
	return c
}

func (p *parser) key(t int) uint64 { return uint64(p.id())<<8 | uint64(t) }

func (p *parser) command(body []byte) {
	c := p.begin(uint32(binary.BigEndian.Uint16(body)))
	p.last++
	p.op.ID, p.op.Phase = p.last, firedoor.Asked
	p.op.Span = firedoor.Span{Start: int64(p.at), End: int64(p.at + len(p.b))}
	if c.answer == 0 {
		p.op.NoAnswer = true
	} else {
		*p.asked.Put(p.key(c.answer)) = p.last
	}
	p.emit(&p.opEvent)
}

// answer reads a header or configuration frame: the answer to a command, or sent
// unasked because something changed.
func (p *parser) answer(t int, body []byte) {
	if q := p.asked.Take(p.key(t)); q != nil {
		p.begin(asksFor[t])
		p.op.ID, p.op.Phase, p.op.Outcome = *q, firedoor.Answered, firedoor.OK
		p.emit(&p.opEvent)
	} else {
		p.say(firedoor.Object{Space: &streams, At: [4]uint32{uint32(p.id())}}, firedoor.NoValue, nil)
	}
	if t == frameHeader { // text for people
		p.voice.Fact(p.emit, firedoor.Identity{About: firedoor.AboutServer, Kind: firedoor.FactComment, Confidence: 90, Source: source, Value: body})
		return
	}
	p.config(t, body)
}
