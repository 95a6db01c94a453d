package policy_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"firedoor"
	"firedoor/internal/policy"
)

// studied gives the kinds of what is found in a policy, with the names of its rules.
func studied(t *testing.T, p *policy.Policy) (out []string) {
	t.Helper()
	k := known()
	k.Functions = func(protocol string) []policy.Function {
		if protocol != "modbus" {
			return nil
		}
		return []policy.Function{{Code: 3, Verb: firedoor.VerbRead, Words: "read holding registers"}, {Code: 6, Verb: firedoor.VerbWrite, Words: "write single register"},
			{Code: 16, Verb: firedoor.VerbWrite, Words: "write multiple registers"}}
	}
	plan, faults := policy.Compile(p, k)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	for _, f := range plan.Study() {
		out = append(out, f.Kind+": "+f.Text)
	}
	return out
}

// TestRangeOfAnObjectIsNoConflict holds that a setpoint's range that passes, and the rest of the
// object refused, contradict each other in no way of writing it; and that rules of which
// neither is the exception of the other still do.
func TestRangeOfAnObjectIsNoConflict(t *testing.T) {
	register := []policy.Object{{Text: "holding:", Row: true, From: 40, To: 40}}
	wide := []policy.Object{{Text: "holding:", Row: true, From: 0, To: 99}}
	modbus := []string{"modbus"}
	pass := policy.Match{Clients: []string{"hmi"}, Protocols: modbus, Functions: []string{"write single register"}, Objects: register, Values: &policy.Span{Min: 0, Max: 680}}
	for _, c := range []struct {
		name     string
		refuse   policy.Match
		conflict bool
	}{
		{"all writes", policy.Match{Protocols: modbus, Verbs: []firedoor.Verb{firedoor.VerbWrite, firedoor.VerbControl}}, false},
		{"writes of the object", policy.Match{Protocols: modbus, Verbs: []firedoor.Verb{firedoor.VerbWrite}, Objects: register}, false},
		{"its code", policy.Match{Protocols: modbus, Codes: []uint32{6, 16}, Objects: wide}, false},
		{"the object", policy.Match{Protocols: modbus, Objects: register}, false},
		{"another object, of one server", policy.Match{Servers: []string{"plc"}, Protocols: modbus, Codes: []uint32{6}, Objects: wide}, true},
		{"reads", policy.Match{Protocols: modbus, Verbs: []firedoor.Verb{firedoor.VerbRead}}, false},
	} {
		p := plant(policy.Test, policy.Rule{Name: "setpoint", Match: pass, Verdict: firedoor.Pass}, policy.Rule{Name: "rest", Match: c.refuse, Verdict: firedoor.Refuse})
		if found := strings.Join(studied(t, p), "\n"); strings.Contains(found, "conflict: ") != c.conflict {
			t.Errorf("%s: %q", c.name, found)
		}
	}
}

// TestUnjudgedIsTold holds that whoever checks a policy hears what passes, or does not, while
// nobody judges.
func TestUnjudgedIsTold(t *testing.T) {
	reads := policy.Rule{Match: policy.Match{Protocols: []string{"modbus"}, Verbs: []firedoor.Verb{firedoor.VerbRead}}, Verdict: firedoor.Pass}
	coil := policy.Rule{Name: "stop", Match: policy.Match{Protocols: []string{"modbus"}, Objects: []policy.Object{{Text: "coil:", Row: true, From: 17, To: 17}}}}
	matching := func(m policy.Match) []policy.Rule {
		m.Protocols = []string{"modbus"}
		return []policy.Rule{{Name: "stop", Match: m}}
	}
	register, coils := []policy.Object{{Text: "holding:", Row: true, From: 4, To: 4}}, make([]policy.Object, policy.MaxNevers+1)
	for i := range coils {
		coils[i] = policy.Object{Text: "coil:", Row: true, From: uint64(i), To: uint64(i)}
	}
	writes := []firedoor.Verb{firedoor.VerbWrite}
	code := policy.Rule{Name: "halt", Match: policy.Match{Protocols: []string{"modbus"}, Codes: []uint32{90}}}
	for _, c := range []struct {
		name     string
		unjudged policy.Unjudged
		never    []policy.Rule
		want     string
	}{
		{"as usual", policy.Reads, []policy.Rule{code}, ""},
		{"open", policy.Open, []policy.Rule{coil}, "conduit down is open for what cannot be judged"},
		{"an object is never blocked", policy.Reads, []policy.Rule{coil, code}, ""},
		{"an object is never blocked, closed", policy.Closed, []policy.Rule{coil}, ""},
		{"a unit and a value", policy.Reads, matching(policy.Match{Codes: []uint32{6}, Units: []uint32{3}, Objects: register, Values: &policy.Span{Min: 1, Max: 2}}), ""},
		{"other writes too", policy.Reads, matching(policy.Match{Verbs: writes, Codes: []uint32{22}, Objects: register}), "is not told"},
		{"all writes", policy.Reads, matching(policy.Match{Objects: register}), `rule "stop" of down is never blocked, but passes while no worker judges only by functions 1 to 6, 15 and 16`},
		{"a value of several", policy.Reads, matching(policy.Match{Codes: []uint32{6, 16}, Objects: register, Values: &policy.Span{Max: 2}}), "with values by 5 and 6"},
		{"a value in two registers", policy.Reads, matching(policy.Match{Codes: []uint32{16}, Objects: register, Values: &policy.Span{Max: 2}, As: policy.F32}), "is not told"},
		{"at times", policy.Reads, matching(policy.Match{Codes: []uint32{6}, Objects: register, When: &policy.Window{From: 1, Until: 2}}), "is not told"},
		{"a step", policy.Reads, matching(policy.Match{Codes: []uint32{6}, Objects: register, Step: 2}), "is not told"},
		{"by UDP", policy.Reads, matching(policy.Match{Codes: []uint32{6}, Objects: register, Ports: []policy.Port{{Transport: 17, Number: 502}}}), "at no port of TCP"},
		{"at a port of others", policy.Reads, matching(policy.Match{Codes: []uint32{6}, Objects: register, Ports: []policy.Port{{Transport: 6, Number: 102}}}), "port 102, which is open for more than Modbus"},
		{"as many as can be told", policy.Reads, matching(policy.Match{Codes: []uint32{5}, Objects: coils[1:]}), ""},
		{"one more", policy.Reads, matching(policy.Match{Codes: []uint32{5}, Objects: coils}), "one of more than 64 such between two ends"},
		{"another protocol", policy.Reads, []policy.Rule{{Name: "stop", Match: policy.Match{Protocols: []string{"s7comm"}, Objects: []policy.Object{{Text: "DB1.X0"}}}}}, "is not told"},
	} {
		p := plant(policy.Enforce, reads, policy.Rule{Match: policy.Match{Protocols: []string{"s7comm"}}, Verdict: firedoor.Pass})
		p.Conduits[0].Unjudged, p.Conduits[0].NeverBlock = c.unjudged, c.never
		told := ""
		for _, f := range studied(t, p) {
			if strings.HasPrefix(f, "unjudged: ") {
				told += f
			}
		}
		if (told == "") != (c.want == "") || !strings.Contains(told, c.want) || strings.Contains(told, "halt") {
			t.Errorf("%s: %q", c.name, told)
		}
	}
}

// TestOpenedIsTold holds that a rule which opens a port for anything is told where another lets
// only some requests of a protocol pass there, and is not where somebody said what becomes of
// the rest.
func TestOpenedIsTold(t *testing.T) {
	modbus, hmi := []string{"modbus"}, []string{"hmi"}
	reads := policy.Rule{Match: policy.Match{Clients: hmi, Protocols: modbus, Verbs: []firedoor.Verb{firedoor.VerbRead}}, Verdict: firedoor.Pass}
	port := func(transport uint8, number uint16, clients ...string) policy.Rule {
		return policy.Rule{Name: "wide", Match: policy.Match{Clients: clients, Ports: []policy.Port{{Transport: transport, Number: number}}}, Verdict: firedoor.Pass}
	}
	stop := policy.Rule{Match: policy.Match{Protocols: modbus, Verbs: []firedoor.Verb{firedoor.VerbWrite}}, Verdict: firedoor.Drop}
	for name, c := range map[string]struct {
		rules  []policy.Rule
		opened bool
	}{
		"behind it":              {[]policy.Rule{reads, port(6, 502, "hmi")}, true},
		"before it":              {[]policy.Rule{port(6, 502, "hmi"), reads}, true},
		"of anybody":             {[]policy.Rule{reads, port(0, 502)}, true},
		"of any port":            {[]policy.Rule{reads, {Match: policy.Match{Clients: hmi}, Verdict: firedoor.Pass}}, true},
		"of another client":      {[]policy.Rule{reads, port(6, 502, "ews")}, false},
		"of another port":        {[]policy.Rule{reads, port(6, 503, "hmi")}, false},
		"of another transport":   {[]policy.Rule{reads, port(17, 502, "hmi")}, false},
		"where writes stop":      {[]policy.Rule{reads, stop, port(6, 502, "hmi")}, false},
		"where writes stop late": {[]policy.Rule{reads, port(6, 502, "hmi"), stop}, true},
		"where all of it passes": {[]policy.Rule{reads, port(6, 502, "hmi"), {Match: policy.Match{Protocols: modbus}, Verdict: firedoor.Pass}}, false},
		"for frames without IP":  {[]policy.Rule{reads, port(policy.Link, 0, "hmi")}, false},
	} {
		found := strings.Join(studied(t, plant(policy.Test, c.rules...)), "\n")
		if strings.Contains(found, "opened: ") != c.opened {
			t.Errorf("%s: %q", name, found)
		}
		if c.opened && name != "of any port" && !strings.Contains(found, `rule "wide" of down opens port`) {
			t.Errorf("%s does not say which rule and where: %q", name, found)
		}
	}
}

// TestUnheardIsTold holds that whoever checks a policy hears where a step or a rate is counted from
// a value that another client changes without that anybody reads it, and is not bothered where that is known.
func TestUnheardIsTold(t *testing.T) {
	register, modbus := []policy.Object{{Text: "holding:", Row: true, From: 40, To: 40}}, []string{"modbus"}
	writes := []firedoor.Verb{firedoor.VerbWrite}
	moves := policy.Rule{Name: "setpoint", Match: policy.Match{Clients: []string{"hmi"}, Servers: []string{"plc"}, Protocols: modbus, Verbs: writes, Objects: register, Step: 5}, Verdict: firedoor.Pass}
	rated := moves
	rated.Match.Step, rated.Match.Rate = 0, policy.Rate{Most: 5, Within: time.Second}
	pass := func(m policy.Match) *policy.Rule {
		return &policy.Rule{Name: "other", Match: m, Verdict: firedoor.Pass}
	}
	for _, c := range []struct {
		name  string
		moves policy.Rule
		here  *policy.Rule // in the same conduit
		there *policy.Rule // in that from dmz
		mode  policy.Mode  // of that
		safe  bool
		want  string // in what is found; "" is nothing
	}{
		{"alone", moves, nil, nil, policy.Enforce, false, ""},
		{"all of the protocol", moves, pass(policy.Match{Clients: []string{"ews"}, Protocols: modbus}), nil, policy.Enforce, false, `rule "setpoint" of down counts from the value before, and by rule "other" of down all passes that ews asks plc at port 502`},
		{"a rate", rated, pass(policy.Match{Clients: []string{"ews"}, Protocols: modbus}), nil, policy.Enforce, false, `rule "other" of down`},
		{"a port", moves, nil, pass(policy.Match{Ports: []policy.Port{{Transport: 6, Number: 502}}}), policy.Enforce, false, `by rule "other" of low all passes that dmz asks plc at port 502`},
		{"another port", moves, nil, pass(policy.Match{Ports: []policy.Port{{Transport: 6, Number: 503}}}), policy.Enforce, false, ""},
		{"another server", moves, nil, pass(policy.Match{Servers: []string{"drive"}, Protocols: modbus}), policy.Enforce, false, ""},
		{"what is named", moves, nil, pass(policy.Match{Protocols: modbus, Verbs: writes}), policy.Enforce, false, ""},
		{"only observed", moves, nil, pass(policy.Match{Protocols: modbus, Verbs: writes}), policy.Observe, false, "by conduit low, which observes, all passes that dmz asks plc"},
		{"safety traffic", moves, nil, nil, policy.Enforce, true, "by safety traffic all passes that drive asks plc"},
	} {
		p := plant(policy.Enforce, c.moves)
		if c.here != nil {
			p.Conduits[0].Rules = append(p.Conduits[0].Rules, *c.here)
		}
		if c.there != nil {
			p.Conduits = append(p.Conduits, policy.Conduit{Name: "low", From: "dmz", To: "cell", Mode: c.mode, Default: firedoor.Drop, Reviewed: p.Conduits[0].Reviewed, Rules: []policy.Rule{*c.there}})
		}
		if c.safe {
			p.Safety = []policy.Match{{Clients: []string{"drive"}, Servers: []string{"plc"}, Ports: []policy.Port{{Transport: 6, Number: 502}}}}
		}
		found := slices.DeleteFunc(studied(t, p), func(f string) bool { return !strings.HasPrefix(f, "unheard: ") })
		if c.want == "" && len(found) > 0 || c.want != "" && (len(found) != 1 || !strings.Contains(found[0], c.want)) {
			t.Errorf("%s: %q, want %q", c.name, found, c.want)
		}
	}
}

// TestLooseRulesAreTold holds that whoever checks a policy hears of rules that do more, or less, than they
// seem to: a value without a verb, a place of which longer requests are not counted.
func TestLooseRulesAreTold(t *testing.T) {
	texts := func(all ...string) (out []policy.Object) {
		for _, text := range all {
			out = append(out, policy.Object{Text: text})
		}
		return out
	}
	value, write, modbus := &policy.Span{Max: 9}, []firedoor.Verb{firedoor.VerbWrite}, []string{"modbus"}
	for name, c := range map[string]struct {
		verdict firedoor.Action
		match   policy.Match
		want    string // "" is nothing
	}{
		"a value":                     {firedoor.Drop, policy.Match{Objects: texts("tag"), Values: value}, `valued: rule "r" of down stops by a value whatever is asked`},
		"a value that passes":         {firedoor.Pass, policy.Match{Objects: texts("tag"), Values: value}, ""},
		"a value that is written":     {firedoor.Drop, policy.Match{Objects: texts("tag"), Values: value, Verbs: write}, ""},
		"a bit that passes":           {firedoor.Pass, policy.Match{Objects: texts("Motor1", "CIO:12.03")}, ""},
		"a bit":                       {firedoor.Drop, policy.Match{Protocols: modbus, Objects: texts("Motor1", "EM0:12.15")}, `uncounted: rule "r" of down stops no longer request that begins before EM0:12.15`},
		"a device":                    {firedoor.Drop, policy.Match{Protocols: modbus, Objects: texts("B:1A")}, "before B:1A, in"},
		"a device that is counted":    {firedoor.Drop, policy.Match{Objects: texts("B:1A", "EM0:12.15")}, ""},
		"a row of them":               {firedoor.Drop, policy.Match{Protocols: modbus, Objects: []policy.Object{{Text: "B:x", Row: true, From: 0x1a, To: 0x2f}}}, "before B:1A-2F, in"},
		"a device by a decimal":       {firedoor.Drop, policy.Match{Objects: texts("B:10")}, ""},
		"a bit of a block, and a tag": {firedoor.Drop, policy.Match{Objects: texts("DB1.DBX0.3", "Axis[2].Position", "N7:10")}, ""},
	} {
		found := slices.DeleteFunc(studied(t, plant(policy.Test, policy.Rule{Name: "r", Verdict: c.verdict, Match: c.match})), func(f string) bool {
			return !strings.HasPrefix(f, "valued") && !strings.HasPrefix(f, "uncounted")
		})
		if c.want == "" && len(found) > 0 || c.want != "" && (len(found) != 1 || !strings.Contains(found[0], c.want)) {
			t.Errorf("%s: %q, want %q", name, found, c.want)
		}
	}
}

// TestOneRuleShadows holds that one rule matches, and two match.
func TestOneRuleShadows(t *testing.T) {
	rule := func(name string, units ...uint32) policy.Rule {
		return policy.Rule{Name: name, Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"modbus"}, Codes: []uint32{3}, Units: units}}
	}
	for want, rules := range map[string][]policy.Rule{
		`rule "a" of down before it matches all that it matches`:                    {rule("a"), rule("z")},
		`rule "a" of down and rule "b" of down before it match all that it matches`: {rule("a", 1), rule("b"), rule("z")},
	} {
		if found := strings.Join(studied(t, plant(policy.Test, rules...)), "\n"); !strings.Contains(found, want) {
			t.Errorf("%q, want %q", found, want)
		}
	}
}

// TestRulesOfOneName holds that whoever checks a policy hears of two rules that what is stopped could not tell apart.
func TestRulesOfOneName(t *testing.T) {
	reads, writes := policy.Match{Protocols: []string{"modbus"}, Verbs: []firedoor.Verb{firedoor.VerbRead}}, policy.Match{Protocols: []string{"modbus"}, Verbs: []firedoor.Verb{firedoor.VerbWrite}}
	for _, c := range []struct {
		one, two string
		told     bool
	}{{"a", "b", false}, {"", "", false}, {"a", "a", true}} {
		p := plant(policy.Test, policy.Rule{Name: c.one, Match: reads, Line: 7}, policy.Rule{Name: c.two, Match: writes, Line: 8})
		if found := strings.Join(studied(t, p), "\n"); strings.Contains(found, `same-name: a rule of down is named "a", as is the one in line 7`) != c.told {
			t.Errorf("%q and %q: %s", c.one, c.two, found)
		}
	}
}
