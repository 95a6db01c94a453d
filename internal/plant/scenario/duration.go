package scenario

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"firedoor/internal/written"
)

// ParseDuration reads a time such as 40ms, 90s, 1m30s, 2h, 30d or 1d12h, at most MaxLasts.
func ParseDuration(text string) (time.Duration, error) {
	if text == "0" {
		return 0, errors.New("needs a unit: write it like 0s or 0m")
	}
	return written.ParseDuration(text, MaxLasts)
}

// FormatDuration writes a time as ParseDuration reads it.
func FormatDuration(d time.Duration) string { return written.FormatDuration(d) }

// Cut takes what a command line says apart: a name or a path, and behind an @ when
// it starts, as in setpoint-write@2h; timed tells whether there is one.
func Cut(text string) (nameOrPath string, start time.Duration, timed bool, err error) {
	at := strings.LastIndexByte(text, '@')
	if at < 0 {
		return text, 0, false, nil
	}
	start, err = ParseDuration(text[at+1:])
	if err != nil {
		return "", 0, true, fmt.Errorf("%s: what stands behind the @ %w", written.Printable(text), err)
	}
	return text[:at], start, true, nil
}
