package hsms

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

const (
	maxName     = 80      // bytes of a name that are told (E5: a PPID has no more)
	codeControl = 0x10000 // and the type of the message
	enough      = 256     // bytes of a long message that are read
)

// request is what an answer needs to know of its request.
type request struct {
	id      uint32
	code    uint32
	meaning meaning
	unit    uint32
	at      uint32
	length  uint8
	has     bool // object
	text    [maxName]byte
	several uint8 // how many numbers it asks for; 0 where it is one, or more than are kept
	numbers [maxNumbers]uint32
}

type parser struct {
	asked protocol.Asked[request]
	last  uint32
	lost  [2]bool
	skip  [2]int64 // of a long message
	late  []byte   // the beginning of a long message of the server whose end is to come

	emit    func(*firedoor.Event)
	dir     firedoor.Direction
	b       []byte // the message at hand, or enough of it
	at      int
	cut     bool
	broken  bool // its body
	voice   wire.Voice
	content wire.Content
	op      firedoor.Operation
	opEvent firedoor.Event
	sample  firedoor.Sample
	told    firedoor.Event
	texts   wire.Texts
}

func newParser() *parser {
	p := &parser{}
	p.opEvent = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
	p.told = firedoor.Event{Kind: firedoor.EventSample, Sample: &p.sample}
	return p
}

const errHead = protocol.Broken("no HSMS header where a message should start")

// Parse reads whole messages, and of long ones the beginning: of the client's at once,
// for what is asked must be known before it has gone by; of the server's when their last
// byte is in, as that is when something is answered.
func (p *parser) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.emit, p.dir = emit, dir
	pos := 0
	p.ended(pos) // in a gap
	if p.lost[dir] {
		skip, found := protocol.Resume(b, probe)
		if !found {
			return skip, nil
		}
		p.lost[dir], pos = false, skip
	}
	for {
		n := min(p.skip[dir], int64(len(b)-pos))
		p.skip[dir] -= n
		pos += int(n)
		p.ended(pos)
		if len(b)-pos < headSize {
			return pos, nil
		}
		if !sound(b[pos:]) {
			return pos, errHead
		}
		size := lengthSize + int(binary.BigEndian.Uint32(b[pos:]))
		have := size
		if p.cut = size > maxWhole; p.cut {
			have = headSize + enough
		}
		if len(b)-pos < have {
			return pos, nil
		}
		p.b, p.at = b[pos:pos+have], pos
		pos += have
		p.skip[dir] = int64(size - have)
		if p.cut && dir == firedoor.FromServer {
			p.late = append(p.late[:0], p.b...)
			continue
		}
		p.message()
	}
}

// ended tells of a long message of the server as soon as nothing of it is left to come.
func (p *parser) ended(at int) {
	if p.dir != firedoor.FromServer || len(p.late) == 0 || p.skip[p.dir] > 0 {
		return
	}
	p.b, p.at, p.cut = p.late, at, true
	p.message()
	p.late = p.late[:0]
}

// Gap: a message can be found again by its header and its item.
func (p *parser) Gap(dir firedoor.Direction, missing int64) bool {
	if left := p.skip[dir]; missing > 0 && missing <= left {
		p.skip[dir] -= missing
		return true
	}
	p.lost[dir], p.skip[dir] = true, 0
	return true
}

func (p *parser) malformed(reason string) { p.voice.Malformed(p.emit, reason, p.at) }

func (p *parser) message() {
	if p.b[9] != typeData {
		p.control(p.b[9])
		return
	}
	p.broken = false
	body := p.b[headSize:]
	if len(body) > 0 && !p.cut && !whole(body) {
		p.malformed("body is not one whole item")
		p.broken, body = true, nil // what was asked is told all the same
	}
	stream, function := p.b[6]&0x7f, p.b[7]
	w := word(stream, function)
	switch {
	case function&1 == 0:
		p.secondary(stream, function, body)
	case stream == streamError:
		p.refused(function, body)
	case w.sample:
		p.report(&w, body)
	case p.dir == firedoor.FromClient:
		p.primary(&w, body)
	}
	p.identity(stream, function, body)
	p.program(stream, function, body)
}

func (p *parser) key() uint64 { return uint64(binary.BigEndian.Uint32(p.b[10:])) }

// code is stream * 256 + function.
func (p *parser) code() uint32 { return uint32(p.b[6]&0x7f)<<8 | uint32(p.b[7]) }

// ask emits the operation at hand as asked, and remembers it.
func (p *parser) ask(w *meaning) {
	p.last++
	p.op.ID, p.op.Phase = p.last, firedoor.Asked
	p.op.Span = firedoor.Span{Start: int64(p.at), End: int64(p.at + len(p.b))}
	if !p.op.NoAnswer {
		q := p.asked.Put(p.key())
		*q = request{id: p.last, code: p.op.Code, meaning: *w, unit: p.op.Unit, at: p.op.Object.At[0], has: p.op.Object.Space != nil}
		q.length = uint8(copy(q.text[:], p.op.Object.Text))
		q.note(p.b[headSize:])
	}
	p.emit(&p.opEvent)
}

// primary reads what the host asks.
func (p *parser) primary(w *meaning, body []byte) {
	if w.name == "" {
		*w = meaning{name: "other message", verb: firedoor.VerbConfigure}
	}
	p.op = firedoor.Operation{Code: p.code(), Function: w.name, Verb: w.verb, HasUnit: true, Unit: uint32(binary.BigEndian.Uint16(p.b[4:])), NoAnswer: p.b[6]&0x80 == 0}
	if it, ok := leaf(body, w.leaf); ok && w.space != nil {
		p.op.Object = it.object(w.space)
		if it, ok = leaf(body, w.leaf+1); ok && w.values {
			p.op.Values, p.op.Texts = it.values(), it.words(p.op.Object.Text, &p.texts)
		}
	}
	p.ask(w)
}

// secondary reads an answer: function 0 aborts, others begin with a code or are data.
func (p *parser) secondary(stream, function byte, body []byte) {
	if p.dir == firedoor.FromClient {
		return // the host answers its equipment
	}
	q := p.asked.Take(p.key())
	p.op = firedoor.Operation{Outcome: firedoor.OK}
	if q == nil {
		if function == 0 {
			return
		}
		w := word(stream, function-1)
		if w.sample || w.name == "" {
			return
		}
		p.op.Code, p.op.Function, p.op.Verb = p.code()-1, w.name, w.verb
		p.op.HasUnit, p.op.Unit = true, uint32(binary.BigEndian.Uint16(p.b[4:]))
		p.acknowledged(&w, body)
		p.last++
		p.op.ID, p.op.Partial, p.op.Phase = p.last, true, firedoor.Answered
		p.emit(&p.opEvent)
		return
	}
	p.op.Code = q.code
	if function == 0 {
		p.op.Outcome = firedoor.Failed(0, "aborted")
	} else {
		p.acknowledged(&q.meaning, body)
		p.constant(q, body)
		p.several(q, body)
	}
	p.reply(q)
}

// constant reads the answer to a question for one constant or one variable.
func (p *parser) constant(q *request, body []byte) {
	list, size, ok := next(body)
	if q.code != constantAsk && q.code != statusAsk || !q.has || !ok || list.format != formatList || list.count != 1 {
		return
	}
	if it, _, ok := next(body[size:]); ok && it.format != formatList {
		p.op.Values = it.values()
		if q.code == constantAsk {
			p.op.Texts = it.words(q.text[:q.length], &p.texts)
		}
	}
}

func (p *parser) acknowledged(w *meaning, body []byte) {
	if p.broken {
		p.op.Outcome = firedoor.Outcome{Kind: firedoor.OutcomeNoResponse}
	}
	it, ok := leaf(body, 0)
	if w.acks && ok && (it.format == formatBinary || it.format == 0xa4) && len(it.data) == 1 {
		p.op.Outcome = acknowledge(uint16(p.op.Code), it.data[0])
	}
}

// reply emits the operation at hand as the answer to a request.
func (p *parser) reply(q *request) {
	p.op.ID, p.op.Phase, p.op.Code, p.op.Function, p.op.Verb = q.id, firedoor.Answered, q.code, q.meaning.name, q.meaning.verb
	if q.code < codeControl {
		p.op.HasUnit, p.op.Unit = true, q.unit
	}
	if q.has {
		p.op.Object = firedoor.Object{Space: q.meaning.space, At: [4]uint32{q.at}, Text: q.text[:q.length]}
	}
	p.emit(&p.opEvent)
}

// refused reads a message of stream 9: the header of the one that was not understood.
func (p *parser) refused(function byte, body []byte) {
	it, ok := leaf(body, 0)
	if !ok || len(it.data) != headSize-lengthSize || p.dir == firedoor.FromClient {
		return
	}
	if q := p.asked.Take(uint64(binary.BigEndian.Uint32(it.data[6:]))); q != nil {
		p.op = firedoor.Operation{Outcome: named(streamErrors[:], function)}
		p.reply(q)
	}
}

// report tells what equipment says by itself; of an alarm its code, whose upper bit
// tells whether it is set, and its text.
func (p *parser) report(w *meaning, body []byte) {
	p.sample = firedoor.Sample{Function: w.name, Code: p.code(), HasUnit: true, Unit: uint32(binary.BigEndian.Uint16(p.b[4:]))}
	if it, ok := leaf(body, w.leaf); ok {
		p.sample.Object = it.object(w.space)
	}
	if it, ok := leaf(body, 0); ok && p.code() == alarmReport {
		p.sample.Values = it.values()
		if it, ok = leaf(body, w.leaf+1); ok {
			p.sample.Texts = it.words(nil, &p.texts)
		}
	}
	p.emit(&p.told)
	p.sample.Object, p.sample.Values, p.sample.Texts = firedoor.Object{}, firedoor.Values{}, nil
	switch {
	case p.broken:
	case p.code() == eventReport, p.code() == annotatedReport:
		p.reports(body, p.code() == annotatedReport)
	case p.code() == traceData:
		p.trace(body)
	}
}

// identity reads model and software revision, which equipment tells in S1F2, S1F13
// and S1F14; a host leaves them away.
func (p *parser) identity(stream, function byte, body []byte) {
	at := 0
	switch {
	case stream != 1:
		return
	case function == 2 || function == 13:
	case function == 14:
		at = 1
	default:
		return
	}
	for i, kind := range [...]firedoor.FactKind{firedoor.FactModel, firedoor.FactFirmware} {
		if it, ok := leaf(body, at+i); ok && it.format == formatASCII {
			p.voice.Fact(p.emit, firedoor.Identity{Kind: kind, Confidence: 90, Source: "secs", Value: it.data})
		}
	}
}

// program tells a process program on its way: in S7F3, or in the answer S7F6.
func (p *parser) program(stream, function byte, body []byte) {
	if stream != 7 || function != 3 && function != 6 {
		return
	}
	name, ok := leaf(body, 0)
	if !ok {
		return
	}
	f := firedoor.FileTransfer{Kind: "program", Upload: p.dir == firedoor.FromServer}
	if name.format == formatASCII {
		f.Name = name.data
	}
	content, ok := leaf(body, 1)
	if !ok && !p.cut {
		return // the answer to a request for a program that is not there
	}
	p.voice.File(p.emit, f)
	if p.cut {
		return
	}
	p.content.Begin()
	p.content.Add(content.data)
	f.Done = true
	p.content.Tell(&f)
	p.voice.File(p.emit, f)
}

// control reads messages that keep the connection. Those that the equipment asks are
// passed over.
func (p *parser) control(kind byte) {
	w := meaning{verb: firedoor.VerbSession}
	switch kind {
	case typeSelect:
		w.name = "select"
	case typeDeselect:
		w.name = "deselect"
	case typeLinktest:
		w.name, w.verb = "linktest", diagnose
	case typeSeparate:
		w.name = "separate"
	default:
		p.controlled(kind)
		return
	}
	if p.dir == firedoor.FromClient {
		p.op = firedoor.Operation{Code: codeControl + uint32(kind), Function: w.name, Verb: w.verb, NoAnswer: kind == typeSeparate}
		p.ask(&w)
	}
}

// controlled reads the answer to one.
func (p *parser) controlled(kind byte) {
	if p.dir == firedoor.FromClient {
		return
	}
	q := p.asked.Take(p.key())
	if q == nil {
		return
	}
	p.op = firedoor.Operation{Outcome: firedoor.OK}
	switch kind {
	case typeReject:
		p.op.Outcome = firedoor.Failed(uint32(p.b[7]), "")
		if o := named(rejectNames[:], p.b[7]); o.Kind == firedoor.OutcomeError {
			p.op.Outcome = o
		}
	case typeSelected:
		p.op.Outcome = named(selectNames[:], p.b[7])
	case typeDeselected:
		p.op.Outcome = named(deselectNames[:], p.b[7])
	}
	p.reply(q)
}
