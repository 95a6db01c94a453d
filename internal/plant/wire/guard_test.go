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
