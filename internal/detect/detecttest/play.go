package detecttest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"firedoor"
	"firedoor/internal/detect"
)

// plant is the World of a scenario.
type plant struct {
	devices map[string][2]string // by address: name and role
	peers   [2]int
}

// Describe implements detect.World.
func (p *plant) Describe(e firedoor.Endpoint) (name, role string, known bool) {
	address := detect.Address(e)
	d, known := p.devices[address]
	if d[0] == "" {
		d[0] = address
	}
	return d[0], d[1], known
}

// Peers implements detect.World.
func (p *plant) Peers(firedoor.Endpoint, firedoor.Endpoint, string, *firedoor.Operation) (same, doing int) {
	return p.peers[0], p.peers[1]
}

// Play shows the scenario to the detectors of the list.
func (s *Scenario) Play(list []detect.Detector) []firedoor.Alert {
	p := &plant{devices: map[string][2]string{}}
	b := detect.NewBoard(list, p)
	for i := range s.lines {
		l := &s.lines[i]
		switch {
		case l.device != "":
			p.devices[l.device] = [2]string{l.name, l.role}
		case l.peers != nil:
			p.peers = *l.peers
		default:
			for n := range l.repeat {
				o := *l.observation // the judges get it borrowed, and so a copy
				o.Frames = slices.Clone(o.Frames)
				o.Client.IP.Lo += uint64(n)
				b.See(&o)
				clear(o.Frames)
			}
		}
	}
	return b.Alerts()
}

// learning is the same scenario, learned from.
func (s *Scenario) learning() *Scenario {
	c := &Scenario{lines: slices.Clone(s.lines)}
	for i := range c.lines {
		if o := c.lines[i].observation; o != nil {
			learned := *o
			learned.Armed, learned.Learning = false, true
			c.lines[i].observation = &learned
		}
	}
	return c
}

// Text writes alerts for a golden file, without their ids.
func Text(alerts []firedoor.Alert) string {
	var b strings.Builder
	for _, a := range alerts {
		fmt.Fprintf(&b, "%v %s %s", time.Duration(a.Time), a.Severity, a.Kind)
		if len(a.Techniques) > 0 {
			fmt.Fprintf(&b, " %s", strings.Join(a.Techniques, " "))
		}
		fmt.Fprintf(&b, "\n  %s\n  ", a.Sentence)
		if c := detect.Address(a.Client); c != "" {
			b.WriteString(c)
		}
		if s := detect.Address(a.Server); s != "" {
			fmt.Fprintf(&b, " > %s", s)
		}
		if a.Protocol != "" {
			fmt.Fprintf(&b, ", %s", a.Protocol)
		}
		b.WriteString(", frames")
		for _, f := range a.Frames {
			fmt.Fprintf(&b, " %d", f.Frame)
		}
		b.WriteString("\n")
	}
	return b.String()
}
