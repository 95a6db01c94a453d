package main

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// sided is a policy whose zones are at the ports where they are.
const sided = `policy: 1
otherwise: {mode: enforce, default: drop}
zones:
  office: {addresses: 10.0.1.0/24, at: inside}
  cell: {addresses: 10.0.2.0/24, at: outside}
  dmz: {addresses: 10.0.3.0/24}
conduits:
  down:
    from: office
    to: cell
    mode: enforce
    default: pass
    never-block:
      reviewed: {by: Jo, on: 2026-11-26}
      rules:
        - {protocol: modbus, code: 5}
`

// TestPolicySides holds what commands say of zones that are bound to a side.
func TestPolicySides(t *testing.T) {
	file := write(t, "p.yaml", []byte(sided))
	tested := write(t, "t.yaml", []byte(strings.Replace(sided, "    mode: enforce", "    mode: test", 1)))
	free := write(t, "q.yaml", []byte(strings.ReplaceAll(sided, ", at: outside", "")))
	beside := write(t, "b.yaml", []byte(strings.ReplaceAll(sided, "at: outside", "at: inside")))
	explain := func(side, client, policy string, more ...string) []string {
		return append(append([]string{"explain", "--client", client, "--server", "10.0.2.1", "--protocol", "modbus", "--side", side}, more...), policy)
	}
	for _, c := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"check", file}, 0, "p.yaml:6: either-side: zone dmz is bound to no side"},
		{[]string{"check", beside}, 0, "b.yaml:8: one-side: conduit down joins two zones at the inside"},
		{[]string{"diff", file, free}, 3, "~ zone cell:"},
		{[]string{"diff", file, free}, 3, "opens: what comes from the inside with an address of cell: is taken for its own, was stopped as wrong-side"},
		{[]string{"diff", free, file}, 3, "closes: what comes from the inside with an address of cell: is stopped as wrong-side where that is enforced"},
		{[]string{"diff", file, beside}, 3, "closes: what comes from the outside with an address of cell: is stopped as wrong-side where that is enforced"},
		{[]string{"prove", "--from", "office", "--to", "cell", file}, 3, "the rule in line 16 of down lets it pass"},
		{[]string{"prove", "--from", "cell", "--to", "office", file}, 0, "directly or by way of other zones.\nNot meant is"},
		{[]string{"prove", "--from", "office", "--to", "cell", beside}, 3, `rule in line 16 of down lets it pass`},
		{[]string{"prove", "--from", "office", "--to", "cell", "--verb", "read", beside}, 0, "Zones office and cell are at the inside, and what they say to each other there passes none: nothing of this policy stops it."},
		{[]string{"prove", "--from", "office", "--to", "cell", "--verb", "read", beside}, 0, "The proof rests on that side (at): what comes in at the other one with an address of office is stopped as wrong-side. Without it there would be a way:\n  1. from office to cell: no rule stops it"},
		{explain("inside", "10.0.1.9", beside), 0, "Both are at the inside: what they say to each other there passes no gateway."},
		{[]string{"explain", file}, 0, "Zone office is at the inside: what comes with an address of it from the other side is somebody else's"},
		{explain("inside", "10.0.1.9", file), 0, "Pass: "},
		{explain("outside", "10.0.1.9", file, "--code", "6"), 0, "Drop: its sender is not at the side from which it comes"},
		{explain("outside", "office", file, "--code", "6"), 0, "Drop: its sender is not at the side"},
		{explain("outside", "10.0.1.9", file, "--code", "5"), 0, "on the list of what is never blocked"},
		{explain("outside", "10.0.1.9", tested, "--code", "6"), 0, "It passes all the same: conduit down has mode test."},
		{explain("above", "10.0.1.9", file), 2, ""},
	} {
		o := run(t, append([]string{"policy"}, c.args...)...)
		if o.status != c.status || !strings.Contains(o.stdout, c.says) {
			t.Errorf("policy %s: status %d, want %d and %q:\n%s%s", strings.Join(c.args, " "), o.status, c.status, c.says, o.stdout, o.err)
		}
	}
}

// TestWhatIfKnowsNoSides holds that a what-if stops nothing for the side from which it comes, and says that it knows none.
func TestWhatIfKnowsNoSides(t *testing.T) {
	x := &plcTalk{rng: rand.New(rand.NewPCG(1, 1)), now: 1772323200e9, sport: 50000}
	x.converse(3, true)
	capture := write(t, "c.pcap", pcap(x.frames))
	for _, swapped := range []bool{false, true} {
		text := sided
		if swapped {
			text = strings.NewReplacer("at: inside", "at: outside", "at: outside", "at: inside").Replace(sided)
		}
		r, _ := whatIf(t, "--policy", write(t, "p.yaml", []byte(text)), capture)
		if r.Stops() || r.Operations == 0 || !strings.Contains(r.Unseen, "at which port of a gateway something came in is not known here") {
			t.Errorf("%+v", r)
		}
	}
}
