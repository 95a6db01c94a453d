package amqp

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

const (
	maxName = 128     // bytes of a name or user that are kept for the answer
	maxBody = 1 << 26 // bytes of a body's frame
)

// request is what an answer needs to know of its request.
type request struct {
	id     uint32
	method *method
	space  *firedoor.Space
	at     uint32
	length uint8
	text   [maxName]byte
}

type parser struct {
	asked   protocol.Asked[request]
	last    uint32
	version byte
	lost    [2]bool
	skip    [2]int64 // bytes of a body that are passed over, and its end
	over    bool     // the rest is TLS
	login   bool     // a user was told and not answered yet
	userLen uint8
	user    [maxName]byte

	emit    func(*firedoor.Event)
	dir     firedoor.Direction
	at      int
	size    int
	voice   wire.Voice
	op      firedoor.Operation
	opEvent firedoor.Event
	sample  firedoor.Sample
	told    firedoor.Event
	text    [2*maxName + 1]byte
}

func newParser() *parser {
	p := &parser{version: nine}
	p.opEvent = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
	p.told = firedoor.Event{Kind: firedoor.EventSample, Sample: &p.sample}
	return p
}

const (
	errFrame = protocol.Broken("type of frame that does not exist")
	errEnd   = protocol.Broken("frame without its end")
	errLong  = protocol.Broken("method or header that is too long")
	errSize  = protocol.Broken("size of a frame that cannot be")
)

// Parse reads whole frames; bodies are passed over as they come.
func (p *parser) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.emit, p.dir = emit, dir
	pos := 0
	if p.lost[dir] {
		skip, found := protocol.Resume(b, probe)
		if !found {
			return skip, nil
		}
		p.lost[dir], pos = false, skip
	}
	for pos < len(b) {
		if left := p.skip[dir]; left > 0 {
			n := min(left, int64(len(b)-pos))
			p.skip[dir] -= n
			pos += int(n)
			continue
		}
		p.at = pos
		n, err := p.next(b[pos:])
		if n == 0 || err != nil {
			return pos, err
		}
		if pos += n; p.over {
			break
		}
	}
	return pos, nil
}

// Gap: frames of 0-9-1 can be found again by their methods; those of 1.0 say too
// little.
func (p *parser) Gap(dir firedoor.Direction, missing int64) bool {
	if left := p.skip[dir]; missing > 0 && missing <= left {
		p.skip[dir] -= missing
		return true
	}
	p.lost[dir], p.skip[dir] = true, 0
	return p.version == nine
}

func (p *parser) malformed(reason string) { p.voice.Malformed(p.emit, reason, p.at) }

// next reads the frame with which b begins; 0 if it is not whole.
func (p *parser) next(b []byte) (int, error) {
	switch version, m := greeting(b); {
	case m == protocol.More:
		return 0, nil
	case m == protocol.Yes && version == 0:
		return 0, errSize
	case m == protocol.Yes:
		p.version = version
		if b[4] == 2 && version == one && p.dir == firedoor.FromServer {
			p.over = true
			p.voice.HandOver(p.emit, "tls")
		}
		return greetSize, nil
	}
	if p.version == one {
		return p.nextOne(b)
	}
	if len(b) < headSize {
		return 0, nil
	}
	size := int64(binary.BigEndian.Uint32(b[3:]))
	switch b[0] {
	case frameMethod, frameHeader, frameHeartbeat:
		if size > maxMethod {
			return 0, errLong
		}
		if int64(len(b)) < headSize+size+1 {
			return 0, nil
		}
		if b[headSize+size] != frameEnd {
			return 0, errEnd
		}
		p.size = headSize + int(size) + 1
		if b[0] == frameMethod {
			p.method(binary.BigEndian.Uint16(b[1:]), b[headSize:headSize+size])
		}
		return p.size, nil
	case frameBody:
		if size > maxBody {
			return 0, errLong
		}
		p.skip[p.dir] = size + 1
		return headSize, nil
	}
	return 0, errFrame
}

// method reads a method: class (2), number (2), arguments.
func (p *parser) method(channel uint16, b []byte) {
	if len(b) < 4 {
		p.malformed("method without its number")
		return
	}
	class, number := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	w := find(class, number)
	if w == nil {
		p.malformed("method that does not exist")
		return
	}
	if p.dir == firedoor.FromClient && w.from == server || p.dir == firedoor.FromServer && w.from == client {
		p.malformed("method of the other side")
		return
	}
	r := protocol.Read(b[4:])
	switch {
	case p.dir == firedoor.FromServer:
		p.server(w, channel, &r)
	case w.verb != 0:
		p.request(w, channel, &r)
	}
	if r.Failed() {
		p.malformed("arguments end too early")
	}
}

// server reads what the broker says.
func (p *parser) server(w *method, channel uint16, r *protocol.Reader) {
	switch {
	case w.class == classConnection && w.number == connStart:
		r.Skip(2)
		p.properties(r, firedoor.AboutServer)
	case w.class == classConnection && w.number == connClose, w.class == classChannel && w.number == chanClose:
		p.refused(w, channel, r)
	case w.form == inTag:
		r.Skip(int(r.U8()))
		r.Skip(9)
		exchange := r.Bytes(int(r.U8()))
		key := r.Bytes(int(r.U8()))
		if !r.Failed() {
			p.sample = firedoor.Sample{Function: w.name, Code: code(w), Object: keyOr(key, exchange)}
			p.emit(&p.told)
		}
	case w.answer == answered:
		p.answer(w, channel)
	}
}

func code(w *method) uint32 { return uint32(w.class)<<16 | uint32(w.number) }

// key joins an answer to its request: by channel, class and the answer's number.
func key(channel, class, number uint16) uint64 {
	return uint64(channel)<<32 | uint64(class)<<16 | uint64(number)
}

// request tells what the client asks.
func (p *parser) request(w *method, channel uint16, r *protocol.Reader) {
	p.last++
	p.op = firedoor.Operation{ID: p.last, Phase: firedoor.Asked, Code: code(w), Function: w.name, Verb: w.verb, NoAnswer: w.answer == 0,
		Span: firedoor.Span{Start: int64(p.at), End: int64(p.at + p.size)}}
	p.op.Object = objectOf(w, channel, r)
	if quiet(w, r) { // the client wants no answer
		p.op.NoAnswer = true
	}
	if !p.op.NoAnswer {
		q := p.asked.Put(key(channel, w.class, w.answer))
		*q = request{id: p.last, method: w, space: p.op.Object.Space, at: p.op.Object.At[0]}
		q.length = uint8(copy(q.text[:], p.op.Object.Text))
	}
	p.emit(&p.opEvent)
	if w.class == classConnection && w.number == connStartOK {
		p.enter(r)
	}
}

// objectOf reads the object of a method.
func objectOf(w *method, channel uint16, r *protocol.Reader) firedoor.Object {
	switch w.form {
	case inHost:
		return named(&hosts, r.Bytes(int(r.U8())))
	case inQueue, inName, inKey:
		r.Skip(2)
		name := r.Bytes(int(r.U8()))
		if w.form == inQueue {
			return named(&queues, name)
		}
		if w.form == inKey {
			return keyOr(r.Bytes(int(r.U8())), name)
		}
		return named(&exchanges, name)
	case inChange:
		return firedoor.Object{Space: &channels, At: [4]uint32{uint32(channel)}}
	}
	return firedoor.Object{}
}

// named is an object with a name; none without.
func named(space *firedoor.Space, name []byte) firedoor.Object {
	if len(name) == 0 {
		return firedoor.Object{}
	}
	return firedoor.Object{Space: space, Text: name[:min(len(name), maxName)]}
}

// keyOr is where a message goes: the routing key, or the exchange of one that has none.
func keyOr(key, exchange []byte) firedoor.Object {
	if len(key) == 0 {
		return named(&exchanges, exchange)
	}
	return named(&keys, key)
}

// quiet tells whether a method says that no answer is wanted (1.6 and on).
func quiet(w *method, r *protocol.Reader) bool {
	var bit byte
	switch code(w) {
	case 40<<16 | 10: // exchange.declare: type, flags
		r.Skip(int(r.U8()))
		bit = 0x10
	case 40<<16 | 20:
		bit = 0x02
	case 50<<16 | 10:
		bit = 0x10
	case 50<<16 | 30:
		bit = 0x01
	case 50<<16 | 40:
		bit = 0x04
	case 50<<16 | 20, 40<<16 | 30, 40<<16 | 40: // a second name and a routing key
		r.Skip(int(r.U8()))
		r.Skip(int(r.U8()))
		bit = 0x01
	case 60<<16 | 20: // basic.consume: tag
		r.Skip(int(r.U8()))
		bit = 0x08
	case 60<<16 | 30:
		r.Skip(int(r.U8()))
		bit = 0x01
	default:
		return false
	}
	return r.U8()&bit != 0
}

// answer tells that the broker did what was asked.
func (p *parser) answer(w *method, channel uint16) {
	number := w.number
	if w.class == classBasic && number == getEmpty {
		number--
	}
	q := p.asked.Take(key(channel, w.class, number))
	if w.class == classConnection && w.number == connTune && p.login {
		p.login = false
		p.voice.Login(p.emit, p.user[:p.userLen], "ok")
	}
	if q != nil {
		p.reply(q, firedoor.OK)
		return
	}
	for i := range methods {
		if m := &methods[i]; m.class == w.class && m.answer == number {
			p.last++
			p.op = firedoor.Operation{ID: p.last, Phase: firedoor.Answered, Partial: true, Outcome: firedoor.OK, Code: code(m), Function: m.name, Verb: m.verb}
			p.emit(&p.opEvent)
			return
		}
	}
}

func (p *parser) reply(q *request, o firedoor.Outcome) {
	p.op = firedoor.Operation{ID: q.id, Phase: firedoor.Answered, Outcome: o, Code: code(q.method), Function: q.method.name, Verb: q.method.verb}
	p.op.Object = firedoor.Object{Space: q.space, At: [4]uint32{q.at}, Text: q.text[:q.length]}
	p.emit(&p.opEvent)
}

// refused reads why the broker closes a channel or the connection, and which method
// is to blame (1.4.2.9, 1.5.2.5).
func (p *parser) refused(w *method, channel uint16, r *protocol.Reader) {
	why := reason(r.U16())
	r.Skip(int(r.U8()))
	class, number := r.U16(), r.U16()
	if r.Failed() {
		return
	}
	if w.class == classConnection && p.login { // refused before it was open
		p.login = false
		p.voice.Login(p.emit, p.user[:p.userLen], "failed")
		class, number = classConnection, connStartOK
	}
	m := find(class, number)
	if m == nil || m.answer == 0 || m.answer == answered {
		return
	}
	if w.class == classConnection && class == classConnection {
		channel = 0
	}
	if q := p.asked.Take(key(channel, class, m.answer)); q != nil {
		p.reply(q, why)
	}
}

// properties reads a table of texts (4.2.5.5): the product with its version, and the
// platform; others are passed over. It ends at a value whose size is not known.
func (p *parser) properties(r *protocol.Reader, about firedoor.Subject) {
	t := protocol.Read(r.Bytes(int(min(r.U32(), maxMethod))))
	var product, version, platform []byte
	for t.Len() > 0 && !t.Failed() {
		name := t.Bytes(int(t.U8()))
		kind := t.U8()
		if kind != 'S' {
			n, known := sizes(kind, &t)
			if !known {
				break
			}
			t.Skip(n)
			continue
		}
		value := t.Bytes(int(min(t.U32(), maxMethod)))
		switch string(name) {
		case "product":
			product = value
		case "version":
			version = value
		case "platform":
			platform = value
		}
	}
	p.software(about, product, version, platform)
}

// software tells what a peer says that it is.
func (p *parser) software(about firedoor.Subject, product, version, platform []byte) {
	text := append(p.text[:0], product[:min(len(product), maxName)]...)
	text = append(append(text, ' '), version[:min(len(version), maxName)]...)
	if len(product) > 0 { // a version alone says nothing
		p.voice.Fact(p.emit, firedoor.Identity{About: about, Kind: firedoor.FactSoftware, Confidence: 80, Source: "amqp", Value: text})
	}
	p.voice.Fact(p.emit, firedoor.Identity{About: about, Kind: firedoor.FactSoftware, Confidence: 60, Source: "amqp platform", Value: platform})
}

// sizes is how many bytes a value of a table takes.
func sizes(kind byte, t *protocol.Reader) (n int, known bool) {
	switch kind {
	case 'V':
		return 0, true
	case 't', 'b', 'B':
		return 1, true
	case 's', 'u', 'U':
		return 2, true
	case 'I', 'i', 'f':
		return 4, true
	case 'D':
		return 5, true
	case 'l', 'L', 'd', 'T':
		return 8, true
	case 'F', 'A', 'x':
		return int(min(t.U32(), maxMethod)), true
	}
	return 0, false
}

// enter reads who logs in: of PLAIN (RFC 4616) the second of three texts, up to the
// zero behind which the password stands.
func (p *parser) enter(r *protocol.Reader) {
	p.properties(r, firedoor.AboutClient)
	mechanism := r.Bytes(int(r.U8()))
	secret := r.Bytes(int(min(r.U32(), maxMethod)))
	if string(mechanism) != "PLAIN" || r.Failed() {
		return
	}
	for i, c := range secret {
		if c == 0 {
			user := secret[i+1:]
			for j, c := range user {
				if c == 0 {
					p.userLen, p.login = uint8(copy(p.user[:], user[:j])), true
					return
				}
			}
			return
		}
	}
}
