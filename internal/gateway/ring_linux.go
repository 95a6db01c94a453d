package gateway

import (
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"firedoor/internal/guardian"
)

// The ring from which the worker reads, which the guardian opened.
const (
	ringFrames = guardian.RingFrames
	headBytes  = 32 // of tpacket2_hdr
)

// Offsets in tpacket2_hdr (linux/if_packet.h).
const (
	atStatus = 0
	atLen    = 4
	atKept   = 8
	atMAC    = 12
	atSec    = 16
	atNsec   = 20
	atTCI    = 24
	atTPID   = 26
)

// ring is a socket with frames that came to an interface, in memory that the kernel
// shares. The memory belongs to the socket, so it outlives a process that has it mapped.
type ring struct {
	fd    int
	size  int // of a frame's place
	mem   []byte
	at    int
	stage []byte // a frame with its tag put back
	asked bool   // the frame that next gave answers one that the kernel saw
	short func(frame []byte)
}

// mapRing maps the memory of a ring.
func mapRing(fd, mtu int) (*ring, error) {
	size := guardian.PlaceSize(mtu)
	mem, err := unix.Mmap(fd, 0, ringFrames*size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("mapping the ring: %w", err)
	}
	return &ring{fd: fd, size: size, mem: mem, stage: make([]byte, size)}, nil
}

// find goes to the oldest frame that nobody read: a worker before this one may have
// stopped in the middle.
func (r *ring) find() {
	for i := range ringFrames {
		before := (i + ringFrames - 1) % ringFrames
		if r.ready(i) && !r.ready(before) {
			r.at = i
			return
		}
	}
}

func (r *ring) status(i int) *uint32 { return (*uint32)(unsafe.Pointer(&r.mem[i*r.size+atStatus])) }

func (r *ring) ready(i int) bool { return atomic.LoadUint32(r.status(i))&unix.TP_STATUS_USER != 0 }

// next gives the next frame, nil if none is there. unsummed tells that the sender left
// the checksum to hardware that there is none of. It is borrowed until done. Frames that had
// no room in their place go to short, as far as they are there.
func (r *ring) next() (frame []byte, unsummed bool) {
	for range ringFrames {
		status := atomic.LoadUint32(r.status(r.at))
		if status&unix.TP_STATUS_USER == 0 {
			return nil, false
		}
		frame, whole := r.frame()
		r.asked = whole && takeAsked(frame)
		if whole {
			return r.tagged(frame, status), status&unix.TP_STATUS_CSUMNOTREADY != 0
		}
		r.short(frame)
		r.done()
	}
	return nil, false
}

// takeAsked tells whether the kernel says of a frame that it is a datagram whose request it saw, and
// gives the frame its sender's address back (say_asked in bpf/gateway.c).
func takeAsked(frame []byte) bool {
	const source, group = 6, 1
	if len(frame) <= source || frame[source]&group == 0 {
		return false
	}
	frame[source] &^= group
	return true
}

// frame gives what lies in the place at hand.
func (r *ring) frame() (frame []byte, whole bool) {
	place := r.mem[r.at*r.size : (r.at+1)*r.size]
	from, n := int(binary.NativeEndian.Uint16(place[atMAC:])), int(binary.NativeEndian.Uint32(place[atKept:]))
	if from < headBytes || from+n > len(place) {
		return nil, false
	}
	return place[from : from+n : from+n], n == int(binary.NativeEndian.Uint32(place[atLen:]))
}

// tagged gives a frame with the tag that the kernel took out.
func (r *ring) tagged(frame []byte, status uint32) []byte {
	n := len(frame)
	if status&unix.TP_STATUS_VLAN_VALID == 0 || n < 14 || n+4 > len(r.stage) {
		return frame
	}
	place := r.mem[r.at*r.size:]
	tag := r.stage[:n+4]
	copy(tag, frame[:12])
	tpid := uint16(0x8100)
	if status&unix.TP_STATUS_VLAN_TPID_VALID != 0 {
		tpid = binary.NativeEndian.Uint16(place[atTPID:])
	}
	binary.BigEndian.PutUint16(tag[12:], tpid)
	binary.BigEndian.PutUint16(tag[14:], binary.NativeEndian.Uint16(place[atTCI:]))
	copy(tag[16:], frame[12:])
	return tag
}

// stamp is when the kernel put the frame there, in ns since 1970.
func (r *ring) stamp() int64 {
	place := r.mem[r.at*r.size:]
	return int64(binary.NativeEndian.Uint32(place[atSec:]))*1e9 + int64(binary.NativeEndian.Uint32(place[atNsec:]))
}

// unread is how many frames found no room in a ring since it was asked last.
func unread(fd int) uint64 {
	var s struct{ packets, drops uint32 } // tpacket_stats
	size := uint32(unsafe.Sizeof(s))
	_, _, errno := unix.RawSyscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_PACKET, unix.PACKET_STATISTICS, uintptr(unsafe.Pointer(&s)), uintptr(unsafe.Pointer(&size)), 0)
	if errno != 0 {
		return 0
	}
	return uint64(s.drops)
}

// done gives the frame's place back to the kernel.
func (r *ring) done() {
	atomic.StoreUint32(r.status(r.at), unix.TP_STATUS_KERNEL)
	if r.at++; r.at == ringFrames {
		r.at = 0
	}
}
