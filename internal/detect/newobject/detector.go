package newobject

import (
	"firedoor"
	"firedoor/internal/detect"
)

// Kind is the kind of alert.
const Kind = "new-object"

// Detector tells of new objects of a client that writes there anyway.
var Detector = detect.Detector{
	Name:  "newobject",
	Doc:   "A client changes an object or uses a changing function that it never did, on a device it does change.",
	Kinds: []string{Kind},
	New: func(w detect.World) detect.Judge {
		return &judge{world: w, stories: map[deed]*detect.Story{}}
	},
}

// maxStories bounds the sentences that grow; later ones say what was done last.
const maxStories = 10_000

type deed struct {
	detect.Pair
	verb firedoor.Verb
}

type judge struct {
	world   detect.World `snapshot:"-"`
	stories map[deed]*detect.Story
}

// See implements detect.Judge.
func (j *judge) See(o *detect.Observation, raise func(*detect.Finding)) {
	if o.Kind != detect.NewOperation && (o.Kind != detect.Refused || !o.Armed || o.Outside) || o.FirstVerb || o.Covered || !o.Operation.Verb.Changes() {
		return
	}
	d := deed{detect.PairOf(o), o.Operation.Verb}
	s := j.stories[d]
	if o.Kind == detect.Refused {
		if s != nil && s.Note(o) {
			j.tell(o, d, s, raise)
		}
		return
	}
	if s == nil {
		s = &detect.Story{}
		if len(j.stories) < maxStories {
			j.stories[d] = s
		}
	}
	if s.Add(o) {
		j.tell(o, d, s, raise)
	}
}

func (j *judge) tell(o *detect.Observation, d deed, s *detect.Story, raise func(*detect.Finding)) {
	raise(&detect.Finding{Kind: Kind, Cause: detect.Between(o) + " " + d.verb.String(), Severity: firedoor.Medium, Techniques: s.Techniques(),
		Sentence: detect.Who(j.world, o, o.Client) + " " + s.Tell(detect.Whom(j.world, o, o.Server)) +
			". It does such things there, but never did this - " + s.Functions() + "."})
}
