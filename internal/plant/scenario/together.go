package scenario

import (
	"fmt"
	"slices"
	"time"

	"firedoor/internal/written"
)

// together tells what does not fit between the parts of a scenario that are
// right by themselves.
func (s *Scenario) together() (out written.Problems) {
	tell := func(line int, key, format string, args ...any) {
		out = append(out, written.Problem{File: s.File, Line: line, Key: key, Text: fmt.Sprintf(format, args...)})
	}
	for i := range s.Hosts {
		h := &s.Hosts[i]
		if first := s.Host(h.Name); first != h {
			tell(h.Line, fmt.Sprintf("hosts[%d].name", i), "%s stands twice; first in line %d", h.Name, first.Line)
		}
	}
	last := time.Duration(0)
	for i := range s.Steps {
		st := &s.Steps[i]
		if st.At < last {
			tell(st.Line, way(i, "at"), "is before the step above, at %s: steps stand in the order of time", FormatDuration(last))
		}
		last = max(last, st.At)
		if end := st.End(s.Lasts); end > s.Lasts || st.At > s.Lasts {
			tell(st.Line, way(i, "at"), "the step is over after %s, the scenario lasts %s", FormatDuration(max(end, st.At)), FormatDuration(s.Lasts))
		}
	}
	if len(out) > 0 {
		return out
	}
	s.presence(tell)
	return out
}

// span is a time in which a host of the scenario's own is plugged in.
type span struct{ from, to time.Duration }

// presence tells of hosts of the scenario's own that act, or are acted upon, while
// they are not plugged in.
func (s *Scenario) presence(tell func(line int, key, format string, args ...any)) {
	for i := range s.Hosts {
		h := &s.Hosts[i]
		spans := s.spans(h.Name, tell)
		used := len(spans) > 0
		for j := range s.Steps {
			st := &s.Steps[j]
			for _, use := range st.acts() {
				if use.name != h.Name {
					continue
				}
				used = true
				if text := absent(st, s.Lasts, spans); text != "" {
					tell(st.Line, way(j, use.key), "%s %s", h.Name, text)
				}
			}
		}
		if !used {
			tell(h.Line, fmt.Sprintf("hosts[%d].name", i), "no step uses %s", h.Name)
		}
	}
}

// spans are the times in which a host is plugged in.
func (s *Scenario) spans(name string, tell func(line int, key, format string, args ...any)) (out []span) {
	in := false
	for i := range s.Steps {
		st := &s.Steps[i]
		if st.Host != name {
			continue
		}
		switch {
		case st.Do == Leave && !in:
			tell(st.Line, way(i, "host"), "%s is not plugged in", name)
		case st.Do == Leave:
			out[len(out)-1].to = st.At
			in = false
		case in:
			tell(st.Line, way(i, "host"), "%s is plugged in already", name)
		default:
			out = append(out, span{st.At, s.Lasts})
			in = true
		}
		if st.Do == Replace && st.For > 0 && in {
			out[len(out)-1].to = st.At + st.For
			in = false
		}
	}
	return out
}

// absent says in words that a step happens outside of the spans; empty if not.
func absent(st *Step, lasts time.Duration, spans []span) string {
	end := st.End(lasts)
	if goesOn(st.Do) && st.For == 0 {
		end = st.At // it ends when the host leaves
	}
	at := slices.IndexFunc(spans, func(p span) bool { return p.from <= st.At && st.At <= p.to })
	switch {
	case len(spans) == 0:
		return "is never plugged in: it needs a step that does join"
	case at < 0:
		return "is not plugged in at " + FormatDuration(st.At)
	case end > spans[at].to:
		return "leaves at " + FormatDuration(spans[at].to) + ", before this step is over at " + FormatDuration(end)
	}
	return ""
}

// use is a host that a step names, with the key by which it does.
type use struct{ key, name string }

// acts are the hosts that must be there for the step to happen.
func (s *Step) acts() (out []use) {
	for _, u := range []use{{"from", s.From}, {"to", s.To}, {"between", s.Between[0]}, {"between", s.Between[1]}} {
		if u.name != "" {
			out = append(out, u)
		}
	}
	return out
}

// uses are all hosts that a step names.
func (s *Step) uses() []use {
	out := s.acts()
	for _, u := range []use{{"host", s.Host}, {"controller", s.Controller}} {
		if u.name != "" {
			out = append(out, u)
		}
	}
	return out
}

// Names are the hosts that the steps name, each once, in the order of their first
// step.
func (s *Scenario) Names() (out []string) {
	for i := range s.Steps {
		for _, u := range s.Steps[i].uses() {
			if !slices.Contains(out, u.name) {
				out = append(out, u.name)
			}
		}
	}
	return out
}
