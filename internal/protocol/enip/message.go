package enip

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
)

// Limits of one CIP message.
const (
	maxItems = 512 // services in one message, envelopes included; the rest is passed over
	maxDepth = 8   // envelopes in envelopes, one for each hop; deeper ones are told and not opened
)

// itemKind tells what an item's content is.
type itemKind uint8

const (
	plain itemKind = iota
	multiple
	unconnected
	pccc   // Execute PCCC
	inPCCC // the PCCC command in it
)

// item is one service of a message: envelopes first, then what they hold.
type item struct {
	kind     itemKind
	service  uint8
	number   uint16    // 1, 2 ... of what stands in a Multiple Service Packet, 0 of envelopes and what goes alone
	tag      bool      // a Logix tag, by name or symbol
	identity bool      // of the identity object
	class    uint32    // that the path begins with, 0 for none
	leaf     [2]uint32 // its last class, with the instance
	program  uint32    // of a Logix controller
	hasQty   bool
	end      int // index behind the items in this one
	slot     slot
	code     uint32
	quantity uint32
	action   action
	object   firedoor.Object
	values   firedoor.Values
	data     []byte // what follows the path
	path     []byte
	pathAt   int // offset of the path in the message
	pccc     pcccCommand

	outcome  firedoor.Outcome
	reply    []byte // answer data
	answered bool
	more     bool // is to be fetched
}

// slot is where in a rack a service goes: what its request says, or what was
// agreed on when its connection was opened.
type slot struct {
	known, agreed bool
	number        uint32
}

// message is a CIP request taken apart, and then its answer. It is scratch: its
// slices are reused and its items point into the bytes it was read from.
type message struct {
	items []item
	text  []byte // object texts that the message does not hold in one piece
	path  path
	bad   string // what was wrong, static; the rest was still read
}

// read takes a request apart. It tells false when not even the service and
// path could be read.
func (m *message) read(b []byte, to slot) bool {
	m.items, m.text, m.bad = m.items[:0], m.text[:0], ""
	ok := m.request(b, 0, 0, to)
	m.number()
	return ok
}

func (m *message) broken(reason string) {
	if m.bad == "" {
		m.bad = reason
	}
}

// add appends an item, nil at the limit.
func (m *message) add() *item {
	n := len(m.items)
	if n == maxItems {
		m.broken("more services in a message than the limit")
		return nil
	}
	if n < cap(m.items) {
		m.items = m.items[:n+1]
		m.items[n] = item{}
	} else {
		m.items = append(m.items, item{})
	}
	return &m.items[n]
}

// request reads one service: code, path size in words, path, data (CIP volume
// 1, 2-4.1).
func (m *message) request(b []byte, at, depth int, to slot) bool {
	r := protocol.Read(b)
	service := r.U8()
	epath := r.Bytes(2 * int(r.U8()))
	if r.Failed() || service&replyBit != 0 {
		m.broken("service request cut short")
		return false
	}
	i := len(m.items)
	it := m.add()
	if it == nil {
		return false
	}
	p := &m.path
	p.read(epath)
	if p.bad != "" {
		m.broken(p.bad)
	}
	it.service, it.code, it.end = service, uint32(service), i+1
	it.slot = to
	it.path, it.pathAt, it.data = epath, at+2, r.Rest()
	it.object, m.text = p.object(m.text)
	it.action = actionOf(service, p)
	class, hasClass := p.class()
	it.tag = p.isTag() || hasClass && class == classSymbol
	it.identity = hasClass && class == classIdentity && (it.object.Space == &instanceSpace || it.object.Space == &attributeSpace) && it.object.At[1] != 0
	it.class, it.leaf, it.program = class, p.leaf(), p.program()
	it.written(it.data)
	m.part(it)
	if hasClass && class == classManager && (service == svcForwardOpen || service == svcLargeForwardOp) {
		m.forwardOpen(i)
	}
	m.open(i, at+2+len(epath), depth, class)
	m.items[i].end = len(m.items)
	return true
}

// open reads what an envelope holds; the data of item i stands at offset at.
func (m *message) open(i, at, depth int, class uint32) {
	it := &m.items[i]
	kind := plain
	switch {
	case it.service == svcMultiple:
		kind = multiple
	case class == classManager && it.service == svcUnconnected:
		kind = unconnected
	case class == classPCCC && it.service == svcExecutePCCC:
		kind = pccc
	}
	if kind != plain && depth >= maxDepth {
		m.broken("services packed deeper than the limit") // or nobody would know that something is in there
		return
	}
	it.kind = kind
	switch kind {
	case multiple:
		m.multiple(i, at, depth)
	case unconnected:
		m.unconnected(i, at, depth)
	case pccc:
		m.pccc(i)
	}
}

// span returns the k-th of the n services in the body of a Multiple Service
// Packet (CIP volume 1, A-4.10): a count, n offsets from the count, services.
func span(b []byte, n, k int) ([]byte, int) {
	from, to := int(binary.LittleEndian.Uint16(b[2+2*k:])), len(b)
	if k+1 < n {
		to = int(binary.LittleEndian.Uint16(b[4+2*k:]))
	}
	if from < 2+2*n || to < from || to > len(b) {
		return nil, 0
	}
	return b[from:to], from
}

// count reads how many services a Multiple Service Packet has; false when its
// list of offsets is not all there.
func count(b []byte) (int, bool) {
	if len(b) < 2 {
		return 0, false
	}
	n := int(binary.LittleEndian.Uint16(b))
	return n, 2+2*n <= len(b)
}

func (m *message) multiple(i, at, depth int) {
	b, to := m.items[i].data, m.items[i].slot
	n, ok := count(b)
	if !ok {
		m.broken("multiple service packet cut short")
		return
	}
	for k := range n {
		one, from := span(b, n, k)
		if one == nil {
			m.broken("multiple service packet with wrong offsets")
			return
		}
		if !m.request(one, at+from, depth+1, to) {
			return
		}
	}
}

// unconnected reads the request in an Unconnected Send and the route it takes
// (CIP volume 1, 3-5.5.4).
func (m *message) unconnected(i, at, depth int) {
	r := protocol.Read(m.items[i].data)
	r.Skip(2) // tick time, ticks
	size := int(r.U16LE())
	start := r.Pos()
	inner := r.Bytes(size)
	if size&1 == 1 {
		r.Skip(1)
	}
	words := int(r.U8())
	r.Skip(1)
	route := r.Bytes(2 * words)
	if r.Failed() {
		m.broken("unconnected send cut short")
		return
	}
	p := &m.path
	p.read(route)
	if p.bad != "" {
		m.broken(p.bad)
	}
	to := slot{known: p.hasSlot, number: p.slot}
	m.items[i].slot = to
	m.request(inner, at+start, depth+1, to)
}

// unseen makes the items of an answer whose request was not seen.
func (m *message) unseen(b []byte, to slot) {
	m.items, m.text, m.bad = m.items[:0], m.text[:0], ""
	m.guess(b, to, 0)
	m.number()
}

func (m *message) guess(b []byte, to slot, depth int) {
	if len(b) < 4 || b[0]&replyBit == 0 {
		m.broken("service answer cut short")
		return
	}
	i := len(m.items)
	it := m.add()
	if it == nil {
		return
	}
	it.service = b[0] &^ replyBit
	it.code, it.slot = uint32(it.service), to
	m.path.n = 0
	it.action = actionOf(it.service, &m.path)
	if it.service == svcMultiple && depth < maxDepth {
		it.kind = multiple
		body := b[min(len(b), 4+2*int(b[3])):]
		n, ok := count(body)
		for k := 0; ok && k < n; k++ {
			one, _ := span(body, n, k)
			if one == nil {
				break // answers will say so
			}
			m.guess(one, to, depth+1)
		}
	}
	m.items[i].end = len(m.items)
}

// delivered is the item that an Unconnected Send at i brings in the end: one may be
// packed in another, and all of them are answered by what the last one carries. Any
// other item is its own.
func (m *message) delivered(i int) int {
	for m.items[i].kind == unconnected && i+1 < m.items[i].end {
		i++
	}
	return i
}

// number counts the services in a Multiple Service Packet, in the order of the bytes. Envelopes are
// not counted, wherever they stand: what an Unconnected Send carries is one of several only if it is in such a packet.
func (m *message) number() {
	n, end := uint16(0), 0
	for i := range m.items {
		switch it := &m.items[i]; {
		case it.kind == multiple:
			end = max(end, it.end)
		case i < end && (it.kind == plain || it.kind == inPCCC):
			n++
			it.number = n
		}
	}
}

// answer spreads an answer over the items from i on: service, reserved,
// general status, size of the additional status in words, data (CIP volume 1,
// 2-4.2).
func (m *message) answer(b []byte, i int) {
	if len(b) < 4 || 4+2*int(b[3]) > len(b) {
		m.broken("service answer cut short")
		return
	}
	it := &m.items[i]
	service, status := b[0]&^replyBit, b[2]
	data := b[4+2*int(b[3]):]
	if last := m.delivered(i); last > i {
		// A reply of the embedded service was delivered; one of Unconnected Send
		// says that it was not. When both have one code, the status must tell.
		inner := m.items[last].service
		if service != inner || inner == svcUnconnected &&
			(status == statusConnectionFailure || status == statusUnavailable) {
			m.fail(i, it.outcomeOf(b))
			return
		}
		for j := i; j < last; j++ {
			m.items[j].outcome, m.items[j].answered = firedoor.OK, true
		}
		m.answer(b, last)
		return
	}
	it.outcome, it.answered, it.reply, it.more = it.outcomeOf(b), true, data, status == statusPartial
	switch it.kind {
	case multiple:
		m.answers(data, i, status)
	case pccc:
		if i+1 < it.end {
			m.answerPCCC(i, data)
		}
	}
}

// answers spreads the answers in a Multiple Service Packet; embedded services
// of one that failed as a whole failed with it.
func (m *message) answers(b []byte, i int, status uint8) {
	n, ok := count(b)
	if status != 0 && status != statusEmbedded || !ok {
		if status == 0 {
			m.broken("answers of a multiple service packet cut short")
			return
		}
		m.fail(i, m.items[i].outcome)
		return
	}
	end := m.items[i].end
	j := i + 1
	for k := 0; k < n && j < end; k++ {
		one, _ := span(b, n, k)
		if one == nil {
			m.broken("answers of a multiple service packet with wrong offsets")
			return
		}
		m.answer(one, j)
		j = m.items[j].end
	}
}

// fail gives item i and all in it one outcome.
func (m *message) fail(i int, o firedoor.Outcome) {
	for j := i; j < m.items[i].end; j++ {
		m.items[j].outcome, m.items[j].answered = o, true
	}
}
