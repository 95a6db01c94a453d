package modbus

import (
	"encoding/binary"
	"strconv"

	"firedoor"
)

// Reasons of malformed UMAS. Little is known of its rules, so little breaks them.
const (
	reasonUmasShort   = "umas request shorter than its fields"
	reasonUmasContent = "umas length of content does not fit"
)

// umasAsked is what the answer to a UMAS request needs to know of it.
type umasAsked struct {
	is     bool // else it was function 90 with something else in it
	signed bool
	code   byte
	sub    byte // of read project info
	block  uint16
	object firedoor.Object
	qty    uint32
	counts bool // qty means something
	items  []umasItem
}

// umasItem is one object of a request over several; small, for they are kept for
// every request under way.
type umasItem struct {
	kind uint8
	size uint8 // of an element, in bytes
	at   [3]uint16
	qty  uint16
}

// Kinds of umasItem.
const (
	itemVariable uint8 = iota
	itemCoil
	itemRegister
)

// maxUmasItems is how many objects of a request are told one by one; a request
// for more is one operation without an object.
const maxUmasItems = 64

// object names an item.
func (i *umasItem) object() firedoor.Object {
	o := firedoor.Object{Space: &umasVariables, At: [4]uint32{uint32(i.at[0]), uint32(i.at[1]), uint32(i.at[2])}}
	switch i.kind {
	case itemCoil:
		o.Space = &coils
	case itemRegister:
		o.Space = &holding
	}
	return o
}

// values views an item's elements: numbers with their lowest byte first, whose
// sign and type only the project knows.
func (i *umasItem) values(b []byte) firedoor.Values {
	types := [...]firedoor.ValueType{1: firedoor.U8, 2: firedoor.U16, 4: firedoor.U32, 8: firedoor.U64}
	return firedoor.Values{Type: types[i.size], Little: true, Count: int(i.qty), Raw: b}
}

// packed is coils that took a byte each, of which the lowest bit tells.
func (s *scratch) packed(b []byte) firedoor.Values {
	s.coils = append(s.coils[:0], make([]byte, (len(b)+7)/8)...)
	for i, c := range b {
		s.coils[i/8] |= c & 1 << (i % 8)
	}
	return bits(s.coils, len(b))
}

// umasInner returns the UMAS function and body in the data of function 90, those
// inside where a signature (32 bytes, behind one more) goes ahead.
func umasInner(data []byte) (code byte, body []byte, signed bool) {
	const innerAt = umasBodyAt + 1 + 32 // function 90, pairing key, function
	if data[umasCodeAt] == umasSigned && len(data) >= innerAt+3 && data[innerAt] == codeUmas {
		return data[innerAt+2], data[innerAt+3:], true
	}
	return data[umasCodeAt], data[umasBodyAt:], false
}

// askUmas reads a request of function 90: pairing key, UMAS function, body. All
// its numbers are little-endian.
func (p *parser) askUmas(q *request, data []byte) (reason string) {
	u := &q.further().umas
	*u = umasAsked{items: u.items[:0]}
	if len(data) < umasBodyAt { // whatever it is, it is not UMAS
		p.refuseUmas()
		p.ask()
		return ""
	}
	code, body, signed := umasInner(data)
	known := &umasFunctions[code]
	u.is, u.code, u.signed = true, code, signed
	q.verb, q.name = known.verb, &known.name
	p.op.Protocol, p.op.Code, p.op.Verb, p.op.Function = "umas", uint32(code), known.verb, known.name
	switch code {
	case umasReadMemory, umasWriteMemory:
		reason = u.memory(body)
	case umasReadVariables:
		u.readVariables(body)
	case umasReadLocated:
		u.readLocated(body)
	case umasProject:
		if len(body) > 0 {
			u.sub = body[0]
			u.object = firedoor.Object{Space: &umasProjects, At: [4]uint32{uint32(u.sub)}}
		}
	case umasSendBlock, umasFetchBlock:
		reason = u.programBlock(body)
	case umasMonitor:
		if !onlyMonitors(body) {
			q.verb = firedoor.VerbConfigure
		}
	}
	if code == umasWriteVars {
		p.askUmasWrite(q, u, body)
	} else {
		p.askUmasItems(q, u)
	}
	switch {
	case code == umasReserve:
		p.reservation(body)
	case code == umasSendBlock && reason == "":
		if reason = p.sendBlock(u.block, body[4:]); reason != "" {
			p.umas.moves[moveSend].Lose()
		}
	}
	p.op.Protocol = ""
	return reason
}

// askUmasItems emits the request at hand, once for each of its objects.
func (p *parser) askUmasItems(q *request, u *umasAsked) {
	q.items = uint16(max(1, len(u.items)))
	for i := range int(q.items) {
		p.umasObject(q, u, i)
		p.refuseUmas()
		p.ask()
	}
}

// umasObject gives the operation at hand what item i of a request touches.
func (p *parser) umasObject(q *request, u *umasAsked, i int) {
	p.op.Verb = q.verb
	p.op.Object, p.op.Quantity, p.op.HasQty = u.object, u.qty, u.counts
	if len(u.items) > 0 {
		p.op.Object, p.op.Quantity, p.op.HasQty = u.items[i].object(), uint32(u.items[i].qty), true
	}
	if len(u.items) > 1 {
		p.op.Item = uint16(i + 1)
	}
}

// refuseUmas refuses by a function code of Modbus that nobody assigned, unless
// the message is one that only function 90 may be as long as.
func (p *parser) refuseUmas() {
	if len(p.adu) <= lengthEnds+maxTolerated {
		p.op.Refusals = umasRefusals
	}
}

// memory reads range, block, offset, length of a part of the memory. What is in
// it is not told: fingerprints of passwords lie there too.
func (u *umasAsked) memory(b []byte) string {
	if len(b) < 9 {
		return reasonUmasShort
	}
	block, offset := binary.LittleEndian.Uint16(b[1:]), binary.LittleEndian.Uint32(b[3:])
	u.object = firedoor.Object{Space: &umasMemory, At: [4]uint32{uint32(block), offset, uint32(b[0])}}
	u.qty, u.counts = uint32(binary.LittleEndian.Uint16(b[7:])), true
	return ""
}

// programBlock reads two bytes and the number of a block on its way.
func (u *umasAsked) programBlock(b []byte) string {
	if len(b) < 4 {
		return reasonUmasShort
	}
	u.block = binary.LittleEndian.Uint16(b[2:])
	u.object = firedoor.Object{Space: &umasBlocks, At: [4]uint32{uint32(u.block)}}
	return ""
}

// variable reads the head of a variable: whether an array (4 bits) and the index
// of its size (4 bits): 1, 2, 4 or 8 bytes; block.
func variable(b []byte) (v umasItem, array, ok bool) {
	index := b[0] & 0xf
	v = umasItem{kind: itemVariable, at: [3]uint16{binary.LittleEndian.Uint16(b[1:])}, qty: 1}
	if index < 1 || index > 4 {
		return v, false, false
	}
	v.size = 1 << (index - 1)
	return v, b[0]>>4 != 0, true
}

// readVariables reads the project's checksum (4), the count (1), and variables:
// head (3), 1, base (2), offset (1), and of an array its length (2). What does not
// fit this leaves no object.
func (u *umasAsked) readVariables(b []byte) {
	if len(b) < 5 || b[4] > maxUmasItems {
		return
	}
	count, rest := int(b[4]), b[5:]
	for range count {
		if len(rest) < 7 {
			break
		}
		v, array, ok := variable(rest)
		if !ok {
			break
		}
		v.at[1], v.at[2] = binary.LittleEndian.Uint16(rest[4:]), uint16(rest[6])
		rest = rest[7:]
		if array {
			if len(rest) < 2 {
				break
			}
			v.qty, rest = binary.LittleEndian.Uint16(rest), rest[2:]
		}
		u.items = append(u.items, v)
	}
	if len(u.items) != count || len(rest) != 0 {
		u.items = u.items[:0]
	}
}

// readLocated reads the count (1) and what is read: 2 (1), class (1), address
// (2), quantity (2). Class 2 is the coils, 3 the holding registers.
func (u *umasAsked) readLocated(b []byte) {
	const size = 6
	if len(b) < 1 || b[0] > maxUmasItems || len(b) != 1+size*int(b[0]) {
		return
	}
	for at := 1; at < len(b); at += size {
		i := umasItem{kind: itemCoil, size: 1, at: [3]uint16{binary.LittleEndian.Uint16(b[at+2:])}, qty: binary.LittleEndian.Uint16(b[at+4:])}
		switch b[at+1] {
		case 2:
		case 3:
			i.kind, i.size = itemRegister, 2
		default:
			u.items = u.items[:0]
			return
		}
		u.items = append(u.items, i)
	}
}

// askUmasWrite reads the project's checksum (4), the count (1), and variables:
// head (3), base (2), offset (2), of an array its length (2), values. It reads
// twice: if all of it does not fit, none of it is told.
func (p *parser) askUmasWrite(q *request, u *umasAsked, b []byte) {
	if len(b) >= 5 && b[4] <= maxUmasItems && u.writtenVariables(b, nil) {
		q.items = uint16(len(u.items))
		i := 0
		u.writtenVariables(b, func(values []byte) { // does not leave this frame: nothing is allocated
			p.umasObject(q, u, i)
			p.op.Values = u.items[i].values(values)
			p.refuseUmas()
			p.ask()
			i++
		})
		return
	}
	u.items = u.items[:0]
	p.askUmasItems(q, u)
}

func (u *umasAsked) writtenVariables(b []byte, each func(values []byte)) bool {
	count, rest := int(b[4]), b[5:]
	for range count {
		if len(rest) < 7 {
			return false
		}
		v, array, ok := variable(rest)
		if !ok {
			return false
		}
		v.at[1], v.at[2] = binary.LittleEndian.Uint16(rest[3:]), binary.LittleEndian.Uint16(rest[5:])
		rest = rest[7:]
		if array {
			if len(rest) < 2 {
				return false
			}
			v.qty, rest = binary.LittleEndian.Uint16(rest), rest[2:]
		}
		n := int(v.size) * int(v.qty)
		if len(rest) < n {
			return false
		}
		if each == nil {
			u.items = append(u.items, v)
		} else {
			each(rest[:n])
		}
		rest = rest[n:]
	}
	return count > 0 && len(rest) == 0
}

// onlyMonitors tells whether all parts of a monitoring request are known not to
// write: three bytes, the last of them their count, then watch and forget a
// variable (5), give all (7), watch and give (9), forget all (11).
func onlyMonitors(b []byte) bool {
	if len(b) < 3 {
		return false
	}
	sizes := [...]int{5: 7, 7: 1, 9: 6, 11: 1}
	count, rest := int(b[2]), b[3:]
	for range count {
		if len(rest) == 0 || int(rest[0]) >= len(sizes) {
			return false
		}
		n := sizes[rest[0]]
		if n == 0 || len(rest) < n {
			return false
		}
		rest = rest[n:]
	}
	return len(rest) == 0
}

// maxStation is how long the name of a station may be: what is longer is none,
// and may be what a password is checked by.
const maxStation = 32

// reservation tells who takes the reservation: 4 bytes, the length of the name
// (1), the name of the engineering station. What may stand behind is not read.
func (p *parser) reservation(b []byte) {
	if len(b) < 5 || b[4] > maxStation || len(b)-5 < int(b[4]) {
		return
	}
	p.voice.Fact(p.emit, firedoor.Identity{
		About: firedoor.AboutClient, Kind: firedoor.FactName, Confidence: 90,
		Source: sourceReservation, Value: b[5 : 5+int(b[4])],
	})
}

// identifyUmas reads the answer of read id: 8 bytes, version (2, as 0x0270 for
// 2.70), 12 bytes, the length of the name (1), the name of the processor.
func (p *parser) identifyUmas(b []byte) {
	if len(b) < 23 || len(b)-23 < int(b[22]) {
		return
	}
	text := strconv.AppendUint(p.text[:0], uint64(b[9]), 16)
	text = append(text, '.', digits[b[8]>>4], digits[b[8]&0xf])
	p.fact(firedoor.FactModel, sourceReadID, 90, b[23:23+int(b[22])])
	p.fact(firedoor.FactFirmware, sourceReadID, 90, text)
}

// checksums views the answer of read plc info: state (1), 2 bytes, how many numbers follow,
// those (4 each): checksums of the project and its parts, one of them what a read of
// variables begins with; behind them what only newer controllers have.
func checksums(b []byte) firedoor.Values {
	const at = 4
	if len(b) < at || b[at-1] == 0 || len(b)-at < 4*int(b[at-1]) {
		return firedoor.Values{}
	}
	n := int(b[at-1])
	return firedoor.Values{Type: firedoor.U32, Little: true, Count: n, Raw: b[at : at+4*n]}
}

const digits = "0123456789abcdef"

// project reads the answer of read project info, kind 0: 34 bytes (checksums and
// two times), version (3, lowest first), 1, the length of the name (1), the name.
func (p *parser) project(b []byte) {
	const nameAt = 39
	if len(b) < nameAt || b[nameAt-1] == 0 || len(b)-nameAt < int(b[nameAt-1]) {
		return
	}
	u := p.umasState()
	name := b[nameAt : nameAt+int(b[nameAt-1])]
	for i, c := range name {
		if c == 0 {
			name = name[:i]
			break
		}
	}
	u.named = uint8(copy(u.name[:], name))
	text := append(append(p.text[:0], u.name[:u.named]...), ' ')
	for i := 36; i >= 34; i-- {
		text = append(strconv.AppendUint(text, uint64(b[i]), 10), '.')
	}
	p.fact(firedoor.FactComment, sourceProjectInfo, 90, text[:len(text)-1])
}
