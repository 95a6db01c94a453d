package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"firedoor/internal/eventlog"
	"firedoor/internal/journal"
)

type journalCommand struct {
	Data   *string       `help:"Folder of the process whose journal is read; it may be running." placeholder:"DIR"`
	Config *string       `help:"Configuration file of the process whose journal is read." placeholder:"FILE"`
	Kind   string        `help:"Only entries of this kind: lines, run, alert, tick, order, start." placeholder:"KIND" enum:",lines,run,alert,tick,order,start" default:""`
	Since  string        `help:"Only entries from this traffic time on (RFC 3339)." placeholder:"TIME"`
	since  time.Time     `kong:"-"`
	out    *bufio.Writer `kong:"-"`
}

// Run prints the journal as JSON Lines and checks its chain. The exit status is 1
// if a part is damaged.
func (c *journalCommand) Run(m *Main) error {
	dir, err := dataFolder(m, c.Data, c.Config)
	if err != nil {
		return err
	}
	if c.Since != "" {
		if c.since, err = time.Parse(time.RFC3339Nano, c.Since); err != nil {
			return usageError{fmt.Sprintf("--since %s: give a time like 2026-03-02T06:00:00Z", c.Since)}
		}
	}
	dir = filepath.Join(dir, "journal")
	if _, err := os.Stat(dir); err != nil {
		return usageError{fmt.Sprintf("%s: there is no journal: %v", dir, reason(err))}
	}
	c.out = bufio.NewWriter(m.Stdout)
	err = journal.Read(dir, journal.Position{}, c.print)
	if flushed := c.out.Flush(); flushed != nil {
		return flushed
	}
	if err != nil {
		return damageError{[]error{err}}
	}
	return nil
}

func (c *journalCommand) print(e *journal.Entry) error {
	if c.Kind != "" && e.Kind.String() != c.Kind || !c.since.IsZero() && e.Time < c.since.UnixNano() {
		return nil
	}
	if e.Kind == journal.Alert { // what the sensor needs of it besides is not for people
		var a struct{ Alert json.RawMessage }
		if err := json.Unmarshal(e.Body, &a); err == nil && len(a.Alert) > 0 {
			return c.line(e, a.Alert)
		}
	}
	if e.Kind != journal.Lines {
		return c.line(e, e.Body)
	}
	for line := range strings.Lines(string(e.Body)) {
		if err := c.line(e, []byte(strings.TrimSuffix(line, "\n"))); err != nil {
			return err
		}
	}
	return nil
}

func (c *journalCommand) line(e *journal.Entry, body []byte) error {
	b, err := json.Marshal(struct {
		Kind string          `json:"kind"`
		Time string          `json:"time,omitempty"`
		What json.RawMessage `json:"what"`
	}{e.Kind.String(), entryTime(e.Time), body})
	if err != nil {
		return err
	}
	_, err = io.WriteString(c.out, string(b)+"\n")
	return err
}

// entryTime is a traffic time, empty where none was known.
func entryTime(t int64) string {
	if t == 0 {
		return ""
	}
	return eventlog.Time(t)
}
