package datapath

import (
	"encoding/binary"
	"fmt"
	"os"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// Pulse is the heartbeat in the hands of another process, which may be stopped or
// killed while the datapath lives on.
type Pulse struct {
	m      *ebpf.Map
	memory *ebpf.Memory
	beat   [8]byte
}

// Pulse gives a file that another process may be given to beat by.
func (d *Datapath) Pulse() (*os.File, error) {
	fd, err := unix.FcntlInt(uintptr(d.maps[gatewayMapHeartbeat].FD()), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("heartbeat: %w", err)
	}
	return os.NewFile(uintptr(fd), "heartbeat"), nil
}

// OpenPulse takes over what Pulse gave.
func OpenPulse(fd int) (*Pulse, error) {
	m, err := ebpf.NewMapFromFD(fd)
	if err != nil {
		return nil, fmt.Errorf("heartbeat: %w", err)
	}
	memory, err := m.Memory()
	if err != nil {
		return nil, fmt.Errorf("heartbeat: %w", err)
	}
	return &Pulse{m: m, memory: memory}, nil
}

// Beat says that somebody answers what is asked, as Datapath.Beat.
func (p *Pulse) Beat() error {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return err
	}
	binary.NativeEndian.PutUint64(p.beat[:], uint64(now.Nano()))
	_, err := p.memory.WriteAt(p.beat[:], 0)
	return err
}

// Silent is how long nobody beat; 0 where nobody ever did.
func (d *Datapath) Silent() time.Duration {
	var b [8]byte
	var now unix.Timespec
	if _, err := d.heartbeat.ReadAt(b[:], 0); err != nil || unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) != nil {
		return 0
	}
	last := binary.NativeEndian.Uint64(b[:])
	if last == 0 {
		return 0
	}
	return time.Duration(uint64(now.Nano()) - last)
}

// Silence makes the heartbeat stale at once: whoever beat is gone.
func (d *Datapath) Silence() error {
	var none [8]byte
	_, err := d.heartbeat.WriteAt(none[:], 0)
	return err
}
