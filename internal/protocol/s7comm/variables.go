package s7comm

import (
	"firedoor"
	"firedoor/internal/protocol"
)

// askVariables reads a read or write request: one operation for each variable.
func (p *parser) askVariables(m *message) {
	fn := m.param[0]
	rd := protocol.Read(m.param)
	rd.Skip(1)
	count := int(rd.U8())
	first := p.items.next
	ops, ok := p.readItems(&rd, count)
	if !ok || ops == 0 {
		p.items.next = first
		p.malformed("address of a variable breaks the rules")
		p.ask(m, jobCall(fn), uint32(fn), firedoor.Object{}) // a controller may understand it
		return
	}
	r := p.remember(m, jobCall(fn), uint32(fn), first, ops)
	data := protocol.Read(m.data)
	left := count // data records of a write that are still to come
	at := 2       // of the address record in the parameters
	for k := range ops {
		it := p.items.at(first + uint32(k)) // readItems made room for all
		p.begin(firedoor.Asked, r.call, r.code)
		p.name(r, k, it)
		if fn == fnWrite {
			left--
			p.written(&data, left <= 0, it)
			p.refuse(m, at, it)
		}
		p.emit(&p.opEvent)
		if !it.more {
			at += 2 + int(m.param[min(at+1, len(m.param)-1)])
			at += at & 1
		}
	}
	if fn == fnWrite && data.Failed() {
		p.malformed("written data shorter than its lengths say")
	}
}

// leastItem is the fewest bytes of a request that name a variable.
const leastItem = 5

// readItems adds count address records, each padded to an even length.
func (p *parser) readItems(rd *protocol.Reader, count int) (ops int, ok bool) {
	p.items.room(p.live, max(count, rd.Len()/leastItem+1))
	for i := range count {
		from := rd.Pos()
		n, ok := p.items.parse(rd)
		if !ok || ops+n > maxItems {
			return 0, false
		}
		ops += n
		if (rd.Pos()-from)&1 == 1 && i+1 < count && rd.Len() > 0 {
			rd.Skip(1)
		}
	}
	return ops, true
}

// name fills in which operation of the request r this is, and its object.
func (p *parser) name(r *request, k int, it *item) {
	p.op.ID = r.id + uint32(k)
	if r.ops > 1 {
		p.op.Item = uint16(k + 1)
	}
	if it != nil {
		p.op.Object = it.object()
		p.op.Quantity, p.op.HasQty = it.quantity()
	}
}

func (p *parser) written(data *protocol.Reader, last bool, it *item) {
	if data.Failed() {
		return
	}
	if d, ok := readData(data, last); ok {
		p.op.Values = it.values(d.transport, d.data)
	}
}

// refuse offers to name an area that does not exist: a controller then answers
// that item with a return code and writes the others. This follows from how
// items are answered one by one; no controller was asked.
func (p *parser) refuse(m *message, at int, it *item) {
	const areaInItem = 8 // 0x12, length, syntax, size, count, data block
	if p.framer.Joined || it == nil || it.syntax != syntaxAny || at+areaInItem >= len(m.param) {
		return
	}
	p.refusal[0] = firedoor.Refusal{Name: "area", Offset: dtHeader + p.at + m.head + at + areaInItem, Len: 1}
	p.op.Refusals = p.refusal[:]
}

// answerVariables reads the answer to a read or write.
func (p *parser) answerVariables(m *message, r *request, fn byte) {
	if m.err != 0 {
		p.answerAll(r, jobCall(fn), uint32(fn), errorOutcome(m.err))
		return
	}
	if len(m.param) < 2 {
		p.malformed("answer without an item count")
		return
	}
	rd := protocol.Read(m.data)
	p.answerItems(&rd, r, jobCall(fn), uint32(fn), int(m.param[1]), fn == fnWrite)
}

// unread is the outcome of a request whose variables were not understood: that of its
// first one.
func unread(m *message) firedoor.Outcome {
	if m.err == 0 && len(m.data) > 0 {
		return itemOutcome(m.data[0])
	}
	return errorOutcome(m.err)
}

// answerAll gives all operations of a request the same outcome.
func (p *parser) answerAll(r *request, c call, code uint32, outcome firedoor.Outcome) {
	if r == nil {
		p.answered(nil, c, code, outcome)
		return
	}
	for k := range int(r.ops) {
		p.begin(firedoor.Answered, r.call, r.code)
		p.name(r, k, p.items.at(r.first+uint32(k)))
		p.op.Outcome = outcome
		p.emit(&p.opEvent)
	}
}

// answerItems reads count records: return codes, with data unless codes is set.
func (p *parser) answerItems(rd *protocol.Reader, r *request, c call, code uint32, count int, codes bool) {
	k := 0
	for i := range count {
		var d dataItem
		var ok bool
		if codes {
			d.code = rd.U8()
			ok = !rd.Failed()
		} else {
			d, ok = readData(rd, i+1 == count)
		}
		if !ok || r != nil && k >= int(r.ops) {
			p.malformed("answer does not hold its items")
			return
		}
		if r == nil {
			p.answerUnseen(c, code, &d, i, count)
			continue
		}
		if it := p.items.at(r.first + uint32(k)); it != nil && it.syntax == syntaxDBRead {
			k = p.answerAreas(r, k, &d)
			continue
		}
		p.answerItem(r, k, d.code, d.transport, d.data)
		k++
	}
	if r != nil && k < int(r.ops) {
		p.malformed("answer does not hold its items")
	}
}

func (p *parser) answerItem(r *request, k int, code, transport byte, data []byte) {
	it := p.items.at(r.first + uint32(k))
	p.begin(firedoor.Answered, r.call, r.code)
	p.name(r, k, it)
	p.op.Outcome = itemOutcome(code)
	if len(data) > 0 {
		p.op.Values = it.values(transport, data)
	}
	p.emit(&p.opEvent)
}

// answerAreas reads one record that answers several areas of data blocks: a
// return code and the bytes for each, not padded.
func (p *parser) answerAreas(r *request, k int, d *dataItem) int {
	rd := protocol.Read(d.data)
	for ; k < int(r.ops); k++ {
		it := p.items.at(r.first + uint32(k))
		if it == nil {
			return int(r.ops)
		}
		code, data := areaData(&rd, d, it)
		p.answerItem(r, k, code, dataBytes, data)
		if !it.more {
			return k + 1
		}
	}
	return k
}

// areaData reads the next area's return code and bytes; a record that failed as
// a whole answers for all.
func areaData(rd *protocol.Reader, d *dataItem, it *item) (code byte, data []byte) {
	if d.code != codeOK {
		return d.code, nil
	}
	if code = rd.U8(); code == codeOK {
		data = rd.Bytes(int(it.count))
	}
	return code, data
}

// answerUnseen tells of an item whose request was not seen.
func (p *parser) answerUnseen(c call, code uint32, d *dataItem, i, count int) {
	p.begin(firedoor.Answered, c, code)
	p.last++
	p.op.ID, p.op.Partial = p.last, true
	if count > 1 {
		p.op.Item = uint16(i + 1)
	}
	p.op.Outcome = itemOutcome(d.code)
	if len(d.data) > 0 {
		var none *item
		p.op.Values = none.values(d.transport, d.data)
	}
	p.emit(&p.opEvent)
}
