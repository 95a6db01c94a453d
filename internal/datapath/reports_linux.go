package datapath

import (
	"errors"
	"fmt"
	"os"
	"time"
	"unsafe"

	"github.com/cilium/ebpf/ringbuf"

	"firedoor"
)

// Report shows a frame that was dropped: the first of a pair in a turn (Losses), or one of
// a pair that has no room.
type Report struct {
	Loser

	Time                 time.Duration // since the machine started
	Length               int
	ClientPort           uint16
	ClientMAC, ServerMAC firedoor.MAC
	Tagged               bool   // a VLAN tag was taken off before Head
	Tag                  uint16 // with its priority
	Head                 []byte // the frame's first bytes, at most HeadBytes; borrowed until the next Read
}

// HeadBytes is what a report holds of a frame.
const HeadBytes = 128

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
	if len(b) < int(unsafe.Sizeof(gatewayReport{})) {
		return fmt.Errorf("a report of %d bytes is not of this layout", len(b))
	}
	to.read(b)
	return nil
}

// Until makes Read give up at a time, with an error that is os.ErrDeadlineExceeded.
func (r *Reports) Until(t time.Time) { r.ring.SetDeadline(t) }

// Close ends reading, also where Read waits.
func (r *Reports) Close() error { return r.ring.Close() }
