package goose

import (
	"encoding/binary"
	"strconv"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// entries are control blocks and the values of their data sets: the reference of
// the control block and the way to the value, each place counted from zero. At
// holds the places plus one, two levels in each number, the lower half first.
var entries = firedoor.Space{Name: "entry", Append: func(dst []byte, o *firedoor.Object) []byte {
	dst = append(dst, o.Text...)
	for depth := range maxDepth {
		place := o.At[depth/2] >> (depth % 2 * 16) & 0xffff
		if place == 0 {
			if depth > 0 {
				dst = append(dst, ']')
			}
			return dst
		}
		dst = strconv.AppendUint(append(dst, "[."[min(depth, 1)]), uint64(place-1), 10)
	}
	return append(dst, ']')
}, Place: func(o *firedoor.Object, _ *firedoor.Values) firedoor.Object {
	if o.At == [4]uint32{} { // a value has a way, the state has none
		return firedoor.Object{Space: &states, Text: o.Text}
	}
	return *o
}}

// states are the parts of a control block's state, each a point of its own: by number
// they would be taken for members of the data set.
var states = firedoor.Space{Name: "state", Axis: 1, Append: func(dst []byte, o *firedoor.Object) []byte {
	return append(append(dst, o.Text...), stateParts[min(int(o.At[0]), len(stateParts)-1)]...)
}}

var stateParts = [...]string{"", "/sequence", "/time-allowed-to-live", "/configuration-revision", "/simulation", "/needs-commissioning", "/entries"}

// maxBlocks is how many control blocks of a flow are remembered. Of further ones
// only the first message of a state (sequence number 0) is told.
const maxBlocks = 64

// known is what was last told of a control block.
type known struct {
	block uint64 // sum of its reference and APPID
	data  uint64 // sum of its values
	state uint32
	rev   uint32
	marks uint8
}

// parser reads one publisher's messages to one group. What its events point to
// lives here.
type parser struct {
	known []known

	emit    func(*firedoor.Event)
	voice   wire.Voice
	at      int // of the unit in the frame
	values  int // told of this message
	sample  firedoor.Sample
	event   firedoor.Event
	scratch [32]byte
}

func newParser() *parser {
	p := &parser{}
	p.event = firedoor.Event{Kind: firedoor.EventSample, Sample: &p.sample}
	return p
}

// Gap cannot happen to frames: each stands alone.
func (p *parser) Gap(firedoor.Direction, int64) bool { return true }

// Tags of the units and of the fields of a GOOSE unit.
const (
	tagGoose      = 0x61
	tagManagement = 0x60

	tagReference  = 0x80
	tagTTL        = 0x81
	tagDataSet    = 0x82
	tagID         = 0x83
	tagTime       = 0x84
	tagState      = 0x85
	tagSequence   = 0x86
	tagSimulation = 0x87
	tagRevision   = 0x88
	tagNeeds      = 0x89
	tagEntries    = 0x8a
	tagData       = 0xab
)

// header: APPID 2, length with the header 2, reserved 2 + 2; the first bit of
// the first reserved field marks simulated messages.
const (
	header    = 8
	simulated = 0x80
)

// Marks of a message.
const (
	markSimulated = 1 << iota
	markNeeds
)

// message is a unit at hand.
type message struct {
	app               uint16
	reference, id     []byte
	ttl, state, count uint32
	sequence, rev     uint32
	marks             uint8
	data              []byte
	has               uint16 // bit for each field's tag, counted from 0x80
	at                [maxDepth / 2]uint32
}

// Parse reads one frame behind its Ethernet type.
func (p *parser) Parse(_ firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.emit = emit
	if len(b) < header {
		p.voice.Malformed(emit, "shorter than its header", len(b))
		return len(b), nil
	}
	end := int(binary.BigEndian.Uint16(b[2:]))
	if end < header || end > len(b) {
		p.voice.Malformed(emit, "length does not fit the frame", 2)
		end = len(b)
	}
	r := wire.ReadBER(b[header:end])
	tag, body := r.Any()
	if tag == tagManagement && !r.Failed() {
		return len(b), nil
	}
	if tag != tagGoose {
		p.voice.Malformed(emit, "no GOOSE unit behind the header", header)
		return len(b), nil
	}
	p.at = header + r.Pos() - len(body)
	m := message{app: binary.BigEndian.Uint16(b)}
	if b[4]&simulated != 0 {
		m.marks = markSimulated
	}
	if p.fields(&m, body) {
		p.news(&m)
	}
	return len(b), nil
}

// fields reads the fields of a unit; false if it is not one.
func (p *parser) fields(m *message, body []byte) bool {
	r := wire.ReadBER(body)
	for r.Len() > 0 {
		at := p.at + r.Pos()
		tag, content := r.Any()
		if r.Failed() {
			p.voice.Malformed(p.emit, "field longer than its unit", at)
			return false
		}
		ok := true
		switch tag {
		case tagReference:
			m.reference = content[:min(len(content), wire.MaxText)]
		case tagID:
			m.id = content
		case tagTTL:
			m.ttl, ok = number(content)
		case tagState:
			m.state, ok = number(content)
		case tagSequence:
			m.sequence, ok = number(content)
		case tagRevision:
			m.rev, ok = number(content)
		case tagEntries:
			m.count, ok = number(content)
		case tagSimulation:
			ok = m.mark(markSimulated, content)
		case tagNeeds:
			ok = m.mark(markNeeds, content)
		case tagTime:
			ok = len(content) == 8
		case tagData:
			m.data = content
			m.has |= 1 << 15
		}
		if !ok {
			p.voice.Malformed(p.emit, "field of a wrong size", at)
			return false
		}
		if tag >= tagReference && tag <= tagEntries {
			m.has |= 1 << (tag - tagReference)
		}
	}
	const needed = 1<<(tagReference-0x80) | 1<<(tagState-0x80) | 1<<(tagSequence-0x80) | 1<<15
	if m.has&needed != needed {
		p.voice.Malformed(p.emit, "mandatory field is missing", p.at)
		return false
	}
	return true
}

func (m *message) mark(mark uint8, content []byte) bool {
	if len(content) != 1 {
		return false
	}
	if content[0] != 0 {
		m.marks |= mark
	}
	return true
}

// number reads an unsigned number of 32 bits, which some write in five bytes and
// some in four although its highest bit is set.
func number(content []byte) (uint32, bool) {
	v, ok := wire.BERInt(content)
	return uint32(v), ok && v >= -1<<31 && v <= 1<<32-1
}

// news tells a message unless it repeats what is known.
func (p *parser) news(m *message) {
	now := known{block: wire.Sum(m.reference) ^ uint64(m.app), data: wire.Sum(m.data), state: m.state, rev: m.rev, marks: m.marks}
	place := -1
	for i := range p.known {
		if p.known[i].block == now.block {
			place = i
			break
		}
	}
	switch {
	case place >= 0 && p.known[place] == now:
		return
	case place >= 0:
		p.known[place] = now
	case len(p.known) < maxBlocks:
		p.known = append(p.known, now)
		p.introduce(m)
	case m.sequence != 0:
		return
	}
	p.state(m)
	p.values = 0
	n := p.walk(m, m.data, 0)
	if m.has&(1<<(tagEntries-0x80)) != 0 && n >= 0 && uint32(n) != m.count {
		p.voice.Malformed(p.emit, "number of entries is not that of the data", p.at)
	}
}

// introduce tells facts about a publisher, once for each control block.
func (p *parser) introduce(m *message) {
	p.voice.Fact(p.emit, firedoor.Identity{Kind: firedoor.FactService, Confidence: 90, Source: "goose control block", Value: m.reference})
	p.voice.Fact(p.emit, firedoor.Identity{Kind: firedoor.FactComment, Confidence: 90, Source: "goose id", Value: m.id})
	if len(p.known) == 1 {
		p.voice.Fact(p.emit, firedoor.Identity{Kind: firedoor.FactRole, Confidence: 60, Source: "goose",
			Value: append(p.scratch[:0], firedoor.RoleIED...)})
	}
}

// Words of samples, by whether the message is simulated.
var (
	stateWords = [2]string{"state", "simulated state"}
	dataWords  = [2]string{"data", "simulated data"}
)

func (p *parser) begin(m *message, words *[2]string) {
	p.sample = firedoor.Sample{Function: words[m.marks&markSimulated], Code: m.state, HasUnit: true, Unit: uint32(m.app),
		Object: firedoor.Object{Space: &entries, Text: m.reference}}
}

func (p *parser) state(m *message) {
	p.begin(m, &stateWords)
	b := p.scratch[:0]
	for _, v := range [...]uint32{m.state, m.sequence, m.ttl, m.rev, uint32(m.marks & markSimulated), uint32(m.marks & markNeeds >> 1), m.count} {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	p.sample.Values = firedoor.Values{Type: firedoor.U32, Count: len(b) / 4, Raw: b}
	p.emit(&p.event)
}
