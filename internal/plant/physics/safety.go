package physics

// Causes of a trip of the safety controller, as CAUSE holds them.
const (
	causePressure = 1
	causeLevel    = 2
	causeFlue     = 4
	causeTest     = 8
)

// safety is the boiler's safety controller: sensors of its own, one output that
// lets the burner burn, a trip that stays until somebody resets it.
type safety struct {
	p *Plant

	plc                                        *Controller
	bypass, reset, trip, cause, proofs, permit *Tag
	pressureLimit, levelLimit, flueLimit       *Tag
	heartbeat, trips, proofDays                *Tag
	pressureS, levelS, flueS                   *Sensor
	quiet                                      int // seconds since the cause is gone
	testing                                    int // seconds left of a proof test
}

func (s *safety) build(p *Plant) {
	s.p = p
	c := p.controller("boiler-safety", false, 35)
	s.plc = c
	pressure := c.add(Measure, Real, "PSH301.PV", "steam pressure, safety's own sensor", "bar", 7.8, 9.2, 0, 16, 100, 8.5)
	s.pressureLimit = c.add(Setpoint, Real, "PSH301.LIM", "pressure at which the burner trips", "bar", 10.5, 10.5, 9.8, 11, 100, 10.5)
	level := c.add(Measure, Real, "LSL301.PV", "drum level, safety's own sensor", "%", 45, 55, 0, 100, 10, 50)
	s.levelLimit = c.add(Setpoint, Real, "LSL301.LIM", "level at which the burner trips", "%", 22, 22, 20, 30, 10, 22)
	flue := c.add(Measure, Real, "TSH301.PV", "flue gas temperature, safety's own sensor", "°C", 150, 250, 0, 400, 10, 195)
	s.flueLimit = c.add(Setpoint, Real, "TSH301.LIM", "flue gas temperature at which the burner trips", "°C", 300, 300, 260, 320, 10, 300)
	s.permit = c.bit(Output, "BURNER.PERMIT", "burner may burn", 1)
	s.trip = c.bit(State, "TRIP", "tripped, waits for a reset", 0)
	s.cause = c.add(State, Int, "CAUSE", "cause of the trip: 1 pressure 2 level 4 flue gas 8 test", "", 0, 0, 0, 255, 1, 0)
	s.bypass = c.bit(Command, "BYPASS", "trips are bypassed for maintenance", 0)
	s.reset = c.bit(Command, "RESET", "reset a trip", 0)
	s.trips = c.count("TRIPS", "trips", "")
	s.proofs = c.count("PROOF.COUNT", "proof tests made", "")
	s.proofs.set(7)
	s.proofDays = c.add(State, Int, "PROOF.DAYS", "days since the last proof test", "d", 0, 365, 0, 400, 1, 41)
	s.heartbeat = c.add(State, Int, "HEARTBEAT", "counts up while the logic runs", "", 0, 255, 0, 255, 1, 0)
	s.pressureS = p.sensor(c, pressure, 0.015, 0, 16)
	s.levelS = p.sensor(c, level, 0.2, 0, 100)
	s.flueS = p.sensor(c, flue, 0.5, 0, 400)
}

// control is one scan of the safety controller.
func (s *safety) control() {
	if !s.plc.scanning() {
		return
	}
	beat := s.heartbeat.Value + 1
	if beat > 255 {
		beat = 0
	}
	s.heartbeat.set(beat)
	if s.p.second == 0 {
		s.proofDays.set(s.proofDays.Value + 1)
	}
	cause := s.causes()
	switch {
	case cause != 0:
		s.quiet = 0
		if !s.trip.on() {
			s.p.event(Boiler, EventTrip, "safety controller trips the burner", cause)
			s.trips.set(s.trips.Value + 1)
			s.cause.set(cause)
		}
		s.trip.set(1)
	case s.trip.on():
		s.quiet++
		if s.reset.on() || s.quiet > staffTime {
			s.trip.set(0)
			s.cause.set(0)
			s.p.event(Boiler, EventReset, "safety trip reset", 0)
		}
	}
	s.reset.set(0)
	s.permit.set(number(!s.trip.on() || s.bypass.on()))
}

// causes tells what speaks against burning. A bypass or a program without limits
// sees nothing.
func (s *safety) causes() float64 {
	cause := 0.0
	if s.testing > 0 {
		s.testing--
		cause += causeTest
	}
	if s.bypass.on() || !s.plc.limited() {
		return cause
	}
	if s.pressureS.tag.Value > s.pressureLimit.Value {
		cause += causePressure
	}
	if s.levelS.tag.Value < s.levelLimit.Value {
		cause += causeLevel
	}
	if s.flueS.tag.Value > s.flueLimit.Value {
		cause += causeFlue
	}
	return cause
}

func (s *safety) test() {
	if !s.plc.scanning() {
		return
	}
	s.testing = 10
	s.proofs.set(s.proofs.Value + 1)
	s.proofDays.set(0)
}

func (s *safety) look() {
	b := &s.p.boiler
	s.pressureS.sense(b.pressure())
	s.levelS.sense(float64(b.mass / drumCapacity * 100))
	s.flueS.sense(b.flue)
}
