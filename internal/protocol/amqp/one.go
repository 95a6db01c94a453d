package amqp

import (
	"encoding/binary"

	"firedoor"
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
