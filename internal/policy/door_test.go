package policy_test

import (
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/policy"
)

// TestDoor holds what people see on a map against what would be decided.
func TestDoor(t *testing.T) {
	reads := policy.Rule{Name: "reads", Match: policy.Match{Protocols: []string{"modbus"}, Verbs: []firedoor.Verb{firedoor.VerbRead}}, Verdict: firedoor.Pass}
	all := policy.Rule{Name: "all", Match: policy.Match{Protocols: []string{"modbus"}}, Verdict: firedoor.Pass}
	for _, c := range []struct {
		name           string
		mode           policy.Mode
		rule           policy.Rule
		with           []policy.Isolation
		client, server string
		protocol       string
		want           policy.Door
		testing        bool
		says           string
	}{
		{"requests are judged", policy.Enforce, reads, nil, "10.0.1.1", "10.0.2.1", "modbus", policy.DoorGuarded, false, "each request on it is judged"},
		{"requests are judged in test", policy.Test, reads, nil, "10.0.1.1", "10.0.2.1", "modbus", policy.DoorGuarded, true, "only told what would be stopped"},
		{"nobody looks", policy.Observe, reads, nil, "10.0.1.1", "10.0.2.1", "modbus", policy.DoorOpen, false, "Everything passes"},
		{"all of it passes", policy.Enforce, all, nil, "10.0.1.1", "10.0.2.1", "modbus", policy.DoorOpen, false, `rule "all" of down`},
		{"another protocol", policy.Enforce, reads, nil, "10.0.1.1", "10.0.2.1", "s7comm", policy.DoorShut, false, "its default is drop"},
		{"another protocol in test", policy.Test, reads, nil, "10.0.1.1", "10.0.2.1", "s7comm", policy.DoorShut, true, "would be shut"},
		{"within a zone", policy.Enforce, reads, nil, "10.0.1.1", "10.0.1.2", "modbus", policy.DoorOpen, false, "both are in zone office"},
		{"no conduit", policy.Enforce, reads, nil, "10.0.3.1", "10.0.2.1", "modbus", policy.DoorShut, false, "no conduit joins dmz and cell"},
		{"isolated", policy.Observe, all, []policy.Isolation{{ID: 7, Verb: policy.Quarantine, Host: "plc"}}, "10.0.1.1", "10.0.2.1", "modbus", policy.DoorShut, false, "Decision 7 isolates it: quarantine."},
		{"no-write", policy.Observe, all, []policy.Isolation{{ID: 7, Verb: policy.NoWrite, Host: "plc"}}, "10.0.1.1", "10.0.2.1", "modbus", policy.DoorGuarded, false, "no-write"},
		{"no-write that is released", policy.Observe, all, []policy.Isolation{{ID: 7, Verb: policy.NoWrite, Host: "plc", Testing: true}}, "10.0.1.1", "10.0.2.1", "modbus", policy.DoorGuarded, true, "being released"},
	} {
		t.Run(c.name, func(t *testing.T) {
			plan, unknown := compile(t, plant(c.mode, c.rule)).With(c.with)
			if len(unknown) > 0 {
				t.Fatalf("unknown: %v", unknown)
			}
			port := uint16(502)
			if c.protocol == "s7comm" {
				port = 102
			}
			route := plan.Route(place(plan, c.client), place(plan, c.server), 6, port)
			r := &policy.Request{Route: &route, Level: policy.OfFlow, Protocol: c.protocol}
			door, testing, v := plan.Door(r)
			text := plan.DoorSentence(r, door, testing, v)
			if door != c.want || testing != c.testing || !strings.Contains(text, c.says) {
				t.Errorf("%s, testing %t: %s", door, testing, text)
			}
		})
	}
}
