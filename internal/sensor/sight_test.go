package sensor

import (
	"slices"
	"strings"
	"testing"
	"time"

	"firedoor"
	"firedoor/internal/packet"
	"firedoor/internal/plant"
)

// pollModbus is a capture of a panel that polls a controller every second.
func pollModbus(n *plant.Net, c *plant.Conn, count int, pause time.Duration) {
	for i := range count {
		m := plant.Modbus{Transaction: uint16(i), Unit: 1}
		c.Client(m.Words(nil, plant.ModbusReadHolding, 40, 3))
		n.Wait(2 * time.Millisecond)
		c.Server(m.Registers(nil, plant.ModbusReadHolding, []uint16{uint16(i), 2, 3}))
		n.Wait(pause)
	}
}

func polls(t *testing.T, count int) []byte {
	return write(t, func(n *plant.Net) {
		c := n.Dial(panel, controller, 50001, plant.PortModbus)
		pollModbus(n, c, count, 100*time.Millisecond)
		c.Close()
	})
}

func TestOneWayRequests(t *testing.T) {
	o := replay(t, Options{}, plant.OneWay(polls(t, 10), panel.MAC))
	c := o.conversation(t, "modbus")
	if c.Operations != 10 || c.NoResponse != 10 || c.OneWay != 1 || c.Packets[1] != 0 || o.OneWay != 1 {
		t.Errorf("%+v", c)
	}
	for _, l := range o.lines {
		if l["outcome"] != "no-response" || l["response_frame"] != nil || l["frame"] == nil {
			t.Errorf("%v", l)
		}
	}
	wantEnds(t, c)
}

func TestOneWayAnswers(t *testing.T) {
	o := replay(t, Options{}, plant.OneWay(polls(t, 10), controller.MAC))
	c := o.conversation(t, "modbus")
	if c.Partial != 10 || c.NoResponse != 0 || c.OneWay != 1 || c.Packets[0] != 0 || c.Packets[1] == 0 {
		t.Errorf("%+v", c)
	}
	if len(o.lines) != 10 {
		t.Fatalf("%d lines, want 10", len(o.lines))
	}
	for _, l := range o.lines {
		if l["partial"] != true || l["outcome"] != "ok" || l["frame"] != nil || l["response_frame"] == nil {
			t.Errorf("%v", l)
		}
	}
	wantEnds(t, c)
}

func wantEnds(t *testing.T, c *firedoor.Conversation) {
	t.Helper()
	client := firedoor.Address{IP: "10.1.0.10", MAC: "00:d0:c9:00:00:10"}
	server := firedoor.Address{IP: "10.1.0.20", Port: 502, MAC: "00:80:f4:00:00:20"}
	if c.Client != client || c.Server != server {
		t.Errorf("from %+v to %+v", c.Client, c.Server)
	}
}

func TestStrippedTagsJoin(t *testing.T) {
	in := withFragments(t)
	plain := replay(t, Options{}, in)
	for _, h := range []*plant.Host{controller, panel, filler, terminal, robot} {
		t.Run(h.Name, func(t *testing.T) {
			o := replay(t, Options{}, plant.Untagged(in, h.MAC))
			a, b := plain.operations(), o.operations()
			if !slices.Equal(a, b) {
				t.Fatalf("event lines differ: %s", firstDifference(strings.Join(a, "\n"), strings.Join(b, "\n")))
			}
			if o.Sight.StrippedVLANs == 0 || o.Sight.Flows != plain.Sight.Flows {
				t.Errorf("%d joined of %d flows, want %d flows", o.Sight.StrippedVLANs, o.Sight.Flows, plain.Sight.Flows)
			}
			for _, c := range o.conversations {
				if c.Protocol != "arp" && c.OneWay != 0 {
					t.Errorf("one-way: %+v", c)
				}
			}
			if n := industrialOf(o); n != industrialOf(plain) {
				t.Errorf("%d industrial conversations, want %d", n, industrialOf(plain))
			}
			for _, c := range o.conversations {
				if c.Operations+c.Samples > 0 && c.Segment != "vlan:7" {
					t.Errorf("%s in %s", c.Protocol, c.Segment)
				}
			}
		})
	}
}

// TestStrippedFlowOutlivesItsOtherHalf: the ports are used again when the half
// that opened the flow has aged out and the other has not.
func TestStrippedFlowOutlivesItsOtherHalf(t *testing.T) {
	in := write(t, func(n *plant.Net) {
		busy := n.Dial(panel, filler, 50009, plant.PortModbus)
		for i := range 4 {
			c := n.Dial(panel, controller, 50001, plant.PortModbus)
			pollModbus(n, c, 3, time.Millisecond)
			c.Close()
			n.Wait(15 * time.Second)
			pollModbus(n, busy, 300+i, time.Millisecond) // an epoch ends, and what is closed is over
		}
	})
	plain := replay(t, Options{}, in)
	for _, h := range []*plant.Host{panel, controller} {
		o := replay(t, Options{}, plant.Untagged(in, h.MAC))
		if !slices.Equal(plain.operations(), o.operations()) {
			t.Errorf("%s stripped: other event lines", h.Name)
		}
		var packets uint64
		for _, c := range o.conversations {
			packets += c.Packets[0] + c.Packets[1]
		}
		if packets != o.Sight.Frames || o.Sight.AckedUnseen != 0 || o.Sight.Gaps != 0 {
			t.Errorf("%s stripped: %d packets of %d frames, %+v", h.Name, packets, o.Sight.Frames, o.Sight)
		}
	}
}

// TestStrippedPortsAreUsedAgain: at once, so that both halves are still there.
func TestStrippedPortsAreUsedAgain(t *testing.T) {
	in := write(t, func(n *plant.Net) {
		for range 4 {
			c := n.Dial(panel, controller, 50001, plant.PortModbus)
			pollModbus(n, c, 3, time.Millisecond)
			c.Close()
		}
	})
	plain := replay(t, Options{}, in)
	for _, h := range []*plant.Host{panel, controller} {
		o := replay(t, Options{}, plant.Untagged(in, h.MAC))
		if !slices.Equal(plain.operations(), o.operations()) {
			t.Errorf("%s stripped: other event lines", h.Name)
		}
		if c, p := o.conversation(t, "modbus"), plain.conversation(t, "modbus"); len(o.conversations) != 1 || c.Packets != p.Packets || c.Flows != p.Flows {
			t.Errorf("%s stripped: %+v", h.Name, o.conversations)
		}
		if o.Sight.Flows != 4 || o.Sight.AckedUnseen != 0 {
			t.Errorf("%s stripped: %+v", h.Name, o.Sight)
		}
	}
}

func industrialOf(o *outcome) (n int) {
	for _, c := range o.conversations {
		if c.Operations+c.Samples > 0 {
			n++
		}
	}
	return n
}

func TestTwoVLANsAreTwoPlants(t *testing.T) {
	in := withFragments(t)
	plain, o := replay(t, Options{}, in), replay(t, Options{}, plant.OnTwoVLANs(in, 11, 12))
	if len(o.assets) != 2*len(plain.assets) || len(o.conversations) != 2*len(plain.conversations) {
		t.Errorf("%d assets and %d conversations, want twice %d and %d", len(o.assets), len(o.conversations), len(plain.assets), len(plain.conversations))
	}
	if o.Sight.Operations != 2*plain.Sight.Operations || o.Sight.Samples != 2*plain.Sight.Samples || o.Sight.Duplicates != 0 ||
		o.Sight.StrippedVLANs != 0 || o.Sight.FragmentsLost != 0 {
		t.Errorf("%+v", o.Sight)
	}
	if !slices.Equal(o.Segments, []string{"vlan:11", "vlan:12"}) {
		t.Errorf("segments %v", o.Segments)
	}
	if a := o.alerts(); a != 0 {
		t.Errorf("%d address quarrels between two plants", a)
	}
}

func (out *outcome) alerts() int {
	return out.saw("contradiction") + out.saw("moved") + out.saw("replaced")
}

// TestAbsurdTimeMovesNothing: one frame from ten years later ages nothing out.
func TestAbsurdTimeMovesNothing(t *testing.T) {
	in := withFragments(t)
	o := Options{LearnPercent: 30}
	plain, got := replay(t, o, in), replay(t, o, plant.Absurd(in))
	same(t, plain, got, "time")
	if !slices.Equal(plain.seen, got.seen) {
		t.Errorf("detectors saw\n%s\nwant\n%s", strings.Join(got.seen, "\n"), strings.Join(plain.seen, "\n"))
	}
	if got.Clock.Odd != 1 || got.Clock.Jumps != 0 {
		t.Errorf("%+v", got.Clock)
	}
	for i := range plain.conversations {
		if p, g := plain.conversations[i], got.conversations[i]; p.First != g.First || p.Last != g.Last {
			t.Errorf("%s: %s to %s, want %s to %s", g.Protocol, g.First, g.Last, p.First, p.Last)
		}
	}
}

func TestLossIsSaid(t *testing.T) {
	in := polls(t, 100)
	o := replay(t, Options{}, plant.Lossy(in, 17))
	if o.Sight.AckedUnseen == 0 || o.Sight.Gaps == 0 || o.Sight.MissingBytes == 0 {
		t.Errorf("%+v", o.Sight)
	}
	if o.Sight.MalformedCount != 0 {
		t.Errorf("%d malformed because of loss", o.Sight.MalformedCount)
	}
	plain := replay(t, Options{}, in)
	lost := plain.Sight.Frames - o.Sight.Frames
	c := o.conversation(t, "modbus")
	if c.Operations+c.Partial+lost < 100 || c.Operations > 100 {
		t.Errorf("%d operations and %d partial, %d frames lost", c.Operations, c.Partial, lost)
	}
}

func TestDisorderChangesNoOperation(t *testing.T) {
	in := write(t, func(n *plant.Net) { // requests in two segments each, so that neighbours are of one side
		c := n.Dial(panel, controller, 50001, plant.PortModbus)
		for i := range 60 {
			m := plant.Modbus{Transaction: uint16(i), Unit: 1}
			b := m.Words(nil, plant.ModbusReadHolding, 40, 3)
			c.Client(b[:5])
			c.Client(b[5:])
			a := m.Registers(nil, plant.ModbusReadHolding, []uint16{uint16(i), 2, 3})
			c.Server(a[:8])
			c.Server(a[8:])
			n.Wait(time.Millisecond)
		}
	})
	plain, o := replay(t, Options{}, in), replay(t, Options{}, plant.Disordered(in, 3))
	if !slices.Equal(plain.operations("time"), o.operations("time")) {
		t.Error("other operations")
	}
	if o.Sight.OutOfOrder == 0 || o.Sight.Gaps != 0 || o.Sight.MissingBytes != 0 {
		t.Errorf("%+v", o.Sight)
	}
}

func TestSnappedFramesBreakNothing(t *testing.T) {
	for _, size := range []int{60, 64, 70, 90, 120} {
		o := replay(t, Options{}, plant.Snapped(withFragments(t), size))
		if o.Sight.MalformedCount != 0 {
			t.Errorf("cut at %d: %d malformed", size, o.Sight.MalformedCount)
		}
		if o.Sight.Truncated == 0 {
			t.Errorf("cut at %d: %+v", size, o.Sight)
		}
	}
}

func TestPortsAreUsedAgain(t *testing.T) {
	o := replay(t, Options{}, write(t, func(n *plant.Net) {
		for i := range 5 {
			c := n.Dial(panel, controller, 50001, plant.PortModbus)
			pollModbus(n, c, 3, time.Millisecond)
			if i%2 == 0 {
				c.Close()
			} else {
				c.Reset()
			}
		}
	}))
	c := o.conversation(t, "modbus")
	if n := c.Packets[0] + c.Packets[1]; n != o.Sight.Frames {
		t.Errorf("%d packets of %d frames", n, o.Sight.Frames)
	}
	if c.Flows != 5 || c.Operations != 15 || c.NoResponse != 0 || o.Sight.Flows != 5 || len(o.lines) != 15 || o.Sight.Gaps != 0 {
		t.Errorf("%d flows, %+v, %+v", o.Sight.Flows, c, o.Sight)
	}
}

func TestPickUpInTheMiddle(t *testing.T) {
	for name, first := range map[string]func(c *plant.Conn){
		"request": func(*plant.Conn) {},
		"answer": func(c *plant.Conn) {
			c.Server(plant.Modbus{Transaction: 99, Unit: 1}.Registers(nil, plant.ModbusReadHolding, []uint16{9}))
		},
		"half": func(c *plant.Conn) {
			c.Client(plant.Modbus{Transaction: 99, Unit: 1}.Words(nil, plant.ModbusReadHolding, 40, 3)[5:])
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := replay(t, Options{}, write(t, func(n *plant.Net) {
				c := n.Midstream(panel, controller, 50001, plant.PortModbus)
				first(c)
				pollModbus(n, c, 10, time.Millisecond)
			}))
			c := o.conversation(t, "modbus")
			wantEnds(t, c)
			if c.Operations-c.Partial < 9 || c.Partial > 1 || o.Sight.MidStream != 1 || c.NoResponse != 0 || c.Malformed != 0 {
				t.Errorf("%+v", c)
			}
		})
	}
}

// TestClientByItsPort: where no port is registered, an end in the range of clients
// calls, though the other one is heard first.
func TestClientByItsPort(t *testing.T) {
	o := replay(t, Options{}, write(t, func(n *plant.Net) {
		c := n.Midstream(panel, controller, 50001, 17501)
		for range 3 { // either side may publish
			c.Server([]byte("\x30\x09\x00\x05plant42"))
			c.Client([]byte("\x30\x09\x00\x05plant43"))
		}
	}))
	if c := o.conversation(t, "mqtt"); c.Client.IP != "10.1.0.10" || c.Server.Port != 17501 || c.Operations != 3 || c.Samples != 3 {
		t.Errorf("%+v", c)
	}
}

// TestMiddleIsWhatWasLearned: a connection seen from its beginning and the same
// from its middle are one conversation.
func TestMiddleIsWhatWasLearned(t *testing.T) {
	learn := ordinary(t, rounds)
	later := write(t, func(n *plant.Net) {
		n.Wait(time.Hour)
		c := n.Midstream(panel, filler, 50012, plant.PortTPKT)
		for i := range uint16(10) {
			ref := plant.S7{Ref: i}
			c.Client(ref.Read(nil, fillerItems...))
			n.Wait(2 * time.Millisecond)
			c.Server(ref.ReadAnswer(nil, fillerItems, []byte{0, 1, 0, 7}, []byte{1}))
			n.Wait(20 * time.Millisecond)
		}
	})
	o := learnFrom(t, learn, later)
	if n := o.saw("new-conversation"); n != 0 {
		t.Errorf("%d new conversations", n)
	}
	if n := o.saw("new-operation"); n != 0 {
		t.Errorf("%d new operations: the slot was told only at the beginning", n)
	}
	c := o.conversation(t, "s7comm")
	if !c.Learned || c.Flows != 2 {
		t.Errorf("%+v", c)
	}
	for _, s := range c.Statements {
		if s.Unit != nil {
			t.Errorf("%+v", s)
		}
	}
}

// TestMiddleOfRoutedConnection: what goes over the backplane on an open
// connection is the same without its Forward Open; a slot that a request says
// itself is another statement.
func TestMiddleOfRoutedConnection(t *testing.T) {
	open := plant.CIPConnection{ToTarget: 0x80fe0001, ToOriginator: 0x510001, Serial: 17, Vendor: 1, Originator: 0x2a00, Class: 3,
		SizeToTarget: 504, SizeToOriginator: 504, Interval: 2000000, Path: []byte{1, 3, 0x20, 2, 0x24, 1}}
	e := plant.ENIP{Session: 0x51, Context: 9}
	read := func(n *plant.Net, c *plant.Conn, sequence uint16) {
		c.Client(plant.ENIP{Session: 0x51}.Connected(nil, open.ToTarget, sequence, plant.CIPRead(nil, "Level", 1)))
		n.Wait(2 * time.Millisecond)
		c.Server(plant.ENIP{Session: 0x51}.Connected(nil, open.ToOriginator, sequence, plant.CIPReadAnswer(nil, plant.CIPTypeInt, []byte{9, 0})))
		n.Wait(20 * time.Millisecond)
	}
	learn := write(t, func(n *plant.Net) {
		c := n.Dial(robot, terminal, 50003, plant.PortENIP)
		c.Client(plant.ENIP{}.Register(nil))
		c.Server(e.Register(nil))
		c.Client(e.Unconnected(nil, open.Open(nil)))
		c.Server(e.Unconnected(nil, open.OpenAnswer(nil)))
		read(n, c, 1)
		c.Close()
	})
	for name, slots := range map[string][]uint8{"connected": nil, "another slot": {5}} {
		t.Run(name, func(t *testing.T) {
			o := learnFrom(t, learn, write(t, func(n *plant.Net) {
				n.Wait(time.Hour)
				c := n.Midstream(robot, terminal, 50004, plant.PortENIP)
				for i := range uint16(4) {
					read(n, c, 700+i)
				}
				for _, slot := range slots {
					c.Client(e.Unconnected(nil, plant.CIPRouted(nil, plant.CIPRead(nil, "Level", 1), slot)))
					n.Wait(2 * time.Millisecond)
					c.Server(e.Unconnected(nil, plant.CIPReadAnswer(nil, plant.CIPTypeInt, []byte{9, 0})))
				}
			}))
			if n := o.saw("new-operation"); n != 2*len(slots) { // the envelope and what is in it
				t.Errorf("%d new operations of %v: %s", n, slots, strings.Join(o.seen, "\n"))
			}
		})
	}
}

func TestTunnelledCopies(t *testing.T) {
	in := polls(t, 10)
	plain := replay(t, Options{}, in)
	for name, c := range map[string]struct {
		wrap    func(frame []byte) (proto uint8, payload []byte)
		segment string
	}{
		"gre": {func(f []byte) (uint8, []byte) {
			return packet.GRE, append([]byte{0x20, 0, 0x65, 0x58, 0, 0, 0, 7}, f...)
		}, "vlan:7/gre:7"},
		"erspan": {func(f []byte) (uint8, []byte) {
			return packet.GRE, append([]byte{0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 7, 0x18, 5, 0, 0, 0, 0}, f...)
		}, "vlan:7/erspan:5"},
		"vxlan": {func(f []byte) (uint8, []byte) {
			return packet.UDP, udpHeader(40000, 4789, append([]byte{8, 0, 0, 0, 0, 0, 9, 0}, f...))
		}, "vlan:7/vxlan:9"},
		"geneve": {func(f []byte) (uint8, []byte) {
			return packet.UDP, udpHeader(40000, 6081, append([]byte{0, 0, 0x65, 0x58, 0, 0, 9, 0}, f...))
		}, "vlan:7/geneve:9"},
		"tzsp": {func(f []byte) (uint8, []byte) {
			return packet.UDP, udpHeader(40000, 37008, append([]byte{1, 0, 0, 1, 1}, f...))
		}, "vlan:7/tzsp"},
	} {
		t.Run(name, func(t *testing.T) {
			both := write(t, func(n *plant.Net) {
				id := uint16(0)
				eachFrame(in, func(ns int64, data []byte) {
					n.At(time.Unix(0, ns))
					n.Frame(data)
					proto, payload := c.wrap(data)
					id++
					n.Ethernet(filler.MAC, robot.MAC, 0, 0x0800, ipv4(filler.IP, robot.IP, id, 0x4000, proto, payload))
				})
			})
			o := replay(t, Options{}, both)
			if !slices.Contains(o.Segments, c.segment) || len(o.conversations) != 2*len(plain.conversations) {
				t.Errorf("segments %v, %d conversations", o.Segments, len(o.conversations))
			}
			if o.Sight.Operations != 2*plain.Sight.Operations || o.Sight.Duplicates != 0 {
				t.Errorf("%d operations, %d duplicates", o.Sight.Operations, o.Sight.Duplicates)
			}
		})
	}
}

// TestCapturesHaveTheirOwnClocks: what is learned carries over, flows do not, and
// an older file after a newer one is no clock jump.
func TestCapturesHaveTheirOwnClocks(t *testing.T) {
	newer, older := withFragments(t), write(t, func(n *plant.Net) {
		n.Wait(-48 * time.Hour)
		s := newScenes(n)
		for i := range rounds {
			s.round(i)
		}
		s.end()
	})
	o := replay(t, Options{}, newer, older)
	if o.Clock != (ClockSummary{}) {
		t.Errorf("%+v", o.Clock)
	}
	c := o.conversation(t, "modbus")
	if c.Flows != 2 || c.Operations != 4*rounds || c.NoResponse != 0 || len(c.Statements) != 2 {
		t.Errorf("%+v", c)
	}
	if c.First >= c.Last || !strings.HasPrefix(c.First, "2026-05-02") || !strings.HasPrefix(c.Last, "2026-05-04") {
		t.Errorf("%s to %s", c.First, c.Last)
	}
	for _, l := range o.lines {
		if l["capture"] != "a.pcap" && l["capture"] != "b.pcap" {
			t.Fatalf("%v", l)
		}
	}
	if o.alerts() != 0 {
		t.Error("quarrels between two captures")
	}
}
