package factory

import (
	"time"

	"firedoor/internal/plant/physics"
	"firedoor/internal/plant/truth"
)

// What a person wants to see of the plant while it runs.

// Running is one scenario under way, over, or still to come.
type Running struct {
	ID, Scenario, Title string
	Class               truth.Class
	Began, Ended        int64 // ns since 1970; 0: not yet
	Hosts               []string
}

// Acts are the scenarios that began, in the order in which they were planned.
func (f *Factory) Acts() []Running {
	var list []Running
	for _, a := range f.acts {
		if a.entry == nil {
			continue
		}
		r := Running{ID: a.entry.ID, Scenario: a.s.Name, Title: a.s.Title, Class: a.entry.Class, Began: int64(a.entry.Start), Ended: int64(a.entry.End)}
		for i := range a.entry.Hosts {
			r.Hosts = append(r.Hosts, a.entry.Hosts[i].IPs...)
		}
		list = append(list, r)
	}
	return list
}

// UnderWay tells whether a scenario of that name has begun, or is to begin, and is
// not over.
func (f *Factory) UnderWay(name string) bool {
	for _, a := range f.acts {
		if a.s.Name == name && !a.over {
			return true
		}
	}
	return false
}

// Cell is a part of the plant as people see it.
type Cell struct {
	Cell        physics.Cell
	Words       string
	Controllers []string
	Tags        []string // the most telling, as "controller/tag"
}

// Cells are the parts of the plant in the order of the flow.
func Cells() []Cell { return cells }

var cells = []Cell{
	{physics.Mixer1, "mixes and heats a batch", []string{"mixer-1-plc", "mixer-1-drive"}, []string{"mixer-1-plc/TIC101.PV", "mixer-1-plc/TIC101.SP", "mixer-1-plc/LIC101.PV", "mixer-1-plc/SIC101.PV", "mixer-1-drive/DRIVE.CURRENT"}},
	{physics.Mixer2, "mixes and heats a batch", []string{"mixer-2-plc", "mixer-2-drive"}, []string{"mixer-2-plc/TIC101.PV", "mixer-2-plc/TIC101.SP", "mixer-2-plc/LIC101.PV", "mixer-2-plc/SIC101.PV", "mixer-2-drive/DRIVE.CURRENT"}},
	{physics.Filler, "fills bottles", []string{"filler-plc"}, []string{"filler-plc/SPEED.PV", "filler-plc/WEIGHT.PV", "filler-plc/TANK.LEVEL"}},
	{physics.Capper, "caps them", []string{"capper-plc"}, []string{"capper-plc/TORQUE.PV", "capper-plc/TORQUE.SP"}},
	{physics.Vision, "looks at caps and labels", []string{"vision-box"}, []string{"vision-box/SCORE", "vision-box/RESULT"}},
	{physics.Robot, "packs bottles", []string{"robot-plc"}, []string{"robot-plc/CONVEYOR.PV", "robot-plc/CONVEYOR.SP", "robot-plc/GRIP.VACUUM"}},
	{physics.Boiler, "makes steam for the mixers", []string{"boiler-plc", "boiler-safety"}, []string{"boiler-plc/PIC301.PV", "boiler-plc/PIC301.SP", "boiler-plc/LIC301.PV", "boiler-plc/TI301.PV", "boiler-safety/BYPASS"}},
	{physics.Utility, "compressed air, cooling water, power", []string{"utility-plc", "power-meter"}, []string{"utility-plc/PI401.PV", "utility-plc/TIC402.PV"}},
}

// Begin starts a scenario now.
func (f *Factory) Begin(p Planned) (id string, err error) {
	p.At = time.Duration(f.world.Now() - f.start)
	return f.Plan(p)
}
