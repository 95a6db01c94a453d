package kip

import (
	"encoding/binary"

	"firedoor"
)

// carried reads a cEMI message: code, size of additional information, that, and
// what the code has.
func (p *parser) carried(s *service, b []byte) {
	if len(b) > 0 && b[0] >= codeReset {
		p.manage(b)
		return
	}
	if len(b) < 2 || len(b) < 2+int(b[1]) {
		p.malformed("message shorter than its additional information")
		return
	}
	switch b[0] {
	case codeDataReq, codeDataInd, codeDataCon:
		p.telegram(s, b[0], b[2+int(b[1]):])
	}
}

// telegram reads control (2), source (2), destination (2), length, and as many
// bytes and one more.
func (p *parser) telegram(s *service, code byte, b []byte) {
	if len(b) < 8 || len(b) < 8+int(b[6]) {
		p.malformed("telegram shorter than its length")
		return
	}
	group := b[1]&0x80 != 0
	at := uint32(binary.BigEndian.Uint16(b[4:]))
	unit := b[7 : 8+int(b[6])]
	p.op = firedoor.Operation{Object: firedoor.Object{Space: &devices, At: [4]uint32{at}}}
	if group && at != 0 { // 0 is everybody
		p.op.Object.Space = &groups
	}
	if unit[0]&0x80 != 0 { // control of a transport connection
		if code == codeDataReq || code == codeDataCon {
			p.transport(code, b[0], unit[0])
		}
		return
	}
	if len(unit) < 2 {
		p.malformed("telegram without an application service")
		return
	}
	apci := uint16(unit[0]&3)<<8 | uint16(unit[1])
	if apci == dataSecure {
		p.secured()
		return
	}
	apci = whole(apci)
	w := application(apci)
	p.op.Code, p.op.Function, p.op.Verb = codeApplication+uint32(apci), w.name, w.verb
	p.application(apci, unit)
	switch {
	case code == codeDataCon:
		p.confirm(b[0]&1 != 0)
	case code == codeDataReq && w.verb != 0:
		p.ask(keyOf(&p.op), false)
	case s.id == serviceRouting && w.verb != 0, s.id == serviceSystemBroadcast && w.verb != 0:
		p.ask(0, true)
	default:
		p.sample = firedoor.Sample{Function: w.name, Code: p.op.Code, Object: p.op.Object, Values: p.op.Values}
		p.event = firedoor.Event{Kind: firedoor.EventSample, Sample: &p.sample}
		p.emit(&p.event)
	}
}

// transport tells that a connection with a device is opened or closed.
func (p *parser) transport(code, state, unit byte) {
	switch unit & 0xc3 {
	case 0x80:
		p.op.Function = "transport connect"
	case 0x81:
		p.op.Function = "transport disconnect"
	default:
		return
	}
	p.op.Code, p.op.Verb = codeApplication+0x800+uint32(unit&1), session
	if code == codeDataReq {
		p.ask(keyOf(&p.op), false)
	} else {
		p.confirm(state&1 != 0)
	}
}

// keyOf joins a telegram and its confirmation: service and destination.
func keyOf(op *firedoor.Operation) uint64 { return uint64(op.Code)<<16 | uint64(op.Object.At[0]) }

// whole is an application service without the data that short ones have in their
// lower six bits.
func whole(apci uint16) uint16 {
	switch s := apci >> 6; {
	case s == 11, s == 15, apci >= 0x1c8 && s == 7, apci == 0x381, apci == 0x3a1:
		return apci
	}
	return apci &^ 0x3f
}

// confirm answers what a confirmation echoes.
func (p *parser) confirm(failed bool) {
	q := p.asked.Take(keyOf(&p.op))
	if q == nil && p.op.Verb == 0 {
		return // of a message that asks for nothing
	}
	p.op.Outcome, p.op.Values = firedoor.OK, firedoor.Values{}
	if failed {
		p.op.Outcome = firedoor.Failed(1, "not-confirmed")
	}
	p.answer(q)
}

// application fills in object and values.
func (p *parser) application(apci uint16, unit []byte) {
	o := &p.op.Object
	switch apci {
	case groupWrite, groupResponse:
		if len(unit) == 2 {
			p.bits[0] = unit[1] & 0x3f
			p.op.Values = number(p.bits[:])
		} else {
			p.op.Values = number(unit[2:])
		}
	case propertyRead, propertyReply, propertyWrite, propertyDescr:
		if len(unit) >= 4 {
			o.Space, o.At[1], o.At[2] = &properties, uint32(unit[2]), uint32(unit[3])
			p.programming(apci == propertyWrite && unit[2] == 0 && unit[3] == propertyMode)
		}
	case memoryRead, memoryWrite:
		if len(unit) >= 4 {
			o.Space, o.At[1] = &memory, uint32(binary.BigEndian.Uint16(unit[2:]))
			p.op.Quantity, p.op.HasQty = uint32(unit[1]&0x3f), true
			p.programming(apci == memoryWrite && o.At[1] == memoryMode)
		}
	}
}

// Where devices have their programming mode: a property of the device object, or a
// memory cell of older ones.
const (
	propertyMode = 54
	memoryMode   = 0x60
)

func (p *parser) programming(is bool) {
	if is {
		p.op.Function, p.op.Verb = "set programming mode", configure
	}
}

// manage reads a message of device management: code, type of object (2), instance,
// property, number of elements (4 bits) and first of them (12), data.
func (p *parser) manage(b []byte) {
	code := b[0]
	w := management(code)
	if w.name == "" {
		return
	}
	p.op = firedoor.Operation{Function: w.name, Verb: w.verb, Code: codeManagement + uint32(code)}
	if code == codeReset {
		p.ask(0, true)
		return
	}
	if len(b) < 5 {
		p.malformed("message of device management too short")
		return
	}
	o := &p.op.Object
	*o = firedoor.Object{Space: &own, At: [4]uint32{uint32(binary.BigEndian.Uint16(b[1:])), uint32(b[3]), uint32(b[4])}}
	key := codeManagement<<16 | uint64(o.At[0])<<16 | uint64(o.At[1])<<8 | uint64(o.At[2])
	switch code {
	case codePropRead, codePropWrite, codeFuncCmd, codeFuncRead:
		p.ask(key, false)
		return
	}
	p.op.Outcome = firedoor.OK
	switch code {
	case codeFuncCon:
		p.op.Code = codeManagement + codeFuncRead
		if len(b) > 5 && b[5] != 0 {
			p.op.Outcome = firedoor.Failed(uint32(b[5]), "")
		}
	case codePropReadCon, codePropWriteCon: // no elements: an error code
		p.op.Code = codeManagement + codePropRead
		if code == codePropWriteCon {
			p.op.Code = codeManagement + codePropWrite
		}
		if len(b) > 7 && b[5]>>4 == 0 {
			p.op.Outcome = firedoor.Failed(uint32(b[7]), "")
		}
	}
	p.answer(p.asked.Take(key))
}

// number reads a value: of two or four bytes a number, else its bytes.
func number(b []byte) firedoor.Values {
	switch len(b) {
	case 0:
		return firedoor.Values{}
	case 2:
		return firedoor.Values{Type: firedoor.U16, Count: 1, Raw: b}
	case 4:
		return firedoor.Values{Type: firedoor.U32, Count: 1, Raw: b}
	}
	return firedoor.Values{Type: firedoor.U8, Count: len(b), Raw: b}
}
