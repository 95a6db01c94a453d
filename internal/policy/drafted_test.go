package policy_test

import (
	"slices"
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

// TestDraftOfMoreGroups holds that groups beyond those that are kept are told, and that where the sender has no address nothing is drafted.
func TestDraftOfMoreGroups(t *testing.T) {
	c := firedoor.Conversation{Segment: "untagged", Learned: true, Protocol: "goose", Flows: 1, Client: firedoor.Address{MAC: "02:00:00:00:00:01"}, Groups: []string{"01:0c:cd:01:00:01", "01:0c:cd:01:00:02"}, MoreGroups: true}
	turned, nobody := c, c // of frames that nobody recognised the client is the lower address
	turned.Client, turned.Server = c.Server, c.Client
	nobody.Client = firedoor.Address{}
	for name, of := range map[string]struct {
		talk  firedoor.Conversation
		left  string
		rules bool
	}{"sent": {c, "goose from 02:00:00:00:00:01 to further groups in untagged", true}, "turned": {turned, "goose from 02:00:00:00:00:01 to further groups in untagged", true},
		"of nobody": {nobody, "goose from a group to a group in untagged", false}} {
		d := policy.Draft(nil, []firedoor.Conversation{of.talk}, policy.DraftOptions{Usual: known().Ports})
		if len(d.Left) != 1 || d.Left[0] != of.left || (len(d.Policy.Conduits) == 1) != of.rules {
			t.Errorf("%s: %+v", name, d)
		}
		plan := compile(t, &d.Policy)
		for group, passes := range map[firedoor.MAC]bool{0x010ccd010001: of.rules, 0x010ccd010002: of.rules, 0x010ccd010003: false} {
			v, _, _ := plan.Frame(plan.Place("untagged", firedoor.IP{}, 0x020000000001), plan.Place("untagged", firedoor.IP{}, group), 0x88b8, false)
			if (v.Says == firedoor.Pass) != passes {
				t.Errorf("%s: to %v: %+v", name, group, v)
			}
		}
	}
}

// TestDraftOfFramesThatReturn holds that frames which come back to their sender, with its address marked, pass as well.
func TestDraftOfFramesThatReturn(t *testing.T) {
	c := firedoor.Conversation{Segment: "untagged", Learned: true, Protocol: "ecat", Flows: 1, Client: firedoor.Address{MAC: "00:01:05:00:00:01"}, Groups: []string{"01:01:05:01:00:00"}}
	for _, returns := range []bool{false, true} {
		d := policy.Draft(nil, []firedoor.Conversation{c}, policy.DraftOptions{Usual: known().Ports, Returns: func(string) bool { return returns }})
		plan := compile(t, &d.Policy)
		for sender, passes := range map[firedoor.MAC]bool{0x000105000001: true, 0x020105000001: returns} {
			v, _, _ := plan.Frame(plan.Place("untagged", firedoor.IP{}, sender), plan.Place("untagged", firedoor.IP{}, 0x010105010000), 0x88a4, false)
			if (v.Says == firedoor.Pass) != passes {
				t.Errorf("returns %t: of %v: %+v", returns, sender, v)
			}
		}
	}
}

// TestDraftOpensNoMore holds that what was seen without IP opens its own type of frames and
// nothing of IP, and what was seen over IP no frames without it.
func TestDraftOpensNoMore(t *testing.T) {
	places := []policy.Port{{Transport: 6, Number: 502}, {Transport: 17, Number: 502}, {Transport: policy.ICMP}, {Transport: 17, Number: 34980},
		{Transport: policy.Link, Number: 0x88a4}, {Transport: policy.Link, Number: 0x88b8}, {Transport: policy.Link, Number: 0x88e1}, {Transport: policy.Link, Number: policy.LLC}, {Transport: policy.Link}}
	read := []firedoor.Statement{{Verb: "read", Function: "read", Code: 1, Learned: true, Count: 1}}
	for _, c := range []struct {
		protocol   string
		ip         string // of the server, without its last number
		port       uint16
		statements []firedoor.Statement
		opens      policy.Port
	}{
		{"goose", "", 0, nil, policy.Port{Transport: policy.Link, Number: 0x88b8}},
		{"ethernet", "", 0x88e1, nil, policy.Port{Transport: policy.Link, Number: 0x88e1}},
		{"ethernet", "", 0, nil, policy.Port{Transport: policy.Link, Number: policy.LLC}},
		{"ecat", "", 0, nil, policy.Port{Transport: policy.Link, Number: 0x88a4}},
		{"ecat", "", 0, read, policy.Port{Transport: policy.Link, Number: 0x88a4}},
		{"ecat", "10.0.0.", 34980, nil, policy.Port{Transport: 17, Number: 34980}},
		{"ecat", "10.0.0.", 34980, read, policy.Port{Transport: 17, Number: 34980}},
	} {
		talk := firedoor.Conversation{Segment: "untagged", Learned: true, Protocol: c.protocol, Flows: 1, Statements: c.statements,
			Client: firedoor.Address{MAC: "02:00:00:00:00:01"}, Server: firedoor.Address{MAC: "02:00:00:00:00:02", Port: c.port}}
		ends := [2]firedoor.IP{}
		if c.ip != "" {
			talk.Client.IP, talk.Server.IP = c.ip+"1", c.ip+"2"
			ends = [2]firedoor.IP{firedoor.IPv4(0x0a000001), firedoor.IPv4(0x0a000002)}
		}
		d := policy.Draft(nil, []firedoor.Conversation{talk}, policy.DraftOptions{Usual: known().Ports})
		plan := compile(t, &d.Policy)
		a, b := plan.Place("untagged", ends[0], 0x020000000001), plan.Place("untagged", ends[1], 0x020000000002)
		for _, at := range places {
			open := at == c.opens || c.ip != "" && at.Transport == 6 && at.Number == c.port
			if r := plan.Route(a, b, at.Transport, at.Number); plan.Admits(&r) != open {
				t.Errorf("%s at %d, %d statements: %s admits %t", c.protocol, c.port, len(c.statements), at.Words(), !open)
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

// TestDraftOfFrames holds that a draft of values that were written without IP is a policy:
// nobody looks at such values, so it restricts none.
func TestDraftOfFrames(t *testing.T) {
	c := firedoor.Conversation{Segment: "untagged", Learned: true, Protocol: "ecat", Client: firedoor.Address{MAC: "02:00:00:00:00:01"}, Server: firedoor.Address{MAC: "02:00:00:00:00:02"},
		Statements: []firedoor.Statement{{Verb: "write", Function: "set", Code: 6, Object: "tag", Learned: true, Count: 1, Written: []firedoor.Range{{Min: 0, Max: 5, Count: 1}}}}}
	d := policy.Draft(nil, []firedoor.Conversation{c}, policy.DraftOptions{Usual: known().Ports, Values: true})
	compile(t, &d.Policy)
	m := &d.Policy.Conduits[0].Rules[0].Match
	if m.Values != nil || len(m.Objects) != 1 || len(m.Ports) != 1 || m.Ports[0] != (policy.Port{Transport: policy.Link, Number: 0x88a4}) {
		t.Errorf("%+v", m)
	}
}

// TestDraftOfNoObject holds that a request without an object, where the same function names
// some, opens no other object; and that where it never names one, nothing is restricted.
func TestDraftOfNoObject(t *testing.T) {
	value := []firedoor.Range{{Min: 0, Max: 5, Count: 1}}
	for _, values := range []bool{false, true} {
		c := writes(firedoor.Statement{Function: "set", Code: 6, Object: "holding:1", Written: value}, firedoor.Statement{Function: "set", Code: 6},
			firedoor.Statement{Function: "restart", Code: 8})
		d := policy.Draft(nil, []firedoor.Conversation{c}, policy.DraftOptions{Usual: known().Ports, Values: values})
		d.Policy.Conduits[0].Mode, d.Policy.Conduits[0].Reviewed = policy.Enforce, policy.Review{By: "A", On: "2026-11-26"}
		plan := compile(t, &d.Policy)
		route := plan.Route(place(plan, "10.0.1.1"), place(plan, "10.0.2.1"), 6, 502)
		for _, c := range []struct {
			function string
			code     uint32
			object   string
			want     firedoor.Action
		}{
			{"set", 6, "holding:1", firedoor.Pass}, {"set", 6, "", firedoor.Pass}, {"set", 6, "holding:2", firedoor.Drop}, {"set", 6, "tag", firedoor.Drop},
			{"restart", 8, "", firedoor.Pass}, {"restart", 8, "holding:2", firedoor.Pass},
		} {
			r := policy.Request{Route: &route, Level: policy.OfOperation, Protocol: "modbus", Verb: firedoor.VerbWrite, Function: c.function, Code: c.code, Object: []byte(c.object), Values: words(3)}
			if v := policy.Decide(plan, &r); v.Action != c.want {
				t.Errorf("values %t: %s %q: %s, want %s", values, c.function, c.object, v.Action, c.want)
			}
		}
	}
}

// TestDraftOpensNoPort holds that a connection in which nothing was asked opens no port for
// requests: it may come to be again, and is told.
func TestDraftOpensNoPort(t *testing.T) {
	talk := func(protocol string, port uint16, statements ...firedoor.Statement) firedoor.Conversation {
		return firedoor.Conversation{Segment: "untagged", Learned: true, Protocol: protocol, Flows: 1, Client: firedoor.Address{IP: "10.0.1.1"}, Server: firedoor.Address{IP: "10.0.2.1", Port: port}, Statements: statements}
	}
	read := firedoor.Statement{Verb: "read", Function: "read holding registers", Code: 3, Learned: true, Count: 1}
	sealed := talk("modbus", 502)
	sealed.Encrypted = 3
	for _, c := range []struct {
		name         string
		learned      []firedoor.Conversation
		port         uint16
		admits, open bool
		reads        bool
		told         int
	}{
		{"behind what was asked", []firedoor.Conversation{talk("modbus", 502, read), talk("tcp", 502)}, 502, true, false, true, 1},
		{"before what was asked", []firedoor.Conversation{talk("tcp", 502), talk("modbus", 502, read)}, 502, true, false, true, 1},
		{"where nothing was asked", []firedoor.Conversation{talk("tcp", 502)}, 502, true, false, false, 1},
		{"where its protocol was recognised", []firedoor.Conversation{talk("modbus", 502)}, 502, true, false, false, 1},
		{"elsewhere, beside what was asked there", []firedoor.Conversation{talk("modbus", 5020, read), talk("tcp", 5020)}, 5020, true, false, true, 1},
		{"over UDP", []firedoor.Conversation{talk("modbus", 502, read), talk("udp", 502)}, 502, true, false, true, 0},
		{"at a port of no protocol", []firedoor.Conversation{talk("tcp", 9999)}, 9999, true, true, true, 0},
		{"in a protocol that changes nothing", []firedoor.Conversation{talk("tcp", 102)}, 102, true, false, false, 0},
		{"sealed", []firedoor.Conversation{sealed}, 502, true, true, true, 0},
	} {
		d := policy.Draft(nil, c.learned, policy.DraftOptions{Usual: known().Ports, Protocols: known().Protocols, Harmless: func(name string) bool { return name == "s7comm" }})
		plan := compile(t, &d.Policy)
		r := plan.Route(place(plan, "10.0.1.1"), place(plan, "10.0.2.1"), 6, c.port)
		asks := func(verb firedoor.Verb, function string, code uint32) bool {
			return policy.Decide(plan, &policy.Request{Route: &r, Level: policy.OfOperation, Protocol: "modbus", Verb: verb, Function: function, Code: code, Object: []byte("holding:999")}).Says == firedoor.Pass
		}
		if admits, writes, reads := plan.Admits(&r), asks(firedoor.VerbWrite, "write single register", 6), asks(firedoor.VerbRead, "read holding registers", 3); admits != c.admits || writes != c.open || reads != c.reads {
			t.Errorf("%s: admits %t, writes %t, reads %t", c.name, admits, writes, reads)
		}
		if len(d.Silent) != c.told {
			t.Errorf("%s: told %q", c.name, d.Silent)
		}
	}
	d := policy.Draft(nil, []firedoor.Conversation{talk("tcp", 0)}, policy.DraftOptions{Usual: known().Ports})
	if len(d.Left) != 1 || len(d.Policy.Conduits) != 0 {
		t.Errorf("without a port: %+v", d)
	}
}

// TestDraftOfPorts holds that a rule names all ports at which a server was found in a protocol,
// and the usual one alone only where it was found nowhere else.
func TestDraftOfPorts(t *testing.T) {
	read := []firedoor.Statement{{Verb: "read", Function: "read holding registers", Code: 3, Learned: true, Count: 1}}
	for _, statements := range [][]firedoor.Statement{nil, read} {
		for _, ports := range [][]uint16{{502}, {502, 5020}, {5020, 502}, {5020, 5021}} {
			c := firedoor.Conversation{Segment: "untagged", Learned: true, Protocol: "modbus", Flows: 2, Client: firedoor.Address{IP: "10.0.1.1"},
				Server: firedoor.Address{IP: "10.0.2.1", Port: ports[0]}, Ports: ports[1:], Statements: statements}
			d := policy.Draft(nil, []firedoor.Conversation{c}, policy.DraftOptions{Usual: known().Ports})
			plan := compile(t, &d.Policy)
			for _, port := range []uint16{502, 5020, 5021, 5022} {
				r := plan.Route(place(plan, "10.0.1.1"), place(plan, "10.0.2.1"), 6, port)
				if plan.Admits(&r) != slices.Contains(ports, port) {
					t.Errorf("found at %d, %d statements: admits %d: %t", ports, len(statements), port, plan.Admits(&r))
				}
			}
		}
	}
}

// TestDraftOfClocks holds that clocks on Ethernet need no rule, to whomever they speak, and those over IP do.
func TestDraftOfClocks(t *testing.T) {
	usual := func(string) []policy.Port {
		return []policy.Port{{Transport: 17, Number: 319}, {Transport: 17, Number: 320}, {Transport: policy.Link, Number: 0x88f7}}
	}
	clock, tool := firedoor.Address{MAC: "02:00:00:00:00:01"}, firedoor.Address{MAC: "02:00:00:00:00:02"}
	set := []firedoor.Statement{{Verb: "configure", Function: "set priority1", Code: 0x12005, Learned: true, Count: 1}}
	over := func(a firedoor.Address, ip string) firedoor.Address { a.IP, a.Port = ip, 320; return a }
	for name, c := range map[string]struct {
		talk  firedoor.Conversation
		rules int
	}{
		"to a group":  {firedoor.Conversation{Client: tool, Groups: []string{"01:1b:19:00:00:00"}, Statements: set}, 0},
		"to a clock":  {firedoor.Conversation{Client: tool, Server: clock, Statements: set}, 0},
		"to somebody": {firedoor.Conversation{Client: tool}, 0}, // of a group that nobody kept
		"over IP":     {firedoor.Conversation{Client: over(tool, "10.0.0.2"), Server: over(clock, "10.0.0.1"), Statements: set}, 1},
	} {
		c.talk.Segment, c.talk.Protocol, c.talk.Learned, c.talk.Flows = "untagged", "ptp", true, 1
		d := policy.Draft(nil, []firedoor.Conversation{c.talk}, policy.DraftOptions{Usual: usual})
		if len(d.Left) != 0 || len(d.Policy.Conduits) != c.rules {
			t.Errorf("%s: %+v", name, d)
		}
	}
}
