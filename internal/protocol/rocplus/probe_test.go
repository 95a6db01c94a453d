package rocplus_test

import (
	"encoding/binary"
	"testing"

	"firedoor/internal/protocol"
	"firedoor/internal/protocol/genisys"
	"firedoor/internal/protocol/rocplus"
)

// summed appends the check value that ROC Plus and Genisys share.
func summed(b ...byte) []byte {
	c := uint16(0xffff)
	for _, x := range b {
		c ^= uint16(x)
		for range 8 {
			c = c>>1 ^ 0xa001*(c&1)
		}
	}
	return binary.LittleEndian.AppendUint16(b, c)
}

// TestGenisysIsNone holds that no message of Genisys is taken whose second pair reads as opcode and length: with its
// end, before that has come, and with another behind it.
func TestGenisysIsNone(t *testing.T) {
	read := rocplus.Protocol.Probe
	for head := 0xf1; head <= 0xfe; head++ {
		if !known(byte(head)) {
			continue
		}
		for address := range 0xf0 {
			for pairs := 2; pairs <= 5; pairs++ {
				b := []byte{byte(head), 3, 1, 0x55, byte(address), byte(2*pairs - 4)}
				for range pairs - 2 {
					b = append(b, 7, 0x20)
				}
				b = summed(b...)
				if read(b) == protocol.Yes {
					t.Fatalf("% x is taken before its end", b)
				}
				b = append(b, 0xf6)
				if got := read(b); got != protocol.No {
					t.Fatalf("% x: %v", b, got)
				}
				if got := read(append(b, b...)); got != protocol.No {
					t.Fatalf("% x twice: %v", b, got)
				}
				if got := genisys.Protocol.Probe(b); got != protocol.Yes {
					t.Fatalf("% x: genisys says %v", b, got)
				}
			}
		}
	}
}

// known tells whether Genisys has such a header.
func known(head byte) bool { return head < 0xf4 || head > 0xf8 }

// TestHighUnits holds that units from 241 on are taken all the same, as soon as nothing says that they may be Genisys.
func TestHighUnits(t *testing.T) {
	even := summed(0xf2, 2, 1, 1, 10, 2, 0, 1)
	for _, c := range []struct {
		name string
		b    []byte
		want protocol.Match
	}{
		{"an odd number of bytes", summed(0xf2, 2, 1, 1, 10, 3, 0, 1, 1), protocol.Yes},
		{"a byte that Genisys would escape", summed(0xf2, 2, 1, 1, 10, 2, 0xf1, 1), protocol.Yes},
		{"another unit", summed(0xf0, 2, 1, 1, 10, 2, 0, 1), protocol.Yes},
		{"what may be Genisys", even, protocol.More},
		{"and another behind it", append(even[:len(even):len(even)], even...), protocol.Yes},
		{"and the beginning of one", append(even[:len(even):len(even)], 0xf2), protocol.Yes},
	} {
		if got := rocplus.Protocol.Probe(c.b); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
