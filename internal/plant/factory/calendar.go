package factory

import (
	"math"
	"time"
)

// The plant stands in central Europe: an hour ahead of UTC, two in summer. The
// rule is written out, so that no machine's own table of time zones matters.

const (
	winterTime = time.Hour
	summerTime = 2 * time.Hour
)

// lastSunday is the last Sunday of a month at one o'clock UTC, when clocks change
// (Directive 2000/84/EC, articles 2 and 3).
func lastSunday(year int, month time.Month) time.Time {
	last := time.Date(year, month+1, 0, 1, 0, 0, 0, time.UTC)
	return last.AddDate(0, 0, -int(last.Weekday()))
}

// offset is how far local time is ahead of UTC.
func offset(t time.Time) time.Duration {
	if t.Before(lastSunday(t.Year(), time.March)) || !t.Before(lastSunday(t.Year(), time.October)) {
		return winterTime
	}
	return summerTime
}

// local is what a clock on the wall shows, as if it were UTC.
func local(ns int64) time.Time {
	t := time.Unix(0, ns).UTC()
	return t.Add(offset(t))
}

// moment is when a clock on the wall shows that, in ns. An hour that is skipped
// is the one after, of one that comes twice it is the second.
func moment(wall time.Time) int64 {
	t := wall.Add(-winterTime)
	return wall.Add(-offset(t)).UnixNano()
}

// weekly is a time of the week on the wall: a day (Sunday is 0) and the time since
// its midnight.
type weekly struct {
	day time.Weekday
	at  time.Duration
}

// next is the first moment after now at which the wall shows that.
func (w weekly) next(now int64) int64 {
	wall := local(now)
	midnight := time.Date(wall.Year(), wall.Month(), wall.Day(), 0, 0, 0, 0, time.UTC)
	for d := range 9 {
		day := midnight.AddDate(0, 0, d)
		if day.Weekday() != w.day {
			continue
		}
		if t := moment(day.Add(w.at)); t > now {
			return t
		}
	}
	return now + int64(7*24*time.Hour) // there is one within nine days
}

// nextDaily is the first moment after now at which the wall shows that time of day.
func nextDaily(now int64, at time.Duration) int64 {
	wall := local(now)
	midnight := time.Date(wall.Year(), wall.Month(), wall.Day(), 0, 0, 0, 0, time.UTC)
	for d := range 3 {
		if t := moment(midnight.AddDate(0, 0, d).Add(at)); t > now {
			return t
		}
	}
	return now + int64(24*time.Hour)
}

// weekOf is the number of the week, from Monday to Sunday, counted from that of
// DefaultStart.
func weekOf(now int64) int {
	first := time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC) // on the wall
	days := int64(math.Floor(local(now).Sub(first).Hours() / 24))
	if days < 0 {
		days -= 6
	}
	return int(days / 7)
}
