package gesrtp

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

const source = "ge-srtp"

// request is what an answer needs to know of its request.
type request struct {
	id     uint32
	code   byte
	slot   byte
	memory bool // selector, offset and count are set
	sel    byte
	offset uint16
	count  uint16
}

type parser struct {
	asked protocol.Asked[request]
	last  uint32
	lost  [2]bool

	emit    func(*firedoor.Event)
	b       []byte // the message at hand
	at      int
	voice   wire.Voice
	op      firedoor.Operation
	opEvent firedoor.Event
}

func newParser() *parser {
	p := &parser{}
	p.opEvent = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
	return p
}

const errHeader = protocol.Broken("no GE-SRTP header where a message should start")

// keyInit is where the initialisation waits for its answer; sequence numbers have
// two bytes.
const keyInit = 1 << 16

// Parse reads whole messages.
func (p *parser) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.emit = emit
	pos := 0
	if p.lost[dir] {
		skip, found := resume(b)
		if !found {
			return skip, nil
		}
		p.lost[dir], pos = false, skip
	}
	for len(b)-pos >= headerSize {
		if !sound(b[pos : pos+headerSize]) {
			return pos, errHeader
		}
		n := size(b[pos:])
		if len(b)-pos < n {
			break
		}
		p.b, p.at = b[pos:pos+n], pos
		pos += n
		p.message(dir)
	}
	return pos, nil
}

// Gap: a message can be found again by its zeros and its mailbox.
func (p *parser) Gap(dir firedoor.Direction, _ int64) bool {
	p.lost[dir] = true
	return true
}

// resume looks for a request or an answer; zeros may be somebody's data.
func resume(b []byte) (skip int, found bool) {
	for i := range b {
		if b[i] != typeRequest && b[i] != typeAnswer || !sound(b[i:]) {
			continue
		}
		if len(b)-i < headerSize {
			return i, false
		}
		if fits(b[i:]) {
			return i, true
		}
	}
	return len(b), false
}

func (p *parser) malformed(reason string) { p.voice.Malformed(p.emit, reason, p.at) }

func (p *parser) message(dir firedoor.Direction) {
	kind := p.b[0]
	switch {
	case (dir == firedoor.FromClient) != (kind&1 == 0):
		p.malformed("message of the other side")
	case kind == typeInit:
		p.op = firedoor.Operation{Code: initCode, Function: "initialise", Verb: session}
		*p.asked.Put(keyInit) = request{id: p.last + 1}
		p.ask()
	case kind == typeInitDone:
		p.op = firedoor.Operation{Code: initCode, Function: "initialise", Verb: session, Outcome: firedoor.OK}
		p.reply(p.asked.Take(keyInit))
	case kind == typeRequest:
		p.request()
	default:
		p.answer()
	}
}

func (p *parser) key() uint64 { return uint64(binary.LittleEndian.Uint16(p.b[sequenceAt:])) }

func (p *parser) ask() {
	p.last++
	p.op.ID, p.op.Phase = p.last, firedoor.Asked
	p.op.Span = firedoor.Span{Start: int64(p.at), End: int64(p.at + len(p.b))}
	p.emit(&p.opEvent)
}

func (p *parser) reply(q *request) {
	p.op.Phase = firedoor.Answered
	if q != nil {
		p.op.ID = q.id
	} else {
		p.last++
		p.op.ID, p.op.Partial = p.last, true
	}
	p.emit(&p.opEvent)
}

// begin fills the operation with what both halves say.
func (p *parser) begin(q *request) {
	s := serviceOf(q.code)
	p.op = firedoor.Operation{Code: uint32(q.code), Function: s.name, Verb: s.verb, HasUnit: true, Unit: uint32(q.slot)}
	if q.memory {
		p.op.Object = firedoor.Object{Space: &memories, At: [4]uint32{uint32(q.sel), uint32(q.offset)}}
		p.op.Quantity, p.op.HasQty = uint32(q.count), true
	}
}

// request reads a service request. Behind the service stand selector, offset (2)
// and count (2) where it reads or writes system memory; then up to eight bytes
// of data, or the data is the text.
func (p *parser) request() {
	at, data := shortAt, p.b[shortAt+6:headerSize]
	switch p.b[mailboxAt] {
	case mailRequest:
	case mailRequestText:
		at, data = textAt, p.b[headerSize:]
	default:
		return // nothing is known of it
	}
	q := request{id: p.last + 1, code: p.b[at], slot: p.b[targetAt] >> 4}
	if q.code == readSystem || q.code == writeSystem {
		q.memory, q.sel = true, p.b[at+1]
		q.offset, q.count = binary.LittleEndian.Uint16(p.b[at+2:]), binary.LittleEndian.Uint16(p.b[at+4:])
	}
	*p.asked.Put(p.key()) = q
	p.begin(&q)
	whole := true
	if q.code == writeSystem {
		p.op.Values, whole = q.values(data)
	}
	p.ask()
	if !whole && p.b[at-1] <= 1 { // one of several packets may hold less
		p.malformed("write of more than its data")
	}
}

// values views data as the request's memory has it; whole is false if there is
// too little of it. Bits stand where their number in the byte says, so only those
// that begin a byte can be told. Of an unknown memory nothing can be.
func (q *request) values(data []byte) (v firedoor.Values, whole bool) {
	m, n := memoryOf(q.sel), int(q.count)
	switch {
	case m.of == firedoor.NoValue:
		return v, true
	case m.of == firedoor.Bit && q.offset%8 != 0:
		return v, len(data) >= (int(q.offset%8)+n+7)/8
	case m.of == firedoor.Bit:
		n = (n + 7) / 8
	default:
		n *= m.of.Size()
	}
	if len(data) < n {
		return v, false
	}
	return firedoor.Values{Type: m.of, Little: true, Count: int(q.count), Raw: data[:n]}, true
}

// answer reads what the controller says: done, with six bytes or a text, or an error.
func (p *parser) answer() {
	mail := p.b[mailboxAt]
	data := p.b[headerSize:]
	var o firedoor.Outcome
	switch mail {
	case mailDone:
		data = p.b[shortAt+2 : textAt]
		if o = firedoor.OK; p.b[shortAt] != 0 {
			o = refused(p.b[shortAt], p.b[shortAt+1])
		}
	case mailDoneText:
		o = firedoor.OK
	case mailError:
		o = refused(p.b[shortAt], p.b[shortAt+1])
	default:
		return
	}
	q := p.asked.Take(p.key())
	if q == nil {
		p.op = firedoor.Operation{Code: anyCode, Function: "service request", Verb: diagnose, Outcome: o}
		p.reply(nil)
		return
	}
	p.begin(q)
	p.op.Outcome = o
	ok := o.Kind == firedoor.OutcomeOK
	if ok && q.code == readSystem { // a controller that has no such memory may say done and nothing else
		p.op.Values, _ = q.values(data)
	}
	p.reply(q)
	switch {
	case q.code == changePrivilege && ok:
		p.voice.Login(p.emit, nil, "ok")
	case q.code == changePrivilege:
		p.voice.Login(p.emit, nil, "failed")
	case q.code == programName && ok && mail == mailDoneText:
		p.programName(data)
	}
}

// programName tells the name of the control program: 16 bytes behind 18 others,
// as one open program reads it.
func (p *parser) programName(text []byte) {
	if len(text) >= 34 {
		p.voice.Fact(p.emit, firedoor.Identity{About: firedoor.AboutServer, Kind: firedoor.FactSoftware, Confidence: 50, Source: source, Value: text[18:34]})
	}
}
