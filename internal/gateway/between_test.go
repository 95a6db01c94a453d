package gateway

import (
	"testing"

	"pgregory.net/rapid"

	"firedoor"
	"firedoor/internal/datapath"
	"firedoor/internal/policy"
)

// foundAs is the pair in which the kernel looks for two places: theirs, then that of their zones.
func foundAs(plan *policy.Plan, t *datapath.Tables, client, server policy.Place) uint32 {
	zone := func(at policy.Place) uint32 { return uint32(plan.ZoneOf(at) + 1) }
	for _, k := range [][2]uint32{{uint32(client), uint32(server)}, {zone(client), zone(server)}} {
		for _, j := range t.Joined {
			if j.Client == k[0] && j.Server == k[1] {
				return j.Pair
			}
		}
	}
	return 0
}

// gateAt is the gate of a pair for a port, which the kernel looks for by itself.
func gateAt(t *datapath.Tables, pair uint32, transport uint8, port uint16) (g datapath.Gate, kind string) {
	for _, one := range t.Gates {
		if one.Pair == pair && one.Transport == transport && one.Port == port {
			return one.Gate, "of the port"
		}
	}
	if transport == datapath.EtherType {
		return t.Pairs[pair].EtherTypes, "of frames"
	}
	return t.Pairs[pair].Default, "of the pair"
}

// TestAllPlacesFindTheirPair holds, over drawn policies and isolations, that whatever two places
// the kernel looks up, joined or not, it does what holds between just those.
func TestAllPlacesFindTheirPair(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plan, faults := policy.Compile(drawPolicy(t), drawnKnown())
		if len(faults) > 0 {
			t.Skip(faults)
		}
		plan, _ = plan.With(rapid.SliceOfN(rapid.Custom(drawIsolation), 0, 3).Draw(t, "isolations"))
		tables := Tables(plan, wideFunctions)
		own := newTables(plan, wideFunctions)
		own.out.Codes = tables.Codes
		for n := range tables.Codes {
			key := codesKey{of: tables.Codes[n]}
			if n < len(tables.Nevers) {
				copy(key.nevers[:], tables.Nevers[n])
			}
			own.codes[key] = uint16(n)
		}
		all := []policy.Place{0}
		for _, name := range []string{"a", "b", "c", "a0", "a1", "b0", "b1", "c0", "c3", "nowhere"} {
			at, _ := plan.Named(name)
			all = append(all, at)
		}
		for _, client := range all {
			for _, server := range all {
				own.out.Pairs, own.out.Gates = nil, nil
				n, want := foundAs(plan, tables, client, server), own.pair(client, server)
				for _, at := range []datapath.PortGate{{Transport: 6, Port: 502}, {Transport: 6, Port: 80}, {Transport: 6, Port: 7}, {Transport: 17, Port: 34964}, {Transport: 17, Port: 2222},
					{Transport: datapath.EtherType, Port: 0x88b8}, {Transport: datapath.EtherType, Port: 0x8892}} {
					got, as := gateAt(tables, n, at.Transport, at.Port)
					must, _ := gateAt(own.out, want, at.Transport, at.Port)
					if got.Action == datapath.Drop && must.Action == datapath.Drop && !got.Safety {
						continue // for whatever reason
					}
					if got.Reason, must.Reason = 0, 0; got.Enforced != must.Enforced {
						got.Enforced, must.Enforced = false, false // of gates of pairs alone
					}
					if must.Mute && !got.Mute {
						got.Mute, got.Codes = true, must.Codes // the worker is asked about more
					}
					if got != must {
						t.Fatalf("%q to %q at %d/%d: the kernel has the gate %s %+v, want %+v", plan.PlaceName(client), plan.PlaceName(server), at.Transport, at.Port, as, got, must)
					}
				}
			}
		}
	})
}

// TestIsolatedWhereNothingJoins holds that whoever is isolated is so towards everybody: within its
// zone, from zones that no conduit joins with its own, and from addresses of no zone; and that
// a client that is known goes on, whether a rule names it or not.
func TestIsolatedWhereNothingJoins(t *testing.T) {
	base := testPlan(t).Policy
	base.Otherwise = policy.Otherwise{Mode: policy.Observe, Default: firedoor.Drop}
	base.Conduits[0].Default = firedoor.Pass
	base.Hosts = append(base.Hosts, policy.Host{Name: "peer"}, policy.Host{Name: "engineer"})
	base.Zones[1].Hosts = append(base.Zones[1].Hosts, "peer")
	base.Zones = append(base.Zones, policy.Zone{Name: "lab", Hosts: []string{"engineer"}})
	plan, faults := policy.Compile(base, testKnown())
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	for _, c := range []struct {
		isolation      policy.Isolation
		client, server string
		want           datapath.Action
	}{
		{policy.Isolation{Verb: policy.NoWrite, Host: "plc"}, "engineer", "plc", datapath.Ask},
		{policy.Isolation{Verb: policy.NoWrite, Host: "plc"}, "plc", "engineer", datapath.Ask},
		{policy.Isolation{Verb: policy.NoWrite, Host: "plc"}, "", "plc", datapath.Ask},
		{policy.Isolation{Verb: policy.NoWrite, Host: "plc"}, "peer", "plc", datapath.Ask},
		{policy.Isolation{Verb: policy.NoWrite, Host: "plc"}, "engineer", "peer", datapath.Pass},
		{policy.Isolation{Verb: policy.NoWrite, Host: "cell"}, "lab", "plc", datapath.Ask},
		{policy.Isolation{Verb: policy.NoWrite, Host: "cell"}, "", "plc", datapath.Ask},
		{policy.Isolation{Verb: policy.Quarantine, Host: "engineer", Other: "plc"}, "engineer", "plc", datapath.Drop},
		{policy.Isolation{Verb: policy.Quarantine, Host: "engineer", Other: "plc"}, "engineer", "peer", datapath.Pass},
		{policy.Isolation{Verb: policy.KnownClients, Host: "cell", Clients: []string{"hmi"}}, "hmi", "plc", datapath.Pass},
		{policy.Isolation{Verb: policy.KnownClients, Conduit: "down", Clients: []string{"hmi"}}, "hmi", "peer", datapath.Pass},
		{policy.Isolation{Verb: policy.KnownClients, Host: "cell", Clients: []string{"hmi"}}, "office", "plc", datapath.Drop},
	} {
		isolated, unknown := plan.With([]policy.Isolation{c.isolation})
		if len(unknown) > 0 {
			t.Fatal(unknown)
		}
		tables := Tables(isolated, nil)
		if err := tables.Check(); err != nil {
			t.Fatal(err)
		}
		client, _ := plan.Named(c.client)
		server, _ := plan.Named(c.server)
		if g, _ := gateAt(tables, foundAs(isolated, tables, client, server), 6, 502); g.Action != c.want || g.Action == datapath.Ask && g.Floor != datapath.FloorDrop {
			t.Errorf("%s of %s%s%s, %q to %q: %+v, want %v", c.isolation.Verb, c.isolation.Host, c.isolation.Other, c.isolation.Conduit, c.client, c.server, g, c.want)
		}
	}
}

// TestOtherwiseInTheKernel holds what the kernel does where no conduit joins two places: within a zone
// everything passes; and what safety traffic is, is so of whoever is meant, by whatever pair.
func TestOtherwiseInTheKernel(t *testing.T) {
	base := testPlan(t).Policy
	base.Hosts = append(base.Hosts, policy.Host{Name: "guard"}, policy.Host{Name: "curtain"})
	base.Zones[1].Hosts = append(base.Zones[1].Hosts, "guard")
	base.Zones = append(base.Zones, policy.Zone{Name: "lab", Hosts: []string{"curtain"}})
	udp := []policy.Port{{Transport: 17, Number: 2222}}
	for _, c := range []struct {
		safety         policy.Match
		client, server string
		want           datapath.Action
		safe           bool
	}{
		{policy.Match{}, "plc", "guard", datapath.Pass, false},
		{policy.Match{}, "cell", "guard", datapath.Pass, false},
		{policy.Match{}, "guard", "curtain", datapath.Drop, false},
		{policy.Match{}, "", "", datapath.Drop, false},
		{policy.Match{Ports: udp}, "", "guard", datapath.Pass, true},
		{policy.Match{Ports: udp}, "", "", datapath.Pass, true},
		{policy.Match{Ports: udp, Clients: []string{"guard"}}, "guard", "curtain", datapath.Pass, true},
		{policy.Match{Ports: udp, Clients: []string{"guard"}}, "guard", "", datapath.Pass, true},
		{policy.Match{Ports: udp, Clients: []string{"guard"}}, "plc", "curtain", datapath.Drop, false},
		{policy.Match{Ports: udp, Clients: []string{"cell"}, Servers: []string{"curtain"}}, "guard", "curtain", datapath.Pass, true},
		{policy.Match{Ports: udp, Clients: []string{"cell"}, Servers: []string{"curtain"}}, "guard", "lab", datapath.Drop, false},
	} {
		if base.Safety = nil; c.safety.Ports != nil {
			base.Safety = []policy.Match{c.safety}
		}
		plan, faults := policy.Compile(base, testKnown())
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		tables := Tables(plan, nil)
		if err := tables.Check(); err != nil {
			t.Fatal(err)
		}
		client, _ := plan.Named(c.client)
		server, _ := plan.Named(c.server)
		if g, _ := gateAt(tables, foundAs(plan, tables, client, server), 17, 2222); g.Action != c.want || g.Safety != c.safe {
			t.Errorf("%q to %q, safety %+v: %+v, want %v", c.client, c.server, c.safety, g, c.want)
		}
	}
}

// TestHeardFromEverybody holds that the kernel lets nobody's requests pass by their codes alone who may
// write to a host of which a rule counts steps, whether a rule names that client or not.
func TestHeardFromEverybody(t *testing.T) {
	object := policy.Object{Text: "holding:", Row: true, To: 9}
	base := testPlan(t, policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Clients: []string{"hmi"}, Servers: []string{"plc"}, Protocols: []string{"modbus"}, Objects: []policy.Object{object}, Step: 5}},
		policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"modbus"}, Codes: []uint32{3, 6}}}).Policy
	base.Hosts = append(base.Hosts, policy.Host{Name: "ews"})
	base.Zones[0].Hosts = append(base.Zones[0].Hosts, "ews")
	plan, faults := policy.Compile(base, testKnown())
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	tables := Tables(plan, wideFunctions)
	ews, _ := plan.Named("ews")
	plc, _ := plan.Named("plc")
	g, _ := gateAt(tables, foundAs(plan, tables, ews, plc), 6, 502)
	if g.Action != datapath.Codes || g.Mute || tables.Codes[g.Codes][6].Action != datapath.Ask {
		t.Errorf("%+v, with a write: %+v", g, tables.Codes[g.Codes][6])
	}
}
