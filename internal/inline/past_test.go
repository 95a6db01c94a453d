package inline_test

import (
	"encoding/binary"
	"testing"

	"firedoor/internal/inline"
	"firedoor/internal/inline/trial"
	"firedoor/internal/policy"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/modbus"
)

// reads has registers of a unit read, and answered with values.
func (b *bench) reads(unit byte, register uint16, values ...uint16) {
	b.id++
	q := trial.Request(b.id, 3, byte(register>>8), byte(register), 0, byte(len(values)))
	q[6] = unit
	b.say(q)
	data := []byte{byte(2 * len(values))}
	for _, v := range values {
		data = binary.BigEndian.AppendUint16(data, v)
	}
	a := trial.Request(b.id, 3, data...)
	a[6] = unit
	b.answers(a)
}

// writes has a register of a unit written, and answered where that went on as it was, which it
// tells: with what is written if done, else with a refusal.
func (b *bench) writes(unit byte, register, value uint16, done bool) bool {
	passed, answer := b.asks(unit, register, value)
	if !done {
		answer = append(answer[:4:4], 0, 3, unit, 0x86, 4)
	}
	b.answers(answer)
	return passed
}

// asks has a register written, and gives the answer that it would get.
func (b *bench) asks(unit byte, register, value uint16) (passed bool, answer []byte) {
	b.id++
	b.toPLC = nil
	q := trial.WriteOne(b.id, register, value)
	q[6] = unit
	b.say(q)
	return string(payloads(b.toPLC)) == string(q), q
}

// newSteps is a bench under a policy by which registers are written in steps of at most 50.
func newSteps(t *testing.T, change func(*policy.Policy)) *bench {
	b := newBench(t, trial.Guarded(t, func(p *policy.Policy) {
		p.Conduits[0].Rules[1].Match.Step, p.Conduits[0].Rules[1].Match.Values = 50, &policy.Span{Max: 1000}
		if change != nil {
			change(p)
		}
	}))
	b.connect()
	return b
}

// TestStepOfUnit holds that a step is counted from what was written before to any unit, where the
// rule names none: a device may not look at it.
func TestStepOfUnit(t *testing.T) {
	b := newSteps(t, nil)
	b.reads(1, 5, 0)
	if b.writes(0, 5, 900, true) {
		t.Error("another unit, and the step is not counted")
	}
	if !b.writes(0, 5, 50, true) || !b.writes(1, 5, 100, true) || b.writes(255, 5, 20, true) {
		t.Error("steps of several units are not counted from each other")
	}
	b = newSteps(t, func(p *policy.Policy) { p.Conduits[0].Rules[1].Match.Units = []uint32{1, 2} })
	b.reads(1, 5, 0)
	b.reads(2, 5, 500)
	if !b.writes(1, 5, 50, true) || !b.writes(2, 5, 550, true) || b.writes(1, 5, 550, true) {
		t.Error("units that the rule names are not told apart")
	}
}

// TestStepFromNothing holds that a step from what nobody knows is not judged, and so not
// passed where that is dropped: after a start, or the death of a worker.
func TestStepFromNothing(t *testing.T) {
	for unjudged, want := range map[policy.Unjudged]bool{policy.Open: true, policy.Reads: false, policy.Closed: false} {
		b := newSteps(t, func(p *policy.Policy) { p.Conduits[0].Unjudged = unjudged })
		if b.writes(1, 5, 900, true) != want {
			t.Errorf("%s: a first write passes: %t", unjudged, !want)
		}
		if b.reads(1, 5, 880); !b.writes(1, 5, 900, true) {
			t.Errorf("%s: a write after a read does not pass", unjudged)
		}
	}
}

// TestStepWithoutRoom holds that values that no rule looks at take no room.
func TestStepWithoutRoom(t *testing.T) {
	b := newSteps(t, nil)
	var zeros [125]uint16
	for unit := byte(1); unit < 4; unit++ {
		for at := 10; at+len(zeros) <= 1<<16; at += len(zeros) {
			b.reads(unit, uint16(at), zeros[:]...)
		}
	}
	if b.reads(1, 5, 0); b.writes(1, 5, 900, true) || !b.writes(1, 5, 50, true) {
		t.Error("after many others were read a step is not judged")
	}
}

// TestStepNotDone holds that writes that were not answered, or declined, are no steps on the
// way: what comes next must be near to what may be there.
func TestStepNotDone(t *testing.T) {
	b := newSteps(t, nil)
	b.reads(1, 5, 0)
	if !b.writes(1, 5, 50, false) || b.writes(1, 5, 100, true) {
		t.Error("a write was declined, and the next one is counted from it")
	}
	if !b.writes(1, 5, 40, true) || !b.writes(1, 5, 90, true) {
		t.Error("after a write that was done it goes on")
	}
	_, late := b.asks(1, 5, 140)
	if passed, _ := b.asks(1, 5, 190); passed {
		t.Error("a write was not answered, and the next one is counted from it")
	}
	if b.reads(1, 5, 90); b.writes(1, 5, 190, true) {
		t.Error("a write may be done later than a read, and is forgotten")
	}
	if b.answers(late); !b.writes(1, 5, 190, true) {
		t.Error("an answer that comes late does not count")
	}
	b = newSteps(t, nil)
	b.reads(1, 5, 0)
	b.asks(1, 5, 50)
	b.client, b.server = b.client+1000, b.server+1000
	b.connect()
	if b.writes(1, 5, 100, true) {
		t.Error("the connection is over, and the write on it counts as done")
	}
	if b.reads(1, 5, 50); !b.writes(1, 5, 100, true) {
		t.Error("what was read after that does not count")
	}
}

// TestMask holds that what is written by masks passes no rule about values, and that nothing is known
// of the register behind them until it is read.
func TestMask(t *testing.T) {
	mask := trial.Request(1, 22, 0, 5, 0, 0, 0, 90)
	b := newBench(t, trial.Guarded(t, func(p *policy.Policy) { p.Conduits[0].Rules[1].Match.Codes = nil }))
	b.connect()
	if b.say(mask); string(payloads(b.toPLC)) == string(mask) {
		t.Error("masks pass as values")
	}
	b = newSteps(t, func(p *policy.Policy) {
		p.Conduits[0].Rules = append(p.Conduits[0].Rules, policy.Rule{Match: policy.Match{Protocols: []string{"modbus"}, Codes: []uint32{22}}})
	})
	b.reads(1, 5, 0)
	if b.say(mask); string(payloads(b.toPLC[len(b.toPLC)-1:])) != string(mask) {
		t.Fatalf("a rule without values does not pass masks: % x", payloads(b.toPLC))
	}
	if b.writes(1, 5, 50, true) {
		t.Error("a step is counted from before the masks")
	}
	if b.reads(1, 5, 0); b.writes(1, 5, 50, true) {
		t.Error("what was read before masks were answered counts, though they may be done after that")
	}
	b.answers(mask)
	if b.reads(1, 5, 90); !b.writes(1, 5, 100, true) {
		t.Error("what was read then does not count")
	}
}

// TestWrongChecksum holds that what its receiver throws away does not go on where anything is
// judged, and is not believed.
func TestWrongChecksum(t *testing.T) {
	b := newSteps(t, nil)
	b.reads(1, 5, 0)
	passed := b.gate.Counts.Passed
	for i, place := range []int{50, 24, 60} {
		f := trial.TCP(trial.HMI, trial.PLC, b.client, b.server, trial.ACK, trial.WriteOne(7, 5, 50))
		f[place] ^= 1
		b.frame(inline.Inside, f)
		if b.gate.Counts.Passed != passed || len(b.told) != i+1 {
			t.Errorf("byte %d is wrong, and the frame went on; told %q", place, b.told)
		}
	}
	if !b.writes(1, 5, 50, true) {
		t.Error("the same frame as it should be does not pass")
	}
	f := trial.TCP(trial.PLC, trial.HMI, b.server, b.client+500, trial.ACK, nil)
	f[50] ^= 1
	b.frame(inline.Outside, f)
	if !b.writes(1, 5, 100, true) {
		t.Error("an acknowledgement with a wrong checksum was believed")
	}
}

// TestStrictServer holds that a server is asked where its client is with the timestamp that it
// was promised, and without anything else of the client's options.
func TestStrictServer(t *testing.T) {
	b := newBench(t, trial.Guarded(t, nil))
	stamp := []byte{1, 1, 8, 10, 0, 0, 0, 7, 0, 0, 0, 9}
	for _, c := range []struct{ options, want []byte }{
		{stamp, stamp},
		{append([]byte{5, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 1}, stamp...), stamp},
		{[]byte{8, 10, 0, 0}, nil},
		{[]byte{8, 0, 1, 1}, nil},
		{nil, nil},
	} {
		b.toPLC, b.now = nil, b.now+second
		f := trial.TCP(trial.HMI, trial.PLC, b.client, b.server, trial.ACK, append(append([]byte(nil), c.options...), trial.ReadSome(1)...))
		f[46] = byte(5+len(c.options)/4) << 4
		binary.BigEndian.PutUint16(f[50:], trial.Sum(f))
		b.frame(inline.Inside, f)
		if len(b.toPLC) != 1 {
			t.Fatalf("options % x: %d frames went on", c.options, len(b.toPLC))
		}
		q := b.toPLC[0]
		header := 4 * int(q[46]>>4)
		if got := q[54 : 34+header]; string(got) != string(c.want) || len(q) != 34+header+1 || int32(binary.BigEndian.Uint32(q[38:])-b.client) != -1<<30 {
			t.Errorf("options % x: the server was asked by % x", c.options, q[34:])
		}
	}
}

// TestClockSet holds that ages do not hang on the clock by which policies say when.
func TestClockSet(t *testing.T) {
	asked := 0
	gate := inline.New(trial.Guarded(t, nil), []*protocol.Protocol{modbus.Protocol}, nil)
	wall, age := int64(1772323200)*second, int64(0)
	say := func() {
		f := trial.TCP(trial.HMI, trial.PLC, 1000, 9000, trial.ACK, trial.ReadSome(1))
		gate.FrameAt(wall, age, inline.Inside, f, func(inline.Port, []byte) { asked++ })
	}
	say()
	wall, age = wall-3600*second, age+second
	if say(); asked != 2 {
		t.Errorf("the clock went back, and the server is not asked any more: %d", asked)
	}
	wall, age = wall+86400*second, age+second/1000
	if say(); asked != 2 {
		t.Errorf("the clock went on, and the server is asked too soon: %d", asked)
	}
	if gate.Flows() != 1 {
		t.Errorf("%d connections are known", gate.Flows())
	}
	wall -= 2 * 86400 * second
	age += 3 * 3600 * second
	gate.FrameAt(wall, age, inline.Inside, trial.TCP(trial.HMI, trial.PLC.At(503), 1, 1, trial.ACK, nil), func(inline.Port, []byte) {})
	if gate.Flows() > 1 {
		t.Errorf("%d connections are known after three hours", gate.Flows())
	}
}
