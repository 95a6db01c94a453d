package datapath

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/cilium/ebpf/ringbuf"
)

// Report tells of a frame that was dropped. Of Action Reset user space is to end
// the connection: Head has what that takes.
type Report struct {
	Time       time.Duration // since the machine started
	Generation uint32
	Rule       uint32
	Reason     uint16
	Action     Action
	Port       int
	Length     int
	Tagged     bool   // a VLAN tag was taken off before Head
	Tag        uint16 // with its priority
	Head       []byte // the frame's first bytes, at most HeadBytes; borrowed until the next Read
}

// HeadBytes is what a report holds of a frame.
const HeadBytes = 128

// Offsets in struct report of the kernel's program.
const (
	reportHead = 32
	reportSize = reportHead + HeadBytes
)

// Reports reads what was dropped, as far as the bounds allow: see SetReports.
type Reports struct {
	ring   *ringbuf.Reader
	record ringbuf.Record
}

// ErrClosed is what Read gives after Close.
var ErrClosed = os.ErrClosed

// Reports begins to read. Only one reader gets each report.
func (d *Datapath) Reports() (*Reports, error) {
	ring, err := ringbuf.NewReader(d.maps[gatewayMapReports])
	if err != nil {
		return nil, fmt.Errorf("reading reports: %w", err)
	}
	return &Reports{ring: ring}, nil
}

// Read waits for the next report.
func (r *Reports) Read(to *Report) error {
	if err := r.ring.ReadInto(&r.record); err != nil {
		if errors.Is(err, ringbuf.ErrClosed) {
			return ErrClosed
		}
		return fmt.Errorf("reading reports: %w", err)
	}
	b := r.record.RawSample
	if len(b) < reportSize {
		return fmt.Errorf("a report of %d bytes is not of this layout", len(b))
	}
	e := binary.NativeEndian
	*to = Report{
		Time: time.Duration(e.Uint64(b)), Rule: e.Uint32(b[8:]), Generation: e.Uint32(b[12:]), Length: int(e.Uint32(b[16:])),
		Reason: e.Uint16(b[20:]), Tag: e.Uint16(b[22:]), Action: Action(b[24]), Port: int(b[25]), Tagged: b[27] != 0,
		Head: b[reportHead : reportHead+min(int(b[26]), HeadBytes)],
	}
	return nil
}

// Until makes Read give up at a time, with an error that is os.ErrDeadlineExceeded.
func (r *Reports) Until(t time.Time) { r.ring.SetDeadline(t) }

// Close ends reading, also where Read waits.
func (r *Reports) Close() error { return r.ring.Close() }
