package c1222

import (
	"encoding/binary"
	"strconv"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// maxItems is how many services of one message are told.
const maxItems = 32

// item is a service that waits for its answer.
type item struct {
	code   byte
	object firedoor.Object
}

// question is what an answer needs to know of its request.
type question struct {
	id     uint32
	secret bool
	items  []item
	user   []byte // of a logon
}

type parser struct {
	asked protocol.Asked[question]
	last  uint32
	lost  [2]bool
	told  bool // that it is encrypted

	emit    func(*firedoor.Event)
	m       message
	at      int
	list    [maxItems][]byte // services at hand
	count   int
	more    bool // there are more services than are told
	text    [8]byte
	voice   wire.Voice
	op      firedoor.Operation
	opEvent firedoor.Event
	take    func(service []byte) // fills list
}

func newParser() *parser {
	p := &parser{}
	p.opEvent = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
	p.take = func(s []byte) {
		if p.count < maxItems {
			p.list[p.count] = s
			p.count++
			return
		}
		p.more = true
	}
	return p
}

const errFrame = protocol.Broken("no message where one should start")

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
	for pos < len(b) {
		p.m = read(b[pos:])
		switch {
		case !p.m.whole && p.m.sane:
			return pos, nil
		case !p.m.whole:
			return pos, errFrame
		}
		p.at = pos
		pos += p.m.size
		p.message(dir)
	}
	return pos, nil
}

// Gap: a message can be found again by its elements.
func (p *parser) Gap(dir firedoor.Direction, _ int64) bool {
	p.lost[dir] = true
	return true
}

func (p *parser) malformed(reason string) { p.voice.Malformed(p.emit, reason, p.at) }

func (p *parser) message(dir firedoor.Direction) {
	if !p.m.sane {
		p.malformed("elements of the message break its rules")
		return
	}
	if len(p.m.user) == 0 {
		return // says nothing
	}
	p.count, p.more = 0, false
	sound := services(p.m.user, p.take)
	secret := p.m.user[0]&security >= secureFull
	if secret && !p.told {
		p.told = true
		p.voice.Encrypted(p.emit, "c1222", "")
	}
	switch {
	case secret && dir == firedoor.FromClient:
		p.askSecret()
	case secret:
		p.answer()
	case p.count == 0:
	case p.list[0][0] >= firstRequest && dir == firedoor.FromClient:
		p.request()
	case p.list[0][0] < firstRequest && dir == firedoor.FromServer:
		p.answer()
	}
	switch {
	case !sound:
		p.malformed("services do not fill their message")
	case p.more && !secret && dir == firedoor.FromClient: // who judges must know that there are more
		p.malformed("more services in a message than the limit")
	}
}

// askKey and answerKey join by the identifier of the request, which an answer
// repeats as called; some nodes repeat it as calling.
func (p *parser) askKey() uint64 { return uint64(p.m.calling) }

func (p *parser) answerKey() uint64 {
	if p.m.hasCalled {
		return uint64(p.m.called)
	}
	return uint64(p.m.calling)
}

func (p *parser) put() *question {
	q := p.asked.Put(p.askKey())
	*q = question{id: p.last + 1, items: q.items[:0], user: q.user[:0]}
	return q
}

func (p *parser) ask() {
	p.last++
	p.op.ID, p.op.Phase = p.last, firedoor.Asked
	p.op.NoAnswer = p.m.user[0]&respond == neverAnswer
	p.op.Span = firedoor.Span{Start: int64(p.at), End: int64(p.at + p.m.size)}
	p.emit(&p.opEvent)
}

func (p *parser) askSecret() {
	if p.m.user[0]&respond != neverAnswer {
		p.put().secret = true
	}
	p.secret()
	p.ask()
}

func (p *parser) secret() {
	p.op = firedoor.Operation{Code: codeSecret, Function: "enciphered services", Verb: configure}
}

func (p *parser) request() {
	var q *question
	if p.m.user[0]&respond != neverAnswer {
		q = p.put()
	}
	whole := true
	for i := range p.count {
		it, ok := readItem(p.list[i])
		whole = whole && ok
		p.begin(&it, i, p.count)
		p.ask()
		if q == nil {
			continue
		}
		q.items = append(q.items, it)
		if it.code == svcLogon && ok { // user's number (2) and name (10)
			q.user = append(q.user[:0], wire.Text(p.list[i][3:13])...)
		}
	}
	if !whole {
		p.malformed("service does not hold what it needs")
	}
}

// begin fills the operation with what both halves say of a service.
func (p *parser) begin(it *item, i, of int) {
	w := wordOf(it.code)
	p.op = firedoor.Operation{Code: uint32(it.code), Function: w.name, Verb: w.verb, Object: it.object}
	if it.object.Space == &procedures {
		p.op.Verb = control
	}
	if of > 1 {
		p.op.Item = uint16(i + 1)
	}
}

// procedureTable starts procedures when it is written; identityTable says who the
// meter is.
const (
	identityTable  = 1
	procedureTable = 7
)

// readItem reads a service: a read or write has a table (2) and, in parts by
// offset, the first byte (3); a write of table 7 begins a procedure whose number
// has twelve bits, least byte first, behind the size (2).
func readItem(s []byte) (it item, whole bool) {
	it.code = s[0]
	switch {
	case it.code == svcLogon:
		return it, len(s) >= 13
	case it.code < svcRead || it.code > svcPartWrite || it.code == 0x3e || it.code == 0x4e:
		return it, true
	case len(s) < 3:
		return it, false
	}
	it.object = firedoor.Object{Space: &tables, At: [4]uint32{uint32(binary.BigEndian.Uint16(s[1:]))}}
	switch it.code {
	case svcPartRead, svcPartWrite:
		if len(s) < 8 {
			return it, false
		}
		it.object.At[1] = 1 + (uint32(s[3])<<16 | uint32(s[4])<<8 | uint32(s[5]))
	case svcWrite:
		if len(s) < 5 {
			return it, false
		}
		if it.object.At[0] == procedureTable && len(s) >= 7 {
			it.object = firedoor.Object{Space: &procedures, At: [4]uint32{uint32(binary.LittleEndian.Uint16(s[5:])) & 0xfff}}
		}
	}
	return it, true
}

// answer joins an answer to its request: a response code for each service.
func (p *parser) answer() {
	q := p.asked.Take(p.answerKey())
	secret := p.m.user[0]&security >= secureFull
	if q == nil {
		p.partial(secret)
		return
	}
	id := q.id
	if q.secret || secret {
		for i := range max(1, len(q.items)) {
			if p.secret(); !q.secret {
				p.begin(&q.items[i], i, len(q.items))
			}
			if p.op.Outcome = firedoor.OK; !secret { // what an enciphered one says is not seen
				p.op.Outcome = outcome(p.list[0][0])
			}
			p.reply(id + uint32(i))
		}
		return
	}
	for i := range q.items {
		p.begin(&q.items[i], i, len(q.items))
		switch {
		case i < p.count:
			p.op.Outcome = outcome(p.list[i][0])
		case p.count == 1 && p.list[0][0] != 0:
			p.op.Outcome = outcome(p.list[0][0]) // refused as a whole
		default:
			p.op.Outcome = firedoor.Outcome{Kind: firedoor.OutcomeNoResponse}
		}
		p.reply(id + uint32(i))
		if i < p.count {
			p.besides(q, i, p.list[i][1:])
		}
	}
}

func (p *parser) reply(id uint32) {
	p.op.ID, p.op.Phase = id, firedoor.Answered
	p.emit(&p.opEvent)
}

// partial tells an answer whose request was not seen.
func (p *parser) partial(secret bool) {
	p.secret()
	p.op.Outcome, p.op.Partial = firedoor.OK, true
	if !secret {
		p.op.Code, p.op.Function, p.op.Verb = codeAnswer, "answer", diagnose
		p.op.Outcome = outcome(p.list[0][0])
	}
	p.last++
	p.reply(p.last)
}

// besides tells what the answer to one service says besides.
func (p *parser) besides(q *question, i int, data []byte) {
	it := &q.items[i]
	ok := p.op.Outcome.Kind == firedoor.OutcomeOK
	switch {
	case it.code == svcLogon && ok:
		p.voice.Login(p.emit, q.user, "ok")
	case it.code == svcLogon:
		p.voice.Login(p.emit, q.user, "failed")
	case it.code == svcIdentify && ok:
		p.identity(data)
	case it.code == svcRead && ok && it.object.At[0] == identityTable:
		p.table(data)
	}
}

// Features of an answer to identify; each has a form of its own.
const (
	featureMechanism = 4
	featureSessions  = 5
	featureClass     = 6
	featureIdentity  = 7
)

// identity reads the answer to identify: standard, version, revision, features. A
// device identity is its length, a form, and text if it is so.
func (p *parser) identity(data []byte) {
	r := protocol.Read(data)
	r.Skip(3)
	for !r.Failed() {
		var value []byte
		switch feature := r.U8(); feature {
		case featureMechanism, featureClass:
			r.Skip(1)
			r.Skip(int(r.U8()))
			continue
		case featureSessions:
			r.Skip(1)
			continue
		case featureIdentity:
			value = r.Bytes(int(r.U8()))
		default:
			return
		}
		if len(value) > 1 && printable(value[1:]) {
			p.fact(firedoor.FactName, value[1:], "c12.22 identify")
		}
	}
}

// table reads table 1: size (2), maker (4), model (8), hardware version and
// revision, firmware version and revision, serial number (16).
func (p *parser) table(data []byte) {
	const least = 2 + 4 + 8 + 4 + 16
	if len(data) < least {
		return
	}
	const of = "c12.19 table 1"
	d := data[2:]
	for _, f := range [...]struct {
		kind     firedoor.FactKind
		from, to int
	}{{firedoor.FactVendor, 0, 4}, {firedoor.FactModel, 4, 12}, {firedoor.FactSerial, 16, 32}} {
		if text := wire.Text(d[f.from:f.to]); printable(text) {
			p.fact(f.kind, text, of)
		}
	}
	p.fact(firedoor.FactHardware, p.version(d[12], d[13]), of)
	p.fact(firedoor.FactFirmware, p.version(d[14], d[15]), of)
}

func (p *parser) version(major, minor byte) []byte {
	b := append(strconv.AppendUint(p.text[:0], uint64(major), 10), '.')
	return strconv.AppendUint(b, uint64(minor), 10)
}

func (p *parser) fact(kind firedoor.FactKind, value []byte, source string) {
	p.voice.Fact(p.emit, firedoor.Identity{About: firedoor.AboutServer, Kind: kind, Confidence: 90, Source: source, Value: value})
}

func printable(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return len(b) > 0
}
