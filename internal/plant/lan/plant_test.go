package lan

import (
	"crypto/sha256"
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"firedoor"
)

// plant is a world of many hosts of all kinds on switches in a tree, in VLANs of at
// most 250 hosts, in which clients poll controllers and everybody chatters.
func plant(t testing.TB, seed uint64, hosts int) *World {
	t.Helper()
	w := New(epoch, seed)
	backbone := w.Switch("backbone", true)
	kinds := Kinds()
	for first := 0; first < hosts; first += 250 {
		cell := first / 250
		sw := w.Switch("cell "+itoa(byte(cell)), true)
		sw.Trunk(backbone)
		var members []*Host
		for i := first; i < min(first+250, hosts); i++ {
			last := byte(1 + i - first)
			h, err := w.Host(Config{
				Name: "host " + string(appendInt(nil, i)), MAC: firedoor.MAC(0x001b1b000000 + i),
				Addr: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 1, byte(cell), last}), 24),
				VLAN: uint16(100 + cell), Switch: sw, Manners: kinds[i%len(kinds)],
			})
			if err != nil {
				t.Fatal(err)
			}
			live(h)
			members = append(members, h)
		}
		for i, h := range members {
			pollFor(h, netip.AddrPortFrom(members[i/4*4].Addr().Addr(), 502))
		}
	}
	return w
}

// live gives a host something to answer and something to say.
func live(h *Host) {
	a := &answerer{}
	h.ListenTCP(502, func(*Conn) Handler { return a })
	h.ListenUDP(137, func(_, _ netip.AddrPort, _ []byte) {})
	h.World().Every(h.Random().Duration(time.Minute), time.Minute, func() bool {
		h.SendUDP(137, addrPort("10.1.0.255:137"), a.answer[:50])
		return true
	})
}

// cycle polls once in 200 ms.
type cycle struct {
	h        *Host
	c        *Conn
	question [12]byte
	next     func()
}

func (p *cycle) Opened(c *Conn)             { p.c = c; p.next() }
func (p *cycle) Received(c *Conn, _ []byte) { p.h.World().After(200*time.Millisecond, p.next) }
func (p *cycle) Closed(*Conn, error)        {}

func pollFor(h *Host, to netip.AddrPort) {
	if to.Addr() == h.Addr().Addr() {
		return
	}
	p := &cycle{h: h}
	p.next = func() { p.c.Send(p.question[:]) }
	h.World().After(h.Random().Duration(time.Second), func() { h.DialTCP(to, 0, p) })
}

func digest(w *World, d time.Duration) [32]byte {
	sum := sha256.New()
	w.Tap(func(at int64, f []byte) {
		var b [8]byte
		binary.BigEndian.PutUint64(b[:], uint64(at))
		sum.Write(b[:])
		sum.Write(f)
	})
	w.Run(w.Now() + int64(d))
	return [32]byte(sum.Sum(nil))
}

func TestSameSeedSameBytes(t *testing.T) {
	first, again, other := digest(plant(t, 1, 60), time.Minute), digest(plant(t, 1, 60), time.Minute), digest(plant(t, 2, 60), time.Minute)
	if first != again {
		t.Error("the same seed gave other bytes")
	}
	if first == other {
		t.Error("another seed gave the same bytes")
	}
}

// TestPiecesOfTime: it does not matter in how many pieces time is run.
func TestPiecesOfTime(t *testing.T) {
	whole := digest(plant(t, 1, 60), 10*time.Second)
	w := plant(t, 1, 60)
	digest := sha256.New()
	w.Tap(func(at int64, f []byte) {
		var b [8]byte
		binary.BigEndian.PutUint64(b[:], uint64(at))
		digest.Write(b[:])
		digest.Write(f)
	})
	for range 10000 {
		w.Run(w.Now() + int64(time.Millisecond))
	}
	if [32]byte(digest.Sum(nil)) != whole {
		t.Error("ten thousand pieces of ten seconds gave other bytes")
	}
}

// TestOneMoreHost: a host more changes no number another chooses.
func TestOneMoreHost(t *testing.T) {
	numbers := func(more bool) (out []uint64) {
		b := newBench(t, 9)
		if more {
			b.host("more", 9, nil)
		}
		for i, name := range []string{"a", "z"} {
			h := b.host(name, byte(1+i), nil)
			out = append(out, h.Random().Next(), uint64(h.sequence()), uint64(h.nextPort))
		}
		return out
	}
	with, without := numbers(true), numbers(false)
	for i := range with {
		if with[i] != without[i] {
			t.Errorf("number %d is %d with one more host, %d without", i, with[i], without[i])
		}
	}
}

// TestManyHosts: five thousand hosts answer each other, and what is under way and
// kept stays bounded.
func TestManyHosts(t *testing.T) {
	if testing.Short() {
		t.Skip("five thousand hosts")
	}
	w := plant(t, 3, 5000)
	w.Run(w.Now() + int64(5*time.Second))
	s := w.Stats()
	if s.Mirrored < 5000*5*5 {
		t.Errorf("only %d frames of five thousand hosts in 5 s: %+v", s.Mirrored, s)
	}
	t.Logf("%+v", s)
	if w.underWay > 10000 || len(w.queue.slab) > 100000 {
		t.Errorf("%d frames under way, %d events at once", w.underWay, len(w.queue.slab))
	}
}

// TestQueueGrowsNoFurther: an hour of polling leaves no more events than a minute.
func TestQueueGrowsNoFurther(t *testing.T) {
	w := plant(t, 3, 60)
	w.Run(w.Now() + int64(2*time.Minute))
	slab := len(w.queue.slab)
	w.Run(w.Now() + int64(2*time.Hour))
	if now := len(w.queue.slab); now > slab+slab/10 {
		t.Errorf("%d events at once after two minutes, %d after two hours", slab, now)
	}
}

// BenchmarkPlant tells how much faster than life a plant of 64 hosts is.
func BenchmarkPlant(b *testing.B) {
	w := plant(b, 1, 64)
	w.Run(w.Now() + int64(10*time.Second))
	b.ReportAllocs()
	before, frames := w.Now(), w.Stats().Mirrored
	b.ResetTimer()
	for range b.N {
		w.Run(w.Now() + int64(time.Second))
	}
	b.ReportMetric(float64(w.Now()-before)/float64(b.Elapsed().Nanoseconds()), "x-life")
	b.ReportMetric(float64(w.Stats().Mirrored-frames)/b.Elapsed().Seconds(), "frames/s")
}
