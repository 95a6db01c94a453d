package melsec

import (
	"firedoor"
	"firedoor/internal/protocol/wire"
)

// request reads what is asked. Whatever its form it gives an operation: a device
// may take what breaks the rules.
func (p *parser) request(c *command, q *request) {
	f := &p.f
	r := &f.data
	bits := f.sub&1 != 0
	plain := f.sub&^extended <= 3 || f.variant != variantMC
	switch c.form {
	case formRead, formWrite:
		if f.variant == variantOld {
			p.askOld(c, q, r)
		} else if plain {
			p.askDevice(c, q, r, f.sub, bits)
		}
	case formReadRandom, formRegister:
		if plain {
			p.askRandom(c, q, r, f.sub)
		}
	case formWriteRandom:
		if plain {
			p.askWriteRandom(c, q, r, f.sub, bits)
		}
	case formReadBlock, formWriteBlock:
		if plain {
			p.askBlocks(c, q, r, f.sub)
		}
	case formBuffer, formBufferWrite, formUnit, formUnitWrite:
		p.askMemory(c, q, r)
	case formLabels, formLabelsWrite, formArray, formArrayWrite:
		if f.sub == 0 {
			p.askLabels(c, q, r)
		}
	case formOldRandom, formOldRegister:
		p.askOldMany(c, q, r)
	case formOldMonitor:
		q.size = uint32(p.oldEntered[c.entry()])
	case formOldBuffer, formOldBufferWrite:
		p.askOldBuffer(c, q, r)
	case formMode:
		p.op.Values = r.values(shapeWord, 1, false, &p.numbers)
		p.ask(q, item{verb: c.verb})
	case formUser:
		p.nuser = uint8(copy(p.user[:], r.take(min(len(r.b), len(p.user)))))
		p.ask(q, item{verb: c.verb})
	case formElements: // an area, where in it, and how many elements, which are bits or words
		if len(r.b) == 22 {
			r.take(10)
			at := [4]uint32{r.u16(), r.u32()}
			r.take(4)
			p.op.HasQty = true
			p.ask(q, item{space: areas, at: at, count: r.u16(), verb: c.verb})
		}
	case formDirectory, formFile, formNewFile, formOpen, formOpenLong, formList, formFileRead, formFileWrite, formClose:
		p.askFile(c, q, r)
	}
	if len(q.items) == 0 { // nothing of it is read, or nothing can be
		p.op.HasQty = false
		p.op.Item, p.op.Values = 0, firedoor.Values{}
		p.ask(q, item{verb: c.verb})
	}
	if r.failed {
		p.complain(reasonShort)
	}
}

// askOne asks about one device with what is written to it.
func (p *parser) askOne(q *request, at place, n int, s shape, verb firedoor.Verb, r *fields) {
	it := item{space: at.space, at: at.at, count: uint32(n), points: n, shape: s, bit: at.bit, device: at.space != others && at.space != nil, verb: verb}
	switch {
	case at.bit && s == shapeWord:
		it.count *= 16
	case at.bit && s == shapeDouble:
		it.count *= 32
	case s == shapeDouble && !at.long:
		it.count *= 2
	}
	p.op.Values = firedoor.Values{}
	if r != nil {
		p.op.Values = r.values(s, n, at.bit && (s == shapeWord || s == shapeDouble), &p.numbers)
	}
	p.op.HasQty = true
	p.ask(q, it)
}

// askDevice reads a device, how many, and what is written.
func (p *parser) askDevice(c *command, q *request, r *fields, sub uint32, bits bool) {
	at := r.device(sub)
	n := int(r.u16())
	if r.failed {
		return
	}
	s := shapeWord
	if bits {
		s = shapeBit
	}
	var data *fields
	if c.form == formWrite {
		data = r
	}
	p.askOne(q, at, n, s, c.verb, data)
	p.rest(r)
}

// rest complains of what nobody asked for.
func (p *parser) rest(r *fields) {
	if !r.failed && len(r.b) > 0 {
		p.complain(reasonBehind)
	}
}

// askOld reads the same of 1E.
func (p *parser) askOld(c *command, q *request, r *fields) {
	at := r.oldPlace(c)
	n := oldCount(byte(r.u8()))
	if r.u8(); r.failed { // what is no digit names nothing
		return
	}
	s := shapeWord
	if !c.words() {
		s = shapeBit
	}
	var data *fields
	if c.form == formWrite {
		data = r
	}
	p.askOne(q, at, n, s, c.verb, data)
}

// askOldMany reads devices of 1E that are written, each with its value, or entered to be
// monitored: how many of which is what the answers to that will hold.
func (p *parser) askOldMany(c *command, q *request, r *fields) {
	n := int(r.u8())
	r.u8()
	s, data := shapeFlag, r
	if c.words() {
		s = shapeWord
	}
	if c.form == formOldRegister {
		data = nil
		p.oldEntered[c.entry()] = uint16(oldBytes(c, n))
	}
	for i := range n {
		at := r.oldPlace(c)
		p.number(i, n)
		p.askOne(q, at, 1, s, c.verb, data)
	}
}

// askOldBuffer reads an address of three octets, how many, and which module.
func (p *parser) askOldBuffer(c *command, q *request, r *fields) {
	address := r.number(3)
	n := oldCount(byte(r.u8()))
	it := item{space: units, at: [4]uint32{r.u8(), address}, count: uint32(n), points: n, verb: c.verb}
	r.u8()
	if c.form == formOldBufferWrite {
		p.op.Values = r.bytes(n, &p.numbers)
	}
	p.op.HasQty = true
	p.ask(q, it)
}

// askRandom reads devices that are read by themselves: so many by words, so many
// by two words each.
func (p *parser) askRandom(c *command, q *request, r *fields, sub uint32) {
	words, doubles := int(r.u8()), int(r.u8())
	for i := range words + doubles {
		at := r.device(sub)
		if r.failed {
			return
		}
		p.number(i, words+doubles)
		s := shapeWord
		if i >= words {
			s = shapeDouble
		}
		p.askOne(q, at, 1, s, c.verb, nil)
	}
	p.rest(r)
}

// number gives the operation at hand its place among several.
func (p *parser) number(i, n int) {
	if n > 1 {
		p.op.Item = uint16(i + 1)
	}
}

func (p *parser) askWriteRandom(c *command, q *request, r *fields, sub uint32, bits bool) {
	words, doubles := int(r.u8()), 0
	first, second := shapeWord, shapeDouble
	switch {
	case !bits:
		doubles = int(r.u8())
	case sub&2 != 0:
		first = shapeLong
	default:
		first = shapeFlag
	}
	for i := range words + doubles {
		at := r.device(sub)
		if r.failed {
			return
		}
		p.number(i, words+doubles)
		s := first
		if i >= words {
			s = second
		}
		p.askOne(q, at, 1, s, c.verb, r)
	}
	p.rest(r)
}

// askBlocks reads blocks of word devices and of bit devices, each with what is
// written to it.
func (p *parser) askBlocks(c *command, q *request, r *fields, sub uint32) {
	blocks := int(r.u8()) + int(r.u8())
	for i := range blocks {
		at := r.device(sub)
		n := int(r.u16())
		if r.failed {
			return
		}
		p.number(i, blocks)
		var data *fields
		if c.form == formWriteBlock {
			data = r
		}
		p.askOne(q, at, n, shapeWord, c.verb, data)
	}
	p.rest(r)
}

// askMemory reads an address and a size in the buffer memory of the module that
// answers, by words, or of another, by octets.
func (p *parser) askMemory(c *command, q *request, r *fields) {
	address, n := r.u32(), r.u16()
	it := item{space: buffers, at: [4]uint32{address}, count: n, points: int(n), shape: shapeWord, verb: c.verb}
	if c.form == formUnit || c.form == formUnitWrite {
		it.space, it.at, it.shape = units, [4]uint32{r.u16(), address}, shapeNone
	}
	if r.failed {
		return
	}
	if c.form == formBufferWrite {
		p.op.Values = r.values(shapeWord, int(n), false, &p.numbers)
	}
	if c.form == formUnitWrite {
		p.op.Values = r.bytes(int(n), &p.numbers)
	}
	p.op.HasQty = true
	p.ask(q, it)
	p.rest(r)
}

// user is the name of a login as text.
func (p *parser) userName() []byte {
	return wide(p.user[:p.nuser], &p.text)
}

// wide makes text of letters of two octets; those outside of ASCII become '?'.
func wide(b []byte, scratch *[wire.MaxText]byte) []byte {
	n := 0
	for ; len(b) >= 2 && n < len(scratch); b = b[2:] {
		c := little(b)
		if c == 0 {
			break
		}
		if c >= 0x7f || c < ' ' {
			c = '?'
		}
		scratch[n] = byte(c)
		n++
	}
	return scratch[:n]
}
