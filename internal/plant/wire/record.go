package wire

import (
	"fmt"
	"time"

	"firedoor"
)

// Record is a line of stopped.jsonl, as the gateway writes it (docs/GATEWAY.md), with
// the guard that wrote it.
type Record struct {
	Gateway  string `json:"gateway"`
	Time     string `json:"time"`
	Done     string `json:"done"`
	Says     string `json:"says"`
	Reason   string `json:"reason"`
	Rule     string `json:"rule,omitempty"`
	Conduit  string `json:"conduit,omitempty"`
	Segment  string `json:"segment,omitempty"`
	Client   string `json:"client"`
	Server   string `json:"server"`
	Protocol string `json:"protocol,omitempty"`
	Verb     string `json:"verb,omitempty"`
	Function string `json:"function,omitempty"`
	Code     uint32 `json:"code,omitempty"`
	Object   string `json:"object,omitempty"`
	Bytes    uint64 `json:"bytes"`
	Further  bool   `json:"same_frame,omitempty"` // a further request of a frame that has a line already
}

// Record writes a stop out. done of what is held back is "hold".
func (s *Stop) Record() Record {
	plan := s.Guard.config.Plan
	r := Record{Gateway: s.Guard.config.Name, Time: time.Unix(0, s.Time).UTC().Format(time.RFC3339Nano), Done: s.Done.String(), Says: s.Verdict.Says.String(),
		Reason: s.Verdict.Reason.String(), Segment: s.Segment, Client: endText(&s.Client), Server: endText(&s.Server), Protocol: s.Protocol,
		Bytes: uint64(len(s.Frame)), Conduit: plan.ConduitName(s.Verdict.Conduit)}
	if s.Held {
		r.Done = "hold"
	}
	if s.Further {
		r.Further, r.Bytes = true, 0
	}
	if s.Verdict.Rule >= 0 {
		r.Rule = plan.RuleName(s.Verdict.Rule)
	}
	if op := s.Operation; op != nil {
		r.Verb, r.Function, r.Code, r.Object = op.Verb.String(), op.Function, op.Code, string(op.Object.AppendTo(nil))
	}
	return r
}

func endText(e *firedoor.Endpoint) string {
	if e.IP.IsZero() {
		return e.MAC.String()
	}
	return fmt.Sprintf("%s:%d", e.IP, e.Port)
}
