package fins

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// Sizes of items in bodies.
const (
	addressSize = 4 // area, word, bit
	forceSize   = 6 // what to do, address
	nameSize    = 12
)

// request reads a command. Whatever its form it gives an operation: a device may
// take what breaks the rules.
func (p *parser) request(c *command) {
	var q *request
	if p.b[atICF]&icfSilent == 0 {
		q = p.remember(p.key())
	}
	if !c.fits(len(p.body)) {
		p.refuse(false)
		p.ask(q, item{verb: c.verb})
		p.complain(reasonLength)
		return
	}
	reason := ""
	switch c.form {
	case formRead, formWrite, formFill:
		reason = p.askMemory(c, q)
	case formReadMany:
		reason = p.askMany(q, 0, addressSize)
	case formForce:
		reason = p.askMany(q, 2, forceSize)
	case formTransfer:
		p.askTransfer(q)
	case formFile, formFileRead, formFileWrite, formFiles, formFileCopy, formRename, formDisk, formToFile:
		p.askFile(c, q)
	default:
		p.askOne(c, q)
	}
	if reason != "" {
		p.complain(reason)
	}
}

// askMemory reads an area, an address, how many elements, and what is written.
func (p *parser) askMemory(c *command, q *request) (reason string) {
	o, a := memory(p.body)
	count := uint32(binary.BigEndian.Uint16(p.body[addressSize:]))
	data := p.body[addressSize+2:]
	switch c.form {
	case formWrite:
		p.op.Values = a.values(data, count)
		if n := a.size(count); n >= 0 && n != len(data) {
			reason = reasonElements
		}
	case formFill:
		if p.op.Values = a.values(data, 1); count != 1 {
			p.op.Values.Each = firedoor.Filled
		}
	}
	p.op.HasQty = true
	p.refuse(true)
	p.ask(q, item{space: o.Space, at: o.At, count: count, code: p.body[0], verb: c.verb})
	return reason
}

// askMany reads addresses in a row, each behind what shall be done with it.
func (p *parser) askMany(q *request, front, size int) (reason string) {
	items := p.body
	if front > 0 { // they are counted
		items = items[front:]
		if n := int(binary.BigEndian.Uint16(p.body)); n*size != len(items) {
			reason = reasonMany
		}
	}
	n := len(items) / size
	if n*size != len(items) {
		reason = reasonMany
	}
	verb := p.op.Verb
	p.op.HasQty = true
	if n > maxItems && verb > firedoor.VerbRead { // who judges must know that there are more
		reason = reasonMore
	}
	for i := range min(n, maxItems) {
		one := items[i*size:][:size]
		o, _ := memory(one[front:])
		if n > 1 {
			p.op.Item = uint16(i + 1)
		}
		if front > 0 {
			p.op.Values = firedoor.Values{Type: firedoor.U16, Count: 1, Raw: one[:front]}
		}
		p.refuse(front == 0)
		p.ask(q, item{space: o.Space, at: o.At, count: 1, code: one[front], verb: verb})
	}
	return reason
}

// askTransfer reads a move within memory: what is read and what is written.
func (p *parser) askTransfer(q *request) {
	count := uint32(binary.BigEndian.Uint16(p.body[2*addressSize:]))
	p.op.HasQty = true
	for i, verb := range [...]firedoor.Verb{firedoor.VerbRead, firedoor.VerbWrite} {
		o, _ := memory(p.body[i*addressSize:])
		p.op.Item = uint16(i + 1)
		p.refuse(true)
		p.ask(q, item{space: o.Space, at: o.At, count: count, code: p.body[i*addressSize], verb: verb})
	}
}

// askOne reads commands with at most one object that is no memory.
func (p *parser) askOne(c *command, q *request) {
	it := item{verb: c.verb}
	number := uint32(0)
	if len(p.body) >= 2 {
		number = uint32(binary.BigEndian.Uint16(p.body))
	}
	switch c.form {
	case formParameter, formParameterWrite:
		it.space, it.at[0], it.at[1] = parameters, number, uint32(binary.BigEndian.Uint16(p.body[2:]))
		it.count = uint32(binary.BigEndian.Uint16(p.body[4:]) &^ lastPiece)
		p.op.HasQty = true
		if c.form == formParameterWrite {
			p.op.Values = firedoor.Values{Type: firedoor.U16, Count: min(len(p.body)-6, 2*int(it.count)) / 2, Raw: p.body[6:]}
		}
	case formProgram:
		it.space, it.at[0] = programs, number
	case formProgramRead, formProgramWrite:
		it.space, it.at[0] = programs, number
		it.count = uint32(binary.BigEndian.Uint16(p.body[6:]) &^ lastPiece)
		p.op.HasQty = true
		p.beginProgram(c, q, number)
	case formMode: // the program, and the mode to run in
		if len(p.body) >= 2 {
			it.space, it.at[0] = programs, number
		}
		if len(p.body) == 3 {
			p.op.Values = firedoor.Values{Type: firedoor.U8, Count: 1, Raw: p.body[2:]}
		}
	case formNumber:
		p.op.Values = firedoor.Values{Type: firedoor.U16, Count: 1, Raw: p.body}
	}
	p.refuse(false)
	p.ask(q, it)
}

// askFile reads commands about files. Those about several give an operation each.
func (p *parser) askFile(c *command, q *request) {
	b := p.body
	disk := uint32(binary.BigEndian.Uint16(b))
	p.refuse(false)
	switch c.form {
	case formDisk:
		if p.op.Code == 0x2206 || p.op.Code == 0x2215 { // the parameter comes second
			p.op.Values = firedoor.Values{Type: firedoor.U16, Count: 1, Raw: b[2:4]}
		}
		p.ask(q, item{space: disks, at: [4]uint32{disk}, verb: c.verb})
	case formFile, formRename:
		p.askFileName(c, q, disk, b[2:])
	case formFileRead:
		p.op.HasQty = true
		p.beginFile(c, q, b[2:][:nameSize], binary.BigEndian.Uint32(b[14:]), true)
		p.ask(q, fileItem(c, disk, uint32(binary.BigEndian.Uint16(b[18:]))))
	case formFileWrite:
		p.op.HasQty = true
		p.beginFile(c, q, b[4:][:nameSize], binary.BigEndian.Uint32(b[16:]), false)
		p.ask(q, fileItem(c, disk, uint32(binary.BigEndian.Uint16(b[20:]))))
		p.addWritten(q, b[22:], int(binary.BigEndian.Uint16(b[20:])))
	case formFileCopy:
		p.askFileName(c, q, disk, b[2:])
	case formToFile: // which way, what, and the file at the end
		n := map[bool]int{false: 8, true: 12}[p.op.Code == 0x220c]
		p.op.Values = firedoor.Values{Type: firedoor.U16, Count: 1, Raw: b[:2]}
		p.askFileName(c, q, uint32(binary.BigEndian.Uint16(b[n:])), b[n+2:])
	default: // several: their number, their names
		p.askFiles(c, q, disk, b)
	}
}

func fileItem(c *command, disk, count uint32) item {
	return item{space: files, at: [4]uint32{disk}, count: count, verb: c.verb}
}

func (p *parser) askFileName(c *command, q *request, disk uint32, name []byte) {
	p.op.Object.Text = wire.Text(name[:nameSize])
	p.ask(q, fileItem(c, disk, 0))
}

// askFiles names the first of several files in the one operation they give, and
// says how many there are.
func (p *parser) askFiles(c *command, q *request, disk uint32, b []byte) {
	count := uint32(binary.BigEndian.Uint16(b[2:]))
	p.op.HasQty = true
	if len(b) >= 4+nameSize {
		p.op.Object.Text = wire.Text(b[4:][:nameSize])
	}
	p.ask(q, fileItem(c, disk, count))
	if 4+nameSize*int(count) > len(b) {
		p.complain(reasonMany)
	}
}
