package lan

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"firedoor"

	"firedoor/internal/plant/chance"
)

var epoch = time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)

// recording is a pcap file in memory of what the taps of a world saw.
type recording struct {
	bytes.Buffer
	frames int
	last   int64
}

// record taps a world into a capture file with nanoseconds.
func record(t *testing.T, w *World) *recording {
	t.Helper()
	r := &recording{}
	var head [24]byte
	binary.LittleEndian.PutUint32(head[0:], 0xa1b23c4d)
	head[4], head[6] = 2, 4
	binary.LittleEndian.PutUint32(head[16:], 65535)
	head[20] = 1
	r.Write(head[:])
	w.Tap(func(at int64, frame []byte) {
		if at < r.last {
			t.Errorf("a frame of %d came after one of %d", at, r.last)
		}
		r.last = at
		r.frames++
		var h [16]byte
		binary.LittleEndian.PutUint32(h[0:], uint32(at/1000000000))
		binary.LittleEndian.PutUint32(h[4:], uint32(at%1000000000))
		binary.LittleEndian.PutUint32(h[8:], uint32(len(frame)))
		binary.LittleEndian.PutUint32(h[12:], uint32(len(frame)))
		r.Write(h[:])
		r.Write(frame)
	})
	return r
}

// bench is a switch with hosts on it.
type bench struct {
	t  *testing.T
	w  *World
	sw *Switch
}

func newBench(t *testing.T, seed uint64) *bench {
	t.Helper()
	w := New(epoch, seed)
	return &bench{t, w, w.Switch("sw", true)}
}

// host adds 10.0.0.last.
func (b *bench) host(name string, last byte, m *Manners) *Host {
	b.t.Helper()
	return b.add(Config{Name: name, MAC: macOf(last), Addr: prefix("10.0.0." + itoa(last) + "/24"), Switch: b.sw, Manners: m})
}

func (b *bench) add(c Config) *Host {
	b.t.Helper()
	h, err := b.w.Host(c)
	if err != nil {
		b.t.Fatal(err)
	}
	return h
}

func (b *bench) run(d time.Duration) { b.w.Run(b.w.Now() + int64(d)) }

func macOf(last byte) firedoor.MAC     { return firedoor.MAC(0x000e8c000000 | uint64(last)) }
func prefix(s string) netip.Prefix     { return netip.MustParsePrefix(s) }
func addr(s string) netip.Addr         { return netip.MustParseAddr(s) }
func addrPort(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }
func itoa(b byte) string               { return string(appendInt(nil, int(b))) }
func appendInt(b []byte, n int) []byte {
	if n >= 10 {
		b = appendInt(b, n/10)
	}
	return append(b, byte('0'+n%10))
}

// ear is a handler that keeps what it hears.
type ear struct {
	opened, closed int
	err            error
	got            []byte
	onOpen         func(c *Conn)
	onBytes        func(c *Conn, b []byte)
	onClose        func(c *Conn, err error)
}

func (e *ear) Opened(c *Conn) {
	e.opened++
	if e.onOpen != nil {
		e.onOpen(c)
	}
}

func (e *ear) Received(c *Conn, b []byte) {
	e.got = append(e.got, b...)
	if e.onBytes != nil {
		e.onBytes(c, b)
	}
}

func (e *ear) Closed(c *Conn, err error) {
	e.closed++
	e.err = err
	if e.onClose != nil {
		e.onClose(c, err)
	}
}

// TestOrderOfEvents: what is due earlier comes first, and of two of one time the one
// that was asked for first, from whichever heap.
func TestOrderOfEvents(t *testing.T) {
	var q queue
	random := dice(1)
	type want struct {
		at  int64
		seq uint64
	}
	var waiting []want
	out := 0
	for range 20000 {
		if random.N(5) < 3 {
			at := int64(random.N(500))
			q.push(random.N(2) == 0, at, &event{slot: uint8(q.seq + 1)})
			waiting = append(waiting, want{at, q.seq})
			continue
		}
		var e event
		at, ok := q.pop(1<<62, &e)
		if ok != (len(waiting) > 0) {
			t.Fatal("the queue and the list differ in length")
		}
		if !ok {
			continue
		}
		least := 0
		for i, x := range waiting {
			if l := waiting[least]; x.at < l.at || x.at == l.at && x.seq < l.seq {
				least = i
			}
		}
		if l := waiting[least]; l.at != at || uint8(l.seq) != e.slot {
			t.Fatalf("event %d of %d came, %d of %d was due", e.slot, at, uint8(l.seq), l.at)
		}
		waiting = append(waiting[:least], waiting[least+1:]...)
		out++
	}
	if out < 7000 {
		t.Errorf("only %d events came out", out)
	}
}

// TestRunStopsBefore: what is due at the end of a run happens in the next.
func TestRunStopsBefore(t *testing.T) {
	w := New(epoch, 1)
	var order []int
	w.At(epoch.UnixNano()+10, func() { order = append(order, 2) })
	w.At(epoch.UnixNano()+9, func() {
		order = append(order, 1)
		w.At(0, func() { order = append(order, 3) }) // long past: now
	})
	w.Run(epoch.UnixNano() + 10)
	if len(order) != 2 || order[1] != 3 || w.Now() != epoch.UnixNano()+10 {
		t.Errorf("order %v, now %d", order, w.Now())
	}
	w.Run(epoch.UnixNano() + 11)
	if len(order) != 3 || order[2] != 2 {
		t.Errorf("order %v", order)
	}
}

func TestTCPFirstWords(t *testing.T) {
	b := newBench(t, 1)
	rec := record(t, b.w)
	plc, hmi := b.host("plc", 10, SiemensCPU()), b.host("hmi", 20, Windows())
	server := &ear{onBytes: func(c *Conn, x []byte) { c.Send(append([]byte("re: "), x...)) }}
	plc.ListenTCP(102, func(*Conn) Handler { return server })
	client := &ear{onOpen: func(c *Conn) { c.Send([]byte("hello")) }}
	client.onBytes = func(c *Conn, _ []byte) { c.Close() }
	hmi.DialTCP(addrPort("10.0.0.10:102"), 0, client)
	b.run(10 * time.Second)
	if string(server.got) != "hello" || string(client.got) != "re: hello" {
		t.Errorf("server got %q, client got %q", server.got, client.got)
	}
	if client.closed != 1 || client.err != nil || server.closed != 1 || server.err != nil {
		t.Errorf("closed: client %d %v, server %d %v", client.closed, client.err, server.closed, server.err)
	}
	if rec.frames < 9 {
		t.Errorf("only %d frames were seen", rec.frames)
	}
}

// dice is a generator that parts of a test share.
func dice(seed uint64) *chance.Random {
	r := chance.New(seed)
	return &r
}
