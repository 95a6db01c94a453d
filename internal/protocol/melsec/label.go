package melsec

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// labels are variables by the names that their program gives them (iQ-R and iQ-F).
// labelElements are those of arrays, for points only.
var (
	labels        = &firedoor.Space{Name: "label", Append: appendLabel, Place: placeLabel}
	labelElements = &firedoor.Space{Name: "label-element", Axis: 1, Append: appendElement}
)

func appendLabel(dst []byte, o *firedoor.Object) []byte {
	if o.At[atTheirs] != 0 {
		dst = append(dst, "client/"...)
	}
	return append(append(dst, "label:"...), o.Text...)
}

// appendElement counts on from the element that an array's label names.
func appendElement(dst []byte, o *firedoor.Object) []byte {
	label := firedoor.Object{Text: o.Text}
	label.At[atTheirs] = o.At[1]
	from, name := uint64(0), o.Text
	if open := bytes.LastIndexByte(name, '['); open > 0 && name[len(name)-1] == ']' {
		if n, err := strconv.ParseUint(string(name[open+1:len(name)-1]), 10, 32); err == nil {
			from, label.Text = n, name[:open]
		}
	}
	if from+uint64(o.At[0]) == 0 && len(label.Text) == len(name) {
		return appendLabel(dst, &label)
	}
	return append(strconv.AppendUint(append(appendLabel(dst, &label), '['), from+uint64(o.At[0]), 10), ']')
}

// placeLabel is where the values of a label stand. Octets of a type that nobody told have
// no place.
func placeLabel(o *firedoor.Object, v *firedoor.Values) firedoor.Object {
	if v.Each != 0 {
		return firedoor.Object{}
	}
	return firedoor.Object{Space: labelElements, At: [4]uint32{0, o.At[atTheirs]}, Text: o.Text}
}

// labelTypes are the types that an answer names (SLMP reference manual, 5.2, labels); others
// are told as octets.
var labelTypes = [...]firedoor.ValueType{1: firedoor.Bit, 2: firedoor.U16, 3: firedoor.U32, 4: firedoor.I16, 5: firedoor.I32,
	6: firedoor.F32, 7: firedoor.F64, 8: firedoor.I32}

// askLabels reads how many labels and abbreviations there are, the abbreviations, and of
// each label its name; of arrays then unit and length, of what is written the length of
// single ones, and the data. Units are 0 (sixteen bits) and 1 (octets).
func (p *parser) askLabels(c *command, q *request, r *fields) {
	if r.ascii {
		return // how names stand there nobody showed
	}
	n, abbreviations := int(r.u16()), int(r.u16())
	short := r.b
	for ; abbreviations > 0 && !r.failed; abbreviations-- {
		r.take(2 * int(r.u16()))
	}
	short = short[:len(short)-len(r.b)]
	for i := 0; i < n && !r.failed; i++ {
		name := p.labelName(short, r.take(2*int(r.u16())))
		it := item{space: labels, device: true, verb: c.verb}
		size := 0
		switch c.form {
		case formArray, formArrayWrite:
			p.op.HasQty = true
			size = labelSize(r)
			it.count = uint32(size)
		case formLabelsWrite:
			size = int(r.u16())
		}
		p.op.Values = firedoor.Values{}
		if c.form == formArrayWrite || c.form == formLabelsWrite {
			p.op.Values = untold(name, r.bytes(size, &p.numbers))
		}
		if r.failed {
			return
		}
		p.number(i, n)
		p.op.Object.Text = name
		p.ask(q, it)
	}
	p.rest(r)
}

// labelName is a name in UTF-8. One that begins with %2 begins with the second of the
// abbreviations.
func (p *parser) labelName(short, name []byte) []byte {
	dst := p.text[:0]
	rest, k := name, 0
	if len(rest) >= 2 && little(rest) == '%' {
		for rest = rest[2:]; len(rest) >= 2 && little(rest) >= '0' && little(rest) <= '9' && k < maxItems; rest = rest[2:] {
			k = 10*k + int(little(rest)-'0')
		}
	}
	r := fields{b: short}
	for i := 1; i <= k && !r.failed; i++ {
		if b := r.take(2 * int(r.u16())); i == k && !r.failed {
			dst, name = appendWide(dst, b), rest
		}
	}
	return appendWide(dst, name)
}

// appendWide appends UTF-16 as UTF-8, as far as there is room.
func appendWide(dst, b []byte) []byte {
	for ; len(b) >= 2 && len(dst)+utf8.UTFMax <= cap(dst); b = b[2:] {
		c := rune(little(b))
		if len(b) >= 4 && utf16.IsSurrogate(c) {
			c = utf16.DecodeRune(c, rune(little(b[2:])))
			b = b[2:]
		}
		dst = utf8.AppendRune(dst, c)
	}
	return dst
}

// labelSize reads a unit, a zero and a length, and gives the octets that they stand for.
func labelSize(r *fields) int {
	unit := r.u8()
	r.u8()
	n := int(r.u16())
	if unit == 0 {
		n *= 2
	}
	return n
}

// untold marks octets that are part of values of a type that is not known. Those of a label
// whose name says that it is a secret are not told.
func untold(name []byte, v firedoor.Values) firedoor.Values {
	if wire.Secretive(name) {
		return firedoor.Values{}
	}
	v.Each = firedoor.Unmeasured
	return v
}

// answerLabels reads how many labels there are and of each the type, the unit, the length,
// and the data. Single ones have a zero for the unit and count octets all the same.
func (p *parser) answerLabels(c *command, q *request, r *fields) {
	r.u16()
	for i := range q.items {
		kind, unit, size := r.u8(), r.u8(), int(r.u16())
		if c.form == formArray && unit == 0 {
			size *= 2
		}
		p.op.Values = labelled(kind, q.text[q.items[i].from:q.items[i].to], r.bytes(size, &p.numbers))
		p.reply(q, i)
	}
	if r.failed || len(r.b) > 0 && len(q.items) < maxItems {
		p.complain(reasonAnswer)
	}
}

// labelled gives octets the type that an answer names.
func labelled(kind uint32, name []byte, v firedoor.Values) firedoor.Values {
	t := firedoor.NoValue
	if kind < uint32(len(labelTypes)) {
		t = labelTypes[kind]
	}
	switch size := t.Size(); {
	case len(v.Raw) == 0:
		return v
	case t == firedoor.Bit:
		v.Type, v.Count = t, 8*len(v.Raw)
		if len(v.Raw) <= 2 { // a single one fills a word or an octet
			v.Type, v.Count, v.Raw = firedoor.Bool, 1, v.Raw[:1]
		}
	case size == 0 || len(v.Raw)%size != 0:
		return untold(name, v)
	default:
		v.Type, v.Little, v.Count = t, true, len(v.Raw)/size
	}
	return v
}
