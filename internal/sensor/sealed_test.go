package sensor

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"firedoor"
	"firedoor/internal/plant"
)

// sealedRecord is a TLS record of application data.
func sealedRecord(n int, fill byte) []byte {
	return append([]byte{0x17, 3, 3, byte(n >> 8), byte(n)}, bytes.Repeat([]byte{fill}, n)...)
}

// A machine that polls inside TLS is described as far as it can be: what the port
// suggests, how often, how long. Where nothing suggests anything, nothing is said.
func TestSealedMachine(t *testing.T) {
	var capture bytes.Buffer
	n, err := plant.NewNet(&capture, time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	panel := &plant.Host{MAC: 0x00d0c9000010, IP: netip.MustParseAddr("10.1.0.10"), TTL: 128}
	hosts := map[uint16]*plant.Host{}
	flows := map[uint16]*plant.Conn{}
	for i, port := range []uint16{802, 8883, 31000} {
		hosts[port] = &plant.Host{MAC: 0x0080f4000020 + firedoor.MAC(i), IP: netip.AddrFrom4([4]byte{10, 1, 0, byte(20 + i)}), TTL: 64}
		flows[port] = n.Dial(panel, hosts[port], 40000+uint16(i), port)
	}
	for i := range 60 {
		n.Wait(500 * time.Millisecond)
		for _, port := range []uint16{802, 31000} {
			flows[port].Client(append(sealedRecord(40, byte(0x80+i)), sealedRecord(30, 0x9c)...))
			flows[port].Server(sealedRecord(90, byte(0x90+i)))
		}
		for range i % 7 {
			flows[8883].Client(append(sealedRecord(20+11*i, 0xaa), sealedRecord(20, 0xbb)...))
		}
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	out := replay(t, Options{}, capture.Bytes())
	found := 0
	for _, c := range out.conversations {
		found++
		want := map[uint16][]firedoor.Inside{802: {{Protocol: "modbus", By: "port 802"}}, 8883: {{Protocol: "mqtt", By: "port 8883"}}}[c.Server.Port]
		if c.Protocol != "tls" || c.Encrypted != 1 || !slices.Equal(c.Inside, want) {
			t.Errorf("port %d: %s, %d encrypted, inside %+v, want %+v", c.Server.Port, c.Protocol, c.Encrypted, c.Inside, want)
		}
		r := c.Rhythm
		if r == nil || r.Irregular != (c.Server.Port == 8883) {
			t.Fatalf("port %d: rhythm %+v", c.Server.Port, r)
		}
		if c.Server.Port != 8883 && (r.Period < 450e6 || r.Period > 550e6 || !slices.Equal(r.Lengths[0], []uint32{80}) || !slices.Equal(r.Lengths[1], []uint32{95})) {
			t.Errorf("port %d: %+v", c.Server.Port, r)
		}
	}
	if found != 3 {
		t.Errorf("%d conversations, want 3", found)
	}
	for _, p := range out.Protocols {
		if p.Protocol == "tls" && (len(p.Inside) != 2 || p.Inside[0].Inside != (firedoor.Inside{Protocol: "modbus", By: "port 802"}) || p.Inside[1].Conversations != 1) {
			t.Errorf("summary: %+v", p.Inside)
		}
	}
}

// TLS is not only found at the ports that were made for it: devices that can do both
// listen where they always did.
func TestSealedPorts(t *testing.T) {
	var capture bytes.Buffer
	n, err := plant.NewNet(&capture, time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	panel := &plant.Host{MAC: 0x00d0c9000010, IP: netip.MustParseAddr("10.1.0.10"), TTL: 128}
	want := map[uint16]string{502: "modbus", 1883: "mqtt", 2404: "iec104", 4840: "opcua", 4911: "fox", 5094: "hart_ip", 8016: "ads", 20000: "dnp3", 44818: "enip", 5000: ""}
	servers := byte(20)
	for port := range want {
		servers++
		server := &plant.Host{MAC: 0x0080f4000000 + firedoor.MAC(servers), IP: netip.AddrFrom4([4]byte{10, 1, 0, servers}), TTL: 64}
		c := n.Dial(panel, server, 40000, port)
		for i := range byte(8) {
			c.Client(sealedRecord(40, 0x80+i))
			c.Server(sealedRecord(90, 0x90+i))
		}
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	out := replay(t, Options{}, capture.Bytes())
	if len(out.conversations) != len(want) {
		t.Errorf("%d conversations, want %d", len(out.conversations), len(want))
	}
	for _, c := range out.conversations {
		var inside []firedoor.Inside
		if p := want[c.Server.Port]; p != "" {
			inside = []firedoor.Inside{{Protocol: p, By: fmt.Sprint("port ", c.Server.Port)}}
		}
		if c.Protocol != "tls" || !slices.Equal(c.Inside, inside) {
			t.Errorf("port %d: %s, inside %+v, want %+v", c.Server.Port, c.Protocol, c.Inside, inside)
		}
	}
}
