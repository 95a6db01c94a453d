package policyfile_test

import (
	"slices"
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/policy"
	"firedoor/internal/policyfile"
)

// TestDiffShowsWhatMayBeAsked holds that requests which two policies judge differently are found, are such as there may
// be, and are said to be opened or closed only where something is.
func TestDiffShowsWhatMayBeAsked(t *testing.T) {
	known := policy.Known{Ports: func(string) []policy.Port { return []policy.Port{{Transport: 6, Number: 502}} }, Protocols: []string{"modbus"},
		Functions: func(string) []policy.Function {
			return []policy.Function{{Code: 3, Verb: firedoor.VerbRead, Words: "read"}, {Code: 6, Verb: firedoor.VerbWrite, Words: "set"}, {Code: 8, Verb: firedoor.VerbControl, Words: "stop"}, {Code: 5, Verb: firedoor.VerbWrite, Words: "switch"}}
		}}
	plan := func(mode, rest string, rules ...string) *policy.Plan {
		text := `policy: 1
otherwise: {mode: enforce, default: drop}
zones:
  office: {addresses: 10.1.0.0/16}
  cell: {addresses: 10.2.0.0/16}
`
		if mode != "" {
			text += "conduits:\n  down:\n    from: office\n    to: cell\n    mode: " + mode + "\n    never-block: {reviewed: {by: Jo, on: 2026-11-26}}\n" + rest
			if len(rules) > 0 {
				text += "    rules:\n"
			}
			for _, r := range rules {
				text += "      - {protocol: modbus, " + r + "}\n"
			}
		}
		p, err := policyfile.Read("p.yaml", []byte(text), known)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	rules := func(list ...string) *policy.Plan { return plan("enforce", "", list...) }
	tested := func(list ...string) *policy.Plan { return plan("test", "", list...) }
	const all, row = "verdict: pass", "verb: write, object: holding:0-9, verdict: pass"
	for _, c := range []struct {
		name string
		a, b *policy.Plan
		want []string
	}{
		{"a function has one verb", rules(row), rules(row, "function: stop, verdict: pass"), []string{`opens: modbus port tcp/502, verb control, "stop": pass, was drop`}},
		{"and none that is stopped before", rules("verb: control, verdict: drop"), rules("verb: control, verdict: drop", "function: [stop, set], verdict: pass"), []string{`opens: modbus port tcp/502, verb write, "set": pass, was drop`}},
		{"verbs that a protocol has", rules("verb: read, verdict: pass"), rules(all), []string{
			`opens: modbus port tcp/502, verb control, "stop": pass, was drop`, `opens: modbus port tcp/502, verb write, "set": pass, was drop`}},
		{"a code", rules(), rules("code: 6, verdict: pass"), []string{`opens: modbus port tcp/502, verb write, "set": pass, was drop`}},
		{"a row that gets shorter", rules(row), rules("verb: write, object: holding:0-4, verdict: pass"), []string{"closes: modbus port tcp/502, verb write, object holding:5: drop, was pass"}},
		{"whole numbers", rules("verb: write, object: holding:0, value: 2..5, verdict: pass"), rules("verb: write, object: holding:0, value: 2..9, verdict: pass"),
			[]string{"opens: modbus port tcp/502, verb write, object holding:0, value 6: pass, was drop"}},
		{"another object than the one that stays", rules("function: set, verdict: pass"), rules("function: set, object: holding:4, verdict: pass"),
			[]string{`closes: modbus port tcp/502, verb write, "set", another object: drop, was pass`}},
		{"a time", rules(), rules("function: stop, when: {days: wed, from: \"13:00\", until: \"14:00\"}, verdict: pass"),
			[]string{`opens: modbus port tcp/502, verb control, "stop", Wednesday 13:00: pass, was drop`}},
		{"what was stopped is not closed", rules("function: stop, verdict: drop", all), rules("function: stop, verdict: reset", all), []string{
			`stops otherwise: modbus port tcp/502, verb control, "stop": reset, was drop`, `stops otherwise: modbus port tcp/502, verb control, "stop": reset, was drop`}},
		{"nor what goes on", tested(all), tested("function: stop, verdict: drop", all), []string{
			`would close: modbus port tcp/502, verb control, "stop": drop, was pass (nothing is stopped there: mode test)`}},
		{"nor opened what passed", tested("function: stop, verdict: drop", all), tested(all), []string{
			`would open: modbus port tcp/502, verb control, "stop": pass, was drop (nothing was stopped there: mode test)`}},
		{"one rule of many moved", rules("function: stop, verdict: drop", "function: set, verdict: pass", "function: read, verdict: pass", all), rules("function: set, verdict: pass", "function: read, verdict: pass", all, "function: stop, verdict: drop"),
			[]string{`opens: modbus port tcp/502, verb control, "stop": pass, was drop`}},
		{"a conduit that is new", plan("", ""), plan("enforce", "    default: pass\n"), []string{"opens: what no rule of down matches: pass, was drop"}},
		{"one that only tests", plan("", ""), plan("test", "    default: drop\n"), []string{"opens: what down is to stop: passes with mode test, was stopped"}},
		{"one that is gone", plan("enforce", "    default: pass\n"), plan("", ""), []string{"closes: what no rule of down matches: drop, was pass"}},
		{"a mode where nothing is to be stopped", plan("test", "    default: pass\n", "verb: read, verdict: pass"), plan("enforce", "    default: pass\n", "verb: read, verdict: pass"), nil},
		{"mode and default, which is all there is", plan("test", "    default: pass\n"), plan("enforce", "    default: drop\n"), []string{"closes: what no rule of down matches: drop, was pass"}},
		{"and with a rule that stops", plan("test", "    default: pass\n", "verb: write, verdict: drop"), plan("enforce", "    default: drop\n", "verb: write, verdict: drop"), []string{
			"closes: what no rule of down matches: drop, was pass", "closes: what down is to stop: is stopped, passed with mode test"}},
		{"another default where nothing is stopped", plan("test", "    default: pass\n"), plan("test", "    default: drop\n"), []string{"would close: what no rule of down matches: drop, was pass (nothing is stopped there: mode test)"}},
	} {
		var got []string
		changes := policy.Diff(c.a, c.b)
		for _, change := range changes {
			for _, e := range change.Effects {
				got = append(got, strings.Replace(e, "somebody of office to somebody of cell: ", "", 1))
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
		if len(changes) == 0 {
			t.Errorf("%s: no change is told", c.name)
		}
	}
}
