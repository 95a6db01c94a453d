package sensor

import (
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"firedoor/internal/plant"
	"firedoor/internal/protocol/all"
)

// Polling takes no memory: parsing, inventory, baseline and event lines in the
// loop, frames straight from the file.

// measured is how many epochs are counted, after as many and a first part to
// warm up.
const measured = 10

// steady opens a pipeline on a capture, takes it past the first third and tells
// how many allocations the last third makes.
func steady(t *testing.T, lines io.Writer, learn float64, in []byte) float64 {
	t.Helper()
	path := filepath.Join(t.TempDir(), "steady.pcap")
	if err := os.WriteFile(path, in, 0o600); err != nil {
		t.Fatal(err)
	}
	r := Replay{Options: Options{Captures: []string{path}, LearnPercent: learn, Shards: 1, Lines: lines}, Protocols: all.List}
	src, err := newSource(&r.Options)
	if err != nil {
		t.Fatal(err)
	}
	p := newPipeline(&r.Options, r.Protocols, &src.feed)
	b := newBatch(1)
	epochs := func(n int) {
		for range n {
			if more, err := src.next(b); err != nil || !more || len(b.items) == 0 {
				t.Fatalf("the capture is too short: %v", err)
			}
			p.shards[0].process(b)
			p.merger.merge(b)
		}
	}
	epochs(measured)
	// The count is of the whole process, in which goroutines of other tests may be
	// ending: what the loop itself allocates, it allocates every time.
	least := testing.AllocsPerRun(1, func() { epochs(measured) })
	for range 2 {
		if least > 0 {
			least = min(least, testing.AllocsPerRun(1, func() { epochs(measured) }))
		}
	}
	return least
}

// pollers are the polling loops, each a round of one or more exchanges.
var pollers = []struct {
	name string
	open func(n *plant.Net) (round func(i int))
}{
	{"modbus", func(n *plant.Net) func(int) {
		c := n.Dial(panel, controller, 50001, plant.PortModbus)
		var request, answer [300]byte
		values := make([]uint16, 20)
		return func(i int) {
			m := plant.Modbus{Transaction: uint16(i), Unit: uint8(1 + i%2)}
			values[0] = uint16(i)
			switch i % 4 {
			case 0:
				c.Client(m.Words(request[:0], plant.ModbusReadHolding, 40, 20))
				c.Server(m.Registers(answer[:0], plant.ModbusReadHolding, values))
			case 1:
				c.Client(m.Words(request[:0], plant.ModbusReadCoils, 7, 16))
				c.Server(m.Bits(answer[:0], plant.ModbusReadCoils, byte(i), 3))
			case 2:
				c.Client(m.WriteRegisters(request[:0], 50, values[:3]))
				c.Server(m.Words(answer[:0], plant.ModbusWriteRegs, 50, 3))
			default:
				c.Client(m.Words(request[:0], plant.ModbusReadInput, 900, 2))
				c.Server(m.Exception(answer[:0], plant.ModbusReadInput, plant.ModbusIllegalAddress))
			}
		}
	}},
	{"s7comm", func(n *plant.Net) func(int) {
		c := n.Dial(panel, filler, 50002, plant.PortTPKT)
		c.Client(plant.COTPConnect(nil, 1, 2, 0, 2))
		c.Server(plant.COTPConfirm(nil, 1, 2, 0, 2))
		c.Client(plant.S7{Ref: 1}.Setup(nil, 480))
		c.Server(plant.S7{Ref: 1}.SetupAnswer(nil, 240))
		one := fillerItems[:1]
		return func(i int) {
			ref := plant.S7{Ref: uint16(i)}
			switch i % 4 {
			case 0:
				c.Client(ref.Write(nil, one, []byte{0, byte(i % 5), 0, 1}))
				c.Server(ref.WriteAnswer(nil, 0xff))
			case 1:
				c.Client(ref.Read(nil, one...))
				c.Server(ref.ReadError(nil, 10, 1))
			default:
				c.Client(ref.Read(nil, fillerItems...))
				c.Server(ref.ReadAnswer(nil, fillerItems, []byte{0, byte(i), 0, 7}, []byte{1}))
			}
		}
	}},
	{"cip messages", func(n *plant.Net) func(int) {
		c := n.Dial(panel, robot, 50003, plant.PortENIP)
		e := plant.ENIP{Session: 0x77}
		open := plant.CIPConnection{ToTarget: 0x80fe0001, ToOriginator: 0x510001, Serial: 1, Vendor: 1, Originator: 0x2a01, Class: 3,
			SizeToTarget: 504, SizeToOriginator: 504, Interval: 2000000, Path: []byte{1, 0, 0x20, 2, 0x24, 1}}
		c.Client(plant.ENIP{}.Register(nil))
		c.Server(e.Register(nil))
		c.Client(e.Unconnected(nil, open.Open(nil)))
		c.Server(e.Unconnected(nil, open.OpenAnswer(nil)))
		dint := func(v int) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(v)) }
		return func(i int) {
			var ask, answer []byte
			switch i % 3 {
			case 0:
				ask = plant.CIPTogether(nil, false, plant.CIPRead(nil, "Conveyor_Speed", 1), plant.CIPRead(nil, "Axis", 2))
				answer = plant.CIPTogether(nil, true, plant.CIPReadAnswer(nil, plant.CIPTypeDint, dint(i)),
					plant.CIPReadAnswer(nil, plant.CIPTypeDint, append(dint(i), dint(7)...)))
			case 1:
				ask = plant.CIPWrite(nil, "Conveyor_Speed", plant.CIPTypeDint, 1, dint(300+i%9))
				answer = plant.CIPAnswer(nil, plant.CIPWriteTag, 0)
			default:
				ask = plant.CIPRequest(nil, plant.CIPGetSingle, plant.CIPClass(1, 1, 5))
				answer = plant.CIPAnswer(nil, plant.CIPGetSingle, plant.CIPPathUnknown)
			}
			c.Client(e.Connected(nil, open.ToTarget, uint16(i), ask))
			c.Server(e.Connected(nil, open.ToOriginator, uint16(i), answer))
		}
	}},
	{"class 1", func(n *plant.Net) func(int) {
		s := newScenes(n)
		return func(i int) {
			n.UDP(robot, terminal, plant.PortIO, plant.PortIO, plant.ClassIO(nil, s.io.ToTarget, uint32(i), []byte{1, 0, 0, 0, byte(i), 0}))
			n.UDP(terminal, robot, plant.PortIO, plant.PortIO, plant.ClassIO(nil, s.io.ToOriginator, uint32(i), []byte{byte(i), 1, 2, 3}))
		}
	}},
	{"on ethernet", func(n *plant.Net) func(int) {
		g := plant.GOOSE{App: 3, Reference: "BAY1/LLN0$GO$trip", Revision: 1, Entries: 1}
		return func(i int) {
			n.Ethernet(panel.MAC, controller.MAC, 0, 0x8892, plant.CyclicData(0x8001, uint16(32*i), 0x35, []byte{byte(i)}))
			n.Ethernet(controller.MAC, panel.MAC, 0, 0x8892, plant.CyclicData(0x8002, uint16(32*i), 0x35, []byte{byte(i)}))
			n.Ethernet(panel.MAC, controller.MAC, 0, 0x8892, plant.DCP(0xfefd, 3, 0, uint32(i), []byte{2, 4}))
			n.Ethernet(controller.MAC, panel.MAC, 0, 0x8892, plant.DCP(0xfefd, 3, 1, uint32(i), plant.DCPBlock(nil, 2, 4, []byte{0, 0, 1, 0})))
			g.State, g.Data = uint32(i), []byte{0x83, 1, byte(i & 1)}
			n.Ethernet(controller.MAC, 0x010ccd010001, 0, 0x88b8, g.Encode())
			n.Ethernet(controller.MAC, 0x010ccd040001, 0, 0x88ba, plant.SampledValues(0x4001, false, plant.SampledUnit("MU01", uint16(i), 1, 2, make([]byte, 64))))
		}
	}},
	{"a mirror of both ports", func(n *plant.Net) func(int) {
		c := n.Dial(panel, controller, 50001, plant.PortModbus)
		return func(i int) {
			m := plant.Modbus{Transaction: uint16(i), Unit: 1}
			c.Client(m.Words(nil, plant.ModbusReadHolding, 40, 2))
			c.Server(m.Registers(nil, plant.ModbusReadHolding, []uint16{uint16(i), 2}))
		}
	}},
	{"requests in pieces", func(n *plant.Net) func(int) {
		c := n.Dial(panel, controller, 50001, plant.PortModbus)
		return func(i int) {
			m := plant.Modbus{Transaction: uint16(i), Unit: 1}
			b := m.Words(nil, plant.ModbusReadHolding, 40, 2)
			c.Client(b[:5])
			c.Client(b[5:])
			a := m.Registers(nil, plant.ModbusReadHolding, []uint16{uint16(i), 2})
			c.Server(a[:9])
			c.Server(a[9:])
		}
	}},
}

func TestPollingAllocatesNothing(t *testing.T) {
	for _, p := range pollers {
		in := write(t, func(n *plant.Net) {
			round := p.open(n)
			for i := 0; n.Frames() < (7*measured+2)*epoch; i++ {
				round(i)
				n.Wait(20 * time.Millisecond)
			}
		})
		switch p.name {
		case "a mirror of both ports":
			in = plant.Doubled(in)
		case "requests in pieces":
			in = plant.Disordered(in, 3)
		}
		for name, o := range map[string]struct {
			lines io.Writer
			learn float64
		}{"without lines": {nil, 0}, "with lines": {io.Discard, 0}, "learning": {nil, 100}, "armed": {io.Discard, 15}} {
			t.Run(p.name+" "+name, func(t *testing.T) {
				if n := steady(t, o.lines, o.learn, in); n != 0 {
					t.Errorf("%.0f allocations in %d frames", n, measured*epoch)
				}
			})
		}
	}
}
