package gateway

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
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

// TestRingFull holds that frames for which a ring had no room are counted, each once.
func TestRingFull(t *testing.T) {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Skip("needs root: ", err)
	}
	defer unix.Close(fd)
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		t.Skip(err)
	}
	const frames, more = 16, 20
	const all = unix.ETH_P_ALL>>8 | unix.ETH_P_ALL&0xff<<8 // in the order of the wire
	err = errors.Join(unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V2),
		unix.SetsockoptTpacketReq(fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &unix.TpacketReq{Block_size: 4096, Block_nr: frames / 2, Frame_size: 2048, Frame_nr: frames}),
		unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: lo.Index}))
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("udp", "127.0.0.1:9")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range frames + more {
		_, _ = c.Write([]byte("x")) // what answers it counts as well
	}
	if n := unread(fd); n < more {
		t.Errorf("%d frames found no room, of %d in a ring of %d", n, frames+more, frames)
	}
	if n := unread(fd); n > 10*more { // lo is of all
		t.Errorf("%d are counted once more", n)
	}
}
