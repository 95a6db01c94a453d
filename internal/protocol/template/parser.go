package template

import (
	"encoding/binary"
	"errors"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// request is what an answer needs to know of its request. The ring keeps the
// places and what they point to, so that steady polling allocates nothing.
type request struct {
	id    uint32 // of its first operation
	items []item
	port  uint16 // subscribe
	name  []byte // resolve
	user  []byte // login; never the password
}

// item is one object of a request.
type item struct{ register uint16 }

// subscription is the state that an announced UDP flow starts with. A state with
// fields is made anew for each flow: two parsers never share memory.
type subscription struct{}

// compact is the state handed over to the parser of compact framing.
type compact struct{}

// parser reads one flow. What its events point to lives here, one of each, and is
// filled anew for every event: an event is valid only until emit returns.
type parser struct {
	asked   protocol.Asked[request]
	last    uint32  // id of the newest operation: ids count up by one
	lost    [2]bool // looking for a message after a gap
	compact bool    // framing without magic and number
	changes bool    // compact was asked for and not answered yet

	subscribed bool // the flow was announced by a subscribe

	emit func(*firedoor.Event)
	b    []byte // the message at hand: header and body
	at   int    // where it starts in the bytes at hand
	kind byte
	key  uint64
	body []byte

	voice    wire.Voice // speaks the small events
	op       firedoor.Operation
	refusals [1]firedoor.Refusal
	opEvent  firedoor.Event
	sample   firedoor.Sample
	expect   firedoor.Expect
	handover firedoor.HandOver
	event    firedoor.Event
}

func newParser() *parser {
	p := &parser{}
	p.opEvent = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
	return p
}

// Framing errors are static text. Only lost framing is an error: a body that
// breaks the rules inside a sound frame is a malformed event.
const (
	errMagic  = protocol.Broken("no magic number where a message should start")
	errLength = protocol.Broken("body longer than 1024 bytes")
)

// Receive takes what another parser prepared: of the compact framing that
// follows in the same stream, or of the sample flow that was announced.
func (p *parser) Receive(state any) {
	switch state.(type) {
	case compact:
		p.compact = true
	case subscription:
		p.subscribed = true
	}
}

// Parse consumes whole messages. What it does not consume comes again with more
// behind it, so that nothing is kept here.
func (p *parser) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.emit = emit
	pos := 0
	if p.lost[dir] {
		skip, found := p.resume(b)
		if !found {
			return skip, nil
		}
		p.lost[dir] = false
		pos = skip
	}
	for pos < len(b) {
		n, err := p.frame(b[pos:])
		if errors.Is(err, errMagic) && p.changes && dir == firedoor.FromClient {
			p.handOver() // the answer was lost, but the client goes on as if it was ok
			return pos, nil
		}
		if n == 0 || err != nil {
			return pos, err
		}
		p.at = pos
		pos += n
		if dir == firedoor.FromClient {
			p.request()
		} else if p.answer() {
			return pos, nil // handed over: what follows is not ours
		}
	}
	return pos, nil
}

// frame finds the first message of b; size 0 if it is not complete.
func (p *parser) frame(b []byte) (size int, err error) {
	if p.compact {
		if len(b) < 2 || len(b) < 2+int(b[1]) {
			return 0, nil
		}
		size = 2 + int(b[1])
		p.b, p.kind, p.key, p.body = b[:size], b[0], 0, b[2:size]
		return size, nil
	}
	if len(b) < headerSize {
		return 0, nil
	}
	if binary.BigEndian.Uint16(b) != magic {
		return 0, errMagic
	}
	n := int(binary.BigEndian.Uint16(b[lengthAt:]))
	if n > maxBody {
		return 0, errLength // also keeps the runner from waiting for what never comes
	}
	size = headerSize + n
	if len(b) < size {
		return 0, nil
	}
	p.b, p.kind, p.body = b[:size], b[typeAt], b[headerSize:size]
	p.key = uint64(binary.BigEndian.Uint16(b[numberAt:]))
	return size, nil
}

// Gap says whether the flow can go on. A frame that starts with a magic number
// can be found again; compact framing cannot, nor can anything when the lost
// bytes may have changed the framing: then the flow is given up quietly.
func (p *parser) Gap(dir firedoor.Direction, _ int64) bool {
	p.lost[dir] = true
	return !p.compact && !p.changes
}

// resume looks for a header. It must not emit anything: bytes that stand behind
// a gap are nobody's mistake.
func (p *parser) resume(b []byte) (skip int, found bool) {
	for i := range b {
		switch probe(b[i:]) {
		case protocol.Yes:
			return i, true
		case protocol.More:
			return i, false
		}
	}
	return len(b), false
}

// begin fills the operation with what both halves say.
func (p *parser) begin(kind byte) {
	p.op = firedoor.Operation{Code: uint32(kind), Function: requests[kind].name, Verb: requests[kind].verb}
}

// ask emits the operation at hand as asked.
func (p *parser) ask() {
	p.last++
	p.op.ID, p.op.Phase = p.last, firedoor.Asked
	p.op.Span = firedoor.Span{Start: int64(p.at), End: int64(p.at + len(p.b))}
	p.emit(&p.opEvent)
}

// request reads the client's message at hand.
func (p *parser) request() {
	if p.kind >= answerBit || requests[p.kind].name == "" {
		p.voice.Malformed(p.emit, "type is no request", p.at)
		return
	}
	p.begin(p.kind)
	var q *request
	if p.kind != kindSet { // nothing waits for an answer that never comes
		q = p.asked.Put(p.key)
		*q = request{id: p.last + 1, items: q.items[:0], name: q.name[:0], user: q.user[:0]}
	}
	switch p.kind {
	case kindRead:
		p.askEach(q, 2)
	case kindWrite:
		p.askEach(q, 4)
	case kindSet:
		p.op.NoAnswer = true
		p.askEach(nil, 4)
	case kindLogin:
		r := protocol.Read(p.body)
		q.user = append(q.user, r.Bytes(int(r.U8()))...)
		p.ask()
		p.check(&r)
	case kindSubscribe:
		r := protocol.Read(p.body)
		q.port = r.U16()
		p.ask()
		p.check(&r)
	case kindResolve:
		r := protocol.Read(p.body)
		q.name = append(q.name, r.Bytes(int(r.U8()))...)
		p.ask()
		p.check(&r)
	default:
		p.changes = p.changes || p.kind == kindCompact
		p.ask()
	}
}

// check complains when a reader went past the end: one check for all reads.
func (p *parser) check(r *protocol.Reader) {
	if r.Failed() {
		p.voice.Malformed(p.emit, "body ends too early", p.at)
	}
}

// askEach emits one operation for each register of the body, size bytes apart.
func (p *parser) askEach(q *request, size int) {
	several := len(p.body) >= 2*size
	header := len(p.b) - len(p.body)
	for at := 0; len(p.body)-at >= size; at += size {
		register := binary.BigEndian.Uint16(p.body[at:])
		p.op.Object = firedoor.Object{Space: &registers, At: [4]uint32{uint32(register)}}
		p.op.Quantity, p.op.HasQty = 1, true
		if size > 2 {
			p.op.Values = firedoor.Values{Type: firedoor.U16, Count: 1, Raw: p.body[at+2 : at+4]}
		}
		if several {
			p.op.Item++
		}
		// A device has no register 0xffff: with this patch it refuses politely.
		p.refusals[0] = firedoor.Refusal{Name: "address", Offset: header + at, Bytes: [4]byte{0xff, 0xff}, Len: 2}
		p.op.Refusals = p.refusals[:]
		p.ask()
		if q != nil {
			q.items = append(q.items, item{register})
		}
	}
	if len(p.body) < size {
		p.ask() // unreadable, but the device was asked something
	}
	if len(p.body) == 0 || len(p.body)%size != 0 {
		p.voice.Malformed(p.emit, "body does not hold whole registers", p.at)
	}
}
