package evidence

import "encoding/binary"

// Blocks and options of pcapng (draft-ietf-opsawg-pcapng, sections 4 and 3.5).
const (
	blockSection   = 0x0a0d0d0a
	blockInterface = 1
	blockPacket    = 6

	optComment     = 1
	optName        = 2 // of an interface
	optResolution  = 9 // of its times
	linkEthernet   = 1
	nanoseconds    = 9 // as a power of ten
	byteOrderMagic = 0x1a2b3c4d
)

var le = binary.LittleEndian

// maxComment is how long a comment is at most.
const maxComment = 1024

// block appends a block of a type, whose body fill appends.
func block(b []byte, kind uint32, fill func([]byte) []byte) []byte {
	start := len(b)
	b = le.AppendUint32(b, kind)
	b = le.AppendUint32(b, 0)
	b = fill(b)
	n := uint32(len(b) - start + 4)
	le.PutUint32(b[start+4:], n)
	return le.AppendUint32(b, n)
}

func option(b []byte, code uint16, value []byte) []byte {
	b = le.AppendUint16(b, code)
	b = le.AppendUint16(b, uint16(len(value)))
	return pad(append(b, value...), len(value))
}

// pad fills up to a multiple of four.
func pad(b []byte, n int) []byte {
	for ; n%4 != 0; n++ {
		b = append(b, 0)
	}
	return b
}

func endOfOptions(b []byte) []byte { return le.AppendUint32(b, 0) }

// head is what a file begins with: a section and an interface for each port.
func head(ports [2]string) (b []byte) {
	b = block(b, blockSection, func(b []byte) []byte {
		b = le.AppendUint32(b, byteOrderMagic)
		b = le.AppendUint16(b, 1)
		b = le.AppendUint16(b, 0)
		return le.AppendUint64(b, ^uint64(0)) // its length is not known
	})
	for _, name := range ports {
		b = block(b, blockInterface, func(b []byte) []byte {
			b = le.AppendUint16(b, linkEthernet)
			b = le.AppendUint16(b, 0)
			b = le.AppendUint32(b, 0) // frames of any length
			b = option(b, optName, []byte(name))
			b = option(b, optResolution, []byte{nanoseconds})
			return endOfOptions(b)
		})
	}
	return b
}

func (p *Packet) appendTo(b []byte) []byte {
	return block(b, blockPacket, func(b []byte) []byte {
		b = le.AppendUint32(b, uint32(p.Port))
		b = le.AppendUint32(b, uint32(uint64(p.Time)>>32))
		b = le.AppendUint32(b, uint32(uint64(p.Time)))
		b = le.AppendUint32(b, uint32(len(p.Data)))
		b = le.AppendUint32(b, uint32(max(p.Wire, len(p.Data))))
		b = pad(append(b, p.Data...), len(p.Data))
		if p.Comment == "" {
			return b
		}
		b = option(b, optComment, []byte(p.Comment[:min(len(p.Comment), maxComment)]))
		return endOfOptions(b)
	})
}
