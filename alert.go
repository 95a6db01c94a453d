package firedoor

// Severity orders alerts by how soon a person must look.
type Severity uint8

// Severities.
const (
	Info Severity = iota
	Low
	Medium
	High
)

var severityNames = [...]string{"info", "low", "medium", "high"}

// String is the word used in files.
func (s Severity) String() string { return severityNames[s] }

// FrameRef names one frame of evidence.
type FrameRef struct {
	Capture uint32 // index of the capture in this run
	Frame   uint32 // 1-based in that capture
}

// Alert is one finding with its evidence. One cause gives one alert.
type Alert struct {
	ID         string // derived from the content: the same finding has the same id in every run
	Time       int64  // traffic time, ns since 1970
	Kind       string // "new-device", "new-writer" ...
	Severity   Severity
	Sentence   string // what a plant engineer reads
	Client     Endpoint
	Server     Endpoint
	Protocol   string
	Techniques []string // ATT&CK for ICS ids
	Frames     []FrameRef
}

// AlertLine is an alert as files and the console show it: one element of
// alerts.json (docs/formats/alerts.md).
type AlertLine struct {
	ID         string   `json:"id"`
	Time       string   `json:"time"` // traffic time, RFC 3339, UTC, nine decimals
	Kind       string   `json:"kind"`
	Severity   string   `json:"severity"`
	Sentence   string   `json:"sentence"`
	Client     *Address `json:"client"`
	Server     *Address `json:"server"`
	Protocol   string   `json:"protocol"`
	Techniques []string `json:"techniques"`
	Capture    string   `json:"capture"`
	Frames     []uint32 `json:"frames"`
}
