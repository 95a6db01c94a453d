package mqtt

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// maxNumber is how many bytes a number in text may have.
const maxNumber = 32

// plain gives a payload that is nothing but a number or a truth value in text its
// value: a 64-bit real, so that whole numbers have the same type as others, or a
// Bool. They are written as in JSON (RFC 8259, 3 and 6), with blanks around.
func (p *parser) plain(payload []byte) firedoor.Values {
	if len(payload) > 2*maxNumber {
		return firedoor.Values{}
	}
	b := bytes.TrimSpace(payload)
	switch string(b) {
	case "true":
		return p.truth(true)
	case "false":
		return p.truth(false)
	}
	if !numeral(b) {
		return firedoor.Values{}
	}
	v, err := strconv.ParseFloat(string(b), 64)
	if err != nil || math.IsInf(v, 0) {
		return firedoor.Values{}
	}
	return p.number64(math.Float64bits(v), firedoor.F64)
}

// words gives a payload that is short and nothing but text, and has no other value, as
// text. One that speaks of a secret, in its topic or itself, is not told.
func (p *parser) words(topic, payload []byte, v *firedoor.Values) [][]byte {
	if v.Type != firedoor.NoValue || len(payload) > firedoor.MaxText || !wire.Legible(payload) || wire.Secretive(payload) {
		return nil
	}
	return p.texts.One(topic, payload)
}

// numeral tells whether b is a number as JSON writes it.
func numeral(b []byte) bool {
	if len(b) == 0 || len(b) > maxNumber {
		return false
	}
	if b[0] == '-' {
		b = b[1:]
	}
	whole := digits(b)
	if whole == 0 || whole > 1 && b[0] == '0' {
		return false
	}
	b = b[whole:]
	if len(b) > 0 && b[0] == '.' {
		n := digits(b[1:])
		if n == 0 {
			return false
		}
		b = b[1+n:]
	}
	if len(b) > 0 && b[0]|0x20 == 'e' {
		b = b[1:]
		if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
			b = b[1:]
		}
		n := digits(b)
		if n == 0 {
			return false
		}
		b = b[n:]
	}
	return len(b) == 0
}

// digits is how many digits b begins with.
func digits(b []byte) int {
	n := 0
	for n < len(b) && b[n] >= '0' && b[n] <= '9' {
		n++
	}
	return n
}

func (p *parser) truth(v bool) firedoor.Values {
	p.value[0] = 0
	if v {
		p.value[0] = 1
	}
	return firedoor.Values{Type: firedoor.Bool, Count: 1, Raw: p.value[:1]}
}

// number64 is one value of a type whose lowest bits are in v.
func (p *parser) number64(v uint64, t firedoor.ValueType) firedoor.Values {
	binary.LittleEndian.PutUint64(p.value[:], v)
	return firedoor.Values{Type: t, Little: true, Count: 1, Raw: p.value[:t.Size()]}
}
