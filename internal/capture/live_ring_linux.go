package capture

import (
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"firedoor/internal/packet"
)

var ne = binary.NativeEndian

// The kernel's ring of frames, TPACKET_V3 (Documentation/networking/packet_mmap):
// blocks of frames of any length, in memory that the kernel shares. A block
// belongs to the kernel or to us, as its status says; the kernel hands one over
// when it is full or its timeout is over.
const (
	// slotBytes only fills a field that TPACKET_V3 demands and does not use.
	slotBytes = 2048

	tagBytes    = 4  // of a VLAN tag
	tagOffset   = 12 // behind the two MAC addresses
	vlanTagType = 0x8100
)

// ring is one packet socket with its ring.
type ring struct {
	in    *liveInterface
	fd    int
	mem   []byte
	block int           // the block to read next, or that is being read
	left  uint32        // frames of it that are not handed over; 0: none in sight
	at    int           // offset of the first of these in mem
	time  int64         // its time stamp, ns since 1970
	shown time.Duration // since when the block is in sight

	dropped, freezes uint64 // what was read from the kernel so far
}

// openRing makes a socket with its ring. It hears nothing yet.
func openRing(in *liveInterface, bytes int) (*ring, error) {
	// Protocol 0: nothing is received before the ring is there and bound.
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, in.problem("opening a packet socket", err)
	}
	r := &ring{in: in, fd: fd}
	if err := r.mapMemory(bytes); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

func (r *ring) mapMemory(bytes int) error {
	if err := unix.SetsockoptInt(r.fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V3); err != nil {
		return r.in.problem("asking for TPACKET_V3", err)
	}
	blocks := (bytes + blockBytes - 1) / blockBytes
	request := unix.TpacketReq3{
		Block_size:     blockBytes,
		Block_nr:       uint32(blocks),
		Frame_size:     slotBytes,
		Frame_nr:       uint32(blocks * (blockBytes / slotBytes)),
		Retire_blk_tov: uint32(blockTimeout / time.Millisecond),
	}
	if err := unix.SetsockoptTpacketReq3(r.fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &request); err != nil {
		return r.in.problem(fmt.Sprintf("making a ring of %d bytes", blocks*blockBytes), err)
	}
	mem, err := unix.Mmap(r.fd, 0, blocks*blockBytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return r.in.problem(fmt.Sprintf("mapping a ring of %d bytes", blocks*blockBytes), err)
	}
	r.mem = mem
	return nil
}

// bind makes the ring receive from the interface of that index, also when it
// received from another one before.
func (r *ring) bind(index int) error {
	address := unix.SockaddrLinklayer{Protocol: networkOrder(unix.ETH_P_ALL), Ifindex: index}
	return unix.Bind(r.fd, &address)
}

// networkOrder gives a number whose bytes in memory are v's in network order.
func networkOrder(v uint16) uint16 {
	var b [2]byte
	be.PutUint16(b[:], v)
	return ne.Uint16(b[:])
}

// blockHead is the head of the block to read next.
func (r *ring) blockHead() *unix.TpacketHdrV1 {
	desc := (*unix.TpacketBlockDesc)(unsafe.Pointer(&r.mem[r.block*blockBytes]))
	return (*unix.TpacketHdrV1)(unsafe.Pointer(&desc.Hdr))
}

func (r *ring) frameHead() *unix.Tpacket3Hdr {
	return (*unix.Tpacket3Hdr)(unsafe.Pointer(&r.mem[r.at]))
}

// peek tells whether a frame is in sight; r.time is its time then.
func (r *ring) peek(since time.Duration) bool {
	for r.left == 0 {
		head := r.blockHead()
		if atomic.LoadUint32(&head.Block_status)&unix.TP_STATUS_USER == 0 {
			return false
		}
		r.left, r.shown = head.Num_pkts, since
		r.at = r.block*blockBytes + int(head.Offset_to_first_pkt)
		if r.left == 0 {
			r.release()
			continue
		}
		r.see()
	}
	return r.left > 0
}

// see reads the time of the frame at hand.
func (r *ring) see() {
	head := r.frameHead()
	r.time = int64(head.Sec)*int64(time.Second) + int64(head.Nsec)
}

// pass goes on to the next frame of the block and gives the block back behind
// its last one; false then.
func (r *ring) pass() bool {
	r.left--
	if r.left == 0 {
		r.release()
		return false
	}
	r.at += int(r.frameHead().Next_offset)
	return true
}

// release gives the block back to the kernel.
func (r *ring) release() {
	atomic.StoreUint32(&r.blockHead().Block_status, unix.TP_STATUS_KERNEL)
	r.block++
	if r.block*blockBytes == len(r.mem) {
		r.block = 0
	}
}

// copyTo hands over the frame at hand as f, its bytes in buf, of which took were
// used. False if it does not fit; where it is to come alone it gets its own
// memory then.
func (r *ring) copyTo(f *packet.Frame, buf []byte, alone bool) (took int, ok bool) {
	head := r.frameHead()
	from := r.at + int(head.Mac)
	data := r.mem[from : from+int(head.Snaplen)]
	size, tagged := len(data), false
	if head.Status&unix.TP_STATUS_VLAN_VALID != 0 && size >= tagOffset && r.in.linkType == packet.LinkEthernet {
		size, tagged = size+tagBytes, true
	}
	switch {
	case size <= len(buf):
		took = size
	case alone:
		buf = make([]byte, size)
	default:
		return 0, false
	}
	f.Data = buf[:size:size]
	f.WireLen = max(head.Len, head.Snaplen)
	if tagged {
		f.WireLen += tagBytes
		insertTag(f.Data, data, &head.Hv1, head.Status&unix.TP_STATUS_VLAN_TPID_VALID != 0)
	} else {
		copy(f.Data, data)
	}
	f.Time = r.time
	r.in.count(f)
	if r.pass() {
		r.see()
	}
	return took, true
}

// insertTag copies data to to and puts the VLAN tag back where the kernel or the
// card took it out.
func insertTag(to, data []byte, tag *unix.TpacketHdrVariant1, typed bool) {
	kind := uint16(vlanTagType)
	if typed {
		kind = tag.Vlan_tpid
	}
	copy(to, data[:tagOffset])
	be.PutUint16(to[tagOffset:], kind)
	be.PutUint16(to[tagOffset+2:], uint16(tag.Vlan_tci))
	copy(to[tagOffset+tagBytes:], data[tagOffset:])
}

// readStats adds what the kernel counted since it was last asked.
func (r *ring) readStats() {
	s, err := unix.GetsockoptTpacketStatsV3(r.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err == nil {
		r.dropped += uint64(s.Drops)
		r.freezes += uint64(s.Freeze_q_cnt)
	}
}

func (r *ring) close() {
	if r.mem != nil {
		_ = unix.Munmap(r.mem) // it is the mapping we made
		r.mem = nil
	}
	_ = unix.Close(r.fd) // a packet socket has nothing to lose
	r.left = 0
}
