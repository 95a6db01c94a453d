package amqp

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
)

// maxWhole is how large a frame of 1.0 is waited for; of others the rest is passed over.
const maxWhole = 1 << 15

// nextOne reads a frame of 1.0.
func (p *parser) nextOne(b []byte) (int, error) {
	if len(b) < 8 {
		return 0, nil
	}
	size := int64(binary.BigEndian.Uint32(b))
	at := int64(b[4]) * 4
	switch {
	case b[4] < 2 || size < at || b[5] > 1:
		return 0, errSize
	case size == at: // empty: the peer lives
		return p.pass(b, size), nil
	case size < at+3:
		return 0, errSize
	case int64(len(b)) < at+3, size <= maxWhole && int64(len(b)) < size:
		return 0, nil
	}
	if size > maxWhole {
		b = b[:at+3]
	}
	if b[5] == 0 && b[at] == 0 && b[at+1] == 0x53 { // a descriptor in one byte
		p.performative(b[at+2], min(size, int64(len(b))))
		if b[at+2] == performative && size <= maxWhole {
			p.opened(b[at+3 : size])
		}
	}
	return p.pass(b, size), nil
}

// pass consumes what is there of a frame and passes over the rest.
func (p *parser) pass(b []byte, size int64) int {
	n := min(int64(len(b)), size)
	p.skip[p.dir] = size - n
	return int(n)
}

// performative tells what the client does; of the broker, what it delivers.
func (p *parser) performative(descriptor byte, size int64) {
	i := int(descriptor) - performative
	if i < 0 || i >= len(performatives) {
		p.malformed("performative that does not exist")
		return
	}
	if p.dir == firedoor.FromServer {
		if descriptor == transfer {
			p.sample = firedoor.Sample{Function: "transfer", Code: transfer}
			p.emit(&p.told)
		}
		return
	}
	p.last++
	p.op = firedoor.Operation{ID: p.last, Phase: firedoor.Asked, Code: uint32(descriptor), Function: performatives[i].name, Verb: performatives[i].verb,
		NoAnswer: true, Span: firedoor.Span{Start: int64(p.at), End: int64(p.at) + size}}
	p.emit(&p.opEvent)
}

// openProperties is how many fields of an open (2.7.1) stand before what its sender says of itself.
const openProperties = 9

// opened reads the properties of an open, a map of symbols (2.7.1): the product with its version, and
// the platform. It ends at a value of a type that does not exist.
func (p *parser) opened(b []byte) {
	r := protocol.Read(b)
	if entries(&r) <= openProperties {
		return
	}
	for range openProperties {
		field(&r)
	}
	about := firedoor.AboutClient
	if p.dir == firedoor.FromServer {
		about = firedoor.AboutServer
	}
	var product, version, platform []byte
	for n := entries(&r); n > 1 && !r.Failed(); n -= 2 {
		name := field(&r)
		value := field(&r)
		switch string(name) {
		case "product":
			product = value
		case "version":
			version = value
		case "platform":
			platform = value
		}
	}
	p.software(about, product, version, platform)
}

// entries reads the head of a list or map (1.6.22, 1.6.23) and returns how many values are in it.
func entries(r *protocol.Reader) int {
	switch r.U8() {
	case 0xc0, 0xc1:
		r.Skip(1)
		return int(r.U8())
	case 0xd0, 0xd1:
		r.Skip(4)
		return int(min(r.U32(), maxWhole))
	}
	return 0 // an empty list, or none
}

// field reads a value, behind its descriptor if it has one (1.2).
func field(r *protocol.Reader) []byte {
	code := r.U8()
	if code == 0 {
		behind(r, r.U8())
		code = r.U8()
	}
	return behind(r, code)
}

// behind reads what stands behind a code, whose upper half says how long it is.
func behind(r *protocol.Reader, code byte) []byte {
	switch code >> 4 {
	case 4:
		return nil
	case 5, 6, 7, 8, 9:
		return r.Bytes(1 << (code>>4 - 5))
	case 0xa, 0xc, 0xe:
		return r.Bytes(int(r.U8()))
	case 0xb, 0xd, 0xf:
		return r.Bytes(int(min(r.U32(), maxWhole)))
	}
	return r.Bytes(maxWhole) // of no type: nothing more can be read
}
