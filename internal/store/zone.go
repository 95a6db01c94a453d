package store

import "strings"

var levelNames = map[string]string{"L0": "process", "L1": "control", "L2": "supervisory", "L3": "site operations",
	"L3.5": "industrial DMZ", "L4": "business", "L5": "enterprise and outside"}

// ZoneOf gives the zone of an asset that nobody put into one: its segment and
// Purdue level.
func ZoneOf(segment, level string) Zone {
	name, ok := levelNames[level]
	if !ok {
		name = "level not known"
	}
	id := segment + "/" + level
	if level == "" {
		id = segment + "/unknown"
	}
	return Zone{ID: id, Name: segmentName(segment) + ", " + name, Level: level}
}

// segmentName turns the name files use ("vlan:10.20") into words.
func segmentName(segment string) string {
	if segment == "" || segment == "untagged" {
		return "Line network"
	}
	kind, number, ok := strings.Cut(segment, ":")
	if !ok {
		return segment
	}
	return strings.ToUpper(kind) + " " + number
}
