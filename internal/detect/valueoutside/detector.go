package valueoutside

import (
	"firedoor"
	"firedoor/internal/detect"
)

// Kind is the kind of alert.
const Kind = "value-outside"

// Detector tells of values outside what was learned.
var Detector = detect.Detector{
	Name:  "valueoutside",
	Doc:   "A client writes a value outside the range it wrote while learning.",
	Kinds: []string{Kind},
	New: func(w detect.World) detect.Judge {
		return &judge{world: w, spans: map[string]*span{}}
	},
}

// maxSpans bounds the remembered extremes; later sentences tell the value at hand.
const maxSpans = 10_000

// span is what was written outside so far.
type span struct {
	low, high float64
	usual     string
	asked     string // in the protocol's words
	became    detect.Outcomes
	refusals  detect.Names
}

type judge struct {
	world detect.World `snapshot:"-"`
	spans map[string]*span
}

// See implements detect.Judge.
func (j *judge) See(o *detect.Observation, raise func(*detect.Finding)) {
	if o.Kind != detect.ValueOutside && (o.Kind != detect.Refused || !o.Outside) {
		return
	}
	cause := detect.Between(o) + " " + o.Protocol + " " + o.Text
	s := j.spans[cause]
	if o.Kind == detect.Refused {
		if s != nil {
			s.became.Note(o)
			s.refusals.Add(detect.Refusal(o.Operation))
			j.tell(o, cause, s, raise)
		}
		return
	}
	if s == nil {
		s = &span{low: o.Got, high: o.Got}
		if len(j.spans) < maxSpans {
			j.spans[cause] = s
		}
	}
	s.low, s.high = min(s.low, o.Got), max(s.high, o.Got)
	s.usual = detect.Number(o.Low) + " to " + detect.Number(o.High)
	if o.Low == o.High {
		s.usual = "always " + detect.Number(o.Low)
	}
	s.asked = detect.Asked(o)
	s.became.Ask()
	j.tell(o, cause, s, raise)
}

func (j *judge) tell(o *detect.Observation, cause string, s *span, raise func(*detect.Finding)) {
	object := o.Text
	if object == "" {
		object = "a value"
	}
	values := detect.Number(s.low)
	if s.low != s.high {
		values += " to " + detect.Number(s.high)
	}
	wrote := " wrote "
	if s.became.Tried() {
		wrote = " tried to write "
	}
	raise(&detect.Finding{Kind: Kind, Cause: cause, Severity: firedoor.Medium, Techniques: []string{"T0836", "T0831"},
		Sentence: detect.Who(j.world, o, o.Client) + wrote + values + " to " + object + " of " + detect.Whom(j.world, o, o.Server) +
			s.became.Tail(&s.refusals) + "; learned: " + s.usual + " - " + s.asked + "."})
}
