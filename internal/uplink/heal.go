package uplink

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	// healEvery is how long to wait between two tries to heal the server.
	healEvery = 5 * time.Second
	// comeBack is how long our own connection may take to come back to it.
	comeBack = 5 * time.Second
	// leastFree: with less room on the disk, old messages go.
	leastFree = 4 * maxPacked
	// part of the stream that goes then, where nobody here reads it.
	part = 4
)

// heal starts the server of this process again when it took nothing: once it
// failed to write, as on a full disk, it does not try again by itself. If there
// is hardly any room, the oldest messages go: all that were consumed here, or a
// quarter of the stream where nobody consumes it here. u.mu is held.
func (u *Uplink) heal(ctx context.Context) {
	if u.cfg.URL != "" || time.Since(u.tried) < healEvery {
		return
	}
	u.tried = time.Now()
	u.healed.Add(1)
	before := u.conn.Stats().Reconnects
	if !u.restart() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, comeBack)
	defer cancel()
	for u.conn.Stats().Reconnects == before || !u.conn.IsConnected() {
		select {
		case <-ctx.Done():
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
	if free, ok := freeSpace(u.cfg.Dir); ok && free < leastFree {
		u.makeRoom(ctx, free)
	}
}

func (u *Uplink) restart() bool {
	u.serverMu.Lock()
	defer u.serverMu.Unlock()
	if u.closed {
		return false
	}
	u.log.Warn("uplink: the stream takes no records; starting its server again", "directory", u.cfg.Dir)
	u.stop()
	host, port := "", 0
	var err error
	if u.cfg.Listen != "" {
		if host, port, err = loopback(u.cfg.Listen); err != nil {
			u.log.Error("uplink: the server does not start again", "error", err)
			return false
		}
	}
	if u.server, err = u.start(u.cfg, host, port); err != nil {
		u.log.Error("uplink: the server does not start again; trying later", "error", err)
		return false
	}
	return true
}

func (u *Uplink) makeRoom(ctx context.Context, free uint64) {
	info, err := u.stream.Info(ctx)
	if err != nil || info.State.Msgs == 0 {
		u.log.Error("uplink: the disk of the stream is full and there is nothing to make room with", "directory", u.cfg.Dir, "free_bytes", free)
		return
	}
	upTo := u.at.Load()
	if upTo == 0 {
		upTo = info.State.FirstSeq + info.State.Msgs/part
	}
	if err := u.stream.Purge(ctx, jetstream.WithPurgeSequence(upTo+1)); err != nil {
		u.log.Error("uplink: the disk of the stream is full and no room can be made", "directory", u.cfg.Dir, "free_bytes", free, "error", err)
		return
	}
	u.log.Error("uplink: the disk of the stream is full: old messages made room", "directory", u.cfg.Dir, "free_bytes", free, "up_to", upTo)
}
