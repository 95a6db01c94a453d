package inline_test

import (
	"testing"

	"firedoor"
	"firedoor/internal/inline"
	"firedoor/internal/policy"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/modbus"
)

// TestMappedAddresses holds that IPv6 with an address of IPv4 in it is dropped as what cannot be read is, though that
// address's host may say anything, and a rule opens frames without IP.
func TestMappedAddresses(t *testing.T) {
	for mode, passes := range map[policy.Mode]bool{policy.Enforce: false, policy.Test: true} {
		plan, faults := policy.Compile(&policy.Policy{
			Hosts: []policy.Host{{Name: "hmi", MAC: 0x020000000001}, {Name: "plc", MAC: 0x020000000002}},
			Zones: []policy.Zone{{Name: "office", Hosts: []string{"hmi"}}, {Name: "cell", Hosts: []string{"plc"}}},
			Conduits: []policy.Conduit{{Name: "down", From: "office", To: "cell", Mode: mode, Default: firedoor.Drop, Instead: firedoor.Drop, Reviewed: policy.Review{By: "A", On: "2026-11-26"},
				Rules: []policy.Rule{{Match: policy.Match{Ports: []policy.Port{{Transport: policy.Link}}}}}}},
		}, policy.Known{Ports: func(string) []policy.Port { return nil }})
		if len(faults) > 0 {
			t.Fatalf("%+v", faults)
		}
		var told []firedoor.Verdict
		gate := inline.New(plan, []*protocol.Protocol{modbus.Protocol}, func(s *inline.Stopped) { told = append(told, s.Verdict) })
		frame := sixth(17)
		copy(frame[22:], []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 1, 1})
		gate.Frame(1772323200e9, inline.Outside, frame, func(inline.Port, []byte) {})
		if (gate.Counts.Passed == 1) != passes || len(told) != 1 {
			t.Errorf("mode %v: %d passed, told %+v", mode, gate.Counts.Passed, told)
		}
		if !passes && told[0].Reason != firedoor.ReasonUnjudged {
			t.Errorf("mode %v: told %+v", mode, told)
		}
	}
}
