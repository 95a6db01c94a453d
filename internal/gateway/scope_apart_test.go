package gateway

import (
	"net/netip"
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/policy"
)

// TestIsolateWhatIsApart holds that a pair, or a conduit, whose ends no frame has both is not isolated as if that did
// something: who orders it is told why, and so is who lists it under a policy that came later.
func TestIsolateWhatIsApart(t *testing.T) {
	host := func(name, address, segment string) policy.Host {
		return policy.Host{Name: name, Addresses: []netip.Addr{netip.MustParseAddr(address)}, Segment: segment}
	}
	plan, faults := policy.Compile(&policy.Policy{
		Hosts: []policy.Host{host("hmi", "10.0.1.1", "vlan:10"), host("plc", "10.0.2.1", "vlan:20"), host("drive", "10.0.2.2", "vlan:10"), host("router", "10.0.2.3", "")},
		Zones: []policy.Zone{{Name: "office", Hosts: []string{"hmi"}}, {Name: "cell", Hosts: []string{"plc"}}, {Name: "other", Hosts: []string{"drive", "router"}}},
		Conduits: []policy.Conduit{{Name: "down", From: "office", To: "cell", Default: firedoor.Drop},
			{Name: "aside", From: "office", To: "other", Default: firedoor.Drop}},
		Otherwise: policy.Otherwise{Mode: policy.Enforce, Default: firedoor.Drop},
	}, testKnown())
	if len(faults) > 0 {
		t.Fatalf("%+v", faults)
	}
	for scope, apart := range map[string]bool{"hmi,plc": true, "plc,hmi": true, "office,plc": true, "office,cell": true, "down": true,
		"hmi,drive": false, "hmi,router": false, "aside": false, "office,other": false, "hmi": false, "plc": false} {
		_, err := Isolation(plan, &Decision{Verb: "no-write", Scope: scope})
		if told := err != nil && strings.Contains(err.Error(), "it would do nothing") && strings.Contains(err.Error(), "are apart"); told != apart || err != nil && !apart {
			t.Errorf("%s: %v", scope, err)
		}
	}
}
