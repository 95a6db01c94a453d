package physics

// Times of a batch, in seconds.
const (
	mixTime      = 600
	fillLimit    = 900  // then the controller gives up filling
	staffTime    = 900  // after which people acknowledge what they see
	tankFull     = 88.0 // % the tank is filled to by batches
	batchVolume  = 33.0 // % of the filler's tank that one batch takes
	cleanTime    = 600
	cleanLevel   = 40.0 // %
	cleanDegrees = 72.0 // °C
)

// control is one scan of the mixer's controller.
func (m *mixer) control() {
	m.drive.control(m.p.broken[brokenMotor1+breakage(m.cell)])
	if !m.plc.scanning() {
		return
	}
	stopped := !m.p.free(m.cell)
	m.stopTag.set(number(m.p.stations[m.cell].stopped))
	m.load()
	m.seconds++
	if stopped || m.hold.on() {
		m.seconds-- // the phase waits
		m.command(0, 0, 0, false)
	} else {
		m.advance()
	}
	m.guard()
	m.reset.set(0)
	m.phaseTag.set(float64(m.phase))
	m.phaseTime.set(float64(m.seconds))
}

// load puts a newly chosen recipe's setpoints in force.
func (m *mixer) load() {
	r := m.recipe.Value
	if r == m.loaded || r < 1 || r > Recipes {
		return
	}
	m.loaded = r
	set := &recipes[int(r)-1]
	m.tempSP.set(set.temperature)
	m.speedSP.set(set.speed)
	m.levelSP.set(set.level)
}

// command sets the outputs: inlet and outlet in %, agitator in rpm.
func (m *mixer) command(in, out, rpm float64, temper bool) {
	m.levelOP.set(in)
	m.outOP.set(out)
	m.speedOP.set(rpm)
	switch {
	case !m.tempAuto.on():
		m.heater.follow(m.tempOP.Value)
	case temper:
		m.tempOP.set(m.heater.step(m.tempSP.Value, m.tempPV.Value))
	default:
		m.heater.follow(50)
		m.tempOP.set(50)
	}
}

func (m *mixer) enter(next phase) { m.phase, m.seconds = next, 0 }

// advance does what the phase asks and goes to the next when it is done.
func (m *mixer) advance() {
	level, rpm := m.levelPV.Value, m.speedSP.Value
	if level < 15 {
		rpm = 0
	}
	switch m.phase {
	case idle:
		m.command(0, 0, 0, false)
		m.leaveIdle()
	case filling:
		m.command(100, 0, rpm, false)
		if level >= m.levelSP.Value {
			m.enter(heating)
		} else if m.seconds > fillLimit {
			m.p.event(m.cell, EventFault, "filling takes too long", level)
			m.enter(faulted)
		}
	case heating:
		m.command(0, 0, rpm, true)
		if m.tempPV.Value >= m.tempSP.Value-0.8 {
			m.turns, m.cooked = 0, 0
			m.enter(mixing)
		}
	case mixing:
		m.command(0, 0, rpm, true)
		if m.seconds >= mixTime {
			m.assess()
			m.enter(holding)
		}
	case holding:
		m.command(0, 0, rpm, true)
		if m.p.filler.admits(m.cell) {
			m.enter(draining)
		}
	case draining:
		m.command(0, 100, rpm, false)
		if level <= 1.5 {
			m.finish()
		}
	case cleaning:
		m.rinse(level)
	case faulted:
		m.command(0, 0, 0, false)
		m.recover(level)
	}
}

func (m *mixer) leaveIdle() {
	switch {
	case m.clean.on():
		m.water, m.cleanPhase = true, 0
		m.enter(cleaning)
	case m.run.on() && m.seconds > 30:
		m.supply = 1 + float64(0.03*m.chance.normal())
		m.enter(filling)
	}
}

// lastBatch says whether the mixer is coming to rest and still has a batch.
func (m *mixer) lastBatch() bool {
	return !m.run.on() && m.phase >= filling && m.phase <= draining
}

// assess looks whether the batch was warm and mixed for long enough.
func (m *mixer) assess() {
	switch {
	case m.spoilt:
	case m.turns < enoughTurns:
		m.spoilt = true
		m.p.event(m.cell, EventBatchSpoilt, "batch spoilt: not mixed enough", m.turns)
	case m.cooked < mixTime/2:
		m.spoilt = true
		m.p.event(m.cell, EventBatchSpoilt, "batch spoilt: mixed too cold", m.tempPV.Value)
	}
}

func (m *mixer) finish() {
	m.batches.set(m.batches.Value + 1)
	m.p.event(m.cell, EventBatchDone, "batch done", m.batches.Value)
	m.spoilt, m.unreacted = false, 0
	m.enter(idle)
}

// rinse is the cleaning: fill, warm and stir, drain to the sewer, again while asked.
func (m *mixer) rinse(level float64) {
	const fill, warm, empty = 0, 1, 2
	temper := func() {
		if m.tempAuto.on() {
			m.tempOP.set(m.heater.step(cleanDegrees, m.tempPV.Value))
		}
	}
	switch m.cleanPhase {
	case fill:
		m.command(100, 0, 0, false)
		if level >= cleanLevel {
			m.cleanPhase = warm
			m.seconds = 0
		}
	case warm:
		m.command(0, 0, 80, false)
		temper()
		if m.tempPV.Value < cleanDegrees-2 && m.seconds < 4*cleanTime {
			return
		}
		if m.seconds >= 2*cleanTime {
			m.cleanPhase = empty
		}
	case empty:
		m.command(0, 100, 0, false)
		if level > 1.5 {
			return
		}
		m.cleanPhase = fill
		if !m.clean.on() {
			m.water, m.fouled = false, 0
			m.p.event(m.cell, EventCleaned, "mixer cleaned", 0)
			m.enter(idle)
		}
	}
}

// recover waits for somebody to acknowledge; people do so after a while.
func (m *mixer) recover(level float64) {
	if !m.reset.on() && m.seconds < staffTime {
		return
	}
	m.p.event(m.cell, EventReset, "mixer fault acknowledged", 0)
	if level > 20 {
		m.enter(heating)
	} else {
		m.enter(idle)
	}
}

// guard is the controller's interlock against overheating. It forces the output,
// in automatic and by hand. A changed program may lack it.
func (m *mixer) guard() {
	tripped := m.trip.on()
	if !m.plc.limited() {
		m.trip.set(0)
		return
	}
	if !tripped && m.tempPV.Value > mixerTripAt {
		m.p.event(m.cell, EventTrip, "heating locked: mixer temperature too high", m.tempPV.Value)
		tripped = true
	} else if tripped && m.tempPV.Value < mixerReleaseAt {
		tripped = false
	}
	m.trip.set(number(tripped))
	if tripped {
		m.heater.follow(0)
		m.tempOP.set(0)
	}
	m.spoiltTag.set(number(m.tempPV.Value > scorchAt || m.spoiltTag.on() && m.phase != idle))
}
