package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"firedoor"
	"firedoor/internal/policy"
)

// neverFunctions are some of Modbus, all that can be told at fixed places among them.
var neverFunctions = []policy.Function{{Code: 1, Verb: firedoor.VerbRead, Words: "read coils"}, {Code: 2, Verb: firedoor.VerbRead, Words: "read discrete inputs"},
	{Code: 3, Verb: firedoor.VerbRead, Words: "read holding registers"}, {Code: 4, Verb: firedoor.VerbRead, Words: "read input registers"}, {Code: 5, Verb: firedoor.VerbWrite, Words: "write single coil"},
	{Code: 6, Verb: firedoor.VerbWrite, Words: "write single register"}, {Code: 15, Verb: firedoor.VerbWrite, Words: "write multiple coils"}, {Code: 16, Verb: firedoor.VerbWrite, Words: "write multiple registers"},
	{Code: 22, Verb: firedoor.VerbWrite, Words: "mask write register"}}

var neverSpaces = map[uint32]string{1: "coil", 2: "discrete", 3: "holding", 4: "input", 5: "coil", 6: "holding", 15: "coil", 16: "holding", 22: "holding"}

// anyNever draws a rule of what is never blocked.
func anyNever(t *rapid.T) policy.Rule {
	m := policy.Match{Clients: some("hmi", "ews", "office").Draw(t, "clients"), Servers: some("plc", "cell").Draw(t, "servers"), Protocols: []string{"modbus"},
		Units: some[uint32](0, 1, 3).Draw(t, "units")}
	switch rapid.IntRange(0, 3).Draw(t, "asks") {
	case 0:
		m.Verbs = some(firedoor.VerbRead, firedoor.VerbWrite).Draw(t, "verbs")
	case 1:
		m.Codes = some[uint32](1, 3, 5, 6, 15, 16, 22, 90).Draw(t, "codes")
	case 2:
		m.Functions = some("write single coil", "write single register", "write multiple registers", "read coils").Draw(t, "functions")
	}
	for range rapid.IntRange(0, 2).Draw(t, "objects") {
		from := uint64(rapid.IntRange(0, 6).Draw(t, "from"))
		m.Objects = append(m.Objects, rapid.SampledFrom([]policy.Object{{Text: "coil:", Row: true, From: from, To: from}, {Text: "holding:", Row: true, From: from, To: from + 3},
			{Text: "holding:", Row: true, From: 65534, To: 70000}, {Text: "coil:", Open: true}, {Text: "h", Open: true}, {Text: "coil:1", Open: true}, {Text: "tag"}}).Draw(t, "object"))
	}
	if len(m.Objects) > 0 && rapid.IntRange(0, 2).Draw(t, "valued") == 0 {
		low := float64(rapid.IntRange(-1, 3).Draw(t, "low")) / 2
		m.Values = &policy.Span{Min: low, Max: low + float64(rapid.IntRange(0, 3).Draw(t, "range"))/2}
		m.As = rapid.SampledFrom([]policy.Form{policy.AsWritten, policy.AsWritten, policy.F32, policy.I16, policy.I32}).Draw(t, "as")
	}
	if rapid.IntRange(0, 9).Draw(t, "timed") == 0 {
		m.When = &policy.Window{From: 60, Until: 120}
	}
	return policy.Rule{Name: fmt.Sprintf("n%d", rapid.Int().Draw(t, "name")), Match: m}
}

// anyWire draws a request as it would come by, and the value that it writes.
func anyWire(t *rapid.T) (q policy.Request, unit uint8, at, n, value uint16) {
	f := rapid.SampledFrom(neverFunctions).Draw(t, "function")
	unit, at, n = uint8(rapid.SampledFrom([]int{0, 1, 2, 3}).Draw(t, "unit")), uint16(rapid.SampledFrom([]int{0, 1, 2, 3, 4, 5, 6, 7, 65534, 65535}).Draw(t, "at")), 1
	if f.Code < 5 || f.Code == 15 || f.Code == 16 {
		n = uint16(rapid.IntRange(1, 3).Draw(t, "quantity"))
	}
	q = policy.Request{Level: policy.OfOperation, Protocol: "modbus", Verb: f.Verb, Code: f.Code, Function: f.Words, HasUnit: true, Unit: uint32(unit), HasQty: true, Quantity: uint32(n),
		Object: fmt.Appendf(nil, "%s:%d", neverSpaces[f.Code], at), Time: sunday.UnixNano()}
	switch value = uint16(rapid.IntRange(0, 3).Draw(t, "value")); f.Code {
	case 5, 15:
		value = min(value, 1)
		q.Values = &firedoor.Values{Type: firedoor.Bit, Count: int(n), Raw: []byte{byte(value)}}
	case 6, 16:
		q.Values = &firedoor.Values{Type: firedoor.U16, Count: int(n), Raw: []byte{0, byte(value), 0, 1, 0, 2}}
	}
	return q, unit, at, n, value
}

// TestNeversAreNeverBlocked holds that what is told apart at fixed places Decide lets pass as
// never blocked, isolations included; and that whatever of Modbus is never blocked is told by
// its code or apart, or else its rule is told to whoever checks the policy.
func TestNeversAreNeverBlocked(t *testing.T) {
	apart, told := 0, 0
	for range 50 { // few of those drawn are told
		rapid.Check(t, func(t *rapid.T) { tryNever(t, &apart, &told) })
		if apart > 0 && told > 0 {
			return
		}
	}
	t.Errorf("%d were told apart and %d by their rule: one of them is not tried", apart, told)
}

// tryNever counts what is told apart, and what is told by its rule.
func tryNever(t *rapid.T, apart, told *int) {
	reads := policy.Rule{Match: policy.Match{Protocols: []string{"modbus"}, Verbs: []firedoor.Verb{firedoor.VerbRead}}, Verdict: firedoor.Pass}
	p := plant(rapid.SampledFrom([]policy.Mode{policy.Test, policy.Enforce}).Draw(t, "mode"), reads)
	for range rapid.IntRange(1, 3).Draw(t, "rules") {
		p.Conduits[0].NeverBlock = append(p.Conduits[0].NeverBlock, anyNever(t))
	}
	if rapid.IntRange(0, 9).Draw(t, "open port") == 0 {
		p.Conduits[0].Rules = append(p.Conduits[0].Rules, policy.Rule{Match: policy.Match{Protocols: []string{"s7comm"}, Ports: []policy.Port{{Number: 502}}}, Verdict: firedoor.Pass})
	}
	k := known()
	k.Functions = func(string) []policy.Function { return neverFunctions }
	base, faults := policy.Compile(p, k)
	if len(faults) > 0 {
		t.Fatalf("%+v", faults)
	}
	isolations := anyIsolations(t, 2)
	for i := range isolations {
		isolations[i].Testing = rapid.IntRange(0, 3).Draw(t, "released") == 0
	}
	plan, _ := base.With(isolations)
	route := plan.Route(place(plan, rapid.SampledFrom([]string{"10.0.1.1", "10.0.1.9"}).Draw(t, "client")), place(plan, "10.0.2.1"), 6, 502)
	q, unit, at, n, value := anyWire(t)
	q.Route = &route
	v := policy.Decide(plan, &q)
	covered := false
	for _, one := range plan.Nevers(&route, neverFunctions) {
		covered = covered || one.Codes>>q.Code&1 == 1 && (!one.HasUnit || one.Unit == unit) && at >= one.From && int(at)+int(n)-1 <= int(one.To) &&
			(q.Code != 5 && q.Code != 6 || value >= one.Low && value <= one.High)
	}
	passes := v.Action == firedoor.Pass && v.Reason == firedoor.ReasonNeverBlock
	if covered && !passes {
		t.Fatalf("%+v passes apart, and Decide says %+v", q, v)
	}
	fate := plan.Codes(&route, "modbus", []policy.Function{{Code: q.Code, Verb: q.Verb, Words: q.Function}})[0]
	if covered {
		*apart++
	}
	if !passes || covered || fate.Certain || int(at)+int(n)-1 > 65535 {
		return
	}
	named := false
	for _, f := range base.Study() {
		named = named || f.Kind == "unjudged" && strings.Contains(f.Text, base.RuleName(v.Rule))
	}
	if *told++; !named {
		t.Fatalf("%+v is never blocked by %s, does not pass while nobody judges, and nobody is told", q, base.RuleName(v.Rule))
	}
}
