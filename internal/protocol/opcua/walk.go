package opcua

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
)

// maxDepth is how deep values may lie in values. The specification asks for at
// least 100 (OPC 10000-6, 5.1.1); nothing in service of a factory needs 16.
const maxDepth = 16

// nullLength is the length of a text or list that is not there.
const nullLength = 0xffff_ffff

// walk reads the binary encoding (OPC 10000-6, 5.2).
type walk struct {
	protocol.Reader
	depth int
}

func (r *walk) fail() { r.Skip(-1) }

// text reads a String, ByteString or XmlElement; nil when there is none.
func (r *walk) text() []byte {
	n := r.U32LE()
	if n == nullLength {
		return nil
	}
	if n > protocol.MaxMessage {
		r.fail()
		return nil
	}
	return r.Bytes(int(n))
}

// list reads the length of a list whose elements have at least so many bytes. One
// longer than what is left is given as it stands: what can be read of it is read.
func (r *walk) list() int {
	n := int32(r.U32LE())
	return int(max(n, 0))
}

func (r *walk) texts() {
	for n := r.list(); n > 0 && !r.Failed(); n-- {
		r.text()
	}
}

func (r *walk) statuses() {
	n := r.list()
	if n > r.Len()/4 {
		r.fail()
		return
	}
	r.Skip(4 * n)
}

// localized reads a LocalizedText and returns its text.
func (r *walk) localized() (text []byte) {
	mask := r.U8()
	if mask&1 != 0 {
		r.text()
	}
	if mask&2 != 0 {
		text = r.text()
	}
	return text
}

// qualified reads a QualifiedName.
func (r *walk) qualified() (namespace uint16, name []byte) {
	namespace = r.U16LE()
	return namespace, r.text()
}

// Kinds of identifier in a NodeId.
const (
	idNumber = iota
	idText
	idGUID
	idOpaque
)

// node is a NodeId as it stands on the wire.
type node struct {
	namespace uint16
	kind      uint8
	number    uint32
	text      []byte // of the kinds that are no number
}

func (n *node) is(number uint32) bool {
	return n.kind == idNumber && n.namespace == 0 && n.number == number
}

func (n *node) null() bool { return n.is(0) }

// nodeID reads a NodeId (5.2.2.9).
func (r *walk) nodeID() (n node) {
	r.nodeBody(r.U8(), &n)
	return n
}

// expanded reads an ExpandedNodeId (5.2.2.10).
func (r *walk) expanded() (n node) {
	mask := r.U8()
	r.nodeBody(mask&0x3f, &n)
	if mask&0x80 != 0 {
		r.text()
	}
	if mask&0x40 != 0 {
		r.Skip(4)
	}
	return n
}

func (r *walk) nodeBody(encoding byte, n *node) {
	switch encoding {
	case 0:
		n.number = uint32(r.U8())
	case 1:
		n.namespace, n.number = uint16(r.U8()), uint32(r.U16LE())
	case 2:
		n.namespace, n.number = r.U16LE(), r.U32LE()
	case 3:
		n.namespace, n.kind, n.text = r.U16LE(), idText, r.text()
	case 4:
		n.namespace, n.kind, n.text = r.U16LE(), idGUID, r.Bytes(16)
	case 5:
		n.namespace, n.kind, n.text = r.U16LE(), idOpaque, r.text()
	default:
		r.fail()
	}
}

// extension reads an ExtensionObject (5.2.2.15) and returns its type and binary
// body, nil if it has none.
func (r *walk) extension() (kind node, body []byte) {
	kind = r.expanded()
	switch r.U8() {
	case 0:
	case 1:
		body = r.text()
	case 2:
		r.text()
	default:
		r.fail()
	}
	return kind, body
}

// diagnostics reads a DiagnosticInfo (5.2.2.12).
func (r *walk) diagnostics() {
	for range maxDepth {
		mask := r.U8()
		for bit := byte(1); bit <= 8; bit <<= 1 { // symbol, namespace, text, locale: places in a table
			if mask&bit != 0 {
				r.Skip(4)
			}
		}
		if mask&0x10 != 0 {
			r.text()
		}
		if mask&0x20 != 0 {
			r.Skip(4)
		}
		if mask&0x40 == 0 || r.Failed() {
			return
		}
	}
	r.fail()
}

func (r *walk) diagnosticsList() {
	for n := r.list(); n > 0 && !r.Failed(); n-- {
		r.diagnostics()
	}
}

// dataValue reads a DataValue (5.2.2.17).
func (r *walk) dataValue() (v variant, status uint32) {
	mask := r.U8()
	if mask&0x01 != 0 {
		v = r.variant()
	}
	if mask&0x02 != 0 {
		status = r.U32LE()
	}
	for _, field := range [...]struct {
		bit  byte
		size int
	}{{0x04, 8}, {0x10, 2}, {0x08, 8}, {0x20, 2}} {
		if mask&field.bit != 0 {
			r.Skip(field.size)
		}
	}
	return v, status
}

// Built-in types (5.1.2).
const (
	typeText      = 12
	typeExtension = 22
	typeData      = 23
	typeVariant   = 24
	typeDiagnosed = 25
)

// plain are the types whose values have one size, and how they are shown.
var plain = [...]struct {
	size  int
	shown firedoor.ValueType
}{
	1: {1, firedoor.Bool}, 2: {1, firedoor.I8}, 3: {1, firedoor.U8}, 4: {2, firedoor.I16}, 5: {2, firedoor.U16},
	6: {4, firedoor.I32}, 7: {4, firedoor.U32}, 8: {8, firedoor.I64}, 9: {8, firedoor.U64},
	10: {4, firedoor.F32}, 11: {8, firedoor.F64}, 13: {8, firedoor.I64}, 14: {16, firedoor.NoValue}, 19: {4, firedoor.U32},
}

// variant is a value: numbers as they stand on the wire, the first text or
// structure of what is none.
type variant struct {
	kind   byte
	values firedoor.Values
	text   []byte
	inner  node // type of a structure, whose body is text
}

// maxElements is how many numbers of a list are shown.
const maxElements = 1024

// variant reads a Variant (5.2.2.16).
func (r *walk) variant() variant {
	if r.depth++; r.depth > maxDepth {
		r.fail()
	}
	v := r.nested()
	r.depth--
	return v
}

func (r *walk) nested() (v variant) {
	mask := r.U8()
	v.kind = mask & 0x3f
	n, many := 1, mask&0x80 != 0
	if v.kind == 0 {
		return v
	}
	if many {
		n = r.list()
	}
	if k := int(v.kind); k < len(plain) && plain[k].size > 0 {
		r.numbers(&v, n)
	} else {
		for i := 0; i < n && !r.Failed(); i++ {
			r.element(&v, i)
		}
	}
	if many && mask&0x40 != 0 {
		dimensions := r.list()
		if dimensions > r.Len()/4 {
			r.fail()
		}
		r.Skip(4 * dimensions)
	}
	return v
}

func (r *walk) numbers(v *variant, n int) {
	t := plain[v.kind]
	if n > r.Len()/t.size {
		r.fail()
		return
	}
	raw := r.Bytes(n * t.size)
	if t.shown != firedoor.NoValue && len(raw) > 0 {
		v.values = firedoor.Values{Type: t.shown, Little: true, Count: min(n, maxElements), Raw: raw[:min(n, maxElements)*t.size]}
	}
}

// element reads element i of a value of no fixed size.
func (r *walk) element(v *variant, i int) {
	var text []byte
	var inner node
	switch v.kind {
	case 17:
		r.nodeID()
	case 18:
		r.expanded()
	case 20:
		r.qualified()
	case 21:
		text = r.localized()
	case typeExtension:
		inner, text = r.extension()
	case typeData:
		if r.depth++; r.depth > maxDepth {
			r.fail()
		}
		r.dataValue()
		r.depth--
	case typeVariant:
		r.variant()
	case typeDiagnosed:
		r.diagnostics()
	default: // texts, bytes, XML, and the reserved types, which are written like bytes
		text = r.text()
	}
	if i == 0 {
		v.text, v.inner = text, inner
	}
}

// serviceCode reads the type of a message: a NodeId that is a number of the
// specification's own namespace.
func (r *walk) serviceCode() (uint32, bool) {
	n := r.nodeID()
	return n.number, !r.Failed() && n.kind == idNumber && n.namespace == 0
}

// half tells a question from an answer.
type half uint8

const (
	neither half = iota
	asks
	answers
)

// serviceAt looks which known service a body begins with.
func serviceAt(b []byte) (code uint32, h half, ok bool) {
	if len(b) < 4 || b[0] != 1 || b[1] != 0 { // all of them are written in four bytes
		return 0, neither, false
	}
	code = uint32(binary.LittleEndian.Uint16(b[2:]))
	if code == codeFault {
		return code, answers, true
	}
	_, h = find(code)
	return code, h, h != neither
}

// requestHeader reads a request's header (OPC 10000-4, 7.33). The session's token
// is a secret: only the place is told where spoiling four bytes makes it another.
func (r *walk) requestHeader() (token int, ok bool) {
	at := r.Pos()
	session := r.nodeID()
	switch {
	case session.kind == idNumber && r.Pos()-at == 7: // the full form: four bytes of number
		token = at + 3
	case session.kind == idGUID:
		token = at + 3
	case session.kind == idOpaque && len(session.text) >= 4:
		token = at + 7
	}
	r.Skip(16) // time, handle, diagnostics wanted
	r.text()   // audit entry
	r.Skip(4)  // time-out
	r.extension()
	return token, !r.Failed()
}

// responseHeader reads an answer's header (7.34).
func (r *walk) responseHeader() (status uint32, ok bool) {
	r.Skip(12) // time, handle
	status = r.U32LE()
	r.diagnostics()
	r.texts()
	r.extension()
	return status, !r.Failed()
}
