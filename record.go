package firedoor

import "encoding/json"

// RecordKind says what a Record is about.
type RecordKind string

// The kinds of record. Body is the JSON of the type named.
const (
	RecordAlert        RecordKind = "alert"        // AlertLine, and the segment of its ends; Key is its id
	RecordAsset        RecordKind = "asset"        // Asset; Key is its id
	RecordConversation RecordKind = "conversation" // Conversation; Key is a digest of its ends, segment, protocol, port and transport
	RecordSensor       RecordKind = "sensor"       // SensorState; Key is the sensor's name
	RecordPoints       RecordKind = "points"       // Points; Key is a digest of segment, server, unit and protocol, and a number
	RecordProgram      RecordKind = "program"      // Program; Key is a digest of segment, server, protocol, kind and name
	// RecordRound has no Body; Key is RoundBegin or RoundEnd. Between the two a
	// sensor tells everything it holds: what of it, but for alerts, was last told
	// before the begin is gone when the end comes.
	RecordRound RecordKind = "round"
)

// The keys of a RecordRound.
const (
	RoundBegin = "begin"
	RoundEnd   = "end"
)

// Record is what leaves the edge: the present state of one thing. A later
// record of the same Sensor, Kind and Key takes the place of an earlier one, so
// folding one twice does no harm.
type Record struct {
	Sensor string          `json:"sensor"`
	Kind   RecordKind      `json:"kind"`
	Key    string          `json:"key"`
	Gone   bool            `json:"gone,omitempty"` // the thing is no more: Body is empty
	Body   json.RawMessage `json:"body,omitempty"`
}

// Stage says what a sensor makes of the traffic it sees.
type Stage string

// The stages of a sensor's baseline.
const (
	NoBaseline Stage = "no-baseline" // nothing was learned: only stateless alerts
	Learning   Stage = "learning"    // what is seen is taken for normal
	Watching   Stage = "watching"    // what was not learned is told
	Paused     Stage = "paused"      // a maintenance window: nothing new is told or learned
)

// SensorState is what a sensor says of itself. Times are RFC 3339 in UTC with
// nine decimals: traffic time, but for Wall.
type SensorState struct {
	Name          string        `json:"name"`
	Version       string        `json:"version"`
	Stage         Stage         `json:"stage"`
	StageSince    string        `json:"stage_since,omitempty"`
	StageUntil    string        `json:"stage_until,omitempty"` // empty: until told, or not known
	UntilTold     bool          `json:"until_told"`            // learning ends when somebody says so
	LearnedFrames uint64        `json:"learned_frames"`
	Traffic       string        `json:"traffic_time,omitempty"` // of the latest frame or tick
	Wall          string        `json:"wall_time"`              // when this was said, by the sensor's own clock
	Sources       []SourceState `json:"sources"`
	Assets        int           `json:"assets"`
	Conversations int           `json:"conversations"`
	Learned       int           `json:"learned_statements"`
	Statements    int           `json:"statements"`
	Alerts        int           `json:"alerts"`
	Restarts      uint64        `json:"restarts"` // times it went on from a snapshot: traffic in between was not seen
	Limits        []Limit       `json:"limits_reached"`
}

// SourceState is the sight of one source of frames: a live interface or a capture.
type SourceState struct {
	Name       string `json:"name"`
	Kind       string `json:"kind"`  // "interface", "capture", "simulation"
	State      string `json:"state"` // "running", "finished", "down"
	Problem    string `json:"problem,omitempty"`
	Frames     uint64 `json:"frames"`
	Bytes      uint64 `json:"bytes"`
	Dropped    uint64 `json:"dropped"` // by the kernel: frames nobody saw
	Duplicates uint64 `json:"duplicates"`
	OneWay     uint64 `json:"one_way"` // TCP connections of which one direction was never seen
	Gaps       uint64 `json:"gaps"`    // holes in TCP streams
	LastFrame  string `json:"last_frame,omitempty"`
}

// Limit is a table that was full, and how often something found no room.
type Limit struct {
	Name  string `json:"name"`
	Times uint64 `json:"times"`
}
