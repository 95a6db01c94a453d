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
