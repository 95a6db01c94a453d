package mqtt

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// version is what a connection speaks, as far as it makes a difference: before 5.0
// there are no properties and hardly any reasons.
type version uint8

const (
	unknown version = iota
	three           // 3.1 or 3.1.1
	five
)

// side is what packets that only one side sends say of who is the client. Where a
// capture begins in the middle and the port says nothing that may be mistaken.
type side uint8

const (
	open side = iota
	right
	wrong // nothing is told: it would be told of the other one
)

// request is what an answer needs to know of its request: one, with as many
// operations as it has objects.
type request struct {
	name     string
	id       uint32 // of the first operation
	count    uint16
	more     bool // another follows, of the same packet
	verb     firedoor.Verb
	controls uint64 // the objects, of the first 64, that are controlled and not written
}

// maxObject is how many bytes of a name go into an object; what is longer is cut.
const maxObject = 512

// maxUser is how many bytes of a user's name are kept until the broker answers.
const maxUser = 128

type parser struct {
	asked   protocol.Asked[request]
	last    uint32 // id of the newest operation
	speaks  version
	whole   bool     // seen from CONNECT on, without a gap
	side    side     // whether the client is the one that the flow says
	lost    [2]bool  // looking for a packet after a gap
	skip    [2]int64 // bytes of a payload that is passed over
	login   bool     // a user's name was told and not answered yet
	userLen uint8
	user    [maxUser]byte
	aliases [2]aliases // of topics, by who sends
	known   *births    // what Sparkplug births told; nil until one was seen
	streams [2]*stream // Sparkplug payloads that are read as they come
	*scratch
}

// scratch is what is needed during Parse only; all flows share it.
type scratch struct {
	emit  func(*firedoor.Event)
	dir   firedoor.Direction
	frame []byte // at hand
	head  int    // bytes of its fixed header
	at    int    // its place in the bytes at hand
	props properties

	asking  firedoor.Event
	op      firedoor.Operation
	patch   [1]firedoor.Refusal
	told    firedoor.Event
	sample  firedoor.Sample
	voice   wire.Voice
	value   [8]byte
	texts   wire.Texts
	text    [maxObject]byte
	metric  metric
	publish publish
}

func newParser() *parser {
	p := &parser{scratch: &scratch{}}
	p.asking = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
	p.told = firedoor.Event{Kind: firedoor.EventSample, Sample: &p.sample}
	return p
}

// Another makes a parser that shares this one's scratch.
func (p *parser) Another() protocol.Parser { return &parser{scratch: p.scratch} }

// Parse consumes whole packets; of a payload that is longer than a parser may wait
// for, what stands before it and then piece by piece the rest.
func (p *parser) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.emit, p.dir = emit, dir
	pos := 0
	if p.lost[dir] {
		skip, found := resume(b)
		if !found {
			return skip, nil
		}
		p.lost[dir] = false
		pos = skip
	}
	for pos < len(b) {
		if st := p.streams[dir]; st != nil {
			n := p.flows(st, b[pos:], pos)
			if n == 0 {
				return pos, nil
			}
			pos += n
			continue
		}
		if left := p.skip[dir]; left > 0 {
			n := min(left, int64(len(b)-pos))
			p.skip[dir] -= n
			pos += int(n)
			continue
		}
		rest := b[pos:]
		head, size, err := frame(rest)
		if err != nil || head == 0 {
			return pos, err
		}
		p.at, p.head = pos, head
		if size > protocol.MaxMessage {
			n, err := p.long(rest, size)
			if err != nil || n == 0 {
				return pos, err
			}
			pos += n
			if p.skip[dir] = int64(size - n); p.skip[dir] == 0 {
				p.streams[dir] = nil
			}
			continue
		}
		if len(rest) < size {
			break
		}
		p.frame = rest[:size]
		p.packet()
		pos += size
	}
	return pos, nil
}

// long reads a PUBLISH whose payload is passed over: up to where that begins.
func (p *parser) long(b []byte, size int) (int, error) {
	if b[0]>>4 != typePublish {
		return 0, errLong
	}
	at := p.head
	if len(b) < at+2 {
		return 0, nil
	}
	at += 2 + int(binary.BigEndian.Uint16(b[at:]))
	if b[0]&flagQoS != 0 {
		at += 2
	}
	if p.speaks != three {
		if len(b) < at+4 {
			return 0, nil
		}
		if length, n := varint(b[at:]); n > 0 && length <= maxLongBlock {
			if len(b) < at+n+length {
				return 0, nil
			}
			if p.speaks == five || blockFits(b[at:at+n+length], typePublish, 0) {
				at += n + length
			}
		}
	}
	if len(b) < at {
		return 0, nil
	}
	p.frame = b[:min(at, size)]
	if p.side != wrong {
		p.published(true)
	}
	return len(p.frame), nil
}

// maxLongBlock bounds the properties of a PUBLISH that is not awaited whole.
const maxLongBlock = 1 << 14

// Gap keeps the flow: packets can be found again, and what is lost of a payload
// that is passed over is no loss.
func (p *parser) Gap(dir firedoor.Direction, missing int64) bool {
	p.whole, p.streams[dir] = false, nil
	if left := p.skip[dir]; missing > 0 && missing <= left {
		p.skip[dir] -= missing
		return true
	}
	p.skip[dir], p.lost[dir] = 0, true
	return true
}

// resume looks for a sound packet that is followed by nothing or another one; skip
// bytes before it are of no use. What says little is believed only at the very
// beginning, where the next segment usually starts a packet.
func resume(b []byte) (skip int, found bool) {
	for i := range b {
		kind, size, m := sound(b[i:])
		telling := kind == typePublish || kind == typeSubscribe || kind == typeUnsubscribe || kind == typeConnect
		switch {
		case m == protocol.No || i > 0 && !telling:
			continue
		case m == protocol.Yes:
			if _, _, next := sound(b[i+size:]); next != protocol.No {
				return i, true
			}
		case kind == typePublish && topicOf(b[i:]) >= minTopic:
			return i, true
		case len(b)-i < longHead:
			return i, false // perhaps: wait for more
		}
	}
	return len(b), false
}

// Reasons of malformed packets.
const (
	reasonSide   = "packet that the other side sends"
	reasonShort  = "packet ends too early"
	reasonMore   = "bytes behind the end of what the packet holds"
	reasonNumber = "packet identifier 0"
	reasonThree  = "packet that only version 5 has"
)

// complain emits a malformed event for the packet at hand.
func (p *parser) complain(reason string) { p.voice.Malformed(p.emit, reason, p.at) }

// packet reads the packet at hand.
func (p *parser) packet() {
	client := p.dir == firedoor.FromClient
	kind := p.frame[0] >> 4
	if p.side == wrong && (!client || kind != typeConnect) {
		return
	}
	switch kind {
	case typePublish:
		p.published(false)
		return
	case typePubAck, typePubRec, typePubRel, typePubComp:
		p.acknowledged(kind)
		return
	case typeDisconnect:
		p.disconnected()
		return
	case typeAuth:
		p.authenticated()
		return
	}
	asks := kind == typeConnect || kind == typeSubscribe || kind == typeUnsubscribe || kind == typePingRequest
	if asks != client {
		if p.side == open {
			p.side = wrong
			return
		}
		p.complain(reasonSide)
		return
	}
	p.side = right
	switch kind {
	case typeConnect:
		p.connect()
	case typeConnAck:
		p.accepted()
	case typeSubscribe, typeUnsubscribe:
		p.subscribe(kind)
	case typeSubAck, typeUnsubAck:
		p.subscribed(kind)
	default:
		p.ping(kind)
	}
}

// body is a reader of what follows the fixed header.
func (p *parser) body() protocol.Reader { return protocol.Read(p.frame[p.head:]) }

// block reads the properties of a packet, where there are any. Of a connection
// whose version is not known they are taken for such if they are sound. It returns
// false if they break a rule: what follows may begin somewhere else.
func (p *parser) block(r *protocol.Reader, kind byte) bool {
	p.props = properties{}
	switch p.speaks {
	case three:
		return true
	case unknown:
		try := *r
		if p.props.read(&try, kind) != "" {
			p.props = properties{}
			p.speaks = three
			return true
		}
		*r = try
		if p.props.size > 0 {
			p.speaks = five
		}
	default:
		if wrong := p.props.read(r, kind); wrong != "" {
			p.complain(wrong)
			return false
		}
	}
	return true
}

// begin fills the operation with the words of a type of packet.
func (p *parser) begin(kind byte) {
	p.op = firedoor.Operation{Code: uint32(kind), Function: functions[kind].name, Verb: functions[kind].verb}
}

// ask emits the operation at hand as asked.
func (p *parser) ask() {
	p.last++
	p.op.ID, p.op.Phase = p.last, firedoor.Asked
	p.op.Span = firedoor.Span{Start: int64(p.at), End: int64(p.at + len(p.frame))}
	p.emit(&p.asking)
}

// expect remembers that the operation at hand, or as many as count from it on,
// will be answered. One that still waits under the same number was given up.
func (p *parser) expect(number uint16, count int) *request {
	kind := byte(p.op.Code)
	key := keyOf(kind, number)
	for p.asked.Len() > 0 && p.asked.Take(key) != nil {
	}
	q := p.asked.Put(key)
	*q = request{name: p.op.Function, id: p.last + 1, count: uint16(count), verb: p.op.Verb}
	return q
}

func keyOf(kind byte, number uint16) uint64 { return uint64(kind)<<16 | uint64(number) }

// take finds the request of a type that waits under a number; nil: not seen.
func (p *parser) take(kind byte, number uint16) *request {
	if p.asked.Len() == 0 {
		return nil
	}
	return p.asked.Take(keyOf(kind, number))
}

// reply emits the answer to operation i of a request that was seen, or one that
// stands alone.
func (p *parser) reply(q *request, kind byte, i, of int, o firedoor.Outcome) {
	p.begin(kind)
	p.op.Phase, p.op.Outcome = firedoor.Answered, o
	if of > 1 {
		p.op.Item = uint16(i + 1)
	}
	if q == nil {
		p.last++
		p.op.ID, p.op.Partial = p.last, true
	} else {
		p.op.ID, p.op.Function, p.op.Verb = q.id+uint32(i), q.name, q.verb
		switch {
		case i < 64 && q.controls>>i&1 != 0:
			p.op.Verb = firedoor.VerbControl
		case kind == typeConnect && i > 0:
			p.op.Function, p.op.Verb, p.op.Selects = functionWill, firedoor.VerbWrite, true
		}
	}
	p.emit(&p.asking)
}

// replyAll gives all operations of a request the same answer.
func (p *parser) replyAll(q *request, kind byte, o firedoor.Outcome) {
	if q == nil {
		p.reply(nil, kind, 0, 1, o)
		return
	}
	for i := range int(q.count) {
		p.reply(q, kind, i, int(q.count), o)
	}
}

// name is an object of a kind with a text on the wire.
func name(space *firedoor.Space, text []byte) firedoor.Object {
	if len(text) == 0 {
		return firedoor.Object{}
	}
	return firedoor.Object{Space: space, Text: text[:min(len(text), maxObject)]}
}
