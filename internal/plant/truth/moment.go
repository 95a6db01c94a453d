package truth

import (
	"fmt"
	"time"
)

// Moment is a point of simulated time in nanoseconds since 1970, UTC. In files it
// is RFC 3339 with nine decimals, as in event lines. The zero Moment means that
// there is none.
type Moment int64

const momentForm = "2006-01-02T15:04:05.000000000Z"

// At converts a time.Time.
func At(t time.Time) Moment { return Moment(t.UnixNano()) }

// Time is m as a time.Time in UTC.
func (m Moment) Time() time.Time { return time.Unix(0, int64(m)).UTC() }

// String is m as files hold it.
func (m Moment) String() string { return m.Time().Format(momentForm) }

// Add is m moved by d.
func (m Moment) Add(d time.Duration) Moment { return m + Moment(d) }

// Sub is the time from u to m.
func (m Moment) Sub(u Moment) time.Duration { return time.Duration(m - u) }

// MarshalText writes m as String does.
func (m Moment) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads RFC 3339 in UTC with any number of decimals up to nine.
func (m *Moment) UnmarshalText(b []byte) error {
	read, err := ParseMoment(string(b))
	if err != nil {
		return err
	}
	*m = read
	return nil
}

// The years in which nanoseconds since 1970 fit into 64 bits, with some distance.
const firstYear, lastYear = 1700, 2250

// ParseMoment reads what String writes; other numbers of decimals are allowed,
// other zones than UTC are not.
func ParseMoment(text string) (Moment, error) {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || len(text) == 0 || text[len(text)-1] != 'Z' {
		return 0, fmt.Errorf("%.40q is no time: write it like 2026-03-02T06:00:00.000000000Z", text)
	}
	if t.Year() < firstYear || t.Year() > lastYear {
		return 0, fmt.Errorf("%.40q is no time of a plant: years run from %d to %d", text, firstYear, lastYear)
	}
	return At(t), nil
}
