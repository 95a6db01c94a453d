package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"firedoor/internal/written"
)

// maxDays keeps a time within what time.Duration holds (292 years).
const maxDays = 100 * 366

// untilTold is the word for learning without a stated end.
const untilTold = "until-told"

// ParseDuration reads a time such as 90s, 10m, 36h, 7d or 1d12h.
func ParseDuration(text string) (time.Duration, error) {
	return written.ParseDuration(text, maxDays*written.Day)
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
	case err != nil && errors.Is(err, written.ErrNoDuration):
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
		return written.FormatDuration(l.Time)
	}
	return ""
}

// Nothing tells that there will be no baseline.
func (l Learning) Nothing() bool { return l == Learning{} }
