package factory

import (
	"fmt"

	"firedoor/internal/plant/physics"
	"firedoor/internal/plant/scenario"
	"firedoor/internal/plant/truth"
)

// What goes wrong at the machine, without a byte on the network.

// faults by the words of scenarios.
var faults = map[scenario.Fault]physics.FaultKind{scenario.Stuck: physics.Stuck, scenario.Zero: physics.Zero, scenario.Junk: physics.Junk,
	scenario.Offset: physics.Offset, scenario.Drift: physics.Drift, scenario.Gain: physics.Gain}

// sensor lets one fail.
func (a *act) sensor(step *scenario.Step) {
	s := a.f.physics.Sensor(step.Controller + "/" + step.Tag)
	if s == nil {
		return
	}
	fault := physics.Fault{Kind: faults[step.Fault], Amount: step.By.Value, Over: step.Over}
	switch step.By.Unit {
	case scenario.Sigma:
		fault.Amount *= s.Sigma()
	case scenario.Percent:
		fault.Amount = 1 + step.By.Value/100
	}
	effect := string(step.Fault)
	if step.By.Value != 0 {
		effect = fmt.Sprintf("%s of %g %s", step.Fault, fault.Amount, s.Tag().Unit)
	}
	if step.Over > 0 {
		effect += fmt.Sprintf(" within %s", step.Over)
	}
	if fault.Kind == physics.Drift && step.Over > 0 { // so much by the end; the sensor counts by the hour
		fault.Amount = fault.Amount / step.Over.Hours()
	}
	s.Fail(fault)
	a.variable(truth.Variable{Controller: step.Controller, Tag: step.Tag, Words: s.Tag().Words, Effect: effect})
	a.until(step.For, s.Heal)
}

// breakage lets a machine fail.
func (a *act) breakage(step *scenario.Step) {
	for _, b := range a.f.physics.Breakages() {
		if b.Name != step.Breakage {
			continue
		}
		_ = a.f.physics.Break(b.Name) // it is in the list
		a.involve(a.unit(b.Controller), truth.Target)
		a.witnesses(b.Controller)
		for _, tag := range b.Tags {
			a.variable(truth.Variable{Controller: b.Controller, Tag: tag, Words: b.Words, Effect: "the machine fails"})
		}
		a.until(step.For, func() { _ = a.f.physics.Mend(b.Name) })
	}
}

// bypass overrides a safety controller, at the machine or over the network, or
// ends that.
func (a *act) bypass(step *scenario.Step) {
	name := step.Controller
	if name == "" {
		name = step.To
	}
	u := a.unit(name)
	p, t, ok := u.image.find(step.Tag)
	if !ok {
		return
	}
	set := func(on bool) {
		value := 0.0
		if on {
			value = 1
		}
		if step.ByHand {
			u.image.of.Write(t, value)
			return
		}
		a.session(step).ask(writeOf(p, value), nil)
	}
	effect := "switched off"
	if step.On {
		effect = "switched on"
		a.until(step.For, func() { set(false) })
	}
	a.variable(truth.Variable{Controller: u.name, Tag: step.Tag, Words: t.Words, Effect: effect})
	set(step.On)
}

// freeze lets a box tell results that do not follow the product any more.
func (a *act) freeze(step *scenario.Step) {
	frozen := *step
	frozen.Breakage = "vision-frozen"
	a.breakage(&frozen)
}
