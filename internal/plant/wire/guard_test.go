package wire_test

import (
	"net/netip"
	"testing"
	"time"

	"firedoor"
	"firedoor/internal/plant/lan"
	"firedoor/internal/plant/wire"
	"firedoor/internal/policy"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/modbus"
)

// cable is a client and a server on VLAN 7, with a guard on the server's cable.
type cable struct {
	world          *lan.World
	client, server *lan.Host
	guard          *wire.Guard
	told           []wire.Record
	heard          string // by the server
	answered       string // to the client
	closed         error
}

// newCable lets the client read and write registers 0 to 9 of the server by Modbus.
func newCable(t *testing.T, change func(*policy.Policy)) *cable {
	t.Helper()
	p := &policy.Policy{
		Hosts: []policy.Host{{Name: "hmi", Addresses: []netip.Addr{netip.MustParseAddr("10.0.0.1")}, Segment: "vlan:7"}, {Name: "plc", Addresses: []netip.Addr{netip.MustParseAddr("10.0.0.2")}, Segment: "vlan:7"}},
		Zones: []policy.Zone{{Name: "office", Hosts: []string{"hmi"}}, {Name: "cell", Hosts: []string{"plc"}}},
		Conduits: []policy.Conduit{{Name: "down", From: "office", To: "cell", Mode: policy.Enforce, Default: firedoor.Refuse, Instead: firedoor.Drop, Unjudged: policy.Closed, Reviewed: policy.Review{By: "A", On: "2026-11-26"},
			Rules: []policy.Rule{{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"modbus"}, Codes: []uint32{6}, Objects: []policy.Object{{Text: "holding:", Row: true, To: 9}}}}}}},
		Otherwise: policy.Otherwise{Mode: policy.Enforce, Default: firedoor.Drop},
	}
	if change != nil {
		change(p)
	}
	plan, faults := policy.Compile(p, policy.Known{Ports: func(string) []policy.Port { return []policy.Port{{Transport: 6, Number: 502}} }, Protocols: []string{"modbus"}})
	if len(faults) > 0 {
		t.Fatalf("%+v", faults)
	}
	c := &cable{world: lan.New(time.Unix(1772323200, 0), 1)}
	sw := c.world.Switch("switch", true)
	host := func(name string, mac firedoor.MAC, ip string) *lan.Host {
		h, err := c.world.Host(lan.Config{Name: name, MAC: mac, Addr: netip.MustParsePrefix(ip), VLAN: 7, Switch: sw})
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	c.client, c.server = host("hmi", 0x020000000001, "10.0.0.1/24"), host("plc", 0x020000000002, "10.0.0.2/24")
	c.guard = wire.New(wire.Config{Name: "plc", VLAN: 7, Plan: plan, Protocols: []*protocol.Protocol{modbus.Protocol}, Now: c.world.Now, Told: func(s *wire.Stop) { c.told = append(c.told, s.Record()) }})
	c.guard.Stand(c.server.Inline(c.guard))
	c.server.ListenTCP(502, func(*lan.Conn) lan.Handler {
		return ear{hear: func(k *lan.Conn, b []byte) { c.heard += string(b); k.Send([]byte("yes")) }}
	})
	return c
}

// ear listens, and says something first.
type ear struct {
	hear  func(*lan.Conn, []byte)
	first [][]byte
	ended func(error)
}

func (e ear) Opened(c *lan.Conn) {
	for _, b := range e.first {
		c.Send(b)
	}
}
func (e ear) Received(c *lan.Conn, b []byte) { e.hear(c, b) }
func (e ear) Closed(_ *lan.Conn, err error) {
	if e.ended != nil {
		e.ended(err)
	}
}

func write(register, value byte) []byte {
	return []byte{0, 1, 0, 0, 0, 6, 1, 6, 0, register, 0, value}
}

// say opens a connection and says something.
func (c *cable) say(port uint16, messages ...[]byte) {
	c.client.DialTCP(netip.AddrPortFrom(netip.MustParseAddr("10.0.0.2"), port), 0, ear{first: messages, hear: func(_ *lan.Conn, b []byte) { c.answered += string(b) }, ended: func(err error) { c.closed = err }})
	c.world.Run(c.world.Now() + int64(2*time.Second))
}

// TestGuard holds what becomes of what passes, of what the kernel drops and of what is
// judged by its content, and that every frame is explained.
func TestGuard(t *testing.T) {
	c := newCable(t, nil)
	c.say(502, write(5, 50))
	if c.heard != string(write(5, 50)) || c.answered != "yes" || len(c.told) != 0 {
		t.Errorf("heard %q, answered %q, told %+v", c.heard, c.answered, c.told)
	}
	c.say(502, write(5, 51), write(20, 50), write(5, 52))
	if c.heard != string(write(5, 50))+string(write(5, 51)) || len(c.told) == 0 || c.told[0].Object != "holding:20" || c.told[0].Done != "drop" || c.told[0].Segment != "vlan:7" {
		t.Errorf("heard %q, told %+v", c.heard, c.told)
	}
	c.told = nil
	c.say(80)
	if len(c.told) == 0 || c.told[0].Reason != "default" || c.told[0].Server != "10.0.0.2:80" || c.told[0].Gateway != "plc" || c.guard.Counts.Dropped == 0 {
		t.Errorf("told %+v, %+v", c.told, c.guard.Counts)
	}
	n, j := c.guard.Counts, c.guard.Judged()
	if n.Frames != n.Passed+n.Dropped+n.Asked || n.Asked != j.In || j.In != j.Passed+j.Changed+j.Dropped+j.Held || n.Frames == 0 {
		t.Errorf("%+v, %+v", n, j)
	}
}

// TestGuardTellsOnce holds that a request which is stopped is told once, and not again as
// its frame; of two in one frame each is told, and the bytes of the frame once.
func TestGuardTellsOnce(t *testing.T) {
	two := append(write(20, 50), write(21, 50)...)
	for _, c := range []struct {
		name   string
		refuse bool
		say    []byte
		want   int // lines about requests
	}{{"dropped", false, write(20, 50), 1}, {"two dropped", false, two, 2}, {"refused", true, write(20, 50), 1}, {"two refused", true, two, 2}} {
		k := newCable(t, func(p *policy.Policy) {
			if c.refuse {
				p.Hosts[1].Refuses = []string{"modbus"}
			}
		})
		k.say(502, c.say)
		begun := ""
		var lines []wire.Record // of the first frame; what is sent again has its own
		for _, r := range k.told {
			if begun == "" || r.Time == begun {
				begun, lines = r.Time, append(lines, r)
			}
		}
		bytes := uint64(0)
		for i, r := range lines {
			bytes += r.Bytes
			if r.Function == "" || r.Further != (i > 0) {
				t.Errorf("%s: line %d is %+v", c.name, i, r)
			}
		}
		if len(lines) != c.want || bytes < 54 || bytes > 100 {
			t.Errorf("%s: %d lines with %d bytes together, want %d: %+v", c.name, len(lines), bytes, c.want, lines)
		}
		if c.refuse && len(k.told) != c.want {
			t.Errorf("%s: %d lines in all: %+v", c.name, len(k.told), k.told)
		}
	}
}

// TestReturnOfAServer holds that clients are back at a server that was off for a while when
// they would be without a guard: what it takes is its own 20 us for a frame.
func TestReturnOfAServer(t *testing.T) {
	back := func(guarded bool) (after int64) {
		c := newCable(t, nil)
		if !guarded {
			c.server.Inline(nil)
		}
		var dial func()
		ended := func(error) { c.world.After(5*time.Second, dial) }
		dial = func() {
			k := c.client.DialTCP(netip.AddrPortFrom(netip.MustParseAddr("10.0.0.2"), 502), 0, ear{first: [][]byte{write(5, 50)}, ended: ended, hear: func(*lan.Conn, []byte) {
				if after == 0 && c.world.Now() > time.Unix(1772323200, 0).Add(20*time.Second).UnixNano() {
					after = c.world.Now()
				}
			}})
			if k != nil { // a poll each second; one without an answer ends in a reset
				var poll func()
				heard := -1
				poll = func() {
					if !k.Open() {
						return
					}
					if heard == len(c.heard) {
						k.Reset()
						return
					}
					heard = len(c.heard)
					k.Send(write(5, 51))
					c.world.After(time.Second, poll)
				}
				c.world.After(time.Second, poll)
			}
		}
		dial()
		c.world.After(10*time.Second, func() { c.server.Power(false) })
		c.world.After(40*time.Second, func() { c.server.Power(true) })
		c.world.Run(c.world.Now() + int64(3*time.Minute))
		for _, r := range c.told {
			if r.Server != "ff02::16:0" { // listeners of groups; this policy knows of none
				t.Errorf("stopped or held: %+v", r)
			}
		}
		return after
	}
	with, without := back(true), back(false)
	if without == 0 || with == 0 || with-without > int64(time.Millisecond) || without-with > int64(time.Millisecond) {
		t.Errorf("answered again at %d with a guard and at %d without", with, without)
	}
}

// TestGuardRefuses holds that a device which knows how is made to refuse by itself, and
// that the connection goes on.
func TestGuardRefuses(t *testing.T) {
	c := newCable(t, func(p *policy.Policy) { p.Hosts[1].Refuses = []string{"modbus"} })
	c.say(502, write(20, 50), write(5, 52))
	spoiled := write(20, 50)
	spoiled[8], spoiled[9] = 0xff, 0xff
	if c.heard != string(spoiled)+string(write(5, 52)) || len(c.told) != 1 || c.told[0].Done != "refuse" {
		t.Errorf("heard %q, told %+v", c.heard, c.told)
	}
}

// TestGuardResets holds that both ends hear of the end of a connection, at the plant's time.
func TestGuardResets(t *testing.T) {
	c := newCable(t, func(p *policy.Policy) { p.Conduits[0].Instead = firedoor.Reset })
	c.say(502, write(20, 50))
	if c.heard != "" || c.closed == nil || c.guard.Judged().Resets != 2 || len(c.told) == 0 || c.told[0].Done != "reset" {
		t.Errorf("heard %q, closed %v, %+v, told %+v", c.heard, c.closed, c.guard.Judged(), c.told)
	}
}

// TestGuardWithoutPolicyForIt holds that where a policy knows a segment by another name,
// nothing of it passes.
func TestGuardWithoutPolicyForIt(t *testing.T) {
	c := newCable(t, func(p *policy.Policy) { p.Hosts[0].Segment, p.Hosts[1].Segment = "vlan:8", "vlan:8" })
	c.say(502, write(5, 50))
	if c.heard != "" || len(c.told) == 0 || c.told[0].Reason != "no-conduit" {
		t.Errorf("heard %q, told %+v", c.heard, c.told)
	}
}
