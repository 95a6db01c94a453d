package scenario

import (
	"reflect"
	"testing"
)

func TestPartsAndTouches(t *testing.T) {
	s := parsed(t, file(
		"at: 1m, do: read, from: laptop, to: plc, tag: A",
		"at: 2m, do: write, from: laptop, to: plc, tags: [A, B], values: [1, 2.5]",
		"at: 3m, do: write, from: laptop, to: plc, tag: A, value: 9",
		"at: 4m, do: write, from: hmi, to: other, tag: C, value: 9, honest: true",
		`at: 5m, do: sensor, controller: box, tag: D, fault: drift, by: "-0.5 sigma", over: 30m`,
		"at: 6m, do: leave, host: camera",
		"at: 7m, do: stop, from: plc, to: third",
	))
	want := []Part{{"laptop", "attacker"}, {"plc", "attacker"}, {"box", "target"}, {"camera", "target"}, {"third", "target"}}
	if got := s.Parts(); !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	touched := []Touched{{"plc", "A", "set to 1"}, {"plc", "B", "set to 2.5"}, {"box", "D", "drift -0.5 sigma in 30m"}}
	if got := s.Touches(); !reflect.DeepEqual(got, touched) {
		t.Errorf("%v, want %v", got, touched)
	}
	honest, err := Load("planned-download")
	if err != nil {
		t.Fatal(err)
	}
	if got := honest.Parts(); !reflect.DeepEqual(got, []Part{{"engineering", "actor"}, {"capper-plc", "target"}}) {
		t.Errorf("%v", got)
	}
}

func TestEffectsInWords(t *testing.T) {
	for name, want := range map[string]string{
		"calibration-drift": "drift +0.5 sigma in 30d", "stuck-sensor": "stuck", "setpoint-write": "set to 118", "fast-toggle": "100 and 140 in turn",
		"boiling-frog": "slowly to 78 in 2d", "safety-bypass": "bypassed",
	} {
		s, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Touches(); len(got) == 0 || got[0].Effect != want {
			t.Errorf("%s: %v, want %s", name, got, want)
		}
	}
}
