package whatif_test

import (
	"testing"

	"firedoor"
	"firedoor/internal/policy"
	"firedoor/internal/whatif"
)

// TestRulesOfGroupsThatNobodyKept holds that a rule about a group of Ethernet is told as undecided where something was sent to one and
// neither run nor line says to which: it is not told as a rule that never decides, whose traffic would pass.
func TestRulesOfGroupsThatNobodyKept(t *testing.T) {
	identify := policy.Match{Protocols: []string{"pniodcp"}, Verbs: []firedoor.Verb{firedoor.VerbIdentify, firedoor.VerbRead}}
	at := func(server, protocol string) policy.Match {
		m := identify
		if m.Protocols = []string{protocol}; server != "" {
			m.Servers = []string{server}
		}
		return m
	}
	p := &policy.Policy{
		Hosts: []policy.Host{{Name: "station", MAC: 0x020000000001}, {Name: "all", MAC: 0x010ecf000000}, {Name: "io", MAC: 0x020000000009}},
		Zones: []policy.Zone{{Name: "bay", Hosts: []string{"station"}}, {Name: "bus", Hosts: []string{"all", "io"}}},
		Conduits: []policy.Conduit{{Name: "ask", From: "bay", To: "bus", Mode: policy.Test, Default: firedoor.Pass, Rules: []policy.Rule{
			{Verdict: firedoor.Drop, Match: at("all", "pniodcp")}, {Verdict: firedoor.Drop, Match: at("", "pniodcp")}, {Verdict: firedoor.Drop, Match: at("io", "pniodcp")}, {Verdict: firedoor.Drop, Match: at("all", "goose")}}}},
		Otherwise: policy.Otherwise{Mode: policy.Enforce, Default: firedoor.Pass},
	}
	plan, faults := policy.Compile(p, policy.Known{Protocols: []string{"pniodcp", "goose"}, Ports: func(protocol string) []policy.Port {
		return map[string][]policy.Port{"pniodcp": {{Transport: policy.Link, Number: 0x8892}}, "goose": {{Transport: policy.Link, Number: 0x88b8}}}[protocol]
	}})
	if len(faults) > 0 {
		t.Fatalf("%+v", faults)
	}
	const ends = `"segment":"untagged","protocol":"pniodcp","function":"identify","verb":"identify",`
	for name, tell := range map[string]func(*whatif.Judge) error{
		"a run": func(j *whatif.Judge) error {
			return j.Run([]byte(`{` + ends + `"client":"02:00:00:00:00:01","client_mac":"02:00:00:00:00:01","count":7,"start":"2026-03-02T03:30:00Z","end":"2026-03-02T03:31:00Z"}`))
		},
		"a line": func(j *whatif.Judge) error {
			return j.Line([]byte(`{"kind":"operation",` + ends + `"time":"2026-03-02T03:30:00Z","client":{"mac":"02:00:00:00:00:01"},"server":{}}`))
		},
		"nothing": func(*whatif.Judge) error { return nil },
	} {
		j := whatif.New(plan, true)
		if err := tell(j); err != nil {
			t.Fatal(err)
		}
		r, some := j.Report(), name != "nothing"
		if r.StoppedOperations != 0 || (r.Undecided > 0) != some || r.Undecided != r.Operations {
			t.Errorf("%s: %+v", name, r)
		}
		for i, want := range []bool{some, some, false, false} {
			if r.Rules[i].Count != 0 || (r.Rules[i].Undecided != "") != want {
				t.Errorf("%s, rule %d: %+v", name, i, r.Rules[i])
			}
		}
	}
}

// TestClocksAreNotJudged holds that what clocks say on Ethernet passes whatever a policy says, also what is asked of one by a management
// message, as it does in a gateway; over IP it is judged.
func TestClocksAreNotJudged(t *testing.T) {
	p := &policy.Policy{
		Hosts:     []policy.Host{{Name: "clock", MAC: 0x020000000001}, {Name: "tool", MAC: 0x020000000002}},
		Zones:     []policy.Zone{{Name: "bay", Hosts: []string{"clock"}}, {Name: "desk", Hosts: []string{"tool"}}},
		Otherwise: policy.Otherwise{Mode: policy.Enforce, Default: firedoor.Drop},
	}
	plan, faults := policy.Compile(p, policy.Known{Protocols: []string{"ptp"}, Ports: func(string) []policy.Port {
		return []policy.Port{{Transport: 17, Number: 319}, {Transport: 17, Number: 320}, {Transport: policy.Link, Number: 0x88f7}}
	}})
	if len(faults) > 0 {
		t.Fatalf("%+v", faults)
	}
	const set = `"segment":"untagged","protocol":"ptp","function":"set priority1","verb":"configure","code":73733,`
	for name, c := range map[string]struct {
		tell    func(*whatif.Judge) error
		stopped uint64
	}{
		"to a group": {func(j *whatif.Judge) error {
			return j.Line([]byte(`{"kind":"operation",` + set + `"time":"2026-03-02T03:30:00Z","client":{"mac":"02:00:00:00:00:02"},"server":{"mac":"01:1b:19:00:00:00"}}`))
		}, 0},
		"to a clock": {func(j *whatif.Judge) error {
			return j.Line([]byte(`{"kind":"operation",` + set + `"time":"2026-03-02T03:30:00Z","client":{"mac":"02:00:00:00:00:02"},"server":{"mac":"02:00:00:00:00:01"}}`))
		}, 0},
		"a run": {func(j *whatif.Judge) error {
			return j.Run([]byte(`{` + set + `"client":"02:00:00:00:00:02","client_mac":"02:00:00:00:00:02","count":7,"start":"2026-03-02T03:30:00Z","end":"2026-03-02T03:31:00Z"}`))
		}, 0},
		"a conversation of two": {func(j *whatif.Judge) error {
			return j.Conversation(&firedoor.Conversation{Segment: "untagged", Protocol: "ptp", Client: firedoor.Address{MAC: "02:00:00:00:00:02"}, Server: firedoor.Address{MAC: "02:00:00:00:00:01"}, Flows: 2, First: "2026-03-02T06:00:00Z"})
		}, 0},
		"over IP": {func(j *whatif.Judge) error {
			return j.Line([]byte(`{"kind":"operation",` + set + `"time":"2026-03-02T03:30:00Z","client":{"ip":"10.0.0.2","port":320,"mac":"02:00:00:00:00:02"},"server":{"ip":"10.0.0.1","port":320,"mac":"02:00:00:00:00:01"}}`))
		}, 1},
	} {
		j := whatif.New(plan, false)
		if err := c.tell(j); err != nil {
			t.Fatal(err)
		}
		if r := j.Report(); r.StoppedOperations != c.stopped || r.Operations != c.stopped || r.Connections+r.Undecided != 0 {
			t.Errorf("%s: %+v", name, r)
		}
	}
}
