package scenario

import (
	"slices"
	"strconv"
)

// Part is a host with its role in a scenario, in the words of truth.json.
type Part struct{ Name, Role string }

// Parts are the hosts that take part, in the order of their first step: who acts
// is the attacker, in an honest exercise the actor; to whom it happens is the
// target. Who acts and is acted upon acts. Honest steps are left out.
func (s *Scenario) Parts() (out []Part) {
	acts := "attacker"
	if s.Class != Malicious {
		acts = "actor"
	}
	add := func(name, role string) {
		i := slices.IndexFunc(out, func(p Part) bool { return p.Name == name })
		switch {
		case name == "":
		case i < 0:
			out = append(out, Part{name, role})
		case role == acts:
			out[i].Role = role
		}
	}
	for i := range s.Steps {
		st := &s.Steps[i]
		if st.Honest {
			continue
		}
		if st.Host != "" && s.Host(st.Host) == nil {
			add(st.Host, "target") // its cable is pulled
		} else {
			add(st.Host, acts)
		}
		add(st.From, acts)
		for _, name := range []string{st.To, st.Between[0], st.Between[1], st.Controller} {
			add(name, "target")
		}
	}
	return out
}

// Touched is a value of the process that a scenario has an effect on.
type Touched struct{ Controller, Tag, Effect string }

// Touches are the values that the steps change, each once with its first effect,
// in their order; what follows from them in the process is not among them. The
// effect of a write cannot say what was there before.
func (s *Scenario) Touches() (out []Touched) {
	for i := range s.Steps {
		st := &s.Steps[i]
		if st.Honest {
			continue
		}
		tags := st.Tags
		if st.Tag != "" {
			tags = []string{st.Tag}
		}
		where := st.To
		if st.Controller != "" {
			where = st.Controller
		}
		for j, tag := range tags {
			effect := st.effect(j)
			known := slices.ContainsFunc(out, func(t Touched) bool { return t.Controller == where && t.Tag == tag })
			if effect != "" && !known {
				out = append(out, Touched{where, tag, effect})
			}
		}
	}
	return out
}

// effect says in words what the step does to tag j of its list; empty if nothing.
func (s *Step) effect(j int) string {
	switch s.Do {
	case Write:
		if len(s.Values) > 0 {
			return "set to " + figure(s.Values[j])
		}
		return "set to " + figure(s.Value)
	case Toggle:
		return figure(s.Values[0]) + " and " + figure(s.Values[1]) + " in turn"
	case Ramp:
		return "slowly to " + figure(s.Value) + " in " + FormatDuration(s.Over)
	case Bypass:
		if s.On {
			return "bypassed"
		}
		return "bypass taken off"
	case Sensor:
		return s.failure()
	}
	return ""
}

func (s *Step) failure() string {
	text := string(s.Fault)
	if s.By.Value > 0 {
		text += " +" + s.By.String()
	} else if s.By.Value < 0 {
		text += " " + s.By.String()
	}
	if s.Over > 0 {
		text += " in " + FormatDuration(s.Over)
	}
	return text
}

func figure(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// Changes tells whether a step changes a controller for longer than the step: what
// was written, stopped or loaded stays so until somebody mends it.
func (s *Scenario) Changes() bool {
	for i := range s.Steps {
		if s.Steps[i].Honest {
			continue
		}
		switch s.Steps[i].Do {
		case Write, Toggle, Ramp, Stop, Mode, Download:
			return true
		}
	}
	return false
}
