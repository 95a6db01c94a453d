package plant

import (
	"bufio"
	"encoding/binary"
	"io"
	"time"
)

// snapLen is the longest frame that a capture of this package announces.
const snapLen = 262144

// Pcap writes frames to a classic little-endian pcap (link type Ethernet).
type Pcap struct {
	w      *bufio.Writer
	unit   int64 // of the fraction of a second: a microsecond or a nanosecond
	err    error
	frames uint64
}

// NewPcap starts a capture, with times in nanoseconds or in microseconds.
func NewPcap(w io.Writer, nano bool) *Pcap {
	p := &Pcap{w: bufio.NewWriterSize(w, 1<<16), unit: int64(time.Microsecond)}
	magic := uint32(0xa1b2c3d4)
	if nano {
		p.unit, magic = 1, 0xa1b23c4d
	}
	var h [24]byte
	binary.LittleEndian.PutUint32(h[0:], magic)
	binary.LittleEndian.PutUint16(h[4:], 2)
	binary.LittleEndian.PutUint16(h[6:], 4)
	binary.LittleEndian.PutUint32(h[16:], snapLen)
	binary.LittleEndian.PutUint32(h[20:], 1) // LINKTYPE_ETHERNET
	p.write(h[:])
	return p
}

// Frame writes one frame with its time, in ns since 1970. An error is kept for Close.
func (p *Pcap) Frame(at int64, b []byte) {
	var h [16]byte
	binary.LittleEndian.PutUint32(h[0:], uint32(at/int64(time.Second)))
	binary.LittleEndian.PutUint32(h[4:], uint32(at%int64(time.Second)/p.unit))
	binary.LittleEndian.PutUint32(h[8:], uint32(len(b)))
	binary.LittleEndian.PutUint32(h[12:], uint32(len(b)))
	p.write(h[:])
	p.write(b)
	p.frames++
}

func (p *Pcap) write(b []byte) {
	if _, err := p.w.Write(b); err != nil {
		p.fail(err)
	}
}

func (p *Pcap) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

// Frames is how many frames were written.
func (p *Pcap) Frames() uint64 { return p.frames }

// Failed is the first error so far.
func (p *Pcap) Failed() error { return p.err }

// Close flushes and returns the first error of the capture's life. What it wrote
// to stays open.
func (p *Pcap) Close() error {
	if err := p.w.Flush(); err != nil {
		p.fail(err)
	}
	return p.err
}
