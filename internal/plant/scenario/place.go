package scenario

import (
	"fmt"

	"firedoor/internal/written"
)

// Place is a plant as far as a scenario is checked against it.
type Place interface {
	HasHost(name string) bool
	HasTag(host, tag string) bool
	HasNetwork(name string) bool
	HasBreakage(name string) bool
}

// Check tells whether the scenario can happen in a plant: nil, or written.Problems that
// name file, line and key.
func (s *Scenario) Check(p Place) error {
	c := checker{s: s, place: p, like: map[string]string{}}
	for i := range s.Hosts {
		h := &s.Hosts[i]
		if p.HasHost(h.Name) {
			c.tell(h.Line, fmt.Sprintf("hosts[%d].name", i), "the plant has a %s of its own: give it another name, or leave it out of hosts", h.Name)
		}
		if !p.HasNetwork(h.Network) {
			c.tell(h.Line, fmt.Sprintf("hosts[%d].network", i), "the plant has no network %s", h.Network)
		}
	}
	for i := range s.Steps {
		c.step(&s.Steps[i], i)
	}
	if len(c.problems) > 0 {
		return c.problems
	}
	return nil
}

type checker struct {
	s        *Scenario
	place    Place
	problems written.Problems
	like     map[string]string // a host that took the place of another: whose
}

func (c *checker) tell(line int, key, format string, args ...any) {
	if len(c.problems) < written.MaxProblems {
		c.problems = append(c.problems, written.Problem{File: c.s.File, Line: line, Key: key, Text: fmt.Sprintf(format, args...)})
	}
}

func (c *checker) step(st *Step, i int) {
	before := len(c.problems)
	for _, u := range st.uses() {
		if !c.place.HasHost(u.name) && c.s.Host(u.name) == nil {
			c.tell(st.Line, way(i, u.key), "neither the plant nor this file has a host %s", u.name)
		}
	}
	if st.Network != "" && !c.place.HasNetwork(st.Network) {
		c.tell(st.Line, way(i, "network"), "the plant has no network %s", st.Network)
	}
	if st.Breakage != "" && !c.place.HasBreakage(st.Breakage) {
		c.tell(st.Line, way(i, "breakage"), "nothing in the plant breaks by the name %s", st.Breakage)
	}
	if len(c.problems) > before {
		return
	}
	if st.Do == Replace {
		c.like[st.Host] = st.To
	}
	where := st.To
	if st.Controller != "" {
		where = st.Controller
	}
	if whose, ok := c.like[where]; ok {
		where = whose
	}
	if st.Tag != "" && !c.place.HasTag(where, st.Tag) {
		c.tell(st.Line, way(i, "tag"), "%s has no tag %s", where, st.Tag)
	}
	for j, tag := range st.Tags {
		if !c.place.HasTag(where, tag) {
			c.tell(st.Line, fmt.Sprintf("steps[%d].tags[%d]", i, j), "%s has no tag %s", where, tag)
		}
	}
}
