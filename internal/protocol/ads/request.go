package ads

import (
	"encoding/binary"

	"firedoor"
)

// request reads what is asked.
func (p *parser) request(command uint16, silent bool, key uint64) {
	s := serviceOf(command)
	group, offset := uint32(0), uint32(0)
	if hasGroup(command) && len(p.data) >= 8 {
		group, offset = binary.LittleEndian.Uint32(p.data), binary.LittleEndian.Uint32(p.data[4:])
		if command != cmdAddNotification {
			s = find(command, group, p.port)
		}
		if s.form == formOpen && offset&openToChange != 0 {
			s = &openForWrite[0]
		}
	}
	if command == cmdWriteControl && len(p.data) >= 2 {
		if state := int(binary.LittleEndian.Uint16(p.data)); state < len(controls) {
			s = &controls[state]
		}
	}
	p.op.Function, p.op.Verb = s.function(p.theirs), s.verb
	var q *request
	if !silent {
		q = p.remember(key, command)
		q.group = group
	}
	if len(p.data) < leastData[command] {
		p.ask(q, item{}, nil, -1)
		p.complain(reasonShort)
		return
	}
	it := item{group: group, offset: offset, form: s.form}
	switch command {
	case cmdRead:
		p.op.HasQty = true
		it.count = binary.LittleEndian.Uint32(p.data[8:])
		p.ask(q, it, p.locate(&it), 0)
	case cmdWrite:
		p.askWrite(q, it)
	case cmdReadWrite:
		p.askReadWrite(q, it)
	case cmdWriteControl:
		p.op.Values = firedoor.Values{Type: firedoor.U16, Little: true, Count: 2, Raw: p.data[:4]}
		p.ask(q, item{}, nil, -1)
		p.fits(binary.LittleEndian.Uint32(p.data[4:]), 8)
	case cmdAddNotification:
		p.op.HasQty = true
		it.form = noted(group, p.port)
		it.count = binary.LittleEndian.Uint32(p.data[8:])
		p.ask(q, it, p.locate(&it), 0)
	case cmdDeleteNotification:
		it, name := p.locateNote(binary.LittleEndian.Uint32(p.data))
		p.ask(q, it, name, -1)
	default:
		p.ask(q, item{}, nil, -1)
	}
}

// leastData is how many octets a request has at least, by its command.
var leastData = [maxCommand + 1]int{cmdRead: 12, cmdWrite: 12, cmdWriteControl: 8, cmdAddNotification: 24, cmdDeleteNotification: 4, cmdReadWrite: 16}

func hasGroup(command uint16) bool {
	return command == cmdRead || command == cmdWrite || command == cmdReadWrite || command == cmdAddNotification
}

// serviceOf returns what a command does where its index group is not known.
func serviceOf(command uint16) *service {
	if hasGroup(command) && command != cmdAddNotification {
		return find(command, anyGroup, 0)
	}
	return &plainServices[command]
}

// noted is how the data of a notification are read.
func noted(group uint32, port uint16) form {
	switch f := find(cmdRead, group, port).form; f {
	case formPlain, formMemory, formBits, formHandle:
		return f
	}
	return formOpaque
}

// fits complains when a length does not fit what follows it.
func (p *parser) fits(length uint32, front int) {
	if !p.cut && int64(length) != int64(len(p.data)-front) {
		p.complain(reasonLength)
	}
}

// locate gives an item its space and numbers, and returns its name if it has one.
func (p *parser) locate(it *item) (name []byte) {
	it.at[0], it.at[1] = it.group, it.offset
	switch it.form {
	case formMemory:
		it.space = &memory
	case formBits:
		it.space = &bits
	case formHandle:
		return p.locateHandle(it, it.offset)
	case formRegistry:
		it.space, it.at = &registry, [4]uint32{}
	case formClose, formFileRead, formFileWrite, formSeek:
		return p.locateFile(it, it.offset)
	default:
		it.space = &groups
	}
	return nil
}

// locateHandle names the symbol of a handle, or the handle where nobody saw it given.
func (p *parser) locateHandle(it *item, handle uint32) []byte {
	it.at = [4]uint32{}
	if h := p.names.handle(p.op.Unit, handle, p.theirs); h != nil {
		it.space = &symbols
		return h.text()
	}
	it.space, it.at[0], p.obscure = &handles, handle, true
	return nil
}

// askWrite reads an index group, an offset, a length, data.
func (p *parser) askWrite(q *request, it item) {
	length, data := binary.LittleEndian.Uint32(p.data[8:]), p.data[12:]
	data = data[:min(int64(len(data)), int64(length))]
	it.count = length
	p.op.HasQty = true
	var name []byte
	switch {
	case it.form == formRelease && len(data) >= 4:
		it.offset = binary.LittleEndian.Uint32(data)
		name = p.locateHandle(&it, it.offset)
	case it.form == formRegistry:
		p.locate(&it)
		name = key(data)
	default:
		name = p.locate(&it)
		if it.form != formOpaque && !p.cut {
			p.op.Values, p.op.Texts = p.values(name, data)
		}
	}
	p.ask(q, it, name, 0)
	p.fits(length, 12)
}

// key is the path and the name of a value of the registry, which stand before what
// the value is.
func key(data []byte) []byte {
	zeros := 0
	for i, c := range data {
		if c != 0 {
			continue
		}
		if zeros++; zeros == 2 {
			return data[:min(i, maxName)]
		}
	}
	return nil
}

// askReadWrite reads an index group, an offset, how much is read, how much is written,
// what is written.
func (p *parser) askReadWrite(q *request, it item) {
	reads, writes, data := binary.LittleEndian.Uint32(p.data[8:]), binary.LittleEndian.Uint32(p.data[12:]), p.data[16:]
	data = data[:min(int64(len(data)), int64(writes))]
	it.count = reads
	p.op.HasQty = true
	if it.form == formSum && !p.cut {
		p.askSum(q, it, data)
		p.fits(writes, 16)
		return
	}
	name := []byte(nil)
	switch it.form {
	case formHandleOfName, formName, formInfo:
		it.space, name = &symbols, symbolName(data)
	case formRegistry:
		p.locate(&it)
		name = key(data)
	case formOpen, formFileName:
		it.space, name = &files, symbolName(data)
	case formFileWrite:
		it.count = writes
		name = p.locate(&it)
	case formOpaque, formSum, formTarget, formHost:
		p.locate(&it)
	default:
		name = p.locate(&it)
		if writes > 0 && it.space != &files && it.space != &fileHandles && !p.cut {
			p.op.Values, p.op.Texts = p.values(name, data)
		}
	}
	if p.cut && it.space == &symbols {
		name = nil
	}
	p.ask(q, it, name, 0)
	if q != nil {
		p.askFile(q, &it, data)
	}
	p.fits(writes, 16)
}

// locateNote names what a notification is about, or tells its number where nobody saw
// it given out.
func (p *parser) locateNote(handle uint32) (it item, name []byte) {
	it = item{space: &notifications, at: [4]uint32{handle}, offset: handle}
	n := p.names.note(p.op.Unit, handle, p.theirs)
	if n == nil {
		p.obscure = true
		return it, nil
	}
	it.space, it.at = n.space, n.at
	return it, n.text()
}
