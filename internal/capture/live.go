package capture

import (
	"fmt"
	"runtime"
	"slices"
	"time"
)

// Limits and times of live capture.
const (
	// MaxInterfaces is how many interfaces one Live may read; OpenLive refuses more.
	MaxInterfaces = 16
	// MaxFanout is how many rings an interface may have; OpenLive refuses more.
	MaxFanout = 8
	// DefaultRingBytes is a ring's size where none is stated. At 200,000 frames
	// of 100 bytes a second it holds a fifth of a second; in light traffic, where
	// blocks go out nearly empty, more than half a second (64 blocks of 10 ms).
	DefaultRingBytes = 8 << 20
	// MinRingBytes is the smallest ring, four blocks; OpenLive refuses less.
	MinRingBytes = 4 * blockBytes
	// MaxRingBytes is the largest ring; OpenLive refuses more.
	MaxRingBytes = 1 << 30

	// blockBytes is the size of a block of a ring. It bounds a frame's length: larger
	// ones (only segments of more than 64 KiB, which an administrator must ask for)
	// are cut, and say so by their WireLen.
	blockBytes = 128 << 10
	// blockTimeout is after how long the kernel shows a block that is not full.
	// Shorter, and a reader that is held up loses frames sooner, for a ring has so
	// many blocks and no more.
	blockTimeout = 10 * time.Millisecond
	// silence is the age at which a frame is believed to be the oldest although
	// another ring shows nothing: what is as old would be in sight there by now.
	// It is two block timeouts, for kernels from 6.18 on let a timeout pass that
	// began before the block did, and one tick of the kernel's clock.
	silence = 2*blockTimeout + 5*time.Millisecond
	// idle is the longest that Fill waits for a frame.
	idle = 250 * time.Millisecond
	// tending is how often interfaces are looked after.
	tending = time.Second
)

// LiveConfig says what to capture. Only Interfaces must be given.
type LiveConfig struct {
	Interfaces []string // names; at most MaxInterfaces, none twice
	// Fanout is the number of rings an interface has. Both directions of a pair of
	// addresses come to the same ring. 0: one on a single core, else two.
	Fanout int
	// RingBytes is the kernel memory of one ring, rounded up to whole blocks of
	// 128 KiB; it is taken at once. 0: DefaultRingBytes.
	RingBytes int
	// Promiscuous takes in frames that are addressed to others, as a monitor must.
	Promiscuous bool
	// FirstIndex is the Capture of the first interface's frames; the second has
	// FirstIndex+1, and so on.
	FirstIndex uint32
}

// LiveStats is the sight of one interface.
type LiveStats struct {
	Name      string
	Frames    uint64 // handed over by Fill
	Bytes     uint64 // their length on the wire
	Dropped   uint64 // lost because the rings were full
	Missed    uint64 // lost before they came to the rings: what the interface itself counts as dropped or missed
	Freezes   uint64 // times that a ring ran full
	LastFrame int64  // time of the last frame, ns since 1970; 0: none yet
	State     string // LiveRunning, LiveDown or LiveFinished
	Problem   string // why it is down, and what to do; "" while it runs
}

// States of an interface.
const (
	LiveRunning  = "running"
	LiveDown     = "down"
	LiveFinished = "finished" // by Close
)

// complete checks a configuration and fills in what was left out.
func (c *LiveConfig) complete() error {
	if c.Fanout == 0 {
		c.Fanout = min(2, runtime.NumCPU())
	}
	if c.RingBytes == 0 {
		c.RingBytes = DefaultRingBytes
	}
	c.Interfaces = slices.Clone(c.Interfaces)
	switch {
	case len(c.Interfaces) == 0:
		return fmt.Errorf("live capture: no interface is named")
	case len(c.Interfaces) > MaxInterfaces:
		return fmt.Errorf("live capture: %d interfaces, at most %d", len(c.Interfaces), MaxInterfaces)
	case c.Fanout < 1 || c.Fanout > MaxFanout:
		return fmt.Errorf("live capture: %d rings per interface, must be 1 to %d", c.Fanout, MaxFanout)
	case c.RingBytes < MinRingBytes || c.RingBytes > MaxRingBytes:
		return fmt.Errorf("live capture: a ring of %d bytes, must be %d to %d", c.RingBytes, MinRingBytes, MaxRingBytes)
	}
	for i, name := range c.Interfaces {
		if slices.Contains(c.Interfaces[:i], name) {
			return fmt.Errorf("%s: named twice as an interface to capture on", name)
		}
	}
	return nil
}
