package api

// Limits of what a page is told of a simulated plant. What is beyond them is
// left out, from the end of the list.
const (
	MaxSimCells     = 32
	MaxSimValues    = 32 // of one cell
	MaxSimScenarios = 200
	MaxSimActs      = 50
	MaxSimHosts     = 50 // of one act
	MaxSimEvents    = 50
	// MaxSimPoints is how many values of a series are told: the latest.
	MaxSimPoints = 2000

	maxSimTechniques = 32 // of one scenario
)

// States of a cell. A page shows others as they are written.
const (
	SimProducing = "producing"
	SimPaused    = "paused"
	SimStopped   = "stopped"
	SimNoPower   = "no power"
)

// Classes of a scenario, as truth has them.
const (
	SimMalicious = "malicious" // an attack
	SimNotable   = "notable"   // honest, and worth one informational alert
	SimRoutine   = "routine"   // honest, and worth none
)

// Simulation is a virtual plant that a console shows beside its own findings.
// Its methods are called by several goroutines at once, each page once a second,
// and must not wait for the plant: they give the latest snapshot.
//
// The plant's time must be the time of the frames that the sensor sees: pages
// compare it with the traffic time of alerts.
type Simulation interface {
	// State gives what the plant does now. What it returns is not changed
	// afterwards, neither by the plant nor by the caller.
	State() SimulationState
	// Series gives the last minutes of one value, oldest first; false if there is
	// no such value. The same as for State holds for what it returns.
	Series(controller, tag string) (Series, bool)
	// Begin starts a scenario now and gives the id of the act. A *SimulationError
	// says what the person can mend; any other error is logged and told as a fault.
	Begin(scenario string) (id string, err error)
}

// SimulationError is why a scenario cannot be started: unknown, under way
// already, too many at once. Text is a sentence for the person.
type SimulationError struct{ Text string }

// Error gives the sentence for the person.
func (e *SimulationError) Error() string { return e.Text }

// SimulationState is a plant at one moment. Times are RFC 3339 in UTC with nine
// decimals, by the plant's clock. Numbers that are not finite are left out of
// what is told, with their value.
type SimulationState struct {
	Time        string        `json:"time" doc:"The plant's time"`
	Speed       float64       `json:"speed" doc:"How many times real time the plant runs at present"`
	Running     bool          `json:"running" doc:"False while the plant stands still as a whole: its clock does not go on"`
	GoodPerHour int64         `json:"good_per_hour" doc:"Good parts in the last hour of the plant's time"`
	Good        int64         `json:"good" doc:"Good parts since the plant began"`
	Bad         int64         `json:"bad" doc:"Parts refused since the plant began"`
	Cells       []SimCell     `json:"cells" doc:"In the order of the flow"`
	Scenarios   []SimScenario `json:"scenarios" doc:"What can be started"`
	Acts        []SimAct      `json:"acts" doc:"Scenarios under way and over, newest first"`
	Events      []SimEvent    `json:"events" doc:"What happened in the process, newest first"`
}

// SimCell is a cell of the line, or what supplies it.
type SimCell struct {
	Name    string     `json:"name"`
	Words   string     `json:"words" doc:"What it does, for people"`
	State   string     `json:"state" doc:"producing, paused, stopped or no power"`
	Utility bool       `json:"utility" doc:"It supplies the line, as a boiler does: a page shows it beside the flow"`
	Values  []SimValue `json:"values" doc:"The most telling first"`
}

// SimValue is a value of a cell, as its controller has it.
type SimValue struct {
	Controller string  `json:"controller"`
	Tag        string  `json:"tag"`
	Words      string  `json:"words" doc:"What it is, for people"`
	Unit       string  `json:"unit"`
	Role       string  `json:"role" doc:"SP setpoint, PV process value, CV output; others as they are written"`
	Value      float64 `json:"value"`
	Low        float64 `json:"low" doc:"Low to high is the usual range; both the same: none is known"`
	High       float64 `json:"high"`
}

// SimScenario is a scenario that can be started.
type SimScenario struct {
	Name       string   `json:"name"`
	Title      string   `json:"title"`
	Words      string   `json:"words" doc:"What it does, for people"`
	Class      string   `json:"class" doc:"malicious, notable or routine"`
	Techniques []string `json:"techniques" doc:"Ids of MITRE ATT&CK for ICS"`
	Lasts      string   `json:"lasts" doc:"How long it takes, for people; empty: nobody knows"`
	// Named is filled in by this package; a Simulation leaves it empty.
	Named []Technique `json:"techniques_named"`
}

// SimAct is a scenario that was started.
type SimAct struct {
	ID       string   `json:"id"`
	Scenario string   `json:"scenario"`
	Title    string   `json:"title"`
	Class    string   `json:"class"`
	Began    string   `json:"began"`
	Ended    string   `json:"ended" doc:"Empty while it is under way"`
	Hosts    []string `json:"hosts" doc:"Addresses of who takes part, as the traffic has them"`
}

// SimEvent is something that happened in the process.
type SimEvent struct {
	Time  string `json:"time"`
	Cell  string `json:"cell" doc:"Name of the cell; empty: of the whole plant"`
	Kind  string `json:"kind" doc:"A word, such as trip or batch"`
	Words string `json:"words"`
}

// Series is the recent past of one value.
type Series struct {
	Controller string    `json:"controller"`
	Tag        string    `json:"tag"`
	Words      string    `json:"words"`
	Unit       string    `json:"unit"`
	Low        float64   `json:"low" doc:"Low to high is the usual range; both the same: none is known"`
	High       float64   `json:"high"`
	Times      []int64   `json:"times" doc:"Milliseconds since 1970 by the plant's clock, one for each value"`
	Values     []float64 `json:"values"`
}
