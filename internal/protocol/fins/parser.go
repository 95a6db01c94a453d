package fins

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// maxItems is how many objects of one request are told; the rest is passed over. Over
// Ethernet 167 can be read at once (W342, 5-3-5).
const maxItems = 192

// maxAsked is how many requests of a flow may wait for their answers, more than a
// controller takes at a time: with one more all are forgotten.
const maxAsked = 64

// Reasons of malformed events.
const (
	reasonHeader   = "header with reserved bits or addresses out of range"
	reasonShort    = "message ends too early"
	reasonLength   = "length does not fit the command"
	reasonElements = "data do not fit the number of elements"
	reasonMany     = "command does not hold whole items"
	reasonMore     = "more bits are forced than the limit"
	reasonFrame    = "command of the TCP header that does not exist"
)

// Framing errors of TCP.
const (
	errMagic  = protocol.Broken("no magic number where a message should start")
	errLength = protocol.Broken("length or command of the TCP header out of range")
)

// item is one object of a request.
type item struct {
	space *firedoor.Space
	at    [4]uint32
	count uint32
	code  uint8 // of its memory area
	verb  firedoor.Verb
}

// request is what an answer needs to know of its request. Its slices stay with its
// place in the ring, so that steady polling allocates nothing.
type request struct {
	id       uint32 // of its first operation
	unit     uint32
	items    []item
	text     []byte // of its one object
	transfer uint8  // 1 + the place of the transfer it belongs to
	offset   uint32 // of the piece it asks for or brings
	last     bool   // it brings the last piece
	counts   bool
}

type parser struct {
	asked     protocol.Asked[request]
	transfers []transfer
	next      uint8 // the transfer to be forgotten next
	last      uint32
	lost      [2]bool
	stream    bool // over TCP
	*scratch
}

// scratch is what is needed during Parse only; all flows share it.
type scratch struct {
	emit   func(*firedoor.Event)
	at     int // of the message in the bytes at hand
	size   int // of it
	front  int // octets of it before the FINS header
	b      []byte
	body   []byte
	theirs bool // the flow's server asks

	opEvent  firedoor.Event
	op       firedoor.Operation
	refusals [2]firedoor.Refusal
	voice    wire.Voice
}

func newParser() *parser {
	p := &parser{scratch: &scratch{}}
	p.opEvent = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
	return p
}

// Another makes a parser that shares this one's scratch.
func (p *parser) Another() protocol.Parser { return &parser{scratch: p.scratch} }

// Gap says that messages can be found again: on TCP by their magic number.
func (p *parser) Gap(dir firedoor.Direction, _ int64) bool {
	p.lost[dir], p.stream = true, true // datagrams have no gaps
	for i := range p.transfers {
		p.transfers[i].Lose()
	}
	return true
}

// Parse reads a datagram, or the whole messages of a stream.
func (p *parser) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.emit = emit
	if n := min(len(b), len(tcpMagic)); !p.stream && (n == 0 || string(b[:n]) != tcpMagic[:n]) {
		p.at, p.size, p.front = 0, len(b), 0
		p.message(dir, b)
		return len(b), nil
	}
	pos := 0
	if p.lost[dir] {
		skip, found := resume(b)
		if !found {
			return skip, nil
		}
		p.lost[dir] = false
		pos = skip
	}
	for len(b)-pos >= tcpHeader {
		m := b[pos:]
		if string(m[:len(tcpMagic)]) != tcpMagic {
			return pos, errMagic
		}
		p.stream = true
		size, ok := tcpSize(m)
		if !ok {
			return pos, errLength
		}
		if len(m) < size {
			break
		}
		p.at, p.size, p.front = pos, size, tcpHeader
		p.frame(dir, m[:size])
		pos += size
	}
	return pos, nil
}

// resume looks for the header of a message.
func resume(b []byte) (skip int, found bool) {
	for i := range b {
		rest := b[i:]
		n := min(len(rest), len(tcpMagic))
		if string(rest[:n]) != tcpMagic[:n] {
			continue
		}
		if len(rest) < tcpHeader {
			return i, false
		}
		if _, ok := tcpSize(rest); ok {
			return i, true
		}
	}
	return len(b), false
}

func (p *parser) complain(reason string) { p.voice.Malformed(p.emit, reason, p.at) }

// frame reads one message of a stream.
func (p *parser) frame(dir firedoor.Direction, b []byte) {
	failure := binary.BigEndian.Uint32(b[tcpAtError:])
	switch command := binary.BigEndian.Uint32(b[tcpAtCommand:]); command {
	case tcpFrame:
		p.message(dir, b[tcpHeader:])
	case tcpClientNode:
		p.theirs = dir == firedoor.FromServer
		p.op = firedoor.Operation{Code: tcpCode, Function: "node address", Verb: firedoor.VerbSession}
		if p.theirs {
			p.op.Function = "node address" + wordsAskedOf
		}
		q := p.remember(nodeKey | asker(p.theirs))
		p.ask(q, item{verb: firedoor.VerbSession})
	case tcpServerNode:
		p.theirs = dir == firedoor.FromClient
		p.op = firedoor.Operation{Code: tcpCode, Function: "node address", Verb: firedoor.VerbSession, Outcome: tcpOutcome(failure)}
		if p.theirs {
			p.op.Function = "node address" + wordsAskedOf
		}
		p.replyAll(p.asked.Take(nodeKey | asker(p.theirs)))
	case tcpError:
		p.theirs = dir == firedoor.FromClient
		p.op = firedoor.Operation{Code: tcpCode + tcpError, Function: "frame send error", Verb: firedoor.VerbSession, Outcome: tcpOutcome(failure)}
		p.replyAll(nil)
	}
}

func tcpOutcome(code uint32) firedoor.Outcome {
	if code == 0 {
		return firedoor.OK
	}
	return firedoor.Failed(code, tcpErrors[code])
}

// nodeKey is the key of the node address command; those of FINS have 25 bits.
const nodeKey = 1 << 32

// asker is the part of a key that tells the two sides apart.
func asker(theirs bool) uint64 {
	if theirs {
		return 1 << 24
	}
	return 0
}

// key joins a request and its answer. Addresses are no part of it: who answers
// fills in those that the request left at zero.
func (p *parser) key() uint64 {
	return uint64(p.b[atSID]) | uint64(binary.BigEndian.Uint16(p.b[atCommand:]))<<8 | asker(p.theirs)
}

// unit is what the addresses from at on say: network, node, unit.
func (p *parser) unit(at int) uint32 {
	if p.b[at] == 0 {
		return uint32(p.b[at+2])
	}
	return uint32(p.b[at])<<16 | uint32(p.b[at+1])<<8 | uint32(p.b[at+2])
}

// message reads a FINS message.
func (p *parser) message(dir firedoor.Direction, b []byte) {
	if len(b) < bodyAt || b[atICF]&icfAnswer != 0 && len(b) < answerAt {
		p.complain(reasonShort)
		return
	}
	if !header(b) {
		p.complain(reasonHeader)
		return
	}
	p.b, p.body = b, b[bodyAt:]
	answers := b[atICF]&icfAnswer != 0
	p.theirs = (dir == firedoor.FromServer) != answers
	code := binary.BigEndian.Uint16(b[atCommand:])
	c := find(code)
	if c == nil {
		c = &unknown
	}
	p.op = firedoor.Operation{Code: uint32(code), Function: c.function(p.theirs), Verb: c.verb, HasUnit: true}
	if answers {
		p.body = b[answerAt:]
		p.op.Unit = p.unit(atSNA)
		p.op.Outcome = endCode(binary.BigEndian.Uint16(b[bodyAt:]))
		p.answer(c, p.asked.Take(p.key()))
		return
	}
	p.op.Unit = p.unit(atDNA)
	p.request(c)
}

// remember keeps a request until its answer. One of the same number that still
// waits was sent again, or its answer is lost.
func (p *parser) remember(key uint64) *request {
	for p.asked.Take(key) != nil {
		continue
	}
	if p.asked.Len() >= maxAsked {
		p.asked.Clear()
	}
	q := p.asked.Put(key)
	*q = request{id: p.last + 1, unit: p.op.Unit, items: q.items[:0], text: q.text[:0]}
	return q
}

// ask emits the operation at hand as asked about one object, and notes it.
func (p *parser) ask(q *request, it item) {
	p.last++
	p.op.ID, p.op.Phase, p.op.Verb = p.last, firedoor.Asked, it.verb
	p.name(it)
	p.op.Span = firedoor.Span{Start: int64(p.at), End: int64(p.at + p.size)}
	p.op.NoAnswer = q == nil
	if q != nil {
		q.items = append(q.items, it)
		q.counts = p.op.HasQty
		if text := p.op.Object.Text; len(q.items) == 1 && len(text) > 0 {
			q.text = append(q.text, text...)
		}
	}
	p.emit(&p.opEvent)
}

// name fills in the object of an item; its text stays.
func (p *parser) name(it item) {
	p.op.Object.Space, p.op.Object.At, p.op.Quantity = it.space, it.at, it.count
	if p.theirs && it.space != nil {
		p.op.Object.At[atTheirs] = 1
	}
}

// refuse notes patches to the request at hand: a memory area nobody has, where it
// names one first, and a command nobody assigned.
func (p *parser) refuse(hasArea bool) {
	n := 0
	if hasArea {
		p.refusals[0] = firedoor.Refusal{Name: "area", Offset: p.front + bodyAt, Bytes: [4]byte{0xff}, Len: 1}
		n++
	}
	p.refusals[n] = firedoor.Refusal{Name: "command", Offset: p.front + atCommand, Bytes: [4]byte{0xff, 0xff}, Len: 2}
	p.op.Refusals = p.refusals[:n+1]
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
	it := q.items[i]
	p.op.ID, p.op.Unit, p.op.Verb, p.op.HasQty = q.id+uint32(i), q.unit, it.verb, q.counts
	p.name(it)
	p.op.Object.Text = q.text
	if len(q.items) > 1 {
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
