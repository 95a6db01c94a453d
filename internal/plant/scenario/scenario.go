package scenario

import (
	"net/netip"
	"time"

	"firedoor"
	"firedoor/internal/written"
)

// Limits of a file. What exceeds one is a problem of the file.
const (
	MaxFile    = 64 << 10 // bytes
	MaxHosts   = 64
	MaxSteps   = 256
	MaxList    = 64   // tags, values, ports, messages, techniques of one list
	MaxRepeat  = 1000 // occurrences of a step
	MaxText    = 400  // characters of title and words
	MaxMessage = 1400 // bytes of one forged message: it fits one frame
	// MaxRate is the most requests or connections a flood makes in a second.
	MaxRate = 100_000
	// MaxLasts bounds how long a scenario runs, and so every time in it.
	MaxLasts = 400 * Day
)

// Day is the unit "d" of a duration.
const Day = written.Day

// Classes, the same words as in truth.json.
const (
	Malicious = "malicious"
	Notable   = "notable"
	Routine   = "routine"
)

// Scenario is one file.
type Scenario struct {
	Name       string
	Title      string
	Words      string // what happens, for an operator
	Class      string // Malicious, Notable or Routine
	Techniques []string
	Lasts      time.Duration // nothing of it happens later than this after its start
	// Learning asks whoever runs it to start it while the baseline is learned.
	Learning  bool
	WorkOrder string // of an honest change; may be empty
	Hosts     []Host
	Steps     []Step // by At; the order of the file where two are the same

	// File is what errors call the file.
	File string
}

// Host is a device that does not belong to the plant. It is there from its first
// join, or replace, on.
type Host struct {
	Name    string
	Kind    string // one of Kinds: how its network stack behaves
	Network string // where it is plugged in when a step does not say otherwise
	Address netip.Addr
	MAC     firedoor.MAC
	Line    int
}

// Kinds are the kinds of a device by what its network stack looks like: those of
// package lan, with hyphens for spaces.
func Kinds() []string {
	return []string{
		"windows", "windows-server", "linux", "vxworks", "old-plc", "siemens-cpu", "small-stack",
		"rockwell-adapter", "network-device", "printer", "camera", "drive", "robot", "safety-plc",
	}
}

// Host finds a host of the scenario's own by name; nil if there is none.
func (s *Scenario) Host(name string) *Host {
	for i := range s.Hosts {
		if s.Hosts[i].Name == name {
			return &s.Hosts[i]
		}
	}
	return nil
}

// Verb is what a step does.
type Verb string

// Verbs. Which keys each needs and allows is in verbs.go and the format's page.
const (
	Join          Verb = "join"           // plug a cable in
	Leave         Verb = "leave"          // pull it out
	ScanAddresses Verb = "scan-addresses" // look for devices
	ScanPorts     Verb = "scan-ports"     // look for open ports of one device
	ScanFunctions Verb = "scan-functions" // try what a controller can do
	Identify      Verb = "identify"       // ask who it is
	Read          Verb = "read"
	Write         Verb = "write"
	Toggle        Verb = "toggle" // write two values in turn
	Poll          Verb = "poll"   // read over and over, as a master does
	Ramp          Verb = "ramp"   // write in many small steps
	Stop          Verb = "stop"   // the controller's program
	Start         Verb = "start"
	Mode          Verb = "mode"
	Download      Verb = "download" // load a program into a controller
	Upload        Verb = "upload"   // read a program out of it
	Flood         Verb = "flood"
	Spoof         Verb = "spoof"   // stand between two hosts
	Replace       Verb = "replace" // take over the place of a device
	Forge         Verb = "forge"   // send bytes as they are given
	Sensor        Verb = "sensor"  // a sensor fails
	Break         Verb = "break"   // a machine fails
	Bypass        Verb = "bypass"  // a safety controller is overridden
	Freeze        Verb = "freeze"  // results stop to follow the product
	Wait          Verb = "wait"
)

// Step is one line of what happens. Fields that do not belong to its verb are
// zero.
type Step struct {
	Line   int // in the file
	At     time.Duration
	Do     Verb
	Repeat int           // occurrences, at least 1
	Every  time.Duration // from one occurrence to the next; inside toggle, poll and ramp from one request to the next
	For    time.Duration // how long it goes on; 0: until the scenario ends, or once

	// Honest: somebody of the plant does it, to repair what was done. It is no
	// operation of the attack, and an entry of its own in the truth.
	Honest bool

	Host    string // join, leave: whose cable
	From    string // who does it
	To      string // to whom
	Between [2]string
	Network string // scan-addresses, join: where; empty: the host's own

	Ports  []uint16
	Port   uint16
	Pace   time.Duration // from one request of a scan to the next
	Method string        // scan-addresses: "arp" (the default), "ping", or "tcp" with Ports

	Tag    string
	Tags   []string
	Value  float64 // engineering units; ramp: where it ends
	Values []float64
	Begin  *float64      // ramp: where it begins; nil: at the value found there
	Over   time.Duration // how long a ramp, drift or offset takes to build up

	Mode     string        // one of Modes
	Block    string        // download, upload: the program block; empty: the whole program
	Program  uint32        // download: the number of the program that is loaded; 0 is the original
	With     string        // flood: "connections" or "requests"
	Rate     int           // flood: how many in a second
	Replay   time.Duration // spoof: how long it listens before it answers with what it heard; 0: passes on only
	Protocol string        // forge: "tcp" or "udp"
	Messages [][]byte      // forge: sent one after the other, each after an answer or Pace

	Controller string // sensor, bypass by hand, freeze: where
	Fault      Fault
	By         Amount
	Breakage   string
	On         bool // bypass
	ByHand     bool // bypass: at the machine, without the network
}

// Fault is how a sensor fails.
type Fault string

// Faults. By says how far: offset and drift in engineering units or sigmas, gain
// in percent of the reading; the others have none.
const (
	Stuck  Fault = "stuck"
	Zero   Fault = "zero"
	Junk   Fault = "junk"
	Offset Fault = "offset"
	Drift  Fault = "drift"
	Gain   Fault = "gain"
)

// Amount is a size with its unit.
type Amount struct {
	Value float64
	Unit  AmountUnit
}

// AmountUnit says what an Amount is counted in.
type AmountUnit uint8

// Units of an amount.
const (
	Engineering AmountUnit = iota // the unit of the tag
	Sigma                         // the standard deviation of the sensor's noise
	Percent                       // of the reading
)

// Modes are the operating modes a step can ask a controller for.
func Modes() []string { return []string{"run", "program", "test", "stop"} }

// Times is how often the step happens.
func (s *Step) Times() int { return max(1, s.Repeat) }

// When is the time of occurrence i, 0-based, after the start of the scenario.
func (s *Step) When(i int) time.Duration {
	if s.Repeat <= 1 {
		return s.At
	}
	return s.At + time.Duration(i)*s.Every
}

// End is when the last occurrence is over, after the start of the scenario; what
// has no length ends when it begins. lasts is the scenario's, at which a step
// without an end of its own is over.
func (s *Step) End(lasts time.Duration) time.Duration {
	length := max(s.For, s.Over)
	if length == 0 && goesOn(s.Do) {
		return lasts
	}
	return s.When(s.Times()-1) + length
}
