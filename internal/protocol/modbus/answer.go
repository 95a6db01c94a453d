package modbus

import (
	"encoding/binary"

	"firedoor"
)

// answer reads the server's message at hand and joins it to its request. One
// without a request is partial: it says what it can by itself.
func (p *parser) answer() {
	q := p.asked.Take(p.key())
	if p.doubts != nil {
		p.settle(q)
	}
	unit := uint32(p.adu[6])
	other := q == nil && p.frames == framedTCP && !p.guarded && !p.reuses
	if other {
		var key uint64
		key, q = p.asked.TakeAlike(p.key(), ^uint64(0xff<<unitBits))
		if other = q != nil; other {
			unit = uint32(byte(key >> unitBits))
		}
	}
	p.answerTo(q, unit)
	if other {
		p.complain(reasonUnit)
	}
}

// answerTo reads the answer to a request that asked a unit.
func (p *parser) answerTo(q *request, unit uint32) {
	code, data := p.adu[functionAt], p.adu[dataAt:]
	f := p.begin(code &^ exceptionBit)
	p.op.Unit = unit
	p.op.Outcome.Kind = firedoor.OutcomeOK
	if code >= exceptionBit {
		p.refused(q, data)
		return
	}
	reason := ""
	switch f.form {
	case formRead, formReadWrite:
		reason = p.answerRead(f, q, data)
	case formWriteOne, formWriteMany, formMask:
		reason = p.answerWrite(f, q, data)
	case formQueue:
		reason = p.answerQueue(q, data)
	case formReadFile:
		reason = p.answerReadFile(q, data)
	case formWriteFile:
		reason = p.answerWriteFile(q, data)
	case formDiagnostics:
		reason = p.answerDiagnostics(q, data)
	case formEncapsulated:
		reason = p.answerEncapsulated(q, data)
	case formServerID:
		reason = p.answerServerID(q, data)
	case formUmas:
		reason = p.answerUmas(q, data)
	case formOther:
		p.reply(q, 0)
	default:
		reason = p.answerStatus(f, q, data)
	}
	if reason != "" {
		p.complain(reason)
	}
}

// reply emits the operation at hand as the answer of a request's item, counted
// from 0; q is nil when the request was not seen.
func (p *parser) reply(q *request, item int) {
	p.op.Phase = firedoor.Answered
	if q == nil {
		p.last++
		p.op.ID, p.op.Partial = p.last, true
		p.emit(&p.operation)
		return
	}
	p.op.ID = q.id + uint32(item)
	if q.items > 1 {
		p.op.Item = uint16(item + 1)
	}
	p.op.Verb = q.verb
	if q.name != nil {
		p.op.Function = *q.name
	}
	switch {
	case q.more != nil && len(q.more.records) > 0:
		p.op.Object = q.more.records[item].object
		p.op.Quantity, p.op.HasQty = q.more.records[item].length, true
	case item == 1:
		p.op.Verb = firedoor.VerbWrite
		p.set(q.more.second, q.more.qty2, q.more.second.space != nil)
	default:
		p.set(q.object, q.qty, isRange(q.object.space))
	}
	p.emit(&p.operation)
}

// set fills in the object that an answer is about.
func (p *parser) set(o place, qty uint32, counts bool) {
	p.op.Object.Space, p.op.Object.At[0] = o.space, o.at
	p.op.Quantity, p.op.HasQty = qty, counts
}

// isRange tells whether operations on a space count elements.
func isRange(s *firedoor.Space) bool {
	return s == &coils || s == &discretes || s == &holding || s == &inputs
}

// refused emits the exception for every item of the request.
func (p *parser) refused(q *request, data []byte) {
	var code byte
	if len(data) > 0 {
		code = data[0]
	}
	p.op.Outcome = exception(code)
	if u := umasOf(q); p.op.Code == codeUmas && u != nil {
		p.op.Protocol = "umas"
		p.umasReplies(q, u, nil)
		p.op.Protocol = ""
	} else {
		p.replyAll(q)
	}
	if len(data) != 1 || code == 0 {
		p.complain(reasonException)
	}
}

// replyAll emits one outcome for all items.
func (p *parser) replyAll(q *request) {
	p.reply(q, 0)
	for i := 1; q != nil && i < int(q.items); i++ {
		p.op.Values = firedoor.Values{}
		p.reply(q, i)
	}
}

// answerRead reads a byte count and values: functions 1-4 and 23.
func (p *parser) answerRead(f *function, q *request, data []byte) string {
	if len(data) < 1 {
		p.replyAll(q)
		return reasonLength
	}
	values := data[1:]
	values = values[:min(len(values), int(data[0]))]
	n := uint32(len(values)) * 8 // as many as there can be
	if q != nil && q.qty > 0 {
		n = q.qty
	}
	p.values(f.space, values, n)
	p.replyAll(q)
	if int(data[0]) != len(data)-1 || len(values) == 0 || q != nil && q.qty > 0 && len(values) != sizeOf(f.space, q.qty) {
		return reasonByteCount
	}
	return ""
}

// answerWrite reads what the answer of a write repeats of its request.
func (p *parser) answerWrite(f *function, q *request, data []byte) string {
	size := 4
	if f.form == formMask {
		size = 6
	}
	if len(data) < size {
		p.reply(q, 0)
		return reasonLength
	}
	address := binary.BigEndian.Uint16(data)
	words := [2]uint16{binary.BigEndian.Uint16(data[2:])}
	if f.form == formMask {
		words[1] = binary.BigEndian.Uint16(data[4:])
	}
	if q == nil {
		switch f.form {
		case formWriteOne:
			p.object(f.space, address, 1)
			p.op.Values = valueOfOne(f.space, data)
		case formMask:
			p.object(f.space, address, 1)
			p.op.Values = registers(data[2:6])
		default:
			p.object(f.space, address, uint32(words[0]))
		}
	}
	p.reply(q, 0)
	switch {
	case len(data) != size:
		return reasonLength
	case q != nil && q.object.space != nil && (q.object.at != uint32(address) || q.words != words):
		return reasonEcho
	default:
		return ""
	}
}

func (p *parser) answerQueue(q *request, data []byte) string {
	if len(data) < 4 {
		p.reply(q, 0)
		return reasonLength
	}
	bytes, count := int(binary.BigEndian.Uint16(data)), int(binary.BigEndian.Uint16(data[2:]))
	p.op.Values = registers(data[4:])
	p.op.Values.Count = min(p.op.Values.Count, count)
	p.reply(q, 0)
	switch {
	case bytes != len(data)-2 || 2*count != len(data)-4:
		return reasonByteCount
	case count > maxQueue:
		return reasonQueue
	default:
		return ""
	}
}

// answerReadFile reads records: length in bytes (type included), type, registers.
func (p *parser) answerReadFile(q *request, data []byte) string {
	if len(data) < 1 {
		p.replyAll(q)
		return reasonLength
	}
	reason := ""
	if int(data[0]) != len(data)-1 {
		reason = reasonByteCount
	}
	item := 0
	for rest := data[1:]; len(rest) >= 2 && (q == nil || item < int(q.items)); item++ {
		n := int(rest[0])
		if n < 1 || n > len(rest)-1 || rest[1] != fileReference {
			reason = reasonReference
			break
		}
		p.op.Values = registers(rest[2 : 1+n])
		if q == nil {
			p.op.Quantity, p.op.HasQty = uint32(n-1)/2, true
			if item > 0 || len(rest) > 1+n {
				p.op.Item = uint16(item + 1)
			}
		}
		p.reply(q, item)
		rest = rest[1+n:]
	}
	p.op.Values = firedoor.Values{}
	for ; q != nil && item < int(q.items); item++ { // records the answer does not hold
		p.reply(q, item)
		reason = reasonByteCount
	}
	return reason
}

// answerWriteFile reads the records an answer repeats.
func (p *parser) answerWriteFile(q *request, data []byte) string {
	if q != nil {
		p.replyAll(q)
	} else {
		p.partialRecords(data)
	}
	if len(data) < 1 || int(data[0]) != len(data)-1 {
		return reasonByteCount
	}
	return ""
}

func (p *parser) partialRecords(data []byte) {
	item := uint16(0)
	for at := 1; len(data)-at >= 7; {
		rec := data[at:]
		length := binary.BigEndian.Uint16(rec[5:])
		values := rec[7:]
		values = values[:min(len(values), 2*int(length))]
		p.op.Object = firedoor.Object{Space: &files, At: [4]uint32{uint32(binary.BigEndian.Uint16(rec[1:])), uint32(binary.BigEndian.Uint16(rec[3:]))}}
		p.op.Quantity, p.op.HasQty = uint32(length), true
		p.op.Values = registers(values)
		at += 7 + len(values)
		item++
		if item > 1 || len(data)-at >= 7 {
			p.op.Item = item
		}
		p.reply(nil, 0)
	}
	if item == 0 {
		p.reply(nil, 0)
	}
}

func (p *parser) answerDiagnostics(q *request, data []byte) string {
	if len(data) < 2 {
		p.reply(q, 0)
		return reasonLength
	}
	sub := binary.BigEndian.Uint16(data)
	if q == nil {
		p.diagnostic(sub)
	}
	if sub == subEcho || sub == subRegister || sub >= subFirstCount && sub <= subLastCount {
		p.op.Values = registers(data[2:])
	}
	p.reply(q, 0)
	switch {
	case len(data) < 4 || len(data)%2 != 0:
		return reasonLength
	case q != nil && q.object.space != nil && q.object.at != uint32(sub):
		return reasonEcho
	default:
		return ""
	}
}

// answerStatus reads functions 7, 11 and 12: a byte; two words; a byte count,
// three words and events.
func (p *parser) answerStatus(f *function, q *request, data []byte) string {
	fits := false
	switch f.form {
	case formStatus:
		fits = len(data) == 1
		p.op.Values = bits(data[:min(len(data), 1)], 8)
	case formCounter:
		fits = len(data) == 4
		p.op.Values = registers(data[:min(len(data), 4)])
	case formLog:
		fits = len(data) >= 7 && int(data[0]) == len(data)-1
		if len(data) >= 7 {
			p.op.Values = registers(data[1:7])
		}
	}
	p.reply(q, 0)
	if !fits {
		return reasonLength
	}
	return ""
}

// minText is how long printable text in a server's id must be to mean something.
const minText = 4

// answerServerID takes the text out of an id that each device lays out its own
// way: number, run indicator, and whatever the maker adds (6.13).
func (p *parser) answerServerID(q *request, data []byte) string {
	p.reply(q, 0)
	if len(data) < 1 || int(data[0]) != len(data)-1 {
		return reasonByteCount
	}
	if text := longestText(data[1:]); len(text) >= minText {
		p.fact(firedoor.FactModel, sourceServerID, 60, text)
	}
	return ""
}

// longestText returns the longest run of printable ASCII.
func longestText(b []byte) []byte {
	var best []byte
	start := 0
	for i := 0; i <= len(b); i++ {
		if i < len(b) && b[i] >= ' ' && b[i] <= '~' {
			continue
		}
		if i-start > len(best) {
			best = b[start:i]
		}
		start = i + 1
	}
	return best
}

// answerEncapsulated reads device identification (6.21): MEI type, code,
// conformity, more follows, next object, count, then id, length, value of each.
func (p *parser) answerEncapsulated(q *request, data []byte) string {
	if len(data) < 1 {
		p.reply(q, 0)
		return reasonLength
	}
	p.encapsulated(data[0])
	p.reply(q, 0)
	if data[0] != meiDeviceID {
		return ""
	}
	if len(data) < 6 {
		return reasonLength
	}
	rest := data[6:]
	for range data[5] {
		if len(rest) < 2 || len(rest)-2 < int(rest[1]) {
			return reasonObjects
		}
		id, value := int(rest[0]), rest[2:2+int(rest[1])]
		if id < len(deviceObjects) {
			p.fact(deviceObjects[id].kind, deviceObjects[id].source, 90, value)
		}
		rest = rest[2+len(value):]
	}
	if len(rest) != 0 {
		return reasonObjects
	}
	return ""
}
