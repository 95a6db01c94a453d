package snmp

import (
	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// maxItems is how many variables of one message are told; a bulk response may
// hold more, the rest is passed over.
const maxItems = 64

// sure: the device speaks for itself.
const sure = 90

type parser struct {
	voice     wire.Voice
	asked     protocol.Asked[asked]
	last      uint32 // operation number
	encrypted bool
	event     firedoor.Event
	op        firedoor.Operation
	number    [8]byte
	word      [32]byte
}

// asked is a request that waits: its operations have the numbers first ...
// first+items-1.
type asked struct {
	unit  byte
	items uint16
	first uint32
}

// Parse reads one message.
func (p *parser) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	m, reason := read(b)
	if reason != "" {
		p.voice.Malformed(emit, reason, 0)
		return len(b), nil
	}
	if m.size != len(b) {
		p.voice.Malformed(emit, "bytes behind the message", m.size)
	}
	if m.encrypted {
		if !p.encrypted {
			p.encrypted = true
			p.voice.Encrypted(emit, "snmp", "3")
		}
		return len(b), nil
	}
	switch m.unit {
	case unitGet, unitNext, unitSet, unitBulk:
		p.request(&m, emit)
	case unitResponse:
		p.response(&m, emit)
	case unitReport:
		p.report(&m, emit)
	}
	return len(b), nil
}

// request tells one operation for each variable.
func (p *parser) request(m *message, emit func(*firedoor.Event)) {
	list := m.variables
	a := asked{unit: m.unit, first: p.last + 1}
	single := count(m.variables) == 1
	var v variable
	for a.items < maxItems {
		more, ok := next(&list, &v)
		if !ok {
			p.voice.Malformed(emit, "broken variable", list.Pos())
		}
		if !more {
			break
		}
		a.items++
		p.last++
		p.begin(m.unit, firedoor.Asked, p.last, a.items, single)
		p.op.Object = firedoor.Object{Space: oids, Text: v.oid}
		if m.unit == unitSet {
			p.op.Values = values(&p.number, &v)
		}
		p.op.Span = firedoor.Span{End: int64(m.size)}
		emit(&p.event)
	}
	if m.unit == unitSet && count(list) > 0 { // who judges must know that there are more
		p.voice.Malformed(emit, "more variables are set than the limit", list.Pos())
	}
	if a.items > 0 {
		*p.asked.Put(uint64(m.request)) = a
	}
}

// begin starts an operation in the scratch.
func (p *parser) begin(unit byte, phase firedoor.Phase, id uint32, item uint16, single bool) {
	f := &functions[unit-unitGet]
	if single {
		item = 0
	}
	p.op = firedoor.Operation{ID: id, Item: item, Phase: phase, Verb: f.verb, Function: f.name, Code: uint32(unit)}
	p.event = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
}

// response joins the variables of a response to those of its request. Those of
// a next or bulk request name other objects than were asked for, so their
// answers carry the outcome only.
func (p *parser) response(m *message, emit func(*firedoor.Event)) {
	a := p.asked.Take(uint64(m.request))
	list := m.variables
	single := count(m.variables) == 1
	if a != nil {
		single = a.items == 1
	}
	var v variable
	for item := uint16(1); item <= maxItems; item++ {
		more, ok := next(&list, &v)
		if !ok {
			p.voice.Malformed(emit, "broken variable", list.Pos())
		}
		if !more {
			p.rest(m, a, item, single, emit)
			return
		}
		if m.status == 0 && (a == nil || a.unit != unitSet) {
			p.fact(&v, emit)
		}
		if a == nil || item <= a.items {
			p.answer(m, a, item, single, &v, emit)
		}
	}
}

func (p *parser) answer(m *message, a *asked, item uint16, single bool, v *variable, emit func(*firedoor.Event)) {
	if a == nil {
		p.last++
		p.begin(unitResponse, firedoor.Answered, p.last, item, single)
		p.op.Partial = true
	} else {
		p.begin(a.unit, firedoor.Answered, a.first+uint32(item)-1, item, single)
	}
	switch {
	case m.status != 0:
		p.op.Outcome = failed(m.status)
	default:
		p.op.Outcome = outcome(v.tag)
	}
	if a == nil || a.unit == unitGet || a.unit == unitSet {
		p.op.Object = firedoor.Object{Space: oids, Text: v.oid}
		if m.status == 0 && (a == nil || a.unit == unitGet) {
			p.op.Values = values(&p.number, v)
		}
	}
	emit(&p.event)
}

// report answers a request of version 3 that could not be taken (RFC 3416,
// 4.2.8): wrong time, engine, user or digest.
func (p *parser) report(m *message, emit func(*firedoor.Event)) {
	a := p.asked.Take(uint64(m.request))
	for item := uint16(1); a != nil && item <= a.items; item++ {
		p.begin(a.unit, firedoor.Answered, a.first+uint32(item)-1, item, a.items == 1)
		p.op.Outcome = firedoor.Failed(unitReport, "report")
		emit(&p.event)
	}
}

// rest answers the asked variables that a response left out: some agents send
// an error without its variables.
func (p *parser) rest(m *message, a *asked, item uint16, single bool, emit func(*firedoor.Event)) {
	for ; a != nil && item <= a.items; item++ {
		p.begin(a.unit, firedoor.Answered, a.first+uint32(item)-1, item, single)
		p.op.Outcome = firedoor.OK
		if m.status != 0 {
			p.op.Outcome = failed(m.status)
		}
		emit(&p.event)
	}
}

// count counts variables up to two: one has no item number.
func count(list wire.BER) int {
	n := 0
	for list.Len() > 0 && n < 2 {
		list.Any()
		if list.Failed() {
			break
		}
		n++
	}
	return n
}

// fact tells what a variable of a response says about the device.
func (p *parser) fact(v *variable, emit func(*firedoor.Event)) {
	f := firedoor.Identity{About: firedoor.AboutSender, Confidence: sure, Value: v.value}
	switch v.tag {
	case wire.TagOctetString:
		for i := range facts {
			if string(v.oid) == facts[i].oid {
				f.Kind, f.Source = facts[i].kind, facts[i].source
				p.voice.Fact(emit, f)
				return
			}
		}
	case wire.TagOID:
		if name := maker(v.value); string(v.oid) == sysObjectID && name != "" {
			f.Kind, f.Source = firedoor.FactVendor, "snmp sysObjectID"
			f.Value = append(p.word[:0], name...)
			p.voice.Fact(emit, f)
		}
	}
}

// Gap: messages stand alone.
func (p *parser) Gap(firedoor.Direction, int64) bool { return true }
