package sensor

import (
	"fmt"
	"runtime/debug"

	"firedoor"
)

// maxFaults is how many faults of a lane are told one by one.
const maxFaults = 4

// FaultError is a parser that failed on a frame: a mistake of ours. Its
// connection was given up, everything else went on: a sensor that dies of one
// packet is a gift to whoever sends it.
type FaultError struct {
	Capture  string
	Frame    uint32
	Protocol string
	Cause    string // with the stack, for whoever mends it
}

// Error names the file and the frame.
func (e FaultError) Error() string {
	return fmt.Sprintf("%s: a parser (%s) failed on frame %d and its connection was given up; please report it: %s", e.Capture, e.Protocol, e.Frame, e.Cause)
}

type fault struct {
	at       firedoor.FrameRef
	protocol string
	cause    string
}

// failed gives up the connection whose parser failed, and keeps what is needed
// to mend it.
func (l *lane) failed(it *item, cause any) {
	name := "before any was known"
	if l.conn != nil {
		if p := l.conn.run.Protocol(); p != nil {
			name = p.Name
		}
		l.conn.run.End(l.host)
	}
	if l.faults++; len(l.faulty) < maxFaults {
		l.faulty = append(l.faulty, fault{at: firedoor.FrameRef{Capture: it.Capture, Frame: it.Frame}, protocol: name,
			cause: fmt.Sprintf("%v\n%s", cause, debug.Stack())})
	}
}

// faults gives what failed, by lane.
func (r *Result) faults() []error {
	var errs []error
	for _, l := range r.lanes {
		for _, f := range l.faulty {
			errs = append(errs, FaultError{Capture: r.names[f.at.Capture], Frame: f.at.Frame, Protocol: f.protocol, Cause: f.cause})
		}
	}
	return errs
}
