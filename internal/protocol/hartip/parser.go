package hartip

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// maxCommands is how many commands of one direct PDU are told.
const maxCommands = 16

// request is what an answer needs to know of its request.
type request struct {
	id     uint32 // of its first operation
	count  int
	codes  [maxCommands]uint32
	object firedoor.Object
	unit   uint32
	has    bool // unit
	verb   firedoor.Verb
}

type parser struct {
	asked protocol.Asked[request]
	last  uint32
	lost  [2]bool
	own   firedoor.Object // the server's own long address, once it told it

	emit    func(*firedoor.Event)
	b       []byte // the message at hand
	at      int    // where it starts in the bytes at hand
	several bool   // it holds more than one command
	voice   wire.Voice
	op      firedoor.Operation
	opEvent firedoor.Event
	sample  firedoor.Sample
	event   firedoor.Event
	text    [48]byte
}

func newParser() *parser {
	p := &parser{}
	p.opEvent = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
	return p
}

const errHeader = protocol.Broken("no HART-IP header where a message should start")

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
	for len(b)-pos >= headerSize {
		if !sound(b[pos:]) {
			return pos, errHeader
		}
		n := int(binary.BigEndian.Uint16(b[pos+6:]))
		if len(b)-pos < n {
			break
		}
		p.b, p.at = b[pos:pos+n], pos
		pos += n
		p.message(dir)
	}
	return pos, nil
}

// Gap: a message can be found again by its header and what it holds.
func (p *parser) Gap(dir firedoor.Direction, _ int64) bool {
	p.lost[dir] = true
	return true
}

func (p *parser) malformed(reason string) { p.voice.Malformed(p.emit, reason, p.at) }

// message reads the message at hand; who may send which type is fixed.
func (p *parser) message(dir firedoor.Direction) {
	kind, id, body := p.b[1], p.b[2], p.b[headerSize:]
	if (dir == firedoor.FromClient) != (kind == typeRequest) {
		p.malformed("message type of the other side")
		return
	}
	switch kind {
	case typeRequest:
		p.request(id, body)
	case typePublish:
		p.publish(id, body)
	default:
		p.answer(kind, id, body)
	}
}

// key joins request and answer: the sequence number and the identifier.
func (p *parser) key() uint64 {
	return uint64(binary.BigEndian.Uint16(p.b[4:]))<<8 | uint64(p.b[2])
}

// address puts the address of a PDU into the operation at hand.
func (p *parser) address(u *unit) {
	if u.long {
		p.op.Object = u.object()
	} else {
		p.op.HasUnit, p.op.Unit = true, uint32(u.short)
	}
}

func (u *unit) object() firedoor.Object {
	return firedoor.Object{Space: &devices, At: [4]uint32{u.device, u.serial}}
}

// severalIn tells whether a direct PDU holds more than one command.
func severalIn(body []byte) bool {
	w := walk{body: body, at: 2}
	for w.count < 2 && w.next() {
	}
	return w.count == 2
}

func (p *parser) request(id byte, body []byte) {
	q := p.asked.Put(p.key())
	*q = request{id: p.last + 1}
	p.op = firedoor.Operation{}
	switch id {
	case idToken:
		u, ok := readUnit(body)
		if !ok {
			p.ask(q, sessionBase+uint32(id), nil)
			p.malformed("PDU does not fit its message")
			return
		}
		p.address(&u)
		p.ask(q, u.command, u.data)
		if !u.checked {
			p.malformed("check byte of a PDU is wrong")
		}
		if u.kind != frameAsk {
			p.malformed("PDU in a request is none")
		}
	case idDirect:
		w := walk{body: body, at: 2}
		p.several = severalIn(body)
		for w.next() && q.count < maxCommands {
			if p.several {
				p.op.Item++
			}
			p.ask(q, w.command, w.data)
		}
		if w.count == 0 {
			p.ask(q, sessionBase+uint32(id), nil)
		}
		switch {
		case w.count > maxCommands: // who judges must know that there are more
			p.malformed("more commands in a message than the limit")
		case w.count == 0 || !w.whole():
			p.malformed("commands do not fill their message")
		}
	default:
		p.ask(q, sessionBase+uint32(id), nil)
	}
	q.object, q.unit, q.has = p.op.Object, p.op.Unit, p.op.HasUnit
}

// ask emits the operation at hand as asked.
func (p *parser) ask(q *request, code uint32, data []byte) {
	w := wordOf(code)
	if code == sendToSub { // what matters is what the device behind is told
		if c, ok := inner(data); ok {
			w.verb = wordOf(c).verb
		}
	}
	q.codes[q.count], q.verb = code, w.verb
	q.count++
	p.last++
	p.op.ID, p.op.Phase, p.op.Code, p.op.Function, p.op.Verb = p.last, firedoor.Asked, code, w.name, w.verb
	p.op.Span = firedoor.Span{Start: int64(p.at), End: int64(p.at + len(p.b))}
	p.emit(&p.opEvent)
}

// reply emits the operation at hand as the answer to command i of a request.
func (p *parser) reply(q *request, i int, code uint32, o firedoor.Outcome) {
	w := wordOf(code)
	p.op.Phase, p.op.Outcome, p.op.Code, p.op.Function, p.op.Verb = firedoor.Answered, o, code, w.name, w.verb
	if q == nil {
		p.last++
		p.op.ID, p.op.Partial = p.last, true
	} else {
		p.op.ID, p.op.Object, p.op.Unit, p.op.HasUnit = q.id+uint32(i), q.object, q.unit, q.has
		if q.count == 1 {
			p.op.Verb = q.verb
		}
	}
	if q == nil && p.several || q != nil && q.count > 1 {
		p.op.Item = uint16(i + 1)
	}
	p.emit(&p.opEvent)
}

func (p *parser) answer(kind, id byte, body []byte) {
	q := p.asked.Take(p.key())
	p.op, p.several = firedoor.Operation{}, false
	result := status(id, p.b[3])
	if kind >= typeError { // the body is a code
		result = firedoor.Failed(uint32(kind), "nak")
		if len(body) > 0 {
			result = firedoor.Failed(uint32(body[0]), "")
			if o := outcome(body[0]); o.Kind == firedoor.OutcomeError {
				result = o
			}
		}
		p.replyAll(q, id, result)
		return
	}
	switch {
	case result.Kind != firedoor.OutcomeOK && len(body) == 0:
		p.replyAll(q, id, result)
	case id == idToken:
		p.answerToken(q, body)
	case id == idDirect:
		p.answerDirect(q, body)
	default:
		p.replyAll(q, id, result)
	}
}

// replyAll gives one outcome to all commands of a request.
func (p *parser) replyAll(q *request, id byte, o firedoor.Outcome) {
	if q == nil {
		p.reply(nil, 0, sessionBase+uint32(id), o)
		return
	}
	for i := range q.count {
		p.reply(q, i, q.codes[i], o)
	}
}

var nothing = firedoor.Outcome{Kind: firedoor.OutcomeNoResponse}

func (p *parser) answerToken(q *request, body []byte) {
	u, ok := readUnit(body)
	if !ok || u.kind != frameReply {
		p.replyAll(q, idToken, nothing)
		p.malformed("PDU in a response is none")
		return
	}
	p.address(&u)
	p.reply(q, 0, u.command, outcome(u.code))
	if !u.checked {
		p.malformed("check byte of a PDU is wrong")
		return
	}
	if outcome(u.code).Kind == firedoor.OutcomeOK {
		p.identity(&u)
		p.answered(&u)
	}
}

// answerDirect gives each command of a direct PDU its outcome: the first byte of
// its data. Commands without an answer have none.
func (p *parser) answerDirect(q *request, body []byte) {
	w := walk{body: body, at: 2}
	p.several = severalIn(body)
	i, most := 0, maxCommands
	if q != nil {
		most = q.count
	}
	for i < most && w.next() {
		o := nothing
		if len(w.data) > 0 {
			o = outcome(w.data[0])
		}
		p.reply(q, i, w.command, o)
		if i++; o.Kind == firedoor.OutcomeOK {
			u := unit{command: w.command, data: w.data[1:]}
			p.identity(&u)
			p.answered(&u)
		}
	}
	if i == 0 && q == nil {
		p.reply(nil, 0, sessionBase+idDirect, nothing)
	}
	for ; q != nil && i < q.count; i++ {
		p.reply(q, i, q.codes[i], nothing)
	}
	if w.count == 0 || !w.whole() && w.count < most {
		p.malformed("commands do not fill their message")
	}
}
