package plant

import "encoding/binary"

const (
	etherGOOSE   = 0x88b8
	etherSampled = 0x88ba
)

// GOOSE is a message of a control block; Data are its encoded values.
type GOOSE struct {
	App             uint16
	Reference, ID   string
	State, Sequence uint32
	Revision        uint32
	Simulated       bool // by the field
	Marked          bool // by the header
	Needs           bool // commissioning
	Entries         byte
	Data            []byte
}

// Encode writes the message behind its Ethernet type.
func (g *GOOSE) Encode() []byte {
	b := ber(0x80, []byte(g.Reference))
	b = append(b, ber(0x81, []byte{0x07, 0xd0})...)
	b = append(b, ber(0x82, []byte(g.Reference+"$DS"))...)
	if g.ID != "" {
		b = append(b, ber(0x83, []byte(g.ID))...)
	}
	b = append(b, ber(0x84, []byte{0x69, 0xa5, 0x2b, 0x80, 0x40, 0, 0, 0x0a})...)
	b = append(b, ber(0x85, berUnsigned(g.State))...)
	b = append(b, ber(0x86, berUnsigned(g.Sequence))...)
	b = append(b, ber(0x87, []byte{berFlag(g.Simulated)})...)
	b = append(b, ber(0x88, berUnsigned(g.Revision))...)
	b = append(b, ber(0x89, []byte{berFlag(g.Needs)})...)
	b = append(b, ber(0x8a, []byte{g.Entries})...)
	b = append(b, ber(0xab, g.Data)...)
	return publish(g.App, g.Marked, ber(0x61, b))
}

// berUnsigned is a number in as few bytes as it needs.
func berUnsigned(v uint32) []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(v))
	for len(b) > 1 && b[0] == 0 && b[1] < 0x80 {
		b = b[1:]
	}
	return b
}

func berFlag(on bool) byte {
	if on {
		return 0xff
	}
	return 0
}

// publish puts the header of GOOSE and sampled values in front of a unit.
func publish(app uint16, simulated bool, unit []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, app)
	b = binary.BigEndian.AppendUint16(b, uint16(8+len(unit)))
	return append(append(b, berFlag(simulated)&0x80, 0, 0, 0), unit...)
}

// SampledUnit makes one sample unit of a stream.
func SampledUnit(id string, counter uint16, revision uint32, synch byte, data []byte) []byte {
	b := ber(0x80, []byte(id))
	b = append(b, ber(0x82, binary.BigEndian.AppendUint16(nil, counter))...)
	b = append(b, ber(0x83, binary.BigEndian.AppendUint32(nil, revision))...)
	b = append(b, ber(0x85, []byte{synch})...)
	return ber(0x30, append(b, ber(0x87, data)...))
}

// SampledValues makes a frame of sample units behind its Ethernet type.
func SampledValues(app uint16, simulated bool, units ...[]byte) []byte {
	var all []byte
	for _, u := range units {
		all = append(all, u...)
	}
	return publish(app, simulated, ber(0x60, append(ber(0x80, []byte{byte(len(units))}), ber(0xa2, all)...)))
}
