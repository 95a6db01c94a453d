package enip

import (
	"encoding/binary"
	"strconv"

	"firedoor"
	"firedoor/internal/protocol"
)

// Logical segment types (CIP volume 1, C-1.4.2) and, behind them, a symbol.
const (
	segClass = iota
	segInstance
	segMember
	segPoint
	segAttribute
	segSpecial
	segService
	segExtended
	segSymbol
)

var segmentNames = [...]string{"class:0x", "instance:", "member:", "point:", "attribute:", "special:", "service:0x", "extended:"}

// maxSegments is how many logical and symbolic segments of a path are told
// apart; a path with more is one that could not be read to its end. A tag has one
// for each name and each index.
const maxSegments = 32

// segment is a logical or symbolic segment.
type segment struct {
	kind  uint8
	value uint32
	name  []byte // symbols, borrowed
}

// path is an EPATH taken apart (CIP volume 1, appendix C). It is scratch.
type path struct {
	n       int
	seg     [maxSegments]segment
	hasSlot bool
	slot    uint32
	safety  bool   // it has a safety segment
	bad     string // why it could not be read to its end; static
}

// Spaces of CIP objects: what the path has tells the space, At is class,
// instance, attribute and member. Other paths keep their text.
var (
	classSpace     = firedoor.Space{Name: "class", Append: appendClass}
	instanceSpace  = firedoor.Space{Name: "instance", Append: appendInstance, Place: placeInstance}
	attributeSpace = firedoor.Space{Name: "attribute", Append: appendAttribute}
	memberSpace    = firedoor.Space{Name: "member", Append: appendMember}
	pointSpace     = firedoor.Space{Name: "point", Append: appendPoint}
	pathSpace      = firedoor.Space{Name: "path", Append: appendText, Place: placePath}
	tagSpace       = firedoor.Space{Name: "tag", Append: appendText, Place: placeTag}
)

func appendClass(dst []byte, o *firedoor.Object) []byte {
	return strconv.AppendUint(append(dst, "class:0x"...), uint64(o.At[0]), 16)
}

func appendInstance(dst []byte, o *firedoor.Object) []byte {
	return strconv.AppendUint(append(appendClass(dst, o), "/instance:"...), uint64(o.At[1]), 10)
}

func appendAttribute(dst []byte, o *firedoor.Object) []byte {
	return strconv.AppendUint(append(appendInstance(dst, o), "/attribute:"...), uint64(o.At[2]), 10)
}

func appendMember(dst []byte, o *firedoor.Object) []byte {
	return strconv.AppendUint(append(appendAttribute(dst, o), "/member:"...), uint64(o.At[3]), 10)
}

func appendPoint(dst []byte, o *firedoor.Object) []byte {
	return strconv.AppendUint(append(appendClass(dst, o), "/point:"...), uint64(o.At[3]), 10)
}

func appendText(dst []byte, o *firedoor.Object) []byte { return append(dst, o.Text...) }

// read takes a padded path apart.
func (p *path) read(b []byte) {
	p.n, p.hasSlot, p.slot, p.safety, p.bad = 0, false, 0, false, ""
	r := protocol.Read(b)
	for r.Len() > 0 && !r.Failed() && p.bad == "" {
		b := r.U8()
		switch b >> 5 {
		case 0:
			p.port(&r, b)
		case 1:
			p.logical(&r, b)
		case 2:
			p.network(&r, b)
		case 3:
			p.symbol(&r, b)
		case 4:
			p.data(&r, b)
		default:
			p.bad = "data type segment in a path"
		}
	}
	if r.Failed() && p.bad == "" {
		p.bad = "path segment runs past the path"
	}
}

func (p *path) add(kind uint8, value uint32, name []byte) {
	if p.n == maxSegments {
		p.bad = "more segments in a path than the limit"
		return
	}
	p.seg[p.n] = segment{kind, value, name}
	p.n++
}

func (p *path) name(b []byte) {
	if len(b) > 0 {
		p.add(segSymbol, 0, b)
	}
}

// port reads a port segment (C-1.4.1): a hop. The last one-byte link address
// on a port other than a network's is the slot.
func (p *path) port(r *protocol.Reader, b uint8) {
	size := 1
	if b&0x10 != 0 {
		size = int(r.U8())
	}
	id := uint16(b & 0x0f)
	if id == 0x0f {
		id = r.U16LE()
	}
	link := r.Bytes(size)
	if r.Pos()&1 == 1 && r.Len() > 0 {
		r.Skip(1)
	}
	const backplane = 1
	p.hasSlot = id == backplane && len(link) == 1
	if p.hasSlot {
		p.slot = uint32(link[0])
	}
}

// logical reads a logical segment of 8, 16 or 32 bits (C-1.4.2).
func (p *path) logical(r *protocol.Reader, b uint8) {
	kind, format := b>>2&7, b&3
	if kind == segSpecial { // an electronic key: format 4 is the only one
		if r.U8() != 4 {
			p.bad = "unknown key format in a path"
		}
		r.Skip(8)
		return
	}
	var v uint32
	switch format {
	case 0:
		v = uint32(r.U8())
	case 1:
		r.Skip(1)
		v = uint32(r.U16LE())
	case 2:
		r.Skip(1)
		v = r.U32LE()
	default:
		p.bad = "reserved logical format in a path"
		return
	}
	if !r.Failed() {
		p.add(kind, v, nil)
	}
}

// network passes over a network segment (C-1.4.3): one byte of data, or words
// when bit 4 is set. The first of those is the safety segment.
func (p *path) network(r *protocol.Reader, b uint8) {
	const safety = 0x50
	p.safety = p.safety || b == safety
	n := r.U8()
	if b&0x10 != 0 {
		r.Skip(2 * int(n))
	}
}

// symbol reads a symbolic segment of up to 31 characters (C-1.4.4).
func (p *path) symbol(r *protocol.Reader, b uint8) {
	n := int(b & 0x1f)
	if n == 0 {
		p.bad = "extended symbol in a path"
		return
	}
	p.name(r.Bytes(n))
	if r.Pos()&1 == 1 {
		r.Skip(1)
	}
}

// data reads a data segment (C-1.4.5): an extended symbol, or simple data.
func (p *path) data(r *protocol.Reader, b uint8) {
	const simple, ansi = 0x80, 0x91
	n := int(r.U8())
	switch b {
	case simple:
		r.Skip(2 * n)
	case ansi:
		p.name(r.Bytes(n))
		if n&1 == 1 {
			r.Skip(1)
		}
	default:
		p.bad = "reserved data segment in a path"
	}
}

// class is the first class of the path.
func (p *path) class() (uint32, bool) {
	if p.n > 0 && p.seg[0].kind == segClass {
		return p.seg[0].value, true
	}
	return 0, false
}

// leaf is the last class of the path and its instance, 0 if there is none.
func (p *path) leaf() (at [2]uint32) {
	for i := range p.n {
		switch p.seg[i].kind {
		case segClass:
			at = [2]uint32{p.seg[i].value}
		case segInstance:
			at[1] = p.seg[i].value
		}
	}
	return at
}

// program is the instance of a Logix program that the path leads into, 0 for none.
func (p *path) program() uint32 {
	if class, ok := p.class(); ok && class == classProgram && p.n > 1 && p.seg[1].kind == segInstance {
		return p.seg[1].value
	}
	return 0
}

// isTag tells whether the path starts with a symbol.
func (p *path) isTag() bool { return p.n > 0 && p.seg[0].kind == segSymbol }

// find returns the first segment of the kind.
func (p *path) find(kind uint8) (uint32, bool) {
	for i := range p.n {
		if p.seg[i].kind == kind {
			return p.seg[i].value, true
		}
	}
	return 0, false
}

// object names what the path leads to. Text that is not in the message as one
// piece is put together behind text, which is returned.
func (p *path) object(text []byte) (firedoor.Object, []byte) {
	var o firedoor.Object
	if p.n == 0 {
		return o, text
	}
	if p.isTag() {
		o.Space = &tagSpace
		if p.n == 1 {
			o.Text = p.seg[0].name
			return o, text
		}
		start := len(text)
		text = p.appendTag(text)
		o.Text = text[start:len(text):len(text)]
		return o, text
	}
	shape := uint64(0)
	for i := range p.n {
		shape = shape<<4 | uint64(p.seg[i].kind+1)
	}
	const class, instance, member, point, attribute = segClass + 1, segInstance + 1, segMember + 1, segPoint + 1, segAttribute + 1
	at := func(i int) uint32 { return p.seg[i].value }
	switch shape {
	case class:
		o = firedoor.Object{Space: &classSpace, At: [4]uint32{at(0)}}
	case class<<4 | instance:
		o = firedoor.Object{Space: &instanceSpace, At: [4]uint32{at(0), at(1)}}
	case class<<4 | point:
		o = firedoor.Object{Space: &pointSpace, At: [4]uint32{0: at(0), 3: at(1)}}
	case class<<8 | instance<<4 | attribute:
		o = firedoor.Object{Space: &attributeSpace, At: [4]uint32{at(0), at(1), at(2)}}
	case class<<12 | instance<<8 | attribute<<4 | member:
		o = firedoor.Object{Space: &memberSpace, At: [4]uint32{at(0), at(1), at(2), at(3)}}
	default:
		start := len(text)
		text = p.appendSegments(text)
		o = firedoor.Object{Space: &pathSpace, Text: text[start:len(text):len(text)]}
	}
	return o, text
}

// appendTag writes a tag as its program does: Program:Main.Tag[3,1].Field.
func (p *path) appendTag(dst []byte) []byte {
	open := false
	for i := range p.n {
		s := &p.seg[i]
		switch {
		case s.kind == segMember && open:
			dst = append(dst, ',')
		case s.kind == segMember:
			dst = append(dst, '[')
		case open:
			dst = append(dst, ']')
		}
		open = s.kind == segMember
		switch {
		case open:
			dst = strconv.AppendUint(dst, uint64(s.value), 10)
		case s.kind == segSymbol && i > 0:
			dst = append(append(dst, '.'), s.name...)
		case s.kind == segSymbol:
			dst = append(dst, s.name...)
		default:
			dst = appendSegment(append(dst, '/'), s)
		}
	}
	if open {
		dst = append(dst, ']')
	}
	return dst
}

func (p *path) appendSegments(dst []byte) []byte {
	for i := range p.n {
		if i > 0 {
			dst = append(dst, '/')
		}
		dst = appendSegment(dst, &p.seg[i])
	}
	return dst
}

func appendSegment(dst []byte, s *segment) []byte {
	switch s.kind {
	case segSymbol:
		return append(dst, s.name...)
	case segClass, segService:
		return strconv.AppendUint(append(dst, segmentNames[s.kind]...), uint64(s.value), 16)
	}
	return strconv.AppendUint(append(dst, segmentNames[s.kind]...), uint64(s.value), 10)
}

// refusals fills dst with patches that make a device refuse the path, which
// stands at offset at of the span: a first segment of a reserved form is a path
// segment error, whatever the device; an instance beyond all that devices have
// does not exist.
func refusals(dst []firedoor.Refusal, b []byte, at int) []firedoor.Refusal {
	if len(b) < 2 {
		return dst
	}
	switch b[0] {
	case 0x20, 0x21: // class: logical format 3 is reserved (C-1.4.2)
		dst = append(dst, firedoor.Refusal{Name: "path", Offset: at, Bytes: [4]byte{0x23}, Len: 1})
	case 0x91: // extended symbol: 0x9f is a reserved subtype (C-1.4.5)
		return append(dst, firedoor.Refusal{Name: "path", Offset: at, Bytes: [4]byte{0x9f}, Len: 1})
	default:
		return dst
	}
	i := 2
	if b[0] == 0x21 {
		i = 4
	}
	if len(b) >= i+4 && b[i] == 0x25 && binary.LittleEndian.Uint16(b[i+2:]) != 0xffff {
		dst = append(dst, firedoor.Refusal{Name: "instance", Offset: at + i + 2, Bytes: [4]byte{0xff, 0xff}, Len: 2})
	}
	return dst
}
