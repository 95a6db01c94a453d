package tristation

import (
	"encoding/binary"
	"strconv"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// Reasons of malformed events.
const (
	reasonFrame = "length, direction or checksum does not fit"
	reasonShort = "data end too early"
	reasonWay   = "direction of the other side"
)

// Confidence and source of facts: layouts are those of researchers.
const (
	likely       = 60
	roleWord     = string(firedoor.RoleSafetyController)
	sourceStatus = "tristation cp status"
	sourceModule = "tristation module versions"
	source       = "tristation"
)

// request is what an answer needs to know of its request.
type request struct {
	id     uint32
	code   uint32
	object firedoor.Object
	piece  uint8 // 1 + the transfer that it brings a piece of
	last   bool  // the last one
}

type parser struct {
	asked     protocol.Asked[request]
	last      uint32
	told      bool     // what the server is
	project   [10]byte // told last
	transfers *[maxTransfers]transfer
	next      uint8 // the transfer to be forgotten next

	emit    func(*firedoor.Event)
	b, data []byte
	voice   wire.Voice
	op      firedoor.Operation
	opEvent firedoor.Event
	text    [48]byte
}

func newParser() *parser {
	p := &parser{}
	p.opEvent = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
	return p
}

// Gap is never called: there is no stream.
func (p *parser) Gap(firedoor.Direction, int64) bool { return true }

func (p *parser) complain(reason string) { p.voice.Malformed(p.emit, reason, 0) }

// Parse reads one datagram.
func (p *parser) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.emit, p.b = emit, b
	switch {
	case !frame(b):
		p.complain(reasonFrame)
	case len(b) == least:
		p.bare(dir, b[0])
	case b[0] != typeCommand || (b[atWay] == 1) != (dir == firedoor.FromServer):
		p.complain(reasonWay)
	default:
		p.data = b[bodyAt : len(b)-crcSize]
		if dir == firedoor.FromClient {
			p.request(b[atCode])
		} else {
			p.answer(b[atCode])
		}
	}
	return len(b), nil
}

// Keys of the ring: the number of a message, and beyond these one each for what has no
// message.
const (
	keyConnect    = 0x100
	keyDisconnect = 0x101
	keyPing       = 0x102
)

func (p *parser) remember(key uint64) *request {
	for p.asked.Take(key) != nil { // sent again, or its answer is lost
		continue
	}
	q := p.asked.Put(key)
	*q = request{id: p.last + 1, code: p.op.Code, object: p.op.Object}
	return q
}

func (p *parser) ask() {
	p.last++
	p.op.ID, p.op.Phase = p.last, firedoor.Asked
	p.op.Span = firedoor.Span{End: int64(len(p.b))}
	p.emit(&p.opEvent)
}

func (p *parser) reply(q *request) {
	p.op.Phase = firedoor.Answered
	if q == nil {
		p.last++
		p.op.ID, p.op.Partial = p.last, true
	} else {
		p.op.ID, p.op.Code, p.op.Object = q.id, q.code, q.object
	}
	p.emit(&p.opEvent)
}

// bare reads a datagram without a message.
func (p *parser) bare(dir firedoor.Direction, kind byte) {
	toServer := dir == firedoor.FromClient
	p.op = firedoor.Operation{Code: typeBase + uint32(kind), Verb: firedoor.VerbSession, Outcome: firedoor.OK}
	var key uint64
	switch kind {
	case typeConnect, typeConnected:
		p.op.Code, p.op.Function, key = typeBase+typeConnect, "connect", keyConnect
	case typeDisconnect, typeDisconnected:
		p.op.Code, p.op.Function, key = typeBase+typeDisconnect, "disconnect", keyDisconnect
	case typePing:
		p.op.Function, p.op.Verb, key = "ping", firedoor.VerbDiagnose, keyPing
	default:
		p.refusal(toServer, kind)
		return
	}
	if asks := kind == typeConnect || kind == typeDisconnect || kind == typePing && toServer; asks == toServer {
		if asks {
			p.op.Outcome = firedoor.Outcome{}
			p.remember(key)
			p.ask()
			return
		}
		p.reply(p.asked.Take(key))
		p.introduce()
		return
	}
	p.complain(reasonWay)
}

// refusal reads what says no to whatever was asked last: it has no number.
func (p *parser) refusal(toServer bool, kind byte) {
	if toServer || typeErrors[kind] == "" {
		p.complain(reasonWay)
		return
	}
	p.op.Function, p.op.Outcome = "connect", firedoor.Failed(uint32(kind), typeErrors[kind])
	p.op.Code = typeBase + typeConnect
	p.reply(p.asked.Take(keyConnect))
}

// request reads what a workstation asks for.
func (p *parser) request(code byte) {
	p.op = firedoor.Operation{Code: uint32(code)}
	p.op.Function, p.op.Verb = words(code)
	space := spaceOf(code)
	if space != nil && len(p.data) >= 2 {
		p.op.Object = firedoor.Object{Space: space, At: [4]uint32{uint32(binary.LittleEndian.Uint16(p.data))}}
	}
	q := p.remember(uint64(p.b[atNumber]))
	p.ask()
	switch {
	case space == nil:
	case len(p.data) < 2:
		p.complain(reasonShort)
	case code == fnAllocateProgram || code == fnAllocateFunc:
		q.piece, q.last = p.piece(space, false)
		if q.piece > 0 {
			p.transfers[q.piece-1].asked = q.id
		}
	}
}

// spaceOf is the kind of object that a function touches, nil where nobody described it.
func spaceOf(code byte) *firedoor.Space {
	switch code {
	case fnAllocateProgram, fnUploadProgram:
		return &programs
	case fnAllocateFunc, fnUploadFunc:
		return &functions
	}
	return nil
}

// answer reads what a controller answers.
func (p *parser) answer(code byte) {
	q := p.asked.Take(uint64(p.b[atNumber]))
	of := code
	if code >= firstAnswer && int(code-firstAnswer) < len(asked) && asked[code-firstAnswer] > 0 {
		if of = asked[code-firstAnswer] - 1; q != nil && q.code != uint32(of) && described(q.code) {
			q = nil // the answer to something else
		}
	}
	if q != nil {
		of = byte(q.code)
	}
	p.op = firedoor.Operation{Code: uint32(of), Outcome: firedoor.OK}
	p.op.Function, p.op.Verb = words(of)
	switch {
	case code == fnRejected && len(p.data) > 0:
		p.op.Outcome = refused(p.data[0])
	case code == fnRejected:
		p.op.Outcome = refused(0)
	case code >= firstReason:
		p.op.Outcome = refused(code)
	}
	done := p.op.Outcome.Kind == firedoor.OutcomeOK
	if done && p.op.Code == fnStatus && len(p.data) >= 9 { // position of the key, and whether the program runs
		p.op.Values = firedoor.Values{Type: firedoor.U8, Count: 2, Raw: p.data[7:9]}
	}
	p.reply(q)
	p.introduce()
	if !done {
		p.untaken(q)
		return
	}
	switch p.op.Code {
	case fnStatus:
		p.status()
	case fnModuleVersions:
		p.modules()
	case fnUploadProgram:
		p.piece(&programs, true)
	case fnUploadFunc:
		p.piece(&functions, true)
	case fnAllocateProgram, fnAllocateFunc:
		if q != nil && q.last {
			p.finish(q.piece)
		}
	}
}

// introduce tells what answers, once: only safety controllers speak this.
func (p *parser) introduce() {
	if p.told {
		return
	}
	p.told = true
	p.fact(firedoor.FactVendor, source, 0, append(p.text[:0], "Triconex"...))
	p.fact(firedoor.FactRole, source, 0, append(p.text[:0], roleWord...))
}

func (p *parser) fact(kind firedoor.FactKind, source string, slot uint16, value []byte) {
	p.voice.Fact(p.emit, firedoor.Identity{Kind: kind, Source: source, Slot: slot, Confidence: likely, Value: value})
}

// projectAt is where the name of the project stands in the data of a status.
const projectAt = 66

// status tells the project when it is new.
func (p *parser) status() {
	if len(p.data) < projectAt+len(p.project) {
		return
	}
	if name := [10]byte(p.data[projectAt:]); name != p.project {
		p.project = name
		p.fact(firedoor.FactComment, sourceStatus, 0, append(append(p.text[:0], "project "...), wire.Text(name[:])...))
	}
}

// modules tells which modules are where: chassis, 0xff, then of each slot its type and
// three numbers of its firmware.
func (p *parser) modules() {
	const slots, size = 16, 8
	if len(p.data) < 2+slots*size || p.data[1] != 0xff {
		return
	}
	for slot := range slots {
		m := p.data[2+slot*size:]
		kind := binary.LittleEndian.Uint16(m)
		if kind == 0 {
			continue
		}
		t := strconv.AppendUint(append(p.text[:0], "type "...), uint64(kind), 10)
		t = append(t, " firmware"...)
		for i := 2; i < size; i += 2 {
			t = strconv.AppendUint(append(t, " ."[min(1, i/4)]), uint64(binary.LittleEndian.Uint16(m[i:])), 10)
		}
		p.fact(firedoor.FactModule, sourceModule, uint16(slot), t)
	}
}
