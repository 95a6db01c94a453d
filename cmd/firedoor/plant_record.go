package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"firedoor/internal/plant"
	"firedoor/internal/plant/factory"
	"firedoor/internal/plant/scenario"
	"firedoor/internal/policy"
)

// plantLearn is what commands take that know a time of peace before what goes wrong, and a
// policy that is in force after it.
type plantLearn struct {
	Learn  string  `default:"50%" help:"What comes first, to be learned from: a share of the time, or a time." placeholder:"50%|12h"`
	Policy *string `help:"Put a gateway's policy onto the cables of the controllers and of the firewall, once that is over." placeholder:"FILE"`
}

// learning is how much of the plant's time is learned from.
func (l *plantLearn) learning(length time.Duration) (time.Duration, error) {
	wrong := usageError{fmt.Sprintf("--learn %s: give a share of the time (50%%) or a time within it (12h)", l.Learn)}
	if share, ok := strings.CutSuffix(l.Learn, "%"); ok {
		n, err := strconv.ParseFloat(share, 64)
		if err != nil || !(n > 0 && n < 100) {
			return 0, wrong
		}
		return time.Duration(float64(length) * n / 100), nil
	}
	d, err := scenario.ParseDuration(l.Learn)
	if err != nil || d <= 0 || d >= length {
		return 0, wrong
	}
	return d, nil
}

// plan reads the policy; nil where none is named.
func (l *plantLearn) plan(m *Main) (*policy.Plan, error) {
	if l.Policy == nil {
		return nil, nil
	}
	return readPolicy(m, *l.Policy)
}

type plantRecordCommand struct {
	plantWords
	plantLearn
	Duration string `required:"" help:"How long the plant works, in its own time: 90m, 8h, 2d." placeholder:"8h"`
	Out      string `required:"" help:"Folder for capture.pcap and truth.json, and with --policy outcome.json and stopped.jsonl." placeholder:"DIR"`
}

// Run writes the files.
func (r *plantRecordCommand) Run(ctx context.Context, m *Main) error {
	length, err := scenario.ParseDuration(r.Duration)
	if err != nil || length <= 0 {
		return usageError{fmt.Sprintf("--duration %s: give a time as 90m, 8h or 2d, at most 400d", r.Duration)}
	}
	learn, err := r.learning(length)
	if err != nil {
		return err
	}
	f, err := r.build(length, learn)
	if err != nil {
		return err
	}
	plan, err := r.plan(m)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(r.Out, 0o755); err != nil {
		return usageError{fmt.Sprintf("--out %s: %v", r.Out, reason(err))}
	}
	var g *guarding
	if plan != nil {
		if g, err = guard(f, plan, learn, &r.Out); err != nil {
			return err
		}
	}
	frames, err := recordPlant(ctx, m, f, length, filepath.Join(r.Out, "capture.pcap"))
	if err != nil && ctx.Err() == nil {
		return err
	}
	t := f.Truth() // also of a recording that was stopped: the capture is whole as far as it goes
	err = errors.Join(err, t.WriteFile(filepath.Join(r.Out, "truth.json")))
	if g != nil {
		err = errors.Join(err, g.end(&r.Out))
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(m.Stdout, "%s of a plant with %d devices: %d frames in %s, %d entries of truth in %s\n", length, t.Assets, frames,
		filepath.Join(r.Out, "capture.pcap"), len(t.Entries), filepath.Join(r.Out, "truth.json"))
	if g != nil {
		return g.write(m.Stdout)
	}
	return nil
}

// recordSlice is how much of the plant's time passes between two looks at progress.
const recordSlice = 10 * time.Second

// recordPlant lets the plant work and writes what its mirrors see.
func recordPlant(ctx context.Context, m *Main, f *factory.Factory, length time.Duration, path string) (frames uint64, err error) {
	file, err := os.Create(path)
	if err != nil {
		return 0, usageError{fmt.Sprintf("--out: %v", err)}
	}
	p := plant.NewPcap(file, true)
	f.Tap(p.Frame)
	bar := progressBar{w: m.Stderr, unit: simulated}
	for now := time.Duration(0); now < length && ctx.Err() == nil && p.Failed() == nil; {
		now = min(now+recordSlice, length)
		f.Run(now)
		if m.Terminal {
			bar.show(int64(now), int64(length))
		}
	}
	bar.clear()
	return p.Frames(), errors.Join(p.Close(), file.Close(), ctx.Err())
}
