package genisys

import (
	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// Reasons of malformed events.
const (
	reasonSum   = "checksum is wrong"
	reasonSide  = "header of the other side"
	reasonPairs = "body does not hold whole pairs"
)

const errHeader = protocol.Broken("no message where one should start")

// request is what an answer needs to know of its request.
type request struct {
	id   uint32 // of its first operation
	head byte
	n    uint32 // operations
}

type parser struct {
	asked protocol.Asked[request] // by the address of the station
	last  uint32
	lost  [2]bool

	emit    func(*firedoor.Event)
	at      int
	voice   wire.Voice
	op      firedoor.Operation
	opEvent firedoor.Event
	sample  firedoor.Sample
	event   firedoor.Event
	buf     [maxBody]byte
}

func newParser() *parser {
	p := &parser{}
	p.opEvent = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
	p.event = firedoor.Event{Kind: firedoor.EventSample, Sample: &p.sample}
	return p
}

// Gap: a message can be found again by its header, its end and its checksum.
func (p *parser) Gap(dir firedoor.Direction, _ int64) bool {
	p.lost[dir] = true
	return true
}

func (p *parser) complain(reason string) { p.voice.Malformed(p.emit, reason, p.at) }

// Parse reads whole messages.
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
	for pos < len(b) {
		m, f := read(b[pos:], p.buf[:])
		if f == none {
			return pos, errHeader
		}
		if f == part || f == wrong && len(b)-pos < m.size+2 && canGrow(b[pos:], m.size) {
			break
		}
		p.at = pos
		pos += m.size
		switch asks := words[m.head&15].verb != 0; {
		case f == wrong:
			p.complain(reasonSum)
		case asks != (dir == firedoor.FromClient):
			p.complain(reasonSide)
		case asks:
			p.request(&m)
		default:
			p.answer(&m)
		}
	}
	return pos, nil
}

// canGrow tells whether what stands behind an end may belong to the same message: a
// header does not.
func canGrow(b []byte, size int) bool { return len(b) == size || !known(b[size]) }

// request reads what the office asks of a station.
func (p *parser) request(m *message) {
	w := &words[m.head&15]
	station := m.body[0]
	p.op = firedoor.Operation{Code: uint32(m.head), Function: w.name, Verb: w.verb, HasUnit: true, Unit: uint32(station)}
	p.op.NoAnswer = m.head == headCommon && station == 0 // to all
	for p.asked.Take(uint64(station)) != nil {           // a station is asked one thing at a time
		continue
	}
	pairs := m.body[1:]
	n := uint32(1)
	if (m.head == headControl || m.head == headCommon) && len(pairs) >= 2 {
		n = uint32(len(pairs) / 2)
	}
	if !p.op.NoAnswer {
		*p.asked.Put(uint64(station)) = request{id: p.last + 1, head: m.head, n: n}
	}
	for i := range int(n) {
		if n > 1 {
			p.op.Item = uint16(i + 1)
		}
		if len(pairs) >= 2*i+2 && w.verb == firedoor.VerbControl {
			p.op.Object = firedoor.Object{Space: &controls, At: [4]uint32{uint32(pairs[2*i])}}
			p.op.Values = firedoor.Values{Type: firedoor.U8, Count: 1, Raw: pairs[2*i+1 : 2*i+2]}
		}
		p.last++
		p.op.ID, p.op.Phase = p.last, firedoor.Asked
		p.op.Span = firedoor.Span{Start: int64(p.at), End: int64(p.at + m.size)}
		p.emit(&p.opEvent)
	}
	if len(pairs)%2 != 0 {
		p.complain(reasonPairs)
	}
}

// answer reads what a station says. Indications are samples: that one was asked for by
// a poll does not tell which.
func (p *parser) answer(m *message) {
	station, pairs := m.body[0], m.body[1:]
	q := p.asked.Take(uint64(station))
	p.op = firedoor.Operation{Phase: firedoor.Answered, HasUnit: true, Unit: uint32(station), Outcome: firedoor.OK}
	if q == nil {
		p.last++
		p.op.ID, p.op.Partial = p.last, true
		p.op.Code, p.op.Function, p.op.Verb = uint32(m.head), words[m.head&15].name, firedoor.VerbRead
		p.emit(&p.opEvent)
	} else {
		w := &words[q.head&15]
		p.op.Code, p.op.Function, p.op.Verb = uint32(q.head), w.name, w.verb
		for i := range q.n {
			p.op.ID = q.id + i
			if q.n > 1 {
				p.op.Item = uint16(i + 1)
			}
			p.emit(&p.opEvent)
		}
	}
	space := &indications
	if m.head == headCheckback {
		space = &controls
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		p.sample = firedoor.Sample{Function: words[m.head&15].name, Code: uint32(m.head), HasUnit: true, Unit: uint32(station),
			Object: firedoor.Object{Space: space, At: [4]uint32{uint32(pairs[i])}},
			Values: firedoor.Values{Type: firedoor.U8, Count: 1, Raw: pairs[i+1 : i+2]}}
		p.emit(&p.event)
	}
	if len(pairs)%2 != 0 {
		p.complain(reasonPairs)
	}
}
