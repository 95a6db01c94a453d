package ecat

import (
	"encoding/binary"
	"strconv"

	"firedoor"
)

// Safety over EtherCAT (ETG.5100, IEC 61784-3-12) is a container among process data:
// command 1, then parts of safe data 2 and checksum 2, and the connection's identifier
// 2. Where it lies only the configuration tells. But from the second part on each
// checksum can be checked with the first one alone: what they have in common, which no
// frame shows (the partner's last checksum and a number that counts up), falls out.
// A container of one part (up to two bytes of safe data) is proven otherwise: see single.
const (
	fsoeHead   = 1
	fsoePart   = 4
	fsoeLeast  = fsoeHead + 2*fsoePart + 2
	maxParts   = 31
	maxPlaces  = 32 // where containers may be, in a flow; more are not looked for
	fsoeProof  = 4  // different containers in a row, before one is believed: chance 2^-64 or less
	fsoePoly   = 0x39b7
	fsoeSpread = 0x9e3779b1 // which datagrams are searched: one of eight, whatever their order
	fsoeOneOf  = 29
)

// place is where a container lies, or may.
type place struct {
	address uint32 // of the datagram's image
	at      uint16
	conn    uint16
	last    uint16 // first checksum of the newest container
	parts   uint8
	good    uint8 // different ones in a row
	back    bool
}

// safety is what is known of containers.
type safety struct {
	looks   uint32
	places  []place
	singles []single
	from    uint16 // where places of one checksum are looked for next
	data    [2 * maxParts]byte
}

// fsoeCommand tells whether a byte is a command: reset, session, connection,
// parameter, process data, fail-safe data.
func fsoeCommand(b byte) bool {
	switch b {
	case 0x2a, 0x4e, 0x64, 0x52, 0x36, 0x08:
		return true
	}
	return false
}

// fsoeShift is the checksum's register a zero byte further, and fsoeByte what a byte
// of the message adds: three zero bytes stand behind each message.
var (
	fsoeShift = fsoeTable(8)
	fsoeByte  = fsoeTable(32)
)

func fsoeTable(bits int) (t [256]uint16) {
	for i := range t {
		r := uint16(i) << 8
		for range bits {
			r = r<<1 ^ r>>15*fsoePoly
		}
		t[i] = r
	}
	return t
}

func fsoeNext(crc uint16, b byte) uint16 { return crc<<8 ^ fsoeShift[crc>>8] ^ fsoeByte[b] }

func fsoeZero(crc uint16) uint16 { return crc<<8 ^ fsoeShift[crc>>8] }

// fsoeParts tells how many parts the container at the beginning of b has whose
// checksums fit; 0 if not even two.
func fsoeParts(b []byte) (parts int) {
	if len(b) < fsoeLeast || !fsoeCommand(b[0]) {
		return 0
	}
	// The register behind the common head, two bytes further, is the first checksum
	// without its data; behind an index it is four bytes further.
	common := binary.LittleEndian.Uint16(b[3:]) ^ fsoeNext(fsoeNext(0, b[1]), b[2])
	common = fsoeZero(fsoeZero(common))
	for i := 1; i < maxParts && len(b) >= fsoeHead+fsoePart*(i+1)+2; i++ {
		p := b[fsoeHead+fsoePart*i:]
		crc := fsoeNext(fsoeNext(fsoeNext(fsoeNext(0, byte(i)), 0), p[0]), p[1])
		if crc^common != binary.LittleEndian.Uint16(p[2:]) {
			break
		}
		parts = i + 1
	}
	return parts
}

// containers looks for safety containers in an image, and tells those that are proven.
func (p *parser) containers(d *datagram, function string, back bool) {
	s := &p.safety
	address := uint32(d.offset)<<16 | uint32(d.position)
	for i := 0; i < len(s.places); {
		c := &s.places[i]
		if c.address != address || c.back != back {
			i++
			continue
		}
		if int(c.at) >= len(d.data) || !c.holds(d.data[c.at:]) {
			*c = s.places[len(s.places)-1]
			s.places = s.places[:len(s.places)-1]
			continue
		}
		if c.good >= fsoeProof {
			p.container(c, function, d.data[c.at:])
		}
		i++
	}
	if s.looks++; s.looks*fsoeSpread>>fsoeOneOf == 0 {
		s.search(address, back, d.data)
		s.seek(address, back, d.data)
	}
	p.singles(d, function, back)
}

// holds tells whether a container is still where one was, and counts new ones.
func (c *place) holds(b []byte) bool {
	if fsoeParts(b) != int(c.parts) || binary.LittleEndian.Uint16(b[fsoeHead+fsoePart*int(c.parts):]) != c.conn {
		return false
	}
	if first := binary.LittleEndian.Uint16(b[3:]); first != c.last {
		c.last, c.good = first, min(c.good+1, fsoeProof)
	}
	return true
}

// search looks at every byte of an image. A connection without an identifier is not
// made yet.
func (s *safety) search(address uint32, back bool, b []byte) {
	for at := 0; at+fsoeLeast <= len(b) && len(s.places) < maxPlaces; at++ {
		parts := fsoeParts(b[at:])
		if parts == 0 {
			continue
		}
		c := place{address: address, at: uint16(at), parts: uint8(parts), back: back, good: 1,
			conn: binary.LittleEndian.Uint16(b[at+fsoeHead+fsoePart*parts:]), last: binary.LittleEndian.Uint16(b[at+3:])}
		if c.conn != 0 && !s.known(&c) {
			s.places = append(s.places, c)
		}
	}
}

func (s *safety) known(c *place) bool {
	for i := range s.places {
		if o := &s.places[i]; o.address == c.address && o.back == c.back && o.at == c.at {
			return true
		}
	}
	return false
}

// container tells the safe data of a container.
func (p *parser) container(c *place, function string, b []byte) {
	data := p.safety.data[:0]
	for i := range int(c.parts) {
		data = append(data, b[fsoeHead+fsoePart*i], b[fsoeHead+fsoePart*i+1])
	}
	p.sample = firedoor.Sample{Function: function, Code: codeFSoE + uint32(b[0]), Values: firedoor.Values{Type: firedoor.U8, Count: len(data), Raw: data},
		Object: firedoor.Object{Space: &containers, At: [4]uint32{c.address + uint32(c.at), uint32(c.conn)}}}
	p.emit(&p.samples)
}

// codeFSoE is added to the command of a container.
const codeFSoE = 0x500

// containers are safety containers by logical address and connection.
var containers = firedoor.Space{Name: "fsoe", Append: func(dst []byte, o *firedoor.Object) []byte {
	dst = hex(append(dst, "logical:0x"...), uint64(o.At[0]), 8)
	return strconv.AppendUint(append(dst, "/fsoe:"...), uint64(o.At[1]), 10)
}}
