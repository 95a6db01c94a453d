package written

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Day is the unit "d" of a duration.
const Day = 24 * time.Hour

// ErrNoDuration says that a text is no duration at all.
var ErrNoDuration = errors.New("is no time: write it like 40ms, 30s, 10m, 36h or 7d")

// ParseDuration reads a time such as 40ms, 90s, 10m, 36h, 7d or 1d12h, from nothing
// to most. Errors say what is wrong and give an example; they do not repeat the text.
func ParseDuration(text string, most time.Duration) (time.Duration, error) {
	if text == "" || text[0] == '-' || text[0] == '+' {
		return 0, ErrNoDuration
	}
	tooLong := fmt.Errorf("is too long: at most %dd", most/Day)
	var days time.Duration
	if n, rest, ok := strings.Cut(text, "d"); ok {
		count, err := strconv.ParseUint(n, 10, 32)
		if err != nil {
			return 0, ErrNoDuration
		}
		if count > uint64(most/Day) {
			return 0, tooLong
		}
		if days, text = time.Duration(count)*Day, rest; text == "" {
			return days, nil
		}
	}
	if strings.Trim(text, "0123456789.") == "" && text != "0" {
		return 0, fmt.Errorf("needs a unit: write it like %ss or %sm", shortened(text), shortened(text))
	}
	d, err := time.ParseDuration(text)
	switch {
	case err != nil || d < 0:
		return 0, ErrNoDuration
	case d > most-days:
		return 0, tooLong
	}
	return days + d, nil
}

// shortened keeps a text of digits short enough for a message.
func shortened(text string) string { return text[:min(len(text), 12)] }

// FormatDuration writes a time as ParseDuration reads it, without the zeros that
// the standard form ends with: 30d, 36h, 1m30s. Days stand only where they are whole.
func FormatDuration(d time.Duration) string {
	if d >= Day && d%Day == 0 {
		return strconv.FormatInt(int64(d/Day), 10) + "d"
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
