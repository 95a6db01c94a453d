package gateway

import (
	"bytes"
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

// TestRingAsked holds that the kernel's word on a frame is read, of that frame alone, and that the frame
// goes on as it came; also where a tag is put back.
func TestRingAsked(t *testing.T) {
	const size = 2048
	r := &ring{size: size, mem: make([]byte, ringFrames*size), stage: make([]byte, size), short: func([]byte) {}}
	plain := []byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0}
	put := func(i int, first byte, status uint32) {
		place := r.mem[i*size:]
		binary.NativeEndian.PutUint32(place[atLen:], uint32(len(plain)))
		binary.NativeEndian.PutUint32(place[atKept:], uint32(len(plain)))
		binary.NativeEndian.PutUint16(place[atMAC:], 66)
		copy(place[66:], plain)
		place[66+6] = first
		binary.NativeEndian.PutUint32(place[atStatus:], unix.TP_STATUS_USER|status)
	}
	put(0, 3, 0)
	put(1, 2, 0)
	put(2, 3, unix.TP_STATUS_VLAN_VALID)
	put(3, 2, unix.TP_STATUS_VLAN_VALID)
	for i := range 4 {
		frame, _ := r.next()
		if asked := i%2 == 0; r.asked != asked || !bytes.Equal(frame[:12], plain[:12]) || !bytes.Equal(frame[len(frame)-4:], plain[len(plain)-4:]) {
			t.Errorf("frame %d: asked %v, % x", i, r.asked, frame)
		}
		r.done()
	}
}
