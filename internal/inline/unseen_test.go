package inline_test

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"firedoor"
	"firedoor/internal/inline"
	"firedoor/internal/policy"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/modbus"
)

// segment is a frame of a connection from 10.0.1.1 to port 502 of 10.0.2.1.
func segment(seq uint32, flags byte, payload string) []byte {
	b := append([]byte{0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, byte(40 + len(payload)), 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 1, 1, 10, 0, 2, 1,
		0xc3, 0x50, 0x01, 0xf6, 0, 0, 0, 0, 0, 0, 0, 1, 5 << 4, flags, 0x20, 0, 0, 0, 0, 0}, payload...)
	binary.BigEndian.PutUint32(b[38:], seq)
	add := func(n uint32, b []byte) uint16 {
		for i := range b {
			n += uint32(b[i]) << (8 * (1 - i%2))
		}
		for n > 0xffff {
			n = n&0xffff + n>>16
		}
		return ^uint16(n)
	}
	binary.BigEndian.PutUint16(b[24:], add(0, b[14:34]))
	binary.BigEndian.PutUint16(b[50:], add(6+uint32(len(b)-34), b[26:]))
	return b
}

// TestOpenForSomethingElse writes to Modbus where a policy opens something else: what is
// never blocked, and a protocol that IP does not carry.
func TestOpenForSomethingElse(t *testing.T) {
	const write = "\x00\x01\x00\x00\x00\x06\x01\x06\x01\xf4\x00\x01"
	coil := policy.Match{Protocols: []string{"modbus"}, Objects: []policy.Object{{Text: "coil:", Row: true, From: 17, To: 17}}}
	goose := append([]byte{0x01, 0x0c, 0xcd, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0x88, 0xb8, 0, 1, 0, 60}, make([]byte, 56)...)
	goose[5], goose[0] = 2, 0 // to the device itself
	for _, c := range []struct {
		name        string
		never, rule []policy.Rule
		syn, goose  bool
	}{
		{"one coil", []policy.Rule{{Match: coil}}, nil, true, false},
		{"GOOSE", nil, []policy.Rule{{Match: policy.Match{Protocols: []string{"goose"}}}}, false, true},
	} {
		ports := map[string][]policy.Port{"modbus": {{Transport: 6, Number: 502}}, "goose": {{Transport: policy.Link, Number: 0x88b8}}}
		plan, faults := policy.Compile(&policy.Policy{
			Hosts: []policy.Host{{Name: "hmi", Addresses: []netip.Addr{netip.MustParseAddr("10.0.1.1")}}, {Name: "plc", Addresses: []netip.Addr{netip.MustParseAddr("10.0.2.1")}},
				{Name: "hmi-card", MAC: 1}, {Name: "plc-card", MAC: 0x000ccd010002}},
			Zones: []policy.Zone{{Name: "office", Hosts: []string{"hmi", "hmi-card"}}, {Name: "cell", Hosts: []string{"plc", "plc-card"}}},
			Conduits: []policy.Conduit{{Name: "down", From: "office", To: "cell", Mode: policy.Enforce, Default: firedoor.Drop, Instead: firedoor.Drop,
				Reviewed: policy.Review{By: "A", On: "2026-11-26"}, NeverBlock: c.never, Rules: c.rule}},
			Otherwise: policy.Otherwise{Mode: policy.Enforce, Default: firedoor.Drop},
		}, policy.Known{Ports: func(p string) []policy.Port { return ports[p] }, Protocols: []string{"modbus", "goose"}})
		if len(faults) > 0 {
			t.Fatalf("%+v", faults)
		}
		gate := inline.New(plan, []*protocol.Protocol{modbus.Protocol}, nil)
		now := int64(1772323200 * 1e9)
		passes := func(f []byte) bool {
			before := gate.Counts.Passed
			now += 1e6
			gate.Frame(now, inline.Inside, f, func(inline.Port, []byte) {})
			return gate.Counts.Passed > before
		}
		if got := passes(segment(1000, 2, "")); got != c.syn {
			t.Errorf("%s: a connection passes: %t", c.name, got)
		}
		if passes(segment(1001, 16, write)) {
			t.Errorf("%s: a write passes", c.name)
		}
		if got := passes(goose); got != c.goose {
			t.Errorf("%s: GOOSE passes: %t", c.name, got)
		}
	}
}

// TestTypesOfFrames holds that a rule of one type of frames without IP lets no other pass,
// and that a length is none.
func TestTypesOfFrames(t *testing.T) {
	frame := func(kind uint16) []byte {
		b := append([]byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1}, make([]byte, 50)...)
		binary.BigEndian.PutUint16(b[12:], kind)
		return b
	}
	for rule, passes := range map[uint16]uint16{0x88e1: 0x88e1, policy.LLC: 46} {
		plan, faults := policy.Compile(&policy.Policy{
			Hosts: []policy.Host{{Name: "one", MAC: 0x020000000001}, {Name: "two", MAC: 0x020000000002}},
			Zones: []policy.Zone{{Name: "office", Hosts: []string{"one"}}, {Name: "cell", Hosts: []string{"two"}}},
			Conduits: []policy.Conduit{{Name: "down", From: "office", To: "cell", Mode: policy.Enforce, Default: firedoor.Drop, Instead: firedoor.Drop,
				Reviewed: policy.Review{By: "A", On: "2026-11-26"}, Rules: []policy.Rule{{Match: policy.Match{Ports: []policy.Port{{Transport: policy.Link, Number: rule}}}}}}},
			Otherwise: policy.Otherwise{Mode: policy.Enforce, Default: firedoor.Drop},
		}, policy.Known{Ports: func(string) []policy.Port { return nil }})
		if len(faults) > 0 {
			t.Fatalf("%+v", faults)
		}
		gate := inline.New(plan, []*protocol.Protocol{modbus.Protocol}, nil)
		for i, kind := range []uint16{0x88e1, 46, 3, 0x88b8} {
			before := gate.Counts.Passed
			gate.Frame(int64(1772323200*1e9)+int64(i), inline.Inside, frame(kind), func(inline.Port, []byte) {})
			want := kind == passes || kind < 0x600 && passes < 0x600
			if got := gate.Counts.Passed > before; got != want {
				t.Errorf("a rule of %#x: %#x passes: %t", rule, kind, got)
			}
		}
	}
}
