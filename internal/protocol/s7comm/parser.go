package s7comm

import (
	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// dtHeader is what stands before a message in its packet when it came in one:
// TPKT and DT headers.
const dtHeader = wire.TPKTHeader + 3

// maxText bounds the name that is remembered of a request.
const maxText = 16

// request is what an answer needs to know of its question.
type request struct {
	id        uint32 // of its first operation
	first     uint32 // position of its first item
	ops       uint16
	code      uint32
	part      uint8  // transfers: which one, from 1; cyclic data: the job's number
	calledOff bool   // transfers: its end gives an error as the reason
	size      uint32 // of a block, as its download announces it
	items     bool   // its operations' objects are in the ring from first on
	call      call
	obj       firedoor.Object
	text      [maxText]byte // what obj.Text was
	ntext     uint8
}

func (r *request) object() firedoor.Object {
	o := r.obj
	o.Text = nil
	if r.ntext > 0 {
		o.Text = r.text[:r.ntext]
	}
	return o
}

type parser struct {
	framer   wire.COTPFramer
	dialogue wire.COTPDialogue
	session  *wire.Session
	asked    protocol.Asked[request]
	items    itemRing
	live     int // items of unanswered requests
	last     uint32

	subscriptions []subscription
	nextSub       int
	status        statusList
	transfers     [maxTransfers]transfer
	nextTransfer  int

	// What is under way.
	emit func(*firedoor.Event)
	dir  firedoor.Direction
	at   int // of the message in its TSDU

	// Scratch.
	op       firedoor.Operation
	opEvent  firedoor.Event
	refusal  [1]firedoor.Refusal
	sample   firedoor.Sample
	identity firedoor.Identity
	login    firedoor.Login
	file     firedoor.FileTransfer
	broken   firedoor.Malformed
	handover firedoor.HandOver
	event    firedoor.Event
	text     [64]byte
}

func newParser() *parser {
	p := &parser{session: &wire.Session{}}
	p.dialogue.Session = p.session
	p.framer.First = protocolID
	p.opEvent = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
	return p
}

// Receive takes what cotp learned of the connection.
func (p *parser) Receive(state any) {
	if s, ok := state.(*wire.Session); ok && s != nil {
		p.session, p.dialogue.Session = s, s
	}
}

// Parse reads from a packet's first byte on.
func (p *parser) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.dir, p.emit = dir, emit
	for n := 0; ; {
		next, status := p.framer.Next(dir, b, n)
		switch status {
		case wire.FrameMore:
			return next, nil
		case wire.FrameLost:
			return next, protocol.Broken("no TPKT packet where one must begin")
		case wire.FrameBad:
			p.malformed(p.framer.Reason)
		case wire.FrameControl:
			p.control()
		case wire.FrameData:
			if wire.S7PlusFits(p.framer.TSDU) { // a newer controller changes to its own protocol
				p.handOver()
				return p.framer.Start, nil
			}
			p.messages(p.framer.TSDU)
		}
		n = next
	}
}

// Gap looks for the next message that can be trusted. Questions that were asked
// stay: their answers may be in what follows.
func (p *parser) Gap(dir firedoor.Direction, _ int64) bool {
	p.framer.Gap(dir)
	p.status.active = false
	for i := range p.transfers {
		p.transfers[i].Miss()
	}
	return true
}

// control reads connects inside a connection taken over. A confirm whose
// connect was told of before the hand-over is not told of again.
func (p *parser) control() {
	if p.framer.COTP.Type == wire.COTPConfirm && !p.dialogue.Waiting() {
		p.session.Settle(&p.framer.COTP)
		return
	}
	p.dialogue.Control(p.dir, &p.framer, &p.last, p.emit)
}

// handOver gives the connection to the protocol of newer controllers.
func (p *parser) handOver() {
	p.handover = firedoor.HandOver{Protocol: "s7comm-plus", State: p.session}
	p.event = firedoor.Event{Kind: firedoor.EventHandOver, HandOver: &p.handover}
	p.emit(&p.event)
}

func (p *parser) messages(b []byte) {
	var m message
	for p.at = 0; len(b) > 0; {
		rest, ok := m.read(b)
		if !ok {
			p.malformed("not a whole S7 message")
			return
		}
		p.message(&m)
		p.at += len(b) - len(rest)
		b = rest
	}
}

func (p *parser) message(m *message) {
	switch m.kind {
	case kindJob:
		p.job(m)
	case kindUserdata:
		p.userdata(m)
	default:
		p.answer(m)
	}
}

func (p *parser) malformed(reason string) {
	p.broken = firedoor.Malformed{Reason: reason, Offset: p.framer.Start}
	p.event = firedoor.Event{Kind: firedoor.EventMalformed, Malformed: &p.broken}
	p.emit(&p.event)
}

// key joins question and answer: by number, kind and who asked.
func key(m *message, asker firedoor.Direction) uint64 {
	k := uint64(m.ref) | uint64(asker)<<16
	if m.kind == kindUserdata {
		k |= 1 << 17
	}
	return k
}

// remember keeps a request of so many operations.
func (p *parser) remember(m *message, c call, code uint32, first uint32, ops int) *request {
	r := p.asked.Put(key(m, p.dir))
	*r = request{id: p.last + 1, first: first, ops: uint16(ops), code: code, items: true, call: c}
	p.last += uint32(ops)
	p.live += ops
	return r
}

// recall finds the request that m answers, nil if it was not seen.
func (p *parser) recall(m *message, code uint32, known bool) *request {
	r := p.asked.Take(key(m, p.dir.Other()))
	if p.asked.Len() == 0 {
		p.live = 0
	} else if r != nil {
		p.live -= int(r.ops)
	}
	if r != nil && known && r.code != code {
		return nil
	}
	return r
}

// begin fills the operation with what all have in common.
func (p *parser) begin(phase firedoor.Phase, c call, code uint32) {
	p.op = firedoor.Operation{Phase: phase, Verb: c.verb, Function: c.name, Code: code}
	if _, slot, ok := p.session.RackSlot(); ok {
		p.op.HasUnit, p.op.UnitAgreed, p.op.Unit = true, true, uint32(slot)
	}
	if phase == firedoor.Asked {
		p.op.Span = firedoor.Span{Start: int64(p.framer.Start), End: int64(p.framer.End)}
	}
}

// ask emits a request that is one operation.
func (p *parser) ask(m *message, c call, code uint32, o firedoor.Object) *request {
	r := p.remember(m, c, code, p.items.next, 1)
	r.obj, r.items = o, false
	r.ntext = uint8(copy(r.text[:], o.Text))
	p.begin(firedoor.Asked, c, code)
	p.op.ID, p.op.Object = r.id, o
	p.emit(&p.opEvent)
	return r
}

// answered emits the answer to a request that is one operation; r is nil when
// the request was not seen.
func (p *parser) answered(r *request, c call, code uint32, outcome firedoor.Outcome) {
	p.begin(firedoor.Answered, c, code)
	if r == nil {
		p.last++
		p.op.ID, p.op.Partial = p.last, true
	} else {
		p.op.ID, p.op.Object = r.id, r.object()
		p.op.Verb, p.op.Function, p.op.Code = r.call.verb, r.call.name, r.code
	}
	p.op.Outcome = outcome
	p.emit(&p.opEvent)
}

// job reads a request.
func (p *parser) job(m *message) {
	fn := m.function()
	switch {
	case len(m.param) == 0:
		p.malformed("job without parameters")
	case fn == fnRead || fn == fnWrite:
		p.askVariables(m)
	case fn >= fnRequestDownload && fn <= fnEndUpload:
		p.askTransfer(m)
	case fn == fnInvoke || fn == fnStop:
		p.askInvocation(m)
	default:
		p.ask(m, jobCall(fn), uint32(fn), firedoor.Object{})
	}
}

// answer reads the answer to a job.
func (p *parser) answer(m *message) {
	fn := m.function()
	known := len(m.param) > 0
	r := p.recall(m, uint32(fn), known)
	if r == nil && !known {
		return // nothing tells what it answers
	}
	if r != nil {
		fn = byte(r.code)
	}
	c := jobCall(fn)
	switch {
	case (fn == fnRead || fn == fnWrite) && r != nil && !r.items:
		p.answered(r, c, uint32(fn), unread(m))
	case fn == fnRead || fn == fnWrite:
		p.answerVariables(m, r, fn)
	case r != nil && r.items:
		p.answerAll(r, c, uint32(fn), errorOutcome(m.err))
	default:
		p.answered(r, c, uint32(fn), errorOutcome(m.err))
		if fn >= fnRequestDownload && fn <= fnEndUpload {
			p.answerTransfer(m, r, fn)
		}
		if r != nil && r.call == loginCall {
			p.loggedIn(m.err == 0)
		}
	}
}
