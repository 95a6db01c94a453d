package s7comm

import (
	"bytes"
	"encoding/binary"
	"strconv"

	"firedoor"
	"firedoor/internal/protocol"
)

// maxStatusList bounds a status list joined from fragments; what is longer is
// not read.
const maxStatusList = 1 << 14

// statusList is a system status list (SZL) that comes in fragments. Lists that
// identify nothing are not joined.
type statusList struct {
	active bool
	seq    uint8
	unit   uint8
	joined []byte
}

// Status lists that identify the device, in the low byte whatever the extract.
const (
	listModule     = 0x11
	listComponents = 0x1c
)

// listVerb tells what a status list is read for.
func listVerb(id uint32) firedoor.Verb {
	switch id & 0xff {
	case 0x00, 0x11, 0x12, 0x13, 0x14, 0x15, 0x1c, 0x31:
		return firedoor.VerbIdentify
	}
	return firedoor.VerbDiagnose
}

// answeredList is the list an answer says it holds, 0 if it says nothing.
func (p *parser) answeredList(u *user) uint32 {
	if u.group == groupCPU && u.sub == 1 && u.code == codeOK && len(u.data) >= 8 {
		return uint32(binary.BigEndian.Uint16(u.data))
	}
	return 0
}

// statusList joins the fragments of a list and reads it when it is whole.
func (p *parser) statusList(u *user) {
	s := &p.status
	switch {
	case u.code != codeOK:
	case !u.more && u.unit == 0:
		p.identify(u.data)
	case s.active && s.seq == u.seq && s.unit == u.unit:
		if len(s.joined)+len(u.data) > maxStatusList {
			s.active = false
			return
		}
		s.joined = append(s.joined, u.data...)
		if s.active = u.more; !u.more {
			p.identify(s.joined)
		}
	case u.more && len(u.data) >= 8 && identifies(binary.BigEndian.Uint16(u.data)):
		s.active, s.seq, s.unit = true, u.seq, u.unit
		s.joined = append(s.joined[:0], u.data...)
	}
}

// headOnly marks the extract of a list that counts its records without them.
const headOnly = 0x0f00

func identifies(id uint16) bool {
	return id>>12 == 0 && (id&0xff == listModule || id&0xff == listComponents)
}

// identify reads a whole list: its number and index, the length and count of
// its records, and the records.
func (p *parser) identify(b []byte) {
	rd := protocol.Read(b)
	id := rd.U16()
	rd.Skip(2)
	size, count := int(rd.U16()), int(rd.U16())
	if rd.Failed() || !identifies(id) || size < 4 || id&headOnly == headOnly {
		return
	}
	for range count {
		record := rd.Bytes(size)
		if rd.Failed() {
			p.malformed("status list shorter than its lengths say")
			return
		}
		if id&0xff == listModule {
			p.module(record)
		} else {
			p.component(record)
		}
	}
}

// module reads a record of list 0x11: index, order number (20 characters), type
// and version.
func (p *parser) module(b []byte) {
	if len(b) < 28 {
		return
	}
	const source = "s7 szl 0x0011"
	order, version := b[2:22], b[24:28]
	switch binary.BigEndian.Uint16(b) {
	case 1:
		p.fact(firedoor.FactOrder, source, order)
	case 6:
		hardware := strconv.AppendUint(p.text[:0], uint64(binary.BigEndian.Uint16(version)), 10)
		p.fact(firedoor.FactHardware, source, hardware)
	case 7:
		if version[0] == 'V' {
			p.fact(firedoor.FactFirmware, source, appendVersion(p.text[:0], version))
		}
	}
}

// appendVersion writes V1.2.3: a letter and three numbers.
func appendVersion(dst, b []byte) []byte {
	dst = strconv.AppendUint(append(dst, b[0]), uint64(b[1]), 10)
	dst = strconv.AppendUint(append(dst, '.'), uint64(b[2]), 10)
	return strconv.AppendUint(append(dst, '.'), uint64(b[3]), 10)
}

// component reads a record of list 0x1c: index and text.
func (p *parser) component(b []byte) {
	const source = "s7 szl 0x001c"
	text := b[2:]
	switch binary.BigEndian.Uint16(b) {
	case 1: // name of the station
		p.fact(firedoor.FactName, source, cut(text, 24))
	case 2: // name of the module
		p.fact(firedoor.FactModule, source, cut(text, 24))
	case 3: // plant designation
		p.fact(firedoor.FactComment, source, text)
	case 4: // copyright: the maker's name in the maker's words
		p.fact(firedoor.FactVendor, source, cut(text, 26))
	case 5:
		p.fact(firedoor.FactSerial, source, cut(text, 24))
	case 7: // type of the module
		p.fact(firedoor.FactModel, source, text)
	case 8: // serial number of the memory card
		p.fact(firedoor.FactComment, source, text)
	case 11: // location
		p.fact(firedoor.FactComment, source, text)
	}
}

func cut(b []byte, n int) []byte { return b[:min(n, len(b))] }

// fact emits what the controller says of itself, if it says anything.
func (p *parser) fact(kind firedoor.FactKind, source string, value []byte) {
	if i := bytes.IndexByte(value, 0); i >= 0 {
		value = value[:i]
	}
	if value = bytes.TrimSpace(value); len(value) == 0 {
		return
	}
	p.identity = firedoor.Identity{About: firedoor.AboutServer, Kind: kind, Confidence: 90, Source: source, Value: value}
	if _, slot, ok := p.session.RackSlot(); ok && kind == firedoor.FactModule {
		p.identity.Slot = uint16(slot)
	}
	p.event = firedoor.Event{Kind: firedoor.EventIdentity, Identity: &p.identity}
	p.emit(&p.event)
}
