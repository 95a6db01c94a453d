//go:build !linux

package capture

import (
	"errors"
	"io"
	"time"

	"firedoor/internal/packet"
)

// Live captures frames from network interfaces, on Linux only.
type Live struct{}

// OpenLive says that this system cannot do it.
func OpenLive(cfg LiveConfig) (*Live, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	return nil, errors.New(cfg.Interfaces[0] + ": live capture needs Linux")
}

// Fill returns io.EOF.
func (*Live) Fill([]packet.Frame, []byte) (n, used int, err error) { return 0, 0, io.EOF }

// Now is the time, ns since 1970.
func (*Live) Now() int64 { return time.Now().UnixNano() }

// Position is (0, 0).
func (*Live) Position() (done, total int64) { return 0, 0 }

// Stats returns nothing.
func (*Live) Stats() []LiveStats { return nil }

// Close does nothing.
func (*Live) Close() error { return nil }
