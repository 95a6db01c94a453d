package wire

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strconv"

	"firedoor"
	"firedoor/internal/protocol"
)

// uaMaxDepth is how deep values may lie in values. The specification asks for at
// least 100 (OPC 10000-6, 5.1.1); nothing in service of a factory needs 16.
const uaMaxDepth = 16

// UANull is the length of a text or list that is not there.
const UANull = 0xffff_ffff

// UA walks the binary encoding of OPC UA (OPC 10000-6, 5.2): channels and published
// messages have it in common.
type UA struct {
	protocol.Reader
	// Cut says that only the beginning of the message is at hand: of numbers that go on behind
	// it those are given that are told of any list, and then reading fails.
	Cut bool
	// Long is set where values are longer than what is kept of them.
	Long  *UALong
	depth int
}

// UALong is a value of which not all bytes are at hand: some were passed over, and more may follow.
type UALong struct {
	Passed   []UAPassed
	At, Size int // the text or row of numbers at which the bytes at hand end; Size 0: at something else
}

// UAPassed are bytes that were passed over, and where they stood.
type UAPassed struct{ At, Size int }

// uaLongest is the longest text or row of numbers that is believed.
const uaLongest = 1 << 26

// long reads a text or a row of numbers of n bytes, without those of it that were passed over.
func (r *UA) long(n int) []byte {
	if n < 0 || n > uaLongest {
		r.Fail()
		return nil
	}
	at, all := r.Pos(), n
	for _, h := range r.Long.Passed {
		if h.At >= at && h.At-at+h.Size <= all {
			n -= h.Size
		}
	}
	if n > r.Len() && !r.Failed() {
		r.Long.At, r.Long.Size = at, n
	}
	return r.Bytes(n)
}

// ReadUA returns a walk over b.
func ReadUA(b []byte) UA { return UA{Reader: protocol.Read(b)} }

// Fail makes every later read fail.
func (r *UA) Fail() { r.Skip(-1) }

// Text reads a String, ByteString or XmlElement; nil when there is none.
func (r *UA) Text() []byte {
	n := r.U32LE()
	if n == UANull {
		return nil
	}
	if r.Long != nil {
		return r.long(int(n))
	}
	if n > protocol.MaxMessage {
		r.Fail()
		return nil
	}
	return r.Bytes(int(n))
}

// List reads the length of a list whose elements have at least so many bytes. One
// longer than what is left is given as it stands: what can be read of it is read.
func (r *UA) List() int {
	n := int32(r.U32LE())
	return int(max(n, 0))
}

// Texts passes over a list of texts.
func (r *UA) Texts() {
	for n := r.List(); n > 0 && !r.Failed(); n-- {
		r.Text()
	}
}

// Localized reads a LocalizedText and returns its text.
func (r *UA) Localized() (text []byte) {
	mask := r.U8()
	if mask&1 != 0 {
		r.Text()
	}
	if mask&2 != 0 {
		text = r.Text()
	}
	return text
}

// Qualified reads a QualifiedName.
func (r *UA) Qualified() (namespace uint16, name []byte) {
	namespace = r.U16LE()
	return namespace, r.Text()
}

// Kinds of identifier in a NodeId.
const (
	UANumber = iota
	UAText
	UAGUID
	UAOpaque
)

// UANode is a NodeId as it stands on the wire.
type UANode struct {
	Namespace uint16
	Kind      uint8
	Number    uint32
	Text      []byte // of the kinds that are no number
}

// Is tells whether the node is a number of the specification's own namespace.
func (n *UANode) Is(number uint32) bool {
	return n.Kind == UANumber && n.Namespace == 0 && n.Number == number
}

// Null tells whether there is no node.
func (n *UANode) Null() bool { return n.Is(0) }

// NodeID reads a NodeId (5.2.2.9).
func (r *UA) NodeID() (n UANode) {
	r.nodeBody(r.U8(), &n)
	return n
}

// Expanded reads an ExpandedNodeId (5.2.2.10).
func (r *UA) Expanded() (n UANode) {
	mask := r.U8()
	r.nodeBody(mask&0x3f, &n)
	if mask&0x80 != 0 {
		r.Text()
	}
	if mask&0x40 != 0 {
		r.Skip(4)
	}
	return n
}

func (r *UA) nodeBody(encoding byte, n *UANode) {
	switch encoding {
	case 0:
		n.Number = uint32(r.U8())
	case 1:
		n.Namespace, n.Number = uint16(r.U8()), uint32(r.U16LE())
	case 2:
		n.Namespace, n.Number = r.U16LE(), r.U32LE()
	case 3:
		n.Namespace, n.Kind, n.Text = r.U16LE(), UAText, r.Text()
	case 4:
		n.Namespace, n.Kind, n.Text = r.U16LE(), UAGUID, r.Bytes(16)
	case 5:
		n.Namespace, n.Kind, n.Text = r.U16LE(), UAOpaque, r.Text()
	default:
		r.Fail()
	}
}

// Extension reads an ExtensionObject (5.2.2.15) and returns its type and binary
// body, nil if it has none.
func (r *UA) Extension() (kind UANode, body []byte) {
	kind = r.Expanded()
	switch r.U8() {
	case 0:
	case 1:
		body = r.Text()
	case 2:
		r.Text()
	default:
		r.Fail()
	}
	return kind, body
}

// Diagnostics reads a DiagnosticInfo (5.2.2.12).
func (r *UA) Diagnostics() {
	for range uaMaxDepth {
		mask := r.U8()
		for bit := byte(1); bit <= 8; bit <<= 1 { // symbol, namespace, text, locale: places in a table
			if mask&bit != 0 {
				r.Skip(4)
			}
		}
		if mask&0x10 != 0 {
			r.Text()
		}
		if mask&0x20 != 0 {
			r.Skip(4)
		}
		if mask&0x40 == 0 || r.Failed() {
			return
		}
	}
	r.Fail()
}

// DiagnosticsList passes over a list of DiagnosticInfo.
func (r *UA) DiagnosticsList() {
	for n := r.List(); n > 0 && !r.Failed(); n-- {
		r.Diagnostics()
	}
}

// DataValue reads a DataValue (5.2.2.17).
func (r *UA) DataValue() (v UAVariant, status uint32) {
	mask := r.U8()
	if mask&0x01 != 0 {
		v = r.Variant()
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
	UATypeText      = 12
	uaTypeLocalized = 21
	UATypeExtension = 22
	uaTypeData      = 23
	uaTypeVariant   = 24
	uaTypeDiagnosed = 25
)

// uaPlain are the types whose values have one size, and how they are shown.
var uaPlain = [...]struct {
	size  int
	shown firedoor.ValueType
}{
	1: {1, firedoor.Bool}, 2: {1, firedoor.I8}, 3: {1, firedoor.U8}, 4: {2, firedoor.I16}, 5: {2, firedoor.U16},
	6: {4, firedoor.I32}, 7: {4, firedoor.U32}, 8: {8, firedoor.I64}, 9: {8, firedoor.U64},
	10: {4, firedoor.F32}, 11: {8, firedoor.F64}, 13: {8, firedoor.I64}, 14: {16, firedoor.NoValue}, 19: {4, firedoor.U32},
}

// UAVariant is a value: numbers as they stand on the wire, the first text or
// structure of what is none.
type UAVariant struct {
	Kind   byte
	Values firedoor.Values
	Text   []byte
	Inner  UANode // type of a structure, whose body is Text
	listed []byte // the elements of what is text
	count  int
}

// Texts adds the texts of a String or LocalizedText, or of a list of them.
func (v *UAVariant) Texts(to *Texts) {
	r := ReadUA(v.listed)
	for range v.count {
		var text []byte
		if v.Kind == UATypeText {
			text = r.Text()
		} else {
			text = r.Localized()
		}
		if r.Failed() || !to.Add(text) {
			return
		}
	}
}

// UAMaxElements is how many numbers of a list are shown; Count says how many there are.
const UAMaxElements = 1024

// UAPlain tells the size of a built-in type whose values have one, 0 for others, and
// how they are shown.
func UAPlain(builtIn byte) (size int, shown firedoor.ValueType) {
	if int(builtIn) >= len(uaPlain) {
		return 0, firedoor.NoValue
	}
	return uaPlain[builtIn].size, uaPlain[builtIn].shown
}

// Variant reads a Variant (5.2.2.16).
func (r *UA) Variant() UAVariant {
	if r.depth++; r.depth > uaMaxDepth {
		r.Fail()
	}
	v := r.nested()
	r.depth--
	return v
}

func (r *UA) nested() (v UAVariant) {
	mask := r.U8()
	v.Kind = mask & 0x3f
	n, many := 1, mask&0x80 != 0
	if v.Kind == 0 {
		return v
	}
	if many {
		n = r.List()
	}
	if k := int(v.Kind); k < len(uaPlain) && uaPlain[k].size > 0 {
		r.numbers(&v, n)
	} else {
		at := *r
		for i := 0; i < n && !r.Failed(); i++ {
			r.element(&v, i)
		}
		if (v.Kind == UATypeText || v.Kind == uaTypeLocalized) && !r.Failed() {
			v.listed, v.count = at.Bytes(r.Pos()-at.Pos()), n
		}
	}
	if many && mask&0x40 != 0 {
		dimensions := r.List()
		if dimensions > r.Len()/4 {
			r.Fail()
		}
		r.Skip(4 * dimensions)
	}
	return v
}

func (r *UA) numbers(v *UAVariant, n int) {
	t := uaPlain[v.Kind]
	if r.Long != nil {
		if raw := r.long(n * t.size); t.shown != firedoor.NoValue && len(raw) > 0 {
			v.Values = firedoor.Values{Type: t.shown, Little: true, Count: n, Raw: raw[:min(n, UAMaxElements, len(raw)/t.size)*t.size]}
		}
		return
	}
	if n > r.Len()/t.size {
		if r.Cut && t.shown != firedoor.NoValue && r.Len()/t.size >= UAMaxElements {
			v.Values = firedoor.Values{Type: t.shown, Little: true, Count: n, Raw: r.Bytes(UAMaxElements * t.size)}
		}
		r.Fail()
		return
	}
	raw := r.Bytes(n * t.size)
	if t.shown != firedoor.NoValue && len(raw) > 0 {
		v.Values = firedoor.Values{Type: t.shown, Little: true, Count: n, Raw: raw[:min(n, UAMaxElements)*t.size]}
	}
}

// element reads element i of a value of no fixed size.
func (r *UA) element(v *UAVariant, i int) {
	var text []byte
	var inner UANode
	switch v.Kind {
	case 17:
		r.NodeID()
	case 18:
		r.Expanded()
	case 20:
		r.Qualified()
	case uaTypeLocalized:
		text = r.Localized()
	case UATypeExtension:
		inner, text = r.Extension()
	case uaTypeData:
		if r.depth++; r.depth > uaMaxDepth {
			r.Fail()
		}
		r.DataValue()
		r.depth--
	case uaTypeVariant:
		r.Variant()
	case uaTypeDiagnosed:
		r.Diagnostics()
	default: // texts, bytes, XML, and the reserved types, which are written like bytes
		text = r.Text()
	}
	if i == 0 {
		v.Text, v.Inner = text, inner
	}
}

// UAApplication is what an ApplicationDescription (OPC 10000-4, 7.2) says.
type UAApplication struct{ URI, Product, Name []byte }

// Application reads an ApplicationDescription.
func (r *UA) Application() (a UAApplication) {
	a.URI, a.Product, a.Name = r.Text(), r.Text(), r.Localized()
	r.Skip(4)
	r.Text()
	r.Text()
	r.Texts()
	return a
}

// UAEndpoint is what an EndpointDescription (OPC 10000-4, 7.14) says.
type UAEndpoint struct {
	Server              UAApplication
	Certificate, Policy []byte
}

// Endpoint reads an EndpointDescription.
func (r *UA) Endpoint() (e UAEndpoint) {
	r.Text() // URL
	e.Server = r.Application()
	e.Certificate = r.Text()
	r.Skip(4) // mode
	e.Policy = r.Text()
	for tokens := r.List(); tokens > 0 && !r.Failed(); tokens-- {
		r.Text()
		r.Skip(4)
		r.Text()
		r.Text()
		r.Text()
	}
	r.Text() // transport
	r.Skip(1)
	return e
}

// AppendTo writes the node as in OPC 10000-6, 5.3.1.10: "ns=2;s=Tank".
func (n *UANode) AppendTo(dst []byte) []byte {
	if n.Namespace != 0 {
		dst = append(strconv.AppendUint(append(dst, "ns="...), uint64(n.Namespace), 10), ';')
	}
	switch n.Kind {
	case UAText:
		return append(append(dst, "s="...), n.Text...)
	case UAGUID:
		return appendGUID(append(dst, "g="...), n.Text)
	case UAOpaque:
		return base64.StdEncoding.AppendEncode(append(dst, "b="...), n.Text)
	}
	return strconv.AppendUint(append(dst, "i="...), uint64(n.Number), 10)
}

// appendGUID writes a Guid: its first three numbers are little-endian (5.2.2.6).
func appendGUID(dst, b []byte) []byte {
	if len(b) < 16 {
		return dst
	}
	var g [16]byte
	binary.BigEndian.PutUint32(g[:], binary.LittleEndian.Uint32(b))
	binary.BigEndian.PutUint16(g[4:], binary.LittleEndian.Uint16(b[4:]))
	binary.BigEndian.PutUint16(g[6:], binary.LittleEndian.Uint16(b[6:]))
	copy(g[8:], b[8:16])
	for i, end := range [...]int{4, 6, 8, 10, 16} {
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, g[[...]int{0, 4, 6, 8, 10}[i]:end])
	}
	return dst
}
