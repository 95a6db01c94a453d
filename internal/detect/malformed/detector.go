package malformed

import (
	"firedoor"
	"firedoor/internal/detect"
)

// Kind is the kind of alert.
const Kind = "malformed"

// Detector tells of malformed messages.
var Detector = detect.Detector{
	Name:  "malformed",
	Doc:   "Messages that break the rules of their protocol: a fault, a scanner, or an attempt on the device.",
	Kinds: []string{Kind},
	New: func(w detect.World) detect.Judge {
		return &judge{world: w, stories: map[string]*story{}}
	},
}

// maxStories bounds the sentences that grow; later ones tell the reason at hand.
const maxStories = 10_000

type story struct{ reasons, clients detect.Names }

type judge struct {
	world   detect.World `snapshot:"-"`
	stories map[string]*story
}

// See implements detect.Judge.
func (j *judge) See(o *detect.Observation, raise func(*detect.Finding)) {
	if o.Kind != detect.Malformed || o.Learning {
		return
	}
	unknown := detect.Unknown(j.world, o, o.Client)
	cause := detect.Between(o) + " " + o.Protocol
	if unknown { // addresses nobody knows may be forged, one for each message
		cause = "unknown>" + detect.Address(o.Server) + " " + o.Protocol
	}
	s := j.stories[cause]
	if s == nil {
		s = &story{}
		if len(j.stories) < maxStories {
			j.stories[cause] = s
		}
	}
	s.reasons.Add(o.Reason)
	s.clients.Add(detect.Address(o.Client))
	who := detect.Whom(j.world, o, o.Client)
	if n := s.clients.Len(); unknown && n > 1 {
		who = detect.Count(n, "unknown device") + " (" + s.clients.String() + ")"
	}
	f := detect.Finding{Kind: Kind, Cause: cause, Severity: firedoor.Low,
		Sentence: "Messages between " + who + " and " + detect.Whom(j.world, o, o.Server) + " break the rules of " + o.Protocol +
			": " + s.reasons.String() + ". Such messages can make devices fail."}
	if o.Industrial || unknown {
		f.Severity = firedoor.Medium
	}
	if o.Industrial {
		f.Techniques = []string{"T0814"}
	}
	raise(&f)
}
