package mms

import (
	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// maxKept bounds the names that all unanswered requests of a flow keep together,
// in bytes. A request beyond it is answered without its objects.
const maxKept = 256 << 10

// maxItems is how many variables of one request are told.
const maxItems = 8192

// maxContexts is how many presentation contexts of others are remembered.
const maxContexts = 8

// request is what an answer needs to know of its question.
type request struct {
	id    uint32 // of its first operation
	ops   int
	code  uint32
	call  call
	names []byte // of its objects, one behind the other
	items []item
}

// item is an object of a request.
type item struct {
	space *firedoor.Space
	call  call
	class uint32
	end   uint32 // of its name in names
}

// scratch is what parsers share while they take turns.
type scratch struct {
	voice   wire.Voice
	op      firedoor.Operation
	opEvent firedoor.Event
	refusal [1]firedoor.Refusal
	sample  firedoor.Sample
	event   firedoor.Event
	name    []byte
	values  values
}

type parser struct {
	framer   wire.COTPFramer
	dialogue wire.COTPDialogue
	asked    protocol.Asked[request]
	kept     int
	last     uint32
	lost     [2]bool // no message that can be trusted since a gap
	guarded  bool    // what is said decides what passes

	// Session services that wait for their answer: id 0 is none.
	opening, closing uint32
	authenticated    bool // the association was opened with a proof of who asks
	caller           [64]byte
	ncaller          int
	foreign          [maxContexts]uint32 // presentation contexts of others, plus one
	ied              bool                // told
	transfers        [maxTransfers]transfer
	nextTransfer     int

	// What is under way.
	*scratch
	emit func(*firedoor.Event)
	dir  firedoor.Direction
	bare bool // the message at hand has no session around it
}

func newParser() *parser {
	p := &parser{scratch: &scratch{}}
	p.dialogue.Session = &wire.Session{}
	p.opEvent = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
	return p
}

// Another makes a parser that shares this one's scratch.
func (p *parser) Another() protocol.Parser {
	another := &parser{scratch: p.scratch}
	another.dialogue.Session = &wire.Session{}
	return another
}

// Receive takes what cotp learned of the connection.
func (p *parser) Receive(state any) {
	if s, ok := state.(*wire.Session); ok && s != nil {
		p.dialogue.Session = s
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
			if p.framer.Missed(dir) {
				p.unread(p.framer.Reason)
			} else if !p.lost[dir] {
				p.malformed(p.framer.Reason)
			}
		case wire.FrameControl:
			p.control()
		case wire.FrameData:
			p.tsdu(p.framer.TSDU)
		}
		n = next
	}
}

// Gap looks for the next message that can be trusted. Questions that were asked
// stay: their answers may be in what follows.
func (p *parser) Gap(dir firedoor.Direction, _ int64) bool {
	p.framer.Gap(dir)
	p.lost[dir] = true
	for i := range p.transfers {
		p.transfers[i].Miss()
	}
	return true
}

// control reads transport units inside a connection taken over. A confirm whose
// connect was told of before is not told of again.
func (p *parser) control() {
	if p.framer.COTP.Type == wire.COTPConfirm && !p.dialogue.Waiting() {
		p.dialogue.Session.Settle(&p.framer.COTP)
		return
	}
	p.dialogue.Control(p.dir, &p.framer, &p.last, p.emit)
}

func (p *parser) tsdu(b []byte) {
	if p.lost[p.dir] {
		if !wire.CarriesMMS(b) {
			return
		}
		p.lost[p.dir] = false
	}
	if p.bare = len(b) > 0 && b[0] >= 0x80; p.bare {
		p.pdu(wire.ReadBER(b))
		return
	}
	p.session(b)
}

func (p *parser) malformed(reason string) { p.voice.Malformed(p.emit, reason, p.framer.Start) }

// unread complains of what may be a request and could not be read as one.
func (p *parser) unread(reason string) {
	if p.guarded && p.dir == firedoor.FromClient {
		p.voice.Unread(p.emit, reason, p.framer.Start)
		return
	}
	p.malformed(reason)
}

// Guard has nothing that a client says go by because it is too long or in parts.
func (p *parser) Guard(bool) { p.guarded = true }

// begin fills the operation with what all have in common.
func (p *parser) begin(phase firedoor.Phase, c call, code uint32) {
	p.op = firedoor.Operation{Phase: phase, Verb: c.verb, Function: c.name, Code: code}
	if phase == firedoor.Asked {
		p.op.Span = firedoor.Span{Start: int64(p.framer.Start), End: int64(p.framer.End)}
	}
}

// next gives out an id.
func (p *parser) next() uint32 {
	p.last++
	p.op.ID = p.last
	return p.last
}

// key joins question and answer: by number and who asked.
func key(invoke uint32, asker firedoor.Direction) uint64 { return uint64(invoke) | uint64(asker)<<32 }

// remember keeps a request without its objects, which follow by keep.
func (p *parser) remember(invoke, code uint32, c call) *request {
	r := p.asked.Put(key(invoke, p.dir))
	*r = request{id: p.last + 1, code: code, call: c, names: r.names[:0], items: r.items[:0]}
	return r
}

// keep notes the object of the operation at hand, which is the next of r, and
// gives that its id.
func (p *parser) keep(r *request) {
	p.next()
	o := &p.op.Object
	r.ops++
	if len(r.items) != r.ops-1 {
		return // one before had no room
	}
	names, items := cap(r.names), cap(r.items)
	if p.kept > maxKept && (len(r.names)+len(o.Text) > names || len(r.items) == items) {
		return
	}
	r.names = append(r.names, o.Text...)
	r.items = append(r.items, item{o.Space, call{p.op.Verb, p.op.Function}, o.At[0], uint32(len(r.names))})
	const itemSize = 40
	p.kept += cap(r.names) - names + (cap(r.items)-items)*itemSize
}

// ask emits the operation at hand as a request that is one operation.
func (p *parser) ask(invoke uint32) *request {
	r := p.remember(invoke, p.op.Code, call{p.op.Verb, p.op.Function})
	p.keep(r)
	p.emit(&p.opEvent)
	return r
}

// object fills in what operation k of the request was about.
func (p *parser) object(r *request, k int) {
	p.op.ID = r.id + uint32(k)
	if r.ops > 1 {
		p.op.Item = uint16(min(k+1, 0xffff))
	}
	if k >= len(r.items) {
		return
	}
	it, from := &r.items[k], uint32(0)
	if k > 0 {
		from = r.items[k-1].end
	}
	p.op.Verb, p.op.Function = it.call.verb, it.call.name
	p.op.Object = firedoor.Object{Space: it.space, Text: r.names[from:it.end:it.end]}
	p.op.Object.At[0] = it.class
	if it.end == from {
		p.op.Object.Text = nil
	}
}

// answerAll gives all operations of a request the same outcome.
func (p *parser) answerAll(r *request, o firedoor.Outcome) {
	for k := range r.ops {
		p.begin(firedoor.Answered, r.call, r.code)
		p.object(r, k)
		p.op.Outcome = o
		p.emit(&p.opEvent)
	}
}

// answerUnseen tells of an answer whose request was not seen.
func (p *parser) answerUnseen(c call, code uint32, o firedoor.Outcome) {
	p.begin(firedoor.Answered, c, code)
	p.next()
	p.op.Partial, p.op.Outcome = true, o
	p.emit(&p.opEvent)
}
