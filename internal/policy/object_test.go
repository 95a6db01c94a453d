package policy_test

import (
	"testing"

	"firedoor"
	"firedoor/internal/policy"
)

func TestElement(t *testing.T) {
	for _, c := range []struct {
		object  string
		element uint64
		want    string
	}{
		{"holding:0", 4, "holding:4"}, {"holding:7", 0, "holding:7"}, {"D100", 12, "D112"}, {"DB1.DBB0", 3, "DB1.DBB3"}, {"DB1.DBW0", 4, "DB1.DBW8"}, {"DB1.DBD4", 1, "DB1.DBD8"},
		{"DB1.DBX0.3", 2, "DB1.DBX0.5"}, {"MW4", 2, "MW8"}, {"ID4", 1, "ID8"}, {"DI2.DIW4", 1, "DI2.DIW6"}, {"D4", 1, "D5"}, {"MB4", 1, "MB5"}, {"IW", 1, "IW+1"}, {"Motor1", 4, "Motor1+4"}, {"Motor1", 0, "Motor1"}, {"tag", 1, "tag+1"}, {"", 1, "+1"}, {"007", 1, "007+1"},
	} {
		if got := string(policy.Element(nil, []byte(c.object), c.element)); got != c.want {
			t.Errorf("element %d of %s is %s, want %s", c.element, c.object, got, c.want)
		}
	}
}

// TestLengthsCount holds that what passes covers all elements that are asked for, and what
// is stopped is so for any of them, however the object is written.
func TestLengthsCount(t *testing.T) {
	holdObjects(t, 502, "modbus", []objectCase{
		{policy.Object{Text: "D100"}, "D100", 1, true, true},
		{policy.Object{Text: "D100"}, "D100", 900, false, true},
		{policy.Object{Text: "D100"}, "D0", 101, false, true},
		{policy.Object{Text: "D100"}, "D0", 100, false, false},
		{policy.Object{Text: "DB1.DBB0"}, "DB1.DBB0", 900, false, true},
		{policy.Object{Text: "DB1.DBX0.3"}, "DB1.DBX0.0", 8, false, true},
		{policy.Object{Text: "Motor1"}, "Motor1", 5, true, true},
		{policy.Object{Text: "class:0x6b/instance:1"}, "class:0x6b/instance:1", 2, false, true},
		{policy.Object{Text: "D10", Open: true}, "D100", 10, true, true},
		{policy.Object{Text: "D10", Open: true}, "D100", 11, false, true},
		{policy.Object{Text: "D10", Open: true}, "D0", 11, false, true},
		{policy.Object{Text: "D10", Open: true}, "D11", 5, false, false},
		{policy.Object{Text: "D", Open: true}, "D0", 5000, true, true},
	})
}

// objectCase is a rule's object, what a request asks for, and whether the object covers all of that, or any of it.
type objectCase struct {
	object   policy.Object
	asked    string
	quantity uint32
	all, any bool
}

// holdObjects holds that a rule which lets an object pass does so for requests that it covers wholly, and that one which
// stops it stops what it covers in part.
func holdObjects(t *testing.T, port uint16, protocol string, cases []objectCase) {
	t.Helper()
	for _, c := range cases {
		for _, verdict := range []firedoor.Action{firedoor.Pass, firedoor.Drop} {
			p := plant(policy.Enforce, policy.Rule{Verdict: verdict, Match: policy.Match{Objects: []policy.Object{c.object}}})
			want := c.all
			if p.Conduits[0].Default = firedoor.Drop; verdict == firedoor.Drop {
				p.Conduits[0].Default, want = firedoor.Pass, !c.any
			}
			a := ask{client: "10.0.1.1", server: "10.0.2.1", transport: 6, port: port, protocol: protocol, unit: -1, object: c.asked, quantity: c.quantity}
			plan := compile(t, p)
			if v := policy.Decide(plan, a.request(plan)); (v.Says == firedoor.Pass) != want {
				t.Errorf("%s: %s, %d of them: %s", c.object, c.asked, c.quantity, v.Says)
			}
		}
	}
}
