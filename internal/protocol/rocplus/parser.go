package rocplus

import (
	"bytes"
	"encoding/binary"
	"slices"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// maxItems is how many parameters of one request are told.
const maxItems = 84 // what fits into a message

// question is what an answer needs to know of its request. Operators are told only
// when they are letters, so that nothing enciphered is.
type question struct {
	id      uint32
	opcode  byte
	command byte // of a file transfer
	unit    uint16
	w       word
	count   uint16
	items   []firedoor.Object
	user    []byte
	login   bool
}

// file is what was opened and not closed. Only one is followed.
type file struct {
	name    []byte
	open    bool
	upload  bool
	content wire.Content
}

type parser struct {
	asked protocol.Asked[question]
	order []byte // opcodes of what waits, the oldest first
	last  uint32
	lost  [2]bool
	file  file

	emit    func(*firedoor.Event)
	b       []byte // the message at hand
	data    []byte
	at      int
	voice   wire.Voice
	op      firedoor.Operation
	opEvent firedoor.Event
	sample  firedoor.Sample
	event   firedoor.Event
	found   [maxItems][2]uint8 // where values stand in the answer at hand
}

func newParser() *parser {
	p := &parser{}
	p.opEvent = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
	return p
}

const errCheck = protocol.Broken("check value is wrong, and no opcode stands where one should")

// Parse reads whole messages.
func (p *parser) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.emit = emit
	pos := 0
	if p.lost[dir] {
		skip, found := protocol.Resume(b, probe)
		if !found {
			return skip, nil
		}
		p.lost[dir], pos = false, skip
	}
	for len(b)-pos >= headerSize && len(b)-pos >= size(b[pos:]) {
		n := size(b[pos:])
		p.b, p.at = b[pos:pos+n], pos
		p.data = p.b[headerSize : n-checkSize]
		switch {
		case sound(p.b) && dir == firedoor.FromClient:
			p.request()
		case sound(p.b):
			p.answer()
		case opcodes[p.b[opcodeAt]].plus:
			p.malformed("check value is wrong")
		default:
			return pos, errCheck
		}
		pos += n
	}
	return pos, nil
}

// Gap: a message can be found again by its check value.
func (p *parser) Gap(dir firedoor.Direction, _ int64) bool {
	p.lost[dir] = true
	p.order = p.order[:0] // an answer may be among what is lost
	p.file.content.Lose()
	return true
}

func (p *parser) malformed(reason string) { p.voice.Malformed(p.emit, reason, p.at) }

// begin fills the operation with what both halves say.
func (p *parser) begin(q *question) {
	p.op = firedoor.Operation{Code: uint32(q.opcode), Function: q.w.name, Verb: q.w.verb, HasUnit: true, Unit: uint32(q.unit)}
}

// item sets the operation's object to that of item i.
func (p *parser) item(q *question, i int) {
	if i >= len(q.items) {
		return
	}
	p.op.Object = q.items[i]
	p.op.Quantity, p.op.HasQty = uint32(q.count), true
	if len(q.items) > 1 {
		p.op.Item = uint16(i + 1)
	}
}

func (p *parser) request() {
	code := p.b[opcodeAt]
	if len(p.order) == protocol.MaxAsked {
		p.order = slices.Delete(p.order, 0, 1)
	}
	p.order = append(p.order, code)
	q := p.asked.Put(uint64(code))
	*q = question{id: p.last + 1, opcode: code, unit: uint16(p.b[1])<<8 | uint16(p.b[0]), w: opcodeOf(code), count: 1, items: q.items[:0], user: q.user[:0]}
	whole := true
	switch code {
	case opReadTable, opWriteTable, opMinMax, opReadPoint, opSetPoint, opReadTLPs, opWriteTLPs:
		whole = q.objects(p.data)
	case opLogin:
		q.w.name = loginOf(p.data)
		q.operator(p.data)
	case opFile:
		q.w = fileOf(p.data)
		whole = len(p.data) > 0
		if whole {
			q.command = p.data[0]
		}
	}
	p.begin(q)
	for i := range max(1, len(q.items)) {
		p.item(q, i)
		if whole && len(q.items) == 1 {
			p.op.Values = q.written(p.data)
		}
		p.last++
		p.op.ID, p.op.Phase = p.last, firedoor.Asked
		p.op.Span = firedoor.Span{Start: int64(p.at), End: int64(p.at + len(p.b))}
		p.emit(&p.opEvent)
	}
	if !whole {
		p.malformed("request does not hold what its opcode needs")
	}
	if code == opFile {
		p.fileRequest(q)
	}
}

// objects reads what is asked for: a table, place and count; segment and point;
// type, logical number, count and first parameter; or a count of parameters. How
// long a value is that is written is not told, so of several only the first
// parameter can be read, and none is told.
func (q *question) objects(d []byte) bool {
	switch q.opcode {
	case opReadTable, opWriteTable:
		if len(d) < 3 {
			return false
		}
		q.count = uint16(d[2])
		q.items = append(q.items, firedoor.Object{Space: &tables, At: [4]uint32{uint32(d[0]), uint32(d[1])}})
	case opMinMax:
		if len(d) < 2 {
			return false
		}
		q.items = append(q.items, firedoor.Object{Space: &historyPoints, At: [4]uint32{uint32(d[0]), uint32(d[1])}})
	case opReadPoint, opSetPoint:
		if len(d) < 4 {
			return false
		}
		q.count = uint16(d[2])
		q.items = append(q.items, tlp(d[0], d[1], d[3]))
	default:
		return q.parameters(d)
	}
	return true
}

func (q *question) parameters(d []byte) bool {
	if len(d) < 1 {
		return false
	}
	n := int(d[0])
	d = d[1:]
	switch {
	case q.opcode == opReadTLPs && (len(d) != 3*n || n > maxItems), len(d) < 3*n:
		return false
	case q.opcode == opWriteTLPs && n > 1:
		return true
	}
	for i := range n {
		q.items = append(q.items, tlp(d[3*i], d[3*i+1], d[3*i+2]))
	}
	return n > 0
}

func tlp(kind, logical, parameter byte) firedoor.Object {
	return firedoor.Object{Space: &points, At: [4]uint32{uint32(kind), uint32(logical), uint32(parameter)}}
}

// operator keeps who logs in; the password behind it is not read.
func (q *question) operator(d []byte) {
	n := nameShort
	switch len(d) {
	case loginShort:
	case loginLong:
		n = nameLong
	default:
		return
	}
	q.login = true
	user := wire.Text(d[:n])
	for _, c := range user {
		if c < ' ' || c > '~' {
			return
		}
	}
	q.user = append(q.user, user...)
}

// answer joins an answer to the oldest request with its opcode; the error
// indicator is for the oldest of all.
func (p *parser) answer() {
	code := p.b[opcodeAt]
	if code == opReport && len(p.data) > 0 {
		p.report()
		return
	}
	o := firedoor.OK
	var q *question
	if code == opError {
		if o = firedoor.Failed(0, ""); len(p.data) > 0 {
			o = refused(p.data[0])
		}
		q = p.oldest()
	} else {
		q = p.take(code)
	}
	if q == nil {
		q = &question{opcode: code, unit: uint16(p.b[3])<<8 | uint16(p.b[2]), w: opcodeOf(code)}
		p.begin(q)
		p.op.Outcome, p.op.Partial = o, true
		p.last++
		p.reply(p.last)
	} else {
		p.begin(q)
		p.op.Outcome = o
		located := o.Kind == firedoor.OutcomeOK && len(p.data) > 0 && q.locate(p.data, &p.found)
		for i := range max(1, len(q.items)) {
			p.item(q, i)
			if located {
				p.op.Values = number(p.data[p.found[i][0]:p.found[i][1]])
			}
			p.reply(q.id + uint32(i))
		}
	}
	ok := o.Kind == firedoor.OutcomeOK
	switch {
	case q.login && ok:
		p.voice.Login(p.emit, q.user, "ok")
	case q.login:
		p.voice.Login(p.emit, q.user, "failed")
	case code == opConfiguration:
		p.identify()
	case code == opFile && q.id > 0:
		p.fileAnswer(q)
	}
}

// take takes the oldest request with the opcode. Nobody will answer those before it
// any more: an error that comes is none of theirs.
func (p *parser) take(code byte) *question {
	if i := bytes.IndexByte(p.order, code); i >= 0 {
		for _, before := range p.order[:i] {
			p.asked.Take(uint64(before))
		}
		p.order = slices.Delete(p.order, 0, i+1)
	}
	return p.asked.Take(uint64(code))
}

// oldest takes the request that has waited longest.
func (p *parser) oldest() *question {
	if len(p.order) == 0 {
		return nil
	}
	return p.take(p.order[0])
}

func (p *parser) reply(id uint32) {
	p.op.ID, p.op.Phase = id, firedoor.Answered
	p.emit(&p.opEvent)
}

// report tells that a device reported by itself.
func (p *parser) report() {
	p.sample = firedoor.Sample{Function: opcodes[opReport].name, Code: opReport, HasUnit: true, Unit: uint32(p.b[3])<<8 | uint32(p.b[2])}
	p.event = firedoor.Event{Kind: firedoor.EventSample, Sample: &p.sample}
	p.emit(&p.event)
}

// identify reads a system configuration: mode, port (2), security, compatibility,
// revision of opcodes, subtype, 11 bytes, type of device.
func (p *parser) identify() {
	const typeAt = 18
	if len(p.data) <= typeAt {
		p.malformed("system configuration is too short")
		return
	}
	p.fact(firedoor.FactVendor, "Emerson", 50)
	if kind := int(p.data[typeAt]); kind < len(models) {
		p.fact(firedoor.FactModel, models[kind], 90)
	}
}

func (p *parser) fact(kind firedoor.FactKind, value string, sure uint8) {
	p.voice.Fact(p.emit, firedoor.Identity{About: firedoor.AboutServer, Kind: kind, Confidence: sure, Source: "roc system configuration", Value: []byte(value)})
}

// Data of the file transfer: command, options, path (100), name (25); or command,
// descriptor (4), size (4), offset (4), count, content.
const (
	pathAt    = 2
	pathSize  = 100
	nameSize  = 25
	offsetAt  = 9
	contentAt = 14
)

func (p *parser) fileRequest(q *question) {
	switch {
	case q.command == fileOpen && len(p.data) == pathAt+pathSize+nameSize:
		p.file.name = append(append(p.file.name[:0], wire.Text(p.data[pathAt:pathAt+pathSize])...), wire.Text(p.data[pathAt+pathSize:])...)
		p.file.upload = p.data[1] == 0
		p.file.open = false
	case q.command == fileWrite:
		p.piece(!p.file.upload)
	}
}

func (p *parser) fileAnswer(q *question) {
	switch ok := p.op.Outcome.Kind == firedoor.OutcomeOK; {
	case q.command == fileOpen && ok && len(p.file.name) > 0:
		p.file.open = true
		p.file.content.Begin()
		p.tell(false)
	case q.command == fileRead && ok:
		p.piece(p.file.upload)
	case q.command == fileClose && ok && p.file.open:
		p.tell(true)
		p.file.open, p.file.name = false, p.file.name[:0]
	}
}

// piece takes content that is on its way.
func (p *parser) piece(wanted bool) {
	if !p.file.open || !wanted || len(p.data) < contentAt || len(p.data)-contentAt != int(p.data[contentAt-1]) {
		return
	}
	p.file.content.At(int64(binary.LittleEndian.Uint32(p.data[offsetAt:])), p.data[contentAt:])
}

func (p *parser) tell(done bool) {
	f := firedoor.FileTransfer{Name: p.file.name, Kind: "file", Upload: p.file.upload, Done: done, HasUnit: p.op.HasUnit, Unit: p.op.Unit}
	p.file.content.Tell(&f)
	p.voice.File(p.emit, f)
}
