package sbus

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

const source = "s-bus firmware version"

// question is what an answer needs to know of its request.
type question struct {
	id      uint32
	command byte
	station byte
	object  firedoor.Object
	count   uint16
	counted bool
}

type parser struct {
	asked   protocol.Asked[question]
	last    uint32
	emit    func(*firedoor.Event)
	b       []byte // the telegram at hand, without its check value
	size    int
	voice   wire.Voice
	op      firedoor.Operation
	opEvent firedoor.Event
}

func newParser() *parser {
	p := &parser{}
	p.opEvent = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
	return p
}

// Parse reads a datagram, which is one telegram. A station takes none whose check
// value is wrong, so nothing of it is told.
func (p *parser) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.emit = emit
	switch {
	case !framed(b):
		p.malformed("no S-Bus header, or not its length")
	case !sound(b):
		p.malformed("check value is wrong")
	case (b[attributeAt] == request) != (dir == firedoor.FromClient):
		p.malformed("telegram of the other side")
	default:
		p.b, p.size = b[:len(b)-checkSize], len(b)
		if b[attributeAt] == request {
			p.request()
		} else {
			p.answer()
		}
	}
	return len(b), nil
}

// Gap: every datagram stands alone.
func (p *parser) Gap(firedoor.Direction, int64) bool { return true }

func (p *parser) malformed(reason string) { p.voice.Malformed(p.emit, reason, 0) }

func (p *parser) key() uint64 { return uint64(binary.BigEndian.Uint16(p.b[sequenceAt:])) }

// begin fills the operation with what both halves say.
func (p *parser) begin(q *question) {
	w := wordOf(q.command)
	p.op = firedoor.Operation{Code: uint32(q.command), Function: w.name, Verb: w.verb, HasUnit: true, Unit: uint32(q.station)}
	p.op.Object, p.op.Quantity, p.op.HasQty = q.object, uint32(q.count), q.counted
}

func (p *parser) request() {
	q := question{id: p.last + 1, command: p.b[commandAt], station: p.b[stationAt]}
	data := p.b[dataAt:]
	m := mediumOf(q.command)
	var v firedoor.Values
	whole := true
	switch {
	case m.space == nil:
	case len(data) < 1+m.address:
		whole = false
	default:
		q.object = firedoor.Object{Space: m.space, At: [4]uint32{number(data[1 : 1+m.address])}}
		if m.write {
			v, whole = written(&q, m, data)
		} else {
			q.count, q.counted = uint16(data[0])+1, true
		}
	}
	*p.asked.Put(p.key()) = q
	p.begin(&q)
	p.op.Values = v
	p.last++
	p.op.ID, p.op.Phase = p.last, firedoor.Asked
	p.op.Span = firedoor.Span{End: int64(p.size)}
	p.emit(&p.opEvent)
	if !whole {
		p.malformed("request does not hold what its command needs")
	}
}

// written reads the count and the values of a write: bytes that follow less one,
// address, the number of bits less one where it writes bits, values.
func written(q *question, m *medium, data []byte) (v firedoor.Values, whole bool) {
	at := 1 + m.address
	if int(data[0])+2 != len(data) {
		return v, false
	}
	switch m.of {
	case firedoor.Bit:
		if len(data) <= at {
			return v, false
		}
		n := int(data[at]) + 1
		if at++; len(data)-at < (n+7)/8 {
			return v, false
		}
		v = firedoor.Values{Type: firedoor.Bit, Count: n, Raw: data[at:]}
	case firedoor.I32:
		if (len(data)-at)%4 != 0 {
			return v, false
		}
		v = firedoor.Values{Type: firedoor.I32, Count: (len(data) - at) / 4, Raw: data[at:]}
	default: // memory: how much, and not what
		v.Count = len(data) - at
	}
	q.count, q.counted = uint16(v.Count), true
	if v.Type == firedoor.NoValue {
		v.Count = 0
	}
	return v, true
}

func number(b []byte) (v uint32) {
	for _, c := range b {
		v = v<<8 | uint32(c)
	}
	return v
}

func (p *parser) answer() {
	data := p.b[answerAt:]
	o := firedoor.OK
	if p.b[attributeAt] == acknowledge {
		o = acknowledged(binary.BigEndian.Uint16(data))
	}
	q := p.asked.Take(p.key())
	if q == nil {
		w := wordless[p.b[attributeAt]]
		p.op = firedoor.Operation{Code: w.code, Function: w.name, Verb: firedoor.VerbDiagnose, Outcome: o, Partial: true}
		p.last++
		p.reply(p.last)
		return
	}
	p.begin(q)
	p.op.Outcome = o
	whole := true
	if m := mediumOf(q.command); p.b[attributeAt] == response && q.counted && !m.write {
		p.op.Values, whole = read(q, m, data)
	}
	p.reply(q.id)
	switch {
	case !whole:
		p.malformed("answer does not hold what was asked for")
	case q.command == firmwareVersion && p.b[attributeAt] == response:
		p.identify(data)
	}
}

func (p *parser) reply(id uint32) {
	p.op.ID, p.op.Phase = id, firedoor.Answered
	p.emit(&p.opEvent)
}

// read views the values of an answer.
func read(q *question, m *medium, data []byte) (v firedoor.Values, whole bool) {
	n := int(q.count)
	switch m.of {
	case firedoor.Bit:
		if len(data) < (n+7)/8 {
			return v, false
		}
	case firedoor.I32:
		if len(data) < 4*n {
			return v, false
		}
	default:
		return v, true
	}
	return firedoor.Values{Type: m.of, Count: n, Raw: data}, true
}

// identify tells the type (5) and the version of the firmware (3).
func (p *parser) identify(data []byte) {
	if len(data) < 8 {
		p.malformed("firmware version is too short")
		return
	}
	p.fact(firedoor.FactVendor, []byte(vendor), 50)
	p.fact(firedoor.FactModel, data[:5], 90)
	p.fact(firedoor.FactFirmware, data[5:8], 90)
}

func (p *parser) fact(kind firedoor.FactKind, value []byte, sure uint8) {
	p.voice.Fact(p.emit, firedoor.Identity{About: firedoor.AboutServer, Kind: kind, Confidence: sure, Source: source, Value: value})
}
