package iec104

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// request is what an answer needs to know of its request: small, for one is kept
// for every request under way.
type request struct {
	name string
	id   uint32
	file [2]uint32 // address and name, of files: their answers need not repeat both
	item uint8     // at most 127

	selects bool // or calls off: nothing is carried out
	code    byte
	verb    firedoor.Verb
}

// maxConfirmed is how many confirmed commands are remembered until their
// termination; one more makes the oldest forgotten.
const maxConfirmed = 8

type parser struct {
	asked     protocol.Asked[request]
	confirmed [maxConfirmed]uint64 // keys, 0: none
	newest    uint8                // place of the newest of them
	last      uint32               // id of the newest operation
	control   [3]uint32            // start, stop, test: the id that waits, 0: none
	next      [2]uint16            // send sequence number expected of each side
	counted   [2]bool              // it is known
	lost      [2]bool              // looking for a frame after a gap
	heard     [2]bool              // something came of this direction
	reversed  bool                 // the server started the transfer: it is the controlling station
	sizes     guess                // of the fields
	file      transfer
	*scratch
}

// scratch is what is needed during Parse only; all flows share it.
type scratch struct {
	emit  func(*firedoor.Event)
	frame []byte // at hand
	at    int    // its place in the bytes at hand
	dir   firedoor.Direction
	asdu  asdu

	operation firedoor.Event
	op        firedoor.Operation
	refusals  [2]firedoor.Refusal
	told      firedoor.Event
	sample    firedoor.Sample
	voice     wire.Voice
	octet     [1]byte
	long      [4]byte
	text      [48]byte
}

func newParser() *parser {
	p := &parser{scratch: &scratch{}}
	p.operation = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
	p.told = firedoor.Event{Kind: firedoor.EventSample, Sample: &p.sample}
	p.sizes.begin()
	return p
}

// Another makes a parser that shares this one's scratch.
func (p *parser) Another() protocol.Parser {
	another := &parser{scratch: p.scratch}
	another.sizes.begin()
	return another
}

// Framing errors.
const (
	errStart  = protocol.Broken("no start octet where a frame should begin")
	errLength = protocol.Broken("frame shorter than its control field")
)

// Reasons of malformed frames.
const (
	reasonLong     = "frame longer than 255 octets"
	reasonSequence = "send sequence number does not follow"
	reasonControl  = "control field of no known format"
	reasonBare     = "frame without data has a length other than 4"
	reasonShort    = "information frame ends in the header of its data"
)

// Parse consumes whole frames.
func (p *parser) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.emit, p.dir = emit, dir
	pos := 0
	if !p.heard[dir] && len(b) > 0 { // a capture may begin behind the beginning of a frame
		p.heard[dir], p.lost[dir] = true, b[0] != startOctet
	}
	if p.lost[dir] {
		skip, found := p.resume(b)
		if !found {
			return skip, nil
		}
		p.lost[dir] = false
		pos = skip
	}
	for len(b)-pos >= lengthEnds {
		rest := b[pos:]
		if rest[0] != startOctet {
			return pos, errStart
		}
		if rest[1] < minLength {
			return pos, errLength
		}
		n := frameSize(rest)
		if len(rest) < n {
			break
		}
		p.frame, p.at = rest[:n], pos
		if n > lengthEnds+maxLength {
			p.complain(reasonLong)
		}
		switch c := rest[controlAt]; {
		case c&1 == 0:
			p.data()
		case len(p.frame) != asduAt:
			p.complain(reasonBare)
		case c == 1:
			// Supervisory: acknowledges, and nothing of it is told.
		default:
			p.connection(c)
		}
		pos += n
	}
	if pos < len(b) && b[pos] != startOctet {
		return pos, errStart
	}
	return pos, nil
}

// Gap keeps the flow: frames carry enough to be found again.
func (p *parser) Gap(dir firedoor.Direction, _ int64) bool {
	p.lost[dir], p.counted[dir] = true, false
	p.file.Lose()
	return true
}

// resume looks for a frame that reads as the specification says and is followed
// by nothing or another header; skip bytes before it are of no use.
func (p *parser) resume(b []byte) (skip int, found bool) {
	for i := range b {
		rest := b[i:]
		if !header(rest) {
			continue
		}
		if len(rest) < asduAt || len(rest) < frameSize(rest) {
			return i, false // perhaps: wait for all of it
		}
		n := frameSize(rest)
		if (rest[controlAt]&1 != 0 || p.sizes.now.fits(rest[asduAt:n])) && header(rest[n:]) {
			return i, true
		}
	}
	return len(b), false
}

// complain emits a malformed event for the frame at hand.
func (p *parser) complain(reason string) { p.voice.Malformed(p.emit, reason, p.at) }

// connection reads a frame that starts, stops or tests the connection (5.2, 5.3).
// Tests may come from both sides; only the client's are operations.
func (p *parser) connection(c byte) {
	if !unnumbered(c) || p.frame[3] != 0 || p.frame[4] != 0 || p.frame[5] != 0 {
		p.complain(reasonControl)
		return
	}
	f := &controls[controlOf(c)]
	act := c == startAct || c == stopAct || c == testAct
	if c == startAct {
		p.reversed = p.dir == firedoor.FromServer
	}
	if act != (p.dir == firedoor.FromClient) {
		return // the server's own test, or its answer
	}
	p.op = firedoor.Operation{Verb: f.verb, Function: f.name, Code: f.code}
	waits := &p.control[controlOf(c)]
	if act {
		p.ask()
		*waits = p.op.ID
		return
	}
	p.op.Outcome = firedoor.OK
	p.answer(*waits)
	*waits = 0
}

// controlOf numbers start, stop and test by either of their frames.
func controlOf(c byte) int {
	switch c {
	case startAct, startCon:
		return 0
	case stopAct, stopCon:
		return 1
	}
	return 2
}

// controls are the words for them.
var controls = [3]struct {
	name string
	code uint32
	verb firedoor.Verb
}{
	{"start data transfer", 0x100 + startAct, firedoor.VerbSession},
	{"stop data transfer", 0x100 + stopAct, firedoor.VerbSession},
	{"test frame", 0x100 + testAct, firedoor.VerbDiagnose},
}

// ask emits the operation at hand as asked.
func (p *parser) ask() {
	p.last++
	p.op.ID, p.op.Phase = p.last, firedoor.Asked
	p.op.Span = firedoor.Span{Start: int64(p.at), End: int64(p.at + len(p.frame))}
	p.emit(&p.operation)
	p.op.Refusals = nil
}

// answer emits the operation at hand as the answer to the one with the id; 0:
// nobody saw it asked.
func (p *parser) answer(id uint32) {
	p.op.Phase, p.op.ID = firedoor.Answered, id
	if id == 0 {
		p.last++
		p.op.ID, p.op.Partial = p.last, true
	}
	p.emit(&p.operation)
}

// data reads an information frame: its number, then what it carries.
func (p *parser) data() {
	number := binary.LittleEndian.Uint16(p.frame[controlAt:]) >> 1
	if p.counted[p.dir] && number != p.next[p.dir] {
		p.complain(reasonSequence)
	}
	p.next[p.dir], p.counted[p.dir] = (number+1)&0x7fff, true
	if p.frame[4]&1 != 0 {
		p.complain(reasonControl)
	}
	if !p.header(p.frame[asduAt:]) {
		return
	}
	if (p.dir == firedoor.FromClient) != p.reversed {
		p.fromControlling()
	} else {
		p.fromControlled()
	}
}
