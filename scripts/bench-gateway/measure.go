package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"firedoor/internal/realtime"
	"firedoor/internal/testbed"
)

// Both ends are threads of their own that block in the kernel, as a device's
// program does; Go's scheduler would be measured else. They hold their processors (internal/realtime): a thread at
// real-time priority that waits for one of Go's own at ordinary priority keeps it, and the worker, from the core for
// a tenth of a second.

const (
	// Real time: other programs of this machine wait, a worker of the gateway's too, which shares this core with
	// both ends as it would not with devices. Below it they would be put aside for each frame, which adds 6 to 8 µs
	// to a round trip that no device sees; above it, a worker is now and then starved between turns, and replaced.
	priority = 50
	patience = 200 * time.Millisecond // after which an answer is lost
	// unmeasured is how long requests go before any of them counts.
	unmeasured = 300 * time.Millisecond
	// patienceTCP is longer: what is lost is sent again, and the answer is late.
	patienceTCP = 5 * time.Second
)

// measure has one turn: it adds to the result.
func (p *path) measure(o *options, k kind, to *result) (err error) {
	runtime.GC() // while an end holds its processor it cannot
	times := make([]time.Duration, 0, int(o.seconds*float64(k.rate)))
	server, err := listen(p.bed.Server, k)
	if err != nil {
		return err
	}
	var stop atomic.Bool
	ended := make(chan error)
	go func() { ended <- serve(o.core, server, k, &stop) }()
	defer func() {
		stop.Store(true)
		if e := <-ended; err == nil {
			err = e
		}
		_ = unix.Close(server)
	}()
	client, err := connect(p.bed.Client, p.bed.Server.IP4, k)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(client) }()
	done := make(chan error)
	go func() { done <- ask(o.core, client, k, &times, to) }()
	err = <-done
	to.times = append(to.times, times...)
	return err
}

// alone gives the calling goroutine a thread on one core at real-time priority, which does what f
// does there and ends with it.
func alone(core int, f func() error) error {
	runtime.LockOSThread()
	var set unix.CPUSet
	set.Set(core)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("pinning to core %d: %w", core, err)
	}
	if err := realtime.Prefer(priority); err != nil {
		return err
	}
	realtime.Hold()
	defer realtime.Release()
	return f()
}

func socket(k kind) (int, error) {
	kind := unix.SOCK_DGRAM
	if k.transport == "tcp" {
		kind = unix.SOCK_STREAM
	}
	fd, err := unix.Socket(unix.AF_INET, kind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fd, err
	}
	return fd, tune(fd, k)
}

// tune makes reads end after a while, and small segments leave at once.
func tune(fd int, k kind) error {
	after := patience
	if k.transport == "tcp" {
		after = patienceTCP
	}
	wait := unix.NsecToTimeval(after.Nanoseconds())
	err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &wait)
	if k.transport == "tcp" {
		err = errors.Join(err, unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1))
	}
	return err
}

func listen(h *testbed.Host, k kind) (fd int, err error) {
	return fd, h.Do(func() error {
		if fd, err = socket(k); err != nil {
			return err
		}
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
		if err := unix.Bind(fd, &unix.SockaddrInet4{Port: port}); err != nil {
			return err
		}
		if k.transport == "tcp" {
			return unix.Listen(fd, 1)
		}
		return nil
	})
}

func connect(h *testbed.Host, to netip.Addr, k kind) (fd int, err error) {
	return fd, h.Do(func() error {
		if fd, err = socket(k); err != nil {
			return err
		}
		return unix.Connect(fd, &unix.SockaddrInet4{Port: port, Addr: to.As4()})
	})
}

// serve echoes until it is to stop.
func serve(core, fd int, k kind, stop *atomic.Bool) error {
	buf := make([]byte, k.size)
	if k.transport != "tcp" {
		return alone(core, func() error { echoAll(fd, buf, stop); return nil })
	}
	c, err := accept(fd, stop)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(c) }()
	if err := tune(c, k); err != nil {
		return err
	}
	return alone(core, func() error {
		for !stop.Load() {
			switch readAll(c, buf) {
			case 0:
				_ = writeAll(c, buf)
			case closed: // else it would read on, and whoever stops it has no turn on this core
				return nil
			}
		}
		return nil
	})
}

// echoAll sends each datagram back to where it came from.
func echoAll(fd int, buf []byte, stop *atomic.Bool) {
	var from unix.RawSockaddrInet4
	for !stop.Load() {
		size := uint32(unsafe.Sizeof(from))
		n, _, e := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(buf))), uintptr(len(buf)), 0, uintptr(unsafe.Pointer(&from)), uintptr(unsafe.Pointer(&size)))
		if e == 0 {
			_, _, _ = unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(buf))), n, 0, uintptr(unsafe.Pointer(&from)), uintptr(size))
		}
	}
}

func accept(fd int, stop *atomic.Bool) (int, error) {
	for {
		c, _, err := unix.Accept4(fd, unix.SOCK_CLOEXEC)
		if err == nil || stop.Load() {
			return c, err
		}
	}
}

// closed is said where the other end closed the connection.
const closed = unix.ECONNRESET

// readAll reads all of buf; what it says is 0 if it could.
func readAll(fd int, buf []byte) unix.Errno {
	for len(buf) > 0 {
		n, _, e := unix.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(buf))), uintptr(len(buf)))
		switch {
		case e == unix.EINTR: // Go's runtime stops its threads so
			continue
		case e != 0:
			return e
		case n == 0:
			return closed
		}
		buf = buf[n:]
	}
	return 0
}

// writeAll writes what the kernel takes at once, as it does few bytes.
func writeAll(fd int, buf []byte) unix.Errno {
	for {
		if _, _, e := unix.RawSyscall(unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(buf))), uintptr(len(buf))); e != unix.EINTR {
			return e
		}
	}
}

// ask sends requests and takes the time of each answer. They are half a step to one and a half apart, in each turn the same: on an even
// grid a turn meets each tick of the machine or none, by chance, and p99 says which.
func ask(core, fd int, k kind, times *[]time.Duration, to *result) error {
	buf := make([]byte, k.size)
	message(buf)
	return alone(core, func() error {
		// Neighbours and caches know each other from here on, and a worker that frames come often: in a plant they have for years.
		first := make([]time.Duration, 0, int(unmeasured.Seconds()*float64(k.rate)))
		if err := askAll(fd, buf, k, &first, &result{}); err != nil {
			return err
		}
		return askAll(fd, buf, k, times, to)
	})
}

func askAll(fd int, buf []byte, k kind, times *[]time.Duration, to *result) error {
	step := int64(time.Second) / int64(k.rate)
	next := monotonic()
	apart := rand.New(rand.NewPCG(1, uint64(k.rate)))
	until := next + 2*int64(cap(*times))*step + patienceTCP.Nanoseconds() // a path that stalls has no longer turn
	for i := range cap(*times) {
		next += step/2 + apart.Int64N(step)
		if next > until {
			return nil
		}
		sleepUntil(next)
		buf[0] = byte(i)
		from := monotonic()
		if from > next+2*step { // a turn was missed: from here on anew, not in a burst
			next = from
		}
		if e := writeAll(fd, buf); e != 0 {
			return e
		}
		e := readAll(fd, buf)
		for e == 0 && buf[0] != byte(i) && k.transport == "udp" { // one that was given up comes late
			e = readAll(fd, buf)
		}
		switch {
		case e == 0 && buf[0] != byte(i):
			return errors.New("the answer is of another request")
		case e == 0:
			*times = append(*times, time.Duration(monotonic()-from))
			continue
		case e != unix.EAGAIN:
			return e
		}
		if to.lost++; k.transport == "tcp" { // its answer would be taken for the next one's
			return nil
		}
	}
	return nil
}

func monotonic() int64 {
	var now unix.Timespec
	_, _, _ = unix.RawSyscall(unix.SYS_CLOCK_GETTIME, unix.CLOCK_MONOTONIC, uintptr(unsafe.Pointer(&now)), 0)
	return now.Nano()
}

func sleepUntil(ns int64) {
	at := unix.NsecToTimespec(ns)
	for {
		_, _, e := unix.RawSyscall6(unix.SYS_CLOCK_NANOSLEEP, unix.CLOCK_MONOTONIC, unix.TIMER_ABSTIME, uintptr(unsafe.Pointer(&at)), 0, 0, 0)
		if e != unix.EINTR {
			return
		}
	}
}
