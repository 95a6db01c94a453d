package ptp

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// A management message goes on with the port it is for (clock 8, number 2), how many boundary
// clocks it may pass, from the start and from here on, the action (4 bits) and a reserved
// byte. Then comes an element.
const (
	startHopsAt = 44
	hopsAt      = 45
	actionAt    = 46
)

// Actions.
const (
	actionGet         = 0
	actionSet         = 1
	actionResponse    = 2
	actionCommand     = 3
	actionAcknowledge = 4
)

// Elements of management: what is asked for (2) and its data; or an error (2) and what was asked for (2).
const (
	elementManagement = 1
	elementError      = 2
)

// element is what a management message says.
type element struct {
	action byte
	id     uint16 // of the setting
	failed bool
	fault  uint16
	data   []byte
}

// code is that of an action on the setting.
func (e *element) code(action byte) uint32 { return uint32(action)<<16 | uint32(e.id) }

// management reads a management message.
func (p *parser) management(m []byte) {
	e := element{action: m[actionAt] & 0xf}
	if e.action > actionAcknowledge {
		p.malformed("action that does not exist", actionAt)
		return
	}
	w := walk{b: m, at: kinds[typeManagement].least}
	if !w.next() {
		if p.complain(&w); !w.bad {
			p.malformed("management message without its element", len(m))
		}
		return
	}
	answer := e.action == actionResponse || e.action == actionAcknowledge
	switch d := w.data; {
	case w.kind == elementManagement && len(d) >= 2:
		e.id, e.data = binary.BigEndian.Uint16(d), d[2:]
	case w.kind == elementError && answer && len(d) >= 4:
		e.failed, e.fault, e.id = true, binary.BigEndian.Uint16(d), binary.BigEndian.Uint16(d[2:])
	default:
		p.malformed("element that a management message cannot have", kinds[typeManagement].least)
		return
	}
	if answer {
		p.answered(m, &e)
	} else {
		p.request(m, &e)
	}
	for w.next() {
	}
	p.complain(&w)
}

// target is the port that a message is for, as an object of settings.
func (p *parser) target(m []byte, id uint16) firedoor.Object {
	b := m[headerSize:]
	return firedoor.Object{Space: &settings, At: portOf(&p.h, uint32(id), binary.BigEndian.Uint64(b), binary.BigEndian.Uint16(b[8:]))}
}

// keyOf is the key of a request: its answer has the same sequence and is about the same.
func (p *parser) keyOf(dir firedoor.Direction, id uint16) uint64 {
	return key(dir, uint64(p.h.sequence)<<16|uint64(id))
}

func (p *parser) request(m []byte, e *element) {
	w := wordOf(e.id, e.action)
	p.op = firedoor.Operation{Verb: w.verb, Function: w.words, Code: e.code(e.action), Object: p.target(m, e.id)}
	if e.action != actionGet {
		p.op.Values, p.op.Texts = p.value(e)
	}
	p.ask(p.keyOf(p.dir, e.id))
}

// answered tells what a clock answers: to what was asked in this flow, as a partial operation if it is
// for one other alone, else as a sample.
func (p *parser) answered(m []byte, e *element) {
	outcome := firedoor.OK
	if e.failed {
		outcome = firedoor.Failed(uint32(e.fault), faults[e.fault])
	}
	w := &answerWords[0]
	if e.action == actionAcknowledge {
		w = &answerWords[1]
	}
	own := firedoor.Object{Space: &settings, At: portOf(&p.h, uint32(e.id), p.h.clock, p.h.port)}
	q := p.asked.Take(p.keyOf(p.dir.Other(), e.id))
	if q == nil && !p.h.unicast() {
		p.rumour(e, w, own)
	} else {
		p.op = firedoor.Operation{Verb: w.verb, Function: w.words, Code: e.code(e.action), Object: own, Outcome: outcome}
		read := q == nil && e.action == actionResponse
		if q != nil {
			asked := wordOf(e.id, byte(q.code>>16))
			p.op.Verb, p.op.Function, read = asked.verb, asked.words, q.code>>16 == actionGet
		}
		if read && !e.failed {
			p.op.Values, p.op.Texts = p.value(e)
		}
		p.answer(q)
	}
	// What a boundary clock passes on for another says nothing of itself.
	if !e.failed && e.action == actionResponse && m[startHopsAt] == m[hopsAt] {
		p.describe(e)
	}
}

// rumour tells an answer that is for all to hear.
func (p *parser) rumour(e *element, w *word, own firedoor.Object) {
	if e.failed {
		b := binary.BigEndian.AppendUint16(p.scratch[:0], e.fault)
		p.tell("management error", e.code(e.action), own, firedoor.Values{Type: firedoor.U16, Count: 1, Raw: b}, []byte(faults[e.fault]))
		return
	}
	v, texts := p.value(e)
	var text []byte
	if len(texts) > 0 {
		text = texts[0]
	}
	p.tell(w.words, e.code(e.action), own, v, text)
}

// value is the value of a setting that is a single number, or a text.
func (p *parser) value(e *element) (v firedoor.Values, texts [][]byte) {
	s := settingOf(e.id)
	if s == nil || s.form == noForm || s.form == formTime && e.action == actionResponse { // another each time
		return v, nil
	}
	if len(e.data) < formSizes[s.form] {
		p.malformed("value shorter than its type", kinds[typeManagement].least)
		return v, nil
	}
	d := e.data
	switch s.form {
	case formU8:
		v = firedoor.Values{Type: firedoor.U8, Count: 1, Raw: d[:1]}
	case formI8:
		v = firedoor.Values{Type: firedoor.I8, Count: 1, Raw: d[:1]}
	case formFlag:
		v = firedoor.Values{Type: firedoor.Bool, Count: 1, Raw: append(p.scratch[:0], d[0]&1)}
	case formU16:
		v = firedoor.Values{Type: firedoor.U16, Count: 1, Raw: d[:2]}
	case formI16:
		v = firedoor.Values{Type: firedoor.I16, Count: 1, Raw: d[:2]}
	case formTime: // seconds alone
		v = firedoor.Values{Type: firedoor.U64, Count: 1, Raw: append(append(p.scratch[:0], 0, 0), d[:6]...)}
	case formText:
		if t, _, ok := textOf(d); ok && wire.Legible(t) && !wire.Secretive(t) {
			texts = p.list(t)
		}
	}
	return v, texts
}

// textOf reads a text: its length, then its bytes.
func textOf(b []byte) (text, rest []byte, ok bool) {
	if len(b) == 0 || int(b[0]) > len(b)-1 {
		return nil, nil, false
	}
	n := 1 + int(b[0])
	return b[1:n], b[n:], true
}

// describe tells what a clock says of itself.
func (p *parser) describe(e *element) {
	switch e.id {
	case idClockDescription:
		product, revision, user, ok := description(e.data)
		if !ok {
			p.malformed("description shorter than its parts", kinds[typeManagement].least)
			return
		}
		const source = "ptp clock description"
		p.parts(source, product, firedoor.FactVendor, firedoor.FactModel, firedoor.FactSerial)
		p.parts(source, revision, firedoor.FactHardware, firedoor.FactFirmware, firedoor.FactSoftware)
		p.user(user)
	case idUserDescription:
		if t, _, ok := textOf(e.data); ok {
			p.user(t)
		}
	}
}

// description reads what a clock is: its kind (2), the name of its physical layer, its address there
// (length 2), its address (protocol 2, length 2), who makes it (3), a reserved byte, and three texts.
func description(b []byte) (product, revision, user []byte, ok bool) {
	if len(b) < 2 {
		return nil, nil, nil, false
	}
	_, rest, ok := textOf(b[2:])
	r := protocol.Read(rest)
	r.Skip(int(r.U16()))
	r.Skip(2)
	r.Skip(int(r.U16()))
	r.Skip(4)
	if !ok || r.Failed() {
		return nil, nil, nil, false
	}
	texts := [3][]byte{}
	rest = r.Rest()
	for i := range texts {
		if texts[i], rest, ok = textOf(rest); !ok {
			return nil, nil, nil, false
		}
	}
	return texts[0], texts[1], texts[2], true
}

// parts tells the parts of a text, which semicolons divide.
func (p *parser) parts(source string, b []byte, kinds ...firedoor.FactKind) {
	for _, kind := range kinds {
		part := b
		for i, c := range b {
			if c == ';' {
				part = b[:i]
				break
			}
		}
		b = b[min(len(part)+1, len(b)):]
		p.fact(kind, source, part)
	}
}

// user tells what a clock was called, and where it stands.
func (p *parser) user(b []byte) {
	p.parts("ptp user description", b, firedoor.FactName, firedoor.FactComment)
}
