package capture

import (
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"firedoor/internal/packet"
)

// Live captures frames from network interfaces as they come.
//
// Fill belongs to one goroutine; the other methods may be called from any.
type Live struct {
	cfg        LiveConfig
	interfaces []*liveInterface
	rings      []*ring // of all interfaces, in their order: the order of frames of one time
	start      time.Time
	tended     time.Duration // since start, when interfaces were last looked after
	wake       int           // an eventfd that ends a wait
	polled     []unix.PollFd
	timeout    unix.Timespec

	reading sync.Mutex // held by Fill: rings stay mapped as long
	state   sync.Mutex // guards what liveInterface says it guards, and rings' descriptors
	closed  atomic.Bool
}

// OpenLive starts capturing on all interfaces of cfg. The error names the
// interface and says what to do: there is none of that name, it is not up, the
// right CAP_NET_RAW is missing, there is no memory.
func OpenLive(cfg LiveConfig) (*Live, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	links, err := readLinks()
	if err != nil {
		return nil, err
	}
	l := &Live{cfg: cfg, start: time.Now(), wake: -1}
	for i, name := range cfg.Interfaces {
		in := &liveInterface{name: name, capture: cfg.FirstIndex + uint32(i)}
		l.interfaces = append(l.interfaces, in)
		if err := in.open(links, &cfg); err != nil {
			return nil, errors.Join(err, l.Close())
		}
	}
	if l.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return nil, errors.Join(fmt.Errorf("live capture: eventfd: %w", err), l.Close())
	}
	l.line()
	return l, nil
}

// line puts all rings in one row.
func (l *Live) line() {
	l.rings = l.rings[:0]
	for _, in := range l.interfaces {
		l.rings = append(l.rings, in.rings...)
	}
	l.polled = make([]unix.PollFd, 0, len(l.rings)+1)
}

// Now is the time on the clock that frames are stamped with, ns since 1970.
func (l *Live) Now() int64 { return time.Now().UnixNano() }

// Position is (0, 0): a live capture has no end to measure against.
func (l *Live) Position() (done, total int64) { return 0, 0 }

// Fill hands over frames like Reader.Fill: their bytes are put in buf, and one
// larger than the whole of buf comes alone with its own allocation. Frames of all
// interfaces come in the order of their time stamps, and those of one time in the
// order of the interfaces. Two things can break that order, and then a frame comes
// late rather than never: a step of the clock, and a kernel that shows a block
// later than it promised.
//
// Fill waits for a frame, up to 250 ms: then it returns without one and without
// an error. After Close it returns io.EOF. Frame.Number counts an interface's
// frames from 1; it has 32 bits and starts again at 0 behind its largest value.
func (l *Live) Fill(dst []packet.Frame, buf []byte) (n, used int, err error) {
	l.reading.Lock()
	defer l.reading.Unlock()
	begun := time.Since(l.start)
	for {
		if l.closed.Load() {
			return 0, 0, io.EOF
		}
		now := time.Now()
		since := now.Sub(l.start)
		if since-l.tended >= tending {
			l.tend(since)
		}
		n, used, due := l.take(dst, buf, now.UnixNano(), since)
		if n > 0 {
			return n, used, nil
		}
		left := idle - (since - begun)
		if left <= 0 {
			return 0, 0, nil
		}
		if err := l.wait(min(left, due)); err != nil {
			return 0, 0, err
		}
	}
}

// take hands over what may be handed over now: frames older than anything that
// can still come. Where that is none, due is how long until the first may go.
//
// wall and since are one instant, taken before the rings are looked at: a ring
// that shows nothing then holds nothing older than wall-silence.
func (l *Live) take(dst []packet.Frame, buf []byte, wall int64, since time.Duration) (n, used int, due time.Duration) {
	safe := int64(math.MaxInt64)
	for _, r := range l.rings {
		if !r.peek(since) {
			safe = wall - int64(silence)
		}
	}
	for n < len(dst) {
		r, until := l.oldest()
		if r == nil {
			return n, used, idle
		}
		for n < len(dst) && r.left > 0 && r.time < until {
			if r.time > safe && since-r.shown < silence {
				return n, used, min(time.Duration(r.time-safe), silence-(since-r.shown))
			}
			f := &dst[n]
			took, ok := r.copyTo(f, buf[used:], n == 0)
			if !ok {
				return n, used, 0
			}
			used += took
			n++
			if !r.peek(since) && len(l.rings) > 1 {
				safe = wall - int64(silence)
			}
		}
	}
	return n, used, idle
}

// oldest is the ring with the oldest frame, and the time up to which (exclusive)
// no other ring can have an older one that is in sight. It is nil if no ring shows
// a frame.
func (l *Live) oldest() (first *ring, until int64) {
	until = math.MaxInt64
	for _, r := range l.rings {
		switch {
		case r.left == 0:
		case first == nil:
			first = r
		case r.time < first.time:
			first, until = r, first.time
		case r.time < until-1: // at one time the first ring goes first
			until = r.time + 1
		}
	}
	return first, until
}

// wait sleeps until a ring that shows nothing shows something, Close was called
// or the time is over. Rings that show something are not asked: they would answer
// at once, and their frames wait for the others.
func (l *Live) wait(longest time.Duration) error {
	l.polled = append(l.polled[:0], unix.PollFd{Fd: int32(l.wake), Events: unix.POLLIN})
	for _, r := range l.rings {
		if r.left == 0 {
			l.polled = append(l.polled, unix.PollFd{Fd: int32(r.fd), Events: unix.POLLIN})
		}
	}
	l.timeout = unix.NsecToTimespec(int64(max(longest, time.Microsecond)))
	_, err := unix.Ppoll(l.polled, &l.timeout, nil)
	if errors.Is(err, unix.EINTR) {
		return nil // Go's own signals do this
	}
	if err != nil {
		return fmt.Errorf("live capture: waiting for frames: %w", err)
	}
	for _, p := range l.polled[1:] {
		if p.Revents&(unix.POLLERR|unix.POLLNVAL) != 0 {
			// Asking for the error takes it off the socket: else the next wait
			// would end at once, and so on. What it means is seen by looking.
			_, _ = unix.GetsockoptInt(int(p.Fd), unix.SOL_SOCKET, unix.SO_ERROR)
			l.tended = -tending
		}
	}
	return nil
}

// tend looks at the state of all interfaces and opens those again that went away
// and are back.
func (l *Live) tend(since time.Duration) {
	l.state.Lock()
	defer l.state.Unlock()
	l.tended = since
	links, err := readLinks()
	if err != nil {
		return // as before; the next second tries again
	}
	reopened := false
	for _, in := range l.interfaces {
		in.observe(links)
		if in.gone && in.reopen(links, &l.cfg) {
			reopened = true
		}
	}
	if reopened {
		l.line()
	}
}

// Stats tells how each interface does, in the order of LiveConfig.Interfaces.
func (l *Live) Stats() []LiveStats {
	l.state.Lock()
	defer l.state.Unlock()
	links, err := readLinks()
	stats := make([]LiveStats, len(l.interfaces))
	for i, in := range l.interfaces {
		if err == nil && !l.closed.Load() {
			in.observe(links)
		}
		stats[i] = in.stats()
	}
	return stats
}

// Close ends capturing, and a Fill that waits. It may be called from any
// goroutine, and more than once.
func (l *Live) Close() error {
	if l.closed.Swap(true) {
		return nil
	}
	if l.wake >= 0 {
		_, _ = unix.Write(l.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0}) // fails only if it is readable already
	}
	l.reading.Lock()
	defer l.reading.Unlock()
	l.state.Lock()
	defer l.state.Unlock()
	for _, in := range l.interfaces {
		in.close()
	}
	l.rings = nil
	if l.wake >= 0 {
		_ = unix.Close(l.wake) // nothing was written that could be lost
		l.wake = -1
	}
	return nil
}
