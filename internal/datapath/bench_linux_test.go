package datapath

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"firedoor"

	"github.com/gopacket/gopacket/layers"
)

// BenchmarkForward runs the program as at a port, without sending, a thousand times in
// a row: ns per frame of the best row, by how many hosts and gates there are and by
// what the frame meets.
func BenchmarkForward(b *testing.B) {
	bed := newBed(b)
	d := bed.open(bed.options(), passAll())
	ack := &layers.TCP{ACK: true, Seq: 1001}
	frames := []struct {
		name  string
		frame []byte
	}{
		{"link", typed(b, clientMAC, serverMAC, 0x88cc)},
		{"udp", wire{sport: 5000, dport: echoPort, payload: "0123456789"}.frame(b)},
		{"udp6", wire{six: true, sport: 5000, dport: echoPort, payload: "0123456789"}.frame(b)},
		{"tcp", wire{from: "10.50.0.9", to: "10.97.0.2", sport: 5000, dport: modbusPort, payload: "0123456789", tcp: ack}.frame(b)},
		{"modbus", wire{sport: 5000, dport: modbusPort, payload: mbap(3), tcp: ack}.frame(b)},
		{"answer", wire{back: true, sport: modbusPort, dport: 5000, payload: mbap(3), tcp: ack}.frame(b)},
		{"prefix", wire{from: "10.97.9.9", to: "10.97.0.2", sport: 5000, dport: echoPort, payload: "0123456789"}.frame(b)},
		{"dropped", wire{from: "11.0.0.1", to: "11.0.0.2", sport: 5000, dport: echoPort, payload: "0123456789"}.frame(b)},
	}
	for _, hosts := range []int{100, 10_000} {
		bed.install(d, manyHosts(hosts))
		for _, f := range frames {
			b.Run(fmt.Sprintf("%d/%s", hosts, f.name), func(b *testing.B) { forwardRows(b, d, f.frame) })
		}
	}
}

// forwardRows runs the program on a frame. The kernel takes frames without an
// interface for those of the outside port.
func forwardRows(b *testing.B, d *Datapath, frame []byte) {
	s := openStreams(b, d)
	place, _, _ := s.Enter(&StreamKey{Client: firedoor.IPv4(0x0a610001), Server: firedoor.IPv4(0x0a610002), ClientPort: 5000, ServerPort: modbusPort, Port: Outside})
	s.Leave(place, &Position{Known: true, Next: 1001, Acked: 1001}, true)
	best := time.Hour
	for range b.N {
		_, took, err := d.forward.Benchmark(frame, 1000, nil)
		if err != nil {
			b.Fatal(err)
		}
		best = min(best, took)
	}
	b.ReportMetric(float64(best.Nanoseconds()), "ns/frame")
}

func manyHosts(n int) *Tables {
	t := withCodes()
	g := gate(17, echoPort, pass)
	g.Pair = 1
	t.Gates = append(t.Gates, g)
	for i := range n {
		host := netip.AddrFrom4([4]byte{10, 50, byte(i >> 8), byte(i)})
		t.Places = append(t.Places, Place{Prefix: netip.PrefixFrom(host, 32), Place: uint32(1000 + i), Zone: clientZone})
		t.Joined = append(t.Joined, Joined{uint32(1000 + i), serverPlace, uint32(2 + i)})
		t.Pairs = append(t.Pairs, Pair{stop, stop})
		t.Gates = append(t.Gates, PortGate{uint32(2 + i), 6, modbusPort, pass})
	}
	return t
}
