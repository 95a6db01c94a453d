package physics

import "fmt"

// breakage numbers the list below.
type breakage uint8

const (
	brokenCooling1 breakage = iota
	brokenCooling2
	brokenSteamValve1
	brokenSteamValve2
	brokenBearing1
	brokenBearing2
	brokenFan1
	brokenFan2
	brokenMotor1
	brokenMotor2
	brokenNozzle
	brokenProductPump
	brokenChuck
	brokenGripper
	brokenConveyor
	brokenFeedPump
	brokenBurner
	brokenTube
	brokenLamp
	brokenFrozen
	brokenAir
	brokenCompressor
	brokenChiller
	breakages
)

// Breakage is a physical cause of trouble: nothing on the network brings it about.
type Breakage struct {
	Name       string
	Cell       Cell
	Words      string
	Controller string   // where it shows
	Tags       []string // what shows it
	Broken     bool
}

func breakageList() [breakages]Breakage {
	one, two := "mixer-1-plc", "mixer-2-plc"
	hot := []string{"TIC101.PV", "TIC101.OP", "TI102.PV"}
	work := []string{"DRIVE.CURRENT", "DRIVE.TORQUE", "DRIVE.HEATSINK"}
	fan := []string{"DRIVE.HEATSINK", "DRIVE.FAULT", "DRIVE.SPEED"}
	motor := []string{"DRIVE.SPEED", "DRIVE.CURRENT", "DRIVE.FAULT"}
	return [breakages]Breakage{
		{"mixer-1-cooling", Mixer1, "cooling water valve of the jacket sticks shut: reaction heat stays in the vessel", one, hot, false},
		{"mixer-2-cooling", Mixer2, "cooling water valve of the jacket sticks shut: reaction heat stays in the vessel", two, hot, false},
		{"mixer-1-steam-valve", Mixer1, "steam valve of the jacket leaks: the vessel is heated all the time", one, hot, false},
		{"mixer-2-steam-valve", Mixer2, "steam valve of the jacket leaks: the vessel is heated all the time", two, hot, false},
		{"mixer-1-bearing", Mixer1, "agitator bearing runs dry: friction grows", "mixer-1-drive", work, false},
		{"mixer-2-bearing", Mixer2, "agitator bearing runs dry: friction grows", "mixer-2-drive", work, false},
		{"mixer-1-drive-fan", Mixer1, "fan of the agitator drive stands still: the heat sink gets hot", "mixer-1-drive", fan, false},
		{"mixer-2-drive-fan", Mixer2, "fan of the agitator drive stands still: the heat sink gets hot", "mixer-2-drive", fan, false},
		{"mixer-1-motor", Mixer1, "winding of the agitator motor is burnt", "mixer-1-drive", motor, false},
		{"mixer-2-motor", Mixer2, "winding of the agitator motor is burnt", "mixer-2-drive", motor, false},
		{"filler-nozzle-wear", Filler, "seat of a filling nozzle wears: bottles get too heavy, and uneven", "filler-plc", []string{"WEIGHT.PV", "COUNT.REJECT"}, false},
		{"filler-product-pump", Filler, "product pump slips: bottles are filled slowly", "filler-plc", []string{"SPEED.PV", "FILL.TIME"}, false},
		{"capper-chuck-wear", Capper, "capping chuck wears: torque falls", "capper-plc", []string{"TORQUE.PV", "COUNT.REJECT"}, false},
		{"robot-gripper-wear", Robot, "suction cups wear: vacuum falls, bottles are dropped", "robot-plc", []string{"GRIP.VACUUM", "DROPPED"}, false},
		{"robot-conveyor-belt", Robot, "conveyor belt slips: it runs slower than it is told", "robot-plc", []string{"CONVEYOR.PV"}, false},
		{"boiler-feed-pump", Boiler, "feed water pump stands still: the level falls until the burner trips", "boiler-plc", []string{"LIC301.PV", "FI302.PV"}, false},
		{"boiler-burner-soot", Boiler, "burner soots: less heat, hotter flue gas", "boiler-plc", []string{"TI301.PV", "AI301.PV", "PIC301.OP"}, false},
		{"boiler-tube-leak", Boiler, "boiler tube leaks: water is lost into the flue", "boiler-plc", []string{"FI302.PV", "TI301.PV"}, false},
		{"vision-lamp", Vision, "lamp of the vision box grows dim: scores fall, good bottles are rejected", "vision-box", []string{"SCORE", "LAMP"}, false},
		{"vision-frozen", Vision, "vision box is fed one and the same picture: results do not follow the product", "vision-box", []string{"RESULT", "SCORE"}, false},
		{"air-leak", Utility, "compressed air leaks from a hose", "utility-plc", []string{"FI401.PV", "PI401.PV"}, false},
		{"air-compressor", Utility, "first compressor stands still", "utility-plc", []string{"PI401.PV", "COMP1.RUN"}, false},
		{"utility-chiller", Utility, "chiller stands still: cooling water gets warm", "utility-plc", []string{"TIC402.PV"}, false},
	}
}

// Breakages lists what can break, in a fixed order, and what is broken.
func (p *Plant) Breakages() []Breakage {
	list := breakageList()
	for i := range list {
		list[i].Broken = p.broken[i]
	}
	return list[:]
}

// Break brings a breakage about; breaking twice changes nothing.
func (p *Plant) Break(name string) error { return p.setBroken(name, true) }

// Mend repairs it, and what wore out begins anew.
func (p *Plant) Mend(name string) error { return p.setBroken(name, false) }

func (p *Plant) setBroken(name string, on bool) error {
	list := breakageList()
	for i := range list {
		if list[i].Name == name {
			p.setBreakage(breakage(i), list[i].Cell, on)
			return nil
		}
	}
	return fmt.Errorf("no breakage is called %q", name)
}

func (p *Plant) setBreakage(b breakage, cell Cell, on bool) {
	if p.broken[b] == on {
		return
	}
	p.broken[b] = on
	if on {
		p.event(cell, EventBreakage, breakageList()[b].Words, 0)
		return
	}
	p.event(cell, EventMended, breakageList()[b].Name, 0)
}
