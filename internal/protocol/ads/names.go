package ads

import (
	"bytes"
	"encoding/binary"
	"strconv"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// Limits of what one flow teaches. At them nothing more is learned: handles go by
// their number then, values by their octets.
const (
	maxLearned = 512
	maxName    = 128
)

// names is what a flow told: which handle stands for which symbol, what notifications
// are about, and the types of symbols.
type names struct {
	handles map[uint64]*named
	notes   map[uint64]*note
	types   map[string]dataType
}

type named struct {
	name [maxName]byte
	size uint8
	unit uint32
}

func (n *named) text() []byte { return n.name[:n.size] }

// note is what a notification is about.
type note struct {
	named
	item
}

// learn makes room for what is learned.
func (p *parser) learn() *names {
	if p.names == nil {
		p.names = &names{handles: map[uint64]*named{}, notes: map[uint64]*note{}, types: map[string]dataType{}}
	}
	return p.names
}

// number is the key of a handle: units and handles are those of one side.
func number(unit, handle uint32, theirs bool) uint64 {
	if theirs {
		unit ^= 0x80000000
	}
	return uint64(unit)<<32 | uint64(handle)
}

func (n *names) handle(unit, handle uint32, theirs bool) *named {
	if n == nil {
		return nil
	}
	return n.handles[number(unit, handle, theirs)]
}

func (n *names) note(unit, handle uint32, theirs bool) *note {
	if n == nil {
		return nil
	}
	return n.notes[number(unit, handle, theirs)]
}

func (p *parser) learnHandle(unit, handle uint32, name []byte) {
	n, k := p.learn(), number(unit, handle, p.theirs)
	h := n.handles[k]
	if len(name) == 0 || len(name) > maxName || h == nil && len(n.handles) >= maxLearned {
		return
	}
	if h == nil {
		h = &named{}
		n.handles[k] = h
	}
	h.size = uint8(copy(h.name[:], name))
}

// learnNote notes what the notification with a handle is about.
func (p *parser) learnNote(q *request, it *item, handle uint32) {
	n, k := p.learn(), number(q.unit, handle, p.theirs)
	name := q.text[it.from:it.to]
	o := n.notes[k]
	if len(name) > maxName || o == nil && len(n.notes) >= maxLearned {
		return
	}
	if o == nil {
		o = &note{}
		n.notes[k] = o
	}
	o.item = *it
	o.size = uint8(copy(o.name[:], name))
}

// forget takes a handle or a notification out: its number may be given out anew.
func (p *parser) forget(q *request, it *item) {
	if p.names == nil {
		return
	}
	k := number(q.unit, it.offset, p.theirs)
	if it.form == formRelease {
		delete(p.names.handles, k)
	} else {
		delete(p.names.notes, k)
	}
}

// learnType reads what a device tells of a symbol: length of the entry, index group,
// offset, size, type, flags, lengths of name, type and comment, the texts. A list of
// strings has the type of one string, and another word for it.
func (p *parser) learnType(name, data []byte) {
	r := protocol.Read(data)
	r.Skip(4)
	r.Skip(12)
	t := valueType(r.U32LE())
	if t.text {
		r.Skip(4)
		length := int(r.U16LE())
		r.Skip(4 + length + 1)
		t.text = bytes.HasPrefix(r.Rest(), wordString)
	}
	if r.Failed() || t.numbers == firedoor.NoValue && !t.text || len(name) == 0 || len(name) > maxName {
		return
	}
	n := p.learn()
	if _, known := n.types[string(name)]; !known && len(n.types) < maxLearned {
		n.types[string(name)] = t
	}
}

// dataType is how a value is read: as numbers, or as a text that ends with a zero.
type dataType struct {
	numbers firedoor.ValueType
	text    bool
}

// typeString is the ADS data type of a string of octets.
const typeString = 30

var wordString = []byte("STRING")

// valueType is what an ADS data type stands for.
func valueType(t uint32) dataType {
	if t < uint32(len(valueTypes)) {
		return dataType{valueTypes[t], t == typeString}
	}
	return dataType{}
}

var valueTypes = [...]firedoor.ValueType{2: firedoor.I16, 3: firedoor.I32, 4: firedoor.F32, 5: firedoor.F64, 16: firedoor.I8,
	17: firedoor.U8, 18: firedoor.U16, 19: firedoor.U32, 20: firedoor.I64, 21: firedoor.U64, 33: firedoor.Bool}

// values reads data by the type that the device told of their name; without one they
// are octets. What goes by group and offset has no name: whoever sees a message alone
// reads it the same. A text stands beside its octets; of one whose name says that it is
// a secret neither is told.
func (p *parser) values(name, data []byte) (firedoor.Values, [][]byte) {
	var of dataType
	if len(name) > 0 && p.names != nil {
		of = p.names.types[string(name)]
	}
	t, texts := of.numbers, [][]byte(nil)
	switch {
	case of.text && wire.Secretive(name):
		return firedoor.Values{}, nil
	case of.text:
		p.texts.Reset()
		p.texts.Add(untilZero(data))
		texts = p.texts.List()
	}
	if size := t.Size(); size > 0 && len(data)%size == 0 {
		return firedoor.Values{Type: t, Little: true, Count: len(data) / size, Raw: data}, nil
	}
	v := firedoor.Values{Type: firedoor.U8, Count: len(data), Raw: data}
	if len(name) > 0 {
		v.Each = firedoor.Unmeasured
	}
	return v, texts
}

// notified reads a message of notifications: length, number of stamps; of each its
// time and the number of samples; of each the handle, the size, the data.
func (p *parser) notified(unit uint32) {
	p.theirs = !p.theirs // who notifies was asked before
	if p.cut {
		return
	}
	r := protocol.Read(p.data)
	length := r.U32LE()
	if !r.Failed() && int64(length) != int64(r.Len()) {
		p.complain(reasonLength)
	}
	for range r.U32LE() {
		r.Skip(8)
		for range r.U32LE() {
			handle := r.U32LE()
			data := r.Bytes(int(min(r.U32LE(), maxMessage)))
			if r.Failed() {
				break
			}
			p.tellSample(unit, handle, data)
		}
		if r.Failed() {
			break
		}
	}
	if r.Failed() {
		p.complain(reasonShort)
	}
}

func (p *parser) tellSample(unit, handle uint32, data []byte) {
	it, name := item{space: &notifications, at: [4]uint32{handle}}, []byte(nil)
	p.op.Unit = unit
	if n := p.names.note(unit, handle, p.theirs); n != nil {
		it, name = n.item, n.text()
	}
	p.object(&it, name)
	p.sample = firedoor.Sample{Function: "notification", Code: cmdNotification, HasUnit: true, Unit: unit, Object: p.op.Object}
	if it.form != formOpaque {
		p.sample.Values, p.sample.Texts = p.values(name, data)
	}
	p.event = firedoor.Event{Kind: firedoor.EventSample, Sample: &p.sample}
	p.emit(&p.event)
}

// symbolName is a text up to its zero.
func symbolName(b []byte) []byte {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return b[:min(len(b), 2*maxName)]
}

// untilZero is a text up to its zero.
func untilZero(b []byte) []byte {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		return b[:i]
	}
	return b
}

// between is what stands behind an opening tag, up to the next one.
func between(b []byte, tag string) []byte {
	i := bytes.Index(b, []byte(tag))
	if i < 0 {
		return nil
	}
	b = b[i+len(tag):]
	if i = bytes.IndexByte(b, '<'); i < 0 {
		return nil
	}
	return b[:i]
}

// version writes version, revision and build of four octets.
func version(dst, b []byte) []byte {
	dst = append(strconv.AppendUint(dst, uint64(b[0]), 10), '.')
	dst = append(strconv.AppendUint(dst, uint64(b[1]), 10), '.')
	return strconv.AppendUint(dst, uint64(binary.LittleEndian.Uint16(b[2:])), 10)
}

// netID writes the six numbers of a NetId.
func netID(dst, b []byte) []byte {
	dst = append(dst, "ams "...)
	for i, c := range b[:6] {
		if i > 0 {
			dst = append(dst, '.')
		}
		dst = strconv.AppendUint(dst, uint64(c), 10)
	}
	return dst
}
