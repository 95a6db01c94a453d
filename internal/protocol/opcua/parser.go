package opcua

import (
	"slices"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// maxTells is how many nodes of a read are remembered because their values say
// what the server is.
const maxTells = 8

// request is what an answer needs to know of its question.
type request struct {
	id      uint32 // of its first operation
	ops     uint32
	items   uint32 // how many things it says it is about; fewer are known of a broken one
	code    uint32
	service *service
	tells   [maxTells]tell
	ntells  uint8
	hidden  uint64 // the items whose names speak of a secret; the last bit is for all from there on
	login   loginKind
	user    [maxUser]byte
	nuser   uint8
	runs    []run // where operations of others came between those of a long one; at most maxRuns
}

// tell is an item of a read whose value is a fact about the server.
type tell struct {
	item uint32
	fact factNode
}

type parser struct {
	asked  protocol.Asked[request]
	sides  [2]side
	policy policy
	newest uint64 // key of the last request, which an error ends
	last   uint32 // id of the newest operation
	nodes  monitored

	reversed bool // the server connected to the client
	guarded  bool // what is said decides what passes

	*scratch
}

// scratch is what is needed during Parse only; all flows share it.
type scratch struct {
	emit      func(*firedoor.Event)
	dir       firedoor.Direction
	at, end   int    // of the message in the bytes at hand
	body      []byte // a message put together from chunks
	joined    bool   // the message at hand came in several chunks
	status    uint32 // of the result at hand
	cut       bool   // only the beginning of the message is at hand
	dry       bool   // a request is read to see where it ends: nothing is emitted
	refusable bool
	items     uint32 // of the request at hand
	token     int    // place of the session's token in the message, 0: none

	walk      walk    // of the message at hand
	rehearsal walk    // of a dry reading
	nobody    request // whom a dry reading is for, and a long request that is forgotten
	rehearsed request // whom a dry reading of an item is for

	subscription uint32  // of the request at hand
	naming       *naming // of the request at hand, nil where nobody waits for it
	stopped      stopped
	tail         []byte // of a long request: what is not read yet

	voice      wire.Voice
	texts      wire.Texts
	op         firedoor.Operation
	opEvent    firedoor.Event
	refusal    [1]firedoor.Refusal
	sample     firedoor.Sample
	event      firedoor.Event
	text       []byte
	arguments  []byte
	incomplete bool // the service's body was not read to its end
}

func newParser() *parser {
	p := &parser{scratch: &scratch{}}
	p.opEvent = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
	return p
}

// Another makes a parser that shares this one's scratch.
func (p *parser) Another() protocol.Parser { return &parser{scratch: p.scratch} }

func (p *parser) complain(reason string) { p.voice.Malformed(p.emit, reason, p.at) }

// unread complains of what may be a request and could not be read as one.
func (p *parser) unread(reason string) {
	if p.judged() {
		p.voice.Unread(p.emit, reason, p.at)
		return
	}
	p.complain(reason)
}

// judged tells whether the bytes at hand decide what passes.
func (p *parser) judged() bool { return p.guarded && p.dir == firedoor.FromClient }

// Guard has nothing that a client says go by as the rest of something else.
func (p *parser) Guard(bool) { p.guarded = true }

// key joins question and answer by request id and by who asked: with a reverse
// hello the server's side opened the connection.
func key(request uint32, asker firedoor.Direction) uint64 {
	return uint64(request) | uint64(asker)<<32
}

// Reasons of malformed events.
const (
	reasonService = "no service where a message must have one"
	reasonShort   = "body ends too early"
	reasonLong    = "bytes behind the end of the body"
	reasonOther   = "answer of another service than was asked"
	reasonItems   = "answer does not hold its items"
	reasonBehind  = "items behind what is kept of a long request"
)

// message reads a whole message.
func (p *parser) message(s *side, id uint32, body []byte) {
	fresh := s.fresh
	s.fresh = false
	p.walk = read(body)
	r := &p.walk
	code, ok := r.serviceCode()
	if !ok {
		if !fresh {
			p.unread(reasonService)
		}
		return
	}
	svc, half := find(code)
	switch {
	case half == asks:
		p.request(s, svc, code, id, body, r)
	case half == answers:
		r.Cut = p.cut && !p.judged() // what decides must know all of it
		p.answer(svc, id, r)
	case code == codeFault:
		r.Cut = p.cut && !p.judged()
		p.answer(nil, id, r)
	case fresh: // the rest of a message whose beginning is lost
	case p.asks():
		p.request(s, &unknownService, code, id, body, r)
	default:
		p.answer(&unknownService, id, r)
	}
}

// request reads a question.
func (p *parser) request(s *side, svc *service, code, id uint32, body []byte, r *walk) {
	token, ok := r.requestHeader()
	p.token = token
	p.refusable = p.canRefuse(body)
	p.newest = key(id, p.dir)
	q := p.asked.Put(p.newest)
	*q = request{id: p.last + 1, code: code, service: svc, runs: q.runs[:0]}
	p.begin(svc, code)
	p.incomplete, p.items, p.stopped = svc.ask == nil, 1, stopped{}
	if ok && svc.ask != nil {
		svc.ask(p, q, r)
	}
	q.ops = p.last + 1 - q.id
	if p.cut && r.Failed() && p.stopped.one != nil {
		q.items = uint32(p.stopped.of)
		p.goOn(s, svc, code, body)
		return
	}
	if p.cut && r.Failed() && q.ops < p.items && p.judged() {
		p.voice.Unread(p.emit, reasonBehind, p.at)
	}
	if q.ops == 0 { // nothing in it to name
		p.ask()
		q.ops = 1
	}
	q.items = p.items
	if left := r.Len(); !p.policy.known && !p.incomplete && !p.cut && !r.Failed() && slices.Contains(guesses[:], left) {
		p.policy.signature = left
	}
	p.finish(r)
}

// finish complains of a body that is too short or too long. Where it is not known
// what signs a message, bytes may stand behind it.
func (p *parser) finish(r *walk) {
	switch {
	case p.cut:
	case r.Failed():
		p.complain(reasonShort)
	case r.Len() > 0 && !p.incomplete && p.policy.known && p.policy.signature == 0:
		p.complain(reasonLong)
	}
}

// canRefuse tells whether the request can be changed and still be taken for sound
// by the server: it is sound now, in one chunk, and not signed.
func (p *parser) canRefuse(body []byte) bool {
	return !p.joined && !p.cut && p.policy.signature == 0 && p.exact(body)
}

// exact tells whether a body is a request that ends where it must: it is read
// without a word.
func (p *parser) exact(body []byte) bool {
	p.rehearsal = read(body)
	r := &p.rehearsal
	code, _ := r.serviceCode()
	svc, half := find(code)
	if half != asks || svc.ask == nil {
		return false
	}
	r.requestHeader()
	p.dry, p.nobody = true, request{code: code}
	svc.ask(p, &p.nobody, r)
	p.dry = false
	return !r.Failed() && r.Len() == 0
}

// begin fills the operation with what all have in common.
func (p *parser) begin(svc *service, code uint32) {
	p.op = firedoor.Operation{Verb: svc.verb, Function: svc.name, Code: code}
}

// ask emits the operation at hand as asked. In one without a refusal of its own
// the session's token can be spoilt: the server then knows no such session.
func (p *parser) ask() {
	if p.dry {
		return
	}
	p.last++
	p.op.ID, p.op.Phase = p.last, firedoor.Asked
	p.op.Span = firedoor.Span{Start: int64(p.at), End: int64(p.end)}
	if p.refusable && p.token > 0 && p.op.Refusals == nil {
		p.refuse("session", p.token)
	}
	p.emit(&p.opEvent)
	p.op.Refusals = nil
}

// refuse offers to set four bytes of the body to ones.
func (p *parser) refuse(name string, at int) {
	if p.refusable {
		p.refusal[0] = firedoor.Refusal{Name: name, Offset: bodyAt + at, Bytes: [4]byte{0xff, 0xff, 0xff, 0xff}, Len: 4}
		p.op.Refusals = p.refusal[:]
	}
}

// hide remembers that the texts of item i are not to be told.
func (q *request) hide(i int) { q.hidden |= 1 << min(i, 63) }

// hides tells whether the texts of item i may be a secret: of an item that was not seen
// asked for nobody knows.
func (q *request) hides(i int) bool { return q == nil || q.hidden>>min(i, 63)&1 != 0 }

// textsOf is the texts of a value, nil if it has none or its object's name speaks of
// a secret.
func (p *parser) textsOf(v *wire.UAVariant, o *firedoor.Object) [][]byte {
	if wire.Secretive(o.Text) {
		return nil
	}
	p.texts.Reset()
	v.Texts(&p.texts)
	return p.texts.List()
}

// askItem emits the operation at hand for item i of n.
func (p *parser) askItem(i, n int) {
	p.items = uint32(n)
	p.number(i, n)
	p.ask()
}

func (p *parser) number(i, n int) {
	p.op.Item = 0
	if n > 1 {
		p.op.Item = uint16(min(i+1, 0xffff))
	}
}

// reply emits the operation at hand as the answer to item i of a request, or of n
// when the request was not seen and q is nil.
func (p *parser) reply(q *request, i, n int) {
	p.op.Phase = firedoor.Answered
	if q != nil {
		n = int(q.items)
	}
	p.number(i, n)
	if q == nil {
		p.last++
		p.op.ID, p.op.Partial = p.last, true
	} else {
		p.op.ID = q.idOf(i)
	}
	p.emit(&p.opEvent)
}

// replyAll gives the outcome at hand to all items of a request.
func (p *parser) replyAll(q *request) {
	if q == nil {
		p.reply(nil, 0, 1)
		return
	}
	for i := range int(q.ops) {
		p.reply(q, i, 0)
	}
}

// answer reads an answer; svc is nil for a fault, which any service may get.
func (p *parser) answer(svc *service, id uint32, r *walk) {
	q := p.asked.Take(key(id, p.dir.Other()))
	if q != nil && svc != nil && q.service != svc {
		if svc != &unknownService {
			p.complain(reasonOther)
		}
		q = nil
	}
	fault := svc == nil
	if fault {
		svc = &faultService
	}
	if q != nil {
		svc = q.service
		p.begin(svc, q.code)
	} else {
		p.begin(svc, svc.request)
	}
	status, ok := r.responseHeader()
	if !ok {
		p.finish(r)
		return
	}
	p.op.Outcome = outcome(status)
	p.incomplete = svc.answer == nil
	if fault || p.op.Outcome.Kind != firedoor.OutcomeOK {
		p.incomplete = !fault
		p.replyAll(q)
	} else if svc.answer == nil {
		p.replyAll(q)
	} else {
		svc.answer(p, q, r)
	}
	if q != nil && q.login != loginNone {
		p.loggedIn(q)
	}
	p.finish(r)
}
