package policy_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"firedoor"
	"firedoor/internal/policy"
)

// TestProofOfNumbersInTwoRegisters holds that a range of numbers in two registers is another one than
// that of registers: what stops one of them is no proof that the other does not pass.
func TestProofOfNumbersInTwoRegisters(t *testing.T) {
	rule := func(name string, verdict firedoor.Action, as policy.Form) policy.Rule {
		return policy.Rule{Name: name, Verdict: verdict, Match: policy.Match{Protocols: []string{"modbus"}, Verbs: []firedoor.Verb{firedoor.VerbWrite},
			Objects: []policy.Object{{Text: "holding:", Row: true, To: 9}}, Values: &policy.Span{Max: 10}, As: as}}
	}
	for _, forms := range [][2]policy.Form{{policy.AsWritten, policy.F32}, {policy.F32, policy.AsWritten}, {policy.F32, policy.F32Swapped}, {policy.F32, policy.F32}, {policy.I16, policy.AsWritten}, {policy.I32, policy.U32}, {policy.I16, policy.I16}} {
		plan := compile(t, plant(policy.Enforce, rule("stops", firedoor.Drop, forms[0]), rule("passes", firedoor.Pass, forms[1])))
		path, undecided, err := plan.Prove("office", "cell", policy.Question{})
		proved := err == nil && !undecided && path == nil
		if same := forms[0] == forms[1]; proved != same {
			t.Errorf("%q: path %v, undecided %t, %v", forms, path, undecided, err)
		}
		for _, f := range plan.Study() {
			if f.Kind == "shadowed" && forms[0] != forms[1] {
				t.Errorf("%q: %s", forms, f.Text)
			}
		}
	}
}

// written are values of one of the kinds that a rule may look at.
func written(t *rapid.T) *firedoor.Values {
	number := func() float32 {
		return rapid.SampledFrom([]float32{0, 1, 2.5, 3, 5.1, 7, float32(math.NaN()), float32(math.Inf(1))}).Draw(t, "number")
	}
	switch rapid.IntRange(0, 3).Draw(t, "kind") {
	case 0:
		return nil
	case 1:
		return words(uint16(rapid.IntRange(0, 8).Draw(t, "word")), uint16(rapid.IntRange(0, 8).Draw(t, "second")))
	case 2:
		return registers(false, number())
	}
	return registers(true, number(), number())
}

// TestProofsHoldForAllValues asks for what passes where a proof says that nothing does, whatever
// form values have, and whatever is never blocked.
func TestProofsHoldForAllValues(t *testing.T) {
	forms := []policy.Form{policy.AsWritten, policy.F32, policy.F32Swapped, policy.I16, policy.I32, policy.U32Swapped}
	valued := func(t *rapid.T) (rules []policy.Rule) {
		for i := range rapid.IntRange(0, 5).Draw(t, "rules") {
			r := policy.Rule{Name: fmt.Sprint("r", i), Verdict: rapid.SampledFrom([]firedoor.Action{firedoor.Pass, firedoor.Drop}).Draw(t, "verdict"), Match: policy.Match{
				Verbs: some(firedoor.VerbRead, firedoor.VerbWrite).Draw(t, "verbs"), Objects: []policy.Object{{Text: "holding:", Row: true, To: uint64(rapid.IntRange(0, 4).Draw(t, "to"))}}}}
			if rapid.IntRange(0, 4).Draw(t, "valued") > 0 {
				low := rapid.SampledFrom([]float64{math.Inf(-1), 0, 1, 3}).Draw(t, "low")
				r.Match.Values, r.Match.As = &policy.Span{Min: low, Max: rapid.SampledFrom([]float64{max(low, 1), 5, math.Inf(1)}).Draw(t, "high")}, rapid.SampledFrom(forms).Draw(t, "as")
			}
			rules = append(rules, r)
		}
		return rules
	}
	proofs, dead := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		p := plant(policy.Enforce, valued(t)...)
		if rapid.IntRange(0, 2).Draw(t, "never") == 0 {
			p.Conduits[0].NeverBlock = valued(t)
			for i := range p.Conduits[0].NeverBlock {
				p.Conduits[0].NeverBlock[i].Verdict = firedoor.Pass
				p.Conduits[0].NeverBlock[i].Name = fmt.Sprint("n", i)
			}
		}
		plan := compile(t, p)
		path, undecided, err := plan.Prove("office", "cell", policy.Question{})
		proved := err == nil && !undecided && path == nil
		if proved {
			proofs++
		}
		shadowed := map[string]bool{}
		for _, f := range plan.Study() {
			if f.Kind == "shadowed" {
				dead++
				shadowed[strings.Fields(f.Text)[1]] = true
			}
		}
		for range 50 {
			a := ask{client: "10.0.1.1", server: "10.0.2.1", transport: 6, port: 502, protocol: "modbus", unit: -1, verb: rapid.SampledFrom([]firedoor.Verb{firedoor.VerbRead, firedoor.VerbWrite}).Draw(t, "verb"),
				object: fmt.Sprint("holding:", rapid.IntRange(0, 5).Draw(t, "object")), quantity: uint32(rapid.IntRange(1, 4).Draw(t, "quantity"))}
			r := a.request(plan)
			r.Values = written(t)
			v := policy.Decide(plan, r)
			if proved && v.Action == firedoor.Pass {
				t.Fatalf("proved that nothing passes, but %+v with %+v does: %+v", a, r.Values, v)
			}
			if v.Rule >= 0 && shadowed[fmt.Sprintf("%q", plan.Rule(v.Rule).Name)] {
				t.Fatalf("%s never decides, and does so for %+v with %+v", plan.Rule(v.Rule).Name, a, r.Values)
			}
		}
	})
	if !t.Failed() && (proofs == 0 || dead == 0) {
		t.Errorf("%d proofs, %d shadowed rules: the rules drawn show nothing", proofs, dead)
	}
}

// TestProofOverAddressesOfNoZone holds that a way over a device with an address of no zone is one, as
// over any zone that no conduit joins.
func TestProofOverAddressesOfNoZone(t *testing.T) {
	for name, c := range map[string]struct {
		otherwise policy.Otherwise
		q         policy.Question
		way       bool
	}{
		"stopped":             {policy.Otherwise{Mode: policy.Enforce, Default: firedoor.Drop}, policy.Question{}, false},
		"passes":              {policy.Otherwise{Mode: policy.Enforce, Default: firedoor.Pass}, policy.Question{}, true},
		"only tests":          {policy.Otherwise{Mode: policy.Test, Default: firedoor.Drop}, policy.Question{}, true},
		"only tests, written": {policy.Otherwise{Mode: policy.Test, Default: firedoor.Drop}, policy.Question{AsWritten: true}, false},
		"directly":            {policy.Otherwise{Mode: policy.Enforce, Default: firedoor.Pass}, policy.Question{Direct: true}, false},
	} {
		p := plant(policy.Enforce)
		p.Zones, p.Otherwise = p.Zones[:2], c.otherwise // no other zone is in between
		plan := compile(t, p)
		path, undecided, err := plan.Prove("office", "cell", c.q)
		if err != nil || undecided || (path != nil) != c.way {
			t.Errorf("%s: %+v, undecided %t, %v", name, path, undecided, err)
		}
		if c.way && (len(path) != 2 || path[0].To != "addresses of no zone" || path[1].From != path[0].To) {
			t.Errorf("%s: the way is %+v", name, path)
		}
	}
}

// TestKnownClientsThatAreGone holds that a client whose name a policy no longer has stands for nobody:
// least of all for addresses of no zone.
func TestKnownClientsThatAreGone(t *testing.T) {
	p := plant(policy.Enforce, policy.Rule{Verdict: firedoor.Pass})
	p.Otherwise = policy.Otherwise{Mode: policy.Observe, Default: firedoor.Pass}
	plan, _ := compile(t, p).With([]policy.Isolation{{Verb: policy.KnownClients, Host: "plc", Clients: []string{"hmi", "gone"}}})
	for client, want := range map[string]firedoor.Action{"10.0.1.1": firedoor.Pass, "10.0.1.2": firedoor.Drop, "172.16.0.9": firedoor.Drop} {
		a := write("10.0.2.1")
		a.client = client
		if v := policy.Decide(plan, a.request(plan)); v.Action != want {
			t.Errorf("%s: %+v, want %s", client, v, want)
		}
	}
}

// TestDiffTellsTextsApart holds that a list is another rule than one text that reads like it in a sentence.
func TestDiffTellsTextsApart(t *testing.T) {
	with := func(objects ...policy.Object) *policy.Plan {
		return compile(t, plant(policy.Enforce, policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"s7comm"}, Objects: objects}}))
	}
	texts := func(all ...string) (out []policy.Object) {
		for _, text := range all {
			out = append(out, policy.Object{Text: text})
		}
		return out
	}
	for _, c := range [][2][]policy.Object{{texts("a", "b"), texts("a or b")}, {texts("no object"), {{}}}, {texts("a", "b", "c"), texts("a, b", "c")}} {
		if d := policy.Diff(with(c[0]...), with(c[1]...)); len(d) == 0 {
			t.Errorf("%q and %q: no difference", c[0], c[1])
		}
		if d := policy.Diff(with(c[0]...), with(slices.Clone(c[0])...)); len(d) > 0 {
			t.Errorf("%q and the same: %v", c[0], d)
		}
	}
}

// TestNoNumberIsInNoRange holds that what is written and is no number goes by no rule that looks at
// values: it is let through by none, and stopped by those that stop.
func TestNoNumberIsInNoRange(t *testing.T) {
	object := []policy.Object{{Text: "holding:", Row: true, To: 9}}
	plan := compile(t, plant(policy.Enforce,
		policy.Rule{Verdict: firedoor.Drop, Match: policy.Match{Objects: object, Values: &policy.Span{Min: 680, Max: math.Inf(1)}, As: policy.F32}},
		policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Objects: object}}))
	for _, c := range []struct {
		number float32
		want   firedoor.Action
	}{{5, firedoor.Pass}, {700, firedoor.Drop}, {float32(math.Inf(1)), firedoor.Drop}, {float32(math.NaN()), firedoor.Drop}} {
		a := write("10.0.2.1")
		a.transport, a.object = 6, "holding:4"
		r := a.request(plan)
		r.Values = registers(false, c.number)
		if v := policy.Decide(plan, r); v.Action != c.want {
			t.Errorf("%g: %+v, want %s", c.number, v, c.want)
		}
	}
}

// TestWhatWasNotKeptIsInNoRange holds that of a list longer than what is kept of it no rule goes by the
// beginning alone: a number behind it may be any.
func TestWhatWasNotKeptIsInNoRange(t *testing.T) {
	object := []policy.Object{{Text: "holding:", Row: true, To: 9}}
	for _, c := range []struct {
		verdict, other, want firedoor.Action
	}{{firedoor.Pass, firedoor.Drop, firedoor.Drop}, {firedoor.Drop, firedoor.Pass, firedoor.Drop}} {
		span := policy.Span{Min: 0, Max: 10}
		if c.verdict == firedoor.Drop {
			span = policy.Span{Min: 90, Max: 100}
		}
		plan := compile(t, plant(policy.Enforce,
			policy.Rule{Verdict: c.verdict, Match: policy.Match{Objects: object, Values: &span}},
			policy.Rule{Verdict: c.other, Match: policy.Match{Objects: object}}))
		for kept, want := range map[int]firedoor.Action{2: firedoor.Pass, 3: c.want} {
			a := write("10.0.2.1")
			a.transport, a.object = 6, "holding:4"
			r := a.request(plan)
			r.Values = &firedoor.Values{Type: firedoor.U16, Count: kept, Raw: []byte{0, 5, 0, 6}}
			if v := policy.Decide(plan, r); v.Action != want {
				t.Errorf("%s within %v, 2 of %d kept: %+v, want %s", c.verdict, span, kept, v, want)
			}
		}
	}
}
