package modbus

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
)

// Reasons of malformed requests and answers.
const (
	reasonFunction  = "function code zero or of an exception in a request"
	reasonLength    = "length does not fit the function"
	reasonQuantity  = "quantity zero or above the limit"
	reasonByteCount = "byte count does not fit"
	reasonCoil      = "coil value neither on nor off"
	reasonReference = "reference type of a file record is not 6"
	reasonDeviceID  = "device identification code out of range"
	reasonEcho      = "answer does not repeat the request"
	reasonObjects   = "objects of a device identification do not fit"
	reasonQueue     = "queue longer than 31 registers"
	reasonUnit      = "answer names another unit than was asked"
	reasonException = "exception code zero or answer longer than one"
)

// maxQueue is the longest queue function 24 returns (6.18).
const maxQueue = 31

// request reads the client's message at hand. Whatever its form, it gives an
// operation: a device may take what breaks the rules.
func (p *parser) request() {
	code, data := p.adu[functionAt], p.adu[dataAt:]
	if code == 0 || code >= exceptionBit {
		p.complain(reasonFunction)
		return
	}
	p.remember()
	f := p.begin(code)
	settles := p.doubts != nil && served(code) && p.asked.Len() < protocol.MaxAsked && !p.asked.Has(p.key())
	q := p.asked.Put(p.key())
	q.settles = settles
	q.id, q.items, q.verb, q.name = p.last+1, 1, f.verb, nil
	q.object, q.qty, q.words = place{}, 0, [2]uint16{}
	if m := q.more; m != nil {
		m.second, m.qty2, m.records = place{}, 0, m.records[:0]
	}
	reason := ""
	switch f.form {
	case formRead:
		reason = p.askRead(f, q, data)
	case formWriteOne:
		reason = p.askWriteOne(f, q, data)
	case formWriteMany:
		reason = p.askWriteMany(f, q, data)
	case formMask:
		reason = p.askMask(f, q, data)
	case formReadWrite:
		reason = p.askReadWrite(f, q, data)
	case formQueue:
		reason = p.askQueue(f, q, data)
	case formReadFile, formWriteFile:
		reason = p.askFile(f, q, data)
	case formDiagnostics:
		reason = p.askDiagnostics(f, q, data)
	case formEncapsulated:
		reason = p.askEncapsulated(f, q, data)
	case formUmas:
		reason = p.askUmas(q, data)
	case formOther:
		p.ask()
	default:
		if len(data) != 0 {
			reason = reasonLength
		}
		p.ask()
	}
	if reason != "" {
		p.complain(reason)
	}
	if p.guarded && p.frames != framedRTU && (reason != "" || !served(code)) {
		p.doubt()
	}
}

// remember notes whether the client numbers its requests at all.
func (p *parser) remember() {
	number := binary.BigEndian.Uint16(p.adu)
	p.reuses = p.last > 0 && number == p.number
	p.number = number
}

// unreadable emits an operation of which only the function is known.
func (p *parser) unreadable(f *function) string {
	p.op.Refusals = f.byFunction()
	p.ask()
	return reasonLength
}

func (p *parser) askRead(f *function, q *request, data []byte) string {
	if len(data) < 4 {
		return p.unreadable(f)
	}
	q.qty = uint32(binary.BigEndian.Uint16(data[2:]))
	p.object(f.space, binary.BigEndian.Uint16(data), q.qty)
	q.object = placeOf(&p.op.Object)
	p.op.Refusals = f.refusals
	p.ask()
	return checkQuantity(data, 4, q.qty, f.limit)
}

func checkQuantity(data []byte, size int, qty uint32, limit uint16) string {
	switch {
	case len(data) != size:
		return reasonLength
	case qty == 0 || qty > uint32(limit):
		return reasonQuantity
	default:
		return ""
	}
}

func (p *parser) askWriteOne(f *function, q *request, data []byte) string {
	if len(data) < 4 {
		return p.unreadable(f)
	}
	p.object(f.space, binary.BigEndian.Uint16(data), 1)
	q.object, q.qty = placeOf(&p.op.Object), 1
	q.words[0] = binary.BigEndian.Uint16(data[2:])
	p.op.Values = valueOfOne(f.space, data)
	p.op.Refusals = f.refusals
	p.ask()
	switch {
	case len(data) != 4:
		return reasonLength
	case f.space == &coils && q.words[0] != 0 && q.words[0] != 0xff00:
		return reasonCoil
	default:
		return ""
	}
}

// valueOfOne views the value of functions 5 and 6: address, value. A coil is
// 0xff00 or 0, so that the lowest bit of the first byte says it.
func valueOfOne(space *firedoor.Space, data []byte) firedoor.Values {
	if space == &coils {
		return bits(data[2:3], 1)
	}
	return registers(data[2:4])
}

func (p *parser) askWriteMany(f *function, q *request, data []byte) string {
	if len(data) < 5 {
		return p.unreadable(f)
	}
	q.qty = uint32(binary.BigEndian.Uint16(data[2:]))
	q.words[0] = uint16(q.qty)
	p.object(f.space, binary.BigEndian.Uint16(data), q.qty)
	q.object = placeOf(&p.op.Object)
	p.values(f.space, data[5:], q.qty)
	p.op.Refusals = f.refusals
	p.ask()
	if reason := checkQuantity(data, 5+int(data[4]), q.qty, f.limit); reason != "" {
		return reason
	}
	if int(data[4]) != sizeOf(f.space, q.qty) {
		return reasonByteCount
	}
	return ""
}

// sizeOf is how many bytes n elements of a space take.
func sizeOf(space *firedoor.Space, n uint32) int {
	if space == &coils || space == &discretes {
		return int(n+7) / 8
	}
	return 2 * int(n)
}

func (p *parser) askMask(f *function, q *request, data []byte) string {
	if len(data) < 6 {
		return p.unreadable(f)
	}
	p.object(f.space, binary.BigEndian.Uint16(data), 1)
	q.object, q.qty = placeOf(&p.op.Object), 1
	q.words = [2]uint16{binary.BigEndian.Uint16(data[2:]), binary.BigEndian.Uint16(data[4:])}
	p.op.Values = registers(data[2:6])
	p.op.Refusals = f.refusals
	p.ask()
	if len(data) != 6 {
		return reasonLength
	}
	return ""
}

// askReadWrite gives two operations: what is read (item 1) and what is written
// (item 2). The device writes first, but it answers with what it read.
func (p *parser) askReadWrite(f *function, q *request, data []byte) string {
	q.items = 2
	m := q.further()
	if len(data) < 9 {
		p.op.Item = 1
		p.op.Refusals = f.byFunction()
		p.ask()
		p.op.Item, p.op.Verb = 2, firedoor.VerbWrite
		return p.unreadable(f)
	}
	q.qty = uint32(binary.BigEndian.Uint16(data[2:]))
	m.qty2 = uint32(binary.BigEndian.Uint16(data[6:]))
	p.object(f.space, binary.BigEndian.Uint16(data), q.qty)
	q.object = placeOf(&p.op.Object)
	p.op.Item = 1
	p.op.Refusals = f.refusals
	p.ask()
	p.object(f.space, binary.BigEndian.Uint16(data[4:]), m.qty2)
	m.second = placeOf(&p.op.Object)
	p.op.Item, p.op.Verb = 2, firedoor.VerbWrite
	p.values(f.space, data[9:], m.qty2)
	p.op.Refusals = secondRefusals
	p.ask()
	if reason := checkQuantity(data, 9+int(data[8]), q.qty, f.limit); reason != "" {
		return reason
	}
	if m.qty2 == 0 || m.qty2 > limitReadWrite {
		return reasonQuantity
	}
	if int(data[8]) != sizeOf(f.space, m.qty2) {
		return reasonByteCount
	}
	return ""
}

func (p *parser) askQueue(f *function, q *request, data []byte) string {
	if len(data) < 2 {
		return p.unreadable(f)
	}
	p.op.Object = firedoor.Object{Space: &queues, At: [4]uint32{uint32(binary.BigEndian.Uint16(data))}}
	q.object = placeOf(&p.op.Object)
	p.op.Refusals = f.refusals
	p.ask()
	if len(data) != 2 {
		return reasonLength
	}
	return ""
}

// askFile gives one operation for each record asked for (6.14, 6.15): reference
// type, file, record, length, and when writing as many registers.
func (p *parser) askFile(f *function, q *request, data []byte) string {
	if len(data) < 8 {
		return p.unreadable(f)
	}
	several := len(data) > 8
	if f.form == formWriteFile {
		several = len(data) > 8+2*int(binary.BigEndian.Uint16(data[6:]))
	}
	q.items = 0
	m := q.further()
	reason := ""
	if int(data[0]) != len(data)-1 {
		reason = reasonByteCount
	}
	for at := 1; len(data)-at >= 7; at += 7 {
		rec := data[at:]
		length := binary.BigEndian.Uint16(rec[5:])
		values := rec[7:]
		place := dataAt + at + 3 // the record number: 10,000 and more is never one
		if rec[0] != fileReference {
			reason = reasonReference
		}
		p.op.Object = firedoor.Object{Space: &files, At: [4]uint32{uint32(binary.BigEndian.Uint16(rec[1:])), uint32(binary.BigEndian.Uint16(rec[3:]))}}
		p.op.Quantity, p.op.HasQty = uint32(length), true
		if f.form == formWriteFile {
			values = values[:min(len(values), 2*int(length))]
			p.op.Values = registers(values)
			at += len(values)
		}
		m.records = append(m.records, record{p.op.Object, uint32(length)})
		q.items++
		if several {
			p.op.Item = q.items
		}
		p.refuseAt("address", place)
		p.ask()
	}
	return reason
}

func (p *parser) askDiagnostics(f *function, q *request, data []byte) string {
	if len(data) < 2 {
		return p.unreadable(f)
	}
	sub := binary.BigEndian.Uint16(data)
	p.diagnostic(sub)
	q.object, q.verb, q.name = placeOf(&p.op.Object), p.op.Verb, diagnosticName(sub)
	if sub == subEcho || sub == subRestart || sub == subDelimiter {
		p.op.Values = registers(data[2:])
	}
	if p.op.Verb.Changes() {
		p.refuseAt("sub-function", dataAt)
	}
	p.ask()
	if len(data) < 4 || len(data)%2 != 0 {
		return reasonLength
	}
	return ""
}

// diagnostic says what a sub-function of diagnostics is for.
func (p *parser) diagnostic(sub uint16) {
	p.op.Object = firedoor.Object{Space: &diagnostics, At: [4]uint32{uint32(sub)}}
	p.op.Verb = diagnosticVerb(sub)
	if name := diagnosticName(sub); name != nil {
		p.op.Function = *name
	}
}

func (p *parser) askEncapsulated(f *function, q *request, data []byte) string {
	if len(data) < 1 {
		return p.unreadable(f)
	}
	reason := ""
	p.encapsulated(data[0])
	if data[0] == meiDeviceID {
		if len(data) < 3 {
			reason = reasonLength
		} else {
			p.op.Object = firedoor.Object{Space: &deviceIDs, At: [4]uint32{uint32(data[2])}}
			if data[1] < 1 || data[1] > 4 {
				reason = reasonDeviceID
			}
		}
	}
	q.object, q.verb, q.name = placeOf(&p.op.Object), p.op.Verb, encapsulatedName(data[0])
	p.ask()
	return reason
}

// encapsulatedName is the name of an MEI type, nil for those without one.
func encapsulatedName(mei byte) *string {
	switch mei {
	case meiDeviceID:
		return &nameDeviceID
	case meiCANopen:
		return &nameCANopen
	default:
		return nil
	}
}

// encapsulated says what an MEI type is for.
func (p *parser) encapsulated(mei byte) {
	switch mei {
	case meiDeviceID:
		p.op.Function, p.op.Verb = nameDeviceID, firedoor.VerbIdentify
	case meiCANopen:
		p.op.Function = nameCANopen
	}
}
