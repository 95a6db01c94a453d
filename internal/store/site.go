package store

import "firedoor"

// Overview is the first thing a person looks at.
type Overview struct {
	Site          string       `json:"site"`
	Wall          string       `json:"wall_time"`
	Traffic       string       `json:"traffic_time" doc:"Latest traffic time of any sensor; empty: none was heard"`
	Alerts        AlertCounts  `json:"alerts"`
	Assets        AssetCounts  `json:"assets"`
	Conversations int          `json:"conversations"`
	Statements    int          `json:"statements"`
	Learned       int          `json:"learned" doc:"Statements that were learned"`
	Stage         string       `json:"stage" enum:"no-baseline,learning,paused,watching,unknown" doc:"Of the sensor that is least far"`
	StageSince    string       `json:"stage_since"`
	StageUntil    string       `json:"stage_until"`
	Sensors       SensorCounts `json:"sensors"`
	Problem       string       `json:"problem" doc:"What keeps the console from showing the latest; empty: nothing"`
	Needs         []Alert      `json:"needs" doc:"What needs a person: open alerts, the gravest first, at most eight"`
}

// AlertCounts counts the alerts of a site.
type AlertCounts struct {
	Open         Severities `json:"open"`
	Acknowledged int        `json:"acknowledged"`
	Total        int        `json:"total"`
}

// AssetCounts counts the assets of a site; Levels has "" for those of which the
// level is not known.
type AssetCounts struct {
	Total  int            `json:"total"`
	Known  int            `json:"known"`
	New    int            `json:"new"`
	Levels map[string]int `json:"levels"`
}

// SensorCounts counts sensors: running ones were heard lately, troubled ones
// were not or say that something is wrong.
type SensorCounts struct {
	Total    int `json:"total"`
	Running  int `json:"running"`
	Troubled int `json:"troubled"`
}

// Sensor is what a sensor says of itself and when it was last heard.
type Sensor struct {
	firedoor.SensorState
	Heard string `json:"last_heard_wall" doc:"Wall clock"`
	Stale bool   `json:"stale" doc:"Not heard for 30 seconds"`
}

// Troubled tells whether something is wrong with it.
func (s *Sensor) Troubled() bool {
	for _, src := range s.Sources {
		if src.State == "down" || src.Problem != "" {
			return true
		}
	}
	return s.Stale
}

// Map is who is there and who talks to whom.
type Map struct {
	Nodes   []Node  `json:"nodes"`
	Edges   []Edge  `json:"edges"`
	Zones   []Zone  `json:"zones"`
	Doors   bool    `json:"doors" doc:"A gateway told its policy, so lines have doors; a store leaves it out"`
	LeftOut LeftOut `json:"left_out" doc:"What found no room: those with alerts and then those with most traffic are shown first"`
}

// Node is an asset on the map.
type Node struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Role     string `json:"role"`
	Level    string `json:"level"`
	Zone     string `json:"zone" doc:"Id of its zone"`
	Known    bool   `json:"known"`
	Severity string `json:"severity" doc:"Of the worst open alert; empty: none"`
}

// Edge is all that two assets say to each other in one direction of asking.
type Edge struct {
	Key        string `json:"key"`
	From       string `json:"from"`
	To         string `json:"to"`
	Protocols  string `json:"protocols" doc:"Names, with commas"`
	Operations uint64 `json:"operations"`
	Changes    bool   `json:"changes"`
	Learned    bool   `json:"learned" doc:"All of it was learned"`
	Severity   string `json:"severity" doc:"Of the worst open alert between the two; empty: none"`
	Door       string `json:"door" enum:",open,guarded,shut" doc:"By the policies of gateways, of all its protocols together: open, all passes; guarded, requests are judged or some protocols stopped; shut, nothing passes. Empty: no policy speaks of the two"`
	DoorTest   bool   `json:"door_test" doc:"Nothing is stopped yet: it is only told what would be"`
}

// Contact is that an asset asks another in one protocol, at which addresses.
type Contact struct {
	ClientAsset, ServerAsset string
	Segment, Protocol        string
	Client, Server           firedoor.Address
}

// Zone is an area of the map. Until zones are declared, there is one for each
// segment and Purdue level.
type Zone struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Level string `json:"level"`
}

// LeftOut counts what found no room on a map.
type LeftOut struct {
	Nodes int `json:"nodes"`
	Edges int `json:"edges"`
}
