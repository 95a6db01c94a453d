package bacnet

// Numbers of application tags (ASHRAE 135, 20.2.1.4).
const (
	tagNull        = 0
	tagBoolean     = 1
	tagUnsigned    = 2
	tagSigned      = 3
	tagReal        = 4
	tagDouble      = 5
	tagOctets      = 6
	tagText        = 7
	tagBits        = 8
	tagEnumerated  = 9
	tagObject      = 12
	extendedNumber = 15 // the number follows in an octet of its own
)

// tagKind is what a tag is for.
type tagKind uint8

const (
	noTag tagKind = iota
	applicationTag
	contextTag
	openingTag
	closingTag
)

// Lengths that say where the length is, or that there is none (20.2.1.3).
const (
	longLength    = 5
	opensLength   = 6
	closesLength  = 7
	length16      = 254
	length32      = 255
	contextBit    = 8
	lengthBits    = 7
	numberAt      = 4 // the shift of the tag number
	objectIDBytes = 4
)

// tag is one tag with its content.
type tag struct {
	kind    tagKind
	number  uint8
	truth   bool // of an application boolean, which has no content
	content []byte
}

// tags walks tagged data. The first that does not fit what is asked for makes it
// bad, and everything read later is zero, so that a reader checks once at the end.
type tags struct {
	b   []byte
	pos int
	bad bool
}

func readTags(b []byte) tags { return tags{b: b} }

func (t *tags) more() bool { return !t.bad && t.pos < len(t.b) }

func (t *tags) fail() tag {
	t.bad = true
	return tag{}
}

// next reads the next tag; noTag at the end.
func (t *tags) next() tag {
	if t.bad || t.pos >= len(t.b) {
		return t.fail()
	}
	first := t.b[t.pos]
	t.pos++
	g := tag{kind: applicationTag, number: first >> numberAt}
	if g.number == extendedNumber {
		if t.pos >= len(t.b) {
			return t.fail()
		}
		g.number = t.b[t.pos]
		t.pos++
	}
	length := uint32(first & lengthBits)
	if first&contextBit != 0 {
		switch g.kind = contextTag; length {
		case opensLength:
			g.kind = openingTag
			return g
		case closesLength:
			g.kind = closingTag
			return g
		}
	} else if g.number == tagBoolean {
		g.truth = length == 1
		if length > 1 {
			return t.fail()
		}
		return g
	}
	if length == longLength {
		length = t.length()
	} else if length > longLength {
		return t.fail()
	}
	if t.bad || uint64(length) > uint64(len(t.b)-t.pos) {
		return t.fail()
	}
	end := t.pos + int(length)
	g.content = t.b[t.pos:end:end]
	t.pos = end
	return g
}

// length reads a length of more than four.
func (t *tags) length() uint32 {
	size := 1
	if t.pos < len(t.b) {
		switch t.b[t.pos] {
		case length16:
			t.pos, size = t.pos+1, 2
		case length32:
			t.pos, size = t.pos+1, 4
		}
	}
	if len(t.b)-t.pos < size {
		t.bad = true
		return 0
	}
	var n uint32
	for _, c := range t.b[t.pos : t.pos+size] {
		n = n<<8 | uint32(c)
	}
	t.pos += size
	return n
}

// sees tells whether the next tag is of the kind and number.
func (t *tags) sees(kind tagKind, number uint8) bool {
	ahead := *t
	g := ahead.next()
	return g.kind == kind && g.number == number
}

// take reads the content of a tag that must come next.
func (t *tags) take(kind tagKind, number uint8) []byte {
	g := t.next()
	if g.kind != kind || g.number != number {
		t.bad = true
		return nil
	}
	return g.content
}

// number reads an unsigned number in a context tag.
func (t *tags) number(n uint8) uint32 { return t.unsigned(t.take(contextTag, n)) }

// numberIf reads the number if that is what comes next.
func (t *tags) numberIf(n uint8) (v uint32, ok bool) {
	if !t.sees(contextTag, n) {
		return 0, false
	}
	return t.number(n), true
}

// object reads an object identifier in a context tag.
func (t *tags) object(n uint8) uint32 { return t.identifier(t.take(contextTag, n)) }

// objectIf reads the object identifier if that is what comes next.
func (t *tags) objectIf(n uint8) (id uint32, ok bool) {
	if !t.sees(contextTag, n) {
		return 0, false
	}
	return t.object(n), true
}

// skipIf passes over a tag, with all it encloses, if it comes next.
func (t *tags) skipIf(n uint8) {
	switch {
	case t.sees(contextTag, n):
		t.next()
	case t.sees(openingTag, n):
		t.inside(n)
	}
}

// inside returns what stands between an opening tag, which must come next, and
// the closing tag that belongs to it.
func (t *tags) inside(n uint8) []byte {
	t.take(openingTag, n)
	start, depth := t.pos, 1
	for !t.bad {
		at := t.pos
		switch g := t.next(); g.kind {
		case openingTag:
			depth++
		case closingTag:
			if depth--; depth == 0 {
				if g.number != n {
					t.bad = true
					return nil
				}
				return t.b[start:at:at]
			}
		}
	}
	return nil
}

// unsigned is the number of a content of one to four octets.
func (t *tags) unsigned(b []byte) uint32 {
	if len(b) < 1 || len(b) > 4 {
		t.bad = true
		return 0
	}
	return uint32(wide(b))
}

// identifier is the object identifier of a content.
func (t *tags) identifier(b []byte) uint32 {
	if len(b) != objectIDBytes {
		t.bad = true
		return 0
	}
	return uint32(wide(b))
}

// wide is an unsigned number of at most eight octets.
func wide(b []byte) (v uint64) {
	for _, c := range b {
		v = v<<8 | uint64(c)
	}
	return v
}
