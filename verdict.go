package firedoor

// Action is what is done with a frame or a request, from harmless to grave.
type Action uint8

// Actions. Refuse lets the device itself say no, and the connection go on; Drop takes
// the frame away; Reset ends the connection at both ends.
const (
	Pass Action = iota
	Refuse
	Drop
	Reset
)

var actionNames = [...]string{"pass", "refuse", "drop", "reset"}

// String is the word used in files and sentences.
func (a Action) String() string {
	if int(a) < len(actionNames) {
		return actionNames[a]
	}
	return "unknown"
}

// Reason says why a verdict is as it is: every frame that is stopped has one.
type Reason uint8

// Reasons. Those up to ReasonObserved pass, the others stop.
const (
	ReasonNone       Reason = iota
	ReasonRule              // a rule says so, whichever way
	ReasonDefault           // no rule of the conduit matches
	ReasonOtherwise         // no conduit joins the two zones
	ReasonNeverBlock        // on the list of what is never blocked
	ReasonSafety            // safety traffic
	ReasonLink              // keeps the link alive: STP, LLDP, MRP, PTP, EAPOL, ARP
	ReasonInside            // both ends are in one zone
	ReasonBypass            // a person switched the gateway to bypass
	ReasonProtocol          // the content is another protocol than the port is open for
	ReasonMalformed         // what breaks the rules of its protocol
	ReasonQuarantine        // isolated: nothing passes
	ReasonNoWrite           // isolated: nothing that changes anything
	ReasonNoProgram         // isolated: no programs, no firmware, no configuration
	ReasonStranger          // isolated: only clients that were known before
	ReasonRate              // isolated: more often than is allowed
	ReasonHeld              // a message was held back for longer than is allowed
	ReasonUnjudged          // nobody could judge it in time
	ReasonWrongSide         // it came in at the other port than its sender is at
	lastReason
)

var reasonNames = [lastReason]string{"none", "rule", "default", "no-conduit", "never-block", "safety", "link-control", "inside-zone", "bypass",
	"other-protocol", "malformed", "quarantine", "no-write", "no-program", "unknown-client", "rate-cap", "held-too-long", "unjudged", "wrong-side"}

// String is the word used in files, counters and sentences.
func (r Reason) String() string {
	if r < lastReason {
		return reasonNames[r]
	}
	return "unknown"
}

// Verdict is what a policy says of a request or a connection.
type Verdict struct {
	// Action is what is to be done now; Says is what the policy says. They differ
	// where the conduit only observes or tests.
	Action, Says Action
	Reason       Reason
	// Rule is the number of the rule in the policy, Conduit that of the conduit, both
	// from 0; -1 is none.
	Rule, Conduit int32
}
