package lan

import (
	"net/netip"
	"testing"
	"time"
)

// poller asks again as soon as it is answered: question, answer, and the
// acknowledgements in between.
type poller struct {
	question [64]byte
	asked    int
}

func (p *poller) Opened(c *Conn) { p.ask(c) }

func (p *poller) ask(c *Conn) {
	p.asked++
	p.question[0] = byte(p.asked)
	c.Send(p.question[:12])
}

func (p *poller) Received(c *Conn, b []byte) { p.ask(c) }
func (p *poller) Closed(*Conn, error)        {}

type answerer struct{ answer [64]byte }

func (a *answerer) Opened(*Conn)               {}
func (a *answerer) Received(c *Conn, _ []byte) { c.Send(a.answer[:29]) }
func (a *answerer) Closed(*Conn, error)        {}

// polling is a world in which some hosts poll a controller without end.
func polling(tb testing.TB, pollers int) (*World, []*poller) {
	tb.Helper()
	w := New(epoch, 7)
	sw := w.Switch("sw", true)
	w.Tap(func(int64, []byte) {})
	quick := Linux()
	plc, err := w.Host(Config{Name: "plc", MAC: macOf(10), Addr: prefix("10.0.0.10/24"), Switch: sw, Manners: quick})
	if err != nil {
		tb.Fatal(err)
	}
	plc.ListenTCP(502, func(*Conn) Handler { return &answerer{} })
	var out []*poller
	for i := range pollers {
		h, err := w.Host(Config{Name: "hmi " + itoa(byte(i)), MAC: macOf(byte(20 + i)), Addr: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(20 + i)}), 24), Switch: sw, Manners: Windows()})
		if err != nil {
			tb.Fatal(err)
		}
		p := &poller{}
		h.DialTCP(addrPort("10.0.0.10:502"), 0, p)
		out = append(out, p)
	}
	w.Run(w.Now() + int64(2*time.Second))
	return w, out
}

func TestPollingAllocatesNothing(t *testing.T) {
	w, p := polling(t, 4)
	before := p[0].asked
	allocs := testing.AllocsPerRun(20, func() { w.Run(w.Now() + int64(100*time.Millisecond)) })
	if p[0].asked-before < 1000 {
		t.Errorf("only %d questions in two seconds", p[0].asked-before)
	}
	if allocs != 0 {
		t.Errorf("100 ms of polling allocate %v times: nothing must be allocated per frame", allocs)
	}
}

// TestRoutedPollingAllocatesNothing: nor does it by way of a router with a filter and
// translated addresses, with datagrams beside it.
func TestRoutedPollingAllocatesNothing(t *testing.T) {
	b, server, plcs, routers := twoLines(t, 1)
	b.w.Tap(func(int64, []byte) {})
	var pollers [2]*poller
	datagrams := 0
	for i, plc := range plcs {
		routers[i].Filter(func(p Packet) bool { return p.Established || p.In == 0 })
		plc.ListenTCP(102, func(*Conn) Handler { return &answerer{} })
		plc.ListenUDP(161, func(from, _ netip.AddrPort, x []byte) { datagrams++; plc.SendUDP(161, from, x) })
		pollers[i] = &poller{}
		outside := addr("10.1.0." + itoa(byte(110+i)))
		server.DialTCP(netip.AddrPortFrom(outside, 102), 0, pollers[i])
		server.ListenUDP(161, func(from, _ netip.AddrPort, x []byte) { server.SendUDP(161, from, x) })
		server.SendUDP(161, netip.AddrPortFrom(outside, 161), pollers[i].question[:])
	}
	b.run(5 * time.Second)
	before := datagrams
	if allocs := testing.AllocsPerRun(20, func() { b.run(100 * time.Millisecond) }); allocs != 0 {
		t.Errorf("100 ms of polling over routers allocate %v times", allocs)
	}
	if pollers[1].asked < 1000 || datagrams-before < 1000 {
		t.Errorf("only %d questions and %d datagrams", pollers[1].asked, datagrams-before)
	}
}

// BenchmarkFrames tells how many frames a second pass from host to host.
func BenchmarkFrames(b *testing.B) {
	w, _ := polling(b, 4)
	b.ReportAllocs()
	before := w.Stats().Frames
	b.ResetTimer()
	for range b.N {
		w.Run(w.Now() + int64(10*time.Millisecond))
	}
	b.ReportMetric(float64(w.Stats().Frames-before)/b.Elapsed().Seconds(), "frames/s")
}
