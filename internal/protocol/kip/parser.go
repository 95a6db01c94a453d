package kip

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// request is what an answer needs to know of its request.
type request struct {
	id       uint32
	code     uint32
	function string
	verb     firedoor.Verb
	object   firedoor.Object
}

type parser struct {
	asked protocol.Asked[request]
	last  uint32
	lost  [2]bool
	told  bool // that there is something secured

	emit    func(*firedoor.Event)
	b       []byte // the frame at hand
	at      int    // where it starts in the bytes at hand
	voice   wire.Voice
	op      firedoor.Operation
	opEvent firedoor.Event
	sample  firedoor.Sample
	event   firedoor.Event
	text    [2 * (dibSize - dibName)]byte
	bits    [1]byte
}

func newParser() *parser {
	p := &parser{}
	p.opEvent = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
	return p
}

const errHeader = protocol.Broken("no KNXnet/IP header where a frame should start")

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
	for len(b)-pos >= header {
		if !sound(b[pos:]) {
			return pos, errHeader
		}
		n := int(binary.BigEndian.Uint16(b[pos+4:]))
		if len(b)-pos < n {
			break
		}
		p.b, p.at = b[pos:pos+n], pos
		pos += n
		p.frame()
	}
	return pos, nil
}

// Gap: a frame can be found again by its header and how it goes on.
func (p *parser) Gap(dir firedoor.Direction, _ int64) bool {
	p.lost[dir] = true
	return true
}

func (p *parser) malformed(reason string) { p.voice.Malformed(p.emit, reason, p.at) }

// secured tells once that something cannot be read.
func (p *parser) secured() {
	if !p.told {
		p.told = true
		p.voice.Encrypted(p.emit, "knx secure", "")
	}
}

func (p *parser) frame() {
	id, body := binary.BigEndian.Uint16(p.b[2:]), p.b[header:]
	s := serviceOf(id)
	switch {
	case s == nil:
		return // of a family that is not read
	case len(body) < s.least || !fits(s, body):
		p.malformed("body is not that of its service")
		return
	case id == serviceSecure:
		p.secured()
		return
	case s.carries && s.shape == shapeConnection:
		p.carried(s, body[4:])
		return
	case s.carries:
		p.carried(s, body)
		return
	case s.name == "":
		return // acknowledgements and notices
	}
	p.op = firedoor.Operation{Code: uint32(id), Function: s.name, Verb: s.verb}
	channel := p.channel(s, body)
	if s.answers == 0 {
		p.ask(uint64(id)<<16|channel, s.alone)
		return
	}
	p.op.Code = uint32(s.answers)
	if s.answers == serviceConnect {
		channel = 0 // it is given by the answer
	}
	p.op.Outcome = firedoor.OK
	if s.error > 0 {
		p.op.Outcome = status(s, body[s.error-1])
	}
	p.answer(p.asked.Take(uint64(s.answers)<<16 | channel))
	switch id {
	case serviceSearchAnswer, serviceSearchAnswerExt:
		p.describe(body[8:], firedoor.IPv4(binary.BigEndian.Uint32(body[2:])))
	case serviceDescription:
		p.describe(body, firedoor.IP{})
	}
}

// channel fills in which connection a message is about, if it says so.
func (p *parser) channel(s *service, body []byte) uint64 {
	var n uint32
	switch {
	case s.shape == shapeConnection:
		n = uint32(body[1])
	case s.shape == shapeChannel && s.answers != serviceConnect:
		n = uint32(body[0])
	default:
		return 0
	}
	p.op.Object = firedoor.Object{Space: &channels, At: [4]uint32{n}}
	return uint64(n)
}

// ask emits the operation at hand as asked.
func (p *parser) ask(key uint64, alone bool) {
	p.last++
	p.op.ID, p.op.Phase, p.op.NoAnswer = p.last, firedoor.Asked, alone
	p.op.Span = firedoor.Span{Start: int64(p.at), End: int64(p.at + len(p.b))}
	if !alone {
		*p.asked.Put(key) = request{id: p.last, code: p.op.Code, function: p.op.Function, verb: p.op.Verb, object: p.op.Object}
	}
	p.emit(&p.opEvent)
}

// answer emits the operation at hand as the answer to a request.
func (p *parser) answer(q *request) {
	p.op.Phase = firedoor.Answered
	if q == nil {
		p.last++
		p.op.ID, p.op.Partial = p.last, true
	} else {
		p.op.ID, p.op.Code, p.op.Function, p.op.Verb, p.op.Object = q.id, q.code, q.function, q.verb, q.object
	}
	p.emit(&p.opEvent)
}

// Descriptions (03_08_02, 7.5.4): that of the device has medium, status, individual
// address (2), project (2), serial number (6), group address (4), MAC (6), name (30).
const (
	dibDevice = 1
	dibSize   = 54
	dibName   = 24 // where the name begins
)

// describe tells what a device says of itself.
func (p *parser) describe(b []byte, ip firedoor.IP) {
	if len(b) < dibSize || b[0] != dibSize || b[1] != dibDevice {
		p.malformed("description is not that of a device")
		return
	}
	p.fact(firedoor.FactName, 90, latin(p.text[:0], b[dibName:dibSize]))
	p.fact(firedoor.FactSerial, 90, hex(p.text[:0], b[8:14]...))
	p.fact(firedoor.FactVendor, 60, append(p.text[:0], vendor(binary.BigEndian.Uint16(b[8:]))...))
	a := uint32(binary.BigEndian.Uint16(b[4:]))
	p.fact(firedoor.FactComment, 90, three(append(p.text[:0], "KNX individual address "...), a>>12, a>>8&15, a&255, '.'))
	mac := firedoor.MAC(binary.BigEndian.Uint16(b[18:]))<<32 | firedoor.MAC(binary.BigEndian.Uint32(b[20:]))
	if mac != 0 && !ip.IsZero() && ip != firedoor.IPv4(0) {
		p.voice.Fact(p.emit, firedoor.Identity{About: firedoor.AboutAddress, Kind: firedoor.FactAddress, Confidence: 90, Source: "knxnet/ip", MAC: mac, IP: ip})
	}
}

// latin is a text of ISO 8859-1, as the standard wants names, up to its first zero. Software that
// takes no notice writes UTF-8, which stays.
func latin(dst, b []byte) []byte {
	b, _, _ = bytes.Cut(b, []byte{0})
	if utf8.Valid(b) {
		return append(dst, b...)
	}
	for _, c := range b {
		dst = utf8.AppendRune(dst, rune(c))
	}
	return dst
}

func (p *parser) fact(kind firedoor.FactKind, confidence uint8, value []byte) {
	p.voice.Fact(p.emit, firedoor.Identity{Kind: kind, Confidence: confidence, Source: "knxnet/ip", Value: value})
}
