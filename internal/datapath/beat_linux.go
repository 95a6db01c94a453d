package datapath

import (
	"encoding/binary"
	"fmt"
	"os"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Offsets in gatewayPulse.
const (
	pulseBeat  = int64(unsafe.Offsetof(gatewayPulse{}.Beat))
	pulseSeed  = int64(unsafe.Offsetof(gatewayPulse{}.Seed))
	pulseEpoch = int64(unsafe.Offsetof(gatewayPulse{}.Epoch))
)

// Pulse is the heartbeat in the hands of another process, which may be stopped or
// killed while the datapath lives on.
type Pulse struct{ shared *gatewayPulse }

// Pulse gives a file that another process may be given to beat by.
func (d *Datapath) Pulse() (*os.File, error) { return d.file(gatewayMapHeartbeat, "heartbeat") }

// OpenPulse takes over what Pulse gave. It needs no rights.
func OpenPulse(fd int) (*Pulse, error) {
	memory, err := unix.Mmap(fd, 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("heartbeat: %w", err)
	}
	return &Pulse{(*gatewayPulse)(unsafe.Pointer(unsafe.SliceData(memory)))}, nil
}

// Beat says that somebody answers what is asked, as Datapath.Beat.
func (p *Pulse) Beat() error {
	now, err := monotonic()
	if err != nil {
		return err
	}
	atomic.StoreUint64(&p.shared.Beat, uint64(now))
	return nil
}

// Core is the one on which a frame was asked about last: who answers sits best there,
// for to wake another core takes longer than all else.
func (p *Pulse) Core() int { return int(atomic.LoadUint32(&p.shared.Core)) }

// Silent is how long nobody beat; 0 where nobody ever did.
func (d *Datapath) Silent() time.Duration {
	var b [8]byte
	now, err := monotonic()
	if _, e := d.heartbeat.ReadAt(b[:], pulseBeat); e != nil || err != nil {
		return 0
	}
	last := binary.NativeEndian.Uint64(b[:])
	if last == 0 {
		return 0
	}
	return time.Duration(uint64(now) - last)
}

// Silence makes the heartbeat stale at once: whoever beat is gone.
func (d *Datapath) Silence() error {
	var none [8]byte
	_, err := d.heartbeat.WriteAt(none[:], pulseBeat)
	return err
}
