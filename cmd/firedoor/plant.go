package main

import (
	"fmt"
	"time"

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
