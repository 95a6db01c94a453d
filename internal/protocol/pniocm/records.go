package pniocm

import "firedoor"

// Headers of records (IODReadReqHeader and its kin), all of one size: number 2,
// UUID 16, API 4, slot 2, subslot 2, padding 2, index 2, length of the record 4,
// and in the answer to a write two values of 2 and a status.
const (
	recordHead     = 64
	recordAPIAt    = 24
	recordSlotAt   = 28
	recordIndexAt  = 34
	recordLengthAt = 36
	recordStatusAt = 44
)

// maxValues is how many bytes of a record are told; the quantity says how many
// there are.
const maxValues = 512

// recordItem reads what a header says.
func recordItem(b []byte) item {
	return item{
		object: firedoor.Object{Space: &records, At: [4]uint32{
			u32(b[recordAPIAt:]), uint32(u16(b[recordSlotAt:])), uint32(u16(b[recordSlotAt+2:])), uint32(u16(b[recordIndexAt:])),
		}},
		size: u32(b[recordLengthAt:]),
	}
}

// valuesOf is a view of a record.
func valuesOf(data []byte) firedoor.Values {
	if len(data) == 0 {
		return firedoor.Values{}
	}
	data = data[:min(len(data), maxValues)]
	return firedoor.Values{Type: firedoor.U8, Count: len(data), Raw: data}
}

// record reads a request to read or write.
func (p *parser) record(c *call, b []byte) {
	want := uint16(blockRead)
	if c.opnum == opWrite {
		want = blockWrite
	}
	if len(b) < recordHead || u16(b) != want {
		p.ask(c, item{})
		p.broken("request without the header of a record", 0)
		return
	}
	it := recordItem(b)
	if c.opnum != opWrite {
		p.ask(c, it)
		return
	}
	data := b[recordHead:]
	if int64(it.size) > int64(len(data)) {
		p.broken("record longer than the arguments", 0)
		it.size = uint32(len(data))
	}
	data = data[:it.size]
	if it.object.At[3] == indexMultiple {
		p.multiple(c, it, data)
		return
	}
	it.safety = isSafety(data)
	p.askWith(c, it, valuesOf(data))
}

// parts goes through what a multiple write holds: headers with their records, each
// padded to four bytes.
type parts struct {
	b    []byte
	want uint16
	data bool // records follow the headers
	bad  bool
}

// next gives the next header, nil if there is none, and its record.
func (w *parts) next() (head, data []byte) {
	if len(w.b) == 0 || w.bad {
		return nil, nil
	}
	if len(w.b) < recordHead || u16(w.b) != w.want {
		w.bad = true
		return nil, nil
	}
	head, w.b = w.b[:recordHead:recordHead], w.b[recordHead:]
	if !w.data {
		return head, nil
	}
	n := int64(u32(head[recordLengthAt:]))
	if n > int64(len(w.b)) {
		w.bad = true
		n = int64(len(w.b))
	}
	data = w.b[:n:n]
	w.b = w.b[min(int64(len(w.b)), (n+3)&^3):]
	return head, data
}

// multiple reads a write of several records: an operation each.
func (p *parser) multiple(c *call, outer item, b []byte) {
	n := 0
	w := parts{b: b, want: blockWrite, data: true}
	for head, _ := w.next(); head != nil; head, _ = w.next() {
		n++
	}
	p.several = n > 1
	w = parts{b: b, want: blockWrite, data: true}
	for head, data := w.next(); head != nil; head, data = w.next() {
		it := recordItem(head)
		it.size, it.safety = uint32(len(data)), isSafety(data)
		p.askWith(c, it, valuesOf(data))
	}
	if n == 0 {
		p.ask(c, outer)
	}
	if w.bad || n == 0 {
		p.broken("multiple write that does not hold whole records", 0)
	}
}

// wasRead reads the answer to a read.
func (p *parser) wasRead(c *call, b []byte, outcome firedoor.Outcome) {
	var it item
	var data []byte
	if len(b) >= recordHead && u16(b) == blockReadReply {
		it = recordItem(b)
		data = b[recordHead:]
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
	if len(b) < recordHead || u16(b) != blockWriteReply {
		if c != nil {
			p.answerAll(c, outcome)
			return
		}
		p.alone(opWrite, 0, item{}, 0, outcome, firedoor.Values{})
		return
	}
	it := recordItem(b)
	if it.object.At[3] != indexMultiple {
		if outcome.Kind == firedoor.OutcomeOK {
			outcome = status(u32(b[recordStatusAt:]))
		}
		if c != nil {
			p.answerAll(c, outcome)
			return
		}
		p.alone(opWrite, 0, it, 0, outcome, firedoor.Values{})
		return
	}
	i, several := 0, len(b) >= 3*recordHead
	w := parts{b: b[recordHead:], want: blockWriteReply}
	for head, _ := w.next(); head != nil; head, _ = w.next() {
		this := status(u32(head[recordStatusAt:]))
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
