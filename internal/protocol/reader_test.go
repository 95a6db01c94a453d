package protocol_test

import (
	"encoding/binary"
	"testing"

	"pgregory.net/rapid"

	"firedoor/internal/protocol"
)

func TestReaderReadsInOrder(t *testing.T) {
	b := []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35}
	r := protocol.Read(b)
	for _, c := range []struct {
		name      string
		got, want uint64
	}{
		{"U8", uint64(r.U8()), 0x01},
		{"U16", uint64(r.U16()), 0x0203},
		{"U24", uint64(r.U24()), 0x040506},
		{"U32", uint64(r.U32()), 0x0708090a},
		{"U64", r.U64(), 0x0b0c0d0e0f101112},
		{"U16LE", uint64(r.U16LE()), 0x1413},
		{"U32LE", uint64(r.U32LE()), 0x18171615},
		{"U64LE", r.U64LE(), 0x201f1e1d1c1b1a19},
	} {
		if c.got != c.want {
			t.Errorf("%s read %#x, want %#x", c.name, c.got, c.want)
		}
	}
	r.Skip(1)
	if r.Pos() != 33 || r.Len() != 2 || r.Failed() {
		t.Errorf("at %d with %d left, want 33 and 2", r.Pos(), r.Len())
	}
	if rest := r.Rest(); len(rest) != 2 || rest[0] != 34 || cap(rest) != 2 {
		t.Errorf("Rest gave %v with capacity %d", rest, cap(rest))
	}
}

// TestReaderAfterTheEnd: the first read past the end fails, and so does every
// later one, even one that would fit.
func TestReaderAfterTheEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.Byte(), 0, 12).Draw(t, "bytes")
		r := protocol.Read(b)
		pos, failed := 0, false
		for range 6 {
			n := rapid.IntRange(-1, 6).Draw(t, "n")
			got := r.Bytes(n)
			failed = failed || n < 0 || pos+n > len(b)
			switch {
			case failed:
				if got != nil || !r.Failed() {
					t.Fatalf("Bytes(%d) at %d of %d did not fail", n, pos, len(b))
				}
			case string(got) != string(b[pos:pos+n]) || r.Failed():
				t.Fatalf("Bytes(%d) at %d gave %v", n, pos, got)
			default:
				pos += n
			}
		}
		if failed && (r.U8() != 0 || r.U16() != 0 || r.U24() != 0 || r.U32() != 0 || r.U64() != 0 ||
			r.U16LE() != 0 || r.U32LE() != 0 || r.U64LE() != 0) {
			t.Fatal("a read after a failure is not zero")
		}
	})
}

func TestReaderAllocatesNothing(t *testing.T) {
	b := binary.BigEndian.AppendUint64(nil, 42)
	if n := testing.AllocsPerRun(100, func() {
		r := protocol.Read(b)
		if r.U64() != 42 || r.Failed() {
			t.Fatal("read wrongly")
		}
	}); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}
