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
