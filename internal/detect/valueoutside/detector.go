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
		return &judge{world: w, spans: map[string]span{}}
	},
}

// maxSpans bounds the remembered extremes; later sentences tell the value at hand.
const maxSpans = 10_000

// span is what was written outside so far.
type span struct{ low, high float64 }

type judge struct {
	world detect.World
	spans map[string]span
}

// See implements detect.Judge.
func (j *judge) See(o *detect.Observation, raise func(*detect.Finding)) {
	if o.Kind != detect.ValueOutside {
		return
	}
	object := o.Text
	if object == "" {
		object = "a value"
	}
	cause := detect.Between(o) + " " + o.Protocol + " " + o.Text
	s, ok := j.spans[cause]
	if !ok {
		s = span{o.Got, o.Got}
	}
	s = span{min(s.low, o.Got), max(s.high, o.Got)}
	if ok || len(j.spans) < maxSpans {
		j.spans[cause] = s
	}
	wrote := detect.Number(s.low)
	if s.low != s.high {
		wrote += " to " + detect.Number(s.high)
	}
	usual := detect.Number(o.Low) + " to " + detect.Number(o.High)
	if o.Low == o.High {
		usual = "always " + detect.Number(o.Low)
	}
	raise(&detect.Finding{Kind: Kind, Cause: cause, Severity: firedoor.Medium, Techniques: []string{"T0836", "T0831"},
		Sentence: detect.Who(j.world, o, o.Client) + " wrote " + wrote + " to " + object + " of " + detect.Whom(j.world, o, o.Server) +
			"; learned: " + usual + " - " + detect.Asked(o) + "."})
}
