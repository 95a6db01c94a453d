package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"firedoor/internal/packet"
	"firedoor/internal/testbed"
)

// Live capture is tested on veth pairs: what is sent on one end comes in at the other.

var pairs atomic.Uint32

// vethPair makes a pair of interfaces, both up and without traffic of their own.
func vethPair(t testing.TB) (a, b string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: it makes network interfaces")
	}
	n := pairs.Add(1)
	a, b = fmt.Sprintf("fd%d-%da", os.Getpid(), n), fmt.Sprintf("fd%d-%db", os.Getpid(), n)
	makePair(t, a, b)
	t.Cleanup(func() { removeLink(t, a) })
	return a, b
}

func makePair(t testing.TB, a, b string) {
	t.Helper()
	err := testbed.Cable(a, b)
	if errors.Is(err, testbed.ErrUnable) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func setUp(t testing.TB, name string, up bool) {
	t.Helper()
	set := netlink.LinkSetUp
	if !up {
		set = netlink.LinkSetDown
	}
	if err := set(linkAt(t, name)); err != nil {
		t.Fatal(err)
	}
}

func linkAt(t testing.TB, name string) netlink.Link {
	t.Helper()
	l, err := netlink.LinkByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func removeLink(t testing.TB, name string) {
	if l, err := netlink.LinkByName(name); err == nil {
		if err := netlink.LinkDel(l); err != nil {
			t.Error(err)
		}
	}
}

// eventually waits until something holds that the kernel does in its own time.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for range 1000 {
		if holds() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("waited for long and in vain: %s", what)
}

// sender sends frames on an interface.
type sender struct {
	t    testing.TB
	fd   int
	sent int
}

func newSender(t testing.TB, name string) *sender {
	t.Helper()
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	address := unix.SockaddrLinklayer{Ifindex: linkAt(t, name).Attrs().Index}
	if err := unix.Bind(fd, &address); err != nil {
		t.Fatal(err)
	}
	return &sender{t: t, fd: fd}
}

func (s *sender) send(frame []byte) {
	if _, err := unix.Write(s.fd, frame); err != nil {
		s.t.Errorf("sending: %v", err)
	}
	if s.sent++; s.sent%200 == 0 {
		time.Sleep(time.Millisecond) // else the queue between the two ends overflows
	}
}

// numbered is a frame of an experimental EtherType with a number in it.
func numbered(number uint32, size int) []byte {
	f := make([]byte, max(size, 60))
	copy(f, []byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5})
	binary.BigEndian.PutUint32(f[14:], number)
	for i := 18; i < len(f); i++ {
		f[i] = byte(i) ^ byte(number)
	}
	return f
}

func openLive(t testing.TB, cfg LiveConfig) *Live {
	t.Helper()
	l, err := OpenLive(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// collector calls Fill and keeps copies of the frames.
type collector struct {
	t      testing.TB
	l      *Live
	dst    []packet.Frame
	buf    []byte
	frames []packet.Frame
}

func collect(t testing.TB, l *Live) *collector {
	return &collector{t: t, l: l, dst: make([]packet.Frame, 256), buf: make([]byte, 256<<10)}
}

func (c *collector) fill() int {
	c.t.Helper()
	n, used, err := c.l.Fill(c.dst, c.buf)
	if err != nil {
		c.t.Fatalf("Fill: %v", err)
	}
	sum := 0
	for _, f := range c.dst[:n] {
		sum += len(f.Data)
		f.Data = append([]byte(nil), f.Data...)
		c.frames = append(c.frames, f)
	}
	if used != sum && !(used == 0 && n == 1) {
		c.t.Fatalf("Fill used %d bytes for %d of frames", used, sum)
	}
	return n
}

// until fills until n frames are there; it gives up after long silence.
func (c *collector) until(n int) []packet.Frame {
	c.t.Helper()
	for quiet := 0; len(c.frames) < n && quiet < 20; quiet++ {
		if c.fill() > 0 {
			quiet = 0
		}
	}
	c.rest()
	if len(c.frames) != n {
		c.t.Fatalf("%d frames came, want %d; %+v", len(c.frames), n, c.l.Stats())
	}
	return c.frames
}

// rest fills until nothing comes any more.
func (c *collector) rest() {
	c.t.Helper()
	for c.fill() > 0 {
	}
}

func wantNumbers(t testing.TB, frames []packet.Frame, size int) {
	t.Helper()
	for i, f := range frames {
		want := numbered(uint32(i), size)
		switch {
		case string(f.Data) != string(want):
			t.Fatalf("frame %d is % x, want % x", i, f.Data, want)
		case f.WireLen != uint32(len(want)), f.Link != packet.LinkEthernet, f.Number != uint32(i+1):
			t.Fatalf("frame %d: %+v", i, f)
		case i > 0 && f.Time < frames[i-1].Time:
			t.Fatalf("frame %d is %d ns older than the one before", i, frames[i-1].Time-f.Time)
		}
	}
}

func TestLiveSeesEveryFrameInOrder(t *testing.T) {
	a, b := vethPair(t)
	l := openLive(t, LiveConfig{Interfaces: []string{b}, Fanout: 1, FirstIndex: 7, Promiscuous: true})
	const frames, size = 20_000, 130
	before := l.Now()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s := newSender(t, a)
		for i := range uint32(frames) {
			s.send(numbered(i, size))
		}
	}()
	got := collect(t, l).until(frames)
	<-done
	wantNumbers(t, got, size)
	last := got[frames-1]
	if got[0].Time < before || last.Time > l.Now() {
		t.Errorf("frames are stamped %d to %d, but it was %d to %d", got[0].Time, last.Time, before, l.Now())
	}
	if got[0].Capture != 7 {
		t.Errorf("Capture is %d, want FirstIndex", got[0].Capture)
	}
	want := LiveStats{Name: b, Frames: frames, Bytes: frames * size, LastFrame: last.Time, State: LiveRunning}
	if s := l.Stats(); len(s) != 1 || s[0] != want {
		t.Errorf("Stats are %+v, want %+v", s, want)
	}
}

// TestLiveSeesBothDirectionsOnce: on an interface of one's own, what is sent on
// it is seen too; two interfaces are told apart and merged by time.
func TestLiveSeesBothDirectionsOnce(t *testing.T) {
	a, b := vethPair(t)
	l := openLive(t, LiveConfig{Interfaces: []string{a, b}, Fanout: 1})
	const frames = 500
	s := newSender(t, a)
	for i := range uint32(frames) {
		s.send(numbered(i, 60))
	}
	time.Sleep(4 * silence) // all is in sight then
	got := collect(t, l).until(2 * frames)
	var of [2][]packet.Frame
	for i, f := range got {
		if i > 0 && f.Time < got[i-1].Time {
			t.Fatalf("frame %d of interface %d is older than the one before, of interface %d", i, f.Capture, got[i-1].Capture)
		}
		of[f.Capture] = append(of[f.Capture], f)
	}
	wantNumbers(t, of[0], 60)
	wantNumbers(t, of[1], 60)
}

func TestLiveRestoresTags(t *testing.T) {
	a, b := vethPair(t)
	l := openLive(t, LiveConfig{Interfaces: []string{a, b}, Fanout: 1})
	plain := numbered(1, 60)
	tagged := func(tags ...byte) []byte {
		return append(append(append([]byte(nil), plain[:12]...), tags...), plain[12:]...)
	}
	sent := [][]byte{
		plain,
		tagged(0x81, 0x00, 0xe0, 0x0a), // VLAN 10, priority 7
		tagged(0x81, 0x00, 0x60, 0x00), // priority tag
		tagged(0x88, 0xa8, 0x00, 0x64, 0x81, 0x00, 0x00, 0x14), // 100 and 20 within it
	}
	s := newSender(t, a)
	for _, f := range sent {
		s.send(f)
	}
	var next [2]int
	for _, f := range collect(t, l).until(2 * len(sent)) {
		want := sent[next[f.Capture]]
		next[f.Capture]++
		if string(f.Data) != string(want) || f.WireLen != uint32(len(want)) {
			t.Errorf("interface %d: got % x (%d on the wire), want % x", f.Capture, f.Data, f.WireLen, want)
		}
	}
}

// TestLiveSmallBuffer: a frame that does not fit comes next time; one that never
// fits comes alone.
func TestLiveSmallBuffer(t *testing.T) {
	a, b := vethPair(t)
	l := openLive(t, LiveConfig{Interfaces: []string{b}, Fanout: 1})
	s := newSender(t, a)
	for i := range uint32(10) {
		s.send(numbered(i, 100))
	}
	c := collect(t, l)
	c.buf = make([]byte, 250)
	for len(c.frames) < 4 {
		if n := c.fill(); n > 2 {
			t.Fatalf("%d frames of 100 bytes in a buffer of 250", n)
		}
	}
	c.buf = make([]byte, 99)
	for len(c.frames) < 8 {
		if n := c.fill(); n != 1 {
			t.Fatalf("%d frames, want one alone", n)
		}
	}
	c.buf = make([]byte, 1000)
	wantNumbers(t, c.until(10), 100)
}

func TestLiveCountsDrops(t *testing.T) {
	a, b := vethPair(t)
	l := openLive(t, LiveConfig{Interfaces: []string{b}, Fanout: 1, RingBytes: MinRingBytes})
	const frames = 8000 // the ring holds about 2,900
	s := newSender(t, a)
	for i := range uint32(frames) {
		s.send(numbered(i, 60))
	}
	if d := l.Stats()[0].Dropped; d == 0 {
		t.Error("the ring is full and nothing was counted as dropped")
	}
	c := collect(t, l)
	c.rest()
	st := l.Stats()[0]
	if st.Freezes == 0 || len(c.frames) == 0 {
		t.Errorf("%d frames, %+v", len(c.frames), st)
	}
	if sum := st.Frames + st.Dropped + st.Missed; sum != frames || st.Frames != uint64(len(c.frames)) {
		t.Errorf("%d frames were sent, but %d are accounted for: %+v", frames, sum, st)
	}
	for i := range uint32(10) { // it goes on
		s.send(numbered(i, 60))
	}
	c.frames = nil
	c.until(10)
}

func TestLiveWaitsAndEnds(t *testing.T) {
	_, b := vethPair(t)
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	l := openLive(t, LiveConfig{Interfaces: []string{b}})
	c := collect(t, l)
	if n := c.fill(); n != 0 {
		t.Fatalf("%d frames of silence", n)
	}
	ended := make(chan error)
	go func() {
		for {
			if _, _, err := l.Fill(c.dst, c.buf); err != nil {
				ended <- err
				return
			}
		}
	}()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, io.EOF) {
		t.Errorf("Fill after Close: %v, want io.EOF", err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if s := l.Stats(); len(s) != 1 || s[0].State != LiveFinished || s[0].Problem != "" {
		t.Errorf("Stats after Close: %+v", s)
	}
}

func TestLiveAllocatesNothing(t *testing.T) {
	a, b := vethPair(t)
	l := openLive(t, LiveConfig{Interfaces: []string{a, b}, Fanout: 2})
	s := newSender(t, a)
	const runs = 200
	for i := range uint32(runs * 12) {
		s.send(numbered(i, 60))
	}
	time.Sleep(4 * silence)
	dst, buf := make([]packet.Frame, 20), make([]byte, 4096)
	got := 0
	allocs := testing.AllocsPerRun(runs, func() {
		n, _, err := l.Fill(dst, buf)
		if err != nil {
			t.Fatal(err)
		}
		got += n
	})
	if allocs != 0 || got < runs*20 {
		t.Errorf("%v allocations for each Fill, %d frames", allocs, got)
	}
}

func TestOpenLiveRefuses(t *testing.T) {
	many := make([]string, MaxInterfaces+1)
	for _, c := range []struct {
		cfg  LiveConfig
		want string
	}{
		{LiveConfig{}, "no interface is named"},
		{LiveConfig{Interfaces: many}, "at most 16"},
		{LiveConfig{Interfaces: []string{"lo", "lo"}}, "lo: named twice"},
		{LiveConfig{Interfaces: []string{"lo"}, Fanout: MaxFanout + 1}, "must be 1 to 8"},
		{LiveConfig{Interfaces: []string{"lo"}, RingBytes: 1000}, "a ring of 1000 bytes"},
		{LiveConfig{Interfaces: []string{"no-such"}}, "no-such: no such network interface"},
	} {
		l, err := OpenLive(c.cfg)
		if err == nil {
			l.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.cfg, err, c.want)
		}
	}
	_, b := vethPair(t)
	setUp(t, b, false)
	if _, err := OpenLive(LiveConfig{Interfaces: []string{b}}); err == nil || !strings.Contains(err.Error(), b+": the interface is not up (ip link set "+b+" up)") {
		t.Errorf("an interface that is down: %v", err)
	}
}

// withoutRight runs f on a thread that has no CAP_NET_RAW; the thread ends with it.
func withoutRight(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var data [2]unix.CapUserData
		if err := unix.Capget(&head, &data[0]); err != nil {
			t.Error(err)
			return
		}
		data[0].Effective &^= 1 << unix.CAP_NET_RAW
		if err := unix.Capset(&head, &data[0]); err != nil {
			t.Error(err)
			return
		}
		f()
	}()
	<-done
}

func TestOpenLiveWithoutRight(t *testing.T) {
	_, b := vethPair(t)
	withoutRight(t, func() {
		_, err := OpenLive(LiveConfig{Interfaces: []string{b}})
		if err == nil || !strings.HasPrefix(err.Error(), b+": ") || !strings.Contains(err.Error(), "CAP_NET_RAW") || !errors.Is(err, unix.EPERM) {
			t.Errorf("without the right: %v", err)
		}
	})
}
