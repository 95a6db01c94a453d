package capture

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"firedoor/internal/packet"
)

// TestLiveInterfaceDown: capturing outlives an interface that goes down, says so,
// does not spin meanwhile and goes on.
func TestLiveInterfaceDown(t *testing.T) {
	for _, fanout := range []int{1, 2} {
		t.Run(fmt.Sprintf("%d rings", fanout), func(t *testing.T) {
			a, b := vethPair(t)
			l := openLive(t, LiveConfig{Interfaces: []string{b}, Fanout: fanout})
			c := collect(t, l)
			newSender(t, a).send(numbered(0, 60))
			c.until(1)

			setUp(t, b, false)
			eventually(t, "the interface is seen as down", func() bool { c.fill(); return l.Stats()[0].State == LiveDown })
			if p := l.Stats()[0].Problem; !strings.HasPrefix(p, b+": ") {
				t.Errorf("the problem is %q", p)
			}
			// The error on the sockets was taken off: nothing ends a wait at once.
			if err := l.wait(blockTimeout); err != nil {
				t.Fatal(err)
			}
			for _, p := range l.polled {
				if p.Revents != 0 {
					t.Errorf("waiting ends at once with events %#x", p.Revents)
				}
			}

			setUp(t, b, true)
			eventually(t, "the interface is seen as running", func() bool { c.fill(); return l.Stats()[0].State == LiveRunning })
			newSender(t, a).send(numbered(1, 60))
			wantNumbers(t, c.until(2), 60)
		})
	}
}

// TestLiveInterfaceReplaced: an interface is deleted and another of its name made.
func TestLiveInterfaceReplaced(t *testing.T) {
	for _, fanout := range []int{1, 2} {
		t.Run(fmt.Sprintf("%d rings", fanout), func(t *testing.T) {
			a, b := vethPair(t)
			l := openLive(t, LiveConfig{Interfaces: []string{b}, Fanout: fanout, Promiscuous: true})
			c := collect(t, l)
			newSender(t, a).send(numbered(0, 60))
			c.until(1)

			removeLink(t, a)
			eventually(t, "the interface is seen as gone", func() bool {
				c.fill()
				return strings.Contains(l.Stats()[0].Problem, "gone")
			})
			makePair(t, a, b)
			eventually(t, "the interface is seen as running", func() bool { c.fill(); return l.Stats()[0].State == LiveRunning })
			newSender(t, a).send(numbered(1, 60))
			wantNumbers(t, c.until(2), 60)
			if at := linkAt(t, b).Attrs(); at.Promisc == 0 {
				t.Error("the new interface is not in promiscuous mode")
			}
			if s := l.Stats()[0]; s.Frames != 2 || s.Dropped != 0 || s.Problem != "" {
				t.Errorf("Stats: %+v", s)
			}
		})
	}
}

// TestLiveInterfaceReplacedWithoutRight: one ring needs no right to go on; more
// do, and say so.
func TestLiveInterfaceReplacedWithoutRight(t *testing.T) {
	for _, fanout := range []int{1, 2} {
		t.Run(fmt.Sprintf("%d rings", fanout), func(t *testing.T) {
			a, b := vethPair(t)
			l := openLive(t, LiveConfig{Interfaces: []string{b}, Fanout: fanout})
			removeLink(t, a)
			makePair(t, a, b)
			c := collect(t, l)
			withoutRight(t, func() {
				eventually(t, "the interface is back, or refused", func() bool {
					c.fill()
					s := l.Stats()[0]
					return s.State == LiveRunning && l.interfaces[0].bound() || strings.Contains(s.Problem, "CAP_NET_RAW")
				})
			})
			if s := l.Stats()[0]; (s.State == LiveRunning) != (fanout == 1) {
				t.Errorf("with %d rings: %+v", fanout, s)
			}
		})
	}
}

// pair is a conversation's frames in both directions.
type pair struct{ there, back []byte }

func addressPairs() map[string]pair {
	frame := func(kind uint16, swap bool, low byte) []byte {
		f := numbered(0, 100)
		f[5], f[11] = low, 200
		be.PutUint16(f[12:], kind)
		at, size := 0, 0
		switch kind {
		case etherIPv4:
			f[14], at, size = 0x45, 26, 4
		case etherIPv6:
			f[14], at, size = 0x60, 22, 16
		}
		clear(f[at : at+2*size])
		if size > 0 {
			f[at], f[at+size] = 10, 10
			f[at+size-1], f[at+2*size-1] = low, 200
		}
		if swap {
			for i, n := range map[int]int{0: 6, at: size} {
				x, y := f[i:i+n], f[i+n:i+2*n]
				for j := range x {
					x[j], y[j] = y[j], x[j]
				}
			}
		}
		return f
	}
	pairs := map[string]pair{}
	for _, kind := range []uint16{etherIPv4, etherIPv6, 0x88b5} {
		for low := range byte(32) {
			pairs[fmt.Sprintf("%04x %d", kind, low)] = pair{frame(kind, false, low), frame(kind, true, low)}
		}
	}
	return pairs
}

// TestLiveFanout: both directions of a pair of addresses come to one ring, be it
// sent or received, tagged or not; both rings are used; and Fill gives all of them
// once, in order. (A tag that is still in the frame on the way out hides the IP
// addresses from the program: then the MAC addresses decide, for both directions.)
func TestLiveFanout(t *testing.T) {
	a, b := vethPair(t)
	l := openLive(t, LiveConfig{Interfaces: []string{a, b}, Fanout: 2, Promiscuous: true})
	toB, toA := newSender(t, a), newSender(t, b)
	pairs := addressPairs()
	sent := 0
	tag := func(f []byte) []byte {
		return append(append(append([]byte(nil), f[:12]...), 0x81, 0, 0, 5), f[12:]...)
	}
	names := map[string]string{} // by the frames' bytes
	for name, p := range pairs {
		names[string(p.there)], names[string(p.back)] = name, name
		names[string(tag(p.there))] = name + " tagged"
		names[string(tag(p.back))] = name + " tagged"
		toB.send(p.there)
		toA.send(p.back)
		toB.send(tag(p.there))
		toB.send(tag(p.back))
		sent += 2 * 4
	}
	ringOf := map[string]int{}
	used := map[string]bool{}
	look := func(i int, r *ring) {
		alone := &Live{rings: []*ring{r}}
		dst, buf := make([]packet.Frame, sent), make([]byte, sent*200)
		n, _, _ := alone.take(dst, buf, 0, 0)
		for _, f := range dst[:n] {
			name, known := names[string(f.Data)]
			if !known {
				t.Fatalf("% x was not sent", f.Data)
			}
			key := r.in.name + " " + name
			if ring, seen := ringOf[key]; seen && ring != i {
				t.Errorf("%s: came to rings %d and %d", key, ring, i)
			}
			ringOf[key] = i
			used[fmt.Sprint(r.in.name, i)] = true
		}
		sent -= n
	}
	for end := time.Now().Add(time.Minute); sent > 0 && time.Now().Before(end); time.Sleep(silence) { // until all is in sight
		for i, r := range l.rings {
			look(i, r)
		}
	}
	if sent != 0 || len(used) != 4 {
		t.Errorf("%d frames did not come; frames came to %v, want all four rings used", sent, used)
	}
	for _, p := range pairs {
		toB.send(p.there)
		toA.send(p.back)
		sent += 2 * 2
	}
	time.Sleep(4 * silence)
	got := collect(t, l).until(sent)
	for i, f := range got {
		if i > 0 && f.Time < got[i-1].Time {
			t.Errorf("frame %d is older than the one before", i)
		}
	}
}

// TestLiveLoopback: on the loopback interface a frame is heard when it is sent
// and when it is received, and counts once; segments that no wire could carry
// come whole.
func TestLiveLoopback(t *testing.T) {
	if unix.Geteuid() != 0 {
		t.Skip("needs root: it captures on lo")
	}
	l := openLive(t, LiveConfig{Interfaces: []string{"lo"}})
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	const total = 2 << 20
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := server.Accept()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = io.Copy(io.Discard, conn)
	}()
	client, err := net.Dial("tcp", server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Write(make([]byte, total)); err != nil {
		t.Fatal(err)
	}
	again := sentAgain(t, client.(*net.TCPConn))
	client.Close()
	<-done
	port := uint16(server.Addr().(*net.TCPAddr).Port)
	c := collect(t, l)
	var largest int
	var payload int
	var next uint32 // number of the first byte that did not come yet
	for fin := false; !fin; {
		c.frames = nil
		if c.fill() == 0 {
			t.Fatalf("no end of the stream after %d bytes; %+v", payload, l.Stats())
		}
		for i := range c.frames {
			var p packet.Packet
			packet.Decode(&p, &c.frames[i])
			if p.Broken != "" || p.DstPort != port || p.Proto != packet.TCP {
				continue
			}
			largest = max(largest, len(p.Payload))
			size := len(p.Payload)
			if size > 0 && payload == 0 {
				next = p.Seq
			}
			fresh := min(max(size-int(int32(next-p.Seq)), 0), size)
			if payload += fresh; fresh < size { // a receiver that has no room for the end of a large segment gets that again
				if again--; again < 0 {
					t.Errorf("the segment %d came twice", p.Seq)
				}
			}
			next += uint32(fresh)
			fin = fin || p.Flags&packet.FIN != 0
		}
	}
	if payload != total {
		t.Errorf("%d bytes of payload, want %d; %+v", payload, total, l.Stats())
	}
	if largest <= 1500 {
		t.Errorf("the largest segment has %d bytes: no large one was tested", largest)
	}
}

// sentAgain tells how many segments the kernel sent twice, once all were acknowledged: on a busy machine it does so
// over loopback too.
func sentAgain(t *testing.T, c *net.TCPConn) int {
	t.Helper()
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		var info *unix.TCPInfo
		if e := raw.Control(func(fd uintptr) { info, err = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) }); e != nil || err != nil {
			t.Fatal(e, err)
		}
		if info.Unacked == 0 && info.Notsent_bytes == 0 {
			return int(info.Total_retrans)
		}
		if time.Now().After(end) {
			t.Fatal("not all is acknowledged")
		}
	}
}
