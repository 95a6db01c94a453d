package device

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"

	"firedoor/internal/plant"
)

// Groups of userdata functions.
const (
	s7GroupBlocks   = 3
	s7GroupCPU      = 4
	s7GroupSecurity = 5
	s7GroupClock    = 7
)

// listing is an answer that goes out in parts.
type listing struct {
	group, sub, unit uint8
	rest             []byte
}

// userdata serves one userdata request.
func (s *s7Session) userdata(m s7Message, out []byte) []byte {
	p := m.param
	if len(p) < 8 || p[0] != 0 || p[1] != 1 || p[2] != 0x12 || p[5]>>4 != 4 {
		return out
	}
	u := plant.S7User{Group: p[5] & 0xf, Sub: p[6], Sequence: p[7]}
	if len(p) == 12 && len(s.listing.rest) > 0 && s.listing.group == u.Group && s.listing.sub == u.Sub {
		return s.part(m, u, out)
	}
	var content []byte
	if len(m.data) > 4 && m.data[0] == s7OK {
		content = m.data[4:]
	}
	answer, code := s.ask(u, content)
	if code != 0 {
		u.Code = code
		return m.UserAnswer(out, u, nil)
	}
	s.listing = listing{group: u.Group, sub: u.Sub, rest: answer}
	if len(answer) > s7Part(s.pdu) {
		s.listing.unit = max(u.Sequence+1, 1)
	}
	return s.part(m, u, out)
}

// s7Part is how much of an answer fits one message: headers and parameters of
// userdata take 26 bytes.
func s7Part(pdu int) int { return pdu - 26 }

// part sends the next part of an answer.
func (s *s7Session) part(m s7Message, u plant.S7User, out []byte) []byte {
	n := min(len(s.listing.rest), s7Part(s.pdu))
	content := s.listing.rest[:n]
	s.listing.rest = s.listing.rest[n:]
	u.Unit, u.More = s.listing.unit, len(s.listing.rest) > 0
	u.Sequence = max(u.Sequence, 1)
	return m.UserAnswer(out, u, content)
}

// ask carries out a userdata function; the answer lies in the session's scratch.
func (s *s7Session) ask(u plant.S7User, content []byte) (answer []byte, code uint16) {
	b := s.scratch[:0]
	defer func() { s.scratch = answer[:0] }()
	switch {
	case u.Group == s7GroupBlocks:
		return s.blocks(u.Sub, content, b)
	case u.Group == s7GroupCPU && u.Sub == 1 && len(content) == 4:
		return s.szl(binary.BigEndian.Uint16(content), binary.BigEndian.Uint16(content[2:]), b)
	case u.Group == s7GroupSecurity && (u.Sub == 1 || u.Sub == 2):
		return b, 0
	case u.Group == s7GroupClock && (u.Sub == 1 || u.Sub == 3):
		return appendS7Clock(b, s.server.machine.Clock(s.now)), 0
	case u.Group == s7GroupClock && (u.Sub == 2 || u.Sub == 4):
		t, ok := s7Clock(content)
		if !ok {
			return b, s7BadClock
		}
		if s.server.machine.SetClock(s.now, t) != nil {
			return b, s7Protected
		}
		return b, 0
	}
	return b, s7Unknown
}

// blocks serves the functions on blocks: count, list, and information.
func (s *s7Session) blocks(sub uint8, content, b []byte) ([]byte, uint16) {
	names := s.server.machine.Blocks()
	switch {
	case sub == 1:
		for _, k := range s7BlockKinds {
			n := 0
			for _, name := range names {
				if _, ok := s7Number(name, k.name); ok {
					n++
				}
			}
			b = append(b, '0', k.letter, byte(n>>8), byte(n))
		}
		return b, 0
	case sub == 2 && len(content) == 2:
		for _, k := range s7BlockKinds {
			if k.letter != content[1] {
				continue
			}
			for _, name := range names {
				if n, ok := s7Number(name, k.name); ok {
					b = append(b, byte(n>>8), byte(n), 0x22, s7Language(s.server.machine.Block(name)))
				}
			}
		}
		if len(b) == 0 {
			return b, s7NoBlocks
		}
		return b, 0
	case sub == 3 && len(content) == 8:
		block := s.server.machine.Block(s7BlockName(content))
		if len(block) < s7BlockHeader+s7BlockFooter {
			return b, s7NoBlock
		}
		b = append(b, 1, content[1], 0, 74, 0, 0x22)
		b = append(b, block[:s7BlockHeader]...)
		return append(b, block[len(block)-s7BlockFooter:]...), 0
	}
	return b, s7Unknown
}

// s7Number is the number of a block of a kind.
func s7Number(name, kind string) (uint64, bool) {
	digits, ok := strings.CutPrefix(name, kind)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	return n, err == nil
}

func s7Language(block []byte) uint8 {
	if len(block) > 4 {
		return block[4]
	}
	return 0
}

// szl appends a part of the system status list: its head and its records.
func (s *s7Session) szl(id, index uint16, b []byte) ([]byte, uint16) {
	const one = 0x0100 // the extract of a single record
	var size int
	var records [][]byte
	switch id &^ one {
	case 0x0000:
		size, records = 2, s7Lists
	case 0x0011:
		size, records = 28, s.modules()
	case 0x001c:
		size, records = 34, s.components()
	case 0x0031:
		size, records = 40, [][]byte{s.communication(index)}
	case 0x0032, 0x0232:
		size, records = 40, [][]byte{s.protection(index)}
	case 0x0424, 0x0024:
		size, records = 20, [][]byte{s.mode()}
	default:
		return b, s7NoSZL
	}
	b = binary.BigEndian.AppendUint16(b, id)
	b = binary.BigEndian.AppendUint16(b, index)
	b = append(b, 0, byte(size), 0, 0)
	single := id == 0x0111 || id == 0x011c
	for _, r := range records {
		if r == nil || single && binary.BigEndian.Uint16(r) != index {
			continue
		}
		b = append(b, r...)
		b[7]++
	}
	if b[7] == 0 {
		return b[:0], s7NoSZLIndex
	}
	return b, 0
}

// s7Lists are the lists a CPU has.
var s7Lists = [][]byte{{0, 0}, {0, 0x11}, {1, 0x11}, {0, 0x1c}, {1, 0x1c}, {1, 0x31}, {1, 0x32}, {2, 0x32}, {4, 0x24}}

func (s *s7Session) modules() [][]byte {
	id := &s.server.identity
	v := [4]byte{'V', id.Firmware[0], id.Firmware[1], id.Firmware[2]}
	return [][]byte{
		plant.S7Module(1, id.Order, [4]byte{0, id.Hardware, 0, 1}),
		plant.S7Module(6, id.Order, [4]byte{0, id.Hardware, 0, 1}),
		plant.S7Module(7, "", v),
		plant.S7Module(0x81, "Boot Loader", [4]byte{'A', 32, 9, 9}),
	}
}

func (s *s7Session) components() [][]byte {
	id := &s.server.identity
	text := func(index uint16, t string) []byte { return plant.S7Component(index, fmt.Sprintf("%.32s", t)) }
	records := [][]byte{
		text(1, id.Station), text(2, id.Module), text(3, id.Plant), text(4, id.Copyright),
		text(5, id.Serial), text(7, id.Type), text(8, id.Card),
	}
	return records
}

// communication is record 1 of list 0x0131: what connections the CPU can have.
func (s *s7Session) communication(index uint16) []byte {
	if index != 1 {
		return nil
	}
	r := make([]byte, 40)
	r[1] = 1
	binary.BigEndian.PutUint16(r[2:], s.server.pdu)
	binary.BigEndian.PutUint16(r[4:], uint16(s.server.places.limit))
	binary.BigEndian.PutUint32(r[6:], 12_000_000)
	binary.BigEndian.PutUint32(r[10:], 12_000_000)
	return r
}

// protection is record 4 of list 0x0132: levels and the mode switch.
func (s *s7Session) protection(index uint16) []byte {
	if index != 4 {
		return nil
	}
	r := make([]byte, 40)
	level := byte(1)
	if s.server.machine.Locked() {
		level = 3
	}
	r[1], r[3], r[7], r[9] = 4, level, level, 1
	return r
}

// mode is the record of list 0x0424: what the CPU is doing.
func (s *s7Session) mode() []byte {
	const run, stop = 0x08, 0x04
	r := make([]byte, 12, 20)
	r[0], r[1], r[2], r[3] = 0x51, 0x44, 0xff, stop
	if s.server.machine.Running() {
		r[3] = run
	}
	return appendS7Time(r, s.server.machine.Clock(s.now))
}

// appendS7Clock is a time as the clock functions have it.
func appendS7Clock(b []byte, t int64) []byte {
	return appendS7Time(append(b, 0, 0x20), t)
}

// appendS7Time is a time in decimal digits: year, month, day, hour, minute,
// second, milliseconds, and the day of the week counted from Sunday as 1.
func appendS7Time(b []byte, t int64) []byte {
	d := time.Unix(0, t).UTC()
	ms := d.Nanosecond() / 1e6
	return append(b, bcd(d.Year()%100), bcd(int(d.Month())), bcd(d.Day()), bcd(d.Hour()), bcd(d.Minute()),
		bcd(d.Second()), bcd(ms/10), byte(ms%10)<<4|byte(d.Weekday()+1))
}

func bcd(n int) byte { return byte(n/10)<<4 | byte(n%10) }

// s7Clock reads a time of the clock functions.
func s7Clock(b []byte) (t int64, ok bool) {
	if len(b) != 10 {
		return 0, false
	}
	var n [7]int
	for i := range n {
		x := b[2+i]
		if x>>4 > 9 || x&0xf > 9 {
			return 0, false
		}
		n[i] = 10*int(x>>4) + int(x&0xf)
	}
	year := 2000 + n[0]
	if n[0] >= 90 {
		year = 1900 + n[0]
	}
	ms := 10*n[6] + int(b[9]>>4)
	d := time.Date(year, time.Month(n[1]), n[2], n[3], n[4], n[5], ms*1e6, time.UTC)
	return d.UnixNano(), d.Day() == n[2] && int(d.Month()) == n[1]
}
