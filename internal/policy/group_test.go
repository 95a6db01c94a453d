package policy_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/policy"
)

const (
	goosePublisher = firedoor.MAC(0x020000000001)
	gooseGroup     = firedoor.MAC(0x010ccd010001)
	anotherGroup   = firedoor.MAC(0x010ccd010002)
)

// substation lets a publisher send GOOSE to one group by a rule, and stops all else.
func substation(change func(*policy.Policy)) *policy.Policy {
	p := &policy.Policy{
		Hosts: []policy.Host{{Name: "ied", MAC: goosePublisher}, {Name: "peer", MAC: 0x020000000002}, {Name: "trips", MAC: gooseGroup, Line: 7}},
		Zones: []policy.Zone{{Name: "bay", Hosts: []string{"ied"}}, {Name: "bus", Hosts: []string{"peer", "trips"}}},
		Conduits: []policy.Conduit{{Name: "publish", From: "bay", To: "bus", Mode: policy.Enforce, Default: firedoor.Drop, Reviewed: policy.Review{By: "A", On: "2026-11-26"},
			Rules: []policy.Rule{{Match: policy.Match{Clients: []string{"ied"}, Servers: []string{"trips"}, Protocols: []string{"goose"}}, Line: 20}}}},
		Otherwise: policy.Otherwise{Mode: policy.Enforce, Default: firedoor.Drop},
	}
	if change != nil {
		change(p)
	}
	return p
}

// TestGroupOfEthernet holds that a group can be let be sent to by its address, that nothing else of its type passes,
// and that nothing comes from it: neither what has its address as its sender's, nor as an answer to it.
func TestGroupOfEthernet(t *testing.T) {
	plan := compile(t, substation(nil))
	at := func(m firedoor.MAC) policy.Place { return plan.Place("vlan:5", firedoor.IP{}, m) }
	for _, c := range []struct {
		name     string
		from, to firedoor.MAC
		kind     uint16
		want     firedoor.Action
	}{
		{"to the group", goosePublisher, gooseGroup, 0x88b8, firedoor.Pass},
		{"another type", goosePublisher, gooseGroup, 0x88ba, firedoor.Drop},
		{"to another group", goosePublisher, anotherGroup, 0x88b8, firedoor.Drop},
		{"to a device beside it", goosePublisher, 0x020000000002, 0x88b8, firedoor.Drop},
		{"of another publisher", 0x020000000003, gooseGroup, 0x88b8, firedoor.Drop},
		{"from the group", gooseGroup, goosePublisher, 0x88b8, firedoor.Drop},
		{"from the group to itself", gooseGroup, gooseGroup, 0x88b8, firedoor.Drop},
	} {
		if v, _, _ := plan.Frame(at(c.from), at(c.to), c.kind, false); v.Action != c.want {
			t.Errorf("%s: %+v", c.name, v)
		}
	}
	if ip := firedoor.IPv4(0x0a000001); plan.Place("vlan:5", ip, gooseGroup) != 0 {
		t.Error("IP that comes to the group's MAC is the group's, whatever its address")
	}
	back := compile(t, substation(func(p *policy.Policy) { // the group's zone may ask the other one anything
		p.Conduits[0].From, p.Conduits[0].To, p.Conduits[0].Default, p.Conduits[0].Rules = "bus", "bay", firedoor.Pass, nil
	}))
	for _, ends := range [][2]firedoor.MAC{{goosePublisher, gooseGroup}, {gooseGroup, goosePublisher}} {
		if v, _, _ := back.Frame(back.Place("", firedoor.IP{}, ends[0]), back.Place("", firedoor.IP{}, ends[1]), 0x88b8, false); v.Action != firedoor.Drop {
			t.Errorf("%v: a group asks: %+v", ends, v)
		}
	}
}

// TestGroupFaults holds what makes no sense of a group.
func TestGroupFaults(t *testing.T) {
	for _, c := range []struct {
		want   string
		change func(*policy.Policy)
	}{
		{"", nil},
		{"20: conduits.publish.rules[0].client: trips is a group of Ethernet", func(p *policy.Policy) {
			p.Conduits[0].From, p.Conduits[0].To = "bus", "bay"
			p.Conduits[0].Rules[0].Match = policy.Match{Clients: []string{"trips"}}
		}},
		{"safety[0].client: trips is a group of Ethernet", func(p *policy.Policy) { p.Safety = []policy.Match{{Clients: []string{"trips"}}} }},
		{"7: hosts.trips: 01:0c:cd:01:00:01 is the MAC of a group, and 10.0.0.1 the address of one device", func(p *policy.Policy) {
			p.Hosts[2].Addresses = []netip.Addr{netip.MustParseAddr("239.1.1.1"), netip.MustParseAddr("10.0.0.1")}
		}},
		{"7: hosts.trips: 01:0c:cd:01:00:01 is the MAC of a group, which refuses nothing", func(p *policy.Policy) { p.Hosts[2].Refuses = []string{"modbus"} }},
	} {
		_, faults := policy.Compile(substation(c.change), known())
		var all strings.Builder
		for _, f := range faults {
			fmt.Fprintf(&all, "%d: %s: %s\n", f.Line, f.Key, f.Text)
		}
		if c.want == "" && all.Len() > 0 || !strings.Contains(all.String(), c.want) {
			t.Errorf("want %q, got %s", c.want, all.String())
		}
	}
}
