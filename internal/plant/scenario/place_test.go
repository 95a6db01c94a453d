package scenario_test

import (
	"slices"
	"testing"
	"time"

	"firedoor/internal/plant/physics"
	"firedoor/internal/plant/scenario"
)

// standard is the standard plant by its processes; of hosts without a process and
// of networks it knows the names that the built-in scenarios may use.
type standard struct{ *physics.Plant }

func (s standard) HasHost(name string) bool {
	others := []string{"mixer-1-hmi", "mixer-2-hmi", "filler-hmi", "robot-hmi", "boiler-hmi", "engineering", "scada-1", "scada-2", "historian", "jump-host", "vendor-gateway"}
	return s.Controller(name) != nil || slices.Contains(others, name)
}

func (s standard) HasTag(host, tag string) bool {
	c := s.Controller(host)
	return c != nil && c.Tag(tag) != nil
}

func (s standard) HasNetwork(name string) bool {
	return slices.Contains([]string{"line-1", "line-2", "control", "dmz", "office"}, name)
}

func (s standard) HasBreakage(name string) bool {
	return slices.ContainsFunc(s.Breakages(), func(b physics.Breakage) bool { return b.Name == name })
}

// A scenario that names a tag which no controller has would be an attack that does
// not happen, and a miss that is none.
func TestBuiltInScenariosFitTheProcesses(t *testing.T) {
	p := standard{physics.New(1, time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC))}
	for _, s := range scenario.Builtin() {
		if err := s.Check(p); err != nil {
			t.Error(err)
		}
		for i := range s.Steps {
			st := &s.Steps[i]
			if st.Do == scenario.Sensor && p.Sensor(st.Controller+"/"+st.Tag) == nil {
				t.Errorf("%s:%d: no sensor feeds %s of %s", s.File, st.Line, st.Tag, st.Controller)
			}
			if st.Do == scenario.Write || st.Do == scenario.Ramp || st.Do == scenario.Toggle {
				role := p.Controller(st.To).Tag(st.Tag).Role
				if role != physics.Setpoint && role != physics.Command {
					t.Errorf("%s:%d: %s is nothing that one writes", s.File, st.Line, st.Tag)
				}
			}
		}
	}
}

// The words of an attack say that a value is outside of what the panel allows, or
// that it looks ordinary: the processes' own limits must agree.
func TestValuesOfAttacksAreWhatTheirWordsSay(t *testing.T) {
	p := physics.New(1, time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC))
	for name, outside := range map[string]bool{"setpoint-write": true, "out-of-range-write": true, "safety-bypass": true, "fast-toggle": false, "boiling-frog": false} {
		s, err := scenario.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		for i := range s.Steps {
			st := &s.Steps[i]
			if st.Do != scenario.Write && st.Do != scenario.Toggle && st.Do != scenario.Ramp {
				continue
			}
			tag := p.Controller(st.To).Tag(st.Tag)
			values := st.Values
			if len(values) == 0 {
				values = []float64{st.Value}
			}
			for _, v := range values {
				if (v < tag.Min || v > tag.Max) != outside {
					t.Errorf("%s:%d: %v for %s, whose panel allows %v to %v", s.File, st.Line, v, st.Tag, tag.Min, tag.Max)
				}
			}
		}
	}
}
