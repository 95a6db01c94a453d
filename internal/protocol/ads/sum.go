package ads

import (
	"encoding/binary"

	"firedoor"
)

// sumSize is how many octets of the list stand for one item.
func sumSize(group uint32) int {
	switch group {
	case groupSumReadWrite:
		return 16
	case groupSumAdd:
		return 40
	case groupSumDelete:
		return 4
	default:
		return 12
	}
}

// askSum reads a list of items, and behind it what is written to them.
func (p *parser) askSum(q *request, sum item, data []byte) {
	size := sumSize(sum.group)
	n := int(min(uint64(sum.offset), uint64(len(data)/size)))
	if n == 0 || uint32(n) != sum.offset {
		p.locate(&sum)
		p.op.HasQty = false
		p.ask(q, item{space: sum.space, at: sum.at, form: formOpaque}, nil, 0)
		p.complain(reasonCount)
		return
	}
	if q != nil {
		q.total = sum.offset
	}
	if n > maxItems && p.writes(sum.group, data[maxItems*size:n*size]) { // who judges must know that there are more
		p.complain(reasonMore)
	}
	for _, tells := range [...]bool{false, true} { // first to see whether all can be named
		more := data[n*size:]
		for i := range min(n, maxItems) {
			it, name := p.sumItem(sum.group, data[i*size:][:size], &more)
			if n > 1 {
				p.op.Item = uint16(i + 1)
			}
			if tells {
				p.ask(q, it, name, groupAt(sum.group, 16+i*size))
			}
		}
	}
}

// writes tells whether one of the items of a list changes something.
func (p *parser) writes(sum uint32, list []byte) bool {
	for size := sumSize(sum); len(list) > 0; list = list[size:] {
		switch {
		case sum == groupSumWrite:
			return true
		case sum == groupSumReadWrite && find(cmdReadWrite, binary.LittleEndian.Uint32(list), p.port).verb > firedoor.VerbRead:
			return true
		}
	}
	return false
}

// groupAt is where the index group of an item stands; notifications have none.
func groupAt(sum uint32, at int) int {
	if sum == groupSumDelete {
		return -1
	}
	return at
}

// sumItem reads an item of a list, and takes what is written to it from what stands
// behind the list.
func (p *parser) sumItem(sum uint32, one []byte, more *[]byte) (it item, name []byte) {
	p.op.Values, p.op.Texts = firedoor.Values{}, nil
	if sum == groupSumDelete {
		p.op.HasQty = false
		return p.locateNote(binary.LittleEndian.Uint32(one))
	}
	it.group, it.offset, it.count = binary.LittleEndian.Uint32(one), binary.LittleEndian.Uint32(one[4:]), binary.LittleEndian.Uint32(one[8:])
	written := uint32(0)
	switch sum {
	case groupSumWrite:
		it.form, written = p.inSum(cmdWrite, it.group), it.count
	case groupSumReadWrite:
		it.form, written = p.inSum(cmdReadWrite, it.group), binary.LittleEndian.Uint32(one[12:])
	default:
		it.form = noted(it.group, p.port)
	}
	brings := (*more)[:min(int64(len(*more)), int64(written))]
	*more = (*more)[len(brings):]
	switch it.form {
	case formHandleOfName, formName, formInfo:
		it.space, name = &symbols, symbolName(brings)
	case formRelease:
		if len(brings) >= 4 {
			it.offset = binary.LittleEndian.Uint32(brings)
		}
		name = p.locateHandle(&it, it.offset)
	case formPlain, formMemory, formBits, formHandle:
		name = p.locate(&it)
		if written > 0 && uint32(len(brings)) == written {
			p.op.Values, p.op.Texts = p.values(name, brings)
		}
	default: // no list has what the system service does
		it.form = formOpaque
		p.locate(&it)
	}
	return it, name
}

// inSum is how an item of a list is read; the verb is its own.
func (p *parser) inSum(command uint16, group uint32) form {
	s := find(command, group, p.port)
	p.op.Verb = s.verb
	return s.form
}

// answerSum reads a list of results, and behind it what was read.
func (p *parser) answerSum(q *request, data []byte) (sound bool) {
	n, size := int(q.total), 4
	switch q.group {
	case groupSumReadWrite, groupSumReadEx, groupSumReadEx2, groupSumAdd:
		size = 8
	}
	if n == 0 {
		p.replyAll(q)
		return true
	}
	if len(data)/size < n {
		p.replyAll(q)
		return false
	}
	more := data[n*size:]
	for i := range q.items {
		it := &q.items[i]
		one := data[i*size:]
		code := binary.LittleEndian.Uint32(one)
		p.op.Outcome = outcome(code, p.port)
		p.op.Values, p.op.Texts = firedoor.Values{}, nil
		length := uint32(0)
		switch q.group {
		case groupSumRead:
			length = it.count
		case groupSumReadWrite, groupSumReadEx2:
			length = binary.LittleEndian.Uint32(one[4:])
		case groupSumReadEx: // each has its room, used or not
			length = it.count
		case groupSumAdd:
			if code == 0 {
				p.learnNote(q, it, binary.LittleEndian.Uint32(one[4:]))
			}
		}
		brought := more[:min(int64(len(more)), int64(length))]
		more = more[len(brought):]
		if code == 0 && q.group != groupSumWrite && q.group != groupSumDelete {
			p.brought(q, it, brought)
		}
		if code == 0 && (q.group == groupSumDelete || it.form == formRelease) {
			p.forget(q, it)
		}
		p.reply(q, i)
	}
	return true
}
