package ecat

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

type parser struct {
	asked  protocol.Asked[request]
	last   uint32
	way    way
	safety safety
	maker  uint32 // of the slave that told it last
	made   uint32 // its station address

	emit    func(*firedoor.Event)
	size    int // of the frame at hand
	voice   wire.Voice
	op      firedoor.Operation
	opEvent firedoor.Event
	sample  firedoor.Sample
	samples firedoor.Event
	text    [48]byte
}

// request is a datagram or a letter that will come back, or be answered.
type request struct {
	id    uint32
	reply uint64 // the key under which the letter's reply waits once it was taken, 0: none
	verb  firedoor.Verb
	code  uint32
	name  string
}

// keyOf is what a datagram and its echo have in common: the master's index, the command,
// its place in the frame, what it is for and how much. Positions count up on the way.
func keyOf(d *datagram) uint64 {
	key := uint64(d.nth&0x7f)<<56 | uint64(d.index)<<48 | uint64(d.command)<<40 | uint64(len(d.data))<<24 | uint64(d.offset)
	if commands[d.command].whom == byStation {
		key ^= uint64(d.position) * keySpread
	}
	return key
}

// keySpread keeps stations apart from the other parts of a key, and keyReply replies from
// echoes.
const (
	keySpread = 0x9e37_79b9_7f4a_7c15
	keyReply  = 1 << 63
)

// way is where the frames of a flow go. Where the source is not marked, frames of
// both ways are in one flow, which begins with one going out.
type way uint8

const (
	unknown way = iota
	outAndBack
	back
)

func newParser() *parser {
	p := &parser{}
	p.opEvent = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
	p.samples = firedoor.Event{Kind: firedoor.EventSample, Sample: &p.sample}
	return p
}

// Gap cannot happen to frames: each stands alone.
func (p *parser) Gap(firedoor.Direction, int64) bool { return true }

func (p *parser) malformed(reason string, at int) { p.voice.Malformed(p.emit, reason, at) }

// Parse reads one frame. Those of the server's side are what comes back.
func (p *parser) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.emit, p.size = emit, len(b)
	kind, body, ok := frame(b)
	if !ok {
		p.malformed("length does not fit the frame", 0)
	}
	switch kind {
	case typeDatagrams:
		p.datagrams(body, ok, dir)
	case typeVariables:
		p.network(body)
	case typeMailbox:
		p.gateway(body)
	default:
		p.malformed("type of frame that does not exist", 1)
	}
	return len(b), nil
}

// returned tells whether a frame comes back: a slave counts in what it takes.
func (p *parser) returned(body []byte) bool {
	answered := false
	for at := 0; !answered; {
		d, last, ok := next(body, at)
		if answered = ok && d.counter != 0; last || !ok {
			break
		}
		at = d.end
	}
	if p.way == unknown {
		p.way = outAndBack
		if answered {
			p.way = back
		}
	}
	return answered || p.way == back
}

func (p *parser) datagrams(body []byte, whole bool, dir firedoor.Direction) {
	returned := dir == firedoor.FromServer || p.returned(body)
	for at, nth := 0, byte(0); ; nth++ {
		d, last, ok := next(body, at)
		d.nth = nth
		if !ok {
			if whole {
				p.malformed("datagram longer than its frame", frameHeader+at)
			}
			return
		}
		switch {
		case int(d.command) >= len(commands):
			p.malformed("command that does not exist", frameHeader+at)
		case commands[d.command].whom == byLogical:
			p.process(&d, returned)
		case commands[d.command].whom == byNobody:
		case returned:
			p.back(&d)
		default:
			p.out(&d)
		}
		if at = d.end; last {
			return
		}
	}
}

// process tells the outputs of a frame going out, and the inputs of one that comes
// back and was answered.
func (p *parser) process(d *datagram, returned bool) {
	function, safe, does := "process data output", "safety output", byte(writes)
	if returned {
		function, safe, does = "process data input", "safety input", reads
		if commands[d.command].do&writes != 0 {
			safe = "safety data" // of either way: what was written comes back among what was read
		}
	}
	if commands[d.command].do&does == 0 || returned && d.counter == 0 {
		return
	}
	p.sample = firedoor.Sample{Function: function, Code: uint32(d.command), Values: number(d.data),
		Object: firedoor.Object{Space: &logical, At: [4]uint32{uint32(d.offset)<<16 | uint32(d.position)}}}
	p.emit(&p.samples)
	p.containers(d, safe, returned)
}

// number reads a value: of one, two or four bytes a number, else its bytes.
func number(b []byte) firedoor.Values {
	switch len(b) {
	case 0:
		return firedoor.Values{}
	case 2:
		return firedoor.Values{Type: firedoor.U16, Little: true, Count: 1, Raw: b}
	case 4:
		return firedoor.Values{Type: firedoor.U32, Little: true, Count: 1, Raw: b}
	}
	return firedoor.Values{Type: firedoor.U8, Count: len(b), Raw: b}
}

func (p *parser) begin(d *datagram, position uint32) {
	c := &commands[d.command]
	p.op = firedoor.Operation{Code: uint32(d.command), Quantity: uint32(len(d.data)), HasQty: true,
		Object: firedoor.Object{Space: &registers, At: [4]uint32{uint32(c.whom), position, uint32(d.offset)}}}
	if c.whom == byAll {
		p.op.Object.At[1] = 0
	}
	p.op.Function, p.op.Verb = word(d)
}

// out tells what a frame going out asks of slaves. What is in their memory is not
// told: parts of a mailbox look like any other bytes, and a password may be in it.
func (p *parser) out(d *datagram) {
	c := &commands[d.command]
	if c.do == writes {
		if m, ok := mailbox(d.data); ok && c.whom != byAll && d.offset >= regMemory {
			p.letter(&m, uint32(c.whom), uint32(d.position), keyOf(d))
			return
		}
	}
	p.begin(d, uint32(d.position))
	if c.do == writes && d.offset < regMemory {
		p.op.Values = number(d.data)
	}
	p.ask(keyOf(d), 0)
}

// back tells what became of a datagram: that no slave took it for its own, or what was
// read. Each slave that it passes counts the position up, so that it is not known any
// more whose it was where nobody saw it go out; and what was then only written says
// nothing new.
func (p *parser) back(d *datagram) {
	c := &commands[d.command]
	q := p.asked.Take(keyOf(d))
	whom, which := uint32(c.whom), uint32(d.position)
	if whom == byPosition {
		whom, which = byNobody, 0
	}
	m, mail := mail{}, false
	if d.counter != 0 && c.do == reads && c.whom != byAll && d.offset >= regMemory {
		m, mail = mailbox(d.data)
	}
	p.op = firedoor.Operation{}
	switch {
	case q != nil && q.reply != 0 && d.counter != 0: // a letter that was taken waits for its reply
		waits := *q
		p.forget(waits.reply)
		*p.asked.Put(waits.reply) = waits
		return
	case q == nil && (c.do != reads || mail):
	default:
		p.begin(d, which)
		p.op.Object.At[0] = whom
		p.outcome(d)
		if q != nil && (q.code >= codeSDO || whom == byNobody) { // what was asked says more of what it was about
			p.op.Object, p.op.HasQty = firedoor.Object{}, false
		}
		p.answer(q)
	}
	switch {
	case mail:
		p.reply(&m, whom, which)
	case d.counter != 0 && c.do == reads && c.whom == byStation:
		p.eeprom(which, d)
	}
}

// outcome is what the working counter says, and what was read.
func (p *parser) outcome(d *datagram) {
	if d.counter == 0 {
		p.op.Outcome = firedoor.Failed(0, "working-counter-zero") // no slave took it for its own
		return
	}
	p.op.Outcome = firedoor.OK
	if commands[d.command].do == reads && d.offset < regMemory {
		p.op.Values = number(d.data)
	}
}

// EEPROM words with the identity of a slave (ETG.1000.6, table 16).
const (
	eepromVendor = 8
	eepromBusy   = 0x8000
	eepromErrors = 0x7800
)

// eeprom tells what was read of the identity: control (2), address (4), data (4 or 8).
func (p *parser) eeprom(station uint32, d *datagram) {
	if d.offset != regEEPROM || len(d.data) < 10 {
		return
	}
	state, at := binary.LittleEndian.Uint16(d.data), binary.LittleEndian.Uint32(d.data[2:])
	if state&(eepromBusy|eepromErrors) != 0 || at < eepromVendor || at > eepromVendor+6 || at%2 != 0 {
		return
	}
	which := (at-eepromVendor)/2 + 1
	p.number(station, which, binary.LittleEndian.Uint32(d.data[6:]))
	if len(d.data) >= 14 && which < 4 {
		p.number(station, which+1, binary.LittleEndian.Uint32(d.data[10:]))
	}
}

// ask emits the operation at hand, which waits under a key; its reply, if it has one,
// under another. What still waits there was given up.
func (p *parser) ask(key, reply uint64) {
	p.last++
	p.op.ID, p.op.Phase = p.last, firedoor.Asked
	p.op.Span = firedoor.Span{End: int64(p.size)}
	p.forget(key)
	*p.asked.Put(key) = request{id: p.last, reply: reply, verb: p.op.Verb, code: p.op.Code, name: p.op.Function}
	p.emit(&p.opEvent)
}

func (p *parser) forget(key uint64) {
	for p.asked.Len() > 0 && p.asked.Take(key) != nil {
	}
}

// answer emits the operation at hand as the answer to a request, nil if that was not
// seen.
func (p *parser) answer(q *request) {
	p.op.Phase = firedoor.Answered
	if q != nil {
		p.op.ID, p.op.Verb, p.op.Code, p.op.Function = q.id, q.verb, q.code, q.name
	} else {
		p.last++
		p.op.ID, p.op.Partial = p.last, true
	}
	p.emit(&p.opEvent)
}

// network tells network variables: publisher (6), count (2), cycle (2), two bytes;
// identifier (2), hash (2), length (2), quality (2), data each.
func (p *parser) network(b []byte) {
	const head, each = 12, 8
	if len(b) < head {
		p.malformed("network variables shorter than their header", 0)
		return
	}
	count := int(binary.LittleEndian.Uint16(b[6:]))
	for b = b[head:]; count > 0; count-- {
		if len(b) < each || len(b)-each < int(binary.LittleEndian.Uint16(b[4:])) {
			p.malformed("network variable longer than its frame", 0)
			return
		}
		end := each + int(binary.LittleEndian.Uint16(b[4:]))
		p.sample = firedoor.Sample{Function: "network variable", Code: typeVariables, Values: number(b[each:end]),
			Object: firedoor.Object{Space: &variables, At: [4]uint32{uint32(binary.LittleEndian.Uint16(b))}}}
		p.emit(&p.samples)
		b = b[end:]
	}
}

// gateway reads a mailbox that goes to a slave through its master or comes from
// there (ETG.8200): the address in its header is that of the slave.
func (p *parser) gateway(b []byte) {
	m, ok := mailbox(b)
	if !ok {
		return // of a kind that is not read
	}
	station := uint32(binary.LittleEndian.Uint16(b[2:]))
	if m.kind == mailCoE && (m.body[1]>>4 != coeRequest && m.body[1]>>4 != coeInformation || m.body[2]>>5 == sdoAbort) ||
		m.kind == mailFoE && m.body[0] == foeError {
		p.reply(&m, byStation, station)
		return
	}
	p.letter(&m, byStation, station, 0)
}
