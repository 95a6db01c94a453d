package coap

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

const (
	maxPath     = 96 // bytes of a path that are told
	maxObserved = 16 // resources of a flow whose notifications are told by name
	maxNumber   = 32 // bytes of a number in text

	noAnswer = 2 | 8 | 16 // no answer is wanted, whether it went well or not (RFC 7967, 2)
)

// path is the object of a request.
type path struct {
	length uint8
	text   [maxPath]byte
}

// request is what an answer needs to know of its request.
type request struct {
	id       uint32
	code     byte
	observes bool
	word     word
	path     path
}

// observed is a resource whose client is told when it changes.
type observed struct {
	key  uint64
	path path
}

type parser struct {
	asked    protocol.Asked[request]
	last     uint32
	newest   uint64 // key of the newest request, and its message
	message  uint16
	waits    bool // newest was not answered yet
	observed []observed

	emit    func(*firedoor.Event)
	size    int
	m       message
	options found
	path    path
	voice   wire.Voice
	op      firedoor.Operation
	patch   [1]firedoor.Refusal
	opEvent firedoor.Event
	sample  firedoor.Sample
	told    firedoor.Event
	number  [8]byte
	texts   wire.Texts
}

// found is what the options of a message say.
type found struct {
	observe int  // 0 registers, 1 takes back; in answers any number; -1 without
	format  int  // of the payload; -1 without
	part    bool // the payload is one block of several
	silence int  // classes of answers that are not wanted, a bit each
}

func newParser() *parser {
	p := &parser{}
	p.opEvent = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
	p.told = firedoor.Event{Kind: firedoor.EventSample, Sample: &p.sample}
	return p
}

// Gap is never called: there is no stream.
func (p *parser) Gap(firedoor.Direction, int64) bool { return true }

// Parse reads one datagram.
func (p *parser) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.emit, p.size = emit, len(b)
	m, reason := head(b)
	p.m = m
	switch {
	case reason != "":
		p.malformed(reason)
	case m.code == 0 && m.kind == typeReset && dir == firedoor.FromServer:
		p.reset()
	case m.code == 0: // an acknowledgement, or a ping
	default:
		if reason = p.read(); reason != "" {
			p.malformed(reason)
		}
		switch {
		case m.code < 0x40 && dir == firedoor.FromClient:
			p.request(reason == "")
		case m.code >= 0x40 && dir == firedoor.FromServer:
			p.answer()
		}
	}
	return len(b), nil
}

func (p *parser) malformed(reason string) { p.voice.Malformed(p.emit, reason, 0) }

// read takes the options apart, and the payload.
func (p *parser) read() (reason string) {
	p.options, p.path.length = found{observe: -1, format: -1}, 0
	list, last := p.m.list, 0
	for range maxOptions {
		number, value, size, ok := option(list, last)
		if !ok {
			return "option longer than its message"
		}
		if size == 0 {
			switch {
			case len(list) == 1:
				return "payload marker without a payload"
			case len(list) > 1:
				p.m.payload = list[1:]
			}
			return ""
		}
		switch number {
		case optPath:
			p.segment(value)
		case optObserve:
			p.options.observe = short(value)
		case optFormat:
			p.options.format = short(value)
		case optBlock2, optBlock1, optQBlock1, optQBlock2:
			p.options.part = p.options.part || short(value)&^7 != 0 // its number, or that there are more
		case optSilence:
			p.options.silence = short(value)
		}
		list, last = list[size:], number
	}
	return "more options than are read"
}

// segment adds one to the path.
func (p *parser) segment(value []byte) {
	n := int(p.path.length)
	if n < maxPath {
		p.path.text[n] = '/'
		n += 1 + copy(p.path.text[n+1:], value)
	}
	p.path.length = uint8(n)
}

// short is a number of at most three bytes (3.2).
func short(b []byte) int {
	n := 0
	for _, c := range b[:min(len(b), 3)] {
		n = n<<8 | int(c)
	}
	return n
}

// key joins an answer to its request by the token.
func (p *parser) key() uint64 {
	k := uint64(len(p.m.token))
	for _, c := range p.m.token {
		k = k*0x100000001b3 ^ uint64(c)
	}
	return k
}

func object(of *path) firedoor.Object {
	if of.length == 0 {
		return firedoor.Object{Space: &resources, Text: root}
	}
	return firedoor.Object{Space: &resources, Text: of.text[:of.length]}
}

var root = []byte("/")

// wellKnown is where a server says what resources it has (7.2).
const wellKnown = "/.well-known/core"

// Words of a read that asks to be told of changes, and of one that no longer wants to be.
const (
	nameObserve = "observe"
	nameCancel  = "cancel observation"
)

// request tells what is asked. A message that is sent again is passed over.
func (p *parser) request(sound bool) {
	k := p.key()
	if p.waits && p.message == p.m.id && p.newest == k {
		return
	}
	p.newest, p.message, p.waits = k, p.m.id, true
	w := method(p.m.code)
	if p.m.code == codeGet {
		switch {
		case string(p.path.text[:p.path.length]) == wellKnown:
			w.verb = firedoor.VerbIdentify
		case p.options.observe == 0:
			w.name = nameObserve
		case p.options.observe == 1:
			w.name = nameCancel
			p.forget(k)
		}
	}
	p.last++
	silent := p.m.kind != typeConfirmable && p.options.silence == noAnswer
	if !silent {
		*p.asked.Put(k) = request{p.last, p.m.code, w.name == nameObserve, w, p.path}
	}
	p.op = firedoor.Operation{ID: p.last, Phase: firedoor.Asked, Code: uint32(p.m.code), Function: w.name, Verb: w.verb,
		Object: object(&p.path), NoAnswer: silent, Span: firedoor.Span{End: int64(p.size)}}
	p.op.Values, p.op.Texts = p.value(&p.path)
	if p.m.code == codeFetch { // its payload is a query
		p.op.Texts = nil
	}
	if sound { // a method nobody assigned is not allowed (5.8)
		p.patch[0] = firedoor.Refusal{Name: "method", Offset: 1, Bytes: [4]byte{0x1f}, Len: 1}
		p.op.Refusals = p.patch[:]
	}
	p.emit(&p.opEvent)
}

// answer tells what became of a request; an observed resource answers again and again.
func (p *parser) answer() {
	k := p.key()
	q := p.asked.Take(k)
	if p.newest == k {
		p.waits = false
	}
	if q == nil && p.options.observe >= 0 {
		p.notify(k)
		return
	}
	p.op = firedoor.Operation{Phase: firedoor.Answered, Outcome: answer(p.m.code), Function: "response", Verb: firedoor.VerbRead, Code: uint32(p.m.code)}
	if q != nil && q.observes && p.options.observe >= 0 {
		p.observe(k, &q.path)
	}
	switch {
	case q == nil:
		p.op.Values, _ = p.value(nil)
	case p.op.Outcome.Kind == firedoor.OutcomeOK && q.word.verb <= firedoor.VerbRead:
		p.op.Values, p.op.Texts = p.value(&q.path)
	}
	p.reply(q)
}

func (p *parser) reply(q *request) {
	if q == nil {
		p.last++
		p.op.ID, p.op.Partial = p.last, true
	} else {
		p.op.ID, p.op.Code, p.op.Function, p.op.Verb, p.op.Object = q.id, uint32(q.code), q.word.name, q.word.verb, object(&q.path)
	}
	p.emit(&p.opEvent)
}

// reset: the server could not make anything of the newest message (4.2).
func (p *parser) reset() {
	if !p.waits || p.message != p.m.id {
		return
	}
	p.waits = false
	if q := p.asked.Take(p.newest); q != nil {
		p.op = firedoor.Operation{Phase: firedoor.Answered, Outcome: firedoor.Failed(0, "reset")}
		p.reply(q)
	}
}

// notify tells what an observed resource says unasked.
func (p *parser) notify(k uint64) {
	p.sample = firedoor.Sample{Function: "notification", Code: uint32(p.m.code)}
	var of *path
	for i := range p.observed {
		if p.observed[i].key == k {
			of = &p.observed[i].path
			p.sample.Object = object(of)
		}
	}
	p.sample.Values, p.sample.Texts = p.value(of)
	p.emit(&p.told)
}

// observe remembers what a token stands for.
func (p *parser) observe(k uint64, of *path) {
	p.forget(k)
	if len(p.observed) < maxObserved {
		p.observed = append(p.observed, observed{k, *of})
	}
}

func (p *parser) forget(k uint64) {
	for i := range p.observed {
		if p.observed[i].key == k {
			last := len(p.observed) - 1
			p.observed[i] = p.observed[last]
			p.observed = p.observed[:last]
			return
		}
	}
}

// value reads plain text that a resource gives or is given: a number, or a text where it
// is known of what and neither it nor the path speaks of a secret. A path that is not
// told whole may.
func (p *parser) value(of *path) (firedoor.Values, [][]byte) {
	b := p.m.payload
	if p.options.format > 0 || p.options.part || len(b) > firedoor.MaxText {
		return firedoor.Values{}, nil
	}
	if v, ok := p.numeric(bytes.TrimSpace(b)); ok {
		return v, nil
	}
	if of == nil || of.length == maxPath || !wire.Legible(b) || wire.Secretive(b) {
		return firedoor.Values{}, nil
	}
	return firedoor.Values{}, p.texts.One(of.text[:of.length], b)
}

// numeric reads a number in plain text.
func (p *parser) numeric(b []byte) (firedoor.Values, bool) {
	if len(b) == 0 || len(b) > maxNumber {
		return firedoor.Values{}, false
	}
	for _, c := range b {
		if (c < '0' || c > '9') && c != '.' && c != '-' && c != 'e' && c != 'E' && c != '+' {
			return firedoor.Values{}, false
		}
	}
	v, err := strconv.ParseFloat(string(b), 64)
	if err != nil || math.IsInf(v, 0) {
		return firedoor.Values{}, false
	}
	binary.BigEndian.PutUint64(p.number[:], math.Float64bits(v))
	return firedoor.Values{Type: firedoor.F64, Count: 1, Raw: p.number[:]}, true
}
