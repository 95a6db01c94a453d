// Command factory-gateway measures what a policy does in the virtual factory: it lets the
// plant work and be attacked without a gateway, drafts a policy of what was learned, puts
// a review into it, and lets the same days happen again with the policy on the cables;
// and the same for days of peace. It prints what became of attacks and of honest work.
//
// It must not run in CI, where it would take too long (a shortened form of it is a test of
// cmd/firedoor), and it must not judge: what is printed is what outcome.json says.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"firedoor/internal/plant/factory"
	"firedoor/internal/plant/scenario"
	"firedoor/internal/plant/truth"
)

// ordered are the honest exercises, at the time of their work orders (review.yaml): so
// long after learning.
var ordered = map[string]string{"planned-download": "5h", "planned-scan": "29h"}

// usualAfter is when somebody at a panel sets what its people set: an attack that no policy
// stops, so that the report is seen to tell it.
const usualAfter = 7 * time.Hour

type measure struct {
	program, folder, review string
	usual, figures          string
	seed                    uint64
	days, learn             float64
	keep                    bool
}

func main() {
	var m measure
	flag.StringVar(&m.program, "firedoor", "bin/firedoor", "the binary to measure")
	flag.StringVar(&m.folder, "runs", "bin/factory-gateway", "folder for what the runs write")
	flag.StringVar(&m.review, "review", "scripts/factory-gateway/review.yaml", "what a person adds to the draft")
	flag.StringVar(&m.usual, "usual", "scripts/factory-gateway/usual-value.yaml", "an attack that looks like everyday work")
	flag.Uint64Var(&m.seed, "seed", 1, "of the plant")
	flag.Float64Var(&m.learn, "learn", 2, "days that are learned from, beginning on a Monday at six")
	flag.Float64Var(&m.days, "days", 2, "days after that")
	flag.StringVar(&m.figures, "figures", "", "file for the figures that docs/GATEWAY.md tells (scripts/factory-gateway/measured.json); then its tables are printed too")
	flag.BoolVar(&m.keep, "keep", false, "take runs of the folder that are there already, whatever made them")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := m.run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "factory-gateway:", err)
		os.Exit(1)
	}
}

func (m *measure) run(ctx context.Context, w io.Writer) error {
	attacked, peaceful := m.scenarios(), []string(nil)
	bare, err := m.happen(ctx, "attacked-without", attacked, "")
	if err != nil {
		return err
	}
	policy, err := m.policy(ctx)
	if err != nil {
		return err
	}
	var runs [3]*factory.Outcome
	for i, r := range []struct {
		name, policy string
		scenarios    []string
	}{{"attacked-with", policy, attacked}, {"peace-without", "", peaceful}, {"peace-with", policy, peaceful}} {
		if runs[i], err = m.happen(ctx, r.name, r.scenarios, r.policy); err != nil {
			return err
		}
	}
	inShort(w, &runs)
	err = errors.Join(attacks(w, bare, runs[0]), honest(w, "under attack", bare, runs[0]), honest(w, "in peace", runs[1], runs[2]))
	if m.figures == "" || err != nil {
		return err
	}
	figures := measuredOf(bare, &runs)
	fmt.Fprintln(w)
	figures.tables(w)
	return figures.save(m.figures)
}

// inShort prints what somebody wants to know who reads no more: of the run under attack
// with the policy, and of the two in peace, without and with it.
func inShort(w io.Writer, runs *[3]*factory.Outcome) {
	var all factory.Fates
	for _, f := range runs[0].Attacks {
		all.Total, all.Refused, all.Dropped, all.Reached = all.Total+f.Total, all.Refused+f.Refused, all.Dropped+f.Dropped, all.Reached+f.Reached
		all.Alike, all.Idle, all.Lost = all.Alike+f.Alike, all.Idle+f.Idle, all.Lost+f.Lost
	}
	fmt.Fprintf(w, "IN SHORT\nOf %d attempts of attackers to change a controller %d were stopped before it changed, %d changed nothing, %d reached it,\n", all.Total, all.Refused+all.Dropped, all.Idle+all.Lost, all.Reached)
	fmt.Fprintf(w, "and %d reached it that no policy can tell from everyday work.\n", all.Alike)
	fmt.Fprintf(w, "Honest requests and frames stopped or held back: %d under attack, %d in peace. Honest changes that did not come to pass: %d and %d.\n",
		touched(runs[0]), touched(runs[2]), len(runs[0].Failed), len(runs[2].Failed))
	fmt.Fprintf(w, "Good parts an hour in peace: %.1f without, %.1f with (%+.3f %%).\n\n", runs[1].PerHour, runs[2].PerHour, (runs[2].PerHour/runs[1].PerHour-1)*100)
}

// flooded are frames on a cable that they were not for: nobody misses them.
const flooded = "flooded"

// touched counts what was stopped or held back of those who may.
func touched(o *factory.Outcome) (n int) {
	for _, x := range o.Touched {
		if x.Class != flooded {
			n += x.Count
		}
	}
	return n
}

// scenarios are all of the list: attacks evenly in the days after learning.
func (m *measure) scenarios() (words []string) {
	for _, s := range scenario.Builtin() {
		word := s.Name
		if after, ok := ordered[s.Name]; ok {
			d, err := scenario.ParseDuration(after)
			if err != nil || d.Hours() >= m.days*24-1 {
				continue // shorter runs end before
			}
			word += "@" + scenario.FormatDuration(d+days(m.learn))
		}
		words = append(words, "--scenario", word)
	}
	if usualAfter.Hours() < m.days*24-1 {
		words = append(words, "--scenario", m.usual+"@"+scenario.FormatDuration(usualAfter+days(m.learn)))
	}
	return words
}

func days(n float64) time.Duration { return time.Duration(n * float64(scenario.Day)) }

// happen lets one run happen and reads what became of it.
func (m *measure) happen(ctx context.Context, name string, scenarios []string, policy string) (*factory.Outcome, error) {
	out := filepath.Join(m.folder, name)
	words := append([]string{"plant", "run", "--seed", strconv.FormatUint(m.seed, 10), "--days", fmt.Sprint(m.days + m.learn),
		"--learn", scenario.FormatDuration(days(m.learn)), "--out", out, "--data", out + ".state"}, scenarios...)
	if policy != "" {
		words = append(words, "--policy", policy)
	}
	file := filepath.Join(out, "outcome.json")
	if _, err := os.Stat(file); err != nil || !m.keep {
		fmt.Fprintf(os.Stderr, "%s: %g days of the plant\n", name, m.days+m.learn)
		if err := os.RemoveAll(out + ".state"); err != nil {
			return nil, err
		}
		if _, err := m.firedoor(ctx, words...); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	o := &factory.Outcome{}
	return o, errors.Join(json.Unmarshal(b, o), os.RemoveAll(out+".state"))
}

// firedoor runs the program.
func (m *measure) firedoor(ctx context.Context, words ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, m.program, words...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("firedoor %s: %w", strings.Join(words[:2], " "), err)
	}
	return out, nil
}

// policy drafts a policy of what was learned and has it reviewed.
func (m *measure) policy(ctx context.Context) (string, error) {
	drafted, reviewed := filepath.Join(m.folder, "draft.yaml"), filepath.Join(m.folder, "policy.yaml")
	for _, step := range []struct {
		to    string
		words []string
	}{
		{drafted, []string{"policy", "draft", "--name", "virtual factory", filepath.Join(m.folder, "attacked-without")}},
		{reviewed, []string{"policy", "review", "--review", m.review, drafted}},
	} {
		out, err := m.firedoor(ctx, step.words...)
		if err == nil {
			err = os.WriteFile(step.to, out, 0o644)
		}
		if err != nil {
			return "", err
		}
	}
	return reviewed, nil
}

// attacks prints what became of what attackers tried, without a gateway and with it.
func attacks(w io.Writer, bare, with *factory.Outcome) error {
	fmt.Fprintln(w, "WHAT ATTACKERS TRIED, WITH THE POLICY (LAST COLUMN: HOW MANY CHANGED A CONTROLLER WITHOUT IT)")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "WHAT\tTRIED\tREFUSED\tDROPPED\tREACHED\tINDISTINGUISHABLE\tIDLE\tLOST\tWITHOUT")
	for _, f := range with.Attacks {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\n", f.Kind, f.Total, f.Refused, f.Dropped, f.Reached, f.Alike, f.Idle, f.Lost, reachedIn(bare, f.Kind))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w, "refused: its device said no. dropped: the gateway let it not through. idle: the controller had that value, or ran already. All that was not stopped:")
	for i := range with.Tries {
		switch x := &with.Tries[i]; x.Fate {
		case factory.Reached, factory.Alike, factory.Idle, factory.Lost:
			fmt.Fprintf(w, "  %s", x)
			if x.Rule != "" {
				fmt.Fprintf(w, "; passes by %s", x.Rule)
			}
			fmt.Fprintln(w)
		}
	}
	return nil
}

// honest prints what became of honest work, without a gateway and with it.
func honest(w io.Writer, when string, bare, with *factory.Outcome) error {
	fmt.Fprintf(w, "\nHONEST WORK, %s\n", strings.ToUpper(when))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\tWITHOUT\tWITH")
	for _, l := range []struct {
		words    string
		has, had uint64
	}{
		{"requests", with.Honest.Asked, bare.Honest.Asked}, {"answered", with.Honest.Answered, bare.Honest.Answered}, {"with an error", with.Honest.Errors, bare.Honest.Errors},
		{"later than 0.2 s", with.Honest.Slow, bare.Honest.Slow}, {"found no connection", with.Honest.Unasked, bare.Honest.Unasked}, {"connections broken", with.Honest.Broken, bare.Honest.Broken},
	} {
		fmt.Fprintf(t, "%s\t%d\t%d\n", l.words, l.had, l.has)
	}
	wanted, done := changes(bare)
	wants, does := changes(with)
	fmt.Fprintf(t, "changes wanted\t%d\t%d\nand done\t%d\t%d\n", wanted, wants, done, does)
	fmt.Fprintf(t, "good parts an hour\t%.1f\t%.1f\t(%+.3f %%)\n", bare.PerHour, with.PerHour, (with.PerHour/bare.PerHour-1)*100)
	if err := t.Flush(); err != nil {
		return err
	}
	classes, astray := map[string]int{}, 0
	for _, x := range with.Touched {
		if classes[x.Class] += x.Count; x.Class == flooded {
			astray++
		}
	}
	fmt.Fprintf(w, "Stopped or held back by the policy: %d of routine and emergency, %d of what is notable, %d other frames.\n", classes["routine"], classes["notable"], classes["other"])
	for _, x := range with.Touched {
		if x.Class != flooded {
			fmt.Fprintf(w, "  %s (%s): %s > %s: %s: %s, %s, %d times, first %s\n", x.Of, x.Class, x.Client, x.Server, x.What, x.Done, x.Why, x.Count, clock(x.First))
		}
	}
	if astray > 0 {
		fmt.Fprintf(w, "  and %d frames in %d kinds, at cables that they were not for: a switch that did not know the way sent them everywhere (outcome.json lists them)\n", classes[flooded], astray)
	}
	for i := range with.Failed {
		fmt.Fprintf(w, "  failed: %s\n", &with.Failed[i])
	}
	return nil
}

// clock is a time without what nobody reads.
func clock(m truth.Moment) string { return time.Unix(0, int64(m)).UTC().Format("Mon 15:04:05 MST") }

// reachedIn is how many attempts of a kind changed a controller.
func reachedIn(o *factory.Outcome, kind string) int {
	for _, f := range o.Attacks {
		if f.Kind == kind {
			return f.Reached + f.Alike
		}
	}
	return 0
}

// changes says how many changes were wanted and came to pass.
func changes(o *factory.Outcome) (total, done int) {
	for _, f := range o.Changes {
		total, done = total+f.Total, done+f.Reached+f.Idle
	}
	return total, done
}
