package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"firedoor"
	"firedoor/internal/config"
)

type statusCommand struct {
	Data   *string `help:"Folder of the process to ask." placeholder:"DIR"`
	Config *string `help:"Configuration file of the process to ask." placeholder:"FILE"`
	JSON   bool    `name:"json" help:"Print all that is known as JSON."`
}

// dataFolder is the folder that flags or a configuration name.
func dataFolder(m *Main, data, file *string) (string, error) {
	switch {
	case data != nil && *data == "":
		return "", usageError{"--data: is empty"}
	case data != nil:
		return *data, nil
	case file == nil:
		return config.Default().Data.Dir, nil
	}
	c, err := config.Load(*file)
	if err != nil {
		return "", tellProblems(m.Stderr, err)
	}
	return c.Data.Dir, nil
}

// Run asks a running process how it is. The exit status is 1 if something is
// wrong, 2 if nobody answers.
func (c *statusCommand) Run(ctx context.Context, m *Main) error {
	dir, err := dataFolder(m, c.Data, c.Config)
	if err == nil && c.Data == nil && c.Config == nil {
		dir, err = usualFolder(ctx, m, dir)
	}
	if err != nil {
		return err
	}
	var st processStatus
	if err := ask(ctx, dir, http.MethodGet, "/status", &st); err != nil {
		return err
	}
	if c.JSON {
		e := json.NewEncoder(m.Stdout)
		e.SetIndent("", "  ")
		err = e.Encode(st)
	} else {
		_, err = io.WriteString(m.Stdout, statusText(&st))
	}
	if err != nil {
		return err
	}
	for _, x := range st.Conditions {
		if !x.OK {
			return damageError{[]error{fmt.Errorf("%s: %s", x.Name, x.Problem)}}
		}
	}
	return nil
}

// gatewayFolder is the data folder of a gateway where nobody names another one: that which isolate, list and the others ask.
const gatewayFolder = "gateway-data"

// usualFolder is the one to ask where nobody names any: that of a sensor, or where none answers there that of a gateway.
func usualFolder(ctx context.Context, m *Main, sensor string) (string, error) {
	here, there := running(ctx, sensor), running(ctx, gatewayFolder)
	switch {
	case here && there:
		say(m.Stderr, "A gateway answers too: firedoor status --data %s\n", gatewayFolder)
	case there:
		return gatewayFolder, nil
	case !here:
		return "", usageError{fmt.Sprintf("no firedoor answers for the data folders %s and %s: is it running, and are you the user it runs as? --data names another folder", sensor, gatewayFolder)}
	}
	return sensor, nil
}

// statusText is the status for people.
func statusText(st *processStatus) string {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		say(&b, "%-12s %s\n", name, sayf(format, args...))
	}
	line("site", "%s, firedoor %s: %s", st.Site, st.Version, strings.Join(st.Roles, " and "))
	if st.Gateway != nil {
		return gatewayText(st)
	}
	if st.Console != "" {
		line("console", "%s", st.Console)
	}
	if s := st.Sensor; s != nil {
		line("sensor", "%s: %s", s.Name, stageText(s, st.Pause))
		for _, src := range s.Sources {
			line("", "%s %s: %s, %s frames, %s dropped%s", src.Kind, src.Name, src.State, grouped(src.Frames), grouped(src.Dropped), problemText(src.Problem))
			line("", "  last frame %s; %s doubled, %s gaps in streams, %s one-way connections", orNone(strings.Fields(src.LastFrame)), grouped(src.Duplicates),
				grouped(src.Gaps), grouped(src.OneWay))
		}
		line("", "%s devices, %s conversations, %s distinct operations, %s of them learned, %s alerts", grouped(uint64(s.Assets)),
			grouped(uint64(s.Conversations)), grouped(uint64(s.Statements)), grouped(uint64(s.Learned)), grouped(uint64(s.Alerts)))
		for _, l := range s.Limits {
			line("limit", "no room for more %s, %s times", l.Name, grouped(l.Times))
		}
	}
	if r := st.Records; r != nil {
		line("records", "%s sent, %s waiting%s", grouped(r.Sent), grouped(uint64(r.Waiting)), problemText(r.Failing))
	}
	if s := st.Snapshots; s != nil {
		when := "none yet"
		if !s.Last.IsZero() {
			when = "last " + time.Since(s.Last).Round(time.Second).String() + " ago, took " + s.Took.Round(time.Millisecond).String()
		}
		line("state", "%s stored, %s%s", grouped(s.Taken), when, problemText(s.Failing))
	}
	c := st.Confined
	line("confined", "landlock %d, capabilities: %s, user %d, system calls filtered: %v", c.Landlock, orNone(c.Capabilities), c.User, c.Seccomp)
	for _, what := range c.Missing {
		line("", "%s", what)
	}
	for _, x := range st.Conditions {
		if x.OK {
			line(x.Name, "well")
		} else {
			line(x.Name, "NOT WELL: %s", x.Problem)
		}
	}
	return b.String()
}

func stageText(s *firedoor.SensorState, pause string) string {
	text := string(s.Stage)
	switch {
	case s.StageUntil != "":
		text += " until " + s.StageUntil + " of traffic time"
	case s.UntilTold:
		text += " until told"
	case pause != "":
		text += " (" + pause + ")"
	}
	return text
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

func problemText(problem string) string {
	if problem == "" {
		return ""
	}
	return " - " + problem
}
