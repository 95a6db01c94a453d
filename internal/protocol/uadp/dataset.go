package uadp

import (
	"encoding/binary"

	"firedoor/internal/protocol/wire"
)

// Bits of the flags that begin a DataSetMessage (7.2.4.5.4).
const (
	isValid       = 1 << 0
	encodingShift = 1
	encodingMask  = 3
	hasSequence   = 1 << 3
	hasStatus     = 1 << 4
	hasMajor      = 1 << 5
	hasMinor      = 1 << 6
	hasFlags2     = 1 << 7

	setTypeMask  = 0x0f
	hasSetTime   = 1 << 4
	hasSetPicos  = 1 << 5
	setReserved2 = 3 << 6
)

// Encodings of fields.
const (
	encodingVariant = iota
	encodingRaw
	encodingValue
)

// Types of DataSetMessage.
const (
	setKey = iota
	setDelta
	setEvent
	setAlive
)

// setWords are the words of samples, by type of DataSetMessage.
var setWords = [...]string{setKey: "key frame", setDelta: "delta frame", setEvent: "event", setAlive: "keep-alive", 4: "action request", 5: "action response"}

// set is a DataSetMessage on its way through its fields.
type set struct {
	flags, flags2 byte
	sequence      uint16
	time          uint64
	status        []byte // 2 bytes, nil: none
	major         uint32
	fields        int
}

func (s *set) kind() byte     { return s.flags2 & setTypeMask }
func (s *set) encoding() byte { return s.flags >> encodingShift & encodingMask }

// read reads the header and, where there is one, the number of fields.
func (s *set) read(r *wire.UA) (fault string) {
	*s = set{flags: r.U8()}
	if s.flags&hasFlags2 != 0 {
		s.flags2 = r.U8()
	}
	if s.flags&hasSequence != 0 {
		s.sequence = r.U16LE()
	}
	if s.flags2&hasSetTime != 0 {
		s.time = r.U64LE()
	}
	if s.flags2&hasSetPicos != 0 {
		r.Skip(2)
	}
	if s.flags&hasStatus != 0 {
		s.status = r.Bytes(2)
	}
	if s.flags&hasMajor != 0 {
		s.major = r.U32LE()
	}
	if s.flags&hasMinor != 0 {
		r.Skip(4)
	}
	if s.kind() < setAlive && s.encoding() != encodingRaw {
		s.fields = int(r.U16LE())
	}
	switch {
	case r.Failed():
		return faultShort
	case s.flags2&setReserved2 != 0 || int(s.kind()) >= len(setWords):
		return faultReserved
	case s.encoding() > encodingValue:
		return faultEncoding
	}
	return ""
}

// bad tells whether the status of the whole data set is not good.
func (s *set) bad() bool { return s.status != nil && binary.LittleEndian.Uint16(s.status)>>14 != 0 }

// field reads the next field, which is number i of the message: its place in the
// data set, its value and its status.
func (s *set) field(r *wire.UA, i int) (place int, v wire.UAVariant, status uint32) {
	place = i
	if s.kind() == setDelta {
		place = int(r.U16LE())
	}
	if s.encoding() == encodingValue {
		v, status = r.DataValue()
	} else {
		v = r.Variant()
	}
	return place, v, status
}

// padded tells whether all that is left is the zeros that fill a data set up to its
// configured size, or a frame up to Ethernet's least.
func padded(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
