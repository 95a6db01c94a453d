package whatif

import (
	"slices"
	"time"

	"firedoor"
)

// Report is what a policy would have done (docs/formats/policy.md).
type Report struct {
	Operations         uint64 `json:"operations"`
	Connections        uint64 `json:"connections"` // without operations
	StoppedOperations  uint64 `json:"stopped_operations"`
	StoppedConnections uint64 `json:"stopped_connections"`
	Enforced           uint64 `json:"enforced"`  // of those stopped: in conduits that enforce as they are
	Undecided          uint64 `json:"undecided"` // operations that could not be judged
	// Own are operations, and connections without any, of devices with themselves: no
	// gateway sees them, so they are not judged.
	Own uint64 `json:"own,omitempty"`
	// Unseen is what was there to be judged and is not in what was read, in words.
	Unseen string `json:"unseen,omitempty"`
	// UndecidedConnections are connections that could not be judged: of some it is not known
	// what was said, and a gateway would look at that.
	UndecidedConnections uint64 `json:"undecided_connections,omitempty"`
	// Malformed are messages that break the rules of their protocol, where requests are
	// judged: what is no request in them a gateway stops, and which they are is not known here.
	Malformed uint64    `json:"malformed,omitempty"`
	NotListed uint64    `json:"not_listed,omitempty"`
	Stopped   []Stopped `json:"stopped"`
	Rules     []Used    `json:"rules"`
}

// Stopped is one kind of request of a client and server that would have been stopped.
type Stopped struct {
	Verdict  string `json:"verdict"`
	Reason   string `json:"reason"`
	Rule     string `json:"rule,omitempty"`
	Conduit  string `json:"conduit,omitempty"`
	Client   string `json:"client"`
	Server   string `json:"server"`
	Protocol string `json:"protocol"`
	Verb     string `json:"verb,omitempty"`
	Function string `json:"function,omitempty"`
	Object   string `json:"object,omitempty"`
	Count    uint64 `json:"count"`
	First    string `json:"first"`
	Capture  string `json:"capture,omitempty"`
	Frame    uint32 `json:"frame,omitempty"`
}

// Used is how often a rule decided.
type Used struct {
	Rule      string `json:"rule"`
	Line      int    `json:"line"`
	Count     uint64 `json:"count"`
	Undecided string `json:"undecided,omitempty"` // why it cannot be told what it would have done
}

// unseen is what a journal does not hold.
const unseen = "the journal holds what was asked, and no connections on which nothing was asked, no ICMP, no frames of an unknown protocol: what would become of those is undecided"

// unsided is said of a policy that binds zones to a side.
const unsided = "at which port of a gateway something came in is not known here: what a gateway stops because it comes from another side than its sender is at (wrong-side) is undecided"

// Report ends the judging.
func (j *Judge) Report() *Report {
	r := &j.report
	if j.journal {
		r.Unseen = unseen
	}
	if j.plan.Sided() {
		if r.Unseen != "" {
			r.Unseen += "; "
		}
		r.Unseen += unsided
	}
	for i := range j.used {
		u := Used{Rule: j.plan.RuleName(int32(i)), Line: j.plan.Rule(int32(i)).Line, Count: j.used[i]}
		switch m := &j.plan.Rule(int32(i)).Match; {
		case j.journal && m.Moves():
			u.Undecided = "the journal holds no values that were read, so a step from one cannot be told, nor how fast it changed"
		case j.unsure[i]:
			u.Undecided = j.why[i]
		case j.mayBeToGroup(int32(i)):
			u.Undecided = whichGroup
		case j.journal && (!m.AsksOperation() || u.Count == 0 && slices.Equal(m.Verbs, []firedoor.Verb{firedoor.VerbSession})):
			u.Undecided = "the journal holds no connections and no ICMP, only what was asked on connections"
		case j.full && m.Moves():
			u.Undecided = "more values were written than are remembered"
		}
		r.Rules = append(r.Rules, u)
	}
	if r.Stopped == nil {
		r.Stopped = []Stopped{}
	}
	slices.SortStableFunc(r.Stopped, func(a, b Stopped) int {
		switch {
		case a.Count > b.Count:
			return -1
		case a.Count < b.Count:
			return 1
		}
		return 0
	})
	return r
}

// mayBeToGroup tells whether a rule may have been about something that was sent to a group which nobody kept: then it may have decided, however
// seldom it is known to have.
func (j *Judge) mayBeToGroup(rule int32) bool {
	if len(j.unkept) == 0 || !j.plan.ToGroup(rule) {
		return false
	}
	m := &j.plan.Rule(rule).Match
	return len(m.Protocols) == 0 || j.unkept[""] || slices.ContainsFunc(m.Protocols, func(p string) bool { return j.unkept[p] })
}

// Stops tells whether anything would have been stopped.
func (r *Report) Stops() bool { return r.StoppedOperations+r.StoppedConnections > 0 }

func eventTime(t int64) string {
	return time.Unix(0, t).UTC().Format("2006-01-02T15:04:05.000000000Z")
}
