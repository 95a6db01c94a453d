package policy_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"firedoor"
	"firedoor/internal/policy"
)

// inMemory are the protocols of these tests.
func inMemory() policy.Known {
	ports := map[string][]policy.Port{"s7comm": {{Transport: 6, Number: 102}}, "melsec": {{Transport: 6, Number: 5007}}, "fins": {{Transport: 6, Number: 9600}}, "ge_srtp": {{Transport: 6, Number: 18245}}, "modbus": {{Transport: 6, Number: 502}}, "cip": {{Transport: 6, Number: 44818}}}
	return policy.Known{Ports: func(p string) []policy.Port { return ports[p] }, Protocols: []string{"s7comm", "melsec", "fins", "ge_srtp", "modbus", "cip"}}
}

func compileMemory(t rapid.TB, p *policy.Policy) *policy.Plan {
	t.Helper()
	plan, faults := policy.Compile(p, inMemory())
	if len(faults) > 0 {
		t.Fatalf("faults: %+v", faults)
	}
	return plan
}

// object reads an object as a policy has it.
func object(text string) policy.Object {
	if o, ok := policy.RowOf(text); ok {
		return o
	}
	if n := len(text) - 1; n >= 0 && text[n] == '*' {
		return policy.Object{Text: text[:n], Open: true}
	}
	return policy.Object{Text: text}
}

// placed is a rule's object, what a request asks for, and whether the object covers all of that, or any of it.
type placed struct {
	object, asked string
	quantity      uint32
	all, any      bool
}

// holdPlaces holds cases for rules that name the protocol, and for those that do not.
func holdPlaces(t *testing.T, protocol string, cases []placed) {
	t.Helper()
	for _, c := range cases {
		for _, verdict := range []firedoor.Action{firedoor.Pass, firedoor.Drop} {
			for _, protocols := range [][]string{{protocol}, nil} {
				p := plant(policy.Enforce, policy.Rule{Verdict: verdict, Match: policy.Match{Protocols: protocols, Objects: []policy.Object{object(c.object)}}})
				want := c.all
				if p.Conduits[0].Default = firedoor.Drop; verdict == firedoor.Drop {
					p.Conduits[0].Default, want = firedoor.Pass, !c.any
				}
				plan := compileMemory(t, p)
				a := ask{client: "10.0.1.1", server: "10.0.2.1", transport: 6, port: inMemory().Ports(protocol)[0].Number, protocol: protocol, unit: -1, object: c.asked, quantity: c.quantity}
				if v := policy.Decide(plan, a.request(plan)); (v.Says == firedoor.Pass) != want {
					t.Errorf("%s %s (%v): %s, %d of them: %s", verdict, c.object, protocols, c.asked, c.quantity, v.Says)
				}
			}
		}
	}
}

// TestMemoryOfS7 holds that a rule is about bytes, whatever letter a request takes for them.
func TestMemoryOfS7(t *testing.T) {
	holdPlaces(t, "s7comm", []placed{
		{"DB1.DBW10", "DB1.DBW10", 1, true, true},
		{"DB1.DBW10", "DB1.DBB10", 2, true, true},
		{"DB1.DBW10", "DB1.DBB11", 2, false, true},
		{"DB1.DBW10", "DB1.DBD8", 1, false, true},
		{"DB1.DBW10", "DB1.DBD6", 1, false, false},
		{"DB1.DBW10", "DB1.DBX10.0", 1, true, true},
		{"DB1.DBW10", "DB1.DBX11.7", 1, true, true},
		{"DB1.DBW10", "DB1.DBX11.7", 2, false, true},
		{"DB1.DBW10", "DB1.DBX12.0", 1, false, false},
		{"DB1.DBW10", "DB1.DBB0", 10, false, false},
		{"DB1.DBW10", "DB1.DBB0", 200, false, true},
		{"DB1.DBW10", "DB2.DBW10", 1, false, false},
		{"DB1.DBW10", "MW10", 1, false, false},
		{"DB1.DBW10", "DB1.DBW9.4", 1, false, true},
		{"DB1.DBW10", "DI1.DIB10", 1, true, true},
		{"DB1.DBD10", "DB1.DBW12", 1, true, true},
		{"DB1.DBD10", "DB1.DBD10", 2, false, true},
		{"DB1.DBW4-8", "DB1.DBD6", 1, true, true},
		{"DB1.DBW4-8", "DB1.DBD8", 1, false, true},
		{"DB1.DBX0.3", "DB1.DBB0", 1, false, true},
		{"DB1.DBX0.3-6", "DB1.DBX0.3", 4, true, true},
		{"DB1.DBX0.3-6", "DB1.DBX0.3", 5, false, true},
		{"DB1.DBB0-99", "DB1.DBD96", 1, true, true},
		{"DB1.DBB0-99", "DB1.DBD97", 1, false, true},
		{"DB1.DBW1*", "DB1.DBB10", 4, true, true},
		{"DB1.DBW1*", "DB1.DBB21", 1, false, false},
		{"DB1.DBW*", "DB1.DBX7.0", 1, true, true},
		{"DB1.*", "DI1.DIW0", 1, true, true},
		{"DB1.*", "DB10.DBW0", 1, false, false},
		{"DB1.DBX1.*", "DB1.DBB1", 1, true, true},
		{"DB1.DBX1.*", "DB1.DBB1", 2, false, true},
		{"MW10", "MB10", 2, true, true},
		{"MW10", "M11.0", 1, true, true},
		{"MW10", "MD8", 1, false, true},
		{"M10.3", "MW9", 1, false, true},
		{"M1*", "MB10", 10, true, true},
		{"IW4", "IB4", 1, true, true},
		{"QD4", "Q7.7", 1, true, true},
		{"QW4", "IB4", 1, false, false},
		{"QW4", "PB4", 1, false, true},
		{"PW4", "Q4.0", 1, false, true},
		{"PW4", "IW6", 1, false, false},
		{"Q*", "PW4", 1, false, true},
		{"DB1.DBW4", "VB5", 1, false, true},
		{"DB2.DBW4", "VB5", 1, false, false},
		{"VW4", "DB1.DBB5", 1, false, true},
		{"VW4", "DB2.DBB5", 1, false, false},
		{"T5", "T5", 1, true, true},
		{"T5", "T4", 2, false, true},
		{"T5", "C5", 1, false, false},
		{"szl:0x0011/index:0x0000", "szl:0x0011/index:0x0000", 1, true, true},
	})
}

// TestMemoryOfMelsec holds that devices that are numbered in hexadecimal digits are counted so, also where
// a number has no letter, and that file registers are one memory under two names.
func TestMemoryOfMelsec(t *testing.T) {
	holdPlaces(t, "melsec", []placed{
		{"B:1A", "B:10", 16, false, true},
		{"B:1A", "B:10", 10, false, false},
		{"B:10-20", "B:1A", 1, true, true},
		{"B:10-20", "B:1F", 2, true, true},
		{"B:10-20", "B:1F", 3, false, true},
		{"B:1A-2F", "B:20", 16, true, true},
		{"B:1A-2F", "B:20", 17, false, true},
		{"B:1*", "B:10", 16, true, true},
		{"B:1*", "B:10", 17, false, true},
		{"M:16", "M:0", 16, false, false},
		{"M:16", "M:0", 32, false, true},
		{"D:100", "D:99", 2, false, true},
		{"D:100", "client/D:100", 1, false, false},
		{"U3/G:50", "U3/G:49", 2, false, true},
		{"U3/G:50", "U4/G:50", 1, false, false},
		{"U3/G:50", "buffer:49", 2, false, true},
		{"U3/G:50", "buffer:51", 2, false, false},
		{"U3/G:50", "unit:0x3/100", 2, false, true},
		{"U3/G:50", "unit:0x1a/0", 2, false, true},
		{"buffer:50", "U3/G:50", 1, false, true},
		{"buffer:50", "U3/G:51", 1, false, false},
		{"buffer:50", "unit:0x0/4", 1, false, true},
		{"unit:0x3/100", "U3/G:7", 1, false, true},
		{"unit:0x3/100", "buffer:7", 1, false, true},
		{"unit:0x3/100", "unit:0x3/99", 2, false, true},
		{"unit:0x3/100-109", "unit:0x3/100", 10, true, true},
		{"unit:0x3/100-109", "unit:0x4/100", 1, false, false},
		{"unit:0x3*", "unit:0x3a/7", 4, true, true},
		{"unit:0x3/*", "unit:0x3a/7", 4, false, false},
		{"unit:0x3/1*", "unit:0x3/17", 3, true, true},
		{"unit:0x3/1*", "unit:0x3/17", 4, false, true},
		{"unit:*", "U3/G:7", 1, false, true},
		{"U3/G:*", "unit:0x3/0", 1, false, true},
		{"U3/G:50", "unit:0x999/0", 1, false, true},
		{"D:50", "unit:0x3/100", 1, false, false},
		{"U3/HG:50", "unit:0x3/100", 1, false, false},
		{"R:100", "ZR:64", 1, false, true},
		{"R:100", "ZR:8064", 1, false, true},
		{"R:100", "ZR:65", 1, false, false},
		{"ZR:8064", "R:100", 1, false, true},
		{"ZR:8064", "R:101", 1, false, false},
		{"ZR:8064", "ZR:64", 1, false, false},
		{"X:1F", "DX:10", 16, false, true},
		{"ZR:8064", "R-direct:32868", 1, false, true},
		{"ZR:8064", "R-block:1/100", 1, false, true},
		{"R:100", "R-block:5/100", 1, false, true},
		{"R-block:1/100", "R-direct:32868", 1, true, true},
		{"R-block:1/100-101", "R-block:1/100", 2, true, true},
		{"R-block:1/100-101", "R-block:1/101", 2, false, true},
		{"D:100", "indexed/D:5Z4", 1, false, true},
		{"D:100", "indexed/W:5Z4", 1, false, false},
		{"indexed/D:5Z4", "indexed/D:5Z4", 1, true, true},
		{"indexed/D:5Z4", "D:5", 1, false, false},
		{"D:*", "indexed/D:5Z4", 1, true, true},
		{"D:100", "@W:5", 1, false, true},
		{"D:*", "@D:5", 1, false, true},
		{"U3E0/G:100-200", "U3E0/G:150", 51, true, true},
		{"U3E0/G:100-200", "U3E0/G:150", 52, false, true},
		{"U3E0/G:100-200", "U3E1/G:150", 1, false, false},
		{"U3E0/G:100-200", "indexed/U3E0Z1/G:150", 1, false, true},
		{"J1/W:1A", "J1/W:10", 16, false, true},
		{"J1/W:1A", "W:10", 16, false, false},
		{"Y:1F", "DX:10", 16, false, false},
	})
}

// TestMemoryOfFINS holds that words and their bits are one memory, and that a request is counted from word to
// word.
func TestMemoryOfFINS(t *testing.T) {
	holdPlaces(t, "fins", []placed{
		{"CIO:12.03", "CIO:12", 1, false, true},
		{"CIO:12.03", "CIO:11", 1, false, false},
		{"CIO:12.03", "CIO:11", 2, false, true},
		{"CIO:12.03", "CIO:11.15", 5, false, true},
		{"CIO:12.03", "CIO:11.15", 4, false, false},
		{"CIO:12", "CIO:12.15", 1, true, true},
		{"CIO:12", "CIO:12.15", 2, false, true},
		{"DM:100", "DM:100.03", 1, true, true},
		{"DM:100-101", "DM:100.08", 16, true, true},
		{"DM:100", "HR:100", 1, false, false},
		{"CIO:12.*", "CIO:12", 1, true, true},
		{"CIO:12.1*", "CIO:12.10", 6, true, true},
		{"CIO:12.1*", "CIO:12.09", 1, false, false},
		{"EM3:5", "EM:5", 1, false, true},
		{"EM:5", "EM1f:5.00", 1, false, true},
		{"EM3:5", "EM4:5", 1, false, false},
		{"EM3:5", "client/EM:5", 1, false, false},
	})
	holdPlaces(t, "ge_srtp", []placed{
		{"%I:17", "%I.byte:2", 1, false, true},
		{"%I:17", "%I.byte:1", 1, false, false},
		{"%I.byte:2", "%I:16", 8, true, true},
		{"%I.byte:2", "%I:16", 9, false, true},
		{"%R:17", "%R:10", 8, false, true},
	})
}

// TestMemoryOfLogix holds that elements of arrays are counted, and that what stops a tag stops its parts, and what
// it is a part of.
func TestMemoryOfLogix(t *testing.T) {
	holdPlaces(t, "cip", []placed{
		{"Counts[2]", "Counts[2]", 1, true, true},
		{"Counts[2]", "Counts[2]", 5, false, true},
		{"Counts[2]", "Counts[0]", 2, false, false},
		{"Counts[2]", "Counts[0]", 3, false, true},
		{"Counts[2]", "Counts", 3, false, true},
		{"Counts[2]", "Counts", 2, false, false},
		{"Counts[2]", "COUNTS[2]", 1, true, true},
		{"Counts[2]", "Counts/offset:8", 5, false, true},
		{"Counts[2-9]", "Counts[2]", 8, true, true},
		{"Counts[2-9]", "Counts[2]", 9, false, true},
		{"Counts[0-9]", "Counts", 10, true, true},
		{"Counts[1*", "Counts[10]", 10, true, true},
		{"Counts[1*", "Counts[10]", 11, false, true},
		{"Counts", "Counts", 500, true, true},
		{"Counts", "Counts[7]", 1, true, true},
		{"Counts", "Counter", 1, false, false},
		{"Grid[1,2-4]", "Grid[1,2]", 3, true, true},
		{"Grid[1,2-4]", "Grid[1,2]", 4, false, true},
		{"Motor", "Motor.Speed", 1, false, true},
		{"Motor.Speed", "Motor", 1, false, true},
		{"Motor[3]", "Motor[3].Speed", 1, false, true},
		{"Motor[3]", "Motor[4].Speed", 1, false, false},
		{"Motor[3].Speed", "Motor[2]", 2, false, true},
		{"Motor[3].Speed", "Motor[2]", 1, false, false},
		{"Motor[3].Speed", "Motor[3].Current", 1, false, false},
		{"Program:Main.Counts[2]", "Program:Main.Counts[1]", 2, false, true},
		{"class:0x6b/instance:7", "class:0x6b/instance:7", 1, true, true},
		{"class:0x6b/instance:7", "class:0x6b/instance:5", 1, false, false},
	})
}

// TestTextsOfOthers holds that texts that look like memory of another protocol are compared as they are.
func TestTextsOfOthers(t *testing.T) {
	holdPlaces(t, "modbus", []placed{{"DB1.DBW10", "DB1.DBB10", 2, false, false}, {"DB1.DBW10", "DB1.DBW10", 1, true, true}, {"B:1A", "B:10", 16, false, false}})
}

// TestValuesOfOtherWidths holds that a range of values is one of the elements that a rule names: what is
// written to the same bytes in others is not let through by it, and is stopped.
func TestValuesOfOtherWidths(t *testing.T) {
	for _, c := range []struct {
		verdict     firedoor.Action
		object, ask string
		value       float64
		want        firedoor.Action
	}{
		{firedoor.Pass, "DB1.DBW10-14", "DB1.DBW12", 5, firedoor.Pass},
		{firedoor.Pass, "DB1.DBW10-14", "DB1.DBW12", 700, firedoor.Drop},
		{firedoor.Pass, "DB1.DBW10-14", "DB1.DBW11", 5, firedoor.Drop},
		{firedoor.Pass, "DB1.DBW10-14", "DB1.DBB12", 5, firedoor.Drop},
		{firedoor.Pass, "DB1.*", "DB1.DBB12", 5, firedoor.Pass},
		{firedoor.Pass, "DB1.DBW*", "DB1.DBB12", 5, firedoor.Drop},
		{firedoor.Pass, "DB1.DBW*", "DB1.DBW11", 5, firedoor.Pass},
		{firedoor.Drop, "DB1.DBW10-14", "DB1.DBW12", 700, firedoor.Pass},
		{firedoor.Drop, "DB1.DBW10-14", "DB1.DBW12", 5, firedoor.Drop},
		{firedoor.Drop, "DB1.DBW10-14", "DB1.DBB13", 700, firedoor.Drop},
		{firedoor.Drop, "QW10", "PW10", 700, firedoor.Drop},
	} {
		p := plant(policy.Enforce, policy.Rule{Verdict: c.verdict, Match: policy.Match{Protocols: []string{"s7comm"}, Objects: []policy.Object{object(c.object)}, Values: &policy.Span{Max: 680}}})
		if p.Conduits[0].Default = firedoor.Drop; c.verdict == firedoor.Drop {
			p.Conduits[0].Default = firedoor.Pass
		}
		plan := compileMemory(t, p)
		a := ask{client: "10.0.1.1", server: "10.0.2.1", transport: 6, port: 102, protocol: "s7comm", verb: firedoor.VerbWrite, unit: -1, object: c.ask, quantity: 1, value: &c.value}
		if v := policy.Decide(plan, a.request(plan)); v.Action != c.want {
			t.Errorf("%s %s, %s written with %g: %s", c.verdict, c.object, c.ask, c.value, v.Action)
		}
	}
}

// drawnPlace draws a name of a few bits that rules and requests meet in, as a row or as one element.
func drawnPlace(t *rapid.T, protocol string, row bool) string {
	at := rapid.IntRange(0, 6).Draw(t, "at")
	text := ""
	switch protocol {
	case "s7comm":
		letter := rapid.SampledFrom([]string{"M", "MB", "MW", "MD", "QB", "QW", "PB", "PW", "DB1.DBX", "DB1.DBB", "DB1.DBW", "DB1.DBD", "DI1.DIW", "VB"}).Draw(t, "letter")
		if text = fmt.Sprint(letter, at); letter == "M" || letter == "DB1.DBX" {
			text = fmt.Sprint(letter, at, ".", rapid.IntRange(0, 7).Draw(t, "bit"))
		}
	case "melsec":
		text = rapid.SampledFrom([]string{fmt.Sprintf("B:%X", 12+at), fmt.Sprintf("ZR:%X", 30+at), fmt.Sprintf("R:%d", 30+at), fmt.Sprintf("ZR:%X", 32798+at), fmt.Sprintf("DX:%X", at), fmt.Sprintf("X:%X", at),
			fmt.Sprint("U3/G:", at), fmt.Sprint("buffer:", at), fmt.Sprint("unit:0x3/", at), fmt.Sprint("unit:0x1a/", at)}).Draw(t, "device")
		if _, hexed := policy.RowOf(text + "-1"); !hexed {
			row = false
		}
	case "cip":
		text = rapid.SampledFrom([]string{fmt.Sprintf("A[%d]", at), "A", "A.b", fmt.Sprintf("A[%d].b", at), fmt.Sprintf("A[%d].b[%d]", at/2, at%3), "A.b.c", fmt.Sprintf("class:0x6b/instance:%d", at)}).Draw(t, "tag")
	case "fins":
		text = rapid.SampledFrom([]string{fmt.Sprint("CIO:", at), fmt.Sprintf("CIO:%d.%02d", at/4, at*2), fmt.Sprint("EM:", at), fmt.Sprint("EM3:", at)}).Draw(t, "word")
	}
	if row && rapid.IntRange(0, 3).Draw(t, "open") == 0 {
		return text[:len(text)-1] + "*"
	}
	return text
}

// drawnRules draws rules about such places.
func drawnRules(t *rapid.T, protocol string) (rules []policy.Rule) {
	for i := range rapid.IntRange(1, 5).Draw(t, "rules") {
		o := object(drawnPlace(t, protocol, true))
		m := policy.Match{Objects: []policy.Object{o}, Protocols: some(protocol).Draw(t, "protocols")}
		if len(m.Protocols) > 1 {
			m.Protocols = m.Protocols[:1]
		}
		if rapid.IntRange(0, 3).Draw(t, "valued") == 0 {
			m.Values = &policy.Span{Min: 1, Max: 3}
		}
		if rapid.IntRange(0, 5).Draw(t, "all") == 0 {
			m.Objects = nil
		}
		rules = append(rules, policy.Rule{Name: fmt.Sprint("r", i), Verdict: rapid.SampledFrom([]firedoor.Action{firedoor.Pass, firedoor.Drop, firedoor.Drop}).Draw(t, "verdict"), Match: m})
	}
	return rules
}

// TestProofsOfMemory asks for what passes where a proof says that nothing does, and where a rule is said never to
// decide, by all names of the same memory.
func TestProofsOfMemory(t *testing.T) {
	proofs, dead := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		protocol := rapid.SampledFrom([]string{"s7comm", "melsec", "fins", "cip"}).Draw(t, "protocol")
		plan := compileMemory(t, plant(policy.Enforce, drawnRules(t, protocol)...))
		path, undecided, err := plan.Prove("office", "cell", policy.Question{})
		proved := err == nil && !undecided && path == nil
		if proved {
			proofs++
		}
		shadowed := shadows(plan)
		dead += len(shadowed)
		for range 60 {
			value := float64(rapid.IntRange(0, 4).Draw(t, "value"))
			a := ask{client: "10.0.1.1", server: "10.0.2.1", transport: 6, port: inMemory().Ports(protocol)[0].Number, protocol: protocol, unit: -1, quantity: rapid.Uint32Range(1, 9).Draw(t, "quantity"), object: drawnPlace(t, protocol, false), value: &value}
			if rapid.Bool().Draw(t, "unvalued") {
				a.value = nil
			}
			v := policy.Decide(plan, a.request(plan))
			if proved && v.Action == firedoor.Pass {
				t.Fatalf("proved that nothing passes, but %+v does: %+v", a, v)
			}
			if v.Rule >= 0 && shadowed[plan.Rule(v.Rule).Name] {
				t.Fatalf("%s never decides, and does so for %+v", plan.Rule(v.Rule).Name, a)
			}
		}
	})
	if !t.Failed() && (proofs == 0 || dead == 0) {
		t.Errorf("%d proofs, %d shadowed rules: the rules drawn show nothing", proofs, dead)
	}
}

// TestProofsOfLoosePlaces holds that a rule which lets a text pass whose place the program decides is a way.
func TestProofsOfLoosePlaces(t *testing.T) {
	plan := compileMemory(t, plant(policy.Enforce, policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"melsec"}, Objects: []policy.Object{object("indexed/D:5Z4")}}}))
	if path, undecided, err := plan.Prove("office", "cell", policy.Question{}); err != nil || path == nil && !undecided {
		t.Errorf("path %v, undecided %t, %v", path, undecided, err)
	}
}

// shadows are the names of rules that are told never to decide.
func shadows(plan *policy.Plan) map[string]bool {
	out := map[string]bool{}
	for _, f := range plan.Study() {
		var name string
		if n, _ := fmt.Sscanf(f.Text, "rule %q", &name); f.Kind == "shadowed" && n == 1 {
			out[name] = true
		}
	}
	return out
}

// TestMemoryAllocatesNothing holds that to look up a place costs no memory.
func TestMemoryAllocatesNothing(t *testing.T) {
	for protocol, texts := range map[string][2]string{"s7comm": {"QW4-8", "PD2"}, "melsec": {"R:100", "ZR:8064"}, "fins": {"EM3:5", "EM:5.03"}, "cip": {"Motor[3].Speed", "MOTOR[2]"}} {
		plan := compileMemory(t, plant(policy.Enforce, policy.Rule{Verdict: firedoor.Drop, Match: policy.Match{Objects: []policy.Object{object(texts[0])}}}, policy.Rule{Verdict: firedoor.Pass}))
		a := ask{client: "10.0.1.1", server: "10.0.2.1", transport: 6, port: inMemory().Ports(protocol)[0].Number, protocol: protocol, unit: -1, object: texts[1], quantity: 2}
		r := a.request(plan)
		if v := policy.Decide(plan, r); v.Action != firedoor.Drop {
			t.Errorf("%s: %s passes %s", protocol, texts[0], texts[1])
		}
		if n := testing.AllocsPerRun(1000, func() { policy.Decide(plan, r) }); n > 0 {
			t.Errorf("%s: %g allocations", protocol, n)
		}
	}
}

// TestLimitsByOtherNames holds that a limit takes its memory out of a drafted rule that names it otherwise, and
// nothing else.
func TestLimitsByOtherNames(t *testing.T) {
	for _, c := range []struct {
		protocol, drafted, limit string
		free, bound              []string
	}{
		{"s7comm", "DB1.DBB0-20", "DB1.DBD6", []string{"DB1.DBB5", "DB1.DBB10", "DB1.DBB20"}, []string{"DB1.DBW6", "DB1.DBW5", "DB1.DBB9", "DB1.DBB21"}},
		{"s7comm", "DB1.DBW0-20", "DB1.DBX7.3", []string{"DB1.DBX7.2", "DB1.DBX7.4", "DB1.DBW20"}, []string{"DB1.DBX7.3", "DB1.DBB7", "DB1.DBW21"}},
		{"s7comm", "MW0-20", "MB6-7", []string{"MW4", "MW8", "MB5", "MB21"}, []string{"MB6", "MW5", "MB22"}},
		{"fins", "DM:10-20", "DM:12.03", []string{"DM:12.02", "DM:12.04", "DM:20", "DM:10"}, []string{"DM:12.03", "DM:12", "DM:21"}},
		{"fins", "DM:10-20", "DM:13", []string{"DM:12", "DM:14.00"}, []string{"DM:13.03", "DM:21"}},
		{"melsec", "unit:0x3/10-20", "unit:0x3/12-13", []string{"unit:0x3/11", "unit:0x3/14", "unit:0x3/20"}, []string{"unit:0x3/12", "unit:0x4/11", "unit:0x3/21"}},
		{"melsec", "W:10-2F", "W:20", []string{"W:1F", "W:21", "W:2F"}, []string{"W:20", "W:30"}},
	} {
		p := drafted()
		m := &p.Conduits[0].Rules[1].Match
		m.Protocols, m.Objects = []string{c.protocol}, []policy.Object{object(c.drafted)}
		faults := p.Revise(&policy.Findings{Review: policy.Review{By: "A", On: "2026-11-26"}, Mode: policy.Enforce, Hosts: []policy.FoundHost{found("press", "10.0.2.1", "")},
			Limits: []policy.Limit{{Servers: []string{"press"}, Objects: []policy.Object{object(c.limit)}, Values: &policy.Span{Max: 9}}}})
		if len(faults) > 0 {
			t.Fatalf("%+v", faults)
		}
		plan := compileMemory(t, p)
		for asked, want := range expected(c.free, c.bound) {
			value := 99.0
			a := ask{client: "10.0.1.1", server: "10.0.2.1", transport: 6, port: inMemory().Ports(c.protocol)[0].Number, protocol: c.protocol, verb: firedoor.VerbWrite, unit: -1, object: asked, quantity: 1, value: &value}
			if v := policy.Decide(plan, a.request(plan)); (v.Action == firedoor.Pass) != want {
				t.Errorf("%s without %s: %s: %s", c.drafted, c.limit, asked, v.Action)
			}
		}
	}
}

// expected are what passes, and what does not.
func expected(free, bound []string) map[string]bool {
	out := map[string]bool{}
	for _, text := range free {
		out[text] = true
	}
	for _, text := range bound {
		out[text] = false
	}
	return out
}
