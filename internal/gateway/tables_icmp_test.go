package gateway

import (
	"testing"

	"firedoor"
	"firedoor/internal/datapath"
	"firedoor/internal/policy"
)

// TestTablesOfICMP holds that a rule about ICMP opens ICMP, and nothing else.
func TestTablesOfICMP(t *testing.T) {
	tables := Tables(testPlan(t, policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Ports: []policy.Port{{Transport: policy.ICMP}}}}), nil)
	if err := tables.Check(); err != nil {
		t.Fatal(err)
	}
	open := 0
	for _, g := range tables.Gates {
		switch {
		case g.Gate.Action != datapath.Pass:
		case g.Transport == policy.ICMP && g.Port == 0:
			open++
		default:
			t.Errorf("transport %d port %d is open", g.Transport, g.Port)
		}
	}
	for _, j := range tables.Joined {
		if j.Client != j.Server && tables.Pairs[j.Pair].Default.Action == datapath.Pass {
			t.Errorf("pair %d is open for everything", j.Pair)
		}
	}
	if open == 0 {
		t.Errorf("nothing is open: %+v", tables.Gates)
	}
}
