package lon

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// request is what an answer needs to know of its request.
type request struct {
	id   uint32
	code uint32
	word word
	to   firedoor.Object
}

type parser struct {
	asked protocol.Asked[request]
	last  uint32

	emit    func(*firedoor.Event)
	at      int // where the packet at hand starts in its datagram
	size    int
	voice   wire.Voice
	op      firedoor.Operation
	opEvent firedoor.Event
	text    [64]byte
}

func newParser() *parser {
	p := &parser{}
	p.opEvent = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
	return p
}

// Gap is never called: there is no stream.
func (p *parser) Gap(firedoor.Direction, int64) bool { return true }

func (p *parser) malformed(reason string) { p.voice.Malformed(p.emit, reason, p.at) }

// Parse reads one datagram, which may hold several packets.
func (p *parser) Parse(_ firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.emit = emit
	for p.at = 0; p.at < len(b); p.at += p.size {
		kind, body, size, ok := packet(b[p.at:])
		if !ok {
			p.malformed("header of a packet is not sound")
			break
		}
		p.size = size
		w := kinds(kind)
		switch {
		case w.name == "":
			p.malformed("type of packet that does not exist")
		case kind == typeData && b[p.at+5]&maskCode == 0:
			p.data(body)
		case w.verb != 0:
			p.op = firedoor.Operation{Code: codePacket + uint32(kind), Function: w.name, Verb: w.verb}
			p.ask(0, true)
		}
	}
	return len(b), nil
}

// Formats of what a LonTalk packet holds (ISO/IEC 14908-1, 6).
const (
	formatTransport = 0
	formatSession   = 1
	formatChallenge = 2
	formatMessage   = 3
)

// Types of transport and session units.
const (
	unitAsk      = 0 // acknowledged message, or request
	unitRepeat   = 1 // unacknowledged, repeated
	unitAnswer   = 2 // acknowledgement, or response
	unitReminder = 4
	unitAgain    = 5 // reminder with the message once more
)

// network is a LonTalk packet: priority and backlog, version and formats, address,
// domain, and a unit.
type network struct {
	format   byte
	from, to uint32 // subnet and node; group with bit 16
	object   firedoor.Object
	body     []byte // nil if there is none
}

// read reads the head of a LonTalk packet.
func read(b []byte) (n network, ok bool) {
	if len(b) < 5 || b[1]&0xc0 != 0 {
		return n, false
	}
	n.format = b[1] >> 4 & 3
	n.from = uint32(b[2])<<8 | uint32(b[3]&0x7f)
	n.object.Space = &nodes
	o := &n.object.At
	at := 5
	switch b[1] >> 2 & 3 {
	case 0:
		*o = [4]uint32{toSubnet, uint32(b[4])}
		n.to = anyone
	case 1:
		*o = [4]uint32{toGroup, uint32(b[4])}
		n.to = group | uint32(b[4])
	case 2:
		at = 6
		if b[3]&0x80 == 0 {
			at = 8 // the answer of a member of a group
		}
		if len(b) < at {
			return n, false
		}
		n.to = uint32(b[4])<<8 | uint32(b[5]&0x7f)
		*o = [4]uint32{toNode, n.to}
		if at == 8 {
			n.from = group | uint32(b[6])
		}
	case 3:
		if at = 11; len(b) < at {
			return n, false
		}
		*o = [4]uint32{toNeuron, uint32(binary.BigEndian.Uint16(b[5:])), binary.BigEndian.Uint32(b[7:])}
		n.to = anyone
	}
	at += int([...]byte{0, 1, 3, 6}[b[1]&3])
	if len(b) < at {
		return n, false
	}
	if len(b) > at {
		n.body = b[at:]
	}
	return n, true
}

// Addresses that are no single node's.
const (
	group  = 1 << 16
	anyone = 1 << 17
)

// key joins a transaction by who asks, who is asked, and its number.
func key(asks, asked uint32, number byte) uint64 {
	return uint64(number&15)<<40 | uint64(asks)<<20 | uint64(asked)
}

func (p *parser) data(b []byte) {
	n, ok := read(b)
	if !ok || n.body == nil {
		p.malformed("LonTalk packet shorter than its address")
		return
	}
	unit := n.body[0]
	kind := unit >> 4 & 7
	switch {
	case n.format == formatChallenge:
	case n.format == formatMessage:
		p.message(&n, n.body, false, true)
	case kind == unitAnswer && n.format == formatTransport:
		p.acknowledged(&n, unit)
	case kind == unitAnswer:
		p.response(&n, unit, n.body[1:])
	case kind == unitAsk, kind == unitRepeat && n.format == formatTransport:
		p.message(&n, n.body[1:], n.format == formatSession, kind == unitRepeat)
	case kind != unitReminder && kind != unitAgain:
		p.malformed("type of unit that does not exist")
	}
}

// message tells what an update, a request or any other message asks for.
func (p *parser) message(n *network, b []byte, isRequest, alone bool) {
	if len(b) == 0 {
		p.malformed("unit without a message")
		return
	}
	p.op = firedoor.Operation{Object: n.object}
	if b[0]&0x80 == 0 {
		w := message(b[0])
		p.op.Code, p.op.Function, p.op.Verb = uint32(b[0]), w.name, w.verb
		p.ask(key(n.from, n.to, n.body[0]), alone)
		if b[0] == codeService && len(b) >= 15 {
			p.identify(n.from, b[1:])
		}
		return
	}
	if len(b) < 2 {
		p.malformed("network variable without its selector")
		return
	}
	p.op.Object.Space = &variables
	p.op.Object.At[3] = uint32(binary.BigEndian.Uint16(b) & 0x3fff)
	if isRequest {
		p.op.Code, p.op.Function, p.op.Verb = codePoll, "network variable poll", firedoor.VerbRead
	} else {
		p.op.Code, p.op.Function, p.op.Verb = codeUpdate, "network variable update", firedoor.VerbWrite
		p.op.Values = number(b[2:])
	}
	p.ask(key(n.from, n.to, n.body[0]), alone)
}

// ask emits the operation at hand as asked.
func (p *parser) ask(k uint64, alone bool) {
	p.last++
	p.op.ID, p.op.Phase, p.op.NoAnswer = p.last, firedoor.Asked, alone
	p.op.Span = firedoor.Span{Start: int64(p.at), End: int64(p.at + p.size)}
	if !alone {
		p.asked.Take(k) // sent again, or never answered: one transaction at a time has a number
		*p.asked.Put(k) = request{p.last, p.op.Code, word{p.op.Function, p.op.Verb}, p.op.Object}
	}
	p.emit(&p.opEvent)
}

// take finds the request that a node answers: one to it, or to whoever hears it.
func (p *parser) take(n *network, unit byte) *request {
	if q := p.asked.Take(key(n.to, n.from, unit)); q != nil {
		return q
	}
	return p.asked.Take(key(n.to, anyone, unit))
}

// acknowledged: what an acknowledgement answers is all that it says.
func (p *parser) acknowledged(n *network, unit byte) {
	if q := p.take(n, unit); q != nil {
		p.op = firedoor.Operation{Outcome: firedoor.OK}
		p.answer(q)
	}
}

// Responses to network management and diagnosis have the lower five bits of what
// they answer: 0x21 and up for success, 0x01 and up for failure.
const success = 0x20

func (p *parser) response(n *network, unit byte, b []byte) {
	if len(b) == 0 {
		p.malformed("unit without a message")
		return
	}
	q := p.take(n, unit)
	p.op = firedoor.Operation{Outcome: firedoor.OK, Code: codeAnswer + uint32(b[0]), Function: "response", Verb: session}
	if b[0]&0x80 != 0 {
		p.op.Code, p.op.Function, p.op.Verb = codePoll, "network variable poll", firedoor.VerbRead
		if len(b) > 2 {
			p.op.Values = number(b[2:])
		}
	} else if q != nil && q.code >= 0x50 && b[0]&success == 0 {
		p.op.Outcome = firedoor.Failed(uint32(b[0]), "failed")
	}
	known := q != nil && q.code == codeQueryID && p.op.Outcome.Kind == firedoor.OutcomeOK
	p.answer(q)
	if known && len(b) >= 15 {
		p.identify(n.from, b[1:])
	}
}

// answer emits the operation at hand as the answer to a request.
func (p *parser) answer(q *request) {
	p.op.Phase = firedoor.Answered
	if q == nil {
		p.last++
		p.op.ID, p.op.Partial = p.last, true
	} else {
		p.op.ID, p.op.Code, p.op.Function, p.op.Verb, p.op.Object = q.id, q.code, q.word.name, q.word.verb, q.to
	}
	p.emit(&p.opEvent)
}

// identify tells who a node is: neuron identifier (6) and program identifier (8).
// It may be any node behind the sender, so that it counts as a module of it.
func (p *parser) identify(from uint32, b []byte) {
	neuron := uint64(binary.BigEndian.Uint16(b))<<32 | uint64(binary.BigEndian.Uint32(b[2:]))
	t := hex(append(p.text[:0], "neuron "...), neuron, 12)
	t = hex(append(t, " program "...), binary.BigEndian.Uint64(b[6:]), 16)
	p.voice.Fact(p.emit, firedoor.Identity{Kind: firedoor.FactModule, Slot: uint16(from), Confidence: 90, Source: "lontalk", Value: t})
}

// number reads a value: of two or four bytes a number, else its bytes.
func number(b []byte) firedoor.Values {
	switch len(b) {
	case 0:
		return firedoor.Values{}
	case 2:
		return firedoor.Values{Type: firedoor.U16, Count: 1, Raw: b}
	case 4:
		return firedoor.Values{Type: firedoor.U32, Count: 1, Raw: b}
	}
	return firedoor.Values{Type: firedoor.U8, Count: len(b), Raw: b}
}
