package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"firedoor/internal/datapath"
	"firedoor/internal/gateway"
)

type stoppedCommand struct {
	JSON bool   `name:"json" help:"Print it as JSON."`
	Data string `help:"Folder of the gateway." default:"gateway-data" placeholder:"DIR"`
}

// stoppedReport is what firedoor stopped --json prints.
type stoppedReport struct {
	Rows []gateway.StopRow `json:"rows"`
	// Now is how the gateway that uses the folder is; none where nobody does.
	Now *gateway.StopState `json:"now,omitempty"`
}

// Run says what a gateway stopped, whether it is still there or not.
func (c *stoppedCommand) Run(ctx context.Context, m *Main) error {
	name := filepath.Join(c.Data, "stopped.jsonl")
	files, err := stoppedFiles(name)
	if err != nil {
		return usageError{fmt.Sprintf("%s: %v", name, reason(err))}
	}
	tally := &gateway.StopTally{}
	var damage []error
	for _, f := range files {
		if err := tally.AddFile(f); err != nil {
			damage = append(damage, fmt.Errorf("%s: %w", f.Name(), err))
		}
		_ = f.Close() // only read
	}
	out := stoppedReport{Rows: tally.Rows()}
	if running(ctx, c.Data) {
		var st struct {
			Stops gateway.StopState `json:"stops"`
		}
		if err := ask(ctx, c.Data, "GET", "/gateway", &st); err != nil {
			return err
		}
		out.Now = &st.Stops
	}
	if c.JSON {
		e := json.NewEncoder(m.Stdout)
		e.SetIndent("", "  ")
		err = e.Encode(out)
	} else {
		err = out.tell(m)
	}
	if err == nil && len(damage) > 0 {
		err = damageError{damage}
	}
	return err
}

// stoppedFiles are that of what was stopped and the one before it, oldest first. Between the two it may
// begin anew: then they are the same one.
func stoppedFiles(name string) (files []*os.File, err error) {
	now, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	before, err := os.Open(name + ".before")
	if err != nil { // there is none yet
		return []*os.File{now}, nil //nolint:nilerr
	}
	a, errA := now.Stat()
	b, errB := before.Stat()
	if errA == nil && errB == nil && os.SameFile(a, b) {
		_ = before.Close() // only read
		return []*os.File{now}, nil
	}
	return []*os.File{before, now}, nil
}

// tell is the report for people: by conduit, rule and reason, then by pair.
func (r *stoppedReport) tell(m *Main) error {
	if len(r.Rows) == 0 {
		say(m.Stdout, "Nothing was stopped.\n")
	}
	t := tabwriter.NewWriter(m.Stdout, 0, 0, 2, ' ', 0)
	head := ""
	for i := range r.Rows {
		row := &r.Rows[i]
		if h := stopHead(row); h != head {
			head = h
			say(t, "%s\n", h)
		}
		say(t, "  %s\t%s > %s\t%s\t%s bytes\t%s\t%s\n", stopDone(row), named(row.ClientName, row.Client), named(row.ServerName, row.Server),
			counted(int(row.Count), "frame"), grouped(row.Bytes), row.First, row.Last)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if s := r.Now; s != nil {
		say(m.Stdout, "The kernel dropped %s, of which %s are told", counted(int(s.Dropped), "frame"), grouped(s.Told))
		if s.Dropped != s.Told {
			say(m.Stdout, "; the rest follows within three seconds")
		}
		say(m.Stdout, ".\n")
		if s.Unwritten > 0 {
			say(m.Stdout, "Of what was stopped since %s %s could not be written down and are not above", s.Since, counted(int(s.Unwritten), "line"))
			if s.Problem != "" {
				say(m.Stdout, "; it is so now: %s", s.Problem)
			}
			say(m.Stdout, ". The gateway counts them: firedoor stopped --json has them in now.rows.\n")
		}
		if s.GoneBytes > 0 {
			say(m.Stdout, "Since %s %s bytes of older lines were let go for want of room.\n", s.Since, grouped(s.GoneBytes))
		}
		if s.Uncounted > 0 {
			say(m.Stdout, "%s had no room in the kernel's counters.\n", counted(int(s.Uncounted), "frame"))
		}
		if s.Unpaired > 0 {
			say(m.Stdout, "Of %s it is told why, and not whose they were: more pairs lost frames in a second than are told apart (%s).\n",
				counted(int(s.Unpaired), "frame"), grouped(datapath.MaxLosses))
		}
	}
	return nil
}

// named is an end for people.
func named(name, address string) string {
	if name == "" || address == "" {
		return cmp.Or(address, name, "several")
	}
	return name + " (" + address + ")"
}

// stopHead is what rows have in common that stand together.
func stopHead(row *gateway.StopRow) string {
	words := []string{cmp.Or(row.Conduit, "no conduit"), cmp.Or(row.Rule, "no rule"), row.Reason}
	return strings.Join(words, ", ") + ":"
}

// stopDone says what was done, and by whom; of what passed only what the policy says.
func stopDone(row *gateway.StopRow) string {
	switch {
	case row.Done == "pass":
		return "would " + row.Says
	case row.Done != row.Says:
		return row.Done + " (" + row.Says + ")"
	}
	return row.Done
}
