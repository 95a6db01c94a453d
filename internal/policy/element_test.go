package policy_test

import (
	"slices"
	"testing"

	"firedoor"
	"firedoor/internal/policy"
)

// TestElementInMemory holds that elements are counted as their protocol counts them, and that each has one place
// by whatever name.
func TestElementInMemory(t *testing.T) {
	for _, c := range []struct {
		protocol, object string
		element          uint64
		want, same       string
	}{
		{"s7comm", "DB1.DBW10", 2, "DB1.DBW14", "DI1.DIW14"},
		{"s7comm", "DB1.DBX0.6", 2, "DB1.DBX1.0", "DI1.DIX1.0"},
		{"s7comm", "DI1.DIB3", 0, "DI1.DIB3", "DB1.DBB3"},
		{"s7comm", "T5", 2, "T7", "T7"},
		{"melsec", "B:10", 10, "B:1A", "B:1A"},
		{"melsec", "R-block:1/100", 1, "R-direct:32869", "R-block:1/101"},
		{"melsec", "client/D:5", 3, "client/D:8", "client/D:8"},
		{"fins", "CIO:12.14", 2, "CIO:13.00", "CIO:13.00"},
		{"ge_srtp", "%I.byte:2", 1, "%I.byte:3", "%I.byte:3"},
		{"cip", "Counts", 0, "Counts", "COUNTS[0]"},
		{"cip", "Counts", 3, "Counts[3]", "counts[3]"},
		{"cip", "Counts[2]", 3, "Counts[5]", "Counts[5]"},
		{"cip", "Grid[1,2]", 3, "Grid[1,5]", "grid[1,5]"},
		{"cip", "Motor.Speed", 0, "Motor.Speed", "motor.speed[0]"},
		{"modbus", "holding:4", 2, "holding:6", "holding:6"},
		{"opcua", "Counts[2]", 1, "Counts[2]+1", "Counts[2]+1"},
	} {
		got, ok := policy.ElementIn(nil, c.protocol, []byte(c.object), c.element)
		if string(got) != c.want || !ok {
			t.Errorf("%s: element %d of %s is %s, %t, want %s", c.protocol, c.element, c.object, got, ok, c.want)
		}
		place := func(text string) string {
			return string(policy.AppendPlace(nil, c.protocol, []byte(text), firedoor.U16))
		}
		if place(c.want) != place(c.same) {
			t.Errorf("%s: %s and %s are two places", c.protocol, c.want, c.same)
		}
	}
	for _, two := range [][3]string{{"s7comm", "DB1.DBW10", "DB1.DBB10"}, {"s7comm", "DB1.DBW10", "MW10"}, {"cip", "A[1]", "A[2]"}, {"cip", "A.b", "A.c"}, {"melsec", "D:5", "client/D:5"}, {"modbus", "coil:1", "COIL:1"}} {
		if string(policy.AppendPlace(nil, two[0], []byte(two[1]), firedoor.U16)) == string(policy.AppendPlace(nil, two[0], []byte(two[2]), firedoor.U16)) {
			t.Errorf("%s: %s and %s are one place", two[0], two[1], two[2])
		}
	}
	if _, ok := policy.ElementIn(nil, "cip", []byte("Counts/offset:8"), 0); ok {
		t.Error("of a part of a tag that is moved in parts it is known where its elements are")
	}
}

// TestValueOfAMember holds that what is written to a member of a tag is not taken for the value of the tag: a bit of a
// number makes any number of it.
func TestValueOfAMember(t *testing.T) {
	for _, c := range []struct {
		asked string
		value float64
		want  firedoor.Action
	}{
		{"Motor.Speed", 5, firedoor.Pass}, {"MOTOR.speed", 5, firedoor.Pass}, {"Motor.Speed", 700, firedoor.Drop},
		{"Motor.Speed.9", 1, firedoor.Drop}, {"Motor", 5, firedoor.Drop}, {"Motor.Current", 700, firedoor.Pass},
	} {
		p := plant(policy.Enforce, policy.Rule{Verdict: firedoor.Drop, Match: policy.Match{Protocols: []string{"cip"}, Objects: []policy.Object{object("Motor.Speed")}, Values: &policy.Span{Min: 100, Max: 1000}}})
		p.Conduits[0].Default = firedoor.Pass
		plan := compileMemory(t, p)
		a := ask{client: "10.0.1.1", server: "10.0.2.1", transport: 6, port: 44818, protocol: "cip", verb: firedoor.VerbWrite, unit: -1, object: c.asked, quantity: 1, value: &c.value}
		if v := policy.Decide(plan, a.request(plan)); v.Action != c.want {
			t.Errorf("%s written with %g: %s", c.asked, c.value, v.Action)
		}
	}
}

// TestKindsOfNumbersOfS7 holds that by a rule for floating point nothing passes that its client calls a whole number, nor the
// other way round: a controller takes the bytes either way.
func TestKindsOfNumbersOfS7(t *testing.T) {
	for form, passes := range map[policy.Form][]firedoor.ValueType{policy.F32: {firedoor.F32}, policy.I32: {firedoor.U32, firedoor.I32}, policy.AsWritten: {firedoor.F32, firedoor.U32, firedoor.I32}} {
		p := plant(policy.Enforce, policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"s7comm"}, Objects: []policy.Object{object("DB1.DBD8")}, Values: &policy.Span{Min: 100, Max: 680}, As: form}})
		p.Conduits[0].Default = firedoor.Drop
		plan := compileMemory(t, p)
		for _, kind := range []firedoor.ValueType{firedoor.F32, firedoor.U32, firedoor.I32} {
			raw := []byte{0, 0, 1, 244} // 500
			if kind == firedoor.F32 {
				raw = []byte{0x43, 0xfa, 0, 0}
			}
			a := ask{client: "10.0.1.1", server: "10.0.2.1", transport: 6, port: 102, protocol: "s7comm", verb: firedoor.VerbWrite, unit: -1, object: "DB1.DBD8", quantity: 1}
			r := a.request(plan)
			r.Values = &firedoor.Values{Type: kind, Count: 1, Raw: raw}
			if v := policy.Decide(plan, r); (v.Action == firedoor.Pass) != slices.Contains(passes, kind) {
				t.Errorf("as %q, %v: %s", form, kind, v.Action)
			}
		}
	}
}

// TestStepOfOneValueOfManyOctets holds that a value whose request counts octets is a step like any other.
func TestStepOfOneValueOfManyOctets(t *testing.T) {
	p := plant(policy.Enforce, policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Objects: []policy.Object{{Text: "MAIN.level"}}, Step: 5}})
	p.Conduits[0].Default = firedoor.Drop
	plan := compileMemory(t, p)
	for each, want := range map[int32]firedoor.Action{0: firedoor.Pass, firedoor.Filled: firedoor.Drop} {
		value := 12.0
		a := ask{client: "10.0.1.1", server: "10.0.2.1", transport: 6, port: 48898, protocol: "ads", verb: firedoor.VerbWrite, unit: -1, object: "MAIN.level", quantity: 4, value: &value}
		r := a.request(plan)
		r.Values.Each = each
		r.Before = func(int) (float64, bool) { return 10, true }
		if v := policy.Decide(plan, r); v.Action != want {
			t.Errorf("each %d: %s", each, v.Action)
		}
	}
}
