package dlms

import (
	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// maxItems is how many objects of one request are told; more are counted as one
// request without an object.
const maxItems = 64

// question is what an answer needs to know of its request.
type question struct {
	id      uint32
	tag     byte
	choice  byte
	unit    uint16
	login   byte // the mechanism of an association, or of the answer to its challenge
	objects []firedoor.Object
}

// High levels of authentication go on with an action of the association.
const (
	loginLow  = 1
	loginHigh = 2 // and above
)

type parser struct {
	asked protocol.Asked[question]
	last  uint32
	lost  [2]bool
	told  bool // that it is encrypted
	holes bool // bytes were lost: an answer may be for another request of its number
	long  *blocks

	emit    func(*firedoor.Event)
	k       packet // at hand
	at      int
	voice   wire.Voice
	op      firedoor.Operation
	opEvent firedoor.Event
	sample  firedoor.Sample
	event   firedoor.Event
	texts   wire.Texts
}

func newParser() *parser {
	p := &parser{}
	p.opEvent = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
	return p
}

const errFrame = protocol.Broken("no wrapper or HDLC frame where one should start")

// Parse reads whole frames.
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
		switch unwrap(b[pos:], &p.k) {
		case short:
			return pos, nil
		case bad:
			return pos, errFrame
		case spoilt:
			p.voice.Malformed(p.emit, "frame check sequence is wrong", pos)
		}
		p.at = pos
		pos += p.k.size
		if !p.k.quiet && len(p.k.body) > 0 {
			p.apdu(dir)
		}
	}
	return pos, nil
}

// Gap: a frame can be found again by the shape of its APDU or its check value.
func (p *parser) Gap(dir firedoor.Direction, _ int64) bool {
	p.lost[dir], p.holes, p.long = true, true, nil
	return true
}

func (p *parser) malformed(reason string) { p.voice.Malformed(p.emit, reason, p.at) }

func (p *parser) apdu(dir firedoor.Direction) {
	s := &services[p.k.body[0]]
	if s.secret && !p.told {
		p.told = true
		p.voice.Encrypted(p.emit, "dlms", "")
	}
	switch {
	case s.kind == tells:
		p.notify(s)
	case dir == firedoor.FromClient && (s.kind == asks || s.kind == both):
		p.request()
	case dir == firedoor.FromServer && (s.kind == answers || s.kind == both):
		p.answer(s)
	}
}

// Requests are joined by the two ends and their invoke identifier. These have none,
// or one that is ciphered.
const (
	keyAssociate = 0x100
	keyRelease   = 0x101
	keyOther     = 0x200 // and the tag
)

func invoke(a []byte) byte { return a[2] & 0x0f }

// keyOf is the last part of an APDU's key.
func keyOf(tag byte, a []byte) uint64 {
	switch tag {
	case aarq:
		return keyAssociate
	case rlrq:
		return keyRelease
	case getRequest, setRequest, actionRequest:
		if len(a) > 2 {
			return uint64(invoke(a))
		}
	}
	return keyOther | uint64(tag)
}

func (p *parser) begin(q *question) {
	s := &services[q.tag]
	p.op = firedoor.Operation{Code: uint32(q.tag), Function: s.name, Verb: s.verb, HasUnit: true, Unit: uint32(q.unit)}
	if q.choice > 0 {
		p.op.Code, p.op.Function = p.op.Code<<8|uint32(q.choice), choices[q.tag-getRequest][q.choice]
	}
}

// item sets the operation's object and verb to those of item i.
func (p *parser) item(q *question, i int) {
	p.op.Item, p.op.Object = 0, firedoor.Object{}
	if len(q.objects) > 1 {
		p.op.Item = uint16(i + 1)
	}
	if i < len(q.objects) {
		p.op.Object = q.objects[i]
		p.op.Verb = verbFor(q.tag, &q.objects[i])
	}
}

func (p *parser) ask() {
	p.last++
	p.op.ID, p.op.Phase = p.last, firedoor.Asked
	p.op.Span = firedoor.Span{Start: int64(p.at), End: int64(p.at + p.k.size)}
	p.emit(&p.opEvent)
}

func (p *parser) request() {
	a := p.k.body
	switch a[0] {
	case unconfirmedWrite, cipheredUnconfirmed, dedicatedUnconfirmed:
		q := question{tag: a[0], unit: p.k.to}
		p.begin(&q)
		p.op.NoAnswer = true
		p.ask()
		return
	}
	q := p.asked.Put(uint64(p.k.to)<<32 | uint64(p.k.from)<<16 | keyOf(a[0], a))
	*q = question{id: p.last + 1, tag: a[0], unit: p.k.to, objects: q.objects[:0]}
	r := protocol.Read(a[1:])
	sound := true
	var v value
	switch a[0] {
	case aarq:
		sound = p.associate(q, a)
	case getRequest, setRequest, actionRequest:
		v, sound = q.objectsOf(&r)
	}
	p.begin(q)
	for i := range max(1, len(q.objects)) {
		p.item(q, i)
		p.fill(v)
		p.ask()
	}
	if !sound && !p.k.part {
		p.malformed("request does not hold what its service needs")
	}
}

// objectsOf reads a GET, SET or ACTION request: choice, invoke identifier, then
// one object or a count and as many. Behind an object of GET and SET stands
// whether access is selective, and how.
func (q *question) objectsOf(r *protocol.Reader) (v value, sound bool) {
	choice := r.U8()
	r.Skip(1)
	if r.Failed() || int(choice) >= len(choices[0]) || choices[q.tag-getRequest][choice] == "" {
		return v, false
	}
	q.choice = choice
	n := 1
	switch choices[q.tag-getRequest][choice] {
	case "get next", "set with data block", "action next block", "action with block":
		r.Skip(4)
		return v, !r.Failed()
	case "get with list", "set with list", "set with list and first data block", "action with list", "action with list and first block":
		n = int(r.U8())
	}
	if n > maxItems {
		return v, true
	}
	for range n {
		o, ok := q.object(r)
		if !ok {
			return v, false
		}
		q.objects = append(q.objects, o)
	}
	if q.tag == setRequest && choice == 1 && !r.Failed() {
		_, v = datum(r.Rest())
	}
	return v, !r.Failed()
}

// guarded tells whether an object holds secrets.
func guarded(o *firedoor.Object) bool {
	switch o.At[0] {
	case classAssociation, classSecurity, classPPP, classModem, classMail:
		return true
	}
	return false
}

func (q *question) object(r *protocol.Reader) (o firedoor.Object, ok bool) {
	o.Space = &attributes
	o.At = [4]uint32{uint32(r.U16()), r.U24(), r.U24(), uint32(r.U8())}
	if r.Failed() {
		return o, false
	}
	if q.tag == actionRequest {
		o.Space = &methods
		if o.At[0] == classAssociation && o.At[3] == 1 {
			q.login = loginHigh
		}
		return o, true
	}
	if selective := r.U8(); selective != 0 {
		r.Skip(1)
		rest := *r
		size, _ := datum(rest.Rest())
		r.Skip(size)
		return o, size > 0
	}
	return o, !r.Failed()
}

// associate reads which mechanism authenticates; what it says is not read.
func (p *parser) associate(q *question, a []byte) bool {
	outer := wire.ReadBER(a)
	r := outer.Into(aarq)
	for !r.Failed() && r.Len() > 0 {
		if tag, content := r.Any(); tag == 0x8b && len(content) > 0 {
			q.login = content[len(content)-1]
		}
	}
	return !r.Failed()
}

// notify tells that a meter sent data unasked.
func (p *parser) notify(s *service) {
	p.sample = firedoor.Sample{Function: s.name, Code: uint32(p.k.body[0]), HasUnit: true, Unit: uint32(p.k.from)}
	if a := p.k.body; a[0] == eventNote { // time (optional), object, value
		r := protocol.Read(a[1:])
		r.Skip(int(min(r.U8(), 1)) * 13)
		o := firedoor.Object{Space: &attributes, At: [4]uint32{uint32(r.U16()), r.U24(), r.U24(), uint32(r.U8())}}
		if r.Failed() {
			p.malformed("notification does not hold an object")
		} else {
			p.sample.Object = o
			if _, v := datum(r.Rest()); !guarded(&o) {
				p.sample.Values, p.sample.Texts = v.number, v.words(&o, &p.texts)
			}
		}
	}
	p.event = firedoor.Event{Kind: firedoor.EventSample, Sample: &p.sample}
	p.emit(&p.event)
}
