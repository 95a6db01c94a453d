package detect

import "firedoor"

// Kind says what was noticed.
type Kind uint8

// Kinds of observation. Those marked "armed" come only after a learning part.
const (
	// NewDevice: a sender nobody knew (armed). Client is the device.
	NewDevice Kind = iota + 1
	// NewConversation: two ends that never spoke this protocol (armed).
	NewConversation
	// NewOperation: a statement that was not learned (armed). FirstVerb tells
	// that this exact client never used the verb on this server; Covered that
	// the range lies within ranges that are learned.
	NewOperation
	// ValueOutside: a written value outside what was learned (armed).
	ValueOutside
	// Operation: a statement seen for the first time, learning or not: what
	// stateless detectors judge.
	Operation
	// Refused: what became of a change that a NewOperation or Operation (or with
	// Outside a ValueOutside) told of, where it was not simply done: it was
	// refused, no answer was seen, or it was done at last. Operation.Outcome says
	// which; Again that the same had another outcome before.
	Refused
	// Malformed: bytes that broke their protocol's rules. Reason is set.
	Malformed
	// IdentityChanged: a device now says something else of itself. Fact, Old, New.
	IdentityChanged
	// AddressContradiction: two devices claim one address at the same time.
	AddressContradiction
	// DeviceReplaced: another device took over an address and its part.
	DeviceReplaced
	// AddressMoved: an address went to another device as DHCP or a redundancy
	// protocol does it.
	AddressMoved
	// Flood: more new devices than a plant can have; Count of them not admitted.
	Flood
	// TableFull: a limit was hit; Reason names it.
	TableFull
)

// Observation is something that may be worth an alert. Observations come in
// traffic order and are borrowed.
type Observation struct {
	Kind     Kind
	Armed    bool // a baseline was learned and learning is over
	Learning bool
	Time     int64
	// Frames are those of the evidence, in traffic order, the deciding one last.
	// Of a NewConversation only the first, with which it began, is sure to be its
	// own: that it is new may show much later.
	Frames   []firedoor.FrameRef
	Client   firedoor.Endpoint
	Server   firedoor.Endpoint
	Protocol string
	// Industrial: the protocol is one of the factory floor.
	Industrial bool

	// Operation is set for NewOperation, ValueOutside, Operation and Refused (there
	// without values); Text is its object as text.
	Operation *firedoor.Operation
	Text      string
	FirstVerb bool
	Covered   bool
	Outside   bool
	Again     bool

	// ValueOutside.
	Got, Low, High float64

	Reason   string // Malformed, TableFull: static text
	Fact     firedoor.FactKind
	Old, New string
	// DeviceReplaced: when the last of Frames was, for it shows later, and who
	// was there before.
	Since  int64
	Former firedoor.Description
	Count  uint64
}

// World is what detectors may ask about the plant.
type World interface {
	// Describe returns what to call an endpoint in a sentence ("HMI-2
	// (10.0.0.5)"), its role word ("" unknown) and whether it was known when
	// learning ended.
	Describe(e firedoor.Endpoint) (name, role string, known bool)
	// Peers tells, of the learned clients with the same role as this one, how
	// many there are and how many use the verb and function on any server of
	// the same role as this server.
	Peers(client, server firedoor.Endpoint, protocol string, op *firedoor.Operation) (same, doing int)
}

// Detector is one way to judge. A folder exports one variable.
type Detector struct {
	Name  string   // that of its folder
	Doc   string   // one sentence for people
	Kinds []string // the alert kinds it raises: those of no other detector
	New   func(w World) Judge
}

// Judge sees every observation and raises alerts: the same Cause gives one
// alert, whose evidence grows.
type Judge interface {
	See(o *Observation, raise func(*Finding))
}

// Closer is a Judge that holds findings back until it knows whether more belongs
// to them. Close tells what is held: the input is over.
type Closer interface {
	Judge
	Close(raise func(*Finding))
}

// Clocker is a Judge that decides by time. Clock tells it that traffic time has
// come to now and that every frame before is over; all that a later observation
// of that time would decide must be decided the same way here, so that a verdict
// is told in time though nothing else happens.
type Clocker interface {
	Judge
	Clock(now int64, raise func(*Finding))
}

// Evidence is where and when something was seen.
type Evidence struct {
	Time     int64
	Frames   []firedoor.FrameRef
	Client   firedoor.Endpoint
	Server   firedoor.Endpoint
	Protocol string
}

// Finding is an alert to be: Cause makes it one with others of its Kind.
type Finding struct {
	Kind       string
	Cause      string // stable text without times: "10.0.0.5>10.0.0.7 write"
	Severity   firedoor.Severity
	Sentence   string
	Techniques []string
	// At is the evidence of a finding that was held back; nil: the observation
	// at hand.
	At *Evidence
}
