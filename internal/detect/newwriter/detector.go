package newwriter

import (
	"firedoor"
	"firedoor/internal/detect"
)

// Kind is the kind of alert.
const Kind = "new-writer"

// Detector tells of new writers.
var Detector = detect.Detector{
	Name:  "newwriter",
	Doc:   "A client writes to, controls, programs or configures a device and never did so before.",
	Kinds: []string{Kind},
	New: func(w detect.World) detect.Judge {
		return &judge{world: w, stories: map[deed]*detect.Story{}, strangers: map[detect.Pair]int{}}
	},
}

const (
	// maxStories bounds the sentences that grow; later ones say what was done
	// last.
	maxStories = 10_000
	// maxStrangers is how many unknown clients of one device get an alert each;
	// beyond, one alert stands for all others: their addresses are forged.
	maxStrangers = 16
)

// group puts acts of one intention into one alert.
type group uint8

const (
	writes group = iota
	configures
	commands // control and program: stop, load, start is one story
)

var groupNames = [...]string{"write", "configure", "command"}

func groupOf(v firedoor.Verb) group {
	switch v {
	case firedoor.VerbWrite:
		return writes
	case firedoor.VerbConfigure:
		return configures
	}
	return commands
}

type deed struct {
	detect.Pair
	group group
}

type judge struct {
	world     detect.World `snapshot:"-"`
	stories   map[deed]*detect.Story
	strangers map[detect.Pair]int // unknown clients of a device, by server
}

// See implements detect.Judge.
func (j *judge) See(o *detect.Observation, raise func(*detect.Finding)) {
	if o.Kind != detect.NewOperation && (o.Kind != detect.Refused || !o.Armed || o.Outside) || !o.FirstVerb || !o.Operation.Verb.Changes() {
		return
	}
	d := deed{detect.PairOf(o), groupOf(o.Operation.Verb)}
	s, had := j.stories[d]
	if o.Kind == detect.Refused {
		if had && s.Note(o) {
			j.tell(o, d.group, s, raise)
		}
		return
	}
	if !had {
		s = &detect.Story{}
		if detect.Unknown(j.world, o, o.Client) && j.crowd(o, raise) {
			return
		}
		if len(j.stories) < maxStories {
			j.stories[d] = s
		}
	}
	if s.Add(o) {
		j.tell(o, d.group, s, raise)
	}
}

func (j *judge) tell(o *detect.Observation, g group, s *detect.Story, raise func(*detect.Finding)) {
	unknown := detect.Unknown(j.world, o, o.Client)
	f := detect.Finding{Kind: Kind, Cause: detect.Between(o) + " " + groupNames[g], Severity: s.Severity(), Techniques: s.Techniques()}
	if unknown {
		if g != configures {
			f.Severity = firedoor.High
			f.Techniques = append(f.Techniques, "T0848")
		}
	}
	f.Sentence = detect.Who(j.world, o, o.Client) + " " + s.Tell(detect.Whom(j.world, o, o.Server)) + before(unknown, g) + " - " + s.Functions() + "."
	raise(&f)
}

func before(unknown bool, g group) string {
	switch {
	case unknown:
		return ". It was not there while learning"
	case g == writes:
		return ". It never wrote there before"
	case g == configures:
		return ". It never did that there before"
	}
	return ". It never gave commands there before"
}

// crowd counts the unknown clients of a device; true when one alert stands for
// them all.
func (j *judge) crowd(o *detect.Observation, raise func(*detect.Finding)) bool {
	server := detect.PairOf(o)
	server.Client = firedoor.IP{}
	n := j.strangers[server]
	if n == 0 && len(j.strangers) >= maxStories {
		return false
	}
	if n < maxStrangers {
		j.strangers[server] = n + 1
		return false
	}
	raise(&detect.Finding{Kind: Kind, Cause: "strangers>" + detect.Address(o.Server), Severity: firedoor.High, Techniques: []string{"T0855", "T0848"},
		Sentence: "More than " + detect.Count(maxStrangers, "unknown device") + " write to or command " + detect.Whom(j.world, o, o.Server) +
			": their addresses are probably forged, the requests are not - " + detect.Asked(o) + "."})
	return true
}
