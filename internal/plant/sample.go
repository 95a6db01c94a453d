package plant

import (
	"io"
	"time"
)

// The sample's times. Everything before SampleQuiet is normal life.
const (
	SampleLength = 18 * time.Minute
	SampleQuiet  = 12 * time.Minute
)

var sampleStart = time.Date(2026, time.March, 2, 6, 0, 0, 0, time.UTC)

const sampleSeed = 20260302

// Planted is one thing that is wrong in the sample, for tests and for people
// who compare what the product says with what happened.
type Planted struct {
	At             time.Duration // since the first frame
	Client, Server string        // names of the hosts, "" where there is no one
	Words          string
}

// SampleHosts are the devices of the sample, those that do not belong there last.
func SampleHosts() []*Host { return append(sampleHosts(), strangers()...) }

// SamplePlanted lists what is wrong in the sample, in order of time.
func SamplePlanted() []Planted {
	return []Planted{
		{scanAt, "laptop", "mixer-1-plc", "an unknown laptop joins mixing line 1, sweeps its addresses and tries out the controllers"},
		{overheatAt, "laptop", "mixer-1-plc", "the laptop sets the mixer's temperature to 150.0 °C (usual: 58.0 to 68.0)"},
		{stopAt, "intruder", "filler-plc", "an unknown client stops the filler's controller and replaces OB1"},
		{pressureAt, "boiler-hmi", "boiler-plc", "the boiler's own panel asks for 24.00 bar (usual: 8.20 to 8.80)"},
		{firmwareAt, "", "capper-plc", "the capper's controller reports other firmware than before"},
		{firmwareAt, "", "power-meter", "the power meter reports other firmware than before"},
		{rogueAt, "rogue", "robot-plc", "an unknown client writes the conveyor speed of the robot cell"},
		{brokenAt, "laptop", "mixer-1-drive", "malformed Modbus frames"},
	}
}

// WriteSample writes the product's own sample capture: a small plant at work for
// eighteen minutes, of which the last third goes wrong as SamplePlanted says.
func WriteSample(w io.Writer) error {
	n, err := NewNet(w, sampleStart)
	if err != nil {
		return err
	}
	f := newFactory(n, sampleSeed)
	f.physics()
	f.lines()
	f.boilerHouse()
	f.filling()
	f.robotCell()
	f.engineering()
	f.office()
	f.goWrong()
	f.run(SampleLength)
	return n.Close()
}

// physics moves the processes on, once a second.
func (f *factory) physics() {
	f.every(0, time.Second, func() {
		for i := range f.mixers {
			f.mixers[i].step(&f.rnd)
		}
		f.boiler.step(&f.rnd)
		f.filler.step(&f.rnd)
		f.robot.step(&f.rnd)
	})
}
