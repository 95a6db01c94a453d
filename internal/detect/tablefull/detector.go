package tablefull

import (
	"firedoor"
	"firedoor/internal/detect"
)

// Kind is the kind of alert.
const Kind = "table-full"

// Detector tells of limits that were reached.
var Detector = detect.Detector{
	Name:  "tablefull",
	Doc:   "A table of the product is full: what is new is only counted.",
	Kinds: []string{Kind},
	New:   func(detect.World) detect.Judge { return &judge{} },
}

type judge struct{ flooded bool }

// See implements detect.Judge.
func (j *judge) See(o *detect.Observation, raise func(*detect.Finding)) {
	switch {
	case o.Kind == detect.Flood:
		j.flooded = true
	case o.Kind == detect.TableFull && !j.flooded:
		raise(&detect.Finding{Kind: Kind, Cause: o.Reason, Severity: firedoor.Low,
			Sentence: "There is no room for more " + o.Reason + ": those known are still watched, new ones are only counted."})
	}
}
