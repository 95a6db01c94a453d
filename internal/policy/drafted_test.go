package policy_test

import (
	"testing"

	"firedoor"
	"firedoor/internal/policy"
)

// TestDraftLeavesOut holds what a draft has no rules of: its policy compiles all the same.
func TestDraftLeavesOut(t *testing.T) {
	talk := func(client, server, protocol string, port uint16) firedoor.Conversation {
		return firedoor.Conversation{Segment: "untagged", Learned: true, Protocol: protocol, Flows: 1, Client: firedoor.Address{IP: client, MAC: "02:00:00:00:00:01"}, Server: firedoor.Address{IP: server, Port: port}}
	}
	group := talk("", "", "goose", 0)
	d := policy.Draft(nil, []firedoor.Conversation{talk("127.0.0.1", "127.0.0.1", "tcp", 80), talk("::1", "::1", "tcp", 80), group, talk("10.0.1.1", "10.0.2.1", "modbus", 502)},
		policy.DraftOptions{Usual: known().Ports})
	if d.Own != 2 || len(d.Left) != 1 || len(d.Policy.Conduits) != 1 || len(d.Policy.Conduits[0].Rules) != 1 || len(d.Policy.Hosts) != 2 {
		t.Errorf("%+v", d)
	}
	compile(t, &d.Policy)
}

// TestDraftOpensNoPorts holds that what was seen without IP opens nothing of IP.
func TestDraftOpensNoPorts(t *testing.T) {
	for _, protocol := range []string{"goose", "ethernet"} {
		c := firedoor.Conversation{Segment: "untagged", Learned: true, Protocol: protocol, Flows: 1, Client: firedoor.Address{MAC: "02:00:00:00:00:01"}, Server: firedoor.Address{MAC: "02:00:00:00:00:02"}}
		d := policy.Draft(nil, []firedoor.Conversation{c}, policy.DraftOptions{Usual: known().Ports})
		plan := compile(t, &d.Policy)
		a, b := plan.Place("untagged", firedoor.IP{}, 0x020000000001), plan.Place("untagged", firedoor.IP{}, 0x020000000002)
		for _, c := range []struct {
			transport uint8
			number    uint16
			admits    bool
		}{{6, 502, false}, {17, 502, false}, {1, 0, false}, {policy.Link, 0x88b8, true}, {policy.Link, 0x88b9, protocol == "ethernet"}} {
			if r := plan.Route(a, b, c.transport, c.number); plan.Admits(&r) != c.admits {
				t.Errorf("%s: transport %d, %d: admits %t", protocol, c.transport, c.number, !c.admits)
			}
		}
	}
}

// TestDraftOfOneCode holds that where several functions share a code, which is what was
// learned, a draft lets all of them pass; elsewhere it names the function.
func TestDraftOfOneCode(t *testing.T) {
	c := firedoor.Conversation{Segment: "untagged", Learned: true, Protocol: "modbus", Client: firedoor.Address{IP: "10.0.1.1"}, Server: firedoor.Address{IP: "10.0.2.1", Port: 502},
		Statements: []firedoor.Statement{{Verb: "control", Function: "open", Code: 45, Learned: true, Count: 1}, {Verb: "write", Function: "set", Code: 6, Learned: true, Count: 1}}}
	d := policy.Draft(nil, []firedoor.Conversation{c}, policy.DraftOptions{Usual: known().Ports, Alike: func(protocol string, code uint32) bool { return protocol == "modbus" && code == 45 }})
	for i, want := range []int{0, 1} {
		if m := &d.Policy.Conduits[0].Rules[i].Match; len(m.Functions) != want || len(m.Codes) != 1 {
			t.Errorf("rule %d: %+v", i, m)
		}
	}
}
