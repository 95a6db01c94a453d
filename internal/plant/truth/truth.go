package truth

import (
	"net/netip"

	"firedoor"
)

// Format is the number of this form of truth.json. It grows when a reader of the
// old form would misunderstand the new one.
const Format = 1

// Class says how an observer should take what happened.
type Class string

// Classes.
const (
	Malicious Class = "malicious" // an attack or a fault: must be found
	Notable   Class = "notable"   // honest, and worth one informational item
	Routine   Class = "routine"   // ordinary life: any alert on it is false
)

// Known tells whether c is one of the classes.
func (c Class) Known() bool { return c == Malicious || c == Notable || c == Routine }

// Roles of a host in what happened. Others are allowed; these have a meaning to
// whoever joins truth with alerts.
const (
	Attacker = "attacker" // acts, without a right to
	Actor    = "actor"    // acts, with a right to
	Target   = "target"   // it happens to this one
	Witness  = "witness"  // sees the consequences: an HMI that shows the values
)

// RoleRouter is the role in File.Hosts of what forwards frames for others: its
// MAC stands in frames that it did not cause.
const RoleRouter = "router"

// File is truth.json.
type File struct {
	Format  int      `json:"format"`
	Plant   string   `json:"plant"`
	Seed    uint64   `json:"seed"`
	Start   Moment   `json:"start"` // simulated time
	End     Moment   `json:"end"`
	Assets  int      `json:"assets"`  // hosts that belong to the plant
	Mirrors []string `json:"mirrors"` // switches whose mirror ports made the capture
	// Unkept counts entries beyond MaxEntries, which are not in the file.
	Unkept int `json:"unkept_entries"`
	// Hosts are the plant's own: Role is what each is ("plc", "hmi", "router" ...).
	Hosts   []Host   `json:"hosts"`
	Entries []*Entry `json:"entries"` // by start, then id
}

// Host is a device by what can be seen of it. Addresses are as firedoor writes
// them: MACs in lower case with colons. A device behind NAT has both addresses.
type Host struct {
	Name string   `json:"name"`
	Role string   `json:"role"`
	IPs  []string `json:"ips"`
	MACs []string `json:"macs"`
}

// HostOf makes a Host from addresses; those that are not valid are left out.
func HostOf(name, role string, ips []netip.Addr, macs []firedoor.MAC) Host {
	h := Host{Name: name, Role: role, IPs: []string{}, MACs: []string{}}
	for _, ip := range ips {
		if ip.IsValid() {
			h.IPs = append(h.IPs, ip.Unmap().WithZone("").String())
		}
	}
	for _, m := range macs {
		if m != 0 {
			h.MACs = append(h.MACs, m.String())
		}
	}
	return h
}

// Entry is one thing that happened, an attack as well as a change of shift.
type Entry struct {
	ID       string `json:"id"`       // unique in the file
	Scenario string `json:"scenario"` // empty for what belongs to the plant's own life
	Kind     string `json:"kind"`     // "setpoint-write", "shift-change" ...
	Class    Class  `json:"class"`
	Words    string `json:"words"` // what happens, for people
	Start    Moment `json:"start"`
	// End is 0, and not in the file, while it is still going on.
	End        Moment      `json:"end,omitzero"`
	Hosts      []Host      `json:"hosts"`
	Techniques []string    `json:"techniques"` // ATT&CK for ICS ids
	Operations []Operation `json:"operations"` // the acts themselves, the first MaxOperations
	// OperationsTotal counts all of them.
	OperationsTotal int        `json:"operations_total"`
	Variables       []Variable `json:"variables"`
	WorkOrder       string     `json:"work_order,omitempty"` // of a change that was ordered
}

// Open tells whether e was still going on when the file was written.
func (e *Entry) Open() bool { return e.End == 0 }

// Operation is one message with its meaning. Its members are named as in an event
// line (docs/formats/events.md), so that both can be joined; tag and engineering
// are what an event line cannot know.
type Operation struct {
	Time     Moment           `json:"time"` // when the request was sent
	Protocol string           `json:"protocol"`
	Client   firedoor.Address `json:"client"`
	Server   firedoor.Address `json:"server"`
	Unit     *uint32          `json:"unit,omitempty"`
	Verb     string           `json:"verb"`
	Function string           `json:"function"`
	Object   string           `json:"object,omitempty"`
	Values   []int64          `json:"values,omitempty"` // as on the wire; real numbers as their bit pattern
	Type     string           `json:"type,omitempty"`   // how to read values
	Tag      string           `json:"tag,omitempty"`    // the controller's name for the object
	// Engineering are the values in the unit of the tag.
	Engineering []float64 `json:"engineering,omitempty"`
}

// Variable is a value of the process that what happened has an effect on.
type Variable struct {
	Controller string `json:"controller"`
	Tag        string `json:"tag"`
	Words      string `json:"words"`  // what it is: "mixer temperature setpoint"
	Effect     string `json:"effect"` // "150.0 instead of 62.0", "stuck", "drift +0.5 sigma in 30 d"
}
