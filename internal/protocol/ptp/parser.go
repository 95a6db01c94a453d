package ptp

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// parser reads one flow: what one sends to a group, or what two say to each other. What
// its events point to lives here.
type parser struct {
	last  uint32
	known []known
	asked protocol.Asked[request]

	h    header // of the message at hand
	dir  firedoor.Direction
	emit func(*firedoor.Event)

	voice    wire.Voice
	op       firedoor.Operation
	sample   firedoor.Sample
	event    firedoor.Event
	texts    [1][]byte
	scratch  [40]byte
	identity [18]byte
	text     [48]byte
}

func newParser() *parser { return &parser{} }

// Gap cannot happen to messages: each stands alone.
func (p *parser) Gap(firedoor.Direction, int64) bool { return true }

func (p *parser) malformed(reason string, at int) { p.voice.Malformed(p.emit, reason, at) }

// Parse reads one message; what stands behind it pads the frame, or lets a clock on the way
// keep a checksum.
func (p *parser) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.emit, p.dir = emit, dir
	if len(b) >= headerSize && b[1]&0xf == versionOne {
		return len(b), nil
	}
	if fault, at := p.h.read(b); fault != "" {
		p.malformed(fault, at)
		return len(b), nil
	}
	m := b[:p.h.size]
	switch p.h.kind {
	case typeAnnounce:
		p.announced(m)
	case typeManagement:
		p.management(m)
		return len(b), nil // it has read its elements
	case typeSignaling:
		p.seen()
		p.signaling(m)
		return len(b), nil
	default:
		p.seen()
	}
	w := walk{b: m, at: kinds[p.h.kind].least}
	for w.next() {
	}
	p.complain(&w)
	return len(b), nil
}

// tell emits a sample.
func (p *parser) tell(words string, code uint32, object firedoor.Object, v firedoor.Values, text []byte) {
	p.sample = firedoor.Sample{Function: words, Code: code, HasUnit: true, Unit: uint32(p.h.domain), Object: object, Values: v, Texts: p.list(text)}
	p.event = firedoor.Event{Kind: firedoor.EventSample, Sample: &p.sample}
	p.emit(&p.event)
}

// list is a single text, nil if it is empty.
func (p *parser) list(text []byte) [][]byte {
	if len(text) == 0 {
		return nil
	}
	p.texts[0] = text
	return p.texts[:]
}

// say emits the operation.
func (p *parser) say() {
	p.event = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
	p.emit(&p.event)
}

// request is what waits for its answer.
type request struct {
	id     uint32
	code   uint32
	item   uint16
	object [4]uint32
}

// ask emits the operation as one that was asked. Where it waits for an answer it is kept by the
// key, and the same that was asked before and had none is forgotten.
func (p *parser) ask(key uint64) {
	p.last++
	p.op.ID, p.op.Phase, p.op.HasUnit, p.op.Unit = p.last, firedoor.Asked, true, uint32(p.h.domain)
	p.op.Span = firedoor.Span{End: int64(p.h.size)}
	if p.op.NoAnswer = !p.h.unicast(); !p.op.NoAnswer {
		for p.asked.Take(key) != nil {
		}
		*p.asked.Put(key) = request{id: p.last, code: p.op.Code, item: p.op.Item, object: p.op.Object.At}
	}
	p.say()
}

// answer emits the operation as an answer to q, or as a partial one.
func (p *parser) answer(q *request) {
	p.op.Phase, p.op.HasUnit, p.op.Unit = firedoor.Answered, true, uint32(p.h.domain)
	if q == nil {
		p.last++
		p.op.ID, p.op.Partial = p.last, true
	} else {
		p.op.ID, p.op.Item, p.op.Code, p.op.Object.At = q.id, q.item, q.code, q.object
	}
	p.say()
}

// Parts of a key, beside who asked.
const (
	keyServer    = 1 << 63
	keySignaling = 1 << 62
)

// key is that of what one side asked.
func key(dir firedoor.Direction, rest uint64) uint64 {
	if dir == firedoor.FromServer {
		return rest | keyServer
	}
	return rest
}

// walk goes through the elements of a message: type (2), length (2), that many bytes.
type walk struct {
	b    []byte
	at   int // of the next element
	kind uint16
	data []byte
	bad  bool
}

const elementHeader = 4

// next reads an element. Less than its header at the end is none: some pad their messages.
func (w *walk) next() bool {
	if len(w.b)-w.at < elementHeader {
		return false
	}
	h := w.b[w.at:]
	n := int(binary.BigEndian.Uint16(h[2:]))
	if n > len(h)-elementHeader {
		w.bad = true
		return false
	}
	w.kind, w.data = binary.BigEndian.Uint16(h), h[elementHeader:elementHeader+n]
	w.at += elementHeader + n
	return true
}

func (p *parser) complain(w *walk) {
	if w.bad {
		p.malformed("element longer than its message", w.at)
	}
}
