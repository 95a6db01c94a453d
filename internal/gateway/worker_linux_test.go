package gateway

import (
	"bytes"
	"testing"

	"firedoor/internal/policy"
	"firedoor/internal/policyfile"
)

// TestOneReadingOfAPolicy holds that an order with the text of the one before does not have it
// read again, and that isolations are those of the order.
func TestOneReadingOfAPolicy(t *testing.T) {
	text := func(name string) []byte {
		p := testPlan(t).Policy
		p.Name = name
		var b bytes.Buffer
		if err := policyfile.Write(&b, p, ""); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	p := &policies{known: testKnown()}
	ready := func(o order) *policy.Plan {
		t.Helper()
		plan, err := p.ready(&o)
		if err != nil {
			t.Fatal(err)
		}
		return plan
	}
	ready(order{Policy: text("one")})
	first := p.plan
	if plan := ready(order{Policy: text("one"), Isolations: []policy.Isolation{{Verb: policy.Quarantine, Host: "plc"}}}); p.plan != first || len(plan.Isolations()) != 1 {
		t.Errorf("read again: %v; isolations: %+v", p.plan != first, plan.Isolations())
	}
	if plan := ready(order{Policy: text("one")}); len(plan.Isolations()) != 0 {
		t.Errorf("isolations of an order before: %+v", plan.Isolations())
	}
	if _, err := p.ready(&order{Policy: []byte("policy: 2")}); err == nil {
		t.Error("a wrong policy is taken")
	}
	if plan := ready(order{Policy: text("two")}); plan.Policy.Name != "two" {
		t.Errorf("another policy: %+v", plan.Policy.Name)
	}
}
