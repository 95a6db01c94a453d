package policy_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"firedoor"
	"firedoor/internal/policy"
)

// TestWordsLieBytesApart holds that of memory that is counted in bytes all bytes count that a request takes: no
// rule lets words be written behind its row, and none is gone round by a word that begins before it.
func TestWordsLieBytesApart(t *testing.T) {
	row := func(area string, from, to uint64) policy.Object {
		return policy.Object{Text: area, Row: true, From: from, To: to}
	}
	holdObjects(t, 102, "s7comm", []objectCase{
		{row("DB1.DBW", 0, 8), "DB1.DBW0", 5, true, true},
		{row("DB1.DBW", 0, 8), "DB1.DBW0", 6, false, true},
		{row("DB1.DBW", 0, 9), "DB1.DBW0", 10, false, true},
		{row("DB1.DBW", 10, 20), "DB1.DBW4", 3, false, false},
		{row("DB1.DBW", 10, 20), "DB1.DBW4", 5, false, true},
		{row("DB1.DBW", 10, 20), "DB1.DBW9", 1, false, true},
		{row("DB1.DBW", 10, 20), "DB1.DBW21", 1, false, true},
		{row("DB1.DBW", 10, 20), "DB1.DBW22", 1, false, false},
		{row("DB1.DBD", 8, 8), "DB1.DBD0", 2, false, false},
		{row("DB1.DBD", 8, 8), "DB1.DBD0", 3, false, true},
		{row("MW", 10, 10), "MW0", 6, false, true},
		{row("MD", 10, 10), "MD10", 2, false, true},
		{row("DB1.DBB", 10, 20), "DB1.DBB4", 6, false, false},
		{row("DB1.DBB", 10, 20), "DB1.DBB4", 7, false, true},
		{row("D", 10, 20), "D4", 6, false, false},
		{policy.Object{Text: "DB1.DBW1", Open: true}, "DB1.DBW10", 5, true, true},
		{policy.Object{Text: "DB1.DBW1", Open: true}, "DB1.DBW10", 6, false, true},
	})
}

// TestProofsOfWords asks for words where a proof says that none pass.
func TestProofsOfWords(t *testing.T) {
	proofs := 0
	rapid.Check(t, func(t *rapid.T) {
		var rules []policy.Rule
		for range rapid.IntRange(1, 5).Draw(t, "rules") {
			from := rapid.Uint64Range(0, 8).Draw(t, "from")
			o := policy.Object{Text: rapid.SampledFrom([]string{"MW", "DB1.DBW"}).Draw(t, "area"), Row: true, From: from, To: from + rapid.Uint64Range(0, 6).Draw(t, "more")}
			rules = append(rules, policy.Rule{Name: fmt.Sprint("r", len(rules)), Verdict: rapid.SampledFrom([]firedoor.Action{firedoor.Pass, firedoor.Drop, firedoor.Drop}).Draw(t, "verdict"), Match: policy.Match{Objects: []policy.Object{o}}})
		}
		plan := compile(t, plant(policy.Enforce, rules...))
		path, undecided, err := plan.Prove("office", "cell", policy.Question{})
		if err != nil || undecided {
			t.Fatalf("undecided %t, %v", undecided, err)
		}
		if path != nil {
			return
		}
		proofs++
		for range 100 {
			a := ask{client: "10.0.1.1", server: "10.0.2.1", transport: 6, port: 102, protocol: "s7comm", unit: -1, quantity: rapid.Uint32Range(1, 4).Draw(t, "quantity"),
				object: rapid.SampledFrom([]string{"MW", "DB1.DBW"}).Draw(t, "of") + fmt.Sprint(rapid.IntRange(0, 16).Draw(t, "at"))}
			if v := policy.Decide(plan, a.request(plan)); v.Action == firedoor.Pass {
				t.Fatalf("proved that nothing passes, but %+v does: %+v", a, v)
			}
		}
	})
	if !t.Failed() && proofs == 0 {
		t.Error("nothing was proved")
	}
}

// TestDraftOfWords holds that a draft lets words be asked for as they were, and none behind them.
func TestDraftOfWords(t *testing.T) {
	four := uint32(4)
	c := writes(firedoor.Statement{Function: "write var", Code: 5, Object: "DB1.DBW10", Quantity: &four})
	c.Protocol, c.Server.Port = "s7comm", 102
	d := policy.Draft(nil, []firedoor.Conversation{c}, policy.DraftOptions{Usual: known().Ports})
	d.Policy.Conduits[0].Mode, d.Policy.Conduits[0].Reviewed = policy.Enforce, policy.Review{By: "A", On: "2026-11-26"}
	plan := compile(t, &d.Policy)
	for _, c := range []struct {
		object   string
		quantity uint32
		want     firedoor.Action
	}{{"DB1.DBW10", 4, firedoor.Pass}, {"DB1.DBW16", 1, firedoor.Pass}, {"DB1.DBW10", 5, firedoor.Drop}, {"DB1.DBW18", 1, firedoor.Drop}} {
		a := ask{client: "10.0.1.1", server: "10.0.2.1", transport: 6, port: 102, protocol: "s7comm", verb: firedoor.VerbWrite, function: "write var", code: 5, unit: -1, object: c.object, quantity: c.quantity}
		if v := policy.Decide(plan, a.request(plan)); v.Action != c.want {
			t.Errorf("%s, %d of them: %s", c.object, c.quantity, v.Action)
		}
	}
}
