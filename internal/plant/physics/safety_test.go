package physics

import (
	"math"
	"testing"
	"time"
)

// overfire sets the pressure setpoint far too high and gives the highest pressure
// of the next half hour.
func overfire(t *testing.T, p *Plant) (highest float64, events []Event) {
	t.Helper()
	write(t, p, "boiler-plc", "PIC301.SP", 14)
	for range 1800 {
		p.Step()
		events = append(events, p.Events()...)
		highest = math.Max(highest, p.boiler.pressure())
	}
	return highest, events
}

func TestSafetyTripHolds(t *testing.T) {
	p := New(8, early)
	highest, events := overfire(t, p)
	if find(events, Boiler, EventTrip) == nil || highest > 10.9 || find(events, Boiler, EventRelief) != nil {
		t.Fatalf("pressure reached %g bar: %v", highest, events)
	}
	q := New(8, early)
	write(t, q, "boiler-plc", "PIC301.SP", 14)
	_, trip := tag(t, q, "boiler-safety", "TRIP")
	_, permit := tag(t, q, "boiler-safety", "BURNER.PERMIT")
	_, cause := tag(t, q, "boiler-safety", "CAUSE")
	_, burner := tag(t, q, "boiler-plc", "BURNER.STATE")
	for range 1800 {
		q.Step()
		if trip.on() {
			break
		}
	}
	run(q, 5*time.Second)
	if permit.Value != 0 || cause.Value != causePressure || burner.Value != burnerLocked {
		t.Errorf("tripped: permit %g, cause %g, burner in state %g", permit.Value, cause.Value, burner.Value)
	}
	write(t, q, "boiler-plc", "PIC301.SP", 8.5)
	run(q, 10*time.Minute)
	if !trip.on() || q.boiler.burning != 0 {
		t.Error("the trip went away by itself within ten minutes")
	}
	write(t, q, "boiler-safety", "RESET", 1)
	run(q, 5*time.Second)
	if trip.on() || permit.Value != 1 {
		t.Error("the reset does not reset")
	}
	run(q, time.Hour)
	if v := q.boiler.pressure(); burner.Value != burnerBurns || math.Abs(v-8.5) > 0.6 {
		t.Errorf("an hour after the reset: burner in state %g, %g bar", burner.Value, v)
	}
}

// TestResetAgainstTheCauseDoesNothing: who resets while the pressure is high still
// has a trip.
func TestResetAgainstTheCauseDoesNothing(t *testing.T) {
	p := New(8, early)
	p.Sensor("PSH301.PV").Fail(Fault{Kind: Offset, Amount: 5})
	run(p, time.Minute)
	write(t, p, "boiler-safety", "RESET", 1)
	run(p, 2*time.Second)
	if _, trip := tag(t, p, "boiler-safety", "TRIP"); !trip.on() {
		t.Error("a reset took the trip away while its sensor tells of too much pressure")
	}
}

func TestBypassTakesTheTripAway(t *testing.T) {
	p := New(8, early)
	write(t, p, "boiler-safety", "BYPASS", 1)
	highest, events := overfire(t, p)
	_, permit := tag(t, p, "boiler-safety", "BURNER.PERMIT")
	if find(events, Boiler, EventTrip) != nil || find(events, Boiler, EventRelief) == nil || permit.Value != 1 {
		t.Errorf("bypassed: %g bar, permit %g, %v", highest, permit.Value, events)
	}
	write(t, p, "boiler-plc", "PIC301.SP", 8.5)
	write(t, p, "boiler-safety", "BYPASS", 0)
	if err := p.Mend("boiler-tube-leak"); err != nil {
		t.Fatal(err)
	}
	run(p, 2*time.Hour)
	if v := p.boiler.pressure(); p.boiler.blowing || math.Abs(v-8.5) > 0.6 {
		t.Errorf("two hours after all is right again: %g bar, relief valve blows: %t", v, p.boiler.blowing)
	}
}
