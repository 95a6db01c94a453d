package protocol

import "firedoor"

// Match is a probe's answer.
type Match uint8

// No: these bytes are not this protocol. Yes: they are. More: too few to tell.
const (
	No Match = iota
	Yes
	More
)

// Resume looks for the next message after a gap: skip bytes are of no use, and found
// tells that one begins behind them. Where it does not, what is left may be the
// beginning of one.
func Resume(b []byte, probe func([]byte) Match) (skip int, found bool) {
	for i := range b {
		switch probe(b[i:]) {
		case Yes:
			return i, true
		case More:
			return i, false
		}
	}
	return len(b), false
}

// Protocol is one protocol as plain data; a folder exports one variable.
type Protocol struct {
	// Name is Wireshark's or Zeek's short name: "modbus".
	Name string
	// TCP and UDP ports where it is usually found: probed first there, and that
	// side is taken for the server when no handshake was seen.
	TCP, UDP []uint16
	// Sealed are the TCP and UDP ports where it is found inside TLS or DTLS, the usual
	// first, then those that are registered for it alone: what an encrypted flow there
	// presumably holds.
	Sealed []uint16
	// Elsewhere says that a server may answer from another UDP port than it was asked
	// at: what goes on from there is a part of the flow to the port of UDP.
	Elsewhere bool
	// Within is the protocol that hands connections over to this one, where it is found
	// nowhere else.
	Within string
	// Ethernet types carried without IP. Probe may be nil when only these are set.
	Ethernet []uint16
	// Industrial marks protocols of the factory floor.
	Industrial bool
	// Probe looks at the first bytes of a stream or datagram, sent by either
	// side. A port only suggests; content decides, so a probe checks enough
	// structure that other protocols are left alone. It must not answer More
	// for more than MaxProbe bytes. Nil: never found by content (a protocol that
	// is handed to or expected).
	Probe func(b []byte) Match
	// Exchange tells from what both sides said, answer behind request, where neither of
	// them says enough alone; nil where one always does. It is asked only while the
	// probe wants more of both.
	Exchange func(request, answer []byte) bool
	// Orient tells from a whole first message who sent it, for flows whose
	// handshake was not seen; nil or OrientUnknown leaves it to the ports. On
	// Ethernet it is asked of every frame, and nil makes the first sender the client.
	Orient func(b []byte) Orientation
	// Returns says that frames on Ethernet come back to their sender, with the local
	// bit of its MAC set on the way.
	Returns bool
	// Beside is for protocols on Ethernet about whose frames the two stations agree
	// on UDP; nil where they do not.
	Beside *Beside
	// New returns a parser for one flow.
	New func() Parser
	// Spaces are all kinds of object its operations can touch, each Name once. What
	// was learned is stored by these names, so a name that was released stays.
	Spaces []*firedoor.Space
	// Functions tells every function that has words of its own, in the order of codes;
	// nil where no table gives them. The suite keeps them, so that a word or a verb that
	// changes is seen.
	Functions func(tell func(Function))
	// Whole says that no request has other words than Functions and Further tell, but for
	// words that end with a number, nor a code that is wider than those. The suite holds it.
	Whole bool
	// Further are words that Functions does not tell, for its code alone does not give them.
	Further []string
	// Varied are codes of which requests for one object have several words, by what else is in them:
	// what is learned by code and object says less than the words of the first.
	Varied []uint32
	// Units is the largest unit that a request can name, 0 where nobody says.
	Units uint32
	// Declines says that a gateway can have a device decline some of its requests, which offer a
	// Refusal of their address. The coverage sheet is held to it.
	Declines bool
	// Sheet is what the coverage sheet says beyond what the captures show.
	Sheet Sheet
	// Events are the kinds of event the parser can emit; the suite checks that
	// its captures show every one of them.
	Events []firedoor.EventKind
}

// Beside is how the parser of frames between two MAC addresses hears what their
// stations settle on UDP.
type Beside struct {
	// Concerns tells whether a datagram settles something. It is asked of every
	// datagram on UDP that is not in fragments, and must be cheap.
	Concerns func(b []byte) bool
	// New returns a listener for two stations.
	New func() Listener
}

// Listener keeps what two stations settled, within limits of its own. What it keeps
// is plain data: it is stored with the state of a sensor (package snapshot).
type Listener interface {
	// Hear takes a datagram that concerns the stations; side 0 is the lower MAC
	// address.
	Hear(side int, b []byte)
	// For is the state that the parser of their frames receives; client is the side
	// of its client. What is heard later shows in it.
	For(client int) any
}

// Depth is how far a protocol is read.
type Depth uint8

// Depths. Names are for identity: who is who, and which software speaks. Recognised
// protocols tell what is asked for, deep ones of which object and with which value.
const (
	Names Depth = iota
	Recognised
	Deep
)

var depthWords = [...]string{"names", "recognised", "deep"}

// String is the word used in the sheet.
func (d Depth) String() string { return depthWords[d] }

// Sheet is a protocol's entry in docs/COVERAGE.md, as far as a person must say it.
type Sheet struct {
	Title string // as its makers write it
	Depth Depth
	By    string // which specification, or description
	// Unread are the messages that exist and are not read, in a few words each.
	Unread []string
	// Golden is the source that a person held the golden files against, "" where nobody
	// noted that. doc.go tells more.
	Golden string
	Own    []OwnPart // what of it no capture from elsewhere shows, though it has a name
	Peers  []string  // real devices and libraries it was tried with, in tests
	Holds  string    // what a flow may hold beside its parser and unanswered requests
	Inside []Inner   // what travels in it under a name of its own and is read by its parser
}

// OwnPart is a part of a protocol that was only ever tried on captures of the product's
// own. Has tells whether a function or sample of these words belongs to it.
type OwnPart struct {
	Name string
	Has  func(words string) bool
}

// Inner is a protocol that has no parser of its own.
type Inner struct {
	Name  string
	Sheet Sheet
}

// EthernetClient tells which side is the client of a flow on Ethernet that begins
// with the frame b from a side; sides are numbered by MAC address. Where the frame
// says nothing it is the lower address, so that a flow seen from its middle on is
// the same as one seen from its beginning. Nobody answers for a group.
func (p *Protocol) EthernetClient(b []byte, side int, group bool) int {
	if p.Orient == nil || group {
		return side
	}
	switch p.Orient(b) {
	case SentByClient:
		return side
	case SentByServer:
		return 1 - side
	default:
		return 0
	}
}

// Orientation is a guess at the sender of a message.
type Orientation uint8

// Orientations.
const (
	OrientUnknown Orientation = iota
	SentByClient
	SentByServer
)

// Parser decodes one flow. It does no I/O, has no clock, starts no goroutine
// and logs nothing. It never emits a secret.
type Parser interface {
	// Parse is given the bytes of one direction that were not consumed yet,
	// in order and without holes, and returns how many it consumed: whole
	// messages only, the rest comes again with more bytes behind it. On UDP and
	// Ethernet b is one datagram, and what is left of it is thrown away.
	//
	// A body that breaks the rules inside intact framing is an
	// EventMalformed and is consumed. An error means that framing is lost; use
	// a Broken (static text). The runner emits it as EventMalformed, throws the
	// bytes away and calls Gap.
	//
	// A message longer than MaxMessage must be refused with an error or
	// consumed in parts: the runner gives up a flow that wants more.
	Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (consumed int, err error)
	// Gap says that bytes of this direction are lost (missing of them; 0 when
	// unknown). Return true to be given what follows, which need not start at a
	// message; false to give up the flow.
	Gap(dir firedoor.Direction, missing int64) bool
}

// Receiver is a Parser that takes the State of the HandOver or Expect that made it.
type Receiver interface {
	Receive(state any)
}

// Sharer is a Parser that can share what it needs only during Parse (the event
// it emits, say) with the others of its kind: thousands of flows that take turns
// then find it in the processor's nearest cache, and a flow that is over soon does not
// make it. Parsers that share are never at work at the same time.
type Sharer interface {
	// Another makes a parser as the Protocol's New does, with the scratch of this one.
	Another() Parser
}

// Guarded is a Parser that must know that what it says of a flow decides what passes: then
// it must not guess, and of what may be a request of a client and could not be read it emits a
// Malformed that is Lost.
type Guarded interface {
	// Guard is called before the first byte; usual tells that the port is one of its
	// protocol's own.
	Guard(usual bool)
}

// Doubter is a Guarded that has more than one way to read the same bytes, as devices have: it
// takes the one that is usual at its port.
type Doubter interface {
	Guarded
	// Doubts tells how many requests were not answered yet for which the server may be throwing
	// away what its client says behind them, so that it must be heard when it answers, and
	// nothing may go on in parts until it does.
	Doubts() int
}

// Broken is an error of Parse: static text, no allocation.
type Broken string

// Error is the text.
func (b Broken) Error() string { return string(b) }

// Limits of the runner, per direction of a flow where nothing else is said.
const (
	// MaxProbe is how many bytes of a direction are looked at before a flow is
	// called unknown.
	MaxProbe = 1024
	// MaxMessage is how many unconsumed bytes are kept for a parser.
	MaxMessage = 1 << 17
	// MaxHeld is how many unconsumed bytes all flows of one Host may have; a flow
	// that wants more is given up.
	MaxHeld = 2 << 20
	// MaxErrors is how many framing errors a flow may have before it is given up.
	MaxErrors = 3
)
