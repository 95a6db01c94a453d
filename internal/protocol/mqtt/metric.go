package mqtt

import (
	"bytes"
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// A payload (6.4.1) is a protocol buffer: fields of a number, a layout and content.
// Its metrics are the fields of number 2; of them (6.4.3) these are read.
const (
	fieldMetric = 2

	fieldName   = 1
	fieldAlias  = 2
	fieldType   = 4
	fieldNull   = 7
	fieldInt    = 10
	fieldLong   = 11
	fieldFloat  = 12
	fieldDouble = 13
	fieldBool   = 14
	fieldText   = 15
	fieldBytes  = 16
	fieldLast   = 19 // of those that hold a value
)

// Layouts of fields.
const (
	wireVarint = 0
	wire64     = 1
	wireLength = 2
	wire32     = 5
)

// layouts are those of a metric's fields; others may have any.
var layouts = [fieldLast + 1]uint8{fieldName: wireLength, fieldAlias: wireVarint, fieldType: wireVarint, fieldNull: wireVarint,
	fieldInt: wireVarint, fieldLong: wireVarint, fieldFloat: wire32, fieldDouble: wire64, fieldBool: wireVarint,
	fieldText: wireLength, fieldBytes: wireLength}

// walk goes through the fields of a protocol buffer, one level deep.
type walk struct {
	b     []byte
	pos   int
	bad   bool
	field int
	wire  uint8
	num   uint64 // of the layouts of fixed size, too
	data  []byte
}

// next reads a field; false at the end, or where bad says so.
func (w *walk) next() bool {
	if w.bad || w.pos == len(w.b) {
		return false
	}
	key := w.varint()
	w.field, w.wire, w.num, w.data = int(key>>3), uint8(key&7), 0, nil
	if w.bad || key>>3 == 0 || key>>32 != 0 {
		w.bad = true
		return false
	}
	switch w.wire {
	case wireVarint:
		w.num = w.varint()
	case wire64:
		if w.take(8) {
			w.num = binary.LittleEndian.Uint64(w.data)
		}
	case wire32:
		if w.take(4) {
			w.num = uint64(binary.LittleEndian.Uint32(w.data))
		}
	case wireLength:
		if n := w.varint(); n > uint64(len(w.b)) || !w.take(int(n)) {
			w.bad = true
		}
	default: // groups, which nobody writes any more
		w.bad = true
	}
	return !w.bad
}

func (w *walk) varint() uint64 {
	var v uint64
	for i := range 10 {
		if w.pos+i >= len(w.b) {
			break
		}
		c := w.b[w.pos+i]
		v |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			w.pos += i + 1
			return v
		}
	}
	w.bad = true
	return 0
}

func (w *walk) take(n int) bool {
	if n > len(w.b)-w.pos {
		w.bad = true
		return false
	}
	w.data = w.b[w.pos : w.pos+n]
	w.pos += n
	return true
}

// metric is one of a payload's metrics.
type metric struct {
	name  []byte
	alias uint64
	code  uint64 // of its type, 0 if not told
	field int    // that holds the value, 0 if none does
	num   uint64
	data  []byte
	known bool // it has an alias
	null  bool
}

// read reads a metric; false if it is broken.
func (m *metric) read(b []byte) bool {
	*m = metric{}
	w := walk{b: b}
	for w.next() {
		if w.field > fieldLast {
			continue
		}
		if want := layouts[w.field]; w.wire != want && (want != 0 || w.field == fieldAlias || w.field == fieldType || w.field >= fieldInt && w.field <= fieldBytes) {
			return false
		}
		switch w.field {
		case fieldName:
			m.name = w.data
		case fieldAlias:
			m.alias, m.known = w.num, true
		case fieldType:
			m.code = w.num
		case fieldNull:
			m.null = w.num != 0
		}
		if w.field >= fieldInt {
			m.field, m.num, m.data = w.field, w.num, w.data
		}
	}
	return !w.bad
}

// next reads the next sound metric of a payload.
func (m *metric) next(w *walk) bool {
	for w.next() {
		if w.field == fieldMetric && w.wire == wireLength && m.read(w.data) {
			return true
		}
	}
	return false
}

// metricsOf counts the sound metrics of a payload and tells whether all of it is.
func metricsOf(payload []byte) (count int, sound bool) {
	w := walk{b: payload}
	var m metric
	sound = true
	for w.next() {
		if w.field != fieldMetric {
			continue
		}
		if w.wire != wireLength || !m.read(w.data) {
			sound = false
			continue
		}
		count++
	}
	return count, sound && !w.bad
}

// Types of metric that have a value here (6.4.16); others are texts and compounds.
var types = [...]struct {
	of    firedoor.ValueType
	array bool
}{
	1: {of: firedoor.I8}, 2: {of: firedoor.I16}, 3: {of: firedoor.I32}, 4: {of: firedoor.I64},
	5: {of: firedoor.U8}, 6: {of: firedoor.U16}, 7: {of: firedoor.U32}, 8: {of: firedoor.U64},
	9: {of: firedoor.F32}, 10: {of: firedoor.F64}, 11: {of: firedoor.Bool}, 13: {of: firedoor.U64},
	22: {firedoor.I8, true}, 23: {firedoor.I16, true}, 24: {firedoor.I32, true}, 25: {firedoor.I64, true},
	26: {firedoor.U8, true}, 27: {firedoor.U16, true}, 28: {firedoor.U32, true}, 29: {firedoor.U64, true},
	30: {firedoor.F32, true}, 31: {firedoor.F64, true}, 34: {firedoor.U64, true},
}

// typed gives a metric its value. Types are told at birth and need not be repeated;
// of one whose birth was not seen the field says as much as it can: without a sign.
func (p *parser) typed(m *metric) firedoor.Values {
	if m.null || m.field == 0 {
		return firedoor.Values{}
	}
	t := firedoor.NoValue
	if m.code != 0 && m.code < uint64(len(types)) {
		if t = types[m.code].of; types[m.code].array {
			if m.field != fieldBytes || t == firedoor.NoValue {
				return firedoor.Values{}
			}
			return firedoor.Values{Type: t, Little: true, Count: len(m.data) / t.Size(), Raw: m.data}
		}
	}
	switch m.field {
	case fieldInt, fieldLong:
		switch {
		case m.code == 0 && m.field == fieldInt:
			t = firedoor.U32
		case m.code == 0:
			t = firedoor.U64
		case t == firedoor.F32 || t == firedoor.F64 || t == firedoor.Bool:
			return firedoor.Values{}
		}
	case fieldFloat:
		t = firedoor.F32
	case fieldDouble:
		t = firedoor.F64
	case fieldBool:
		return p.truth(m.num != 0)
	default:
		t = firedoor.NoValue
	}
	if t == firedoor.NoValue {
		return firedoor.Values{}
	}
	return p.number64(m.num, t)
}

// typeTexts is a list of texts (6.4.16), each with a NUL behind it.
const typeTexts = 32

// worded gives a metric that is text its texts; one whose name speaks of a secret, or is
// not known, none.
func (p *parser) worded(o *firedoor.Object, named bool, m *metric) [][]byte {
	switch {
	case m.null || !named || wire.Secretive(o.Text) || wire.Secretive(m.data):
		return nil
	case m.field == fieldText:
		return p.texts.One(nil, m.data)
	case m.field != fieldBytes || m.code != typeTexts:
		return nil
	}
	p.texts.Reset()
	for rest := m.data; len(rest) > 0; {
		word, behind, ended := bytes.Cut(rest, nul)
		if !ended || !p.texts.Add(word) {
			break
		}
		rest = behind
	}
	return p.texts.List()
}

var nul = []byte{0}

// signed tells whether a whole number means another one if its type has a sign.
func (m *metric) signed() bool {
	return m.field == fieldInt && m.num>>31 != 0 || m.field == fieldLong && m.num>>63 != 0
}

// widen gives a whole number in a command that does not tell its type a signed one
// of 64 bits: the request means the same read alone.
func (p *parser) widen(v *firedoor.Values) {
	switch v.Type {
	case firedoor.I8, firedoor.U8, firedoor.I16, firedoor.U16, firedoor.I32, firedoor.U32, firedoor.I64:
	case firedoor.U64:
		if v.Int(0) < 0 {
			return
		}
	default:
		return
	}
	if v.Len() == 1 {
		*v = p.number64(uint64(v.Int(0)), firedoor.I64)
	}
}
