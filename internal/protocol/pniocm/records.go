package pniocm

import (
	"firedoor"
	"firedoor/internal/protocol/wire"
)

// maxValues is how many bytes of a record are told; the quantity says how many
// there are.
const maxValues = 512

// recordItem reads what a header says.
func recordItem(b []byte) item {
	return item{
		object: firedoor.Object{Space: &records, At: [4]uint32{
			u32(b[wire.ProfinetRecordAPIAt:]), uint32(u16(b[wire.ProfinetRecordSlotAt:])), uint32(u16(b[wire.ProfinetRecordSlotAt+2:])), uint32(u16(b[wire.ProfinetRecordIndexAt:])),
		}},
		size: u32(b[wire.ProfinetRecordLengthAt:]),
	}
}

// valuesOf is a view of a record.
func valuesOf(data []byte) firedoor.Values {
	if len(data) == 0 {
		return firedoor.Values{}
	}
	return firedoor.Values{Type: firedoor.U8, Count: len(data), Raw: data[:min(len(data), maxValues)]}
}

// record reads a request to read or write.
func (p *parser) record(c *call, b []byte) {
	want := uint16(wire.ProfinetRead)
	if c.opnum == opWrite {
		want = wire.ProfinetWrite
	}
	if len(b) < wire.ProfinetRecord || u16(b) != want {
		p.ask(c, item{})
		p.broken("request without the header of a record", 0)
		return
	}
	it := recordItem(b)
	if c.opnum != opWrite {
		p.ask(c, it)
		return
	}
	data := b[wire.ProfinetRecord:]
	if int64(it.size) > int64(len(data)) {
		p.broken("record longer than the arguments", 0)
		it.size = uint32(len(data))
	}
	data = data[:it.size]
	if it.object.At[3] == wire.ProfinetMultipleWrite {
		p.multiple(c, it, data)
		return
	}
	it.safety = wire.IsProfisafe(data)
	p.askWith(c, it, valuesOf(data))
}

// multiple reads a write of several records: an operation each.
func (p *parser) multiple(c *call, outer item, b []byte) {
	n := 0
	w := wire.ProfinetRecords{B: b, Want: wire.ProfinetWrite, Data: true}
	for head, _ := w.Next(); head != nil; head, _ = w.Next() {
		n++
	}
	p.several = n > 1
	w = wire.ProfinetRecords{B: b, Want: wire.ProfinetWrite, Data: true}
	for head, data := w.Next(); head != nil; head, data = w.Next() {
		it := recordItem(head)
		it.size, it.safety = uint32(len(data)), wire.IsProfisafe(data)
		p.askWith(c, it, valuesOf(data))
	}
	if n == 0 {
		p.ask(c, outer)
	}
	if w.Bad || n == 0 {
		p.broken("multiple write that does not hold whole records", 0)
	}
}

// wasRead reads the answer to a read.
func (p *parser) wasRead(c *call, b []byte, outcome firedoor.Outcome) {
	var it item
	var data []byte
	if len(b) >= wire.ProfinetRecord && u16(b) == blockReadReply {
		it = recordItem(b)
		data = b[wire.ProfinetRecord:]
		if int64(it.size) > int64(len(data)) {
			p.broken("record longer than the arguments", 0)
			it.size = uint32(len(data))
		}
		data = data[:it.size]
	}
	if outcome.Kind != firedoor.OutcomeOK {
		data = nil
	}
	switch {
	case c == nil:
		p.alone(p.rpc.Opnum, 0, it, 0, outcome, valuesOf(data))
	case len(c.items) == 1:
		p.answer(c, 0, outcome, valuesOf(data))
	}
	if it.object.Space != nil && len(data) > 0 {
		p.describe(&it, data)
	}
}

// wasWritten reads the answer to a write: of several, each has a status.
func (p *parser) wasWritten(c *call, b []byte, outcome firedoor.Outcome) {
	if len(b) < wire.ProfinetRecord || u16(b) != blockWriteReply {
		if c != nil {
			p.answerAll(c, outcome)
			return
		}
		p.alone(opWrite, 0, item{}, 0, outcome, firedoor.Values{})
		return
	}
	it := recordItem(b)
	if it.object.At[3] != wire.ProfinetMultipleWrite {
		if outcome.Kind == firedoor.OutcomeOK {
			outcome = status(u32(b[wire.ProfinetRecordStatusAt:]))
		}
		if c != nil {
			p.answerAll(c, outcome)
			return
		}
		p.alone(opWrite, 0, it, 0, outcome, firedoor.Values{})
		return
	}
	i, several := 0, len(b) >= 3*wire.ProfinetRecord
	w := wire.ProfinetRecords{B: b[wire.ProfinetRecord:], Want: blockWriteReply}
	for head, _ := w.Next(); head != nil; head, _ = w.Next() {
		this := status(u32(head[wire.ProfinetRecordStatusAt:]))
		if outcome.Kind != firedoor.OutcomeOK {
			this = outcome
		}
		switch {
		case c == nil:
			n := uint16(0)
			if several {
				n = uint16(i + 1)
			}
			p.alone(opWrite, 0, recordItem(head), n, this, firedoor.Values{})
		case i < len(c.items):
			p.answer(c, i, this, firedoor.Values{})
		}
		i++
	}
	for ; c != nil && i < len(c.items); i++ { // those that the answer does not name
		p.answer(c, i, outcome, firedoor.Values{})
	}
	if c == nil && i == 0 {
		p.alone(opWrite, 0, it, 0, outcome, firedoor.Values{})
	}
}
