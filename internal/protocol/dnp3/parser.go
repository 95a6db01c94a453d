package dnp3

import (
	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// maxItems is how many objects of a request are remembered for its response.
// What a request has beyond them is told and answered all the same, but without
// the values that were read.
const maxItems = 64

// request is what a response needs to know of its request.
type request struct {
	id    uint32 // of its first operation
	count uint32 // operations it gave
	code  uint32
	verb  firedoor.Verb // of the first operation
	mode  byte          // of a file that is opened
	items []item
	text  []byte // name of a file; or the user who opens one, never the password
}

// item is one object of a request.
type item struct {
	place    place
	quantity uint32
	verb     firedoor.Verb
	group    byte
	counts   bool
}

// place is what a firedoor.Object says, without text.
type place struct {
	space *firedoor.Space
	at    [2]uint32
}

func (o place) object() firedoor.Object {
	return firedoor.Object{Space: o.space, At: [4]uint32{o.at[0], o.at[1]}}
}

type parser struct {
	asked protocol.Asked[request]
	last  uint32  // id of the newest operation
	lost  [2]bool // looking for a frame after a gap
	joins [2]joining
	files []file // open ones
	*scratch
}

// scratch is what is needed during Parse only; all flows share it.
type scratch struct {
	// The frame and the fragment at hand.
	emit  func(*firedoor.Event)
	dir   firedoor.Direction
	frame []byte
	at    int  // its place in the bytes at hand
	whole bool // the fragment came in one segment
	code  byte // function
	user  [maxUser]byte
	run   [8 * maxRun]byte // values put side by side
	flags [maxRun]byte

	// How far the response at hand was joined with its request.
	outcome firedoor.Outcome // of the whole
	done    uint64           // items that are answered
	cursor  uint32           // items that stand before the next one to be repeated
	total   uint32           // objects of the fragment

	// What events point to.
	operation firedoor.Event
	op        firedoor.Operation
	told      firedoor.Event
	sample    firedoor.Sample
	refusals  [1]firedoor.Refusal
	voice     wire.Voice
}

func newParser() *parser {
	p := &parser{scratch: &scratch{}}
	p.operation = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
	p.told = firedoor.Event{Kind: firedoor.EventSample, Sample: &p.sample}
	return p
}

// Another makes a parser that shares this one's scratch.
func (p *parser) Another() protocol.Parser { return &parser{scratch: p.scratch} }

// Keys join requests and responses: addresses and sequence number, apart for
// link services and for authentication.
func key(outstation, master uint16, sequence byte) uint64 {
	return uint64(outstation)<<32 | uint64(master)<<16 | uint64(sequence&sequenceBits)
}

func linkKey(outstation, master uint16) uint64 { return key(outstation, master, 0) | 1<<48 }

func authenticationKey(outstation, master uint16, sequence byte) uint64 {
	return key(outstation, master, sequence) | 1<<49
}

// remember keeps a request. One with the same key that was never answered is
// forgotten: sequence numbers come again after sixteen requests.
func (p *parser) remember(key uint64) *request {
	for p.asked.Take(key) != nil {
		continue
	}
	q := p.asked.Put(key)
	*q = request{id: p.last + 1, items: q.items[:0], text: q.text[:0]}
	return q
}

// begin empties the operation at hand.
func (p *parser) begin(outstation uint16) {
	p.op = firedoor.Operation{HasUnit: true, Unit: uint32(outstation)}
}

// ask emits the operation at hand as asked.
func (p *parser) ask() {
	p.last++
	p.op.ID, p.op.Phase = p.last, firedoor.Asked
	p.op.Span = firedoor.Span{Start: int64(p.at), End: int64(p.at + len(p.frame))}
	p.emit(&p.operation)
	p.op.Refusals = nil
}

// answer emits the operation at hand as the answer to operation i of a request.
func (p *parser) answer(q *request, i uint32) {
	p.op.Phase, p.op.ID = firedoor.Answered, q.id+i
	if q.count > 1 {
		p.op.Item = itemNumber(i)
	}
	p.emit(&p.operation)
}

// partial emits the operation at hand as an answer whose request was not seen.
func (p *parser) partial() {
	p.last++
	p.op.Phase, p.op.ID, p.op.Partial = firedoor.Answered, p.last, true
	p.emit(&p.operation)
}

func itemNumber(i uint32) uint16 { return uint16(min(i+1, 0xffff)) }

// complain emits a malformed event for the frame at hand.
func (p *parser) complain(reason string) { p.voice.Malformed(p.emit, reason, p.at) }
