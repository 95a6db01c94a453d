package ads

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// Limits of a flow.
const (
	// maxItems is how many objects of one request are told; the rest is passed over. Up to
	// 500 are recommended in a list.
	maxItems = 512
	// maxAsked is how many requests of each side may wait for their answers: with one
	// more all of that side are forgotten.
	maxAsked = 64
	// maxText is how many octets of names one request may have that waits.
	maxText = 8192
	// maxWhole is the longest message that is waited for; of a longer one what stands
	// in front is told, and the rest is passed over.
	maxWhole = 1 << 16
	// longHead is how much of a long message is waited for.
	longHead = headSize + 16
)

// Reasons of malformed events.
const (
	reasonShort  = "data end too early"
	reasonLength = "length of the data does not fit"
	reasonCount  = "list does not hold as many items as it says"
	reasonMore   = "list writes more items than the limit"
)

// errHead is the framing error.
const errHead = protocol.Broken("no header of an ADS message where one should start")

// item is one object of a request.
type item struct {
	space         *firedoor.Space
	at            [4]uint32
	group, offset uint32 // as on the wire
	count         uint32
	from, to      uint16 // its name, in the text of the request
	form          form
	verb          firedoor.Verb
}

// request is what an answer needs to know of its request. Its slices stay with its
// place in the ring, so that steady polling allocates nothing.
type request struct {
	id       uint32 // of its first operation
	unit     uint32
	group    uint32
	command  uint16
	file     uint8 // 1 + the place of the file it is about
	counts   bool
	append   bool   // it opens a file that has content
	obscure  bool   // it goes by a number whose meaning nobody saw
	total    uint32 // items of a list, told or not
	function string
	items    []item
	text     []byte
}

type parser struct {
	asked  [2]protocol.Asked[request] // by who asks
	names  *names                     // nil until something was learned
	files  *[maxFiles]file
	rest   [2]int64 // octets of a long message that are still to come
	moving [2]uint8 // 1 + the file they belong to
	last   uint32
	lost   [2]bool
	stream bool
	told   bool // the server's NetId
	*scratch
}

// scratch is what is needed during Parse only; all flows share it.
type scratch struct {
	emit   func(*firedoor.Event)
	at     int // of the message in the bytes at hand
	b      []byte
	data   []byte // behind the header
	cut    bool   // the message at hand is longer than what is there
	theirs bool   // the flow's server asks
	// The request at hand goes by a number that was given out before and not seen: it
	// is told with its answer, as one whose request was not seen.
	obscure bool
	port    uint16 // AMS port of who is asked

	opEvent  firedoor.Event
	op       firedoor.Operation
	refusals [2]firedoor.Refusal
	event    firedoor.Event
	sample   firedoor.Sample
	texts    wire.Texts
	text     [64]byte
	voice    wire.Voice
}

func newParser() *parser {
	p := &parser{scratch: &scratch{}}
	p.opEvent = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
	return p
}

// Another makes a parser that shares this one's scratch.
func (p *parser) Another() protocol.Parser { return &parser{scratch: p.scratch} }

// Gap says that messages can be found again. What a long message brings may be lost
// without losing the next one.
func (p *parser) Gap(dir firedoor.Direction, missing int64) bool {
	p.loseFiles()
	if left := p.rest[dir]; missing > 0 && missing <= left {
		p.rest[dir] -= missing
		return true
	}
	p.rest[dir], p.lost[dir], p.stream = 0, true, true // datagrams have no gaps
	return true
}

// Parse reads a datagram, or the whole messages of a stream.
func (p *parser) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.emit = emit
	if n := min(len(b), len(magic)); !p.stream && n > 0 && string(b[:n]) == magic[:n] {
		p.at = 0
		p.datagram(dir, b)
		return len(b), nil
	}
	pos := p.pass(dir, b)
	if p.lost[dir] {
		skip, found := resume(b)
		if !found {
			return skip, nil
		}
		p.lost[dir] = false
		pos = skip
	}
	for pos < len(b) {
		m := b[pos:]
		size, match := head(m)
		if match == protocol.No {
			return pos, errHead
		}
		if match == protocol.More {
			break
		}
		p.stream = true
		have := size
		if size > maxWhole {
			have = longHead
		}
		if len(m) < have {
			break
		}
		p.at, p.b, p.data, p.cut = pos, m[:have], m[headSize:have], have < size
		p.moving[dir] = 0
		p.message(dir)
		pos += have
		if p.cut {
			p.rest[dir] = int64(size - have)
			pos += p.pass(dir, b[pos:])
		}
	}
	return pos, nil
}

// pass consumes what is left of a long message.
func (p *parser) pass(dir firedoor.Direction, b []byte) int {
	n := int(min(p.rest[dir], int64(len(b))))
	p.rest[dir] -= int64(n)
	if i := p.moving[dir]; i > 0 && n > 0 {
		p.addTo(i, b[:n])
	}
	return n
}

// resume looks for the header of a message.
func resume(b []byte) (skip int, found bool) {
	for i := range b {
		switch _, match := head(b[i:]); match {
		case protocol.Yes:
			return i, true
		case protocol.More:
			return i, false
		}
	}
	return len(b), false
}

func (p *parser) complain(reason string) { p.voice.Malformed(p.emit, reason, p.at) }

// address is the unit of the end that stands at an offset: its port, and the last two
// numbers of its NetId where it is not the router itself.
func (p *parser) address(at int) uint32 {
	unit := uint32(binary.LittleEndian.Uint16(p.b[at+6:]))
	if bus := p.b[at+4 : at+6]; bus[0] != 1 || bus[1] != 1 {
		unit |= uint32(bus[0])<<24 | uint32(bus[1])<<16
	}
	return unit
}

// message reads one message, or the beginning of a long one.
func (p *parser) message(dir firedoor.Direction) {
	command, flags := binary.LittleEndian.Uint16(p.b[atCommand:]), binary.LittleEndian.Uint16(p.b[atFlags:])
	invoke := uint64(binary.LittleEndian.Uint32(p.b[atInvoke:]))
	p.op, p.obscure = firedoor.Operation{Code: uint32(command), HasUnit: true}, false
	if flags&flagAnswer == 0 {
		p.theirs = dir == firedoor.FromServer
		p.port = binary.LittleEndian.Uint16(p.b[atTargetAMS:])
		if command == cmdNotification {
			p.notified(p.address(atSource))
			return
		}
		p.op.Unit = p.address(atTarget)
		key := invoke | uint64(binary.LittleEndian.Uint16(p.b[atSourceAMS:]))<<32 | uint64(p.port)<<48
		p.request(command, flags&flagNoAnswer != 0, key)
		return
	}
	p.theirs = dir == firedoor.FromClient
	p.port = binary.LittleEndian.Uint16(p.b[atSourceAMS:])
	p.op.Unit = p.address(atSource)
	key := invoke | uint64(binary.LittleEndian.Uint16(p.b[atTargetAMS:]))<<32 | uint64(p.port)<<48
	q := p.asked[side(p.theirs)].Take(key)
	if q != nil && q.command != command {
		q = nil
	}
	p.introduce()
	p.answer(command, q)
}

// introduce tells the NetId of the server, once.
func (p *parser) introduce() {
	if p.told || p.theirs {
		return
	}
	p.told = true
	p.voice.Fact(p.emit, firedoor.Identity{About: firedoor.AboutServer, Kind: firedoor.FactService, Confidence: sure,
		Source: sourceHeader, Value: netID(p.text[:0], p.b[atSource:])})
}

func side(theirs bool) int {
	if theirs {
		return 1
	}
	return 0
}

// remember keeps a request until its answer. One of the same number that still waits
// was sent again, or its answer is lost.
func (p *parser) remember(key uint64, command uint16) *request {
	asked := &p.asked[side(p.theirs)]
	for asked.Take(key) != nil {
		continue
	}
	if asked.Len() >= maxAsked {
		asked.Clear()
	}
	q := asked.Put(key)
	*q = request{id: p.last + 1, unit: p.op.Unit, command: command, function: p.op.Function,
		items: q.items[:0], text: q.text[:0]}
	return q
}

// ask emits the operation at hand as asked about one object, and notes it. at is
// where the index group stands in the data, -1 where there is none.
func (p *parser) ask(q *request, it item, name []byte, at int) {
	p.object(&it, name)
	p.op.Span = firedoor.Span{Start: int64(p.at), End: int64(p.at + len(p.b))}
	p.op.NoAnswer = q == nil
	p.refuse(at)
	if q != nil && len(q.items) < maxItems {
		if len(q.text)+len(name) <= maxText {
			it.from = uint16(len(q.text))
			q.text = append(q.text, name...)
			it.to = uint16(len(q.text))
		}
		it.verb = p.op.Verb
		q.items = append(q.items, it)
		q.counts, q.function, q.obscure = p.op.HasQty, p.op.Function, p.obscure
	}
	p.op.Phase = firedoor.Asked
	if p.obscure {
		if q != nil {
			return
		}
		p.op.Phase, p.op.Partial, p.op.NoAnswer, p.op.Outcome, p.op.Refusals = firedoor.Answered, true, false, firedoor.OK, nil
	}
	p.last++
	p.op.ID = p.last
	p.emit(&p.opEvent)
}

// object fills in the object of an item.
func (p *parser) object(it *item, name []byte) {
	p.op.Object = firedoor.Object{Space: it.space, At: it.at, Text: name}
	if p.theirs && it.space != nil {
		p.op.Object.At[atTheirs] = 1
	}
	p.op.Quantity = it.count
}

// refuse notes patches to the request at hand: an AMS port nobody has, and an index
// group nobody has. Of a message that is not whole there are none.
func (p *parser) refuse(at int) {
	p.op.Refusals = nil
	if p.cut {
		return
	}
	p.refusals[0] = firedoor.Refusal{Name: "port", Offset: atTargetAMS, Bytes: [4]byte{0xff, 0xff}, Len: 2}
	n := 1
	if at >= 0 {
		p.refusals[1] = firedoor.Refusal{Name: "group", Offset: headSize + at, Bytes: [4]byte{0xff, 0xff, 0xff, 0xff}, Len: 4}
		n++
	}
	p.op.Refusals = p.refusals[:n]
}

// reply emits the operation at hand as the answer to item i of a request, or as a
// partial one.
func (p *parser) reply(q *request, i int) {
	p.op.Phase, p.op.Refusals = firedoor.Answered, nil
	if q == nil {
		p.last++
		p.op.ID, p.op.Partial = p.last, true
		p.emit(&p.opEvent)
		return
	}
	it := &q.items[i]
	p.op.ID, p.op.Unit, p.op.HasQty = q.id+uint32(i), q.unit, q.counts
	if q.obscure {
		p.last++
		p.op.ID, p.op.Partial = p.last, true
	}
	p.op.Verb, p.op.Function = it.verb, q.function
	p.object(it, q.text[it.from:it.to])
	if len(q.items) > 1 {
		p.op.Item = uint16(i + 1)
	}
	p.emit(&p.opEvent)
}
