package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"firedoor/internal/plant"
	"firedoor/internal/plant/factory"
	"firedoor/internal/plant/scenario"
)

// plantCommand is the virtual factory.
type plantCommand struct {
	List   plantListCommand   `cmd:"" help:"List the scenarios: what can go wrong in the virtual factory."`
	Record plantRecordCommand `cmd:"" help:"Let the virtual factory work for a while, and write its traffic and the truth about it."`
	Run    plantRunCommand    `cmd:"" help:"Let the virtual factory work and watch it in the same process; tell what was found of what happened."`
	Start  plantStartCommand  `cmd:"" help:"Start a scenario in a demo that runs."`
	Serve  plantServeCommand  `cmd:"" help:"Put the virtual controllers on real sockets of this machine."`
	Score  plantScoreCommand  `cmd:"" help:"Compare alerts with the truth: what was found, how fast, and what was false."`
}

type plantListCommand struct{}

// Run prints the list.
func (*plantListCommand) Run(m *Main) error { return scenario.List(m.Stdout) }

// plantWords are what all commands take that let the factory work.
type plantWords struct {
	Seed     uint64   `default:"1" help:"Of all that is left to chance: the same seed gives the same bytes." placeholder:"N"`
	Hosts    int      `help:"Devices at least; beyond the standard plant come simple ones." placeholder:"N"`
	Start    string   `help:"When the plant's time begins (default: Monday, 2 March 2026, 06:00 local time; of demo: the Wednesday after, 09:00)." placeholder:"2026-03-02T05:00:00Z"`
	Scenario []string `sep:"none" help:"What goes wrong, and when: a name of the list or a file, @ and the time since the start. May be given several times; all is every scenario of the list." placeholder:"NAME|FILE[@2h]"`
}

// leastApart is how far apart scenarios begin that have no time of their own.
const leastApart = 30 * time.Second

// options turns words into a plant that is not built yet. Scenarios without a time
// stand in the part of the length behind from, evenly.
func (p *plantWords) options(length, from time.Duration) (factory.Options, error) {
	o := factory.Options{Seed: p.Seed, Hosts: p.Hosts}
	if p.Hosts < 0 || p.Hosts > factory.MaxHosts {
		return o, usageError{fmt.Sprintf("--hosts %d: between 0 and %d", p.Hosts, factory.MaxHosts)}
	}
	if p.Start != "" {
		t, err := time.Parse(time.RFC3339, p.Start)
		if err != nil {
			return o, usageError{fmt.Sprintf("--start %s: give a time as 2026-03-02T05:00:00Z", p.Start)}
		}
		o.Start = t
	}
	var untimed []*scenario.Scenario
	for _, word := range p.Scenario {
		if word == "all" {
			untimed = append(untimed, scenario.Builtin()...)
			continue
		}
		name, at, timed, err := scenario.Cut(word)
		if err != nil {
			return o, usageError{"--scenario " + err.Error()}
		}
		s, err := scenario.Load(name)
		if err != nil {
			return o, usageError{fmt.Sprintf("--scenario %s: %v", word, err)}
		}
		if !timed {
			untimed = append(untimed, s)
			continue
		}
		if length > 0 && at >= length {
			return o, usageError{fmt.Sprintf("--scenario %s: the run is over after %s", word, length)}
		}
		o.Scenarios = append(o.Scenarios, factory.Planned{Scenario: s, At: at})
	}
	if n := len(untimed); n > 1 && length-from < leastApart*time.Duration(n) {
		return o, usageError{fmt.Sprintf("--scenario: %d scenarios without a time do not fit into %s: each needs %s, or times behind an @", n, length-from, leastApart)}
	}
	for i, s := range untimed {
		at := from + (length-from)*time.Duration(i)/time.Duration(len(untimed)) + time.Minute
		if s.Learning { // it wants to be learned
			at = from / 4
		}
		o.Scenarios = append(o.Scenarios, factory.Planned{Scenario: s, At: min(at, length-1)})
	}
	return o, nil
}

// build makes the plant; what is wrong with the words is for the user to mend.
func (p *plantWords) build(length, from time.Duration) (*factory.Factory, error) {
	o, err := p.options(length, from)
	if err != nil {
		return nil, err
	}
	f, err := factory.New(o)
	if err != nil {
		return nil, usageError{err.Error()}
	}
	return f, nil
}

type plantRecordCommand struct {
	plantWords
	Duration string `required:"" help:"How long the plant works, in its own time: 90m, 8h, 2d." placeholder:"8h"`
	Out      string `required:"" help:"Folder for capture.pcap and truth.json." placeholder:"DIR"`
}

// Run writes the two files.
func (r *plantRecordCommand) Run(ctx context.Context, m *Main) error {
	length, err := scenario.ParseDuration(r.Duration)
	if err != nil || length <= 0 {
		return usageError{fmt.Sprintf("--duration %s: give a time as 90m, 8h or 2d, at most 400d", r.Duration)}
	}
	f, err := r.build(length, length/2)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(r.Out, 0o755); err != nil {
		return usageError{fmt.Sprintf("--out %s: %v", r.Out, reason(err))}
	}
	frames, err := recordPlant(ctx, m, f, length, filepath.Join(r.Out, "capture.pcap"))
	if err != nil && ctx.Err() == nil {
		return err
	}
	t := f.Truth() // also of a recording that was stopped: the capture is whole as far as it goes
	if err := errors.Join(err, t.WriteFile(filepath.Join(r.Out, "truth.json"))); err != nil {
		return err
	}
	fmt.Fprintf(m.Stdout, "%s of a plant with %d devices: %d frames in %s, %d entries of truth in %s\n", length, t.Assets, frames,
		filepath.Join(r.Out, "capture.pcap"), len(t.Entries), filepath.Join(r.Out, "truth.json"))
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
