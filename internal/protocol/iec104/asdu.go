package iec104

import (
	"math/bits"

	"firedoor"
)

// sizes are the octets of the fields that systems choose (IEC 60870-5-101, 7.1).
type sizes struct{ cause, common, address uint8 }

// standard is what -104 fixes.
var standard = sizes{2, 2, 3}

// asdu is the application data of a frame.
type asdu struct {
	kind     *kind
	code     byte
	cause    byte
	negative bool
	sequence bool   // one address, and the objects follow it
	stated   int    // objects as the header counts them
	count    int    // objects that are there
	common   uint32 // common address
	head     int    // octets before the first address, in the frame
	body     []byte // from the first address on
	sizes    sizes
}

// overhead is what stands before the objects: type, number, cause, common address.
func (s sizes) overhead() int { return 2 + int(s.cause) + int(s.common) }

// fits tells whether the length of an ASDU is exactly what its type and its
// number of objects ask for, and its header holds nothing that cannot be.
func (s sizes) fits(b []byte) bool {
	if len(b) < s.overhead() || s.cause == 0 {
		return false
	}
	k := &kinds[b[0]]
	if !k.fixed || !causeKnown(b[2]&causeBits) {
		return false
	}
	n := int(b[1] & maxObjects)
	objects := n * (int(s.address) + int(k.size))
	if b[1]&sequenceBit != 0 {
		objects = int(s.address) + n*int(k.size)
	}
	if n == 0 || len(b) != s.overhead()+objects {
		return false
	}
	if s == standard {
		return true
	}
	if s.cause == 2 && b[3] != 0 { // hardly anybody numbers stations of origin
		return false
	}
	return little(b[2+s.cause:], s.common) != 0
}

// little reads n octets, the lowest first.
func little(b []byte, n uint8) uint32 {
	var v uint32
	for i := range n {
		v |= uint32(b[i]) << (8 * i)
	}
	return v
}

// Sizes that are not the standard's, and how many frames must fit one choice and
// no other before it is believed.
var choices = [...]sizes{{1, 1, 1}, {1, 1, 2}, {1, 1, 3}, {1, 2, 1}, {1, 2, 2}, {1, 2, 3}, {2, 1, 1}, {2, 1, 2}, {2, 1, 3}, {2, 2, 1}, {2, 2, 2}}

const sureFrames = 3

// guess finds out the sizes of a flow. The first frame that fits the standard
// settles it.
type guess struct {
	now     sizes
	settled bool
	told    bool // that the sizes are not the standard's: once is enough
	frames  uint8
	maybe   uint16 // choices that all frames fit
}

func (g *guess) begin() { *g = guess{now: standard, maybe: 1<<len(choices) - 1} }

// look weighs an ASDU and tells whether it can be read with the sizes of now.
func (g *guess) look(b []byte) bool {
	if g.settled || len(b) == 0 || !kinds[b[0]].fixed {
		return true
	}
	if standard.fits(b) {
		g.settled = true
		return true
	}
	var fit uint16
	for i, s := range choices {
		if s.fits(b) {
			fit |= 1 << i
		}
	}
	if fit == 0 { // broken in any way: read as the standard
		return true
	}
	if g.maybe &= fit; g.maybe == 0 {
		g.frames, g.maybe = 0, fit
	}
	if g.frames++; g.frames < sureFrames || bits.OnesCount16(g.maybe) > 1 {
		g.frames = min(g.frames, sureFrames)
		return false
	}
	g.now, g.settled = choices[bits.TrailingZeros16(g.maybe)], true
	return true
}

// Reasons of malformed data.
const (
	reasonSizes   = "fields have other sizes than the standard's"
	reasonLength  = "length does not fit the type and the number of objects"
	reasonNone    = "no information object"
	reasonCause   = "cause of transmission not defined"
	reasonRequest = "cause of transmission of no request"
	reasonAddress = "common address 0"
)

// header reads what stands before the objects; false if nothing can be read.
func (p *parser) header(b []byte) bool {
	if !p.sizes.look(b) {
		if !p.sizes.told {
			p.complain(reasonSizes)
		}
		p.sizes.told = true
		return false
	}
	s := p.sizes.now
	if len(b) < s.overhead() {
		p.complain(reasonShort)
		return false
	}
	a := &p.asdu
	*a = asdu{kind: &kinds[b[0]], code: b[0], cause: b[2] & causeBits, negative: b[2]&negativeBit != 0, sequence: b[1]&sequenceBit != 0,
		stated: int(b[1] & maxObjects), common: little(b[2+s.cause:], s.common), head: asduAt + s.overhead(), body: b[s.overhead():], sizes: s}
	switch {
	case a.kind.group == groupOther || a.kind.group == groupPrivate || a.kind.group == groupSecurity:
		return true // nothing is known of what follows
	case a.stated == 0:
		p.complain(reasonNone)
	case !causeKnown(a.cause):
		p.complain(reasonCause)
	case a.common == 0:
		p.complain(reasonAddress)
	}
	if !a.kind.fixed {
		return true
	}
	n, exact := a.whole()
	a.count = n
	if !exact && a.stated > 0 {
		p.complain(reasonLength)
	}
	return true
}

// whole counts the objects that are all there and tells whether they fill the
// body exactly.
func (a *asdu) whole() (n int, exact bool) {
	address, size := int(a.sizes.address), int(a.kind.size)
	switch {
	case !a.sequence:
		n = len(a.body) / (address + size)
		return min(n, a.stated), len(a.body) == a.stated*(address+size)
	case len(a.body) < address:
		return 0, false
	case size == 0: // a read has no element to repeat
		return min(a.stated, 1), len(a.body) == address && a.stated == 1
	}
	n = (len(a.body) - address) / size
	return min(n, a.stated), len(a.body) == address+a.stated*size
}

// object returns the address and the element of object i < count, and where its
// address stands in the frame; -1 if that is another's.
func (a *asdu) object(i int) (address uint32, data []byte, at int) {
	width, size := int(a.sizes.address), int(a.kind.size)
	if a.sequence {
		address = (little(a.body, a.sizes.address) + uint32(i)) & maxAddress
		return address, a.body[width+i*size:][:size], -1
	}
	from := i * (width + size)
	return little(a.body[from:], a.sizes.address), a.body[from+width:][:size], a.head + from
}

// key joins a request and its answer: type, common address, object address.
// Selecting and deactivating have keys of their own.
func (a *asdu) key(address uint32, variant int) uint64 {
	return uint64(variant)<<56 | uint64(a.code)<<48 | uint64(a.common)<<24 | uint64(address)
}

// begin fills the operation with what the header says.
func (p *parser) begin(function string, verb firedoor.Verb) {
	a := &p.asdu
	p.op = firedoor.Operation{Verb: verb, Function: function, Code: uint32(a.code), HasUnit: true, Unit: a.common}
}

// tell emits one value that nobody asked for, and before it its quality when
// that is not good.
func (p *parser) tell(address uint32, data []byte) {
	a := &p.asdu
	v, quality := p.value(a.kind.element, data)
	p.sample = firedoor.Sample{Function: a.kind.name, Code: uint32(a.code), HasUnit: true, Unit: a.common}
	if quality != 0 {
		good := p.octet[0]
		p.octet[0] = quality
		p.sample.Object = firedoor.Object{Space: &qualities, At: [4]uint32{address}}
		p.sample.Values = firedoor.Values{Type: firedoor.U8, Count: 1, Raw: p.octet[:]}
		p.emit(&p.told)
		p.octet[0] = good
	}
	p.sample.Object = firedoor.Object{Space: &objects, At: [4]uint32{address}}
	p.sample.Values = v
	p.emit(&p.told)
}
