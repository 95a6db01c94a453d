package store

import "firedoor"

// Acknowledgement says who saw an alert and what they made of it.
type Acknowledgement struct {
	By      string `json:"by"`
	Comment string `json:"comment"`
	Wall    string `json:"wall_time" doc:"Wall clock, RFC 3339, UTC, nine decimals"`
}

// Alert is an alert with who is concerned and whether a person saw it.
type Alert struct {
	firedoor.AlertLine
	Sensor       string           `json:"sensor"`
	FirstShown   string           `json:"first_shown_wall" doc:"Wall clock: when the console first had it"`
	ClientAsset  string           `json:"client_asset" doc:"Id of the asset; empty where none is known there"`
	ServerAsset  string           `json:"server_asset"`
	ClientName   string           `json:"client_name"`
	ServerName   string           `json:"server_name"`
	Acknowledged *Acknowledgement `json:"acknowledged"`
}

// AlertState says which alerts are asked for.
type AlertState string

// The states of an alert.
const (
	AllAlerts    AlertState = "all"
	OpenAlerts   AlertState = "open"
	Acknowledged AlertState = "acknowledged"
)

// AlertQuery asks for a page. Empty members ask for all.
type AlertQuery struct {
	Limit      int    // 1 to MaxPage; 0 is MaxPage
	Cursor     string // Next of the page before
	Severities []firedoor.Severity
	Kind       string
	Asset      string // id or alias of client or server
	State      AlertState
	Text       string // words that all occur
}

// AlertPage is a page of alerts. Next is empty at the end.
type AlertPage struct {
	Alerts []Alert `json:"alerts"`
	Total  int     `json:"total" doc:"How many match, on all pages"`
	Next   string  `json:"next" doc:"Cursor of the next page; empty at the end"`
}

// Severities counts alerts.
type Severities struct {
	Info   int `json:"info"`
	Low    int `json:"low"`
	Medium int `json:"medium"`
	High   int `json:"high"`
}

// Add counts n alerts of a severity.
func (s *Severities) Add(severity firedoor.Severity, n int) {
	switch severity {
	case firedoor.Info:
		s.Info += n
	case firedoor.Low:
		s.Low += n
	case firedoor.Medium:
		s.Medium += n
	case firedoor.High:
		s.High += n
	}
}

// Worst is the word of the highest severity counted; empty for none.
func (s *Severities) Worst() string {
	switch {
	case s.High > 0:
		return firedoor.High.String()
	case s.Medium > 0:
		return firedoor.Medium.String()
	case s.Low > 0:
		return firedoor.Low.String()
	case s.Info > 0:
		return firedoor.Info.String()
	}
	return ""
}

// ParseSeverity reads the word that files use.
func ParseSeverity(s string) (firedoor.Severity, bool) {
	for v := firedoor.Info; v <= firedoor.High; v++ {
		if v.String() == s {
			return v, true
		}
	}
	return 0, false
}
