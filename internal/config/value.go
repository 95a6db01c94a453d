package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// maxDays keeps a time within what time.Duration holds (292 years).
const maxDays = 100 * 366

// untilTold is the word for learning without a stated end.
const untilTold = "until-told"

// ParseDuration reads a time such as 90s, 10m, 36h, 7d or 1d12h. Errors say what
// is wrong and give an example; they do not repeat the text.
func ParseDuration(text string) (time.Duration, error) {
	const form = "is no time: write it like 30s, 10m, 36h or 7d"
	if text == "" || text[0] == '-' || text[0] == '+' {
		return 0, fmt.Errorf("%s", form)
	}
	var days time.Duration
	if n, rest, ok := strings.Cut(text, "d"); ok {
		count, err := strconv.ParseUint(n, 10, 32)
		if err != nil {
			return 0, fmt.Errorf("%s", form)
		}
		if count > maxDays {
			return 0, fmt.Errorf("is too long: at most %dd", maxDays)
		}
		if days, text = time.Duration(count)*day, rest; text == "" {
			return days, nil
		}
	}
	if strings.Trim(text, "0123456789.") == "" && text != "0" {
		return 0, fmt.Errorf("needs a unit: write it like %ss or %sm", text, text)
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%s", form)
	}
	if d > maxDays*day-days {
		return 0, fmt.Errorf("is too long: at most %dd", maxDays)
	}
	return days + d, nil
}

// FormatDuration writes a time as ParseDuration reads it, without the zeros that
// the standard form ends with: 30d, 12h, 1m30s.
func FormatDuration(d time.Duration) string {
	if d >= day && d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
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

var units = []struct {
	name string
	size int64
}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}

// ParseSize reads a number of bytes such as 512KiB, 64MiB or 2GiB.
func ParseSize(text string) (Size, error) {
	const form = "is no size: write it like 512KiB, 64MiB or 2GiB"
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ")
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("%s", form)
	}
	unit := text[len(digits):]
	for _, u := range units {
		if unit != u.name {
			continue
		}
		if n > uint64(math.MaxInt64/u.size) {
			return 0, fmt.Errorf("is too large")
		}
		return Size(int64(n) * u.size), nil
	}
	if len(unit) > 0 {
		for _, u := range units[:4] {
			if strings.EqualFold(strings.TrimSpace(unit)[:1], u.name[:1]) {
				return 0, fmt.Errorf("has no unit we know: write it like %d%s", n, u.name)
			}
		}
	}
	return 0, fmt.Errorf("needs a unit: B, KiB, MiB, GiB or TiB")
}

// String writes a size in the largest unit that needs no fraction.
func (s Size) String() string {
	for _, u := range units {
		if int64(s) >= u.size && int64(s)%u.size == 0 {
			return strconv.FormatInt(int64(s)/u.size, 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10) + "B"
}

// ParseLearning reads a time, a share (20%), until-told, or nothing at all.
func ParseLearning(text string) (Learning, error) {
	switch share, isShare := strings.CutSuffix(text, "%"); {
	case text == "":
		return Learning{}, nil
	case text == untilTold:
		return Learning{UntilTold: true}, nil
	case isShare:
		n, err := strconv.ParseFloat(share, 64)
		if err != nil || !(n > 0 && n <= 100) {
			return Learning{}, fmt.Errorf("is no share: it is above 0%% and at most 100%%")
		}
		return Learning{Percent: n}, nil
	}
	d, err := ParseDuration(text)
	switch {
	case err != nil && strings.Contains(err.Error(), "is no time"):
		return Learning{}, fmt.Errorf("is neither a time (10m, 7d), nor a share (20%%), nor %s", untilTold)
	case err != nil:
		return Learning{}, err
	case d == 0:
		return Learning{}, fmt.Errorf(`must be longer than nothing; to learn nothing, write ""`)
	}
	return Learning{Time: d}, nil
}

// String writes what ParseLearning reads.
func (l Learning) String() string {
	switch {
	case l.UntilTold:
		return untilTold
	case l.Percent > 0:
		return strconv.FormatFloat(l.Percent, 'g', -1, 64) + "%"
	case l.Time > 0:
		return FormatDuration(l.Time)
	}
	return ""
}

// Nothing tells that there will be no baseline.
func (l Learning) Nothing() bool { return l == Learning{} }
