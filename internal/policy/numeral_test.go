package policy_test

import (
	"bytes"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"firedoor"
	"firedoor/internal/policy"
)

// TestNumeralsCount holds that a rule lets no more elements be asked for than it names, also where their
// numbers are not decimal.
func TestNumeralsCount(t *testing.T) {
	hex := func(from, to uint64) policy.Object { return policy.Object{Text: "B:x", Row: true, From: from, To: to} }
	holdObjects(t, 102, "s7comm", []objectCase{
		{policy.Object{Text: "CIO:12.03"}, "CIO:12.03", 1, true, true},
		{policy.Object{Text: "CIO:12.03"}, "CIO:12.03", 2, false, true},
		{policy.Object{Text: "CIO:12.03"}, "CIO:12.00", 4, false, true},
		{policy.Object{Text: "CIO:12.03"}, "CIO:12.00", 3, false, false},
		{policy.Object{Text: "CIO:12.", Row: true, From: 3, To: 6}, "CIO:12.03", 4, true, true},
		{policy.Object{Text: "CIO:12.", Row: true, From: 3, To: 6}, "CIO:12.03", 5, false, true},
		{policy.Object{Text: "CIO:12.", Open: true}, "CIO:12.03", 13, true, true},
		{policy.Object{Text: "CIO:12.", Open: true}, "CIO:12.03", 14, false, true},
		{policy.Object{Text: "CIO:", Open: true}, "CIO:12.03", 14, true, true},
		{policy.Object{Text: "B:1A"}, "B:1A", 1, true, true},
		{policy.Object{Text: "B:1A"}, "B:1A", 2, false, true},
		{policy.Object{Text: "B:1C"}, "B:1A", 3, false, true},
		{policy.Object{Text: "B:1C"}, "B:1A", 2, false, false},
		{hex(0x1a, 0x29), "B:1A", 16, true, true},
		{hex(0x1a, 0x29), "B:1A", 17, false, true},
		{hex(0x1a, 0x29), "B:1F", 1, true, true},
		{hex(0x1a, 0x29), "B:2A", 1, false, false},
		{hex(0x1a, 0x29), "W:1F", 1, false, false},
		{policy.Object{Text: "B:1", Open: true}, "B:1A", 2, false, true},
		{policy.Object{Text: "B:", Open: true}, "B:1A", 200, true, true},
		{policy.Object{Text: "AB:CD"}, "AB:CD", 1, true, true},
		{policy.Object{Text: "ABC:CD"}, "ABC:CD", 5, true, true},
	})
}

// TestRowsAreReadAsTheyAreWritten holds that a row is read back from its text, whatever its numbers are.
func TestRowsAreReadAsTheyAreWritten(t *testing.T) {
	for _, c := range []struct {
		text string
		want policy.Object // the zero one is none
	}{
		{"B:1A-2F", policy.Object{Text: "B:x", Row: true, From: 0x1a, To: 0x2f}}, {"SW:20-2F", policy.Object{Text: "SW:x", Row: true, From: 0x20, To: 0x2f}},
		{"B:1F-20", policy.Object{Text: "B:x", Row: true, From: 0x1f, To: 0x20}}, {"B:10-20", policy.Object{Text: "B:", Row: true, From: 10, To: 20}},
		{"CIO:12.3-6", policy.Object{Text: "CIO:12.", Row: true, From: 3, To: 6}}, {"B:1A", policy.Object{}}, {"B-1A", policy.Object{}}, {"tag:A-tag:B", policy.Object{}},
		{"B:1A-", policy.Object{}}, {":1A-2F", policy.Object{}}, {"ABC:1A-2F", policy.Object{}}, {"M1:A-B", policy.Object{}},
	} {
		o, ok := policy.RowOf(c.text)
		if ok != (c.want != policy.Object{}) || ok && (o != c.want || o.String() != c.text) {
			t.Errorf("%s: %+v, %s", c.text, o, o)
		}
	}
}

// TestProofsOfNumerals asks for devices with hexadecimal numbers, and for bits of words, where a proof says that
// none pass, and holds drafts of them against what was learned.
func TestProofsOfNumerals(t *testing.T) {
	proofs := 0
	rapid.Check(t, func(t *rapid.T) {
		bits := rapid.Bool().Draw(t, "bits")
		row := func(from, to uint64) policy.Object {
			if bits {
				return policy.Object{Text: "CIO:12.", Row: true, From: from % 16, To: from%16 + to - from}
			}
			return policy.Object{Text: "B:x", Row: true, From: from, To: to}
		}
		var rules []policy.Rule
		for range rapid.IntRange(1, 5).Draw(t, "rules") {
			from := rapid.Uint64Range(0x18, 0x30).Draw(t, "from")
			o := row(from, from+rapid.Uint64Range(0, 12).Draw(t, "more"))
			if rapid.IntRange(0, 5).Draw(t, "open") == 0 {
				o = policy.Object{Text: map[bool]string{true: "CIO:12.0", false: "B:2"}[bits], Open: true}
			}
			rules = append(rules, policy.Rule{Name: fmt.Sprint("r", len(rules)), Verdict: rapid.SampledFrom([]firedoor.Action{firedoor.Pass, firedoor.Drop, firedoor.Drop}).Draw(t, "verdict"), Match: policy.Match{Objects: []policy.Object{o}}})
		}
		plan := compile(t, plant(policy.Enforce, rules...))
		path, undecided, err := plan.Prove("office", "cell", policy.Question{})
		if err != nil || path != nil || undecided {
			return
		}
		proofs++
		for range 100 {
			n := rapid.IntRange(0, 0x40).Draw(t, "n")
			object := fmt.Sprintf("B:%X", n)
			if bits {
				object = fmt.Sprintf("CIO:12.%02d", n%16)
			}
			a := ask{client: "10.0.1.1", server: "10.0.2.1", transport: 6, port: 102, protocol: "s7comm", unit: -1, quantity: rapid.Uint32Range(1, 4).Draw(t, "quantity"), object: object}
			if v := policy.Decide(plan, a.request(plan)); v.Action == firedoor.Pass {
				t.Fatalf("proved that nothing passes, but %+v does: %+v", a, v)
			}
		}
	})
	if !t.Failed() && proofs == 0 {
		t.Error("nothing was proved")
	}
}

// TestDraftOfNumerals holds that a draft lets bits and devices be asked for as they were, and no more of them.
func TestDraftOfNumerals(t *testing.T) {
	for _, c := range []struct {
		object  string
		learned uint32
		next    string // behind what was learned
	}{{"CIO:12.03", 4, "CIO:12.07"}, {"CIO:12.14", 40, "CIO:14.15"}, {"B:1A", 16, "B:2A"}, {"B:F8", 16, "B:10A"}, {"W:100", 4, "W:104"}} {
		s := firedoor.Statement{Function: "write", Code: 5, Object: c.object, Quantity: &c.learned}
		d := policy.Draft(nil, []firedoor.Conversation{writes(s)}, policy.DraftOptions{Usual: known().Ports})
		d.Policy.Conduits[0].Mode, d.Policy.Conduits[0].Reviewed = policy.Enforce, policy.Review{By: "A", On: "2026-11-26"}
		plan := compile(t, &d.Policy)
		var b bytes.Buffer
		fmt.Fprint(&b, d.Policy.Conduits[0].Rules[0].Match.Objects[0])
		if o, ok := policy.RowOf(b.String()); !ok || o != d.Policy.Conduits[0].Rules[0].Match.Objects[0] {
			t.Errorf("%s: written as %q, read as %+v", c.object, b.String(), o)
		}
		for object, quantity := range map[string]uint32{c.object: c.learned, c.next: 1} {
			a := ask{client: "10.0.1.1", server: "10.0.2.1", transport: 6, port: 502, protocol: "modbus", verb: firedoor.VerbWrite, function: "write", code: 5, unit: -1, object: object, quantity: quantity}
			if v := policy.Decide(plan, a.request(plan)); (v.Action == firedoor.Pass) != (object == c.object) {
				t.Errorf("%s, %d of them: %s", object, quantity, v.Action)
			}
			a.quantity++
			if v := policy.Decide(plan, a.request(plan)); v.Action == firedoor.Pass {
				t.Errorf("%s, %d of them: passes", object, a.quantity)
			}
		}
	}
}
