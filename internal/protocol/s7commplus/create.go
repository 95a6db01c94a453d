package s7commplus

import (
	"bytes"

	"firedoor"
)

// Elements of objects.
const (
	elemObject    = 0xa1
	elemEnd       = 0xa2
	elemAttribute = 0xa3
	elemRelation  = 0xa4
	elemTag       = 0xa7
	elemTagEnd    = 0xa8
	elemTypes     = 0xab
	elemNames     = 0xac
)

// thing is an object of a message as it is read.
type thing struct {
	object uint32 // its number, objNew where the controller shall give it one
	class  uint32
	outer  uint32 // the class of the object around it
}

// seer is given what an object holds.
type seer interface {
	begins(p *parser, t *thing)
	has(p *parser, t *thing, attribute uint32, v *value, raw walk)
	ends(p *parser, t *thing)
}

// objects reads objects that stand beside each other.
func (p *parser) objects(w *walk, s seer) {
	for !w.broken() && w.Len() > 0 && next(w) == elemObject {
		p.thing(w, 0, s)
	}
}

// next is the byte that comes next, 0 at the end.
func next(w *walk) byte {
	look := *w
	return look.U8()
}

// thing reads an object, its attributes, and those inside it.
func (p *parser) thing(w *walk, outer uint32, s seer) {
	if w.depth++; w.depth > maxDepth {
		w.bad = true
		return
	}
	w.Skip(1)
	t := thing{object: w.U32(), class: w.u32(), outer: outer}
	w.u32()           // flags of the class
	if w.u32() != 0 { // an attribute
		w.u32() // its flags
	}
	if w.broken() {
		return
	}
	s.begins(p, &t)
	for !w.broken() {
		switch next(w) {
		case elemObject:
			p.thing(w, t.class, s)
		case elemAttribute:
			p.has(w, &t, s)
		case elemRelation:
			w.Skip(1)
			w.u32()
			w.Skip(4)
		case elemTag:
			w.tag()
		case elemTypes, elemNames:
			w.lists(next(w) == elemTypes)
		case elemTagEnd:
			w.Skip(1)
		case elemEnd:
			w.Skip(1)
			s.ends(p, &t)
			w.depth--
			return
		default:
			w.bad = true
		}
	}
}

func (p *parser) has(w *walk, t *thing, s seer) {
	w.Skip(1)
	attribute := w.u32()
	raw := *w
	if w.value(&p.val, p.room[:], nil); !w.broken() {
		s.has(p, t, attribute, &p.val, raw)
	}
}

// How a description of a variable says where it lies: the low bits tell what follows
// the two offsets, the others whether two numbers stand before them.
const (
	tagBit     = 1
	tagArray   = 2
	tagArrays  = 3
	tagPlaced  = 0x0c
	tagBlock   = 0x08 // alone: a block within a block, with two numbers more
	tagBits    = 0x03
	tagBounds  = 2 // numbers of a dimension: its first index, and how many
	tagOffsets = 2
)

// tag passes over a description of one variable, as old controllers write them.
func (w *walk) tag() {
	w.Skip(1)
	kind := w.U8()
	w.Skip(int(w.u32())) // its name
	w.Skip(2)            // and type
	w.u32()
	w.Skip(4) // flags
	w.u32()   // its number in the way to it
	w.u32()
	numbers := tagOffsets
	if kind&tagPlaced != 0 {
		numbers += 2
	}
	switch kind & tagBits {
	case tagBit:
		numbers += 2
	case tagArray:
		numbers += tagBounds + tagOffsets
	case tagArrays:
		numbers += tagOffsets
	}
	for range numbers {
		w.u32()
	}
	if kind&tagBits == tagArrays {
		for n := w.u32(); n > 0 && !w.broken(); n-- {
			w.u32()
			w.u32()
		}
	}
	if kind == tagBlock {
		w.u32()
		w.u32()
	}
}

// lists passes over descriptions of variables, in blocks with a length; the first
// block of types has a number before it that the length does not count.
func (w *walk) lists(types bool) {
	w.Skip(1)
	for first := true; !w.broken(); first = false {
		n := int(w.U16())
		if first && types {
			w.Skip(4)
			n -= 4
			if n < 0 {
				n = 0
			}
		}
		if n == 0 && (!first || !types) {
			return
		}
		w.Skip(n)
	}
}

// maker reads the object of a CreateObject.
type maker struct {
	thing        // the outermost
	found bool   // it began
	count uint32 // references of a subscription
	tag   uint32
}

func (m *maker) begins(p *parser, t *thing) {
	if !m.found {
		m.found, m.thing = true, *t
	}
}

func (m *maker) has(p *parser, t *thing, attribute uint32, v *value, raw walk) {
	switch {
	case t.class == classSession:
		p.clientSays(attribute, v)
	case t.class == classSubscribed && attribute == attrReferences:
		m.tag = p.refs.tag()
		m.count += p.references(raw, m.tag)
	}
}

func (m *maker) ends(*parser, *thing) {}

// askCreate reads a request to create objects: where, a value, four zeros, and in
// some versions a packed number; then the objects.
func (p *parser) askCreate(w *walk) {
	w.U32()
	w.value(&p.val, p.room[:], nil)
	w.Skip(4)
	p.number(w)
	body := *w
	p.making = maker{}
	p.objects(w, &p.making)
	m := &p.making
	it := &p.object
	*it = item{}
	switch {
	case !m.found:
		w.bad = true
	case isBlock(m.object):
		it.attribute(0, m.object, noAttribute)
	default:
		it.space, it.at, it.count = spaceClass, [4]uint32{m.class}, m.count
	}
	r := p.ask(createCall(m.class), it)
	if blockName(m.class) != "" {
		part := p.loaded(&body, m)
		if r != nil {
			r.part = part
		}
	}
	if r != nil {
		r.tag = m.tag
	}
}

// number passes over a number of integrity that may stand before an object. It can
// begin as an object does: then an object stands behind it.
func (p *parser) number(w *walk) {
	behind := *w
	behind.u32()
	if next(w) != elemObject || p.version != version1 && next(&behind) == elemObject {
		w.u32()
	}
}

// createdObject reads what a CreateObject gave: the numbers of the objects, and of
// a session the server's own words.
func (p *parser) createdObject(w *walk, r *request) {
	for i := range int(w.U8()) {
		object := w.u32()
		if w.broken() {
			return
		}
		if i == 0 && r != nil && r.tag != 0 {
			p.refs.rename(r.tag, object)
			r.tag = 0
		}
	}
	if p.version == version1 { // later ones have none
		p.objects(w, serverWords{})
	}
	p.done(r)
}

// serverWords reads what a server says of itself when a session begins.
type serverWords struct{}

func (serverWords) begins(*parser, *thing) {}
func (serverWords) ends(*parser, *thing)   {}

func (serverWords) has(p *parser, t *thing, attribute uint32, v *value, raw walk) {
	if t.class != classSession {
		return
	}
	switch attribute {
	case attrComment: // the software that speaks the protocol
		p.fact(firedoor.AboutServer, firedoor.FactSoftware, v)
	case attrVersion:
		raw.value(&p.val, p.room[:], p.versionSays)
	}
}

// versionSays reads a member of the version of a session: "1;6ES7 ... ;V4.2" is
// order number and firmware of the controller.
func (p *parser) versionSays(id uint32, v *value) {
	if id != attrVersionString || v.kind != typeWString {
		return
	}
	_, rest, ok := bytes.Cut(v.content, []byte{';'})
	order, firmware, both := bytes.Cut(rest, []byte{';'})
	if !ok || !both {
		return
	}
	p.voice.Fact(p.emit, firedoor.Identity{About: firedoor.AboutServer, Kind: firedoor.FactOrder, Confidence: 90, Source: sourceSession, Value: order})
	p.voice.Fact(p.emit, firedoor.Identity{About: firedoor.AboutServer, Kind: firedoor.FactFirmware, Confidence: 90, Source: sourceSession, Value: firmware})
}

const sourceSession = "s7comm-plus session"

// clientSays tells what a client says of itself when it asks for a session.
func (p *parser) clientSays(attribute uint32, v *value) {
	switch attribute {
	case attrApplication:
		p.fact(firedoor.AboutClient, firedoor.FactSoftware, v)
	case attrHost:
		p.fact(firedoor.AboutClient, firedoor.FactComment, v)
	}
}

func (p *parser) fact(about firedoor.Subject, kind firedoor.FactKind, v *value) {
	if v.kind == typeWString {
		p.voice.Fact(p.emit, firedoor.Identity{About: about, Kind: kind, Confidence: 90, Source: sourceSession, Value: v.content})
	}
}

// askDelete reads a request to delete an object.
func (p *parser) askDelete(w *walk) {
	object := w.U32()
	it := &p.object
	*it = item{}
	it.attribute(p.own, object, noAttribute)
	c := functionCall(p.fn)
	switch it.space {
	case spaceSession:
		c = call{firedoor.VerbSession, "delete session"}
	case spaceGiven:
		c.verb = firedoor.VerbSession
	case spaceBlock:
		c.verb = firedoor.VerbProgram
	}
	p.ask(c, it)
	p.refs.drop(object)
}
