package bacnet

import (
	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// Reasons of malformed events.
const (
	reasonShort      = "message ends too early"
	reasonParameters = "parameters do not fit the service"
	reasonBehind     = "bytes behind the message"
	reasonLink       = "unknown or broken function of the virtual link"
	reasonKind       = "unknown or broken application message"
	reasonAnswer     = "answer does not fit the service"
	reasonMore       = "more objects are written than the limit"
)

// Limits of one flow.
const (
	// maxItems is how many objects of one request or answer are told; the rest is
	// passed over. A message in one piece has room for 164 objects with a property each.
	maxItems = 512
	// maxRoute is how long an address behind a router is that an answer repeats.
	maxRoute = routeHeader + 13
)

// sure: the device speaks for itself.
const sure = 90

// request is what an answer needs to know of its request.
type request struct {
	id       uint32 // of its first operation
	code     uint32
	function string
	items    []item
	route    [maxRoute]byte
	routeLen uint8
	service  uint8
	verb     firedoor.Verb
	silent   bool // a notification: nobody wants to know that it was received
	quantity uint32
	counts   bool
}

// item is one object of a request, of the space its service speaks of.
type item struct {
	space *firedoor.Space
	at    [4]uint32
}

// parser reads one flow.
type parser struct {
	asked     protocol.Asked[request]
	last      uint32 // id of the newest operation
	encrypted bool
	guarded   bool       // what is said decides what passes
	parts     []assembly // of segmented messages
	*scratch
}

// scratch is what is needed during Parse only; all flows share it.
type scratch struct {
	emit   func(*firedoor.Event)
	dir    firedoor.Direction
	size   int // of the message at hand
	link   link
	net    network
	app    application
	whole  bool // the service's parameters stand in this datagram
	theirs bool // the flow's server asks

	// The request or answer at hand.
	q     *request // nil for one that is not remembered, or not known
	count int      // objects it has
	items int      // objects told so far
	dry   bool     // only count

	opEvent     firedoor.Event
	op          firedoor.Operation
	refusals    [2]firedoor.Refusal
	sampleEvent firedoor.Event
	sample      firedoor.Sample
	voice       wire.Voice
	numbers     [maxValueBytes]byte
	text        [3 * maxText]byte
	name        [64]byte
	texts       wire.Texts
	letters     [4 * maxText]byte // of texts that are not UTF-8 on the wire
}

func newParser() *parser {
	p := &parser{scratch: &scratch{}}
	p.opEvent = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
	p.sampleEvent = firedoor.Event{Kind: firedoor.EventSample, Sample: &p.sample}
	return p
}

// Another makes a parser that shares this one's scratch.
func (p *parser) Another() protocol.Parser { return &parser{scratch: p.scratch} }

// Guard has the end of a segmented request told whose beginning was forgotten over others.
func (p *parser) Guard(bool) { p.guarded = true }

// Gap: datagrams stand alone.
func (p *parser) Gap(firedoor.Direction, int64) bool { return true }

// Parse reads one datagram.
func (p *parser) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.emit, p.dir = emit, dir
	var reason string
	if p.link, reason = readLink(b); reason != "" {
		p.complain(reason)
		return len(b), nil
	}
	p.size = p.link.size
	if p.size < len(b) {
		p.voice.Malformed(emit, reasonBehind, p.size)
	}
	if p.link.carries {
		p.network()
	} else {
		p.linkMessage()
	}
	return len(b), nil
}

func (p *parser) complain(reason string) { p.voice.Malformed(p.emit, reason, 0) }

func (p *parser) network() {
	var reason string
	if p.net, reason = readNetwork(p.link.body); reason != "" {
		p.complain(reason)
		return
	}
	if p.net.message {
		p.networkMessage()
		return
	}
	var ok bool
	if p.app, ok = readApplication(p.net.body); !ok {
		p.complain(reasonKind)
		return
	}
	p.whole = true
	switch a := &p.app; a.kind {
	case kindConfirmed:
		p.confirmed()
	case kindUnconfirmed:
		p.unconfirmed()
	case kindSimpleAck, kindComplexAck, kindError, kindReject:
		p.answer(p.dir.Other())
	case kindAbort:
		if a.flags&flagServer != 0 {
			p.answer(p.dir.Other())
		} else {
			p.answer(p.dir)
		}
	}
}

// key joins a request and its answer: the invoke id, who asks, and the two
// addresses behind routers, of which far is that of who answers.
func (p *parser) key(asker firedoor.Direction, far, near []byte) uint64 {
	key := uint64(p.app.invoke) | uint64(asker)<<8
	if len(far) > 0 || len(near) > 0 {
		key |= (wire.Sum(far) ^ wire.Sum(near)*3) &^ 0xc0000000000001ff
	}
	return key
}

// begin fills in what both halves of an operation say.
func (p *parser) begin(s *service, code uint32, asker firedoor.Direction) {
	p.theirs = asker == firedoor.FromServer
	p.items, p.count, p.dry = 0, 1, false
	p.op = firedoor.Operation{Verb: s.verb, Code: code, Function: s.function(p.theirs)}
}

// remember keeps a request until its answer. A request of the same number that
// still waits was sent again, or its answer is lost.
func (p *parser) remember(key uint64, choice uint8) {
	for p.asked.Take(key) != nil {
		continue
	}
	q := p.asked.Put(key)
	*q = request{id: p.last + 1, items: q.items[:0], service: choice}
	p.q = q
}

// object names what the operation at hand touches.
func (p *parser) object(id, property uint32, index uint32, marks uint32) firedoor.Object {
	if p.theirs {
		marks |= markTheirs
	}
	o := firedoor.Object{Space: &objects, At: [4]uint32{id, property, index, marks}}
	return o
}

// ask emits the operation at hand as asked and notes it for its answer.
func (p *parser) ask(o firedoor.Object) {
	if p.dry {
		p.count++
		return
	}
	if p.items++; p.items > maxItems {
		if p.items == maxItems+1 && p.op.Verb > firedoor.VerbRead { // who judges must know that there are more
			p.complain(reasonMore)
		}
		return
	}
	p.last++
	p.routed(&o, p.net.to)
	p.op.ID, p.op.Phase, p.op.Object = p.last, firedoor.Asked, o
	if p.count > 1 {
		p.op.Item = uint16(p.items)
	}
	p.op.Span = firedoor.Span{End: int64(p.size)}
	if q := p.q; q != nil {
		if p.items == 1 {
			q.verb, q.code, q.function = p.op.Verb, p.op.Code, p.op.Function
			q.quantity, q.counts = p.op.Quantity, p.op.HasQty
			q.routeLen = uint8(copy(q.route[:], p.net.to))
		}
		q.items = append(q.items, item{o.Space, o.At})
	} else {
		p.op.NoAnswer = true
	}
	p.emit(&p.opEvent)
}

// routed says which device behind a router the operation at hand is for.
func (p *parser) routed(o *firedoor.Object, route []byte) {
	if len(route) == 0 {
		return
	}
	p.op.HasUnit, p.op.Unit = true, unitOf(route)
	if o.Space == &objects {
		o.Text = route
	}
}

// reply emits the operation at hand as the answer to item i of the request, or as
// a partial one about the object.
func (p *parser) reply(i int, o firedoor.Object) {
	p.op.Phase = firedoor.Answered
	q := p.q
	if q == nil {
		if p.items++; p.items > maxItems {
			return
		}
		p.last++
		p.routed(&o, p.net.from)
		p.op.ID, p.op.Partial, p.op.Object = p.last, true, o
		if p.count > 1 {
			p.op.Item = uint16(p.items)
		}
		p.emit(&p.opEvent)
		return
	}
	if i >= len(q.items) {
		return
	}
	it := &q.items[i]
	p.op.ID, p.op.Verb, p.op.Code, p.op.Function = q.id+uint32(i), q.verb, q.code, q.function
	p.op.Quantity, p.op.HasQty = q.quantity, q.counts
	if q.code == writeProperty || q.code == writeMultiple {
		p.op.Function = written(q.service, it.at[atMarks])
	}
	p.op.Object = firedoor.Object{Space: it.space, At: it.at}
	p.routed(&p.op.Object, q.route[:q.routeLen])
	if len(q.items) > 1 {
		p.op.Item = uint16(i + 1)
	}
	p.emit(&p.opEvent)
}

// replyAll gives one outcome to all items from the first on.
func (p *parser) replyAll(first int, o firedoor.Outcome) {
	p.op.Outcome, p.op.Values, p.op.Texts = o, firedoor.Values{}, nil
	if p.q == nil {
		p.reply(0, firedoor.Object{})
		return
	}
	for i := first; i < len(p.q.items); i++ {
		p.reply(i, firedoor.Object{})
	}
}

// value reads a property's value into the scratch.
func (p *parser) value(b []byte) firedoor.Values { return values(&p.numbers, b) }

// valued gives the operation at hand the value of a property.
func (p *parser) valued(property uint32, b []byte) {
	p.op.Values, p.op.Texts = p.value(b), p.words(property, b)
}

// said is the text of an alarm, nil if there is none. What people write to each other is
// no value and not told.
func (p *parser) said(content []byte) [][]byte {
	if len(content) > 0 && !readable(content) {
		return nil
	}
	word, _ := letters(p.letters[:0], content)
	return p.texts.One(nil, word)
}

// firstOwn is the number of property from which on makers give their own (21), up to
// firstLate, where the standard goes on.
const firstOwn = 512

// words gives the texts of a property's value: one, or a list of nothing else. What a
// property of a maker's own means nobody knows: it may be a secret.
func (p *parser) words(property uint32, b []byte) [][]byte {
	p.texts.Reset()
	if property >= firstOwn && property < firstLate || len(b) == 0 || b[0]>>numberAt != tagText {
		return nil
	}
	room := p.letters[:0]
	for t := readTags(b); t.more(); {
		g := t.next()
		if t.bad || g.kind != applicationTag || g.number != tagText || len(g.content) > 0 && !readable(g.content) {
			return nil
		}
		var word []byte
		if word, room = letters(room, g.content); !p.texts.Add(word) {
			break
		}
	}
	return p.texts.List()
}

// fact tells something of the device that sent the message. What a device behind
// a router says is not about the router.
func (p *parser) fact(kind firedoor.FactKind, source string, confidence uint8, value []byte) {
	if p.net.from != nil {
		return
	}
	f := firedoor.Identity{Kind: kind, Source: source, Confidence: confidence, Value: value}
	if !p.link.origin.IsZero() {
		f.About, f.IP = firedoor.AboutAddress, p.link.origin
	}
	p.voice.Fact(p.emit, f)
}
