package wire

import "encoding/binary"

// Headers of records (IODReadReqHeader and its kin), all of one size: number 2,
// UUID 16, API 4, slot 2, subslot 2, padding 2, index 2, length of the record 4,
// and in the answer to a write two values of 2 and a status.
const (
	ProfinetRecord         = 64
	ProfinetRecordUUIDAt   = 8
	ProfinetRecordAPIAt    = 24
	ProfinetRecordSlotAt   = 28
	ProfinetRecordIndexAt  = 34
	ProfinetRecordLengthAt = 36
	ProfinetRecordStatusAt = 44
)

// Types of block that records are asked for with, and the index of a write that
// holds several.
const (
	ProfinetWrite         = 0x0008
	ProfinetRead          = 0x0009
	ProfinetMultipleWrite = 0xe040
)

// ProfinetRecords goes through what a multiple write holds: headers with their
// records, each padded to four bytes.
type ProfinetRecords struct {
	B    []byte
	Want uint16 // type of the headers
	Data bool   // records follow the headers
	Bad  bool   // what is there is no whole record
}

// Next gives the next header, nil if there is none, and its record.
func (w *ProfinetRecords) Next() (head, data []byte) {
	if len(w.B) == 0 || w.Bad {
		return nil, nil
	}
	if len(w.B) < ProfinetRecord || binary.BigEndian.Uint16(w.B) != w.Want {
		w.Bad = true
		return nil, nil
	}
	head, w.B = w.B[:ProfinetRecord:ProfinetRecord], w.B[ProfinetRecord:]
	if !w.Data {
		return head, nil
	}
	n := int64(binary.BigEndian.Uint32(head[ProfinetRecordLengthAt:]))
	if n > int64(len(w.B)) {
		w.Bad = true
		n = int64(len(w.B))
	}
	data = w.B[:n:n]
	w.B = w.B[min(int64(len(w.B)), (n+3)&^3):]
	return head, data
}
