package physics

// Controller is a controller's memory and its mode. Its loops belong to the
// cell it controls; they run while it scans.
type Controller struct {
	Name string
	Tags []*Tag // in the order of the memory, never changed

	byName  map[string]*Tag
	outputs []*Tag
	holds   bool // stopped: outputs stay as they are, instead of falling to safe
	running bool
	powered bool
	boot    int // seconds until it scans
	boots   int // seconds it takes to boot after power is back
	program uint32
}

// Programs with a meaning of their own. Any other version is an honest change:
// it runs as the original does.
const (
	ProgramOriginal     uint32 = 0
	ProgramLimitRemoved uint32 = 1 // the controller's interlock or quality limit is gone
)

func newController(name string, holds bool, boots int) *Controller {
	return &Controller{Name: name, byName: map[string]*Tag{}, holds: holds, running: true, powered: true, boots: boots}
}

// add puts a tag into the memory; the numbers are low, high, min, max, scale, value.
func (c *Controller) add(role Role, typ Type, name, words, unit string, low, high, lowest, highest, scale, value float64) *Tag {
	t := &Tag{Name: name, Words: words, Unit: unit, Role: role, Type: typ, Low: low, High: high, Min: lowest, Max: highest, Scale: scale}
	t.set(value)
	t.field = t.Value
	c.Tags = append(c.Tags, t)
	c.byName[name] = t
	if role == Output {
		c.outputs = append(c.outputs, t)
	}
	return t
}

// bit adds a switch with the usual value usual.
func (c *Controller) bit(role Role, name, words string, usual float64) *Tag {
	return c.add(role, Bool, name, words, "", usual, usual, 0, 1, 1, usual)
}

// count adds a counter.
func (c *Controller) count(name, words, unit string) *Tag {
	return c.add(Counter, Int, name, words, unit, 0, 0, 0, 4294967295, 1, 0)
}

// Tag finds a value by name; nil when absent.
func (c *Controller) Tag(name string) *Tag { return c.byName[name] }

// Write is what a write over the network or a panel does: it sets the memory,
// whatever the role and the range, and the loops act on it in the next step.
// A value that is no number becomes 0; a controller without power, or one that
// boots, takes nothing.
func (c *Controller) Write(t *Tag, v float64) {
	if c.Powered() {
		t.set(v)
	}
}

// Running says whether the controller is in its run mode. Without power it is not.
func (c *Controller) Running() bool { return c.running && c.powered }

// Powered says whether the controller can answer at all: it has power and has booted.
func (c *Controller) Powered() bool { return c.powered && c.boot == 0 }

// Stop ends the scan: the memory stays as it is and can be read and written, but
// outputs freeze (mixers, drives, vision box, power meter, utilities) or fall to
// their safe state (filler, capper, robot, boiler, safety). The process goes on.
func (c *Controller) Stop() { c.running = false }

// Start lets the controller scan again.
func (c *Controller) Start() { c.running = true }

// Program is the version of the controller's logic; 0 is the original.
func (c *Controller) Program() uint32 { return c.program }

// Download changes the controller's logic: see the Program constants. It does
// not stop the controller; who downloads stops and starts it as the protocol asks.
func (c *Controller) Download(version uint32) { c.program = version }

// scanning says whether the loops run in this step.
func (c *Controller) scanning() bool { return c.running && c.powered && c.boot == 0 }

// limited says whether the program still has its limit.
func (c *Controller) limited() bool { return c.program != ProgramLimitRemoved }

// Restart takes the controller's own power away for a moment: it boots, and
// until then it neither answers nor scans. Memory is kept, the mode is run.
func (c *Controller) Restart() {
	c.running = true
	if c.powered {
		c.boot = c.boots
	}
}

// latch hands the outputs to the actuators at the end of a scan.
func (c *Controller) latch() {
	scans := c.scanning()
	if !scans && c.holds && c.powered && c.boot == 0 {
		return
	}
	for _, t := range c.outputs {
		if scans {
			t.field = t.Value
		} else {
			t.field = t.safe
		}
	}
}

// power takes the mains away or gives it back: see Production.PowerOff.
func (c *Controller) power(on bool) {
	c.powered = on
	if on {
		c.boot = c.boots
	}
}
