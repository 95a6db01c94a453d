package lan

import (
	"bytes"
	"errors"
	"net/netip"
	"testing"
	"time"

	"firedoor/internal/plant/chance"
)

// exchange sends so many random bytes in pieces and keeps what comes; once it has
// sent all and has all it waits for, the side that opened closes.
type exchange struct {
	ear
	h          *Host
	mine       []byte
	await      int
	pieces     *chance.Random
	sent       int
	closes     bool
	everClosed bool
}

func (e *exchange) Opened(c *Conn) {
	e.opened++
	e.more(c)
}

func (e *exchange) more(c *Conn) {
	if e.sent < len(e.mine) {
		n := min(1+e.pieces.N(4000), len(e.mine)-e.sent)
		if c.Send(e.mine[e.sent : e.sent+n]) {
			e.sent += n
		}
		e.h.After(time.Duration(1+e.pieces.N(int(30*time.Millisecond))), func() { e.more(c) })
		return
	}
	if e.closes && len(e.got) >= e.await && !e.everClosed {
		e.everClosed = true
		c.Close()
	}
}

func (e *exchange) Received(c *Conn, b []byte) {
	e.got = append(e.got, b...)
	if e.sent == len(e.mine) {
		e.more(c)
	}
}

// TestWhatIsSentIsReceived: on cables that lose up to 5 % of the frames, and with a
// cable pulled for a while, both sides get exactly what the other sent.
func TestWhatIsSentIsReceived(t *testing.T) {
	var retries uint64
	for seed := range uint64(250) {
		random := dice(seed)
		b := newBench(t, seed)
		kinds := Kinds()
		a := b.host("a", 1, kinds[random.N(len(kinds))])
		z := b.host("z", 2, kinds[random.N(len(kinds))])
		z.Lossy(random.N(50000))
		a.Lossy(random.N(50000))
		left, right := make([]byte, random.N(120000)), make([]byte, random.N(120000))
		random.Fill(left)
		random.Fill(right)
		server := &exchange{h: z, mine: right, await: len(left), pieces: random, closes: random.N(2) == 0}
		client := &exchange{h: a, mine: left, await: len(right), pieces: random, closes: true}
		z.ListenTCP(9, func(*Conn) Handler { return server })
		a.DialTCP(addrPort("10.0.0.2:9"), 0, client)
		if cut := random.N(4); cut > 0 {
			b.w.After(time.Duration(20+random.N(300))*time.Millisecond, z.Unplug)
			b.w.After(time.Duration(400+random.N(1500))*time.Millisecond, z.Plug)
		}
		b.run(2 * time.Hour)
		if !bytes.Equal(server.got, left) || !bytes.Equal(client.got, right) {
			t.Errorf("seed %d, %s and %s: %d of %d bytes there, %d of %d back", seed, a.Manners().Kind, z.Manners().Kind,
				len(server.got), len(left), len(client.got), len(right))
		}
		if client.closed != 1 || client.err != nil || server.closed != 1 || server.err != nil {
			t.Errorf("seed %d, %s and %s: closed %d %v, %d %v", seed, a.Manners().Kind, z.Manners().Kind, client.closed, client.err, server.closed, server.err)
		}
		if n := len(a.conns) + len(z.conns); n != 0 {
			t.Errorf("seed %d: %d connections are left", seed, n)
		}
		if b.w.underWay != 0 {
			t.Errorf("seed %d: %d frames were never given back", seed, b.w.underWay)
		}
		retries += b.w.Stats().Retries
	}
	if retries < 100 {
		t.Errorf("only %d segments were sent again", retries)
	}
}

// TestLossJudged: tshark sees retransmissions where frames were lost, and nothing
// that is wrong in itself.
func TestLossJudged(t *testing.T) {
	b := newBench(t, 4)
	rec := record(t, b.w)
	a, z := b.host("a", 1, Linux()), b.host("z", 2, Camera())
	z.Lossy(30000)
	mine := make([]byte, 200000)
	dice(3).Fill(mine)
	server := &exchange{h: z, pieces: dice(1)}
	z.ListenTCP(9, func(*Conn) Handler { return server })
	a.DialTCP(addrPort("10.0.0.2:9"), 0, &exchange{h: a, mine: mine, pieces: dice(2), closes: true})
	b.run(10 * time.Minute)
	if !bytes.Equal(server.got, mine) {
		t.Errorf("%d of %d bytes", len(server.got), len(mine))
	}
	again, sacks := 0, 0
	for _, row := range judge(t, rec.Bytes(), "tcp.analysis.retransmission", "tcp.options.sack_le") {
		if row[0] != "" {
			again++
		}
		if row[1] != "" {
			sacks++
		}
	}
	if again == 0 || sacks == 0 {
		t.Errorf("%d retransmissions, %d selective acknowledgements", again, sacks)
	}
}

func TestRefusedUnreachableReset(t *testing.T) {
	b := newBench(t, 1)
	a, z := b.host("a", 1, nil), b.host("z", 2, VxWorks())
	z.ListenTCP(1, func(*Conn) Handler { return nil })
	z.ListenTCP(2, func(*Conn) Handler { return &ear{onOpen: func(c *Conn) { c.Reset() }} })
	for _, c := range []struct {
		to   string
		want error
	}{
		{"10.0.0.2:99", ErrRefused},
		{"10.0.0.2:1", ErrRefused},
		{"10.0.0.2:2", ErrReset},
		{"10.0.0.77:2", ErrUnreachable},
		{"192.168.1.1:2", ErrUnreachable},
	} {
		e := &ear{}
		a.DialTCP(addrPort(c.to), 0, e)
		if e.closed != 0 {
			t.Errorf("%s: told before DialTCP returned", c.to)
		}
		b.run(10 * time.Second)
		if e.closed != 1 || !errors.Is(e.err, c.want) {
			t.Errorf("%s: closed %d times, %v; want %v", c.to, e.closed, e.err, c.want)
		}
	}
}

// TestPowerFailure: a controller that loses its power says nothing; who waits for
// it times out, comes back, and finds it again.
func TestPowerFailure(t *testing.T) {
	b := newBench(t, 2)
	plc, hmi := b.host("plc", 1, SiemensCPU()), b.host("hmi", 2, Windows())
	server := &ear{onBytes: func(c *Conn, x []byte) { c.Send(x) }}
	plc.ListenTCP(102, func(*Conn) Handler { return server })
	var errs []error
	answers := 0
	var dial func()
	ask := func(c *Conn) {
		if c.Open() {
			c.Send([]byte("?"))
		}
	}
	dial = func() {
		hmi.DialTCP(addrPort("10.0.0.1:102"), 0, &ear{
			onOpen: ask,
			onBytes: func(c *Conn, _ []byte) {
				answers++
				hmi.After(time.Second, func() { ask(c) })
			},
			onClose: func(_ *Conn, err error) {
				errs = append(errs, err)
				hmi.After(2*time.Second, dial)
			},
		})
	}
	dial()
	b.run(10 * time.Second)
	plc.Power(false)
	if server.closed != 1 || !errors.Is(server.err, ErrPower) {
		t.Errorf("the handler on the controller was told %d times: %v", server.closed, server.err)
	}
	before := answers
	b.run(5 * time.Minute)
	if answers != before || before < 9 {
		t.Errorf("%d answers with power, %d without", before, answers-before)
	}
	if len(errs) < 2 || !errors.Is(errs[0], ErrTimeout) {
		t.Errorf("the other side saw %v", errs)
	}
	plc.Power(true)
	b.run(time.Minute)
	if answers < before+30 {
		t.Errorf("%d answers in the minute after the power came back", answers-before)
	}
}

// TestShortPowerFailure: a controller that is back before anybody noticed knows
// nothing of the connection and resets it.
func TestShortPowerFailure(t *testing.T) {
	b := newBench(t, 2)
	plc, hmi := b.host("plc", 1, VxWorks()), b.host("hmi", 2, Linux())
	plc.ListenTCP(502, func(*Conn) Handler { return &ear{} })
	e := &ear{}
	c := hmi.DialTCP(addrPort("10.0.0.1:502"), 0, e)
	b.run(time.Second)
	plc.Power(false)
	b.run(time.Second)
	plc.Power(true)
	b.run(time.Second)
	c.Send([]byte("still there?"))
	b.run(5 * time.Second)
	if e.closed != 1 || !errors.Is(e.err, ErrReset) {
		t.Errorf("closed %d: %v", e.closed, e.err)
	}
}

// TestKeepAlivesDoNotCross: of two equal devices one probes and the other is glad.
func TestKeepAlivesDoNotCross(t *testing.T) {
	b := newBench(t, 2)
	rec := record(t, b.w)
	a, z := b.host("a", 1, RockwellAdapter()), b.host("z", 2, RockwellAdapter())
	z.ListenTCP(44818, func(*Conn) Handler { return &ear{} })
	a.DialTCP(addrPort("10.0.0.2:44818"), 0, &ear{})
	b.run(time.Hour)
	probes := 0
	for _, row := range judge(t, rec.Bytes(), "tcp.analysis.keep_alive", "tcp.analysis.duplicate_ack") {
		if row[0] != "" {
			probes++
		}
		if row[1] != "" {
			t.Error("a probe was answered twice")
		}
	}
	if probes < 50 || probes > 60 {
		t.Errorf("%d probes in an hour", probes)
	}
}

func TestKeepAliveFindsTheDead(t *testing.T) {
	b := newBench(t, 2)
	rec := record(t, b.w)
	plc, hmi := b.host("plc", 1, SiemensCPU()), b.host("hmi", 2, Windows())
	server := &ear{}
	plc.ListenTCP(102, func(*Conn) Handler { return server })
	hmi.DialTCP(addrPort("10.0.0.1:102"), 0, &ear{})
	b.run(5 * time.Minute)
	if server.closed != 0 {
		t.Fatalf("a healthy idle connection was closed: %v", server.err)
	}
	seen := 0
	for _, row := range judge(t, rec.Bytes(), "tcp.analysis.keep_alive") {
		if row[0] != "" {
			seen++
		}
	}
	if seen < 8 {
		t.Errorf("tshark sees %d keep-alives in five minutes", seen)
	}
	hmi.Unplug()
	b.run(5 * time.Minute)
	if server.closed != 1 || !errors.Is(server.err, ErrTimeout) {
		t.Errorf("closed %d: %v", server.closed, server.err)
	}
}

// TestShutWindow: who does not read shuts its window, is probed, and gets everything
// once it reads.
func TestShutWindow(t *testing.T) {
	b := newBench(t, 2)
	rec := record(t, b.w)
	a, z := b.host("a", 1, Linux()), b.host("z", 2, SmallStack())
	mine := make([]byte, 20000)
	dice(1).Fill(mine)
	server := &ear{}
	var there *Conn
	server.onOpen = func(c *Conn) { there = c; c.Pause(true) }
	z.ListenTCP(9, func(*Conn) Handler { return server })
	client := &ear{onOpen: func(c *Conn) { c.Send(mine); c.Close() }}
	a.DialTCP(addrPort("10.0.0.2:9"), 0, client)
	b.run(time.Hour) // it answers the probes, so it is waited for
	if len(server.got) != 0 || len(there.held) != 5840 {
		t.Errorf("%d bytes were handed over, %d held", len(server.got), len(there.held))
	}
	there.Pause(false)
	b.run(500 * time.Millisecond) // it is told at once, not when the next probe comes
	if !bytes.Equal(server.got, mine) || client.closed != 1 || client.err != nil {
		t.Errorf("%d of %d bytes, closed %d %v", len(server.got), len(mine), client.closed, client.err)
	}
	zero, probes := 0, 0
	for _, row := range judge(t, rec.Bytes(), "tcp.analysis.zero_window", "tcp.analysis.zero_window_probe") {
		if row[0] != "" {
			zero++
		}
		if row[1] != "" {
			probes++
		}
	}
	if zero == 0 || probes < 3 {
		t.Errorf("tshark sees %d shut windows and %d probes", zero, probes)
	}
}

// TestFullController: a small controller has room for a few connections. Half-open
// ones take it too, until they are given up.
func TestFullController(t *testing.T) {
	b := newBench(t, 2)
	plc, a, evil := b.host("plc", 1, OldPLC()), b.host("a", 2, Linux()), b.host("evil", 3, Linux())
	plc.ListenTCP(502, func(*Conn) Handler { return &ear{} })
	for i := range 8 {
		evil.SendTCP(Segment{From: netip.AddrPortFrom(addr("10.0.0.99"), uint16(1000+i)), To: addrPort("10.0.0.1:502"), Seq: 7, Flags: 2, Window: 1024})
		b.run(20 * time.Millisecond)
	}
	b.run(200 * time.Millisecond)
	if len(plc.conns) != 8 {
		t.Fatalf("%d half-open connections", len(plc.conns))
	}
	e := &ear{}
	a.DialTCP(addrPort("10.0.0.1:502"), 0, e)
	b.run(time.Second)
	if !errors.Is(e.err, ErrRefused) {
		t.Errorf("a connection too many: %v", e.err)
	}
	b.run(2 * time.Minute)
	e = &ear{}
	a.DialTCP(addrPort("10.0.0.1:502"), 0, e)
	b.run(time.Second)
	if e.opened != 1 {
		t.Errorf("there is room again, but: %v", e.err)
	}
}

// TestForgedReset: a reset with the right numbers ends a connection, one outside the
// window does not.
func TestForgedReset(t *testing.T) {
	b := newBench(t, 2)
	plc, hmi, evil := b.host("plc", 1, VxWorks()), b.host("hmi", 2, Linux()), b.host("evil", 3, Linux())
	server := &ear{}
	plc.ListenTCP(502, func(*Conn) Handler { return server })
	c := hmi.DialTCP(addrPort("10.0.0.1:502"), 0, &ear{})
	b.run(time.Second)
	evil.SendTCP(Segment{From: c.Local(), To: c.Peer(), Seq: c.nxt + 1<<20, Flags: 4})
	b.run(time.Second)
	if server.closed != 0 {
		t.Error("a reset from outside the window was believed")
	}
	evil.SendTCP(Segment{From: c.Local(), To: c.Peer(), Seq: c.nxt, Flags: 4})
	b.run(time.Second)
	if server.closed != 1 || !errors.Is(server.err, ErrReset) {
		t.Errorf("closed %d: %v", server.closed, server.err)
	}
}

// TestHandlerMayDoAnything: closing, resetting and sending from within any call.
func TestHandlerMayDoAnything(t *testing.T) {
	acts := []func(c *Conn){
		func(c *Conn) { c.Close() },
		func(c *Conn) { c.Reset() },
		func(c *Conn) { c.Send([]byte("x")); c.Close() },
		func(c *Conn) { c.Pause(true); c.Close() },
		func(c *Conn) { c.Close(); c.Reset(); c.Close() },
		func(c *Conn) { c.Host().Power(false) },
	}
	for i, act := range acts {
		for j, other := range acts {
			b := newBench(t, 2)
			a, z := b.host("a", 1, Linux()), b.host("z", 2, Drive())
			server, client := &ear{}, &ear{}
			server.onOpen = func(c *Conn) { c.Send([]byte("welcome")) }
			server.onBytes = func(c *Conn, _ []byte) { other(c) }
			client.onBytes = func(c *Conn, _ []byte) { c.Send([]byte("thanks")); act(c) }
			client.onClose = func(c *Conn, _ error) { act(c); c.Send([]byte("late")) }
			z.ListenTCP(9, func(*Conn) Handler { return server })
			a.DialTCP(addrPort("10.0.0.2:9"), 0, client)
			b.run(time.Hour)
			if client.closed != 1 {
				t.Errorf("acts %d and %d: the client was told %d times", i, j, client.closed)
			}
			if b.w.underWay != 0 {
				t.Errorf("acts %d and %d: %d frames were never given back", i, j, b.w.underWay)
			}
		}
	}
}

// fault drops or changes the frames it is told to.
type fault func(towards bool, f []byte) []byte

func (g fault) Pass(towards bool, f []byte) []byte { return g(towards, f) }

// TestOneLossOneRepetition: what came after a lost segment is kept, and only the lost
// one is sent again, at once, when three acknowledgements have said so.
func TestOneLossOneRepetition(t *testing.T) {
	b := newBench(t, 2)
	a, z := b.host("a", 1, Linux()), b.host("z", 2, Camera())
	data, lostAt, doneAt := 0, int64(0), int64(0)
	z.Inline(fault(func(towards bool, f []byte) []byte {
		if towards && f[23] == protoTCP && len(f) > 500 {
			if data++; data == 4 {
				lostAt = b.w.Now()
				return nil
			}
		}
		return f
	}))
	want := make([]byte, 20*1448)
	dice(1).Fill(want)
	server := &ear{}
	server.onBytes = func(*Conn, []byte) {
		if len(server.got) == len(want) {
			doneAt = b.w.Now()
		}
	}
	z.ListenTCP(9, func(*Conn) Handler { return server })
	a.DialTCP(addrPort("10.0.0.2:9"), 0, &ear{onOpen: func(c *Conn) { c.Send(want) }})
	b.run(time.Minute)
	if !bytes.Equal(server.got, want) || b.w.Stats().Retries != 1 || data != 21 {
		t.Errorf("%d of %d bytes, %d repetitions, %d data segments", len(server.got), len(want), b.w.Stats().Retries, data)
	}
	if took := time.Duration(doneAt - lostAt); lostAt == 0 || took > 100*time.Millisecond {
		t.Errorf("it took %v to mend", took)
	}
}

// TestTimeoutComesBack: after a long silence has drawn the timeout out, an answer
// brings it back to what the round trips say.
func TestTimeoutComesBack(t *testing.T) {
	b := newBench(t, 2)
	a, z := b.host("a", 1, Linux()), b.host("z", 2, Camera())
	server := &ear{onBytes: func(c *Conn, x []byte) { c.Send(x) }}
	z.ListenTCP(9, func(*Conn) Handler { return server })
	c := a.DialTCP(addrPort("10.0.0.2:9"), 0, &ear{})
	b.run(time.Second)
	before := c.rto
	z.Unplug()
	c.Send([]byte("lost"))
	b.run(5 * time.Second)
	drawn := c.rto
	z.Plug()
	b.run(20 * time.Second)
	if drawn < 8*before || c.rto > 2*before || string(server.got) != "lost" {
		t.Errorf("timeout %v, then %v, then %v; got %q", time.Duration(before), time.Duration(drawn), time.Duration(c.rto), server.got)
	}
}

// TestDamagedHeader: a packet whose header does not add up is nobody's.
func TestDamagedHeader(t *testing.T) {
	b := newBench(t, 2)
	a, z := b.host("a", 1, Linux()), b.host("z", 2, Camera())
	turn := byte(0)
	z.Inline(fault(func(towards bool, f []byte) []byte {
		f = bytes.Clone(f)
		f[22] ^= turn // TTL
		return f
	}))
	var oks []bool
	for _, turn = range []byte{0, 1} {
		a.Ping(addr("10.0.0.2"), 10, func(ok bool) { oks = append(oks, ok) })
		b.run(5 * time.Second)
	}
	if len(oks) != 2 || !oks[0] || oks[1] {
		t.Errorf("answers %v", oks)
	}
	z.Inline(nil)
}

// TestNoChecksumLooksLikeNone: a UDP checksum that comes out as zero is written as
// all ones.
func TestNoChecksumLooksLikeNone(t *testing.T) {
	var b [udpLen + 2]byte
	ones := 0
	for i := range 1 << 16 {
		putUDP(b[:], addrPort("10.0.0.1:1"), addrPort("10.0.0.2:2"), []byte{byte(i >> 8), byte(i)})
		switch {
		case b[6] == 0 && b[7] == 0:
			t.Fatalf("payload %04x: no checksum", i)
		case b[6] == 0xff && b[7] == 0xff:
			ones++
		}
	}
	if ones == 0 {
		t.Error("the case did not come up")
	}
}

// TestToItself: a host may speak to itself; no cable sees it.
func TestToItself(t *testing.T) {
	b := newBench(t, 2)
	rec := record(t, b.w)
	a := b.host("a", 1, Windows())
	server := &ear{onBytes: func(c *Conn, x []byte) { c.Send(x) }}
	a.ListenTCP(9, func(*Conn) Handler { return server })
	client := &ear{onOpen: func(c *Conn) { c.Send([]byte("hello")) }, onBytes: func(c *Conn, _ []byte) { c.Close() }}
	a.DialTCP(addrPort("10.0.0.1:9"), 0, client)
	ok := false
	a.Ping(addr("10.0.0.1"), 8, func(x bool) { ok = x })
	b.run(10 * time.Second)
	if string(client.got) != "hello" || client.closed != 1 || server.closed != 1 || !ok || rec.frames != 0 {
		t.Errorf("got %q, closed %d and %d, ping %v, %d frames", client.got, client.closed, server.closed, ok, rec.frames)
	}
}

// TestTimeWait: a closed port pair is kept for a while and may be used again; more
// of them than MaxTimeWait are forgotten at once, and all in the end.
func TestTimeWait(t *testing.T) {
	b := newBench(t, 2)
	a, z := b.host("a", 1, Windows()), b.host("z", 2, Linux())
	z.ListenTCP(9, func(*Conn) Handler { return &ear{} })
	opened, closed := 0, 0
	dial := func(local uint16) {
		a.DialTCP(addrPort("10.0.0.2:9"), local, &ear{
			onOpen:  func(c *Conn) { opened++; c.Close() },
			onClose: func(_ *Conn, err error) { closed++ },
		})
	}
	for range 5 {
		dial(7000)
		b.run(100 * time.Millisecond)
	}
	if opened != 5 || closed != 5 || a.waiting != 1 {
		t.Errorf("opened %d, closed %d, %d in TIME-WAIT", opened, closed, a.waiting)
	}
	for range MaxTimeWait + 200 {
		dial(0)
		b.run(10 * time.Millisecond)
	}
	if a.waiting != MaxTimeWait || a.open != 0 || z.open != 0 || closed != opened {
		t.Errorf("%d in TIME-WAIT, %d and %d open, %d opened, %d closed", a.waiting, a.open, z.open, opened, closed)
	}
	b.run(5 * time.Minute)
	if len(a.conns) != 0 || a.waiting != 0 || a.first != nil || a.last != nil {
		t.Errorf("%d connections are left", len(a.conns))
	}
}

// TestAddressConflict: two hosts of one address both answer for it, and the one that
// knows nothing of a conversation ends it.
func TestAddressConflict(t *testing.T) {
	b := newBench(t, 2)
	plc, hmi, rogue := b.host("plc", 1, VxWorks()), b.host("hmi", 2, Windows()), b.host("rogue", 3, Linux())
	plc.ListenTCP(502, func(*Conn) Handler { return &ear{onBytes: func(c *Conn, x []byte) { c.Send(x) }} })
	var errs []error
	hmi.DialTCP(addrPort("10.0.0.1:502"), 0, &ear{
		onOpen:  func(c *Conn) { c.Send([]byte("?")) },
		onBytes: func(c *Conn, x []byte) { hmi.After(100*time.Millisecond, func() { c.Send([]byte("?")) }) },
		onClose: func(_ *Conn, err error) { errs = append(errs, err) },
	})
	b.run(10 * time.Second)
	rogue.SetAddr(prefix("10.0.0.1/24"), netip.Addr{})
	rogue.SendARP(ARPRequest, rogue.MAC(), addr("10.0.0.1"), 0, addr("10.0.0.1"), Broadcast)
	b.run(10 * time.Second)
	if len(errs) != 1 || !errors.Is(errs[0], ErrReset) {
		t.Errorf("the panel saw %v", errs)
	}
}

// TestPortUsedAgain: a client that comes back with the port of a connection which
// waits at the server in TIME-WAIT is let in.
func TestPortUsedAgain(t *testing.T) {
	b := newBench(t, 2)
	a, z := b.host("a", 1, SiemensCPU()), b.host("z", 2, Linux())
	z.ListenTCP(9, func(*Conn) Handler { return &ear{onOpen: func(c *Conn) { c.Close() }} })
	opened := 0
	for range 30 {
		a.DialTCP(addrPort("10.0.0.2:9"), 7000, &ear{onOpen: func(*Conn) { opened++ }})
		b.run(4 * time.Second)
	}
	// Its sequence numbers have no pattern: those of every other try are old for the
	// server, which acknowledges, is reset, and takes the next SYN.
	if opened != 30 {
		t.Errorf("opened %d of 30", opened)
	}
}
