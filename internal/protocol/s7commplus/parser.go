package s7commplus

import (
	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// request is what an answer needs to know of its request.
type request struct {
	id    uint32 // of its first operation
	first uint32 // position of its first item
	ops   uint16
	fn    uint16
	call  call
	items bool   // its operations' objects are in the ring from first on, each with its call
	obj   item   // else: of its only operation
	part  uint8  // of a transfer, from 1
	tag   uint32 // of a subscription's references
}

type parser struct {
	framer   wire.COTPFramer
	dialogue wire.COTPDialogue
	session  *wire.Session
	sides    [2]side
	asked    protocol.Asked[request]
	items    itemRing
	live     int // items of unanswered requests
	last     uint32

	refs      refTable
	transfers [maxTransfers]transfer
	nextPart  int
	tls, told bool

	// What is under way.
	emit      func(*firedoor.Event)
	dir       firedoor.Direction
	first     int // where the message at hand begins in the bytes at hand
	part      fragment
	data      []byte // of the message
	cut       bool   // and it is not all of it
	version   byte
	fn        uint16
	seq       uint16
	own       uint32 // the session of the request
	target    uint32 // the object of the request
	silent    bool   // the request wants no answer
	streaming uint8  // a transfer whose pieces follow

	// Scratch.
	voice    wire.Voice
	op       firedoor.Operation
	opEvent  firedoor.Event
	sample   firedoor.Sample
	handover firedoor.HandOver
	event    firedoor.Event
	object   item
	val      value
	room     [maxUnpacked]byte
	text     [64]byte
	answered [maxItems / 64]uint64
	making   maker
	filling  filler
	looking  looker
}

func newParser() *parser {
	p := &parser{session: &wire.Session{}}
	p.dialogue.Session = p.session
	p.opEvent = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
	return p
}

// readerOf is a reader over b.
func readerOf(b []byte) protocol.Reader { return protocol.Read(b) }

// Receive takes what cotp learned of the connection.
func (p *parser) Receive(state any) {
	if s, ok := state.(*wire.Session); ok && s != nil {
		p.session, p.dialogue.Session = s, s
	}
}

func (p *parser) malformed(reason string) { p.voice.Malformed(p.emit, reason, p.framer.Start) }

// whole reads a message whose fragments are joined.
func (p *parser) whole(s *side, version byte, data []byte, cut bool) {
	p.version, p.data, p.cut, p.streaming = version, data, cut, 0
	w := walk{Reader: readerOf(data)}
	op := w.U8()
	if op == opNotification {
		p.notification(&w)
		return
	}
	w.Skip(2)
	p.fn = w.U16()
	w.Skip(2)
	p.seq = w.U16()
	switch op {
	case opRequest:
		p.own = w.U32()
		p.silent = w.U8()&flagSilent != 0
		if w.Failed() {
			p.malformed("request ends in its header")
			return
		}
		if p.dir != firedoor.FromClient {
			p.malformed("request from the server")
			return
		}
		p.request(&w)
	case opResponse, opResponse2:
		w.Skip(1)
		if w.Failed() {
			p.malformed("response ends in its header")
			return
		}
		p.response(&w, op)
	default:
		p.malformed("unknown opcode")
	}
}

// flagSilent is set in the flags of requests that want no answer.
const flagSilent = 0x40

func (p *parser) request(w *walk) {
	switch p.fn {
	case fnGetMulti, fnSetMulti:
		p.askMulti(w)
	case fnSetVariable, fnGetVariable:
		p.askVariable(w)
	case fnSetStreamed, fnGetStreamed:
		p.askStreamed(w)
	case fnCreateObject:
		p.askCreate(w)
	case fnDeleteObject:
		p.askDelete(w)
	case fnExplore:
		object := w.U32()
		p.object = item{}
		p.object.attribute(p.own, object, noAttribute)
		p.ask(functionCall(p.fn), &p.object)
	case fnInvoke:
		object, method := w.U32(), w.U32()
		p.object = item{space: spaceMethod, at: [4]uint32{0, method}}
		if object < firstGiven && object != p.own {
			p.object.at[0] = object
		}
		p.ask(functionCall(p.fn), &p.object)
	default:
		p.ask(functionCall(p.fn), &item{})
	}
	if w.broken() && !p.cut {
		p.malformed("request breaks the rules")
	}
}

// key joins request and response.
func key(seq uint16) uint64 { return uint64(seq) }

// remember keeps a request of so many operations; nil if it wants no answer.
func (p *parser) remember(c call, first uint32, ops int) *request {
	id := p.last + 1
	p.last += uint32(ops)
	if p.silent {
		return nil
	}
	r := p.asked.Put(key(p.seq))
	*r = request{id: id, first: first, ops: uint16(ops), fn: p.fn, call: c}
	p.live += ops
	return r
}

// recall finds the request that the response at hand answers, nil if it was not
// seen. An error can stand for the response to any function.
func (p *parser) recall() *request {
	r := p.asked.Take(key(p.seq))
	if p.asked.Len() == 0 {
		p.live = 0
	} else if r != nil {
		p.live -= int(r.ops)
	}
	if r != nil && r.fn != p.fn && p.fn != fnError && p.fn != fnError2 {
		return nil
	}
	return r
}

// begin fills the operation with what all have in common.
func (p *parser) begin(phase firedoor.Phase, c call, fn uint16) {
	p.op = firedoor.Operation{Phase: phase, Verb: c.verb, Function: c.name, Code: uint32(fn)}
	if phase == firedoor.Asked {
		p.op.NoAnswer = p.silent
		p.op.Span = firedoor.Span{Start: int64(p.first), End: int64(p.framer.End)}
	}
}

// named fills in the object.
func (p *parser) named(it *item) {
	if it == nil || it.space == nil {
		return
	}
	p.op.Object = it.object()
	if it.count > 0 {
		p.op.Quantity, p.op.HasQty = it.count, true
	}
}

// ask emits a request that is one operation.
func (p *parser) ask(c call, it *item) *request {
	id := p.last + 1
	r := p.remember(c, p.items.next, 1)
	if r != nil {
		r.obj = *it
	}
	p.begin(firedoor.Asked, c, p.fn)
	p.op.ID = id
	p.named(it)
	p.emit(&p.opEvent)
	return r
}

// answer emits the answer to a request that is one operation; r is nil when the
// request was not seen.
func (p *parser) answer(r *request, o firedoor.Outcome, v firedoor.Values) {
	if r == nil {
		p.begin(firedoor.Answered, functionCall(p.fn), p.fn)
		p.last++
		p.op.ID, p.op.Partial = p.last, true
	} else {
		p.begin(firedoor.Answered, r.call, r.fn)
		p.op.ID = r.id
		p.named(&r.obj)
	}
	p.op.Outcome, p.op.Values = o, v
	p.emit(&p.opEvent)
}

// response reads the answer to a request.
func (p *parser) response(w *walk, op byte) {
	r := p.recall()
	if r == nil && op == opResponse2 {
		return // it follows requests that want no answer
	}
	v := w.u64()
	o := outcome(v)
	if r != nil && r.call == loginCall {
		o = loginOutcome(v)
	}
	if w.Failed() {
		o = firedoor.Outcome{Kind: firedoor.OutcomeNoResponse}
	}
	fn := p.fn
	if r != nil {
		fn = r.fn
	}
	failed := o.Kind != firedoor.OutcomeOK || p.fn != fn // an error has no body
	if o.Kind == firedoor.OutcomeOK && p.fn != fn {
		o = firedoor.Failed(uint32(uint16(v)), "")
	}
	switch {
	case r != nil && r.items, r == nil && (fn == fnGetMulti || fn == fnSetMulti):
		p.answerMulti(w, r, o, failed)
	case failed:
		p.answer(r, o, firedoor.Values{})
		p.refused(r)
	case fn == fnGetVariable || fn == fnGetStreamed:
		p.answerVariable(w, r, o)
	case fn == fnCreateObject:
		p.answer(r, o, firedoor.Values{})
		p.createdObject(w, r)
	case fn == fnExplore:
		p.answer(r, o, firedoor.Values{})
		p.explored(w)
	default:
		p.answer(r, o, firedoor.Values{})
		p.done(r)
	}
	if r != nil && r.call == loginCall {
		p.loggedIn(o)
	}
	if w.broken() && !p.cut {
		p.malformed("response breaks the rules")
	}
}

// loggedIn tells how an attempt to get past a password went.
func (p *parser) loggedIn(o firedoor.Outcome) {
	result := "ok"
	if o.Kind != firedoor.OutcomeOK {
		result = "failed"
	}
	p.voice.Login(p.emit, nil, result)
}
