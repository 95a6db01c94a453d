package enip

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// Limits of what is remembered of unanswered requests, beside their number.
const (
	// maxHeld is how many bytes of requests one flow may have waiting for
	// answers; one more byte makes all of them forgotten.
	maxHeld = 1 << 17
	// maxKept is how large a buffer stays with its place when its request is
	// answered.
	maxKept = 1 << 10
)

// asked is a CIP request that waits for its answer. The bytes are kept and
// read again, which is cheaper than keeping what was read from them.
type asked struct {
	id      uint32 // of its first item
	service uint8
	inner   uint8 // what an Unconnected Send carries answers with its own code
	slot    slot
	bytes   []byte
}

type parser struct {
	emit        func(*firedoor.Event)
	lost        [2]bool // a message's start is to be found
	lastID      uint32
	held        int
	commands    protocol.Asked[uint32]
	unconnected protocol.Asked[asked]
	connected   protocol.Asked[asked]
	connections *wire.CIPConnections
	pairs       pairs
	transfers   *transfers // nil until there is one
	files       *fileNames // nil until one is told
	told        uint64     // sum of the model that a PCCC controller said last
	encrypted   bool       // DTLS was agreed on
	memoryOpen  bool       // of a Logix controller, to be loaded

	message   message
	packet    wire.CIPPacket
	text      []byte
	patches   [2]firedoor.Refusal
	operation firedoor.Operation
	identity  firedoor.Identity
	malformed firedoor.Malformed
	expected  firedoor.Expect

	operationE, identityE, malformedE, expectE firedoor.Event
}

func newParser() *parser {
	p := &parser{}
	p.operationE = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.operation}
	p.identityE = firedoor.Event{Kind: firedoor.EventIdentity, Identity: &p.identity}
	p.malformedE = firedoor.Event{Kind: firedoor.EventMalformed, Malformed: &p.malformed}
	p.expectE = firedoor.Event{Kind: firedoor.EventExpect, Expect: &p.expected}
	return p
}

// Gap makes the next bytes of the direction be searched for a message.
func (p *parser) Gap(dir firedoor.Direction, _ int64) bool {
	p.lost[dir] = true
	if p.transfers != nil {
		p.transfers.lose()
	}
	return true
}

// Parse reads whole encapsulation messages.
func (p *parser) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.emit = emit
	if p.encrypted && len(b) > 1 && b[1] == 0xfe { // the version of DTLS, and of no command
		return len(b), nil
	}
	n := 0
	if p.lost[dir] {
		var found bool
		if n, found = resync(b); !found {
			return n, nil
		}
		p.lost[dir] = false
	}
	for len(b)-n >= headerLen {
		h := readHeader(b[n:])
		if !h.framed() {
			return n, protocol.Broken("no encapsulation header")
		}
		if len(b)-n < h.total() {
			break
		}
		p.parse(dir, &h, b[n+headerLen:n+h.total()], n)
		n += h.total()
	}
	return n, nil
}

// resync finds the next message in b. Not found, it tells how many bytes are
// surely none of it.
func resync(b []byte) (int, bool) {
	for i := range b {
		switch probe(b[i:]) {
		case protocol.Yes:
			return i, true
		case protocol.More:
			return i, false
		}
	}
	return len(b), false
}

// parse reads one message; at is where its header stands.
func (p *parser) parse(dir firedoor.Direction, h *header, body []byte, at int) {
	c := commandOf(h.command)
	switch {
	case c == nil:
		p.broken("", "unknown encapsulation command", at)
	case h.options != 0:
		p.broken("", "encapsulation options that must be zero", at)
	case h.command == cmdSendRRData || h.command == cmdSendUnitData:
		p.carrier(dir, h, body, at)
	case dir == firedoor.FromClient:
		p.command(c, h.command, at, at+h.total())
	default:
		p.commandAnswer(c, h, body, at)
	}
}

func (p *parser) broken(proto, reason string, at int) {
	p.malformed = firedoor.Malformed{Protocol: proto, Reason: reason, Offset: at, Lost: p.malformed.Lost}
	p.emit(&p.malformedE)
	p.malformed.Lost = false
}

// command emits an encapsulation command.
func (p *parser) command(c *command, code uint16, start, end int) {
	p.lastID++
	if !c.oneWay {
		*p.commands.Put(uint64(code)) = p.lastID
	}
	p.operation = firedoor.Operation{
		ID: p.lastID, Phase: firedoor.Asked, Verb: c.verb, Code: uint32(code), Function: c.function,
		NoAnswer: c.oneWay, Span: firedoor.Span{Start: int64(start), End: int64(end)},
	}
	p.emit(&p.operationE)
}

// commandAnswer emits the answer to an encapsulation command.
func (p *parser) commandAnswer(c *command, h *header, body []byte, at int) {
	if c.oneWay {
		return // a target's NOP keeps the connection alive and says nothing
	}
	p.operation = firedoor.Operation{
		Phase: firedoor.Answered, Verb: c.verb, Code: uint32(h.command), Function: c.function,
		Outcome: headerOutcome(h.status),
	}
	if id := p.commands.Take(uint64(h.command)); id != nil {
		p.operation.ID = *id
	} else {
		p.lastID++
		p.operation.ID, p.operation.Partial = p.lastID, true
	}
	p.emit(&p.operationE)
	if h.status == 0 && h.command == cmdStartDTLS {
		p.encrypted = true
		p.emit(&firedoor.Event{Kind: firedoor.EventEncrypted, Encrypted: &firedoor.Encrypted{Protocol: "dtls", Inside: "enip", By: "start dtls"}})
	}
	if h.status == 0 {
		p.listed(h.command, body, at+headerLen)
	}
}

// carrier reads the CIP message in Send RR Data or Send Unit Data.
func (p *parser) carrier(dir firedoor.Direction, h *header, body []byte, at int) {
	if dir == firedoor.FromServer && h.status != 0 {
		p.refused(h)
		return
	}
	k := &p.packet
	if len(body) < carrierLen || !wire.ReadCIPPacket(body[carrierLen:], k) {
		p.broken("", "no address and data item", at+headerLen)
		return
	}
	data, start := k.Data, at+headerLen+carrierLen+k.At
	sequence := uint16(0)
	if k.Type == wire.CIPConnectedData {
		if len(data) < 2 {
			p.broken("", "connected data without a sequence count", start)
			return
		}
		sequence = binary.LittleEndian.Uint16(data)
		data, start = data[2:], start+2
	}
	switch {
	case len(data) == 0:
		p.broken("cip", "no service", start)
	case data[0]&replyBit != 0 && dir == firedoor.FromServer:
		p.answer(h, k, data, sequence, start)
	case data[0]&replyBit == 0 && dir == firedoor.FromClient:
		p.request(h, k, data, sequence, span4{at, at + h.total(), start})
	case dir == firedoor.FromServer:
		p.broken("cip", "request from the server", start)
	default:
		p.broken("cip", "answer from the client", start)
	}
}

// span4 is where an encapsulation message stands, and the CIP message in it.
type span4 struct{ start, end, cip int }

// refused answers all services that an encapsulation message carried.
func (p *parser) refused(h *header) {
	a := p.unconnected.Take(h.context)
	if h.command != cmdSendRRData || a == nil {
		return
	}
	p.message.read(a.bytes, a.slot)
	for i := range p.message.items {
		p.message.items[i].outcome, p.message.items[i].answered = headerOutcome(h.status), true
	}
	id := a.id
	p.release(a)
	p.completed(id, false)
}
