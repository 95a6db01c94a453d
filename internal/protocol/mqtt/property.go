package mqtt

import "firedoor/internal/protocol"

// shape is how a property is laid out (2.2.2.2).
type shape uint8

const (
	noShape shape = iota
	oneByte
	twoBytes
	fourBytes
	number // of variable length
	text
	octets
	pair // of texts
)

// Packets that a property may stand in; the will has properties of its own.
const (
	inConnect = 1 << iota
	inConnAck
	inPublish
	inAck // PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK
	inSubscribe
	inUnsubscribe
	inDisconnect
	inAuth
	inWill
	everywhere = 1<<iota - 1
)

// Properties that are read.
const (
	propMethod = 0x15
	propAlias  = 0x23
	propLast   = 0x2a
)

// propertyKinds are all properties by number.
var propertyKinds = [propLast + 1]struct {
	shape shape
	in    uint16
}{
	0x01: {oneByte, inPublish | inWill},
	0x02: {fourBytes, inPublish | inWill},
	0x03: {text, inPublish | inWill},
	0x08: {text, inPublish | inWill},
	0x09: {octets, inPublish | inWill},
	0x0b: {number, inPublish | inSubscribe},
	0x11: {fourBytes, inConnect | inConnAck | inDisconnect},
	0x12: {text, inConnAck},
	0x13: {twoBytes, inConnAck},
	0x15: {text, inConnect | inConnAck | inAuth},
	0x16: {octets, inConnect | inConnAck | inAuth},
	0x17: {oneByte, inConnect},
	0x18: {fourBytes, inWill},
	0x19: {oneByte, inConnect},
	0x1a: {text, inConnAck},
	0x1c: {text, inConnAck | inDisconnect},
	0x1f: {text, inConnAck | inAck | inDisconnect | inAuth},
	0x21: {twoBytes, inConnect | inConnAck},
	0x22: {twoBytes, inConnect | inConnAck},
	0x23: {twoBytes, inPublish},
	0x24: {oneByte, inConnAck},
	0x25: {oneByte, inConnAck},
	0x26: {pair, everywhere},
	0x27: {fourBytes, inConnect | inConnAck},
	0x28: {oneByte, inConnAck},
	0x29: {oneByte, inConnAck},
	0x2a: {oneByte, inConnAck},
}

// typeWill stands for the will where a packet's type is asked for.
const typeWill = 0

var propertiesOf = [16]uint16{typeWill: inWill, typeConnect: inConnect, typeConnAck: inConnAck, typePublish: inPublish,
	typePubAck: inAck, typePubRec: inAck, typePubRel: inAck, typePubComp: inAck, typeSubscribe: inSubscribe, typeSubAck: inAck,
	typeUnsubscribe: inUnsubscribe, typeUnsubAck: inAck, typeDisconnect: inDisconnect, typeAuth: inAuth}

// properties is what is read of a block.
type properties struct {
	method  []byte // of authentication
	alias   uint16 // of the topic
	aliased bool
	size    int // bytes of the block behind its length
}

// Reasons of malformed properties.
const (
	reasonBlock    = "block of properties is longer than its packet"
	reasonProperty = "property that its packet cannot have"
	reasonCut      = "property ends too early"
	reasonAlias    = "topic alias 0"
)

// read reads a block of properties (2.2.2) and passes over it whatever it holds.
// It returns what is wrong with it, "" if nothing is.
func (p *properties) read(r *protocol.Reader, kind byte) string {
	*p = properties{}
	rest := *r
	length, n := varint(rest.Rest())
	if n <= 0 || length > r.Len()-n {
		r.Skip(r.Len())
		return reasonBlock
	}
	r.Skip(n)
	p.size = length
	block := protocol.Read(r.Bytes(length))
	for block.Len() > 0 {
		if wrong := p.one(&block, propertiesOf[kind&15]); wrong != "" {
			return wrong
		}
	}
	return ""
}

// one reads a property that may stand in the packets.
func (p *properties) one(r *protocol.Reader, in uint16) string {
	id := r.U8()
	if id > propLast || propertyKinds[id].in&in == 0 {
		return reasonProperty
	}
	switch propertyKinds[id].shape {
	case oneByte:
		r.Skip(1)
	case twoBytes:
		if v := r.U16(); id == propAlias {
			p.alias, p.aliased = v, true
		}
	case fourBytes:
		r.Skip(4)
	case number:
		rest := *r
		if _, n := varint(rest.Rest()); n > 0 {
			r.Skip(n)
		} else {
			return reasonCut
		}
	case text:
		if v := r.Bytes(int(r.U16())); id == propMethod {
			p.method = v
		}
	case octets:
		r.Skip(int(r.U16()))
	case pair:
		r.Skip(int(r.U16()))
		r.Skip(int(r.U16()))
	}
	switch {
	case r.Failed():
		return reasonCut
	case p.aliased && p.alias == 0:
		return reasonAlias
	}
	return ""
}
