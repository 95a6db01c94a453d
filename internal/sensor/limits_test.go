package sensor

import (
	"net/netip"
	"testing"
	"time"

	"firedoor"
	"firedoor/internal/baseline"
	"firedoor/internal/plant"
	"firedoor/internal/plant/chance"
)

// tight are limits that a small capture reaches.
var tight = limits{flows: 10, asks: 2, held: 3, table: baseline.Limits{Conversations: 5, Statements: 5, Ranges: 3}}

// crowd is more of everything than the limits above allow: many clients, many
// operations, unanswered ones, bytes behind holes, flows of unknown protocols.
func crowd(t *testing.T) []byte {
	return write(t, func(n *plant.Net) {
		r := chance.New(7)
		var conns []*plant.Conn
		for i := range 900 {
			a := &plant.Host{MAC: 0x00d0c9000000 + firedoor.MAC(r.N(40)), IP: netip.AddrFrom4([4]byte{10, 2, 0, byte(1 + r.N(40))})}
			b := &plant.Host{MAC: 0x0080f4000000 + firedoor.MAC(r.N(12)), IP: netip.AddrFrom4([4]byte{10, 2, 1, byte(1 + r.N(12))})}
			switch {
			case i < 150 || r.N(4) == 0:
				port := []uint16{plant.PortModbus, plant.PortModbus, 30000}[r.N(3)]
				conns = append(conns, n.Dial(a, b, uint16(40000+i), port))
			case r.N(5) == 0:
				n.UDP(a, b, uint16(r.N(9)), 40000, []byte("nobody knows"))
			default:
				c := conns[r.N(len(conns))]
				m := plant.Modbus{Transaction: uint16(i), Unit: 1}
				if r.N(4) == 0 {
					c.LoseClient(3)
				}
				c.Client(m.Words(nil, plant.ModbusWriteRegister, uint16(r.N(12)), uint16(r.N(100))))
				if r.N(2) == 0 {
					c.Server(m.Words(nil, plant.ModbusWriteRegister, uint16(r.N(12)), 1))
				}
				if r.N(9) == 0 {
					c.Close()
				}
			}
			n.Wait(time.Duration(r.N(3000)) * time.Millisecond)
		}
	})
}

// TestLimitsDoNotHangOnShards: with every table full all the time, any number of
// shards gives the same bytes.
func TestLimitsDoNotHangOnShards(t *testing.T) {
	for _, o := range []Options{{limits: &tight}, {limits: &tight, LearnPercent: 40}} {
		got := replay(t, o, crowd(t))
		reached := map[string]bool{}
		for _, l := range got.Limits {
			reached[l.Name] = true
		}
		for _, name := range []string{"flows", "distinct operations", "unanswered operations"} {
			if !reached[name] {
				t.Errorf("%s: not reached, the test tests nothing (%v)", name, got.Limits)
			}
		}
		if got.saw("full") == 0 {
			t.Error("nobody was told of a full table")
		}
	}
}

// TestEveryFlowIsCountedOnce however it ends: packets of all conversations are
// the packets that were seen.
func TestEveryFlowIsCountedOnce(t *testing.T) {
	roomyTables := tight
	roomyTables.table = baseline.Limits{Conversations: 10000, Statements: 10000, Ranges: 100}
	o := replay(t, Options{limits: &roomyTables}, crowd(t))
	var packets uint64
	for _, c := range o.conversations {
		packets += c.Packets[0] + c.Packets[1]
	}
	if packets+o.Sight.Duplicates != o.Sight.Frames {
		t.Errorf("%d packets and %d duplicates of %d frames", packets, o.Sight.Duplicates, o.Sight.Frames)
	}
}

// TestLastWordsOfAnEvictedFlow: bytes held behind a hole are read when their flow
// must go, and it goes nonetheless.
func TestLastWordsOfAnEvictedFlow(t *testing.T) {
	few := tight
	few.flows = 2
	o := replay(t, Options{limits: &few}, write(t, func(n *plant.Net) {
		for i := range uint16(40) {
			c := n.Dial(panel, controller, 50000+i, plant.PortModbus)
			m := plant.Modbus{Transaction: i, Unit: 1}
			c.LoseClient(12)
			c.Client(m.Words(nil, plant.ModbusReadHolding, 40, 3)) // nobody acknowledges: it waits for what is missing
			for k := range uint16(5) {
				n.Dial(panel, controller, 60000+5*i+k, 30000)
			}
		}
	}))
	if o.Sight.FlowsEvicted < 200 {
		t.Errorf("%d evicted", o.Sight.FlowsEvicted)
	}
	if c := o.conversation(t, "modbus"); c.Operations != 40 || c.NoResponse != 40 {
		t.Errorf("%+v", c)
	}
}

// TestFlowsWithOperationsGoLast: a thousand attempts to connect do not push out a
// connection that works.
func TestFlowsWithOperationsGoLast(t *testing.T) {
	few := tight
	few.flows = 3
	o := replay(t, Options{limits: &few}, write(t, func(n *plant.Net) {
		first := n.Dial(panel, controller, 50001, plant.PortModbus)
		pollModbus(n, first, 2, time.Millisecond)
		first.Close() // its conversation is known now
		c := n.Dial(panel, controller, 50002, plant.PortModbus)
		pollModbus(n, c, 2, time.Millisecond)
		for i := range uint16(300) {
			n.Dial(panel, controller, 51000+i, 30000)
		}
		pollModbus(n, c, 2, time.Millisecond)
	}))
	if c := o.conversation(t, "modbus"); c.Flows != 2 || c.Operations != 6 || o.Sight.MidStream != 0 {
		t.Errorf("%d in the middle, %+v", o.Sight.MidStream, c)
	}
}

// TestUnansweredAskMakesRoom: the oldest question of a flow is given up for the
// newest.
func TestUnansweredAskMakesRoom(t *testing.T) {
	o := replay(t, Options{limits: &tight}, write(t, func(n *plant.Net) {
		c := n.Dial(panel, controller, 50001, plant.PortModbus)
		for i := range uint16(20) {
			c.Client(plant.Modbus{Transaction: i, Unit: 1}.Words(nil, plant.ModbusReadHolding, 40, 3))
			c.AckServer()
		}
		c.Server(plant.Modbus{Transaction: 19, Unit: 1}.Registers(nil, plant.ModbusReadHolding, []uint16{1, 2, 3}))
	}))
	c := o.conversation(t, "modbus")
	if c.Operations != 20 || c.NoResponse != 19 || len(o.lines) != 20 || o.lines[16]["frame"] == nil {
		t.Errorf("%d lines, %+v", len(o.lines), c)
	}
	for i, l := range o.lines[:16] {
		if l["outcome"] != "no-response" {
			t.Errorf("line %d: %v", i+1, l)
		}
	}
}
