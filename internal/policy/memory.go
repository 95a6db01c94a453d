package policy

import (
	"math/bits"
	"slices"

	"firedoor"
)

// In some protocols a text names a place in memory, and the same place has more than one name:
// "DB1.DBW10" and "DB1.DBX10.0" of S7, "CIO:12" and "CIO:12.03" of FINS. What rules say of such
// objects holds for the bits that they stand for, by whatever name a request comes. A layout
// describes a protocol so; of other objects, and in other protocols, texts are compared.

// layout is how a protocol names places in memory.
type layout struct {
	protocol string
	// begins takes a text for the beginning of others, and appends where they lie: as far
	// as it ends in the name of an area or behind it.
	begins func(to []stretch, text []byte) []stretch
	// write names a place of some bits in its area; those of the smallest elements, and of any
	// that read gave a place for.
	write func(to []byte, at *place, name string) []byte
	// shares are areas that may be the same memory, each both ways.
	shares []share
	// tree: objects are called by names, and what is called "a.b" or "a[2].b" is a part of a.
	tree bool
}

// place is where an object lies in memory.
type place struct {
	area  uint8  // number in the layout
	block uint32 // of those that have some
	from  uint64 // the first bit
	unit  uint64 // bits of an element
	cut   int    // of a tree: where the name ends in its text; block is a number made of that
	loose looseness
}

// looseness is how little a text says of where its object lies: what the program decides may be anywhere in its area, or
// in any. A stop is reached by it, and nothing passes by it but what lets all of the area pass.
type looseness uint8

const (
	fixed looseness = iota
	somewhere
	anywhere
)

// share says that what lies at a place of an area may be reached in another one too: there a
// stop holds as well. A device may have them apart, so nothing passes by that.
type share struct {
	rule, asked uint8
	block       int64  // the one block of area one that it holds for; -1 is each
	period      uint64 // bits after which it begins anew; 0 is never
}

// region is memory that a rule names in one area, as requests for another one reach it, which
// mostly is the same.
type region struct {
	layout, rule, asked uint8
	block               uint32
}

// stretch is a row of bits in a region, that of an object of a rule.
type stretch struct {
	region
	from, to uint64
	unit     uint64 // bits of an element; 0 is any
	open     bool   // the elements may begin anywhere
	name     string // of a tree
}

// lying is where all that is asked for lies; layout 0 is nowhere that is known.
type lying struct {
	place
	layout uint8
	to     uint64 // the last bit
}

// maxBit is behind all memory, with room for a quantity on top.
const maxBit = 1 << 48

// layouts are those there are; what is nowhere is number 0.
var layouts = [...]*layout{nil, &s7, &melsec, &fins, &gesrtp, &logix}

// layoutOf is the number of a protocol's layout, 0 where it has none.
func layoutOf(protocol string) uint8 {
	for i := 1; i < len(layouts); i++ {
		if layouts[i].protocol == protocol {
			return uint8(i)
		}
	}
	return 0
}

// readIn is layout.read, where the compiler sees that it keeps nothing: what is judged costs no memory.
func readIn(number uint8, text []byte) (at place, ok bool) {
	switch layouts[number] {
	case &s7:
		return readS7(text)
	case &melsec:
		return readMelsec(text)
	case &fins:
		return readFins(text)
	case &gesrtp:
		return readSRTP(text)
	default:
		return readTag(text)
	}
}

// locate finds where what is asked for in a protocol with a layout lies.
func locate(number uint8, text []byte, quantity uint64) (l lying) {
	if number == 0 || len(text) == 0 {
		return l
	}
	at, ok := readIn(number, text)
	if !ok || at.from >= maxBit {
		return l
	}
	if at.loose != fixed {
		at.from = 0
		return lying{at, number, maxBit / 64}
	}
	return lying{at, number, at.from + max(quantity, 1)*at.unit - 1}
}

// stretches are where an object of a rule lies in the memory of a protocol with a layout, in the
// areas that share it too.
func (o *Object) stretches(to []stretch, number uint8) []stretch {
	l, own := layouts[number], len(to)
	switch {
	case o.Open:
		to = l.begins(to, []byte(o.Text))
	case o.Row && l.tree && !o.array():
	case o.Row:
		text := numbered(o.Text, o.From)
		first, ok := readIn(number, []byte(text))
		last, also := readIn(number, []byte(numbered(o.Text, o.To)))
		if ok && also && first.loose == fixed && first.unit == last.unit && last.from >= first.from {
			if to = append(to, first.stretch(text, last.from+last.unit-1)); l.tree {
				to = appendAbove(to, text[:first.cut])
			}
		}
	default:
		if at, ok := readIn(number, []byte(o.Text)); ok && l.tree {
			to = appendTree(to, &at, o.Text)
		} else if ok && at.loose == fixed {
			to = append(to, at.stretch(o.Text, at.from+at.unit-1))
		}
	}
	for i := own; i < len(to); i++ {
		to[i].layout = number
	}
	for _, s := range to[own:] {
		for i := range l.shares {
			if c := &l.shares[i]; c.rule == s.rule && c.concerns(s.block, true) {
				one := s
				one.asked, one.block = c.asked, c.blockOf(s.block)
				one.from, one.to = c.within(s.from, s.to)
				to = append(to, one)
			}
		}
	}
	return to
}

// counts tells whether requests of all of some protocols are counted to where an object lies: of none,
// those that have such objects.
func (o *Object) counts(protocols []string) bool {
	if len(protocols) == 0 {
		for i := 1; i < len(layouts); i++ {
			if len(o.stretches(nil, uint8(i))) > 0 {
				return true
			}
		}
		return false
	}
	return !slices.ContainsFunc(protocols, func(p string) bool {
		number := layoutOf(p)
		return number == 0 || len(o.stretches(nil, number)) == 0
	})
}

// stretch is what lies from a place on up to a bit, in its own area.
func (at *place) stretch(text string, to uint64) stretch {
	return stretch{region: region{rule: at.area, asked: at.area, block: at.block}, from: at.from, to: to, unit: at.unit, name: text[:at.cut]}
}

// concerns tells whether a share is about a block of an area: that of the rule, or of the request.
func (c *share) concerns(block uint32, ruled bool) bool {
	one := c.block >= 0 && (ruled == (c.rule < c.asked)) // the block is that of the area with the lower number
	return !one || block == uint32(c.block)
}

// blockOf is a block as both areas of a share have it: that of a client's own memory is odd.
func (c *share) blockOf(block uint32) uint32 {
	if c.block >= 0 {
		return 0
	}
	return block & 1
}

// within gives a row of bits as the two areas have it in common: where one of them begins anew
// within it, that is all of it.
func (c *share) within(from, to uint64) (uint64, uint64) {
	switch p := c.period; {
	case p == 0:
		return from, to
	case to-from >= p || from%p > to%p:
		return 0, p - 1
	default:
		return from % p, to % p
	}
}

// asked calls f with each region in which something that concerns a request may stand, and with
// where the request lies there.
func (l *lying) asked(text []byte, f func(r region, from, to uint64)) {
	f(region{l.layout, l.area, l.area, l.block}, l.from, l.to)
	if layouts[l.layout].tree {
		l.above(text, f)
		return
	}
	all := layouts[l.layout].shares
	for i := range all {
		if c := &all[i]; c.asked == l.area && c.concerns(l.block, false) {
			from, to := c.within(l.from, l.to)
			f(region{l.layout, c.rule, l.area, c.blockOf(l.block)}, from, to)
		}
	}
}

// reached tells whether a request touches a stretch.
func (s *stretch) reached(l *lying, text []byte) (yes bool) {
	if s.layout == l.layout && l.loose == anywhere {
		return true
	}
	if s.layout != l.layout || s.asked != l.area {
		return false
	}
	if layouts[s.layout].tree {
		return s.touched(l, text)
	}
	if s.rule == s.asked {
		return s.block == l.block && s.from <= l.to && s.to >= l.from
	}
	l.asked(text, func(r region, from, to uint64) { yes = yes || r == s.region && s.from <= to && s.to >= from })
	return yes
}

// holds tells whether all that is asked for lies in a stretch.
func (s *stretch) holds(l *lying, text []byte) bool {
	return l.loose != anywhere && s.layout == l.layout && s.rule == s.asked && s.asked == l.area && s.block == l.block && s.from <= l.from && s.to >= l.to && foldEqual(s.name, text[:l.cut])
}

// covers tells whether the object of a request is one that e means. What passes must lie in it with
// all its elements; what is stopped is so for any of them.
func (e *entry) covers(text []byte, quantity uint64, l *lying) bool {
	if e.action == firedoor.Pass {
		return e.passes(text, quantity, l)
	}
	if l.layout == 0 || !e.placedIn(l.layout) {
		return e.object.covers(text, quantity, false)
	}
	for i := range e.memory {
		if e.memory[i].reached(l, text) {
			return true
		}
	}
	return false
}

// passes tells whether all that is asked for lies in the object of e.
func (e *entry) passes(text []byte, quantity uint64, l *lying) bool {
	if l.layout == 0 || !e.placedIn(l.layout) {
		return e.object.covers(text, quantity, true)
	}
	for i := range e.memory {
		if e.memory[i].holds(l, text) {
			return true
		}
	}
	return false
}

// placedIn tells whether the object of e is memory of a layout.
func (e *entry) placedIn(layout uint8) bool {
	for i := range e.memory {
		if e.memory[i].layout == layout {
			return true
		}
	}
	return false
}

// alike tells whether what is asked for, which e covers, has the elements of its object: what is
// written in larger or smaller ones, begins within one, or is a member of one, are not the values that e looks at. Behind
// gives the number of the first element.
func (e *entry) alike(l *lying, text []byte) (behind uint64, yes bool) {
	for i := range e.memory {
		if s := &e.memory[i]; s.layout == l.layout && s.rule == s.asked && s.reached(l, text) && (s.name == "" || foldEqual(s.name, text[:l.cut])) {
			if s.open && (s.unit == 0 || s.unit == l.unit) {
				return 0, true
			}
			if s.open || s.unit != l.unit || (l.from-s.from)%s.unit != 0 {
				continue
			}
			return (l.from - s.from) >> bits.TrailingZeros64(s.unit), true
		}
	}
	return 0, false
}

// outside is without by the memory of a layout: what is left is named in the largest elements that it can be.
func (o Object) outside(b Object, number uint8) (rest []Object, hit bool) {
	if number == 0 || layouts[number].tree || o.Open || b.Open {
		return []Object{o}, false
	}
	mine, its := o.stretches(nil, number), b.stretches(nil, number)
	if len(mine) == 0 || len(its) == 0 || mine[0].region != its[0].region || mine[0].from > its[0].to || its[0].from > mine[0].to {
		return []Object{o}, false
	}
	s := mine[0]
	if b := its[0].from; s.from < b {
		rest = append(rest, s.row(s.from, b-1))
	}
	if b := its[0].to; s.to > b {
		rest = append(rest, s.row(b+1, s.to))
	}
	return rest, true
}

// row names a part of a stretch.
func (s *stretch) row(from, to uint64) Object {
	at := place{area: s.rule, block: s.block, from: from}
	for _, at.unit = range []uint64{s.unit, 8, 1} {
		text := layouts[s.layout].write(nil, &at, s.name)
		l := locate(s.layout, text, 1)
		if from%at.unit != 0 || (to+1-from)%at.unit != 0 || l.from != from || l.unit != at.unit {
			continue
		}
		if l.hexed() {
			return Object{Text: melsecAreas[s.rule].name + hexMark, Row: true, From: from, To: to}
		}
		cut := rowPrefix(text)
		first, _ := decimal(trimmed(text[:cut], text[cut:])) // it was read
		more := (to+1-from)/at.unit - 1
		if layouts[s.layout] == &s7 && at.unit > 1 {
			more *= at.unit / 8
		}
		return Object{Text: string(text[:cut]), Row: true, From: first, To: first + more}
	}
	return Object{}
}
