package policy_test

import (
	"encoding/binary"
	"math"
	"testing"
	"time"

	"firedoor"
	"firedoor/internal/policy"
)

// registers are floating point numbers as Modbus writes them.
func registers(swapped bool, numbers ...float32) *firedoor.Values {
	v := &firedoor.Values{Type: firedoor.U16}
	for _, n := range numbers {
		b := binary.BigEndian.AppendUint32(nil, math.Float32bits(n))
		if swapped {
			b = []byte{b[2], b[3], b[0], b[1]}
		}
		v.Raw = append(v.Raw, b...)
		v.Count += 2
	}
	return v
}

// TestNumbersInTwoRegisters holds that a range looks at the number, and not at registers.
func TestNumbersInTwoRegisters(t *testing.T) {
	rule := func(as policy.Form) policy.Rule {
		return policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"modbus"}, Objects: []policy.Object{{Text: "holding:", Row: true, To: 9}}, Values: &policy.Span{Min: 8.2, Max: 8.8}, As: as}}
	}
	says := func(as policy.Form, v *firedoor.Values) firedoor.Action {
		plan := compile(t, plant(policy.Enforce, rule(as)))
		route := plan.Route(place(plan, "10.0.1.1"), place(plan, "10.0.2.1"), 6, 502)
		return policy.Decide(plan, &policy.Request{Route: &route, Level: policy.OfOperation, Protocol: "modbus", Verb: firedoor.VerbWrite, Object: []byte("holding:0"), HasQty: true, Quantity: uint32(v.Count), Values: v}).Action
	}
	odd := registers(false, 8.5)
	odd.Raw, odd.Count = odd.Raw[:2], 1
	for name, c := range map[string]struct {
		as   policy.Form
		v    *firedoor.Values
		want firedoor.Action
	}{
		"inside":           {policy.F32, registers(false, 8.5), firedoor.Pass},
		"two inside":       {policy.F32, registers(false, 8.3, 8.7), firedoor.Pass},
		"one outside":      {policy.F32, registers(false, 8.3, 14), firedoor.Drop},
		"outside":          {policy.F32, registers(false, 12.5), firedoor.Drop},
		"no number":        {policy.F32, registers(false, float32(math.NaN())), firedoor.Drop},
		"half a number":    {policy.F32, odd, firedoor.Drop},
		"nothing":          {policy.F32, &firedoor.Values{}, firedoor.Drop},
		"swapped":          {policy.F32Swapped, registers(true, 8.5), firedoor.Pass},
		"swapped, outside": {policy.F32Swapped, registers(true, 12.5), firedoor.Drop},
		"the other way":    {policy.F32, registers(true, 8.5), firedoor.Drop},
		"as it stands":     {policy.AsWritten, registers(false, 8.5), firedoor.Drop},
		"said by protocol": {policy.F32, &firedoor.Values{Type: firedoor.F32, Count: 1, Raw: registers(false, 8.5).Raw}, firedoor.Pass},
	} {
		if got := says(c.as, c.v); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// integers are numbers in 16-bit registers, as a device with the high word first has them.
func integers(words ...uint16) *firedoor.Values {
	v := &firedoor.Values{Type: firedoor.U16, Count: len(words)}
	for _, w := range words {
		v.Raw = binary.BigEndian.AppendUint16(v.Raw, w)
	}
	return v
}

// TestNumbersWithASign holds that a range below nothing is one of registers that have a sign, and that
// integers lie in two registers as well as floating point does.
func TestNumbersWithASign(t *testing.T) {
	const below = 0x10000 - 50 // -50 in a register
	says := func(verdict firedoor.Action, as policy.Form, low, high float64, v *firedoor.Values) firedoor.Action {
		p := plant(policy.Enforce, policy.Rule{Verdict: verdict, Match: policy.Match{Protocols: []string{"modbus"}, Objects: []policy.Object{{Text: "holding:", Row: true, To: 9}}, Values: &policy.Span{Min: low, Max: high}, As: as}})
		if p.Conduits[0].Default = firedoor.Drop; verdict == firedoor.Drop {
			p.Conduits[0].Default = firedoor.Pass
		}
		plan := compile(t, p)
		route := plan.Route(place(plan, "10.0.1.1"), place(plan, "10.0.2.1"), 6, 502)
		return policy.Decide(plan, &policy.Request{Route: &route, Level: policy.OfOperation, Protocol: "modbus", Verb: firedoor.VerbWrite, Object: []byte("holding:0"), HasQty: true, Quantity: uint32(v.Count), Values: v}).Action
	}
	for name, c := range map[string]struct {
		as       policy.Form
		min, max float64
		v        *firedoor.Values
		inside   bool
	}{
		"below nothing":             {policy.I16, -100, 680, integers(below), true},
		"as it stands":              {policy.AsWritten, -100, 680, integers(below), false},
		"too far below":             {policy.I16, -40, 680, integers(below), false},
		"several":                   {policy.I16, -100, 680, integers(below, 10, 680), true},
		"in two":                    {policy.I32, -100, 680, integers(0xffff, below), true},
		"in two, large":             {policy.I32, 70000, 80000, integers(1, 5000), true},
		"in two, the other way":     {policy.I32Swapped, -100, 680, integers(below, 0xffff), true},
		"in two, turned":            {policy.I32, -100, 680, integers(below, 0xffff), false},
		"without a sign":            {policy.U32, 4e9, 4.3e9, integers(0xffff, below), true},
		"without a sign, the other": {policy.U32Swapped, 70000, 80000, integers(5000, 1), true},
		"said by protocol":          {policy.I32, -100, 680, &firedoor.Values{Type: firedoor.I32, Count: 1, Raw: integers(0xffff, below).Raw}, true},
	} {
		if got := says(firedoor.Pass, c.as, c.min, c.max, c.v); (got == firedoor.Pass) != c.inside {
			t.Errorf("%s: a pass says %s", name, got)
		}
		if got := says(firedoor.Drop, c.as, c.min, c.max, c.v); (got == firedoor.Drop) != c.inside {
			t.Errorf("%s: a stop says %s", name, got)
		}
	}
	for name, v := range map[string]*firedoor.Values{"half a number": integers(1), "bits": {Type: firedoor.Bool, Count: 1, Raw: []byte{1}}, "nothing": {}} {
		if pass, stop := says(firedoor.Pass, policy.I32, -9, 9, v), says(firedoor.Drop, policy.I32, -9, 9, v); pass != firedoor.Drop || stop != firedoor.Drop {
			t.Errorf("%s: a pass says %s, a stop %s", name, pass, stop)
		}
	}
}

// TestStepsAcrossNothing holds that the step from 10 to -10 is one of 20 in a register that has a sign.
func TestStepsAcrossNothing(t *testing.T) {
	plan := compile(t, plant(policy.Enforce, policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"modbus"}, Objects: []policy.Object{{Text: "holding:", Row: true, To: 9}}, As: policy.I16, Step: 30}}))
	route := plan.Route(place(plan, "10.0.1.1"), place(plan, "10.0.2.1"), 6, 502)
	for _, c := range []struct {
		before, to uint16
		want       firedoor.Action
	}{{10, 0x10000 - 10, firedoor.Pass}, {0x10000 - 10, 10, firedoor.Pass}, {0x10000 - 10, 0x10000 - 45, firedoor.Drop}, {0x10000 - 30, 20, firedoor.Drop}} {
		before := func(int) (float64, bool) { return float64(c.before), true }
		got := policy.Decide(plan, &policy.Request{Route: &route, Level: policy.OfOperation, Protocol: "modbus", Verb: firedoor.VerbWrite, Object: []byte("holding:0"), HasQty: true, Quantity: 1, Values: integers(c.to), Before: before}).Action
		if got != c.want {
			t.Errorf("from %d to %d: %s, want %s", int16(c.before), int16(c.to), got, c.want)
		}
	}
}

// TestConnectionsByTheTime holds that a connection comes to be only while a rule holds
// that lets it, and that what has no ports is told by its protocol alone.
func TestConnectionsByTheTime(t *testing.T) {
	plan := compile(t, plant(policy.Enforce,
		policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Clients: []string{"ews"}, Protocols: []string{"modbus"}, When: &policy.Window{Days: 1 << time.Wednesday, From: 11 * 60, Until: 12 * 60}}},
		policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Clients: []string{"hmi"}, Ports: []policy.Port{{Transport: policy.ICMP}}}},
	))
	at := func(text string) int64 {
		when, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return when.UnixNano()
	}
	says := func(client string, transport uint8, port uint16, when string) firedoor.Action {
		route := plan.Route(place(plan, client), place(plan, "10.0.2.1"), transport, port)
		return policy.Decide(plan, &policy.Request{Route: &route, Level: policy.OfConnection, Time: at(when)}).Action
	}
	for _, c := range []struct {
		client    string
		transport uint8
		port      uint16
		when      string
		want      firedoor.Action
	}{
		{"10.0.1.2", 6, 502, "2026-03-04T11:30:00Z", firedoor.Pass},
		{"10.0.1.2", 6, 502, "2026-03-04T12:30:00Z", firedoor.Drop},
		{"10.0.1.2", 6, 502, "2026-03-05T11:30:00Z", firedoor.Drop},
		{"10.0.1.1", policy.ICMP, 0, "2026-03-05T11:30:00Z", firedoor.Pass},
		{"10.0.1.2", policy.ICMP, 0, "2026-03-04T11:30:00Z", firedoor.Drop},
		{"10.0.1.1", policy.ICMP6, 0, "2026-03-05T11:30:00Z", firedoor.Drop},
		{"10.0.1.1", 6, 80, "2026-03-05T11:30:00Z", firedoor.Drop},
		{"10.0.1.1", 0, 0, "2026-03-05T11:30:00Z", firedoor.Drop}, // of which nobody says what it is
	} {
		if got := says(c.client, c.transport, c.port, c.when); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

// TestHalvesOfNumbers holds that a write which begins within a number is none that a range lets pass, and is
// stopped where a range stops: its second half would be the first of another number.
func TestHalvesOfNumbers(t *testing.T) {
	for _, c := range []struct {
		verdict firedoor.Action
		object  string
		values  *firedoor.Values
		want    firedoor.Action
	}{
		{firedoor.Pass, "holding:4", registers(false, 8.5, 8.5), firedoor.Pass},
		{firedoor.Pass, "holding:6", registers(false, 8.5), firedoor.Pass},
		{firedoor.Pass, "holding:5", registers(false, 8.5), firedoor.Drop},
		{firedoor.Drop, "holding:5", registers(false, 100), firedoor.Drop},
		{firedoor.Drop, "holding:3", registers(false, 100), firedoor.Drop},
		{firedoor.Drop, "holding:6", registers(false, 100), firedoor.Pass},
		{firedoor.Drop, "holding:6", registers(false, 8.5), firedoor.Drop},
	} {
		p := plant(policy.Enforce, policy.Rule{Verdict: c.verdict, Match: policy.Match{Protocols: []string{"modbus"}, Objects: []policy.Object{{Text: "holding:", Row: true, From: 4, To: 7}}, Values: &policy.Span{Min: 8.2, Max: 8.8}, As: policy.F32}})
		if p.Conduits[0].Default = firedoor.Drop; c.verdict == firedoor.Drop {
			p.Conduits[0].Default = firedoor.Pass
		}
		plan := compile(t, p)
		route := plan.Route(place(plan, "10.0.1.1"), place(plan, "10.0.2.1"), 6, 502)
		if v := policy.Decide(plan, &policy.Request{Route: &route, Level: policy.OfOperation, Protocol: "modbus", Verb: firedoor.VerbWrite, Object: []byte(c.object), HasQty: true, Quantity: uint32(c.values.Count), Values: c.values}); v.Action != c.want {
			t.Errorf("%s by a range, %s: %s, want %s", c.verdict, c.object, v.Action, c.want)
		}
	}
}
