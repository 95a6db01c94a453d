package inline_test

import (
	"net/netip"
	"testing"

	"firedoor"
	"firedoor/internal/inline"
	"firedoor/internal/policy"
)

// TestLinkOfTheIsolated holds that what keeps a link alive passes whoever is isolated, as in the kernel, and that
// nothing that finds neighbours does where an end is taken off the network.
func TestLinkOfTheIsolated(t *testing.T) {
	frame := func(to firedoor.MAC, kind uint16, body ...byte) []byte {
		b := []byte{byte(to >> 40), byte(to >> 32), byte(to >> 24), byte(to >> 16), byte(to >> 8), byte(to), 2, 0, 0, 0, 0, 1, byte(kind >> 8), byte(kind)}
		return append(append(b, body...), make([]byte, 60-min(len(body), 46))...)
	}
	arp := []byte{0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 1, 1, 0, 0, 0, 0, 0, 0, 10, 0, 2, 1}
	other := append([]byte{}, arp...)
	other[17], other[27] = 9, 9
	solicitation := sixth(58, 135, 0, 0, 0)
	solicitation[21] = 255
	supervised := firedoor.MAC(0x01154e000105)
	p := &policy.Policy{
		Hosts: []policy.Host{{Name: "hmi", Addresses: []netip.Addr{netip.MustParseAddr("10.0.1.1"), netip.MustParseAddr("fd00::1")}, MAC: 0x020000000001},
			{Name: "plc", Addresses: []netip.Addr{netip.MustParseAddr("10.0.2.1")}}},
		Zones:     []policy.Zone{{Name: "office", Hosts: []string{"hmi"}}, {Name: "cell", Hosts: []string{"plc"}}},
		Otherwise: policy.Otherwise{Mode: policy.Enforce, Default: firedoor.Drop},
	}
	free, faults := policy.Compile(p, policy.Known{Ports: func(string) []policy.Port { return nil }})
	if len(faults) > 0 {
		t.Fatalf("%+v", faults)
	}
	isolated, _ := free.With([]policy.Isolation{{ID: 1, Verb: policy.Quarantine, Host: "hmi"}})
	released, _ := free.With([]policy.Isolation{{ID: 1, Verb: policy.Quarantine, Host: "hmi", Testing: true}})
	for _, c := range []struct {
		name           string
		frame          []byte
		free, isolated bool
	}{
		{"LLDP", frame(0x0180c200000e, 0x88cc), true, true},
		{"supervision of PRP", frame(supervised, 0x88fb), true, true},
		{"supervision in a ring of HSR", frame(supervised, 0x892f, 0, 52, 0, 1, 0x88, 0xfb), true, true},
		{"data of the first HSR", frame(0x020000000002, 0x88fb, 0, 52, 0, 1, 8, 0), false, false},
		{"ARP", frame(0xffffffffffff, 0x0806, arp...), true, false},
		{"ARP of others", frame(0xffffffffffff, 0x0806, other...), true, true},
		{"neighbour discovery", solicitation, true, false},
	} {
		for plan, want := range map[*policy.Plan]bool{free: c.free, isolated: c.isolated, released: c.free} {
			gate := inline.New(plan, nil, nil)
			if gate.Frame(1772323200e9, inline.Outside, c.frame, func(inline.Port, []byte) {}); (gate.Counts.Passed == 1) != want {
				t.Errorf("%s, %d isolated: passes %t", c.name, len(plan.Isolations()), !want)
			}
		}
	}
}
