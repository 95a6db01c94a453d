package plant

import (
	"encoding/binary"

	"firedoor"
)

const (
	etherPROFINET = 0x8892

	// PROFINETAll is the group in which stations are looked for.
	PROFINETAll = firedoor.MAC(0x01_0e_cf_00_00_00)
	// PROFINETHello is the group to which a station says that it is there.
	PROFINETHello = firedoor.MAC(0x01_0e_cf_00_00_01)
)

// DCPBlock appends a block of PROFINET DCP; data hold its qualifier where it has one.
func DCPBlock(dst []byte, option, sub byte, data []byte) []byte {
	dst = binary.BigEndian.AppendUint16(append(dst, option, sub), uint16(len(data)))
	dst = append(dst, data...)
	if len(data)%2 == 1 {
		dst = append(dst, 0)
	}
	return dst
}

// DCP makes a frame of PROFINET DCP.
func DCP(id uint16, service, kind byte, xid uint32, blocks []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, id)
	b = binary.BigEndian.AppendUint32(append(b, service, kind), xid)
	b = binary.BigEndian.AppendUint16(append(b, 0, 0), uint16(len(blocks)))
	return append(b, blocks...)
}

// CyclicData makes a frame of PROFINET cyclic data of at least 40 bytes.
func CyclicData(id, cycle uint16, status byte, data []byte) []byte {
	b := append(binary.BigEndian.AppendUint16(nil, id), data...)
	for len(b) < 42 {
		b = append(b, 0)
	}
	return append(binary.BigEndian.AppendUint16(b, cycle), status, 0)
}

// AlarmFrame makes a PROFINET alarm frame around a block.
func AlarmFrame(id uint16, kind byte, block []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, id)
	b = append(b, 0, 1, 0, 2, 0x10|kind, 0x11, 0xff, 0xff, 0xff, 0xfe)
	return append(binary.BigEndian.AppendUint16(b, uint16(len(block))), block...)
}

// AlarmBlock makes the block of an alarm, or of its acknowledgement.
func AlarmBlock(kind, alarm uint16, api uint32, slot, subslot uint16, rest []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, kind)
	b = binary.BigEndian.AppendUint16(b, uint16(14-2+len(rest)))
	b = binary.BigEndian.AppendUint16(append(b, 1, 0), alarm)
	b = binary.BigEndian.AppendUint32(b, api)
	b = binary.BigEndian.AppendUint16(b, slot)
	return append(binary.BigEndian.AppendUint16(b, subslot), rest...)
}
