package detect

import (
	"slices"
	"strconv"
	"strings"

	"firedoor"
)

// roleWords are roles as people write them in a sentence.
var roleWords = map[string]string{
	"plc": "PLC", "rtu": "RTU", "ied": "IED", "hmi": "HMI", "opc-server": "OPC server", "scada-server": "SCADA server",
	"dns-server": "DNS server", "dhcp-server": "DHCP server", "remote-io": "remote I/O",
}

// Role is a role as a word in a sentence, "device" where none is known.
func Role(role string) string {
	if role == "" {
		return "device"
	}
	if w, ok := roleWords[role]; ok {
		return w
	}
	return strings.ReplaceAll(role, "-", " ")
}

// Unknown tells whether the end is a device that was not there when learning
// ended. Without a learning part nobody is unknown.
func Unknown(w World, o *Observation, e firedoor.Endpoint) bool {
	if !o.Armed {
		return false
	}
	_, _, known := w.Describe(e)
	return !known
}

// Whom names an end within a sentence: "PLC FILLER (10.20.30.10)". A role that
// was guessed for a newcomer is left out: what it does is what is told of it.
func Whom(w World, o *Observation, e firedoor.Endpoint) string {
	name, role, known := w.Describe(e)
	return Called(name, role, Address(e), o.Armed && !known)
}

// Called is Whom for who is described by other means.
func Called(name, role, address string, unknown bool) string {
	if name == "" {
		name = address
	}
	if name == "" { // frames to all on a segment, whom nobody can tell apart
		return "a group of devices"
	}
	role = Role(role)
	named := len(name) >= len(role) && strings.EqualFold(name[:len(role)], role) // "HMI-2" needs no "HMI" before it
	if name != address {
		name += " (" + address + ")"
	}
	switch {
	case unknown:
		return "unknown device " + name
	case named:
		return name
	}
	return role + " " + name
}

// Who is Whom at the start of a sentence.
func Who(w World, o *Observation, e firedoor.Endpoint) string { return Capital(Whom(w, o, e)) }

// Capital makes the first letter a capital one; words in ASCII only.
func Capital(s string) string {
	if s != "" && s[0] >= 'a' && s[0] <= 'z' {
		return string(s[0]-'a'+'A') + s[1:]
	}
	return s
}

// Address is the address of an end: the IP, or the MAC where there is none.
func Address(e firedoor.Endpoint) string {
	if e.IP.IsZero() {
		return e.MAC.String()
	}
	return e.IP.String()
}

// Number writes a value briefly: six digits at most.
func Number(x float64) string { return strconv.FormatFloat(x, 'g', 6, 64) }

// maxShown is how many values or names a sentence shows.
const maxShown = 4

// Written shows the first values of a write, "" when there are none.
func Written(op *firedoor.Operation) string {
	n := op.Values.Len()
	if n == 0 {
		return ""
	}
	parts := make([]string, 0, maxShown)
	for i := range min(n, maxShown) {
		parts = append(parts, Number(op.Values.Float(i)))
	}
	s := strings.Join(parts, ", ")
	if n > maxShown {
		s += " ..."
	}
	return s
}

// Count writes "1 device", "3 devices".
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if strings.HasSuffix(noun, "s") {
		noun += "e"
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// Names is a bounded list of different texts for a sentence, in order of first
// sight. It remembers up to MaxNames; later new ones are taken for new again and
// only counted.
type Names struct {
	list []string
	more int
}

// MaxNames is how many names a Names remembers.
const MaxNames = 64

// Add adds a name unless it is there; false if it was.
func (n *Names) Add(s string) bool {
	if s == "" || slices.Contains(n.list, s) {
		return false
	}
	if len(n.list) >= MaxNames {
		n.more++
		return true
	}
	n.list = append(n.list, s)
	return true
}

// Len is how many were added.
func (n *Names) Len() int { return len(n.list) + n.more }

// String lists the first few: "a, b, c, d and 7 more".
func (n *Names) String() string {
	s := strings.Join(n.list[:min(len(n.list), maxShown)], ", ")
	if rest := n.Len() - min(len(n.list), maxShown); rest > 0 {
		s += " and " + strconv.Itoa(rest) + " more"
	}
	return s
}

// Pair is client and server without ports and MACs, as a key. Where there is no
// IP the MAC stands in.
type Pair struct {
	Segment        firedoor.Segment
	Client, Server firedoor.IP
}

// PairOf gives the two ends of an observation.
func PairOf(o *Observation) Pair {
	return Pair{o.Client.Segment, bare(o.Client), bare(o.Server)}
}

func bare(e firedoor.Endpoint) firedoor.IP {
	if e.IP.IsZero() {
		return firedoor.IP{Lo: uint64(e.MAC)}
	}
	return e.IP
}

// Between is the two ends as a cause: "10.0.0.5>10.0.0.7".
func Between(o *Observation) string { return Address(o.Client) + ">" + Address(o.Server) }

// ToAll tells whether the server is no one: a broadcast or multicast address,
// or a frame without one.
func ToAll(o *Observation) bool {
	s := &o.Server
	return s.IP.IsGroup() || s.MAC.IsGroup() || s.IP.IsZero() && s.MAC == 0 ||
		s.MAC == 0 && o.Client.MAC != 0 // the sensor leaves out the MAC of a group
}

// Functions is what was asked in the protocols' own words: "modbus read coils,
// report server id".
type Functions struct{ names Names }

// Add adds the function of an observation's operation; false if it was there.
func (f *Functions) Add(o *Observation) bool { return f.names.Add(Asked(o)) }

// Len is how many were added.
func (f *Functions) Len() int { return f.names.Len() }

// String lists the first few; a protocol is named once for those that follow.
func (f *Functions) String() string {
	short := Names{more: f.names.Len() - min(len(f.names.list), maxShown)}
	before := ""
	for _, s := range f.names.list[:min(len(f.names.list), maxShown)] {
		protocol, function, _ := strings.Cut(s, " ")
		if protocol == before {
			s = function
		}
		before = protocol
		short.list = append(short.list, s)
	}
	return short.String()
}

// Began is the evidence of a NewConversation: the frame with which it began.
func Began(o *Observation) *Evidence {
	return &Evidence{Time: o.Time, Frames: o.Frames[:min(len(o.Frames), 1)], Client: o.Client, Server: o.Server, Protocol: o.Protocol}
}

// Asked describes one operation in the protocol's words: "modbus write single
// register".
func Asked(o *Observation) string { return o.Protocol + " " + o.Operation.Function }
