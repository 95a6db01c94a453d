package opcua

import (
	"bytes"
	"strconv"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// Kinds of object. A node is told as in OPC 10000-6, 5.3.1.10 ("ns=2;s=Tank"), with
// the attribute behind it where it is not its value, and the part of a list in
// brackets.
var (
	// spaceNode: At is namespace, number, attribute (0: none asked for), and the
	// kind of identifier with the length of the part above it. Text is the
	// identifier where it is no number, then the part.
	spaceNode = firedoor.Space{Name: "node", Append: appendNode, Place: placeNode}
	// spaceElement is the elements of lists, for points only: At is as of a node, with the
	// kind of identifier above the namespace and the element in its place.
	spaceElement = firedoor.Space{Name: "node-element", Axis: 4, Append: appendElement}

	spacePath   = firedoor.Space{Name: "path", Append: appendText}   // a node and names from there on
	spaceMethod = firedoor.Space{Name: "method", Append: appendText} // of an object: both nodes
	spacePolicy = firedoor.Space{Name: "policy"}
	spaceToken  = firedoor.Space{Name: "user-token"}
	spaceHandle = firedoor.Space{Name: "handle"} // a client's own number for a node
)

const attributeValue = 13

// attributes are their names (OPC 10000-6, A.1).
var attributes = [...]string{
	1: "node-id", 2: "node-class", 3: "browse-name", 4: "display-name", 5: "description", 6: "write-mask", 7: "user-write-mask",
	8: "is-abstract", 9: "symmetric", 10: "inverse-name", 11: "contains-no-loops", 12: "event-notifier", 13: "value",
	14: "data-type", 15: "value-rank", 16: "array-dimensions", 17: "access-level", 18: "user-access-level",
	19: "minimum-sampling-interval", 20: "historizing", 21: "executable", 22: "user-executable", 23: "data-type-definition",
	24: "role-permissions", 25: "user-role-permissions", 26: "access-restrictions", 27: "access-level-ex",
}

func appendText(dst []byte, o *firedoor.Object) []byte { return append(dst, o.Text...) }

func appendNode(dst []byte, o *firedoor.Object) []byte {
	text := o.Text
	n := min(int(o.At[3]>>8), len(text))
	id := wire.UANode{Namespace: uint16(o.At[0]), Number: o.At[1], Kind: uint8(o.At[3]), Text: text[:len(text)-n]}
	dst = id.AppendTo(dst)
	if a := o.At[2]; a != 0 && a != attributeValue {
		dst = append(dst, '/')
		if int(a) < len(attributes) {
			dst = append(dst, attributes[a]...)
		} else {
			dst = strconv.AppendUint(append(dst, "attribute-"...), uint64(a), 10)
		}
	}
	if n > 0 {
		dst = append(append(append(dst, '['), text[len(text)-n:]...), ']')
	}
	return dst
}

func appendElement(dst []byte, o *firedoor.Object) []byte {
	node := *o
	node.At[0], node.At[3] = o.At[0]&0xffff, o.At[0]>>16
	if dst = appendNode(dst, &node); o.At[3] == 0 {
		return dst
	}
	return append(strconv.AppendUint(append(dst, '['), uint64(o.At[3]), 10), ']')
}

// placeNode is where values stand of which all or a part was asked for: "2" and "1:3" are
// elements of a list, counted from 0 (OPC 10000-4, 7.27). Parts of what has more dimensions
// are objects by themselves.
func placeNode(o *firedoor.Object, _ *firedoor.Values) firedoor.Object {
	n := min(int(o.At[3]>>8), len(o.Text))
	text, part := o.Text[:len(o.Text)-n], o.Text[len(o.Text)-n:]
	from := uint64(0)
	if n > 0 {
		var err error
		first, _, _ := bytes.Cut(part, []byte(":"))
		if from, err = strconv.ParseUint(string(first), 10, 32); err != nil || bytes.IndexByte(part, ',') >= 0 {
			return *o
		}
	}
	kind := o.At[3] & 0xff
	return firedoor.Object{Space: &spaceElement, At: [4]uint32{o.At[0] | kind<<16, o.At[1], o.At[2], uint32(from)}, Text: text}
}

// object makes a node, an attribute and a part of its value an object.
func (p *parser) object(n *wire.UANode, attribute uint32, part []byte) firedoor.Object {
	o := firedoor.Object{Space: &spaceNode, At: [4]uint32{uint32(n.Namespace), n.Number, attribute, uint32(n.Kind)}, Text: n.Text}
	if len(part) > 0 {
		o.At[3] |= uint32(len(part)) << 8
		if len(n.Text) == 0 {
			o.Text = part
		} else {
			p.text = append(append(p.text[:0], n.Text...), part...)
			o.Text = p.text
		}
	}
	return o
}
