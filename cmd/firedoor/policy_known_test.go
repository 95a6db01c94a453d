package main

import (
	"slices"
	"testing"

	"firedoor/internal/policy"
	"firedoor/internal/protocol/all"
)

// TestEveryProtocolIsFoundSomewhere holds that a rule of a protocol alone opens ports or
// EtherTypes of that protocol and not all there are.
func TestEveryProtocolIsFoundSomewhere(t *testing.T) {
	k := known()
	for _, name := range k.Protocols {
		if len(k.Ports(name)) == 0 {
			t.Errorf("%s is found nowhere", name)
		}
	}
	for _, p := range all.List {
		for _, number := range p.Ethernet {
			if !slices.Contains(k.Ports(p.Name), policy.Port{Transport: policy.Link, Number: number}) {
				t.Errorf("%s is not found at EtherType %#x", p.Name, number)
			}
		}
	}
}
