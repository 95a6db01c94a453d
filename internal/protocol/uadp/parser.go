package uadp

import (
	"encoding/binary"
	"slices"
	"strconv"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// maxMessageSets is how many data sets are read of a message that does not say how
// many it has.
const maxMessageSets = 64

// parser reads what one sender sends to one group or host. What its events point to
// lives here.
type parser struct {
	known      []description
	last       uint32 // id of the newest operation
	told       bool   // that this is encrypted
	publishers []uint64

	emit func(*firedoor.Event)
	size int // of the message at hand
	h    header
	s    set
	of   *description // of the data set at hand, nil: none
	code uint32
	text []byte // name of what is told

	voice   wire.Voice
	texts   wire.Texts
	op      firedoor.Operation
	sample  firedoor.Sample
	event   firedoor.Event
	scratch [48]byte
}

func newParser() *parser { return &parser{} }

// Gap is never called: there is no stream.
func (p *parser) Gap(firedoor.Direction, int64) bool { return true }

// Parse reads one datagram or frame.
func (p *parser) Parse(_ firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.emit, p.size = emit, len(b)
	if fault := p.h.read(b); fault != "" {
		p.malformed(fault, 0)
		return len(b), nil
	}
	p.name()
	p.code = uint32(p.h.sequence)
	switch {
	case p.h.security&isEncrypted != 0:
		p.encrypted()
	case p.h.extended2&hasAction != 0:
		p.say("action message", firedoor.Values{})
	case p.h.extended2&isChunk != 0:
		p.chunk()
	case p.h.kind() == typeRequest:
		p.request()
	case p.h.kind() == typeResponse:
		p.introduce()
		p.response()
	default:
		p.introduce()
		p.promoted()
		p.sets()
	}
	return len(b), nil
}

func (p *parser) malformed(fault string, at int) { p.voice.Malformed(p.emit, fault, at) }

// part appends a part of a name.
func part(dst []byte, word string, number uint64) []byte {
	if len(dst) > 0 {
		dst = append(dst, '/')
	}
	return strconv.AppendUint(append(dst, word...), number, 10)
}

// maxPublisher is how much of a publisher's name is told.
const maxPublisher = 64

// name begins the name of what is told with the publisher and the group.
func (p *parser) name() {
	p.text = p.text[:0]
	switch {
	case p.h.flags&hasPublisher == 0:
	case p.h.extended&publisherKind == publisherText:
		id := wire.Text(p.h.text)
		p.text = append(append(p.text, "publisher:"...), id[:min(len(id), maxPublisher)]...)
	default:
		p.text = part(p.text, "publisher:", p.h.publisher)
	}
	if p.h.groupParts&groupID != 0 {
		p.text = part(p.text, "group:", uint64(p.h.group))
	}
}

// maxPublishers is how many publishers of a flow are told.
const maxPublishers = 16

// introduce tells a publisher when it is new.
func (p *parser) introduce() {
	if p.h.flags&hasPublisher == 0 || slices.Contains(p.publishers, p.h.publisher) || len(p.publishers) == maxPublishers {
		return
	}
	p.publishers = append(p.publishers, p.h.publisher)
	b := append(p.scratch[:0], "UADP publisher "...)
	if p.h.text != nil {
		b = append(b, p.h.text[:min(len(p.h.text), cap(b)-len(b))]...)
	} else {
		b = strconv.AppendUint(b, p.h.publisher, 10)
	}
	p.fact(firedoor.FactService, fromData, b)
}

func (p *parser) fact(kind firedoor.FactKind, source string, value []byte) {
	p.voice.Fact(p.emit, firedoor.Identity{About: firedoor.AboutSender, Kind: kind, Confidence: 90, Source: source, Value: value})
}

// say emits a sample of what is named.
func (p *parser) say(function string, v firedoor.Values) {
	p.sample = firedoor.Sample{Function: function, Code: p.code, Values: v, Texts: p.texts.List(), Object: firedoor.Object{Space: &spaceData, Text: p.text}}
	p.event = firedoor.Event{Kind: firedoor.EventSample, Sample: &p.sample}
	p.emit(&p.event)
}

// encrypted tells who sends how much to whom. The writers are not encrypted; how the
// bytes are shared among them is.
func (p *parser) encrypted() {
	if !p.told {
		p.told = true
		p.voice.Encrypted(p.emit, "opcua", "")
	}
	if p.h.kind() == typeData {
		p.introduce()
	}
	base := len(p.text)
	if p.h.count() == 1 {
		p.text = part(p.text, "writer:", uint64(p.h.writer(0)))
	}
	size := binary.LittleEndian.AppendUint32(p.scratch[:0], uint32(len(p.h.payload)))
	p.say("encrypted message", firedoor.Values{Type: firedoor.U32, Little: true, Count: 1, Raw: size})
	p.text = p.text[:base]
}

// readChunk reads the part of a message that did not fit (7.2.4.4.4): where it
// belongs, how long the message is, and its bytes. Some write their length before
// them, some do not.
func readChunk(r *wire.UA) (place, part []byte, fault string) {
	r.Skip(2) // number of the message
	place = r.Bytes(8)
	part = r.Rest()
	if len(part) >= 4 && int64(binary.LittleEndian.Uint32(part)) == int64(len(part)-4) {
		part = part[4:]
	}
	if r.Failed() || len(part) == 0 {
		return nil, nil, faultChunk
	}
	if offset, size := spread(place); offset+uint64(len(part)) > size {
		return nil, nil, faultChunk
	}
	return place, part, ""
}

// spread reads the place of a chunk: its offset and the size of the whole.
func spread(place []byte) (offset, size uint64) {
	return uint64(binary.LittleEndian.Uint32(place)), uint64(binary.LittleEndian.Uint32(place[4:]))
}

// chunk tells that a part of a message came: its offset and the size of the whole.
func (p *parser) chunk() {
	r := wire.ReadUA(p.h.payload)
	place, _, fault := readChunk(&r)
	if fault != "" {
		p.malformed(fault, p.h.at)
		return
	}
	if p.h.kind() == typeData {
		p.introduce()
		if p.h.count() == 1 {
			p.text = part(p.text, "writer:", uint64(p.h.writer(0)))
		}
	}
	p.say("chunk", firedoor.Values{Type: firedoor.U32, Little: true, Count: 2, Raw: place})
}

// promoted tells the fields that stand before the payload so that they can be read
// without it.
func (p *parser) promoted() {
	r := wire.ReadUA(p.h.promoted)
	base := len(p.text)
	for i := 0; r.Len() > 0; i++ {
		v := r.Variant()
		if r.Failed() {
			p.malformed(faultValue, p.h.promotedAt)
			return
		}
		p.text = part(p.text, "promoted:", uint64(i))
		p.say("promoted field", v.Values)
		p.text = p.text[:base]
	}
}

// sets reads the data sets of a message. Where there are several writers their sizes
// come first; where the message does not say how many there are, one follows the
// other to the end.
func (p *parser) sets() {
	b, count := p.h.payload, p.h.count()
	if p.h.flags&hasPayload != 0 && count == 0 {
		p.malformed(faultSizes, p.h.at)
		return
	}
	if count <= 1 {
		p.unsized(b, count)
		return
	}
	if len(b) < 2*count {
		p.malformed(faultSizes, p.h.at)
		return
	}
	sizes := b[:2*count]
	at := 2 * count
	for i := range count {
		size := int(binary.LittleEndian.Uint16(sizes[2*i:]))
		if size > len(b)-at {
			p.malformed(faultSizes, p.h.at+2*i)
			return
		}
		used := p.set(b[at:at+size], i, p.h.at+at)
		if used >= 0 && !padded(b[at+used:at+size]) {
			p.malformed(faultRest, p.h.at+at+used)
		}
		at += size
	}
	if p.h.security == 0 && !padded(b[at:]) {
		p.malformed(faultRest, p.h.at+at)
	}
}

// unsized reads one data set, or all there are when count is 0.
func (p *parser) unsized(b []byte, count int) {
	at := 0
	for i := range maxMessageSets {
		used := p.set(b[at:], i, p.h.at+at)
		if used < 0 {
			return
		}
		at += used
		if padded(b[at:]) {
			return
		}
		if count == 1 {
			break
		}
	}
	if p.h.security == 0 {
		p.malformed(faultRest, p.h.at+at)
	}
}

// set reads data set i of a message, at an offset for complaints, and returns how
// many bytes it has, -1 if that cannot be known.
func (p *parser) set(b []byte, i, at int) (used int) {
	r := wire.ReadUA(b)
	if fault := p.s.read(&r); fault != "" {
		p.malformed(fault, at)
		return -1
	}
	if p.s.flags&isValid == 0 { // its publisher says that it holds nothing
		return len(b)
	}
	base := len(p.text)
	p.of = nil
	if i < p.h.count() {
		p.text = part(p.text, "writer:", uint64(p.h.writer(i)))
		p.of = p.find(p.h.publisher, p.h.writer(i))
	} else {
		p.text = part(p.text, "message:", uint64(i))
	}
	if p.of != nil && p.s.flags&hasMajor != 0 && p.s.major != p.of.major {
		p.of = nil // described as it was, or will be
	}
	p.code = uint32(p.h.sequence)
	if p.s.flags&hasSequence != 0 {
		p.code = uint32(p.s.sequence)
	}
	if p.s.bad() {
		p.status("data set status", firedoor.Values{Type: firedoor.U16, Little: true, Count: 1, Raw: p.s.status})
	}
	used = p.fields(&r, at)
	p.text = p.text[:base]
	return used
}

// status tells a status that is not good.
func (p *parser) status(function string, v firedoor.Values) {
	base := len(p.text)
	p.text = append(p.text, "/status"...)
	p.say(function, v)
	p.text = p.text[:base]
}

// fields tells the fields of the data set at hand.
func (p *parser) fields(r *wire.UA, at int) (used int) {
	word := setWords[p.s.kind()]
	switch {
	case p.s.kind() == setAlive:
		p.say(word, firedoor.Values{})
		return r.Pos()
	case p.s.kind() > setAlive:
		p.say(word, firedoor.Values{})
		return -1
	case p.s.encoding() == encodingRaw:
		p.raw(r)
		return r.Pos()
	}
	for i := range p.s.fields {
		place, v, status := p.s.field(r, i)
		if r.Failed() {
			p.malformed(faultValue, at)
			return -1
		}
		base := len(p.text)
		p.field(place)
		p.texts.Reset()
		if p.of != nil && !wire.Secretive(p.text) { // a field without a name may be anything
			v.Texts(&p.texts)
		}
		p.say(word, v.Values)
		p.texts.Reset()
		if status>>30 != 0 {
			raw := binary.LittleEndian.AppendUint32(p.scratch[:0], status)
			p.status("field status", firedoor.Values{Type: firedoor.U32, Little: true, Count: 1, Raw: raw})
		}
		p.text = p.text[:base]
	}
	return r.Pos()
}

// field names a field.
func (p *parser) field(place int) {
	if name := p.of.name(place); len(name) > 0 {
		p.text = append(append(p.text, "/field:"...), name...)
		return
	}
	p.text = part(p.text, "field:", uint64(place))
}

// raw tells fields without types (7.2.4.5.11). Those that were described are told up
// to the first of which nobody said how much room it has: where the next begins is not
// known. The rest may be texts, so it is not told as bytes. Zeros behind the last are
// padding.
func (p *parser) raw(r *wire.UA) {
	const word = "raw fields"
	if p.of == nil || len(p.of.fields) == 0 || p.s.kind() != setKey {
		b := r.Rest()
		p.say(word, firedoor.Values{Type: firedoor.U8, Count: len(b), Raw: b})
		return
	}
	base := len(p.text)
	for i, f := range p.of.fields {
		room := int(f.room)
		fixed := room > 0 && room <= r.Len()
		raw := r.Bytes(min(room, r.Len()))
		p.field(i)
		if !fixed {
			raw = nil
		}
		p.say(word, f.values(raw))
		p.text = p.text[:base]
		if !fixed {
			r.Rest()
			return
		}
	}
	if !p.of.all {
		r.Rest()
	}
}

// values are those of a raw field: one, or a row as long as it says.
func (f *fieldKind) values(raw []byte) firedoor.Values {
	size, shown := wire.UAPlain(f.builtIn)
	if size == 0 || shown == firedoor.NoValue || f.rank > 1 || len(raw) == 0 {
		return firedoor.Values{}
	}
	n := 1
	if f.rank == 1 {
		n, raw = int(binary.LittleEndian.Uint32(raw)), raw[lengthSize:]
	}
	if n <= 0 || n > len(raw)/size {
		return firedoor.Values{}
	}
	return firedoor.Values{Type: shown, Little: true, Count: n, Raw: raw[:n*size]}
}
