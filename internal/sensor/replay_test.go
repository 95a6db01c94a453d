package sensor

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"firedoor"
	"firedoor/internal/detect"
	"firedoor/internal/packet"
	"firedoor/internal/plant"
	"firedoor/internal/protocol/all"
)

// outcome is what a replay gave, in a form that is easy to compare.
type outcome struct {
	Summary
	files         map[string]string
	lines         []line
	assets        []firedoor.Asset
	conversations []firedoor.Conversation
	seen          []string // what detectors were shown: kind and who
}

// line is an event line.
type line map[string]any

// recorder is a detector that only writes down what it is shown.
type recorder struct{ seen *[]string }

func (r recorder) See(o *detect.Observation, _ func(*detect.Finding)) {
	*r.seen = append(*r.seen, fmt.Sprint(kindNames[o.Kind], " ", o.Client.IP, " ", o.Server.IP, " ", o.Protocol, " ", o.Old, " ", o.New))
}

var kindNames = map[detect.Kind]string{
	detect.NewDevice: "new-device", detect.NewConversation: "new-conversation", detect.NewOperation: "new-operation",
	detect.ValueOutside: "value-outside", detect.Operation: "operation", detect.Malformed: "malformed",
	detect.IdentityChanged: "identity", detect.AddressContradiction: "contradiction", detect.DeviceReplaced: "replaced",
	detect.AddressMoved: "moved", detect.Flood: "flood", detect.TableFull: "full", detect.Refused: "refused",
}

// replay runs captures through the whole pipeline on one shard and on several,
// demands the same bytes of all, and returns what came out.
func replay(t testing.TB, o Options, captures ...[]byte) *outcome {
	t.Helper()
	dir := t.TempDir()
	for i, c := range captures {
		path := filepath.Join(dir, string(rune('a'+i))+".pcap")
		if err := os.WriteFile(path, c, 0o600); err != nil {
			t.Fatal(err)
		}
		o.Captures = append(o.Captures, path)
	}
	o.Shards = 1
	one := replayOnce(t, o, nil)
	for _, shards := range []int{3, 16} {
		o.Shards = shards
		sameOutcome(t, fmt.Sprintf("on %d shards", shards), one, replayOnce(t, o, nil))
	}
	return one
}

// sameOutcome fails when two runs differ in a byte of any file.
func sameOutcome(t testing.TB, how string, a, b *outcome) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(a.files)) {
		if a.files[name] != b.files[name] {
			t.Fatalf("%s %s differs: %s", how, name, firstDifference(a.files[name], b.files[name]))
		}
	}
	if !slices.Equal(a.seen, b.seen) {
		t.Fatalf("%s detectors are shown other things:\n%s\n\n%s", how, strings.Join(a.seen, "\n"), strings.Join(b.seen, "\n"))
	}
}

func firstDifference(a, b string) string {
	la, lb := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(la), len(lb)) {
		if la[i] != lb[i] {
			return fmt.Sprintf("line %d\n%s\n%s", i+1, la[i], lb[i])
		}
	}
	return fmt.Sprintf("%d lines and %d", len(la), len(lb))
}

// replayOnce runs what is in o; prepare may change the pipeline before it starts.
func replayOnce(t testing.TB, o Options, prepare func(*pipeline)) *outcome {
	t.Helper()
	var events bytes.Buffer
	o.Lines, o.Points = &events, true
	r := Replay{Options: o, Protocols: all.List}
	src, err := newSource(&r.Options)
	if err != nil {
		t.Fatal(err)
	}
	p := newPipeline(&r.Options, r.Protocols, &src.feed)
	out := &outcome{files: map[string]string{}}
	p.site.board = detect.NewBoard([]detect.Detector{{Name: "recorder", New: func(detect.World) detect.Judge { return recorder{&out.seen} }}}, p.site)
	if prepare != nil {
		prepare(p)
	}
	if err := p.run(context.Background(), src); err != nil {
		t.Fatal(err)
	}
	out.read(t, p.result(src), events.Bytes())
	return out
}

func (out *outcome) read(t testing.TB, res *Result, events []byte) {
	t.Helper()
	for _, f := range Files {
		var b bytes.Buffer
		if err := f.Write(res, &b); err != nil {
			t.Fatal(err)
		}
		out.files[f.Name] = b.String()
	}
	out.Summary = res.Summary
	for name, into := range map[string]any{"assets.json": &out.assets, "conversations.json": &out.conversations} {
		if name == "assets.json" {
			continue
		}
		if err := json.Unmarshal([]byte(out.files[name]), into); err != nil {
			t.Fatal(err)
		}
	}
	for a := range res.site.inventory.Assets {
		out.assets = append(out.assets, *a)
	}
	out.files["events"] = string(events)
	for text := range strings.Lines(string(events)) {
		var l line
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		out.lines = append(out.lines, l)
	}
}

// operations are the event lines without what says where and when they were
// seen, and without the given members.
func (out *outcome) operations(without ...string) []string {
	var all []string
	for _, l := range out.lines {
		c := line{}
		for k, v := range l {
			if k != "frame" && k != "response_frame" && k != "capture" && !slices.Contains(without, k) {
				c[k] = v
			}
		}
		b, _ := json.Marshal(c) // a map's members come out in order
		all = append(all, string(b))
	}
	return all
}

// asset is the one that holds an address now.
func (out *outcome) asset(t testing.TB, ip string) *firedoor.Asset {
	t.Helper()
	for i := range out.assets {
		for _, id := range out.assets[i].Identifiers {
			if id.Value == ip && id.To == "" {
				return &out.assets[i]
			}
		}
	}
	t.Fatalf("nobody has %s", ip)
	return nil
}

func (out *outcome) saw(prefix string) (n int) {
	for _, s := range out.seen {
		if strings.HasPrefix(s, prefix) {
			n++
		}
	}
	return n
}

func (out *outcome) conversation(t testing.TB, protocol string) *firedoor.Conversation {
	t.Helper()
	for i := range out.conversations {
		if out.conversations[i].Protocol == protocol {
			return &out.conversations[i]
		}
	}
	t.Fatalf("no conversation in %s", protocol)
	return nil
}

// The little plant that the tests below look at.
var (
	panel      = &plant.Host{Name: "panel", MAC: 0x00d0c9000010, IP: netip.MustParseAddr("10.1.0.10"), VLAN: 7, TTL: 128}
	controller = &plant.Host{Name: "controller", MAC: 0x0080f4000020, IP: netip.MustParseAddr("10.1.0.20"), VLAN: 7}
	filler     = &plant.Host{Name: "filler", MAC: 0x001b1b000030, IP: netip.MustParseAddr("10.1.0.30"), VLAN: 7}
	robot      = &plant.Host{Name: "robot", MAC: 0x0000bc000040, IP: netip.MustParseAddr("10.1.0.40"), VLAN: 7}
	terminal   = &plant.Host{Name: "terminal", MAC: 0x0000bc000050, IP: netip.MustParseAddr("10.1.0.50"), VLAN: 7}
)

var testStart = time.Date(2026, time.May, 4, 6, 0, 0, 0, time.UTC)

// write makes a capture.
func write(t testing.TB, do func(n *plant.Net)) []byte {
	t.Helper()
	var b bytes.Buffer
	n, err := plant.NewNet(&b, testStart)
	if err != nil {
		t.Fatal(err)
	}
	do(n)
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// scenes are the parts of the ordinary traffic, each going on round by round.
type scenes struct {
	n      *plant.Net
	modbus *plant.Conn
	s7     *plant.Conn
	io     plant.CIPConnection
}

// ordinary is traffic of every kind that the tests twist: ARP, Modbus, S7, CIP
// with class 1 I/O over UDP, and datagrams in fragments.
func ordinary(t testing.TB, rounds int) []byte {
	return write(t, func(n *plant.Net) {
		s := newScenes(n)
		for i := range rounds {
			s.round(i)
		}
		s.end()
	})
}

func newScenes(n *plant.Net) *scenes {
	s := &scenes{n: n}
	for _, h := range []*plant.Host{controller, filler, robot} {
		n.ARP(panel, h.IP)
		n.ARPAnswer(h, panel)
	}
	s.modbus = n.Dial(panel, controller, 50001, plant.PortModbus)
	s.s7 = n.Dial(panel, filler, 50002, plant.PortTPKT)
	s.s7.Client(plant.COTPConnect(nil, 1, 2, 0, 2))
	s.s7.Server(plant.COTPConfirm(nil, 1, 2, 0, 2))
	s.s7.Client(plant.S7{Ref: 1}.Setup(nil, 480))
	s.s7.Server(plant.S7{Ref: 1}.SetupAnswer(nil, 240))
	s.io = plant.CIPConnection{ToTarget: 0x20410001, ToOriginator: 0x30520001, Serial: 7, Vendor: 1, Originator: 0xa4d21c, Class: 1,
		SizeToTarget: 8, SizeToOriginator: 6, Interval: 20000, Path: []byte{0x20, 4, 0x24, 0x97, 0x2c, 0x96, 0x2c, 0x64}}
	e := plant.ENIP{Session: 0x51}
	c := n.Dial(robot, terminal, 50003, plant.PortENIP)
	c.Client(plant.ENIP{}.Register(nil))
	c.Server(e.Register(nil))
	c.Client(e.Unconnected(nil, s.io.Open(nil)))
	c.Server(e.Unconnected(nil, s.io.OpenAnswer(nil)))
	return s
}

var fillerItems = []plant.S7Item{{Area: plant.S7Block, Type: plant.S7TypeWord, DB: 20, Count: 2}, {Area: plant.S7Flags, Type: plant.S7TypeBit, Count: 1, Byte: 10}}

// round is one turn of all the polling: 40 ms, twelve frames and more.
func (s *scenes) round(i int) {
	n, k := s.n, uint16(i)
	m := plant.Modbus{Transaction: k, Unit: 1}
	s.modbus.Client(m.Words(nil, plant.ModbusReadHolding, 40, 3))
	n.Wait(2 * time.Millisecond)
	s.modbus.Server(m.Registers(nil, plant.ModbusReadHolding, []uint16{k % 7, 2, 3}))
	n.Wait(3 * time.Millisecond)
	s.modbus.Client(m.Words(nil, plant.ModbusWriteRegister, 41, 100+k%3))
	n.Wait(2 * time.Millisecond)
	s.modbus.Server(m.Words(nil, plant.ModbusWriteRegister, 41, 100+k%3))
	ref := plant.S7{Ref: k + 2}
	s.s7.Client(ref.Read(nil, fillerItems...))
	n.Wait(2 * time.Millisecond)
	s.s7.Server(ref.ReadAnswer(nil, fillerItems, []byte{0, byte(k % 9), 0, 7}, []byte{1}))
	n.Wait(3 * time.Millisecond)
	n.UDP(robot, terminal, plant.PortIO, plant.PortIO, plant.ClassIO(nil, s.io.ToTarget, uint32(i), []byte{1, 0, 0, 0, byte(k), 0}))
	n.Wait(time.Millisecond)
	n.UDP(terminal, robot, plant.PortIO, plant.PortIO, plant.ClassIO(nil, s.io.ToOriginator, uint32(i), []byte{byte(k), 1, 2, 3}))
	n.Wait(25 * time.Millisecond)
}

func (s *scenes) end() {
	s.modbus.Close()
	s.s7.Close()
}

// ipv4 is a packet by hand, for fragments and tunnels: fragment is the field of
// flags and offset as it stands in the header.
func ipv4(src, dst netip.Addr, id, fragment uint16, proto uint8, payload []byte) []byte {
	b := []byte{0x45, 0}
	b = binary.BigEndian.AppendUint16(b, uint16(20+len(payload)))
	b = binary.BigEndian.AppendUint16(b, id)
	b = binary.BigEndian.AppendUint16(b, fragment)
	b = append(b, 64, proto, 0, 0)
	b = append(append(b, src.AsSlice()...), dst.AsSlice()...)
	return append(b, payload...)
}

// udpHeader puts a UDP header without checksum before a payload.
func udpHeader(sport, dport uint16, payload []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, sport)
	b = binary.BigEndian.AppendUint16(b, dport)
	b = binary.BigEndian.AppendUint16(b, uint16(8+len(payload)))
	return append(append(b, 0, 0), payload...)
}

// fragmented sends a datagram in fragments of size bytes, a multiple of 8.
func fragmented(n *plant.Net, src, dst *plant.Host, id uint16, port uint16, payload []byte, size int) {
	whole := udpHeader(port, port, payload)
	for at := 0; at < len(whole); at += size {
		end := min(at+size, len(whole))
		field := uint16(at / 8)
		if end < len(whole) {
			field |= 0x2000
		}
		n.Ethernet(src.MAC, dst.MAC, src.VLAN, 0x0800, ipv4(src.IP, dst.IP, id, field, packet.UDP, whole[at:end]))
	}
}

// eachFrame walks the frames of a capture that plant wrote.
func eachFrame(capture []byte, do func(ns int64, data []byte)) {
	for at := 24; at < len(capture); {
		h := capture[at:]
		n := int(binary.LittleEndian.Uint32(h[8:]))
		do(int64(binary.LittleEndian.Uint32(h))*1e9+int64(binary.LittleEndian.Uint32(h[4:]))*1e3, h[16:16+n])
		at += 16 + n
	}
}

// learnFrom replays a capture after learning from another.
func learnFrom(t testing.TB, teacher []byte, captures ...[]byte) *outcome {
	t.Helper()
	path := filepath.Join(t.TempDir(), "teacher.pcap")
	if err := os.WriteFile(path, teacher, 0o600); err != nil {
		t.Fatal(err)
	}
	return replay(t, Options{Teachers: []string{path}}, captures...)
}
