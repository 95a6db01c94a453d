package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"text/tabwriter"

	"firedoor/internal/journal"
	"firedoor/internal/protocol/all"
	"firedoor/internal/sensor"
	"firedoor/internal/whatif"
)

type policyReplayCommand struct {
	Policy   string   `required:"" help:"The policy file." placeholder:"FILE"`
	Journal  *string  `help:"Folder of the process whose journal is read, or the journal itself." placeholder:"DIR"`
	JSON     bool     `name:"json" help:"Print the whole report as JSON."`
	Merge    bool     `help:"Interleave the captures by time instead of running one after the other."`
	Captures []string `arg:"" optional:"" name:"capture" help:"pcap or pcapng files, plain or .gz, .xz, .zst."`
}

// Run says what a policy would have stopped. The exit status is 3 if anything.
func (c *policyReplayCommand) Run(ctx context.Context, m *Main) error {
	if (c.Journal == nil) == (len(c.Captures) == 0) {
		return usageError{"policy replay: give captures, or --journal DIR"}
	}
	plan, err := readPolicy(m, c.Policy)
	if err != nil {
		return err
	}
	judge := whatif.New(plan, c.Journal != nil)
	var damage error
	if c.Journal != nil {
		damage, err = judgeJournal(judge, *c.Journal)
	} else {
		damage, err = c.judgeCaptures(ctx, m, judge)
	}
	if err != nil {
		return err
	}
	report := judge.Report()
	if c.JSON {
		e := json.NewEncoder(m.Stdout)
		e.SetIndent("", "  ")
		err = e.Encode(report)
	} else {
		err = tellReport(m.Stdout, report)
	}
	switch {
	case err != nil:
		return err
	case damage != nil:
		return damageError{[]error{damage}}
	case report.Stops():
		return foundError{}
	}
	return nil
}

func (c *policyReplayCommand) judgeCaptures(ctx context.Context, m *Main, judge *whatif.Judge) (damage, err error) {
	o := sensor.Options{Captures: c.Captures, Merge: c.Merge, Shards: min(runtime.GOMAXPROCS(0), sensor.MaxShards), Lines: judge, Segments: true}
	r := replayCommand{Captures: c.Captures}
	for i, f := range c.Captures {
		if err := r.readable(f, uint32(i)); err != nil {
			return nil, usageError{err.Error()}
		}
	}
	bar := progressBar{w: m.Stderr}
	if m.Terminal {
		o.Progress = bar.show
	}
	replay := sensor.Replay{Options: o, Protocols: all.List}
	result, err := replay.Run(ctx)
	bar.clear()
	if err != nil {
		return nil, r.failed(err)
	}
	if err := result.Conversations(judge.Conversation); err != nil {
		return nil, err
	}
	return errors.Join(result.Damaged...), nil
}

func judgeJournal(judge *whatif.Judge, dir string) (damage, err error) {
	if inner := filepath.Join(dir, "journal"); isFolder(inner) {
		dir = inner
	}
	if !journal.Is(dir) { // nothing stopped of nothing would calm for no reason
		return nil, usageError{cmp.Or(dir, `""`) + ": there is no journal"}
	}
	var failed error
	damage = journal.Read(dir, journal.Position{}, func(e *journal.Entry) error {
		switch e.Kind {
		case journal.Lines:
			_, failed = judge.Write(e.Body)
		case journal.Run:
			failed = judge.Run(e.Body)
		}
		return failed
	})
	if failed != nil {
		return nil, failed
	}
	return damage, nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// maxTold is how many kinds of stopped requests the readable report names.
const maxTold = 40

func tellReport(w io.Writer, r *whatif.Report) error {
	say(w, "%s and %s without operations were looked at.\n", counted(int(r.Operations), "operation"), counted(int(r.Connections), "connection"))
	if !r.Stops() {
		say(w, "Nothing would have been stopped.\n")
	} else {
		say(w, "%s and %s would have been stopped", counted(int(r.StoppedOperations), "operation"), counted(int(r.StoppedConnections), "connection"))
		say(w, " (%d of them by conduits that enforce as they are):\n", r.Enforced)
	}
	if r.Unseen != "" {
		say(w, "Not all could be looked at: %s.\n", r.Unseen)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for i, s := range r.Stopped {
		if i == maxTold {
			break
		}
		say(t, "  %d\t%s\t%s > %s\t%s %s %s %s\t%s\n", s.Count, s.Verdict, s.Client, s.Server, s.Protocol, s.Verb, s.Function, s.Object, because(&s))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if more := len(r.Stopped) - maxTold; more > 0 {
		say(w, "  and %d more kinds: --json lists them\n", more)
	}
	if r.Own > 0 {
		say(w, "Not looked at, for no gateway sees it: %d of devices with themselves (127.0.0.0/8, ::1).\n", r.Own)
	}
	if r.Undecided > 0 {
		say(w, "%s could not be decided.\n", counted(int(r.Undecided), "operation"))
	}
	if r.UndecidedConnections > 0 {
		say(w, "%s without operations could not be decided.\n", counted(int(r.UndecidedConnections), "connection"))
	}
	if r.Malformed > 0 {
		say(w, "%s broken by the rules of their protocol could not be decided: a gateway stops what is no request.\n", counted(int(r.Malformed), "message"))
	}
	unused := 0
	for _, u := range r.Rules {
		switch {
		case u.Undecided != "":
			say(w, "Undecided: %s: %s\n", u.Rule, u.Undecided)
		case u.Count == 0:
			if unused++; unused <= maxTold {
				say(w, "Never used: %s\n", u.Rule)
			}
		}
	}
	if unused > maxTold {
		say(w, "and %d more rules were never used\n", unused-maxTold)
	}
	return nil
}

func because(s *whatif.Stopped) string {
	if s.Rule != "" {
		return s.Rule
	}
	if s.Conduit != "" {
		return s.Reason + " of " + s.Conduit
	}
	return s.Reason
}
