package sensor

import (
	"bytes"
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"firedoor/internal/plant"
	"firedoor/internal/protocol/all"
)

// A machine that speaks what nobody knows is a blind spot that can be described;
// one transfer of bytes is only unknown.
func TestUnknownMachine(t *testing.T) {
	var capture bytes.Buffer
	n, err := plant.NewNet(&capture, time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	panel := &plant.Host{MAC: 0x00d0c9000010, IP: netip.MustParseAddr("10.1.0.10"), TTL: 128}
	press := &plant.Host{MAC: 0x0080f4000020, IP: netip.MustParseAddr("10.1.0.20"), TTL: 64}
	poll, load := n.Dial(panel, press, 40000, 30001), n.Dial(panel, press, 40001, 30002)
	for i := range 60 {
		n.Wait(500 * time.Millisecond)
		poll.Client([]byte{0xf7, 0x1c, 0, byte(i), 4, 2, byte(3 * i)})
		poll.Server(append([]byte{0xf7, 0x9c, 0, byte(i)}, make([]byte, 20)...))
		load.Client(bytes.Repeat([]byte{byte(i), 0x91}, 20+i))
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	out := replay(t, Options{}, capture.Bytes())
	found := false
	for _, u := range out.Unknown {
		switch r := u.Regular; {
		case u.Port == 30002 && r != nil:
			t.Errorf("what has every length is no machine's: %+v", r)
		case u.Port == 30001:
			if found = r != nil; !found {
				t.Fatal("a machine that polls is not called one")
			}
			if r.Period < 450e6 || r.Period > 550e6 || len(r.Lengths[0]) != 1 || r.Lengths[0][0] != 7 || len(r.Lengths[1]) != 1 || r.Lengths[1][0] != 24 ||
				r.Prefix != [2]string{"f71c00", "f79c00"} {
				t.Errorf("%+v", r)
			}
		}
	}
	if !found {
		t.Errorf("port 30001 is not among the unknown: %+v", out.Unknown)
	}
}

// TestUnknownMachines: however a machine speaks, what nobody knows is described: who tells
// unasked, to a group, rarely, in one direction of a mirror, on a connection for each question.
func TestUnknownMachines(t *testing.T) {
	panel := &plant.Host{MAC: 0x00d0c9000010, IP: netip.MustParseAddr("10.1.0.10"), TTL: 128}
	press := &plant.Host{MAC: 0x0080f4000020, IP: netip.MustParseAddr("10.1.0.20"), TTL: 64}
	// What begins so could be the beginning of much.
	ask := func(i int) []byte { return []byte{0xaa, 0x55, 1, 0, byte(i), 3, 0, 0, 0, 0, 0, 0} }
	answer := append([]byte{0xaa, 0x55, 2, 0}, make([]byte, 36)...)
	for _, k := range []struct {
		name    string
		play    func(n *plant.Net)
		period  time.Duration
		lengths [2]uint32 // 0: that side says nothing
		half    bool      // only what the client sends is seen
	}{
		{"unasked", func(n *plant.Net) {
			c := n.Dial(panel, press, 40000, 30001)
			for range 40 {
				n.Wait(time.Second)
				c.Server(answer)
			}
		}, time.Second, [2]uint32{0, 40}, false},
		{"to a group", func(n *plant.Net) {
			for range 40 {
				n.Wait(time.Second)
				n.Ethernet(0x02_80_f4_00_00_20, 0x01_80_c2_00_00_33, 0, 0x88ff, append(answer, make([]byte, 20)...))
			}
		}, time.Second, [2]uint32{0, 60}, false},
		{"rarely", func(n *plant.Net) {
			c := n.Dial(panel, press, 40000, 30001)
			for i := range 30 {
				n.Wait(time.Minute)
				c.Client(ask(i))
				c.Server(answer)
			}
		}, time.Minute, [2]uint32{12, 40}, false},
		{"seen from one side", func(n *plant.Net) {
			c := n.Dial(panel, press, 40000, 30001)
			for i := range 40 {
				n.Wait(time.Second)
				c.Client(ask(i))
				c.Server(answer)
			}
		}, time.Second, [2]uint32{12, 0}, true},
		{"a connection each", func(n *plant.Net) {
			for i := range 40 {
				n.Wait(5 * time.Second)
				c := n.Dial(panel, press, uint16(40000+i), 30001)
				c.Client(ask(i))
				c.Server(answer)
				c.Close()
			}
		}, 5 * time.Second, [2]uint32{12, 40}, false},
		{"a port each", func(n *plant.Net) {
			for i := range 60 {
				n.Wait(5 * time.Second)
				n.UDP(panel, press, uint16(40000+i), 30001, ask(i))
				n.UDP(press, panel, 30001, uint16(40000+i), answer)
			}
		}, 5 * time.Second, [2]uint32{12, 40}, false},
	} {
		t.Run(k.name, func(t *testing.T) {
			capture := write(t, k.play)
			if k.half {
				capture = plant.OneWay(capture, panel.MAC)
			}
			out := replay(t, Options{}, capture)
			if len(out.Unknown) != 1 || out.Unknown[0].Regular == nil {
				t.Fatalf("not called a machine: %+v", out.Unknown)
			}
			r := out.Unknown[0].Regular
			if p := time.Duration(r.Period); p < k.period*9/10 || p > k.period*11/10 {
				t.Errorf("every %v, want %v", p, k.period)
			}
			for side, want := range k.lengths {
				if got := r.Lengths[side]; want == 0 && len(got) != 0 || want != 0 && (len(got) != 1 || got[0] != want) {
					t.Errorf("side %d sends %v, want %d", side, got, want)
				}
			}
		})
	}
}

// The summary lists the largest of what nobody knows; a result has all of it.
func TestUnknownIsWhole(t *testing.T) {
	const ports = unknownListed + 10
	path := filepath.Join(t.TempDir(), "many.pcap")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	n, err := plant.NewNet(f, time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	panel := &plant.Host{MAC: 0x00d0c9000010, IP: netip.MustParseAddr("10.1.0.10"), TTL: 128}
	press := &plant.Host{MAC: 0x0080f4000020, IP: netip.MustParseAddr("10.1.0.20"), TTL: 64}
	for i := range ports {
		n.Dial(panel, press, uint16(40000+i), uint16(30001+i)).Client(bytes.Repeat([]byte{0xf7, 0x91}, 20+i))
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	r := Replay{Protocols: all.List, Options: Options{Captures: []string{path}, Shards: 1}}
	res, err := r.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Summary.Unknown) != unknownListed || len(res.Unknown()) != ports {
		t.Errorf("%d in the summary and %d in all, want %d and %d", len(res.Summary.Unknown), len(res.Unknown()), unknownListed, ports)
	}
}
