package ecat

import (
	"encoding/binary"

	"firedoor"
)

// A container of one or two bytes of safe data has one checksum: command 1, data 1 or 2,
// checksum 2, the connection's identifier 2. Alone it cannot be proven, but the two ways
// of a connection prove each other: a checksum is that of the partner's last checksum,
// the identifier, a number that counts up by one, the command and the data. All but the
// number is seen, so each checksum tells the number, and it must be the one behind that
// of the container before. Who sees only one way cannot know.
const (
	maxSingles  = 32 // places that are followed in a flow; more wait until one is given up
	maxWaits    = 64 // searches, one of eight images each, until a place that proves nothing is given up
	singleLeast = 1 + 1 + 2 + 2
)

// single is where a container with one checksum may lie.
type single struct {
	address uint32 // of the datagram's image
	at      uint16
	conn    uint16
	last    uint16 // checksum of the newest container
	number  uint16 // that it counts as, where numbered
	size    uint8  // of the safe data
	good    uint8  // different ones in a row that count up
	waits   uint8
	back    bool
	counted bool
}

// fsoeBack undoes fsoeShift: the byte that was shifted out, by the low byte that is left.
var fsoeBack = makeBack()

func makeBack() (t [256]byte) {
	for i, r := range fsoeShift {
		t[byte(r)] = byte(i)
	}
	return t
}

// fsoeUnzero is the register before a zero byte.
func fsoeUnzero(crc uint16) uint16 {
	x := fsoeBack[byte(crc)]
	return uint16(x)<<8 | (crc^fsoeShift[x])>>8
}

// fsoeNumber is the number that a container counts as, by the checksum of its partner's
// newest one. From the number on, the message has the command, the data and the three
// zero bytes behind it; the number's own two bytes fill the register.
func fsoeNumber(partner, conn uint16, command byte, data []byte, sum uint16) uint16 {
	crc := uint16(0)
	for _, b := range [...]byte{byte(partner), byte(partner >> 8), byte(conn), byte(conn >> 8), 0, 0, command} {
		crc = fsoeNext(crc, b)
	}
	for _, b := range data {
		crc = fsoeNext(crc, b)
	}
	crc ^= sum
	const behind = 1 + 3 + 2 // command, zero bytes, and the two by which a register is ahead
	for range behind + len(data) {
		crc = fsoeUnzero(crc)
	}
	return crc>>8 | crc<<8
}

// checksum of the container at the beginning of b.
func (c *single) checksum(b []byte) uint16 { return binary.LittleEndian.Uint16(b[1+c.size:]) }

// lies tells whether there may be one at the beginning of b.
func (c *single) lies(b []byte) bool {
	n := int(c.size)
	return len(b) >= n+singleLeast-1 && fsoeCommand(b[0]) && binary.LittleEndian.Uint16(b[n+3:]) == c.conn
}

// singles follows containers with one checksum in an image, and tells those that are
// proven.
func (p *parser) singles(d *datagram, function string, back bool) {
	s := &p.safety
	address := uint32(d.offset)<<16 | uint32(d.position)
	for i := 0; i < len(s.singles); {
		c := &s.singles[i]
		if c.address != address || c.back != back {
			i++
			continue
		}
		if int(c.at) >= len(d.data) || !c.lies(d.data[c.at:]) || s.covered(c) {
			s.drop(i)
			continue
		}
		b := d.data[c.at:]
		if sum := c.checksum(b); sum != c.last {
			s.count(c, b, sum)
		}
		if c.good >= fsoeProof {
			p.told(c, function, b)
		}
		i++
	}
}

func (s *safety) drop(i int) {
	s.singles[i] = s.singles[len(s.singles)-1]
	s.singles = s.singles[:len(s.singles)-1]
}

// covered tells whether a container of several parts lies at the same place.
func (s *safety) covered(c *single) bool {
	for i := range s.places {
		o := &s.places[i]
		if o.address == c.address && o.back == c.back && c.at >= o.at && int(c.at) < int(o.at)+fsoeHead+fsoePart*int(o.parts)+2 {
			return true
		}
	}
	return false
}

// count takes a new container: it is good if it counts as the next one.
func (s *safety) count(c *single, b []byte, sum uint16) {
	partner := s.partner(c)
	c.last = sum
	if partner == nil {
		c.counted, c.good = false, 0
		return
	}
	number := fsoeNumber(partner.last, c.conn, b[0], b[1:1+c.size], sum)
	next := max(c.number+1, 1) // zero is left out
	switch {
	case c.counted && number == next:
		c.good = min(c.good+1, fsoeProof)
	case c.good > 0 && c.good == fsoeProof: // one was lost: it must prove itself anew
		c.good = 1
	default:
		c.good = 0
	}
	c.number, c.counted = number, true
}

// partner is the other way of a connection, nil if it is not followed. What is written
// comes back in the same place and is no partner of itself.
func (s *safety) partner(c *single) *single {
	for i := range s.singles {
		o := &s.singles[i]
		if o.back != c.back && o.conn == c.conn && !o.same(c) {
			return o
		}
	}
	return nil
}

func (c *single) same(o *single) bool { return c.address+uint32(c.at) == o.address+uint32(o.at) }

// seek looks at every byte of an image for places that may be: on the way back only for
// partners of those on the way out.
func (s *safety) seek(address uint32, back bool, b []byte) {
	for i := 0; i < len(s.singles); {
		c := &s.singles[i]
		if c.address == address && c.back == back && c.good == 0 {
			if c.waits++; c.waits > maxWaits {
				s.drop(i)
				continue
			}
		}
		i++
	}
	from := 0
	if !back && len(b) > 0 {
		from = int(s.from) % len(b)
	}
	for i := range b {
		at := (from + i) % len(b)
		if !fsoeCommand(b[at]) {
			continue
		}
		for size := uint8(1); size <= 2; size++ {
			if len(s.singles) == maxSingles {
				s.from = uint16(at)
				return
			}
			s.consider(address, uint16(at), size, back, b[at:])
		}
	}
}

// consider begins to follow a place.
func (s *safety) consider(address uint32, at uint16, size uint8, back bool, b []byte) {
	if len(b) < int(size)+singleLeast-1 {
		return
	}
	c := single{address: address, at: at, size: size, back: back, conn: binary.LittleEndian.Uint16(b[size+3:])}
	c.last = c.checksum(b)
	if c.conn == 0 || s.covered(&c) || back && s.partner(&c) == nil || !back && len(s.singles) >= maxSingles/2 {
		return
	}
	for i := range s.singles {
		if o := &s.singles[i]; o.back == back && o.size == size && o.same(&c) {
			return
		}
	}
	s.singles = append(s.singles, c)
}

// told tells the safe data of a container with one checksum.
func (p *parser) told(c *single, function string, b []byte) {
	p.sample = firedoor.Sample{Function: function, Code: codeFSoE + uint32(b[0]), Values: firedoor.Values{Type: firedoor.U8, Count: int(c.size), Raw: b[1 : 1+c.size]},
		Object: firedoor.Object{Space: &containers, At: [4]uint32{c.address + uint32(c.at), uint32(c.conn)}}}
	p.emit(&p.samples)
}
