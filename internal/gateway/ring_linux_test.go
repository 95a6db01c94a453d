package gateway

import (
	"encoding/binary"
	"testing"

	"golang.org/x/sys/unix"
)

// TestRingShortFrame holds that a frame that had no room in its place is handed over as what
// it is, and that the ones behind it are read.
func TestRingShortFrame(t *testing.T) {
	const size = 2048
	var short []int
	r := &ring{size: size, mem: make([]byte, ringFrames*size), stage: make([]byte, size), short: func(b []byte) { short = append(short, len(b)) }}
	put := func(i, kept, length int) {
		place := r.mem[i*size:]
		binary.NativeEndian.PutUint32(place[atLen:], uint32(length))
		binary.NativeEndian.PutUint32(place[atKept:], uint32(kept))
		binary.NativeEndian.PutUint16(place[atMAC:], 66)
		binary.NativeEndian.PutUint32(place[atStatus:], unix.TP_STATUS_USER)
	}
	put(0, 1900, 3054)
	put(1, 60, 60)
	put(2, 5000, 5000) // no kernel writes that
	put(3, 61, 61)
	for _, want := range []int{60, 61} {
		if frame, _ := r.next(); len(frame) != want {
			t.Fatalf("a frame of %d bytes, not %d", len(frame), want)
		}
		r.done()
	}
	if frame, _ := r.next(); frame != nil || r.at != 4 {
		t.Errorf("%d bytes more, at %d", len(frame), r.at)
	}
	if len(short) != 2 || short[0] != 1900 || short[1] != 0 {
		t.Errorf("short frames: %v", short)
	}
}
