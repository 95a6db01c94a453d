package ecat

import (
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"testing"

	"firedoor"
)

// TestNumberFollows takes a number out of checksums of all sizes, and takes it back.
func TestNumberFollows(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		partner, conn, number := uint16(r.Uint32()), uint16(r.Uint32()), uint16(r.Uint32())
		data := make([]byte, 1+r.IntN(2))
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		message := binary.LittleEndian.AppendUint16(nil, partner)
		message = binary.LittleEndian.AppendUint16(message, conn)
		message = binary.LittleEndian.AppendUint16(message, number)
		crc := uint16(0)
		for _, b := range append(append(message, 0x36), data...) {
			crc = fsoeNext(crc, b)
		}
		if got := fsoeNumber(partner, conn, 0x36, data, crc); got != number {
			t.Fatalf("number %#x of partner %#x, connection %#x, data %x comes back as %#x", number, partner, conn, data, got)
		}
	}
}

// image fills process data as machines do: counters, levels that drift, bits, random
// numbers, and in between what begins like a container of one connection both ways.
func image(r *rand.Rand, b []byte, cycle int) {
	for i := range b {
		switch i % 8 {
		case 0, 1:
			b[i] = byte(cycle >> (8 * (i % 8)))
		case 2:
			b[i] = byte(cycle / 7)
		case 3:
			b[i] ^= byte(r.Uint32()) & 1
		case 4:
			b[i] = byte(r.Uint32())
		}
	}
	for i, command := range []byte{0x36, 0x36, 0x08, 0x2a} {
		at := 9 + 16*i
		b[at] = command
		copy(b[at+1:], []byte{byte(cycle), byte(cycle), byte(cycle >> 8), 7, 0, 0})
		if i&1 != 0 {
			b[at+4], b[at+5] = byte(cycle*3), 7
		}
	}
}

// TestNoSafetyInOtherData looks for containers in process data without any.
func TestNoSafetyInOtherData(t *testing.T) {
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 3))
		p := newParser()
		told := 0
		emit := func(e *firedoor.Event) {
			if e.Kind == firedoor.EventSample && strings.HasPrefix(e.Sample.Function, "safety") {
				told++
			}
		}
		p.emit = emit
		out, in := make([]byte, 96), make([]byte, 96)
		for cycle := range 20_000 {
			image(r, out, cycle)
			image(r, in, cycle)
			p.process(&datagram{command: 11, position: 0, offset: 0x100, data: out}, false)
			p.process(&datagram{command: 10, position: 0, offset: 0x200, data: in, counter: 1}, true)
		}
		if told > 0 {
			t.Errorf("seed %d: %d samples of safety data in process data without any", seed, told)
		}
		if len(p.safety.singles) == 0 {
			t.Errorf("seed %d: no place was followed: the test shows nothing", seed)
		}
	}
}
