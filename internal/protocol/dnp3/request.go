package dnp3

import (
	"firedoor"
	"firedoor/internal/protocol/wire"
)

// The application header (4.2.2): control, function, and in responses two bytes
// of internal indications.
const (
	functionAt     = 1
	objectsAt      = 2
	responseAt     = 4
	fragmentFirst  = 0x80
	fragmentFinal  = 0x40
	sequenceBits   = 0x0f
	authReply      = 2 // variation of group 120 that answers a challenge
	reasonSeveral  = "request in several fragments"
	reasonEcho     = "response does not repeat the request"
	reasonResponse = "response shorter than its header"
)

// fragment reads an application fragment.
func (p *parser) fragment(b []byte) {
	if len(b) < objectsAt {
		p.complain(reasonShort)
		return
	}
	p.code = b[functionAt]
	switch {
	case p.code < fnResponse || p.code > fnAuthenticateResponse:
		p.request(b[0], b[objectsAt:])
	case len(b) < responseAt:
		p.complain(reasonResponse)
	default:
		p.response(b[0], b[responseAt-1], b[responseAt:])
	}
}

// count is how many operations or samples the objects give at least.
func (p *parser) count(body []byte) (n uint32) {
	for w := (walk{b: body, code: p.code}); w.next(); {
		n++
	}
	return n
}

// request tells what a master asks: an operation for each object, one at least.
func (p *parser) request(control byte, body []byte) {
	outstation, master := destination(p.frame), source(p.frame)
	assigned := p.code <= fnAuthenticateNo
	if p.total = 0; assigned { // nobody knows what else is laid out like
		p.total = p.count(body)
	}
	noAnswer := functions[p.code].noAnswer || broadcast(outstation)
	k := key(outstation, master, control)
	if p.code == fnAuthenticate { // the request that was challenged goes on waiting
		k = authenticationKey(outstation, master, control)
		noAnswer = noAnswer || len(body) > 1 && body[0] == groupAuthentication && body[1] == authReply
	}
	var q *request
	if !noAnswer {
		q = p.remember(k)
		q.code, q.count, q.verb = uint32(p.code), max(p.total, 1), functions[p.code].verb
	}
	w := walk{b: body, code: p.code}
	for i := uint32(0); i < p.total && w.next(); i++ {
		p.askUnit(&w, q, i)
	}
	if p.total == 0 {
		p.begin(outstation)
		p.function(uint32(p.code), functions[p.code].verb)
		p.op.NoAnswer = q == nil
		if q != nil && len(body) == 0 {
			p.refuseFunction()
		}
		p.ask()
	}
	if assigned {
		w.next() // says what is wrong behind the last object
	}
	if w.reason != "" {
		p.complain(w.reason)
	}
	if control&(fragmentFirst|fragmentFinal) != fragmentFirst|fragmentFinal {
		p.complain(reasonSeveral)
	}
}

func (p *parser) function(code uint32, verb firedoor.Verb) {
	p.op.Code, p.op.Verb = code, verb
	if code < linkCode {
		p.op.Function = functions[code].name
	}
}

// askUnit tells of object i of a request.
func (p *parser) askUnit(w *walk, q *request, i uint32) {
	u := &w.unit
	p.begin(destination(p.frame))
	p.function(uint32(p.code), u.verb(p.code))
	p.op.NoAnswer, p.op.Selects = q == nil, p.code == fnSelect
	if p.total > 1 {
		p.op.Item = itemNumber(i)
	}
	o := u.place()
	p.op.Object = o.object()
	if u.counts() {
		p.op.Quantity, p.op.HasQty = u.count, true
	}
	switch {
	case u.group == groupFile:
		p.askFile(u, q)
	case u.data != nil && told(u.group) && u.group != groupString:
		p.op.Values = p.values(&u.layout, u.data, 0, u.layout.pieces(u.count))
	}
	if q != nil {
		if i == 0 {
			q.verb = p.op.Verb
		}
		if len(q.items) < maxItems {
			q.items = append(q.items, item{o, p.op.Quantity, p.op.Verb, u.group, p.op.HasQty})
		}
		p.refuseVariation(w)
	}
	p.ask()
}

// told tells whether values of a group are passed on: not what is typed, nor
// what authenticates.
func told(group byte) bool {
	switch group {
	case groupAttribute, groupFile, groupTerminal, groupTerminalEvent, groupAuthentication:
		return false
	}
	return true
}

// Refusals change bytes that stand right before a check, so that the check can
// be changed with them. There is none for other requests.

// refuseFunction puts a function that nobody assigned into a request without
// objects: a device says that it does not support it.
func (p *parser) refuseFunction() {
	const at = headerSize + applicationAt + functionAt
	if !p.whole || len(p.frame) != at+1+checkSize {
		return
	}
	block := [3]byte{p.frame[headerSize], p.frame[headerSize+1], fnUnassigned}
	c := crc(block[:])
	p.refusals[0] = firedoor.Refusal{Name: "function", Offset: at, Bytes: [4]byte{fnUnassigned, byte(c), byte(c >> 8)}, Len: 3}
	p.op.Refusals = p.refusals[:]
}

// noVariation is a variation that no group of points has. Attributes and strings
// have all of them.
const noVariation = 0xff

// refuseVariation asks for a variation that does not exist, where the last
// header of a read or of what sets up reporting ends the frame.
func (p *parser) refuseVariation(w *walk) {
	u := &w.unit
	if !p.whole || !u.all || w.pos != len(w.b) || u.group == groupAttribute || u.group >= groupString ||
		p.code != fnRead && p.code != fnEnable && p.code != fnDisable {
		return
	}
	size := (len(p.frame)-headerSize-1)%(blockSize+checkSize) + 1 // of the last block
	if size < 2+checkSize {
		return
	}
	var block [blockSize]byte
	n := copy(block[:], p.frame[len(p.frame)-size:len(p.frame)-checkSize])
	block[n-2] = noVariation
	c := crc(block[:n])
	p.refusals[0] = firedoor.Refusal{
		Name: "variation", Offset: len(p.frame) - checkSize - 2,
		Bytes: [4]byte{noVariation, block[n-1], byte(c), byte(c >> 8)}, Len: 4,
	}
	p.op.Refusals = p.refusals[:]
}

// keep copies a text that the response does not repeat.
func (q *request) keep(text []byte) {
	q.text = append(q.text[:0], text[:min(len(text), wire.MaxText)]...)
}
