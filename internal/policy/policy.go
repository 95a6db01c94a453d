package policy

import (
	"net/netip"
	"time"

	"firedoor"
)

// Mode is how far a conduit's verdicts go.
type Mode uint8

// Modes: Observe counts, Test says what would have been done, Enforce does it.
const (
	Observe Mode = iota
	Test
	Enforce
)

var modeNames = [...]string{"observe", "test", "enforce"}

// String is the word used in files.
func (m Mode) String() string { return modeNames[m] }

// Unjudged is what becomes of what nobody can judge in time, where a conduit enforces.
type Unjudged uint8

// Reads: reads go on, and what passes whatever it says; what may change something and may
// be stopped is dropped. Open: all passes. Closed: all is dropped.
const (
	Reads Unjudged = iota
	Open
	Closed
)

var unjudgedNames = [...]string{"reads", "open", "closed"}

// String is the word used in files.
func (u Unjudged) String() string { return unjudgedNames[u] }

// UnjudgedOf reads the word.
func UnjudgedOf(word string) (u Unjudged, ok bool) {
	for i, name := range unjudgedNames {
		if name == word {
			return Unjudged(i), true
		}
	}
	return 0, false
}

// Limits of one policy. What is beyond them is an error that names the place.
const (
	MaxHosts    = 100_000
	MaxZones    = 1_000
	MaxConduits = 10_000
	MaxRules    = 50_000
	// MaxEntries is how many entries all rules may become when their lists are written out.
	MaxEntries = 1 << 20
)

// Policy is a policy as a person writes it.
type Policy struct {
	Name string
	// TimeZone is that of the times in rules; empty is UTC.
	TimeZone     string
	TimeZoneLine int
	Hosts        []Host
	Zones        []Zone
	Conduits     []Conduit
	// Otherwise holds for what no conduit joins.
	Otherwise Otherwise
	// Safety names conversations that carry safety traffic: they always pass.
	Safety []Match
}

// Host is one device under its name.
type Host struct {
	Name      string
	Addresses []netip.Addr
	MAC       firedoor.MAC
	Segment   string // "": in any
	// Refuses are protocols in which this device was seen to decline a spoiled request
	// with an error of its own, and to stay as it was.
	Refuses []string
	Note    string
	Line    int
}

// Zone groups what is to be protected alike (IEC 62443-3-2). A host in Hosts
// belongs to it whatever its address; other addresses belong to the zone with the
// longest prefix.
type Zone struct {
	Name     string
	Level    string // Purdue level, as assets have it: "L2", "L3.5"
	Target   int    // security level that it is to have, SL-T, 0 to 4
	Segment  string // of its prefixes; "": in any
	At       Side   // the port of a gateway at which its devices are
	Prefixes []netip.Prefix
	Hosts    []string
	Line     int
}

// DefaultBudget is how long a gateway may take over a frame of a conduit that names no
// budget of its own.
const DefaultBudget = 5 * time.Millisecond

// Conduit is what joins two zones, from those who ask to those who answer.
type Conduit struct {
	Name     string
	From, To string
	Mode     Mode
	Default  firedoor.Action // what no rule matches
	// Instead is done where a request is to be refused and the device does not know how.
	Instead      firedoor.Action
	Unjudged     Unjudged
	NeverRewrite bool
	// Budget is how long a gateway may take over a frame that it judges in user space; 0
	// means DefaultBudget.
	Budget time.Duration
	// Reviewed says who looked at what must never be blocked; without it nothing is enforced.
	Reviewed   Review
	NeverBlock []Rule
	Rules      []Rule
	Line       int
}

// Review is who looked, and when ("2026-11-26").
type Review struct{ By, On string }

// Done tells whether somebody looked.
func (r Review) Done() bool { return r.By != "" && r.On != "" }

// Otherwise is what holds between zones that no conduit joins, and for addresses
// of no zone.
type Otherwise struct {
	Mode    Mode
	Default firedoor.Action
}

// Rule is one line of a conduit: the first that matches decides.
type Rule struct {
	Name    string
	Match   Match
	Verdict firedoor.Action
	Note    string
	Line    int
}

// Match says which requests are meant; an empty member means any. What a member
// lists is joined by "or", members by "and".
type Match struct {
	Clients, Servers []string // hosts, or zones
	Protocols        []string
	Ports            []Port
	Verbs            []firedoor.Verb
	Functions        []string
	Codes            []uint32
	Units            []uint32
	Objects          []Object
	Values           *Span // all values written must lie in it
	As               Form  // how numbers lie in what is written, for Values
	// Step is the largest change from the value written or read before; 0 is none.
	Step float64
	// Rate is the largest change within a time; one with Most 0 is none.
	Rate Rate
	When *Window
	// Line is where it stands in its file.
	Line int
}

// Port is one port of a transport protocol (6 is TCP, 17 UDP; 0 is both). ICMP, 1, and
// ICMPv6, 58, have none: their number is 0.
type Port struct {
	Transport uint8
	Number    uint16
}

// Link stands for the transport of frames without IP, whose number is their EtherType; 0
// is any of them. LLC stands for those that have a length in its place (IEEE 802.3).
const (
	Link = 255
	LLC  = 1
)

// Protocols without ports that a rule may name in their place.
const (
	ICMP  = 1
	ICMP6 = 58
)

// Portless tells whether p stands for a protocol that has no ports.
func (p Port) Portless() bool { return p.Transport == ICMP || p.Transport == ICMP6 }

// Span is a range of values, both ends included.
type Span struct{ Min, Max float64 }

// Object names objects: as text alone ("DB1.DBX0.0"), as everything that begins with
// Text (Open, written "DB1.*"), or as a row of numbers (written "holding:0-40"). The empty
// one stands for none: for requests that name no object.
type Object struct {
	Text     string
	Open     bool
	Row      bool
	From, To uint64
}

// Window is a time of the week. Days has a bit for each weekday, Sunday is 1<<0; 0
// is every day. From and Until are minutes of the day; Until below From goes on
// past midnight and counts to the day on which it began.
type Window struct {
	Days        uint8
	From, Until uint16
}

// Known is what a policy is compiled against.
type Known struct {
	// Ports are those where a protocol is usually found, EtherTypes among them (Link); nil
	// for a name that is no protocol.
	Ports func(protocol string) []Port
	// Protocols are all names, for suggestions.
	Protocols []string
	// Functions are what can be asked in a protocol; may be nil, where nobody knows.
	Functions func(protocol string) []Function
	// Elsewhere are protocols whose servers may answer from another UDP port than they were
	// asked at; may be nil.
	Elsewhere []string
	// Declines are protocols in which a gateway can have a device decline a request; nil where nobody knows.
	Declines []string
	// Extent is how far a protocol goes; may be nil, where nobody knows.
	Extent func(protocol string) Extent
	// MaxEntries bounds how many entries all rules may become, where the constant of
	// this name is too many; 0 is that constant.
	MaxEntries int
}

// Moves tells whether m looks at how far a value goes from those before.
func (m *Match) Moves() bool { return m.Step > 0 || m.Rate.Most > 0 }

// AsksOperation tells whether m looks at single requests and not only at who speaks.
func (m *Match) AsksOperation() bool {
	return len(m.Verbs)+len(m.Functions)+len(m.Codes)+len(m.Units)+len(m.Objects) > 0 || m.Values != nil || m.Moves()
}
