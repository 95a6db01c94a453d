package pniocm

import (
	"bytes"

	"firedoor"
	"firedoor/internal/protocol"
)

// askMapper tells of a request to the endpoint mapper.
func (p *parser) askMapper(opnum uint16) { p.ask(p.remember(mapperBase+opnum), item{}) }

// Statuses of the endpoint mapper (C706, appendix N).
const noMoreEndpoints = 0x16c9a0d6

// Parts of an annotation: kind of device, order number, hardware, letter and
// version of software, blanks between them (EndPointMapper, coding of Annotation).
const annotationSize = 64

// mapped reads an answer of the endpoint mapper; it ends with a status.
func (p *parser) mapped(body []byte) {
	opnum := p.opnum(true)
	if len(body) < 4 {
		p.broken("answer without a status", 0)
		return
	}
	outcome := firedoor.OK
	if code := p.rpc.U32(body[len(body)-4:]); code == noMoreEndpoints {
		outcome = firedoor.Failed(code, "not-registered")
	} else if code != 0 {
		outcome = firedoor.Failed(code, "")
	}
	if c := p.take(opnum); c != nil {
		p.answerAll(c, outcome)
	} else {
		p.alone(opnum, 0, item{}, 0, outcome, firedoor.Values{})
	}
	if opnum == opLookup && outcome.Kind == firedoor.OutcomeOK {
		p.annotation(body)
	}
}

// annotation reads the first entry of a lookup: handle 20, count 4, NDR's three
// numbers of an array, object 16, pointer 4, and the text with its offset and length.
func (p *parser) annotation(body []byte) {
	r := protocol.Read(body)
	r.Skip(20)
	count := r.Bytes(4)
	r.Skip(12 + 16 + 4 + 4)
	length := r.Bytes(4)
	if r.Failed() || p.rpc.U32(count) == 0 {
		return
	}
	text := r.Bytes(int(min(p.rpc.U32(length), annotationSize)))
	if len(text) < annotationSize-1 || bytes.IndexByte(text[:annotationSize-1], 0) >= 0 {
		return // of another form
	}
	p.fact(firedoor.FactModel, sourceMapper, text[:25])
	p.fact(firedoor.FactOrder, sourceMapper, text[26:46])
	p.fact(firedoor.FactHardware, sourceMapper, text[47:52])
	p.text = p.text[:0]
	for i, part := range [...][]byte{text[53:54], text[54:57], text[57:60], text[60:63]} {
		if i > 1 {
			p.text = append(p.text, '.')
		}
		p.text = append(p.text, bytes.TrimSpace(part)...)
	}
	p.fact(firedoor.FactFirmware, sourceMapper, p.text)
}
