package modbus

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// umas is what a flow keeps once it has moved or named a program.
type umas struct {
	moves [2]umasMove
	name  [wire.MaxText / 4]byte // of the project in the controller
	named uint8
}

// umasMove is a program on its way; one at a time each way, as the reservation
// allows only one station to move any. Its name is that of the project which lay in the
// controller when it began: the blocks themselves are not looked into.
type umasMove struct {
	name  [wire.MaxText / 4]byte
	named uint8
	on    bool
	next  uint16 // number of the next block
	total int64  // announced, 0: not told
	wire.Content
}

// Indices of moves.
const (
	moveSend  = 0 // to the controller
	moveFetch = 1
)

func (p *parser) umasState() *umas {
	if p.umas == nil {
		p.umas = &umas{}
	}
	return p.umas
}

// umasOf is what was asked, nil if that is not known or was not UMAS. q is a
// request of function 90.
func umasOf(q *request) *umasAsked {
	if q == nil || q.more == nil || !q.more.umas.is {
		return nil
	}
	return &q.more.umas
}

// answerUmas reads an answer of function 90: pairing key, outcome, body. What was
// asked is known by the request alone.
func (p *parser) answerUmas(q *request, data []byte) (reason string) {
	u := umasOf(q)
	said := len(data) >= umasBodyAt && (data[umasCodeAt] == umasOK || data[umasCodeAt] == umasError)
	if u == nil && (q != nil || !said) {
		p.reply(q, 0)
		return ""
	}
	p.op.Protocol = "umas"
	if u == nil {
		f := &umasFunctions[data[umasCodeAt]]
		p.op.Code, p.op.Verb, p.op.Function = uint32(data[umasCodeAt]), f.verb, f.name
		p.op.Outcome = umasOutcome(data[umasCodeAt], data[umasBodyAt:])
		p.reply(nil, 0)
		p.op.Protocol = ""
		return ""
	}
	if !said { // an answer without an outcome answers nothing
		p.op.Outcome = firedoor.Outcome{Kind: firedoor.OutcomeNoResponse}
		p.umasReplies(q, u, nil)
		p.op.Protocol = ""
		return reasonUmasContent
	}
	code, body := data[umasCodeAt], data[umasBodyAt:]
	const innerAt = umasBodyAt + 1 + 32
	if u.signed && code == umasOK && len(data) >= innerAt+3 && data[innerAt] == codeUmas {
		code, body = data[innerAt+2], data[innerAt+3:]
	}
	p.op.Outcome = umasOutcome(code, body)
	if code != umasOK {
		body = nil
	}
	p.umasReplies(q, u, body)
	if code == umasOK {
		reason = p.answered(u, body)
	} else if u.code == umasSendBlock && p.umas != nil {
		p.umas.moves[moveSend].refused(u.block)
	}
	p.op.Protocol = ""
	return reason
}

// umasOutcome is ok, or an error with its number, which has one byte or two.
func umasOutcome(code byte, body []byte) firedoor.Outcome {
	switch {
	case code == umasOK:
		return firedoor.OK
	case len(body) >= 2:
		return firedoor.Failed(uint32(binary.LittleEndian.Uint16(body)), "")
	case len(body) == 1:
		return firedoor.Failed(uint32(body[0]), "")
	}
	return firedoor.Failed(0, "")
}

// umasReplies emits the answer of every item, with its values in the body if all
// of them fit exactly.
func (p *parser) umasReplies(q *request, u *umasAsked, body []byte) {
	p.op.Phase, p.op.Code, p.op.Function = firedoor.Answered, uint32(u.code), *q.name
	ahead := 0 // bytes before each item
	told := firedoor.Values{}
	switch {
	case u.code == umasInfo:
		told, body = checksums(body), nil
	case u.code == umasReadLocated && len(body) > 0 && int(body[0]) == len(u.items):
		body, ahead = body[1:], 2
	case u.code != umasReadVariables:
		body = nil
	}
	need := 0
	for i := range u.items {
		need += ahead + int(u.items[i].size)*int(u.items[i].qty)
	}
	if len(u.items) == 0 || need != len(body) {
		body = nil
	}
	for i := range int(q.items) {
		p.op.ID = q.id + uint32(i)
		p.umasObject(q, u, i)
		p.op.Values = told
		if body != nil {
			n := int(u.items[i].size) * int(u.items[i].qty)
			if item := body[ahead : ahead+n]; u.items[i].kind == itemCoil {
				p.op.Values = p.packed(item)
			} else {
				p.op.Values = u.items[i].values(item)
			}
			body = body[ahead+n:]
		}
		p.emit(&p.operation)
	}
	p.op.Values = firedoor.Values{}
}

// answered reads what an accepted request brings.
func (p *parser) answered(u *umasAsked, body []byte) string {
	switch u.code {
	case umasReadID:
		p.identifyUmas(body)
	case umasProject:
		if u.sub == 0 {
			p.project(body)
		}
	case umasReadMemory: // range, length, content
		if len(body) < 3 || int(binary.LittleEndian.Uint16(body[1:])) != len(body)-3 {
			return reasonUmasContent
		}
	case umasBeginSend:
		p.begins(moveSend, 0)
	case umasBeginFetch: // two bytes, size of the program
		total := int64(0)
		if len(body) >= 6 {
			total = int64(binary.LittleEndian.Uint32(body[2:]))
		}
		p.begins(moveFetch, total)
	case umasFetchBlock: // whether the last, a byte, length, content
		if len(body) < 4 || int(binary.LittleEndian.Uint16(body[2:])) != len(body)-4 {
			p.loseUmas()
			return reasonUmasContent
		}
		p.moves(moveFetch, u.block, body[4:])
	case umasEndSend:
		p.ends(moveSend)
	case umasEndFetch:
		p.ends(moveFetch)
	}
	return ""
}

// sendBlock takes a block on its way to the controller: length, content.
func (p *parser) sendBlock(number uint16, b []byte) string {
	if len(b) < 2 {
		p.moves(moveSend, number, nil)
		return reasonUmasContent
	}
	n := int(binary.LittleEndian.Uint16(b))
	p.moves(moveSend, number, b[2:2+min(n, len(b)-2)])
	if n > len(b)-2 {
		return reasonUmasContent
	}
	return ""
}

// begins starts a transfer and tells of it.
func (p *parser) begins(way int, total int64) {
	m := &p.umasState().moves[way]
	m.on, m.next, m.total = true, 1, total
	m.name, m.named = p.umas.name, p.umas.named
	m.Begin()
	m.Expect(total)
	p.tellMove(way, false)
}

// moves takes block number of a transfer; one that was under way before it was
// seen is joined. A block sent again is passed over.
func (p *parser) moves(way int, number uint16, piece []byte) {
	m := &p.umasState().moves[way]
	if !m.on {
		m.on, m.next, m.total = true, number, 0
		m.name, m.named = p.umas.name, p.umas.named
		m.Join()
		p.tellMove(way, false)
	}
	switch number {
	case m.next - 1:
		return
	case m.next:
	default:
		m.Lose()
	}
	m.Mark()
	m.Add(piece)
	m.next = number + 1
}

// refused takes back a block that the controller did not take: it comes again.
func (m *umasMove) refused(number uint16) {
	if !m.on || m.next != number+1 {
		m.Lose()
		return
	}
	m.Undo()
	m.next = number
}

func (p *parser) ends(way int) {
	if p.umas == nil || !p.umas.moves[way].on {
		return
	}
	m := &p.umas.moves[way]
	if m.Bytes() == 0 || m.total != 0 && m.total != m.Bytes() { // nothing was taken, or not all
		m.Lose()
	}
	p.tellMove(way, true)
	m.on = false
}

// tellMove tells of a program's transfer.
func (p *parser) tellMove(way int, done bool) {
	m := &p.umas.moves[way]
	f := firedoor.FileTransfer{Protocol: "umas", Kind: "program", Name: m.name[:m.named], Upload: way == moveFetch, Done: done,
		HasUnit: true, Unit: p.op.Unit}
	m.Tell(&f)
	p.voice.File(p.emit, f)
}

// loseUmas says that something was missed, of the transfers under way maybe.
func (p *parser) loseUmas() {
	if p.umas != nil {
		p.umas.moves[moveSend].Miss()
		p.umas.moves[moveFetch].Miss()
	}
}
