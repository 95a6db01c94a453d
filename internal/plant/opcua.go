package plant

import (
	"encoding/binary"
	"math"
)

// PortOPCUA is where OPC UA servers listen (IANA).
const PortOPCUA = 4840

// OPC writes the binary encoding of OPC UA (OPC 10000-6, 5.2), all numbers
// little-endian.
type OPC struct{ B []byte }

// U8 appends bytes.
func (o *OPC) U8(v ...byte) *OPC { o.B = append(o.B, v...); return o }

// U16 appends 16 bits.
func (o *OPC) U16(v uint16) *OPC { o.B = binary.LittleEndian.AppendUint16(o.B, v); return o }

// U32 appends numbers of 32 bits.
func (o *OPC) U32(v ...uint32) *OPC {
	for _, n := range v {
		o.B = binary.LittleEndian.AppendUint32(o.B, n)
	}
	return o
}

// U64 appends 64 bits.
func (o *OPC) U64(v uint64) *OPC { o.B = binary.LittleEndian.AppendUint64(o.B, v); return o }

// F64 appends a number with a point.
func (o *OPC) F64(v float64) *OPC { return o.U64(math.Float64bits(v)) }

// Text appends texts.
func (o *OPC) Text(v ...string) *OPC {
	for _, s := range v {
		o.U32(uint32(len(s)))
		o.B = append(o.B, s...)
	}
	return o
}

// Null appends texts or lists that are not there.
func (o *OPC) Null(n int) *OPC {
	for range n {
		o.U32(math.MaxUint32)
	}
	return o
}

// Node appends a NodeId: a number, in the form of four bytes.
func (o *OPC) Node(namespace byte, number uint16) *OPC { return o.U8(1, namespace).U16(number) }

// Named appends a NodeId that is a text.
func (o *OPC) Named(namespace uint16, name string) *OPC {
	return o.U8(3).U16(namespace).Text(name)
}

// Qualified appends a QualifiedName.
func (o *OPC) Qualified(namespace uint16, name string) *OPC { return o.U16(namespace).Text(name) }

// Local appends a LocalizedText without a language.
func (o *OPC) Local(text string) *OPC { return o.U8(2).Text(text) }

// Body appends an ExtensionObject.
func (o *OPC) Body(kind uint16, body *OPC) *OPC {
	o.Node(0, kind).U8(1).U32(uint32(len(body.B)))
	return o.U8(body.B...)
}

// NoBody appends an ExtensionObject that is not there.
func (o *OPC) NoBody() *OPC { return o.U8(0, 0, 0) }

// OPCRequest begins a request of a session whose token is a Guid.
func OPCRequest(kind uint16, handle uint32) *OPC {
	o := (&OPC{}).Node(0, kind)
	o.U8(4).U16(1).U8(0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe, 1, 2, 3, 4, 5, 6, 7, 8)
	return o.requestTail(handle)
}

// OPCOpening begins a request that belongs to no session.
func OPCOpening(kind uint16, handle uint32) *OPC {
	return (&OPC{}).Node(0, kind).U8(0, 0).requestTail(handle)
}

func (o *OPC) requestTail(handle uint32) *OPC {
	return o.U64(opcTime).U32(handle, 0).Null(1).U32(10_000).NoBody()
}

// opcTime is the beginning of the captures, in tenths of microseconds since 1601.
const opcTime = 134_169_048_000_000_000

// OPCAnswer begins an answer.
func OPCAnswer(kind uint16, handle, status uint32) *OPC {
	return (&OPC{}).Node(0, kind).U64(opcTime).U32(handle, status).U8(0).Null(1).NoBody()
}

// OPCChannel is one side of a secure channel: it counts what it sends.
type OPCChannel struct {
	Channel, Token, Sequence uint32
	Signature                int // bytes behind each chunk
}

// Message wraps a body in one chunk.
func (c *OPCChannel) Message(request uint32, body *OPC) []byte {
	return c.Chunk("MSGF", request, body.B)
}

// Close wraps a request to close the channel.
func (c *OPCChannel) Close(request uint32, body *OPC) []byte {
	return c.Chunk("CLOF", request, body.B)
}

// Chunk wraps a part of a body.
func (c *OPCChannel) Chunk(kind string, request uint32, part []byte) []byte {
	c.Sequence++
	o := (&OPC{}).U32(c.Channel, c.Token, c.Sequence, request).U8(part...)
	for i := range c.Signature {
		o.U8(byte(0xa5 ^ i))
	}
	return OPCTransport(kind, o)
}

// Chunks cuts a body into chunks of at most size bytes of it.
func (c *OPCChannel) Chunks(request uint32, body *OPC, size int) (all [][]byte) {
	b := body.B
	for ; len(b) > size; b = b[size:] {
		all = append(all, c.Chunk("MSGC", request, b[:size]))
	}
	return append(all, c.Chunk("MSGF", request, b))
}

// Open wraps a body in a message that opens a channel with a policy.
func (c *OPCChannel) Open(policy string, certificate []byte, request uint32, body *OPC) []byte {
	c.Sequence++
	o := (&OPC{}).U32(c.Channel).Text("http://opcfoundation.org/UA/SecurityPolicy#" + policy)
	if certificate == nil {
		o.Null(2)
	} else {
		o.Text(string(certificate), "thumbprint of 20 byt")
	}
	return OPCTransport("OPNF", o.U32(c.Sequence, request).U8(body.B...))
}

// OPCTransport puts the transport's header before a body; kind is the type with
// the mark of the chunk.
func OPCTransport(kind string, body *OPC) []byte {
	o := &OPC{B: []byte(kind)}
	return o.U32(uint32(8 + len(body.B))).U8(body.B...).B
}

// OPCHello opens a connection, OPCAcknowledge takes it.
func OPCHello(url string) []byte {
	return OPCTransport("HELF", (&OPC{}).U32(0, 65535, 65535, 0, 0).Text(url))
}

// OPCAcknowledge answers a hello.
func OPCAcknowledge() []byte {
	return OPCTransport("ACKF", (&OPC{}).U32(0, 65535, 65535, 0, 0))
}
