package bsap

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// maxSignals is how many signals of one request are told; the rest is passed over.
const maxSignals = 64

// Reasons of malformed events.
const (
	reasonFrame = "neither a serial frame nor a message over IP"
	reasonShort = "data end too early"
	reasonMore  = "request writes more signals than the limit"
	reasonValue = "signals behind one whose value is written in an unknown way"
	reasonSide  = "request of the server, or answer of the client"
)

// request is what an answer needs to know of its request.
type request struct {
	id, code, unit uint32
	n              uint32 // operations
	serial         bool
	parts          uint16 // of each signal that is read
	list           []byte // the signals, as far as they are kept
}

// maxList is how many octets of names or addresses a request that waits keeps; signals behind them have no values.
const maxList = 1024

type parser struct {
	asked protocol.Asked[request]
	last  uint32

	emit    func(*firedoor.Event)
	b       []byte
	voice   wire.Voice
	op      firedoor.Operation
	opEvent firedoor.Event
	buf     [maxFrame]byte
	found   [maxSignals][2]int // where values stand in the answer at hand
}

func newParser() *parser {
	p := &parser{}
	p.opEvent = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
	return p
}

// Gap is never called: there is no stream.
func (p *parser) Gap(firedoor.Direction, int64) bool { return true }

func (p *parser) complain(reason string) { p.voice.Malformed(p.emit, reason, 0) }

// head is the header of a serial frame.
type head struct {
	unit     uint32
	to, from byte
	sequence uint16
	data     []byte // nil: a frame of the link
}

// answers tells whether a program on a computer is told something by a task.
func (h *head) answers() bool { return h.to < firstTask && h.from >= firstTask }

// header reads the header of a serial frame.
func header(m []byte) (h head) {
	r := protocol.Read(m)
	address := r.U8()
	r.Skip(1)
	h.unit = uint32(address &^ 0x80)
	if address&0x80 != 0 {
		h.unit = uint32(r.U16LE())
		r.Skip(3)
	}
	h.to, h.sequence, h.from = r.U8(), r.U16LE(), r.U8()
	r.Skip(1)
	if data := r.Rest(); !r.Failed() {
		h.data = data
	}
	return h
}

// Parse reads one datagram.
func (p *parser) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.emit, p.b = emit, b
	switch m, ok := unframe(b, p.buf[:]); {
	case ok:
		p.serial(dir, m)
	case overIP(b):
		p.ip(dir)
	default:
		p.complain(reasonFrame)
	}
	return len(b), nil
}

// serial reads a serial frame. Those of the link are shorter than a header.
func (p *parser) serial(dir firedoor.Direction, m []byte) {
	h := header(m)
	if h.data == nil {
		return
	}
	if h.answers() != (dir == firedoor.FromServer) {
		p.complain(reasonSide)
		return
	}
	if !h.answers() {
		p.request(h.to, h.data, uint64(h.sequence), h.unit, true)
		return
	}
	a := answer{task: h.from}
	r := protocol.Read(h.data)
	a.code, a.has = uint32(r.U8()), len(h.data) > 0
	a.n, a.data = int(r.U8()), r.Rest()
	p.answer(p.asked.Take(uint64(h.sequence)), &a)
}

// ip reads a datagram of the form over IP: one answer each for the messages of a
// request.
func (p *parser) ip(dir firedoor.Direction) {
	kind := binary.LittleEndian.Uint16(p.b[4:])
	if asksOverIP(kind) != (dir == firedoor.FromClient) {
		p.complain(reasonSide)
		return
	}
	rest := p.b[binary.LittleEndian.Uint16(p.b):]
	for range binary.LittleEndian.Uint16(p.b[2:]) {
		m := rest[:binary.LittleEndian.Uint32(rest)]
		rest = rest[len(m):]
		key := uint64(binary.LittleEndian.Uint32(m[5:])) | 1<<32
		if asksOverIP(kind) {
			p.request(m[9], m[ipMessage:], key, 0, false)
		} else {
			p.answer(p.asked.Take(key), &answer{task: fnDatabase, code: uint32(m[9]), has: true, n: int(m[10]), data: m[ipMessage:]})
		}
	}
}

// codeOf is the code of a request to a task: access to the database says what it is in
// its first octet, the extension in its sixth and seventh.
func codeOf(task byte, data []byte) (code uint32, rest []byte, ok bool) {
	const extension = 7
	switch {
	case task == fnDatabase && len(data) > 0:
		return fnDatabase<<8 | uint32(data[0]), data[1:], true
	case task == fnDatabase:
		return fnDatabase<<8 | 0xff, nil, false
	case task == fnExtension && len(data) >= extension:
		return fnExtension<<16 | uint32(binary.LittleEndian.Uint16(data[extension-2:])), data[extension:], true
	}
	return uint32(task) << 8, nil, task != fnExtension
}

// request reads what is asked of a task.
func (p *parser) request(task byte, data []byte, key uint64, unit uint32, serial bool) {
	code, data, ok := codeOf(task, data)
	f := find(code)
	p.op = firedoor.Operation{Code: code, Function: f.name, Verb: f.verb, HasUnit: serial, Unit: unit}
	for p.asked.Take(key) != nil { // sent again, or its answer is lost
		continue
	}
	q := p.asked.Put(key)
	list, n := f.by.list(data)
	*q = request{id: p.last + 1, code: code, unit: unit, serial: serial, parts: f.by.parts(data), list: q.list[:0]}
	if q.parts != 0 {
		q.list = append(q.list, list[:min(len(list), maxList)]...)
	}
	reason := ""
	for i := range min(n, maxSignals) {
		o, rest, whole := f.by.next(list)
		if !whole {
			ok = false
			break
		}
		p.op.Object = o
		p.op.Quantity, p.op.HasQty = 1, true
		if n > 1 {
			p.op.Item = uint16(i + 1)
		}
		if list = rest; f.verb == firedoor.VerbWrite { // behind each stands what is written
			if p.op.Values, list = written(rest, n == 1); list == nil && i+1 < n {
				reason = reasonValue
			}
		}
		if p.ask(q); reason != "" {
			break
		}
	}
	if reason == "" && n > maxSignals && f.verb == firedoor.VerbWrite { // who judges must know that there are more
		reason = reasonMore
	}
	if q.n == 0 {
		p.ask(q)
	}
	switch {
	case !ok:
		p.complain(reasonShort)
	case reason != "":
		p.complain(reason)
	}
}

func (p *parser) ask(q *request) {
	p.last++
	q.n++
	p.op.ID, p.op.Phase = p.last, firedoor.Asked
	p.op.Span = firedoor.Span{End: int64(len(p.b))}
	p.emit(&p.opEvent)
}

// answer is what a task says: of the database a code, how many signals, and of each what was asked.
type answer struct {
	task byte
	code uint32
	has  bool
	n    int
	data []byte
}

// answer reads what became of a request: zero is well, and bits say what is not. A
// task that is not the database has no such code.
func (p *parser) answer(q *request, a *answer) {
	p.op = firedoor.Operation{Phase: firedoor.Answered, Code: uint32(a.task) << 8, Outcome: firedoor.OK}
	failed := a.task == fnDatabase && a.has && a.code != 0
	if failed {
		p.op.Outcome = firedoor.Failed(a.code, "")
	}
	if q == nil {
		p.last++
		p.op.ID, p.op.Partial, p.op.Function, p.op.Verb = p.last, true, "database access", firedoor.VerbRead
		if a.task != fnDatabase {
			f := find(p.op.Code)
			p.op.Function, p.op.Verb = f.name, f.verb
		}
		p.emit(&p.opEvent)
		return
	}
	f := find(q.code)
	p.op.Code, p.op.Function, p.op.Verb, p.op.HasUnit, p.op.Unit = q.code, f.name, f.verb, q.serial, q.unit
	located := !failed && a.n == int(q.n) && locate(q.parts, a.n, a.data, &p.found)
	list := q.list
	for i := range q.n {
		p.op.ID = q.id + i
		if q.n > 1 {
			p.op.Item = uint16(i + 1)
		}
		if located {
			var whole bool
			if p.op.Object, list, whole = f.by.next(list); whole {
				p.op.Values = signalValue(a.data[p.found[i][0]:p.found[i][1]])
			} else {
				p.op.Values, located = firedoor.Values{}, false
			}
		}
		p.emit(&p.opEvent)
	}
}
