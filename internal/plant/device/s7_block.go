package device

import (
	"encoding/binary"
	"fmt"
	"strconv"

	"firedoor/internal/plant/chance"
)

// s7BlockKinds are the kinds of block: the letter of the file name, the name, and
// the number in a block's header.
var s7BlockKinds = [...]struct {
	letter byte
	name   string
	header uint8
}{
	{'8', "OB", 0x08}, {'A', "DB", 0x0a}, {'B', "SDB", 0x0b}, {'C', "FC", 0x0c},
	{'D', "SFC", 0x0d}, {'E', "FB", 0x0e}, {'F', "SFB", 0x0f},
}

// S7FileName is a block's name in messages: "0A00012" for "DB12". Empty: no name
// of a block.
func S7FileName(block string) string {
	for i := len(s7BlockKinds) - 1; i >= 0; i-- {
		k := s7BlockKinds[i]
		if len(block) <= len(k.name) || block[:len(k.name)] != k.name {
			continue
		}
		if n, err := strconv.ParseUint(block[len(k.name):], 10, 16); err == nil {
			return fmt.Sprintf("0%c%05d", k.letter, n)
		}
	}
	return ""
}

// s7BlockName is the way back; empty: no file name.
func s7BlockName(file []byte) string {
	if len(file) < 7 || file[0] != '0' {
		return ""
	}
	n, err := strconv.ParseUint(string(file[2:7]), 10, 16)
	if err != nil {
		return ""
	}
	for _, k := range s7BlockKinds {
		if k.letter == file[1] {
			return k.name + strconv.FormatUint(n, 10)
		}
	}
	return ""
}

// Lengths of a block's parts: what stands before and behind its code.
const (
	s7BlockHeader = 36
	s7BlockFooter = 36
)

// S7Block makes the bytes of a block: header and footer as these controllers
// have them, and code that is drawn from the seed. size is the length of the
// code in bytes, made even; compiled is in nanoseconds since 1970. The name must
// be one of a block, or the result is nil.
func S7Block(name string, size int, author, family, title string, seed uint64, compiled int64) []byte {
	file := S7FileName(name)
	size = min(max(size, 2), MaxBlockSize-s7BlockHeader-s7BlockFooter) &^ 1
	if file == "" {
		return nil
	}
	number, _ := strconv.Atoi(file[2:])
	var kind, language uint8
	for _, k := range s7BlockKinds {
		if k.letter == file[1] {
			kind, language = k.header, 1 // statement list
		}
	}
	if file[1] == 'A' {
		language = 5 // data
	}
	b := []byte{'p', 'p', 1, 1, language, kind}
	b = binary.BigEndian.AppendUint16(b, uint16(number))
	b = binary.BigEndian.AppendUint32(b, uint32(s7BlockHeader+size+s7BlockFooter))
	b = append(b, 0, 0, 0, 0) // no know-how protection
	for range 2 {             // code and interface
		b = appendS7Date(b, compiled)
	}
	b = append(b, 0, 0, 0, 0, 0, 26) // interface, segment table and local data
	b = binary.BigEndian.AppendUint16(b, uint16(size))
	if language == 5 {
		b = appendS7Data(b, size, seed)
	} else {
		b = appendS7Code(b, size, seed)
	}
	sum := uint16(0)
	for _, x := range b[s7BlockHeader:] {
		sum = sum<<1 + sum>>15 + uint16(x)
	}
	b = fmt.Appendf(b, "%-8.8s%-8.8s%-8.8s", author, family, title)
	b = append(b, 0x10, 0) // version 1.0
	b = binary.BigEndian.AppendUint16(b, sum)
	return append(b, 0, 0, 0, 0, 0, 0, 0, 0)
}

// appendS7Date is a time as blocks have it: milliseconds of the day and days
// since 1984.
func appendS7Date(b []byte, t int64) []byte {
	const day, since1984 = int64(86400e9), 5113
	days := max(t/day-since1984, 0)
	b = binary.BigEndian.AppendUint32(b, uint32(t%day/1e6))
	return binary.BigEndian.AppendUint16(b, uint16(days))
}

// appendS7Code draws statements of one and two words that begin as the
// controller's own do: load, transfer, calls, logic on bits, jumps.
func appendS7Code(b []byte, size int, seed uint64) []byte {
	r := chance.New(seed)
	end := len(b) + size - 2
	long := [...][2]byte{{0x7e, 0x53}, {0x7e, 0x63}, {0xfb, 0x70}, {0x38, 0x03}, {0x30, 0x03}, {0xff, 0x88}, {0x41, 0x10}, {0x79, 0x00}}
	short := [...][2]byte{{0x68, 0x0d}, {0x00, 0x81}, {0xc0, 0x00}, {0xd8, 0x80}, {0x79, 0x80}, {0x10, 0x02}, {0x12, 0x00}, {0x70, 0x0b}}
	for len(b) < end {
		if len(b)+4 <= end && r.N(2) == 0 {
			x := long[r.N(len(long))]
			b = append(b, x[0], x[1], byte(r.N(2)), byte(r.N(120)*2))
			continue
		}
		x := short[r.N(len(short))]
		b = append(b, x[0], x[1])
	}
	return append(b, 0x65, 0x00) // block end
}

// appendS7Data draws the initial values of a data block: small numbers.
func appendS7Data(b []byte, size int, seed uint64) []byte {
	r := chance.New(seed)
	for range size / 2 {
		b = binary.BigEndian.AppendUint16(b, uint16(r.N(4)*r.N(300)))
	}
	return b
}
