package scenario

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ParseDuration reads a time such as 40ms, 90s, 1m30s, 2h, 30d or 1d12h. Errors
// say what is wrong and do not repeat the text.
func ParseDuration(text string) (time.Duration, error) {
	const form = "is no time: write it like 40ms, 90s, 10m, 2h or 30d"
	if text == "" || text[0] == '-' || text[0] == '+' {
		return 0, fmt.Errorf("%s", form)
	}
	var days time.Duration
	if n, rest, ok := strings.Cut(text, "d"); ok {
		count, err := strconv.ParseUint(n, 10, 16)
		if err != nil {
			return 0, fmt.Errorf("%s", form)
		}
		days, text = time.Duration(count)*Day, rest
		if text == "" {
			return within(days)
		}
	}
	if strings.Trim(text, "0123456789.") == "" {
		return 0, fmt.Errorf("needs a unit: write it like %ss or %sm", shortened(text), shortened(text))
	}
	rest, err := time.ParseDuration(text)
	if err != nil || rest < 0 {
		return 0, fmt.Errorf("%s", form)
	}
	if days, err = within(days); err != nil {
		return 0, err
	}
	if _, err = within(rest); err != nil {
		return 0, err
	}
	return within(days + rest)
}

func within(d time.Duration) (time.Duration, error) {
	if d > MaxLasts {
		return 0, fmt.Errorf("is too long: at most %dd", MaxLasts/Day)
	}
	return d, nil
}

// FormatDuration writes a time as ParseDuration reads it: 30d, 2h, 1m30s.
func FormatDuration(d time.Duration) string {
	var days string
	if d >= Day {
		days = strconv.FormatInt(int64(d/Day), 10) + "d"
		if d %= Day; d == 0 {
			return days
		}
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return days + s
}

// Cut takes what a command line says apart: a name or a path, and behind an @ when
// it starts, as in setpoint-write@2h. Without an @ it starts at 0.
func Cut(text string) (nameOrPath string, start time.Duration, err error) {
	at := strings.LastIndexByte(text, '@')
	if at < 0 {
		return text, 0, nil
	}
	start, err = ParseDuration(text[at+1:])
	if err != nil {
		return "", 0, fmt.Errorf("%s: what stands behind the @ %w", printable(text), err)
	}
	return text[:at], start, nil
}
