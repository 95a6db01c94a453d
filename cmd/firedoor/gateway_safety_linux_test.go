package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"firedoor/internal/testbed"
)

// A safety connection: both ends send every few milliseconds, and whoever hears nothing
// for the time of its watchdog trips.
const (
	safetyEvery    = 5 * time.Millisecond
	safetyWatchdog = 20 * time.Millisecond
	safetyPort     = 2222
	safetyType     = 0x8892 // of PROFINET, which carries PROFIsafe
)

// safetyWay is one direction of a safety connection.
type safetyWay struct {
	name    string
	gateway bool // or the bridge beside it
	out, in int
	to      unix.Sockaddr
	frame   []byte
	number  int // where the frame has its number

	sent, trips int
	got         atomic.Int64
	last        int64 // when the last frame came, by the kernel's clock
	longest     time.Duration
	long        map[uint32]time.Duration // gaps near the watchdog's time and over it, by the frame that ended them
}

// safety are the connections of a line and, as a control, of a bridge: one thread
// sends on all, so that a stall of this machine is seen on both.
type safety struct {
	ways []*safetyWay

	silent, stop       atomic.Bool // nobody sends, or listens, any more
	sending, listening sync.WaitGroup
}

// beginSafety starts safety connections through a gateway and through a bridge beside it.
func beginSafety(t *testing.T, guarded, beside *line) *safety {
	t.Helper()
	s := &safety{}
	for _, l := range []*line{guarded, beside} {
		near, err := udpEnd(l.bed.Client)
		if err != nil {
			t.Fatal(err)
		}
		far, err := udpEnd(l.bed.Server)
		if err != nil {
			t.Fatal(err)
		}
		there, err := etherWay(l.bed.Client, l.bed.Server, false)
		if err != nil {
			t.Fatal(err)
		}
		back, err := etherWay(l.bed.Server, l.bed.Client, true)
		if err != nil {
			t.Fatal(err)
		}
		there.name, back.name = "PROFIsafe in Ethernet, there", "PROFIsafe in Ethernet, back"
		for _, w := range []*safetyWay{
			{name: "CIP Safety over UDP, there", out: near, in: far, to: &unix.SockaddrInet4{Port: safetyPort, Addr: l.bed.Server.IP4.As4()}, frame: slices.Clone(cipSafety), number: 10},
			{name: "CIP Safety over UDP, back", out: far, in: near, to: &unix.SockaddrInet4{Port: safetyPort, Addr: l.bed.Client.IP4.As4()}, frame: slices.Clone(cipSafety), number: 10},
			there, back,
		} {
			w.gateway, w.long = l == guarded, map[uint32]time.Duration{}
			s.ways = append(s.ways, w)
		}
	}
	s.sending.Go(s.send)
	s.listening.Go(s.listen)
	t.Cleanup(s.end)
	return s
}

// newBeside is a bridge with two hosts, for comparison.
func newBeside(t *testing.T) *line {
	t.Helper()
	l := newBareLine(t, "fc")
	free, err := l.bed.Bridge(l.name + "x")
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(free)
	return l
}

// cipSafety are items of the common packet format: a sequenced address, and connected data
// that has safety data with its inverse, mode byte, checksums and time stamp.
var cipSafety = []byte{2, 0, 2, 0x80, 8, 0, 1, 0, 0x5a, 0x10, 0, 0, 0, 0, 0xb1, 0, 8, 0, 1, 0, 0xa5, 0xc0, 0x11, 0x5a, 0x22, 0x33}

// udpEnd sends from the port at which it listens, as these devices do.
func udpEnd(h *testbed.Host) (fd int, err error) {
	return fd, h.Do(func() (err error) {
		if fd, err = unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0); err != nil {
			return err
		}
		return errors.Join(room(fd), unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1), unix.Bind(fd, &unix.SockaddrInet4{Port: safetyPort, Addr: h.IP4.As4()}))
	})
}

func etherWay(from, to *testbed.Host, back bool) (*safetyWay, error) {
	a, b := net.HardwareAddr{2, 0, 0, 97, 0, 10}, net.HardwareAddr{2, 0, 0, 97, 0, 11}
	if back {
		a, b = b, a
	}
	w := &safetyWay{}
	w.frame = binary.BigEndian.AppendUint16(append(append(w.frame, b...), a...), safetyType)
	w.frame = append(w.frame, 0xc0, 0x01, 0x80) // frame id, provider status of the data
	w.number = len(w.frame)
	// safety data, status byte and checksum of PROFIsafe; cycle counter, data and transfer status
	w.frame = append(w.frame, 0, 0, 0, 0, 0x08, 0x12, 0x34, 0x56, 0x80)
	w.frame = append(w.frame, make([]byte, 32)...)
	w.frame = append(w.frame, 0, 0, 0x35, 0)
	const kind = safetyType&0xff<<8 | safetyType>>8 // in the order of the wire
	open := func(h *testbed.Host, fd *int, protocol uint16) error {
		return h.Do(func() (err error) {
			wire, err := net.InterfaceByName(testbed.Wire)
			if err != nil {
				return err
			}
			if *fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, int(protocol)); err != nil {
				return err
			}
			if protocol == 0 {
				w.to = &unix.SockaddrLinklayer{Ifindex: wire.Index, Halen: 6}
				return nil
			}
			return errors.Join(room(*fd), unix.Bind(*fd, &unix.SockaddrLinklayer{Protocol: protocol, Ifindex: wire.Index}), unix.SetsockoptInt(*fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1))
		})
	}
	return w, errors.Join(open(from, &w.out, 0), open(to, &w.in, kind))
}

// Priorities of threads that go before ordinary work. That which judges has 40.
const (
	afterWorker  int32 = 35
	beforeWorker int32 = 45
	beforeAll    int32 = 90
)

// ahead gives the calling goroutine a thread that goes before ordinary work.
func ahead(priority int32) {
	runtime.LockOSThread()
	p := struct{ priority int32 }{priority}
	_, _, _ = unix.RawSyscall(unix.SYS_SCHED_SETSCHEDULER, 0, unix.SCHED_FIFO, uintptr(unsafe.Pointer(&p)))
}

// send sends on all ways at once.
func (s *safety) send() {
	ahead(afterWorker)
	var now unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &now)
	for next := now.Nano(); !s.silent.Load(); {
		for _, w := range s.ways {
			w.sent++
			binary.LittleEndian.PutUint32(w.frame[w.number:], uint32(w.sent))
			_ = unix.Sendto(w.out, w.frame, 0, w.to)
		}
		next += safetyEvery.Nanoseconds()
		at := unix.NsecToTimespec(next)
		for unix.ClockNanosleep(unix.CLOCK_MONOTONIC, unix.TIMER_ABSTIME, &at, nil) == unix.EINTR {
		}
	}
}

// listen is the watchdog of all ways. Frames have the time at which the kernel had them,
// so that it does not matter when this thread looks.
func (s *safety) listen() {
	ahead(afterWorker)
	fds := make([]unix.PollFd, len(s.ways))
	for i, w := range s.ways {
		fds[i] = unix.PollFd{Fd: int32(w.in), Events: unix.POLLIN}
	}
	b, oob := make([]byte, 2048), make([]byte, 256)
	for !s.stop.Load() {
		if n, _ := unix.Poll(fds, 20); n <= 0 {
			continue
		}
		for i, w := range s.ways {
			if fds[i].Revents == 0 {
				continue
			}
			if n, m, _, _, err := unix.Recvmsg(w.in, b, oob, unix.MSG_DONTWAIT); err == nil && n >= w.number+4 {
				w.hear(binary.LittleEndian.Uint32(b[w.number:]), oob[:m])
			}
		}
	}
}

// underWay is how long the last frames may take. Where some were lost it passes in vain.
const underWay = 20 * time.Second

func (w *safetyWay) hear(number uint32, control []byte) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil || len(messages) == 0 || len(messages[0].Data) < 16 {
		return
	}
	at := int64(binary.NativeEndian.Uint64(messages[0].Data))*1e9 + int64(binary.NativeEndian.Uint64(messages[0].Data[8:]))
	w.got.Add(1)
	if gap := time.Duration(at - w.last); w.last != 0 {
		w.longest = max(w.longest, gap)
		if gap > safetyWatchdog {
			w.trips++
		}
		if gap > safetyWatchdog*3/4 {
			w.long[number] = gap
		}
	}
	w.last = at
}

func (s *safety) end() {
	s.silent.Store(true)
	s.sending.Wait()
	if !s.stop.Swap(true) {
		s.listening.Wait()
		ends := map[int]bool{} // those of UDP are each of two ways
		for _, w := range s.ways {
			ends[w.in], ends[w.out] = true, true
		}
		for fd := range ends {
			_ = unix.Close(fd)
		}
	}
}

// held ends the connections and holds that all frames came through the gateway, and
// that no watchdog tripped behind it that the bridge's did not as good as trip as well, of
// the same frame: this machine stood still then; and of others no more than the bridge's have in
// all. In a flood a queue of the kernel may be
// full for a frame, of a bridge as well.
func (s *safety) held(t *testing.T, flooded bool) {
	t.Helper()
	s.silent.Store(true)
	s.sending.Wait()
	for end := time.Now().Add(underWay); time.Now().Before(end) && slices.ContainsFunc(s.ways, func(w *safetyWay) bool { return int(w.got.Load()) < w.sent }); {
		time.Sleep(5 * time.Millisecond)
	}
	s.end()
	half := len(s.ways) / 2
	var told []string
	own, beside := 0, 0
	for i, w := range s.ways {
		who := "bridge"
		if !w.gateway {
			beside += w.trips
		} else {
			who = "gateway"
			for number, gap := range w.long {
				bridge := s.ways[i+half].long // the thread that sends may have stood still between the two
				if gap > safetyWatchdog && bridge[number-1]+bridge[number]+bridge[number+1] == 0 {
					own++
				}
			}
			if int(w.got.Load()) < w.sent && !flooded {
				t.Errorf("%s: %d of %d frames came", w.name, w.got.Load(), w.sent)
			}
		}
		told = append(told, fmt.Sprintf("%s, %s: %d of %d frames came, %d trips, the longest gap %s", who, w.name, w.got.Load(), w.sent, w.trips, w.longest.Round(10*time.Microsecond)))
	}
	t.Logf("safety connections with a watchdog of %s: %d trips by the gateway\n%s", safetyWatchdog, own, strings.Join(told, "\n"))
	if own > beside { // what is not more than the bridge's is this machine's own pause, which meets one or the other by chance
		t.Errorf("%d trips behind the gateway that the bridge did not have, which had %d", own, beside)
	}
}

// TestEmergencyStop holds that a stop that nobody learned passes: by a rule of what is
// never blocked, on any connection, while the same client may write nothing else, while
// the controller is isolated, right after the worker was killed, and while nobody judges at all.
func TestEmergencyStop(t *testing.T) {
	s := newSiege(t, false)
	presses, id := 0, uint16(0)
	dial := func() net.Conn {
		t.Helper()
		c, err := s.panels[1].dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	stop := func(c net.Conn, when string) {
		t.Helper()
		id++
		presses++
		if answer, err := askModbus(c, id, patience, 5, 0, 17, 0xff, 0); err != nil || answer[0] != 5 {
			t.Errorf("%s: the stop is answered % x (%v)\n%s", when, answer, err, s.log)
		}
	}
	press := func(when string) {
		t.Helper()
		c := dial()
		defer c.Close()
		stop(c, when)
		id++
		if answer, err := askModbus(c, id, 300*time.Millisecond, 5, 0, 18, 0xff, 0); err == nil && answer[0] != 0x85 {
			t.Errorf("%s: another coil is answered % x", when, answer)
		}
	}
	press("on an ordinary day")
	works(t, "isolate", "plc", "--verb", "no-write", "--for", "10m", "--reason", "a trial", "--data", s.data)
	press("while nobody may write")
	works(t, "isolate", "hmi-2", "--verb", "quarantine", "--for", "10m", "--reason", "a trial", "--data", s.data)
	press("while its panel is in quarantine by one person")
	s.strike(unix.SIGKILL)
	press("right after the worker was killed")
	old := dial()
	stop(old, "on a connection that stays")
	s.stop()
	press("while nobody but the kernel is there")
	stop(old, "while nobody but the kernel is there, on a connection that was there before")
	if done := s.victim.done(); len(done) > 0 {
		t.Errorf("forbidden writes were done: %q", done)
	}
	if s.victim.stops != presses {
		t.Errorf("%d of %d stops arrived", s.victim.stops, presses)
	}
}
