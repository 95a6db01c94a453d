package datapath

import (
	"encoding/binary"
	"fmt"
	"os"
	"sync/atomic"
	"time"
	"unsafe"

	"firedoor/internal/realtime"

	"golang.org/x/sys/unix"

	"firedoor"
)

// Offsets in gatewayPulse.
const (
	pulseBeat  = int64(unsafe.Offsetof(gatewayPulse{}.Beat))
	pulseSeed  = int64(unsafe.Offsetof(gatewayPulse{}.Seed))
	pulseEpoch = int64(unsafe.Offsetof(gatewayPulse{}.Epoch))
	pulseFull  = int64(unsafe.Offsetof(gatewayPulse{}.Full))

	pulseClient = int64(unsafe.Offsetof(gatewayPulse{}.Client)) // and behind it in_hand
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
func (p *Pulse) Beat() { atomic.StoreUint64(&p.shared.Beat, now()) }

// Core is the one on which a frame was asked about last: who answers sits best there,
// for to wake another core takes longer than all else.
func (p *Pulse) Core() int { return int(atomic.LoadUint32(&p.shared.Core)) }

// Take says that a frame is in hand, and whose: the zero address while that is not known.
// Put must follow. A process that dies between the two leaves it behind (InHand).
func (p *Pulse) Take(client firedoor.IP) {
	p.shared.Client = [2]uint64{client.Hi, client.Lo}
	atomic.StoreUint32(&p.shared.InHand, 1)
}

// Put says that no frame is in hand any more.
func (p *Pulse) Put() { atomic.StoreUint32(&p.shared.InHand, 0) }

// InHand tells whether whoever answered has died with a frame in hand, and whose it was.
func (d *Datapath) InHand() (client firedoor.IP, some bool) {
	var b [20]byte
	_, _ = d.heartbeat.ReadAt(b[:], pulseClient) // fails outside of the map only
	client = firedoor.IP{Hi: binary.NativeEndian.Uint64(b[:]), Lo: binary.NativeEndian.Uint64(b[8:])}
	return client, binary.NativeEndian.Uint32(b[16:]) != 0
}

// Forgive forgets what InHand tells. Nobody may be answering.
func (d *Datapath) Forgive() {
	_, _ = d.heartbeat.WriteAt(make([]byte, 4), pulseClient+16) // as above
}

// LastBeat is when somebody beat last, 0 where nobody ever did, and the time at which that was so, by the monotonic clock. The
// time is not later than the beat was read: whoever is put aside in between takes nobody for silent.
func (d *Datapath) LastBeat() (at, now time.Duration) {
	var b [8]byte
	now = realtime.Now()
	if _, err := d.heartbeat.ReadAt(b[:], pulseBeat); err != nil {
		return 0, now
	}
	return time.Duration(binary.NativeEndian.Uint64(b[:])), now
}

// Silent is how long nobody beat, whoever did it last; 0 where nobody ever did.
func (d *Datapath) Silent() time.Duration {
	at, now := d.LastBeat()
	if at == 0 {
		return 0
	}
	return now - at
}

// Silence makes the heartbeat stale at once: whoever beat is gone.
func (d *Datapath) Silence() error {
	var none [8]byte
	_, err := d.heartbeat.WriteAt(none[:], pulseBeat)
	return err
}
