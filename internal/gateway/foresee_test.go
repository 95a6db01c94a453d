package gateway

import (
	"testing"

	"firedoor"
	"firedoor/internal/policy"
)

// TestForesee holds what is said in one line of what an isolation stops, and what
// machines do next.
func TestForesee(t *testing.T) {
	base := testPlan(t, policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"modbus"}}})
	learned := []firedoor.Conversation{{Segment: "untagged", Client: firedoor.Address{IP: "10.0.1.1"}, Server: firedoor.Address{IP: "10.0.2.1", Port: 502}, Protocol: "modbus", Learned: true,
		Statements: []firedoor.Statement{
			{Verb: "read", Function: "read holding registers", Code: 3, Object: "holding:0", Learned: true},
			{Verb: "read", Function: "read holding registers", Code: 3, Object: "holding:9", Learned: true},
			{Verb: "write", Function: "write single register", Code: 6, Object: "holding:1", Learned: true},
			{Verb: "program", Function: "download", Code: 90, Learned: true},
		}}}
	screen := []firedoor.Asset{{Segment: "untagged", Role: firedoor.RoleHMI, Identifiers: []firedoor.Identifier{{Kind: "ip", Value: "10.0.1.1"}}}}
	for _, c := range []struct {
		verb   policy.IsolationVerb
		assets []firedoor.Asset
		want   string
		next   string
	}{
		{policy.Quarantine, screen, "Greys 1 operator screen, cuts 2 reads, stops 1 production write, 1 change of programs or settings.", "unknown"},
		{policy.NoWrite, screen, "Greys no operator screen, cuts no read, stops 1 production write, 1 change of programs or settings.", "holds"},
		{policy.NoProgram, screen, "Greys no operator screen, cuts no read, no production write, 1 change of programs or settings.", "holds"},
		{policy.Quarantine, nil, "Blinds 1 client of which nothing says that it is an operator screen, cuts 2 reads, stops 1 production write, 1 change of programs or settings.", "unknown"},
	} {
		after, _ := base.With([]policy.Isolation{{Verb: c.verb, Host: "plc"}})
		f, next := Foresee(base, after, learned, c.assets, c.verb)
		if got := f.Sentence(); got != c.want {
			t.Errorf("%s: %s", c.verb, got)
		}
		if len(next) != 1 || next[0].Protocol != "modbus" || next[0].Next != c.next {
			t.Errorf("%s: %+v", c.verb, next)
		}
	}
}

// TestForeseeUnread holds that a preview names what nobody can read, where an isolation stops whatever changes something.
func TestForeseeUnread(t *testing.T) {
	base := testPlan(t, policy.Rule{Verdict: firedoor.Pass})
	learned := []firedoor.Conversation{{Segment: "untagged", Client: firedoor.Address{IP: "10.0.1.1"}, Server: firedoor.Address{IP: "10.0.2.1", Port: 9999}, Protocol: "udp", Learned: true, Flows: 3}}
	for verb, want := range map[policy.IsolationVerb]int{policy.NoWrite: 1, policy.NoProgram: 1} {
		after, _ := base.With([]policy.Isolation{{Verb: verb, Host: "plc", Cap: 100}})
		out, _ := Preview(base, after, learned)
		if len(out) != want || want > 0 && (out[0].Function != "what nobody can read" || out[0].Verdict != "drop") {
			t.Errorf("%s: %+v", verb, out)
		}
	}
}

// TestMissing holds that a decision says which of the clients that it knows a policy has no names for.
func TestMissing(t *testing.T) {
	plan := testPlan(t)
	known := plan.Policy.Hosts[0].Name
	for _, c := range []struct {
		clients []string
		want    int
	}{{nil, 0}, {[]string{known}, 0}, {[]string{known, "gone", "too"}, 2}} {
		d := Decision{Clients: c.clients}
		if got := d.Missing(plan); len(got) != c.want {
			t.Errorf("%q: %q", c.clients, got)
		}
	}
}
