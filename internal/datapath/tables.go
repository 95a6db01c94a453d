package datapath

import (
	"fmt"
	"net/netip"

	"firedoor"
)

// Limits of tables. What is beyond them is an error that names the table.
const (
	MaxPlaces = 1 << 18 // prefixes and MACs, each
	MaxPairs  = 1 << 20
	MaxGates  = 1 << 21
	MaxCodes  = 1 << 12
	MaxNevers = 64 // of one code table
	// MaxHeld is how many may be in quarantine; each takes two entries of the kernel's
	// while tables are changed.
	MaxHeld = 8192
	// MaxShed is how much may be shed by tables; as much again may be shed by itself.
	MaxShed = 1024
)

// Action is what a gate does with a frame.
type Action uint8

// Actions. Reset drops the frame and tells both ends of a TCP connection that it is over; what
// is not TCP it drops. Ask hands the frame to user space. Codes looks at the function code. Would is
// said of frames and by no gate: one passes, and is counted and told as one that would be dropped (Gate.Told).
const (
	Pass Action = iota
	Drop
	Reset
	Ask
	Codes
	Would
)

// Passes tells whether a frame goes on by itself.
func (a Action) Passes() bool { return a == Pass || a == Would }

// String is the action's word.
func (a Action) String() string {
	if int(a) < len(actionNames) {
		return actionNames[a]
	}
	return fmt.Sprintf("action %d", uint8(a))
}

var actionNames = [...]string{"pass", "drop", "reset", "ask", "codes", "would drop"}

// Floor is what is done with a frame to be asked about when nobody answers.
type Floor uint8

// Floors. FloorCodes goes by the gate's code table, for each frame alone; it drops
// what is not one whole request, but for segments of TCP without bytes.
const (
	FloorPass Floor = iota
	FloorDrop
	FloorCodes
	FloorReset // as Reset
)

// Reasons of the datapath's own; those of gates are below OwnReasons.
const (
	OwnReasons       uint16 = 0xff00
	ReasonLink              = OwnReasons + iota - 1 // STP, LLDP, MRP, PTP, PRP, EAPOL: the link's own
	ReasonNeighbour                                 // ARP, neighbour discovery
	ReasonQuarantine                                // one end is isolated
	ReasonMalformed                                 // headers that cannot be read
	ReasonFragment                                  // a part of a packet, or IP behind SNAP, between two ends whose ports matter
	ReasonUnsure                                    // perhaps an answer; its request was not seen
	ReasonStream                                    // not at the start of a message, for all the kernel knows
	ReasonStale                                     // nobody answered: the gate's floor
	ReasonBypass                                    // a person switched judging off
	ReasonBroken                                    // tables name a pair that is not there
	ReasonShed                                      // whoever answers has no time for it: the gate's floor
	ReasonRouted                                    // its receiver is to send it on to another host
	ReasonUnsaid                                    // the kernel had no room to say whether its request was seen, so nobody is asked
	lastReason
)

var reasonNames = [...]string{"link", "neighbour", "quarantine", "malformed", "fragment", "unsure", "stream", "stale", "bypass", "broken", "shed", "routed", "unsaid"}

// ReasonName is the word of a reason of the datapath's own, "" for those of gates.
func ReasonName(reason uint16) string {
	if reason < OwnReasons || reason >= lastReason {
		return ""
	}
	return reasonNames[reason-OwnReasons]
}

// Gate says what happens to frames. Codes is an index of Tables.Codes where Action
// or Floor look there. Rule and Reason are the policy's own and come back in
// counters and reports. Safety lets pass before anything else, quarantine included;
// its Action must be Pass.
type Gate struct {
	Action Action
	Floor  Floor
	Safety bool
	Mute   bool // with Codes: nothing is judged by answers, so they need not be heard
	// Enforced, of the Default of a pair, of one of the two directions: packets that go on to another
	// host from where they are sent to (source routes, routing headers) are dropped. That way nobody judged.
	Enforced bool
	// Told, of frames without IP that pass: they would be stopped if this were no test, and are told so.
	Told bool
	// Astray, of the Default of a pair, is what becomes of frames between the two, whichever way, whose sender is
	// astray (Bound): Pass, Ask (they are told of, and go by their gates), or Drop, but for what gates of safety traffic
	// let pass, or with the reason firedoor.ReasonNeverBlock. Of a pair and that of the way back that counts which is
	// Joined.
	Astray Action
	Joined bool
	Codes  uint16
	Reason uint16
	Rule   uint32
	// Conduit is a number of the caller's, 0 for none: what is shed goes by it (Shed).
	Conduit uint32
}

// VLAN is a stack of tags; where Only is false it stands for any. Inner is 0 for
// frames with one tag, both are 0 for those without. Of more than two tags the
// outermost and the innermost count.
type VLAN struct {
	Only         bool
	Outer, Inner uint16
}

// Place says where addresses belong. The longest prefix holds; of equal ones that
// of the frame's VLAN goes before that of any. Place and Zone are numbers of the
// caller's, 0 is nowhere; a zone is a place as well.
type Place struct {
	VLAN   VLAN
	Prefix netip.Prefix
	Place  uint32
	Zone   uint32
	Bound
}

// Bound says at which port whoever is in a place is. A frame that comes in at the other one with an address of
// it is astray: what becomes of it says Gate.Astray. An address without a place of its own that is none
// (0.0.0.0, ::), or of a single link (169.254.0.0/16, fe80::/10), is at either.
type Bound struct {
	At Side
	// Spared: ARP and neighbour discovery in its name pass nevertheless.
	Spared bool
}

// Side is a port, or none.
type Side uint8

// Sides.
const (
	AtEither Side = iota
	AtInside
	AtOutside
)

// Station says where a MAC belongs, for frames without IP; where Bare is set for
// those with IP too, before prefixes that are not of a single address.
type Station struct {
	VLAN  VLAN
	MAC   firedoor.MAC
	Place uint32
	Zone  uint32
	Bare  bool
	Bound
}

// Joined gives the pair of a client's and a server's place, as an index of
// Tables.Pairs. Looked up are their places, then their zones; else it is pair 0.
type Joined struct {
	Client, Server uint32
	Pair           uint32
}

// Pair is what holds between two places where no gate says otherwise. Neither gate
// may be Codes, and EtherTypes, for frames without IP, only Pass or Drop.
type Pair struct {
	Default    Gate
	EtherTypes Gate
}

// EtherType stands for the transport in gates of an EtherType, whose number is the
// port. 802.3 frames with a length have port 0.
const EtherType = 255

// AnyPair is the pair of EtherTypes that pass everywhere, as safety traffic.
const AnyPair = ^uint32(0)

// PortGate is the gate of a pair for one port of the server. Transports without
// ports have port 0.
type PortGate struct {
	Pair      uint32
	Transport uint8
	Port      uint16
	Gate      Gate
}

// Code is what happens to a Modbus request with one function code: Pass, Drop or
// Ask, and if nobody answers then FloorPass, FloorDrop or FloorReset.
type Code struct {
	Action Action
	Floor  Floor
	Reason uint16
	Rule   uint32
}

// CodeTable has an entry for each function code.
type CodeTable [256]Code

// Never is Modbus requests that pass where nobody answers though their code alone would stop
// them: each a message of its own in one segment of TCP, at a place that is known to begin
// one. Codes has a bit for each function code, of NeverCodes; no more can be told apart.
type Never struct {
	Codes     uint32
	HasUnit   bool // else any unit
	Unit      uint8
	From, To  uint16 // addresses: all elements lie between
	Low, High uint16 // what functions 5 and 6 write; a coil is 0 or 1
	Reason    uint16
	Rule      uint32
}

// NeverCodes are the functions whose address, quantity and value stand at a fixed place: the
// reads of coils and registers, and 5, 6, 15 and 16.
const NeverCodes = 1<<1 | 1<<2 | 1<<3 | 1<<4 | 1<<5 | 1<<6 | 1<<15 | 1<<16

// Held is somebody in quarantine: a place (or all of a zone), or a MAC.
type Held struct {
	Place uint32
	MAC   firedoor.MAC // where Place is 0
	Rule  uint32
}

// Shed is what nobody is asked about though somebody answers: it goes by the floors of
// its gates. One end in a conduit, all of a conduit (no Sender), or one end anywhere
// (Conduit 0). A conduit's shedding ends with the tables that it is in; the next ones may
// have it again.
type Shed struct {
	Conduit uint32 // as Gate.Conduit
	Sender  netip.Addr
}

// Tables is all that the kernel's program decides by. Pairs[0] holds where nothing
// else does.
type Tables struct {
	Places     []Place
	Stations   []Station
	Joined     Packed[Joined]
	Pairs      Packed[Pair]
	Gates      Packed[PortGate]
	Codes      Packed[CodeTable]
	Nevers     [][]Never // by code table, not longer than Codes
	Quarantine []Held
	Shed       []Shed // of conduits
}

// Check says what is wrong with tables, naming the entry.
func (t *Tables) Check() error {
	for _, l := range []struct {
		name   string
		n, max int
	}{
		{"places", len(t.Places), MaxPlaces}, {"stations", len(t.Stations), MaxPlaces}, {"joined", len(t.Joined), MaxPairs},
		{"pairs", len(t.Pairs), MaxPairs}, {"gates", len(t.Gates), MaxGates}, {"codes", len(t.Codes), MaxCodes},
		{"quarantine", len(t.Quarantine), MaxHeld}, {"shed", len(t.Shed), MaxShed},
	} {
		if l.n > l.max {
			return fmt.Errorf("tables: %d %s, at most %d", l.n, l.name, l.max)
		}
	}
	if len(t.Pairs) == 0 {
		return fmt.Errorf("tables: no pair 0, which holds where nothing else does")
	}
	if err := t.checkEnds(); err != nil {
		return err
	}
	if err := t.checkGates(); err != nil {
		return err
	}
	return t.checkCodes()
}

func (t *Tables) checkCodes() error {
	for i := range t.Codes {
		for n, c := range t.Codes[i] {
			if c.Action == Reset || c.Action > Ask || c.Floor > FloorReset || c.Floor == FloorCodes || c.Reason >= OwnReasons {
				return fmt.Errorf("tables: codes %d: code %d: %v with floor %d and reason %d", i, n, c.Action, c.Floor, c.Reason)
			}
		}
	}
	if len(t.Nevers) > len(t.Codes) {
		return fmt.Errorf("tables: nevers of %d code tables, and there are %d", len(t.Nevers), len(t.Codes))
	}
	for i, list := range t.Nevers {
		if len(list) > MaxNevers {
			return fmt.Errorf("tables: codes %d: %d nevers, at most %d", i, len(list), MaxNevers)
		}
		for n, one := range list {
			if one.Codes == 0 || one.Codes&^NeverCodes != 0 || one.From > one.To || one.Low > one.High || one.Reason >= OwnReasons {
				return fmt.Errorf("tables: codes %d: never %d: %+v", i, n, one)
			}
		}
	}
	return nil
}

func (t *Tables) checkEnds() error {
	for i, p := range t.Places {
		if p.At > AtOutside {
			return fmt.Errorf("tables: place %d: there is no side %d", i, p.At)
		}
		if !p.Prefix.IsValid() || p.Prefix.Addr().Zone() != "" || p.Prefix.Addr().Is4In6() || p.VLAN.wrong() {
			return fmt.Errorf("tables: place %d: prefix %v, VLAN %+v", i, p.Prefix, p.VLAN)
		}
	}
	for i, s := range t.Shed {
		if s.Conduit == 0 {
			return fmt.Errorf("tables: shed %d: names no conduit", i)
		}
	}
	for i, s := range t.Stations {
		if s.At > AtOutside {
			return fmt.Errorf("tables: station %d: there is no side %d", i, s.At)
		}
		if s.VLAN.wrong() {
			return fmt.Errorf("tables: station %d: VLAN %+v", i, s.VLAN)
		}
	}
	for i, j := range t.Joined {
		if int64(j.Pair) >= int64(len(t.Pairs)) {
			return fmt.Errorf("tables: joined %d: there is no pair %d", i, j.Pair)
		}
	}
	return nil
}

func (v VLAN) wrong() bool { return v.Outer > 4094 || v.Inner > 4094 || v.Outer == 0 && v.Inner != 0 }

func (t *Tables) checkGates() error {
	for i, p := range t.Pairs {
		if a := p.Default.Astray; a != Pass && a != Ask && a != Drop {
			return fmt.Errorf("tables: pair %d: %v cannot be done with what is astray", i, a)
		}
		if err := t.checkGate(p.Default, Ask); err != nil {
			return fmt.Errorf("tables: pair %d: default: %w", i, err)
		}
		if err := t.checkGate(p.EtherTypes, Drop); err != nil {
			return fmt.Errorf("tables: pair %d: EtherTypes: %w", i, err)
		}
	}
	for i, g := range t.Gates {
		most := Codes
		if g.Transport == EtherType {
			most = Drop
		}
		if err := t.checkGate(g.Gate, most); err != nil {
			return fmt.Errorf("tables: gate %d: %w", i, err)
		}
		if g.Pair == AnyPair && (g.Transport != EtherType || !g.Gate.Safety) {
			return fmt.Errorf("tables: gate %d: of any pair are EtherTypes of safety traffic alone", i)
		}
		if g.Pair != AnyPair && int64(g.Pair) >= int64(len(t.Pairs)) {
			return fmt.Errorf("tables: gate %d: there is no pair %d", i, g.Pair)
		}
	}
	return nil
}

// checkGate says what is wrong with a gate that may do at most one thing.
func (t *Tables) checkGate(g Gate, most Action) error {
	switch {
	case g.Action > most:
		return fmt.Errorf("%v cannot be done here", g.Action)
	case g.Floor > FloorReset:
		return fmt.Errorf("there is no floor %d", g.Floor)
	case g.Told && (g.Action != Pass || most != Drop):
		return fmt.Errorf("only frames without IP that pass are told so")
	case g.Safety && g.Action != Pass:
		return fmt.Errorf("safety traffic passes, and cannot %v", g.Action)
	case g.Reason >= OwnReasons:
		return fmt.Errorf("reason %d is one of the datapath's own", g.Reason)
	case (g.Action == Codes || g.Floor == FloorCodes) && int(g.Codes) >= len(t.Codes):
		return fmt.Errorf("there is no code table %d", g.Codes)
	}
	return nil
}
