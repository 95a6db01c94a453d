package policy_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"firedoor"
	"firedoor/internal/policy"
)

// known are the protocols of these tests.
func known() policy.Known {
	ports := map[string][]policy.Port{"modbus": {{Transport: 6, Number: 502}}, "s7comm": {{Transport: 6, Number: 102}}}
	return policy.Known{Ports: func(p string) []policy.Port { return ports[p] }, Protocols: []string{"modbus", "s7comm"}}
}

func host(name, address string) policy.Host {
	return policy.Host{Name: name, Addresses: []netip.Addr{netip.MustParseAddr(address)}}
}

// plant is a policy of two zones with rules in between.
func plant(mode policy.Mode, rules ...policy.Rule) *policy.Policy {
	return &policy.Policy{
		Hosts: []policy.Host{host("hmi", "10.0.1.1"), host("ews", "10.0.1.2"), host("plc", "10.0.2.1"), host("drive", "10.0.2.2")},
		Zones: []policy.Zone{
			{Name: "office", Prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.1.0/24")}},
			{Name: "cell", Prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.2.0/24")}},
			{Name: "dmz", Prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.3.0/24")}},
		},
		Conduits:  []policy.Conduit{{Name: "down", From: "office", To: "cell", Mode: mode, Default: firedoor.Drop, Reviewed: policy.Review{By: "A", On: "2026-11-26"}, Rules: rules}},
		Otherwise: policy.Otherwise{Mode: policy.Enforce, Default: firedoor.Drop},
	}
}

func compile(t rapid.TB, p *policy.Policy) *policy.Plan {
	t.Helper()
	plan, faults := policy.Compile(p, known())
	if len(faults) > 0 {
		t.Fatalf("faults: %+v", faults)
	}
	return plan
}

func place(plan *policy.Plan, address string) policy.Place {
	return plan.Place("untagged", firedoor.IPFrom(netip.MustParseAddr(address)), 0)
}

// ask is one request of a test.
type ask struct {
	client, server string
	port           uint16
	protocol       string
	verb           firedoor.Verb
	function       string
	code           uint32
	unit           int // -1 is none
	object         string
	quantity       uint32
	value          *float64
	minute         int
}

var sunday = time.Date(2026, time.March, 1, 0, 0, 0, 0, time.UTC)

func (a *ask) request(plan *policy.Plan) *policy.Request {
	route := plan.Route(place(plan, a.client), place(plan, a.server), 6, a.port)
	r := &policy.Request{Route: &route, Level: policy.OfOperation, Protocol: a.protocol, Verb: a.verb, Function: a.function, Code: a.code, Object: []byte(a.object),
		Time: sunday.Add(time.Duration(a.minute) * time.Minute).UnixNano()}
	if a.unit >= 0 {
		r.HasUnit, r.Unit = true, uint32(a.unit)
	}
	if a.quantity > 0 {
		r.HasQty, r.Quantity = true, a.quantity
	}
	if a.value != nil {
		r.Values = &firedoor.Values{Type: firedoor.F64, Count: 1, Raw: binary.BigEndian.AppendUint64(nil, math.Float64bits(*a.value))}
	}
	return r
}

func some[T any](values ...T) *rapid.Generator[[]T] {
	return rapid.SliceOfN(rapid.SampledFrom(values), 0, 2)
}

// anyMatch draws what a rule asks for, from so few values that rules meet.
func anyMatch(t *rapid.T) policy.Match {
	m := policy.Match{
		Clients:   some("hmi", "ews", "office").Draw(t, "clients"),
		Servers:   some("plc", "drive", "cell").Draw(t, "servers"),
		Protocols: some("modbus", "s7comm").Draw(t, "protocols"),
		Verbs:     some(firedoor.VerbRead, firedoor.VerbWrite).Draw(t, "verbs"),
		Functions: some("f", "g").Draw(t, "functions"),
		Codes:     some[uint32](3, 6).Draw(t, "codes"),
		Units:     some[uint32](1, 2).Draw(t, "units"),
	}
	for range rapid.IntRange(0, 2).Draw(t, "objects") {
		from := rapid.Uint64Range(0, 6).Draw(t, "from")
		m.Objects = append(m.Objects, rapid.SampledFrom([]policy.Object{
			{Text: "holding:", Row: true, From: from, To: from + rapid.Uint64Range(0, 4).Draw(t, "more")}, {Text: "DB1.", Open: true}, {Text: "DB1.X0"}, {Text: "tag"}}).Draw(t, "object"))
	}
	if len(m.Objects) > 0 && rapid.Bool().Draw(t, "valued") {
		low := rapid.Float64Range(0, 5).Draw(t, "low")
		m.Values = &policy.Span{Min: math.Floor(low), Max: math.Floor(low) + 2}
	}
	if rapid.IntRange(0, 3).Draw(t, "timed") == 0 {
		m.When = &policy.Window{Days: uint8(rapid.IntRange(0, 127).Draw(t, "days")), From: uint16(60 * rapid.IntRange(0, 23).Draw(t, "from")), Until: uint16(60 * rapid.IntRange(0, 23).Draw(t, "until"))}
	}
	return m
}

func anyRules(t *rapid.T) (rules []policy.Rule) {
	for i := range rapid.IntRange(0, 6).Draw(t, "rules") {
		rules = append(rules, policy.Rule{Name: fmt.Sprint("r", i), Match: anyMatch(t),
			Verdict: rapid.SampledFrom([]firedoor.Action{firedoor.Pass, firedoor.Refuse, firedoor.Drop, firedoor.Reset}).Draw(t, "verdict")})
	}
	return rules
}

func anyAsk(t *rapid.T) ask {
	a := ask{
		client:   rapid.SampledFrom([]string{"10.0.1.1", "10.0.1.2", "10.0.1.77"}).Draw(t, "client"),
		server:   rapid.SampledFrom([]string{"10.0.2.1", "10.0.2.2", "10.0.2.77"}).Draw(t, "server"),
		port:     rapid.SampledFrom([]uint16{502, 102, 80}).Draw(t, "port"),
		protocol: rapid.SampledFrom([]string{"modbus", "s7comm", "http"}).Draw(t, "protocol"),
		verb:     rapid.SampledFrom([]firedoor.Verb{firedoor.VerbRead, firedoor.VerbWrite, firedoor.VerbProgram}).Draw(t, "verb"),
		function: rapid.SampledFrom([]string{"f", "g", "h"}).Draw(t, "function"),
		code:     rapid.SampledFrom([]uint32{3, 6, 16}).Draw(t, "code"),
		unit:     rapid.IntRange(-1, 3).Draw(t, "unit"),
		object:   rapid.SampledFrom([]string{"", "holding:0", "holding:3", "holding:8", "holding:x", "DB1.X0", "DB1.X1", "tag"}).Draw(t, "object"),
		quantity: rapid.Uint32Range(0, 4).Draw(t, "quantity"),
		minute:   rapid.IntRange(0, 7*24*60-1).Draw(t, "minute"),
	}
	if rapid.Bool().Draw(t, "has value") {
		v := rapid.Float64Range(0, 8).Draw(t, "value")
		a.value = &v
	}
	return a
}

// oracle matches a request as the format page says it, one rule after the other.
func (a *ask) matches(m *policy.Match, pass bool) bool {
	names := map[string]string{"10.0.1.1": "hmi", "10.0.1.2": "ews", "10.0.2.1": "plc", "10.0.2.2": "drive"}
	end := func(list []string, address, zone string) bool {
		return len(list) == 0 || contains(list, names[address]) || contains(list, zone)
	}
	if !end(m.Clients, a.client, "office") || !end(m.Servers, a.server, "cell") || !in(m.Protocols, a.protocol) || !in(m.Verbs, a.verb) ||
		!in(m.Functions, a.function) || !in(m.Codes, a.code) {
		return false
	}
	ports := map[string]uint16{"modbus": 502, "s7comm": 102}
	open := len(m.Protocols) == 0
	for _, p := range m.Protocols {
		open = open || ports[p] == a.port
	}
	if !open || len(m.Units) > 0 && (a.unit < 0 || !contains(m.Units, uint32(a.unit))) || !a.objectIn(m.Objects, pass) {
		return false
	}
	if m.Values != nil && (a.value == nil && pass || a.value != nil && (*a.value < m.Values.Min || *a.value > m.Values.Max)) {
		return false
	}
	return m.When == nil || a.timeIn(m.When)
}

func (a *ask) objectIn(objects []policy.Object, pass bool) bool {
	for _, o := range objects {
		switch {
		case o.Row:
			var n uint64
			if _, err := fmt.Sscanf(a.object, "holding:%d", &n); err != nil {
				continue
			}
			hit := 0
			for i := range max(uint64(a.quantity), 1) {
				if n+i >= o.From && n+i <= o.To {
					hit++
				}
			}
			if pass && hit == int(max(a.quantity, 1)) || !pass && hit > 0 {
				return true
			}
		case o.Open && a.object != "" && strings.HasPrefix(a.object, o.Text), !o.Open && a.object == o.Text:
			return true
		}
	}
	return len(objects) == 0
}

func (a *ask) timeIn(w *policy.Window) bool {
	day, minute := a.minute/1440, uint16(a.minute%1440)
	on := func(d int) bool { return w.Days == 0 || w.Days>>((d+7)%7)&1 == 1 }
	switch {
	case w.From == w.Until:
		return on(day)
	case w.From < w.Until:
		return on(day) && minute >= w.From && minute < w.Until
	}
	return on(day) && minute >= w.From || on(day-1) && minute < w.Until
}

func contains[T comparable](list []T, v T) bool {
	for _, x := range list {
		if x == v {
			return true
		}
	}
	return false
}

func in[T comparable](list []T, v T) bool { return len(list) == 0 || contains(list, v) }

// TestFirstMatchDecides holds the index against rules looked at one after the other.
func TestFirstMatchDecides(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules := anyRules(t)
		p := plant(policy.Enforce, rules...)
		never := anyRules(t)
		for i := range never {
			never[i].Verdict = firedoor.Pass
		}
		p.Conduits[0].NeverBlock = never
		plan := compile(t, p)
		for range 20 {
			a := anyAsk(t)
			want := firedoor.Verdict{Action: firedoor.Drop, Says: firedoor.Drop, Reason: firedoor.ReasonDefault, Rule: -1}
			for i := len(rules) - 1; i >= 0; i-- {
				if v := rules[i].Verdict; a.matches(&rules[i].Match, v == firedoor.Pass) {
					want = firedoor.Verdict{Action: v, Says: v, Reason: firedoor.ReasonRule, Rule: int32(len(never) + i)}
				}
			}
			for i := len(never) - 1; i >= 0; i-- {
				if a.matches(&never[i].Match, true) {
					want = firedoor.Verdict{Reason: firedoor.ReasonNeverBlock, Rule: int32(i)}
				}
			}
			if got := policy.Decide(plan, a.request(plan)); got != want {
				t.Fatalf("%+v\nis %+v, one rule after the other says %+v", a, got, want)
			}
		}
	})
}

// TestProofHolds asks a thousand things where nothing should pass, and where there is
// a way asks for something that passes.
func TestProofHolds(t *testing.T) {
	ways, proofs := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		p := plant(policy.Enforce, anyRules(t)...)
		if rapid.Bool().Draw(t, "open") {
			p.Conduits[0].Default = firedoor.Pass
		}
		plan := compile(t, p)
		q := policy.Question{Verb: rapid.SampledFrom([]firedoor.Verb{0, firedoor.VerbWrite}).Draw(t, "verb"), Protocol: rapid.SampledFrom([]string{"", "modbus"}).Draw(t, "protocol")}
		path, undecided, err := plan.Prove("office", "cell", q)
		if err != nil || undecided {
			t.Fatalf("undecided %v, %v", undecided, err)
		}
		if path != nil {
			ways++
			return
		}
		proofs++
		for range 100 {
			a := anyAsk(t)
			if q.Verb != 0 {
				a.verb = q.Verb
			}
			if q.Protocol != "" {
				a.protocol = q.Protocol
			}
			if v := policy.Decide(plan, a.request(plan)); v.Action == firedoor.Pass {
				t.Fatalf("proved that nothing passes, but %+v does: %+v", a, v)
			}
		}
	})
	if !t.Failed() && (ways == 0 || proofs == 0) {
		t.Errorf("%d ways and %d proofs: the rules drawn show only one of them", ways, proofs)
	}
}

// TestShadowedRulesNeverDecide holds what Study says of rules against requests.
func TestShadowedRulesNeverDecide(t *testing.T) {
	told := 0
	rapid.Check(t, func(t *rapid.T) {
		plan := compile(t, plant(policy.Enforce, anyRules(t)...))
		dead := map[string]bool{}
		for _, f := range plan.Study() {
			if f.Kind == "shadowed" {
				told++
				dead[strings.Fields(f.Text)[1]] = true
			}
		}
		for range 50 {
			a := anyAsk(t)
			if v := policy.Decide(plan, a.request(plan)); v.Rule >= 0 && dead[fmt.Sprintf("%q", plan.Rule(v.Rule).Name)] {
				t.Fatalf("%s was told never to decide, but does so for %+v", plan.Rule(v.Rule).Name, a)
			}
		}
	})
	if told == 0 && !t.Failed() {
		t.Error("no rule drawn was shadowed: the test shows nothing")
	}
}
