package score

import (
	"fmt"
	"strings"

	"firedoor"
	"firedoor/internal/plant/truth"
)

// ReadAlerts reads alerts.json (docs/formats/alerts.md). Errors name file, line or
// alert, and member.
func ReadAlerts(path string) ([]firedoor.AlertLine, error) {
	var alerts []firedoor.AlertLine
	if err := truth.ReadStrict(path, &alerts); err != nil {
		return nil, err
	}
	for i := range alerts {
		if err := checkAlert(&alerts[i]); err != nil {
			return nil, fmt.Errorf("%s: alerts[%d]: %w", path, i, err)
		}
	}
	return alerts, nil
}

func checkAlert(a *firedoor.AlertLine) error {
	switch {
	case a.ID == "":
		return fmt.Errorf("id: is missing")
	case a.Kind == "":
		return fmt.Errorf("kind: is missing")
	case severityOf(a.Severity) < 0:
		return fmt.Errorf("severity: %.40q is none; it is one of %s", a.Severity, strings.Join(severities(), ", "))
	}
	if _, err := truth.ParseMoment(a.Time); err != nil {
		return fmt.Errorf("time: %w", err)
	}
	return nil
}

func severities() []string {
	var out []string
	for s := firedoor.Info; s <= firedoor.High; s++ {
		out = append(out, s.String())
	}
	return out
}

// severityOf is the rank of a severity's word; -1 if it is none.
func severityOf(word string) int {
	for i, s := range severities() {
		if s == word {
			return i
		}
	}
	return -1
}
