package ptp

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
)

// signalingAt is where elements begin, behind the port that a message is for.
const signalingAt = headerSize + 10

// Elements of unicast: the type of message that is asked for (in the high half of a byte); in
// a request its interval (1) and for how many seconds (4); the same in what is granted, and two
// bytes more.
const (
	elementRequest   = 4
	elementGrant     = 5
	elementCancel    = 6
	elementCancelled = 7
)

// codeSignaling stands before the element and the type of message.
const codeSignaling = 0x50000

// maxElements is how many elements of a message are read.
const maxElements = 32

// orientSignaling: who asks for unicast is the client, who grants it the server.
func orientSignaling(m []byte) protocol.Orientation {
	w := walk{b: m, at: signalingAt}
	for range maxElements {
		if !w.next() {
			break
		}
		switch w.kind {
		case elementRequest:
			return protocol.SentByClient
		case elementGrant:
			return protocol.SentByServer
		}
	}
	return protocol.OrientUnknown
}

// signaling reads a signaling message: an operation for each type of message that is asked for, or
// called off.
func (p *parser) signaling(m []byte) {
	asks := 0
	for w, n := (walk{b: m, at: signalingAt}), 0; n < maxElements && w.next(); n++ {
		if w.kind == elementRequest || w.kind == elementCancel {
			asks++
		}
	}
	w, item := walk{b: m, at: signalingAt}, uint16(0)
	for n := 0; w.next(); n++ {
		if n == maxElements {
			p.malformed("more elements than are read", w.at)
			return
		}
		if least := unicastSizes[min(int(w.kind), len(unicastSizes)-1)]; len(w.data) < least {
			p.malformed("unicast element shorter than its type", w.at)
			continue
		}
		switch w.kind {
		case elementRequest, elementCancel:
			if asks > 1 {
				item++
			}
			p.contract(m, &w, item)
		case elementGrant, elementCancelled:
			p.granted(&w)
		}
	}
	p.complain(&w)
}

// unicastSizes are how long an element is at least.
var unicastSizes = [...]int{elementRequest: 6, elementGrant: 8, elementCancel: 2, elementCancelled: 2, elementCancelled + 1: 0}

// contractKey is that of a request for unicast: its answer is about the same type of message.
func contractKey(dir firedoor.Direction, element uint16, kind byte) uint64 {
	return key(dir, keySignaling|uint64(element)<<8|uint64(kind))
}

func contractCode(element uint16, kind byte) uint32 {
	return codeSignaling | uint32(element)<<8 | uint32(kind)
}

// contract tells that unicast is asked for, or called off.
func (p *parser) contract(m []byte, w *walk, item uint16) {
	kind := w.data[0] >> 4
	b := m[headerSize:]
	p.op = firedoor.Operation{Verb: firedoor.VerbSession, Function: unicastWord(w.kind, kind), Code: contractCode(w.kind, kind), Item: item,
		Object: firedoor.Object{Space: &clocks, At: portOf(&p.h, 0, binary.BigEndian.Uint64(b), binary.BigEndian.Uint16(b[8:]))}}
	if w.kind == elementRequest {
		raw := binary.BigEndian.AppendUint64(p.scratch[:0], uint64(int64(int8(w.data[1]))))
		raw = binary.BigEndian.AppendUint64(raw, uint64(binary.BigEndian.Uint32(w.data[2:])))
		p.op.Values = firedoor.Values{Type: firedoor.I64, Count: 2, Raw: raw}
	}
	p.ask(contractKey(p.dir, w.kind, kind))
}

// granted tells the answer to that. One that grants no time refuses.
func (p *parser) granted(w *walk) {
	kind, asked := w.data[0]>>4, w.kind-1 // the element that it answers
	q := p.asked.Take(contractKey(p.dir.Other(), asked, kind))
	if q == nil && !p.h.unicast() {
		return
	}
	p.op = firedoor.Operation{Verb: firedoor.VerbSession, Function: unicastWord(asked, kind), Code: contractCode(asked, kind), Object: p.own(&clocks), Outcome: firedoor.OK}
	if w.kind == elementGrant && binary.BigEndian.Uint32(w.data[2:]) == 0 {
		p.op.Outcome = firedoor.Failed(0, "denied")
	}
	p.answer(q)
}
