package gravecommand

import (
	"firedoor"
	"firedoor/internal/detect"
)

// Kind is the kind of alert.
const Kind = "grave-command"

// Detector tells of grave commands without a baseline.
var Detector = detect.Detector{
	Name:  "gravecommand",
	Doc:   "Without a learned baseline: a controller is stopped, restarted, programmed or its program read out.",
	Kinds: []string{Kind},
	New: func(w detect.World) detect.Judge {
		return &judge{world: w, stories: map[detect.Pair]*detect.Story{}}
	},
}

// maxStories bounds the sentences that grow; later ones say what was done last.
const maxStories = 10_000

type judge struct {
	world   detect.World `snapshot:"-"`
	stories map[detect.Pair]*detect.Story
}

// See implements detect.Judge.
func (j *judge) See(o *detect.Observation, raise func(*detect.Finding)) {
	if o.Kind != detect.Operation && o.Kind != detect.Refused || o.Armed || o.Learning || o.Operation.Verb < firedoor.VerbControl {
		return
	}
	p := detect.PairOf(o)
	s := j.stories[p]
	if o.Kind == detect.Refused {
		if s != nil && s.Note(o) {
			j.tell(o, s, raise)
		}
		return
	}
	if s == nil {
		s = &detect.Story{}
		if len(j.stories) < maxStories {
			j.stories[p] = s
		}
	}
	if s.Add(o) {
		j.tell(o, s, raise)
	}
}

func (j *judge) tell(o *detect.Observation, s *detect.Story, raise func(*detect.Finding)) {
	raise(&detect.Finding{Kind: Kind, Cause: detect.Between(o), Severity: firedoor.Medium, Techniques: s.Techniques(),
		Sentence: detect.Who(j.world, o, o.Client) + " " + s.Tell(detect.Whom(j.world, o, o.Server)) +
			". Nothing was learned, so nobody knows whether it may - " + s.Functions() + "."})
}
