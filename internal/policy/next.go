package policy

import "slices"

// Next is what a machine does next when its orders or answers stop coming.
type Next uint8

// What a machine may do. Unknown is never taken for harmless.
const (
	Unknown   Next = iota
	Holds          // it goes on with what it was told last
	FallsBack      // it goes to values that were set for this case
	Trips          // it stops
)

var nextNames = [...]string{"unknown", "holds", "falls back", "trips"}

// String is the word used in sentences.
func (n Next) String() string { return nextNames[n] }

// requests are the verbs that stop single requests and leave a connection alone, by and large.
var requests = []IsolationVerb{RateCap, NoProgram, NoWrite}

// cut are the verbs after which one end hears nothing any more.
var cut = []IsolationVerb{KnownClients, Quarantine}

// outcomes say what the rules of a protocol make of it. What a maker added, like a drive
// that watches over its master, is not in them: it is settled on the device. A protocol
// that is not here is unknown.
var outcomes = []struct {
	protocol string
	verbs    []IsolationVerb
	next     Next
	why      string
}{
	{"modbus", requests, Holds, "registers and coils stay as they were written last; the protocol has no watchdog, but a device may watch that it is written to"},
	{"modbus", cut, Unknown, "the protocol has no watchdog; drives and remote I/O often have one of their own, which is set on the device"},
	{"s7comm", requests, Holds, "the program goes on; data blocks stay as they were"},
	{"s7comm", cut, Unknown, "the program goes on; what it does without its partner is in the program"},
	{"enip", requests, Holds, "cyclic data goes on by itself; tags stay as they were"},
	{"enip", cut, FallsBack, "a cyclic connection times out after a few of its intervals, and outputs go to the state that was set for it"},
	{"pniocm", requests, Holds, "cyclic data goes on by itself"},
	{"pnio", []IsolationVerb{Quarantine}, FallsBack, "the watchdog of a device ends its connection after a few cycles, and outputs take their substitute values"},
	{"ecat", []IsolationVerb{Quarantine}, FallsBack, "the watchdog takes outputs away within a tenth of a second"},
	{"epl", []IsolationVerb{Quarantine}, FallsBack, "nodes lose their cycle and leave operation"},
	{"epl_v1", []IsolationVerb{Quarantine}, FallsBack, "nodes lose their cycle and leave operation"},
	{"goose", []IsolationVerb{Quarantine}, Unknown, "subscribers notice when messages stay away, and block or trip as they were set"},
	{"sv", []IsolationVerb{Quarantine}, Trips, "protection that gets no samples blocks or trips"},
	{"ptp", cut, Unknown, "a clock that hears no master goes on by itself and drifts; what lives on its time (sampled values, drives in step) blocks or trips as it was set"},
	{"opcua", requests, Holds, "variables stay as they were"},
	{"opcua", cut, Unknown, "sessions time out; a program that lives on their values decides by itself"},
	{"mms", requests, Holds, "outputs stay as they were controlled last"},
	{"mms", cut, Holds, "a device protects and controls by itself; reports wait in its buffers"},
	{"dnp3", requests, Holds, "outputs stay as they were operated last; one that was selected is let go after a time"},
	{"dnp3", cut, Holds, "outputs stay; events wait in the outstation's buffers. Its own logic may act on the loss"},
	{"iec104", requests, Holds, "outputs stay as they were commanded last"},
	{"iec104", cut, Holds, "the connection ends after its time-outs; the station goes on by itself"},
	{"bacnet", requests, Holds, "a written value stays in its priority until somebody relinquishes it"},
	{"bacnet", cut, Holds, "written values stay, also where they were meant for a short time"},
	{"mqtt", requests, Holds, "subscribers keep the last message"},
	{"mqtt", cut, Unknown, "the broker publishes the last will of whoever is cut off, and subscribers act on it"},
	{"fins", requests, Holds, "memory stays as it was written last"},
	{"melsec", requests, Holds, "devices stay as they were written last"},
	{"ads", requests, Holds, "symbols stay as they were written last"},
	{"ge_srtp", requests, Holds, "memory stays as it was written last"},
	{"cip", requests, Holds, "attributes and tags stay as they were"},
}

// NextOf says what a machine does next when an isolation of a verb stops what is asked of
// it in a protocol, and why.
func NextOf(protocol string, verb IsolationVerb) (Next, string) {
	for i := range outcomes {
		if o := &outcomes[i]; o.protocol == protocol && slices.Contains(o.verbs, verb) {
			return o.next, o.why
		}
	}
	return Unknown, "nothing is known of this protocol: ask whoever runs the machine"
}

// NextProtocols are those of which something is known.
func NextProtocols() (out []string) {
	for i := range outcomes {
		if !slices.Contains(out, outcomes[i].protocol) {
			out = append(out, outcomes[i].protocol)
		}
	}
	return out
}
