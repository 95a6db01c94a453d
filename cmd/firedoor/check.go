package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"firedoor/internal/config"
	"firedoor/internal/written"
)

type checkCommand struct {
	Default bool   `help:"Print a complete configuration file with every key, its comment and its default."`
	Config  string `arg:"" optional:"" name:"config" help:"The configuration file to check."`
}

// Run says what would run with a configuration, or all that is wrong with it.
func (c *checkCommand) Run(m *Main) error {
	switch {
	case c.Default && c.Config != "":
		return usageError{c.Config + ": --default prints a configuration and checks none"}
	case c.Default:
		_, err := m.Stdout.Write(config.DefaultFile())
		return err
	case c.Config == "":
		return usageError{"check: no configuration given"}
	}
	cfg, err := config.Load(c.Config)
	if err != nil {
		return tellProblems(m.Stderr, err)
	}
	if cfg.Runs(config.RoleSensor) {
		if _, err := sensorPoints(&cfg.Sensor); err != nil {
			return err
		}
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%s is fine. With it, firedoor would run like this:\n", c.Config)
	for _, line := range whatRuns(cfg) {
		fmt.Fprintf(&out, "  %s\n", line)
	}
	for _, note := range notHere(cfg) {
		fmt.Fprintf(&out, "Note: %s\n", note)
	}
	_, err = io.WriteString(m.Stdout, out.String())
	return err
}

// toldError is a usageError of which everything was said.
type toldError struct{}

// Error says nothing that was not said.
func (toldError) Error() string { return "the configuration is wrong" }

// tellProblems writes each problem of a configuration as a line of its own, as
// editors read them.
func tellProblems(w io.Writer, err error) error {
	var problems written.Problems
	if !errors.As(err, &problems) {
		return err
	}
	fmt.Fprintln(w, problems.Error())
	return toldError{}
}

// whatRuns says in sentences what a configuration leads to.
func whatRuns(c *config.Config) (out []string) {
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if c.Runs(config.RoleSensor) {
		add("sensor %s of site %s%s", c.Sensor.Name, c.Site, sources(&c.Capture))
		add("%s", learns(&c.Learn))
		if c.Sensor.Points != "" {
			add("process values named by %s", c.Sensor.Points)
		}
		j := c.Data.Journal
		add("journal of the last %s, at most %s", written.FormatDuration(j.Keep), j.MaxSize)
		add("learned state saved every %s", written.FormatDuration(c.Data.SnapshotEvery))
	}
	if c.Runs(config.RoleConsole) {
		add("console of site %s on http://%s, allowing what its one-time link opened for %s", c.Site, c.Console.Listen, written.FormatDuration(c.Console.SessionFor))
		if len(c.Console.Gateways) > 0 {
			add("gateways shown: %s", strings.Join(c.Console.Gateways, ", "))
		}
	}
	add("data in %s, leaving %s of the disk free", c.Data.Dir, c.Data.MinFree)
	switch u := c.Uplink; {
	case u.URL != "":
		add("records by way of %s", u.URL)
	case u.Listen != "":
		add("records offered on %s, at most %s on the disk", u.Listen, u.MaxSize)
	default:
		add("records within this process, at most %s on the disk", u.MaxSize)
	}
	to := "to standard error"
	if c.Log.File != "" {
		to = fmt.Sprintf("to %s, a new file every %s, the last %d kept", c.Log.File, c.Log.MaxSize, c.Log.Keep)
	}
	add("log from level %s on, as %s, %s", c.Log.Level, c.Log.Format, to)
	if !c.Confine.Enabled {
		add("NOT confined: the process keeps all its rights")
	}
	return out
}

func sources(c *config.Capture) string {
	var out string
	if len(c.Interfaces) > 0 {
		out += " on " + strings.Join(c.Interfaces, ", ")
	}
	if len(c.Files) == 0 {
		return out
	}
	if out != "" {
		out += ", and"
	}
	out += " playing " + strings.Join(c.Files, ", ")
	switch c.Speed {
	case 0:
		out += " as fast as possible"
	case 1:
		out += " as recorded"
	default:
		out += fmt.Sprintf(" at %g times the speed", c.Speed)
	}
	if c.Loop {
		out += ", over and over"
	}
	return out
}

func learns(c *config.Learn) string {
	var out string
	switch l := c.For; {
	case l.Nothing():
		return "learns nothing: only alerts that need no baseline are raised"
	case l.UntilTold:
		out = "learns until told to stop"
	case l.Percent > 0:
		out = fmt.Sprintf("learns from the first %s of the frames", l)
	default:
		out = fmt.Sprintf("learns for %s of traffic", l)
	}
	if c.NewDeviceFor > 0 {
		out += fmt.Sprintf(", and %s from each new device", written.FormatDuration(c.NewDeviceFor))
	}
	return out
}

// notHere is what the configuration names and this machine does not have. It is
// no problem: the file may be meant for another machine.
func notHere(c *config.Config) (out []string) {
	for _, dir := range c.Console.Gateways {
		if !isFolder(dir) {
			out = append(out, dir+" is no folder of a gateway on this machine")
		}
	}
	if !c.Runs(config.RoleSensor) {
		return nil
	}
	if len(c.Capture.Interfaces)+len(c.Capture.Files) == 0 {
		out = append(out, "neither capture.interfaces nor capture.files says where frames come from: run needs --interface or --capture then")
	}
	for _, name := range c.Capture.Interfaces {
		if _, err := net.InterfaceByName(name); err != nil {
			out = append(out, name+" is no interface of this machine")
		}
	}
	for _, path := range c.Capture.Files {
		f, err := os.Open(path)
		if err == nil {
			err = f.Close()
		}
		if err != nil {
			out = append(out, fmt.Sprintf("%s cannot be read on this machine: %v", path, reason(err)))
		}
	}
	if dir, err := os.Stat(c.Data.Dir); err == nil && !dir.IsDir() {
		out = append(out, c.Data.Dir+" is no directory on this machine")
	}
	return out
}
