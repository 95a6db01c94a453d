package policy_test

import (
	"slices"
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/policy"
)

// TestDraftOfPings holds that who pinged whom may do it again, either way, and nothing
// else for it.
func TestDraftOfPings(t *testing.T) {
	d := policy.Draft(nil, []firedoor.Conversation{
		{Segment: "untagged", Protocol: "icmp", Learned: true, Client: firedoor.Address{IP: "10.0.1.1"}, Server: firedoor.Address{IP: "10.0.2.1"}, Packets: [2]uint64{5, 5}},
		{Segment: "untagged", Protocol: "icmp", Learned: true, Client: firedoor.Address{IP: "fe80::1"}, Server: firedoor.Address{IP: "ff02::16"}, Packets: [2]uint64{1, 0}},
		{Segment: "untagged", Protocol: "icmp", Client: firedoor.Address{IP: "10.0.1.1"}, Server: firedoor.Address{IP: "10.0.2.2"}, Packets: [2]uint64{5, 5}},
	}, policy.DraftOptions{})
	d.Policy.Otherwise.Mode = policy.Enforce
	for i := range d.Policy.Conduits {
		d.Policy.Conduits[i].Mode, d.Policy.Conduits[i].Reviewed = policy.Enforce, policy.Review{By: "A", On: "2026-11-26"}
	}
	plan := compile(t, &d.Policy)
	for _, c := range []struct {
		client, server string
		transport      uint8
		port           uint16
		want           firedoor.Action
	}{
		{"10.0.1.1", "10.0.2.1", policy.ICMP, 0, firedoor.Pass},
		{"10.0.2.1", "10.0.1.1", policy.ICMP, 0, firedoor.Pass},
		{"10.0.1.1", "10.0.2.1", 6, 502, firedoor.Drop},
		{"10.0.1.1", "10.0.2.2", policy.ICMP, 0, firedoor.Drop},
		{"fe80::1", "ff02::16", policy.ICMP6, 0, firedoor.Pass},
		{"ff02::16", "fe80::1", policy.ICMP6, 0, firedoor.Drop},
	} {
		route := plan.Route(place(plan, c.client), place(plan, c.server), c.transport, c.port)
		if v := policy.Decide(plan, &policy.Request{Route: &route, Level: policy.OfConnection}); v.Action != c.want {
			t.Errorf("%+v: %s", c, v.Action)
		}
	}
}

// writes is a learned conversation of a panel with a controller.
func writes(statements ...firedoor.Statement) firedoor.Conversation {
	for i := range statements {
		statements[i].Verb, statements[i].Learned, statements[i].Count = "write", true, 1
	}
	return firedoor.Conversation{Segment: "untagged", Protocol: "modbus", Learned: true, Flows: 1, Client: firedoor.Address{IP: "10.0.1.1"},
		Server: firedoor.Address{IP: "10.0.2.1", Port: 502}, Statements: statements}
}

// TestDraftOfValues holds that each object is restricted to its own values, and one whose
// values nobody understood is not.
func TestDraftOfValues(t *testing.T) {
	write := func(object string, low, high float64) firedoor.Statement {
		return firedoor.Statement{Function: "set", Code: 6, Object: object, Written: []firedoor.Range{{Min: low, Max: high, Count: 1}}}
	}
	c := writes(write("holding:1", 0, 1), write("holding:2", 0, 60000), firedoor.Statement{Function: "set", Code: 6, Object: "holding:3"})
	long, four := write("holding:5", 0, 1), uint32(4)
	long.Written, long.Quantity = append(long.Written, long.Written[0]), &four
	c.Statements = append(c.Statements, writes(long).Statements...)
	loose := write("holding:6", 1, 4)
	loose.Beyond = true
	c.Statements = append(c.Statements, writes(loose).Statements...)
	d := policy.Draft(nil, []firedoor.Conversation{c}, policy.DraftOptions{Usual: known().Ports, Values: true, Ranged: 2})
	d.Policy.Conduits[0].Mode, d.Policy.Conduits[0].Reviewed = policy.Enforce, policy.Review{By: "A", On: "2026-11-26"}
	plan := compile(t, &d.Policy)
	route := plan.Route(place(plan, "10.0.1.1"), place(plan, "10.0.2.1"), 6, 502)
	for _, c := range []struct {
		object string
		values *firedoor.Values
		want   firedoor.Action
	}{
		{"holding:1", words(1), firedoor.Pass},
		{"holding:1", words(60000), firedoor.Drop},
		{"holding:2", words(60000), firedoor.Pass},
		{"holding:3", nil, firedoor.Pass},
		{"holding:4", words(1), firedoor.Drop},
		{"holding:6", nil, firedoor.Pass},      // as it was learned
		{"holding:5", words(7), firedoor.Pass}, // of the last of its elements nobody knows
	} {
		r := policy.Request{Route: &route, Level: policy.OfOperation, Protocol: "modbus", Verb: firedoor.VerbWrite, Function: "set", Code: 6, Object: []byte(c.object), Values: c.values}
		if v := policy.Decide(plan, &r); v.Action != c.want {
			t.Errorf("%s: %s, want %s", c.object, v.Action, c.want)
		}
	}
}

// words are 16-bit values that are written.
func words(values ...uint16) *firedoor.Values {
	v := &firedoor.Values{Type: firedoor.U16, Count: len(values)}
	for _, n := range values {
		v.Raw = append(v.Raw, byte(n>>8), byte(n))
	}
	return v
}

// TestDraftWithinAZone holds that two devices of a zone that were never seen to talk may
// not, though each of them is known.
func TestDraftWithinAZone(t *testing.T) {
	to := func(server string) firedoor.Conversation {
		c := writes(firedoor.Statement{Function: "set", Code: 6, Object: "holding:1"})
		c.Server.IP = server
		return c
	}
	assets := []firedoor.Asset{}
	for ip, level := range map[string]string{"10.0.1.1": "L2", "10.0.2.1": "L1", "10.0.2.2": "L1"} {
		assets = append(assets, firedoor.Asset{Segment: "untagged", Level: level, Identifiers: []firedoor.Identifier{{Kind: "ip", Value: ip}}})
	}
	d := policy.Draft(assets, []firedoor.Conversation{to("10.0.2.1"), to("10.0.2.2")}, policy.DraftOptions{Usual: known().Ports})
	plan := compile(t, &d.Policy)
	for _, c := range []struct {
		client, server string
		admits         bool
	}{{"10.0.1.1", "10.0.2.1", true}, {"10.0.2.1", "10.0.2.2", false}, {"10.0.2.2", "10.0.2.1", false}} {
		if r := plan.Route(place(plan, c.client), place(plan, c.server), 6, 502); plan.Admits(&r) != c.admits {
			t.Errorf("%s to %s: admits %t", c.client, c.server, !c.admits)
		}
	}
}

// TestDraftSaysHowOften holds that what a person reads of a draft is in words that fit the number, and
// says each thing once.
func TestDraftSaysHowOften(t *testing.T) {
	c := writes(firedoor.Statement{Function: "set", Code: 6, Object: "holding:1"})
	stop := firedoor.Statement{Verb: "control", Function: "stop", Code: 9, Learned: true, Count: 2}
	c.Statements = append(c.Statements, stop)
	group := firedoor.Conversation{Segment: "untagged", Protocol: "goose", Learned: true, Flows: 1, Client: firedoor.Address{MAC: "02:00:00:00:00:01"}}
	d := policy.Draft(nil, []firedoor.Conversation{c, group, group}, policy.DraftOptions{Usual: known().Ports})
	var notes []string
	for _, r := range d.Policy.Conduits[0].Rules {
		notes = append(notes, r.Note)
	}
	if want := []string{"learned, 1 time", "learned, 2 times"}; !slices.Equal(notes, want) {
		t.Errorf("notes: %q", notes)
	}
	if len(d.Left) != 1 || len(d.Grave) != 1 || strings.HasSuffix(d.Grave[0], " ") {
		t.Errorf("left out: %q, grave: %q", d.Left, d.Grave)
	}
}
