package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"firedoor/internal/plant/factory"
	"firedoor/internal/plant/scenario"
	"firedoor/internal/plant/truth"
	"firedoor/internal/plant/wire"
	"firedoor/internal/policy"
	"firedoor/internal/policyfile"
)

// On a Thursday at 15:20 somebody presses the robot's emergency stop; what follows was
// not seen while learning, which ends at three.
const (
	guardStart = "2026-03-05T12:40:00Z"
	guardLearn = 80 * time.Minute
	guardUntil = 135 * time.Minute
)

// guardDraft is a policy drafted of the plant's time before, made once.
func guardDraft(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(shared, "plant-guarded")
	file := filepath.Join(dir, "draft.yaml")
	if text, known := made.Load(file); known {
		return text.(string)
	}
	works(t, "plant", "run", "--seed", "3", "--start", guardStart, "--days", "0.056", "--learn", "80m", "--data", t.TempDir(), "--out", dir)
	text := works(t, "policy", "draft", dir).stdout
	made.Store(file, text)
	return text
}

// guardReviewed is the draft with the review that the measurement uses.
func guardReviewed(t *testing.T) *policy.Plan {
	t.Helper()
	draft := write(t, "draft.yaml", []byte(guardDraft(t)))
	text := works(t, "policy", "review", "--review", "../../scripts/factory-gateway/review.yaml", draft).stdout
	plan, err := policyfile.Read("policy.yaml", []byte(text), known())
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// guarded lets the plant work under a policy, or without one, and be attacked at times
// after learning.
func guarded(t *testing.T, plan *policy.Plan, attacks map[string]time.Duration) (*guarding, *truth.File) {
	t.Helper()
	start, err := time.Parse(time.RFC3339, guardStart)
	if err != nil {
		t.Fatal(err)
	}
	o := factory.Options{Seed: 3, Start: start}
	for _, name := range scenario.Names() { // in an order that is always the same
		after, planned := attacks[name]
		if !planned {
			continue
		}
		s, err := scenario.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		o.Scenarios = append(o.Scenarios, factory.Planned{Scenario: s, At: guardLearn + after})
	}
	f, err := factory.New(o)
	if err != nil {
		t.Fatal(err)
	}
	g, err := guard(f, plan, guardLearn, nil)
	if err != nil {
		t.Fatal(err)
	}
	f.Run(guardUntil)
	if err := g.end(nil); err != nil {
		t.Fatal(err)
	}
	return g, f.Truth()
}

// guardAttacks are writes, stops, modes and programs, by strangers and by stations of the
// plant that somebody took over.
var guardAttacks = map[string]time.Duration{"setpoint-write": 0, "out-of-range-write": 2 * time.Minute, "controller-stop": 4 * time.Minute, "mode-change": 6 * time.Minute,
	"program-download": 8 * time.Minute, "rogue-master": 10 * time.Minute, "safety-bypass": 14 * time.Minute, "machine-speed": 30 * time.Minute}

// TestPolicyOnTheVirtualWire: under a policy that was drafted of an hour and reviewed, no
// attack changes a controller that all of them change without it, and nobody who may is
// touched: neither in routine nor in an emergency that was never seen.
func TestPolicyOnTheVirtualWire(t *testing.T) {
	bare, _ := guarded(t, nil, guardAttacks)
	g, what := guarded(t, guardReviewed(t), guardAttacks)
	reached := 0
	for _, f := range bare.outcome.Attacks {
		reached += f.Reached
		t.Logf("without: %+v", f)
	}
	kinds := map[string]bool{}
	for _, f := range g.outcome.Attacks {
		kinds[f.Kind] = f.Total > 0
		t.Logf("with: %+v", f)
	}
	if reached < 10 || !kinds["write"] || !kinds["control"] || !kinds["program"] {
		t.Errorf("without a policy only %d attempts reach a controller, of %v", reached, kinds)
	}
	refused := false
	for i := range g.outcome.Tries {
		x := &g.outcome.Tries[i]
		if refused = refused || x.Fate == factory.Refused; x.Fate == factory.Reached || x.Fate == factory.Alike || x.Fate == factory.Lost {
			t.Errorf("%s (%s)", x, x.Rule)
		}
	}
	if !refused {
		t.Error("no device of those that can was made to refuse")
	}
	for _, x := range g.outcome.Touched {
		t.Errorf("touched: %+v", x)
	}
	for i := range g.outcome.Failed {
		t.Errorf("failed: %s", &g.outcome.Failed[i])
	}
	emergency := 0
	for _, e := range what.Entries {
		if e.Kind == "emergency-stop" {
			emergency += e.OperationsTotal
		}
	}
	if emergency == 0 || g.outcome.Honest.Asked < 50_000 {
		t.Errorf("%d operations after the emergency stop, %d honest requests: nothing was tried", emergency, g.outcome.Honest.Asked)
	}
	if with, without := g.outcome.PerHour, bare.outcome.PerHour; with < without*0.99 {
		t.Errorf("%.0f good parts an hour under attack with the policy, %.0f without", with, without)
	}
}

// TestPolicyThatHarmsIsSeen: the same draft enforced without a review stops the robot's
// reset after its emergency stop, and that is counted and named.
func TestPolicyThatHarmsIsSeen(t *testing.T) {
	text := strings.ReplaceAll(guardDraft(t), "    mode: test\n", "    mode: enforce\n    never-block: {reviewed: {by: nobody, on: 2026-03-05}}\n")
	plan, err := policyfile.Read("policy.yaml", []byte(strings.Replace(text, "otherwise: {mode: test", "otherwise: {mode: enforce", 1)), known())
	if err != nil {
		t.Fatal(err)
	}
	g, _ := guarded(t, plan, nil)
	named := false
	for _, x := range g.outcome.Touched {
		named = named || x.Of == "emergency-stop-1" && x.Class == string(truth.Routine) && x.Client == "robot-hmi" && strings.Contains(x.What, "RESET") && x.Done == "drop"
	}
	failed := false
	for _, x := range g.outcome.Failed {
		failed = failed || x.Of == "emergency-stop-1" && x.Fate == factory.Dropped
	}
	if !named || !failed {
		t.Errorf("the reset is not told: %+v, %+v", g.outcome.Touched, g.outcome.Failed)
	}
}

// TestPolicyOnTheVirtualWireAgain: the same days under the same policy are the same.
func TestPolicyOnTheVirtualWireAgain(t *testing.T) {
	plan := guardReviewed(t)
	var texts [2]string
	for i := range texts {
		g, _ := guarded(t, plan, map[string]time.Duration{"setpoint-write": 0, "fast-toggle": time.Minute})
		b, err := json.Marshal(g.outcome)
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = string(b)
		for _, one := range g.guards {
			c := one.Judged()
			if c.In != c.Passed+c.Changed+c.Dropped+c.Held || one.Counts.Frames != one.Counts.Passed+one.Counts.Dropped+one.Counts.Asked || one.Counts.Asked != c.In {
				t.Errorf("%s: frames that nobody explains: %+v, %+v", one.Name(), one.Counts, c)
			}
		}
	}
	if at := difference([]byte(texts[0]), []byte(texts[1])); at != "" {
		t.Error(at)
	}
}

// TestPlantRecordUnderPolicy: a recording of the plant under a policy is the same each time,
// has what the gateway sent back, and beside it lies what a run of the same words says.
func TestPlantRecordUnderPolicy(t *testing.T) {
	draft := write(t, "draft.yaml", []byte(guardDraft(t)))
	reviewed := write(t, "policy.yaml", []byte(works(t, "policy", "review", "--review", "../../scripts/factory-gateway/review.yaml", draft).stdout))
	same := []string{"--seed", "3", "--learn", "12m", "--scenario", "setpoint-write@13m", "--policy", reviewed, "--out"}
	var dirs [3]string
	for i := range dirs {
		dirs[i] = t.TempDir()
		words := []string{"plant", "record", "--duration", "18m"}
		if i == 2 {
			words = []string{"plant", "run", "--days", "0.0125", "--data", t.TempDir()}
		}
		if o := works(t, append(append(words, same...), dirs[i])...); !strings.Contains(o.stdout, "The policy on 17 cables") {
			t.Errorf("%s says nothing of the policy:\n%s", words[1], o.stdout)
		}
	}
	for _, name := range []string{"capture.pcap", "truth.json", "outcome.json", "stopped.jsonl"} {
		if at := difference(read(t, filepath.Join(dirs[0], name)), read(t, filepath.Join(dirs[1], name))); at != "" {
			t.Errorf("%s, recorded twice: %s", name, at)
		}
		if name == "capture.pcap" {
			continue
		}
		if at := difference(read(t, filepath.Join(dirs[0], name)), read(t, filepath.Join(dirs[2], name))); at != "" {
			t.Errorf("%s, recorded and run: %s", name, at)
		}
	}
	out := parse[outcomeFile](t, read(t, filepath.Join(dirs[0], "outcome.json")))
	if len(out.Attacks) != 1 || out.Attacks[0].Dropped == 0 || out.Attacks[0].Reached != 0 {
		t.Errorf("the policy was not in force: %+v", out.Attacks)
	}
	bare := t.TempDir()
	works(t, "plant", "record", "--duration", "18m", "--seed", "3", "--learn", "12m", "--scenario", "setpoint-write@13m", "--out", bare)
	if string(read(t, filepath.Join(bare, "capture.pcap"))) == string(read(t, filepath.Join(dirs[0], "capture.pcap"))) {
		t.Error("the capture is that of a plant without a policy")
	}
	for _, name := range []string{"outcome.json", "stopped.jsonl"} {
		if _, err := os.Stat(filepath.Join(bare, name)); err == nil {
			t.Errorf("%s is there without a policy", name)
		}
	}
}

// TestPlantRunUnderPolicy: the command writes what was stopped, and says it.
func TestPlantRunUnderPolicy(t *testing.T) {
	draft, dir := write(t, "draft.yaml", []byte(guardDraft(t))), t.TempDir()
	reviewed := write(t, "policy.yaml", []byte(works(t, "policy", "review", "--review", "../../scripts/factory-gateway/review.yaml", draft).stdout))
	o := works(t, "plant", "run", "--seed", "3", "--days", "0.01", "--learn", "8m", "--scenario", "setpoint-write@9m", "--policy", reviewed, "--out", dir, "--data", t.TempDir())
	for _, words := range []string{"attacks: write", "Reached a controller: nothing", "Good parts"} {
		if !strings.Contains(o.stdout, words) {
			t.Errorf("it does not say %q:\n%s", words, o.stdout)
		}
	}
	lines := 0
	for line := range strings.Lines(string(read(t, filepath.Join(dir, "stopped.jsonl")))) {
		r := parse[wire.Record](t, []byte(line))
		if r.Gateway == "" || r.Client == "" || r.Reason == "" {
			t.Errorf("a stop without gateway, client or reason: %s", line)
		}
		lines++
	}
	out := parse[outcomeFile](t, read(t, filepath.Join(dir, "outcome.json")))
	if lines == 0 || len(out.Gateways) < 10 || len(out.Attacks) == 0 {
		t.Errorf("%d lines, %d gateways, attacks %+v", lines, len(out.Gateways), out.Attacks)
	}
	if o := run(t, "plant", "run", "--days", "0.01", "--policy", filepath.Join(dir, "nothing")); o.status != exitUsage {
		t.Errorf("a policy that is not there: %d %s", o.status, o.err)
	}
}
