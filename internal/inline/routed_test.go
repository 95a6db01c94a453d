package inline_test

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"firedoor"
	"firedoor/internal/inline"
	"firedoor/internal/policy"
)

// pathOf lets everything pass from a station of IPv6 to another one, in a mode.
func pathOf(t *testing.T, mode policy.Mode) *policy.Plan {
	t.Helper()
	p := &policy.Policy{
		Hosts: []policy.Host{{Name: "hmi", Addresses: []netip.Addr{netip.MustParseAddr("fd00::1")}}, {Name: "plc", Addresses: []netip.Addr{netip.MustParseAddr("fd00::2")}}},
		Zones: []policy.Zone{{Name: "office", Hosts: []string{"hmi"}}, {Name: "cell", Hosts: []string{"plc"}}},
		Conduits: []policy.Conduit{
			{Name: "down", From: "office", To: "cell", Mode: mode, Default: firedoor.Pass, Reviewed: policy.Review{By: "A", On: "2026-11-26"}},
			{Name: "up", From: "cell", To: "office", Mode: mode, Default: firedoor.Pass, Reviewed: policy.Review{By: "A", On: "2026-11-26"}}},
	}
	plan, faults := policy.Compile(p, policy.Known{Ports: func(string) []policy.Port { return nil }})
	if len(faults) > 0 {
		t.Fatalf("%+v", faults)
	}
	return plan
}

// sixth is a datagram of IPv6 behind some headers, of which the first one has a number.
func sixth(first byte, headers ...byte) []byte {
	b := []byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 0, first, 64}
	b = append(b, make([]byte, 32)...)
	b[22], b[37], b[38], b[53] = 0xfd, 1, 0xfd, 2
	b = append(append(b, headers...), 0x13, 0x88, 0x13, 0x89, 0, 9, 0, 0, 'x')
	binary.BigEndian.PutUint16(b[18:], uint16(len(b)-54))
	return b
}

// behindSNAP puts what a frame carries behind a length.
func behindSNAP(frame []byte) []byte {
	out := append(append([]byte{}, frame[:12]...), 0, 0, 0xaa, 0xaa, 3, 0, 0, 0)
	out = append(out, frame[12:]...)
	binary.BigEndian.PutUint16(out[12:], uint16(len(out)-14))
	return out
}

// TestRoutedOn holds that what its receiver is to send on to another host goes nowhere where
// anything is enforced, even where all passes between the two; and that else it passes.
func TestRoutedOn(t *testing.T) {
	address := make([]byte, 20)
	routing := func(next, kind, segments byte) []byte { return append([]byte{next, 2, kind, segments}, address...) }
	ahead := []byte{43, 0, 1, 4, 0, 0, 0, 0} // options that say nothing
	for _, c := range []struct {
		name  string
		frame []byte
		on    bool
	}{
		{"none", sixth(17), false},
		{"type 0", sixth(43, routing(17, 0, 1)...), true},
		{"type 2", sixth(43, routing(17, 2, 1)...), true},
		{"type 4", sixth(43, routing(17, 4, 3)...), true},
		{"at its end", sixth(43, routing(17, 4, 0)...), false},
		{"behind options", sixth(0, append(ahead, routing(17, 0, 1)...)...), true},
		{"behind SNAP", behindSNAP(sixth(43, routing(17, 0, 1)...)), true},
		{"to a neighbour", sixth(43, append(routing(58, 0, 1), 135, 0, 0, 0)...), true},
	} {
		for _, mode := range []policy.Mode{policy.Enforce, policy.Test} {
			b := newBench(t, pathOf(t, mode))
			passed := 0
			b.gate.Frame(b.now, inline.Inside, c.frame, func(inline.Port, []byte) { passed++ })
			stopped := c.on && mode == policy.Enforce
			if (passed == 0) != stopped || stopped && (len(b.told) != 1 || b.told[0] != "frame: drop, says drop because of unjudged") {
				t.Errorf("%s, %v: %d passed, told %q", c.name, mode, passed, b.told)
			}
		}
	}
}

// TestSourceRoutes holds the same of IPv4, where hosts to go to stand in options.
func TestSourceRoutes(t *testing.T) {
	with := func(frame []byte, options ...byte) []byte {
		b := append(append(append([]byte{}, frame[:34]...), options...), frame[34:]...)
		b[14] += byte(len(options) / 4)
		binary.BigEndian.PutUint16(b[16:], uint16(len(b)-14))
		binary.BigEndian.PutUint16(b[24:], 0)
		sum := uint32(0)
		for i := 14; i < 34+len(options); i += 2 {
			sum += uint32(binary.BigEndian.Uint16(b[i:]))
		}
		binary.BigEndian.PutUint16(b[24:], ^uint16(sum+sum>>16))
		return b
	}
	whole := datagram(t, 5001, "x")
	for _, c := range []struct {
		name  string
		frame []byte
		on    bool
	}{
		{"loose", with(whole, 131, 7, 4, 10, 0, 2, 9, 0), true},
		{"strict", with(whole, 137, 7, 4, 10, 0, 2, 9, 0), true},
		{"behind others", with(whole, 1, 1, 148, 4, 0, 0, 131, 7, 4, 10, 0, 2, 9, 0, 0, 0), true},
		{"longer than its header", with(whole, 131, 11, 4, 10, 0, 2, 9, 0), true},
		{"of a part of a packet", with(parts(whole)[1], 131, 7, 4, 10, 0, 2, 9, 0), true},
		{"behind SNAP", behindSNAP(with(whole, 131, 7, 4, 10, 0, 2, 9, 0)), true},
		{"at its end", with(whole, 131, 7, 8, 10, 0, 2, 9, 0), false},
		{"its way is recorded", with(whole, 7, 7, 4, 10, 0, 2, 9, 0), false},
		{"behind the end of options", with(whole, 0, 131, 7, 4, 10, 0, 2, 9), false},
		{"no length", with(whole, 7, 0, 131, 7, 4, 10, 0, 2), false},
		{"no room for more", with(whole, 1, 1, 1, 131), false},
		{"none", whole, false},
	} {
		for _, mode := range []policy.Mode{policy.Enforce, policy.Test} {
			g, passed := inline.New(bothWays(t, mode, false), nil, nil), 0
			g.Frame(1772323200*second, inline.Inside, c.frame, func(inline.Port, []byte) { passed++ })
			stopped := c.on && mode == policy.Enforce
			if (passed == 0) != stopped || stopped && g.Counts.Reasons[firedoor.ReasonUnjudged] != 1 {
				t.Errorf("%s, %v: %d passed", c.name, mode, passed)
			}
		}
	}
}
