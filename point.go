package firedoor

// Point is one line of points.json (docs/formats/points.md): a process value, by
// the place where it stands in its device, or one that a map named.
type Point struct {
	Segment  string  `json:"segment"`
	Server   Address `json:"server"`
	Protocol string  `json:"protocol"`
	Unit     *uint32 `json:"unit,omitempty"`
	PointValue
}

// PointValue is a Point without the device it is of.
type PointValue struct {
	Object  string `json:"object"`
	Type    string `json:"type"`              // as in Values; of a named point as its map says
	Name    string `json:"name,omitempty"`    // by the map
	Measure string `json:"measure,omitempty"` // unit of measure, by the map
	// Value is the latest, Min and Max of all that were seen; null is no number.
	Value   *float64 `json:"value"`
	Min     *float64 `json:"min"`
	Max     *float64 `json:"max"`
	Changes uint32   `json:"changes"`           // to another value than the one before
	Written uint32   `json:"written,omitempty"` // accepted writes
	First   string   `json:"first"`
	Changed string   `json:"changed"` // when it last became another
}

// Points is what a record tells of process values: some of one device, unit and
// protocol, as its points.json would have them.
type Points struct {
	Segment  string       `json:"segment"`
	Server   Address      `json:"server"`
	Protocol string       `json:"protocol"`
	Unit     *uint32      `json:"unit,omitempty"`
	Values   []PointValue `json:"values"`
}
