package melsec

import (
	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// maxItems is how many objects of one request are told; the rest is passed over.
const maxItems = 192

// maxText is how many octets of names one request keeps; further ones are not in its answer.
const maxText = 8192

// maxAsked is how many requests of a flow may wait for their answers, more than a
// controller takes at a time: with one more all are forgotten.
const maxAsked = 32

// Reasons of malformed events.
const (
	reasonShort  = "data end too early"
	reasonBehind = "bytes behind the data"
	reasonAnswer = "answer does not fit the request"
	reasonMore   = "more devices are written than the limit"
)

// errFrame is lost framing.
const errFrame = protocol.Broken("no frame where a message should start")

// item is one object of a request.
type item struct {
	space  *firedoor.Space
	at     [4]uint32
	count  uint32
	points int    // elements on the wire
	from   uint16 // its text in that of the request
	to     uint16
	shape  shape
	bit    bool
	device bool
	verb   firedoor.Verb
}

// request is what an answer needs to know of its request. Its slices stay with its
// place in the ring, so that steady polling allocates nothing.
type request struct {
	command *command
	code    uint32
	id      uint32 // of its first operation
	unit    uint32
	items   []item
	text    []byte // of its objects, at most maxText
	drive   uint32
	size    uint32 // of a file that is opened, where the request says it; of what 1E monitors
	pointer uint32 // of an open file
	offset  uint32 // of the piece it asks for
	writes  bool
	counts  bool
	several bool // its operations are numbered
	ascii   bool
}

type parser struct {
	asked      protocol.Asked[request]
	open       *openFiles
	last       uint32
	lost       [2]bool
	stream     bool // several messages at a time, or part of one, were seen: no datagrams
	old        bool // 1E
	oldWaits   bool
	oldAsk     request         // 1E: the one request under way
	oldEntered [entries]uint16 // 1E: octets of what is monitored
	entered    [entries][]item // what is monitored, where its entry was seen
	oldRest    [2]bool         // 1E: the answer goes on until the next request, as far as anybody knows
	user       [40]byte
	nuser      uint8
	*scratch
}

// scratch is what is needed during Parse only; all flows share it.
type scratch struct {
	emit   func(*firedoor.Event)
	at     int // of the message in the bytes at hand
	f      frame
	theirs bool // the flow's server asks
	more   bool // it was told that the request has more objects than are told

	opEvent     firedoor.Event
	op          firedoor.Operation
	refusals    [1]firedoor.Refusal
	expectEvent firedoor.Event
	expected    firedoor.Expect
	sampleEvent firedoor.Event
	sample      firedoor.Sample
	voice       wire.Voice
	numbers     [maxValues]byte
	text        [wire.MaxText]byte
}

func newParser() *parser {
	p := &parser{scratch: &scratch{}}
	p.opEvent = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
	p.expectEvent = firedoor.Event{Kind: firedoor.EventExpect, Expect: &p.expected}
	p.sampleEvent = firedoor.Event{Kind: firedoor.EventSample, Sample: &p.sample}
	return p
}

// Another makes a parser that shares this one's scratch.
func (p *parser) Another() protocol.Parser { return &parser{scratch: p.scratch} }

// Gap: the subheader of a frame can be found again, and a request of 1E where a segment
// begins. Where answers repeat no number, what waits for one is forgotten.
func (p *parser) Gap(dir firedoor.Direction, _ int64) bool {
	p.lost[dir], p.stream = true, true
	p.asked.Clear()
	p.oldWaits = false
	p.oldEntered, p.entered = [entries]uint16{}, [entries][]item{}
	if p.open != nil {
		for i := range p.open.files {
			p.open.files[i].Miss()
		}
	}
	return true
}

// Parse reads a datagram, or the whole messages of a stream.
func (p *parser) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.emit = emit
	pos := 0
	if p.lost[dir] {
		skip, found := resume(b)
		if p.old {
			skip, found = resumeOld(b)
		}
		if !found {
			return skip, nil
		}
		p.lost[dir] = false
		pos = skip
	}
	for pos < len(b) {
		if !p.oldWaits && (p.old && oldAnswers(b[pos]) || p.last == 0 && oldAnswer(b[pos:])) {
			p.oldRest[dir] = true // its request was not seen
		}
		if p.oldRest[dir] {
			return len(b), nil
		}
		match, err := p.frame(b[pos:])
		if err != nil {
			return pos, err
		}
		if match == protocol.More {
			p.stream = true
			break
		}
		p.stream = p.stream || p.f.size < len(b)
		p.at = pos
		p.message(dir)
		pos += p.f.size
	}
	return pos, nil
}

// frame reads the frame at the beginning of b. An answer of 1E is told by what was
// asked, for 1E does not say its size.
func (p *parser) frame(b []byte) (match protocol.Match, err error) {
	if p.old && oldAnswers(b[0]) {
		match = p.f.readOldAnswer(b, &p.oldAsk)
	} else {
		match = p.f.read(b)
	}
	if match == protocol.No {
		return match, errFrame
	}
	return match, nil
}

// resume looks for a frame behind a gap.
func resume(b []byte) (skip int, found bool) {
	var f frame
	for i := range b {
		switch f.read(b[i:]) {
		case protocol.More:
			if f.variant != variantOld {
				return i, false
			}
		case protocol.Yes:
			if f.variant != variantOld && f.variant != variantLink && f.certain(b[i:]) {
				return i, true
			}
		}
	}
	return len(b), false
}

// resumeOld knows a request of 1E by itself; what is no request is passed over, and so are
// answers, until there is one.
func resumeOld(b []byte) (skip int, found bool) {
	var f frame
	if f.read(b) == protocol.Yes && f.variant == variantOld && f.certain(b) {
		return 0, true
	}
	return len(b), false
}

func (p *parser) complain(reason string) { p.voice.Malformed(p.emit, reason, p.at) }

// Marks in keys beside the numbers that frames repeat.
const (
	keyNumbered = 1 << 32
	keyMelsoft  = 1 << 40
	keyLink     = 1 << 41
	keyTheirs   = 1 << 48
)

// key joins a request and its answer. 3E has no number: the next answer is for the
// request that waits.
func (p *parser) key() uint64 {
	f := &p.f
	key := uint64(0)
	switch {
	case f.variant == variantMelsoft:
		key = keyMelsoft | uint64(f.code)<<16 | uint64(f.serial)
	case f.variant == variantLink:
		key = keyLink | uint64(f.code)
	case f.numbered:
		key = keyNumbered | uint64(f.serial)
	}
	if p.theirs {
		key |= keyTheirs
	}
	return key
}

// command finds what the frame at hand asks for.
func (p *parser) command() *command {
	all, none := commands, &unknown
	switch p.f.variant {
	case variantOld:
		all = old
	case variantMelsoft:
		all, none = melsoft, &unknownMelsoft
	case variantLink:
		all = links
	}
	if c := find(all, uint16(p.f.code)); c != nil {
		return c
	}
	return none
}

// message reads the frame at hand.
func (p *parser) message(dir firedoor.Direction) {
	f := &p.f
	p.theirs = (dir == firedoor.FromServer) != f.answers
	p.old = p.old || f.variant == variantOld
	if f.answers {
		p.oldRest[dir] = f.endless
		p.answer()
		return
	}
	c := p.command()
	p.begin(c, f.code)
	if c.form == formOnDemand {
		p.onDemand(c)
		return
	}
	p.request(c, p.remember(c))
}

func (p *parser) begin(c *command, code uint32) {
	p.op = firedoor.Operation{Code: code, Function: c.function(p.theirs), Verb: c.verb, HasUnit: true, Unit: p.f.unit}
	if p.f.variant == variantMelsoft || p.f.variant == variantLink {
		p.op.HasUnit = false
	}
}

// onDemand tells what a controller sends without having been asked.
func (p *parser) onDemand(c *command) {
	raw := p.f.data.octets(len(p.f.data.b)/(1+b2i(p.f.ascii)), &p.numbers)
	p.sample = firedoor.Sample{Function: c.name, Code: uint32(c.code), HasUnit: true, Unit: p.f.unit,
		Values: firedoor.Values{Type: firedoor.U8, Count: len(raw), Raw: raw}}
	p.emit(&p.sampleEvent)
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// remember keeps a request until its answer. A datagram of 3E that still waits
// was lost, or its answer is: the next answer is not for it.
func (p *parser) remember(c *command) *request {
	p.more = false
	q := &p.oldAsk
	if p.f.variant != variantOld {
		key := p.key()
		for key != 0 && key != keyTheirs || !p.stream {
			if p.asked.Take(key) == nil {
				break
			}
		}
		if p.asked.Len() >= maxAsked {
			p.asked.Clear()
		}
		q = p.asked.Put(key)
	} else {
		p.oldWaits, p.oldRest, p.lost = true, [2]bool{}, [2]bool{} // an answer begins with it
	}
	*q = request{command: c, code: p.f.code, id: p.last + 1, unit: p.f.unit, items: q.items[:0], text: q.text[:0], ascii: p.f.ascii}
	return q
}

// ask emits the operation at hand as asked about one object, and notes it.
func (p *parser) ask(q *request, it item) {
	if len(q.items) >= maxItems {
		if it.verb > firedoor.VerbRead && !p.more { // who judges must know that there are more
			p.more = true
			p.complain(reasonMore)
		}
		return
	}
	p.last++
	p.op.ID, p.op.Phase = p.last, firedoor.Asked
	p.name(&it)
	p.op.Span = firedoor.Span{Start: int64(p.at), End: int64(p.at + p.f.size)}
	p.refuse()
	if text := p.op.Object.Text; len(q.text)+len(text) <= maxText {
		it.from = uint16(len(q.text))
		q.text = append(q.text, text...)
		it.to = uint16(len(q.text))
	}
	q.items = append(q.items, it)
	q.counts, q.several = p.op.HasQty, q.several || p.op.Item > 0
	p.emit(&p.opEvent)
}

// name fills in the object of an item; its text stays. What the flow's client has
// is named as such, or not at all.
func (p *parser) name(it *item) {
	if p.theirs && !it.device {
		it.space = nil
	}
	p.op.Verb = it.verb
	p.op.Object.Space, p.op.Object.At, p.op.Quantity = it.space, it.at, it.count
	if p.theirs && it.space != nil {
		p.op.Object.At[atTheirs] = 1
	}
}

// refuse notes the patch that makes of a request of 3E or 4E a command nobody
// assigned.
func (p *parser) refuse() {
	p.op.Refusals = nil
	if p.f.variant != variantMC {
		return
	}
	p.refusals[0] = firedoor.Refusal{Name: "command", Offset: p.f.front, Bytes: [4]byte{0xff, 0xff}, Len: 2}
	if p.f.ascii {
		p.refusals[0].Bytes, p.refusals[0].Len = [4]byte{'F', 'F', 'F', 'F'}, 4
	}
	p.op.Refusals = p.refusals[:]
}

// reply emits the operation at hand as the answer to item i of a request, or as a
// partial one.
func (p *parser) reply(q *request, i int) {
	p.op.Phase = firedoor.Answered
	if q == nil {
		p.last++
		p.op.ID, p.op.Partial = p.last, true
		p.emit(&p.opEvent)
		return
	}
	it := q.items[i]
	p.op.ID, p.op.Unit, p.op.HasQty, p.op.Item = q.id+uint32(i), q.unit, q.counts, 0
	p.name(&it)
	p.op.Object.Text = q.text[it.from:it.to]
	if q.several {
		p.op.Item = uint16(i + 1)
	}
	p.emit(&p.opEvent)
}

// replyAll gives one outcome to all items.
func (p *parser) replyAll(q *request) {
	if q == nil {
		p.reply(nil, 0)
		return
	}
	for i := range q.items {
		p.reply(q, i)
	}
}
