package lan

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"firedoor"
)

// twoLines is a plant of two lines with the same addresses behind a NAT router
// each, and a server above.
func twoLines(t *testing.T, seed uint64) (b *bench, server *Host, plcs [2]*Host, routers [2]*Router) {
	b = newBench(t, seed)
	server = b.add(Config{Name: "server", MAC: macOf(1), Addr: prefix("10.1.0.5/24"), Gateway: addr("10.1.0.254"), VLAN: 100, Switch: b.sw, Manners: WindowsServer()})
	for i := range 2 {
		vlan := uint16(201 + i)
		line := b.w.Switch("line "+itoa(byte(i)), true)
		b.sw.Trunk(line)
		plcs[i] = b.add(Config{Name: "plc " + itoa(byte(i)), MAC: macOf(byte(10 + i)), Addr: prefix("192.168.0.10/24"), Gateway: addr("192.168.0.1"), VLAN: vlan, Switch: line, Manners: SiemensCPU()})
		r, err := b.w.Router("nat "+itoa(byte(i)), nil, []Port{
			{MAC: macOf(byte(20 + i)), Addr: prefix("10.1.0." + itoa(byte(20+i)) + "/24"), VLAN: 100, Switch: b.sw},
			{MAC: macOf(byte(30 + i)), Addr: prefix("192.168.0.1/24"), VLAN: vlan, Switch: line},
		})
		if err != nil {
			t.Fatal(err)
		}
		if !r.NAT(addr("10.1.0."+itoa(byte(110+i))), addr("192.168.0.10")) {
			t.Fatal("no port has the outside network")
		}
		routers[i] = r
	}
	return b, server, plcs, routers
}

func TestTwoLinesBehindNAT(t *testing.T) {
	b, server, plcs, _ := twoLines(t, 1)
	rec := record(t, b.w)
	var answers, heard [2]string
	pings := 0
	for i, plc := range plcs {
		name := plc.Name()
		outside := addr("10.1.0." + itoa(byte(110+i)))
		plc.ListenTCP(102, func(c *Conn) Handler {
			if c.Peer().Addr() != addr("10.1.0.5") {
				t.Errorf("%s is asked by %v", name, c.Peer())
			}
			return &ear{onBytes: func(c *Conn, _ []byte) { c.Send([]byte("I am " + name)) }}
		})
		plc.ListenUDP(161, func(from, _ netip.AddrPort, _ []byte) { plc.SendUDP(161, from, []byte("trap of "+name)) })
		server.DialTCP(netip.AddrPortFrom(outside, 102), 0, &ear{
			onOpen:  func(c *Conn) { c.Send([]byte("who?")) },
			onBytes: func(c *Conn, x []byte) { answers[i] = string(x); c.Close() },
		})
		server.ListenUDP(161, func(from, _ netip.AddrPort, x []byte) { heard[from.Addr().As4()[3]-110] = string(x) })
		server.SendUDP(161, netip.AddrPortFrom(outside, 161), []byte("?"))
		server.Ping(outside, 32, func(ok bool) {
			if ok {
				pings++
			}
		})
		plc.SendUDP(161, addrPort("10.1.0.5:161"), []byte("cold start of "+name))
	}
	b.run(20 * time.Second)
	if answers != [2]string{"I am plc 0", "I am plc 1"} || heard != [2]string{"trap of plc 0", "trap of plc 1"} || pings != 2 {
		t.Errorf("answers %q, datagrams %q, %d pings", answers, heard, pings)
	}
	ttl := map[string]bool{}
	for _, row := range judge(t, rec.Bytes(), "ip.src", "ip.ttl", "tcp.analysis.flags") {
		ttl[row[0]+" "+row[1]] = true
	}
	if !ttl["192.168.0.10 30"] || !ttl["10.1.0.110 29"] || !ttl["10.1.0.111 29"] {
		t.Errorf("the router must count down and translate: %v", ttl)
	}
}

// TestRoutes: by way of a second router, time exceeded, unreachable, and own pings.
func TestRoutes(t *testing.T) {
	b := newBench(t, 1)
	rec := record(t, b.w)
	port := func(last byte, net string, vlan uint16) Port {
		return Port{MAC: macOf(last), Addr: prefix(net), VLAN: vlan, Switch: b.sw}
	}
	first, err := b.w.Router("first", nil, []Port{port(1, "10.1.0.1/24", 1), port(2, "10.2.0.1/24", 2)})
	if err != nil {
		t.Fatal(err)
	}
	second, err := b.w.Router("second", nil, []Port{port(3, "10.2.0.2/24", 2), port(4, "10.3.0.1/24", 3)})
	if err != nil {
		t.Fatal(err)
	}
	first.Route(prefix("10.3.0.0/16"), addr("10.2.0.2"))
	second.Route(prefix("0.0.0.0/0"), addr("10.2.0.1"))
	a := b.add(Config{Name: "a", MAC: macOf(10), Addr: prefix("10.1.0.10/24"), Gateway: addr("10.1.0.1"), VLAN: 1, Switch: b.sw})
	z := b.add(Config{Name: "z", MAC: macOf(11), Addr: prefix("10.3.0.10/24"), Gateway: addr("10.3.0.1"), VLAN: 3, Switch: b.sw})
	want := make([]byte, 30000)
	dice(1).Fill(want)
	e := &ear{}
	z.ListenTCP(80, func(*Conn) Handler { return e })
	a.DialTCP(addrPort("10.3.0.10:80"), 0, &ear{onOpen: func(c *Conn) { c.Send(want) }})
	var pings []bool
	for _, to := range []string{"10.3.0.10", "10.2.0.2", "10.1.0.1", "10.9.0.1"} {
		a.Ping(addr(to), 32, func(ok bool) { pings = append(pings, ok) })
		b.run(2 * time.Second)
	}
	a.SendTCP(Segment{From: addrPort("10.1.0.10:1"), To: addrPort("10.3.0.10:1"), Flags: 2, TTL: 2})
	b.run(time.Second)
	if !bytes.Equal(e.got, want) {
		t.Errorf("%d of %d bytes came over two routers", len(e.got), len(want))
	}
	if len(pings) != 4 || !pings[0] || !pings[1] || !pings[2] || pings[3] {
		t.Errorf("pings %v", pings)
	}
	kinds := map[string]int{}
	for _, row := range judge(t, rec.Bytes(), "icmp.type") {
		kinds[row[0]]++
	}
	if kinds["3,8"] != 1 || kinds["11"] != 2 { // the latter is seen before and behind the first router
		t.Errorf("want an unreachable echo and a time exceeded: %v", kinds)
	}
}

// TestFirewall: only the server may open connections, and answers come back.
func TestFirewall(t *testing.T) {
	b, server, plcs, routers := twoLines(t, 1)
	var seen []Packet
	routers[0].Filter(func(p Packet) bool {
		seen = append(seen, p)
		if p.Established {
			return true
		}
		return p.In == 0 && p.From.Addr() == addr("10.1.0.5") && p.Proto == protoTCP && p.To.Port() == 102 && p.SYN
	})
	plc := plcs[0]
	plc.ListenTCP(102, func(*Conn) Handler { return &ear{onBytes: func(c *Conn, x []byte) { c.Send(x) }} })
	server.ListenTCP(80, func(*Conn) Handler { return &ear{} })
	in, out := &ear{onOpen: func(c *Conn) { c.Send([]byte("ask")) }}, &ear{}
	server.DialTCP(addrPort("10.1.0.110:102"), 0, in)
	plc.DialTCP(addrPort("10.1.0.5:80"), 0, out)
	b.run(time.Minute)
	if out.opened != 0 {
		t.Error("the line opened a connection upwards")
	}
	if string(in.got) != "ask" || in.opened != 1 || len(seen) == 0 || seen[0].To != addrPort("192.168.0.10:102") {
		t.Errorf("opened %d, the filter saw %v", in.opened, seen)
	}
	if b.w.Stats().Filtered == 0 {
		t.Error("nothing was filtered")
	}
}

func TestRouterWantsAddresses(t *testing.T) {
	b := newBench(t, 1)
	if _, err := b.w.Router("r", nil, []Port{{MAC: macOf(1), Switch: b.sw}}); err == nil {
		t.Error("a port without an address")
	}
	if _, err := b.w.Host(Config{Name: "a", MAC: firedoor.MAC(1) << 40, Switch: b.sw}); err == nil {
		t.Error("a host with a group address")
	}
	b.host("a", 1, nil)
	if _, err := b.w.Host(Config{Name: "a", MAC: macOf(2), Switch: b.sw}); err == nil {
		t.Error("two hosts of one name")
	}
}

// TestRouterWithoutPower: nothing passes, and all passes again when it is back.
func TestRouterWithoutPower(t *testing.T) {
	b, server, plcs, routers := twoLines(t, 1)
	pings := [2]int{}
	ask := func() {
		for i := range plcs {
			server.Ping(addr("10.1.0."+itoa(byte(110+i))), 8, func(ok bool) {
				if ok {
					pings[i]++
				}
			})
		}
		b.run(5 * time.Second)
	}
	ask()
	routers[0].Power(false)
	ask()
	routers[0].Power(true)
	ask()
	if pings != [2]int{2, 3} {
		t.Errorf("answers %v", pings)
	}
}

// TestForgedPacket: raw IP in another's name, by way of a router, and the power's
// listeners.
func TestForgedPacket(t *testing.T) {
	b, server, plcs, _ := twoLines(t, 1)
	rec := record(t, b.w)
	server.gateway = addr("10.1.0.20")
	server.SendIP(addr("10.1.0.77"), addr("192.168.0.10"), 47, make([]byte, 40))
	b.run(time.Second)
	forged := 0
	for _, row := range judge(t, rec.Bytes(), "ip.src", "ip.proto") {
		if row[0] == "10.1.0.77" && row[1] == "47" {
			forged++
		}
	}
	if forged != 2 {
		t.Errorf("%d forged packets were seen, want one before and one behind the router", forged)
	}
	var told []bool
	late := 0
	plcs[0].OnPower(func(on bool) { told = append(told, on) })
	plcs[0].After(time.Second, func() { late++ })
	plcs[0].Power(false)
	plcs[0].Power(false)
	b.run(10 * time.Second)
	plcs[0].Power(true)
	b.run(10 * time.Second)
	if len(told) != 2 || told[0] || !told[1] || !plcs[0].Powered() || late != 0 {
		t.Errorf("told %v, %d things done that belonged to the time before", told, late)
	}
	if KindNamed("siemens cpu") == nil || KindNamed("toaster") != nil {
		t.Error("kinds by name")
	}
}

// echoing is a gateway that sends a frame of its own behind each that passes.
type echoing struct {
	place *Place
	own   []byte
	seen  int
}

func (e *echoing) Pass(towards bool, frame []byte) []byte {
	e.seen++
	e.place.Inject(towards, e.own, 0)
	return frame
}

// TestGatewayOnARoutersCable: it sees what goes to the router and comes from it, and a
// frame that it sends while one passes comes behind that one.
func TestGatewayOnARoutersCable(t *testing.T) {
	b := newBench(t, 1)
	a := b.host("a", 1, nil)
	r, err := b.w.Router("r", nil, []Port{{MAC: macOf(100), Addr: prefix("10.0.0.254/24"), Switch: b.sw}})
	if err != nil {
		t.Fatal(err)
	}
	g := &echoing{}
	if r.Inline(1, g) != nil || r.Inline(-1, g) != nil {
		t.Error("a place at a port that is none")
	}
	g.place = r.Inline(0, g)
	g.own = make([]byte, 60)
	putEther(g.own, a.MAC(), macOf(100), 0x88b5)
	var order []string
	a.ListenFrame(0x88b5, func(firedoor.MAC, []byte) { order = append(order, "own") })
	a.Ping(addr("10.0.0.254"), 32, func(ok bool) {
		if ok {
			order = append(order, "pong")
		}
	})
	b.run(time.Second)
	pong := -1
	for i, what := range order {
		if what == "pong" {
			pong = i
		}
	}
	if pong < 0 || pong == len(order)-1 || g.seen < 2 {
		t.Errorf("%v, %d seen", order, g.seen)
	}
	if r.Inline(0, nil) != nil || b.w.underWay != 0 {
		t.Errorf("%d frames kept", b.w.underWay)
	}
}
