package policy_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"firedoor"
	"firedoor/internal/policy"
)

// known are the protocols of these tests.
func known() policy.Known {
	return policy.Known{Ports: func(p string) []policy.Port { return usual[p] }, Protocols: []string{"modbus", "s7comm", "goose", "ecat", "quiet"}}
}

// usual are the ports of the protocols of these tests; quiet is told by its content alone.
var usual = map[string][]policy.Port{"modbus": {{Transport: 6, Number: 502}}, "s7comm": {{Transport: 6, Number: 102}},
	"goose": {{Transport: policy.Link, Number: 0x88b8}}, "ecat": {{Transport: 17, Number: 34980}, {Transport: policy.Link, Number: 0x88a4}}}

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
	transport      uint8
	port           uint16
	protocol       string
	verb           firedoor.Verb
	function       string
	code           uint32
	unit           int // -1 is none
	object         string
	quantity       uint32
	value, second  *float64 // what is written
	minute         int
}

var sunday = time.Date(2026, time.March, 1, 0, 0, 0, 0, time.UTC)

func (a *ask) request(plan *policy.Plan) *policy.Request {
	route := plan.Route(place(plan, a.client), place(plan, a.server), a.transport, a.port)
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
		if a.second != nil {
			r.Values.Count, r.Values.Raw = 2, binary.BigEndian.AppendUint64(r.Values.Raw, math.Float64bits(*a.second))
		}
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
		Protocols: some("modbus", "s7comm", "goose", "ecat", "quiet").Draw(t, "protocols"),
		Verbs:     some(firedoor.VerbRead, firedoor.VerbWrite).Draw(t, "verbs"),
		Functions: some("f", "g").Draw(t, "functions"),
		Codes:     some[uint32](3, 6).Draw(t, "codes"),
		Units:     some[uint32](1, 2).Draw(t, "units"),
	}
	if !slices.Contains(m.Protocols, "goose") && rapid.IntRange(0, 3).Draw(t, "ported") == 0 {
		m.Ports = []policy.Port{rapid.SampledFrom([]policy.Port{{Number: 502}, {Transport: 6, Number: 502}, {Transport: 17, Number: 502}, {Transport: policy.Link},
			{Transport: policy.Link, Number: 0x88b8}, {Transport: policy.Link, Number: policy.LLC}}).Draw(t, "port")}
	}
	if len(m.Protocols) > 0 && len(m.Ports) > 0 && m.Ports[0].Transport == policy.Link {
		m.Ports = nil
	}
	linked := len(m.Ports) > 0 && m.Ports[0].Transport == policy.Link || len(m.Ports) == 0 && (slices.Contains(m.Protocols, "goose") || slices.Contains(m.Protocols, "ecat"))
	if rapid.Bool().Draw(t, "bare") { // of no request
		m.Verbs, m.Functions, m.Codes, m.Units = nil, nil, nil, nil
		return m
	}
	for range rapid.IntRange(0, 2).Draw(t, "objects") {
		from := rapid.Uint64Range(0, 6).Draw(t, "from")
		m.Objects = append(m.Objects, rapid.SampledFrom([]policy.Object{
			{Text: "holding:", Row: true, From: from, To: from + rapid.Uint64Range(0, 4).Draw(t, "more")}, {Text: "holding:1", Open: true}, {Text: "holding:0", Open: true}, {Text: "DB1.", Open: true}, {Text: "DB1.X0"}, {Text: "D4"}, {Text: "D", Row: true, From: 3, To: 6}, {Text: "tag"}, {Text: "Motor1"}, {}}).Draw(t, "object"))
	}
	if linked {
		return m // nobody looks at values and times of frames without IP
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
		protocol: rapid.SampledFrom([]string{"modbus", "s7comm", "http", "goose", "ecat", "quiet"}).Draw(t, "protocol"),
		verb:     rapid.SampledFrom([]firedoor.Verb{firedoor.VerbRead, firedoor.VerbWrite, firedoor.VerbProgram}).Draw(t, "verb"),
		function: rapid.SampledFrom([]string{"f", "g", "h"}).Draw(t, "function"),
		code:     rapid.SampledFrom([]uint32{3, 6, 16}).Draw(t, "code"),
		unit:     rapid.IntRange(-1, 3).Draw(t, "unit"),
		object:   rapid.SampledFrom([]string{"", "holding:0", "holding:3", "holding:8", "holding:9", "holding:10", "holding:100", "holding:x", "DB1.X0", "DB1.X1", "D2", "D4", "D5", "tag", "Motor1"}).Draw(t, "object"),
		quantity: rapid.Uint32Range(0, 4).Draw(t, "quantity"),
		minute:   rapid.IntRange(0, 7*24*60-1).Draw(t, "minute"),
	}
	at := rapid.SampledFrom([]policy.Port{{Transport: 6, Number: 502}, {Transport: 6, Number: 102}, {Transport: 6, Number: 80}, {Transport: 17, Number: 502}, {Transport: 17, Number: 34980},
		{Transport: policy.Link, Number: 0x88b8}, {Transport: policy.Link, Number: 0x88a4}, {Transport: policy.Link, Number: 0x0806}, {Transport: policy.Link, Number: policy.LLC}}).Draw(t, "port")
	if a.transport, a.port = at.Transport, at.Number; at.Transport == policy.Link { // its type says what it is
		a.protocol = map[uint16]string{0x88b8: "goose", 0x88a4: "ecat", 0x0806: "arp"}[at.Number]
	}
	if rapid.Bool().Draw(t, "has value") {
		v := rapid.Float64Range(0, 8).Draw(t, "value")
		if a.value = &v; rapid.Bool().Draw(t, "has two") {
			w := rapid.Float64Range(0, 8).Draw(t, "second")
			a.second = &w
		}
	}
	return a
}

// oracle matches a request as the format page says it, one rule after the other.
func (a *ask) matches(m *policy.Match, pass bool) bool {
	names := map[string]string{"10.0.1.1": "hmi", "10.0.1.2": "ews", "10.0.2.1": "plc", "10.0.2.2": "drive"}
	end := func(list []string, address, zone string) bool {
		return len(list) == 0 || contains(list, names[address]) || contains(list, zone)
	}
	if !end(m.Clients, a.client, "office") || !end(m.Servers, a.server, "cell") {
		return false
	}
	if a.transport == policy.Link { // nobody sees what those say: their type alone counts
		whole := len(m.Verbs)+len(m.Functions)+len(m.Codes)+len(m.Units)+len(m.Objects) == 0
		return a.framed(m) && (pass || whole)
	}
	if !in(m.Protocols, a.protocol) || !in(m.Verbs, a.verb) ||
		!in(m.Functions, a.function) || !in(m.Codes, a.code) {
		return false
	}
	if !a.portIn(m) || len(m.Units) > 0 && (a.unit < 0 || !contains(m.Units, uint32(a.unit))) {
		return false
	}
	// what a write without an object writes to, and which value, nobody knows
	unnamed := !pass && a.object == "" && a.verb == firedoor.VerbWrite && len(m.Objects) > 0 && !contains(m.Objects, policy.Object{})
	if !unnamed && !a.objectIn(m.Objects, pass) {
		return false
	}
	if m.Values != nil && !unnamed && !a.valueIn(m.Values, pass) {
		return false
	}
	return m.When == nil || a.timeIn(m.When)
}

// framed tells whether a match is about frames without IP of the type at hand.
func (a *ask) framed(m *policy.Match) bool {
	protocols := m.Protocols
	if len(protocols) == 0 || len(m.Ports) > 0 {
		protocols = []string{a.protocol}
	}
	return slices.ContainsFunc(protocols, func(p string) bool {
		at := *a
		at.protocol = p
		return at.portIn(m)
	})
}

func (a *ask) valueIn(span *policy.Span, pass bool) bool {
	in := func(v *float64) bool { return *v >= span.Min && *v <= span.Max }
	switch {
	case a.value == nil:
		return !pass
	case a.second == nil:
		return in(a.value)
	case pass:
		return in(a.value) && in(a.second)
	}
	return in(a.value) || in(a.second)
}

// portIn tells whether a match is about the port: that it names, or where the protocol is
// usually found.
func (a *ask) portIn(m *policy.Match) bool {
	ports := m.Ports
	if len(ports) == 0 && len(m.Protocols) > 0 {
		if ports = usual[a.protocol]; ports == nil {
			return a.transport != policy.Link
		}
	}
	for _, p := range ports {
		if (p.Transport == a.transport || p.Transport == 0 && a.transport != policy.Link) && (p.Number == a.port || p == policy.Port{Transport: policy.Link}) {
			return true
		}
	}
	return len(ports) == 0 && (a.transport != policy.Link || !m.AsksOperation() && m.When == nil)
}

// element is the text of an element behind an object that lies in a row.
func (a *ask) element(i uint64) string {
	for _, area := range []string{"holding:", "D", "DB1.X"} {
		if n, err := strconv.ParseUint(strings.TrimPrefix(a.object, area), 10, 64); err == nil && strings.HasPrefix(a.object, area) {
			return area + strconv.FormatUint(n+i, 10)
		}
	}
	return a.object
}

func (a *ask) objectIn(objects []policy.Object, pass bool) bool {
	for _, o := range objects {
		hit, all := 0, max(int(a.quantity), 1)
		for i := range all {
			if (a.object != "" || o == policy.Object{}) && meant(o, a.element(uint64(i))) {
				hit++
			}
		}
		if pass && hit == all || !pass && hit > 0 {
			return true
		}
	}
	return len(objects) == 0
}

// meant tells whether an element is one that an object of a policy means.
func meant(o policy.Object, element string) bool {
	if o.Row {
		n, err := strconv.ParseUint(strings.TrimPrefix(element, o.Text), 10, 64)
		return strings.HasPrefix(element, o.Text) && err == nil && n >= o.From && n <= o.To
	}
	return element == o.Text || o.Open && strings.HasPrefix(element, o.Text)
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
		if rapid.IntRange(0, 3).Draw(t, "safety") == 0 {
			p.Safety = []policy.Match{rapid.SampledFrom([]policy.Match{{Clients: []string{"hmi"}, Ports: []policy.Port{{Number: 102}}}, {Servers: []string{"dmz"}}, {Protocols: []string{"goose"}}}).Draw(t, "safe")}
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
				if a.protocol = q.Protocol; a.transport == policy.Link { // what a frame without IP carries its type says
					continue
				}
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

// TestWhatIsNotJudgedPasses holds what a gateway does that looks at a connection only where
// it is told to: what it lets by unseen is nothing that Decide stops, save that a port
// stands for the protocol whose everything passes there; and a connection that it does not
// let come to be carries nothing that Decide lets pass.
func TestWhatIsNotJudgedPasses(t *testing.T) {
	seen := map[[2]bool]int{}
	rapid.Check(t, func(t *rapid.T) {
		p := plant(policy.Enforce, anyRules(t)...)
		p.Conduits[0].Default = rapid.SampledFrom([]firedoor.Action{firedoor.Drop, firedoor.Pass}).Draw(t, "default")
		p.Conduits[0].NeverBlock = anyRules(t)
		for i := range p.Conduits[0].NeverBlock {
			p.Conduits[0].NeverBlock[i].Verdict = firedoor.Pass
		}
		plan := compile(t, p)
		for range 20 {
			a := anyAsk(t)
			r := a.request(plan)
			v := policy.Decide(plan, r)
			if v.Action == firedoor.Pass && !plan.Admits(r.Route) {
				t.Fatalf("%+v passes, but its connection does not come to be", a)
			}
			if a.transport == policy.Link { // frames without IP are judged by their ends and type alone
				continue
			}
			seen[[2]bool{plan.Open(r.Route), v.Action == firedoor.Pass}]++
			if plan.Open(r.Route) && v.Action != firedoor.Pass && !a.byPort(p) {
				t.Fatalf("%+v goes by unseen, but Decide says %+v", a, v)
			}
		}
	})
	if !t.Failed() && len(seen) < 3 {
		t.Errorf("what was drawn shows too little: %v", seen)
	}
}

// byPort tells whether everything of some protocol passes at the port.
func (a *ask) byPort(p *policy.Policy) bool {
	rules := append(slices.Clone(p.Conduits[0].NeverBlock), p.Conduits[0].Rules...)
	for i := range rules {
		m := rules[i].Match
		for _, protocol := range m.Protocols {
			b := *a
			if b.protocol = protocol; rules[i].Verdict == firedoor.Pass && !m.AsksOperation() && m.When == nil && (usual[protocol] != nil || len(m.Ports) > 0) && b.matches(&m, true) {
				return true
			}
		}
	}
	return false
}

// TestWhatProofsOverlooked holds proofs that were none: what lies between the elements that
// rules name, safety traffic, a conduit from a zone to itself.
func TestWhatProofsOverlooked(t *testing.T) {
	row := func(text string, to uint64) []policy.Object { return []policy.Object{{Text: text, Row: true, To: to}} }
	for _, c := range []struct {
		name     string
		from, to string
		change   func(*policy.Policy)
		way      bool
	}{
		{"between two elements", "office", "cell", func(p *policy.Policy) {
			p.Conduits[0].Rules = []policy.Rule{{Verdict: firedoor.Drop, Match: policy.Match{Objects: []policy.Object{{Text: "D0"}, {Text: "D99"}}}}, {Verdict: firedoor.Pass, Match: policy.Match{Objects: row("D", 99)}}}
		}, true},
		{"between what begins so", "office", "cell", func(p *policy.Policy) {
			p.Conduits[0].Rules = []policy.Rule{{Verdict: firedoor.Drop, Match: policy.Match{Objects: []policy.Object{{Text: "holding:0", Open: true}, {Text: "holding:9", Open: true}}}}, {Verdict: firedoor.Pass, Match: policy.Match{Objects: row("holding:", 99)}}}
		}, true},
		{"all of it", "office", "cell", func(p *policy.Policy) {
			var stops []policy.Object
			for d := range 10 {
				stops = append(stops, policy.Object{Text: fmt.Sprint("holding:", d), Open: true})
			}
			p.Conduits[0].Rules = []policy.Rule{{Verdict: firedoor.Drop, Match: policy.Match{Objects: stops}}, {Verdict: firedoor.Pass, Match: policy.Match{Objects: row("holding:", 99)}}}
		}, false},
		{"safety traffic", "office", "cell", func(p *policy.Policy) {
			p.Safety = []policy.Match{{Clients: []string{"office"}, Servers: []string{"cell"}}}
		}, true},
		{"safety traffic elsewhere", "office", "cell", func(p *policy.Policy) {
			p.Safety = []policy.Match{{Clients: []string{"office"}, Servers: []string{"dmz"}}}
		}, false},
		{"inside", "cell", "cell", func(*policy.Policy) {}, true},
		{"inside, and a conduit", "cell", "cell", func(p *policy.Policy) {
			p.Conduits = append(p.Conduits, policy.Conduit{Name: "own", From: "cell", To: "cell", Mode: policy.Enforce, Default: firedoor.Drop, Reviewed: p.Conduits[0].Reviewed})
		}, false},
	} {
		p := plant(policy.Enforce)
		c.change(p)
		plan := compile(t, p)
		path, undecided, err := plan.Prove(c.from, c.to, policy.Question{})
		if err != nil || undecided || (path != nil) != c.way {
			t.Errorf("%s: %+v, undecided %t, %v", c.name, path, undecided, err)
		}
		for _, f := range plan.Study() {
			if f.Kind == "shadowed" && c.way {
				t.Errorf("%s: %s", c.name, f.Text)
			}
		}
	}
}
