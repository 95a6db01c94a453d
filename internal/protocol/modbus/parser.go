package modbus

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// request is what an answer needs to know of its request: small, for one is kept
// for every request under way.
type request struct {
	object place
	qty    uint32        // 0: none, or the request could not be read
	id     uint32        // of its first operation
	items  uint16        // operations it gave
	words  [2]uint16     // what a write's answer repeats behind the address
	verb   firedoor.Verb // of sub-functions
	// settles: it has a key of its own and was asked behind all that servers may not know.
	settles bool
	name    *string // where it is not the function's
	more    *more   // functions 20, 21 and 23; kept for the next request in this place
}

// more is what requests over several objects need.
type more struct {
	second  place
	qty2    uint32
	records []record // functions 20 and 21
	umas    umasAsked
}

// further is where a request keeps its other objects.
func (q *request) further() *more {
	if q.more == nil {
		q.more = &more{}
	}
	return q.more
}

// place is an object of one number: smaller than a firedoor.Object, as one is
// kept for every request under way.
type place struct {
	space *firedoor.Space
	at    uint32
}

func placeOf(o *firedoor.Object) place { return place{o.Space, o.At[0]} }

// record is one sub-request for file records.
type record struct {
	object firedoor.Object
	length uint32
}

type parser struct {
	asked  protocol.Asked[request]
	last   uint32  // id of the newest operation
	lost   [2]bool // looking for a message after a gap
	reuses bool    // the client gives one transaction number again and again
	number uint16  // transaction number of the newest request
	frames framing // how messages are framed

	guarded bool    // what is said decides what passes
	doubts  *doubts // nil where there are none
	umas    *umas   // nil until it is needed
	*scratch
}

// scratch is what is needed during Parse only; all flows share it.
type scratch struct {
	// The message at hand.
	emit func(*firedoor.Event)
	adu  []byte
	at   int // its place in the bytes at hand

	// What events point to.
	operation firedoor.Event
	op        firedoor.Operation
	refusals  [1]firedoor.Refusal
	voice     wire.Voice
	text      [128]byte // a text put together
	coils     []byte    // bits put together
	rtu       [lengthEnds + maxRTU]byte
}

func newParser() *parser {
	p := &parser{scratch: &scratch{}}
	p.operation = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
	return p
}

// Another makes a parser that shares this one's scratch.
func (p *parser) Another() protocol.Parser { return &parser{scratch: p.scratch} }

// Framing errors.
const (
	errProtocol = protocol.Broken("protocol identifier is not zero")
	errLength   = protocol.Broken("length out of range")
	errFunction = protocol.Broken("function code that no request has")
	errSize     = protocol.Broken("length that the function cannot have")
	errParts    = protocol.Broken("request in parts whose function does not say its size")
	errUnsure   = protocol.Broken("request in parts behind one that a server may answer by throwing away what came")
)

// Parse consumes whole messages.
func (p *parser) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.emit = emit
	if p.frames != framedTCP {
		if n, done := p.other(dir, b); done {
			return n, nil
		}
	}
	asks := p.guarded && dir == firedoor.FromClient
	pos := 0
	if p.lost[dir] {
		skip, found := resume(dir, b)
		if !found {
			return skip, nil
		}
		p.lost[dir] = false
		pos = skip
	}
	for len(b)-pos >= lengthEnds {
		rest := b[pos:]
		if rest[2] != 0 || rest[3] != 0 {
			return pos, errProtocol
		}
		n := messageSize(rest)
		if n < lengthEnds+minLength || n > lengthEnds+maxTolerated && !mayBeUmas(rest, n) {
			return pos, errLength
		}
		if asks {
			if err := lies(rest, n); err != nil {
				return pos, err
			}
		}
		if len(rest) < n {
			break
		}
		p.adu, p.at = rest[:n], pos
		if dir == firedoor.FromClient {
			p.request()
		} else {
			p.answer()
		}
		pos += n
		p.frames = framedTCP
	}
	if asks && pos < len(b) && p.doubts != nil {
		return pos, errUnsure
	}
	return pos, nil
}

// mayBeUmas tells whether a message that begins with b may be as long as n:
// function 90 may be longer than the others.
func mayBeUmas(b []byte, n int) bool {
	return n <= lengthEnds+maxUmas && (len(b) <= functionAt || b[functionAt]&^exceptionBit == codeUmas)
}

// Guard leaves the frames of a serial line aside at the usual port: a device there reads
// headers, and bytes that are both would be two different requests.
func (p *parser) Guard(usual bool) {
	if p.guarded = true; usual {
		p.frames = framedTCP
	}
}

// Doubts tells for how many requests a server may be throwing away what its client says.
func (p *parser) Doubts() int {
	if p.doubts == nil {
		return 0
	}
	return int(p.doubts.n)
}

// Gap keeps the flow: messages carry enough to be found again. Requests without
// an answer stay known, unless the client numbers them all alike: then a lost
// answer would give every later one to the wrong request.
func (p *parser) Gap(dir firedoor.Direction, _ int64) bool {
	// A guarded client's next byte begins a message: to look for one further on would
	// be to let pass what stands before it.
	p.lost[dir] = !p.guarded || dir == firedoor.FromServer
	p.loseUmas()
	if dir == firedoor.FromServer && p.reuses {
		p.asked.Clear()
	}
	return true
}

// resume looks for the first message that fits its direction and is followed by
// nothing or by another header; skip bytes before it are of no use.
func resume(dir firedoor.Direction, b []byte) (skip int, found bool) {
	for i := range b {
		rest := b[i:]
		if !plausible(rest, maxTolerated) {
			continue
		}
		if len(rest) < dataAt || len(rest) < messageSize(rest) {
			return i, false // perhaps: wait for all of it
		}
		n := messageSize(rest)
		code, data := rest[functionAt], rest[dataAt:n]
		fits := dir == firedoor.FromClient && asksFor(code, data) || dir == firedoor.FromServer && answers(code, data)
		if fits && plausible(rest[n:], maxTolerated) {
			return i, true
		}
	}
	return len(b), false
}

// unitBits is where the unit stands in a key.
const unitBits = 8

// key joins a request and its answer: transaction, unit and function. A server repeats the unit
// (Messaging on TCP/IP Implementation Guide V1.0b, 3.1.3); one that has another all the same is joined
// by the rest, where the client numbers its requests.
func (p *parser) key() uint64 {
	return uint64(binary.BigEndian.Uint16(p.adu))<<16 | uint64(p.adu[6])<<unitBits | uint64(p.adu[functionAt]&^exceptionBit)
}

// begin fills the operation with what every message says.
func (p *parser) begin(code byte) *function {
	f := &functions[code]
	op := &p.op // field by field: most of it is as the message before left it
	op.Item, op.Partial, op.HasUnit, op.HasQty = 0, false, true, false
	op.Unit, op.Code, op.Quantity, op.Verb = uint32(p.adu[6]), uint32(code), 0, f.verb
	op.Function = f.name
	op.Object.Space, op.Object.At = nil, [4]uint32{}
	op.Values.Type = firedoor.NoValue
	op.Outcome.Kind = firedoor.OutcomePending
	return f
}

// refuseAt spoils two bytes at offset: an address or number no device has.
func (p *parser) refuseAt(name string, offset int) {
	p.refusals[0] = firedoor.Refusal{Name: name, Offset: offset, Bytes: [4]byte{0xff, 0xff}, Len: 2}
	p.op.Refusals = p.refusals[:]
}

// ask emits the operation at hand as asked.
func (p *parser) ask() {
	p.last++
	p.op.ID, p.op.Phase = p.last, firedoor.Asked
	p.op.Span = firedoor.Span{Start: int64(p.at), End: int64(p.at + len(p.adu))}
	if p.frames == framedRTU {
		p.asRTU()
	}
	p.emit(&p.operation)
	p.op.Refusals = nil
}

// object names what the operation at hand touches.
func (p *parser) object(space *firedoor.Space, at uint16, qty uint32) {
	p.op.Object.Space, p.op.Object.At[0] = space, uint32(at)
	p.op.Quantity, p.op.HasQty = qty, true
}

// complain emits a malformed event for the message at hand.
func (p *parser) complain(reason string) {
	p.voice.Malformed(p.emit, reason, p.at)
}

// fact emits an identity fact about the server.
func (p *parser) fact(kind firedoor.FactKind, source string, confidence uint8, value []byte) {
	p.voice.Fact(p.emit, firedoor.Identity{About: firedoor.AboutServer, Kind: kind, Confidence: confidence, Source: source, Value: value})
}

// registers views 16-bit words.
func registers(b []byte) firedoor.Values {
	return firedoor.Values{Type: firedoor.U16, Count: len(b) / 2, Raw: b}
}

// bits views packed coils.
func bits(b []byte, n int) firedoor.Values {
	return firedoor.Values{Type: firedoor.Bit, Count: n, Raw: b}
}

// values gives the operation at hand n elements of a space: bits or words. It
// writes in place: copying what was just written makes the processor wait.
func (p *parser) values(space *firedoor.Space, b []byte, n uint32) {
	v := &p.op.Values
	v.Raw = b
	if space == &coils || space == &discretes {
		v.Type, v.Count = firedoor.Bit, int(n)
		return
	}
	v.Type, v.Count = firedoor.U16, min(len(b)/2, int(n))
}
